"""MMEngine's schedulers as laws that work on a window of steps, and several of them together."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from numbers import Integral
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import product, sequence
from csched.phases import curve
from csched.presets import pieces, torch

INF = 10**9
"""MMEngine's "no end"."""

LENGTHS = ("step_size", "milestones", "T_max", "total_steps", "periods")
"""Arguments that are steps, besides begin and end."""


@dataclass(frozen=True)
class Law:
    """A scheduler on steps begin, ..., end - 1: a curve by the value that it finds there."""

    begin: int
    end: int
    curve: Callable[[float], Curve]
    factor: bool


def law(
    where: str,
    kind: str,
    base: float,
    window: tuple[int, int],
    unit: int,
    held: bool,
    arguments: Mapping[str, Any],
) -> Law:
    """A scheduler whose lengths are counted in ``unit`` steps, during which it is held or not."""
    begin = _check.integer(where, "begin", window[0], 0)
    end = _check.integer(where, "end", window[1], begin + 1)
    inner = 1 if held else unit
    given = {k: _times(v, inner) if k in LENGTHS else v for k, v in arguments.items()}
    n = INF if end == INF else (end - begin) * inner
    made, factor = KINDS[kind](where, base, n, **given)
    last = INF if end == INF else end * unit
    if unit == 1 or not held:
        return Law(begin * unit, last, made, factor)
    return Law(begin * unit, last, lambda found: pieces.held(made(found), unit), factor)


def _times(value: Any, unit: int) -> Any:
    if value is None or isinstance(value, Integral):
        return value and value * unit
    return [v * unit for v in value]


def together(where: str, laws: Sequence[Law], base: float) -> Curve:
    """Windows in a row, each from where the one before left off; overlapping ones multiply."""
    parts: list[Curve] = []
    at, value = 0, base
    groups = _groups(laws)
    for i, (begin, end, group) in enumerate(groups):
        if begin > at:
            parts.append(pieces.constant(value, begin - at))
        body = _body(where, begin, group, value)
        if end >= INF:
            parts.append(body)
            break
        at, value = end, body(end - begin - 1)
        final = i == len(groups) - 1
        parts.append(pieces.until_last(body, end - begin - 1) if final else body[: end - begin])
    return sequence(*parts)


def _groups(laws: Sequence[Law]) -> list[tuple[int, int, list[Law]]]:
    """Laws whose windows overlap, directly or by way of others, with the window of them all."""
    groups: list[tuple[int, int, list[Law]]] = []
    for one in sorted(laws, key=lambda law: law.begin):
        if groups and one.begin < groups[-1][1]:
            begin, end, members = groups.pop()
            groups.append((begin, max(end, one.end), [*members, one]))
        else:
            groups.append((one.begin, one.end, [one]))
    return groups


def _body(where: str, begin: int, group: list[Law], value: float) -> Curve:
    if len(group) == 1:
        return group[0].curve(value)
    if not all(one.factor for one in group):
        hint = "those that overlap must multiply what they find: no eta_min, no restarts"
        windows = [(one.begin, one.end) for one in group]
        _check.fail(where, "windows", "one after another", windows, hint)
    factors = []
    for one in group:
        inside = one.curve(1.0)
        if one.end < INF:
            inside = pieces.until_last(inside, one.end - one.begin - 1)
        before = one.begin - begin
        factors.append(sequence(pieces.constant(1.0, before), inside) if before else inside)
    return value * product(*factors)


# --- the kinds: (where, base, steps of the window, arguments) -> the curve by what it finds ---

Made = tuple[Callable[[float], Curve], bool]


def _step(where: str, base: float, n: int, step_size: int, gamma: float = 0.1) -> Made:
    size = _check.integer(where, "step_size", step_size, 1)
    return lambda found: pieces.staircase(where, found, gamma, size), True


def _multi_step(
    where: str, base: float, n: int, milestones: Sequence[int], gamma: float = 0.1
) -> Made:
    seams = [_check.integer(where, "milestone", m, 0) for m in milestones]
    factor = _check.real(where, "gamma", gamma, 0.0)
    return lambda found: pieces.multi_step(found, seams, [factor] * len(seams)), True


def _constant(where: str, base: float, n: int, factor: float = 1.0 / 3) -> Made:
    share = _check.real(where, "factor", factor, 0.0, 1.0)

    def made(found: float) -> Curve:
        low = pieces.constant(found * share, max(1, n - 1))
        return sequence(low, pieces.constant(found)) if 1 < n < INF else low

    return made, True


