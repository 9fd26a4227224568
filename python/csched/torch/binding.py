"""Which curve goes to which key of which parameter group, and in which form."""

from __future__ import annotations

import math
import numbers
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from csched import _check, legal
from csched.curve import Curve
from csched.schedule import Schedule

WHERE = "csched.torch.Scheduler"
_PATH = re.compile(r"([^\[\]]+)(?:\[(\d+)\])?")

Rules = dict[str | int, Schedule]


class Binding(NamedTuple):
    """A number in a parameter group, and the curve that drives it; None: nothing does."""

    group: int
    name: str | None
    key: str
    curve: Curve | None
    scale: float


@dataclass(slots=True)
class Bound:
    """A parameter group, its curves by key path, and what was there before."""

    group: dict[str, Any]
    scale: float
    curves: dict[str, Curve]
    rule: Schedule | None = None  # that they are of
    index: int | None = None  # among the groups that were there at first
    before: dict[str, Any] = field(default_factory=dict)  # by key
    tensors: dict[str, Tensor] = field(default_factory=dict)  # by key path
    contents: dict[str, Tensor] = field(default_factory=dict)  # of the tensors, before
    stage: tuple[Memory, int] | None = None  # where its lr is written in storage "buffer"
    on_device: set[str] = field(default_factory=set)  # paths read from csched.torch.device
    initial_lr: Any = 0.0
    plain: Curve | None = None  # its lr before a plateau's factor
    added_initial_lr: bool = False

    def label(self, index: int) -> str:
        """The name of the group, or its index."""
        return str(self.group.get("name", index))

    def factor(self, path: str) -> float:
        """What a curve is multiplied with."""
        return self.scale if path == "lr" else 1.0

    def values(self, t: int) -> dict[str, float]:
        """What the group gets at step t, by key path."""
        return {p: c.program(t) * self.factor(p) for p, c in self.curves.items()}


class Followed(NamedTuple):
    """Schedules by group, and what the groups of an optimizer follow already: for its copies."""

    rules: Rules
    each: list[tuple[Schedule | None, float, Bound | None]]  # rule, scale, what was there before


Memory = Tensor | np.ndarray[tuple[int], np.dtype[np.float32]]


def labels(bounds: Sequence[Bound]) -> list[str]:
    """What the groups are told apart by: names that no other has, and that are no index."""
    names = [b.label(i) for i, b in enumerate(bounds)]
    counts = Counter(names)
    return [n if counts[n] == 1 and not n.isdecimal() else str(i) for i, n in enumerate(names)]


def rules_of(schedule: Any) -> Rules:
    """A schedule, a curve, or either by group, as schedules by group; "*" is for the others."""
    if isinstance(schedule, Curve):
        return {"*": Schedule(lr=schedule)}
    if isinstance(schedule, Schedule):
        return {"*": schedule}
    if not isinstance(schedule, Mapping) or not schedule:
        _check.fail_type(
            WHERE, "schedule", "a Schedule, a Curve, or a mapping of groups to these", schedule
        )
    rules: Rules = {}
    for key, value in schedule.items():
        if not isinstance(key, (str, int)) or isinstance(key, bool):
            _check.fail_type(WHERE, "a group", "its name, its index or '*'", key)
        if not isinstance(value, (Curve, Schedule)):
            _check.fail_type(WHERE, f"schedule[{key!r}]", "a Schedule or a Curve", value)
        rules[key] = Schedule(lr=value) if isinstance(value, Curve) else value
    return rules


def scale_of(group: Mapping[str, Any], index: int | None, scale: Any) -> float:
    """What the lr of a group is multiplied with: under a key of the group, or by group."""
    found: Any = 1.0
    if scale == "lr":
        found = group.get("initial_lr", group.get("lr", 1.0))
    elif isinstance(scale, str):
        found = group.get(scale, 1.0)
    elif scale is not None:
        found = scale.get(group.get("name", "*"), scale.get(index, scale.get("*", 1.0)))
    if isinstance(found, Tensor):
        found = float(found)
    label = group.get("name", index)
    return _check.real(WHERE, f"scale of group {label!r}", found, 0.0)


