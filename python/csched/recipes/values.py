"""Schedules of other values than the learning rate: momentum, weight decay, batch size."""

from __future__ import annotations

from csched import _check
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import phases_within
from csched.schedule import Schedule

__all__ = ["batch_size_ramp", "cosine_weight_decay", "demon", "muon_momentum"]


def muon_momentum(
    steps: int,
    *,
    start: float = 0.85,
    peak: float = 0.95,
    warmup_steps: int | float = 300,
    cooldown_steps: int | float = 0,
    end: float | None = None,
) -> Schedule:
    """Momentum for Muon: a linear rise, a plateau, and where asked for a linear fall at the end.

    ``start + (peak - start) * min(1, t / W)``; in the last C steps down to ``end``.

    Parameters
    ----------
    steps : int
        Length of the whole.
    start, peak : float
        In [0, 1).
    warmup_steps, cooldown_steps : int or float
        Steps, or their fractions of the whole.
    end : float, default ``start``
        Momentum at step ``steps`` where there is a cooldown.

    References
    ----------
    Jordan et al., "modded-nanogpt" (0.85 to 0.95 over 300 steps),
    https://github.com/KellerJordan/modded-nanogpt

    Examples
    --------
    >>> import csched
    >>> s = csched.muon_momentum(1000)
    >>> [round(s["momentum"](t), 4) for t in (0, 150, 300, 1000)]
    [0.85, 0.9, 0.95, 0.95]

    """
    where = "muon_momentum"
    whole = _check.integer(where, "steps", steps, 1)
    n, down = phases_within(where, whole, warmup_steps=warmup_steps, cooldown_steps=cooldown_steps)
    low = _check.real(where, "start", start, 0.0, 1.0, open_high=True)
    high = _check.real(where, "peak", peak, 0.0, 1.0, open_high=True)
    last = low if end is None else _check.real(where, "end", end, 0.0, 1.0, open_high=True)
    parts = [curve("linear", low, high, n)] if n else []
    if whole > n + down:
        parts.append(curve("constant", high, steps=whole - n - down))
    if down:
        parts.append(curve("linear", high, last, down))
    return Schedule(momentum=sequence(*parts))


def demon(steps: int, *, start: float = 0.9) -> Schedule:
    """Demon: momentum that decays to 0 so that each gradient's total weight falls linearly.

    ``start * (1 - z) / ((1 - start) + start * (1 - z))`` with z = t / T: REX with beta = start.

    Parameters
    ----------
    steps : int
        Length of the whole.
    start : float, default 0.9
        In (0, 1).

    References
    ----------
    Chen, Wolfe, Li, Kyrillidis, "Demon: Improved Neural Network Training with Momentum Decay",
    2019, https://arxiv.org/abs/1910.04952

    Examples
    --------
    >>> import csched
    >>> [round(v, 6) for v in csched.demon(4)["momentum"].values(0, 5).tolist()]
    [0.9, 0.870968, 0.818182, 0.692308, 0.0]

    """
    where = "demon"
    beta = _check.real(where, "start", start, 0.0, 1.0, open_low=True, open_high=True)
    n = _check.integer(where, "steps", steps, 1)
    return Schedule(momentum=curve("rex", beta, 0.0, n, beta=beta))


def cosine_weight_decay(steps: int, *, start: float = 0.04, end: float = 0.4) -> Schedule:
    """Weight decay along half a cosine, up or down.

    ``end + (start - end) * (1 + cos(pi t / T)) / 2``.

    Parameters
    ----------
    steps : int
        Length of the whole.
    start, end : float
        At least 0; 0.04 to 0.4 in DINO, down to 0 elsewhere.

    References
    ----------
    Caron et al., "Emerging Properties in Self-Supervised Vision Transformers" (DINO), 2021,
    https://arxiv.org/abs/2104.14294

    Examples
    --------
    >>> import csched
    >>> [round(v, 3) for v in csched.cosine_weight_decay(2)["weight_decay"].values(0, 3).tolist()]
    [0.04, 0.22, 0.4]

    """
    where = "cosine_weight_decay"
    n = _check.integer(where, "steps", steps, 1)
    first = _check.real(where, "start", start, 0.0)
    return Schedule(weight_decay=curve("cosine", first, _check.real(where, "end", end, 0.0), n))


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
    ramp = curve(profile, float(start), float(end), n)
    held = [curve("constant", float(end), steps=whole - n)] if whole > n else []
    return Schedule(batch_size=sequence(ramp, *held).rounded(float(each)))
