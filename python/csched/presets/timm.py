"""The schedulers of ``timm.scheduler`` (timm 1.0), number for number.

Step t of a preset is the t-th call of ``step_update`` (``t_in_epochs=False``) or of ``step``. With
``updates_per_epoch`` given and ``t_in_epochs``, lengths are epochs and a step is an update: the
value of an epoch is held for all its updates. Step 0 has the value that the constructor writes.
``lr_scale`` of a group is a factor of the whole schedule: ``0.1 * schedule["lr"]``.

``noise_range_t`` is (first step, step after the last), or one number: the first step. The peer's
noise then never ends; here it is written down, to the end of the schedule or for ``noise_steps``.

timm finds its cycles by a logarithm and misses some restarts (cycle_mul 3 from t = 121 times
t_initial on); here cycles are found exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import product, sequence
from csched.phases import curve
from csched.plateau import Plateau
from csched.presets import arguments, pieces
from csched.presets.timm_parts import cycles, decay_profile, finished, warmed
from csched.schedule import Schedule

__all__ = [
    "CosineLRScheduler",
    "MultiStepLRScheduler",
    "PlateauLRScheduler",
    "PolyLRScheduler",
    "StepLRScheduler",
    "TanhLRScheduler",
    "WSDLRScheduler",
    "create_scheduler_v2",
]

Range = Sequence[float] | float | None


def CosineLRScheduler(
    t_initial: int,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: Range = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    k_decay: float = 1.0,
    *,
    base_lr: float = 1.0,
    updates_per_epoch: int | None = None,
    noise_steps: int | None = None,
) -> Schedule:
    """Half cosines from ``base_lr * cycle_decay**i`` to ``lr_min``; ``lr_min`` after the cycles.

    Cycle i is ``t_initial * cycle_mul**i`` long, also in fractions of a step. The warm-up covers
    the first ``warmup_t`` steps of the curve; with ``warmup_prefix`` it precedes them. With
    ``k_decay`` the position t / T is replaced by its power.

    >>> c = CosineLRScheduler(6, warmup_t=3, warmup_lr_init=0.1)["lr"]
    >>> [round(v, 6) for v in c.values(0, 7).tolist()]
    [0.1, 0.4, 0.7, 0.5, 0.25, 0.066987, 0.0]
    """
    where = "timm.CosineLRScheduler"
    leg = pieces.leg_of("cosine", k_decay=k_decay)
    body = cycles(where, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit, leg, base_lr)
    whole = warmed(where, body, warmup_t, warmup_lr_init, warmup_prefix, base_lr, base_lr)
    noise = noise_range_t, noise_steps, noise_pct, noise_std, noise_seed
    return finished(where, whole, noise, t_in_epochs, updates_per_epoch)


def PolyLRScheduler(
    t_initial: int,
    power: float = 0.5,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: Range = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    k_decay: float = 1.0,
    *,
    base_lr: float = 1.0,
    updates_per_epoch: int | None = None,
    noise_steps: int | None = None,
) -> Schedule:
    """``lr_min + (base_lr - lr_min) * (1 - (t / T)**k_decay)**power``; the power is 1/2.

    The rest is as in :func:`CosineLRScheduler`.

    >>> [round(v, 6) for v in PolyLRScheduler(4)["lr"].values(0, 5).tolist()]
    [1.0, 0.866025, 0.707107, 0.5, 0.0]
    """
    where = "timm.PolyLRScheduler"
    _check.real(where, "power", power, 0.0, open_low=True)
    leg = pieces.leg_of("polynomial", power=power, k_decay=k_decay)
    body = cycles(where, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit, leg, base_lr)
    whole = warmed(where, body, warmup_t, warmup_lr_init, warmup_prefix, base_lr, base_lr)
    noise = noise_range_t, noise_steps, noise_pct, noise_std, noise_seed
    return finished(where, whole, noise, t_in_epochs, updates_per_epoch)


def TanhLRScheduler(
    t_initial: int,
    lb: float = -7.0,
    ub: float = 3.0,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: Range = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    *,
    base_lr: float = 1.0,
    updates_per_epoch: int | None = None,
    noise_steps: int | None = None,
) -> Schedule:
    """``lr_min + (base_lr - lr_min) * (1 - tanh(lb * (1 - z) + ub * z)) / 2``, z = t / t_initial.

    It drops to ``lr_min`` from a little above it. The rest is as in :func:`CosineLRScheduler`, but
    for a warm-up that overlaps: it ends on the curve.

    >>> [round(v, 5) for v in TanhLRScheduler(5)["lr"].values(0, 6).tolist()]
    [1.0, 0.99995, 0.99753, 0.8808, 0.1192, 0.0]
    """
    where = "timm.TanhLRScheduler"
    _check.real(where, "ub", ub, lb, 100.0, open_low=True)

    def leg(start: float, end: float, steps: int, offset: float, span: float) -> Curve:
        upper, lower = (end + (start - end) * (1.0 - math.tanh(x)) / 2.0 for x in (lb, ub))
        lower = end + (start - end) / (1.0 + math.exp(2.0 * ub))  # without cancellation
        arguments: dict[str, Any] = {"lower": lb, "upper": ub, "offset": offset, "span": span}
        return curve("tanh", upper, lower, steps, **arguments)

    body = cycles(where, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit, leg, base_lr)
    up = _check.integer(where, "warmup_t", warmup_t, 0)
    target = base_lr if warmup_prefix or not up else body(up)
    whole = warmed(where, body, up, warmup_lr_init, warmup_prefix, target, base_lr)
    noise = noise_range_t, noise_steps, noise_pct, noise_std, noise_seed
    return finished(where, whole, noise, t_in_epochs, updates_per_epoch)


def StepLRScheduler(
    decay_t: int | float,
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: Range = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    *,
    base_lr: float = 1.0,
    updates_per_epoch: int | None = None,
    noise_steps: int | None = None,
) -> Schedule:
    """``base_lr * decay_rate**floor(t / decay_t)``, after a warm-up of its own by default.

    ``decay_t`` is the decimal it prints as: 2.1 drops at step 21, where timm divides by the float
    next to 2.1 and drops a step later.

    >>> c = StepLRScheduler(2, 0.5, warmup_t=2)["lr"]
    >>> c.values(0, 6).tolist()
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.5]
    """
    where = "timm.StepLRScheduler"
    _check.real(where, "decay_t", decay_t, 0.0, open_low=True)
    body = pieces.staircase(where, base_lr, decay_rate, decay_t, ("decay_rate", "decay_t"))
    whole = warmed(where, body, warmup_t, warmup_lr_init, warmup_prefix, base_lr, base_lr)
    noise = noise_range_t, noise_steps, noise_pct, noise_std, noise_seed
    return finished(where, whole, noise, t_in_epochs, updates_per_epoch, endless=True)


def MultiStepLRScheduler(
    decay_t: Sequence[int],
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: Range = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    *,
    base_lr: float = 1.0,
    updates_per_epoch: int | None = None,
    noise_steps: int | None = None,
) -> Schedule:
    """``base_lr * decay_rate**(number of milestones <= t + 1)``: one step earlier than torch.

    >>> MultiStepLRScheduler([3], 0.5)["lr"].values(0, 4).tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    where = "timm.MultiStepLRScheduler"
    seams = [_check.integer(where, "decay_t", m, 0) - 1 for m in decay_t]
    body = pieces.multi_step(base_lr, seams, [decay_rate] * len(seams))
    whole = warmed(where, body, warmup_t, warmup_lr_init, warmup_prefix, base_lr, base_lr)
    noise = noise_range_t, noise_steps, noise_pct, noise_std, noise_seed
    return finished(where, whole, noise, t_in_epochs, updates_per_epoch, endless=True)


