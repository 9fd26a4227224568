"""From spec to program: a curve becomes a flat list of nodes for the C core.

One function per kind of node gives the fields of ``cs_node`` (``csched/program.h``) and its
children; ``compiled`` lays the tree out breadth first, so that children lie side by side.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from operator import itemgetter
from typing import Any

from csched import _check, _core, reference
from csched.curve import Curve
from csched.profiles import PROFILES, Points
from csched.sampling import positions

PHASE, FROZEN, SEQUENCE, REPEAT, EVERY, SHIFT, PRODUCT, SUM, CLIP, ROUND, NOISE = range(11)
FOR_EVER = _check.MAX_STEP + 1
_LINEAR = PROFILES["linear"].index or 0


@dataclass(slots=True)
class Node:
    """The fields of a ``cs_node``; ``children`` are curves or nodes, ``begin`` is the parent's."""

    op: int
    profile: int = 0
    length: int = 0
    times: int = 0
    x: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    span: float = 1.0
    argument: tuple[float, float] = (0.0, 0.0)
    levels: tuple[float, float, float, float, float] = (0.0, 0.0, 1.0, 1.0, 1.0)
    children: list[Any] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)


def compiled(curve: Curve | Node) -> _core.Program:
    """The program of a curve, or of a node already made of one."""
    rows: list[tuple[Any, ...]] = []
    queue: list[tuple[Any, int, int]] = [(curve, 0, 0)]
    for item, begin, depth in queue:  # grows as children are appended
        if depth >= _core.MAX_DEPTH:
            _check.fail("Curve", "nesting", f"at most {_core.MAX_DEPTH} deep", depth)
        node = item if isinstance(item, Node) else LOWER[item.kind](item)
        begins = node.begins or [0] * len(node.children)
        children = zip(node.children, begins, strict=True)
        rows.append(
            (
                node.op,
                node.profile,
                len(queue),
                len(node.children),
                begin,
                node.length,
                node.times,
                node.x,
                node.span,
                node.argument,
                node.levels,
            )
        )
        queue.extend((child, first, depth + 1) for child, first in children)
    return _core.Program(rows)


def _phase(c: Any) -> Node:
    if c.profile == "table":
        return _table(c)
    row = PROFILES[c.profile]
    given = dict(c.arguments)
    argument: list[Any] = [given.get(a.name, a.default) for a in row.arguments] + [0.0, 0.0]
    if None in argument:  # a scale that start and end give
        natural = c.end != 0.0 and c.start / c.end > 0.0
        argument[argument.index(None)] = math.nan if natural else reference.SCALES[c.profile]
    node = Node(
        PHASE,
        row.index or 0,
        c.steps,
        times=1,
        x=(c.start, c.end, c.offset, 0.0),
        span=c.length,
        argument=(argument[0], argument[1]),
    )
    return _sampled(c, node)


