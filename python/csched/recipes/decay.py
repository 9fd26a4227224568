"""Decays: constant, linear, cosine, exponential, steps, REX, each with an optional warm-up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import cycles_over, positions, warmed
from csched.recipes.warmups import Warmup
from csched.sampling import Sampling
from csched.schedule import Schedule

__all__ = [
    "budgeted_linear",
    "cosine",
    "exponential",
    "linear",
    "linear_to_zero",
    "multi_step",
    "rex",
    "step_decay",
]


def linear(
    peak: float,
    steps: int,
    *,
    floor: float = 0.0,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """Linear decay from peak to floor, after an optional warm-up.

    ``floor + (peak - floor) * (1 - (t - W) / (T - W))`` for W <= t < T, floor from T on.

    Parameters
    ----------
    peak, floor : float
        Values at the end of the warm-up and at step ``steps``.
    steps : int
        Length of the whole in steps, warm-up included, at least 1.
    warmup_steps : int or float, default 0
        Steps of the warm-up, or their fraction of the whole.
    warmup : str or csched.Warmup, default "linear"
        Law of the warm-up, from 0 unless a :class:`csched.Warmup` says otherwise.

    References
    ----------
    Li, Yumer, Ramanan, "Budgeted Training", 2020, https://arxiv.org/abs/1905.04753, eq. 1.

    Examples
    --------
    >>> import csched
    >>> csched.linear(1.0, 6, warmup_steps=2)["lr"].values(0, 8).tolist()
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]

    """
    _check.reals("linear", peak=peak, floor=floor)

    def main(n: int) -> Curve:
        return curve("linear", peak, floor, n)

    return warmed("linear", steps, warmup_steps, main, warmup)


def linear_to_zero(
    peak: float,
    steps: int,
    *,
    warmup_steps: int | float = 0.1,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """D2Z: a warm-up, then linear to exactly 0 at the end of the budget.

    ``peak * (1 - (t - W) / (T - W))``. Parameters as for :func:`linear`.

    References
    ----------
    Bergsma et al., "Straight to Zero: Why Linearly Decaying the Learning Rate to Zero Works Best
    for LLMs", 2025, https://arxiv.org/abs/2502.15938

    Examples
    --------
    >>> import csched
    >>> csched.linear_to_zero(1.0, 10, warmup_steps=0.2)["lr"].values(0, 11).tolist()
    [0.0, 0.5, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0.0]

    """
    return linear(peak, steps, warmup_steps=warmup_steps, warmup=warmup)


def budgeted_linear(peak: float, steps: int) -> Schedule:
    """Linear decay to 0 over the given budget of steps: nothing else to tune.

    ``peak * (1 - t / T)``. Stretch it to each new budget instead of stopping a longer one.

    References
    ----------
    Li, Yumer, Ramanan, "Budgeted Training", 2020, https://arxiv.org/abs/1905.04753, eq. 1.

    Examples
    --------
    >>> import csched
    >>> csched.budgeted_linear(1.0, 4)["lr"].values().tolist()
    [1.0, 0.75, 0.5, 0.25]

    """
    return linear(peak, steps)


def cosine(
    peak: float,
    steps: int,
    *,
    floor: float = 0.0,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
    power: float = 1.0,
    k_decay: float = 1.0,
) -> Schedule:
    """Half a cosine from peak to floor, after an optional warm-up.

    ``floor + (peak - floor) * ((1 + cos(pi * z**k_decay)) / 2)**power`` with z = (t - W) / (T - W)
    for W <= t < T, floor from T on. Parameters as for :func:`linear`, and:

    Parameters
    ----------
    power : float, default 1.0
        In (0, 100].
    k_decay : float, default 1.0
        In (0, 100]; above 1 the fall comes later and is steeper (k-decay).

    References
    ----------
    Loshchilov, Hutter, "SGDR", ICLR 2017, https://arxiv.org/abs/1608.03983, eq. 5; Zhang, Li,
    "k-decay: A New Method for Learning Rate Schedule", 2020, https://arxiv.org/abs/2004.05909.

    Examples
    --------
    >>> import csched
    >>> [round(v, 6) for v in csched.cosine(1.0, 4)["lr"].values(0, 5).tolist()]
    [1.0, 0.853553, 0.5, 0.146447, 0.0]

    """
    _check.reals("cosine", peak=peak, floor=floor)

    def main(n: int) -> Curve:
        return curve("cosine", peak, floor, n, power=power, k_decay=k_decay)

    return warmed("cosine", steps, warmup_steps, main, warmup)


def exponential(
    peak: float,
    steps: int,
    *,
    gamma: float | None = None,
    end: float | None = None,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """Exponential decay: ``peak * gamma**t``, or from peak to ``end`` in the steps given.

    Exactly one of ``gamma`` (factor a step, in (0, 1]) and ``end`` (positive) is given.

    Examples
    --------
    >>> import csched
    >>> [round(v, 9) for v in csched.exponential(1.0, 3, gamma=0.5)["lr"].values(0, 4).tolist()]
    [1.0, 0.5, 0.25, 0.125]

    """
    where = "exponential"
    _check.real(where, "peak", peak)
    hint = "gamma=0.99 is a factor a step, end=0.001 the value after the last step"
    _check.one_of(where, hint, gamma=gamma, end=end)
    if gamma is not None:
        _check.real(where, "gamma", gamma, 0.0, 1.0, open_low=True)

    def main(n: int) -> Curve:
        if gamma is None:
            return curve("exponential", peak, end, n)
        last = peak * gamma**n
        if abs(last) < abs(peak) * 1e-300:
            _check.fail(where, "gamma", f"such that gamma**{n} is at least 1e-300", gamma)
        return curve("exponential", peak, last, n)

    return warmed(where, steps, warmup_steps, main, warmup)


def step_decay(peak: float, steps: int, *, interval: int | float, gamma: float = 0.1) -> Schedule:
    """The value is multiplied by gamma every ``interval`` steps.

    ``peak * gamma**floor(t / interval)``.

    Parameters
    ----------
    interval : int or float
        Steps between drops, at least 1; or a fraction of the whole.
    gamma : float, default 0.1
        Factor at each drop, in (0, 1].

    Examples
    --------
    >>> import csched
    >>> csched.step_decay(1.0, 5, interval=2, gamma=0.5)["lr"].values().tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]

    """
    where = "step_decay"
    _check.reals(where, peak=peak)
    whole = _check.integer(where, "steps", steps, 1)
    length = max(1, _check.length(where, "interval", interval, whole, 1))
    _check.real(where, "gamma", gamma, 0.0, 1.0, open_low=True)
    cycle = curve("constant", peak, steps=length)
    return Schedule(lr=cycles_over(where, cycle, whole, None, peak_mult=gamma, floor_mult=gamma))


def multi_step(
    peak: float, steps: int, *, boundaries: Sequence[int | float], gamma: float = 0.1
) -> Schedule:
    """The value is multiplied by gamma at each boundary.

    Parameters
    ----------
    boundaries : increasing ints (steps) or floats (fractions of the whole)
        The first step with the new value; a fraction falls on the first step not before it.
    gamma : float, default 0.1
        Factor at each boundary, positive.

    Examples
    --------
    >>> import csched
    >>> csched.multi_step(1.0, 8, boundaries=[0.5, 0.75], gamma=0.5)["lr"].values().tolist()
    [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]

    """
    where = "multi_step"
    whole = _check.integer(where, "steps", steps, 1)
    _check.real(where, "gamma", gamma, 0.0, open_low=True)
    _check.real(where, "peak", peak)
    seams = [math.ceil(b) for b in positions(where, "boundaries", boundaries, whole)]
    if any(b <= a for a, b in pairwise(seams)):
        _check.fail(where, "boundaries", "on different steps", boundaries)
    ends = [0, *seams, whole]
    parts = [
        curve("constant", peak * gamma**i, steps=b - a)
        for i, (a, b) in enumerate(pairwise(ends))
        if b > a
    ]
    return Schedule(lr=sequence(*parts))


def rex(
    peak: float,
    steps: int,
    *,
    floor: float = 0.0,
    beta: float = 0.5,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
    sampling: Sampling | None = None,
) -> Schedule:
    """REX: holds the value high for longer than linear, then falls faster.

    ``floor + (peak - floor) * (1 - z) / (1 - beta * z)`` with z = (t - W) / (T - W).

    Parameters
    ----------
    beta : float, default 0.5
        In [0, 1): 0 is linear, 1/2 the paper's ``(1-z) / (1/2 + 1/2 (1-z))``, 0.9 the authors'
        blog code, which was copied into several trainers.
    sampling : every(...) or at(...), optional
        When the profile is read again; the paper recommends every step.

    References
    ----------
    Chen, Wolfe, Kyrillidis, "REX: Revisiting Budgeted Training with an Improved Schedule", 2021,
    https://arxiv.org/abs/2107.04197

    Examples
    --------
    >>> import csched
    >>> [round(v, 6) for v in csched.rex(1.0, 4)["lr"].values(0, 5).tolist()]
    [1.0, 0.857143, 0.666667, 0.4, 0.0]

    """
    _check.reals("rex", peak=peak, floor=floor)

    def main(n: int) -> Curve:
        return curve("rex", peak, floor, n, sampling=sampling, beta=beta)

    return warmed("rex", steps, warmup_steps, main, warmup)
