"""What NeMo's schedulers are made of."""

from __future__ import annotations

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import pieces
from csched.schedule import Schedule


def length(where: str, name: str, steps: int | None, ratio: float | None, whole: int | None) -> int:
    """Steps, or a ratio of the whole, or none."""
    if steps is not None and ratio is not None:
        _check.fail(where, f"{name}_steps", f"None where {name}_ratio is given", steps)
    if ratio is None:
        return _check.integer(where, f"{name}_steps", steps or 0, 0)
    total = _check.integer(where, "max_steps", whole, 1)
    return int(_check.real(where, f"{name}_ratio", ratio, 0.0, 1.0) * total)


def policy(warmup: int, base: float, main: Curve, whole: int, floor: float) -> Schedule:
    """The warm-up, ``main`` (whose clock began at step 0) up to step ``whole``, then the floor."""
    parts = []
    if warmup:
        parts.append(curve("linear", 0.0, base, warmup + 1, offset=1.0, span=warmup + 1.0))
    begin = warmup + 1 if warmup else 0
    if whole >= begin:
        parts.append(main[begin : whole if main(whole) == floor else whole + 1])
    return Schedule(lr=sequence(*parts, pieces.after(floor)))


def begun(base: float, at: int, fall: Curve) -> Curve:
    """``base`` before a step, something else from it on."""
    return sequence(pieces.constant(base, at), fall) if at else fall


def left(where: str, whole: int, before: int, name: str) -> int:
    """Steps from one on to max_steps."""
    n = _check.integer(where, "max_steps", whole, 1)
    if n <= before:
        _check.fail(where, "max_steps", f"above {name}, {before}", whole)
    return n - before


def holding(
    where: str,
    lengths: tuple[int | None, float | None, int | None, float | None],
    whole: int,
) -> tuple[int, int]:
    """The warm-up, and the step that the hold ends at: 0 where no hold is given."""
    warmup, ratio, hold, hold_ratio = lengths
    up = length(where, "warmup", warmup, ratio, whole)
    if hold is None and hold_ratio is None:
        return up, 0
    return up, up + length(where, "hold", hold, hold_ratio, whole)
