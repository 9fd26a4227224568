"""Decays that begin late or come in stages: delayed, flat-cosine, tri-stage, DeepSeek's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from csched import _check
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import MOST_PARTS, held, phases_within, positions, whole_and_warmup
from csched.recipes.warmups import Warmup, checked
from csched.schedule import Schedule

__all__ = ["deepseek", "delayed", "flat_cosine", "tri_stage"]


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
    _check.reals(where, peak=peak, floor=floor)
    law = checked(where, warmup)
    whole, n, delay = _held_steps(where, steps, warmup_steps, delay_steps=delay_steps)
    decay = curve(profile, peak, floor, whole - delay, **profile_arguments)
    return Schedule(lr=law.before(sequence(*held(peak, delay - n), decay), n))


def _held_steps(
    where: str, steps: int, warmup_steps: int | float, **held_steps: int | float
) -> tuple[int, int, int]:
    """The whole, the warm-up, and where the decay begins."""
    whole, n = whole_and_warmup(where, steps, warmup_steps)
    ((name, value),) = held_steps.items()
    begin = _check.length(where, name, value, whole)
    if not n <= begin < whole:
        _check.fail(where, name, f"in [{n}, {whole})", value)
    return whole, n, begin


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
    where = "flat_cosine"
    _check.reals(where, peak=peak)
    last = peak / 1e5 if end is None else end
    _check.reals(where, end=last)
    law = checked(where, warmup)
    whole, n, begin = _held_steps(where, steps, warmup_steps, flat_steps=flat_steps)
    decay = curve("cosine", peak, last, whole - begin)
    return Schedule(lr=law.before(sequence(*held(peak, begin - n), decay), n))


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
    main = sequence(*held(peak, hold), curve("exponential", peak, last, whole - n - hold))
    return Schedule(lr=Warmup(start=low).before(main, n))


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
    parts = [p for v, (a, b) in zip(levels, pairwise(ends), strict=True) for p in held(v, b - a)]
    return Schedule(lr=Warmup().before(sequence(*parts), n))
