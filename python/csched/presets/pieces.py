"""What several peers' schedules are made of, and the checks they share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.schedule import Schedule

LOG_RANGE = 667.0
"""A law without an end is written down until it has changed by e^667 = 1e290, then held."""


def constant(value: float, steps: int = 1) -> Curve:
    """One value."""
    return curve("constant", value, steps=steps)


def decay(profile: str, start: float, end: float, steps: int | float, **arguments: Any) -> Curve:
    """A phase of so many steps, none allowed (then ``end``); a fraction of a step cuts it."""
    whole = math.floor(steps)
    if whole == steps:
        return curve(profile, start, end, whole, **arguments) if whole else constant(end)
    return curve(profile, start, end, whole + 1, span=float(steps), **arguments)[:whole]


def rebound(start: float, end: float, steps: int) -> Curve:
    """Half a cosine to ``end``, half a cosine back, for ever: the formula without a clamp."""
    down, up = curve("cosine", start, end, steps), curve("cosine", end, start, steps)
    return down.then(up).repeat()


def through(
    profile: str, knots: Sequence[float], values: Sequence[float], **arguments: Any
) -> Curve:
    """Legs of one profile through points at any places, also between steps; ends are held."""
    begins = [max(0, math.ceil(k)) for k in knots]
    parts = [constant(values[0], begins[0])] if begins[0] else []
    filled = False
    for i, (a, b) in enumerate(pairwise(knots)):
        filled = begins[i + 1] > begins[i]
        if filled:
            n, offset, span = begins[i + 1] - begins[i], float(begins[i] - a), float(b - a)
            leg = curve(profile, values[i], values[i + 1], n, offset=offset, span=span, **arguments)
            parts.append(leg)
    return sequence(*parts, *([] if filled else [constant(values[-1])]))


def geometric(where: str, value: float, gamma: float, period: float = 1.0) -> Curve:
    """``value * gamma**(t / period)`` until it has changed by a factor of 1e290."""
    _check.real(where, "gamma", gamma, 1e-290, 1e290)
    if gamma == 1.0 or value == 0.0:
        return constant(value)
    rate = abs(math.log(gamma)) / period
    room = LOG_RANGE - max(0.0, math.log(abs(value)) if gamma > 1.0 else 0.0)
    steps = max(1, int(min(room / rate, 2.0**52)))
    return curve("exponential", value, value * gamma ** (steps / period), steps)


def staircase(where: str, value: float, gamma: float, interval: int) -> Curve:
    """``value * gamma**floor(t / interval)``, for ever."""
    _check.real(where, "gamma", gamma, 0.0, 1e290)
    if gamma == 0.0:
        return constant(value, interval).then(constant(0.0))
    n = None
    if gamma > 1.0:
        room = LOG_RANGE - max(0.0, math.log(abs(value) or 1.0))
        n = max(1, int(min(room / math.log(gamma), 2**52 // interval)))
    return constant(value, interval).repeat(n, peak_mult=gamma, floor_mult=gamma)


def steps_of(values: Iterable[float]) -> Curve:
    """Values step by step; equal neighbours become one phase, the last value is held."""
    return sequence(*(constant(v, len(list(run))) for v, run in groupby(map(float, values))))


def sampled(function: Callable[[int], float], steps: int) -> Curve:
    """A function of the step, read at 0, ..., steps - 1: its values, not its formula."""
    return steps_of(function(t) for t in range(steps))


def multi_step(value: float, milestones: Iterable[int], factors: Iterable[float]) -> Curve:
    """A value multiplied by a factor at each milestone, in order of the milestones."""
    seams, parts, begin = sorted(zip(milestones, factors, strict=True)), [], 0
    for milestone, factor in seams:
        if milestone > begin:
            parts.append(constant(value, milestone - begin))
            begin = milestone
        value *= factor
    return sequence(*parts, constant(value))


def combine(
    where: str, schedules: Iterable[Any], join: Callable[..., Curve], base_lr: float
) -> Schedule:
    """Schedules with the same names made one, name by name; ``base_lr`` multiplies ``lr``."""
    given = list(schedules)
    if not given:
        _check.fail(where, "schedulers", "at least one Schedule", given)
    for schedule in given:
        if not isinstance(schedule, Schedule):
            _check.fail_type(where, "schedulers", "Schedules made by presets", schedule)
        if set(schedule) != set(given[0]):
            names = sorted(given[0])
            _check.fail(where, "schedulers", f"of the same names, {names}", sorted(schedule))
    made = {name: join(*(s[name] for s in given)) for name in given[0]}
    return Schedule({**made, "lr": made["lr"] * base_lr})


def in_a_row(
    where: str, schedules: Iterable[Any], milestones: Iterable[int], base_lr: float
) -> Schedule:
    """Each schedule from its milestone on, on its own clock."""
    given = list(schedules)
    seams = [_check.integer(where, "milestone", m, 0) for m in milestones]
    if len(seams) != len(given) - 1:
        _check.fail(where, "milestones", f"one fewer than schedulers, {len(given) - 1}", seams)
    if any(b < a for a, b in pairwise(seams)):
        _check.fail(where, "milestones", "in order", seams)

    def join(*curves: Curve) -> Curve:
        lengths = [b - a for a, b in pairwise([0, *seams])]
        return sequence(*(c[:n] for c, n in zip(curves, lengths, strict=False)), curves[-1])

    return combine(where, given, join, base_lr)
