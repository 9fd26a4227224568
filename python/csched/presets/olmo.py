"""The schedulers of OLMo-core (``olmo_core.optim.scheduler``, 3.0), number for number.

What they read from the trainer is ``max_steps``; ``base_lr`` is the optimizer's rate. A step may be
a token where ``units="tokens"``: lengths are then tokens. Lengths are given as such or as a part
of ``max_steps``, rounded as Python rounds. Past ``max_steps`` OLMo's linear decays go on below
their end, and below 0; here the end is held.

Stages and overrides are dicts with the fields of OLMo's ``ComposableSchedulerStage`` and
``OverrideDecay``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.presets.olmo_parts import decayed, down, length, overridden, rest, stage, up
from csched.schedule import Schedule

__all__ = [
    "ComposableScheduler",
    "ConstantScheduler",
    "ConstantWithWarmup",
    "CosWithWarmup",
    "CosWithWarmupAndLinearDecay",
    "ExponentialScheduler",
    "HalfCosWithWarmup",
    "InvSqrtWithWarmup",
    "LinearWithWarmup",
    "PowerLR",
    "SequentialScheduler",
    "WSD",
    "WSDS",
]


def ConstantScheduler(*, base_lr: float = 1.0) -> Schedule:
    """``base_lr``.

    >>> ConstantScheduler(base_lr=0.1)["lr"](5)
    0.1
    """
    return Schedule(lr=pieces.constant(base_lr))


def ConstantWithWarmup(
    warmup: int | None = None,
    warmup_fraction: float | None = None,
    warmup_min_lr: float = 0.0,
    *,
    max_steps: int | None = None,
    base_lr: float = 1.0,
) -> Schedule:
    """A line from ``warmup_min_lr`` to ``base_lr``, which stays.

    >>> ConstantWithWarmup(2)["lr"].values(0, 4).tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    where = "olmo.ConstantWithWarmup"
    n = length(where, "warmup", warmup, warmup_fraction, max_steps, 1)
    return Schedule(lr=sequence(*up(where, warmup_min_lr, base_lr, n), pieces.constant(base_lr)))


def WSD(
    warmup: int | None = None,
    warmup_fraction: float | None = None,
    decay: int | None = None,
    decay_fraction: float | None = 0.1,
    warmup_min_lr: float = 0.0,
    decay_min_lr: float = 0.0,
    *,
    max_steps: int,
    base_lr: float = 1.0,
) -> Schedule:
    """Warm-up, ``base_lr``, and a line to ``decay_min_lr`` in the last ``decay`` steps.

    A warm-up and a decay that overlap are refused; OLMo jumps from one to the other.

    >>> WSD(2, decay_fraction=0.5, max_steps=8)["lr"].values(0, 9).tolist()
    [0.0, 0.5, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    where = "olmo.WSD"
    n = length(where, "warmup", warmup, warmup_fraction, max_steps, 1)
    cool = length(where, "decay", decay, decay_fraction, max_steps)
    stable = rest(where, _check.integer(where, "max_steps", max_steps, 1), n, cool)
    parts = up(where, warmup_min_lr, base_lr, n)
    parts += [pieces.constant(base_lr, stable)] if stable else []
    return Schedule(lr=sequence(*parts, down(where, base_lr, decay_min_lr, cool)))


def PowerLR(
    b: float = -0.51,
    warmup: int | None = None,
    warmup_fraction: float | None = None,
    warmup_min_lr: float = 0.0,
    decay: int | None = None,
    decay_fraction: float | None = 0.1,
    decay_min_lr: float = 0.0,
    *,
    max_steps: int,
    base_lr: float = 1.0,
) -> Schedule:
    """Warm-up, ``base_lr * (t / warmup)**b``, and a line to ``decay_min_lr`` at the end.

    >>> c = PowerLR(-1.0, 2, decay=2, decay_fraction=None, max_steps=6)["lr"]
    >>> [round(v, 4) for v in c.values(0, 7).tolist()]
    [0.0, 0.5, 1.0, 0.6667, 0.5, 0.25, 0.0]
    """
    where = "olmo.PowerLR"
    power = -_check.real(where, "b", b, -100.0, 0.0, open_high=True)
    n = length(where, "warmup", warmup, warmup_fraction, max_steps, 1)
    cool = length(where, "decay", decay, decay_fraction, max_steps)
    left = rest(where, _check.integer(where, "max_steps", max_steps, 1), n, cool)
    law = pieces.power_law(base_lr, n, power)
    main = sequence(law[:left], down(where, law(left), decay_min_lr, cool)) if cool else law[:left]
    return Schedule(lr=sequence(*up(where, warmup_min_lr, base_lr, n), main))


def LinearWithWarmup(
    alpha_f: float = 0.1,
    t_max: int | None = None,
    warmup: int | None = None,
    warmup_fraction: float | None = None,
    warmup_min_lr: float = 0.0,
    *,
    max_steps: int | None = None,
    base_lr: float = 1.0,
) -> Schedule:
    """Warm-up, and a line to ``alpha_f * base_lr`` at ``t_max``, or at ``max_steps``.

    >>> LinearWithWarmup(0.0, warmup=2, max_steps=6)["lr"].values(0, 8).tolist()
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    rise, whole = (warmup, warmup_fraction, warmup_min_lr), max_steps if t_max is None else t_max
    where = "olmo.LinearWithWarmup"
    return decayed(
        where, rise, alpha_f, whole, base_lr, lambda low, n: curve("linear", base_lr, low, n)
    )


