"""Schedules with noise of their own, a pure function of seed and step."""

from __future__ import annotations

import math

from csched import _check
from csched.curve import Curve
from csched.nodes import Sum, combined
from csched.phases import curve
from csched.recipes.parts import half_waves, whole_and_warmup
from csched.recipes.warmups import Warmup, checked
from csched.schedule import Schedule

__all__ = ["noisy_linear_cosine"]


def noisy_linear_cosine(
    peak: float,
    steps: int,
    *,
    variance: float = 1.0,
    variance_decay: float = 0.55,
    lobes: int | float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    seed: int = 0,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """:func:`linear_cosine` with noise on its line, which dies down as a power of the step.

    ``peak * ((alpha + 1 - z + e_t) * (1 + cos(2 pi lobes z)) / 2 + beta)``, never below 0, with
    z = t / T and e_t of mean 0 and variance ``variance / (1 + t)**variance_decay``, t counted from
    the end of the warm-up. e_t is the sum of three uniform numbers, so that it stays within three
    standard deviations; it depends on seed and step alone. From T on there is no noise.

    Parameters
    ----------
    variance : float, default 1.0
        Of the noise at t = 0, in units of the peak; in [0, 1e6]. With 1 every sixth value at the
        start would be negative.
    variance_decay : float, default 0.55
        In [0, 100].
    lobes, alpha, beta
        As for :func:`linear_cosine`.
    seed : int, default 0
        At least 0.

    References
    ----------
    TensorFlow's ``noisy_linear_cosine_decay``, whose noise is normal and another one each time it
    is asked; Bello et al., "Neural Optimizer Search with Reinforcement Learning", ICML 2017,
    https://arxiv.org/abs/1709.07417.

    Examples
    --------
    >>> import csched
    >>> s = csched.noisy_linear_cosine(1.0, 100, variance=0.01, seed=3)
    >>> [round(v, 3) for v in s["lr"].values(0, 5).tolist()]
    [0.907, 1.032, 0.911, 1.055, 0.93]

    """
    where = "noisy_linear_cosine"
    law = checked(where, warmup)
    whole, n = whole_and_warmup(where, steps, warmup_steps)
    rest = whole - n
    _check.real(where, "peak", peak, 0.0)
    _check.real(where, "alpha", alpha, 0.0)
    _check.real(where, "beta", beta, 0.0)
    deviation = math.sqrt(_check.real(where, "variance", variance, 0.0, 1e6))
    power = _check.real(where, "variance_decay", variance_decay, 0.0, 100.0) / 2.0
    first = 3 * _check.integer(where, "seed", seed, 0, 2**60)
    line = curve("linear", peak * (1.0 + alpha), peak * alpha, rest)
    if peak and deviation:
        line = line + _spread(peak * deviation, power, rest) * _unit_noise(first, rest)
    main = (line * half_waves(where, 1.0, 0.0, rest, lobes)).clip(low=0.0)
    return Schedule(lr=law.before(main + beta * peak if beta else main, n))


def _spread(deviation: float, power: float, steps: int) -> Curve:
    """``deviation * (1 + t)**-power``."""
    if not power:
        return curve("constant", deviation, steps=steps)
    end = deviation * (1.0 + steps) ** -power
    return curve("inverse_power", deviation, end, steps, power=power, scale=float(steps))


def _unit_noise(seed: int, steps: int) -> Curve:
    """The sum of three uniform numbers in [-1, 1): mean 0, variance 1; 0 from ``steps`` on."""
    one = curve("constant", 1.0, steps=steps)
    drawn = (one.noisy(1.0, seed + i, 0, steps) for i in range(3))
    return combined(Sum, *drawn, curve("constant", -3.0, steps=steps))
