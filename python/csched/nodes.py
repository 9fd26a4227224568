"""Nodes: what curves are combined with. Phases, the leaves, are in ``phases.py``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from csched import _check, reference
from csched.curve import Curve
from csched.phases import Phase


@dataclass(frozen=True, slots=True, repr=False)
class Sequence(Curve):
    """Curves in a row, each on its own clock; the last one's tail is the tail of the whole."""

    kind: ClassVar[str] = "sequence"
    parts: tuple[Curve, ...]

    @property
    def steps(self) -> int:  # type: ignore[override]
        """The sum of the parts."""
        return sum(p.steps for p in self.parts)

    def __repr__(self) -> str:
        first, *others = self.parts
        return repr(first) + "".join(f".then({p!r})" for p in others)

    def _children(self) -> tuple[Curve, ...]:
        return self.parts

    def begins(self) -> list[int]:
        """The first step of each part."""
        begins = [0]
        for part in self.parts[:-1]:
            begins.append(begins[-1] + part.steps)
        return begins

    def _next_restart(self, t: int) -> int | None:
        begins = self.begins()
        for i, (begin, part) in enumerate(zip(begins, self.parts, strict=True)):
            last = i == len(self.parts) - 1
            if not last and t >= begin + part.steps:
                continue
            restart = part._next_restart(max(t - begin, 0))
            if restart is not None and (last or restart < part.steps):
                return begin + restart
            if not last and self.parts[i + 1](0) > part(part.steps):
                return begin + part.steps
        return None

    def _stretched(self, steps: int) -> Curve:
        whole, seams = self.steps, [*self.begins(), self.steps]
        moved = [round(Fraction(s * steps, whole)) for s in seams]
        parts = [
            p.stretch(b - a) for p, a, b in zip(self.parts, moved, moved[1:], strict=False) if b > a
        ]
        return sequence(*parts)

    def _scaled(self, factor: float) -> Curve:
        return sequence(*(p * factor for p in self.parts))

    def _at_levels(self, level: Callable[[float], float]) -> Curve:
        return sequence(*(p._at_levels(level) for p in self.parts))


