"""The schedulers of axolotl (``axolotl.utils.schedulers``, 0.19), number for number.

``base_lr`` is the optimizer's rate. Its REX and its jagged restarts begin with their step 1: their
step 0 is never used.
"""

from __future__ import annotations

from csched import _check
from csched.nodes import product, sequence
from csched.phases import curve
from csched.presets import arguments, pieces, transformers
from csched.schedule import Schedule

__all__ = [
    "InterpolatingLogScheduler",
    "JaggedLRRestartScheduler",
    "RexLR",
    "get_cosine_schedule_with_min_lr",
    "get_cosine_schedule_with_quadratic_warmup",
    "get_cosine_schedule_with_warmup_decay_constant",
]


def RexLR(
    max_lr: float,
    min_lr: float,
    total_steps: int,
    num_warmup_steps: int = 0,
    *,
    base_lr: float | None = None,
) -> Schedule:
    """A line up, then REX with beta 0.9, each read a step ahead; ``min_lr`` at the last step.

    ``base_lr`` is ``max_lr`` unless given; the curve goes to ``min_lr / max_lr`` of it.

    >>> [round(v, 5) for v in RexLR(1.0, 0.1, 5)["lr"].values(0, 6).tolist()]
    [0.97805, 0.94375, 0.88261, 0.74286, 0.1, 0.1]
    """
    where = "axolotl.RexLR"
    top = _check.real(where, "max_lr", max_lr, 0.0, open_low=True)
    low = _check.real(where, "min_lr", min_lr, 0.0, top)
    whole = _check.integer(where, "total_steps", total_steps, 1)
    up = _check.integer(where, "num_warmup_steps", num_warmup_steps, 0, whole)
    base, parts = top if base_lr is None else base_lr, []
    if up:
        parts.append(curve("linear", 0.0, base, up, offset=1.0, span=float(up)))
    if (n := whole - up) > 1:
        end = base * low / top
        parts.append(curve("rex", base, end, n - 1, offset=1.0, span=float(n), beta=0.9))
    last = pieces.constant(low) if n else pieces.after(low)
    return Schedule(lr=sequence(*parts, last))


def InterpolatingLogScheduler(num_steps: int, min_lr: float, max_lr: float) -> Schedule:
    """From ``min_lr``, which two steps have, to ``max_lr`` at num_steps, in equal ratios.

    >>> c = InterpolatingLogScheduler(3, 0.01, 1.0)["lr"]
    >>> [round(v, 6) for v in c.values(0, 5).tolist()]
    [0.01, 0.01, 0.1, 1.0, 1.0]
    """
    where = "axolotl.InterpolatingLogScheduler"
    n = _check.integer(where, "num_steps", num_steps, 2)
    low = _check.real(where, "min_lr", min_lr, 0.0, open_low=True)
    return Schedule(lr=pieces.constant(low).then(curve("exponential", low, max_lr, n - 1)))


def get_cosine_schedule_with_quadratic_warmup(
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A parabola up, then ``num_cycles`` waves of a cosine, which go on past the end.

    >>> c = get_cosine_schedule_with_quadratic_warmup(2, 4)["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [0.0, 0.25, 1.0, 0.5, 0.0, 0.5]
    """
    cosine = transformers.get_cosine_schedule_with_warmup
    whole = cosine(num_warmup_steps, num_training_steps, num_cycles, base_lr=base_lr)["lr"]
    if not num_warmup_steps:
        return Schedule(lr=whole)
    rise = curve("parabolic", 0.0, base_lr, num_warmup_steps, power=2.0)
    return Schedule(lr=rise.then(whole[num_warmup_steps:]))


def get_cosine_schedule_with_min_lr(
    num_warmup_steps: int,
    num_training_steps: int,
    min_lr_ratio: float = 0.0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, then a cosine to ``min_lr_ratio * base_lr``, which goes on past the end.

    >>> c = get_cosine_schedule_with_min_lr(1, 3, 0.5)["lr"]
    >>> c.values(0, 5).tolist()
    [0.0, 1.0, 0.75, 0.5, 0.75]
    """
    return transformers.get_cosine_with_min_lr_schedule_with_warmup(
        num_warmup_steps, num_training_steps, min_lr_rate=min_lr_ratio, base_lr=base_lr
    )


def get_cosine_schedule_with_warmup_decay_constant(
    num_warmup_steps: int,
    num_training_steps: int,
    constant_lr_ratio: float,
    min_lr_ratio: float,
    num_cycles: float = 0.5,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, a cosine to ``min_lr_ratio * base_lr`` at a part of the steps, then held.

    The part is ``int(num_training_steps * constant_lr_ratio)``, not before the warm-up's end. For
    continual pre-training (https://arxiv.org/abs/2308.04014).

    >>> c = get_cosine_schedule_with_warmup_decay_constant(1, 6, 0.5, 0.5)["lr"]
    >>> c.values(0, 6).tolist()
    [0.0, 1.0, 0.75, 0.5, 0.5, 0.5]
    """
    where = "axolotl.get_cosine_schedule_with_warmup_decay_constant"
    up = _check.integer(where, "num_warmup_steps", num_warmup_steps, 0)
    whole = _check.integer(where, "num_training_steps", num_training_steps, 1)
    end = int(whole * _check.real(where, "constant_lr_ratio", constant_lr_ratio, 0.0, 1.0))
    if end <= up:
        allowed = f"such that int(num_training_steps * it) is above the warm-up, {up}"
        _check.fail(where, "constant_lr_ratio", allowed, constant_lr_ratio)
    low = base_lr * _check.real(where, "min_lr_ratio", min_lr_ratio, 0.0, 1.0)
    waves = _check.real(where, "num_cycles", num_cycles, 0.0, open_low=True)
    half = (end - up) / (2 * _check.decimal(waves))
    main = pieces.waves(base_lr, low, half)[: end - up]
    return Schedule(lr=pieces.warmed(0.0, base_lr, up, main))


def JaggedLRRestartScheduler(
    inner_schedule: Schedule,
    jagged_restart_steps: int,
    jagged_restart_warmup_steps: int,
    jagged_restart_anneal_steps: int = 1,
    min_lr_scale: float = 0.001,
) -> Schedule:
    """A schedule times teeth: down to ``min_lr_scale`` before each restart, and up again (ReLoRA).

    >>> flat = Schedule(lr=pieces.constant(1.0))
    >>> c = JaggedLRRestartScheduler(flat, 6, 2, 2, 0.0)["lr"]
    >>> c.values(2, 12).tolist()
    [1.0, 1.0, 0.5, 0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0]
    """
    where = "axolotl.JaggedLRRestartScheduler"
    each = _check.integer(where, "jagged_restart_steps", jagged_restart_steps, 2)
    up = _check.integer(where, "jagged_restart_warmup_steps", jagged_restart_warmup_steps, 1, each)
    down = _check.integer(
        where, "jagged_restart_anneal_steps", jagged_restart_anneal_steps, 1, each - up
    )
    low = _check.real(where, "min_lr_scale", min_lr_scale, 0.0, 1.0)
    fall = curve("linear", 1.0, low, down)
    flat = [pieces.constant(1.0, each - up - down)] if each > up + down else []
    tooth = sequence(curve("linear", low, 1.0, up), *flat, fall)
    teeth = sequence(pieces.constant(1.0, each - down), fall, tooth.repeat())
    return Schedule(lr=product(inner_schedule["lr"], teeth)[1:])


arguments.check(__name__)
