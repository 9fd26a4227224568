"""Plateaus: constant, warm-up-stable-decay and its kin, delayed decays."""

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
from csched.recipes.parts import MOST_PARTS, phases_within, positions, warmed, whole_and_warmup
from csched.recipes.warmups import Warmup, checked
from csched.schedule import Schedule

__all__ = [
    "constant",
    "deepseek",
    "delayed",
    "flat_cosine",
    "infinite",
    "tri_stage",
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
    name = _check.choice(where, "cooldown", shape, [*COOLDOWNS, *(PROFILES.keys() - COOLDOWNS)])
    profile, arguments = COOLDOWNS.get(name, (name, {}))
    return curve(profile, peak, floor, steps, **{**arguments, **given})


def _held(value: float, steps: int) -> list[Curve]:
    return [curve("constant", value, steps=steps)] if steps else []


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
    whole = _check.integer(where, "steps", steps, 1)
    n, down = phases_within(where, whole, warmup_steps=warmup_steps, cooldown_steps=cooldown_steps)
    if n == whole:
        _check.fail(where, "warmup_steps", f"below steps = {whole}", warmup_steps)
    parts = _held(peak, whole - n - down)
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
    cooldown: str = "linear",
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
    **profile_arguments: Any,
) -> Schedule:
    """WSD in periods: cool down at each boundary, then go on from the peak at once.

    Each period holds the peak and cools down in its last steps, so that every boundary, and the
    end, leaves a finished model. Formula of a period as for :func:`wsd`.

    Parameters
    ----------
    boundaries : increasing ints (steps) or floats (fractions of the whole)
        The first step of each period but the first; may be empty.
    cooldown_steps : int or float, default 0.1
        Steps of each cooldown, or their fraction of their period (the first one's with its
        warm-up).

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
    law = checked(where, warmup)
    whole, n = whole_and_warmup(where, steps, warmup_steps)
    seams = [0, *(math.ceil(b) for b in positions(where, "boundaries", boundaries, whole)), whole]
    parts: list[Curve] = []
    for i, (a, b) in enumerate(pairwise(seams)):
        if b <= a:
            allowed = "on different steps, above 0 and below steps"
            _check.fail(where, "boundaries", allowed, boundaries)
        down = max(1, _check.length(where, "cooldown_steps", cooldown_steps, b - a, 1))
        held = b - a - down - (n if i == 0 else 0)
        if held < 0:
            allowed = f"such that warm-up and cooldown fit into the {b - a} steps of period {i}"
            _check.fail(where, "cooldown_steps", allowed, cooldown_steps)
        parts += _held(peak, held)
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
    whole = _check.integer(where, "steps", steps, 1)
    lengths = {"warmup_steps": warmup_steps, "cooldown_steps": cooldown_steps}
    n, down, last = phases_within(where, whole, **lengths, anneal_steps=anneal_steps)
    if n == whole:
        _check.fail(where, "warmup_steps", f"below steps = {whole}", warmup_steps)
    if (floor is None) != (last == 0):
        _check.fail(where, "floor", "given if and only if anneal_steps is", floor)
    parts: list[Curve] = []
    if down:
        parts.append(falling(where, cooldown, peak, plateau, down, **profile_arguments))
    parts += _held(plateau, whole - n - down - last)
    if last:
        parts.append(curve("exponential", plateau, floor, last))
    return Schedule(lr=law.before(sequence(*parts), n))


def tri_stage(
    peak: float,
    steps: int,
    *,
    warmup_steps: int | float = 0.1,
    hold_steps: int | float = 0.4,
    start: float | None = None,
    end: float | None = None,
) -> Schedule:
    """Tri-stage: linear rise, hold, exponential decay.

    From ``start`` to ``peak`` in W steps, ``peak`` for H steps, then ``peak * (end / peak)**p``
    over the steps that are left; ``end`` from T on.

    Parameters
    ----------
    peak : float
        Positive.
    warmup_steps, hold_steps : int or float
        Steps, or fractions of the whole; at least one step is left for the decay.
    start, end : float, default ``peak / 100``
        First and last value; ``end`` positive.

    References
    ----------
    Park et al., "SpecAugment", 2019, https://arxiv.org/abs/1904.08779, section 4.1; fairseq's
    ``tri_stage``.

    Examples
    --------
    >>> import csched
    >>> s = csched.tri_stage(1.0, 10, warmup_steps=2, hold_steps=4)
    >>> [round(s["lr"](t), 3) for t in (0, 1, 2, 6, 8, 10)]
    [0.01, 0.505, 1.0, 1.0, 0.1, 0.01]

    """
    where = "tri_stage"
    _check.real(where, "peak", peak, 0.0, open_low=True)
    whole = _check.integer(where, "steps", steps, 1)
    n, hold = phases_within(where, whole, warmup_steps=warmup_steps, hold_steps=hold_steps)
    if n + hold == whole:
        _check.fail(where, "hold_steps", "such that a step is left for the decay", hold_steps)
    low = peak / 100.0 if start is None else start
    last = peak / 100.0 if end is None else end
    main = sequence(*_held(peak, hold), curve("exponential", peak, last, whole - n - hold))
    return Schedule(lr=Warmup(start=low).before(main, n))


def delayed(
    peak: float,
    steps: int,
    *,
    delay_steps: int | float = 0.5,
    profile: str = "linear",
    floor: float = 0.0,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
    **profile_arguments: Any,
) -> Schedule:
    """Delayed decay: hold the peak for a part of the run, then a whole profile in the rest.

    peak for t < D, then ``floor + (peak - floor) * p((t - D) / (T - D))``.

    Parameters
    ----------
    delay_steps : int or float, default 0.5
        Steps before the decay begins, warm-up included, or their fraction of the whole; 25, 50
        and 75 % in the REX paper.
    profile : str, default "linear"
        "linear", "cosine", "rex", or any other.

    References
    ----------
    Chen, Wolfe, Kyrillidis, "REX: Revisiting Budgeted Training with an Improved Schedule", 2021,
    https://arxiv.org/abs/2107.04197

    Examples
    --------
    >>> import csched
    >>> csched.delayed(1.0, 8)["lr"].values(0, 9).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]

    """
    where = "delayed"
    law = checked(where, warmup)
    whole, n = whole_and_warmup(where, steps, warmup_steps)
    delay = _check.length(where, "delay_steps", delay_steps, whole)
    if not n <= delay < whole:
        _check.fail(where, "delay_steps", f"in [{n}, {whole})", delay_steps)
    decay = curve(profile, peak, floor, whole - delay, **profile_arguments)
    return Schedule(lr=law.before(sequence(*_held(peak, delay - n), decay), n))


def flat_cosine(
    peak: float,
    steps: int,
    *,
    flat_steps: int | float = 0.75,
    end: float | None = None,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """Flat, then half a cosine.

    peak for t < F, then ``end + (peak - end) * (1 + cos(pi (t - F) / (T - F))) / 2``.

    Parameters
    ----------
    flat_steps : int or float, default 0.75
        Steps before the cosine begins, warm-up included, or their fraction of the whole.
    end : float, default ``peak / 1e5``
        Value at step ``steps``.

    References
    ----------
    fastai's ``fit_flat_cos``.

    Examples
    --------
    >>> import csched
    >>> csched.flat_cosine(1.0, 8, end=0.0)["lr"].values(4, 9).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.0]

    """
    _check.real("flat_cosine", "peak", peak)
    last = peak / 1e5 if end is None else end
    laws: dict[str, Any] = {"warmup_steps": warmup_steps, "warmup": warmup}
    return delayed(peak, steps, delay_steps=flat_steps, profile="cosine", floor=last, **laws)


def deepseek(
    peak: float,
    steps: int,
    *,
    boundaries: Sequence[int | float] = (0.8, 0.9),
    factors: Sequence[float] = (0.316, 0.1),
    warmup_steps: int | float = 2000,
) -> Schedule:
    """DeepSeek's multi-step: warm-up, the peak, then fixed fractions of it from each boundary on.

    ``peak * factors[i]`` from ``boundaries[i]`` on; the factors do not accumulate.

    Parameters
    ----------
    boundaries : increasing ints (steps) or floats (fractions of the whole)
        First step of each level, after the warm-up.
    factors : floats
        One a boundary; 0.316 is sqrt(0.1).
    warmup_steps : int or float, default 2000
        Steps of the linear warm-up, or their fraction of the whole.

    References
    ----------
    DeepSeek-AI, "DeepSeek LLM", 2024, https://arxiv.org/abs/2401.02954, section 2.3.

    Examples
    --------
    >>> import csched
    >>> csched.deepseek(1.0, 10, warmup_steps=2)["lr"].values().tolist()
    [0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.316, 0.1]

    """
    where = "deepseek"
    whole, n = whole_and_warmup(where, steps, warmup_steps)
    _check.real(where, "peak", peak)
    seams = [math.ceil(b) for b in positions(where, "boundaries", boundaries, whole)]
    factors = _check.items(where, "factors", factors)
    if len(factors) != len(seams):
        _check.fail(where, "factors", f"as many as boundaries, {len(seams)}", factors)
    if len(seams) > MOST_PARTS or (seams and seams[0] < n):
        _check.fail(where, "boundaries", f"at or after the warm-up's end, {n}", boundaries)
    levels = [peak, *(peak * _check.real(where, "factor", f, 0.0) for f in factors)]
    ends = [n, *seams, whole]
    parts = [p for v, (a, b) in zip(levels, pairwise(ends), strict=True) for p in _held(v, b - a)]
    return Schedule(lr=Warmup().before(sequence(*parts), n))
