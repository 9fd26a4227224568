"""Curves in words and in one line of blocks."""

from __future__ import annotations

from dataclasses import fields
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from csched import _check
from csched.curve import Curve

if TYPE_CHECKING:
    from csched.nodes import Repeat, Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_MOST_BEGINS = 8  # of growing cycles, in one line
_FEWEST_VALUES = 8  # that are told in one line
_CYCLES = 4  # shown of what repeats for ever


def describe(curve: Curve) -> str:
    """One line a phase: first step, last step, what it does."""
    lines = rows(curve)
    width = max((len(left) for left, _ in lines), default=0)
    return "\n".join(f"{left:<{width}}  {right}" for left, right in lines)


def rows(curve: Curve, begin: int = 0, depth: int = 0) -> list[tuple[str, str]]:
    """Pairs of the steps of a phase, absolute, and what it does; parts are indented."""
    from csched.nodes import Combination, Repeat, Sequence, Window, Wrapper  # made of Curves

    if isinstance(curve, Sequence):
        return _in_a_row(curve, begin, depth)
    shift = begin
    if isinstance(curve, Repeat):
        text = _cycles(curve, begin)
    elif isinstance(curve, Combination):
        text = f"the {curve.kind} of:"
    elif isinstance(curve, Window) and curve.of._children():
        text = f"steps {curve.start} .. {curve.start + curve.steps - 1} of:"
        shift -= curve.start
    elif isinstance(curve, Wrapper) and curve.of._children():
        given = [f"{f.name}={getattr(curve, f.name)!r}" for f in fields(curve) if f.name != "of"]
        text = f"{curve.kind}({', '.join(given)}) of:"
    else:
        return [(_span(curve, begin, depth), repr(curve))]
    parts = [row for part in curve._children() for row in rows(part, shift, depth + 1)]
    return [(_span(curve, begin, depth), text), *parts]


def _in_a_row(row: Sequence, begin: int, depth: int) -> list[tuple[str, str]]:
    """The parts of a sequence; values step by step, as they come from a function, in one line."""
    made: list[tuple[str, str]] = []
    pairs = zip(row.begins(), row.parts, strict=True)
    for single, run in groupby(pairs, lambda pair: _is_a_value(pair[1])):
        part = list(run)
        if not single or len(part) < _FEWEST_VALUES:
            made += [line for first, one in part for line in rows(one, begin + first, depth)]
            continue
        first, last = part[0][0] + begin, part[-1][0] + begin
        shown = [repr(one(0)) for _, one in part]
        text = f"{len(part)} values taken down: {', '.join(shown[:3])}, ..., {shown[-1]}"
        made.append((f"{'  ' * depth}{first} .. {last}", text))
    return made


def _is_a_value(curve: Curve) -> bool:
    return getattr(curve, "profile", "") == "constant" and curve.steps == 1


def _span(curve: Curve, begin: int, depth: int) -> str:
    return f"{'  ' * depth}{begin} .. {begin + curve.steps - 1}"


def _cycles(repeat: Repeat, begin: int) -> str:
    times = "for ever" if repeat.n is None else f"{repeat.n} times"
    names = ("length_mult", "peak_mult", "floor_mult", "amplitude_mult")
    given = [f"{name}={getattr(repeat, name)!r}" for name in names if getattr(repeat, name) != 1]
    text = " ".join([times, *([f"({', '.join(given)})"] if given else [])])
    if repeat.length_mult != 1:
        firsts = [begin, *(begin + n for n in accumulate(repeat.lengths()[:-1]))]
        more = ", ..." if len(firsts) > _MOST_BEGINS else ""
        text += f" from steps {', '.join(map(str, firsts[:_MOST_BEGINS]))}{more}"
    return f"{text}, the first:"


def shown_steps(curve: Curve) -> int:
    """The steps a picture shows: all, and of what repeats for ever some cycles."""
    from csched.nodes import Repeat, Sequence  # made of Curves

    last = curve.parts[-1] if isinstance(curve, Sequence) else curve
    if not isinstance(last, Repeat) or not last._endless:
        return curve.steps
    lengths = last.lengths()[:_CYCLES] if last.length_mult != 1 else (last.steps,) * _CYCLES
    return curve.steps - last.steps + sum(lengths)


def sparkline(curve: Curve, width: int = 60) -> str:
    """The curve in one line of text; see :meth:`Curve.sparkline`."""
    width = _check.integer("Curve.sparkline", "width", width, 1, 10_000)
    steps = shown_steps(curve)
    count = min(width, steps)
    values = [curve(i * steps // count) for i in range(count)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    if low == high or 0.0 <= low < 0.5 * high:  # a rate stands on 0, a momentum does not
        low = min(0.0, high)
    room = (high - low) or 1.0
    top = len(_BLOCKS) - 1
    return "".join(_BLOCKS[round((v - low) / room * top)] for v in values)
