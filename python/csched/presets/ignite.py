"""The parameter schedulers of ``ignite.handlers`` (pytorch-ignite 0.5), number for number.

``param_name`` names the curve of the Schedule. The state schedulers count from 1, as in ignite:
the value at step 0 is that of their first event. ignite's ``LRScheduler`` is broken beside torch
2.13 (its first value is already multiplied): there the torch preset is right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "ConcatScheduler",
    "CosineAnnealingScheduler",
    "ExpStateScheduler",
    "LambdaStateScheduler",
    "LinearCyclicalScheduler",
    "MultiStepStateScheduler",
    "PiecewiseLinear",
    "PiecewiseLinearStateScheduler",
    "StepStateScheduler",
    "create_lr_scheduler_with_warmup",
]


def LinearCyclicalScheduler(
    param_name: str,
    start_value: float,
    end_value: float,
    cycle_size: int,
    cycle_mult: float = 1.0,
    start_value_mult: float = 1.0,
    end_value_mult: float = 1.0,
    warmup_duration: int = 0,
    monotonic: bool = False,
) -> Schedule:
    """From ``start_value`` to ``end_value`` at half a cycle and back, or all the cycle down.

    Cycle i + 1 is int(cycle_mult * length of cycle i) long. With ``warmup_duration``, which needs
    ``monotonic``, a line leads back to the next start between the cycles.

    >>> LinearCyclicalScheduler("lr", 1.0, 0.0, 4)["lr"].values(0, 6).tolist()
    [1.0, 0.5, 0.0, 0.5, 1.0, 0.5]
    """
    where = "ignite.LinearCyclicalScheduler"
    if warmup_duration > 0 and not monotonic:
        _check.fail(where, "monotonic", "True where warmup_duration is given", monotonic)

    def leg(start: float, end: float, steps: int) -> Curve:
        if monotonic:
            return curve("linear", start, end, steps)
        return pieces.through("linear", [0.0, steps / 2, float(steps)], [start, end, start])

    mults = cycle_mult, start_value_mult, end_value_mult
    made = _cyclical(where, leg, start_value, end_value, cycle_size, mults, warmup_duration)
    return Schedule({param_name: made})


def CosineAnnealingScheduler(
    param_name: str,
    start_value: float,
    end_value: float,
    cycle_size: int,
    cycle_mult: float = 1.0,
    start_value_mult: float = 1.0,
    end_value_mult: float = 1.0,
    warmup_duration: int = 0,
) -> Schedule:
    """Half cosines from ``start_value`` to ``end_value``, restarted for ever.

    ``end_value`` is reached only where a warm-up leads back to the next start. Cycles that change
    are written down 256 times, then the last value is held.

    >>> c = CosineAnnealingScheduler("lr", 1.0, 0.0, 2, warmup_duration=2)["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [1.0, 0.5, 0.0, 0.5, 1.0, 0.5]
    """
    where = "ignite.CosineAnnealingScheduler"
    mults = cycle_mult, start_value_mult, end_value_mult
    made = _cyclical(
        where,
        lambda a, b, n: curve("cosine", a, b, n),
        start_value,
        end_value,
        cycle_size,
        mults,
        warmup_duration,
    )
    return Schedule({param_name: made})


def _cyclical(
    where: str,
    leg: Callable[[float, float, int], Curve],
    start: float,
    end: float,
    size: int,
    mults: tuple[float, float, float],
    warmup: int,
) -> Curve:
    n = _check.integer(where, "cycle_size", size, 2)
    back = _check.integer(where, "warmup_duration", warmup, 0)
    mult, start_mult, end_mult = mults
    _check.real(where, "cycle_mult", mult, 1.0)
    if mults == (1.0, 1.0, 1.0):
        cycle = leg(start, end, n)
        return (cycle.then(curve("linear", end, start, back)) if back else cycle).repeat()
    parts: list[Curve] = []
    for _ in range(256):
        if sum(p.steps for p in parts[-2:]) > 2**40:
            break
        parts.append(leg(start, end, n))
        start *= start_mult
        if back:
            parts.append(curve("linear", end, start, back))
        n, back, end = int(n * mult), int(back * mult), end * end_mult
    return sequence(*parts)


def ConcatScheduler(schedulers: Sequence[Schedule], durations: Sequence[int]) -> Schedule:
    """Schedules in a row, each for its duration, the last one without an end.

    >>> up = PiecewiseLinear("lr", [(0, 0.0), (2, 1.0)])
    >>> down = CosineAnnealingScheduler("lr", 1.0, 0.0, 2)
    >>> c = ConcatScheduler([up, down], [2])["lr"]
    >>> [round(v, 4) for v in c.values(0, 5).tolist()]
    [0.0, 0.5, 1.0, 0.5, 1.0]
    """
    where = "ignite.ConcatScheduler"
    if len(schedulers) != len(durations) + 1:
        _check.fail(
            where, "durations", f"{len(schedulers) - 1}, one fewer than schedulers", durations
        )
    lengths = [_check.integer(where, "duration", n, 0) for n in durations]
    name = next(iter(schedulers[0]))
    parts = [s[name][:n] for s, n in zip(schedulers, lengths, strict=False)]
    return Schedule({name: sequence(*parts, schedulers[-1][name])})


def PiecewiseLinear(param_name: str, milestones_values: Sequence[tuple[int, float]]) -> Schedule:
    """Lines through the points; the ends are held, two values at one milestone are a jump.

    >>> c = PiecewiseLinear("lr", [(1, 1.0), (3, 0.0), (3, 0.5)])["lr"]
    >>> c.values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.5]
    """
    where = "ignite.PiecewiseLinear"
    if not len(milestones_values):
        _check.fail(where, "milestones_values", "at least one pair", milestones_values)
    knots = [_check.integer(where, "milestone", m, 0) for m, _ in milestones_values]
    if any(b < a for a, b in pairwise(knots)):
        _check.fail(where, "milestones_values", "in order of milestones", milestones_values)
    return Schedule(
        {param_name: pieces.through("linear", knots, [v for _, v in milestones_values])}
    )


def create_lr_scheduler_with_warmup(
    lr_scheduler: Schedule,
    warmup_start_value: float,
    warmup_duration: int,
    warmup_end_value: float | None = None,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line of ``warmup_duration`` values, its ends included, then the schedule.

    ``warmup_end_value`` is ``base_lr`` where it is not given. Where the schedule begins with that
    value, the line's last value is its first.

    >>> down = CosineAnnealingScheduler("lr", 1.0, 0.0, 2)
    >>> c = create_lr_scheduler_with_warmup(down, 0.0, 3)["lr"]
    >>> [round(v, 4) for v in c.values(0, 5).tolist()]
    [0.0, 0.5, 1.0, 0.5, 1.0]
    """
    where = "ignite.create_lr_scheduler_with_warmup"
    n = _check.integer(where, "warmup_duration", warmup_duration, 2)
    end = base_lr if warmup_end_value is None else warmup_end_value
    name = next(iter(lr_scheduler))
    main = lr_scheduler[name]
    steps = n - 1 if main(0) == end else n
    up = curve("linear", warmup_start_value, end, steps, span=float(n - 1))
    return Schedule({name: up.then(main)})


