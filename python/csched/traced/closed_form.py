"""Curves in float32 arithmetic that any array library can trace: what compiled loops evaluate.

Design
a) A curve is a small tree of the nodes below. Its numbers are arrays, its structure is Python:
   curves that differ in numbers only share one trace. ``phase_constants.py`` makes the tree.
b) float32 holds an integer exactly up to 2^24 only. So distances to both ends of a phase are taken
   in integers first, and a half phase is evaluated from the end it is near, as a + d w(n) with
   w(0) = 0: the same forms as in ``csched/formulas.h``.
c) A step is a tuple of words, see ``step_words.py``.
d) ``xp`` is an array library: FUNCTIONS as NumPy has them, ``take(a, i)`` along the first axis,
   ``cast(x, dtype)``, and ``two_to(k)``, 2^k for whole numbers k in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from csched.traced import step_words
from csched.traced.step_words import Words

FUNCTIONS = (
    *("where", "minimum", "maximum", "round", "sum", "sin"),
    *("exp", "expm1", "log", "log1p", "sqrt", "power"),
)
"""What ``xp`` has under the names of NumPy."""

FIELDS = (
    *("a", "d", "per_step", "c0", "c1", "c2", "c3", "c4"),
    *("rate", "rate_rest", "from_begin", "to_end"),
)
"""Columns of ``Rows.numbers``; see ``phase_constants.py``."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Half phases in a row. words: begin of the row, both ends of its phase, (rows, 3) a word."""

    static: ClassVar[tuple[str, ...]] = ("kernels",)
    kernels: tuple[str, ...]
    words: Words
    numbers: Any
    choice: Any  # (rows, 3): kernel; 1 if seen from the end; 1 if the exponent is


@dataclass(frozen=True, eq=False)
class Parts:
    """Trees in a row, each on its own clock from its begin on."""

    static: ClassVar[tuple[str, ...]] = ()
    begins: Words
    parts: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Loop:
    """A tree restarted every ``period``; the cycle that begins at ``last`` goes on for ever."""

    static: ClassVar[tuple[str, ...]] = ("keep_peak",)
    child: Any
    period: Words
    last: Words | None
    levels: Any = None  # (4, 2): low and high, then the rates of floor, peak, amplitude
    keep_peak: bool = False


@dataclass(frozen=True, eq=False)
class Held:
    """A tree read every ``period`` steps up to step ``length``."""

    static: ClassVar[tuple[str, ...]] = ()
    child: Any
    period: Words
    length: Words | None


@dataclass(frozen=True, eq=False)
class Shifted:
    """A tree read at min(t, length) + by."""

    static: ClassVar[tuple[str, ...]] = ()
    child: Any
    length: Words
    by: Words


@dataclass(frozen=True, eq=False)
class Combined:
    """Trees multiplied or added."""

    static: ClassVar[tuple[str, ...]] = ("product",)
    product: bool
    parts: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Limited:
    """A tree limited to [bounds[0], bounds[1]]."""

    static: ClassVar[tuple[str, ...]] = ()
    child: Any
    bounds: Any


@dataclass(frozen=True, eq=False)
class Rounded:
    """A tree rounded to multiples, halves to even."""

    static: ClassVar[tuple[str, ...]] = ()
    child: Any
    multiple: Any


NODES = (Rows, Parts, Loop, Held, Shifted, Combined, Limited, Rounded)


def evaluate(tree: Any, step: Words, xp: Any) -> Any:
    """The float32 values of a tree at a step, or at an array of steps."""
    return _EVALUATE[type(tree)](tree, step, xp)


# --- phases ----------------------------------------------------------------------------------

LINEAR_SEARCH = 64  # rows compared all at once; a binary search needs a gather a level

SELECTED = 8  # rows chosen by comparison


