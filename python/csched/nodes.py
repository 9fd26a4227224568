"""Nodes: what curves are combined with. Phases, the leaves, are in ``phases.py``."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise, takewhile
from typing import Any, ClassVar

from csched import _check, _core
from csched.curve import Curve

DEEPEST = _core.MAX_DEPTH - 4
"""A phase with a table and a sampling is up to four nodes deep in the program."""


@dataclass(frozen=True, slots=True, repr=False)
class Sequence(Curve):
    """Curves in a row, each on its own clock; the last one's tail is the tail of the whole."""

    kind: ClassVar[str] = "sequence"
    parts: tuple[Curve, ...]

    def __post_init__(self) -> None:
        check_depth(self)

    @property
    def steps(self) -> int:  # type: ignore[override]
        """The sum of the parts."""
        return sum(p.steps for p in self.parts)

    def __repr__(self) -> str:
        first, *others = self.parts
        return inner(first) + "".join(f".then({p!r})" for p in others)

    def _children(self) -> tuple[Curve, ...]:
        return self.parts

    def begins(self) -> list[int]:
        """The first step of each part."""
        begins = [0]
        for part in self.parts[:-1]:
            begins.append(begins[-1] + part.steps)
        return begins

    def _restarts(self, t: int) -> Iterator[int]:
        fallen, end = False, 0
        for part, after in zip(self.parts, [*self.parts[1:], None], strict=True):
            begin, end = end, end + part.steps
            if after is None or t < end:
                whole = math.inf if after is None else part.steps
                yield from (begin + r for r in _below(whole, part._restarts(max(t - begin, 0))))
            fallen = fallen or part._falls()
            if fallen and after is not None and after._first() > part._arrived():
                fallen = False
                if t < end:
                    yield end

    def _stretched(self, steps: int) -> Curve:
        whole, seams = self.steps, [*self.begins(), self.steps]
        moved = [round(Fraction(s * steps, whole)) for s in seams]
        spans = list(pairwise(moved))
        parts = [p.stretch(b - a) for p, (a, b) in zip(self.parts, spans, strict=True) if b > a]
        last = self.parts[-1]
        if not last.steps:
            parts.append(last)  # of no steps, but what it holds follows the end
        elif spans[-1][0] == spans[-1][1]:
            parts.append(last.stretch(1)[1:1])
        return sequence(*parts)

    def _scaled(self, factor: float) -> Curve:
        return sequence(*(p * factor for p in self.parts))

    def _at_levels(self, level: Callable[[float], float]) -> Curve:
        return sequence(*(p._at_levels(level) for p in self.parts))


@dataclass(frozen=True, slots=True, repr=False)
class Combination(Curve):
    """Curves combined step by step; as long as the longest."""

    parts: tuple[Curve, ...]
    sign: ClassVar[str]

    def __post_init__(self) -> None:
        check_depth(self)
        check_size(f"Curve {self.sign}", self)

    @property
    def steps(self) -> int:  # type: ignore[override]
        """The longest of the parts."""
        return max(p.steps for p in self.parts)

    def __repr__(self) -> str:
        return f" {self.sign} ".join(inner(p) for p in self.parts)

    def _children(self) -> tuple[Curve, ...]:
        return self.parts

    def _restarts(self, t: int) -> Iterator[int]:
        return (r for r, _ in groupby(heapq.merge(*(p._restarts(t) for p in self.parts))))

    def _stretched(self, steps: int) -> Curve:
        whole = self.steps
        parts = [
            p.stretch(max(1, round(Fraction(p.steps * steps, whole)))) if p.steps else p
            for p in self.parts
        ]
        return combined(type(self), *parts)


class Product(Combination):
    """The product of curves, multiplied in an order of its own: a * b is b * a, bit for bit."""

    __slots__ = ()
    kind: ClassVar[str] = "product"
    sign: ClassVar[str] = "*"

    def _size(self) -> float:
        return math.prod(p._size() for p in self.parts)

    def _scaled(self, factor: float) -> Curve:
        return product(self.parts[0] * factor, *self.parts[1:])


class Sum(Combination):
    """The sum of curves, added in an order of its own."""

    __slots__ = ()
    kind: ClassVar[str] = "sum"
    sign: ClassVar[str] = "+"

    def _size(self) -> float:
        return sum(p._size() for p in self.parts)

    def _scaled(self, factor: float) -> Curve:
        return combined(Sum, *(p * factor for p in self.parts))


