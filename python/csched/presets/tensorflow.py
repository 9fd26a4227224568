"""The decays of ``tf.compat.v1.train`` (TensorFlow 2.21), number for number.

Their ``global_step`` is the step. TensorFlow computes in float32; these are the formulas in full.
Its Keras schedules are those of :mod:`csched.presets.keras`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from csched import _check
from csched.presets import arguments, keras, pieces
from csched.recipes import linear_cosine, noisy_linear_cosine
from csched.schedule import Schedule

__all__ = [
    "cosine_decay",
    "cosine_decay_restarts",
    "exponential_decay",
    "inverse_time_decay",
    "linear_cosine_decay",
    "natural_exp_decay",
    "noisy_linear_cosine_decay",
    "piecewise_constant",
    "polynomial_decay",
]


def exponential_decay(
    learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Schedule:
    """``learning_rate * decay_rate**(t / decay_steps)``, with ``staircase`` at whole periods.

    >>> exponential_decay(1.0, 2, 0.5, True)["lr"].values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return keras.ExponentialDecay(learning_rate, decay_steps, decay_rate, staircase)


def natural_exp_decay(
    learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Schedule:
    """``learning_rate * exp(-decay_rate * t / decay_steps)``.

    >>> [round(v, 6) for v in natural_exp_decay(1.0, 1, 1.0)["lr"].values(0, 3).tolist()]
    [1.0, 0.367879, 0.135335]
    """
    where = "tensorflow.natural_exp_decay"
    n = _check.integer(where, "decay_steps", decay_steps, 1)
    if staircase:
        return keras.ExponentialDecay(learning_rate, n, math.exp(-decay_rate), True)
    return Schedule(lr=pieces.natural(learning_rate, decay_rate / n))


def inverse_time_decay(
    learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Schedule:
    """``learning_rate / (1 + decay_rate * t / decay_steps)``.

    >>> inverse_time_decay(1.0, 1, 1.0)["lr"](3)
    0.25
    """
    return keras.InverseTimeDecay(learning_rate, decay_steps, decay_rate, staircase)


def piecewise_constant(boundaries: Sequence[int], values: Sequence[float]) -> Schedule:
    """A value between boundaries; at a boundary the old one still.

    >>> piecewise_constant([2], [1.0, 0.5])["lr"].values(0, 4).tolist()
    [1.0, 1.0, 1.0, 0.5]
    """
    return keras.PiecewiseConstantDecay(boundaries, values)


def polynomial_decay(
    learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
) -> Schedule:
    """``(1 - t / decay_steps)**power`` to ``end_learning_rate``; see :func:`keras.PolynomialDecay`.

    >>> polynomial_decay(1.0, 2, 0.0)["lr"].values(0, 4).tolist()
    [1.0, 0.5, 0.0, 0.0]
    """
    return keras.PolynomialDecay(learning_rate, decay_steps, end_learning_rate, power, cycle)


def cosine_decay(learning_rate: float, decay_steps: int, alpha: float = 0.0) -> Schedule:
    """Half a cosine to ``alpha * learning_rate``, held.

    >>> [round(v, 4) for v in cosine_decay(1.0, 4, 0.1)["lr"].values(0, 6).tolist()]
    [1.0, 0.8682, 0.55, 0.2318, 0.1, 0.1]
    """
    return keras.CosineDecay(learning_rate, decay_steps, alpha)


def cosine_decay_restarts(
    learning_rate: float,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
) -> Schedule:
    """Half cosines for ever, as :func:`keras.CosineDecayRestarts`.

    >>> cosine_decay_restarts(1.0, 2)["lr"].cycle_ends[:3]
    (1, 5, 13)
    """
    return keras.CosineDecayRestarts(learning_rate, first_decay_steps, t_mul, m_mul, alpha)


def linear_cosine_decay(
    learning_rate: float,
    decay_steps: int,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
) -> Schedule:
    """``learning_rate * ((alpha + 1 - z) * (1 + cos(2 pi num_periods z)) / 2 + beta)``, held.

    >>> linear_cosine_decay(1.0, 4, beta=0.0)["lr"](2)
    0.25
    """
    return linear_cosine(learning_rate, decay_steps, lobes=num_periods, alpha=alpha, beta=beta)


def noisy_linear_cosine_decay(
    learning_rate: float,
    decay_steps: int,
    initial_variance: float = 1.0,
    variance_decay: float = 0.55,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    *,
    seed: int = 0,
) -> Schedule:
    """:func:`linear_cosine_decay` with noise of TensorFlow's mean and variance, but seeded.

    See :func:`csched.noisy_linear_cosine` for how it is drawn: it stays within three standard
    deviations, the rate does not fall below 0, and there is none from decay_steps on.

    >>> plain = linear_cosine_decay(1.0, 9)["lr"]
    >>> noisy_linear_cosine_decay(1.0, 9, initial_variance=0.0)["lr"](4) == plain(4)
    True
    """
    return noisy_linear_cosine(
        learning_rate,
        decay_steps,
        variance=initial_variance,
        variance_decay=variance_decay,
        lobes=num_periods,
        alpha=alpha,
        beta=beta,
        seed=seed,
    )


arguments.check(__name__)