def _sampled(c: Any, node: Node) -> Node:
    last = c.length - c.offset  # where the end lies; a profile is not read beyond it
    stride = 1
    if c.sampling is not None:
        marks = positions("curve", c.sampling, c.steps)
        if marks is not None:
            places = [0.0, *map(float, marks), float(c.steps)]
            children = [_ended(node) if p >= last else _frozen(node, p) for p in places]
            return Node(SEQUENCE, children=children, begins=[0, *map(math.ceil, marks), c.steps])
        stride = c.sampling.interval
        if stride > 1:
            sampled = replace(node, times=stride, length=-(-c.steps // stride))
            node = Node(EVERY, length=c.steps, times=stride, children=[sampled, node])
    if last >= c.steps:
        return node
    over = min(c.steps, math.ceil(max(last, 0.0) / stride) * stride)
    ended = _ended(node.children[-1] if node.children else node)
    return Node(SEQUENCE, children=[node, ended], begins=[0, over]) if over else ended


def _ended(node: Node) -> Node:
    """The end of a phase, for ever; of one of a single step, so that no place is rounded."""
    return _frozen(replace(node, x=(*node.x[:2], 0.0, 0.0), span=1.0), 1.0)


def _frozen(node: Node, place: float) -> Node:
    """The phase read at one place, in steps from its beginning, for ever."""
    x = (node.x[0], node.x[1], node.x[2], place)
    return Node(FROZEN, node.profile, times=1, x=x, span=node.span, argument=node.argument)


def _table(c: Any) -> Node:
    """A profile given by points is a row of linear pieces, cut where the points lie."""
    pieces = _pieces(c)
    marks = positions("curve", c.sampling, c.steps) if c.sampling is not None else None
    if marks is not None:
        children = [_read(pieces, place) for place in (Fraction(0), *marks, Fraction(c.steps))]
        return Node(SEQUENCE, children=children, begins=[0, *map(math.ceil, marks), c.steps])
    whole = Node(SEQUENCE)
    for left, right, start, end in pieces:
        begin = max(0, math.ceil(left))
        while whole.begins and whole.begins[-1] >= begin:  # no step lies in the piece before
            whole.begins.pop()
            whole.children.pop()
        length = max(1, math.ceil(right - begin))
        x = (start, end, float(begin - left), 0.0)
        span = float(right - left)
        whole.children.append(Node(PHASE, _LINEAR, length, times=1, x=x, span=span))
        whole.begins.append(begin)
    if pieces[-1][0] > c.steps:  # points lie beyond the steps: hold what step `steps` would get
        whole = Node(SHIFT, length=c.steps, children=[whole])
    if c.sampling is None:
        return whole
    return Node(EVERY, length=c.steps, times=c.sampling.interval, children=[whole])


def _pieces(c: Any) -> list[tuple[Fraction, Fraction, float, float]]:
    """From which place to which, in steps, and from which value to which; the last is the end."""
    points: Points = dict(c.arguments)["points"]
    span, shift = Fraction(c.length), Fraction(c.offset)  # as in any phase: binary, exact
    made = []
    for (z0, p0), (z1, p1) in pairwise(points):
        if z0 < z1:
            left, right = (_check.decimal(z) * span - shift for z in (z0, z1))
            start, end = (reference.between(c.start, c.end, p) for p in (p0, p1))
            made.append((left, right, start, end))
    return [*made, (span - shift, span - shift + 1, c.end, c.end)]


def _read(pieces: list[tuple[Fraction, Fraction, float, float]], place: Fraction) -> Node:
    """The piece that a place lies in, read there for ever."""
    left, right, start, end = pieces[bisect_right(pieces, place, key=itemgetter(0)) - 1]
    x = (start, end, 0.0, min(float(place - left), float(right - left)))
    return Node(FROZEN, _LINEAR, times=1, x=x, span=float(right - left))


def _repeat(c: Any) -> Node:
    if c.length_mult != 1:
        cycles = c.cycles()
        begins = [0]
        for cycle in cycles[:-1]:
            begins.append(begins[-1] + cycle.steps)
        return Node(SEQUENCE, children=cycles, begins=begins)
    levels = (0.0, 0.0, 1.0, 1.0, 1.0)
    if c.has_levels:
        values = list(c.of._levels())
        levels = (min(values), max(values), c.floor_mult, c.peak_mult, c.amplitude_mult)
    keep_peak = float(c.keep == "peak")
    return Node(
        REPEAT,
        length=c.of.steps,
        times=c.n or 0,
        x=(keep_peak, 0.0, 0.0, 0.0),
        levels=levels,
        children=[c.of],
    )


def _window(c: Any) -> Node:
    length = FOR_EVER if c.stop is None else c.stop - c.start
    return Node(SHIFT, length=min(length, FOR_EVER - c.start), times=c.start, children=[c.of])


def _noise(c: Any) -> Node:
    stop = float(FOR_EVER if c.stop is None else c.stop)
    x = (c.amplitude, float(c.start), stop, 0.0)
    return Node(NOISE, times=c.seed % 2**63, x=x, children=[c.of])


LOWER: dict[str, Callable[[Any], Any]] = {
    "phase": _phase,
    "sequence": lambda c: Node(SEQUENCE, children=list(c.parts), begins=c.begins()),
    "repeat": _repeat,
    "product": lambda c: Node(PRODUCT, children=list(c.parts)),
    "sum": lambda c: Node(SUM, children=list(c.parts)),
    "clip": lambda c: Node(CLIP, x=(c.low, c.high, 0.0, 0.0), children=[c.of]),
    "round": lambda c: Node(ROUND, x=(c.multiple, 0.0, 0.0, 0.0), children=[c.of]),
    "noise": _noise,
    "strict": lambda c: Node(SHIFT, length=FOR_EVER, children=[c.of]),
    "window": _window,
}
