"""The schedulers of MosaicML's Composer (0.32), number for number.

Times are Composer's strings: "10ep" epochs, "500ba" batches, "4e4sp" samples, "1e9tok" tokens,
"2iter" iterations and "0.5dur", a part of the training. A step is a batch: step t has what a
scheduler gives after t batches. (A trainer that steps them every batch does so before it counts
the batch, so that its update t has the value of step t - 1: ``schedule["lr"].shift(1)``; one that
steps them every epoch has counted its batches.) What Composer's schedulers read from the trainer is
a :class:`State`, or its ``max_duration`` alone; ``ssr`` is ``scale_schedule_ratio``, which scales
the training too::

    state = State("10ep", dataloader_len=100)
    CosineAnnealingWithWarmupScheduler("100ba", alpha_f=0.1, state=state, base_lr=0.5)

Times are cut to whole batches, samples or tokens as in Composer: "0.29dur" of "100ba" is 28 of
them.
``base_lr`` is the optimizer's, which the schedulers multiply.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from csched import _check
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.presets.composer_laws import after_warmup, held, leg, level, multi_step, until, warmed
from csched.presets.times import State, clock_of
from csched.schedule import Schedule

__all__ = [
    "ConstantScheduler",
    "ConstantWithWarmupScheduler",
    "CosineAnnealingScheduler",
    "CosineAnnealingWarmRestartsScheduler",
    "CosineAnnealingWithWarmupScheduler",
    "ExponentialScheduler",
    "LinearScheduler",
    "LinearWithWarmupScheduler",
    "MultiStepScheduler",
    "MultiStepWithWarmupScheduler",
    "PolynomialScheduler",
    "PolynomialWithWarmupScheduler",
    "StepScheduler",
    "scale_pytorch_scheduler",
]


def StepScheduler(
    step_size: str,
    gamma: float = 0.1,
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """``base_lr * gamma**floor(t / step_size)``.

    >>> StepScheduler("2ba", 0.5, state=State("6ba"))["lr"].values(0, 6).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    clock = clock_of("StepScheduler", state, ssr)
    tick = clock.epoch()
    interval = clock.length("step_size", step_size) / tick
    return Schedule(lr=held(pieces.staircase(clock.where, base_lr, gamma, interval), tick))


