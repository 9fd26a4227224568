"""Sampling: when a phase reads its profile again."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from csched import _check


@dataclass(frozen=True)
class Every:
    """Read every ``interval`` steps (int) or every fraction of the phase (float)."""

    interval: int | float

    def __post_init__(self) -> None:
        checked: int | float
        if isinstance(self.interval, float):  # below 1e-5 there would be 1e5 nodes and more
            checked = _check.real("every", "interval", self.interval, 1e-5, 1.0, open_high=True)
        else:
            checked = _check.integer("every", "interval", self.interval, 1)
        object.__setattr__(self, "interval", checked)

    def __repr__(self) -> str:
        return f"every({self.interval!r})"


@dataclass(frozen=True)
class At:
    """Read at the marks: ints are steps, floats fractions of the phase."""

    marks: tuple[int | float, ...]

    def __post_init__(self) -> None:
        if not self.marks:
            _check.fail("at", "marks", "at least one step or fraction", self.marks)
        object.__setattr__(self, "marks", tuple(_mark(m) for m in self.marks))

    def __repr__(self) -> str:
        return f"at({', '.join(map(repr, self.marks))})"


def _mark(mark: int | float) -> int | float:
    if isinstance(mark, float):
        return _check.real("at", "mark", mark, 0.0, 1.0, open_low=True, open_high=True)
    return _check.integer("at", "mark", mark, 0)


Sampling = Every | At


def every(interval: int | float) -> Every:
    """Sample a profile every so many steps and hold the value between.

    Parameters
    ----------
    interval : int or float
        Steps, at least 1; or a fraction of the phase in (0, 1), so that ``every(0.1)`` samples
        at 10 %, 20 %, ... ("10-10" in the REX paper).

    References
    ----------
    Chen, Wolfe, Kyrillidis, "REX: Revisiting Budgeted Training with an Improved Schedule",
    2021, https://arxiv.org/abs/2107.04197

    Examples
    --------
    >>> import csched
    >>> c = csched.curve("linear", 1.0, 0.0, 8, sampling=csched.every(4))
    >>> c.values().tolist()
    [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5]
    """
    return Every(interval)


def at(*marks: int | float) -> At:
    """Sample a profile at marks only; before the first mark the value is ``start``.

    A mark takes effect on the first step not before it and gives the profile at the mark itself.

    Parameters
    ----------
    *marks : int or float
        Increasing positions: ints are steps of the phase, floats in (0, 1) fractions of it.

    References
    ----------
    Chen, Wolfe, Kyrillidis, "REX", 2021: the sampling rates "50-75", "33-66", "25-50-75".

    Examples
    --------
    >>> import csched
    >>> c = csched.curve("linear", 1.0, 0.0, 8, sampling=csched.at(0.5, 0.75))
    >>> c.values().tolist()
    [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    if any(isinstance(m, (list, tuple)) for m in marks):
        hint = "one argument a mark: at(0.5, 0.75)"
        _check.fail_type("at", "marks", "steps or fractions", marks, hint)
    return At(marks)


def positions(where: str, sampling: Any, steps: int) -> list[Fraction] | None:
    """The places, in steps, where a phase of this length is read; None: by ``Every`` of an int."""
    if isinstance(sampling, Every):
        if isinstance(sampling.interval, int):
            return None
        part = _check.decimal(sampling.interval)
        steps_each, whole = (part * steps).as_integer_ratio()
        return [Fraction(i * steps_each, whole) for i in range(1, -(-1 // part))]
    made = [_check.position(where, "mark", mark, steps) for mark in sampling.marks]
    if any(later <= earlier for earlier, later in pairwise(made)):
        _check.fail(where, "marks", "increasing", sampling.marks)
    return made
