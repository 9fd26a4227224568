"""Schedules of other values than the learning rate: momentum and weight decay."""

from __future__ import annotations

from csched import _check
from csched.nodes import sequence
from csched.phases import curve
from csched.recipes.parts import phases_within
from csched.schedule import Schedule

__all__ = ["cosine_weight_decay", "demon", "linear_weight_decay", "muon_momentum"]


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


def linear_weight_decay(steps: int, *, start: float, end: float = 0.0) -> Schedule:
    """Weight decay along a straight line, up or down.

    ``end + (start - end) * (1 - t / T)``.

    Parameters
    ----------
    steps : int
        Length of the whole.
    start, end : float
        At least 0; the end is 0 by default.

    References
    ----------
    Karpathy, "nanochat" (linear to 0), https://github.com/karpathy/nanochat; Megatron-LM's
    ``weight-decay-incr-style linear``.

    Examples
    --------
    >>> import csched
    >>> csched.linear_weight_decay(2, start=0.2)["weight_decay"].values(0, 3).tolist()
    [0.2, 0.1, 0.0]

    """
    where = "linear_weight_decay"
    n = _check.integer(where, "steps", steps, 1)
    first = _check.real(where, "start", start, 0.0)
    return Schedule(weight_decay=curve("linear", first, _check.real(where, "end", end, 0.0), n))
