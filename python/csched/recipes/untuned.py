"""Warm-ups for Adam that follow from its beta2: nothing to tune."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from itertools import groupby

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import MOST_PARTS
from csched.schedule import Schedule

__all__ = ["untuned_warmup"]

LAWS = ("linear", "exponential", "radam")


def untuned_warmup(schedule: Schedule, *, beta2: float = 0.999, law: str = "linear") -> Schedule:
    """The schedule with its learning rate times a warm-up for Adam, set by beta2 alone.

    With n = t + 1 the number of the update the factor is::

        linear       min(1, n (1 - beta2) / 2)
        exponential  1 - exp(-n (1 - beta2))
        radam        sqrt((r - 4)(r - 2) R / ((R - 4)(R - 2) r)), with R = 2 / (1 - beta2) - 1,
                     r = R - 2 k beta2^k / (1 - beta2^k), k = t + the first k with r > 4

    Parameters
    ----------
    schedule : Schedule
        With a curve "lr". Its length stays what it is: the warm-up lies over its beginning.
    beta2 : float, default 0.999
        Adam's, in (0.6, 1) for "radam" (and such that it is over in 65536 steps or the schedule
        is), else in [0, 1).
    law : "linear", "exponential" or "radam", default "linear"
        "linear" is what the paper recommends; "radam" is RAdam's rectifier, for plain Adam, and
        kept as one value a step.

    References
    ----------
    Ma, Yarats, "On the Adequacy of Untuned Warmup for Adaptive Optimization", 2019,
    https://arxiv.org/abs/1910.04209, section 5; Liu et al., "On the Variance of the Adaptive
    Learning Rate and Beyond" (RAdam), 2019, https://arxiv.org/abs/1908.03265, algorithm 2.
    The package pytorch-warmup truncates ``2 / (1 - beta2)`` in floats: 1999 for 0.999, not 2000.

    Examples
    --------
    >>> import csched
    >>> s = csched.untuned_warmup(csched.constant(1.0, 10_000), beta2=0.999)
    >>> [s["lr"](t) for t in (0, 999, 1999, 5000)]
    [0.0005, 0.5, 1.0, 1.0]

    """
    where = "untuned_warmup"
    if not isinstance(schedule, Schedule) or "lr" not in schedule:
        _check.fail_type(where, "schedule", 'a Schedule with a curve "lr"', schedule)
    _check.choice(where, "law", law, LAWS)
    _check.real(where, "beta2", beta2, 0.6 if law == "radam" else 0.0, 1.0, open_high=True)
    whole = max(1, schedule["lr"].steps)
    factor = _rectifier(where, beta2, whole) if law == "radam" else _simple(law, beta2)
    return schedule.replace(lr=schedule["lr"] * factor[: min(whole, factor.steps)])


def _simple(law: str, beta2: float) -> Curve:
    rest = 1 - _check.decimal(beta2)
    if law == "linear":
        span = 2 / rest
        return curve("linear", 0.0, 1.0, math.ceil(span), offset=1.0, span=float(span))
    n = math.ceil(40 / rest)  # 1 - exp(-40) is 1
    return curve("exponential_offset", 0.0, 1.0, n, rate=float((n + 1) * rest), offset=1.0,
                 span=n + 1.0)  # fmt: skip


def _rectifier(where: str, beta2: float, whole: int) -> Curve:
    """A value a step until it is 1: no profile has this shape."""
    values = [1.0]
    with localcontext() as context:
        context.prec = 40
        beta = Decimal(str(beta2))
        top = 2 / (1 - beta) - 1
        scale = top / ((top - 4) * (top - 2))
        power, k = Decimal(1), 0
        while values[-1] < 1.0 or len(values) == 1:
            k, power = k + 1, power * beta
            r = top - 2 * k * power / (1 - power)
            if r > 4:
                values.append(float((scale * (r - 4) * (r - 2) / r).sqrt()))
            if len(values) > min(whole, MOST_PARTS):
                break
    if len(values) > MOST_PARTS and values[-1] < 1.0 and whole > MOST_PARTS:
        _check.fail(where, "beta2", f"such that the warm-up is over in {MOST_PARTS} steps", beta2)
    runs = [(v, len(list(group))) for v, group in groupby(values[1:])]
    return sequence(*(curve("constant", v, steps=n) for v, n in runs))
