"""The schedules of ``deepspeed.runtime.lr_schedules`` (0.19), number for number.

Step t is the t-th update. DeepSpeed writes a rate after the update, so that its warm-ups spend two
updates at the lowest rate: that is reproduced.
"""

from __future__ import annotations

import math

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import pieces
from csched.schedule import Schedule

__all__ = ["LRRangeTest", "OneCycle", "WarmupDecayLR", "WarmupLR"]


def LRRangeTest(
    lr_range_test_min_lr: float = 1e-3,
    lr_range_test_step_size: int = 2000,
    lr_range_test_step_rate: float = 1.0,
    lr_range_test_staircase: bool = False,
    *,
    steps: int = 2000,
) -> Schedule:
    """``min_lr * (1 + step_rate * t / step_size)``, with staircase at whole step sizes only.

    The peer grows without an end; here it is held after ``steps``.

    >>> LRRangeTest(0.5, 2, 1.0, True, steps=6)["lr"].values(0, 6).tolist()
    [0.5, 0.5, 1.0, 1.0, 1.5, 1.5]
    """
    where = "deepspeed.LRRangeTest"
    n = _check.integer(where, "lr_range_test_step_size", lr_range_test_step_size, 1)
    whole = _check.integer(where, "steps", steps, 1)
    low = lr_range_test_min_lr
    if lr_range_test_staircase:
        levels = [low * (1.0 + lr_range_test_step_rate * i) for i in range(-(-whole // n))]
        return Schedule(lr=sequence(*(pieces.constant(v, n) for v in levels)))
    last = low * (1.0 + lr_range_test_step_rate * whole / n)
    return Schedule(lr=curve("linear", low, last, whole))


def OneCycle(
    cycle_min_lr: float,
    cycle_max_lr: float,
    decay_lr_rate: float = 0.0,
    cycle_first_step_size: int = 2000,
    cycle_second_step_size: int | None = None,
    decay_step_size: int = 0,
    cycle_momentum: bool = True,
    cycle_min_mom: float = 0.8,
    cycle_max_mom: float = 0.9,
) -> Schedule:
    """A line up, a line down, then ``cycle_min_lr / (1 + decay_lr_rate * n / decay_step_size)``.

    n counts the steps after the cycle. The momentum (beta1) moves against the rate and stays at
    its upper bound after it. DeepSpeed starts with the lower bound by mistake and overwrites beta2
    with 0.99; here neither is done. Its stair counts have no counterpart.

    >>> s = OneCycle(0.1, 1.0, 0.5, 3, decay_step_size=2)
    >>> [round(v, 4) for v in s["lr"].values(0, 9).tolist()]
    [0.1, 0.4, 0.7, 1.0, 0.7, 0.4, 0.1, 0.08, 0.0667]
    """
    where = "deepspeed.OneCycle"
    up = _check.integer(where, "cycle_first_step_size", cycle_first_step_size, 1)
    second = up if cycle_second_step_size is None else cycle_second_step_size
    down = _check.integer(where, "cycle_second_step_size", second, 1)
    size = _check.integer(where, "decay_step_size", decay_step_size, 0)
    rate = _check.real(where, "decay_lr_rate", decay_lr_rate, 0.0)
    after = pieces.constant(cycle_min_lr)
    if size and rate:
        after = pieces.inverse_time(cycle_min_lr, size / rate)

    def cycle(a: float, b: float, then: Curve) -> Curve:
        return sequence(curve("linear", a, b, up), curve("linear", b, a, down), then)

    curves = {"lr": cycle(cycle_min_lr, cycle_max_lr, after)}
    if cycle_momentum:
        high = pieces.constant(cycle_max_mom)
        curves["momentum"] = cycle(cycle_max_mom, cycle_min_mom, high)
    return Schedule(curves)


def WarmupLR(
    warmup_min_lr: float = 0.0,
    warmup_max_lr: float = 0.001,
    warmup_num_steps: int = 1000,
    warmup_type: str = "log",
) -> Schedule:
    """From warmup_min_lr to warmup_max_lr, "linear" or along log(n + 1) / log(warmup_num_steps).

    One update more than said is spent at the lowest rate. The logarithm has no profile: its values
    are written down.

    >>> WarmupLR(0.0, 1.0, 2, "linear")["lr"].values(0, 5).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    up = _warmup("deepspeed.WarmupLR", warmup_min_lr, warmup_max_lr, warmup_num_steps, warmup_type)
    return Schedule(lr=sequence(*up, pieces.constant(warmup_max_lr)))


def _warmup(where: str, low: float, high: float, steps: int, kind: str) -> list[Curve]:
    _check.choice(where, "warmup_type", kind, ["log", "linear"])
    n = max(2, _check.integer(where, "warmup_num_steps", steps, 0))
    first = pieces.constant(low)
    if kind == "linear":
        return [first, curve("linear", low, high, n)]
    scale = (high - low) / math.log(n)
    return [first, pieces.sampled(lambda t: low + scale * math.log(t + 1), n)]


def WarmupDecayLR(
    total_num_steps: int,
    warmup_min_lr: float = 0.0,
    warmup_max_lr: float = 0.001,
    warmup_num_steps: int = 1000,
    warmup_type: str = "log",
) -> Schedule:
    """:func:`WarmupLR`, then a line to 0 at step total_num_steps + 1.

    >>> WarmupDecayLR(4, 0.0, 1.0, 2, "linear")["lr"].values(0, 7).tolist()
    [0.0, 0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    where = "deepspeed.WarmupDecayLR"
    up = _warmup(where, warmup_min_lr, warmup_max_lr, warmup_num_steps, warmup_type)
    n = max(2, warmup_num_steps)
    whole = _check.integer(where, "total_num_steps", total_num_steps, n + 1)
    return Schedule(lr=sequence(*up, curve("linear", warmup_max_lr, 0.0, whole - n)))