def WSDLRScheduler(
    t_initial: int,
    decay_t: int,
    lr_min: float = 0.0,
    stable_fn: str = "constant",
    stable_timescale: float | None = None,
    stable_power: float = 0.5,
    decay_fn: str = "1-sqrt",
    decay_power: float = 0.5,
    decay_ratio: float = 0.1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    t_in_epochs: bool = True,
    noise_range_t: Range = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    *,
    base_lr: float = 1.0,
    updates_per_epoch: int | None = None,
    noise_steps: int | None = None,
) -> Schedule:
    """A warm-up in front, a stable part, and the last ``decay_t`` of ``t_initial`` down to lr_min.

    ``stable_fn``: "constant", "rsqrt" (``1 / sqrt(1 + t / stable_timescale)``, which goes on under
    the decay) or "power" (to the power ``-stable_power`` instead of -1/2). ``decay_fn``: "linear",
    "1-sqrt", "cosine", "power" (1 - z**decay_power) or "exp" (normalised, ratio ``decay_ratio``); a
    function has no place in a spec.

    >>> c = WSDLRScheduler(6, 2, decay_fn="linear", warmup_t=2)["lr"]
    >>> c.values(0, 9).tolist()
    [0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0]
    """
    where = "timm.WSDLRScheduler"
    n = _check.integer(where, "t_initial", t_initial, 1)
    cool = _check.integer(where, "decay_t", decay_t, 1, n)
    _check.choice(where, "stable_fn", stable_fn, ["constant", "rsqrt", "power"])
    name, arguments = decay_profile(where, decay_fn, decay_power, decay_ratio)
    top = max(base_lr, lr_min)
    if stable_fn == "constant":
        body = sequence(
            pieces.constant(top, n - cool) if n > cool else pieces.constant(top)[:0],
            curve(name, top, lr_min, cool, **arguments),
        )
    else:
        scale = warmup_t if stable_timescale is None else stable_timescale
        _check.real(where, "stable_timescale", scale, 0.0, open_low=True)
        power = 0.5 if stable_fn == "rsqrt" else stable_power
        _check.real(where, "stable_power", power, 0.0, 100.0, open_low=True)
        stable = pieces.power_law(base_lr, scale, power).clip(low=lr_min)
        fall = curve(name, 1.0, 0.0, cool, **arguments)
        gate = pieces.constant(1.0, n - cool).then(fall) if n > cool else fall
        body = product(stable, gate) if lr_min == 0.0 else product(stable + -lr_min, gate) + lr_min
    whole = warmed(where, body, warmup_t, warmup_lr_init, True, base_lr, base_lr)
    noise = noise_range_t, noise_steps, noise_pct, noise_std, noise_seed
    return finished(where, whole, noise, t_in_epochs, updates_per_epoch)


