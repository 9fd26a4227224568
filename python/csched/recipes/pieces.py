"""Through given points: constant, linear and cosine pieces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from csched import _check
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import MOST_PARTS, positions, through
from csched.schedule import Schedule

__all__ = ["piecewise_constant", "piecewise_cosine", "piecewise_linear"]


def piecewise_constant(
    values: Sequence[float], steps: int, *, boundaries: Sequence[int | float]
) -> Schedule:
    """Values held between boundaries: ``values[i]`` from boundary i - 1 to boundary i.

    Parameters
    ----------
    values : floats
        One more than boundaries.
    steps : int
        Length of the whole.
    boundaries : increasing ints (steps) or floats (fractions of the whole)
        The first step with the new value; a fraction falls on the first step not before it.

    Examples
    --------
    >>> import csched
    >>> csched.piecewise_constant([1.0, 0.5, 0.1], 4, boundaries=[1, 0.75])["lr"].values().tolist()
    [1.0, 0.5, 0.5, 0.1]

    """
    where = "piecewise_constant"
    whole = _check.integer(where, "steps", steps, 1)
    seams = [math.ceil(b) for b in positions(where, "boundaries", boundaries, whole)]
    if len(seams) > MOST_PARTS:
        _check.fail(where, "boundaries", f"at most {MOST_PARTS}", len(seams))
    values = _check.items(where, "values", values)
    if len(values) != len(seams) + 1:
        _check.fail(where, "values", f"one more than boundaries, {len(seams) + 1}", values)
    levels = [_check.real(where, "value", v) for v in values]
    parts = [
        curve("constant", v, steps=b - a)
        for v, (a, b) in zip(levels, pairwise([0, *seams, whole]), strict=True)
        if b > a
    ]
    if seams and seams[-1] == whole:  # a last value that begins after the last step
        parts.append(curve("constant", levels[-1], steps=1)[0:0])
    return Schedule(lr=sequence(*parts))


def piecewise_linear(points: Sequence[tuple[int | float, float]], steps: int) -> Schedule:
    """Straight lines through points (position, value); the first and last value are held.

    Parameters
    ----------
    points : pairs (position, value)
        Positions are ints in steps or floats: fractions of the whole, which may fall between
        steps, or 0.0 and 1.0. They must not decrease; two values at one place are a jump, and the
        step there gets the second.
    steps : int
        Length of the whole.

    Examples
    --------
    >>> import csched
    >>> s = csched.piecewise_linear([(0, 0.0), (2, 1.0), (1.0, 0.0)], 6)
    >>> s["lr"].values(0, 7).tolist()
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]

    """
    return Schedule(lr=_through("piecewise_linear", points, steps, "linear"))


def piecewise_cosine(points: Sequence[tuple[int | float, float]], steps: int) -> Schedule:
    """Half cosines through points (position, value): smooth, and flat at each point.

    ``a + (b - a) * (1 - cos(pi * (t - t_a) / (t_b - t_a))) / 2`` between two points. Parameters as
    for :func:`piecewise_linear`.

    References
    ----------
    fastai's ``combined_cos``: points (0, start), (pct, middle), (1.0, end).

    Examples
    --------
    >>> import csched
    >>> s = csched.piecewise_cosine([(0, 0.04), (0.25, 1.0), (1.0, 1e-5)], 10)
    >>> [round(v, 4) for v in s["lr"].values().tolist()]
    [0.04, 0.3717, 0.9083, 0.9891, 0.9045, 0.75, 0.5523, 0.3455, 0.1654, 0.0432]

    """
    return Schedule(lr=_through("piecewise_cosine", points, steps, "cosine"))


def _through(where: str, points: Sequence[tuple[int | float, float]], steps: int, p: str) -> Any:
    whole = _check.integer(where, "steps", steps, 1)
    try:
        pairs = [(at, value) for at, value in _check.items(where, "points", points)]
    except (TypeError, ValueError):
        _check.fail(where, "points", "pairs (position, value)", points)
    if not 1 <= len(pairs) <= MOST_PARTS:
        _check.fail(where, "points", f"between 1 and {MOST_PARTS} pairs", len(pairs))
    knots = [
        (_position(where, at, whole), _check.real(where, "value", value)) for at, value in pairs
    ]
    if any(b[0] < a[0] for a, b in pairwise(knots)):
        _check.fail(where, "points", "in order of position", points)
    return through(knots, whole, p)


def _position(where: str, at: int | float, whole: int) -> Fraction:
    if isinstance(at, float) and at in (0.0, 1.0):
        return Fraction(int(at) * whole)
    return _check.position(where, "position", at, whole)
