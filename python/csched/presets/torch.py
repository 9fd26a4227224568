"""The schedules of ``torch.optim.lr_scheduler`` (torch 2.13), number for number.

Names, arguments and defaults are torch's; there is no optimizer. ``base_lr`` is what torch reads
from it, ``last_epoch`` has no counterpart: a Schedule is asked for any step. Lists for parameter
groups have none either: make one Schedule a group. torch's values carry the rounding of its
recursions (1e-13 relative after 1e5 steps), ours do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from csched import _check
from csched.curve import Curve
from csched.nodes import product
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "SWALR",
    "SequentialLR",
    "StepLR",
]


def StepLR(step_size: int, gamma: float = 0.1, *, base_lr: float = 1.0) -> Schedule:
    """``base_lr * gamma**floor(t / step_size)``.

    torch takes a fractional ``step_size`` and then drops at whole multiples only; here: an int.

    >>> StepLR(2, 0.5)["lr"].values(0, 6).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    interval = _check.integer("torch.StepLR", "step_size", step_size, 1)
    return Schedule(lr=pieces.staircase("torch.StepLR", base_lr, gamma, interval))


def MultiStepLR(milestones: Iterable[int], gamma: float = 0.1, *, base_lr: float = 1.0) -> Schedule:
    """``base_lr * gamma**(number of milestones <= t)``; equal milestones count each.

    >>> MultiStepLR([2, 3, 3], 0.5)["lr"].values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.125, 0.125]
    """
    where = "torch.MultiStepLR"
    factor = _check.real(where, "gamma", gamma, 0.0)
    seams = [_check.integer(where, "milestone", m, 0) for m in milestones]
    return Schedule(lr=pieces.multi_step(base_lr, seams, [factor] * len(seams)))


def ConstantLR(factor: float = 1.0 / 3, total_iters: int = 5, *, base_lr: float = 1.0) -> Schedule:
    """``factor * base_lr`` for t < total_iters, then ``base_lr``.

    torch divides by zero at the end where ``factor`` is 0, and stays at the factor for ever where
    ``total_iters`` is 0; here both do what is documented.

    >>> ConstantLR(0.5, 2)["lr"].values(0, 4).tolist()
    [0.5, 0.5, 1.0, 1.0]
    """
    where = "torch.ConstantLR"
    _check.real(where, "factor", factor, 0.0, 1.0)
    n = _check.integer(where, "total_iters", total_iters, 0)
    after = pieces.constant(base_lr)
    return Schedule(lr=pieces.constant(base_lr * factor, n).then(after) if n else after)