def MultiStepScheduler(
    milestones: Sequence[str],
    gamma: float = 0.1,
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """``base_lr * gamma**(number of milestones reached)``; milestones may be of different units.

    >>> state = State("2ep", dataloader_len=3)
    >>> MultiStepScheduler(["1ba", "0.5dur"], 0.5, state=state)["lr"].values(0, 5).tolist()
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """
    clock = clock_of("MultiStepScheduler", state, ssr)
    return Schedule(lr=multi_step(clock, milestones, gamma, base_lr))


def ConstantScheduler(
    alpha: float = 1.0,
    t_max: str = "1dur",
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """``alpha * base_lr`` before ``t_max``, then ``base_lr``.

    >>> ConstantScheduler(0.5, "2ba", state=State("4ba"))["lr"].values(0, 4).tolist()
    [0.5, 0.5, 1.0, 1.0]
    """
    clock = clock_of("ConstantScheduler", state, ssr)
    after = pieces.constant(base_lr)
    low, stop = level("alpha", alpha, base_lr), clock.steps("t_max", t_max)
    return Schedule(lr=until(low, stop, after, clock.epoch()))


def LinearScheduler(
    alpha_i: float = 1.0,
    alpha_f: float = 0.0,
    t_max: str = "1dur",
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """A line from ``alpha_i`` to ``alpha_f`` at ``t_max``, times ``base_lr``.

    >>> LinearScheduler(state=State("4ba"))["lr"].values(0, 6).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    clock = clock_of("LinearScheduler", state, ssr)
    n, tick = clock.length("t_max", t_max), clock.tick("t_max", t_max)
    first, last = level("alpha_i", alpha_i, base_lr), level("alpha_f", alpha_f, base_lr)
    return Schedule(lr=leg("linear", first, last, n, tick=tick))


def ExponentialScheduler(
    gamma: float,
    decay_period: str = "1ep",
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """``base_lr * gamma**(t / decay_period)``.

    >>> state = State("2ep", dataloader_len=2)
    >>> round(ExponentialScheduler(0.25, state=state)["lr"](1), 6)
    0.5
    """
    clock = clock_of("ExponentialScheduler", state, ssr)
    tick = clock.tick("decay_period", decay_period)
    period = float(clock.length("decay_period", decay_period) / tick)
    return Schedule(lr=held(pieces.geometric(clock.where, base_lr, gamma, period), tick))


def CosineAnnealingScheduler(
    t_max: str = "1dur",
    alpha_f: float = 0.0,
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """Half a cosine from 1 to ``alpha_f`` at ``t_max``, times ``base_lr``; then held.

    >>> c = CosineAnnealingScheduler(alpha_f=0.5, state=State("2ba"))["lr"]
    >>> c.values(0, 4).tolist()
    [1.0, 0.75, 0.5, 0.5]
    """
    clock = clock_of("CosineAnnealingScheduler", state, ssr)
    n, tick = clock.length("t_max", t_max), clock.tick("t_max", t_max)
    return Schedule(lr=leg("cosine", base_lr, level("alpha_f", alpha_f, base_lr), n, tick=tick))


def CosineAnnealingWarmRestartsScheduler(
    t_0: str,
    t_mult: float = 1.0,
    alpha_f: float = 0.0,
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """Half cosines, each int(t_mult * the length before) long, in the unit of ``t_0``.

    Growing cycles are written down, up to batch 2^50; ``t_mult`` below 1 is refused.

    >>> c = CosineAnnealingWarmRestartsScheduler("2ba", 1.5, state=State("9ba"))["lr"]
    >>> [round(v, 2) for v in c.values(0, 9).tolist()]
    [1.0, 0.5, 1.0, 0.75, 0.25, 1.0, 0.85, 0.5, 0.15]
    """
    clock = clock_of("CosineAnnealingWarmRestartsScheduler", state, ssr)
    mult = _check.real(clock.where, "t_mult", t_mult, 1.0)
    tick = clock.tick("t_0", t_0)
    steps = clock.length("t_0", t_0) / tick
    count, _ = clock.units("t_0", t_0, ssr)
    low, per = level("alpha_f", alpha_f, base_lr), count / steps
    if int(mult * count) == count and steps.denominator == 1:
        return Schedule(lr=held(curve("cosine", base_lr, low, steps.numerator).repeat(), tick))
    knots = [Fraction(0)]
    equal = int(mult * count) == count and steps.denominator <= pieces.MOST_LEGS
    most = steps.denominator if equal else pieces.MOST_LEGS  # then a cycle begins on a batch again
    while knots[-1] * tick < 2**50 and len(knots) <= most:
        knots.append(knots[-1] + count / per)
        count = int(mult * count)
    levels = [(base_lr, low)] * (len(knots) - 1)
    whole = pieces.cycles(knots, levels, pieces.leg_of("cosine"), None if equal else low)
    return Schedule(lr=held(whole.repeat() if equal else whole, tick))


def PolynomialScheduler(
    power: float,
    t_max: str = "1dur",
    alpha_f: float = 0.0,
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """``(1 - z)**power`` from 1 to ``alpha_f`` at ``t_max``, times ``base_lr``.

    >>> PolynomialScheduler(2, state=State("2ba"))["lr"].values(0, 4).tolist()
    [1.0, 0.25, 0.0, 0.0]
    """
    clock = clock_of("PolynomialScheduler", state, ssr)
    n, tick = clock.length("t_max", t_max), clock.tick("t_max", t_max)
    low = level("alpha_f", alpha_f, base_lr)
    return Schedule(lr=leg("polynomial", base_lr, low, n, tick=tick, power=power))


def MultiStepWithWarmupScheduler(
    t_warmup: str,
    milestones: Sequence[str],
    gamma: float = 0.1,
    scale_warmup: bool = False,
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """:func:`MultiStepScheduler` under a line from 0, which it does not wait for.

    >>> c = MultiStepWithWarmupScheduler("2ba", ["3ba"], 0.5, state=State("5ba"))["lr"]
    >>> c.values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.5]
    """
    clock = clock_of("MultiStepWithWarmupScheduler", state, ssr)
    tick = clock.tick("t_warmup", t_warmup)
    begin = math.ceil(clock.steps("t_warmup", t_warmup, 1.0) / tick) * tick
    main = multi_step(clock, milestones, gamma, base_lr)[begin:]
    return Schedule(lr=warmed(clock, t_warmup, scale_warmup, base_lr, main))


def ConstantWithWarmupScheduler(
    t_warmup: str,
    alpha: float = 1.0,
    t_max: str = "1dur",
    scale_warmup: bool = False,
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """A line from 0 to ``alpha * base_lr``, which stays.

    >>> ConstantWithWarmupScheduler("2ba", 0.5, state=State("4ba"))["lr"].values(0, 4).tolist()
    [0.0, 0.25, 0.5, 0.5]
    """
    times, top = (t_warmup, t_max, scale_warmup), level("alpha", alpha, base_lr)
    return after_warmup("ConstantWithWarmupScheduler", state, ssr, times, (top, top), "constant")


def LinearWithWarmupScheduler(
    t_warmup: str,
    alpha_i: float = 1.0,
    alpha_f: float = 0.0,
    t_max: str = "1dur",
    scale_warmup: bool = False,
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """A line from 0 to ``alpha_i``, a line to ``alpha_f`` at ``t_max``, times ``base_lr``.

    The warm-up is part of ``t_max``, and is not scaled by ``ssr`` unless ``scale_warmup``: then its
    slope is, but not where it stops, as in Composer.

    >>> LinearWithWarmupScheduler("2ba", state=State("4ba"))["lr"].values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    times, levels = (
        (t_warmup, t_max, scale_warmup),
        (level("alpha_i", alpha_i, base_lr), level("alpha_f", alpha_f, base_lr)),
    )
    return after_warmup("LinearWithWarmupScheduler", state, ssr, times, levels, "linear")


def CosineAnnealingWithWarmupScheduler(
    t_warmup: str,
    t_max: str = "1dur",
    alpha_f: float = 0.0,
    scale_warmup: bool = False,
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """A line from 0 to 1, half a cosine to ``alpha_f`` at ``t_max``, times ``base_lr``.

    >>> c = CosineAnnealingWithWarmupScheduler("3ba", alpha_f=0.1, state=State("10ba"))["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [0.0, 0.3333, 0.6667, 1.0, 0.9554, 0.8306]
    """
    times, levels = (t_warmup, t_max, scale_warmup), (base_lr, level("alpha_f", alpha_f, base_lr))
    return after_warmup("CosineAnnealingWithWarmupScheduler", state, ssr, times, levels, "cosine")


def PolynomialWithWarmupScheduler(
    t_warmup: str,
    power: float = 2.0,
    t_max: str = "1dur",
    alpha_f: float = 0.0,
    scale_warmup: bool = False,
    *,
    state: State | str,
    ssr: float = 1.0,
    base_lr: float = 1.0,
) -> Schedule:
    """A line from 0 to 1, ``(1 - z)**power`` to ``alpha_f`` at ``t_max``, times ``base_lr``.

    >>> PolynomialWithWarmupScheduler("2ba", state=State("4ba"))["lr"].values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.25, 0.0]
    """
    times, levels = (t_warmup, t_max, scale_warmup), (base_lr, level("alpha_f", alpha_f, base_lr))
    name = "PolynomialWithWarmupScheduler"
    return after_warmup(name, state, ssr, times, levels, "polynomial", power=power)


def scale_pytorch_scheduler(
    scheduler: Callable[..., Schedule], ssr: float, *args: Any, **kwargs: Any
) -> Schedule:
    """A preset of ``csched.presets.torch`` with its lengths scaled as Composer scales them.

    ``step_size``, ``milestones``, ``T_max`` and ``T_0`` times ``ssr``, rounded down; gamma of
    ExponentialLR to the power of 1 / ssr. Equal milestones count once, those
    scaled to 0 not at all. Composer leaves the first
    cycle of CosineAnnealingWarmRestarts as it was, and so all of them; here ``T_0`` is scaled.

    >>> from csched.presets import torch
    >>> scale_pytorch_scheduler(torch.StepLR, 0.5, 4, gamma=0.5)["lr"].values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    where = "composer.scale_pytorch_scheduler"
    ratio = _check.real(where, "ssr", ssr, 0.0, open_low=True)
    names = {
        "StepLR": "step_size",
        "MultiStepLR": "milestones",
        "CosineAnnealingLR": "T_max",
        "CosineAnnealingWarmRestarts": "T_0",
        "ExponentialLR": "gamma",
    }
    name = names[_check.choice(where, "scheduler", getattr(scheduler, "__name__", ""), names)]
    given = inspect.signature(scheduler).bind(*args, **kwargs)
    if ratio != 1.0:
        value = given.arguments[name]
        if name == "milestones":
            marks = [_check.integer(where, name, m, 0) for m in _check.items(where, name, value)]
            kept = {m: int(m * ratio) for m in marks}  # step 0 is over when Composer scales
            given.arguments[name] = [new for m, new in kept.items() if new or not m]
        else:
            number = _check.real(where, name, value)
            scaled = number ** (1.0 / ratio) if name == "gamma" else int(number * ratio)
            given.arguments[name] = scaled
    return scheduler(*given.args, **given.kwargs)


arguments.check(__name__)
