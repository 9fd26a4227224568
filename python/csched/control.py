"""Changing a curve from some step on: the values before it keep their bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import (
    Clip,
    Combination,
    Noise,
    Round,
    Sequence,
    Strict,
    Window,
    Wrapper,
    combined,
    sequence,
)
from csched.phases import Phase, curve
from csched.repeats import Repeat
from csched.sampling import Every, positions

MOST_CYCLES = 2**16  # cycles written out one by one, where each has a length of its own


def _inside_strict(change: Callable[..., Curve]) -> Callable[..., Curve]:
    """A curve that raises past its end does so past its new end, too."""

    @wraps(change)
    def changed(c: Curve, *arguments: Any) -> Curve:
        made = change(c.of if isinstance(c, Strict) else c, *arguments)
        return Strict(made) if isinstance(c, Strict) else made

    return changed


@_inside_strict
def extended(c: Curve, steps: int, how: str, at: int | None) -> Curve:
    """A curve whose whole becomes ``steps`` long; see :meth:`Curve.extend`."""
    where = "Curve.extend"
    _check.choice(where, "how", how, ["stretch", "hold"])
    if how == "hold":
        begin = c.steps if at is None else _check.integer(where, "at", at, 0, c.steps)
        whole = _check.integer(where, "steps", steps, c.steps, hint="to end sooner, cooldown()")
        return delayed(c, begin, whole - c.steps)
    begin = 0 if at is None else _check.integer(where, "at", at, 0, max(0, c.steps - 1))
    whole = _check.integer(where, "steps", steps, begin + 1)
    if whole == c.steps:
        return c
    return _joined(c, begin, rest(c, begin).stretch(whole - begin))


@_inside_strict
def shifted(c: Curve, steps: int, at: int) -> Curve:
    """A curve whose values from ``at`` on come later or earlier; see :meth:`Curve.shift`."""
    where = "Curve.shift"
    begin = _check.integer(where, "at", at, 0, c.steps)
    by = _check.integer(where, "steps", steps, -(c.steps - begin))
    if by >= 0:
        return delayed(c, begin, by)
    return _joined(c, begin, c[begin - by :])


@_inside_strict
def clipped(c: Curve, low: float, high: float, at: int) -> Curve:
    """A curve limited to [low, high] from ``at`` on."""
    begin = _check.integer("Curve.clip", "at", at, 0)
    return _joined(c, begin, Clip(c[begin:], low, high))


def delayed(c: Curve, at: int, by: int) -> Curve:
    """The value at ``at`` is held for ``by`` steps more, then the curve goes on."""
    if by == 0:
        return c
    hold = curve("constant", c(at), steps=by)
    if at == c.steps and _is_over(c, at):
        return sequence(c, hold)
    return sequence(c[:at], hold, c[at:])


def _joined(c: Curve, at: int, then: Curve) -> Curve:
    return then if at == 0 else sequence(c[:at], then)


def _is_over(c: Curve, at: int) -> bool:
    """Whether the value stays what it is at step ``at``."""
    if isinstance(c, Sequence):
        return _is_over(c.parts[-1], at - c.begins()[-1])
    if isinstance(c, Combination):
        return all(_is_over(p, at) for p in c.parts)
    if isinstance(c, Noise):
        return c.stop is not None and at >= c.stop and _is_over(c.of, at)
    if isinstance(c, Wrapper):
        return _is_over(c.of, at)
    if isinstance(c, Repeat):
        return c.n is not None and at >= c.steps and _is_over(c.of, c.of.steps)
    if isinstance(c, Window):
        return (c.stop is not None and at >= c.steps) or _is_over(c.of, at + c.start)
    return at >= c.steps


def rest(c: Curve, at: int) -> Curve:
    """The curve from step ``at`` on, written with phases where it can be, so that it stretches
    without moving the place it begins at.
    """
    if at == 0:
        return c
    if isinstance(c, Phase) and at < c.steps:
        return _rest_of_phase(c, at)
    if isinstance(c, Sequence):
        begins = c.begins()
        i = max(i for i, begin in enumerate(begins) if begin <= at)
        return sequence(rest(c.parts[i], at - begins[i]), *c.parts[i + 1 :])
    if isinstance(c, Repeat) and (c.n is not None or c.length_mult == 1):
        return _rest_of_repeat(c, at)
    if isinstance(c, (Clip, Round)):
        return replace(c, of=rest(c.of, at))
    if isinstance(c, Window) and at < c.steps and c.start + at < c.of.steps:
        left = rest(c.of, c.start + at)
        return left if c.stop is None else left[: c.steps - at]
    if isinstance(c, Combination) and at < c.steps:
        return combined(type(c), *(rest(p, at) for p in c.parts))
    if _is_over(c, at):
        return curve("constant", c(at), steps=1)
    return c[at:]


def _rest_of_phase(c: Phase, at: int) -> Curve:
    """What is left of a phase: what is held until the next sample, and the samples from there."""
    if isinstance(c.sampling, Every) and isinstance(c.sampling.interval, int):
        seams = [-(-at // c.sampling.interval) * c.sampling.interval]
    elif c.sampling is not None:
        marks = map(math.ceil, positions("curve", c.sampling, c.steps) or [])
        seams = [*(t for t in marks if at < t < c.steps), c.steps]
    else:
        seams = [at]
    parts, begin = [], at
    for seam in seams:
        if begin < (stop := min(seam, c.steps)):
            parts.append(curve("constant", c(begin), steps=stop - begin))
        begin = stop
    if begin == c.steps:
        return sequence(*parts, curve("constant", c(begin), steps=1)[0:0])
    left = c.steps - begin
    offset = c.length - left if c.ends_exactly else c.offset + begin  # the first is exact
    return sequence(*parts, replace(c, steps=left, offset=offset, span=c.length))


def _rest_of_repeat(c: Repeat, at: int) -> Curve:
    if c.length_mult != 1 or c.has_levels:
        if c.n is None or c.n > MOST_CYCLES:
            return c[at:]
        return rest(c.in_a_row(), at)
    i, into = divmod(at, c.of.steps)
    if c.n is None:
        return sequence(rest(c.of, into), c) if into else c
    if i >= c.n - 1:
        return rest(c.of, at - (c.n - 1) * c.of.steps)
    left: Any = replace(c, n=c.n - i - 1)
    return sequence(rest(c.of, into), left) if into else replace(c, n=c.n - i)
