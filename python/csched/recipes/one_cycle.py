"""One cycle, and the range test that finds its peak."""

from __future__ import annotations

from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import cycles_over, inverse
from csched.schedule import Schedule

__all__ = ["lr_range_test", "one_cycle", "one_cycle_smith"]


def one_cycle(
    peak: float,
    steps: int,
    *,
    warmup_steps: int | float = 0.45,
    anneal_steps: int | float = 0.1,
    start: float | None = None,
    end: float | None = None,
    momentum: tuple[float, float] | None = (0.85, 0.95),
    profile: str = "linear",
    endpoint: bool = False,
    **profile_arguments: Any,
) -> Schedule:
    """Super-convergence: one rise to a large peak, back, and annihilation far below the start.

    Three phases: ``start`` to ``peak`` in ``warmup_steps``, back to ``start``, and from there to
    ``end`` in the last ``anneal_steps``. With ``anneal_steps=0`` the second phase goes from the
    peak to ``end`` directly: two phases. Momentum falls while the learning rate rises, rises
    while it falls, and stays high while it is annihilated.

    Parameters
    ----------
    peak : float
        Largest learning rate, from a range test; positive.
    steps : int
        Length of the whole, at least 3 (2 without annealing).
    warmup_steps, anneal_steps : int or float
        Steps, or fractions of the whole. Defaults: two equal legs over 90 %, the rest annealing.
    start : float, default ``peak / 10``
        First value.
    end : float, default ``start / 100``
        The value that step ``steps`` would get (with ``endpoint``, that the last step gets).
    momentum : (low, high) or None
        Bounds of the momentum; None leaves it out.
    profile : str, default "linear"
        Profile of all phases; "cosine" for the cosine form.
    endpoint : bool, default False
        Let the last step get ``end`` exactly.

    References
    ----------
    Smith, Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning
    Rates", 2018, https://arxiv.org/abs/1708.07120; Smith, "A disciplined approach to neural
    network hyper-parameters: Part 1", 2018, https://arxiv.org/abs/1803.09820, section 4.

    Examples
    --------
    >>> import csched
    >>> s = csched.one_cycle(0.8, 20)
    >>> [round(s["lr"](t), 4) for t in (0, 9, 18, 20)]
    [0.08, 0.8, 0.08, 0.0008]
    >>> [round(s["momentum"](t), 4) for t in (0, 9, 18, 20)]
    [0.95, 0.85, 0.95, 0.95]

    """
    where = "one_cycle"
    _check.flag(where, "endpoint", endpoint)
    _check.real(where, "peak", peak, 0.0, open_low=True)
    first = peak / 10.0 if start is None else _check.real(where, "start", start, 0.0, peak)
    last = first / 100.0 if end is None else _check.real(where, "end", end, 0.0, peak)
    whole = _check.integer(where, "steps", steps, 2)
    up = _check.length(where, "warmup_steps", warmup_steps, whole, 1)
    anneal = _check.length(where, "anneal_steps", anneal_steps, whole)
    down = whole - up - anneal
    if down < 1:
        allowed = f"such that a step is left between warmup_steps = {up} and the end, {whole}"
        _check.fail(where, "anneal_steps", allowed, anneal_steps)

    def leg(a: float, b: float, n: int, closed: bool) -> Curve:
        return curve(profile, a, b, n, endpoint=closed, **profile_arguments)

    lr = [leg(first, peak, up, False)]
    if anneal:
        lr += [leg(peak, first, down, False), leg(first, last, anneal, endpoint)]
    else:
        lr += [leg(peak, last, down, endpoint)]
    curves = {"lr": sequence(*lr)}
    if (pair := inverse(where, momentum)) is not None:
        high, low = pair
        legs = [leg(high, low, up, False), leg(low, high, down, endpoint and not anneal)]
        hold = [curve("constant", high, steps=anneal)] if anneal else []
        curves["momentum"] = sequence(*legs, *hold)
    return Schedule(curves)


def one_cycle_smith(
    peak: float,
    steps: int,
    *,
    start: float,
    up_steps: int | float = 0.45,
    momentum: tuple[float, float] | None = (0.85, 0.95),
) -> Schedule:
    """The 1cycle policy as Smith's own solver ran it.

    With s = up_steps: from ``start`` up to ``peak`` in s steps, then down along the line that
    reaches 0 at 2s, past ``start``, but not below ``start / 1000``, which is held to the end.
    Momentum follows "triangular2" between high and low, so after 2s it dips again, half as far.

    Parameters
    ----------
    peak : float
        Positive.
    steps : int
        Length of the whole, at least 2.
    start : float
        First value, in (0, peak].
    up_steps : int or float, default 0.45
        Steps of the rise, or their fraction of the whole; 2s was 88 to 96.5 % of the whole.
    momentum : (low, high) or None
        Bounds of the momentum; None leaves it out.

    References
    ----------
    Rebuilt from the training logs of Smith, "A disciplined approach to neural network
    hyper-parameters: Part 1", 2018, https://arxiv.org/abs/1803.09820.

    Examples
    --------
    >>> import csched
    >>> s = csched.one_cycle_smith(1.0, 4882, start=0.1, up_steps=2246)
    >>> [float(f"{s['lr'](t):.6g}") for t in (200, 2400, 4400, 4600)]
    [0.180142, 0.931434, 0.0409617, 0.0001]

    """
    where = "one_cycle_smith"
    _check.real(where, "peak", peak, 0.0, open_low=True)
    _check.real(where, "start", start, 0.0, peak, open_low=True)
    whole = _check.integer(where, "steps", steps, 2)
    up = max(1, _check.length(where, "up_steps", up_steps, whole, 1))
    legs = curve("linear", start, peak, up).then(curve("linear", peak, 0.0, up))
    curves = {"lr": fitted(legs.clip(start / 1000.0, peak), start / 1000.0, whole)}
    if (pair := inverse(where, momentum)) is not None:
        high, low = pair
        dip = curve("linear", high, low, up).then(curve("linear", low, high, up))
        curves["momentum"] = cycles_over(where, dip, whole, None, amplitude_mult=0.5, keep="peak")
    return Schedule(curves)


def fitted(main: Curve, last: float, steps: int) -> Curve:
    """The curve over another number of steps: cut, or with ``last`` held after it."""
    if steps <= main.steps:
        return main[:steps] if steps < main.steps else main
    return main.then(curve("constant", last, steps=steps - main.steps))


def lr_range_test(
    start: float = 1e-7,
    end: float = 10.0,
    steps: int = 100,
    *,
    profile: str = "exponential",
    endpoint: bool = True,
) -> Schedule:
    """A ramp from a very small to a very large learning rate, both of them used.

    ``start * (end / start)**(t / (steps - 1))``; with ``profile="linear"`` (Smith)
    ``start + (end - start) * t / (steps - 1)``. With ``endpoint=False`` the division is by
    ``steps``, and the end is not used (fastai's finder).

    References
    ----------
    Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017,
    https://arxiv.org/abs/1506.01186, section 3.3, for the linear ramp.

    Examples
    --------
    >>> import csched
    >>> [round(v, 9) for v in csched.lr_range_test(1e-3, 1.0, 4)["lr"].values().tolist()]
    [0.001, 0.01, 0.1, 1.0]

    """
    _check.integer("lr_range_test", "steps", steps, 2)
    return Schedule(lr=curve(profile, start, end, steps, endpoint=endpoint))
