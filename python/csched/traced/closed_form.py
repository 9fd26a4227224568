"""Curves in float32 arithmetic that any array library can trace: what compiled loops evaluate.

Design
a) A curve is a small tree of the nodes below. Its numbers are arrays, its structure is Python:
   curves that differ in numbers only share one trace. ``phase_constants.py`` makes the tree.
b) float32 holds an integer exactly up to 2^24 only. So distances to both ends of a phase are taken
   in integers first, and a value is reckoned from the end it is near, see ``distances.py``.
c) A step is a tuple of words, see ``step_words.py``.
d) A trace costs its operations: compiling warm-up and cosine takes .93 of optax's time with 29
   operations, and took 1.4 times as long with 288. So a row has the numbers that its kernels read
   and no others, and each is picked by comparisons when it is first asked for.
e) ``xp`` is an array library: FUNCTIONS as NumPy has them, ``take(a, i)`` along the first axis,
   ``cast(x, dtype)``, and ``two_to(k)``, 2^k for whole float32 k up to 128, which is infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from csched.traced import step_words
from csched.traced.distances import VALUES, Place, kernel_of
from csched.traced.step_words import Words

FUNCTIONS = (
    *("where", "minimum", "maximum", "clip", "round", "sum", "sin"),
    *("exp", "expm1", "log", "log1p", "sqrt", "power"),
)
"""What ``xp`` has under the names of NumPy."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Phases in a row, a number a row in every array.

    ``columns``: start, end, per_step (1 / span, times one of SCALES), and what the kernels read.
    z = 0 and z = 1 lie at steps ``zeros`` and ``ones``, or where there are columns before and
    after, at zeros - before and ones + after. From step ``untils`` on the value is held. Where
    zeros or untils is None, it is begins or ones.
    """

    static: ClassVar[tuple[str, ...]] = ("kernels",)
    kernels: tuple[str, ...]
    choice: Any  # index of the kernel; of two, whether it is the second; None where all have one
    begins: Words
    ones: Words
    zeros: Words | None
    untils: Words | None
    columns: dict[str, Any]


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
    levels: Any = None  # low and high
    rates: tuple[Any, ...] = ()  # of floor, peak and amplitude, see step_words.turns
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


def takes_negatives(tree: Any) -> bool:
    """Whether the steps below 0 have the value of step 0, which else is up to the caller."""
    return isinstance(tree, Rows) and len(tree.begins) == 1 and len(tree.begins[0]) <= SELECTED


# --- phases ----------------------------------------------------------------------------------

SELECTED = 8  # rows told apart by comparisons, which fuse with what follows

LINEAR_SEARCH = 64  # rows compared all at once; a binary search needs a gather a level


def _row(begins: Words, t: Words, xp: Any) -> Any:
    """The last row whose begin is not after t."""
    count = begins[0].shape[0]
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


def _picker(begins: Words, t: Words, xp: Any) -> Callable[[Any], Any]:
    """Takes a column and gives its number in the row that t lies in."""
    count = begins[0].shape[0]
    if count > SELECTED:
        row = _row(begins, t, xp)
        return lambda column: xp.take(column, row)
    later = [step_words.reached(t, tuple(w[j] for w in begins)) for j in range(1, count)]

    def pick(column: Any) -> Any:
        result = column[0]
        for j, reached in enumerate(later, 1):
            result = xp.where(reached, column[j], result)
        return result

    return pick


def _rows(tree: Rows, t: Words, xp: Any) -> Any:
    pick = _picker(tree.begins, t, xp)
    if not tree.kernels:
        return pick(tree.columns["start"])
    one = tuple(pick(w) for w in tree.ones)
    zero = tuple(pick(w) for w in (tree.zeros or tree.begins))
    until = tuple(pick(w) for w in tree.untils) if tree.untils else one
    t = step_words.until(t, until, xp)
    from_zero = step_words.difference(t, zero, xp)
    to_one = step_words.difference(one, t, xp)
    place = Place(tree.columns, pick, from_zero, to_one, xp)

    def runs(k: int) -> Any:
        """Whether the row's kernel is number k, k > 0."""
        choice = pick(tree.choice)
        return choice if len(tree.kernels) == 2 else choice == k

    value = _by_shares([name for name in tree.kernels if name not in VALUES], place, runs)
    for k, name in enumerate(tree.kernels):
        if name in VALUES:
            made = VALUES[name](place)
            value = made if value is None else xp.where(runs(k), made, value)
    return value


def _by_shares(kernels: Sequence[str], place: Place, runs: Callable[[int], Any]) -> Any:
    """The value between start and end where the kernels say how far it has gone."""
    if not kernels:
        return None
    xp = place.xp
    near, share = kernel_of(kernels[0])(place)
    for k, name in enumerate(kernels[1:], 1):
        side, distance = kernel_of(name)(place)
        here = runs(k)
        near = near if side is near else xp.where(here, side, near)
        share = xp.where(here, distance, share)
    start, end = place["start"], place["end"]
    a, b = xp.where(near, start, end), xp.where(near, end, start)
    return a + (b - a) * share


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


def _times_two_to(v: Any, k: Any, xp: Any) -> Any:
    """The product v 2^k, in two exact steps: one factor alone may leave the range of float32."""
    half = xp.round(k * 0.5)
    for part in (half, k - half):
        v = v * xp.two_to(xp.minimum(xp.maximum(part, -126.0), 127.0))
    return v


def _at_level(tree: Loop, cycle: Words, fraction: Any, xp: Any) -> Any:
    """The value low + (high - low) fraction, where both have moved with the cycles."""
    factors = []
    for j in range(3):
        rates = [tuple(column[j] for column in word) for word in tree.rates]
        whole, part = step_words.turns(cycle, rates, xp)
        factors.append(_times_two_to(xp.exp(part * math.log(2)), whole, xp))
    floor, peak = tree.levels[0] * factors[0], tree.levels[1] * factors[1]
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
