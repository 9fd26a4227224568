"""The table of profiles as Python sees it, and the check of a profile's arguments."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np

from csched import _check, _core


@dataclass(frozen=True)
class Argument:
    """One argument of a profile: name, default, and the interval it must lie in."""

    name: str
    default: float | None
    low: float
    open_low: bool
    high: float
    open_high: bool


@dataclass(frozen=True)
class Profile:
    """A row of the table.

    monotone: p falls everywhere on [0, 1]. positive: start and end must be of one sign and not
    zero. index: the row in the C table, None for ``table``, which is made of linear pieces.
    """

    name: str
    index: int | None
    monotone: bool
    positive: bool
    arguments: tuple[Argument, ...]


def _rows() -> dict[str, Profile]:
    rows = {}
    for index, (name, monotone, positive, arguments) in enumerate(_core.PROFILES):
        made = tuple(
            Argument(n, None if math.isnan(standard) else standard, low, lo, high, ho)
            for n, standard, low, lo, high, ho in arguments
        )
        rows[name] = Profile(name, index, monotone, positive, made)
    rows["table"] = Profile("table", None, False, False, ())
    return rows


PROFILES: Mapping[str, Profile] = MappingProxyType(_rows())
"""Name -> what the table knows of the profile."""

Points = tuple[tuple[float, float], ...]
LINE: Points = ((0.0, 1.0), (1.0, 0.0))


def checked_arguments(
    where: str, profile: str, given: Mapping[str, Any]
) -> tuple[tuple[str, float | Points], ...]:
    """The arguments of a profile as sorted pairs, defaults left out."""
    row = PROFILES[profile]
    if row.index is None:
        _known(where, profile, given, ["points"])
        points = _points(where, given["points"]) if "points" in given else LINE
        return (("points", points),)
    _known(where, profile, given, [a.name for a in row.arguments])
    made: list[tuple[str, float | Points]] = []
    for a in row.arguments:
        value = given.get(a.name)
        if value is None:
            continue
        if a.name == "normalised":
            value = (
                float(value)
                if value in (0, 1)
                else _check.fail(where, a.name, "True or False", value)
            )
        number = _check.real(
            where, a.name, value, a.low, a.high, open_low=a.open_low, open_high=a.open_high
        )
        if number != a.default:
            made.append((a.name, number))
    lookup = dict(made)
    if profile == "tanh":
        lower, upper = (float(lookup.get(a.name, a.default)) for a in row.arguments)  # type: ignore[arg-type]
        if not upper - lower >= 1e-9:  # the core divides by it
            _check.fail(where, "upper", f"at least 1e-09 above lower = {lower}", upper)
    if profile == "inverse_power" and "scale" in lookup:
        power, scale = float(lookup.get("power", 1.0)), float(lookup["scale"])  # type: ignore[arg-type]
        if power * math.log10(1.0 + scale) > 300.0:
            _check.fail(where, "scale", f"such that (1 + scale)^{power:g} <= 1e300", scale)
    return tuple(made)


def _known(where: str, profile: str, given: Mapping[str, Any], names: Sequence[str]) -> None:
    for name in given:
        if name not in names:
            takes = ", ".join(names) or "none"
            raise TypeError(
                f"{where}: profile {profile!r} has no argument {name!r}; it takes {takes} "
                "(a recipe hands on what it does not know)"
            )


def _points(where: str, points: Any) -> Points:
    """Pairs (z, p), or values of p at equal distances; from (0, 1) to (1, 0)."""
    wanted = "pairs (z, p) or at least two values of p"
    items = points.tolist() if hasattr(points, "tolist") else points
    if isinstance(items, (str, Mapping)) or not isinstance(items, Iterable):
        _check.fail_type(where, "points", wanted, points)
    items = list(items)
    if len(items) > 1 and all(isinstance(p, numbers.Real) for p in items):
        items = [(i / (len(items) - 1), p) for i, p in enumerate(items)]
    for item in items:
        if not isinstance(item, (tuple, list, np.ndarray)) or len(item) != 2:
            _check.fail(where, "points", wanted, points)
    pairs = tuple(
        (_check.real(where, "z of points", z, 0.0, 1.0), _check.real(where, "p of points", p))
        for z, p in items
    )
    if len(pairs) < 2 or pairs[0] != (0.0, 1.0) or pairs[-1] != (1.0, 0.0):
        _check.fail(where, "points", "from (0, 1) to (1, 0)", points)
    if any(later[0] < earlier[0] for earlier, later in pairwise(pairs)):
        _check.fail(where, "points", "in order of z", points)
    if pairs[1][0] == 0.0:
        _check.fail(where, "points", "with one value of p at z = 0", points)
    return pairs
