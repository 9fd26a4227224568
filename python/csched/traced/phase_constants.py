"""From spec to the numbers of the closed form: a curve becomes a tree of ``closed_form.py``.

Runs once, on the host, in float64 and whole numbers. Works on what ``compiling.py`` makes of a
curve, so that sampling, tables and growing cycles are phases and sequences here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from csched import _check, compiling
from csched.compiling import LOWER, Node
from csched.curve import Curve
from csched.profiles import PROFILES
from csched.traced import closed_form
from csched.traced.closed_form import Rows
from csched.traced.distances import SCALES, VALUES
from csched.traced.phase_rows import NAMES, Row, refuse, row_of
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
                run += _placed(child, begin - parts[-1][0], stop and stop - parts[-1][0])
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
        levels = np.array([low, high], np.float32)
        tree, period = self.build(child), self._period(node.length)
        rates = self._rates([math.log2(f) for f in factors])
        return closed_form.Loop(tree, period, last, levels, rates, node.x[0] != 0.0)

    def _shifted(self, node: Node) -> Any:
        largest = LARGEST if self.words == 1 else 2**63
        if node.times > largest // 2:
            hint = "as_schedule(curve, two_words=True) takes it"
            _check.fail("closed form", "curve", "without a window after 2**30", node.times, hint)
        length = min(node.length, largest - node.times)
        child = self.build(node.children[0])
        return closed_form.Shifted(child, self._step(length), self._step(node.times))

    def _rates(self, rates: Sequence[float]) -> tuple[tuple[Any, Any, Any], ...]:
        """What ``step_words.turns`` takes, a number a rate in every array."""
        made = []
        for word in reversed(range(self.words)):
            exact = [Fraction(rate) * 2 ** (32 * word) for rate in rates]
            turns = [round(r * 2**32) for r in exact]
            rest = [float(r - Fraction(t, 2**32)) for r, t in zip(exact, turns, strict=True)]
            turn = np.array([t % 2**32 for t in turns], np.uint32)
            floats = np.array([[float(r) for r in exact], rest], np.float32)
            made.append((turn.view(np.int32) if self.words == 1 else turn, floats[0], floats[1]))
        return tuple(made)

    def _words(self, steps: Sequence[int]) -> Words:
        if self.words == 1:
            return (np.array(steps, np.int32),)
        whole = np.array(steps, np.int64)
        return (whole >> 32).astype(np.uint32), (whole & 0xFFFFFFFF).astype(np.uint32)

    def _packed(self, rows: list[Row]) -> Rows:
        used = {r.kernel for r in rows if r.kernel}
        kernels = sorted(used - VALUES.keys()) + sorted(used & VALUES.keys())
        if kernels:
            like = next(r for r in rows if r.kernel == kernels[0])
            rows = [r if r.kernel else _phase_like(like, r) for r in rows]
        if self.words == 1:
            rows = [_within_reach(r) for r in rows if r.begin <= LARGEST]
        begins, ones = ([getattr(r, name) for r in rows] for name in ("begin", "one"))
        zeros, untils = ([getattr(r, name) for r in rows] for name in ("zero", "until"))
        choice = [kernels.index(r.kernel) for r in rows if r.kernel]
        return Rows(
            tuple(kernels),
            np.array(choice, np.bool_ if len(kernels) == 2 else np.int32) if kernels[1:] else None,
            self._words(begins),
            self._words(ones),
            self._words(zeros) if zeros != begins else None,
            self._words(untils) if untils != ones else None,
            self._columns(rows),
        )

    def _columns(self, rows: list[Row]) -> dict[str, Any]:
        """The numbers of the rows by name; 0 for what a row's kernel does not read."""
        made: dict[str, list[float]] = {
            "start": [r.start for r in rows],
            "end": [r.end for r in rows],
            "per_step": [SCALES.get(r.kernel or "", 1.0) / r.span for r in rows],
        }
        for name in sorted({name for r in rows for name in r.numbers}):
            made[name] = [r.numbers.get(name, 0.0) for r in rows]
        if any(r.before or r.after for r in rows):
            made |= {"before": [r.before for r in rows], "after": [r.after for r in rows]}
        exponents = [_exponents(r) for r in rows]
        if any(e != (0.0, 0.0) for e in exponents):
            for i, end in enumerate(("zero", "one")):
                made[f"whole_{end}"] = [float(round(e[i])) for e in exponents]
                made[f"part_{end}"] = [e[i] - round(e[i]) for e in exponents]
        columns: dict[str, Any] = {k: np.array(v, np.float32) for k, v in made.items()}
        if any(r.rate is not None for r in rows):
            for i, word in enumerate(self._rates([r.rate or 0.0 for r in rows])):
                names = (f"{name}_{i}" for name in ("turn", "rate", "rate_rest"))
                columns |= dict(zip(names, word, strict=True))
        return columns


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
        if PROFILES[profile].positive or any(math.isnan(a) for a in node.argument):
            refuse(
                f"without {profile!r} in more than {UNROLLED} cycles of changing levels", profile
            )
        start, end = ((v - low) / (high - low) for v in node.x[:2])
        return replace(node, x=(start, end, *node.x[2:]))
    if node.op == compiling.REPEAT and node.levels[2:] != (1.0, 1.0, 1.0):
        refuse(f"without a repeat of more than {UNROLLED} changing cycles in another", node.levels)
    return replace(node, children=[_at_fractions(_node(c), low, high) for c in node.children])


# --- phases ----------------------------------------------------------------------------------


def _placed(node: Node, begin: int, stop: int | None) -> Iterator[Row]:
    """The row of a phase that begins at a step; two, where it jumps to its end."""
    exact = compiling.compiled(node)
    if node.op == compiling.FROZEN:
        yield _constant(exact(0), begin)
        return
    offset = node.x[2]
    last = node.span - offset  # where z = 1 lies
    over = max(0, min(node.length, math.ceil(last)))
    row = row_of(node)
    if row.kernel is None:
        yield _constant(exact(0), begin)
        if exact(over) != exact(0) and (stop is None or begin + over < stop):
            yield _constant(exact(over), begin + over)
        return
    yield replace(
        row,
        end=exact(over) if over >= last else row.end,
        span=node.span,
        begin=begin,
        zero=begin - math.floor(offset),
        before=offset - math.floor(offset),
        one=begin + math.floor(last),
        after=last - math.floor(last),
        until=begin + over,
    )


def _constant(value: float, begin: int) -> Row:
    return Row(None, value, value, begin=begin, zero=begin, one=begin + 1, until=begin + 1)


def _phase_like(like: Row, r: Row) -> Row:
    """A constant as a phase of another's kernel, from a value to itself."""
    return replace(
        r, kernel=like.kernel, numbers=like.numbers, rate=like.rate, exponents=like.exponents
    )


def _exponents(r: Row) -> tuple[float, float]:
    """log2 of the factor at step zero and at step one."""
    at_zero, at_one = r.exponents
    rate = r.rate or 0.0
    return at_zero + rate * r.before, at_one + rate * r.after


def _within_reach(r: Row) -> Row:
    """The ends of the phase so near that differences fit int32; the rest goes to the fractions."""
    zero, one = r.zero, min(r.one, LARGEST)
    if zero < 0 and one > LARGEST + zero:
        zero = 0
    return replace(
        r,
        zero=zero,
        before=r.before + (zero - r.zero),
        one=one,
        after=r.after + (r.one - one),
        until=min(r.until, LARGEST),
    )
