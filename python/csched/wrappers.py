"""Wrappers: a curve whose values are limited, rounded, shaken or refused past the end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from csched import _check, nodes
from csched.curve import Curve


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

    def _restarts(self, t: int) -> Iterator[int]:
        return self.of._restarts(t)

    def _stretched(self, steps: int) -> Curve:
        return replace(self, of=self.of.stretch(steps))


@dataclass(frozen=True, slots=True, repr=False)
class Clip(Wrapper):
    """Values limited to [low, high]."""

    kind: ClassVar[str] = "clip"
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        where = "Curve.clip"
        if self.low != -math.inf:
            object.__setattr__(self, "low", _check.real(where, "low", self.low))
        if self.high != math.inf:
            object.__setattr__(self, "high", _check.real(where, "high", self.high))
        if self.low > self.high:
            _check.fail(where, "low", f"at most high = {self.high}", self.low)
        nodes.check_depth(self)

    def _size(self) -> float:
        ends = max((abs(v) for v in (self.low, self.high) if math.isfinite(v)), default=0.0)
        return max(self.of._size(), ends)

    def __repr__(self) -> str:
        return f"{nodes.inner(self.of)}.clip({self.low!r}, {self.high!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Round(Wrapper):
    """Values rounded to multiples, halves to even."""

    kind: ClassVar[str] = "round"
    multiple: float = 1.0

    def __post_init__(self) -> None:
        where = "Curve.rounded"
        multiple = _check.real(where, "multiple", self.multiple, 0.0, open_low=True)
        object.__setattr__(self, "multiple", multiple)
        size = self.of._size()
        if not (math.isfinite(size / multiple) and math.isfinite(size + multiple)):
            _check.fail(where, "multiple", f"within the float range of {size}", multiple)
        nodes.check_depth(self)

    def _size(self) -> float:
        return self.of._size() + self.multiple

    def __repr__(self) -> str:
        return f"{nodes.inner(self.of)}.rounded({self.multiple!r})"


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
        amplitude = _check.real(where, "amplitude", self.amplitude, 0.0, 1.0)
        object.__setattr__(self, "amplitude", amplitude)
        object.__setattr__(self, "seed", _check.integer(where, "seed", self.seed, 0))
        object.__setattr__(self, "start", _check.integer(where, "start", self.start, 0))
        if self.stop is not None:
            stop = _check.integer(where, "stop", self.stop, self.start)
            object.__setattr__(self, "stop", stop)
        nodes.check_size(where, self)
        nodes.check_depth(self)

    def _size(self) -> float:
        return self.of._size() * (1.0 + self.amplitude)

    def _stretched(self, steps: int) -> Curve:
        start, stop = (
            None if t is None else round(Fraction(t * steps, self.steps))
            for t in (self.start, self.stop)
        )
        return replace(self, of=self.of.stretch(steps), start=start or 0, stop=stop)

    def __repr__(self) -> str:
        fields = f"{self.amplitude!r}, {self.seed!r}, {self.start!r}, {self.stop!r}"
        return f"{nodes.inner(self.of)}.noisy({fields})"


@dataclass(frozen=True, slots=True, repr=False)
class Strict(Wrapper):
    """Raises when asked for a step past the end; inside another curve it holds, as every curve."""

    kind: ClassVar[str] = "strict"

    def __post_init__(self) -> None:
        nodes.check_depth(self)

    def __repr__(self) -> str:
        return f"{nodes.inner(self.of)}.tail('raise')"

    def _scaled(self, factor: float) -> Curve:
        return Strict(self.of * factor)

    def __call__(self, step: Any, /) -> Any:
        value = Curve.__call__(self, step)
        if np.size(step) and np.max(step) >= self.steps:
            _check.fail("Curve", "step", f"below steps = {self.steps} (tail 'raise')", step)
        return value

    def _check_stop(self, stop: int) -> None:
        if stop > self.steps:
            constraint = f"at most steps = {self.steps} (tail 'raise')"
            _check.fail("Curve.values", "stop", constraint, stop)
