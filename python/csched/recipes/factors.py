"""Several parameter groups: layer-wise and discriminative learning rates."""

from __future__ import annotations

from csched import _check
from csched.schedule import Schedule

__all__ = ["discriminative", "layer_wise"]


def layer_wise(schedule: Schedule, layers: int, *, decay: float = 0.75) -> list[Schedule]:
    """One schedule a layer, the learning rate falling by ``decay`` from layer to layer.

    Layer i of n, counted from the input, gets ``lr * decay**(n - 1 - i)``: the last layer (the
    head) gets the schedule itself. Other curves are as they are.

    Parameters
    ----------
    schedule : Schedule
        With a curve "lr".
    layers : int
        How many, at least 1.
    decay : float, default 0.75
        Factor a layer, in (0, 1]; 1 / 2.6 in ULMFiT, 0.65 to 0.9 in BEiT and MAE.

    References
    ----------
    Clark et al., "ELECTRA", 2020, https://arxiv.org/abs/2003.10555; Bao et al., "BEiT", 2021,
    https://arxiv.org/abs/2106.08254.

    Examples
    --------
    >>> import csched
    >>> groups = csched.layer_wise(csched.linear(1.0, 4), 3, decay=0.5)
    >>> [s["lr"](1) for s in groups]
    [0.1875, 0.375, 0.75]

    """
    where = "layer_wise"
    n = _check.integer(where, "layers", layers, 1, 10**4)
    _check.real(where, "decay", decay, 0.0, 1.0, open_low=True)
    return [_scaled(where, schedule, decay ** (n - 1 - i)) for i in range(n)]


def discriminative(schedule: Schedule, groups: int, *, low: float) -> list[Schedule]:
    """One schedule a group, the learning rates evenly spaced in the logarithm.

    Group i of n gets ``lr * low**((n - 1 - i) / (n - 1))``: the first one ``low`` times the last.

    Parameters
    ----------
    schedule : Schedule
        With a curve "lr".
    groups : int
        How many, at least 1.
    low : float
        Factor of the first group, in (0, 1].

    References
    ----------
    Howard, Ruder, "Universal Language Model Fine-tuning for Text Classification", 2018,
    https://arxiv.org/abs/1801.06146, section 3.2; fastai's ``slice(low, high)``.

    Examples
    --------
    >>> import csched
    >>> [s["lr"](0) for s in csched.discriminative(csched.linear(1.0, 4), 3, low=0.01)]
    [0.01, 0.1, 1.0]

    """
    where = "discriminative"
    n = _check.integer(where, "groups", groups, 1, 10**4)
    _check.real(where, "low", low, 0.0, 1.0, open_low=True)
    return [_scaled(where, schedule, low ** ((n - 1 - i) / max(1, n - 1))) for i in range(n)]


def _scaled(where: str, schedule: Schedule, factor: float) -> Schedule:
    if not isinstance(schedule, Schedule) or "lr" not in schedule:
        _check.fail_type(where, "schedule", 'a Schedule with a curve "lr"', schedule)
    return schedule.replace(lr=schedule["lr"] * factor)
