"""Units: epochs, tokens and samples as the steps that schedules count in."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from csched import _check

UNITS = ("steps", "tokens", "samples", "epochs")


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What a step is worth, so that lengths may be given in epochs, tokens or samples.

    Each method gives what recipes take for a length: an int, or a fraction of the whole for
    ``percent``. A unit without a rate is an error, so units never mix by accident.

    Parameters
    ----------
    steps_per_epoch : int or float, optional
        Updates in an epoch.
    tokens_per_step, samples_per_step : int or float, optional
        Tokens and samples in an update, over all devices and accumulated batches.
    counts : "steps", "tokens" or "samples"
        What the schedule's own steps are. With "tokens" lengths come out in tokens, and the
        schedule is asked at the number of tokens seen: a change of batch size mid-run, which
        changes ``tokens_per_step``, changes no value of it.

    Examples
    --------
    >>> import csched
    >>> clock = csched.Clock(steps_per_epoch=390, tokens_per_step=2**19)
    >>> clock.epochs(3), clock.tokens(2e9), clock.percent(5)
    (1170, 3815, 0.05)
    >>> s = csched.wsd(1e-3, clock.tokens(1e12), warmup_steps=clock.tokens(2e9))
    >>> s.steps
    1907349
    >>> csched.Clock(counts="tokens").tokens(2e9)
    2000000000
    """

    steps_per_epoch: int | float | None = None
    tokens_per_step: int | float | None = None
    samples_per_step: int | float | None = None
    counts: str = "steps"

    def __post_init__(self) -> None:
        _check.choice("Clock", "counts", self.counts, UNITS[:3])
        for name in ("steps_per_epoch", "tokens_per_step", "samples_per_step"):
            if (rate := getattr(self, name)) is not None:
                _check.real("Clock", name, rate, 0.0, 2.0**53, open_low=True)

    def steps(self, amount: int | float) -> int:
        """So many updates."""
        return self._length("steps", amount)

    def epochs(self, amount: int | float) -> int:
        """So many epochs, rounded to whole steps; needs ``steps_per_epoch``."""
        return self._length("epochs", amount)

    def tokens(self, amount: int | float) -> int:
        """So many tokens, rounded to whole steps; needs ``tokens_per_step``."""
        return self._length("tokens", amount)

    def samples(self, amount: int | float) -> int:
        """So many samples, rounded to whole steps; needs ``samples_per_step``."""
        return self._length("samples", amount)

    def percent(self, amount: int | float) -> float:
        """A part of the whole, as the fraction that recipes take; between 0 and 100."""
        _check.real("Clock", "percent", amount, 0.0, 100.0, open_low=True, open_high=True)
        return float(_check.decimal(amount) / 100)

    def _length(self, unit: str, amount: Any) -> int:
        _check.real("Clock", unit, amount, 0.0, 2.0**53)
        exact = _check.decimal(amount)
        if unit != self.counts:
            exact = exact * self._rate(unit, unit, amount) / self._rate(self.counts, unit, amount)
        length = round(exact)
        if length == 0 and amount > 0:
            _check.fail("Clock", unit, f"0 or at least half of one of the {self.counts}", amount)
        return _check.integer("Clock", f"{unit} in {self.counts}", length, 0)

    def _rate(self, of: str, unit: str, amount: Any) -> Fraction:
        """Updates that one of a unit is worth."""
        if of == "steps":
            return Fraction(1)
        name = "steps_per_epoch" if of == "epochs" else f"{of}_per_step"
        if (rate := getattr(self, name)) is None:
            _check.fail("Clock", name, f"given to turn {unit} into {self.counts}", None,
                        f"{unit}({amount!r}) has no length without it")  # fmt: skip
        return _check.decimal(rate) if of == "epochs" else 1 / _check.decimal(rate)
