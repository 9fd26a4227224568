"""Laws without an end: inverse square root, Noam, inverse time, other powers."""

from __future__ import annotations

import math

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.profiles import PROFILES
from csched.recipes.parts import FOR_EVER, held, phases_within
from csched.recipes.warmups import Warmup, checked
from csched.sampling import Every
from csched.schedule import Schedule

__all__ = ["inverse_sqrt", "inverse_time", "noam", "power_law", "power_scheduler"]


def _law(peak: float, floor: float, timescale: int, steps: int | None, power: float) -> Curve:
    """``floor + (peak - floor) * (1 + t / timescale)**-power``; for ever where steps is None."""
    most = min(49, 52 - timescale.bit_length(), int(300 / (power * math.log10(2.0))) - 1)
    if steps is not None and steps <= timescale * 2**most:
        n, span, scale = steps, None, steps / timescale
    else:  # timescale 2^most and the scale are exact; (1 + scale)^power stays below 1e300
        n, span, scale = steps or 2**52, float(timescale * 2**most), 2.0**most
    end = floor + (peak - floor) * (1.0 + scale) ** -power
    if power == 0.5:
        return curve("inverse_sqrt", peak, end, n, span=span, scale=scale)
    return curve("inverse_power", peak, end, n, span=span, power=power, scale=scale)