@dataclass(frozen=True, slots=True, repr=False)
class Repeat(Curve):
    """A curve restarted n times, or for ever; cycles may grow and change their levels."""

    kind: ClassVar[str] = "repeat"
    of: Curve
    n: int | None = None
    length_mult: int | float = 1
    peak_mult: float = 1.0
    floor_mult: float = 1.0
    amplitude_mult: float = 1.0
    keep: str = "floor"

    def __post_init__(self) -> None:
        where = "Curve.repeat"
        if self.n is not None:
            _check.integer(where, "n", self.n, 1)
        _check.real(where, "length_mult", self.length_mult, 1.0, 1e6)
        _check.choice(where, "keep", self.keep, ["floor", "peak"])
        for name in ("peak_mult", "floor_mult", "amplitude_mult"):
            _check.real(where, name, getattr(self, name), 0.0, 1e6, open_low=True)
        if self.has_levels and not all(_is_phases(c) for c in walk(self.of)):
            _check.fail(where, "peak_mult", "1 unless the curve is made of phases", self.peak_mult)
        if self.n is not None and self.length_mult == 1 and self.of.steps * self.n > 2**53:
            _check.fail(where, "n", "such that all cycles end by step 2**53", self.n)
        self._check_levels(where)

    def _check_levels(self, where: str) -> None:
        """Growing levels must stay finite up to the last cycle."""
        if not self.has_levels or max(self.peak_mult, self.floor_mult, self.amplitude_mult) <= 1:
            return
        count = self.n if self.n is not None else 2**53 // self.of.steps
        if self.length_mult > 1:
            count = min(count, len(self.lengths()))
        for name in ("peak_mult", "floor_mult", "amplitude_mult"):
            mult = getattr(self, name)
            size = max(map(abs, self.of._levels()), default=1.0)
            if mult > 1 and count * math.log(mult) + math.log(size or 1.0) > 700:
                _check.fail(
                    where, name, f"such that the levels stay finite in {count} cycles", mult
                )

    @property
    def has_levels(self) -> bool:
        """Whether levels change from cycle to cycle."""
        return (self.peak_mult, self.floor_mult, self.amplitude_mult) != (1.0, 1.0, 1.0)

    @property
    def steps(self) -> int:  # type: ignore[override]
        """All cycles; one cycle where they go on for ever at one length."""
        if self.length_mult == 1:
            return self.of.steps * (1 if self.n is None else self.n)
        return sum(self.lengths())

    def lengths(self) -> list[int]:
        """Steps of each cycle where the cycles grow, up to step 2^53."""
        mult = _check.decimal(self.length_mult)
        made: list[int] = []
        exact, total = Fraction(self.of.steps), 0
        while self.n is None or len(made) < self.n:
            length = round(exact)
            if total + length > _check.MAX_STEP:
                break
            made.append(length)
            total += length
            exact *= mult
        if self.n is not None and len(made) < self.n:
            _check.fail(
                "Curve.repeat", "n", f"at most {len(made)}: later cycles pass 2**53", self.n
            )
        return made

    def cycles(self) -> list[Curve]:
        """The cycles as curves of their own, for cycles that grow."""
        made = []
        lengths = self.lengths() if self.length_mult != 1 else [self.of.steps] * (self.n or 1)
        for i, length in enumerate(lengths):
            cycle = self.of.stretch(length)
            made.append(cycle._at_levels(self.level_of(i)) if self.has_levels else cycle)
        return made

    def level_of(self, i: int) -> Callable[[float], float]:
        """Where a start or end of the first cycle lies in cycle i."""
        values = list(self.of._levels())
        mults = self.floor_mult, self.peak_mult, self.amplitude_mult
        return reference.level(min(values), max(values), i, *mults, self.keep)

    def __repr__(self) -> str:
        names = ("length_mult", "peak_mult", "floor_mult", "amplitude_mult")
        extra = [f"{k}={getattr(self, k)!r}" for k in names if getattr(self, k) != 1]
        extra += [f"keep={self.keep!r}"] if self.keep != "floor" else []
        n = [] if self.n is None else [repr(self.n)]
        return f"{_inner(self.of)}.repeat({', '.join([*n, *extra])})"

    def _children(self) -> tuple[Curve, ...]:
        return (self.of,)

    def _next_restart(self, t: int) -> int | None:
        if self.length_mult == 1:
            length = self.of.steps
            cycle = t // length
            if self.n is not None:
                cycle = min(cycle, self.n - 1)
            begin, last = cycle * length, self.n is not None and cycle == self.n - 1
            inner = self.of._next_restart(t - begin)
        else:
            begin, lengths = 0, self.lengths()
            for i, length in enumerate(lengths):
                last = i == len(lengths) - 1
                if last or t < begin + length:
                    break
                begin += length
            inner = self.of.stretch(length)._next_restart(t - begin)
        if inner is not None and (last or inner < length):
            return begin + inner
        return None if last else begin + length

    def _stretched(self, steps: int) -> Curve:
        if self.length_mult == 1:
            count = 1 if self.n is None else self.n
            if steps % count == 0:
                return replace(self, of=self.of.stretch(steps // count))
        return sequence(*self.cycles()).stretch(steps)

    def _scaled(self, factor: float) -> Curve:
        if factor < 0 and self.has_levels:
            return Curve._scaled(self, factor)
        return replace(self, of=self.of * factor)

    def _at_levels(self, level: Callable[[float], float]) -> Curve:
        if not self.has_levels:
            return replace(self, of=self.of._at_levels(level))
        return sequence(*(c._at_levels(level) for c in self.cycles()))


@dataclass(frozen=True, slots=True, repr=False)
class Combination(Curve):
    """Curves combined step by step; as long as the longest."""

    parts: tuple[Curve, ...]
    sign: ClassVar[str]

    @property
    def steps(self) -> int:  # type: ignore[override]
        """The longest of the parts."""
        return max(p.steps for p in self.parts)

    def __repr__(self) -> str:
        return f" {self.sign} ".join(_inner(p) for p in self.parts)

    def _children(self) -> tuple[Curve, ...]:
        return self.parts

    def _next_restart(self, t: int) -> int | None:
        restarts = [r for p in self.parts if (r := p._next_restart(t)) is not None]
        return min(restarts, default=None)

    def _stretched(self, steps: int) -> Curve:
        whole = self.steps
        parts = [p.stretch(max(1, round(Fraction(p.steps * steps, whole)))) for p in self.parts]
        return combined(type(self), *parts)


class Product(Combination):
    """The product of curves, multiplied in an order of its own: a * b is b * a, bit for bit."""

    __slots__ = ()
    kind: ClassVar[str] = "product"
    sign: ClassVar[str] = "*"

    def _scaled(self, factor: float) -> Curve:
        return product(self.parts[0] * factor, *self.parts[1:])


class Sum(Combination):
    """The sum of curves, added in an order of its own."""

    __slots__ = ()
    kind: ClassVar[str] = "sum"
    sign: ClassVar[str] = "+"

    def _scaled(self, factor: float) -> Curve:
        return combined(Sum, *(p * factor for p in self.parts))


@dataclass(frozen=True, slots=True, repr=False)
class Wrapper(Curve):
    """A curve whose values are changed one by one."""

    of: Curve

    @property
    def steps(self) -> int:  # type: ignore[override]
        """As the curve inside."""
        return self.of.steps

    def _children(self) -> tuple[Curve, ...]:
        return (self.of,)

    def _next_restart(self, t: int) -> int | None:
        return self.of._next_restart(t)

    def _stretched(self, steps: int) -> Curve:
        return replace(self, of=self.of.stretch(steps))


@dataclass(frozen=True, slots=True, repr=False)
class Clip(Wrapper):
    """Values limited to [low, high]."""

    kind: ClassVar[str] = "clip"
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            _check.fail("Curve.clip", "low", f"at most high = {self.high}", self.low)

    def __repr__(self) -> str:
        return f"{_inner(self.of)}.clip({self.low!r}, {self.high!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Round(Wrapper):
    """Values rounded to multiples, halves to even."""

    kind: ClassVar[str] = "round"
    multiple: float = 1.0

    def __post_init__(self) -> None:
        _check.real("Curve.rounded", "multiple", self.multiple, 0.0, open_low=True)

    def __repr__(self) -> str:
        return f"{_inner(self.of)}.rounded({self.multiple!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Noise(Wrapper):
    """Values times 1 + amplitude * u(seed, step) on steps start, ..., stop - 1."""

    kind: ClassVar[str] = "noise"
    amplitude: float = 0.0
    seed: int = 0
    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        where = "Curve.noisy"
        _check.real(where, "amplitude", self.amplitude, 0.0, 1.0)
        _check.integer(where, "seed", self.seed, 0)
        _check.integer(where, "start", self.start, 0)
        if self.stop is not None:
            _check.integer(where, "stop", self.stop, self.start)

    def __repr__(self) -> str:
        fields = f"{self.amplitude!r}, {self.seed!r}, {self.start!r}, {self.stop!r}"
        return f"{_inner(self.of)}.noisy({fields})"


@dataclass(frozen=True, slots=True, repr=False)
class Strict(Wrapper):
    """Raises when asked for a step past the end."""

    kind: ClassVar[str] = "strict"

    def __repr__(self) -> str:
        return f"{_inner(self.of)}.tail('raise')"

    def __call__(self, step: Any, /) -> Any:
        if np.size(step) and np.max(step) >= self.steps:
            _check.fail("Curve", "step", f"below steps = {self.steps} (tail 'raise')", step)
        return Curve.__call__(self, step)

    def values(self, start: int = 0, stop: int | None = None, **kwargs: Any) -> Any:
        """As for every curve, up to ``steps``."""
        last = (
            start + len(kwargs["out"]) if stop is None and kwargs.get("out") is not None else stop
        )
        if last is not None and last > self.steps:
            _check.fail(
                "Curve.values", "stop", f"at most steps = {self.steps} (tail 'raise')", last
            )
        return Curve.values(self, start, stop, **kwargs)


@dataclass(frozen=True, slots=True, repr=False)
class Window(Curve):
    """Steps start, ..., stop - 1 of a curve; after them it holds the value at stop."""

    kind: ClassVar[str] = "window"
    of: Curve
    start: int = 0
    stop: int | None = None

    @property
    def steps(self) -> int:  # type: ignore[override]
        """Steps of the window."""
        return max(0, (self.of.steps if self.stop is None else self.stop) - self.start)

    def __repr__(self) -> str:
        start = "" if self.start == 0 else self.start
        return f"{_inner(self.of)}[{start}:{'' if self.stop is None else self.stop}]"

    def _children(self) -> tuple[Curve, ...]:
        return (self.of,)

    def _next_restart(self, t: int) -> int | None:
        restart = self.of._next_restart(t + self.start)
        if restart is None or (self.stop is not None and restart >= self.stop):
            return None
        return restart - self.start

    def _scaled(self, factor: float) -> Curve:
        return replace(self, of=self.of * factor)


NODES: dict[str, Any] = {
    n.kind: n for n in (Sequence, Repeat, Product, Sum, Clip, Round, Noise, Strict, Window)
}


# --- putting nodes together ------------------------------------------------------------------


def sequence(*parts: Curve) -> Curve:
    """Curves in a row; sequences inside are flattened, empty parts vanish."""
    flat: list[Curve] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Sequence) else [part])
    kept = [p for p in flat[:-1] if p.steps] + flat[-1:]
    for part in kept[:-1]:
        if isinstance(part, Repeat) and part.n is None:
            hint = "cut it with [:steps] or give repeat a number of cycles"
            _check.fail("Curve.then", "what comes first", "of finite length", part, hint)
        if isinstance(part, Strict):
            _check.fail("Curve.then", "what comes first", "without tail 'raise'", part)
    total = sum(p.steps for p in kept)
    if total > _check.MAX_STEP:
        _check.fail("Curve.then", "the whole", "at most 2**53 steps", total)
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


def _is_phases(node: Curve) -> bool:
    return isinstance(node, (Phase, Sequence, Repeat))


def walk(node: Curve) -> Iterator[Curve]:
    """The node and all nodes below it."""
    yield node
    for child in node._children():
        yield from walk(child)


def _inner(node: Curve) -> str:
    """A curve in front of a dot or an operator."""
    return f"({node!r})" if isinstance(node, (Sequence, Combination)) else repr(node)
