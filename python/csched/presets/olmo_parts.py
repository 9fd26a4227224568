"""What OLMo-core's schedulers are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import pieces
from csched.schedule import Schedule


def length(
    where: str, name: str, steps: int | None, part: float | None, whole: int | None, low: int = 0
) -> int:
    """Steps, or a fraction of the whole, rounded."""
    if (steps is None) == (part is None):
        _check.fail(where, name, f"given, or {name}_fraction, not both", steps)
    if part is None:
        return _check.integer(where, name, steps, low)
    total = _check.integer(where, "max_steps", whole, 1)
    n = round(total * _check.real(where, f"{name}_fraction", part, 0.0, 1.0))
    return _check.integer(where, f"{name}_fraction * max_steps", n, low)


def up(where: str, low: float, top: float, steps: int) -> list[Curve]:
    """A line to ``top``, which is reached at the step after it."""
    _check.real(where, "warmup_min_lr", low, 0.0, top, open_high=True)
    return [curve("linear", low, top, steps)] if steps else []


def down(where: str, top: float, low: float, steps: int) -> Curve:
    """A line to ``low``, or a jump."""
    _check.real(where, "decay_min_lr", low, 0.0, top, open_high=True)
    return curve("linear", top, low, steps) if steps else pieces.after(top)


def rest(where: str, whole: int, *lengths: int) -> int:
    """What warm-up and decay leave of the whole."""
    if (left := whole - sum(lengths)) < 0:
        _check.fail(where, "max_steps", f"at least warm-up and decay, {sum(lengths)}", whole)
    return left


def decayed(
    where: str,
    warmup: tuple[int | None, float | None, float],
    alpha_f: float,
    whole: int | None,
    base: float,
    fall: Callable[[float, int], Curve],
    peak: float | None = None,
) -> Schedule:
    """A warm-up to the peak and a fall to ``alpha_f * base`` over what is left."""
    steps, part, start = warmup
    total = _check.integer(where, "max_steps, or t_max,", whole, 1)
    n = length(where, "warmup", steps, part, total)
    low = base * _check.real(where, "alpha_f", alpha_f, 0.0)
    top = base if peak is None else low + (base - low) * peak
    left = rest(where, total, n)
    main = fall(low, left) if left else pieces.constant(low)
    return Schedule(lr=sequence(*up(where, start, top, n), main))


def level(where: str, of: Mapping[str, Any], which: str, base: float, default: float) -> float:
    """``start_lr`` or ``start_lr_fraction`` of a stage, the same for its end."""
    value, part = of.get(f"{which}_lr"), of.get(f"{which}_lr_fraction")
    if value is not None and part is not None:
        _check.fail(where, f"{which}_lr", f"given, or {which}_lr_fraction, not both", of)
    if value is not None:
        return _check.real(where, f"{which}_lr", value, 0.0)
    if part is not None:
        return base * _check.real(where, f"{which}_lr_fraction", part, 0.0)
    return default


FIELDS = ("duration", "shape", "start_lr", "start_lr_fraction", "end_lr", "end_lr_fraction")


def stage(where: str, of: Mapping[str, Any], base: float, before: float) -> Curve:
    """One leg, from where the one before it ended unless told."""
    for name in of:
        _check.choice(where, "a field", name, [*FIELDS, "start"])
    if of.get("end_lr") is None and of.get("end_lr_fraction") is None:
        _check.fail(where, "end_lr", "given, or end_lr_fraction", of)
    n = _check.integer(where, "duration", of.get("duration"), 1)
    shape = _check.choice(where, "shape", of.get("shape", "linear"), ["linear", "cosine"])
    start = level(where, of, "start", base, before)
    return curve(shape, start, level(where, of, "end", base, before), n)


def overridden(
    where: str, main: Curve, override: Mapping[str, Any] | None, base: float
) -> Schedule:
    """Left at the override's start for a decay of its own."""
    if override is None:
        return Schedule(lr=main)
    at = _check.integer(where, "start", override.get("start"), 0)
    return Schedule(lr=sequence(main[:at], stage(where, override, base, main(at))))
