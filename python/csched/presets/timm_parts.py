"""What timm's schedulers are made of."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import product, sequence
from csched.presets import pieces
from csched.presets.timm_noise import noise as drawn
from csched.schedule import Schedule


def decay_profile(where: str, name: str, power: float, ratio: float) -> tuple[str, dict[str, Any]]:
    """The profile of a decay_fn of WSDLRScheduler."""
    _check.choice(where, "decay_fn", name, ["linear", "1-sqrt", "cosine", "power", "exp"])
    if name == "power":
        return "parabolic", {"power": _check.real(where, "decay_power", power, 0.0, open_low=True)}
    if name == "exp":
        _check.real(where, "decay_ratio", ratio, 0.0, 1.0, open_low=True, open_high=True)
        return "exponential_offset", {"rate": -math.log(ratio), "normalised": True}
    return {"1-sqrt": "one_minus_sqrt"}.get(name, name), {}


def cycles(
    where: str,
    t_initial: int,
    lr_min: float,
    mul: float,
    decay: float,
    limit: int,
    leg: Any,
    base: float,
) -> Curve:
    """Cycles that grow and decay, then lr_min."""
    n = _check.integer(where, "t_initial", t_initial, 1)
    _check.real(where, "lr_min", lr_min, 0.0)
    _check.real(where, "cycle_mul", mul, 1.0)
    _check.real(where, "cycle_decay", decay, 0.0)
    count = _check.integer(where, "cycle_limit", limit, 0, pieces.MOST_LEGS)
    knots = pieces.growing(n, mul, count)
    levels = [(base * decay**i, lr_min) for i in range(len(knots) - 1)]
    return pieces.cycles(knots, levels, leg, lr_min)


def warmed(
    where: str, body: Curve, warmup_t: int, start: float, prefix: bool, target: float, base: float
) -> Curve:
    """A warm-up over the first steps of the curve, or in front of it."""
    n = _check.integer(where, "warmup_t", warmup_t, 0)
    whole = pieces.warmed(start, target, n, body if prefix or not n else body[n:])
    return pieces.first(start if n else base, whole)


def finished(
    where: str,
    whole: Curve,
    noise: tuple[Any, ...],
    t_in_epochs: bool,
    updates: int | None,
    endless: bool = False,
) -> Schedule:
    """With its noise, and each value for all updates of an epoch."""
    reach, steps, limit, std, seed = noise
    if isinstance(reach, Real):
        if steps is None and endless:
            hint = "the schedule has no end, and noise is written down step by step"
            _check.fail(where, "noise_steps", "given with one number", steps, hint)
        given = whole.steps if steps is None else steps
        reach = reach, _check.integer(where, "noise_steps", given, 1, 2**20)
    if reach is not None:
        if len(reach) != 2:
            _check.fail(where, "noise_range_t", "a number or two", reach)
        _check.real(where, "noise_pct", limit, 0.0, open_low=True)
        _check.real(where, "noise_std", std, 0.0, 1000.0 * limit)  # or it draws for ever
        ends = [_check.real(where, "noise_range_t", t, high=2.0**20) for t in reach]
        start, stop = (max(1, math.ceil(t)) for t in ends)  # a constructor has none
        _check.integer(where, "noise_seed", seed, 0, 2**32 - 1 - stop)
        factors = [1.0 + drawn(limit, std, seed + t) for t in range(start, stop)]
        whole = product(whole, pieces.steps_of([*[1.0] * start, *factors, 1.0]))
    if not t_in_epochs or updates is None:
        return Schedule(lr=whole)
    n = _check.integer(where, "updates_per_epoch", updates, 1)
    held = [pieces.constant(v, n) for v in whole.values(0, whole.steps + 1).tolist()]
    return Schedule(lr=sequence(*held))