def CosWithWarmup(
    warmup: int | None = None,
    warmup_fraction: float | None = None,
    alpha_f: float = 0.1,
    t_max: int | None = None,
    warmup_min_lr: float = 0.0,
    *,
    max_steps: int | None = None,
    base_lr: float = 1.0,
) -> Schedule:
    """Warm-up, and half a cosine to ``alpha_f * base_lr`` at ``t_max``, or at ``max_steps``.

    >>> c = CosWithWarmup(2, max_steps=6)["lr"]
    >>> [round(v, 4) for v in c.values(0, 8).tolist()]
    [0.0, 0.5, 1.0, 0.8682, 0.55, 0.2318, 0.1, 0.1]
    """
    rise, whole = (warmup, warmup_fraction, warmup_min_lr), max_steps if t_max is None else t_max
    where = "olmo.CosWithWarmup"
    return decayed(
        where, rise, alpha_f, whole, base_lr, lambda low, n: curve("cosine", base_lr, low, n)
    )


def HalfCosWithWarmup(
    warmup: int | None = None,
    warmup_fraction: float | None = None,
    alpha_f: float = 0.1,
    t_max: int | None = None,
    warmup_min_lr: float = 0.0,
    *,
    max_steps: int | None = None,
    base_lr: float = 1.0,
) -> Schedule:
    """Warm-up to halfway between ``base_lr`` and its floor, and the second half of the cosine.

    >>> c = HalfCosWithWarmup(2, alpha_f=0.0, max_steps=6)["lr"]
    >>> [round(v, 4) for v in c.values(0, 7).tolist()]
    [0.0, 0.25, 0.5, 0.3087, 0.1464, 0.0381, 0.0]
    """

    def fall(low: float, n: int) -> Curve:
        return curve("cosine", base_lr, low, n, offset=float(n), span=2.0 * n)

    rise, whole = (warmup, warmup_fraction, warmup_min_lr), max_steps if t_max is None else t_max
    return decayed("olmo.HalfCosWithWarmup", rise, alpha_f, whole, base_lr, fall, 0.5)


