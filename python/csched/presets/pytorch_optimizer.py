"""The schedulers of ``pytorch_optimizer`` (4.1) that are its own, number for number.

Its other names (ConstantLR, StepLR, OneCycleLR, ...) are torch's: see
:mod:`csched.presets.torch`. Step t is the t-th update of a loop that steps the optimizer first and
the scheduler after it: the first update runs at the rate that the constructor writes, ``min_lr``.
"""

from __future__ import annotations

import math

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "CosineAnnealingWarmupRestarts",
    "CosineScheduler",
    "LinearScheduler",
    "PolyScheduler",
    "ProportionScheduler",
    "REXScheduler",
    "get_chebyshev_schedule",
    "get_wsd_schedule",
]


def CosineAnnealingWarmupRestarts(
    first_cycle_steps: int,
    cycle_mult: float = 1.0,
    max_lr: float = 1e-4,
    min_lr: float = 1e-6,
    warmup_steps: int = 0,
    gamma: float = 0.9,
) -> Schedule:
    """A line up and half a cosine down a cycle; the peak is multiplied by ``gamma`` each time.

    The part after the warm-up grows by ``cycle_mult``, rounded down each time, at least 1. Cycles
    that change their length are written down 256 times, then the last value is held.

    >>> c = CosineAnnealingWarmupRestarts(4, 1.0, 1.0, 0.1, 1, 0.5)["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [0.1, 1.0, 0.775, 0.325, 0.1, 0.5]
    """
    where = "pytorch_optimizer.CosineAnnealingWarmupRestarts"
    n = _check.integer(where, "first_cycle_steps", first_cycle_steps, 1)
    warmup = _check.integer(where, "warmup_steps", warmup_steps, 0, n - 1)
    _check.real(where, "cycle_mult", cycle_mult, 0.0)
    parts: list[Curve] = []
    if cycle_mult == 1.0 and 0.0 < gamma <= 1.0 and max_lr > min_lr:
        one = pieces.warmed(min_lr, max_lr, warmup, curve("cosine", max_lr, min_lr, n - warmup))
        return Schedule(lr=pieces.first(min_lr, one.repeat(peak_mult=gamma)))
    peak, rest, total = max_lr, n - warmup, 0
    for i in range(256):
        peak = max_lr * gamma**i
        cycle = curve("cosine", peak, min_lr, rest)
        parts.append(pieces.warmed(min_lr, peak, warmup, cycle))
        total += warmup + rest
        rest = max(1, int(rest * cycle_mult))
        if total + warmup + rest > 2**50:
            break
    return Schedule(lr=pieces.first(min_lr, sequence(*parts)))


def _warm(
    where: str,
    t_max: int,
    levels: tuple[float, float, float],
    warmup_steps: int,
    main: Curve,
) -> Schedule:
    """min_lr at step 0, then the clock starts: a line from init_lr, then ``main``."""
    low, high, init = levels
    warmup = _check.integer(where, "warmup_steps", warmup_steps, 0, t_max - 1)
    whole = pieces.warmed(init, high, warmup, main)
    return Schedule(lr=pieces.constant(low).then(whole))


def CosineScheduler(
    t_max: int,
    max_lr: float,
    min_lr: float = 0.0,
    init_lr: float = 0.0,
    warmup_steps: int = 0,
) -> Schedule:
    """min_lr, a line from ``init_lr``, then a cosine that climbs back past t_max.

    >>> c = CosineScheduler(4, 1.0, 0.5, 0.0, 2)["lr"]
    >>> [round(v, 4) for v in c.values(0, 7).tolist()]
    [0.5, 0.0, 0.5, 1.0, 0.75, 0.5, 0.75]
    """
    where = "pytorch_optimizer.CosineScheduler"
    n = _check.integer(where, "t_max", t_max, 1)
    _check.integer(where, "warmup_steps", warmup_steps, 0, n - 1)
    main = pieces.rebound(max_lr, min_lr, n - warmup_steps)
    return _warm(where, n, (min_lr, max_lr, init_lr), warmup_steps, main)


def LinearScheduler(
    t_max: int,
    max_lr: float,
    min_lr: float = 0.0,
    init_lr: float = 0.0,
    warmup_steps: int = 0,
) -> Schedule:
    """min_lr, a line from ``init_lr``, then a line to ``min_lr``.

    Past t_max the peer goes on below min_lr and below 0; here ``min_lr`` is held.

    >>> LinearScheduler(4, 1.0, 0.5, 0.0, 2)["lr"].values(0, 7).tolist()
    [0.5, 0.0, 0.5, 1.0, 0.75, 0.5, 0.5]
    """
    where = "pytorch_optimizer.LinearScheduler"
    n = _check.integer(where, "t_max", t_max, 1)
    _check.integer(where, "warmup_steps", warmup_steps, 0, n - 1)
    main = curve("linear", max_lr, min_lr, n - warmup_steps)
    return _warm(where, n, (min_lr, max_lr, init_lr), warmup_steps, main)


