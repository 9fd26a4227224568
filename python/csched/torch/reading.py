"""What a scheduler can be asked; none of it moves or writes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from torch.optim.lr_scheduler import LRScheduler

from csched import _check, _core, legal
from csched.torch import binding, checking, hooks
from csched.torch.attaching import Attachment
from csched.torch.binding import WHERE, Binding


class Reading(_core.Writer, LRScheduler):
    """The half of ``Scheduler`` that only looks."""

    _held: Attachment
    _drive: Any

    def __repr__(self) -> str:
        paths = ", ".join(dict.fromkeys(path for b in self._held.bounds for path in b.curves))
        optimizer = self.optimizer
        groups = "detached"
        if optimizer is not None:
            n = len(optimizer.param_groups)
            groups = f"{type(optimizer).__name__} of {n} group{'s' * (n != 1)}"
        drive = repr(self._drive) if isinstance(self._drive, str) else "<Scheduler>"
        return f"Scheduler(<{groups}>, <{paths}>, position={self.position}, drive={drive})"

    @property
    def optimizer(self) -> Any:  # type: ignore[override]
        """The optimizer; None after ``detach()``."""
        return self._owned()

    def values_at(self, t: int) -> list[dict[str, float]]:
        """What the groups get at step t, by key path, one dict a group; float64, not rounded."""
        return [b.values(t) for b in self._held.bounds]

    def last_applied(self) -> list[dict[str, float]] | None:
        """What the last update used, one dict a group; None before the first update."""
        previous = self._previous_position()
        return None if previous < 0 else self.values_at(previous)

    def value(self, name: str) -> float:
        """The value now of a curve that was named in ``extra``; an int where all its values are."""
        if name not in self._held.extra:
            _check.fail(f"{WHERE}.value", "name", f"one of {list(self._held.extra)}", name)
        schedule = next(s for s in self._held.rules.values() if name in s)
        value = float(schedule[name](self.position))
        return int(value) if legal.whole_numbers(schedule[name]) else value

    def get_last_lr(self) -> list[float]:  # type: ignore[override]
        """The lr of every group now, as floats; never reads a device for a group it drives."""
        return self.get_lr()

    def get_lr(self) -> list[float]:  # type: ignore[override]
        """The lr of every group at ``last_epoch``."""
        t = max(self.last_epoch, 0)
        return [
            b.curves["lr"].program(t) * b.scale if "lr" in b.curves else float(b.group["lr"])
            for b in self._held.bounds
        ]

    @property
    def _last_lr(self) -> list[float]:  # type: ignore[override]
        return self.get_lr()

    @property
    def base_lrs(self) -> list[float]:  # type: ignore[override]
        """The lr the groups had before."""
        return [float(b.initial_lr) for b in self._held.bounds]

    def bindings(self) -> list[Binding]:
        """Every number in every group, and the curve that drives it; None for no curve."""
        return binding.listed(self._held.bounds)

    def report(self, *, warn: bool = False) -> str:
        """Position and share of the schedule, and every number of every group with its value.

        With ``warn=True``, for the end of a run, it gives a UserWarning too if the schedule is not
        at its end, or groups that it drove have gone.

        >>> import torch, csched, csched.torch
        >>> optimizer = torch.optim.SGD([torch.zeros(3)], lr=0.1, momentum=0.9)
        >>> s = csched.torch.Scheduler(optimizer, csched.linear(0.4, steps=15))
        >>> s.seek(3)
        >>> print(s.report())
        position 3 of 15 steps, 20 %
        0  lr            0.32
        0  momentum      0.9   not scheduled
        0  dampening     0     not scheduled
        0  weight_decay  0     not scheduled
        """
        lines = checking.report(self._held, max(self.position, 0))
        if warn and (loose := checking.loose_ends(self._held, max(self.position, 0))):
            warnings.warn(f"{WHERE}.report: {'; '.join(loose)}", UserWarning, stacklevel=2)
        return lines

    def assert_synced(self, ranks: Any = None) -> None:
        """Raise unless every number we drive is what we wrote: no other code has written there.

        Reads tensors, so it waits for their device. With ``ranks``, a process group
        (``torch.distributed.group.WORLD``), every rank calls it, and raises too unless all are at
        one position of one schedule. Nothing else here talks to other ranks.

        >>> import torch, csched, csched.torch
        >>> optimizer = torch.optim.SGD([torch.zeros(3)], lr=0.1)
        >>> s = csched.torch.Scheduler(optimizer, csched.linear(0.4, steps=4))
        >>> s.assert_synced()
        >>> optimizer.param_groups[0]["lr"] = 0.05
        >>> s.assert_synced()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        ValueError: ...: lr of group 0 must be value(0) = 0.4, got 0.05; other code wrote it; ...
        """
        where = f"{WHERE}.assert_synced"
        if self.optimizer is None:
            _check.fail(where, "scheduler", "attached to an optimizer", None)
        self._ask()
        t, groups = max(self.position, 0), self.optimizer.param_groups
        if ranks is not None:
            checking.same_on_ranks(where, (t, self._held.spec()), ranks)
        checking.untouched(where, self._held, groups, t, ask=True)

    def describe(self) -> str:
        """The schedules by group, phases with absolute steps."""
        return "\n".join(f"group {k}\n{s.describe()}" for k, s in self._held.rules.items())

    def _past_end(self, t: int) -> None:
        _check.fail(WHERE, "position", "at most the steps of a curve with tail 'raise'", t)

    def _only_fills_state(self, kwargs: Mapping[str, Any]) -> bool:
        return hooks.only_fills_state(kwargs)

    def _ask(self) -> int | None:
        """Be where the devices are, if they were moved alone; None: at no value."""
        t = self._held.windows.position(self.position)
        if t is not None:
            self.last_epoch = t
        return t
