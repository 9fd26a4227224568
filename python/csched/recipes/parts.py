"""What several recipes are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.warmups import Warmup, checked
from csched.schedule import Schedule

FOR_EVER = 2**52  # the length of a phase that is never to end
MOST_PARTS = 2**16  # phases of one recipe: enough for every use, and memory for 20 MB of program


def whole_and_warmup(where: str, steps: int, warmup_steps: int | float) -> tuple[int, int]:
    """The whole and its warm-up in steps; at least one step is left after the warm-up."""
    whole = _check.integer(where, "steps", steps, 1)
    warmup = _check.length(where, "warmup_steps", warmup_steps, whole)
    if warmup == whole:
        _check.fail(where, "warmup_steps", f"below steps = {whole}", warmup_steps)
    return whole, warmup


def warmed(
    where: str,
    steps: int,
    warmup_steps: int | float,
    main: Callable[[int], Curve],
    warmup: str | Warmup = "linear",
) -> Schedule:
    """A warm-up, then ``main`` over the steps that are left."""
    law = checked(where, warmup)
    whole, n = whole_and_warmup(where, steps, warmup_steps)
    return Schedule(lr=law.before(main(whole - n), n))


def phases_within(where: str, whole: int, **given: int | float) -> list[int]:
    """Lengths of phases by argument name, which together leave at least 0 of the whole."""
    made: list[int] = []
    for name, value in given.items():
        made.append(_check.length(where, name, value, whole))
        if sum(made) > whole:
            left = whole - sum(made[:-1])
            _check.fail(where, name, f"at most the {left} steps the other phases leave", value)
    return made


def held(value: float, steps: int) -> list[Curve]:
    """A value held: a phase, or none of 0 steps."""
    return [curve("constant", value, steps=steps)] if steps else []


def through(
    knots: Sequence[tuple[Fraction | int, float]], steps: int, profile: str, **arguments: Any
) -> Curve:
    """Legs of a profile from knot to knot; see :func:`legs`."""

    def leg(i: int, n: int, offset: float, span: float) -> Curve:
        (_, left), (_, right) = knots[i], knots[i + 1]
        return curve(profile, left, right, n, offset=offset, span=span, **arguments)

    return legs(knots, steps, leg)


def legs(
    knots: Sequence[tuple[Fraction | int, float]],
    steps: int,
    leg: Callable[[int, int, float, float], Curve],
) -> Curve:
    """Legs from knot to knot, which may lie between steps; two knots at one place are a jump.

    ``leg(i, steps, offset, span)`` makes the one from knot i to the next. The value at ``steps``,
    which is held after it, may lie on a leg that has no step before it.
    """
    parts: list[Curve] = []
    if (first := min(steps, math.ceil(knots[0][0]))) > 0:
        parts.append(curve("constant", knots[0][1], steps=first))
    for i, ((a, _), (b, _)) in enumerate(pairwise(knots)):
        begin, stop = math.ceil(a), min(steps, math.ceil(b))
        if begin < stop:
            n, span = stop - begin, float(b - a)
            offset = span - n if b == stop else float(begin - a)  # exact: z = 1 is met at b
            parts.append(leg(i, n, offset, span))
        elif begin == stop == steps and a < steps <= b:
            parts.append(leg(i, 1, float(steps - a), float(b - a))[0:0])
    if (last := math.ceil(knots[-1][0])) < steps or not parts:
        parts.append(curve("constant", knots[-1][1], steps=max(1, steps - last)))
    return sequence(*parts)


def cycles_over(
    where: str, cycle: Curve, steps: int | None, cycles: int | None, **mults: Any
) -> Curve:
    """A cycle repeated: so many times, or to fill the steps, the last one cut where it must be."""
    _check.one_of(where, "steps cuts the last cycle where it must", steps=steps, cycles=cycles)
    if cycles is not None:
        return cycle.repeat(_check.integer(where, "cycles", cycles, 1), **mults)
    whole = _check.integer(where, "steps", steps, 1)
    if mults.get("length_mult", 1) == 1:
        n, rest = divmod(whole, cycle.steps)
    else:
        lengths = iter(cycle.repeat(None, **mults).lengths())  # type: ignore[attr-defined]
        n, rest = 0, whole
        while rest >= (length := next(lengths)):
            n, rest = n + 1, rest - length
    if rest == 0:
        return cycle.repeat(n, **mults)
    return cycle.repeat(n + 1, **mults)[:whole]


def positions(where: str, name: str, given: Sequence[int | float], whole: int) -> list[Fraction]:
    """Increasing places among the steps, in steps."""
    made = [_check.position(where, name, b, whole) for b in _check.items(where, name, given)]
    if any(b <= a for a, b in pairwise(made)):
        _check.fail(where, name, "increasing", given)
    return made


def inverse(where: str, momentum: tuple[float, float] | None) -> tuple[float, float] | None:
    """A pair (low, high) of momenta as (high, low): it moves against the learning rate."""
    if momentum is None:
        return None
    try:
        low, high = momentum
    except (TypeError, ValueError):
        _check.fail(where, "momentum", "a pair (low, high) or None", momentum)
    low = _check.real(where, "momentum low", low, 0.0, 1.0, open_high=True)
    high = _check.real(where, "momentum high", high, 0.0, 1.0, open_high=True)
    if low > high:
        _check.fail(where, "momentum", "(low, high)", momentum)
    return high, low


def half_waves(where: str, top: float, bottom: float, steps: int, lobes: int | float) -> Curve:
    """``bottom + (top - bottom) * (1 + cos(2 pi lobes z)) / 2``, as half waves down and up."""
    _check.real(where, "lobes", lobes, 1e-6, MOST_PARTS / 2)
    half = steps / (2 * _check.decimal(lobes))
    count = math.ceil(steps / half)
    return through(
        [(i * half, bottom if i % 2 else top) for i in range(count + 1)], steps, "cosine"
    )