def CosWithWarmupAndLinearDecay(
    warmup: int | None = None,
    warmup_fraction: float | None = None,
    alpha_f: float = 0.1,
    t_max: int | None = None,
    warmup_min_lr: float = 0.0,
    decay: int | None = None,
    decay_fraction: float | None = 0.1,
    decay_min_lr: float = 0.0,
    *,
    max_steps: int,
    base_lr: float = 1.0,
) -> Schedule:
    """:func:`CosWithWarmup`, left for a line to ``decay_min_lr`` in the last ``decay`` steps.

    >>> c = CosWithWarmupAndLinearDecay(2, decay_fraction=0.25, max_steps=8)["lr"]
    >>> [round(v, 4) for v in c.values(4, 9).tolist()]
    [0.775, 0.55, 0.325, 0.1625, 0.0]
    """
    where = "olmo.CosWithWarmupAndLinearDecay"
    whole = _check.integer(where, "max_steps", max_steps, 1)
    more: dict[str, Any] = {"max_steps": whole, "base_lr": base_lr}
    main = CosWithWarmup(warmup, warmup_fraction, alpha_f, t_max, warmup_min_lr, **more)["lr"]
    cool = length(where, "decay", decay, decay_fraction, whole)
    rise = length(where, "warmup", warmup, warmup_fraction, whole if t_max is None else t_max)
    begin = rise + rest(where, whole, rise, cool)
    if not cool:
        return Schedule(lr=main)
    return Schedule(lr=sequence(main[:begin], down(where, main(begin), decay_min_lr, cool)))


def InvSqrtWithWarmup(
    alpha_f: float = 0.1,
    warmup: int | None = None,
    warmup_fraction: float | None = None,
    warmup_min_lr: float = 0.0,
    *,
    max_steps: int | None = None,
    base_lr: float = 1.0,
) -> Schedule:
    """Warm-up, then ``base_lr * (alpha_f + (1 - alpha_f) * sqrt(warmup / t))`` without an end.

    >>> c = InvSqrtWithWarmup(0.0, warmup=2)["lr"]
    >>> c.values(0, 3).tolist(), c(8)
    ([0.0, 0.5, 1.0], 0.5)
    """
    where = "olmo.InvSqrtWithWarmup"
    n = length(where, "warmup", warmup, warmup_fraction, max_steps, 1)
    low = base_lr * _check.real(where, "alpha_f", alpha_f, 0.0, 1.0)
    law = pieces.root_law(base_lr - low, n)
    return Schedule(lr=sequence(*up(where, warmup_min_lr, base_lr, n), law + low if low else law))


def ExponentialScheduler(lr_min: float = 1e-9, *, max_steps: int, base_lr: float = 1.0) -> Schedule:
    """From ``lr_min`` up to ``base_lr`` at ``max_steps``, in equal ratios: for a range test.

    >>> c = ExponentialScheduler(0.01, max_steps=2)["lr"]
    >>> [round(v, 6) for v in c.values(0, 3).tolist()]
    [0.01, 0.1, 1.0]
    """
    where = "olmo.ExponentialScheduler"
    low = _check.real(where, "lr_min", lr_min, 0.0, open_low=True)
    n = _check.integer(where, "max_steps", max_steps, 1)
    return Schedule(lr=curve("exponential", low, base_lr, n))


