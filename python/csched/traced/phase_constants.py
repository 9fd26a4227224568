"""From spec to the numbers of the closed form: a curve becomes a tree of ``closed_form.py``.

Runs once, on the host, in float64 and whole numbers. Works on what ``compiling.py`` makes of a
curve, so that sampling, tables and growing cycles are phases and sequences here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from csched import _check, compiling
from csched.compiling import LOWER, Node
from csched.curve import Curve
from csched.traced import closed_form
from csched.traced.closed_form import Rows
from csched.traced.half_phases import HALVES, NAMES, Row, end_of, refuse
from csched.traced.step_words import Words

UNROLLED = 64  # cycles whose levels change, up to so many, become rows of their own
LARGEST = 2**31 - 1


def tree_of(curve: Curve, words: int = 1) -> Any:
    """The tree of a curve, for steps of one word (int32) or two (uint32)."""
    return _Builder(words).build(curve)


class _Builder:
    """Turns nodes into trees whose steps have so many words."""

    def __init__(self, words: int) -> None:
        self.words = words

    def build(self, item: Any) -> Any:
        node = _node(item)
        children = node.children
        if node.op in (compiling.PHASE, compiling.FROZEN, compiling.SEQUENCE):
            return self._sequence(node)
        if node.op == compiling.REPEAT:
            return self._repeat(node)
        if node.op == compiling.EVERY:
            child = self.build(children[-1])  # of two the one that counts steps, not samples
            return closed_form.Held(child, self._period(node.times), self._within(node.length))
        if node.op == compiling.SHIFT:
            if node.length == compiling.FOR_EVER and not node.times:
                return self.build(children[0])
            return self._shifted(node)
        if node.op in (compiling.PRODUCT, compiling.SUM):
            parts = tuple(self.build(c) for c in children)
            return closed_form.Combined(node.op == compiling.PRODUCT, parts)
        if node.op == compiling.CLIP:
            bounds = np.array(node.x[:2], np.float32)
            return closed_form.Limited(self.build(children[0]), bounds)
        if node.op == compiling.ROUND:
            return closed_form.Rounded(self.build(children[0]), np.float32(node.x[0]))
        refuse("without noise", item)

    # --- steps as words ---

    def _within(self, step: int) -> Words | None:
        """A step, or None where counts do not get there."""
        return self._step(step) if step <= LARGEST or self.words == 2 else None

    def _step(self, step: int) -> Words:
        """A step; where one word cannot hold it, the largest it can hold."""
        if self.words == 1:
            return (np.int32(min(step, LARGEST)),)
        return tuple(np.uint32(w) for w in divmod(step, 2**32))

    def _period(self, period: int) -> Words:
        if self.words == 1:
            return self._step(period)
        doubled = [min(period << i, 2**63) for i in range(53)]
        return tuple(
            np.array(w, np.uint32) for w in zip(*(divmod(d, 2**32) for d in doubled), strict=True)
        )

    # --- nodes ---

    def _sequence(self, node: Node) -> Any:
        """Rows where all is phases; else parts, each a run of phases or something else."""
        parts: list[tuple[int, Any]] = []
        run: list[Row] = []
        for begin, stop, child in _flat(node, 0, None):
            if self.words == 1 and begin > LARGEST:
                break
            if child.op in (compiling.PHASE, compiling.FROZEN):
                if not run:
                    parts.append((begin, run))
                run += _rows(child, begin - parts[-1][0], stop and stop - parts[-1][0])
            else:
                parts.append((begin, self.build(child)))
                run = []
        trees = tuple(self._packed(p) if isinstance(p, list) else p for _, p in parts)
        if len(trees) == 1:
            return trees[0]
        begins = [self._step(begin) for begin, _ in parts]
        return closed_form.Parts(tuple(np.array(w) for w in zip(*begins, strict=True)), trees)

    def _repeat(self, node: Node) -> Any:
        last = self._within((node.times - 1) * node.length) if node.times else None
        if node.levels[2:] == (1.0, 1.0, 1.0):
            return closed_form.Loop(self.build(node.children[0]), self._period(node.length), last)
        return self._repeat_with_levels(node, last)

    def _repeat_with_levels(self, node: Node, last: Words | None) -> Any:
        low, high, *factors = node.levels
        if high == low:
            high, factors = low + 1.0, [*factors[:1], *factors[:1], 1.0]
        child = _at_fractions(_node(node.children[0]), low, high)
        levels = np.array([(low, high), *(_split(math.log2(f)) for f in factors)], np.float32)
        tree, period = self.build(child), self._period(node.length)
        return closed_form.Loop(tree, period, last, levels, node.x[0] != 0.0)

    def _shifted(self, node: Node) -> Any:
        largest = LARGEST if self.words == 1 else 2**63
        if node.times > largest // 2:
            hint = "as_schedule(curve, two_words=True) takes it"
            _check.fail("closed form", "curve", "without a window after 2**30", node.times, hint)
        length = min(node.length, largest - node.times)
        child = self.build(node.children[0])
        return closed_form.Shifted(child, self._step(length), self._step(node.times))

    def _packed(self, rows: list[Row]) -> Rows:
        if self.words == 1:
            rows = [_within_reach(r) for r in rows if r.begin <= LARGEST]
        kernels = tuple(sorted({r.kernel for r in rows}))
        numbers = np.array([_numbers(r) for r in rows], np.float32)
        choice = [(kernels.index(r.kernel), r.from_end, r.exponent_from_end) for r in rows]
        steps = np.array([(r.begin, r.zero, r.one) for r in rows], np.int64)
        words: Words
        if self.words == 1:
            words = (steps.astype(np.int32),)
        else:
            words = (steps >> 32).astype(np.uint32), (steps & 0xFFFFFFFF).astype(np.uint32)
        return Rows(kernels, words, numbers, np.array(choice, np.int32))


def _node(item: Any) -> Node:
    """What the compiler makes of a curve; a repeat of few cycles with levels, unrolled."""
    if isinstance(item, Node):
        return item
    if item.kind == "repeat" and item.has_levels and item.n is not None and item.n <= UNROLLED:
        cycles = item.cycles()
        begins = [sum(c.steps for c in cycles[:i]) for i in range(len(cycles))]
        return Node(compiling.SEQUENCE, children=cycles, begins=begins)
    node: Node = LOWER[item.kind](item)
    return node


def _flat(node: Node, begin: int, stop: int | None) -> Iterator[tuple[int, int | None, Node]]:
    """(begin, stop, node) of everything in a row that is no sequence itself."""
    if node.op != compiling.SEQUENCE:
        yield begin, stop, node
        return
    ends = [begin + b for b in node.begins[1:]]
    for child, first, last in zip(node.children, node.begins, [*ends, stop], strict=True):
        last = last if stop is None or last is None else min(last, stop)
        if last is None or begin + first < last:
            yield from _flat(_node(child), begin + first, last)


def _at_fractions(node: Node, low: float, high: float) -> Node:
    """The phases below with every level v as (v - low) / (high - low)."""
    if node.op in (compiling.PHASE, compiling.FROZEN):
        profile = NAMES[node.profile]
        if profile == "exponential" or (profile == "inverse_sqrt" and math.isnan(node.argument[0])):
            refuse(
                f"without {profile!r} in more than {UNROLLED} cycles of changing levels", profile
            )
        start, end = ((v - low) / (high - low) for v in node.x[:2])
        return replace(node, x=(start, end, *node.x[2:]))
    if node.op == compiling.REPEAT and node.levels[2:] != (1.0, 1.0, 1.0):
        refuse(f"without a repeat of more than {UNROLLED} changing cycles in another", node.levels)
    return replace(node, children=[_at_fractions(_node(c), low, high) for c in node.children])


# --- phases ----------------------------------------------------------------------------------


def _rows(node: Node, begin: int, stop: int | None) -> Iterator[Row]:
    """The halves of a phase and what it holds afterwards."""
    exact = compiling.compiled(node)
    if node.op == compiling.FROZEN:
        yield Row(begin, "constant", exact(0))
        return
    start, end, offset, _ = node.x
    last = node.span - offset
    over = max(0, min(node.length, math.ceil(last)))
    first, second = HALVES[NAMES[node.profile]](node, start, end)
    middle = _half_way(exact, NAMES[node.profile], node, over)
    place: dict[str, Any] = {
        "span": node.span,
        "zero": begin - math.floor(offset),
        "before": offset - math.floor(offset),
        "one": begin + math.floor(last),
        "after": last - math.floor(last),
    }
    rows = [
        replace(first, begin=begin, **place),
        replace(second, begin=begin + middle, from_end=True, **place),
        Row(begin + over, "constant", exact(over)),
    ]
    for row, until in zip(rows, [begin + middle, begin + over, None], strict=True):
        if (until is None or row.begin < until) and (stop is None or row.begin < stop):
            yield row


def _half_way(exact: Any, profile: str, node: Node, over: int) -> int:
    """The first step whose value is nearer to the end."""
    if profile == "constant":
        return over
    if profile == "exponential":
        return min(over, max(0, math.ceil(node.span / 2 - node.x[2])))
    start, end = node.x[0], end_of(node)
    low, high = 0, over
    while low < high:
        k = (low + high) // 2
        if abs(exact(k) - start) >= abs(exact(k) - end):
            high = k
        else:
            low = k + 1
    return low


def _numbers(r: Row) -> list[float]:
    """In the order of ``closed_form.FIELDS``."""
    constants = [*r.constants, 0.0, 0.0, 0.0, 0.0, 0.0][:5]
    return [r.a, r.d, 1.0 / r.span, *constants, *_split(r.rate), r.before, r.after]


def _split(rate: float) -> tuple[float, float]:
    """The rate as a sum: a float of 12 bits, and what is left."""
    mantissa, exponent = math.frexp(rate)
    short = math.ldexp(round(mantissa * 4096), exponent - 12)
    return short, rate - short


def _within_reach(r: Row) -> Row:
    """The ends of the phase so near that differences fit int32; the rest goes to the fractions."""
    zero, one = r.zero, min(r.one, LARGEST)
    if zero < 0 and one > LARGEST + zero:
        zero = 0
    return replace(
        r, zero=zero, before=r.before + (zero - r.zero), one=one, after=r.after + (r.one - one)
    )