def _row(words: Words, t: Words, xp: Any) -> Any:
    """The last row whose begin is not after t."""
    count = words[0].shape[0]
    begins = tuple(w[:, 0] for w in words)
    if count <= LINEAR_SEARCH:
        reached = step_words.reached(tuple(w[..., None] for w in t), begins)
        return xp.sum(xp.cast(reached, "int32"), -1) - 1
    found = xp.cast(t[0] * 0, "int32")
    for i in reversed(range((count - 1).bit_length())):
        later = found + (1 << i)
        place = xp.minimum(later, count - 1)
        fits = step_words.reached(t, tuple(xp.take(b, place) for b in begins)) & (later < count)
        found = xp.where(fits, later, found)
    return found


def _pick(column: Any, i: Any, xp: Any) -> Any:
    """column[i]; by comparisons where the rows are few, which fuse with what follows."""
    count = column.shape[0]
    if count > SELECTED:
        return xp.take(column, i)
    result = column[0]
    for j in range(1, count):
        result = xp.where(i == j, column[j], result)
    return result


class _Fields(dict[str, Any]):
    """The fields of the row in use, each picked when it is first asked for."""

    def __init__(self, pick: Callable[[str], Any]) -> None:
        self.pick = pick

    def __missing__(self, name: str) -> Any:
        self[name] = self.pick(name)
        return self[name]


def _rows(tree: Rows, t: Words, xp: Any) -> Any:
    i = _row(tree.words, t, xp)
    value = _Fields(lambda name: _pick(tree.numbers[:, FIELDS.index(name)], i, xp))
    if tree.kernels == ("constant",):
        return value["a"]
    kernel, at_end, exponent_at_end = (_pick(tree.choice[:, j], i, xp) for j in range(3))
    from_begin = step_words.difference(t, tuple(_pick(w[:, 1], i, xp) for w in tree.words), xp)
    to_end = step_words.difference(tuple(_pick(w[:, 2], i, xp) for w in tree.words), t, xp)
    begin_n = step_words.as_float(from_begin, xp) + value["from_begin"]
    end_n = step_words.as_float(to_end, xp) + value["to_end"]
    value["n"] = xp.where(at_end == 1, end_n, begin_n)
    value["x"] = value["n"] * value["per_step"]
    value["rest"] = xp.where(at_end == 1, begin_n, end_n) * value["per_step"]
    if not EXPONENTIAL.isdisjoint(tree.kernels):
        n = step_words.choose(exponent_at_end == 1, to_end, from_begin, xp)
        steps = xp.where(exponent_at_end == 1, end_n, begin_n)
        part = xp.where(exponent_at_end == 1, value["to_end"], value["from_begin"])
        value["power"], value["fraction"] = _power(
            n, part, steps, value["rate"], value["rate_rest"], xp
        )
    result = value["a"]
    for k, name in enumerate(tree.kernels):
        if name != "constant":
            result = xp.where(kernel == k, KERNELS[name](value, xp), result)
    return result


def _power(n: Words, part: Any, steps: Any, rate: Any, rest: Any, xp: Any) -> tuple[Any, Any]:
    """The k and f of 2^(steps (rate + rest)) = 2^k e^f, where steps is n + part.

    ``rate`` has 12 bits, so that its products with the digits of n are exact and the whole number
    in each is taken off without an error; what is left is small.
    """
    whole, fraction = 0.0, steps * rest + part * rate
    for digit in step_words.digits(n, xp):
        product = digit * rate
        nearest = xp.round(product)
        whole, fraction = whole + nearest, fraction + (product - nearest)
    nearest = xp.round(fraction)
    return whole + nearest, (fraction - nearest) * math.log(2)


def _times_two_to(v: Any, k: Any, xp: Any) -> Any:
    """The product v 2^k, in two exact steps: one factor alone may leave the range of float32."""
    half = xp.round(k * 0.5)
    for part in (half, k - half):
        v = v * xp.two_to(xp.minimum(xp.maximum(part, -126.0), 127.0))
    return v


