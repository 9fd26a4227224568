"""The learning rate of Levanter's optimizers (2025-09), number for number.

Its ``OptimizerConfig`` has a method ``lr_scheduler``; its fields are arguments here. Levanter
computes in float32; these are the formulas in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from numbers import Real

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = ["lr_scheduler"]

FLAT = 10_000
"""Steps, warm-up included, before its inverse square root begins to fall."""


def lr_scheduler(
    num_train_steps: int,
    learning_rate: float = 6e-4,
    min_lr_ratio: float = 0.1,
    warmup: int | float = 0.01,
    decay: int | float | None = None,
    rewarmup: int | float = 0.0,
    cycle_length: int | float | Sequence[int] | None = None,
    cycles: int | Sequence[int] | None = None,
    lr_schedule: str = "cosine",
) -> Schedule:
    """Cycles of a warm-up, a stable part and a decay, each warmed up again from where it ended.

    ``warmup`` is of the first cycle, ``rewarmup`` of the others, ``decay`` of all: steps, or up to
    1 parts of the cycle, rounded down; the decay takes what the warm-up leaves unless given, the
    stable part what both leave. ``cycle_length`` is in steps, a part of the whole, or a list;
    ``cycles`` how many there are, or the list of their ends. ``lr_schedule`` is "cosine", "linear",
    "inv" (1 / t) to ``min_lr_ratio`` of the rate, "inv_sqrt" from step 10,000 of its cycle on, or
    "constant". What Levanter calls deprecated (cooldown, haps) is not here.

    >>> options = dict(min_lr_ratio=0.0, warmup=2, rewarmup=3, cycles=2, lr_schedule="linear")
    >>> c = lr_scheduler(12, 1.0, **options)["lr"]
    >>> [round(v, 4) for v in c.values(4, 13).tolist()]
    [0.5, 0.25, 0.0, 0.3333, 0.6667, 1.0, 0.6667, 0.3333, 0.0]
    """
    where = "levanter.lr_scheduler"
    whole = _check.integer(where, "num_train_steps", num_train_steps, 1)
    _check.real(where, "learning_rate", learning_rate, 0.0, open_low=True)
    low = learning_rate * _check.real(where, "min_lr_ratio", min_lr_ratio, 0.0, 1.0)
    parts: list[Curve] = []
    before = 0.0
    for begin, end in pairwise(_minima(where, whole, cycle_length, cycles)):
        n = end - begin
        up = _steps(where, "rewarmup", rewarmup, n) if begin else _steps(where, "warmup", warmup, n)
        fall = n - up if decay is None else _steps(where, "decay", decay, n)
        stable = n - up - fall
        if fall < 1 or stable < 0:
            allowed = f"such that warm-up and decay fit into a cycle of {n} steps"
            _check.fail(where, "decay", allowed, decay)
        parts += [curve("linear", before, learning_rate, up)] if up else []
        parts += [pieces.constant(learning_rate, stable)] if stable else []
        law = _law(where, lr_schedule, learning_rate, low, fall, up)
        before = law(fall)
        parts.append(law if end == whole else law[:fall])
    return Schedule(lr=sequence(*parts))


def _steps(where: str, name: str, given: int | float, whole: int) -> int:
    """Steps, or up to 1 a part of the whole, as Levanter reads them: an int 1 is the whole, too."""
    number = _check.real(where, name, given, 0.0, float(_check.MAX_STEP))
    if number <= 1.0:
        return int(number * whole)
    if number % 1:
        _check.fail(where, name, "a part up to 1, or whole steps", given)
    return int(number)


def _minima(
    where: str,
    whole: int,
    length: int | float | Sequence[int] | None,
    cycles: int | Sequence[int] | None,
) -> list[int]:
    """Where cycles begin and end."""
    if length is not None and cycles is not None:
        _check.fail(where, "cycles", "None where cycle_length is given", cycles)
    inner: list[int] = []
    if isinstance(length, (int, float, Real)):
        each = _steps(where, "cycle_length", length, whole)
        if each < 1:
            _check.fail(where, "cycle_length", "at least one step", length)
        inner = [i * each for i in range(1, whole // each)]
    elif length is not None:
        for n in length:
            inner.append((inner or [0])[-1] + _check.integer(where, "cycle_length", n, 1))
    elif isinstance(cycles, (int, float, Real)):
        count = _check.integer(where, "cycles", cycles, 1, whole)
        inner = [int(whole / count * (i + 1)) for i in range(count - 1)]
    elif cycles is not None:
        inner = [_check.integer(where, "a cycle's end", n, 1) for n in cycles]
    ends = [0, *inner] if inner and inner[-1] == whole else [0, *inner, whole]
    if any(b <= a for a, b in pairwise(ends)):
        _check.fail(where, "cycles", f"increasing up to num_train_steps = {whole}", ends[1:])
    return ends


def _law(where: str, name: str, top: float, low: float, steps: int, up: int) -> Curve:
    """A decay on a clock of its own."""
    _check.choice(where, "lr_schedule", name, ["constant", "cosine", "linear", "inv_sqrt", "inv"])
    if name == "constant":
        return pieces.constant(top, steps)
    if name == "inv_sqrt":
        flat = FLAT - up
        if flat < 1:
            allowed = f"below {FLAT} with inv_sqrt"
            _check.fail(where, "warmup", allowed, up)
        return pieces.constant(top, flat).then(pieces.root_law(top, FLAT)).clip(low=low)
    if name == "inv":  # its first value is that of step 1
        _check.real(where, "min_lr_ratio", low / top, 0.0, open_low=True)
        law = curve("inverse_power", top, low, steps, power=1.0)
        return sequence(pieces.constant(law(1)), law[1:])
    return curve(name, top, low, steps)


arguments.check(__name__)
