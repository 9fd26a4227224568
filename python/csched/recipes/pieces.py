"""Through given points: constant, linear and cosine pieces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import Sum, combined, sequence
from csched.phases import curve
from csched.recipes.parts import MOST_PARTS, legs, positions, through
from csched.schedule import Schedule

__all__ = [
    "piecewise_constant",
    "piecewise_cosine",
    "piecewise_linear",
    "piecewise_monotone",
]


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


def piecewise_monotone(points: Sequence[tuple[int | float, float]], steps: int) -> Schedule:
    """A smooth curve through points that nowhere leaves the values beside it (PCHIP).

    Cubics with one slope where they meet: 0 at a point higher or lower than both beside it, else
    ``(u + v) / (u / s + v / r)`` of the slopes s, r of the lines before and after it, with
    u = 2 h' + h, v = h' + 2 h of the distances h before and h' after it; at the ends that of the
    parabola through three points, cut to between 0 and three times that of the first line. Each
    cubic is evaluated in Bernstein's form, as a sum of terms of one sign.

    Parameters
    ----------
    points : pairs (position, value)
        As for :func:`piecewise_linear`, at most 4096, but no two at one place.
    steps : int
        Length of the whole.

    References
    ----------
    Fritsch, Carlson, "Monotone Piecewise Cubic Interpolation", 1980,
    https://doi.org/10.1137/0717021; Fritsch, Butland, 1984, https://doi.org/10.1137/0905021, for
    the slopes. SciPy's ``PchipInterpolator``, MATLAB's ``pchip``, init2winit's spline schedules.

    Examples
    --------
    >>> import csched
    >>> s = csched.piecewise_monotone([(0, 0.0), (2, 1.0), (6, 1.0), (1.0, 0.0)], 10)
    >>> s["lr"].values(0, 11).tolist()
    [0.0, 0.6666666666666666, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9140625, 0.6875, 0.3671875, 0.0]

    """
    where = "piecewise_monotone"
    knots, whole = _knots(where, points, steps, 4096)
    places, values = [x for x, _ in knots], [Fraction(y) for _, y in knots]
    if any(b == a for a, b in pairwise(places)):
        _check.fail(where, "points", "at places of their own", points)
    slopes = _slopes(places, values)

    def leg(i: int, n: int, offset: float, span: float) -> Curve:
        part: dict[str, Any] = {"offset": offset, "span": span}
        first, last = knots[i][1], knots[i + 1][1]
        width = places[i + 1] - places[i]
        left, right = (values[i] + width * slopes[i] / 3, values[i + 1] - width * slopes[i + 1] / 3)
        if 3 * left == 2 * values[i] + values[i + 1] and left + right == values[i] + values[i + 1]:
            return curve("linear", first, last, n, **part)
        terms = [
            curve("polynomial", first, 0.0, n, power=3.0, **part),
            curve("linear", 0.0, float(3 * left), n, **part)
            * curve("polynomial", 1.0, 0.0, n, power=2.0, **part),
            curve("parabolic", 0.0, float(3 * right), n, power=2.0, **part)
            * curve("linear", 1.0, 0.0, n, **part),
            curve("parabolic", 0.0, last, n, power=3.0, **part),
        ]
        return combined(Sum, *terms).clip(min(first, last), max(first, last))

    return Schedule(lr=legs(knots, whole, leg))


def _slopes(x: Sequence[Fraction], y: Sequence[Fraction]) -> list[Fraction]:
    """The slope at each point, exactly."""
    h = [b - a for a, b in pairwise(x)]
    line = [(b - a) / w for (a, b), w in zip(pairwise(y), h, strict=True)]
    if len(line) < 2:
        return line * 2
    inner = []
    for (a, b), (s, r) in zip(pairwise(h), pairwise(line), strict=True):
        u, v = 2 * b + a, b + 2 * a
        inner.append((u + v) / (u / s + v / r) if s * r > 0 else Fraction(0))
    return [_end(h[0], h[1], line[0], line[1]), *inner, _end(h[-1], h[-2], line[-1], line[-2])]


def _end(h: Fraction, beside: Fraction, line: Fraction, next_line: Fraction) -> Fraction:
    slope = ((2 * h + beside) * line - h * next_line) / (h + beside)
    if slope * line <= 0:
        return Fraction(0)
    return 3 * line if line * next_line < 0 and abs(slope) > abs(3 * line) else slope


def _through(where: str, points: Sequence[tuple[int | float, float]], steps: int, p: str) -> Any:
    return through(*_knots(where, points, steps, MOST_PARTS), p)


def _knots(
    where: str, points: Sequence[tuple[int | float, float]], steps: int, most: int
) -> tuple[list[tuple[Fraction, float]], int]:
    """Points as (place in steps, value), in order, and the whole."""
    whole = _check.integer(where, "steps", steps, 1)
    try:
        pairs = [(at, value) for at, value in _check.items(where, "points", points)]
    except (TypeError, ValueError):
        _check.fail(where, "points", "pairs (position, value)", points)
    if not 1 <= len(pairs) <= most:
        _check.fail(where, "points", f"between 1 and {most} pairs", len(pairs))
    knots = [
        (_position(where, at, whole), _check.real(where, "value", value)) for at, value in pairs
    ]
    if any(b[0] < a[0] for a, b in pairwise(knots)):
        _check.fail(where, "points", "in order of position", points)
    return knots, whole


def _position(where: str, at: int | float, whole: int) -> Fraction:
    if isinstance(at, float) and at in (0.0, 1.0):
        return Fraction(int(at) * whole)
    return _check.position(where, "position", at, whole)
