"""What several recipes are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.schedule import Schedule


def warmed(
    where: str, steps: int, warmup_steps: int | float, main: Callable[[int], Curve]
) -> Schedule:
    """A linear warm-up from 0, then ``main`` over the steps that are left."""
    whole = _check.integer(where, "steps", steps, 1)
    warmup = _check.length(where, "warmup_steps", warmup_steps, whole)
    if warmup == whole:
        _check.fail(where, "warmup_steps", f"below steps = {whole}", warmup_steps)
    return Schedule(lr=main(whole - warmup).warmup(warmup))


def cycles_over(
    where: str, cycle: Curve, steps: int | None, cycles: int | None, **mults: Any
) -> Curve:
    """A cycle repeated: so many times, or to fill the steps, the last one cut where it must be."""
    if (steps is None) == (cycles is None):
        _check.fail(where, "steps", "given if and only if cycles is not", steps)
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
