"""From spec to program: a curve becomes a flat list of nodes for the C core.

One function per kind of node gives the fields of ``cs_node`` (``csched/program.h``) and its
children; ``compiled`` lays the tree out breadth first, so that children lie side by side.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from csched import _check, _core, reference
from csched.curve import Curve
from csched.profiles import PROFILES, Points
from csched.sampling import Every, positions

PHASE, FROZEN, SEQUENCE, REPEAT, EVERY, SHIFT, PRODUCT, SUM, CLIP, ROUND, NOISE = range(11)
FOR_EVER = _check.MAX_STEP + 1


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
    if c.profile == "inverse_sqrt" and argument[0] is None:
        natural = c.end != 0.0 and c.start / c.end > 0.0
        argument[0] = math.nan if natural else reference.INVERSE_SQRT_SCALE
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
    if c.sampling is None:
        return node
    marks = positions("curve", c.sampling, c.steps)
    if marks is None:
        stride = c.sampling.interval
        sampled = dataclasses.replace(node, times=stride, length=-(-c.steps // stride))
        return Node(EVERY, length=c.steps, times=stride, children=[sampled, node])
    places = [0.0, *map(float, marks), min(float(c.steps), c.length - c.offset)]
    begins = [0, *map(math.ceil, marks), c.steps]
    return Node(SEQUENCE, children=[_frozen(node, p) for p in places], begins=begins)


def _frozen(node: Node, place: float) -> Node:
    """The phase read at one place, in steps from its beginning, for ever."""
    x = (node.x[0], node.x[1], node.x[2], place)
    return Node(FROZEN, node.profile, times=1, x=x, span=node.span, argument=node.argument)


def _table(c: Any) -> Node:
    """A profile given by points is a row of linear pieces, cut where the points lie."""
    points: Points = dict(c.arguments)["points"]
    span = _check.decimal(c.length)
    pieces: list[Node] = []
    begins: list[int] = []
    for (z0, p0), (z1, p1) in pairwise(points):
        left, right = _check.decimal(z0) * span, _check.decimal(z1) * span
        begin = max(0, math.ceil(left - _check.decimal(c.offset)))
        if right <= left:
            continue
        while begins and begins[-1] >= begin:  # no step lies in the piece before
            begins.pop()
            pieces.pop()
        start, end = (reference.between(c.start, c.end, p) for p in (p0, p1))
        offset = begin + _check.decimal(c.offset) - left
        length = max(1, math.ceil(right - left - offset))
        x = (start, end, float(offset), 0.0)
        row = PROFILES["linear"].index or 0
        pieces.append(Node(PHASE, row, length, times=1, x=x, span=float(right - left)))
        begins.append(begin)
    whole = Node(SEQUENCE, children=pieces, begins=begins)
    if isinstance(c.sampling, Every) and isinstance(c.sampling.interval, int):
        return Node(EVERY, length=c.steps, times=c.sampling.interval, children=[whole])
    if c.sampling is not None:
        return _sampled_table(c, whole)
    return whole


def _sampled_table(c: Any, whole: Node) -> Node:
    """Pieces read at marks: each mark finds its piece."""
    marks = positions("curve", c.sampling, c.steps) or []
    last = min(float(c.steps), c.length - c.offset)
    children = []
    for place in [0.0, *map(float, marks), last]:
        i = max(i for i, begin in enumerate(whole.begins) if i == 0 or begin <= place)
        children.append(_frozen(whole.children[i], place - whole.begins[i]))
    return Node(SEQUENCE, children=children, begins=[0, *map(math.ceil, marks), c.steps])


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
