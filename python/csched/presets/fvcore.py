"""The schedulers of ``fvcore.common.param_scheduler`` (fvcore 0.1.5), number for number.

fvcore's schedulers are functions of ``where``, the fraction of training that is done: here
``where = t / steps``, with ``steps`` an argument of every preset. fvcore defines them below 1;
from there on some raise, some go negative and some climb back. Here the last value, at where = 1,
is held. Boundaries fall on the steps meant: fvcore adds 1e-6 to ``where``, which in long runs
makes them early.
"""

from __future__ import annotations

import math
from collections.abc import Sequence as Items
from fractions import Fraction
from itertools import pairwise
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import Sequence, sequence
from csched.phases import Phase, curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "CompositeParamScheduler",
    "ConstantParamScheduler",
    "CosineParamScheduler",
    "ExponentialParamScheduler",
    "LinearParamScheduler",
    "MultiStepParamScheduler",
    "PolynomialDecayParamScheduler",
    "StepParamScheduler",
    "StepWithFixedGammaParamScheduler",
]


def _whole(name: str, steps: int) -> int:
    return _check.integer(f"fvcore.{name}", "steps", steps, 1)


def ConstantParamScheduler(value: float, *, steps: int) -> Schedule:
    """One value.

    >>> ConstantParamScheduler(0.1, steps=4)["lr"].values().tolist()
    [0.1, 0.1, 0.1, 0.1]
    """
    return Schedule(lr=pieces.constant(value, _whole("ConstantParamScheduler", steps)))


def CosineParamScheduler(start_value: float, end_value: float, *, steps: int) -> Schedule:
    """Half a cosine from ``start_value`` to ``end_value``.

    >>> CosineParamScheduler(1.0, 0.5, steps=2)["lr"].values(0, 4).tolist()
    [1.0, 0.75, 0.5, 0.5]
    """
    n = _whole("CosineParamScheduler", steps)
    return Schedule(lr=curve("cosine", start_value, end_value, n))


def ExponentialParamScheduler(start_value: float, decay: float, *, steps: int) -> Schedule:
    """``start_value * decay**where``: ``decay`` is the factor of the whole run.

    >>> c = ExponentialParamScheduler(1.0, 0.25, steps=2)["lr"]
    >>> c.values(0, 4).tolist()
    [1.0, 0.5, 0.25, 0.25]
    """
    n = _whole("ExponentialParamScheduler", steps)
    _check.real("fvcore.ExponentialParamScheduler", "decay", decay, 0.0, open_low=True)
    return Schedule(lr=curve("exponential", start_value, start_value * decay, n))


def LinearParamScheduler(start_value: float, end_value: float, *, steps: int) -> Schedule:
    """A line from ``start_value`` to ``end_value``.

    >>> LinearParamScheduler(0.0, 1.0, steps=2)["lr"].values(0, 4).tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    n = _whole("LinearParamScheduler", steps)
    return Schedule(lr=curve("linear", start_value, end_value, n))


def PolynomialDecayParamScheduler(base_value: float, power: float, *, steps: int) -> Schedule:
    """``base_value * (1 - where)**power``.

    >>> PolynomialDecayParamScheduler(1.0, 2.0, steps=2)["lr"].values(0, 4).tolist()
    [1.0, 0.25, 0.0, 0.0]
    """
    n = _whole("PolynomialDecayParamScheduler", steps)
    return Schedule(lr=pieces.polynomial(base_value, 0.0, n, power))


def MultiStepParamScheduler(
    values: Items[float],
    num_updates: int | None = None,
    milestones: Items[int] | None = None,
) -> Schedule:
    """values[k] from milestone k - 1 on; num_updates is the whole, else the last milestone is.

    Without milestones the values are ``ceil(num_updates / len(values))`` updates long each.

    >>> MultiStepParamScheduler([1.0, 0.5], milestones=[2, 3])["lr"].values(0, 4).tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    where = "fvcore.MultiStepParamScheduler"
    if milestones is None:
        n = _check.integer(where, "num_updates", num_updates, len(values))
        width = math.ceil(n / len(values))
        seams = [width * (i + 1) for i in range(len(values) - 1)]
    else:
        seams = [_check.integer(where, "milestone", m, 1) for m in milestones]
        if len(seams) != len(values) - (num_updates is not None):
            _check.fail(where, "milestones", "one a value, the last one num_updates", milestones)
        n = seams.pop() if num_updates is None else num_updates
    places = [0, *seams, n]
    if any(b <= a for a, b in pairwise(places)):
        _check.fail(where, "milestones", f"increasing and below {n}", milestones)
    return Schedule(lr=_values(values, places))


def _values(values: Items[float], places: Items[int]) -> Curve:
    return sequence(
        *(pieces.constant(v, b - a) for v, (a, b) in zip(values, pairwise(places), strict=True))
    )