@dataclass(frozen=True, slots=True, repr=False)
class Window(Curve):
    """Steps start, ..., stop - 1 of a curve; after them it holds the value at stop."""

    kind: ClassVar[str] = "window"
    of: Curve
    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        where = "Curve"
        object.__setattr__(self, "start", _check.integer(where, "start", self.start, 0))
        if self.stop is not None:
            stop = _check.integer(where, "stop", self.stop, self.start)
            object.__setattr__(self, "stop", stop)
        check_depth(self)

    @property
    def steps(self) -> int:  # type: ignore[override]
        """Steps of the window."""
        return max(0, (self.of.steps if self.stop is None else self.stop) - self.start)

    def __repr__(self) -> str:
        start = "" if self.start == 0 else self.start
        return f"{inner(self.of)}[{start}:{'' if self.stop is None else self.stop}]"

    def _children(self) -> tuple[Curve, ...]:
        return (self.of,)

    def _restarts(self, t: int) -> Iterator[int]:
        stop = math.inf if self.stop is None else self.stop
        return (r - self.start for r in _below(stop, self.of._restarts(t + self.start)))

    def _stretched(self, steps: int) -> Curve:
        if 0 < self.start < self.of.steps:
            left = control.rest(self.of, self.start)
            if not isinstance(left, Window):  # it begins where this does, and stays there
                left = left if self.stop is None else left[: self.steps]
                if left.steps == self.steps:  # not where what repeats for ever follows
                    return left.stretch(steps)
        start = round(Fraction(self.start * steps, self.steps))
        if self.stop is None:
            longer = self.of.stretch(start + steps)
            return Window(longer, start) if start else longer
        whole = max(1, round(Fraction(self.of.steps * steps, self.steps)))
        of = self.of.stretch(whole) if self.of.steps else self.of
        return Window(of, start, start + steps)

    def _scaled(self, factor: float) -> Curve:
        return replace(self, of=self.of * factor)


def _below(stop: float, restarts: Iterator[int]) -> Iterator[int]:
    return takewhile(lambda r: r < stop, restarts)


# --- putting nodes together ------------------------------------------------------------------


def sequence(*parts: Curve) -> Curve:
    """Curves in a row; sequences inside are flattened, empty parts vanish."""
    flat: list[Curve] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Sequence) else [part])
    kept = [p for p in flat[:-1] if p.steps] + flat[-1:]
    for part in kept[:-1]:
        if part._endless:
            hint = "cut it with [:steps] or give repeat a number of cycles"
            _check.fail("Curve.then", "what comes first", "of finite length", part, hint)
        if isinstance(part, Strict):
            _check.fail("Curve.then", "what comes first", "without tail 'raise'", part)
    total = sum(p.steps for p in kept)
    if total > _check.MAX_STEP:
        room = _check.MAX_STEP - total + kept[-1].steps
        if not kept[-1]._endless or room <= 0:
            _check.fail("Curve.then", "the whole", "at most 2**53 steps", total)
        kept[-1] = Window(kept[-1], 0, room)  # growing cycles, which fill all 2**53
    return kept[0] if len(kept) == 1 else Sequence(tuple(kept))


def combined(kind: type[Combination], *parts: Curve) -> Curve:
    """A sum or product: nested ones flattened, in canonical order, so that the bits do not depend
    on the order in which it was written.
    """
    flat: list[Curve] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else [part])
    return kind(tuple(sorted(flat, key=repr)))


def product(*parts: Curve) -> Curve:
    """The product of curves."""
    return combined(Product, *parts)


def check_depth(node: Curve) -> None:
    """Refuse a tree deeper than the C core follows."""
    if (depth := node._depth()) > DEEPEST:
        _check.fail("Curve", "nesting", f"at most {DEEPEST} deep", depth)


def check_size(where: str, node: Curve) -> None:
    """Refuse a curve whose values may pass the floats."""
    if not math.isfinite(node._size()):
        _check.fail(where, "the values", "finite at every step", node)


def walk(node: Curve) -> Iterator[Curve]:
    """The node and all below it."""
    yield node
    for child in node._children():
        yield from walk(child)


def inner(node: Curve) -> str:
    """A curve in front of a dot or an operator."""
    return f"({node!r})" if isinstance(node, (Sequence, Combination)) else repr(node)


# Made with the nodes above.
from csched import control  # noqa: E402
from csched.repeats import Repeat as Repeat  # noqa: E402
from csched.wrappers import Clip as Clip  # noqa: E402
from csched.wrappers import Noise as Noise  # noqa: E402
from csched.wrappers import Round as Round  # noqa: E402
from csched.wrappers import Strict as Strict  # noqa: E402
from csched.wrappers import Wrapper as Wrapper  # noqa: E402

NODES: dict[str, Any] = {
    n.kind: n for n in (Sequence, Repeat, Product, Sum, Clip, Round, Noise, Strict, Window)
}
