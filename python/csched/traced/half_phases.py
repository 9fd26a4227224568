"""The two halves of a phase of each profile: the constants that its float32 formula takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from csched import _check
from csched.compiling import Node
from csched.profiles import PROFILES

NAMES = {row.index: name for name, row in PROFILES.items() if row.index is not None}


@dataclass(frozen=True)
class Row:
    """A half phase: from step ``begin`` on the one of its tree, until the next row."""

    begin: int
    kernel: str
    a: float
    d: float = 0.0
    span: float = 1.0
    constants: tuple[float, ...] = ()
    rate: float = 0.0  # log2 of a factor per step
    from_end: bool = False
    exponent_from_end: bool = False
    zero: int = 0  # z = 0 lies at step zero - before
    before: float = 0.0
    one: int = 0  # z = 1 lies at step one + after
    after: float = 0.0


def refuse(constraint: str, value: object) -> NoReturn:
    """Refuse what the closed form cannot do."""
    hint = "mode 'table' takes it where it settles"
    _check.fail("closed form", "curve", constraint, value, hint)


def end_of(node: Node) -> float:
    """Where the phase arrives: its end, or with a residual kept, what is left."""
    start, end = node.x[:2]
    if NAMES[node.profile] == "exponential_offset" and not node.argument[1]:
        return end + (start - end) * math.exp(-node.argument[0])
    return end


Halves = tuple[Row, Row]


def _pair(
    start: float,
    end: float,
    first: str,
    second: str,
    first_constants: tuple[float, ...] = (),
    second_constants: tuple[float, ...] | None = None,
    **more: Any,
) -> Halves:
    if second_constants is None:
        second_constants = first_constants
    return (
        Row(0, first, start, end - start, constants=first_constants, **more),
        Row(0, second, end, start - end, constants=second_constants, **more),
    )


_POWERS = {1.0: "linear", 2.0: "square", 3.0: "cube", 0.5: "root"}


def _power_names(power: float) -> tuple[str, str]:
    name = _POWERS.get(power, "power")
    return name, name if name == "linear" else name + "_mirror"


def _constant(node: Node, start: float, end: float) -> Halves:
    return Row(0, "constant", start), Row(0, "constant", end)


def _polynomial(node: Node, start: float, end: float) -> Halves:
    near, mirror = _power_names(node.argument[0])
    return _pair(start, end, mirror, near, (node.argument[0],))


def _parabolic(node: Node, start: float, end: float) -> Halves:
    near, mirror = _power_names(node.argument[0])
    return _pair(start, end, near, mirror, (node.argument[0],))


def _cosine(node: Node, start: float, end: float) -> Halves:
    if node.argument[0] == 1.0:
        return _pair(start, end, "sine2", "sine2")
    return _pair(start, end, "cosine_power_mirror", "cosine_power", (node.argument[0],))


def _exponential(node: Node, start: float, end: float) -> Halves:
    for value in (start, end):
        if not 2.0**-126 <= abs(value) < 2.0**127:
            refuse("of float32 values in an exponential phase", value)
    rate = (math.log2(abs(end)) - math.log2(abs(start))) / node.span
    first, second = _pair(start, end, "exponential", "exponential")
    return replace(first, rate=rate), replace(second, rate=-rate, exponent_from_end=True)


def _exponential_offset(node: Node, start: float, end: float) -> Halves:
    rate = node.argument[0]
    constants = (rate / node.span, -1.0 / math.expm1(-rate))
    per_step = -rate / node.span / math.log(2)
    # seen from the end, w = exp(-rate z) (1 - exp(-rate (1 - z))) / (1 - exp(-rate))
    return _pair(start, end_of(node), "expm1", "decay", constants, rate=per_step)


def _rex(node: Node, start: float, end: float) -> Halves:
    beta = node.argument[0]
    return _pair(start, end, "rex_mirror", "rex", (1.0 - beta, beta))


def _inverse_sqrt(node: Node, start: float, end: float) -> Halves:
    """A = 1 + s z runs from 1 to 1 + s; see prepare_inverse_sqrt in ``csched/kernels.c``."""
    s = node.argument[0]
    if math.isnan(s):
        s, root = (start - end) * (start + end) / (end * end), start / end
    else:
        root = math.sqrt(1.0 + s)
    base = 1.0 if s > 0.0 else root * root
    from_start = 1.0 if s > 0.0 else -1.0
    first = (base, abs(s), root * (root + 1.0), 1.0, from_start)
    return _pair(
        start,
        end,
        "inverse_sqrt",
        "inverse_sqrt",
        first,
        (base, abs(s), root + 1.0, root, -from_start),
    )


def _one_minus_sqrt(node: Node, start: float, end: float) -> Halves:
    return _pair(start, end, "root", "root_mirror")


def _tanh(node: Node, start: float, end: float) -> Halves:
    """As prepare_tanh in ``csched/kernels.c``."""
    lower, upper = node.argument
    if max(abs(lower), abs(upper)) > 40.0:  # G = exp(80) still fits float32
        refuse("with lower and upper of tanh in [-40, 40]", (lower, upper))
    width = 2.0 * (upper - lower)
    made = []
    for exponent in (-2.0 * lower, 2.0 * upper):
        scale = (1.0 + math.exp(exponent - width)) / -math.expm1(-width)
        made.append((width / node.span, scale, math.exp(exponent)))
    rate = -width / node.span / math.log(2)
    first, second = _pair(start, end, "sigmoid", "sigmoid", *made, rate=rate)
    return first, replace(second, exponent_from_end=True)


def _elliptic(node: Node, start: float, end: float) -> Halves:
    return _pair(start, end, "elliptic_mirror", "elliptic")


HALVES: dict[str, Callable[[Node, float, float], Halves]] = {
    "constant": _constant,
    "linear": lambda node, start, end: _pair(start, end, "linear", "linear"),
    "polynomial": _polynomial,
    "cosine": _cosine,
    "exponential": _exponential,
    "exponential_offset": _exponential_offset,
    "rex": _rex,
    "inverse_sqrt": _inverse_sqrt,
    "one_minus_sqrt": _one_minus_sqrt,
    "tanh": _tanh,
    "parabolic": _parabolic,
    "elliptic": _elliptic,
}
