"""What is in the groups now: whether we wrote it, where it lies, what other ranks have."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any

import torch
import torch.distributed
from torch import Tensor
from torch.optim import Optimizer

from csched import _check, legal, states
from csched.torch import binding
from csched.torch.attaching import Attachment
from csched.torch.binding import Bound

Memory = list[tuple["weakref.ref[Tensor]", tuple[int, int]]]


def untouched(where: str, held: Attachment, groups: Iterable[Any], t: int, ask: bool) -> None:
    """Refuse a number in the groups that is not the value at step t.

    Tensors on other devices are read only where it may ``ask`` them; else it is enough that they
    are the same tensors.
    """
    groups = list(groups)
    for i, (group, b) in enumerate(zip(groups, binding.matched(held.bounds, groups), strict=True)):
        for path, value in b.values(t).items() if b is not None else ():
            now = _at(group, path)
            if b is not None and not _holds(now, b.tensors.get(path), value, ask):
                hint = "other code wrote it; rebind() writes ours again"
                name, allowed = f"{path} of group {b.label(i)}", f"value({t}) = {value!r}"
                _check.fail(where, name, allowed, _number(now), hint)


def _at(group: Mapping[str, Any], path: str) -> Any:
    key, index = binding.parsed(path)
    found = group.get(key)
    if index is None:
        return found
    return found[index] if isinstance(found, (tuple, list)) and index < len(found) else None


def _holds(now: Any, ours: Tensor | None, value: float, ask: bool) -> bool:
    if ours is None:
        return not isinstance(now, Tensor) and bool(now == value)
    if now is not ours or (ours.device.type != "cpu" and not ask):
        return now is ours
    info = torch.finfo(ours.dtype)  # within a rounding to its type
    return abs(float(ours) - value) <= info.eps * max(abs(value), info.smallest_normal)


def _number(now: Any) -> Any:
    return float(now) if isinstance(now, Tensor) and now.numel() == 1 else now


def same_on_ranks(where: str, mine: tuple[int, Mapping[str, Any]], ranks: Any) -> None:
    """Refuse ranks with other positions, or with other schedules than the first."""
    seen: list[Any] = [None] * torch.distributed.get_world_size(ranks)
    torch.distributed.all_gather_object(seen, mine, group=ranks)
    positions = [position for position, _ in seen]
    if len(set(positions)) > 1:
        _check.fail(where, "position", "the same on every rank", positions)
    for rank, (_, spec) in enumerate(seen):
        found = [f"{p}: {a!r} and {b!r}" for p, a, b in states.differences(seen[0][1], spec)]
        if found:
            _check.fail(where, "the schedule", f"the same on ranks 0 and {rank}", "; ".join(found))


def memory(optimizer: Optimizer) -> Memory:
    """Every tensor that an update reads or writes, and where it lies."""
    places: list[Any] = [*optimizer.param_groups, *optimizer.state.values()]
    found = [t for place in places for t in _tensors(list(place.values()))]
    return [(weakref.ref(t), binding.memory(t)) for t in found]


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    found = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += _tensors(value)
    return found


def same_memory(old: Memory, new: Memory) -> bool:
    """Whether they are the same tensors in the same places."""
    return len(old) == len(new) and all(
        a() is b() and m == n for (a, m), (b, n) in zip(old, new, strict=True)
    )


def report(held: Attachment, t: int) -> str:
    """How far the schedule is, every number with its value, and what has left the optimizer."""
    rows = []
    for i, name, key, curve, scale in binding.listed(held.bounds):
        bound = held.bounds[i]
        value = _shown(bound, key, t)
        note = "not scheduled" if curve is None else f"x {scale:g}" if scale != 1.0 else ""
        rows.append((str(i if name is None else name), key, value, note))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    table = ["  ".join(x.ljust(w) for x, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    return "\n".join([f"position {t}{_share(held, t)[0]}", *table, *_gone(held)])


def loose_ends(held: Attachment, t: int) -> list[str]:
    """What one would want to know of at the end of a run."""
    share, at_end = _share(held, t)
    return [*([] if at_end else [f"position {t}{share}"]), *_gone(held)]


def _share(held: Attachment, t: int) -> tuple[str, bool]:
    """In words, and whether the end is reached, where there is one."""
    curves = [c for b in held.bounds for c in b.curves.values()]
    steps = max((c.steps for c in curves), default=0)
    if any(legal.settled(c) == _check.MAX_STEP for c in curves):
        return " of a schedule without an end", True
    if not steps:
        return ", nothing is scheduled", True
    return f" of {steps} steps, {100 * t / steps:.3g} %", t >= steps


def _gone(held: Attachment) -> list[str]:
    return [f"gone: group {g}" for g in held.gone]


def _shown(bound: Bound, key: str, t: int) -> str:
    values = bound.values(t)
    now = values[key] if key in values else binding.read(bound.group, key)
    if isinstance(now, Tensor):
        return f"{float(now):.6g}" if now.device.type == "cpu" else f"on {now.device}"
    return f"{now:.6g}"
