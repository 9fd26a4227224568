"""Decays whose beginning hardly depends on the horizon."""

from __future__ import annotations

import math

from csched import _check
from csched.curve import Curve
from csched.phases import curve
from csched.recipes.parts import warmed
from csched.recipes.warmups import Warmup
from csched.schedule import Schedule

__all__ = ["exp_hyperbolic", "hyperbolic"]


def hyperbolic(
    peak: float,
    steps: int,
    *,
    upper_bound: int,
    floor: float = 0.0,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """HyperbolicLR: a hyperbola whose first part stays where it is when the run gets longer.

    ``peak + (peak - floor) * (h(x) - h(0))`` with x = t - W, N = T - W, U = ``upper_bound`` and
    ``h(x) = sqrt((N - x) / U * (2 - (N + x) / U))``. At x = N it is
    ``peak - (peak - floor) * h(0)``, which is the floor only where U = N (then it is linear).

    Parameters
    ----------
    peak, floor : float
        The value after the warm-up, and the infimum.
    steps : int
        Length of the whole in steps, warm-up included.
    upper_bound : int
        U, at least N: the longest run thought of. Keep it when ``steps`` changes.
    warmup_steps : int or float, default 0
        Steps of the warm-up, or their fraction of the whole.
    warmup : str or csched.Warmup, default "linear"
        Law of the warm-up.

    References
    ----------
    Kim, "HyperbolicLR: Epoch Insensitive Learning Rate Scheduler", 2024,
    https://arxiv.org/abs/2407.15200

    Examples
    --------
    >>> import csched
    >>> s = csched.hyperbolic(1.0, 100, floor=0.01, upper_bound=250)
    >>> [round(s["lr"](t), 6) for t in (0, 25, 50, 75, 100)]
    [1.0, 0.872112, 0.731859, 0.56495, 0.208]

    """
    where = "hyperbolic"
    _check.real(where, "peak", peak)
    _check.real(where, "floor", floor)

    def main(n: int) -> Curve:
        u, first = _bound(where, upper_bound, n)
        return curve("hyperbolic", peak, peak - (peak - floor) * first, n, upper=u)

    return warmed(where, steps, warmup_steps, main, warmup)


def exp_hyperbolic(
    peak: float,
    steps: int,
    *,
    upper_bound: int,
    floor: float,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """ExpHyperbolicLR: the hyperbola of :func:`hyperbolic` in the logarithm.

    ``peak * (peak / floor)**(h(x) - h(0))``, arguments and h(x) as there, floor of the sign of the
    peak and not 0.

    References
    ----------
    Kim, "HyperbolicLR: Epoch Insensitive Learning Rate Scheduler", 2024,
    https://arxiv.org/abs/2407.15200

    Examples
    --------
    >>> import csched
    >>> s = csched.exp_hyperbolic(1.0, 100, floor=0.01, upper_bound=250)
    >>> [round(s["lr"](t), 6) for t in (0, 25, 50, 75, 100)]
    [1.0, 0.551621, 0.287277, 0.132163, 0.025119]

    """
    where = "exp_hyperbolic"
    _check.real(where, "peak", peak)
    _check.real(where, "floor", floor)
    if peak == 0.0 or not 1e-300 < floor / peak < 1e300:
        _check.fail(where, "floor", "of the sign of the peak and not 0", floor)

    def main(n: int) -> Curve:
        u, first = _bound(where, upper_bound, n)
        return curve("exp_hyperbolic", peak, peak * (floor / peak) ** first, n, upper=u)

    return warmed(where, steps, warmup_steps, main, warmup)


def _bound(where: str, upper_bound: int, n: int) -> tuple[float, float]:
    """U / N and h(0)."""
    u = _check.integer(where, "upper_bound", upper_bound, n) / n
    return u, math.sqrt((2.0 - 1.0 / u) / u)
