"""The profiles and scripts of Cameron Wolfe's LRSchedules, the code beside his blog article on REX.

Profiles have the repository's names and arguments, without ``_iter``; each repeats every
``stepsize`` steps. Its REX has beta 0.9, not the paper's 1/2; its exponential keeps a residual of
exp(-4) of the range. The scripts are ``sampling_rate``, ``cyclical`` and ``sgdr``.
https://github.com/wolfecameron/LRSchedules
"""

from __future__ import annotations

from typing import Any

from csched import _check
from csched.curve import Curve
from csched.phases import curve
from csched.presets import arguments
from csched.sampling import every
from csched.schedule import Schedule

__all__ = [
    "cos_decay",
    "cos_growth",
    "cyclical",
    "exp_decay",
    "exp_growth",
    "linear_decay",
    "linear_growth",
    "rex_decay",
    "rex_growth",
    "sampling_rate",
    "sgdr",
]

PROFILES: dict[str, tuple[str, dict[str, Any]]] = {
    "cos": ("cosine", {}),
    "rex": ("rex", {"beta": 0.9}),
    "exp": ("exponential_offset", {"rate": 4.0}),
    "linear": ("linear", {}),
}


def _phase(profile: str, start: float, end: float, steps: int, **more: Any) -> Curve:
    name, arguments = PROFILES[_check.choice("wolfe", "profile", profile, PROFILES)]
    return curve(name, start, end, steps, **{**arguments, **more})


def cos_decay(stepsize: int, min_val: float, max_val: float) -> Schedule:
    """Half a cosine from ``max_val`` towards ``min_val``.

    >>> cos_decay(2, 0.0, 1.0)["lr"].values(0, 4).tolist()
    [1.0, 0.5, 1.0, 0.5]
    """
    return Schedule(lr=_phase("cos", max_val, min_val, stepsize).repeat())


def cos_growth(stepsize: int, min_val: float, max_val: float) -> Schedule:
    """Half a cosine from ``min_val`` towards ``max_val``.

    >>> cos_growth(2, 0.0, 1.0)["lr"].values(0, 4).tolist()
    [0.0, 0.5, 0.0, 0.5]
    """
    return Schedule(lr=_phase("cos", min_val, max_val, stepsize).repeat())


def rex_decay(stepsize: int, min_val: float, max_val: float) -> Schedule:
    """``min + (max - min) * (1 - z) / (1 - 0.9 z)``.

    >>> [round(v, 4) for v in rex_decay(2, 0.0, 1.0)["lr"].values(0, 2).tolist()]
    [1.0, 0.9091]
    """
    return Schedule(lr=_phase("rex", max_val, min_val, stepsize).repeat())


def rex_growth(stepsize: int, min_val: float, max_val: float) -> Schedule:
    """``max - (max - min) * (1 - z) / (1 - 0.9 z)``.

    >>> [round(v, 4) for v in rex_growth(2, 0.0, 1.0)["lr"].values(0, 2).tolist()]
    [0.0, 0.0909]
    """
    return Schedule(lr=_phase("rex", min_val, max_val, stepsize).repeat())


def exp_decay(stepsize: int, min_val: float, max_val: float, exponent: float = 4.0) -> Schedule:
    """``min + (max - min) * exp(-exponent z)``: it ends a little above ``min_val``.

    >>> [round(v, 5) for v in exp_decay(5, 0.1, 1.0)["lr"].values(0, 3).tolist()]
    [1.0, 0.5044, 0.28171]
    """
    return Schedule(lr=_phase("exp", max_val, min_val, stepsize, rate=exponent).repeat())


def exp_growth(stepsize: int, min_val: float, max_val: float, exponent: float = 4.0) -> Schedule:
    """``max - (max - min) * exp(-exponent z)``: it ends a little below ``max_val``.

    >>> [round(v, 5) for v in exp_growth(5, 0.0, 1.0)["lr"].values(0, 2).tolist()]
    [0.0, 0.55067]
    """
    return Schedule(lr=_phase("exp", min_val, max_val, stepsize, rate=exponent).repeat())


def linear_decay(stepsize: int, min_val: float, max_val: float) -> Schedule:
    """A line from ``max_val`` towards ``min_val``.

    >>> linear_decay(2, 0.0, 1.0)["lr"].values(0, 4).tolist()
    [1.0, 0.5, 1.0, 0.5]
    """
    return Schedule(lr=_phase("linear", max_val, min_val, stepsize).repeat())


def linear_growth(stepsize: int, min_val: float, max_val: float) -> Schedule:
    """A line from ``min_val`` towards ``max_val``.

    >>> linear_growth(2, 0.0, 1.0)["lr"].values(0, 4).tolist()
    [0.0, 0.5, 0.0, 0.5]
    """
    return Schedule(lr=_phase("linear", min_val, max_val, stepsize).repeat())


def sampling_rate(
    sr: int,
    profile: str = "linear",
    total_iter: int = 1000,
    max_lr: float = 0.1,
    min_lr: float = 0.001,
) -> Schedule:
    """``sampling_rate_examples.py``: a decay that is read every ``sr`` steps.

    >>> sampling_rate(2, "linear", 4, 1.0, 0.0)["lr"].values().tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    return Schedule(lr=_phase(profile, max_lr, min_lr, total_iter, sampling=every(sr)))


def cyclical(
    profile: str = "linear", stepsize: int = 250, max_lr: float = 0.1, min_lr: float = 0.001
) -> Schedule:
    """``cyclical_examples.py``: growth for ``stepsize`` steps, decay for as many, for ever.

    >>> cyclical("linear", 2, 1.0, 0.0)["lr"].values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    up = _phase(profile, min_lr, max_lr, stepsize)
    return Schedule(lr=up.then(_phase(profile, max_lr, min_lr, stepsize)).repeat())


def sgdr(
    profile: str = "cos",
    stepsize: int = 200,
    stepsize_mult: int = 2,
    max_lr: float = 0.1,
    min_lr: float = 0.001,
) -> Schedule:
    """``sgdr_examples.py``: decays, each ``stepsize_mult`` times as long as the one before.

    >>> sgdr("linear", 2, 2, 1.0, 0.0)["lr"].values(0, 6).tolist()
    [1.0, 0.5, 1.0, 0.75, 0.5, 0.25]
    """
    mult = _check.integer("wolfe.sgdr", "stepsize_mult", stepsize_mult, 1)
    return Schedule(lr=_phase(profile, max_lr, min_lr, stepsize).repeat(length_mult=mult))


arguments.check(__name__)