def PlateauLRScheduler(
    decay_rate: float = 0.1,
    patience_t: int = 10,
    threshold: float = 1e-4,
    cooldown_t: int = 0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    lr_min: float = 0.0,
    mode: str = "max",
    noise_range_t: Range = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    *,
    base_lr: float = 1.0,
    noise_steps: int | None = None,
) -> tuple[Schedule, Plateau]:
    """A warm-up to ``base_lr``, and the factor that falls when a metric no longer improves.

    The second is for the ``plateau`` of :class:`csched.torch.Scheduler`; it looks at the metric
    from step warmup_t + 1 on. ``mode`` is "max" unless told.

    >>> schedule, plateau = PlateauLRScheduler(0.5, 1, warmup_t=2)
    >>> schedule["lr"].values(0, 4).tolist(), plateau.start
    ([0.0, 0.5, 1.0, 1.0], 3)
    """
    where = "timm.PlateauLRScheduler"
    base = _check.real(where, "base_lr", base_lr, 0.0, open_low=True)
    floor = _check.real(where, "lr_min", lr_min, 0.0, base) / base
    whole = pieces.constant(base)
    whole = warmed(where, whole, warmup_t, warmup_lr_init, True, base, base)
    noise = noise_range_t, noise_steps, noise_pct, noise_std, noise_seed
    schedule = finished(where, whole, noise, True, None, endless=True)
    options: dict[str, Any] = {"mode": mode, "cooldown": cooldown_t, "floor": floor}
    options |= {"eps": min(1.0, 1e-8 / base), "start": warmup_t + 1}  # eps is torch's, a rate
    return schedule, Plateau(decay_rate, patience_t, threshold, **options)


