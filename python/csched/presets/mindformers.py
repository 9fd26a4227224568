"""The schedules of MindFormers (``mindformers.core.lr``, 2.1), number for number.

``learning_rate`` is an argument of their own. A ratio is a part of ``total_steps``, rounded down.
MindFormers computes in float32; these are the formulas in full.
"""

from __future__ import annotations

import math
from fractions import Fraction

from csched import _check
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces, torch
from csched.schedule import Schedule

__all__ = [
    "ConstantWarmUpLR",
    "ConstantWithCoolDownLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CosineWithRestartsAndWarmUpLR",
    "CosineWithWarmUpLR",
    "LinearWithWarmUpLR",
    "PolynomialWithWarmUpLR",
    "WarmUpStableDecayLR",
]


def _steps(where: str, name: str, steps: int | None, ratio: float | None, total: int | None) -> int:
    """Steps; a ratio of the whole goes before them."""
    if ratio is None:
        return _check.integer(where, f"{name}_steps", steps, 0)
    whole = _check.integer(where, "total_steps", total, 1)
    return int(whole * _check.real(where, f"{name}_ratio", ratio, 0.0, 1.0))


def _half(where: str, steps: int, num_cycles: float) -> Fraction:
    """Steps of half a wave."""
    return steps / (
        2 * _check.decimal(_check.real(where, "num_cycles", num_cycles, 0.0, open_low=True))
    )


def ConstantWarmUpLR(
    learning_rate: float,
    warmup_steps: int | None = None,
    warmup_lr_init: float = 0.0,
    warmup_ratio: float | None = None,
    total_steps: int | None = None,
) -> Schedule:
    """A line up, then ``learning_rate``.

    >>> ConstantWarmUpLR(1.0, 2)["lr"].values(0, 4).tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    where = "mindformers.ConstantWarmUpLR"
    up = _steps(where, "warmup", warmup_steps, warmup_ratio, total_steps)
    main = pieces.constant(learning_rate)
    return Schedule(lr=pieces.warmed(warmup_lr_init, learning_rate, up, main))


def ConstantWithCoolDownLR(
    learning_rate: float,
    warmup_steps: int | None = None,
    warmup_lr_init: float = 0.0,
    warmup_ratio: float | None = None,
    keep_steps: int = 0,
    decay_steps: int | None = None,
    decay_ratio: float | None = None,
    total_steps: int | None = None,
    num_cycles: float = 0.5,
    lr_end1: float = 0.0,
    final_steps: int = 0,
    lr_end2: float | None = None,
) -> Schedule:
    """DeepSeek-V3's: a line up, a plateau, a cosine to ``lr_end1``, which stays, then ``lr_end2``.

    From https://arxiv.org/abs/2412.19437, section 4.2. An ``lr_end2`` of 0 means ``lr_end1``.

    >>> c = ConstantWithCoolDownLR(
    ...     1.0, 1, keep_steps=1, decay_steps=2, final_steps=2, lr_end1=0.5, lr_end2=0.25
    ... )["lr"]
    >>> c.values(0, 8).tolist()
    [0.0, 1.0, 1.0, 0.75, 0.5, 0.5, 0.25, 0.25]
    """
    where = "mindformers.ConstantWithCoolDownLR"
    up = _steps(where, "warmup", warmup_steps, warmup_ratio, total_steps)
    given = total_steps if decay_steps is None else decay_steps
    down = _steps(
        where, "decay", None if given is None else max(1, given), decay_ratio, total_steps
    )
    keep = _check.integer(where, "keep_steps", keep_steps, 0)
    final = _check.integer(where, "final_steps", final_steps, 0)
    parts = [pieces.constant(learning_rate, keep)] if keep else []
    if down:
        half = _half(where, down, num_cycles)
        parts.append(pieces.waves(learning_rate, lr_end1, half)[:down])
    parts += [pieces.constant(lr_end1, final)] if final else []
    main = sequence(*parts, pieces.after(lr_end2 or lr_end1))
    return Schedule(lr=pieces.warmed(warmup_lr_init, learning_rate, up, main))


def LinearWithWarmUpLR(
    learning_rate: float,
    total_steps: int,
    warmup_steps: int | None = None,
    warmup_lr_init: float = 0.0,
    warmup_ratio: float | None = None,
) -> Schedule:
    """A line up, a line to 0 at total_steps.

    >>> LinearWithWarmUpLR(1.0, 4, 2)["lr"].values(0, 6).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    where = "mindformers.LinearWithWarmUpLR"
    whole = _check.integer(where, "total_steps", total_steps, 1)
    up = _steps(where, "warmup", warmup_steps, warmup_ratio, whole)
    main = pieces.decay("linear", learning_rate, 0.0, max(0, whole - up))
    return Schedule(lr=pieces.warmed(warmup_lr_init, learning_rate, up, main))


