"""Curves: the spec of one hyperparameter over time, and what every curve can do.

Design
a) A curve is a small tree of frozen nodes: phases at the leaves, combinations above. Every node
   is itself a curve. Whatever the literature calls a schedule is written with these nodes; none
   knows a paper or a library.
b) Meaning is checked when a node is made. A curve that exists can be evaluated at any step up to
   2^53 and gives a finite value there.
c) No node computes a value. The first evaluation compiles the tree to a C program
   (``compiling.py``), which is kept beside the spec and is no part of it.
d) Each node (``phases.py``, ``nodes.py``) says how long it is (``steps``), where it restarts
   (``_restarts``), and how it is lengthened (``_stretched``) and scaled (``_scaled``): what
   the combinators need.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from csched import _check
from csched._core import Evaluator, Program
from csched.ranges import checked_range

if TYPE_CHECKING:
    import numpy.typing as npt


class Curve(Evaluator):
    """One hyperparameter over time, a value for every step from 0 on.

    Made by :func:`curve` and by the methods here; frozen, hashable, prints as what one types.
    """

    __slots__ = ()
    kind: ClassVar[str]
    steps: int
    __iter__: ClassVar[None] = None  # a slice is a curve, so indexing does not make it a sequence

    # --- values ----------------------------------------------------------------------------

    def _compiled(self) -> Program:
        """The program, for the first call."""
        return compiling.compiled(self)

    def values(
        self,
        start: int = 0,
        stop: int | None = None,
        *,
        dtype: npt.DTypeLike | None = None,
        out: Any = None,
    ) -> np.ndarray[Any, Any]:
        """The values at steps start, ..., stop - 1.

        Parameters
        ----------
        start, stop : int
            In steps, ``0 <= start <= stop <= 2**53``. ``stop`` defaults to ``steps`` (to
            ``start + len(out)`` with ``out``) and may lie past the end.
        dtype : float64 or float32, default float64
            float32 values are the rounded float64 ones.
        out : ndarray of float64 or float32, one dimension, any stride, optional
            Written and returned.

        Examples
        --------
        >>> import csched
        >>> csched.curve("linear", 1.0, 0.0, 4).values(2, 6).tolist()
        [0.5, 0.25, 0.0, 0.0]
        """
        start, stop, array = checked_range(self.steps, start, stop, dtype, out)
        self._check_stop(stop)
        self.program.fill(array, start)
        return array

    def chunks(self, size: int, start: int = 0, stop: int | None = None) -> Iterator[Any]:
        """The values in float64 arrays of ``size`` steps, the last one shorter; any horizon.

        >>> import csched
        >>> [a.tolist() for a in csched.curve("linear", 1.0, 0.0, 4).chunks(3)]
        [[1.0, 0.75, 0.5], [0.25]]
        """
        size = _check.integer("Curve.chunks", "size", size, 1)
        start = _check.integer("Curve.chunks", "start", start, 0)
        end = self.steps if stop is None else _check.integer("Curve.chunks", "stop", stop, start)
        return (self.values(t, min(t + size, end)) for t in range(start, end, size))

    # --- cycles ----------------------------------------------------------------------------

    @property
    def cycle_ends(self) -> tuple[int, ...]:
        """The last step of each cycle: before each restart, and the last step of all.

        A restart is where a repeat of anything but a constant begins again, and where a curve that
        has come down along a phase goes on above the value it arrived at. Steps up from one
        constant to the next, as of a batch size, are none.
        """
        whole = self.steps
        restarts = itertools.takewhile(lambda t: t < whole, self._restarts(0))
        return (*(t - 1 for t in restarts), whole - 1) if whole else ()

    def is_cycle_end(self, step: int) -> bool:
        """Whether this step is the last of a cycle."""
        return self.next_cycle_end(step) == step

    def next_cycle_end(self, step: int) -> int | None:
        """The first cycle end at or after a step; None where no cycle ends any more."""
        t = _check.integer("Curve.next_cycle_end", "step", step, 0)
        restart = next(self._restarts(t), None)
        ends = [e for e in (restart and restart - 1, self.steps - 1) if e is not None and e >= t]
        return min(ends, default=None)

    def _restarts(self, t: int) -> Iterator[int]:
        """The steps after t at which a cycle begins, in order."""
        return iter(())

    def _falls(self) -> bool:
        """Whether any of its phases comes down."""
        return any(c._falls() for c in self._children())

    def _first(self) -> float:
        """The value it sets out from."""
        return float(self(0))

    def _arrived(self) -> float:
        """The value it comes to."""
        return float(self(self.steps))

    # --- combining -------------------------------------------------------------------------

    def then(self, other: Curve) -> Curve:
        """This curve for its ``steps``, then the other on its own clock.

        >>> import csched
        >>> c = csched.curve("constant", 1.0, steps=2).then(csched.curve("linear", 1.0, 0.0, 2))
        >>> c.values().tolist()
        [1.0, 1.0, 1.0, 0.5]
        """
        if not isinstance(other, Curve):
            _check.fail_type("Curve.then", "other", "a Curve", other)
        return nodes.sequence(self, other)

    def warmup(
        self, steps: int | float, start: float = 0.0, profile: str = "linear", **arguments: Any
    ) -> Curve:
        """Put a warm-up in front, from ``start`` to where this curve begins; the whole grows.

        ``steps`` is an int, or a float: the fraction of the whole, warm-up included.

        >>> import csched
        >>> csched.curve("constant", 1.0, steps=2).warmup(4).values().tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
        """
        if isinstance(steps, float):
            _check.real("Curve.warmup", "steps", steps, 0, 1, open_low=True, open_high=True)
            part = _check.decimal(steps)
            steps = round(part * self.steps / (1 - part))
        steps = _check.integer("Curve.warmup", "steps", steps, 0)
        if steps == 0:
            return self
        return phases.curve(profile, start, self(0), steps, **arguments).then(self)

    def cooldown(
        self,
        at: int | float,
        steps: int,
        profile: str = "linear",
        end: float = 0.0,
        **arguments: Any,
    ) -> Curve:
        """Leave this curve at step ``at`` and go from the value there to ``end``.

        The values before ``at`` are untouched, bit for bit; step ``at + steps`` is exactly ``end``.

        >>> import csched
        >>> csched.curve("constant", 1.0, steps=9).cooldown(2, 4).values().tolist()
        [1.0, 1.0, 1.0, 0.75, 0.5, 0.25]
        """
        whole = self.steps if isinstance(at, float) else _check.MAX_STEP
        begin = _check.position("Curve.cooldown", "at", at, whole)
        step = math.ceil(begin)
        steps = _check.integer("Curve.cooldown", "steps", steps, 1)
        return nodes.sequence(
            self[:step], phases.curve(profile, self(step), end, steps, **arguments)
        )

    def repeat(
        self,
        n: int | None = None,
        length_mult: int | float = 1,
        peak_mult: float = 1.0,
        floor_mult: float = 1.0,
        amplitude_mult: float = 1.0,
        keep: str = "floor",
    ) -> Curve:
        """Restart this curve n times in all, or for ever.

        Parameters
        ----------
        n : int or None
            Number of cycles, at least 1; None: for ever.
        length_mult : int or float, at least 1
            Cycle i has ``steps * length_mult**i`` steps, rounded to an int (exactly: a float is
            the decimal it prints as). SGDR's T_mult.
        peak_mult, floor_mult : float, positive
            The highest and the lowest value of the curve in cycle i are ``peak * peak_mult**i``
            and ``floor * floor_mult**i``.
        amplitude_mult : float, positive
            The distance between the two is in addition multiplied by ``amplitude_mult**i``; 0.5
            is "triangular2".
        keep : "floor" or "peak"
            Which of the two stays where it is when ``amplitude_mult`` moves the other.

        Examples
        --------
        >>> import csched
        >>> csched.curve("linear", 1.0, 0.0, 2).repeat(2, length_mult=2).values().tolist()
        [1.0, 0.5, 1.0, 0.75, 0.5, 0.25]
        """
        return nodes.Repeat(self, n, length_mult, peak_mult, floor_mult, amplitude_mult, keep)

    def stretch(self, steps: int) -> Curve:
        """The same shape over another number of steps; seams are rounded to whole steps.

        >>> import csched
        >>> csched.curve("cosine", 1.0, 0.0, 100).stretch(10)
        curve('cosine', 1.0, 0.0, 10)
        """
        steps = _check.integer("Curve.stretch", "steps", steps, 1)
        stretched = type(self)._stretched if self.steps else Curve._stretched
        return self if steps == self.steps else stretched(self, steps)

    def extend(self, steps: int, how: str = "stretch", at: int | None = None) -> Curve:
        """Another horizon from step ``at`` on; the values before it keep their bits.

        ``how="stretch"``: what is left at ``at`` (default 0) is stretched so that the whole takes
        ``steps``, more or fewer. ``how="hold"``: the value at ``at`` (default: the end) is held
        for the steps that are added, then the curve goes on.

        >>> import csched
        >>> c = csched.curve("linear", 1.0, 0.0, 4)
        >>> c.extend(6, at=2).values(0, 7).tolist()
        [1.0, 0.75, 0.5, 0.375, 0.25, 0.125, 0.0]
        >>> c.extend(6, "hold", at=2).values(0, 7).tolist()
        [1.0, 0.75, 0.5, 0.5, 0.5, 0.25, 0.0]
        """
        return control.extended(self, steps, how, at)

    def shift(self, steps: int, at: int = 0) -> Curve:
        """The values from ``at`` on come so many steps later, that at ``at`` being held till then.

        With ``steps`` below 0 they come earlier: so many are left out.

        >>> import csched
        >>> csched.curve("linear", 1.0, 0.0, 4).shift(2).values().tolist()
        [1.0, 1.0, 1.0, 0.75, 0.5, 0.25]
        """
        return control.shifted(self, steps, at)

    def clip(self, low: float = -math.inf, high: float = math.inf, at: int = 0) -> Curve:
        """Limit the values from step ``at`` on to [low, high]."""
        return control.clipped(self, low, high, at)

    def rounded(self, multiple: float = 1.0) -> Curve:
        """Values rounded to multiples, halves to even: for batch sizes."""
        return nodes.Round(self, multiple)

    def noisy(
        self, amplitude: float, seed: int = 0, start: int = 0, stop: int | None = None
    ) -> Curve:
        """Values times 1 + amplitude * u, u uniform in [-1, 1) and a function of seed and step."""
        return nodes.Noise(self, amplitude, seed, start, stop)

    def tail(self, rule: str) -> Curve:
        """What follows the last step: "hold" the last value, "repeat" the whole, or "raise"."""
        _check.choice("Curve.tail", "rule", rule, ["hold", "repeat", "raise"])
        if rule == "hold":
            return self
        return nodes.Repeat(self, None) if rule == "repeat" else nodes.Strict(self)

    def __getitem__(self, part: slice) -> Curve:
        """``c[a:b]`` is the curve of steps a, ..., b - 1, which then holds the value at b."""
        if not isinstance(part, slice) or part.step is not None:
            _check.fail_type(
                "Curve", "index", "a slice [start:stop]; for a value call c(step)", part
            )
        start = _check.integer("Curve", "start", 0 if part.start is None else part.start, 0)
        if part.stop is None:
            return self if start == 0 else nodes.Window(self, start, None)
        return nodes.Window(self, start, _check.integer("Curve", "stop", part.stop, start))

    def __mul__(self, other: Any) -> Curve:
        if isinstance(other, Curve):
            return nodes.product(self, other)
        factor = _check.real("Curve", "factor", other)
        return self if factor == 1.0 else self._scaled(factor)

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Curve:
        if not isinstance(other, Curve):
            summand = _check.real("Curve", "summand", other)
            other = phases.curve("constant", summand, steps=max(1, self.steps))
        return nodes.combined(nodes.Sum, self, other)

    __radd__ = __add__

    def _stretched(self, steps: int) -> Curve:
        _check.fail("Curve.stretch", "steps", f"{self.steps}: {self!r} has no other length", steps)

    def _scaled(self, factor: float) -> Curve:
        return nodes.product(self, phases.curve("constant", factor, steps=max(1, self.steps)))

    def _at_levels(self, level: Callable[[float], float]) -> Curve:
        _check.fail("Curve.repeat", "a curve whose levels change", "made of phases", self)

    def _levels(self) -> Iterator[float]:
        """The starts and ends of all phases."""
        for child in self._children():
            yield from child._levels()

    def _children(self) -> tuple[Curve, ...]:
        return ()

    @property
    def _endless(self) -> bool:
        """Whether this is a repeat for ever, which nothing can follow."""
        return False

    def _size(self) -> float:
        """A bound of the absolute value at every step; infinite where it may pass the floats."""
        return max(c._size() for c in self._children())

    def _depth(self) -> int:
        return 1 + max((c._depth() for c in self._children()), default=0)

    def _check_stop(self, stop: int) -> None:
        """Refuse steps from ``stop`` on where the tail says so."""

    # --- saving ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The spec as plain JSON types; :func:`csched.from_dict` reads it back."""
        return plain.to_dict(self)

    def describe(self) -> str:
        """The curve's phases with the absolute steps they begin and end at, a line each."""
        return describing.describe(self)

    def sparkline(self, width: int = 60) -> str:
        """The curve in one line of text, up to ``width`` characters, from 0 or its lowest value up.

        Of a curve that repeats for ever, four cycles.

        >>> import csched
        >>> csched.one_cycle(0.8, 100)["lr"].sparkline(20)
        '▂▂▃▄▅▅▆▇▇█▇▇▆▅▅▄▃▂▂▁'
        """
        return describing.sparkline(self, width)

    def __reduce__(self) -> tuple[Callable[..., Curve], tuple[Any, ...]]:
        return plain.from_dict, (self.to_dict(),)


# Nodes are subclasses of Curve, and Curve's methods make nodes: one of the two imports is late.
from csched import compiling, control, describing, nodes, phases, plain  # noqa: E402
