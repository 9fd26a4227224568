"""The formulas, plainly: readable reference and oracle for the tests.

One function per row of the table of profiles, p(z) with z the elapsed fraction of the phase,
p(0) = 1 and p(1) = 0. Each is generic over ``xp``: ``math``, ``numpy``, ``mpmath`` or
``jax.numpy``. ``ratio`` is end / start, for the profiles whose shape depends on it.

Nothing here cares for the last digits or for speed: that is the C core's work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SCALES = {"inverse_sqrt": 99.0, "inverse_power": 9.0}
"""Scales where start and end do not give one: those that fall to a tenth, with power 1."""


def constant(z: Any, xp: Any, ratio: Any) -> Any:
    """1 before the end, 0 at it: the value is start, and end only where the phase is over."""
    return (z < 1) * (z * 0 + 1)


def linear(z: Any, xp: Any, ratio: Any) -> Any:
    """1 - z."""
    return 1 - z


def polynomial(z: Any, xp: Any, ratio: Any, power: Any = 1.0, k_decay: Any = 1.0) -> Any:
    """(1 - z^k_decay)^power."""
    return (1 - z**k_decay) ** power


def cosine(z: Any, xp: Any, ratio: Any, power: Any = 1.0, k_decay: Any = 1.0) -> Any:
    """((1 + cos(pi z^k_decay)) / 2)^power."""
    z = z**k_decay
    return xp.cos(xp.pi * z / 2) ** (2 * power) if power != 1 else (1 + xp.cos(xp.pi * z)) / 2


def exponential(z: Any, xp: Any, ratio: Any) -> Any:
    """Value = start^(1-z) end^z: linear in the logarithm."""
    return (ratio**z - ratio) / (1 - ratio) if ratio != 1 else linear(z, xp, ratio)


def exponential_offset(z: Any, xp: Any, ratio: Any, rate: Any = 4.0, normalised: Any = 0.0) -> Any:
    """exp(-rate z), or (exp(-rate z) - exp(-rate)) / (1 - exp(-rate)) normalised."""
    residual = xp.exp(z * 0 - rate)
    p = xp.exp(-rate * z)
    return (p - residual) / (1 - residual) if normalised else p


def rex(z: Any, xp: Any, ratio: Any, beta: Any = 0.5) -> Any:
    """(1 - z) / (1 - beta z)."""
    return (1 - z) / (1 - beta * z)


def inverse_sqrt(z: Any, xp: Any, ratio: Any, scale: Any = None) -> Any:
    """1 / sqrt(1 + s z), normalised; without a scale, value = start / sqrt(1 + s z)."""
    s = scale if scale is not None else ratio**-2 - 1 if ratio > 0 else SCALES["inverse_sqrt"]
    if s == 0:
        return linear(z, xp, ratio)
    last = 1 / xp.sqrt(z * 0 + 1 + s)
    return (1 / xp.sqrt(1 + s * z) - last) / (1 - last)


def one_minus_sqrt(z: Any, xp: Any, ratio: Any) -> Any:
    """1 - sqrt(z)."""
    return 1 - xp.sqrt(z)


def tanh(z: Any, xp: Any, ratio: Any, lower: Any = -6.0, upper: Any = 3.0) -> Any:
    """(1 - tanh(lower (1-z) + upper z)) / 2, scaled to run from 1 to 0."""
    first, last = xp.tanh(z * 0 + lower), xp.tanh(z * 0 + upper)
    return (last - xp.tanh(lower + (upper - lower) * z)) / (last - first)


def parabolic(z: Any, xp: Any, ratio: Any, power: Any = 2.0) -> Any:
    """1 - z^power; with power 2 the Welch window."""
    return 1 - z**power


def elliptic(z: Any, xp: Any, ratio: Any) -> Any:
    """sqrt(1 - z^2)."""
    return xp.sqrt(1 - z * z)


def inverse_power(z: Any, xp: Any, ratio: Any, power: Any = 1.0, scale: Any = None) -> Any:
    """(1 + s z)^-power, normalised; without a scale, value = start (1 + s z)^-power."""
    if scale is None:
        scale = ratio ** (-1 / power) - 1 if ratio > 0 else SCALES["inverse_power"]
    if scale == 0:
        return linear(z, xp, ratio)
    last = (z * 0 + 1 + scale) ** -power
    return ((1 + scale * z) ** -power - last) / (1 - last)


def logarithmic(z: Any, xp: Any, ratio: Any, scale: Any = 9.0) -> Any:
    """1 - log(1 + s z) / log(1 + s)."""
    return 1 - xp.log(1 + scale * z) / xp.log(z * 0 + 1 + scale)


def hyperbolic(z: Any, xp: Any, ratio: Any, upper: Any = 2.5) -> Any:
    """sqrt((1 - z) (2 u - 1 - z) / (2 u - 1))."""
    return xp.sqrt((1 - z) * (2 * upper - 1 - z) / (2 * upper - 1))


def exp_hyperbolic(z: Any, xp: Any, ratio: Any, upper: Any = 2.5) -> Any:
    """Value = start^h end^(1-h) with the h of hyperbolic."""
    h = hyperbolic(z, xp, ratio, upper)
    return (ratio ** (1 - h) - ratio) / (1 - ratio) if ratio != 1 else h


FORMULAS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        constant,
        linear,
        polynomial,
        cosine,
        exponential,
        exponential_offset,
        rex,
        inverse_sqrt,
        one_minus_sqrt,
        tanh,
        parabolic,
        elliptic,
        inverse_power,
        logarithmic,
        hyperbolic,
        exp_hyperbolic,
    )
}


def between(start: Any, end: Any, p: Any) -> Any:
    """The value of a phase where its profile is p; both ends exact."""
    if p == 1:
        return start
    return end if p == 0 else end + (start - end) * p


def level(
    low: float,
    high: float,
    i: int,
    floor_mult: float,
    peak_mult: float,
    amplitude_mult: float,
    keep: str,
) -> Callable[[float], float]:
    """Where a start or end of cycle 0 lies in cycle i of a repeat whose levels change."""
    low_now, high_now = low * floor_mult**i, high * peak_mult**i
    if amplitude_mult != 1:
        height = (high_now - low_now) * amplitude_mult**i
        low_now = high_now - height if keep == "peak" else low_now
        high_now = high_now if keep == "peak" else low_now + height

    def now(value: float) -> float:
        if value == high:
            return high_now
        if value == low:
            return low_now
        return low_now + (high_now - low_now) * ((value - low) / (high - low))

    return now
