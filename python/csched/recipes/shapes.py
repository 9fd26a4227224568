"""Shapes of one decay: polynomial, tanh, sigmoid, slanted triangular, parts of a cosine."""

from __future__ import annotations

import math

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import MOST_PARTS, half_waves, warmed, whole_and_warmup
from csched.recipes.warmups import Warmup, checked
from csched.schedule import Schedule

__all__ = [
    "half_cosine",
    "linear_cosine",
    "polynomial",
    "polynomial_cycles",
    "sigmoid",
    "slanted_triangular",
    "tanh",
]


def polynomial(
    peak: float,
    steps: int,
    *,
    floor: float = 0.0,
    power: float = 0.9,
    k_decay: float = 1.0,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """Polynomial decay ("poly"): from peak to floor along (1 - z)^power, after a warm-up.

    ``floor + (peak - floor) * (1 - z**k_decay)**power`` with z = (t - W) / (T - W) for W <= t < T,
    floor from T on.

    Parameters
    ----------
    peak, floor : float
        Values at the end of the warm-up and at step ``steps``.
    steps : int
        Length of the whole in steps, warm-up included, at least 1.
    power : float, default 0.9
        In (0, 100]; 0.9 in segmentation, 1 in BERT, 2 in LARS.
    k_decay : float, default 1.0
        In (0, 100]; above 1 the fall comes later and is steeper (k-decay). With 2 the shape is
        ``(1 - z^2)^power``, for a power of 1/2 a quarter of an ellipse.
    warmup_steps : int or float, default 0
        Steps of the warm-up, or their fraction of the whole.
    warmup : str or csched.Warmup, default "linear"
        Law of the warm-up.

    References
    ----------
    Chen et al., "DeepLab", 2016, https://arxiv.org/abs/1606.00915, section 4.1.2 ("poly", 0.9);
    Zhang, Li, "k-decay", 2020, https://arxiv.org/abs/2004.05909.

    Examples
    --------
    >>> import csched
    >>> csched.polynomial(1.0, 4, power=2.0)["lr"].values(0, 5).tolist()
    [1.0, 0.5625, 0.25, 0.0625, 0.0]

    """
    _check.reals("polynomial", peak=peak, floor=floor)

    def main(n: int) -> Curve:
        return curve("polynomial", peak, floor, n, power=power, k_decay=k_decay)

    return warmed("polynomial", steps, warmup_steps, main, warmup)


def polynomial_cycles(
    peak: float, steps: int, *, decay_steps: int | float, floor: float = 0.0, power: float = 1.0
) -> Schedule:
    """Polynomial decay over a horizon that is stretched each time it is reached.

    ``floor + (peak - floor) * (1 - t / D_t)**power`` with ``D_t = decay_steps * max(1,
    ceil(t / decay_steps))``: the floor is met at each multiple of ``decay_steps``, and the next
    step jumps up, each time to less.

    Parameters
    ----------
    steps : int
        The whole; the curve holds its last value after it.
    decay_steps : int or float
        The first horizon, in steps or as a fraction of the whole.
    power : float, default 1.0
        In (0, 100].

    References
    ----------
    TensorFlow's ``polynomial_decay`` and Keras's ``PolynomialDecay`` with ``cycle=True``.

    Examples
    --------
    >>> import csched
    >>> csched.polynomial_cycles(1.0, 9, decay_steps=4)["lr"].values().tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.375, 0.25, 0.125, 0.0]

    """
    where = "polynomial_cycles"
    _check.reals(where, peak=peak, floor=floor)
    whole = _check.integer(where, "steps", steps, 1)
    d = max(1, _check.length(where, "decay_steps", decay_steps, whole, 1))
    if whole // d >= MOST_PARTS:
        _check.fail(where, "decay_steps", f"at least steps / {MOST_PARTS}", decay_steps)

    def horizon(i: int) -> Curve:  # steps (i-1) d + 1 .. i d, the first one with step 0 as well
        begin = 0 if i == 1 else (i - 1) * d + 1
        stop = min(i * d, whole - 1) + 1
        n, at, span = stop - begin, float(begin), float(i * d)
        return curve("polynomial", peak, floor, n, offset=at, span=span, power=power)

    return Schedule(lr=sequence(*(horizon(i) for i in range(1, max(1, -(-(whole - 1) // d)) + 1))))


def tanh(
    peak: float,
    steps: int,
    *,
    floor: float = 0.0,
    lower: float = -6.0,
    upper: float = 3.0,
    exact_ends: bool = False,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """HTD: hyperbolic-tangent decay.

    ``floor + (peak - floor) / 2 * (1 - tanh(lower * (1 - z) + upper * z))`` with z = (t - W) /
    (T - W); it starts a little below the peak and ends a little above the floor. From T on it
    holds the value at z = 1.

    Parameters
    ----------
    peak, floor : float
        The bounds, which the paper's formula approaches.
    lower, upper : float, default -6 and 3
        Bounds of the argument of tanh, in [-100, 100], lower < upper.
    exact_ends : bool, default False
        Stretch the values so that they run from peak to floor exactly.

    References
    ----------
    Hsueh, Li, Wu, "Stochastic Gradient Descent with Hyperbolic-Tangent Decay on Classification",
    2018, https://arxiv.org/abs/1806.01593

    Examples
    --------
    >>> import csched
    >>> [round(v, 6) for v in csched.tanh(1.0, 4)["lr"].values(0, 5).tolist()]
    [0.999994, 0.999447, 0.952574, 0.182426, 0.002473]

    """
    where = "tanh"
    _check.reals(where, peak=peak, floor=floor)
    _check.flag(where, "exact_ends", exact_ends)
    low = _check.real(where, "lower", lower, -100.0, 100.0)
    high = _check.real(where, "upper", upper, low, 100.0, open_low=True)
    first, last = (floor + (peak - floor) * _logistic(x) for x in (low, high))

    def main(n: int) -> Curve:
        ends = (peak, floor) if exact_ends else (first, last)
        return curve("tanh", *ends, n, lower=low, upper=high)

    return warmed(where, steps, warmup_steps, main, warmup)


def _logistic(x: float) -> float:
    """``(1 - tanh x) / 2`` without cancellation."""
    return math.exp(-2.0 * x) / (1.0 + math.exp(-2.0 * x)) if x > 0 else 1 / (1 + math.exp(2.0 * x))


def sigmoid(
    peak: float,
    steps: int,
    *,
    center: float = 0.5,
    steepness: float = 10.0,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """Logistic decay: high, then through half the peak, then low.

    ``peak / (1 + exp(steepness * (z - center)))`` with z = (t - W) / (T - W); it starts a little
    below the peak and ends a little above 0. From T on it holds the value at z = 1.

    Parameters
    ----------
    center : float, default 0.5
        z at which half the peak is left, in [0, 1].
    steepness : float, default 10
        In [1e-6, 200]. Caffe's ``gamma`` is ``-steepness / steps``, and its ``stepsize``
        ``center * steps``.

    References
    ----------
    Caffe, ``lr_policy: "sigmoid"``.

    Examples
    --------
    >>> import csched
    >>> [round(v, 6) for v in csched.sigmoid(1.0, 4)["lr"].values(0, 5).tolist()]
    [0.993307, 0.924142, 0.5, 0.075858, 0.006693]

    """
    where = "sigmoid"
    _check.real(where, "peak", peak)
    c = _check.real(where, "center", center, 0.0, 1.0)
    half = _check.real(where, "steepness", steepness, 1e-6, 200.0) / 2.0
    low, high = -half * c, half * (1.0 - c)
    ends = peak * _logistic(low), peak * _logistic(high)

    def main(n: int) -> Curve:
        return curve("tanh", *ends, n, lower=low, upper=high)

    return warmed(where, steps, warmup_steps, main, warmup)


def half_cosine(
    peak: float,
    steps: int,
    *,
    floor: float = 0.0,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """The second half of a half cosine: steep at once, then flatter and flatter.

    ``floor + (peak - floor) * (1 + cos(pi * (1 + z) / 2)) / 2`` with z = (t - W) / (T - W): from
    halfway between peak and floor, which is where the warm-up leads to.

    References
    ----------
    OLMo-core, ``HalfCosWithWarmup``. (The first quarter wave, ``peak * cos(pi z / 2)``, is
    ``cosine(..., power=0.5)``.)

    Examples
    --------
    >>> import csched
    >>> [round(v, 6) for v in csched.half_cosine(1.0, 4)["lr"].values(0, 5).tolist()]
    [0.5, 0.308658, 0.146447, 0.03806, 0.0]

    """
    _check.reals("half_cosine", peak=peak, floor=floor)

    def main(n: int) -> Curve:
        return curve("cosine", peak, floor, n, offset=float(n), span=2.0 * n)

    return warmed("half_cosine", steps, warmup_steps, main, warmup)


def slanted_triangular(
    peak: float, steps: int, *, cut: float = 0.1, ratio: float = 32.0
) -> Schedule:
    """STLR: a short linear rise from peak / ratio, a long linear fall back to it.

    With c = floor(cut * T), ``lr = peak * (1 + p (ratio - 1)) / ratio`` where ``p = t / c`` below
    c and ``p = 1 - (t - c) / (c (1 / cut - 1))`` after it. Where c is rounded down p arrives at 0
    before T, and is held there.

    Parameters
    ----------
    cut : float, default 0.1
        Fraction of the steps that rise, in (0, 1), at least 1 / steps.
    ratio : float, default 32
        Peak over lowest value, at least 1.

    References
    ----------
    Howard, Ruder, "Universal Language Model Fine-tuning for Text Classification", 2018,
    https://arxiv.org/abs/1801.06146, eq. 3.

    Examples
    --------
    >>> import csched
    >>> s = csched.slanted_triangular(1.0, 1000)
    >>> [round(s["lr"](t), 6) for t in (0, 50, 100, 500, 1000)]
    [0.03125, 0.515625, 1.0, 0.569444, 0.03125]

    """
    where = "slanted_triangular"
    whole = _check.integer(where, "steps", steps, 2)
    _check.real(where, "cut", cut, 0.0, 1.0, open_low=True, open_high=True)
    _check.real(where, "ratio", ratio, 1.0)
    share = _check.decimal(cut)
    up = math.floor(share * whole)
    if up < 1:
        _check.fail(where, "cut", f"at least 1 / steps = 1 / {whole}", cut)
    low = _check.real(where, "peak", peak) / ratio
    fall = float(up / share - up)
    return Schedule(
        lr=curve("linear", low, peak, up).then(curve("linear", peak, low, whole - up, span=fall))
    )


def linear_cosine(
    peak: float,
    steps: int,
    *,
    lobes: int | float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """Linear decay times a cosine with ``lobes`` full waves, found by search.

    ``peak * ((alpha + 1 - z) * (1 + cos(2 pi lobes z)) / 2 + beta)`` with z = (t - W) / (T - W).

    References
    ----------
    Bello et al., "Neural Optimizer Search with Reinforcement Learning", ICML 2017,
    https://arxiv.org/abs/1709.07417; TensorFlow's ``linear_cosine_decay``.

    Examples
    --------
    >>> import csched
    >>> csched.linear_cosine(1.0, 4, beta=0.0)["lr"](2)
    0.25

    """
    where = "linear_cosine"
    law = checked(where, warmup)
    whole, n = whole_and_warmup(where, steps, warmup_steps)
    _check.real(where, "peak", peak)
    _check.real(where, "alpha", alpha, 0.0)
    _check.real(where, "beta", beta, 0.0)
    falling = curve("linear", peak * (1.0 + alpha), peak * alpha, whole - n)
    main = falling * half_waves(where, 1.0, 0.0, whole - n, lobes)
    return Schedule(lr=law.before(main + beta * peak if beta else main, n))
