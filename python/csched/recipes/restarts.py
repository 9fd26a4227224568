"""Restarts of other kinds than SGDR's, and step sizes in a prescribed order."""

from __future__ import annotations

import math

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import MOST_PARTS, half_waves, through, warmed, whole_and_warmup
from csched.recipes.warmups import Warmup
from csched.schedule import Schedule

__all__ = ["cosine_restarts", "fractal", "jagged", "multi_lobe"]


def cosine_restarts(
    peak: float,
    steps: int,
    *,
    cycles: int | float = 1,
    floor: float = 0.0,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """Cosine with hard restarts: n equal cycles over the run, which may begin between steps.

    ``floor + (peak - floor) * (1 + cos(pi * ((n * z) mod 1))) / 2`` with z = (t - W) / (T - W);
    floor from T on. For cycles of whole steps see ``sgdr(peak, steps, cycles=n)``.

    Parameters
    ----------
    cycles : int or float, default 1
        Number of cycles, in [1e-6, 32768]; a fraction cuts the last one.
    warmup_steps : int or float, default 0
        Steps of the warm-up, or their fraction of the whole.

    References
    ----------
    Hugging Face Transformers, ``cosine_with_restarts``.

    Examples
    --------
    >>> import csched
    >>> s = csched.cosine_restarts(1.0, 10, cycles=3)
    >>> [round(v, 6) for v in s["lr"].values(0, 6).tolist()]
    [1.0, 0.793893, 0.345492, 0.024472, 0.904508, 0.5]

    """
    where = "cosine_restarts"
    _check.reals(where, peak=peak, floor=floor)
    count = _check.real(where, "cycles", cycles, 1e-6, MOST_PARTS / 2)

    def main(n: int) -> Curve:
        length = n / _check.decimal(cycles)
        ends = [i * length for i in range(math.ceil(count) + 1)]
        knots = [(end, value) for end in ends for value in (floor, peak)][1:-1]
        return through(knots, n, "cosine")

    return warmed(where, steps, warmup_steps, main, warmup)


def multi_lobe(
    peak: float,
    steps: int,
    *,
    lobes: int | float = 1.5,
    floor: float = 0.0,
    warmup_steps: int | float = 0,
    warmup: str | Warmup = "linear",
) -> Schedule:
    """Cosine with soft restarts: ``lobes`` full waves, down and up again.

    ``floor + (peak - floor) * (1 + cos(2 pi * lobes * z)) / 2`` with z = (t - W) / (T - W); from T
    on the value at z = 1 is held. 0.5 is half a cosine; n + 0.5 ends at the floor.

    Parameters
    ----------
    lobes : int or float, default 1.5
        Number of waves, in [1e-6, 32768]; ``num_cycles`` of Hugging Face Transformers' ``cosine``.

    References
    ----------
    Hugging Face Transformers, ``cosine`` with ``num_cycles``.

    Examples
    --------
    >>> import csched
    >>> csched.multi_lobe(1.0, 6)["lr"].values(0, 7).tolist()
    [1.0, 0.5, 0.0, 0.5, 1.0, 0.5, 0.0]

    """
    where = "multi_lobe"
    _check.reals(where, peak=peak, floor=floor)

    def main(n: int) -> Curve:
        return half_waves(where, peak, floor, n, lobes)

    return warmed(where, steps, warmup_steps, main, warmup)


def jagged(
    peak: float,
    steps: int,
    *,
    interval: int | float,
    ramp_steps: int,
    floor: float = 0.0,
    start_factor: float = 0.0,
    warmup_steps: int | float = 0,
    profile: str = "cosine",
) -> Schedule:
    """Jagged restarts: a decay, and a short new warm-up at each multiple of an interval.

    The decay of :func:`cosine` times ``f + (1 - f) * min(1, (t mod R) / r)`` for t >= R, with R
    the interval, r the ramp and f the ``start_factor``.

    Parameters
    ----------
    interval : int or float
        Steps between restarts, or their fraction of the whole.
    ramp_steps : int
        Steps of each new warm-up, at least 1 and at most the interval.
    start_factor : float, default 0.0
        Factor at a restart, in [0, 1].

    References
    ----------
    Lialin et al., "ReLoRA: High-Rank Training Through Low-Rank Updates", 2023,
    https://arxiv.org/abs/2307.05695, section 3.

    Examples
    --------
    >>> import csched
    >>> s = csched.jagged(1.0, 8, interval=4, ramp_steps=2, profile="linear")
    >>> s["lr"].values().tolist()
    [1.0, 0.875, 0.75, 0.625, 0.0, 0.1875, 0.25, 0.125]

    """
    where = "jagged"
    _check.reals(where, peak=peak, floor=floor)
    whole, n = whole_and_warmup(where, steps, warmup_steps)
    each = max(1, _check.length(where, "interval", interval, whole, 1))
    ramp = _check.integer(where, "ramp_steps", ramp_steps, 1, each)
    _check.real(where, "start_factor", start_factor, 0.0, 1.0)
    envelope = Warmup().before(curve(profile, peak, floor, whole - n), n)
    restarts = -(-whole // each) - 1
    if restarts < 1:
        return Schedule(lr=envelope)
    tooth = curve("linear", start_factor, 1.0, ramp)
    if each > ramp:
        tooth = tooth.then(curve("constant", 1.0, steps=each - ramp))
    teeth = curve("constant", 1.0, steps=ramp).then(tooth.repeat(restarts + 1)[ramp:])
    return Schedule(lr=envelope * teeth[:whole])


def fractal(
    steps: int, *, low: float, high: float, blocks: int = 1, order: str = "fractal"
) -> Schedule:
    """Fractal (permuted Chebyshev) step sizes: acceleration without momentum.

    ``1 / ((M + m) / 2 - (M - m) / 2 * cos((s - 1/2) pi / n))`` with m = low, M = high, n steps in
    a block, and s running through sigma_n: sigma_1 = [1], sigma_2n = interlace(sigma_n,
    2n + 1 - sigma_n). On a quadratic with curvatures in [m, M] the error after a block is at most
    ``2 r^n / (1 + r^2n)``, r = (sqrt(M/m) - 1) / (sqrt(M/m) + 1). Sorted orders are unstable.

    Parameters
    ----------
    steps : int
        Steps of a block: a power of two, at most 4096.
    low, high : float
        Bounds of the curvature, 0 < low <= high.
    blocks : int, default 1
        How often the block is run.
    order : "fractal", "decreasing" or "increasing"
        Order of the step sizes; the sorted ones are for comparison.

    References
    ----------
    Agarwal, Goel, Zhang, "Acceleration via Fractal Learning Rate Schedules", ICML 2021,
    https://arxiv.org/abs/2103.01338

    Examples
    --------
    >>> import csched
    >>> s = csched.fractal(4, low=0.1, high=1.0)
    >>> [round(v, 6) for v in s["lr"].values().tolist()]
    [7.448556, 1.035469, 2.646956, 1.384644]

    """
    where = "fractal"
    n = _check.integer(where, "steps", steps, 1, 4096)
    if n & (n - 1):
        _check.fail(where, "steps", "a power of two", steps)
    m = _check.real(where, "low", low, 0.0, open_low=True)
    top = _check.real(where, "high", high, m)
    _check.choice(where, "order", order, ["fractal", "decreasing", "increasing"])
    sigma = [1]
    while len(sigma) < n:
        sigma = [k for s in sigma for k in (s, 2 * len(sigma) + 1 - s)]
    if order != "fractal":
        sigma = sorted(sigma, reverse=order == "increasing")
    middle, radius = (top + m) / 2.0, (top - m) / 2.0
    sizes = [1.0 / (middle - radius * math.cos((s - 0.5) * math.pi / n)) for s in sigma]
    block = sequence(*(curve("constant", size, steps=1) for size in sizes))
    count = _check.integer(where, "blocks", blocks, 1)
    return Schedule(lr=block if count == 1 else block.repeat(count))
