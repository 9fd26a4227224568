"""The schedules of ``transformers.optimization`` (transformers 5), number for number.

Names, arguments and defaults are those of transformers; ``base_lr`` is what it reads from the
optimizer. All of them give factors of that rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "get_constant_schedule",
    "get_constant_schedule_with_warmup",
    "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "get_inverse_sqrt_schedule",
    "get_linear_schedule_with_warmup",
    "get_polynomial_decay_schedule_with_warmup",
    "get_scheduler",
    "get_wsd_schedule",
]


def get_constant_schedule(*, base_lr: float = 1.0) -> Schedule:
    """``base_lr`` for ever; "constant" in :func:`get_scheduler`.

    >>> get_constant_schedule(base_lr=0.1)["lr"](5)
    0.1
    """
    return Schedule(lr=pieces.constant(base_lr))


def get_constant_schedule_with_warmup(num_warmup_steps: int, *, base_lr: float = 1.0) -> Schedule:
    """A line from 0 to ``base_lr`` at step num_warmup_steps; "constant_with_warmup".

    >>> get_constant_schedule_with_warmup(2)["lr"].values(0, 4).tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    where = "transformers.get_constant_schedule_with_warmup"
    warmup = _check.integer(where, "num_warmup_steps", num_warmup_steps, 0)
    return Schedule(lr=pieces.warmed(0.0, base_lr, warmup, pieces.constant(base_lr)))


def _lengths(where: str, warmup: int, total: int) -> tuple[int, int]:
    """The warm-up and what is left; transformers counts at least 1 step for the rest."""
    n = _check.integer(where, "num_warmup_steps", warmup, 0)
    return n, max(1, _check.integer(where, "num_training_steps", total, 0) - n)


def get_linear_schedule_with_warmup(
    num_warmup_steps: int, num_training_steps: int, *, base_lr: float = 1.0
) -> Schedule:
    """A line up, then a line down to 0 at step num_training_steps; "linear".

    A warm-up that is longer than the training climbs on to its end, then the value is 0.

    >>> get_linear_schedule_with_warmup(2, 4)["lr"].values(0, 6).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    where = "transformers.get_linear_schedule_with_warmup"
    warmup, rest = _lengths(where, num_warmup_steps, num_training_steps)
    over = num_training_steps <= warmup
    main = pieces.constant(0.0) if over else curve("linear", base_lr, 0.0, rest)
    return Schedule(lr=pieces.warmed(0.0, base_lr, warmup, main))


def get_cosine_schedule_with_warmup(
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, then ``num_cycles`` cosine waves until num_training_steps; "cosine".

    Past the end the wave goes on: with the default it climbs back to ``base_lr``. With a warm-up
    as long as the training or longer it alternates between ``base_lr`` and 0, as in transformers.

    >>> c = get_cosine_schedule_with_warmup(1, 3)["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [0.0, 1.0, 0.5, 0.0, 0.5, 1.0]
    """
    where = "transformers.get_cosine_schedule_with_warmup"
    warmup, rest = _lengths(where, num_warmup_steps, num_training_steps)
    main = _waves(where, base_lr, 0.0, rest, num_cycles)
    return Schedule(lr=pieces.warmed(0.0, base_lr, warmup, main))


def _waves(where: str, top: float, bottom: float, steps: int, count: float) -> Curve:
    waves = _check.real(where, "num_cycles", count, 0.0)
    if waves == 0.0:
        return pieces.constant(top)
    return pieces.waves(top, bottom, steps / (2 * _check.decimal(waves)))


