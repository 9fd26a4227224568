"""Schedules of batch size, of averaged weights, and of a term in the loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import MOST_PARTS, cycles_over, held, positions
from csched.schedule import Schedule

__all__ = ["batch_size_ramp", "batch_size_steps", "cyclical_annealing", "ema_cosine", "ema_warmup"]


def batch_size_ramp(
    start: int,
    end: int,
    steps: int,
    *,
    ramp_steps: int | float = 1.0,
    multiple: int = 1,
    profile: str = "linear",
) -> Schedule:
    """An integer batch size from start to end, in multiples, then held.

    ``multiple * round((start + (end - start) * t / R) / multiple)``, halves to even, for t < R.

    Parameters
    ----------
    start, end : int
        First and last batch size, multiples of ``multiple``.
    steps : int
        Length of the whole.
    ramp_steps : int or float, default 1.0
        Steps until ``end`` is reached, or their fraction of the whole; 1.0 is the whole.
    multiple : int, default 1
        Of what every batch size is a multiple: devices times micro-batch.
    profile : str, default "linear"
        Any profile; its growth form is used.

    References
    ----------
    Smith et al., "Don't Decay the Learning Rate, Increase the Batch Size", 2017,
    https://arxiv.org/abs/1711.00489; Megatron-LM's ``rampup-batch-size``.

    Examples
    --------
    >>> import csched
    >>> csched.batch_size_ramp(8, 24, 8, ramp_steps=4, multiple=8)["batch_size"].values().tolist()
    [8.0, 16.0, 16.0, 16.0, 24.0, 24.0, 24.0, 24.0]

    """
    where = "batch_size_ramp"
    whole = _check.integer(where, "steps", steps, 1)
    each = _check.integer(where, "multiple", multiple, 1)
    sizes = {"start": start, "end": end}
    for name, size in sizes.items():
        if _check.integer(where, name, size, 1) % each:
            _check.fail(where, name, f"a multiple of multiple = {each}", size)
    part: int | float = whole if isinstance(ramp_steps, float) and ramp_steps == 1.0 else ramp_steps
    n = max(1, _check.length(where, "ramp_steps", part, whole, 1))
    if profile == "linear" and abs(end - start) // each < MOST_PARTS:
        return Schedule(batch_size=_levels(start, end, each, n, whole))
    ramp = curve(profile, float(start), float(end), n)
    return Schedule(batch_size=sequence(ramp, *held(float(end), whole - n)).rounded(float(each)))


def _levels(start: int, end: int, each: int, n: int, whole: int) -> Curve:
    """The line in integers: a last bit too many would round a half to the wrong side."""

    def level(t: int) -> int:
        return round(Fraction(start * n + (end - start) * t, n * each))

    up = 1 if end > start else -1
    seams, sizes = [0], [start // each]
    for k in range(start // each + up, end // each + up, up):
        t = math.ceil((Fraction(2 * k - up, 2) * each - start) * n / (end - start))
        seams.append(t if up * level(t) >= up * k else t + 1)
        sizes.append(k)
    spans = pairwise([*seams, whole])
    parts = [
        p for k, (a, b) in zip(sizes, spans, strict=True) for p in held(float(k * each), b - a)
    ]
    return sequence(*parts, curve("constant", float(end), steps=1)[0:0])


def batch_size_steps(
    sizes: Sequence[int], steps: int, *, boundaries: Sequence[int | float]
) -> Schedule:
    """Integer batch sizes in steps: ``sizes[i]`` from boundary i - 1 to boundary i.

    Where a step schedule would divide the learning rate by k, the batch is made k times larger.

    Parameters
    ----------
    sizes : ints
        One more than boundaries, each at least 1.
    steps : int
        Length of the whole.
    boundaries : increasing ints (steps) or floats (fractions of the whole)
        The first step with the new size; a fraction falls on the first step not before it.

    References
    ----------
    Smith et al., "Don't Decay the Learning Rate, Increase the Batch Size", 2017,
    https://arxiv.org/abs/1711.00489; Jordan et al., "modded-nanogpt" (8, 16, 24 sequences).

    Examples
    --------
    >>> import csched
    >>> s = csched.batch_size_steps([8, 16, 24], 6, boundaries=[2, 0.5])
    >>> s["batch_size"].values().tolist()
    [8.0, 8.0, 16.0, 24.0, 24.0, 24.0]

    """
    where = "batch_size_steps"
    whole = _check.integer(where, "steps", steps, 1)
    seams = [math.ceil(b) for b in positions(where, "boundaries", boundaries, whole)]
    given = [_check.integer(where, "size", n, 1) for n in _check.items(where, "sizes", sizes)]
    if len(given) != len(seams) + 1 or len(given) > MOST_PARTS:
        _check.fail(where, "sizes", f"one more than boundaries, {len(seams) + 1}", sizes)
    spans = pairwise([0, *seams, whole])
    parts = [p for n, (a, b) in zip(given, spans, strict=True) for p in held(float(n), b - a)]
    return Schedule(batch_size=sequence(*parts))


def ema_cosine(steps: int, *, start: float = 0.996, end: float = 1.0) -> Schedule:
    """Decay of averaged weights (BYOL's target network): from start to end along half a cosine.

    ``end - (end - start) * (1 + cos(pi t / T)) / 2``, of averages ``d * average + (1 - d) * w``.

    Parameters
    ----------
    steps : int
        Length of the whole.
    start, end : float, default 0.996 and 1
        In [0, 1].

    References
    ----------
    Grill et al., "Bootstrap Your Own Latent", 2020, https://arxiv.org/abs/2006.07733, section 3.3.

    Examples
    --------
    >>> import csched
    >>> [round(v, 6) for v in csched.ema_cosine(2)["ema_decay"].values(0, 3).tolist()]
    [0.996, 0.998, 1.0]

    """
    where = "ema_cosine"
    n = _check.integer(where, "steps", steps, 1)
    first = _check.real(where, "start", start, 0.0, 1.0)
    return Schedule(ema_decay=curve("cosine", first, _check.real(where, "end", end, 0.0, 1.0), n))


def ema_warmup(steps: int, *, peak: float = 0.9999) -> Schedule:
    """Decay of averaged weights that begins low, so that the first weights are soon forgotten.

    ``min(peak, (1 + t) / (10 + t))``.

    Parameters
    ----------
    steps : int
        Length of the whole, after which the value is held.
    peak : float, default 0.9999
        In (0, 1).

    References
    ----------
    TensorFlow's ``ExponentialMovingAverage`` with ``num_updates``.

    Examples
    --------
    >>> import csched
    >>> s = csched.ema_warmup(1000, peak=0.9)
    >>> [round(s["ema_decay"](t), 6) for t in (0, 10, 80, 81, 1000)]
    [0.1, 0.55, 0.9, 0.9, 0.9]

    """
    where = "ema_warmup"
    n = _check.integer(where, "steps", steps, 1, 10**15)
    high = _check.real(where, "peak", peak, 0.0, 1.0, open_low=True, open_high=True)
    rise = curve("inverse_power", 0.1, (1 + n) / (10 + n), n, power=1.0, scale=n / 10.0)
    return Schedule(ema_decay=rise.clip(high=high))


def cyclical_annealing(
    steps: int,
    *,
    cycles: int = 4,
    ratio: float = 0.5,
    start: float = 0.0,
    peak: float = 1.0,
    profile: str = "linear",
) -> Schedule:
    """The weight of a term in the loss, as of the KL divergence: it rises and is held, in cycles.

    With x = (t mod ceil(T/M)) / (T/M): ``start + (peak - start) * x / ratio`` for x < ratio, then
    ``peak``. Other profiles take the place of the line in their growth form.

    Parameters
    ----------
    cycles : int, default 4
        M, at least 1 and at most T.
    ratio : float, default 0.5
        Share of a cycle that rises, in (0, 1].
    start, peak : float, default 0 and 1
        The weight at the beginning of each cycle and at the end of its rise.

    References
    ----------
    Fu et al., "Cyclical Annealing Schedule: A Simple Approach to Mitigating KL Vanishing", 2019,
    https://arxiv.org/abs/1903.10145, eq. 6 and 7.

    Examples
    --------
    >>> import csched
    >>> csched.cyclical_annealing(8, cycles=2)["weight"].values().tolist()
    [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0, 1.0]

    """
    where = "cyclical_annealing"
    _check.reals(where, start=start, peak=peak)
    whole = _check.integer(where, "steps", steps, 1)
    count = _check.integer(where, "cycles", cycles, 1, whole)
    _check.real(where, "ratio", ratio, 0.0, 1.0, open_low=True)
    length = -(-whole // count)
    span = whole * _check.decimal(ratio) / count
    up = min(length, math.ceil(span))
    rise = curve(profile, start, peak, up, span=float(span))
    cycle = sequence(rise, *held(peak, length - up))
    return Schedule(weight=cycles_over(where, cycle, whole, None))
