"""The schedulers of ``pytorch_scheduler`` (0.2), number for number.

``base_lr`` is what it reads from the optimizer. After ``total_steps`` the last value is held,
unless a preset says otherwise.
"""

from __future__ import annotations

import math
from itertools import accumulate

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.presets.pytorch_scheduler_parts import height, lengths, plateau
from csched.schedule import Schedule

__all__ = [
    "ChebyshevScheduler",
    "CosineAnnealingWarmupRestarts",
    "CosineWithWarmupScheduler",
    "ExpHyperbolicLRScheduler",
    "FlatCosineScheduler",
    "HyperbolicLRScheduler",
    "IdentityScheduler",
    "InverseSqrtScheduler",
    "KDecayScheduler",
    "LinearDecayScheduler",
    "PolynomialScheduler",
    "PowerDecayScheduler",
    "RexScheduler",
    "SlantedTriangularScheduler",
    "TanhDecayScheduler",
    "TrapezoidalScheduler",
    "WSDScheduler",
    "WarmupHoldCosineScheduler",
    "WarmupScheduler",
]


def RexScheduler(total_steps: int, *, base_lr: float = 1.0) -> Schedule:
    """``base_lr * (1 - z) / (1 - z / 2)``.

    >>> [round(v, 4) for v in RexScheduler(2)["lr"].values(0, 4).tolist()]
    [1.0, 0.6667, 0.0, 0.0]
    """
    _, n = lengths("pytorch_scheduler.RexScheduler", total_steps)
    return Schedule(lr=curve("rex", base_lr, 0.0, n))


def InverseSqrtScheduler(warmup_steps: int, *, base_lr: float = 1.0) -> Schedule:
    """A line from 0 to ``base_lr``, then ``base_lr * sqrt(warmup_steps / t)`` without an end.

    >>> c = InverseSqrtScheduler(2)["lr"]
    >>> [round(c(t), 6) for t in (0, 1, 2, 8)]
    [0.0, 0.5, 1.0, 0.5]
    """
    n = _check.integer("pytorch_scheduler.InverseSqrtScheduler", "warmup_steps", warmup_steps, 1)
    return Schedule(lr=pieces.warmed(0.0, base_lr, n, pieces.root_law(base_lr, n)))


def LinearDecayScheduler(
    total_steps: int, warmup_steps: int = 0, min_lr: float = 0.0, *, base_lr: float = 1.0
) -> Schedule:
    """A line from 0 up, a line down to ``min_lr``.

    >>> LinearDecayScheduler(4, 2)["lr"].values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    up, n = lengths("pytorch_scheduler.LinearDecayScheduler", total_steps, warmup_steps)
    return Schedule(lr=pieces.warmed(0.0, base_lr, up, curve("linear", base_lr, min_lr, n)))


def CosineWithWarmupScheduler(
    total_steps: int, warmup_steps: int = 0, min_lr: float = 0.0, *, base_lr: float = 1.0
) -> Schedule:
    """A line from 0 up, half a cosine down to ``min_lr``.

    >>> CosineWithWarmupScheduler(4, 2, 0.5)["lr"].values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.75, 0.5]
    """
    up, n = lengths("pytorch_scheduler.CosineWithWarmupScheduler", total_steps, warmup_steps)
    return Schedule(lr=pieces.warmed(0.0, base_lr, up, curve("cosine", base_lr, min_lr, n)))


def TrapezoidalScheduler(
    total_steps: int,
    warmup_steps: int,
    decay_steps: int,
    min_lr: float = 0.0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, a stable part, a line down; ``min_lr`` at the end also without a decay.

    >>> TrapezoidalScheduler(5, 1, 2)["lr"].values(0, 6).tolist()
    [0.0, 1.0, 1.0, 1.0, 0.5, 0.0]
    """
    where = "pytorch_scheduler.TrapezoidalScheduler"
    whole = _check.integer(where, "total_steps", total_steps, 1)
    up = _check.integer(where, "warmup_steps", warmup_steps, 0, whole)
    down = _check.integer(where, "decay_steps", decay_steps, 0, whole - up)
    fall = pieces.decay("linear", base_lr, min_lr, down)
    return Schedule(lr=pieces.warmed(0.0, base_lr, up, plateau(base_lr, whole - up - down, fall)))