def ExpStateScheduler(initial_value: float, gamma: float, param_name: str) -> Schedule:
    """``initial_value * gamma**(t + 1)``.

    >>> ExpStateScheduler(1.0, 0.5, "x")["x"].values(0, 3).tolist()
    [0.5, 0.25, 0.125]
    """
    law = pieces.geometric("ignite.ExpStateScheduler", initial_value, gamma)
    return Schedule({param_name: law[1:]})


def StepStateScheduler(
    initial_value: float, gamma: float, step_size: int, param_name: str
) -> Schedule:
    """``initial_value * gamma**floor((t + 1) / step_size)``.

    >>> StepStateScheduler(1.0, 0.5, 2, "x")["x"].values(0, 4).tolist()
    [1.0, 0.5, 0.5, 0.25]
    """
    where = "ignite.StepStateScheduler"
    n = _check.integer(where, "step_size", step_size, 1)
    return Schedule({param_name: pieces.staircase(where, initial_value, gamma, n)[1:]})


def MultiStepStateScheduler(
    initial_value: float, gamma: float, milestones: Sequence[int], param_name: str
) -> Schedule:
    """``initial_value * gamma**(number of milestones <= t + 1)``.

    >>> MultiStepStateScheduler(1.0, 0.5, [2], "x")["x"].values(0, 3).tolist()
    [1.0, 0.5, 0.5]
    """
    where = "ignite.MultiStepStateScheduler"
    seams = [_check.integer(where, "milestone", m, 0) - 1 for m in milestones]
    return Schedule({param_name: pieces.multi_step(initial_value, seams, [gamma] * len(seams))})


def PiecewiseLinearStateScheduler(
    milestones_values: Sequence[tuple[int, float]], param_name: str
) -> Schedule:
    """:func:`PiecewiseLinear` read one step ahead.

    >>> PiecewiseLinearStateScheduler([(0, 0.0), (2, 1.0)], "x")["x"].values(0, 3).tolist()
    [0.5, 1.0, 1.0]
    """
    return Schedule({param_name: PiecewiseLinear(param_name, milestones_values)[param_name][1:]})


def LambdaStateScheduler(
    lambda_obj: Callable[[int], float], param_name: str, *, steps: int
) -> Schedule:
    """``lambda_obj(t + 1)``, read at ``steps`` steps: the spec holds values, no function.

    >>> LambdaStateScheduler(lambda n: n * n, "x", steps=3)["x"].values().tolist()
    [1.0, 4.0, 9.0]
    """
    where = "ignite.LambdaStateScheduler"
    n = _check.integer(where, "steps", steps, 1, pieces.MOST_VALUES)
    values = (pieces.called(where, lambda_obj, t + 1) for t in range(n))
    return Schedule({param_name: pieces.steps_of(values)})


arguments.check(__name__)
