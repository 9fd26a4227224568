"""A phase of each profile as a row: the kernel of its float32 formula and the numbers it takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

import numpy as np

from csched import _check
from csched.compiling import Node
from csched.profiles import PROFILES

NAMES = {row.index: name for name, row in PROFILES.items() if row.index is not None}


@dataclass(frozen=True)
class Row:
    """A phase: from step ``begin`` on the one of its tree, until the next row."""

    kernel: str | None  # None: a constant
    start: float
    end: float
    numbers: dict[str, float] = field(default_factory=dict)
    rate: float | None = None  # log2 of a factor per step
    exponents: tuple[float, float] = (0.0, 0.0)  # log2 of it at z = 0 and z = 1
    span: float = 1.0
    begin: int = 0
    zero: int = 0  # z = 0 lies at step zero - before
    before: float = 0.0
    one: int = 0  # z = 1 lies at step one + after
    after: float = 0.0
    until: int = 0  # the last step that is told apart


def refuse(constraint: str, value: object) -> NoReturn:
    """Refuse what the closed form cannot do."""
    hint = "mode 'table' takes it where it settles"
    _check.fail("closed form", "curve", constraint, value, hint)


def row_of(node: Node) -> Row:
    """The row of a phase, not yet in its place."""
    return _ROWS[NAMES[node.profile]](node, *node.x[:2])


def _precise(name: str, value: float) -> dict[str, float]:
    """A number that float32 does not hold precisely enough, and what is left of it."""
    return {name: value, f"{name}_rest": value - float(np.float32(value))}


_POWERS = {1.0: "linear", 2.0: "square", 3.0: "cube", 0.5: "root"}


def _powered(power: float, start: float, end: float, suffix: str = "") -> Row:
    name, numbers = _to_power(power)
    return Row(name if name == "linear" else name + suffix, start, end, numbers)


def _to_power(power: float, name: str = "power") -> tuple[str, dict[str, float]]:
    """A kernel, and what it reads."""
    return (_POWERS[power], {}) if power in _POWERS else (name, _precise(name, power))


def _polynomial(node: Node, start: float, end: float) -> Row:
    power, k_decay = node.argument
    if k_decay == 1.0:
        return _powered(power, start, end)
    if power == 1.0:
        return _powered(k_decay, start, end, "_mirrored")
    return _slowed(_powered(power, start, end), k_decay)


def _cosine(node: Node, start: float, end: float) -> Row:
    power, k_decay = node.argument
    row = Row("sine2", start, end)
    if power != 1.0:
        name, numbers = _to_power(power)
        row = Row(f"{name} of sine2", start, end, numbers)
    return row if k_decay == 1.0 else _slowed(row, k_decay)


def _slowed(row: Row, k_decay: float) -> Row:
    """The row with z^k_decay for z."""
    name, numbers = _to_power(k_decay, "k_decay")
    return replace(row, kernel=f"{row.kernel} of {name}_mirrored", numbers=row.numbers | numbers)


def _exponential(node: Node, start: float, end: float) -> Row:
    log = _log_ratio(start, end)
    if abs(log) <= GENTLE:
        growth = -log * math.log(2) / node.span
        return Row("exponential", start, end, {"growth": growth})
    return Row("steep_exponential", start, end, rate=-log / node.span)


GENTLE = 10.0
"""abs(log2(start / end)) up to which exp(growth n) is within 8 ulp, in 13 operations, not in 30."""


def _log_ratio(start: float, end: float) -> float:
    """log2(start / end), of values that float32 holds in full."""
    for value in (start, end):
        if not 2.0**-126 <= abs(value) < 2.0**127:
            refuse("of float32 values in an exponential phase", value)
    return math.log2(abs(start)) - math.log2(abs(end))


def _exponential_offset(node: Node, start: float, end: float) -> Row:
    rate, normalised = node.argument
    if not normalised:
        end = end + (start - end) * math.exp(-rate)
    numbers = {"fall": rate / node.span, "scale": -1.0 / math.expm1(-rate)}
    per_step = -rate / node.span / math.log(2)
    return Row("exponential_offset", start, end, numbers, per_step)


def _rex(node: Node, start: float, end: float) -> Row:
    return Row("rex", start, end, {"one_minus_beta": 1.0 - node.argument[0]})


def _inverse_sqrt(node: Node, start: float, end: float) -> Row:
    """A = 1 + s z runs from 1 to root^2; see prepare_inverse_sqrt in ``csched/prepare.h``."""
    s = node.argument[0]
    if math.isnan(s):
        s, root = (start - end) * (start + end) / (end * end), start / end
    else:
        root = math.sqrt(1.0 + s)
    base, rises = (1.0, 1.0) if s > 0.0 else (root * root, 0.0)
    numbers = {"base": base, "slope": abs(s), "root": root, "rises": rises}
    return Row("inverse_sqrt", start, end, numbers)


def _tanh(node: Node, start: float, end: float) -> Row:
    """(1 - E) s / (1 + g E) with E = exp(-w z), w = 2 (upper - lower), and g = exp(-2 lower).

    s = (1 + g exp(-w)) / (1 - exp(-w)), and from the end g = exp(2 upper). Where g exp(-w) passes
    1, both brackets with g are divided by it, so that nothing leaves the range of float32.
    """
    lower, upper = node.argument
    width = 2.0 * (upper - lower)
    numbers, exponents = {"fall": width / node.span}, []
    for name, exponent in (("zero", -2.0 * lower), ("one", 2.0 * upper)):
        divisor = max(0.0, exponent - width)
        bracket = math.exp(-divisor) + math.exp(exponent - width - divisor)
        numbers[f"scale_{name}"] = bracket / -math.expm1(-width)
        numbers[f"base_{name}"] = math.exp(-divisor)
        exponents.append((exponent - divisor) / math.log(2))
    rate = -width / node.span / math.log(2)
    return Row("tanh", start, end, numbers, rate, (exponents[0], exponents[1]))


def _stretched(s: float, start: float, end: float, q: float = 0.0, suffix: str = "") -> Row:
    """The power -q of 1 + s z, or its logarithm; what is so near a simpler shape is that."""
    if s * (q + 1.0) < 2.0**-24:
        return Row("linear", start, end)
    log = math.log1p(s)
    if q * log < 2.0**-24:
        return Row("logarithmic" + suffix, start, end, {"slope": s, "unit": 1.0 / log})
    numbers = {"slope": s, "unit": 1.0 / math.expm1(-q * log)}
    return Row("inverse_power" + suffix, start, end, numbers | _precise("power", -q))


def _inverse_power(node: Node, start: float, end: float) -> Row:
    q, s = node.argument
    if q == 0.5:
        return _inverse_sqrt(replace(node, argument=(s, 0.0)), start, end)
    if q == 1.0:
        last = start / end if math.isnan(s) else 1.0 + s
        return Row("rex", start, end, {"one_minus_beta": last})
    if not math.isnan(s):
        return _stretched(s, start, end, q)
    log = math.log(start / end) / q  # of 1 + s; where s < 0 it is the same shape from the end
    return _stretched(math.expm1(abs(log)), start, end, q, "" if log > 0.0 else "_mirrored")


def _hyperbolic(node: Node, start: float, end: float) -> Row:
    pole = 2.0 * node.argument[0] - 1.0
    if pole == 1.0:
        return Row("linear", start, end)
    numbers = {"inverse_pole": 1.0 / pole, "before_pole": 1.0 - 1.0 / pole}
    return Row("hyperbolic", start, end, numbers)


def _exp_hyperbolic(node: Node, start: float, end: float) -> Row:
    row = _hyperbolic(node, start, end)
    if row.kernel == "linear":
        return _exponential(node, start, end)
    numbers = row.numbers | _precise("log_ratio", _log_ratio(start, end))
    return Row("exp_hyperbolic", start, end, numbers)


_ROWS: dict[str, Callable[[Node, float, float], Row]] = {
    "constant": lambda node, start, end: Row(None, start, start),
    "linear": lambda node, start, end: Row("linear", start, end),
    "polynomial": _polynomial,
    "cosine": _cosine,
    "exponential": _exponential,
    "exponential_offset": _exponential_offset,
    "rex": _rex,
    "inverse_sqrt": _inverse_sqrt,
    "one_minus_sqrt": lambda node, start, end: _powered(0.5, start, end, "_mirrored"),
    "tanh": _tanh,
    "parabolic": lambda node, start, end: _powered(node.argument[0], start, end, "_mirrored"),
    "elliptic": lambda node, start, end: Row("elliptic", start, end),
    "inverse_power": _inverse_power,
    "logarithmic": lambda node, start, end: _stretched(node.argument[0], start, end),
    "hyperbolic": _hyperbolic,
    "exp_hyperbolic": _exp_hyperbolic,
}
