"""Laws without an end: inverse square root, Noam, inverse time."""

from __future__ import annotations

import math

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import FOR_EVER, phases_within
from csched.recipes.warmups import Warmup, checked
from csched.sampling import Every
from csched.schedule import Schedule

__all__ = ["inverse_sqrt", "inverse_time", "noam"]


def _root_law(peak: float, floor: float, timescale: int, steps: int | None) -> Curve:
    """``floor + (peak - floor) / sqrt(1 + t / timescale)``; for ever where steps is None."""
    if steps is not None and steps <= timescale * 2**49:
        growth = steps / timescale
        end = floor + (peak - floor) / math.sqrt(1.0 + growth)
        return curve("inverse_sqrt", peak, end, steps, scale=growth)
    k = min(49, 52 - timescale.bit_length())  # so that timescale 2^k and the scale 2^k are exact
    span, scale = timescale * 2**k, 2.0**k
    end = floor + (peak - floor) / math.sqrt(1.0 + scale)
    n = span if steps is None else steps
    return curve("inverse_sqrt", peak, end, n, span=float(span), scale=scale)


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
    where = "inverse_sqrt"
    law = checked(where, warmup)
    if steps is None:
        n, cool = _check.integer(where, "warmup_steps", warmup_steps, 0, FOR_EVER), 0
        if cooldown_steps:
            _check.fail(where, "cooldown_steps", "0 where steps is None", cooldown_steps)
        rest = None
    else:
        whole = _check.integer(where, "steps", steps, 1)
        lengths = {"warmup_steps": warmup_steps, "cooldown_steps": cooldown_steps}
        n, cool = phases_within(where, whole, **lengths)
        if (rest := whole - n - cool) < 1:
            _check.fail(where, "warmup_steps", f"below the {whole - cool} steps left", warmup_steps)
    _check.real(where, "peak", peak)
    _check.real(where, "floor", floor)
    scale = (n or 10000) if timescale is None else timescale
    main = _root_law(peak, floor, _check.integer(where, "timescale", scale, 1, 2**49), rest)
    if cool and rest is not None:
        main = main.cooldown(rest, cool, end=floor)
    return Schedule(lr=law.before(main, n))


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
    decay = _root_law(peak, 0.0, w, rest)  # update number w is the peak and the first of the decay
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
    if (gamma is None) == (end is None):
        _check.fail(where, "gamma", "given if and only if end is not", gamma)
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
    # 1 / (1 + a) is the square of 1 / sqrt(1 + a)
    root = curve("inverse_sqrt", 1.0, 1.0 / math.sqrt(1.0 + growth), n, sampling, scale=growth)
    return Schedule(lr=peak * (root * root))
