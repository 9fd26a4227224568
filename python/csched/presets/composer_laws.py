"""What Composer's schedulers are made of: legs between two times, which may lie between steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import pieces
from csched.presets.times import Clock, State, clock_of
from csched.schedule import Schedule


def held(of: Curve, tick: int) -> Curve:
    """A curve of ticks in batches."""
    return of if tick == 1 else pieces.held(of, tick)


def leg(
    profile: str,
    start: float,
    end: float,
    stop: Fraction,
    begin: Fraction = Fraction(0),
    tick: int = 1,
    **more: Any,
) -> Curve:
    """From start at one time to end at another, both maybe between two steps."""
    if tick > 1:
        return held(leg(profile, start, end, stop / tick, begin / tick, **more), tick)
    first, last = math.ceil(begin), math.ceil(stop)
    if last <= first:
        return pieces.constant(end)
    offset, span = float(first - begin), float(stop - begin)
    if last == stop:
        offset = max(0.0, span - (last - first))  # exact: z = 1 is met there
    whole = curve(profile, start, end, last - first, offset=offset, span=span, **more)
    return whole if last == stop else sequence(whole, pieces.constant(end))


def until(value: float, steps: Fraction, then: Curve, tick: int = 1) -> Curve:
    """A value before a time, something else from it on."""
    whole = math.ceil(steps / tick) * tick
    return pieces.constant(value, whole).then(then) if whole else then


def level(name: str, alpha: float, base: float) -> float:
    """A factor of the base rate as a rate."""
    return base * _check.real("composer", name, alpha)


def multi_step(clock: Clock, milestones: Sequence[str], gamma: float, base: float) -> Curve:
    """A factor at each milestone."""
    factor, tick = _check.real(clock.where, "gamma", gamma, 0.0), clock.epoch()
    seams = [math.ceil(clock.steps("milestones", m) / tick) * tick for m in milestones]
    return pieces.multi_step(base, seams, [factor] * len(seams))


def warmed(clock: Clock, t_warmup: str, scale: bool, top: float, main: Curve) -> Curve:
    """A line from 0 to ``top`` before ``t_warmup``, then ``main`` on a clock of its own.

    Composer never scales where the warm-up stops; with ``scale_warmup`` it scales its slope, so
    that a shorter one waits at the top and a longer one is cut.
    """
    tick = clock.tick("t_warmup", t_warmup)
    gate = math.ceil(clock.steps("t_warmup", t_warmup, 1.0) / tick)
    if not gate:
        return main
    slope = clock.length("t_warmup", t_warmup, None if scale else 1.0) / tick
    return sequence(held(leg("linear", 0.0, top, slope)[:gate], tick), main)


def after_warmup(
    name: str,
    state: State | str,
    ssr: float,
    times: tuple[str, str, bool],
    levels: tuple[float, float],
    profile: str,
    **arguments: Any,
) -> Schedule:
    """A warm-up and a decay that ends at ``t_max``, which must not be before the training's end."""
    clock = clock_of(name, state, ssr)
    t_warmup, t_max, scale = times
    unit = clock.units("t_max", t_max, ssr)[1]
    if clock.units("t_warmup", t_warmup, 1.0)[1] != unit:
        _check.fail(clock.where, "t_warmup", f"in the unit of t_max, {unit}", t_warmup)
    total, of_total = clock.whole()
    if of_total == "ep" and unit == "ba":
        total, of_total = total * clock.given("dataloader_len"), "ba"
    if of_total == unit and clock.units("t_max", t_max, ssr)[0] < total:
        _check.fail(clock.where, "t_max", f"at least max_duration, {total:g}{unit}", t_max)
    begin, end = clock.steps("t_warmup", t_warmup, 1.0), clock.steps("t_max", t_max)
    top, low = levels
    main = pieces.constant(top)  # a warm-up of the whole training: there is no decay
    if end > begin:
        main = leg(profile, top, low, end, begin, clock.tick("t_max", t_max), **arguments)
    return Schedule(lr=warmed(clock, t_warmup, scale, top, main))