def _exponential(where: str, base: float, n: int, gamma: float) -> Made:
    return lambda found: pieces.geometric(where, found, gamma), True


def _cosine(
    where: str,
    base: float,
    n: int,
    T_max: int | None = None,
    eta_min: float | None = None,
    eta_min_ratio: float | None = None,
) -> Made:
    half = n if not T_max else _check.integer(where, "T_max", T_max, 1)
    low = _floor(where, base, eta_min, eta_min_ratio, 0.0)

    def made(found: float) -> Curve:
        fall = curve("cosine", found, low, half)
        if n <= half + 1:
            return fall
        # past T_max MMEngine climbs to the base value, whatever it began with
        wave = pieces.rebound(base, low, half)
        return wave if found == base else sequence(fall, wave[half:])

    return made, low == 0.0 and n <= half + 1


def _floor(
    where: str, base: float, value: float | None, ratio: float | None, default: float | None
) -> float:
    if value is None and ratio is None and default is not None:
        return default
    if (value is None) == (ratio is None):
        _check.fail(where, "eta_min", "given, or eta_min_ratio, not both", (value, ratio))
    if value is not None:
        return _check.real(where, "eta_min", value)
    return base * _check.real(where, "eta_min_ratio", ratio)


def _linear(
    where: str, base: float, n: int, start_factor: float = 1.0 / 3, end_factor: float = 1.0
) -> Made:
    first = _check.real(where, "start_factor", start_factor, 0.0, 1.0)
    last = _check.real(where, "end_factor", end_factor, 0.0, 1.0)

    def made(found: float) -> Curve:
        if n == 1:
            return pieces.constant(found * first)
        return curve("linear", found * first, found * last, n - 1)

    return made, True


def _poly(where: str, base: float, n: int, eta_min: float = 0.0, power: float = 1.0) -> Made:
    low = _check.real(where, "eta_min", eta_min)
    p = _check.real(where, "power", power, 0.0, open_low=True)

    def made(found: float) -> Curve:
        if n == 1:
            return pieces.constant(found)
        return curve("polynomial", found, low, n - 1, power=p)

    return made, low == 0.0


def _one_cycle(
    where: str,
    base: float,
    n: int,
    eta_max: float = 0.0,
    total_steps: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 10000.0,
    three_phase: bool = False,
) -> Made:
    whole = n if total_steps is None else _check.integer(where, "total_steps", total_steps, 1)
    _check.real(where, "pct_start", pct_start, 0.0, 1.0)
    _check.choice(where, "anneal_strategy", anneal_strategy, ["cos", "linear"])
    first = eta_max / _check.real(where, "div_factor", div_factor, 0.0, open_low=True)
    last = first / _check.real(where, "final_div_factor", final_div_factor, 0.0, open_low=True)
    levels = [first, eta_max, first, last] if three_phase else [first, eta_max, last]
    knots = torch.one_cycle_knots(where, whole, pct_start, three_phase)
    profile = "cosine" if anneal_strategy == "cos" else "linear"
    return lambda found: torch.one_cycle_curve(profile, knots, levels, whole), False


def _cosine_restart(
    where: str,
    base: float,
    n: int,
    periods: Sequence[int],
    restart_weights: Sequence[float] = (1,),
    eta_min: float | None = None,
    eta_min_ratio: float | None = None,
) -> Made:
    lengths = [_check.integer(where, "period", p, 1) for p in periods]
    if len(lengths) != len(restart_weights):
        _check.fail(where, "restart_weights", f"one a period, {len(lengths)}", restart_weights)
    low = _floor(where, base, eta_min, eta_min_ratio, None)
    tops = [base * _check.real(where, "restart_weight", w) for w in restart_weights]
    cycles = [curve("cosine", top, low, p) for top, p in zip(tops, lengths, strict=True)]
    last = list(accumulate(lengths))[-1] - 1
    return lambda found: pieces.until_last(sequence(*cycles), last), False


KINDS: dict[str, Callable[..., Made]] = {
    "Step": _step,
    "MultiStep": _multi_step,
    "Constant": _constant,
    "Exponential": _exponential,
    "CosineAnnealing": _cosine,
    "Linear": _linear,
    "Poly": _poly,
    "OneCycle": _one_cycle,
    "CosineRestart": _cosine_restart,
}
"""What the names of MMEngine's schedulers begin with."""


def arguments(kind: str) -> list[str]:
    """The names of a kind's arguments, begin and end included."""
    own = list(inspect.signature(KINDS[kind]).parameters)[3:]
    return [*own, "begin", "end"]
