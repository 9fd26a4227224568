"""Repeats: a curve restarted, in cycles that may grow and change their levels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import count, groupby, pairwise
from typing import ClassVar

from csched import _check, nodes, reference
from csched.curve import Curve
from csched.phases import Phase

MULTS = ("peak_mult", "floor_mult", "amplitude_mult")
MOST_GROWING = 4096
"""Growing cycles are nodes of their own; so many pass step 2^53 unless length_mult < 1.01."""


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
            object.__setattr__(self, "n", _check.integer(where, "n", self.n, 1))
        mult = _check.real(where, "length_mult", self.length_mult, 1.0, 1e6)
        object.__setattr__(self, "length_mult", int(mult) if mult == int(mult) else mult)
        _check.choice(where, "keep", self.keep, ["floor", "peak"])
        for name in MULTS:
            factor = _check.real(where, name, getattr(self, name), 0.0, 1e6, open_low=True)
            object.__setattr__(self, name, factor)
        if self.of.steps == 0:
            _check.fail(where, "the curve", "of at least one step", self.of)
        if self.length_mult != 1:
            self.of.stretch(self.lengths()[-1])
        elif self.n is not None and self.of.steps * self.n > _check.MAX_STEP:
            _check.fail(where, "n", "such that all cycles end by step 2**53", self.n)
        if self.has_levels:
            self._check_levels(where)
        nodes.check_depth(self)

    def _check_levels(self, where: str) -> None:
        """Levels must stay finite, and where a phase divides them of one sign, up to the end."""
        inside = list(nodes.walk(self.of))
        name = next(m for m in MULTS if getattr(self, m) != 1.0)
        given = getattr(self, name)
        if not all(isinstance(c, (Phase, nodes.Sequence, Repeat)) for c in inside):
            _check.fail(where, name, "1 unless the curve is made of phases", given)
        low, high = self._low_high()
        nested = any(isinstance(c, Repeat) and c.has_levels for c in inside)
        if low == high and nested:
            hint = "there is no distance to scale the inner levels by"
            _check.fail(where, name, f"1 where all phases lie at {low}", given, hint)
        if not math.isfinite(self._size()):
            constraint = f"such that the levels stay finite in {self._count()} cycles"
            _check.fail(where, name, constraint, given)
        if any(isinstance(c, Phase) and c.needs_sign for c in inside):
            smallest = min(abs(low), abs(high)) or 1e-300
            exponent = math.log10(min(1.0, self.peak_mult, self.floor_mult)) * self._count()
            if nested or low * high <= 0.0 or self.amplitude_mult > 1.0:
                constraint = "1 unless all levels stay of one sign: a profile is linear in log"
                _check.fail(where, name, constraint, given)
            if math.log10(smallest) + exponent < -290 or math.log10(self._size()) > 290 + exponent:
                constraint = f"such that the levels stay above 1e-290 in {self._count()} cycles"
                _check.fail(where, name, constraint, given)

    def _low_high(self) -> tuple[float, float]:
        values = list(self.of._levels())
        return min(values), max(values)

    def _count(self) -> int:
        """Cycles up to step 2^53."""
        if self.length_mult != 1:
            return len(self.lengths())
        return self.n if self.n is not None else _check.MAX_STEP // self.of.steps + 1

    def _size(self) -> float:
        size = self.of._size()
        if not self.has_levels or size == 0.0:
            return size
        low, high = self._low_high()
        # nested repeats may lie outside [low, high], and are moved in proportion
        reach = 2.0 * size / (high - low) if high > low else 1.0
        exponent = math.log(3.0) + math.log(size) + max(0.0, math.log(reach))
        outer = max(0.0, math.log(self.peak_mult), math.log(self.floor_mult))
        growth = outer + max(0.0, math.log(self.amplitude_mult))
        exponent += growth * (self._count() - 1)
        return math.exp(exponent) if exponent < 700.0 else math.inf

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

    def lengths(self) -> tuple[int, ...]:
        """Steps of each cycle where the cycles grow, up to step 2^53."""
        return _growing(self.of.steps, self.length_mult, self.n)

    def cycles(self) -> list[Curve]:
        """The cycles as curves of their own, for cycles that grow."""
        made = []
        lengths = self.lengths() if self.length_mult != 1 else (self.of.steps,) * (self.n or 1)
        for i, length in enumerate(lengths):
            cycle = self.of.stretch(length)
            made.append(cycle._at_levels(self.level_of(i)) if self.has_levels else cycle)
        return made

    def in_a_row(self, change: Callable[[Curve], Curve] = lambda c: c) -> Curve:
        """The cycles, changed, as a sequence; what goes on for ever is cut at the next."""
        *earlier, last = map(change, self.cycles())
        return nodes.sequence(*(c[: c.steps] if c._endless else c for c in earlier), last)

    def level_of(self, i: int) -> Callable[[float], float]:
        """Where a start or end of the first cycle lies in cycle i."""
        mults = self.floor_mult, self.peak_mult, self.amplitude_mult
        return reference.level(*self._low_high(), i, *mults, self.keep)

    def __repr__(self) -> str:
        names = ("length_mult", "peak_mult", "floor_mult", "amplitude_mult")
        extra = [f"{k}={getattr(self, k)!r}" for k in names if getattr(self, k) != 1]
        extra += [f"keep={self.keep!r}"] if self.keep != "floor" else []
        n = [] if self.n is None else [repr(self.n)]
        return f"{nodes.inner(self.of)}.repeat({', '.join([*n, *extra])})"

    @property
    def _endless(self) -> bool:
        return self.n is None

    def _children(self) -> tuple[Curve, ...]:
        return (self.of,)

    def _restarts(self, t: int) -> Iterator[int]:
        if isinstance(self.of, Phase) and self.of.start == self.of.end:
            return  # levels that step down are no cycles
        for begin, length, last in self._from(t):
            inner = self.of if length == self.of.steps else self.of.stretch(length)
            for r in inner._restarts(max(t - begin, 0)):
                if r >= length and not last:
                    break
                yield begin + r
            if last:
                return
            yield begin + length

    def _from(self, t: int) -> Iterator[tuple[int, int, bool]]:
        """First step and length of each cycle from the one at step t on, and whether it is last."""
        if self.length_mult == 1:
            length, n = self.of.steps, self.n
            for i in count(min(t // length, (n or _check.MAX_STEP) - 1)):
                yield i * length, length, n is not None and i == n - 1
        begin, lengths = 0, self.lengths()
        for i, length in enumerate(lengths):
            if (last := i == len(lengths) - 1) or t < begin + length:
                yield begin, length, last
            begin += length

    def _stretched(self, steps: int) -> Curve:
        if self.length_mult == 1:
            count = 1 if self.n is None else self.n
            if steps % count == 0:
                return replace(self, of=self.of.stretch(steps // count))
            falls = isinstance(self.of, Phase) and self.of._falls()  # then runs meet in a restart
            if falls and steps > count and not self.has_levels:
                return self._in_runs(steps, count)
        return self.in_a_row().stretch(steps)

    def _in_runs(self, steps: int, count: int) -> Curve:
        """The cycles over so many steps: equal ones side by side are one repeat."""
        seams = (round(Fraction(i * steps, count)) for i in range(count + 1))
        made = {n: self.of.stretch(n) for n in (steps // count, steps // count + 1)}
        runs = groupby(b - a for a, b in pairwise(seams))
        return nodes.sequence(*(_times(made[n], len(list(run))) for n, run in runs))

    def _scaled(self, factor: float) -> Curve:
        if factor < 0 and self.has_levels:
            return Curve._scaled(self, factor)
        return replace(self, of=self.of * factor)

    def _at_levels(self, level: Callable[[float], float]) -> Curve:
        if not self.has_levels:
            return replace(self, of=self.of._at_levels(level))
        return self.in_a_row(lambda c: c._at_levels(level))


def _times(cycle: Curve, n: int) -> Curve:
    return cycle if n == 1 else Repeat(cycle, n)


@lru_cache(maxsize=512)  # asked for by every property, and costly in fractions
def _growing(first: int, mult: int | float, n: int | None) -> tuple[int, ...]:
    factor, exact, total = _check.decimal(mult), Fraction(first), 0
    made: list[int] = []
    while n is None or len(made) < n:
        length = round(exact)
        if total + length > _check.MAX_STEP:
            break
        if len(made) == MOST_GROWING:
            hint = "cycles of one length, length_mult=1, may be as many as you like"
            wanted = f"such that there are at most {MOST_GROWING} growing cycles"
            _check.fail("Curve.repeat", "length_mult", wanted, mult, hint)
        made.append(length)
        total += length
        exact *= factor
    if n is not None and len(made) < n:
        _check.fail("Curve.repeat", "n", f"at most {len(made)}: later cycles pass 2**53", n)
    return tuple(made)