def CosineWithWarmUpLR(
    learning_rate: float,
    warmup_steps: int = 0,
    total_steps: int | None = None,
    num_cycles: float = 0.5,
    lr_end: float = 0.0,
    warmup_lr_init: float = 0.0,
    warmup_ratio: float | None = None,
    decay_steps: int | None = None,
    decay_ratio: float | None = None,
) -> Schedule:
    """A line up, then ``num_cycles`` waves of a cosine over total_steps; ``lr_end`` from a step on.

    That step is ``decay_steps``, or total_steps.

    >>> c = CosineWithWarmUpLR(1.0, 1, 5, lr_end=0.1, decay_steps=4)["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [0.0, 1.0, 0.8682, 0.55, 0.1, 0.1]
    """
    where = "mindformers.CosineWithWarmUpLR"
    whole = _check.integer(where, "total_steps", total_steps, 1)
    up = _steps(where, "warmup", warmup_steps, warmup_ratio, whole)
    given = whole if decay_steps is None else max(1, decay_steps)
    end = _steps(where, "decay", given, decay_ratio, whole)
    main = pieces.waves(learning_rate, lr_end, _half(where, max(1, whole - up), num_cycles))
    body = pieces.warmed(warmup_lr_init, learning_rate, up, main)
    return Schedule(lr=sequence(body[:end], pieces.after(lr_end)))


def CosineWithRestartsAndWarmUpLR(
    learning_rate: float,
    warmup_steps: int | None = None,
    total_steps: int | None = None,
    num_cycles: float = 1.0,
    lr_end: float = 0.0,
    warmup_lr_init: float = 0.0,
    warmup_ratio: float | None = None,
    decay_steps: int | None = None,
) -> Schedule:
    """A line up, then ``num_cycles`` half cosines to ``lr_end``, which is held from a step on.

    That step is ``decay_steps``, or total_steps. Between total_steps and a later one it is 0.

    >>> c = CosineWithRestartsAndWarmUpLR(1.0, 1, 5, num_cycles=2)["lr"]
    >>> [round(v, 4) for v in c.values(0, 7).tolist()]
    [0.0, 1.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    where = "mindformers.CosineWithRestartsAndWarmUpLR"
    whole = _check.integer(where, "total_steps", total_steps, 1)
    up = _steps(where, "warmup", warmup_steps, warmup_ratio, whole)
    end = whole if decay_steps is None else _check.integer(where, "decay_steps", decay_steps, 1)
    rest, count = max(1, whole - up), _check.real(where, "num_cycles", num_cycles, 1e-3, 2.0**16)
    length = rest / _check.decimal(num_cycles)
    knots = [i * length for i in range(math.ceil(count) + 1)]
    levels = [(learning_rate, lr_end)] * (len(knots) - 1)
    main = pieces.cycles(knots, levels, pieces.leg_of("cosine"))[:rest]
    body = pieces.warmed(warmup_lr_init, learning_rate, up, main).then(pieces.constant(0.0))
    return Schedule(lr=sequence(body[:end], pieces.after(lr_end)))


def PolynomialWithWarmUpLR(
    learning_rate: float,
    total_steps: int,
    warmup_steps: int | None = None,
    lr_end: float = 1e-7,
    power: float = 1.0,
    warmup_lr_init: float = 0.0,
    warmup_ratio: float | None = None,
    decay_steps: int | None = None,
) -> Schedule:
    """A line up, then ``(1 - z)**power`` down to ``lr_end`` in decay_steps, cut after total_steps.

    ``decay_steps`` is what the warm-up leaves of total_steps unless given, and not less.

    >>> PolynomialWithWarmUpLR(1.0, 4, 2, lr_end=0.0)["lr"].values(0, 6).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    where = "mindformers.PolynomialWithWarmUpLR"
    whole = _check.integer(where, "total_steps", total_steps, 1)
    up = _steps(where, "warmup", warmup_steps, warmup_ratio, whole)
    left = _check.integer(where, "total_steps less the warm-up", whole - up, 1)
    n = _check.integer(where, "decay_steps", left if decay_steps is None else decay_steps, left)
    _check.real(where, "lr_end", lr_end, -math.inf, learning_rate, open_high=True)
    main = curve("polynomial", learning_rate, lr_end, n, power=power)
    if n > left:
        main = sequence(main[: left + 1], pieces.after(lr_end))
    return Schedule(lr=pieces.warmed(warmup_lr_init, learning_rate, up, main))