def _one_minus_power(power: Any, low: Any, log_rest: Any, xp: Any) -> Any:
    """1 - (1 - low)^power; log(1 - low) from whichever is accurate."""
    log = xp.where(low < 0.5, xp.log1p(-low), log_rest)
    return -xp.expm1(power * log)


def _sine2_half(x: Any) -> Any:
    """sin^2(pi x / 2) for x up to 1/2, by interpolation in Chebyshev nodes of y = x^2: 2^-30."""
    y = x * x
    q = 0.66761998 + y * (-0.11753718 + y * 0.012313556)
    return y * (2.4674010276794434 + (7.0814049e-08 + y * (-2.0293557 + y * q)))


def _sine2(x: Any, xp: Any) -> Any:
    s = xp.sin(x * (math.pi / 2))
    return s * s


def _exponential(v: dict[str, Any], xp: Any) -> Any:
    return _times_two_to(v["a"] * xp.exp(v["fraction"]), v["power"], xp)


def _sigmoid(v: dict[str, Any], xp: Any) -> Any:
    falling = _times_two_to(xp.exp(v["fraction"]), v["power"], xp)
    return v["c1"] * -xp.expm1(-v["n"] * v["c0"]) / (1.0 + v["c2"] * falling)


def _decay(v: dict[str, Any], xp: Any) -> Any:
    falling = _times_two_to(xp.exp(v["fraction"]), v["power"], xp)
    return falling * (-xp.expm1(-v["n"] * v["c0"]) * v["c1"])


def _inverse_sqrt(v: dict[str, Any], xp: Any) -> Any:
    root = xp.sqrt(v["c0"] + v["c1"] * xp.where(v["c4"] > 0, v["x"], v["rest"]))
    return v["c2"] * v["x"] / (root * (root + v["c3"]))


def _cosine_power_mirror(v: dict[str, Any], xp: Any) -> Any:
    rest = xp.sin(v["rest"] * (math.pi / 2))
    return _one_minus_power(v["c0"], _sine2(v["x"], xp), 2 * xp.log(rest), xp)


# Distance from the near end, w(0) = 0, w = 1 at the other end. n: steps from the near end; x and
# rest: the fractions of the phase to the near and to the other end; c0 to c4: phase_constants.py.
DISTANCES: dict[str, Callable[[dict[str, Any], Any], Any]] = {
    "linear": lambda v, xp: v["x"],
    "square": lambda v, xp: v["x"] * v["x"],
    "square_mirror": lambda v, xp: v["x"] * (1 + v["rest"]),
    "cube": lambda v, xp: v["x"] * v["x"] * v["x"],
    "cube_mirror": lambda v, xp: v["x"] * (1 + v["rest"] * (1 + v["rest"])),
    "root": lambda v, xp: xp.sqrt(v["x"]),
    "root_mirror": lambda v, xp: v["x"] / (1 + xp.sqrt(v["rest"])),
    "power": lambda v, xp: xp.power(v["x"], v["c0"]),
    "power_mirror": lambda v, xp: _one_minus_power(v["c0"], v["x"], xp.log(v["rest"]), xp),
    "sine2": lambda v, xp: _sine2_half(v["x"]),
    "cosine_power": lambda v, xp: xp.power(_sine2(v["x"], xp), v["c0"]),
    "cosine_power_mirror": _cosine_power_mirror,
    "expm1": lambda v, xp: -xp.expm1(-v["n"] * v["c0"]) * v["c1"],
    "decay": _decay,
    "rex": lambda v, xp: v["x"] / (v["c0"] + v["c1"] * v["x"]),
    "rex_mirror": lambda v, xp: v["c0"] * v["x"] / (v["c0"] + v["c1"] * v["rest"]),
    "inverse_sqrt": _inverse_sqrt,
    "sigmoid": _sigmoid,
    "elliptic": lambda v, xp: xp.sqrt(v["x"] * (1 + v["rest"])),
    "elliptic_mirror": lambda v, xp: v["x"] * v["x"] / (1 + xp.sqrt(v["rest"] * (1 + v["x"]))),
}