def create_scheduler_v2(
    sched: str = "cosine",
    num_epochs: int = 300,
    decay_epochs: float | None = None,
    decay_milestones: Sequence[int] = (90, 180, 270),
    cooldown_epochs: int = 0,
    patience_epochs: int = 10,
    decay_rate: float = 0.1,
    min_lr: float = 0.0,
    warmup_lr: float = 1e-5,
    warmup_epochs: int = 0,
    warmup_prefix: bool = False,
    noise: float | Sequence[float] | None = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    cycle_mul: float = 1.0,
    cycle_decay: float = 0.1,
    cycle_limit: int = 1,
    k_decay: float = 1.0,
    decay_fn: str | None = None,
    stable_timescale: float | None = None,
    plateau_mode: str = "max",
    step_on_epochs: bool = True,
    updates_per_epoch: int = 0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A scheduler by the name that timm's training script has for it, from lengths in epochs.

    "cosine", "tanh", "poly" (its power is ``decay_rate``), "step", "multistep", "wsd", "rsqrt",
    "constant" or "none". Not "plateau", which is no function of the step: see
    :func:`PlateauLRScheduler`, which ``patience_epochs`` and ``plateau_mode`` are for. Without
    ``step_on_epochs`` a step is an update, ``updates_per_epoch`` of them an epoch.
    ``cooldown_epochs`` tells how much longer to train; ``noise`` of one number goes on in them.

    >>> c = create_scheduler_v2("step", 6, decay_epochs=2, decay_rate=0.5)["lr"]
    >>> c.values(0, 6).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    where = "timm.create_scheduler_v2"
    names = ["cosine", "tanh", "poly", "step", "multistep", "wsd", "rsqrt", "constant", "none"]
    if sched == "plateau":
        hint = "see timm.PlateauLRScheduler, which gives a Schedule and a Plateau"
        _check.fail(where, "sched", "a function of the step", sched, hint)
    _check.choice(where, "sched", sched, names)
    if sched == "none":
        return Schedule(lr=pieces.constant(base_lr))
    low = 0 if step_on_epochs else 1
    updates = _check.integer(where, "updates_per_epoch", updates_per_epoch, low)
    unit = 1 if step_on_epochs else updates
    n, up = num_epochs * unit, warmup_epochs * unit
    if decay_epochs is None:
        decay_epochs = 0.2 if sched in ("wsd", "rsqrt") else 90
    more: dict[str, Any] = {"noise_pct": noise_pct, "noise_std": noise_std}
    more |= {"noise_seed": noise_seed, "base_lr": base_lr, "t_in_epochs": step_on_epochs}
    more |= {"warmup_t": up, "warmup_lr_init": warmup_lr, "updates_per_epoch": updates or None}
    if noise is not None:
        ends = [x * n for x in ([noise] if isinstance(noise, (int, float, Real)) else noise)]
        more["noise_range_t"] = ends[0] if len(ends) == 1 else ends
        if len(ends) == 1:
            whole = n
            if sched in ("cosine", "tanh", "poly"):
                whole = math.ceil(pieces.growing(n, cycle_mul, cycle_limit)[-1])
            more["noise_steps"] = whole + up + cooldown_epochs * unit
    if sched in ("wsd", "rsqrt"):
        whole = n if warmup_prefix else n - up
        cool = decay_epochs * (whole if 0 < decay_epochs < 1 else unit)
        root = sched == "rsqrt"
        law = decay_fn or ("linear" if root else "1-sqrt")
        scale = None if stable_timescale is None else stable_timescale * unit
        more |= {"stable_fn": "rsqrt" if root else "constant", "stable_timescale": scale}
        return WSDLRScheduler(whole, round(cool), min_lr, decay_fn=law, **more)
    more["warmup_prefix"] = warmup_prefix
    if sched in ("step", "constant"):
        drops = (1, 1.0) if sched == "constant" else (decay_epochs * unit, decay_rate)
        return StepLRScheduler(*drops, **more)
    if sched == "multistep":
        return MultiStepLRScheduler([d * unit for d in decay_milestones], decay_rate, **more)
    more |= {"cycle_mul": cycle_mul, "cycle_decay": cycle_decay, "cycle_limit": cycle_limit}
    more |= {"lr_min": min_lr}
    if sched == "tanh":
        return TanhLRScheduler(n, **more)
    if sched == "poly":
        return PolyLRScheduler(n, decay_rate, k_decay=k_decay, **more)
    return CosineLRScheduler(n, k_decay=k_decay, **more)


arguments.check(__name__)
