"""The schedules of Apple's MLX (``mlx.optimizers.schedulers``, 0.32), number for number.

MLX computes in float32 what takes an array; these are the formulas in full.
"""

from __future__ import annotations

from collections.abc import Sequence

from csched import _check
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = ["cosine_decay", "exponential_decay", "join_schedules", "linear_schedule", "step_decay"]


def exponential_decay(init: float, decay_rate: float) -> Schedule:
    """``init * decay_rate**t``.

    >>> exponential_decay(1.0, 0.5)["lr"](3)
    0.125
    """
    law = pieces.geometric("mlx.exponential_decay", init, decay_rate, name="decay_rate")
    return Schedule(lr=law)


def step_decay(init: float, decay_rate: float, step_size: int) -> Schedule:
    """``init * decay_rate**floor(t / step_size)``.

    >>> step_decay(1.0, 0.5, 2)["lr"].values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    where, names = "mlx.step_decay", ("decay_rate", "step_size")
    n = _check.integer(where, "step_size", step_size, 1)
    return Schedule(lr=pieces.staircase(where, init, decay_rate, n, names))


def cosine_decay(init: float, decay_steps: int, end: float = 0.0) -> Schedule:
    """Half a cosine from ``init`` to ``end``, held.

    >>> [round(v, 4) for v in cosine_decay(1.0, 4, 0.1)["lr"].values(0, 6).tolist()]
    [1.0, 0.8682, 0.55, 0.2318, 0.1, 0.1]
    """
    n = _check.integer("mlx.cosine_decay", "decay_steps", decay_steps, 1)
    return Schedule(lr=curve("cosine", init, end, n))


def linear_schedule(init: float, end: float, steps: int) -> Schedule:
    """A line from ``init`` to ``end``, held.

    >>> linear_schedule(0.0, 1.0, 4)["lr"].values(0, 6).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """
    n = _check.integer("mlx.linear_schedule", "steps", steps, 1)
    return Schedule(lr=curve("linear", init, end, n))


def join_schedules(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """Schedules in a row, each from its boundary on, on its own clock.

    >>> warm, main = linear_schedule(0.0, 1.0, 2), step_decay(1.0, 0.5, 1)
    >>> join_schedules([warm, main], [2])["lr"].values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.25]
    """
    names = "schedules", "boundaries"
    return pieces.in_a_row("mlx.join_schedules", schedules, boundaries, 1.0, names)


arguments.check(__name__)