def LinearLR(
    start_factor: float = 1.0 / 3,
    end_factor: float = 1.0,
    total_iters: int | float = 5,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """From ``start_factor * base_lr`` in a line to ``end_factor * base_lr`` at t = total_iters.

    With a fractional ``total_iters`` the last value is the one at its whole part, as in torch.
    With 0 torch stays at ``start_factor``; here the value is ``end_factor * base_lr``.

    >>> LinearLR(0.5, 1.0, 2)["lr"].values(0, 4).tolist()
    [0.5, 0.75, 1.0, 1.0]
    """
    where = "torch.LinearLR"
    _check.real(where, "start_factor", start_factor, 0.0, 1.0, open_low=True)
    _check.real(where, "end_factor", end_factor, 0.0, 1.0)
    n = _check.real(where, "total_iters", total_iters, 0.0)
    return Schedule(lr=pieces.decay("linear", base_lr * start_factor, base_lr * end_factor, n))


def PolynomialLR(
    total_iters: int | float = 5, power: float = 1.0, *, base_lr: float = 1.0
) -> Schedule:
    """``base_lr * (1 - t / total_iters)**power``, 0 from total_iters on.

    ``total_iters`` = 0 leaves ``base_lr`` as it is, as in torch.

    >>> PolynomialLR(4, 2.0)["lr"].values(0, 6).tolist()
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """
    where = "torch.PolynomialLR"
    n = _check.real(where, "total_iters", total_iters, 0.0)
    if _check.real(where, "power", power, 0.0) == 0.0 or n == 0.0:
        return Schedule(lr=pieces.constant(base_lr))
    return Schedule(lr=pieces.decay("polynomial", base_lr, 0.0, n, power=power))


def ExponentialLR(gamma: float, *, base_lr: float = 1.0) -> Schedule:
    """``base_lr * gamma**t``; held after a change by a factor of 1e278.

    >>> ExponentialLR(0.5)["lr"](3)
    0.125
    """
    return Schedule(lr=pieces.geometric("torch.ExponentialLR", base_lr, gamma))


def CosineAnnealingLR(T_max: int, eta_min: float = 0.0, *, base_lr: float = 1.0) -> Schedule:
    """``eta_min + (base_lr - eta_min) * (1 + cos(pi t / T_max)) / 2``, also past T_max.

    There it climbs back: the period is 2 T_max, and so is ``steps``. For a value that stays at
    ``eta_min`` use :func:`csched.cosine`.

    >>> [round(v, 4) for v in CosineAnnealingLR(2)["lr"].values(0, 5).tolist()]
    [1.0, 0.5, 0.0, 0.5, 1.0]
    """
    n = _check.integer("torch.CosineAnnealingLR", "T_max", T_max, 1)
    return Schedule(lr=pieces.rebound(base_lr, eta_min, n))


def CosineAnnealingWarmRestarts(
    T_0: int, T_mult: int = 1, eta_min: float = 0.0, *, base_lr: float = 1.0
) -> Schedule:
    """Half cosines from ``base_lr`` to ``eta_min``, restarted for ever; cycle i has T_0 T_mult**i.

    ``eta_min`` itself is what a restart replaces: it is never reached.

    >>> CosineAnnealingWarmRestarts(2, 2)["lr"].cycle_ends[:3]
    (1, 5, 13)
    """
    where = "torch.CosineAnnealingWarmRestarts"
    n = _check.integer(where, "T_0", T_0, 1)
    mult = _check.integer(where, "T_mult", T_mult, 1)
    return Schedule(lr=curve("cosine", base_lr, eta_min, n).repeat(length_mult=mult))


def CyclicLR(
    base_lr: float,
    max_lr: float,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
    *,
    cycle_momentum: bool = True,
    base_momentum: float = 0.8,
    max_momentum: float = 0.9,
) -> Schedule:
    """Triangles from ``base_lr`` to ``max_lr`` and back; the momentum moves against them.

    ``mode`` "triangular2" halves the height every cycle, "exp_range" multiplies it by gamma**t.
    ``cycle_momentum`` writes the momentum also where an SGD was built without one, as torch does;
    pass False to leave it alone. torch's ``scale_fn`` (its seventh argument, so those after it are
    keywords here) is a function and cannot be part of a spec: multiply the curves instead.

    >>> CyclicLR(0.0, 1.0, 2, mode="triangular2")["lr"].values(0, 8).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25]
    """
    where = "torch.CyclicLR"
    _check.choice(where, "mode", mode, ["triangular", "triangular2", "exp_range"])
    up = _check.integer(where, "step_size_up", step_size_up, 1)
    below = up if step_size_down is None else step_size_down
    down = _check.integer(where, "step_size_down", below, 0)
    curves = {"lr": _triangles(where, base_lr, max_lr, up, down, mode, gamma)}
    if cycle_momentum:
        legs = max_momentum, base_momentum
        curves["momentum"] = _triangles(where, *legs, up, down, mode, gamma)
    return Schedule(curves)


def _triangles(
    where: str, base: float, top: float, up: int, down: int, mode: str, gamma: float
) -> Curve:
    def cycle(a: float, b: float) -> Curve:
        rise = curve("linear", a, b, up)
        return rise.then(curve("linear", b, a, down)) if down else rise

    if mode == "triangular2" and base != top:
        keep = "floor" if base < top else "peak"
        return cycle(base, top).repeat(amplitude_mult=0.5, keep=keep)
    if mode == "exp_range" and gamma != 1.0:
        height = product(cycle(0.0, top - base).repeat(), pieces.geometric(where, 1.0, gamma))
        return base + height
    return cycle(base, top).repeat()


def OneCycleLR(
    max_lr: float,
    total_steps: int | None = None,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    cycle_momentum: bool = True,
    base_momentum: float = 0.85,
    max_momentum: float = 0.95,
    div_factor: float = 25.0,
    final_div_factor: float = 10000.0,
    three_phase: bool = False,
) -> Schedule:
    """From max_lr / div_factor up to max_lr and down to max_lr / div_factor / final_div_factor.

    The peak lies at ``pct_start * total_steps - 1``, which may be between two steps; the end is
    reached at step total_steps - 1. After it the value is held: torch climbs back at total_steps
    (below 0 with "linear") and raises from then on. ``pct_start * total_steps = 1`` leaves no step
    to climb: torch divides by zero, here a ValueError.

    >>> s = OneCycleLR(max_lr=1.0, total_steps=10)
    >>> s.steps
    10
    >>> [round(s["lr"](t), 4) for t in (0, 1, 2, 9)]
    [0.04, 0.52, 1.0, 0.0]
    >>> round(s["momentum"](2), 4)
    0.85
    """
    where = "torch.OneCycleLR"
    if total_steps is None:
        n = _check.integer(where, "epochs", epochs, 1)
        n *= _check.integer(where, "steps_per_epoch", steps_per_epoch, 1)
    else:
        n = _check.integer(where, "total_steps", total_steps, 1)
    _check.real(where, "pct_start", pct_start, 0.0, 1.0)
    _check.choice(where, "anneal_strategy", anneal_strategy, ["cos", "linear"])
    profile = "cosine" if anneal_strategy == "cos" else "linear"
    first = max_lr / div_factor
    last = first / final_div_factor
    rates = [first, max_lr, first, last] if three_phase else [first, max_lr, last]
    high, low = max_momentum, base_momentum
    momenta = [high, low, high, high] if three_phase else [high, low, high]
    knots = one_cycle_knots(where, n, pct_start, three_phase)
    curves = {"lr": one_cycle_curve(profile, knots, rates, n)}
    if cycle_momentum:
        curves["momentum"] = one_cycle_curve(profile, knots, momenta, n)
    return Schedule(curves)


def one_cycle_knots(
    where: str, steps: int, pct_start: float, three_phase: bool, name: str = "pct_start"
) -> list[float]:
    """Where torch, Paddle and MMEngine put the corners of a one-cycle, in steps."""
    peak = float(pct_start * steps) - 1.0
    if peak == 0.0:
        _check.fail(where, name, f"such that {name} * {steps} is not 1", pct_start)
    back = [float(2 * pct_start * steps) - 2.0] if three_phase else []
    first = min(peak, 0.0)  # a peak before step 0: the rise is over
    return [first, peak, *back, max(float(steps - 1), peak, *back)]


def one_cycle_curve(
    profile: str, knots: Sequence[float], levels: Sequence[float], steps: int
) -> Curve:
    """Legs from corner to corner, step ``steps - 1`` the last; a last leg of no length is none.

    With pct_start > 1/2 the second of three phases outlasts the schedule, in torch too.
    """
    count = len(knots)
    while count > 2 and knots[count - 1] == knots[count - 2]:
        count -= 1
    whole = pieces.through(profile, knots[:count], levels[:count])
    return pieces.until_last(whole, steps - 1)


def SWALR(
    swa_lr: float,
    anneal_epochs: int = 10,
    anneal_strategy: str = "cos",
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """From ``base_lr`` to ``swa_lr`` in ``anneal_epochs`` steps, then ``swa_lr``.

    >>> SWALR(0.5, 2, "linear")["lr"].values(0, 4).tolist()
    [1.0, 0.75, 0.5, 0.5]
    """
    where = "torch.SWALR"
    _check.choice(where, "anneal_strategy", anneal_strategy, ["cos", "linear"])
    n = _check.integer(where, "anneal_epochs", anneal_epochs, 0)
    profile = "cosine" if anneal_strategy == "cos" else "linear"
    return Schedule(lr=pieces.decay(profile, base_lr, swa_lr, n))


def LambdaLR(lr_lambda: Callable[[int], float], *, steps: int, base_lr: float = 1.0) -> Schedule:
    """``base_lr * lr_lambda(t)``, read at ``steps`` steps: the spec holds values, no function.

    >>> LambdaLR(lambda t: 0.5**t, steps=3)["lr"].values(0, 4).tolist()
    [1.0, 0.5, 0.25, 0.25]
    """
    where = "torch.LambdaLR"
    n = _check.integer(where, "steps", steps, 1, pieces.MOST_VALUES)
    values = (base_lr * pieces.called(where, lr_lambda, t) for t in range(n))
    return Schedule(lr=pieces.steps_of(values))


def MultiplicativeLR(
    lr_lambda: Callable[[int], float], *, steps: int, base_lr: float = 1.0
) -> Schedule:
    """``base_lr * lr_lambda(1) * ... * lr_lambda(t)``, read at ``steps`` steps as LambdaLR is.

    >>> MultiplicativeLR(lambda t: 0.5, steps=3)["lr"].values().tolist()
    [1.0, 0.5, 0.25]
    """
    where = "torch.MultiplicativeLR"
    n = _check.integer(where, "steps", steps, 1, pieces.MOST_VALUES)
    values = [base_lr]
    for t in range(1, n):
        values.append(values[-1] * pieces.called(where, lr_lambda, t))
    return Schedule(lr=pieces.steps_of(values))


def SequentialLR(
    schedulers: Iterable[Schedule], milestones: Iterable[int], *, base_lr: float = 1.0
) -> Schedule:
    """Schedules in a row, each from its milestone (a step of the whole) on its own clock.

    ``base_lr`` multiplies what the schedules give. One inside another is what it says here; torch
    changes its children a step early and begins some too high or too low, which
    :func:`csched.torch.from_scheduler` reads as it is. Where the first milestone is 0, torch before
    2.13 gives step 0 to the first all the same, and the others a step late.

    >>> warm, main = LinearLR(0.5, 1.0, 2), ExponentialLR(0.5)
    >>> SequentialLR([warm, main], [2])["lr"].values(0, 5).tolist()
    [0.5, 0.75, 1.0, 0.5, 0.25]
    """
    return pieces.in_a_row("torch.SequentialLR", schedulers, milestones, base_lr)


def ChainedScheduler(schedulers: Iterable[Schedule], *, base_lr: float = 1.0) -> Schedule:
    """The product of schedules that are factors (made with ``base_lr`` 1), times ``base_lr``.

    torch gives this product for StepLR, MultiStepLR, ConstantLR, LinearLR, ExponentialLR,
    PolynomialLR, MultiplicativeLR, and CosineAnnealingLR with ``eta_min`` 0 up to T_max, where it
    is 0 (on the way back torch is off by a factor). With any other child
    it gives neither child nor product (3.13 times the peak for CosineAnnealingWarmRestarts beside
    LinearLR); here it is the product always.

    >>> ChainedScheduler([ConstantLR(0.5, 2), ExponentialLR(0.5)])["lr"].values(0, 4).tolist()
    [0.5, 0.25, 0.25, 0.125]
    """
    return pieces.combine("torch.ChainedScheduler", schedulers, product, base_lr)


arguments.check(__name__)
