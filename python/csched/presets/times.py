"""Composer's times: strings of a number and a unit, and what they are in steps."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from csched import _check

UNITS = ("ep", "ba", "sp", "tok", "dur", "iter")


@dataclass(frozen=True)
class State:
    """What a training is like: its length, and what a batch and an epoch hold.

    ``max_duration`` is a time string; ``dataloader_len`` the batches of an epoch, ``batch_size``
    the samples and ``batch_tokens`` its tokens, ``iteration_length`` an iteration in epochs or
    tokens ("2ep", "4096tok"), each needed where its unit is used. ``step_schedulers_every_batch``
    is the trainer's: False holds a value for an epoch.
    """

    max_duration: str
    dataloader_len: int | None = None
    batch_size: int | None = None
    batch_tokens: int | None = None
    iteration_length: str | None = None
    step_schedulers_every_batch: bool = True


def parsed(where: str, name: str, text: Any) -> tuple[float, str]:
    """The number and the unit of a time string."""
    if not isinstance(text, str):
        _check.fail_type(where, name, "a time string such as '10ep' or '0.5dur'", text)
    found = re.fullmatch(r"([-+.\deE]+)(ep|ba|sp|tok|dur|iter)", text.strip())
    try:
        value = float(found[1]) if found else math.nan
    except ValueError:
        value = math.nan
    if not found or not math.isfinite(value):
        _check.fail(where, name, f"a number and one of {', '.join(UNITS)}", text)
    unit = found[2]
    if unit != "dur" and value != int(value):
        _check.fail(where, name, f"a whole number of {unit}", text)
    return value, unit


@dataclass(frozen=True)
class Clock:
    """Converts time strings as ``_convert_time`` does, to whole units and from them to steps."""

    where: str
    state: State
    ssr: float

    def whole(self) -> tuple[float, str]:
        """The length of the training, scaled."""
        value, unit = parsed(self.where, "max_duration", self.state.max_duration)
        if unit == "dur":
            _check.fail(self.where, "max_duration", "no part of itself", self.state.max_duration)
        ratio = _check.real(self.where, "ssr", self.ssr, 0.0, open_low=True)
        return (value if ratio == 1.0 else float(int(value * ratio))), unit

    def given(self, name: str) -> int:
        """A field of the state that a unit needs."""
        return _check.integer(
            self.where, f"state.{name}", getattr(self.state, name), 1, hint="its unit is used"
        )

    def units(self, name: str, text: Any, ssr: float) -> tuple[int, str]:
        """A time in whole batches, samples or tokens, and which of them."""
        value, unit = parsed(self.where, name, text)
        if unit == "dur":
            total, unit = self.whole()
            if unit == "ep":
                return int(value * self.given("dataloader_len") * int(total)), "ba"
            return int(value * int(total)), unit
        if unit == "ep":
            value, unit = value * self.given("dataloader_len"), "ba"
        return int(int(value) * ssr), unit

    def steps(self, name: str, text: Any, ssr: float | None = None) -> Fraction:
        """A time in batches, which may be a fraction of one."""
        count, unit = self.units(name, text, self.ssr if ssr is None else ssr)
        if count < 0:
            _check.fail(self.where, name, "at least 0", text)
        if unit == "iter":
            return Fraction(count * self.iteration())
        if unit == "ba":
            return Fraction(count)
        return Fraction(count, self.given("batch_size" if unit == "sp" else "batch_tokens"))

    def length(self, name: str, text: Any, ssr: float | None = None) -> Fraction:
        """A time that something is divided by."""
        steps = self.steps(name, text, ssr)
        if not steps:
            _check.fail(self.where, name, "at least one batch, sample or token", text)
        return steps

    def iteration(self) -> int:
        """The batches of an iteration, which ends with the batch that fills it."""
        value, unit = parsed(self.where, "state.iteration_length", self.state.iteration_length)
        if unit not in ("ep", "tok") or value < 1:
            given = self.state.iteration_length
            _check.fail(self.where, "state.iteration_length", "of epochs or tokens", given)
        if unit == "ep":
            return int(value) * self.given("dataloader_len")
        return -(-int(value) // self.given("batch_tokens"))

    def epoch(self) -> int:
        """For how many batches a value is held whatever it is told by: 1, or those of an epoch."""
        return 1 if self.state.step_schedulers_every_batch else self.given("dataloader_len")

    def tick(self, name: str, text: Any) -> int:
        """For how many batches a value is held that is told by a time of this unit."""
        if self.units(name, text, 1.0)[1] != "iter":
            return self.epoch()
        if not self.state.step_schedulers_every_batch:
            hint = "the trainer counts an iteration after it has stepped its schedulers"
            _check.fail(self.where, name, "in another unit than iterations", text, hint)
        return self.iteration()


def clock_of(name: str, state: State | str, ssr: float) -> Clock:
    """The clock of a scheduler, by its name, the state and the ratio it is called with."""
    where = f"composer.{name}"
    return Clock(where, State(state) if isinstance(state, str) else state, ssr)
