"""Plateaus: constant, warm-up-stable-decay and its kin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.profiles import PROFILES
from csched.recipes.parts import held, phases_within, positions, warmed, whole_and_warmup
from csched.recipes.warmups import Warmup, checked
from csched.schedule import Schedule

__all__ = [
    "constant",
    "infinite",
    "wsd",
    "wsd_s",
]

COOLDOWNS: Mapping[str, tuple[str, dict[str, float]]] = MappingProxyType(
    {
        "linear": ("linear", {}),
        "cosine": ("cosine", {}),
        "one_minus_sqrt": ("one_minus_sqrt", {}),
        "sqrt": ("polynomial", {"power": 0.5}),
        "square": ("parabolic", {}),
        "exponential": ("exponential", {}),
    }
)
"""Shape of a cooldown -> profile and its arguments; every other profile goes by its own name."""


def falling(where: str, shape: str, peak: float, floor: float, steps: int, **given: Any) -> Curve:
    """A cooldown of one of the shapes."""
    names = [*COOLDOWNS, "mirror_cosine", *(p for p in PROFILES if p not in COOLDOWNS)]
    name = _check.choice(where, "cooldown", shape, names)
    if name == "mirror_cosine":  # twice the line less the cosine
        drop = peak - floor
        line, bow = (curve(p, k * drop, 0.0, steps) for p, k in (("linear", 2), ("cosine", -1)))
        return line + bow + floor if floor else line + bow
    profile, arguments = COOLDOWNS.get(name, (name, {}))
    if PROFILES[profile].positive and floor == 0.0:
        hint = f"cooldown {name!r} is linear in the logarithm: give 1e-3 of peak, say"
        _check.fail(where, "floor", "not 0", floor, hint)
    return curve(profile, peak, floor, steps, **{**arguments, **given})


def constant(
    peak: float,
    steps: int,
    *,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """One value for ever, after an optional warm-up.

    ``peak`` for t >= W. ``steps`` only says how long the whole is taken to be.

    Examples
    --------
    >>> import csched
    >>> csched.constant(1.0, 6, warmup_steps=4)["lr"].values().tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]

    """
    _check.reals("constant", peak=peak)

    def main(n: int) -> Curve:
        return curve("constant", peak, steps=n)

    return warmed("constant", steps, warmup_steps, main, warmup)


def wsd(
    peak: float,
    steps: int,
    *,
    cooldown_steps: int | float = 0.2,
    floor: float = 0.0,
    cooldown: str = "one_minus_sqrt",
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
    **profile_arguments: Any,
) -> Schedule:
    """Warm-up, stable, decay: hold the peak, cool down at the end (trapezoid).

    peak for W <= t < T - C, then ``floor + (peak - floor) * shape(p)`` with p = (t - (T - C)) / C::

        linear 1 - p      cosine (1 + cos(pi p)) / 2      one_minus_sqrt 1 - sqrt(p)
        sqrt sqrt(1 - p)  square 1 - p^2                  exponential: peak^(1-p) floor^p
        mirror_cosine 2 (1 - p) - (1 + cos(pi p)) / 2

    Parameters
    ----------
    peak, floor : float
        Values of the plateau and at step ``steps``.
    steps : int
        Length of the whole in steps, warm-up and cooldown included.
    cooldown_steps : int or float, default 0.2
        Steps of the cooldown, or their fraction of the whole.
    cooldown : str, default "one_minus_sqrt"
        Shape of the cooldown, see above, or any profile with its arguments. "linear" makes the
        trapezoid; "exponential" needs a floor above 0.
    warmup_steps : int or float, default 0
        Steps of the warm-up, or their fraction of the whole.
    warmup : str or csched.Warmup, default "linear"
        Law of the warm-up.

    References
    ----------
    Hu et al., "MiniCPM", 2024, https://arxiv.org/abs/2404.06395; Hägele et al., "Scaling Laws and
    Compute-Optimal Training Beyond Fixed Training Durations", 2024,
    https://arxiv.org/abs/2405.18392, for the shapes.

    Examples
    --------
    >>> import csched
    >>> s = csched.wsd(1.0, 8, warmup_steps=2, cooldown_steps=0.5, cooldown="linear")
    >>> s["lr"].values(0, 10).tolist()
    [0.0, 0.5, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]

    """
    where = "wsd"
    law = checked(where, warmup)
    _check.reals(where, peak=peak, floor=floor)
    whole = _check.integer(where, "steps", steps, 1)
    n, down = phases_within(where, whole, warmup_steps=warmup_steps, cooldown_steps=cooldown_steps)
    if n == whole:
        _check.fail(where, "warmup_steps", f"below steps = {whole}", warmup_steps)
    parts = held(peak, whole - n - down)
    if down:
        parts.append(falling(where, cooldown, peak, floor, down, **profile_arguments))
    return Schedule(lr=law.before(sequence(*parts), n))


def wsd_s(
    peak: float,
    steps: int,
    *,
    boundaries: Sequence[int | float],
    cooldown_steps: int | float = 0.1,
    floor: float = 0.0,
    rewarmup_steps: int | float = 0,
    cooldown: str = "linear",
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
    **profile_arguments: Any,
) -> Schedule:
    """WSD in periods: cool down at each boundary, then go on from the peak, at once or by and by.

    Each period holds the peak and cools down in its last steps, so that every boundary, and the
    end, leaves a finished model. Formula of a period as for :func:`wsd`.

    Parameters
    ----------
    boundaries : increasing ints (steps) or floats (fractions of the whole)
        The first step of each period but the first; may be empty.
    cooldown_steps : int or float, default 0.1
        Steps of each cooldown, or their fraction of their period (the first one's with its
        warm-up).
    rewarmup_steps : int or float, default 0
        Steps at the start of each period but the first that climb from the floor along a line, or
        their fraction of the period: step k of R gets ``floor + (peak - floor) * (k+1) / (R+1)``.

    References
    ----------
    Wen et al., "Understanding Warmup-Stable-Decay Learning Rates: A River Valley Loss Landscape
    Perspective", 2024, https://arxiv.org/abs/2410.05192 (WSD-S).

    Examples
    --------
    >>> import csched
    >>> s = csched.wsd_s(1.0, 8, boundaries=[4], cooldown_steps=2)
    >>> s["lr"].values(0, 9).tolist(), s.cycle_ends
    ([1.0, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0], (3, 7))

    """
    where = "wsd_s"
    _check.reals(where, peak=peak, floor=floor)
    law = checked(where, warmup)
    whole, n = whole_and_warmup(where, steps, warmup_steps)
    seams = [0, *(math.ceil(b) for b in positions(where, "boundaries", boundaries, whole)), whole]
    parts: list[Curve] = []
    for i, (a, b) in enumerate(pairwise(seams)):
        if b <= a:
            allowed = "on different steps, above 0 and below steps"
            _check.fail(where, "boundaries", allowed, boundaries)
        down = max(1, _check.length(where, "cooldown_steps", cooldown_steps, b - a, 1))
        up = _check.length(where, "rewarmup_steps", rewarmup_steps, b - a) if i else 0
        level = b - a - down - (up if i else n)
        if level < 0:
            allowed = f"such that warm-up and cooldown fit into the {b - a} steps of period {i}"
            _check.fail(where, "cooldown_steps", allowed, cooldown_steps)
        if up:
            parts.append(curve("linear", floor, peak, up, offset=1.0, span=up + 1.0))
        parts += held(peak, level)
        parts.append(falling(where, cooldown, peak, floor, down, **profile_arguments))
    return Schedule(lr=law.before(sequence(*parts), n))


def infinite(
    peak: float,
    steps: int,
    *,
    plateau: float,
    cooldown_steps: int | float,
    floor: float | None = None,
    anneal_steps: int | float = 0,
    cooldown: str = "cosine",
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
    **profile_arguments: Any,
) -> Schedule:
    """Infinite learning rate: warm-up, cooldown to a plateau, and an annealing when one is due.

    From peak to ``plateau`` in C steps along ``cooldown``, ``plateau`` from then on, and in the
    last A steps ``plateau * (floor / plateau)**((t - (T - A)) / A)``. Without ``anneal_steps`` it
    never ends: branch an annealing off at any step with ``s["lr"].cooldown(step, length)``.

    Parameters
    ----------
    peak, plateau : float
        Value after the warm-up, and the one held.
    cooldown_steps : int or float
        Steps from peak to plateau, or their fraction of the whole.
    floor : float, optional
        Positive value at step ``steps``; needed where ``anneal_steps`` is given.
    anneal_steps : int or float, default 0
        Steps of the annealing, or their fraction of the whole.
    cooldown : str, default "cosine"
        Shape of the cooldown; Ibrahim et al. also use "inverse_sqrt" with a ``scale``.

    References
    ----------
    Singh et al., "Beyond Cosine Decay", 2025, https://arxiv.org/abs/2503.02844, eq. 1; Ibrahim et
    al., "Simple and Scalable Strategies to Continually Pre-train Large Language Models", 2024,
    https://arxiv.org/abs/2403.08763.

    Examples
    --------
    >>> import csched
    >>> s = csched.infinite(1.0, 8, plateau=0.5, cooldown_steps=2, warmup_steps=2)
    >>> s["lr"].cooldown(5, 2).values(0, 8).tolist()
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.5, 0.25, 0.0]

    """
    where = "infinite"
    law = checked(where, warmup)
    _check.reals(where, peak=peak, plateau=plateau)
    whole = _check.integer(where, "steps", steps, 1)
    lengths = {"warmup_steps": warmup_steps, "cooldown_steps": cooldown_steps}
    n, down, last = phases_within(where, whole, **lengths, anneal_steps=anneal_steps)
    if n == whole:
        _check.fail(where, "warmup_steps", f"below steps = {whole}", warmup_steps)
    if (floor is None) != (last == 0):
        _check.fail(where, "floor", "given with anneal_steps, and not without", floor)
    if floor is not None:
        _check.reals(where, floor=floor)
    parts: list[Curve] = []
    if down:
        parts.append(falling(where, cooldown, peak, plateau, down, **profile_arguments))
    parts += held(plateau, whole - n - down - last)
    if last:
        parts.append(curve("exponential", plateau, floor, last))
    return Schedule(lr=law.before(sequence(*parts), n))