def WSDScheduler(
    total_steps: int,
    warmup_steps: int,
    stable_steps: int,
    min_lr: float = 0.0,
    decay_type: str = "cosine",
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, a stable part, the rest down: "cosine", "linear" or "sqrt" (1 - sqrt(z)).

    The peer takes any other word for "sqrt"; here it is a ValueError.

    >>> WSDScheduler(4, 1, 1, decay_type="linear")["lr"].values(0, 5).tolist()
    [0.0, 1.0, 1.0, 0.5, 0.0]
    """
    where = "pytorch_scheduler.WSDScheduler"
    _check.choice(where, "decay_type", decay_type, ["cosine", "linear", "sqrt"])
    up, n = lengths(where, total_steps, warmup_steps)
    hold = _check.integer(where, "stable_steps", stable_steps, 0, n - 1)
    profile = {"sqrt": "one_minus_sqrt"}.get(decay_type, decay_type)
    fall = curve(profile, base_lr, min_lr, n - hold)
    return Schedule(lr=pieces.warmed(0.0, base_lr, up, plateau(base_lr, hold, fall)))


def WarmupHoldCosineScheduler(
    total_steps: int,
    warmup_steps: int = 0,
    hold_steps: int = 0,
    min_lr: float = 0.0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, a stable part, half a cosine down.

    >>> WarmupHoldCosineScheduler(4, 1, 1, 0.5)["lr"].values(0, 5).tolist()
    [0.0, 1.0, 1.0, 0.75, 0.5]
    """
    where = "pytorch_scheduler.WarmupHoldCosineScheduler"
    up, n = lengths(where, total_steps, warmup_steps)
    hold = _check.integer(where, "hold_steps", hold_steps, 0, n - 1)
    fall = curve("cosine", base_lr, min_lr, n - hold)
    return Schedule(lr=pieces.warmed(0.0, base_lr, up, plateau(base_lr, hold, fall)))


def FlatCosineScheduler(
    total_steps: int, flat_fraction: float = 0.7, min_lr: float = 0.0, *, base_lr: float = 1.0
) -> Schedule:
    """``base_lr`` up to step floor(flat_fraction * total_steps), then half a cosine.

    >>> FlatCosineScheduler(4, 0.5)["lr"].values(0, 5).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.0]
    """
    where = "pytorch_scheduler.FlatCosineScheduler"
    _, n = lengths(where, total_steps)
    _check.real(where, "flat_fraction", flat_fraction, 0.0, 1.0, open_high=True)
    flat = math.floor(n * flat_fraction)
    return Schedule(lr=plateau(base_lr, flat, curve("cosine", base_lr, min_lr, n - flat)))


def TanhDecayScheduler(
    total_steps: int, steepness: float = 3.0, min_lr: float = 0.0, *, base_lr: float = 1.0
) -> Schedule:
    """``min_lr + (base_lr - min_lr) * (1 - tanh(steepness * (2 z - 1))) / 2``; then ``min_lr``.

    >>> [round(v, 4) for v in TanhDecayScheduler(2)["lr"].values(0, 3).tolist()]
    [0.9975, 0.5, 0.0]
    """
    where = "pytorch_scheduler.TanhDecayScheduler"
    _, n = lengths(where, total_steps)
    s = _check.real(where, "steepness", steepness, 0.0, 100.0, open_low=True)
    share = 1.0 / (1.0 + math.exp(2.0 * s))  # (1 - tanh s) / 2 without cancellation
    drop = base_lr - min_lr
    ends = min_lr + drop * (1.0 - share), min_lr + drop * share
    fall = curve("tanh", *ends, n, lower=-s, upper=s)
    return Schedule(lr=sequence(fall, pieces.constant(min_lr)))


def SlantedTriangularScheduler(
    total_steps: int, cut_frac: float = 0.1, ratio: float = 32.0, *, base_lr: float = 1.0
) -> Schedule:
    """From ``base_lr / ratio`` up to step floor(total_steps * cut_frac), and down to it again.

    Where that step is 0 the peak is never reached, as in the peer.

    >>> SlantedTriangularScheduler(4, 0.5, 2.0)["lr"].values(0, 5).tolist()
    [0.5, 0.75, 1.0, 0.75, 0.5]
    """
    where = "pytorch_scheduler.SlantedTriangularScheduler"
    _, n = lengths(where, total_steps)
    _check.real(where, "cut_frac", cut_frac, 0.0, 1.0, open_low=True, open_high=True)
    _check.real(where, "ratio", ratio, 1.0)
    low, cut = base_lr / ratio, math.floor(n * cut_frac)
    fall = curve("linear", base_lr, low, n - cut)
    return Schedule(lr=pieces.warmed(low, base_lr, cut, fall) if cut else pieces.first(low, fall))


def PolynomialScheduler(
    total_steps: int,
    power: float = 1.0,
    min_lr: float = 0.0,
    warmup_steps: int = 0,
    cycle: bool = False,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line from 0 up, then (1 - z)**power down to ``min_lr``; with ``cycle`` restarted for ever.

    Unlike Keras's ``cycle`` every cycle is the same.

    >>> PolynomialScheduler(2, cycle=True)["lr"].values(0, 5).tolist()
    [1.0, 0.5, 1.0, 0.5, 1.0]
    """
    up, n = lengths("pytorch_scheduler.PolynomialScheduler", total_steps, warmup_steps)
    fall = curve("polynomial", base_lr, min_lr, n, power=power)
    whole = pieces.warmed(0.0, base_lr, up, fall)
    return Schedule(lr=whole.repeat() if cycle else whole)


def ChebyshevScheduler(total_steps: int, min_lr: float = 0.0, *, base_lr: float = 1.0) -> Schedule:
    """Half a cosine read between the steps: at (t + 1/2) / total_steps, the last one held.

    >>> [round(v, 4) for v in ChebyshevScheduler(2)["lr"].values(0, 3).tolist()]
    [0.8536, 0.1464, 0.1464]
    """
    _, n = lengths("pytorch_scheduler.ChebyshevScheduler", total_steps)
    whole = curve("cosine", base_lr, min_lr, n, offset=0.5, span=float(n))
    return Schedule(lr=pieces.until_last(whole, n - 1))


def CosineAnnealingWarmupRestarts(
    first_cycle_steps: int,
    warmup_steps: int = 0,
    max_lr: float = 0.1,
    min_lr: float = 0.001,
    cycle_mult: float = 1.0,
    gamma: float = 1.0,
) -> Schedule:
    """A line up from ``min_lr`` and half a cosine down a cycle; the first step has ``min_lr``.

    Cycle i has int(first_cycle_steps * cycle_mult**i) steps, warm-up included, and the peak
    ``max_lr * gamma**i``. Growing cycles are written down 256 times, then the last value is held.

    >>> c = CosineAnnealingWarmupRestarts(3, 1, 1.0, 0.0)["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [0.0, 1.0, 0.5, 0.0, 1.0, 0.5]
    """
    where = "pytorch_scheduler.CosineAnnealingWarmupRestarts"
    n = _check.integer(where, "first_cycle_steps", first_cycle_steps, 1)
    up = _check.integer(where, "warmup_steps", warmup_steps, 0, n - 1)
    _check.real(where, "cycle_mult", cycle_mult, 1.0)

    def cycle(peak: float, steps: int) -> Curve:
        if up:
            return pieces.warmed(min_lr, peak, up, curve("cosine", peak, min_lr, steps - up))
        low, span = pieces.constant(min_lr), float(steps)
        if steps == 1:
            return low
        return low.then(curve("cosine", peak, min_lr, steps - 1, offset=1.0, span=span))

    if n > 1 and cycle_mult == 1.0 and 0.0 < gamma <= 1.0 and max_lr > min_lr:
        return Schedule(lr=cycle(max_lr, n).repeat(peak_mult=gamma))
    cycles = [int(n * cycle_mult**i) for i in range(256)]
    fitting = [m for m, total in zip(cycles, accumulate(cycles), strict=True) if total <= 2**50]
    parts = [cycle(max_lr * gamma**i, m) for i, m in enumerate(fitting)]
    return Schedule(lr=sequence(*parts))


def KDecayScheduler(
    total_steps: int, k: float = 1.0, min_lr: float = 0.0, *, base_lr: float = 1.0
) -> Schedule:
    """``min_lr + (base_lr - min_lr) * (1 + cos(pi z**k)) / 2``.

    >>> [round(v, 4) for v in KDecayScheduler(2, 2.0)["lr"].values(0, 3).tolist()]
    [1.0, 0.8536, 0.0]
    """
    _, n = lengths("pytorch_scheduler.KDecayScheduler", total_steps)
    return Schedule(lr=curve("cosine", base_lr, min_lr, n, k_decay=k))


def PowerDecayScheduler(
    total_steps: int,
    warmup_steps: int = 0,
    alpha: float = 0.5,
    min_lr: float = 0.0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, then ``base_lr * (t / warmup_steps)**-alpha``, not below ``min_lr``, without end.

    Without a warm-up ``(t + 1)**-alpha``.

    >>> c = PowerDecayScheduler(10, 2)["lr"]
    >>> [round(c(t), 6) for t in (0, 1, 2, 8)]
    [0.0, 0.5, 1.0, 0.5]
    """
    where = "pytorch_scheduler.PowerDecayScheduler"
    up, _ = lengths(where, total_steps, warmup_steps)
    power = _check.real(where, "alpha", alpha, 0.0, 100.0, open_low=True)
    law = pieces.power_law(base_lr, up or 1, power).clip(low=min_lr)
    return Schedule(lr=pieces.warmed(0.0, base_lr, up, law if up else pieces.first(base_lr, law)))


def HyperbolicLRScheduler(
    total_steps: int,
    upper_bound: int,
    min_lr: float = 1e-6,
    warmup_steps: int = 0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """HyperbolicLR, ``base_lr + (base_lr - min_lr) * (h(t) - h(0))``.

    ``h(x) = sqrt((n - x) / u * (2 - (n + x) / u))`` with u = upper_bound; it meets ``min_lr`` at
    the end only where u is the number of steps. Kim et al., https://arxiv.org/abs/2407.15200.

    >>> [round(v, 4) for v in HyperbolicLRScheduler(2, 2, 0.0)["lr"].values(0, 3).tolist()]
    [1.0, 0.5, 0.0]
    """
    where = "pytorch_scheduler.HyperbolicLRScheduler"
    up, n = lengths(where, total_steps, warmup_steps)
    share, upper = height(n, _check.integer(where, "upper_bound", upper_bound, total_steps))
    law = curve("hyperbolic", base_lr, base_lr - (base_lr - min_lr) * share, n, upper=upper)
    return Schedule(lr=pieces.warmed(min_lr, base_lr, up, law))


def ExpHyperbolicLRScheduler(
    total_steps: int,
    upper_bound: int,
    min_lr: float = 1e-6,
    warmup_steps: int = 0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """ExpHyperbolicLR, ``base_lr * (base_lr / min_lr)**(h(t) - h(0))``.

    h is that of :func:`HyperbolicLRScheduler`.

    >>> [round(v, 4) for v in ExpHyperbolicLRScheduler(2, 2, 0.01)["lr"].values(0, 3).tolist()]
    [1.0, 0.1, 0.01]
    """
    where = "pytorch_scheduler.ExpHyperbolicLRScheduler"
    up, n = lengths(where, total_steps, warmup_steps)
    share, upper = height(n, _check.integer(where, "upper_bound", upper_bound, total_steps))
    _check.real(where, "min_lr", min_lr, 0.0, open_low=True)
    end = base_lr * (min_lr / base_lr) ** share
    law = curve("exp_hyperbolic", base_lr, end, n, upper=upper)
    return Schedule(lr=pieces.warmed(min_lr, base_lr, up, law))


def IdentityScheduler(*, base_lr: float = 1.0) -> Schedule:
    """``base_lr``.

    >>> IdentityScheduler(base_lr=0.1)["lr"](3)
    0.1
    """
    return Schedule(lr=pieces.constant(base_lr))


def WarmupScheduler(
    base_scheduler: Schedule,
    warmup_steps: int,
    warmup_type: str = "linear",
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A warm-up from 0 to ``base_lr`` in front of a schedule: "linear", "cosine", "exponential".

    "exponential" is the square of the linear one.

    >>> c = WarmupScheduler(IdentityScheduler(), 2, "exponential")["lr"]
    >>> c.values(0, 4).tolist()
    [0.0, 0.25, 1.0, 1.0]
    """
    where = "pytorch_scheduler.WarmupScheduler"
    n = _check.integer(where, "warmup_steps", warmup_steps, 0)
    _check.choice(where, "warmup_type", warmup_type, ["linear", "cosine", "exponential"])
    if warmup_type == "exponential" and n:
        up = curve("parabolic", 0.0, base_lr, n, power=2.0)
        return Schedule(lr=sequence(up, base_scheduler["lr"]))
    return Schedule(lr=pieces.warmed(0.0, base_lr, n, base_scheduler["lr"], warmup_type))


arguments.check(__name__)
