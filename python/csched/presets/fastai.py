"""The schedules of fastai (2.8), as functions of the step.

fastai's are functions of ``pos``, the fraction of training that is done: here ``pos = t / steps``,
with ``steps`` an argument. Its last update is at ``1 - 1 / steps``: the end value is never used.
"""

from __future__ import annotations

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import pieces
from csched.schedule import Schedule

__all__ = [
    "SchedCos",
    "SchedExp",
    "SchedLin",
    "SchedNo",
    "SchedPoly",
    "combined_cos",
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