def WSDS(
    period_lengths: Sequence[int],
    period_lr_multipliers: Sequence[float] | None = None,
    warmup: int | None = None,
    warmup_fraction: float | None = None,
    decay: int | None = None,
    decay_fraction: float | None = None,
    warmup_min_lr: float = 0.0,
    decay_min_lr: float = 0.0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """WSD-S: in each period a plateau and a line to ``decay_min_lr``, which its last step gets.

    The warm-up is part of the first period. Fractions are of the period, the warm-up's of the
    first. After all periods ``decay_min_lr``.

    >>> c = WSDS([4, 4], [1.0, 0.5], warmup=1, decay=2)["lr"]
    >>> c.values(0, 10).tolist()
    [0.0, 1.0, 1.0, 0.5, 0.0, 0.5, 0.5, 0.25, 0.0, 0.0]
    """
    where = "olmo.WSDS"
    lengths = [_check.integer(where, "period_length", n, 1) for n in period_lengths]
    shares = [1.0] * len(lengths) if period_lr_multipliers is None else list(period_lr_multipliers)
    if not len(lengths) or len(shares) != len(lengths):
        _check.fail(where, "period_lr_multipliers", f"one a period, {len(lengths)}", shares)
    rise = length(where, "warmup", warmup, warmup_fraction, lengths[0])
    parts = up(where, warmup_min_lr, base_lr * shares[0], rise)
    for i, (n, share) in enumerate(zip(lengths, shares, strict=True)):
        cool = length(where, "decay", decay, decay_fraction, n, 1)
        top = base_lr * _check.real(where, "period_lr_multiplier", share, 0.0, open_low=True)
        stable = rest(where, n, cool, 0 if i else rise)
        plateau = [pieces.constant(top, stable)] if stable else []
        body = sequence(*plateau, down(where, top, decay_min_lr, cool))
        parts += [body[1:] if i else body, pieces.constant(decay_min_lr)]  # the last step's own
    parts[-1] = pieces.after(decay_min_lr)
    return Schedule(lr=sequence(*parts))


def ComposableScheduler(
    stages: Sequence[Mapping[str, Any]],
    override_decay: Mapping[str, Any] | None = None,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """Stages in a row, each a line or a cosine from where the one before it ended, unless told.

    >>> up = {"duration": 2, "start_lr": 0.0, "end_lr_fraction": 1.0}
    >>> down = {"duration": 2, "shape": "cosine", "end_lr": 0.0}
    >>> ComposableScheduler([up, down])["lr"].values(0, 6).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    where, before, parts = "olmo.ComposableScheduler", base_lr, list[Curve]()
    for one in stages:
        parts.append(stage(where, one, base_lr, before))
        before = parts[-1](parts[-1].steps)
    if not parts:
        _check.fail(where, "stages", "at least one", stages)
    return overridden(where, sequence(*parts), override_decay, base_lr)


def SequentialScheduler(
    schedulers: Sequence[Callable[..., Schedule]],
    schedulers_max: Sequence[int],
    override_decay: Mapping[str, Any] | None = None,
    *,
    max_steps: int,
    base_lr: float = 1.0,
) -> Schedule:
    """Schedulers in a row, each ``schedulers_max`` steps, from the rate the one before it ended at.

    A scheduler is a function of ``max_steps`` and ``base_lr``: one of this module with the rest of
    its arguments bound. The step at which one ends is its own; the next begins at its step 1.

    >>> from functools import partial
    >>> half = partial(LinearWithWarmup, 0.5, warmup=0)
    >>> c = SequentialScheduler([half, half], [2], max_steps=4)["lr"]
    >>> c.values(0, 6).tolist()
    [1.0, 0.75, 0.5, 0.375, 0.25, 0.25]
    """
    where = "olmo.SequentialScheduler"
    left = _check.integer(where, "max_steps", max_steps, 1)
    seams = [_check.integer(where, "schedulers_max", n, 1) for n in schedulers_max]
    seams = seams[: len(schedulers) - 1]
    if not len(schedulers) or len(seams) != len(schedulers) - 1:
        _check.fail(where, "schedulers_max", f"one a scheduler but the last, {seams}", seams)
    if sum(seams) >= left:
        _check.fail(where, "max_steps", f"above the sum of schedulers_max, {sum(seams)}", left)
    parts: list[Curve] = []
    rate = base_lr
    for scheduler, n in zip(schedulers, [*seams, left - sum(seams)], strict=True):
        if not callable(scheduler):
            _check.fail_type(where, "schedulers", "functions of max_steps and base_lr", scheduler)
        takes = "max_steps" in inspect.signature(scheduler).parameters  # not all look at it
        body = scheduler(**({"max_steps": n} if takes else {}), base_lr=rate)["lr"]
        rate = body(n)
        parts += [body[1:n] if parts else body[:n], pieces.constant(rate)]
    parts[-1] = pieces.after(rate)
    return overridden(where, sequence(*parts), override_decay, base_lr)


arguments.check(__name__)
