"""The schedulers of MONAI (``monai.optimizers.lr_scheduler``, 1.6), number for number.

``base_lr`` is the optimizer's rate.
"""

from __future__ import annotations

from csched import _check
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = ["ExponentialLR", "LinearLR", "WarmupCosineSchedule"]


def LinearLR(end_lr: float, num_iter: int, *, base_lr: float = 1.0) -> Schedule:
    """A line to ``end_lr`` at step num_iter - 1, for a range test.

    The peer goes on along the line; here the end is held.

    >>> LinearLR(2.0, 3)["lr"].values(0, 4).tolist()
    [1.0, 1.5, 2.0, 2.0]
    """
    n = _check.integer("monai.LinearLR", "num_iter", num_iter, 2)
    return Schedule(lr=pieces.until_last(curve("linear", base_lr, end_lr, n - 1), n - 1))


def ExponentialLR(end_lr: float, num_iter: int, *, base_lr: float = 1.0) -> Schedule:
    """In equal ratios to ``end_lr`` at step num_iter - 1, for a range test; then held.

    >>> [round(v, 6) for v in ExponentialLR(4.0, 3)["lr"].values(0, 4).tolist()]
    [1.0, 2.0, 4.0, 4.0]
    """
    n = _check.integer("monai.ExponentialLR", "num_iter", num_iter, 2)
    return Schedule(lr=pieces.until_last(curve("exponential", base_lr, end_lr, n - 1), n - 1))


def WarmupCosineSchedule(
    warmup_steps: int,
    t_total: int,
    end_lr: float = 0.0,
    cycles: float = 0.5,
    warmup_multiplier: float = 0.0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, then ``cycles`` waves of a cosine to 0, cut off below ``end_lr``.

    The waves go on past t_total.

    >>> c = WarmupCosineSchedule(1, 5, 0.3)["lr"]
    >>> [round(v, 4) for v in c.values(0, 7).tolist()]
    [0.0, 1.0, 0.8536, 0.5, 0.3, 0.3, 0.3]
    """
    where = "monai.WarmupCosineSchedule"
    whole = _check.integer(where, "t_total", t_total, 1)
    up = min(_check.integer(where, "warmup_steps", warmup_steps, 0), whole)
    low = base_lr * _check.real(where, "warmup_multiplier", warmup_multiplier, 0.0, 1.0)
    waves = _check.real(where, "cycles", cycles, 0.0, open_low=True)
    half = max(1, whole - up) / (2 * _check.decimal(waves))
    main = pieces.waves(base_lr, 0.0, half).clip(low=_check.real(where, "end_lr", end_lr, 0.0))
    return Schedule(lr=pieces.warmed(low, base_lr, up, main))


arguments.check(__name__)