def get_cosine_with_hard_restarts_schedule_with_warmup(
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: int | float = 1,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, then ``num_cycles`` half cosines to 0, each of the same length; then 0.

    "cosine_with_restarts". A cycle may begin between steps.

    >>> c = get_cosine_with_hard_restarts_schedule_with_warmup(0, 4, num_cycles=2)["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [1.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    where = "transformers.get_cosine_with_hard_restarts_schedule_with_warmup"
    warmup, rest = _lengths(where, num_warmup_steps, num_training_steps)
    high = float(pieces.MOST_LEGS)
    count = _check.decimal(_check.real(where, "num_cycles", num_cycles, 0.0, high, open_low=True))
    knots = [i * rest / count for i in range(-(-count.numerator // count.denominator) + 1)]
    levels = [(base_lr, 0.0)] * (len(knots) - 1)
    cycles = pieces.cycles(knots, levels, pieces.leg_of("cosine"))[:rest]
    main = cycles.then(pieces.constant(0.0))
    return Schedule(lr=pieces.warmed(0.0, base_lr, warmup, main))


def get_polynomial_decay_schedule_with_warmup(
    num_warmup_steps: int,
    num_training_steps: int,
    lr_end: float = 1e-7,
    power: float = 1.0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up, then ``lr_end + (base_lr - lr_end) * (1 - z)**power``; "polynomial".

    ``lr_end`` is a rate, no factor. A warm-up as long as the training makes transformers divide by
    zero at its end; here it is a ValueError.

    >>> c = get_polynomial_decay_schedule_with_warmup(1, 3, lr_end=0.5)["lr"]
    >>> c.values(0, 5).tolist()
    [0.0, 1.0, 0.75, 0.5, 0.5]
    """
    where = "transformers.get_polynomial_decay_schedule_with_warmup"
    warmup, rest = _lengths(where, num_warmup_steps, num_training_steps)
    _check.real(where, "lr_end", lr_end, high=base_lr, open_high=True)
    if num_training_steps == warmup:
        _check.fail(where, "num_warmup_steps", f"not {warmup}, all of the steps", num_warmup_steps)
    over = num_training_steps < warmup
    main = pieces.polynomial(base_lr, lr_end, rest, power)
    if power == 0.0:  # it ends a step later
        main = pieces.constant(base_lr, rest + 1).then(pieces.constant(lr_end))
    after = pieces.constant(lr_end) if over else main
    return Schedule(lr=pieces.warmed(0.0, base_lr, warmup, after))


def get_inverse_sqrt_schedule(
    num_warmup_steps: int, timescale: int | None = None, *, base_lr: float = 1.0
) -> Schedule:
    """A line up, then ``base_lr / sqrt(1 + (t - num_warmup_steps) / timescale)``; "inverse_sqrt".

    ``timescale`` is num_warmup_steps where it is not given, or 10000 without a warm-up.

    >>> c = get_inverse_sqrt_schedule(2)["lr"]
    >>> [round(c(t), 6) for t in (0, 1, 2, 8)]
    [0.0, 0.5, 1.0, 0.5]
    """
    where = "transformers.get_inverse_sqrt_schedule"
    warmup = _check.integer(where, "num_warmup_steps", num_warmup_steps, 0)
    scale = (warmup or 10000) if timescale is None else timescale
    _check.real(where, "timescale", scale, 1.0)
    return Schedule(lr=pieces.warmed(0.0, base_lr, warmup, pieces.root_law(base_lr, scale)))


def _floor(where: str, base_lr: float, min_lr: float | None, rate: float | None) -> float:
    _check.one_of(where, "the rate is a part of base_lr", min_lr=min_lr, min_lr_rate=rate)
    return min_lr if min_lr is not None else base_lr * (rate or 0.0)


def get_cosine_with_min_lr_schedule_with_warmup(
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """As :func:`get_cosine_schedule_with_warmup`, down to ``min_lr``; "cosine_with_min_lr".

    ``min_lr`` is a rate, ``min_lr_rate`` a factor of ``base_lr``; one of them. Waves go on past
    the end. The warm-up begins at 0.

    >>> c = get_cosine_with_min_lr_schedule_with_warmup(1, 3, min_lr=0.5)["lr"]
    >>> c.values(0, 5).tolist()
    [0.0, 1.0, 0.75, 0.5, 0.75]
    """
    where = "transformers.get_cosine_with_min_lr_schedule_with_warmup"
    warmup, rest = _lengths(where, num_warmup_steps, num_training_steps)
    floor = _floor(where, base_lr, min_lr, min_lr_rate)
    main = _waves(where, base_lr, floor, rest, num_cycles)
    return Schedule(lr=pieces.warmed(0.0, base_lr, warmup, main))


def get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """The same one step ahead: no update at 0, the lowest value at num_training_steps - 1.

    "cosine_warmup_with_min_lr". The warm-up is ``(t + 1) / W``, or with ``warmup_lr_rate`` r
    ``r + (1 - r) * t / (W - 1)``; the wave is read at t + 1.

    >>> c = get_cosine_with_min_lr_schedule_with_warmup_lr_rate(2, 4, min_lr=0.0)["lr"]
    >>> [round(v, 4) for v in c.values(0, 5).tolist()]
    [0.5, 1.0, 0.5, 0.0, 0.5]
    """
    where = "transformers.get_cosine_with_min_lr_schedule_with_warmup_lr_rate"
    warmup, rest = _lengths(where, num_warmup_steps, num_training_steps)
    floor = _floor(where, base_lr, min_lr, min_lr_rate)
    main = _waves(where, base_lr, floor, rest, num_cycles)[1:]
    if not warmup:
        return Schedule(lr=main)
    if warmup_lr_rate is None:
        up = curve("linear", 0.0, base_lr, warmup, offset=1.0, span=float(warmup))
    else:
        low = _check.real(where, "warmup_lr_rate", warmup_lr_rate) * base_lr
        up = curve("linear", low, base_lr, warmup, span=float(max(1, warmup - 1)))
    return Schedule(lr=up.then(main))


def get_wsd_schedule(
    num_warmup_steps: int,
    num_decay_steps: int,
    num_training_steps: int | None = None,
    num_stable_steps: int | None = None,
    warmup_type: str = "linear",
    decay_type: str = "cosine",
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A warm-up, a stable part, a decay to ``min_lr_ratio * base_lr``; "warmup_stable_decay".

    The types are "linear", "cosine" and "1-sqrt". ``min_lr_ratio`` is also where the warm-up
    begins. Where no step is left for the stable part the decay is entered part-way, as in
    transformers.

    >>> c = get_wsd_schedule(2, 2, num_stable_steps=1, decay_type="linear")["lr"]
    >>> c.values(0, 6).tolist()
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    where = "transformers.get_wsd_schedule"
    types = ["linear", "cosine", "1-sqrt"]
    _check.choice(where, "warmup_type", warmup_type, types)
    _check.choice(where, "decay_type", decay_type, types)
    warmup = _check.integer(where, "num_warmup_steps", num_warmup_steps, 0)
    decay = _check.integer(where, "num_decay_steps", num_decay_steps, 0)
    if num_stable_steps is None:
        total = _check.integer(where, "num_training_steps", num_training_steps, 0)
        stable = total - warmup - decay
    else:
        stable = _check.integer(where, "num_stable_steps", num_stable_steps, 0)
    floor = base_lr * min_lr_ratio
    tail = pieces.constant(floor)
    if decay and decay_type == "cosine":
        fall = _waves(where, base_lr, floor, decay, num_cycles)[:decay].then(tail)
    else:
        name = {"1-sqrt": "one_minus_sqrt"}.get(decay_type, decay_type)
        fall = pieces.decay(name, base_lr, floor, decay)
    if stable < 0:
        main = fall[min(-stable, decay) :] if decay else tail
    else:
        main = sequence(pieces.constant(base_lr, stable), fall) if stable else fall
    if not warmup:
        return Schedule(lr=main)
    if warmup_type == "1-sqrt":  # 1 - sqrt(1 - q): the mirrored profile
        up = curve("polynomial", floor - base_lr, 0.0, warmup, power=0.5) + base_lr
        return Schedule(lr=sequence(up[:warmup], main))
    return Schedule(lr=pieces.warmed(floor, base_lr, warmup, main, warmup_type))


NAMES = {
    "linear": get_linear_schedule_with_warmup,
    "cosine": get_cosine_schedule_with_warmup,
    "cosine_with_restarts": get_cosine_with_hard_restarts_schedule_with_warmup,
    "polynomial": get_polynomial_decay_schedule_with_warmup,
    "constant": get_constant_schedule,
    "constant_with_warmup": get_constant_schedule_with_warmup,
    "inverse_sqrt": get_inverse_sqrt_schedule,
    "cosine_with_min_lr": get_cosine_with_min_lr_schedule_with_warmup,
    "cosine_warmup_with_min_lr": get_cosine_with_min_lr_schedule_with_warmup_lr_rate,
    "warmup_stable_decay": get_wsd_schedule,
}
"""The names of transformers' SchedulerType, but for the two that follow a metric."""


def get_scheduler(
    name: str,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
    scheduler_specific_kwargs: Mapping[str, Any] | None = None,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """The schedule that the Trainer's ``lr_scheduler_type`` names.

    "reduce_lr_on_plateau" and "greedy" follow a metric and are no functions of the step.

    >>> get_scheduler("linear", 2, 4)["lr"].values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    where = "transformers.get_scheduler"
    made: Any = NAMES[_check.choice(where, "name", name, NAMES)]
    if name == "constant":
        return get_constant_schedule(base_lr=base_lr)
    extra = dict(scheduler_specific_kwargs or {})
    if num_warmup_steps is None:
        _check.fail(where, "num_warmup_steps", f"given for {name!r}", num_warmup_steps)
    if name == "constant_with_warmup":
        return get_constant_schedule_with_warmup(num_warmup_steps, base_lr=base_lr)
    extra["num_warmup_steps"] = num_warmup_steps
    if name != "inverse_sqrt":
        if num_training_steps is None and name != "warmup_stable_decay":
            _check.fail(where, "num_training_steps", f"given for {name!r}", num_training_steps)
        extra["num_training_steps"] = num_training_steps
    result: Schedule = made(**extra, base_lr=base_lr)
    return result


arguments.check(__name__)
