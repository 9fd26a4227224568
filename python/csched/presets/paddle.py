"""The schedules of ``paddle.optimizer.lr`` (Paddle 3), number for number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from csched import _check
from csched.presets import arguments, keras, pieces, torch
from csched.schedule import Schedule

__all__ = [
    "CosineAnnealingDecay",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LambdaDecay",
    "LinearLR",
    "LinearWarmup",
    "MultiStepDecay",
    "MultiplicativeDecay",
    "NaturalExpDecay",
    "NoamDecay",
    "OneCycleLR",
    "PiecewiseDecay",
    "PolynomialDecay",
    "StepDecay",
]


def NoamDecay(d_model: int, warmup_steps: int, learning_rate: float = 1.0) -> Schedule:
    """``learning_rate * d_model**-0.5 * min(t**-0.5, t * warmup_steps**-1.5)``, 0 at t = 0.

    >>> c = NoamDecay(4, 2)["lr"]
    >>> [round(c(t), 6) for t in (0, 1, 2, 8)]
    [0.0, 0.176777, 0.353553, 0.176777]
    """
    where = "paddle.NoamDecay"
    d = _check.integer(where, "d_model", d_model, 1)
    n = _check.integer(where, "warmup_steps", warmup_steps, 1)
    peak = learning_rate / math.sqrt(d * n)
    return Schedule(lr=pieces.warmed(0.0, peak, n, pieces.root_law(peak, n)))


def PiecewiseDecay(boundaries: Sequence[int], values: Sequence[float]) -> Schedule:
    """values[k] below boundaries[k]: a boundary has the new value.

    >>> PiecewiseDecay([2, 4], [1.0, 0.5, 0.1])["lr"].values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.1]
    """
    where = "paddle.PiecewiseDecay"
    seams = [_check.integer(where, "boundary", b, 1) - 1 for b in boundaries]
    return keras.PiecewiseConstantDecay(seams, values)


def NaturalExpDecay(learning_rate: float, gamma: float) -> Schedule:
    """``learning_rate * exp(-gamma * t)``.

    >>> round(NaturalExpDecay(1.0, 0.5)["lr"](2), 6)
    0.367879
    """
    where = "paddle.NaturalExpDecay"
    rate = _check.real(where, "gamma", gamma)
    return Schedule(lr=pieces.natural(learning_rate, rate))


def InverseTimeDecay(learning_rate: float, gamma: float) -> Schedule:
    """``learning_rate / (1 + gamma * t)``.

    >>> round(InverseTimeDecay(1.0, 0.5)["lr"](2), 6)
    0.5
    """
    rate = _check.real("paddle.InverseTimeDecay", "gamma", gamma, 0.0)
    if rate == 0.0:
        return Schedule(lr=pieces.constant(learning_rate))
    return Schedule(lr=pieces.inverse_time(learning_rate, 1.0 / rate))


def PolynomialDecay(
    learning_rate: float,
    decay_steps: int,
    end_lr: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
) -> Schedule:
    """Keras's, with the same ``cycle``: see :func:`csched.presets.keras.PolynomialDecay`.

    >>> PolynomialDecay(1.0, 2, 0.0)["lr"].values(0, 3).tolist()
    [1.0, 0.5, 0.0]
    """
    return keras.PolynomialDecay(learning_rate, decay_steps, end_lr, power, cycle)


def LinearWarmup(
    learning_rate: float | Schedule, warmup_steps: int, start_lr: float, end_lr: float
) -> Schedule:
    """A line from ``start_lr`` to ``end_lr``, then a rate or a schedule on its own clock.

    >>> c = LinearWarmup(CosineAnnealingDecay(1.0, 2), 2, 0.0, 1.0)["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
    """
    where = "paddle.LinearWarmup"
    n = _check.integer(where, "warmup_steps", warmup_steps, 0)
    _check.real(where, "end_lr", end_lr, start_lr, open_low=True)
    if isinstance(learning_rate, Schedule):
        main = learning_rate["lr"]
    else:
        main = pieces.constant(learning_rate)
    return Schedule(lr=pieces.warmed(start_lr, end_lr, n, main))


def ExponentialDecay(learning_rate: float, gamma: float) -> Schedule:
    """``learning_rate * gamma**t``, gamma in (0, 1).

    >>> ExponentialDecay(1.0, 0.5)["lr"](2)
    0.25
    """
    where = "paddle.ExponentialDecay"
    _check.real(where, "gamma", gamma, 0.0, 1.0, open_low=True, open_high=True)
    return Schedule(lr=pieces.geometric(where, learning_rate, gamma))


def MultiStepDecay(learning_rate: float, milestones: Sequence[int], gamma: float = 0.1) -> Schedule:
    """``learning_rate * gamma**(number of milestones <= t)``, gamma below 1.

    >>> MultiStepDecay(1.0, [1], 0.5)["lr"].values(0, 3).tolist()
    [1.0, 0.5, 0.5]
    """
    where = "paddle.MultiStepDecay"
    _check.real(where, "gamma", gamma, 0.0, 1.0, open_high=True)
    return torch.MultiStepLR(milestones, gamma, base_lr=learning_rate)


def StepDecay(learning_rate: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """``learning_rate * gamma**floor(t / step_size)``, gamma below 1.

    >>> StepDecay(1.0, 2, 0.5)["lr"].values(0, 3).tolist()
    [1.0, 1.0, 0.5]
    """
    _check.real("paddle.StepDecay", "gamma", gamma, 0.0, 1.0, open_high=True)
    return torch.StepLR(step_size, gamma, base_lr=learning_rate)


def LambdaDecay(learning_rate: float, lr_lambda: Callable[[int], float], *, steps: int) -> Schedule:
    """``learning_rate * lr_lambda(t)``, read at ``steps`` steps.

    >>> LambdaDecay(1.0, lambda t: 0.5**t, steps=2)["lr"].values().tolist()
    [1.0, 0.5]
    """
    return torch.LambdaLR(lr_lambda, steps=steps, base_lr=learning_rate)


def MultiplicativeDecay(
    learning_rate: float, lr_lambda: Callable[[int], float], *, steps: int
) -> Schedule:
    """``learning_rate * lr_lambda(1) * ... * lr_lambda(t)``, read at ``steps`` steps.

    >>> MultiplicativeDecay(1.0, lambda t: 0.5, steps=3)["lr"].values().tolist()
    [1.0, 0.5, 0.25]
    """
    return torch.MultiplicativeLR(lr_lambda, steps=steps, base_lr=learning_rate)


def CosineAnnealingDecay(learning_rate: float, T_max: int, eta_min: float = 0.0) -> Schedule:
    """Torch's CosineAnnealingLR: past T_max it climbs back.

    >>> [round(v, 4) for v in CosineAnnealingDecay(1.0, 2)["lr"].values(0, 4).tolist()]
    [1.0, 0.5, 0.0, 0.5]
    """
    return torch.CosineAnnealingLR(T_max, eta_min, base_lr=learning_rate)


def CosineAnnealingWarmRestarts(
    learning_rate: float, T_0: int, T_mult: int = 1, eta_min: float = 0.0
) -> Schedule:
    """Torch's.

    >>> CosineAnnealingWarmRestarts(1.0, 2, 2)["lr"].cycle_ends[:2]
    (1, 5)
    """
    return torch.CosineAnnealingWarmRestarts(T_0, T_mult, eta_min, base_lr=learning_rate)


def LinearLR(
    learning_rate: float,
    total_steps: int,
    start_factor: float = 1.0 / 3,
    end_factor: float = 1.0,
) -> Schedule:
    """Torch's.

    >>> LinearLR(1.0, 2, 0.5)["lr"].values(0, 3).tolist()
    [0.5, 0.75, 1.0]
    """
    return torch.LinearLR(start_factor, end_factor, total_steps, base_lr=learning_rate)


def OneCycleLR(
    max_learning_rate: float,
    total_steps: int,
    divide_factor: float = 25.0,
    end_learning_rate: float = 0.0001,
    phase_pct: float = 0.3,
    anneal_strategy: str = "cos",
    three_phase: bool = False,
) -> Schedule:
    """Torch's corners, an absolute end, and no momentum; three phases need phase_pct below 1/2.

    >>> [round(v, 4) for v in OneCycleLR(1.0, 10)["lr"].values(0, 3).tolist()]
    [0.04, 0.52, 1.0]
    """
    where = "paddle.OneCycleLR"
    n = _check.integer(where, "total_steps", total_steps, 1)
    high = 0.5 if three_phase else 1.0
    _check.real(where, "phase_pct", phase_pct, 0.0, high, open_high=three_phase)
    _check.choice(where, "anneal_strategy", anneal_strategy, ["cos", "linear"])
    first = max_learning_rate / divide_factor
    levels = [first, max_learning_rate, *([first] if three_phase else []), end_learning_rate]
    knots = torch.one_cycle_knots(where, n, phase_pct, three_phase, "phase_pct")
    profile = "cosine" if anneal_strategy == "cos" else "linear"
    return Schedule(lr=torch.one_cycle_curve(profile, knots, levels, n))


def CyclicLR(
    base_learning_rate: float,
    max_learning_rate: float,
    step_size_up: int,
    step_size_down: int | None = None,
    mode: str = "triangular",
    exp_gamma: float = 1.0,
) -> Schedule:
    """torch's, without momentum.

    >>> CyclicLR(0.0, 1.0, 2)["lr"].values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    low, high = base_learning_rate, max_learning_rate
    legs = step_size_up, step_size_down
    return torch.CyclicLR(low, high, *legs, mode, exp_gamma, cycle_momentum=False)


arguments.check(__name__)
