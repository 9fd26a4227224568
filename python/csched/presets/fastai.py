"""The schedules of fastai (2.8), as functions of the step.

fastai's are functions of ``pos``, the fraction of training that is done: here ``pos = t / steps``,
with ``steps`` an argument. Its last update is at ``1 - 1 / steps``: the end value is never used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import Phase, curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "LRFinder",
    "SchedCos",
    "SchedExp",
    "SchedLin",
    "SchedNo",
    "SchedPoly",
    "combine_scheds",
    "combined_cos",
    "fine_tune",
    "fit_flat_cos",
    "fit_one_cycle",
    "fit_sgdr",
]


def SchedLin(start: float, end: float, *, steps: int) -> Schedule:
    """A line.

    >>> SchedLin(0.0, 1.0, steps=2)["lr"].values(0, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    return Schedule(lr=curve("linear", start, end, steps))


def SchedCos(start: float, end: float, *, steps: int) -> Schedule:
    """Half a cosine.

    >>> SchedCos(0.0, 1.0, steps=2)["lr"].values(0, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    return Schedule(lr=curve("cosine", start, end, steps))


def SchedNo(start: float, end: float, *, steps: int) -> Schedule:
    """``start``.

    >>> SchedNo(1.0, 0.0, steps=2)["lr"].values(0, 3).tolist()
    [1.0, 1.0, 1.0]
    """
    return Schedule(lr=pieces.constant(start, steps))


def SchedExp(start: float, end: float, *, steps: int) -> Schedule:
    """``start * (end / start)**pos``.

    >>> [round(v, 9) for v in SchedExp(1e-2, 1.0, steps=2)["lr"].values(0, 3).tolist()]
    [0.01, 0.1, 1.0]
    """
    return Schedule(lr=curve("exponential", start, end, steps))


def SchedPoly(start: float, end: float, power: float, *, steps: int) -> Schedule:
    """``start + (end - start) * pos**power``.

    >>> SchedPoly(0.0, 1.0, 2, steps=2)["lr"].values(0, 3).tolist()
    [0.0, 0.25, 1.0]
    """
    return Schedule(lr=curve("parabolic", start, end, steps, power=power))


def combine_scheds(pcts: Iterable[float], scheds: Iterable[Schedule], *, steps: int) -> Schedule:
    """Schedules one after another, each over its part of the steps; a seam may lie between two.

    ``scheds`` are made by the functions above: what lengths they were given does not matter.

    >>> legs = [SchedLin(0.0, 1.0, steps=1), SchedCos(1.0, 0.0, steps=1)]
    >>> combine_scheds([0.5, 0.5], legs, steps=4)["lr"].values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    where = "fastai.combine_scheds"
    n = _check.integer(where, "steps", steps, 1)
    widths = [_check.decimal(_check.real(where, "pct", p, 0.0, 1.0)) * n for p in pcts]
    given = list(scheds)
    if len(given) != len(widths) or sum(widths) != n:
        _check.fail(where, "pcts", f"{len(given)} parts that add up to 1", [w / n for w in widths])
    knots = [Fraction(0), *accumulate(widths)]
    parts: list[Curve] = []
    for schedule, (begin, end) in zip(given, pairwise(knots), strict=True):
        leg = schedule["lr"] if isinstance(schedule, Schedule) else None
        if not isinstance(leg, Phase):
            _check.fail_type(where, "scheds", "Schedules of one phase", schedule)
        first, last = ceil(begin), ceil(end)
        if last > first:
            clock = {"offset": float(first - begin), "span": float(end - begin)}
            parts.append(replace(leg, steps=last - first, **clock))  # type: ignore[arg-type]
        elif end == n:  # between the last two steps: only its end is seen
            parts.append(pieces.constant(leg.end))
    return Schedule(lr=sequence(*parts))


def _two_cosines(pct: float, levels: tuple[float, float, float], steps: int) -> Curve:
    n = _check.integer("fastai.combined_cos", "steps", steps, 1)
    part = _check.decimal(_check.real("fastai.combined_cos", "pct", pct, 0.0, 1.0))
    return pieces.through("cosine", [0, part * n, n], levels)


def combined_cos(pct: float, start: float, middle: float, end: float, *, steps: int) -> Schedule:
    """Half a cosine to ``middle`` at ``pct`` of the steps, which may lie between two, then another.

    >>> c = combined_cos(0.25, 0.04, 1.0, 1e-5, steps=10)["lr"]
    >>> [round(v, 4) for v in c.values(0, 4).tolist()]
    [0.04, 0.3717, 0.9083, 0.9891]
    """
    return Schedule(lr=_two_cosines(pct, (start, middle, end), steps))


def fit_one_cycle(
    lr_max: float,
    div: float = 25.0,
    div_final: float = 1e5,
    pct_start: float = 0.25,
    moms: tuple[float, float, float] = (0.95, 0.85, 0.95),
    *,
    steps: int,
) -> Schedule:
    """1cycle: lr_max / div, lr_max, lr_max / div_final; the momentum through ``moms``.

    >>> s = fit_one_cycle(1.0, steps=8)
    >>> [round(s["lr"](t), 4) for t in (0, 2)], round(s["momentum"](2), 4)
    ([0.04, 1.0], 0.85)
    """
    lr = _two_cosines(pct_start, (lr_max / div, lr_max, lr_max / div_final), steps)
    return Schedule(lr=lr, momentum=_two_cosines(pct_start, moms, steps))


def fit_flat_cos(
    lr: float, div_final: float = 1e5, pct_start: float = 0.75, *, steps: int
) -> Schedule:
    """``lr`` for pct_start of the steps, then half a cosine to lr / div_final.

    >>> c = fit_flat_cos(1.0, steps=4)["lr"]
    >>> [round(v, 5) for v in c.values().tolist()]
    [1.0, 1.0, 1.0, 1.0]
    """
    return Schedule(lr=_two_cosines(pct_start, (lr, lr, lr / div_final), steps))


def fit_sgdr(
    n_cycles: int, cycle_len: int, lr_max: float, cycle_mult: int = 2, *, steps_per_epoch: int = 1
) -> Schedule:
    """Half cosines to 0, each ``cycle_mult`` times as long as the one before; lengths in epochs.

    fastai divides by zero where ``cycle_mult`` is 1; here the cycles are equal.

    >>> fit_sgdr(2, 2, 1.0)["lr"].steps
    6
    """
    where = "fastai.fit_sgdr"
    count = _check.integer(where, "n_cycles", n_cycles, 1)
    mult = _check.integer(where, "cycle_mult", cycle_mult, 1)
    n = _check.integer(where, "cycle_len", cycle_len, 1)
    n *= _check.integer(where, "steps_per_epoch", steps_per_epoch, 1)
    return Schedule(lr=sequence(*(curve("cosine", lr_max, 0.0, n * mult**i) for i in range(count))))


def fine_tune(
    epochs: int,
    base_lr: float = 2e-3,
    freeze_epochs: int = 1,
    lr_mult: float = 100.0,
    pct_start: float = 0.3,
    div: float = 5.0,
    *,
    steps_per_epoch: int = 1,
    head: bool = True,
) -> Schedule:
    """1cycle with the body frozen, its peak near the end, then 1cycle with half the rate for all.

    The rate of the last group, the head; with ``head=False`` that of the first, which in the second
    part is ``lr_mult`` times lower (and in the first part ten times, where fastai freezes it).

    >>> s = fine_tune(2, 1.0, steps_per_epoch=10)
    >>> s.steps, round(s["lr"](10), 4), round(s["lr"](16), 4)
    (30, 0.1, 0.5)
    """
    where = "fastai.fine_tune"
    unit = _check.integer(where, "steps_per_epoch", steps_per_epoch, 1)
    frozen = _check.integer(where, "freeze_epochs", freeze_epochs, 0) * unit
    n = _check.integer(where, "epochs", epochs, 1) * unit
    lr, mult = _check.real(where, "base_lr", base_lr), _check.real(where, "lr_mult", lr_mult)
    first, second = (lr, lr / 2) if head else (lr / 10, lr / 2 / mult)
    main = fit_one_cycle(second, div, pct_start=pct_start, steps=n)
    if not frozen:
        return main
    before = fit_one_cycle(first, pct_start=0.99, steps=frozen)
    return Schedule({k: sequence(before[k][:frozen], main[k]) for k in main})


def LRFinder(start_lr: float = 1e-7, end_lr: float = 10.0, num_it: int = 100) -> Schedule:
    """``start_lr * (end_lr / start_lr)**(t / num_it)``; at least six steps, as in fastai.

    >>> [round(v, 4) for v in LRFinder(0.01, 1.0, 8)["lr"].values(0, 9).tolist()]
    [0.01, 0.0178, 0.0316, 0.0562, 0.1, 0.1778, 0.3162, 0.5623, 1.0]
    """
    n = max(6, _check.integer("fastai.LRFinder", "num_it", num_it, 1))
    return Schedule(lr=curve("exponential", start_lr, end_lr, n))


arguments.check(__name__)