def WarmUpStableDecayLR(
    learning_rate: float,
    lr_end: float = 1e-7,
    warmup_steps: int | None = None,
    warmup_lr_init: float = 0.0,
    warmup_ratio: float | None = None,
    total_steps: int | None = None,
    decay_start_steps: int | None = None,
    decay_start_ratio: float | None = None,
) -> Schedule:
    """A line up, a plateau up to ``decay_start_steps``, a line to ``lr_end`` at total_steps.

    The peer goes on along the line past total_steps; here ``lr_end`` is held. Without a warm-up its
    first value is no number; here it is the rate.

    >>> WarmUpStableDecayLR(1.0, 0.0, 1, total_steps=5, decay_start_steps=3)["lr"].values().tolist()
    [0.0, 1.0, 1.0, 1.0, 0.5]
    """
    where = "mindformers.WarmUpStableDecayLR"
    whole = _check.integer(where, "total_steps", total_steps, 1)
    up = _steps(where, "warmup", warmup_steps, warmup_ratio, whole)
    at = _steps(where, "decay_start", decay_start_steps, decay_start_ratio, whole)
    if not up <= at < whole:
        _check.fail(where, "decay_start_steps", f"in [{up}, {whole})", at)
    _check.real(where, "lr_end", lr_end, -math.inf, learning_rate, open_high=True)
    fall = curve("linear", learning_rate, lr_end, whole - at)
    main = sequence(pieces.constant(learning_rate, at - up), fall) if at > up else fall
    return Schedule(lr=pieces.warmed(warmup_lr_init, learning_rate, up, main))


def CosineAnnealingLR(base_lr: float, t_max: int, eta_min: float = 0.0) -> Schedule:
    """Torch's, which climbs back past t_max.

    >>> [round(v, 4) for v in CosineAnnealingLR(1.0, 2)["lr"].values(0, 5).tolist()]
    [1.0, 0.5, 0.0, 0.5, 1.0]
    """
    return torch.CosineAnnealingLR(t_max, eta_min, base_lr=base_lr)


def CosineAnnealingWarmRestarts(
    base_lr: float, t_0: int, t_mult: int = 1, eta_min: float = 0.0
) -> Schedule:
    """Torch's; MindFormers finds its cycles by a logarithm and may miss a restart.

    >>> CosineAnnealingWarmRestarts(1.0, 2, 2)["lr"].cycle_ends[:3]
    (1, 5, 13)
    """
    return torch.CosineAnnealingWarmRestarts(t_0, t_mult, eta_min, base_lr=base_lr)


arguments.check(__name__)
