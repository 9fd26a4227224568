"""Reading a schedule out of a torch scheduler that exists, also nested, also in mid-run.

By class name and attributes: torch is not imported.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

from csched import _check
from csched.nodes import Strict, product
from csched.phases import curve
from csched.presets import pieces, torch, transformers
from csched.schedule import Schedule

WHERE = "from_scheduler"

READERS: dict[str, Callable[[Any, float], Schedule]] = {
    "StepLR": lambda s, b: torch.StepLR(s.step_size, s.gamma, base_lr=b),
    "MultiStepLR": lambda s, b: torch.MultiStepLR(s.milestones.elements(), s.gamma, base_lr=b),
    "ConstantLR": lambda s, b: torch.ConstantLR(s.factor, s.total_iters, base_lr=b),
    "LinearLR": lambda s, b: torch.LinearLR(s.start_factor, s.end_factor, s.total_iters, base_lr=b),
    "PolynomialLR": lambda s, b: torch.PolynomialLR(s.total_iters, s.power, base_lr=b),
    "ExponentialLR": lambda s, b: torch.ExponentialLR(s.gamma, base_lr=b),
    "CosineAnnealingLR": lambda s, b: torch.CosineAnnealingLR(s.T_max, s.eta_min, base_lr=b),
    "CosineAnnealingWarmRestarts": lambda s, b: torch.CosineAnnealingWarmRestarts(
        s.T_0, s.T_mult, s.eta_min, base_lr=b
    ),
}
"""Schedulers that are told by their attributes and the base rate of a group."""

FACTORS = {*READERS, "MultiplicativeLR"} - {"CosineAnnealingWarmRestarts"}
"""Schedulers that multiply the rate they find, so that in a chain they are factors."""

LAMBDAS: dict[str, Any] = {
    "_get_constant_schedule_with_warmup_lr_lambda": (
        transformers.get_constant_schedule_with_warmup
    ),
    "_get_linear_schedule_with_warmup_lr_lambda": transformers.get_linear_schedule_with_warmup,
    "_get_cosine_with_hard_restarts_schedule_with_warmup_lr_lambda": (
        transformers.get_cosine_with_hard_restarts_schedule_with_warmup
    ),
    "_get_inverse_sqrt_schedule_lr_lambda": transformers.get_inverse_sqrt_schedule,
}
"""transformers makes LambdaLR of named functions whose arguments can be read."""


def from_scheduler(
    scheduler: Any, *, group: int | None = None, steps: int | None = None
) -> Schedule:
    """The Schedule equal to a scheduler of ``torch.optim.lr_scheduler``.

    Its step t is the scheduler's ``last_epoch``: a scheduler in mid-run is read as the whole it is
    part of, and goes on at ``last_epoch``. Momentum is named as the optimizer has it,
    ``momentum`` or ``betas[0]``.

    Parameters
    ----------
    scheduler : torch.optim.lr_scheduler.LRScheduler
        Any of torch's that is a function of the step, SequentialLR and ChainedScheduler included;
        a SequentialLR inside another with the values that torch gives, not those it documents.
        A chain of a CosineAnnealingLR and others ends where the cosine is zero, for there torch
        forgets what the others have made of the rate; what comes later raises.
    group : int, optional
        The parameter group to read; not needed where all groups have one schedule.
    steps : int, optional
        Needed for LambdaLR and MultiplicativeLR, which hold functions: their values at that many
        steps are read. Not for the functions of transformers that can be told by name.

    Raises
    ------
    ValueError, TypeError
        If it follows a metric, holds a function and ``steps`` is not given, chains schedulers whose
        product torch does not give, or stands at another rate than its own formula.

    Examples
    --------
    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    >>> from_scheduler(torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 8))
    Schedule(lr=curve('cosine', 0.5, 0.0, 8).repeat())

    """
    groups = scheduler.optimizer.param_groups if hasattr(scheduler, "optimizer") else []
    if not groups:
        _check.fail_type(WHERE, "scheduler", "a scheduler of an optimizer", scheduler)
    if group is not None:
        return _read_and_checked(
            scheduler, _check.integer(WHERE, "group", group, 0, len(groups) - 1), steps
        )
    made = [_read_and_checked(scheduler, i, steps) for i in range(len(groups))]
    if any(m != made[0] for m in made):
        hint = "the groups have schedules of their own: read them one by one"
        _check.fail(WHERE, "group", f"an int in [0, {len(groups) - 1}]", group, hint)
    return made[0]


def _read_and_checked(scheduler: Any, i: int, steps: int | None) -> Schedule:
    schedule = _read(scheduler, i, steps)
    first = scheduler
    while not hasattr(first, "last_epoch"):
        first = first._schedulers[0]
    step, now = first.last_epoch, float(scheduler.optimizer.param_groups[i]["lr"])
    if isinstance(schedule["lr"], Strict):
        _before_its_zero(schedule["lr"], step + 1)
    ours = schedule["lr"](step)
    # torch's recursions lose 1e-10 in 1e5 steps, float32 tensors 1e-4; what matters is more
    if not math.isclose(ours, now, rel_tol=1e-3, abs_tol=1e-6 * abs(schedule["lr"](0))):
        hint = f"the optimizer's rate is {now!r}: it was changed, or torch's nesting is off"
        _check.fail(WHERE, "scheduler", f"at its own value of step {step}, {ours!r}", now, hint)
    return schedule


def _read(scheduler: Any, i: int, steps: int | None) -> Schedule:
    kind = type(scheduler).__name__
    if kind == "SequentialLR":
        return _sequential(scheduler, i, steps)
    if kind == "ChainedScheduler":
        return _chained(scheduler, i, steps)
    if kind == "OneCycleLR":
        return _one_cycle(scheduler, i)
    if kind == "CyclicLR":
        return _cyclic(scheduler, i)
    if kind not in READERS and kind not in ("LambdaLR", "MultiplicativeLR", "SWALR"):
        known = [*READERS, "CyclicLR", "LambdaLR", "MultiplicativeLR", "OneCycleLR", "SWALR"]
        _check.choice(WHERE, "scheduler", kind, [*known, "SequentialLR", "ChainedScheduler"])
    base = float(scheduler.base_lrs[i])
    if kind == "SWALR":
        swa = float(scheduler.optimizer.param_groups[i]["swa_lr"])
        law = "cos" if scheduler.anneal_func.__name__ == "_cosine_anneal" else "linear"
        return torch.SWALR(swa, scheduler.anneal_epochs, law, base_lr=base)
    if kind in READERS:
        return READERS[kind](scheduler, base)
    function = scheduler.lr_lambdas[i]
    named = LAMBDAS.get(getattr(getattr(function, "func", None), "__name__", ""))
    if named is not None:
        made: Schedule = named(**function.keywords, base_lr=base)
        return made
    if steps is None:
        _check.fail(WHERE, "steps", f"given: {kind} holds a function", steps)
    preset = torch.LambdaLR if kind == "LambdaLR" else torch.MultiplicativeLR
    return preset(function, steps=steps, base_lr=base)


@functools.cache
def _torch() -> tuple[int, int]:
    major, minor, *_ = metadata.version("torch").split(".")
    return int(major), int(minor)


def _sequential(scheduler: Any, i: int, steps: int | None, depth: int = 0) -> Schedule:
    """Children in a row; ``depth`` sequences deep inside others.

    torch steps the inner ones once more for each that they are in, when it builds these: their
    children change so many steps earlier than they say, and those gone by then are never met.
    """
    late: list[int] = [m - depth for m in scheduler._milestones]
    if late and late[0] <= 0 and _torch() < (2, 13):
        hint = "torch before 2.13 begins with the first scheduler, and with the next a step late"
        _check.fail(WHERE, "milestones", f"above {depth}", scheduler._milestones, hint)
    gone = sum(seam < 0 for seam in late)
    seams, made = late[gone:], list[Schedule]()
    for child, begin in zip(scheduler._schedulers[gone:], [0, *seams], strict=True):
        if type(child).__name__ == "SequentialLR":
            if made or gone:
                hint = "torch can begin it again no more than you can: it raises at the milestone"
                _check.fail(WHERE, "a SequentialLR inside another", "its first", child, hint)
            if _torch() < (2, 6):
                hint = "torch before 2.6 steps the inner one twice"
                _check.fail(WHERE, "scheduler", "without a SequentialLR in another", child, hint)
            one = _sequential(child, i, steps, depth + 1)
        elif type(child).__name__ == "ChainedScheduler" and not made and not begin:
            one = _chained(child, i, steps, at_once=True)
        else:
            one = _read(child, i, steps)
            if depth and not begin and (not made or type(child).__name__ == "MultiplicativeLR"):
                one = _stepped_at_once(child, i, one)
        if type(child).__name__ == "MultiplicativeLR" and begin:
            # it has no formula to begin again with: torch multiplies what the one before it left
            left = pieces.in_a_row(WHERE, made, seams[: len(made) - 1], 1.0)["lr"](begin - 1)
            first = child.lr_lambdas[i](0) if _torch() >= (2, 8) else 1.0
            factor = left * first / float(child.base_lrs[i])
            one = Schedule(lr=factor * one["lr"])
        chain = one["lr"]
        if isinstance(chain, Strict) and len(made) < len(seams):
            one = _before_its_zero(chain, seams[len(made)] - begin)
        made.append(one)
    return pieces.in_a_row(WHERE, made, seams, 1.0)


def _before_its_zero(chain: Strict, steps: int) -> Schedule:
    if steps > chain.steps:
        where = "a chain of a CosineAnnealingLR and others"
        _check.fail(WHERE, where, f"over by its step {chain.steps}, at its zero", steps)
    return Schedule(lr=chain.of)


def _stepped_at_once(child: Any, i: int, plain: Schedule) -> Schedule:
    """The first child of an inner sequence, or one in a chain that is the first of any sequence:
    torch lets it go from step -1 to 0 as from any other.

    Those that multiply what they find at each step have multiplied it once too often.
    """
    kind, base = type(child).__name__, float(child.base_lrs[i])
    if _torch() < (2, 8):  # a step to 0 leaves the rate as it is
        return plain
    if kind == "ExponentialLR":
        return Schedule(lr=float(child.gamma) * plain["lr"])
    if kind == "MultiplicativeLR":
        return Schedule(lr=float(child.lr_lambdas[i](0)) * plain["lr"])
    if kind == "PolynomialLR":
        less = (child.total_iters / (child.total_iters + 1)) ** child.power
        return torch.PolynomialLR(child.total_iters, child.power, base_lr=base * less)
    if kind == "CosineAnnealingLR":
        n, low = child.T_max, float(child.eta_min)
        more = 2.0 if n == 1 else 1.0 / math.cos(math.pi / (2 * n)) ** 2
        fall = curve("cosine", low + more * (base - low), low, n)
        return Schedule(lr=fall.then(plain["lr"][n:]))  # at its floor it finds its way again
    return plain


def _chained(scheduler: Any, i: int, steps: int | None, at_once: bool = False) -> Schedule:
    children = list(_links(scheduler))
    for child in children:
        kind = type(child).__name__
        if len(children) > 1 and (kind not in FACTORS or _floor(child) != 0.0):
            hint = "torch does not multiply it with the others"
            _check.fail(WHERE, "ChainedScheduler", "of factors", kind, hint)
    read = [_read(child, i, steps) for child in children]
    if at_once:
        read = [_stepped_at_once(c, i, one) for c, one in zip(children, read, strict=True)]
    if len(children) == 1:
        return read[0]
    base = float(children[0].base_lrs[i])
    whole = base * product(*(one["lr"] * (1.0 / base) for one in read))
    zeros = [c.T_max for c in children if type(c).__name__ == "CosineAnnealingLR"]
    if zeros:  # there torch forgets what the others have made of the rate
        whole = whole[: min(zeros) + 1].tail("raise")
    return Schedule(lr=whole)


def _links(scheduler: Any) -> Iterator[Any]:
    """The children of a chain, those of chains inside it too."""
    for child in scheduler._schedulers:
        if type(child).__name__ == "ChainedScheduler":
            yield from _links(child)
        else:
            yield child


def _floor(child: Any) -> float:
    return float(getattr(child, "eta_min", 0.0))


def _one_cycle(scheduler: Any, i: int) -> Schedule:
    group, phases = scheduler.optimizer.param_groups[i], scheduler._schedule_phases
    ends = [float(phase["end_step"]) for phase in phases]
    knots = [min(ends[0], 0.0), *ends]
    knots[-1] = max(knots)
    profile = "cosine" if scheduler._anneal_func_type == "cos" else "linear"

    def read(kind: str) -> Any:
        levels = [float(group[phases[0][f"start_{kind}"]])]
        levels += [float(group[phase[f"end_{kind}"]]) for phase in phases]
        return torch.one_cycle_curve(profile, knots, levels, scheduler.total_steps)

    curves = {"lr": read("lr")}
    if scheduler.cycle_momentum:
        curves[_momentum(scheduler)] = read("momentum")
    return Schedule(curves)


def _cyclic(scheduler: Any, i: int) -> Schedule:
    if scheduler._scale_fn_custom is not None:
        _check.fail(WHERE, "scale_fn", "None: a function is no part of a spec", "a function")
    up = round(scheduler.total_size * scheduler.step_ratio)
    down = round(scheduler.total_size - up)
    momenta = {}
    if scheduler.cycle_momentum:
        momenta["base_momentum"] = scheduler.base_momentums[i]
        momenta["max_momentum"] = scheduler.max_momentums[i]
    made = torch.CyclicLR(
        float(scheduler.base_lrs[i]),
        float(scheduler.max_lrs[i]),
        up,
        down,
        scheduler.mode,
        scheduler.gamma,
        cycle_momentum=scheduler.cycle_momentum,
        **momenta,
    )
    if not scheduler.cycle_momentum:
        return made
    return Schedule({"lr": made["lr"], _momentum(scheduler): made["momentum"]})


def _momentum(scheduler: Any) -> str:
    return "betas[0]" if scheduler.use_beta1 else "momentum"
