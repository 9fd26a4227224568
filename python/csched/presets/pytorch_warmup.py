"""The warm-ups of ``pytorch_warmup`` (0.2), number for number: factors of a learning rate.

They multiply the rate that another schedule gives: ``schedule["lr"] * LinearWarmup(100)["lr"]``.
``beta2`` is what it reads from an Adam; its untuned periods are rounded down as floats, so that
0.999 gives 1999 where the paper has 2000. RAdam's is :func:`csched.untuned_warmup` with the law
"radam".
"""

from __future__ import annotations

from csched import _check
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "ExponentialWarmup",
    "LinearWarmup",
    "UntunedExponentialWarmup",
    "UntunedLinearWarmup",
]


def LinearWarmup(warmup_period: int, *, base_lr: float = 1.0) -> Schedule:
    """``min(1, (t + 1) / warmup_period)``.

    >>> LinearWarmup(4)["lr"].values(0, 6).tolist()
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """
    n = _check.integer("pytorch_warmup.LinearWarmup", "warmup_period", warmup_period, 1)
    rise = curve("linear", 0.0, base_lr, n, offset=1.0, span=float(n))
    return Schedule(lr=pieces.until_last(rise, n - 1))


def ExponentialWarmup(warmup_period: int, *, base_lr: float = 1.0) -> Schedule:
    """``1 - exp(-(t + 1) / warmup_period)``; 1 from 40 periods on, where that is its float.

    >>> round(ExponentialWarmup(2)["lr"](1), 6)
    0.632121
    """
    where = "pytorch_warmup.ExponentialWarmup"
    n = 40 * _check.integer(where, "warmup_period", warmup_period, 1, 2**40)
    rise = curve("exponential_offset", 0.0, base_lr, n - 1, rate=40.0, offset=1.0, span=float(n))
    return Schedule(lr=rise)


def _period(where: str, beta2: float, times: float) -> int:
    beta = _check.real(where, "beta2", beta2, 0.0, 1.0, open_high=True)
    return max(1, int(times / (1.0 - beta)))


def UntunedLinearWarmup(beta2: float = 0.999, *, base_lr: float = 1.0) -> Schedule:
    """:func:`LinearWarmup` over ``int(2 / (1 - beta2))`` steps.

    >>> UntunedLinearWarmup(0.999)["lr"].steps
    1999
    """
    period = _period("pytorch_warmup.UntunedLinearWarmup", beta2, 2.0)
    return LinearWarmup(period, base_lr=base_lr)


def UntunedExponentialWarmup(beta2: float = 0.999, *, base_lr: float = 1.0) -> Schedule:
    """:func:`ExponentialWarmup` with a period of ``int(1 / (1 - beta2))`` steps.

    >>> round(UntunedExponentialWarmup(0.75)["lr"](3), 6)
    0.632121
    """
    period = _period("pytorch_warmup.UntunedExponentialWarmup", beta2, 1.0)
    return ExponentialWarmup(period, base_lr=base_lr)


arguments.check(__name__)