def _decay(
    where: str,
    peak: float,
    steps: int | None,
    lengths: dict[str, int | float],
    cooldown_steps: int | float,
    timescale: int | None,
    floor: float,
    power: float,
    warmup: str | Warmup,
) -> Schedule:
    """Warm-up and hold of the lengths, the law, and a linear cooldown at the end of the whole."""
    law = checked(where, warmup)
    rest = cool = None
    if steps is None:
        made = [_check.integer(where, k, v, 0, FOR_EVER // 2) for k, v in lengths.items()]
        if cooldown_steps:
            _check.fail(where, "cooldown_steps", "0 where steps is None", cooldown_steps)
    else:
        whole = _check.integer(where, "steps", steps, 1)
        *made, cool = phases_within(where, whole, **lengths, cooldown_steps=cooldown_steps)
        if (rest := whole - cool - sum(made)) < 1:
            name, given = list(lengths.items())[-1]
            left = whole - cool - sum(made[:-1])
            _check.fail(where, name, f"below the {left} steps left", given)
    _check.real(where, "peak", peak)
    _check.real(where, "floor", floor)
    warm, hold = [*made, 0][:2]
    scale = (sum(made) or 10000) if timescale is None else timescale
    scale = _check.integer(where, "timescale", scale, 1, 2**49)
    main = sequence(*held(peak, hold), _law(peak, floor, scale, rest, power))
    if cool and rest is not None:
        main = main.cooldown(hold + rest, cool, end=floor)
    return Schedule(lr=law.before(main, warm))


def inverse_sqrt(
    peak: float,
    steps: int | None = None,
    *,
    warmup_steps: int | float = 0,
    timescale: int | None = None,
    floor: float = 0.0,
    cooldown_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """Inverse square root decay after a warm-up.

    ``floor + (peak - floor) / sqrt(1 + (t - W) / timescale)`` for t >= W. With timescale = W, the
    default, this is ``peak * sqrt(W / t)``.

    Parameters
    ----------
    steps : int, optional
        The whole, after which the value is held; None: no end (2**49 steps or more).
    warmup_steps : int or float, default 0
        Steps of the warm-up, or their fraction of the whole.
    timescale : int, default ``warmup_steps``, or 10000 without a warm-up
        Steps after which the value has fallen by the factor sqrt(2); at most 2**49.
    cooldown_steps : int or float, default 0
        Steps of a linear cooldown to the floor at the end of the whole.

    References
    ----------
    Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
    Transformer", 2019, https://arxiv.org/abs/1910.10683, section 3.1.2; Zhai et al., "Scaling
    Vision Transformers", 2022, https://arxiv.org/abs/2106.04560, for timescale and cooldown.

    Examples
    --------
    >>> import csched
    >>> s = csched.inverse_sqrt(1.0, warmup_steps=2)
    >>> [round(s["lr"](t), 6) for t in (0, 1, 2, 3, 8, 10**6)]
    [0.0, 0.5, 1.0, 0.816497, 0.5, 0.001414]

    """
    lengths = {"warmup_steps": warmup_steps}
    where = "inverse_sqrt"
    return _decay(where, peak, steps, lengths, cooldown_steps, timescale, floor, 0.5, warmup)


def noam(
    steps: int | None = None, *, width: int = 512, warmup_steps: int = 4000, factor: float = 1.0
) -> Schedule:
    """The Transformer's own schedule.

    ``factor * width**-0.5 * min(n**-0.5, n * warmup_steps**-1.5)`` for update number n = t + 1.

    Parameters
    ----------
    steps : int, optional
        The whole, after which the value is held; None: no end (2**49 steps or more).
    width : int, default 512
        The model's width, d_model.
    warmup_steps : int, default 4000
        The update number with the largest value; at least 1.
    factor : float, default 1.0
        Multiplies everything.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, https://arxiv.org/abs/1706.03762, eq. 3.

    Examples
    --------
    >>> import csched
    >>> s = csched.noam()
    >>> [float(f"{s['lr'](n - 1):.6e}") for n in (1, 1000, 4000, 16000)]
    [1.746928e-07, 0.0001746928, 0.0006987712, 0.0003493856]

    """
    where = "noam"
    d = _check.integer(where, "width", width, 1)
    w = _check.integer(where, "warmup_steps", warmup_steps, 1, 2**49)
    _check.real(where, "factor", factor)
    peak = factor / math.sqrt(d * w)
    whole = None if steps is None else _check.integer(where, "steps", steps, 1)
    if whole is not None and whole < w:
        return Schedule(lr=curve("linear", 0.0, peak, whole, offset=1.0, span=float(w)))
    rest = None if whole is None else whole - (w - 1)
    decay = _law(peak, 0.0, w, rest, 0.5)  # update number w is the peak and the first of the decay
    if w == 1:
        return Schedule(lr=decay)
    rise = curve("linear", 0.0, peak, w - 1, offset=1.0, span=float(w))
    return Schedule(lr=sequence(rise, decay))


def inverse_time(
    peak: float,
    steps: int,
    *,
    gamma: float | None = None,
    end: float | None = None,
    interval: int = 1,
    staircase: bool = False,
) -> Schedule:
    """Inverse time decay: ``peak / (1 + gamma * t / interval)``.

    Parameters
    ----------
    steps : int
        The whole, after which the value is held.
    gamma : float, optional
        Rate, at least 0; or give ``end`` instead: the value at step ``steps``, of the sign of
        the peak and not beyond it.
    interval : int, default 1
        Steps in which the divisor grows by gamma.
    staircase : bool, default False
        Let the divisor grow at every ``interval`` steps only.

    References
    ----------
    Robbins, Monro, "A Stochastic Approximation Method", 1951; Keras's ``InverseTimeDecay``.

    Examples
    --------
    >>> import csched
    >>> csched.inverse_time(1.0, 4, gamma=1.0)["lr"](3)
    0.25

    """
    where = "inverse_time"
    n = _check.integer(where, "steps", steps, 1)
    each = _check.integer(where, "interval", interval, 1)
    _check.real(where, "peak", peak)
    hint = "gamma=0.1 is a rate, end=0.001 the value after the last step"
    _check.one_of(where, hint, gamma=gamma, end=end)
    _check.flag(where, "staircase", staircase)
    if gamma is not None:
        growth = _check.real(where, "gamma", gamma, 0.0) * n / each
        if growth > 1e15:
            _check.fail(where, "gamma", f"such that the divisor at step {n} is below 1e15", gamma)
    else:
        last = _check.real(where, "end", end)
        if peak == 0.0 or not 1e-15 <= last / peak <= 1.0:
            _check.fail(where, "end", "between 1e-15 * peak and peak", end)
        growth = (peak - last) / last
    if growth == 0.0:
        return Schedule(lr=curve("constant", peak, steps=n))
    sampling = Every(each) if staircase and each > 1 else None
    end = peak / (1.0 + growth)
    return Schedule(lr=curve("inverse_power", peak, end, n, sampling, power=1.0, scale=growth))


def power_law(
    peak: float,
    steps: int | None = None,
    *,
    power: float = 0.5,
    warmup_steps: int | float = 0,
    hold_steps: int | float = 0,
    timescale: int | None = None,
    floor: float = 0.0,
    cooldown_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """Power law decay: after a warm-up, and the peak held where asked for, a power of the step.

    ``floor + (peak - floor) * (1 + (t - B) / timescale)**-power`` for t >= B = W + H, the steps of
    warm-up and hold. With timescale = B, the default, this is ``peak * (t / B)**-power``.

    Parameters
    ----------
    steps : int, optional
        The whole, after which the value is held; None: no end (2**49 steps or more).
    power : float, default 0.5
        In (0, 100]; 0.5 is :func:`inverse_sqrt`, 1 :func:`inverse_time`. Caffe's "inv" is
        ``timescale = 1 / gamma``, scikit-learn's "invscaling" ``timescale = 1``.
    warmup_steps, hold_steps, cooldown_steps : int or float, default 0
        Steps of the warm-up, of the peak, and of a linear cooldown to the floor at the end of the
        whole, or their fractions of it.
    timescale : int, default warm-up and hold, or 10000 without them
        Steps after which the value has fallen by the factor 2**power; at most 2**49.

    References
    ----------
    Caffe, ``lr_policy: "inv"``; scikit-learn's ``invscaling``; for a power of 1/2 after a hold,
    Raffel et al. (T5), 2019, https://arxiv.org/abs/1910.10683, section 3.1.2.

    Examples
    --------
    >>> import csched
    >>> s = csched.power_law(1.0, power=2.0, hold_steps=2)
    >>> [round(s["lr"](t), 6) for t in (0, 2, 4, 8, 2000)]
    [1.0, 1.0, 0.25, 0.0625, 1e-06]

    """
    where = "power_law"
    exponent = _check.real(where, "power", power, 0.0, 100.0, open_low=True)
    lengths = {"warmup_steps": warmup_steps, "hold_steps": hold_steps}
    return _decay(where, peak, steps, lengths, cooldown_steps, timescale, floor, exponent, warmup)


def power_scheduler(
    peak: float,
    steps: int,
    *,
    amplitude: float = 4.6,
    exponent: float = -0.51,
    tokens_per_step: int | float,
    warmup_steps: int | float = 0.01,
    cooldown_steps: int | float = 0.1,
    cooldown: str = "exponential",
    floor: float | None = None,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """The power scheduler: a learning rate set by the tokens seen, not by the length of the run.

    ``min(peak, amplitude * (tokens_per_step * t)**exponent)`` for W <= t < T - C, after a warm-up
    to it, and before a cooldown from it.

    Parameters
    ----------
    peak : float
        Positive: the largest value, held until the law falls below it.
    steps : int
        Length of the whole, warm-up and cooldown included.
    amplitude : float, default 4.6
        Positive. The paper's a, which it multiplies by the batch size.
    exponent : float, default -0.51
        In [-100, 0).
    tokens_per_step : int or float
        Positive.
    warmup_steps, cooldown_steps : int or float, default 0.01 and 0.1
        Steps, or their fractions of the whole.
    cooldown : str, default "exponential"
        Any profile.
    floor : float, default ``peak / 100``
        Value at step ``steps`` where there is a cooldown.

    References
    ----------
    Shen et al., "Power Scheduler: A Batch Size and Token Number Agnostic Learning Rate Scheduler",
    2024, https://arxiv.org/abs/2408.13359, eq. 5.

    Examples
    --------
    >>> import csched
    >>> s = csched.power_scheduler(
    ...     0.02, 10**6, amplitude=128 * 4.6, tokens_per_step=2**19, warmup_steps=1000
    ... )
    >>> [round(s["lr"](t), 6) for t in (0, 1000, 10**4, 10**5, 9 * 10**5, 10**6)]
    [0.0, 0.02, 0.006501, 0.002009, 0.000655, 0.0002]

    """
    where = "power_scheduler"
    law = checked(where, warmup)
    whole = _check.integer(where, "steps", steps, 1)
    lengths = {"warmup_steps": warmup_steps, "cooldown_steps": cooldown_steps}
    n, cool = phases_within(where, whole, **lengths)
    if (rest := whole - n - cool) < 1:
        _check.fail(where, "warmup_steps", f"below the {whole - cool} steps left", warmup_steps)
    _check.real(where, "peak", peak, 0.0, open_low=True)
    _check.real(where, "amplitude", amplitude, 0.0, open_low=True)
    b = -_check.real(where, "exponent", exponent, -100.0, 0.0, open_high=True)
    _check.real(where, "tokens_per_step", tokens_per_step, 0.0, open_low=True)
    # the law meets the peak at step m; in logarithms, which do not overflow
    m = math.exp(min(700.0, math.log(amplitude / peak) / b - math.log(tokens_per_step)))
    hold = min(rest, max(0, math.ceil(m) - n))
    main = held(peak, hold)
    if hold < rest:
        begin, end = max(1, n + hold), n + rest
        first, last = (amplitude * (tokens_per_step * t) ** -b for t in (begin, end))
        scale = (end - begin) / begin
        main.append(curve("inverse_power", first, last, end - begin, power=b, scale=scale))
    down = sequence(*main)
    if floor is not None:
        _check.reals(where, floor=floor)
    _check.choice(where, "cooldown", cooldown, PROFILES)
    if cool:
        down = down.cooldown(rest, cool, cooldown, peak / 100.0 if floor is None else floor)
    return Schedule(lr=law.before(down, n))
