"""The schedules of ``deepspeed.runtime.lr_schedules`` (0.19), number for number.

Step t is the t-th update. DeepSpeed writes a rate after the update, so that its warm-ups spend two
updates at the lowest rate: that is reproduced.
"""

from __future__ import annotations

from itertools import pairwise

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

GROWING = 2**40
"""Steps for which a momentum that grows for ever is written down."""

__all__ = ["LRRangeTest", "OneCycle", "WarmupCosineLR", "WarmupDecayLR", "WarmupLR"]


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
    most = n * pieces.MOST_VALUES if lr_range_test_staircase else _check.MAX_STEP
    whole = _check.integer(where, "steps", steps, 1, most)
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
    cycle_first_stair_count: int = 0,
    cycle_second_stair_count: int | None = None,
    decay_step_size: int = 0,
    cycle_momentum: bool = True,
    cycle_min_mom: float = 0.8,
    cycle_max_mom: float = 0.9,
    decay_mom_rate: float = 0.0,
) -> Schedule:
    """A line up, a line down, then ``cycle_min_lr / (1 + decay_lr_rate * n / decay_step_size)``.

    n counts the steps after the cycle. With a stair count a leg is that many stairs instead of a
    line. The momentum (beta1) moves against the rate; after the cycle it is ``cycle_max_mom * (1 +
    decay_mom_rate * n / decay_step_size)``: it does not decay but grows, past 1 too, which
    DeepSpeed lets pass and the adapters here refuse; held after 2^40 steps. DeepSpeed starts with
    the lower bound by mistake and overwrites beta2 with 0.99; here neither is done.

    >>> s = OneCycle(0.1, 1.0, 0.5, 3, decay_step_size=2)
    >>> [round(v, 4) for v in s["lr"].values(0, 9).tolist()]
    [0.1, 0.4, 0.7, 1.0, 0.7, 0.4, 0.1, 0.08, 0.0667]
    """
    where = "deepspeed.OneCycle"
    up = _check.integer(where, "cycle_first_step_size", cycle_first_step_size, 1)
    second = up if cycle_second_step_size is None else cycle_second_step_size
    down = _check.integer(where, "cycle_second_step_size", second, 0)
    size = _check.integer(where, "decay_step_size", decay_step_size, 0)
    rate = _check.real(where, "decay_lr_rate", decay_lr_rate, 0.0)
    most, count = pieces.MOST_VALUES, cycle_first_stair_count
    stairs = [_check.integer(where, "cycle_first_stair_count", count, 0, most)]
    other = stairs[0] if cycle_second_stair_count is None else cycle_second_stair_count
    stairs.append(_check.integer(where, "cycle_second_stair_count", other, 0, most))
    after = pieces.constant(cycle_min_lr)
    if size and rate:
        after = pieces.inverse_time(cycle_min_lr, size / rate)

    def cycle(low: float, high: float, then: Curve) -> Curve:
        rise = _stairs(low, high, up, stairs[0]) if stairs[0] else curve("linear", low, high, up)
        if not down:
            return sequence(rise, then)
        fall = curve("linear", high, low, down)
        if stairs[1]:
            fall = _stairs_down(high, low, down, stairs[1])
        return sequence(rise, fall, then)

    curves = {"lr": cycle(cycle_min_lr, cycle_max_lr, after)}
    if cycle_momentum:
        growth = _check.real(where, "decay_mom_rate", decay_mom_rate, 0.0)
        high = pieces.constant(cycle_max_mom)
        if size and growth:
            last = cycle_max_mom * (1.0 + growth * GROWING / size)
            high = curve("linear", cycle_max_mom, last, GROWING)
        curves["momentum"] = cycle(cycle_max_mom, cycle_min_mom, high)
    return Schedule(curves)


