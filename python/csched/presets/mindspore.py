"""The lists of ``mindspore.nn.dynamic_lr`` (MindSpore 2.10), number for number.

Each is read once an epoch of ``step_per_epoch`` steps, with ``is_stair`` once in ``decay_epoch``
epochs, and held between. After ``total_step`` steps the last value is held.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "cosine_decay_lr",
    "exponential_decay_lr",
    "inverse_decay_lr",
    "natural_exp_decay_lr",
    "piecewise_constant_lr",
    "polynomial_decay_lr",
    "warmup_lr",
]


def piecewise_constant_lr(milestone: Sequence[int], learning_rates: Sequence[float]) -> Schedule:
    """``learning_rates[i]`` before ``milestone[i]``, the last of which is the whole length.

    >>> piecewise_constant_lr([2, 3], [1.0, 0.5])["lr"].values().tolist()
    [1.0, 1.0, 0.5]
    """
    where = "mindspore.piecewise_constant_lr"
    ends = [_check.integer(where, "milestone", m, 1) for m in milestone]
    if len(ends) != len(learning_rates) or not ends or sorted(ends) != ends:
        _check.fail(where, "milestone", "in order, one a learning rate", milestone)
    spans = zip(learning_rates, pairwise([0, *ends]), strict=True)
    return Schedule(lr=sequence(*(pieces.constant(v, b - a) for v, (a, b) in spans if b > a)))


def _epochs(where: str, of: Curve, total: int, unit: int) -> Schedule:
    """A curve of epochs in steps, cut after the last of them; the last value is held."""
    n = _check.integer(where, "total_step", total, 1)
    each = _check.integer(where, "step_per_epoch", unit, 1)
    return Schedule(lr=pieces.until_last(pieces.held(of, each) if each > 1 else of, n - 1))


def exponential_decay_lr(
    learning_rate: float,
    decay_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    is_stair: bool = False,
) -> Schedule:
    """``learning_rate * decay_rate**(epoch / decay_epoch)``.

    >>> c = exponential_decay_lr(1.0, 0.5, 5, 2, 1)["lr"]
    >>> c.values().tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    where = "mindspore.exponential_decay_lr"
    period = _check.integer(where, "decay_epoch", decay_epoch, 1)
    if is_stair:
        names = "decay_rate", "decay_epoch"
        law = pieces.staircase(where, learning_rate, decay_rate, period, names)
    else:
        law = pieces.geometric(where, learning_rate, decay_rate, float(period), "decay_rate")
    return _epochs(where, law, total_step, step_per_epoch)


def natural_exp_decay_lr(
    learning_rate: float,
    decay_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    is_stair: bool = False,
) -> Schedule:
    """``learning_rate * exp(-decay_rate * epoch)``; decay_epoch is for ``is_stair`` only.

    >>> c = natural_exp_decay_lr(1.0, 1.0, 3, 1, 2, True)["lr"]
    >>> [round(v, 6) for v in c.values().tolist()]
    [1.0, 1.0, 0.135335]
    """
    where = "mindspore.natural_exp_decay_lr"
    period = _check.integer(where, "decay_epoch", decay_epoch, 1)
    rate = _check.real(where, "decay_rate", decay_rate, 0.0)
    if is_stair:
        law = pieces.staircase(where, learning_rate, math.exp(-rate * period), period)
    else:
        law = pieces.natural(learning_rate, rate)
    return _epochs(where, law, total_step, step_per_epoch)


def inverse_decay_lr(
    learning_rate: float,
    decay_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    is_stair: bool = False,
) -> Schedule:
    """``learning_rate / (1 + decay_rate * epoch / decay_epoch)``.

    >>> inverse_decay_lr(1.0, 1.0, 4, 1, 1)["lr"](3)
    0.25
    """
    where = "mindspore.inverse_decay_lr"
    period = _check.integer(where, "decay_epoch", decay_epoch, 1)
    rate = _check.real(where, "decay_rate", decay_rate, 0.0)
    each = _check.integer(where, "step_per_epoch", step_per_epoch, 1)
    each *= period if is_stair else 1
    n = -(-_check.integer(where, "total_step", total_step, 1) // each)
    growth = n * rate / (1 if is_stair else period)
    law = pieces.constant(learning_rate)
    if growth:
        last = learning_rate / (1.0 + growth)
        law = curve("inverse_power", learning_rate, last, n, power=1.0, scale=growth)
    return _epochs(where, law, total_step, each)


def cosine_decay_lr(
    min_lr: float, max_lr: float, total_step: int, step_per_epoch: int, decay_epoch: int
) -> Schedule:
    """Half a cosine from ``max_lr`` to ``min_lr`` in ``decay_epoch`` epochs, then held.

    >>> cosine_decay_lr(0.0, 1.0, 6, 2, 2)["lr"].values().tolist()
    [1.0, 1.0, 0.5, 0.5, 0.0, 0.0]
    """
    where = "mindspore.cosine_decay_lr"
    n = _check.integer(where, "decay_epoch", decay_epoch, 1)
    return _epochs(where, curve("cosine", max_lr, min_lr, n), total_step, step_per_epoch)


def polynomial_decay_lr(
    learning_rate: float,
    end_learning_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    power: float,
    update_decay_epoch: bool = False,
) -> Schedule:
    """``(1 - epoch / decay_epoch)**power`` down to ``end_learning_rate``, then held.

    With ``update_decay_epoch`` the horizon is stretched to its next multiple when it is passed.

    >>> polynomial_decay_lr(1.0, 0.0, 6, 1, 2, 1.0, True)["lr"].values().tolist()
    [1.0, 0.5, 0.0, 0.25, 0.0, 0.16666666666666666]
    """
    where = "mindspore.polynomial_decay_lr"
    n = _check.integer(where, "decay_epoch", decay_epoch, 1)
    first, last = learning_rate, end_learning_rate
    if not update_decay_epoch:
        law = curve("polynomial", first, last, n, power=power)
        return _epochs(where, law, total_step, step_per_epoch)
    each = _check.integer(where, "step_per_epoch", step_per_epoch, 1)
    whole = _check.integer(where, "total_step", total_step, 1)
    times = _check.integer(where, "total_step / decay_epoch", -(-whole // (n * each)), 1, 4096)
    law = pieces.stretched_cycles(first, last, n, power, times)
    return _epochs(where, law, whole, each)


def warmup_lr(
    learning_rate: float, total_step: int, step_per_epoch: int, warmup_epoch: int
) -> Schedule:
    """A line from 0 to ``learning_rate`` in ``warmup_epoch`` epochs, which stays.

    >>> warmup_lr(1.0, 6, 2, 2)["lr"].values().tolist()
    [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    """
    where = "mindspore.warmup_lr"
    n = _check.integer(where, "warmup_epoch", warmup_epoch, 1)
    return _epochs(where, curve("linear", 0.0, learning_rate, n), total_step, step_per_epoch)


arguments.check(__name__)
