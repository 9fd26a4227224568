"""What several peers' schedules are made of, and the checks they share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from collections.abc import Sequence as Items
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import (
    Clip,
    Combination,
    Repeat,
    Sequence,
    Window,
    combined,
    sequence,
)
from csched.phases import Phase, curve
from csched.sampling import Every
from csched.schedule import Schedule

MOST_LEGS = 2048
"""Legs of a pattern that never comes back to a whole step; then the last value is held."""

MOST_VALUES = 2**20
"""Values of a function that are written down, one a step."""

MOST_PARTS = 10**18
"""Denominators of lengths that grow: exact at first, then within 1e-36 of a step."""

LOG_RANGE = 640.0
"""A law without an end is written down until it has changed by e^640 = 1e278, then held."""


def constant(value: float, steps: int = 1) -> Curve:
    """One value."""
    return curve("constant", value, steps=steps)


def after(value: float) -> Curve:
    """A value held after what is before it: of no steps."""
    return constant(value)[0:0]


def until_last(body: Curve, last: int) -> Curve:
    """The curve up to step ``last`` and with it: last + 1 steps, the last of which is held."""
    end = constant(body(last))
    if not last:
        return end
    return sequence(body if isinstance(body, Phase) and body.steps == last else body[:last], end)


def decay(profile: str, start: float, end: float, steps: int | float, **arguments: Any) -> Curve:
    """A phase of so many steps, none allowed (then ``end``); a fraction of a step cuts it."""
    whole = math.floor(steps)
    if whole == steps:
        return curve(profile, start, end, whole, **arguments) if whole else constant(end)
    return curve(profile, start, end, whole + 1, span=float(steps), **arguments)[:whole]


def polynomial(start: float, end: float, steps: int, power: float) -> Curve:
    """``(1 - z)**power`` of the way left; with power 0 ``start`` for ever, 0**0 being 1."""
    if power == 0.0:
        return constant(start)
    return curve("polynomial", start, end, steps, power=power)


def warmed(start: float, end: float, steps: int, main: Curve, profile: str = "linear") -> Curve:
    """A warm-up of so many steps, none allowed, then ``main`` on a clock of its own."""
    return curve(profile, start, end, steps).then(main) if steps else main


def first(value: float, rest: Curve) -> Curve:
    """Another value at step 0: what a constructor writes before the formula is first asked."""
    return rest if rest(0) == value else constant(value).then(rest[1:])


def rebound(start: float, end: float, steps: int) -> Curve:
    """Half a cosine to ``end``, half a cosine back, for ever: the formula without a clamp."""
    down, up = curve("cosine", start, end, steps), curve("cosine", end, start, steps)
    return down.then(up).repeat()


def waves(top: float, bottom: float, half: Fraction) -> Curve:
    """Half cosines down and up for ever, each of ``half`` steps, which may be a fraction."""
    if half.denominator == 1:
        return rebound(top, bottom, half.numerator)
    count = min(2 * half.denominator, MOST_LEGS)  # until a crest falls on a step again
    levels = [(bottom, top) if i % 2 else (top, bottom) for i in range(count)]
    whole = cycles([i * half for i in range(count + 1)], levels, leg_of("cosine"))
    return whole.repeat() if count < MOST_LEGS else whole


def through(
    profile: str, knots: Items[float | Fraction], values: Items[float], **arguments: Any
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


def cycles(
    knots: Items[float | Fraction],
    levels: Items[tuple[float, float]],
    leg: Callable[[float, float, int, float, float], Curve],
    last: float | None = None,
) -> Curve:
    """Cycles that begin at the knots, which may lie between steps, each with its own two levels.

    ``leg(start, end, steps, offset, span)`` makes one; ``last`` is held after them.
    """
    begins = [max(0, math.ceil(k)) for k in knots]
    parts = []
    for i, (start, end) in enumerate(levels):
        if (n := begins[i + 1] - begins[i]) > 0:
            offset, span = float(begins[i] - knots[i]), float(knots[i + 1] - knots[i])
            parts.append(leg(start, end, n, offset, span))
    return sequence(*parts, *([] if last is None else [after(last)]))


def stretched_cycles(first: float, last: float, n: int, power: float, times: int = 256) -> Curve:
    """Horizon n ceil(t / n): steps 0, ..., n read the first, n + 1, ..., 2n the second."""
    _check.integer("presets", f"{times} horizons", times * n, 1)
    whole: Any = curve("polynomial", first, last, n + 1, span=float(n), power=power)
    law = whole.arguments  # checked once, for all of them
    later = (
        Phase("polynomial", first, last, n, law, None, float((i - 1) * n + 1), float(i * n))
        for i in range(2, times + 1)
    )
    return sequence(whole, *later, constant(last))


def leg_of(profile: str, **arguments: Any) -> Callable[[float, float, int, float, float], Curve]:
    """A leg for :func:`cycles` along one profile."""

    def leg(start: float, end: float, steps: int, offset: float, span: float) -> Curve:
        return curve(profile, start, end, steps, offset=offset, span=span, **arguments)

    return leg


def growing(steps: int | float, mult: float, count: int | None) -> list[Fraction]:
    """Where cycles begin and end whose real lengths grow by a factor; up to step 2^50."""
    length, factor = _check.decimal(steps), _check.decimal(mult)
    knots = [Fraction(0)]
    while knots[-1] < 2**50 and (len(knots) - 1 < (MOST_LEGS if count is None else count)):
        knots.append((knots[-1] + length).limit_denominator(MOST_PARTS))
        length = (length * factor).limit_denominator(MOST_PARTS)
    return knots


def power_law(value: float, timescale: float, power: float, every: int = 1) -> Curve:
    """``value * (1 + t / timescale)**-power`` up to step 2^49, or timescale * 2^49."""
    if timescale > 1e30:
        return constant(value)
    k = min(49, 50 - max(0, math.ceil(math.log2(timescale))))  # span and scale as the core has them
    span = timescale * 2.0**k if k > 0 else 2.0**53
    scale = span / timescale
    end = value * (1.0 + scale) ** -power
    sampling = Every(every) if every > 1 else None
    arguments: dict[str, Any] = {"span": span, "scale": scale}
    steps = max(1, int(min(2.0**49, span)))
    if power == 0.5:
        return curve("inverse_sqrt", value, end, steps, sampling, **arguments)
    return curve("inverse_power", value, end, steps, sampling, power=power, **arguments)


def root_law(value: float, timescale: float) -> Curve:
    """``value / sqrt(1 + t / timescale)``."""
    return power_law(value, timescale, 0.5)


def inverse_time(value: float, timescale: float, every: int = 1) -> Curve:
    """``value / (1 + t / timescale)``."""
    return power_law(value, timescale, 1.0, every)


def geometric(
    where: str, value: float, gamma: float, period: float = 1.0, name: str = "gamma"
) -> Curve:
    """``value * gamma**(t / period)`` until it has changed by a factor of 1e278."""
    if gamma == 0.0:
        return constant(value).then(constant(0.0))
    _check.real(where, name, gamma, 1e-278, 1e278)
    if gamma == 1.0 or value == 0.0:
        return constant(value)
    rate = abs(math.log(gamma)) / period
    room = LOG_RANGE - max(0.0, math.log(abs(value)) if gamma > 1.0 else 0.0)
    steps = max(1, int(min(room / rate, 2.0**52)))
    return curve("exponential", value, value * gamma ** (steps / period), steps)


def natural(value: float, rate: float) -> Curve:
    """``value * exp(-rate * t)`` until it has changed by a factor of 1e278.

    Not ``exp(-rate)**t``, whose rounded base is off by 1e-16 t: 1e-9 after 1e7 steps.
    """
    if rate == 0.0 or value == 0.0:
        return constant(value)
    if rate > LOG_RANGE:
        return constant(value).then(constant(0.0))
    room = LOG_RANGE - max(0.0, math.log(abs(value)) if rate < 0.0 else 0.0)
    steps = max(1, int(min(room / abs(rate), 2.0**52)))
    return curve("exponential", value, value * math.exp(-rate * steps), steps)


def staircase(
    where: str,
    value: float,
    gamma: float,
    interval: float | Fraction,
    names: tuple[str, str] = ("gamma", "interval"),
) -> Curve:
    """``value * gamma**floor(t / interval)``, for ever; drops may lie between steps.

    Growth ends when it has changed by a factor of 1e278. ``names`` are the peer's for the two.
    """
    _check.real(where, names[0], gamma, 0.0, 1e278)
    exact = _check.decimal(interval)
    if exact.denominator > MOST_LEGS:
        near = exact.limit_denominator(MOST_LEGS)
        if abs(near - exact) <= 2.0 * math.ulp(interval):  # 2.4 epochs of 313: 751.1999999999999
            exact = near
    if gamma == 0.0:
        return constant(value, math.ceil(exact)).then(constant(0.0))
    if gamma == 1.0:
        return constant(value, max(1, math.floor(exact)))
    drops = exact.denominator  # so many until one falls on a step again
    if drops > MOST_LEGS:
        _check.fail(where, names[1], f"a fraction n / d with d <= {MOST_LEGS}", interval)
    room = LOG_RANGE - max(0.0, math.log(abs(value) or 1.0) if gamma > 1.0 else 0.0)
    most = max(1, int(min(room / abs(math.log(gamma)), 2**52 // exact)))  # drops in all
    factor = gamma ** min(drops, most)
    if most < drops or factor > 1e6:  # more than a repeat may do in one cycle
        return _drops(value, gamma, exact, min(most + 1, MOST_LEGS))
    times = None if gamma < 1.0 else most // drops
    return _drops(value, gamma, exact, drops).repeat(times, peak_mult=factor, floor_mult=factor)


def _drops(value: float, gamma: float, interval: Fraction, count: int) -> Curve:
    seams = [math.ceil(i * interval) for i in range(count + 1)]
    parts = [constant(value * gamma**i, b - a) for i, (a, b) in enumerate(pairwise(seams)) if b > a]
    return sequence(*parts)


def held(of: Curve, interval: int) -> Curve:
    """Each value for so many steps: a curve whose steps are epochs, in steps of training."""
    if isinstance(of, Phase):
        _check.integer("presets", "a held phase's steps", of.steps * interval, 1)
        if of.profile == "constant":
            return replace(of, steps=of.steps * interval)
        if of.sampling is not None:
            _check.fail("presets", "a held curve", "without a sampling of its own", of)
        span = None if of.span is None else of.span * interval
        more = {"steps": of.steps * interval, "offset": of.offset * interval, "span": span}
        return replace(of, sampling=Every(interval), **more)  # type: ignore[arg-type]
    if isinstance(of, Sequence):
        return sequence(*(held(part, interval) for part in of.parts))
    if isinstance(of, Combination):
        return combined(type(of), *(held(part, interval) for part in of.parts))
    if isinstance(of, Window):
        stop = None if of.stop is None else of.stop * interval
        return replace(of, of=held(of.of, interval), start=of.start * interval, stop=stop)
    if isinstance(of, (Clip, Repeat)):
        return replace(of, of=held(of.of, interval))
    _check.fail("presets", "a held curve", "made of phases", of)


def steps_of(values: Iterable[float]) -> Curve:
    """Values step by step; equal neighbours become one phase, the last value is held."""
    return sequence(*(constant(v, len(list(run))) for v, run in groupby(map(float, values))))


def called(where: str, function: Callable[[int], float], t: int) -> float:
    """What a function says of a step, checked."""
    return _check.real(where, f"the function's value at {t}", function(t))


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
    where: str,
    schedules: Iterable[Any],
    join: Callable[..., Curve],
    base_lr: float,
    argument: str = "schedulers",
) -> Schedule:
    """Schedules with the same names made one, name by name; ``base_lr`` multiplies ``lr``."""
    given = list(schedules)
    if not given:
        _check.fail(where, argument, "at least one Schedule", given)
    for schedule in given:
        if not isinstance(schedule, Schedule):
            _check.fail_type(where, argument, "Schedules made by presets", schedule)
        if "lr" not in schedule:
            _check.fail(where, argument, "Schedules with a curve 'lr'", sorted(schedule))
        if set(schedule) != set(given[0]):
            names = sorted(given[0])
            _check.fail(where, argument, f"of the same names, {names}", sorted(schedule))
    made = {name: join(*(s[name] for s in given)) for name in given[0]}
    return Schedule({**made, "lr": made["lr"] * base_lr})


def in_a_row(
    where: str,
    schedules: Iterable[Any],
    milestones: Iterable[int],
    base_lr: float,
    names: tuple[str, str] = ("schedulers", "milestones"),
) -> Schedule:
    """Each schedule from its milestone on, on its own clock; ``names`` are the peer's for both."""
    given = list(schedules)
    seams = [_check.integer(where, f"{names[1]}[{i}]", m, 0) for i, m in enumerate(milestones)]
    if len(seams) != len(given) - 1:
        wanted = f"one fewer than {names[0]}, {len(given) - 1}"
        _check.fail(where, names[1], wanted, seams)
    if any(b < a for a, b in pairwise(seams)):
        _check.fail(where, names[1], "in order", seams)

    def join(*curves: Curve) -> Curve:
        lengths = [b - a for a, b in pairwise([0, *seams])]
        parts = [_whole_or_part(c, n) for c, n in zip(curves, lengths, strict=False)]
        return sequence(*parts, curves[-1])

    return combine(where, given, join, base_lr, names[0])


def _whole_or_part(of: Curve, steps: int) -> Curve:
    """The first steps of a curve, for something to follow; itself where it has no more."""
    last = of.parts[-1] if isinstance(of, Sequence) else of
    return of if of.steps == steps and not last._endless else of[:steps]