def _stairs(low: float, high: float, steps: int, count: int) -> Curve:
    """``floor(k * count / steps) / count`` of the way up, for k below steps."""
    seams = [-(-i * steps // count) for i in range(count + 1)]
    levels = [low + (high - low) * i / count for i in range(count)]
    pairs = zip(levels, pairwise(seams), strict=True)
    parts = [pieces.constant(v, b - a) for v, (a, b) in pairs if b > a]
    return sequence(*parts)


def _stairs_down(high: float, low: float, steps: int, count: int) -> Curve:
    """The way down as DeepSpeed counts it, from the end: the top has one step."""
    seams = [0, *(steps * i // count for i in range(1, count + 1))]
    levels = [high + (low - high) * i / count for i in range(1, count + 1)]
    pairs = zip(levels, pairwise(seams), strict=True)
    parts = [pieces.constant(v, b - a) for v, (a, b) in pairs if b > a]
    whole = sequence(pieces.constant(high), *parts)
    return whole[:steps]  # its last step is the first after the cycle


def WarmupLR(
    warmup_min_lr: float = 0.0,
    warmup_max_lr: float | None = None,
    warmup_num_steps: int = 1000,
    warmup_type: str = "log",
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """From warmup_min_lr to warmup_max_lr, "linear" or along log(n + 1) / log(warmup_num_steps).

    ``base_lr`` is what is reached where warmup_max_lr is not given. One update more than said is
    spent at the lowest rate.

    >>> WarmupLR(0.0, 1.0, 2, "linear")["lr"].values(0, 5).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    high = base_lr if warmup_max_lr is None else warmup_max_lr
    up = _warmup("deepspeed.WarmupLR", warmup_min_lr, high, warmup_num_steps, warmup_type)
    return Schedule(lr=sequence(pieces.constant(warmup_min_lr), *up, pieces.constant(high)))


def _warmup(where: str, low: float, high: float, steps: int, kind: str) -> list[Curve]:
    """max(2, steps) steps; a logarithm reaches the top with the last of them."""
    _check.choice(where, "warmup_type", kind, ["log", "linear"])
    n = max(2, _check.integer(where, "warmup_num_steps", steps, 1))
    if kind == "linear":
        return [curve("linear", low, high, n)]
    return [curve("logarithmic", low, high, n - 1, scale=n - 1.0), pieces.constant(high)]


def WarmupDecayLR(
    total_num_steps: int,
    warmup_min_lr: float = 0.0,
    warmup_max_lr: float = 0.001,
    warmup_num_steps: int = 1000,
    warmup_type: str = "log",
) -> Schedule:
    """:func:`WarmupLR`, then a line back to ``warmup_min_lr`` at step total_num_steps + 1.

    >>> WarmupDecayLR(4, 0.0, 1.0, 2, "linear")["lr"].values(0, 7).tolist()
    [0.0, 0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    where = "deepspeed.WarmupDecayLR"
    up = _warmup(where, warmup_min_lr, warmup_max_lr, warmup_num_steps, warmup_type)
    whole = _check.integer(where, "total_num_steps", total_num_steps, 1)
    down = max(0, whole - max(2, warmup_num_steps))
    fall = pieces.decay("linear", warmup_max_lr, warmup_min_lr, down)
    return Schedule(lr=sequence(pieces.constant(warmup_min_lr), *up, fall))


def WarmupCosineLR(
    total_num_steps: int,
    warmup_min_ratio: float = 0.0,
    warmup_num_steps: int = 1000,
    cos_min_ratio: float = 0.0001,
    warmup_type: str = "log",
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """0 for one update, a warm-up from ``warmup_min_ratio``, half a cosine to ``cos_min_ratio``.

    Both are ratios of ``base_lr``. The warm-up takes steps 1 to warmup_num_steps; the cosine begins
    there, so that its first value is left out, and ends at step total_num_steps.

    >>> c = WarmupCosineLR(6, 0.0, 2, 0.1, "linear")["lr"]
    >>> [round(v, 4) for v in c.values(0, 8).tolist()]
    [0.0, 0.0, 0.5, 0.8682, 0.55, 0.2318, 0.1, 0.1]
    """
    where = "deepspeed.WarmupCosineLR"
    low = base_lr * _check.real(where, "warmup_min_ratio", warmup_min_ratio)
    floor = base_lr * _check.real(where, "cos_min_ratio", cos_min_ratio, 0.0)
    up = _warmup(where, low, base_lr, warmup_num_steps, warmup_type)
    whole = _check.integer(where, "total_num_steps", total_num_steps, 1)
    n = max(1, whole - max(2, warmup_num_steps))
    fall = curve("cosine", base_lr, floor, n)[1:]
    return Schedule(lr=sequence(pieces.constant(0.0), *up, fall))


arguments.check(__name__)