def StepParamScheduler(num_updates: int, values: Items[float]) -> Schedule:
    """The values, each for an equal part of num_updates.

    >>> StepParamScheduler(4, [1.0, 0.5])["lr"].values(0, 4).tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    where = "fvcore.StepParamScheduler"
    n = _check.integer(where, "num_updates", num_updates, 1)
    if not len(values):
        _check.fail(where, "values", "at least one", values)
    places = [-(-i * n // len(values)) for i in range(len(values) + 1)]
    parts = [
        pieces.constant(v, b - a)
        for v, (a, b) in zip(values, pairwise(places), strict=True)
        if b > a
    ]
    return Schedule(lr=sequence(*parts))


def StepWithFixedGammaParamScheduler(
    base_value: float, num_decays: int, gamma: float, num_updates: int
) -> Schedule:
    """``num_decays`` drops by ``gamma``, at equal distances within num_updates.

    >>> StepWithFixedGammaParamScheduler(1.0, 1, 0.5, 4)["lr"].values(0, 4).tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    where = "fvcore.StepWithFixedGammaParamScheduler"
    _check.real(where, "gamma", gamma, 0.0, open_low=True)
    count = _check.integer(where, "num_decays", num_decays, 1, pieces.MOST_VALUES)
    return StepParamScheduler(num_updates, [base_value * gamma**i for i in range(count + 1)])


def CompositeParamScheduler(
    schedulers: Items[Schedule], lengths: Items[float], interval_scaling: Items[str]
) -> Schedule:
    """Schedules in a row over parts of the whole; all are made with the ``steps`` of the whole.

    "rescaled" runs a schedule within its part, "fixed" leaves it on the clock of the whole. A part
    may begin between steps: the first step not before that is its first.

    >>> up = LinearParamScheduler(0.0, 1.0, steps=4)
    >>> down = CosineParamScheduler(1.0, 0.0, steps=4)
    >>> c = CompositeParamScheduler([up, down], [0.5, 0.5], ["rescaled", "fixed"])["lr"]
    >>> [round(v, 4) for v in c.values(0, 5).tolist()]
    [0.0, 0.5, 0.5, 0.1464, 0.0]
    """
    where = "fvcore.CompositeParamScheduler"
    count = len(schedulers)
    if not count or len(lengths) != count or len(interval_scaling) != count:
        _check.fail(where, "lengths", "one a scheduler, as interval_scaling", lengths)
    if abs(sum(lengths) - 1.0) >= 1e-3:
        _check.fail(where, "lengths", "1 in sum", lengths)
    whole, done, begin = schedulers[0].steps, 0, Fraction(0)
    slack = min(Fraction(whole, 10**6), Fraction(1, 10))  # fvcore's, but not of whole steps
    parts: list[Curve] = []
    for i, (schedule, length, scaling) in enumerate(
        zip(schedulers, lengths, interval_scaling, strict=True)
    ):
        _check.choice(where, f"interval_scaling[{i}]", scaling, ["rescaled", "fixed"])
        share = _check.decimal(_check.real(where, f"lengths[{i}]", length, 0.0, 1.0))
        end = Fraction(whole) if i == len(lengths) - 1 else begin + share * whole
        stop = min(whole, math.floor(end - slack) + 1)
        if stop > done:
            origin, tick = Fraction(0), Fraction(1)
            if scaling == "rescaled":
                origin, tick = begin, (end - begin) / schedule.steps
            parts.append(_on_clock(schedule["lr"], origin, tick, done, stop))
        done, begin = max(done, stop), end
    return Schedule(lr=sequence(*parts))


def _on_clock(of: Curve, origin: Fraction, tick: Fraction, first: int, stop: int) -> Curve:
    """Steps first, ..., stop - 1 of a curve whose step k lies at ``origin + k * tick``."""
    parts = of.parts if isinstance(of, Sequence) else (of,)
    phases = [p for p in parts if isinstance(p, Phase) and p.sampling is None]
    if len(phases) < len(parts):  # no preset of fvcore: in whole steps
        return of[first:stop] if origin == 0 and tick == 1 else of.stretch(stop - first)
    made, begin, a = [], origin, first
    for i, p in enumerate(phases, 1):
        end = begin + p.steps * tick
        b = stop if i == len(phases) else min(stop, math.ceil(end))
        if b > a:
            span = float(Fraction(p.length) * tick)
            offset = float(a - begin + Fraction(p.offset) * tick)
            if end == b and p.ends_exactly:
                offset = span - (b - a)  # so that the end is met exactly
            law: dict[str, Any] = dict(p.arguments)
            if p.profile != "constant":  # a begin rounded to just behind a step is that step
                law |= {"offset": max(0.0, offset), "span": span}
            made.append(curve(p.profile, p.start, p.end, b - a, **law))
        a, begin = max(a, b), end
    return sequence(*made)


arguments.check(__name__)