def check_groups(what: str, keys: Iterable[Any], groups: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a key that is no group's name, no group's index and not "*"."""
    names = {g["name"] for g in groups if "name" in g}
    for key in keys:
        here = isinstance(key, int) and 0 <= key < len(groups)
        if key != "*" and key not in names and not here:
            known = [*sorted(map(repr, names)), f"0 .. {len(groups) - 1}", "'*'"]
            _check.fail(WHERE, what, "one of " + ", ".join(known), key)


def check_rules(rules: Rules, groups: Sequence[Mapping[str, Any]], extra: Iterable[str]) -> None:
    """Refuse a rule that no group answers to, and a curve that is asked for and missing."""
    check_groups("a group", rules, groups)
    check_extra(rules, extra)


def check_extra(rules: Rules, extra: Iterable[str]) -> None:
    """Refuse a curve that is asked for and missing."""
    for name in extra:
        if not any(name in schedule for schedule in rules.values()):
            _check.fail(WHERE, "extra", "names of curves of the schedule", name)


def rule_of(group: Mapping[str, Any], index: int | None, rules: Rules) -> Schedule | None:
    """What a group follows: by its index, its name, or as one of the others."""
    if index is not None and index in rules:
        return rules[index]
    return rules.get(group.get("name", "*"), rules.get("*"))


def bind(group: dict[str, Any], rule: Schedule | None, extra: Iterable[str], scale: float) -> Bound:
    """A group and the curves that a rule gives it; checks all and writes nothing."""
    curves = {}
    for path, curve in rule.items() if rule is not None else ():
        if path in extra:
            continue
        if (key := _placed(group, path)) in curves:
            names = ["momentum", key]
            _check.fail(WHERE, "the schedule", "without one of the two", names, "they are one")
        curves[key] = curve
    made = Bound(group, scale, curves, rule, plain=curves.get("lr"))
    for path, curve in curves.items():
        _check_place(made, path, curve)
        key = parsed(path)[0]
        made.before[key] = group[key]
    lr = made.contents.get("lr", group.get("lr", 0.0))  # a clone; a device is not read
    made.initial_lr = group.get("initial_lr", lr)
    return made


def parsed(path: str) -> tuple[str, int | None]:
    """``betas[0]`` as ("betas", 0), ``lr`` as ("lr", None)."""
    match = _PATH.fullmatch(path)
    if match is None:
        _check.fail(WHERE, "a key", "a group's key, or one with an index: 'betas[0]'", path)
    # interned, so that dicts find it by identity: half the time of a comparison
    return sys.intern(match[1]), None if match[2] is None else int(match[2])


def _placed(group: Mapping[str, Any], path: str) -> str:
    """The path as it is in the group: momentum is betas[0] for the Adam family."""
    if path == "momentum" and "momentum" not in group and "betas" in group:
        return "betas[0]"
    key, index = parsed(path)
    if key not in group:
        keys = ", ".join(repr(k) for k in group if k not in ("params", "param_names"))
        _check.fail(
            WHERE, "a key", f"one of {keys}", path, "a curve for yourself goes into `extra`"
        )
    if index is not None:
        entries = group[key]
        if not isinstance(entries, (tuple, list)) or index >= len(entries):
            _check.fail(WHERE, path, "an entry of a tuple in the group", entries)
    return path


def read(group: Mapping[str, Any], path: str) -> Any:
    """What is at a path of a group."""
    key, index = parsed(path)
    return group[key] if index is None else group[key][index]


def _check_place(bound: Bound, path: str, curve: Curve) -> None:
    now, key = read(bound.group, path), parsed(path)[0]
    if isinstance(now, Tensor):
        if not now.is_floating_point() or now.numel() != 1:
            kind = f"{now.dtype} of shape {tuple(now.shape)}"
            _check.fail_type(WHERE, path, "a floating-point tensor of one element", kind)
        bound.tensors[path] = now
        bound.contents[path] = now.detach().clone()
    elif isinstance(now, bool) or not isinstance(now, numbers.Real):
        hint = f"write {path}[0]" if isinstance(now, (tuple, list)) else ""
        _check.fail_type(WHERE, path, "a number or a tensor in the group", now, hint)
    legal.check(WHERE, key, path, curve, bound.factor(path), largest(bound, path))
    if is_whole(now, key) and not legal.whole_numbers(curve):
        hint = "store a float there, or use curve.rounded()"
        _check.fail(WHERE, path, "of integer values, as the group holds an int", curve, hint)


def largest(bound: Bound, path: str) -> float:
    """The largest number that can be stored at a path."""
    return torch.finfo(bound.tensors[path].dtype).max if path in bound.tensors else math.inf


def is_whole(now: object, key: str) -> bool:
    """An int stays an int, but for keys whose meaning is a real number: lr=1."""
    return isinstance(now, numbers.Integral) and key not in legal.RANGES


def check_shared(bounds: Iterable[Bound]) -> None:
    """Refuse one tensor in several places with different values to hold."""
    seen: dict[tuple[int, int], tuple[Curve, float]] = {}
    for i, b in enumerate(bounds):
        for path, tensor in b.tensors.items():
            wants = (b.curves[path], b.factor(path))
            if seen.setdefault(memory(tensor), wants) != wants:
                hint = "give every group its own tensor after the optimizer is built"
                _check.fail(WHERE, path, "a tensor of its own", f"one shared by group {i}", hint)


def device_of(group: Mapping[str, Any]) -> torch.device:
    """Where the parameters of a group are."""
    return group["params"][0].device if group["params"] else torch.device("cpu")


def memory(tensor: Tensor) -> tuple[int, int]:
    """Where a tensor lies; its data_ptr would be 0 for every fake or meta tensor."""
    return tensor.untyped_storage()._cdata, int(tensor.storage_offset())


def matched(old: Sequence[Bound], groups: Sequence[dict[str, Any]]) -> list[Bound | None]:
    """For every group the bound group it is: the same dict, or one with a common parameter.

    ``load_state_dict`` and wrappers put new dicts in the place of the old ones.
    """
    by_id = {id(b.group): b for b in old}
    by_parameter = {id(p): b for b in old for p in b.group["params"]}
    by_name = {b.group["name"]: b for b in old if "name" in b.group}
    same_number = len(old) == len(groups)

    def of_parameter(_: int, group: dict[str, Any]) -> Bound | None:
        known = (by_parameter.get(id(p)) for p in group["params"])
        return next((b for b in known if b is not None), None)

    def of_empty(i: int, group: dict[str, Any]) -> Bound | None:
        empty = same_number and not group["params"] and not old[i].group["params"]
        return old[i] if empty else None

    found: list[Bound | None] = [None] * len(groups)
    taken: set[int] = set()
    guesses = (
        lambda _, group: by_id.get(id(group)),
        of_parameter,
        lambda _, group: by_name.get(group.get("name")),
        of_empty,
    )
    for guess in guesses:  # what is surer for any group comes before what is less so for others
        for i, group in enumerate(groups):
            bound = guess(i, group) if found[i] is None else None
            if bound is not None and id(bound) not in taken:
                found[i] = bound
                taken.add(id(bound))
    return found


def put_back(bound: Bound, group: dict[str, Any]) -> None:
    """Let a bound group be another dict: its tensors go there, missing keys are restored."""
    bound.group = group
    for key, value in bound.before.items():
        group.setdefault(key, value)
    if bound.added_initial_lr:
        group.setdefault("initial_lr", bound.initial_lr)
    for path in bound.curves:
        tensor = bound.tensors.get(path)
        if tensor is not None and read(group, _placed(group, path)) is not tensor:
            place(group, path, tensor)


def place(group: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path of a group."""
    key, index = parsed(path)
    if index is None:
        group[key] = value
    else:
        entries = list(group[key])
        entries[index] = value
        group[key] = type(group[key])(entries)


def restore(bound: Bound) -> None:
    """Put back what was in the group before."""
    for key, value in bound.before.items():
        bound.group[key] = value
    for path, content in bound.contents.items():
        now = read(bound.group, path)
        now.detach().copy_(content)
    if bound.added_initial_lr:
        bound.group.pop("initial_lr", None)


def inherit(b: Bound, old: Bound) -> Bound:
    """A fresh bound group that remembers what was there before the old one."""
    b.before.update({k: v for k, v in old.before.items() if k in b.before})
    for path in list(b.contents):
        if parsed(path)[0] in old.before:  # what is there now is ours
            del b.contents[path]
    b.contents.update({p: v for p, v in old.contents.items() if p in b.curves})
    b.stage = old.stage if "lr" in b.curves else None
    b.initial_lr, b.added_initial_lr = old.initial_lr, old.added_initial_lr
    b.index = old.index
    return b


def memory_of(old: Bound) -> Bound:
    """What was in a bound group before, and no more."""
    made = Bound({}, old.scale, {}, index=old.index, before=old.before, contents=old.contents)
    made.initial_lr, made.added_initial_lr = old.initial_lr, old.added_initial_lr
    return made


def give_up(old: Bound, new: Bound) -> None:
    """Put back the keys that only the old bound group drove."""
    for key, value in old.before.items():
        if key not in new.before:
            old.group[key] = value


def check_apart(other: object, taken: Iterable[Bound], bounds: Iterable[Bound]) -> None:
    """Refuse a key of a group that another scheduler drives."""
    theirs = {(id(b.group), path) for b in taken for path in b.curves}
    for i, b in enumerate(bounds):
        for path in b.curves:
            if (id(b.group), path) in theirs:
                hint = "detach() that one first"
                _check.fail(WHERE, path, f"driven by one scheduler in group {i}", other, hint)


def listed(bounds: Iterable[Bound]) -> list[Binding]:
    """Every number in every group, and the curve that drives it."""
    made = []
    for i, b in enumerate(bounds):
        name = b.group.get("name")
        for path in {**b.curves, **dict.fromkeys(_numbers(b.group))}:
            scale = b.factor(path) if path in b.curves else 1.0
            made.append(Binding(i, name, path, b.curves.get(path), scale))
    return made


def _numbers(group: Mapping[str, Any]) -> list[str]:
    """Paths of all numbers in a group."""
    paths = []
    for key, value in group.items():
        entries = value if isinstance(value, (tuple, list)) and key not in _NO_NUMBERS else ()
        paths += [f"{key}[{i}]" for i, v in enumerate(entries) if _is_number(v)]
        if _is_number(value) and key not in _NO_NUMBERS:
            paths.append(key)
    return paths


_NO_NUMBERS = ("params", "param_names", "initial_lr")


def _is_number(value: object) -> bool:
    return isinstance(value, (numbers.Real, Tensor)) and not isinstance(value, bool)