def _from_end(distance: Callable[[dict[str, Any], Any], Any]) -> Callable[..., Any]:
    return lambda v, xp: v["a"] + v["d"] * distance(v, xp)


KERNELS = {
    "constant": lambda v, xp: v["a"],
    "exponential": _exponential,
    **{name: _from_end(distance) for name, distance in DISTANCES.items()},
}
EXPONENTIAL = {"exponential", "decay", "sigmoid"}


# --- combinations ----------------------------------------------------------------------------


def _parts(tree: Parts, t: Words, xp: Any) -> Any:
    result = evaluate(tree.parts[0], t, xp)
    for j, part in enumerate(tree.parts[1:], 1):
        begin = tuple(w[j] for w in tree.begins)
        started = step_words.reached(t, begin)
        local = step_words.choose(started, step_words.difference(t, begin, xp), begin, xp)
        result = xp.where(started, evaluate(part, local, xp), result)
    return result


def _loop(tree: Loop, t: Words, xp: Any) -> Any:
    cycle, local = step_words.divided(t, tree.period, xp)
    if tree.last is not None:
        over = step_words.reached(t, tree.last)
        local = step_words.choose(over, step_words.difference(t, tree.last, xp), local, xp)
        if tree.levels is not None:
            last_cycle = step_words.divided(tree.last, tree.period, xp)[0]
            cycle = step_words.choose(over, last_cycle, cycle, xp)
    value = evaluate(tree.child, local, xp)
    return value if tree.levels is None else _at_level(tree, cycle, value, xp)


def _at_level(tree: Loop, cycle: Words, fraction: Any, xp: Any) -> Any:
    """The value low + (high - low) fraction, where both have moved with the cycles."""
    low, high = tree.levels[0, 0], tree.levels[0, 1]
    factors = []
    for j in (1, 2, 3):
        steps = step_words.as_float(cycle, xp)
        k, f = _power(cycle, 0.0, steps, tree.levels[j, 0], tree.levels[j, 1], xp)
        factors.append(_times_two_to(xp.exp(f), k, xp))
    floor, peak = low * factors[0], high * factors[1]
    height = (peak - floor) * factors[2]
    if tree.keep_peak:
        return peak - height * (1 - fraction)
    return floor + height * fraction


def _held(tree: Held, t: Words, xp: Any) -> Any:
    held = step_words.difference(t, step_words.divided(t, tree.period, xp)[1], xp)
    if tree.length is not None:
        held = step_words.choose(step_words.reached(t, tree.length), t, held, xp)
    return evaluate(tree.child, held, xp)


def _shifted(tree: Shifted, t: Words, xp: Any) -> Any:
    over = step_words.reached(t, tree.length)
    limited = step_words.choose(over, tree.length, t, xp)
    return evaluate(tree.child, step_words.total(limited, tree.by, xp), xp)


def _combined(tree: Combined, t: Words, xp: Any) -> Any:
    result, *others = (evaluate(part, t, xp) for part in tree.parts)
    for other in others:
        result = result * other if tree.product else result + other
    return result


def _limited(tree: Limited, t: Words, xp: Any) -> Any:
    value = evaluate(tree.child, t, xp)
    return xp.minimum(xp.maximum(value, tree.bounds[0]), tree.bounds[1])


def _rounded(tree: Rounded, t: Words, xp: Any) -> Any:
    return xp.round(evaluate(tree.child, t, xp) / tree.multiple) * tree.multiple


_EVALUATE: dict[type, Callable[[Any, Words, Any], Any]] = {
    Rows: _rows,
    Parts: _parts,
    Loop: _loop,
    Held: _held,
    Shifted: _shifted,
    Combined: _combined,
    Limited: _limited,
    Rounded: _rounded,
}