def PolyScheduler(
    poly_order: float = 0.5,
    *,
    t_max: int,
    max_lr: float,
    min_lr: float = 0.0,
    init_lr: float = 0.0,
    warmup_steps: int = 0,
) -> Schedule:
    """min_lr, a line to ``max_lr``, then ``min_lr + (max_lr - min_lr) * k**poly_order`` at step k.

    It grows, and in the peer without an end; here it is held from t_max on.

    >>> PolyScheduler(1.0, t_max=5, max_lr=1.0)["lr"].values(0, 5).tolist()
    [0.0, 1.0, 1.0, 2.0, 3.0]
    """
    where = "pytorch_optimizer.PolyScheduler"
    n = _check.integer(where, "t_max", t_max, 2)
    _check.real(where, "poly_order", poly_order, 0.0, open_low=True)
    left = n - _check.integer(where, "warmup_steps", warmup_steps, 0, n - 1)
    last = min_lr + (max_lr - min_lr) * float(left) ** poly_order
    growth = curve("parabolic", min_lr, last, left, power=poly_order)
    main = pieces.constant(max_lr).then(growth[1:])
    return _warm(where, n, (min_lr, max_lr, init_lr), warmup_steps, main)


def REXScheduler(total_steps: int, max_lr: float = 1.0, min_lr: float = 0.0) -> Schedule:
    """``min_lr + (max_lr - min_lr) * (1 - z) / (1 - z / 2)``, but ``min_lr`` at step 0.

    >>> [round(v, 4) for v in REXScheduler(5, 1.0, 0.1)["lr"].values(0, 6).tolist()]
    [0.1, 0.9, 0.775, 0.6143, 0.4, 0.1]
    """
    n = _check.integer("pytorch_optimizer.REXScheduler", "total_steps", total_steps, 1)
    return Schedule(lr=pieces.first(min_lr, curve("rex", max_lr, min_lr, n)))


def get_wsd_schedule(
    num_warmup_steps: int,
    num_stable_steps: int,
    num_decay_steps: int,
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
    cooldown_type: str = "1-sqrt",
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, a stable part, a decay: "cosine" to the floor; the others to 0.

    These are "1-sqrt", "linear" and "1-square".

    After all of them ``min_lr_ratio * base_lr``: all but "cosine" jump up to it.

    >>> c = get_wsd_schedule(1, 1, 2, cooldown_type="linear")["lr"]
    >>> c.values(0, 5).tolist()
    [0.0, 1.0, 1.0, 0.5, 0.0]
    """
    where = "pytorch_optimizer.get_wsd_schedule"
    _check.choice(where, "cooldown_type", cooldown_type, ["cosine", "1-sqrt", "linear", "1-square"])
    warmup = _check.integer(where, "num_warmup_steps", num_warmup_steps, 0)
    stable = _check.integer(where, "num_stable_steps", num_stable_steps, 0)
    n = _check.integer(where, "num_decay_steps", num_decay_steps, 0)
    floor = base_lr * min_lr_ratio
    parts = [pieces.constant(base_lr, stable)] if stable else []
    if n and cooldown_type == "cosine":
        half = n / (2 * _check.decimal(_check.real(where, "num_cycles", num_cycles, 1e-3)))
        parts.append(pieces.waves(base_lr, floor, half)[:n])
    elif n:
        profile = {"1-sqrt": "one_minus_sqrt", "1-square": "parabolic", "linear": "linear"}
        parts.append(curve(profile[cooldown_type], base_lr, 0.0, n))
    main = sequence(*parts, pieces.constant(floor))
    return Schedule(lr=pieces.warmed(0.0, base_lr, warmup, main))


def get_chebyshev_schedule(
    num_epochs: int, is_warmup: bool = False, *, base_lr: float = 1.0
) -> Schedule:
    """Inverse Chebyshev nodes of [0.05, 1] in a stable order, read at max(0, t - 2).

    The nodes are those of the power of two that holds ``num_epochs - 1``; factors go up to 20.

    >>> [round(v, 3) for v in get_chebyshev_schedule(8)["lr"].values(0, 5).tolist()]
    [16.913, 16.913, 16.913, 1.009, 2.313]
    """
    where = "pytorch_optimizer.get_chebyshev_schedule"
    n = _check.integer(where, "num_epochs", num_epochs, 2, 2**16)
    if is_warmup:
        return Schedule(lr=pieces.constant(base_lr))
    size = 2 ** (int(math.log2(n - 1)) + 1)
    order = [0]
    while len(order) < size - 2:
        order = [j for i in order for j in (i, 2 * len(order) - 1 - i)]
    nodes = [1.0 / (0.525 - 0.475 * math.cos((i + 0.5) * math.pi / size)) for i in range(size)]
    factors = [nodes[i] for i in order if i < size]
    return Schedule(lr=pieces.steps_of(base_lr * f for f in [factors[0]] * 2 + factors))


def ProportionScheduler(
    lr_scheduler: Schedule,
    max_lr: float,
    min_lr: float = 0.0,
    max_value: float = 2.0,
    min_value: float = 2.0,
) -> Schedule:
    """A ``value`` that moves from min_value to max_value as ``lr`` moves from min_lr to max_lr.

    >>> lr = LinearScheduler(2, 1.0)
    >>> ProportionScheduler(lr, 1.0, 0.0, 4.0, 2.0)["value"].values(0, 4).tolist()
    [2.0, 4.0, 3.0, 2.0]
    """
    if max_lr <= min_lr or max_value == min_value:
        return Schedule(value=pieces.constant(max_value))
    slope = (max_value - min_value) / (max_lr - min_lr)
    return Schedule(value=lr_scheduler["lr"] * slope + (min_value - slope * min_lr))


arguments.check(__name__)
