"""The groups of an optimizer and the curves they follow: bound, bound again, let go."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from torch.optim import Optimizer

from csched import _check, legal
from csched.curve import Curve
from csched.torch import binding, capturable, hooks, lanes
from csched.torch import state as states
from csched.torch.binding import Bound, Followed
from csched.torch.device import Windows

_in: weakref.WeakKeyDictionary[Optimizer, weakref.WeakSet[Attachment]]


class Attachment:
    """Which curve drives which number of which group, where the values lie, what was there."""

    def __init__(
        self,
        schedule: Any,
        scale: str | Mapping[Any, float] | None,
        storage: str,
        extra: tuple[str, ...],
    ) -> None:
        self._followed = schedule.each if isinstance(schedule, Followed) else None
        self.rules = (
            schedule.rules if isinstance(schedule, Followed) else binding.rules_of(schedule)
        )
        self.scale, self.storage, self.extra = scale, storage, extra
        self.bounds: list[Bound] = []
        self.gone: list[str] = []  # groups that are no longer in the optimizer
        self.windows = Windows()
        self._after: list[lanes.After] = []
        self.stop = _check.MAX_STEP

    def bind(self, optimizer: Optimizer) -> None:
        """Bind every group; checks all and writes nothing."""
        groups = optimizer.param_groups
        inner = hooks.innermost(optimizer)
        if self._followed is None:
            binding.check_rules(self.rules, groups, self.extra)
            if isinstance(self.scale, Mapping):
                known = [key for key in self.scale if isinstance(key, int)]  # names may come later
                binding.check_groups("a group of scale", known, groups)
            bounds = [self._bound(inner, group, i) for i, group in enumerate(groups)]
        else:  # groups may have gone, and others have their places
            bounds = []
            for group, (rule, scale, old) in zip(groups, self._followed, strict=True):
                bound = binding.bind(group, rule, self.extra, scale)
                bounds.append(bound if old is None else binding.inherit(bound, old))
        self._check_shared(bounds)
        others = _in.setdefault(inner, weakref.WeakSet())
        for other in others:
            binding.check_apart(other.rules, other.bounds, bounds)
        others.add(self)
        self.bounds = bounds

    def _bound(self, inner: Optimizer, group: dict[str, Any], index: int | None) -> Bound:
        scale = binding.scale_of(group, index, self.scale)
        rule = binding.rule_of(group, index, self.rules)
        bound = binding.bind(group, rule, self.extra, scale)
        bound.index = index
        if self.storage == "device":
            capturable.check(inner, bound, binding.device_of(group))
        if self.storage == "buffer":
            capturable.check_foreach(inner, bound)
        return bound

    def _check_shared(self, bounds: list[Bound]) -> None:
        if self.storage != "device":  # there groups get tensors of ours, shared by like ones
            binding.check_shared(bounds)

    def bind_again(self, optimizer: Optimizer) -> None:
        """Find the groups, and their tensors, after others were put in their places."""
        groups = list(optimizer.param_groups)
        bounds = []
        for group, bound in zip(groups, binding.matched(self.bounds, groups), strict=True):
            if bound is None:
                bound = self._bound(hooks.innermost(optimizer), group, None)
            else:
                binding.put_back(bound, group)
            bounds.append(bound)
        self._check_shared(bounds)
        kept = {id(b) for b in bounds}
        self.gone += [b.label(i) for i, b in enumerate(self.bounds) if id(b) not in kept]
        self.bounds = bounds

    def put_back(self) -> None:
        """Put our tensors where other code has put something else."""
        for b in self.bounds:
            binding.put_back(b, b.group)

    def adopt(self, spec: Mapping[str, Any]) -> None:
        """Follow the saved schedules and scales instead."""
        rules, scales = states.rules_from(spec), spec.get("scale", {})
        new = [key for key in rules if key not in self.rules]  # groups of the others may have gone
        binding.check_groups("a group", new, [b.group for b in self.bounds])
        binding.check_extra(rules, self.extra)
        fresh = []
        labels, known = binding.labels(self.bounds), {b.index for b in self.bounds}
        for i, old in enumerate(self.bounds):
            scale = scales.get(labels[i], 1.0)
            index = i if old.index is None and i not in known else old.index
            rule = binding.rule_of(old.group, index, rules)
            b = binding.bind(old.group, rule, self.extra, scale)
            fresh.append(binding.inherit(b, old))
        self._check_shared(fresh)
        for b, old in zip(fresh, self.bounds, strict=True):
            binding.give_up(old, b)
        if self.windows:  # new ones are made; a graph must be captured again
            self.windows, self._after = Windows(), []
        self.rules, self.bounds = rules, fresh

    def aim(self, factor: Curve | None, t: int) -> lanes.Aim:
        """What the writer takes.

        Every lr is multiplied by the factor; step t is where devices begin.
        """
        for b in self.bounds:
            if b.plain is not None:
                b.curves["lr"] = b.plain if factor is None else b.plain * factor
        for b in self.bounds:
            if "lr" in b.curves and "initial_lr" not in b.group:
                b.group["initial_lr"] = b.initial_lr
                b.added_initial_lr = True
        if self.storage == "buffer":
            self._after += lanes.in_one_buffer(self.bounds)
        if self.storage == "device":
            self._after = [(follow, None) for follow in self.windows.take(self.bounds, t)]
        curves = [c for b in self.bounds for c in b.curves.values()]
        stops = [s for c in curves if (s := legal.last_step(c)) is not None]
        self.stop = min(stops, default=_check.MAX_STEP)
        return lanes.aim(self.bounds, self._after, self.stop)

    def let_go(self, optimizer: Optimizer | None) -> None:
        """Put back what was in the groups before."""
        for b in self.bounds:
            binding.restore(b)
        if optimizer is not None:
            _in[hooks.innermost(optimizer)].discard(self)
        self.bounds, self._after, self.windows = [], [], Windows()

    def followed(self, optimizer: Optimizer | None) -> Followed:
        """For a copy of the optimizer, to go on as here."""
        groups = [] if optimizer is None else list(optimizer.param_groups)
        each: list[tuple[Any, float, Bound | None]] = []
        for group, b in zip(groups, binding.matched(self.bounds, groups), strict=True):
            if b is not None:
                each.append((b.rule, b.scale, binding.memory_of(b)))
            else:
                rule = binding.rule_of(group, None, self.rules)
                each.append((rule, binding.scale_of(group, None, self.scale), None))
        return Followed(self.rules, each)

    def spec(self) -> dict[str, Any]:
        """Schedules and scales as plain JSON types."""
        named = zip(binding.labels(self.bounds), self.bounds, strict=True)
        scaled = {label: b.scale for label, b in named if b.scale != 1.0}
        return states.plain(self.rules, scaled)


_in = weakref.WeakKeyDictionary()
