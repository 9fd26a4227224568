"""A factor that falls when a metric stops improving: the one input that is no function of time.

What was observed is kept as events, so everything else stays pure: the factor is a curve of the
events so far, and multiplies any schedule.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve

_OPTIONS = (
    "factor",
    "patience",
    "threshold",
    "mode",
    "relative",
    "cooldown",
    "floor",
    "eps",
    "start",
)
_STATE = ("best", "bad", "resting", "events")


class Plateau:
    """Multiply by ``factor`` after more than ``patience`` observations without an improvement.

    Parameters
    ----------
    factor : float, default 0.1
        In (0, 1).
    patience : int, default 10
        Observations without improvement that are let pass.
    threshold : float, default 1e-4
        A metric is better if it is below ``best * (1 - threshold)``, with ``relative=False`` below
        ``best - threshold``; with ``mode="max"`` above, with the sign turned.
    mode : "min" or "max", default "min"
        Whether the metric should fall or rise.
    relative : bool, default True
        See ``threshold``.
    cooldown : int, default 0
        Observations after a reduction that are not held against the metric.
    floor : float, default 0
        The factor never falls below it. In [0, 1].
    eps : float, default 0
        The factor keeps its value where it would fall by no more than this. In [0, 1].
    start : int, default 0
        Observations before this step are ignored: those of a warm-up.

    Notes
    -----
    The rule is that of ``torch.optim.lr_scheduler.ReduceLROnPlateau``, and with ``start`` one step
    after its warm-up that of timm's ``PlateauLRScheduler``. Their ``min_lr`` and ``eps`` (1e-8 if
    not given) are rates: for the same reductions take ``floor`` and ``eps`` as parts of the rate.

    In distributed runs observe a metric that is reduced already: ranks do not talk.

    Examples
    --------
    >>> from csched.plateau import Plateau
    >>> p = Plateau(factor=0.5, patience=1)
    >>> [p.observe(loss, step) for step, loss in enumerate([1.0, 0.9, 0.9, 0.9, 0.9])]
    [False, False, False, True, False]
    >>> p.events
    ((3, 0.5),)
    >>> p.curve().values(0, 6).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]
    """

    def __init__(
        self,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        mode: str = "min",
        relative: bool = True,
        cooldown: int = 0,
        floor: float = 0.0,
        start: int = 0,
        eps: float = 0.0,
    ) -> None:
        where = "Plateau"
        self.factor = _check.real(where, "factor", factor, 0, 1, open_low=True, open_high=True)
        self.patience = _check.integer(where, "patience", patience, 0)
        self.threshold = _check.real(where, "threshold", threshold, 0.0)
        self.mode = _check.choice(where, "mode", mode, ["min", "max"])
        self.relative = bool(relative)
        self.cooldown = _check.integer(where, "cooldown", cooldown, 0)
        self.floor = _check.real(where, "floor", floor, 0.0, 1.0)
        self.eps = _check.real(where, "eps", eps, 0.0, 1.0)
        self.start = _check.integer(where, "start", start, 0)
        self.best = self._worst()
        self.bad = 0
        self.resting = 0
        self.events: tuple[tuple[int, float], ...] = ()

    def _worst(self) -> float:
        return math.inf if self.mode == "min" else -math.inf

    def observe(self, metric: Any, step: int) -> bool:
        """Take in a metric before the update of a step; whether the factor falls from it on.

        A metric that is NaN is no improvement.
        """
        where = "Plateau.observe"
        last = self.events[-1][0] if self.events else 0
        step = _check.integer(where, "step", step, last, hint="the past is not changed")
        if step < self.start:
            return False
        value = float(metric)
        if self._is_better(value):
            self.best, self.bad = value, 0
        else:
            self.bad += 1
        if self.resting > 0:
            self.resting, self.bad = self.resting - 1, 0
        if self.bad <= self.patience:
            return False
        self.bad, self.resting = 0, self.cooldown
        now = self.events[-1][1] if self.events else 1.0
        lower = max(now * self.factor, self.floor)
        if now - lower <= self.eps:
            return False
        self.events = (*(e for e in self.events if e[0] != step), (step, lower))
        return True

    def _is_better(self, value: float) -> bool:
        sign = 1.0 if self.mode == "min" else -1.0
        if self.relative:
            return sign * value < sign * self.best * (1.0 - sign * self.threshold)
        return sign * value < sign * self.best - self.threshold

    def curve(self) -> Curve:
        """The factor at every step, as far as it is known: the last one holds."""
        return staircase(self.events)

    def options(self) -> dict[str, Any]:
        """What the constructor was given."""
        return {name: getattr(self, name) for name in _OPTIONS}

    def state_dict(self) -> dict[str, Any]:
        """Options, counters and events as plain JSON types."""
        state = {name: getattr(self, name) for name in _STATE}
        state["events"] = [list(event) for event in self.events]
        if math.isinf(self.best):  # for which JSON has no number
            state["best"] = None if self.best == self._worst() else str(self.best)
        return {"options": self.options(), **state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state_dict`` was taken, with the options of this object."""
        where = "Plateau.load_state_dict"
        if missing := [n for n in _STATE if n not in state]:
            _check.fail(where, "fields", f"complete; missing {missing}", sorted(state))
        best = state["best"]
        if best in ("inf", "-inf"):
            best = float(best)
        elif best is not None:
            best = _check.real(where, "best", best)
        bad = _check.integer(where, "bad", state["bad"], 0)
        resting = _check.integer(where, "resting", state["resting"], 0)
        events = tuple(_events(where, state["events"]))
        self.best = self._worst() if best is None else best
        self.bad, self.resting, self.events = bad, resting, events

    def __repr__(self) -> str:
        fields = ", ".join(f"{k}={v!r}" for k, v in self.options().items())
        return f"Plateau({fields})"


def _events(where: str, events: Any) -> Iterator[tuple[int, float]]:
    """Saved events, which fall from 1 as their steps rise."""
    last, level = -1, 1.0
    for event in _check.items(where, "events", events):
        pair = _check.items(where, "an event", event)
        if len(pair) != 2:
            _check.fail(where, "an event", "a step and a factor", event)
        last = _check.integer(where, "the step of an event", pair[0], last + 1)
        level = _check.real(where, "the factor of an event", pair[1], 0.0, level)
        yield last, level


def staircase(events: Iterable[tuple[int, float]]) -> Curve:
    """1, and from the step of each event on its level; steps ascend, the last level holds."""
    known = [(0, 1.0), *events]
    begins, levels = zip(*known, strict=True)
    ends = [*begins[1:], begins[-1] + 1]
    pieces = zip(begins, ends, levels, strict=True)
    return sequence(*(curve("constant", x, steps=b - a) for a, b, x in pieces if b > a))
