"""The functions of ``optax.schedules`` (optax 0.2.8), in float64 and without JAX.

Names, arguments and defaults are optax's; each returns a Schedule with one curve, ``lr``. optax
computes in float32 unless told otherwise: there a cosine to 0 is exactly 0 for its last steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "constant_schedule",
    "cosine_decay_schedule",
    "cosine_onecycle_schedule",
    "exponential_decay",
    "join_schedules",
    "linear_onecycle_schedule",
    "linear_schedule",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "polynomial_schedule",
    "sgdr_schedule",
    "warmup_constant_schedule",
    "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
]


def constant_schedule(value: float) -> Schedule:
    """One value for ever.

    >>> constant_schedule(0.1)["lr"](7)
    0.1
    """
    return Schedule(lr=pieces.constant(value))


def polynomial_schedule(
    init_value: float,
    end_value: float,
    power: float,
    transition_steps: int,
    transition_begin: int = 0,
) -> Schedule:
    """``end + (init - end) * (1 - (t - begin) / transition_steps)**power`` between its two ends.

    ``transition_steps <= 0`` gives ``init_value`` for ever and a negative ``transition_begin``
    counts as 0, as in optax.

    >>> polynomial_schedule(1.0, 0.0, 2, 4)["lr"].values(0, 6).tolist()
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """
    where = "optax.polynomial_schedule"
    n = _check.integer(where, "transition_steps", transition_steps, -_check.MAX_STEP)
    begin = _check.integer(where, "transition_begin", transition_begin, -_check.MAX_STEP)
    if n <= 0 or _check.real(where, "power", power, 0.0) == 0.0:
        return constant_schedule(init_value)
    if power == 1.0:
        return Schedule(lr=_after(begin, init_value, curve("linear", init_value, end_value, n)))
    fall = curve("polynomial", init_value, end_value, n, power=power)
    return Schedule(lr=_after(begin, init_value, fall))


def _after(begin: int, value: float, then: Curve) -> Curve:
    return sequence(pieces.constant(value, begin), then) if begin > 0 else then


def linear_schedule(
    init_value: float, end_value: float, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    """From ``init_value`` in a line to ``end_value`` in ``transition_steps``, then held.

    >>> linear_schedule(1.0, 0.0, 4, 2)["lr"].values(0, 7).tolist()
    [1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    return polynomial_schedule(init_value, end_value, 1.0, transition_steps, transition_begin)


def piecewise_constant_schedule(
    init_value: float, boundaries_and_scales: Mapping[int, float] | None = None
) -> Schedule:
    """The value is multiplied by a scale at each boundary, the boundary's step included.

    >>> piecewise_constant_schedule(1.0, {2: 0.5, 4: 0.5})["lr"].values(0, 6).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    where = "optax.piecewise_constant_schedule"
    seams, scales = _boundaries(where, boundaries_and_scales, -_check.MAX_STEP)
    return Schedule(lr=pieces.multi_step(init_value, seams, scales))


def _boundaries(
    where: str, given: Mapping[int, float] | None, low: int
) -> tuple[list[int], list[float]]:
    pairs = sorted((given or {}).items())
    seams = [_check.integer(where, "boundary", b, low) for b, _ in pairs]
    return seams, [_check.real(where, "scale", s, 0.0) for _, s in pairs]


def piecewise_interpolate_schedule(
    interpolate_type: str,
    init_value: float,
    boundaries_and_scales: Mapping[int, float] | None = None,
) -> Schedule:
    """Legs between values that are products of the scales; "linear" or "cosine".

    >>> c = piecewise_interpolate_schedule("linear", 1.0, {2: 0.5, 4: 2.0})
    >>> c["lr"].values(0, 6).tolist()
    [1.0, 0.75, 0.5, 0.75, 1.0, 1.0]
    """
    where = "optax.piecewise_interpolate_schedule"
    _check.choice(where, "interpolate_type", interpolate_type, ["linear", "cosine"])
    seams, scales = _boundaries(where, boundaries_and_scales, 0)
    values = [init_value]
    for scale in scales:
        values.append(values[-1] * scale)
    return Schedule(lr=pieces.through(interpolate_type, [0, *seams], values))


def exponential_decay(
    init_value: float,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    """``init * decay_rate**((t - begin) / transition_steps)``, floored to whole periods or not.

    ``end_value`` is a lower bound where decay_rate < 1, an upper one else. ``decay_rate`` 0 and
    ``transition_steps <= 0`` give ``init_value`` for ever, as in optax.

    >>> exponential_decay(1.0, 2, 0.5, staircase=True)["lr"].values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    where = "optax.exponential_decay"
    n = _check.integer(where, "transition_steps", transition_steps, -_check.MAX_STEP)
    rate = _check.real(where, "decay_rate", decay_rate, 0.0)
    begin = _check.integer(where, "transition_begin", transition_begin, -_check.MAX_STEP)
    if n <= 0 or rate == 0.0:
        return constant_schedule(init_value)
    if staircase:
        law = pieces.staircase(where, init_value, rate, n)
    else:
        law = pieces.geometric(where, init_value, rate, float(n))
    whole = _after(begin, init_value, law)
    if end_value is not None:
        whole = whole.clip(low=end_value) if rate < 1.0 else whole.clip(high=end_value)
    return Schedule(lr=whole)


def cosine_decay_schedule(
    init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0
) -> Schedule:
    """``init * ((1 - alpha) * ((1 + cos(pi t / decay_steps)) / 2)**exponent + alpha)``, then held.

    >>> c = cosine_decay_schedule(1.0, 4, alpha=0.1)["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [1.0, 0.8682, 0.55, 0.2318, 0.1, 0.1]
    """
    where = "optax.cosine_decay_schedule"
    n = _check.integer(where, "decay_steps", decay_steps, 1)
    if _check.real(where, "exponent", exponent, 0.0) == 0.0:
        return constant_schedule(init_value)
    return Schedule(lr=curve("cosine", init_value, init_value * alpha, n, power=exponent))


def linear_onecycle_schedule(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    pct_final: float = 0.85,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    """Up to the peak at int(pct_start T), back at int(pct_final T), annealed until T; in lines.

    Corners that fall on one step keep the later factor only, as in optax: short cycles lose
    their peak.

    >>> c = linear_onecycle_schedule(10, 1.0)["lr"]
    >>> [round(c(t), 4) for t in (0, 3, 8, 10)]
    [0.04, 1.0, 0.04, 0.0]
    """
    where = "optax.linear_onecycle_schedule"
    n = _check.integer(where, "transition_steps", transition_steps, 1)
    corners = {_part(where, "pct_start", pct_start, n): div_factor}
    corners[_part(where, "pct_final", pct_final, n)] = 1.0 / div_factor
    corners[n] = 1.0 / final_div_factor
    return piecewise_interpolate_schedule("linear", peak_value / div_factor, corners)


def _part(where: str, name: str, fraction: float, steps: int) -> int:
    return int(_check.real(where, name, fraction, 0.0, 1.0) * steps)


def cosine_onecycle_schedule(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    """Up to the peak at int(pct_start T) and down until T, each half a cosine.

    With ``pct_start = 1`` the corners fall on one step and the peak is lost, as in optax.

    >>> c = cosine_onecycle_schedule(10, 1.0)["lr"]
    >>> [round(v, 2) for v in c.values(0, 5).tolist()]
    [0.04, 0.28, 0.76, 1.0, 0.95]
    """
    where = "optax.cosine_onecycle_schedule"
    n = _check.integer(where, "transition_steps", transition_steps, 1)
    corners = {_part(where, "pct_start", pct_start, n): div_factor}
    corners[n] = 1.0 / (div_factor * final_div_factor)
    return piecewise_interpolate_schedule("cosine", peak_value / div_factor, corners)


def warmup_constant_schedule(init_value: float, peak_value: float, warmup_steps: int) -> Schedule:
    """From ``init_value`` in a line to ``peak_value``; with 0 steps ``init_value`` stays (optax).

    >>> warmup_constant_schedule(0.0, 1.0, 2)["lr"].values(0, 4).tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    return linear_schedule(init_value, peak_value, warmup_steps)


def warmup_cosine_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    decay_steps: int,
    end_value: float = 0.0,
    exponent: float = 1.0,
) -> Schedule:
    """A line up to the peak, then a cosine to ``end_value`` at step ``decay_steps`` (the whole).

    >>> c = warmup_cosine_decay_schedule(0.0, 1.0, 2, 4, 0.5)["lr"]
    >>> c.values(0, 6).tolist()
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.5]
    """
    where = "optax.warmup_cosine_decay_schedule"
    warmup = _check.integer(where, "warmup_steps", warmup_steps, 0)
    n = _check.integer(where, "decay_steps", decay_steps, warmup + 1)
    alpha = 0.0 if peak_value == 0.0 else end_value / peak_value
    up = linear_schedule(init_value, peak_value, warmup)
    return join_schedules(
        [up, cosine_decay_schedule(peak_value, n - warmup, alpha, exponent)], [warmup]
    )


def warmup_exponential_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    """A line up to the peak, then :func:`exponential_decay` on a clock of its own.

    >>> c = warmup_exponential_decay_schedule(0.0, 1.0, 2, 1, 0.5)["lr"]
    >>> [round(v, 6) for v in c.values(0, 5).tolist()]
    [0.0, 0.5, 1.0, 0.5, 0.25]
    """
    where = "optax.warmup_exponential_decay_schedule"
    warmup = _check.integer(where, "warmup_steps", warmup_steps, 0)
    up = linear_schedule(init_value, peak_value, warmup)
    rest = exponential_decay(
        peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
    )
    return join_schedules([up, rest], [warmup])


def sgdr_schedule(cosine_kwargs: Iterable[Mapping[str, Any]]) -> Schedule:
    """:func:`warmup_cosine_decay_schedule` after another, each ``decay_steps`` long.

    >>> cycle = dict(init_value=0.0, peak_value=1.0, warmup_steps=1, decay_steps=3)
    >>> sgdr_schedule([cycle, cycle])["lr"].values(0, 6).tolist()
    [0.0, 1.0, 0.5, 0.0, 1.0, 0.5]
    """
    cycles = [dict(kwargs) for kwargs in cosine_kwargs]
    begins, t = [], 0
    for cycle in cycles[:-1]:
        t += cycle["decay_steps"]
        begins.append(t)
    return join_schedules([warmup_cosine_decay_schedule(**cycle) for cycle in cycles], begins)


def join_schedules(schedules: Iterable[Schedule], boundaries: Iterable[int]) -> Schedule:
    """Schedules in a row: each from its boundary (a step of the whole) on, on its own clock.

    optax takes boundaries in any order; here they must not fall.

    >>> parts = [constant_schedule(1.0), linear_schedule(1.0, 0.0, 2)]
    >>> join_schedules(parts, [2])["lr"].values(0, 6).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.0, 0.0]
    """
    names = "schedules", "boundaries"
    return pieces.in_a_row("optax.join_schedules", schedules, boundaries, 1.0, names)


arguments.check(__name__)
