"""What the writer takes: where every value goes, and what follows a write.

Design
a) A lane is a value a step and the places it goes to; csched/lanes.pxi says more.
b) With storage "buffer" the lr of all groups are 0-dim views of one float32 tensor a device. On
   the CPU the writer stores into that tensor's memory and tells autograd, as torch asks of kernels
   that it does not know (``torch.autograd.graph.increment_version``): what was saved for a backward
   pass is then refused there, as after any write in place. Where that memory lies is asked at every
   step, for ``share_memory_()`` and sending it to a process move it. 1000 values take half the time
   of one ``copy_``.
c) On other devices the writer stores into memory that is then copied. It is not pinned: a copy from
   pinned memory would race with the next step's values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from csched import _check
from csched.torch import binding, hooks
from csched.torch.binding import WHERE, Bound, Memory

ITEM, WHOLE, ENTRY, STAGE, CALL = range(5)  # the kinds of csched/lanes.pxi
# digits and lowest exponent of the types that float32 would round twice for; else (0, 0)
_DIGITS = {torch.bfloat16: (8, -133), torch.float16: (11, -24)}

After = tuple[Callable[..., Any], tuple[Any, ...] | None]  # call(*arguments), or call(step)


class Aim(NamedTuple):
    """The arguments of the writer's ``_aim``."""

    groups: list[Any]
    lanes: list[tuple[Any, ...]]
    after: list[After]
    fixed: list[tuple[Callable[[], int], int]]  # where memory lies, whether a graph is captured
    there: list[tuple[dict[str, Any], str, int | None, Tensor]]  # group, key, index: our tensors
    stop: int


def aim(bounds: list[Bound], after: list[After], stop: int) -> Aim:
    """Everything the writer needs for these groups."""
    written = {id(b.stage[0]): b.stage[0] for b in bounds if b.stage}
    tensors = [memory for memory in written.values() if isinstance(memory, Tensor)]
    fixed = [(tensor.data_ptr, _address(tensor)) for tensor in tensors]
    told: list[After] = [(increment_version, (tensor,)) for tensor in tensors]
    for device in {t.device for b in bounds for t in b.tensors.values()}:
        if (ask := hooks.captures(device)) is not None:
            fixed.append((ask, False))
            if ask():
                hint = "storage 'device' has step_on_device() to capture"
                _check.fail(WHERE, "step() and seek()", "outside of a graph's capture", "one", hint)
    there = [(b.group, *binding.parsed(path), t) for b in bounds for path, t in b.tensors.items()]
    return Aim([b.group for b in bounds], lanes(bounds), [*after, *told], fixed, there, stop)


def lanes(bounds: Iterable[Bound]) -> list[tuple[Any, ...]]:
    """Rows for the writer: places that hold the same value in the same form share one."""
    rows: dict[tuple[Any, ...], dict[Any, Any]] = {}
    staged: list[tuple[int, Any, float]] = []
    for b in bounds:
        for path, curve in b.curves.items():
            key, index = binding.parsed(path)
            factor = b.factor(path)
            if path in b.on_device:
                continue
            if path == "lr" and b.stage:
                memory, place = b.stage
                staged.append((_address(memory) + 4 * place, curve.program, factor))
                continue
            tensor, digits = b.tensors.get(path), (0, 0)
            kind: int = ITEM
            target: Any = b.group
            number: Any = id(target)
            if tensor is not None:
                digits = _DIGITS.get(tensor.dtype, (0, 0))
                kind, target, number = CALL, tensor.detach().fill_, binding.memory(tensor)
            elif index is not None:
                kind = ENTRY
            elif binding.is_whole(b.before[key], key):
                kind = WHOLE
            row = (kind, curve.program, factor, *digits, key, index or 0)
            rows.setdefault(row, {})[number] = target
    # lanes for the same dicts lie side by side: the writer stores two in one visit
    ordered = sorted(rows.items(), key=lambda item: (item[0][0], min(map(str, item[1]))))
    return [(*row, list(targets.values())) for row, targets in ordered] + _in_a_row(staged)


def _in_a_row(staged: list[tuple[int, Any, float]]) -> list[tuple[Any, ...]]:
    """A lane for every run of neighbouring floats that follow one program."""
    runs: list[tuple[int, Any, list[float]]] = []
    for address, program, factor in sorted(staged, key=lambda s: s[0]):
        if runs and runs[-1][1] is program and address == runs[-1][0] + 4 * len(runs[-1][2]):
            runs[-1][2].append(factor)
        else:
            runs.append((address, program, [factor]))
    made = []
    for address, program, factors in runs:
        memory = np.array(factors)
        each = memory.ctypes.data if len(set(factors)) > 1 else 0
        made.append((STAGE, program, factors[0], 0, 0, memory, len(factors), [address, each]))
    return made


def in_one_buffer(bounds: Iterable[Bound]) -> list[After]:
    """Make the lr of the groups 0-dim views of one float32 buffer a device.

    Returns the copies to buffers that are not on the CPU. Groups that follow one curve are
    neighbours.
    """
    after: list[After] = []
    devices: dict[torch.device, list[Bound]] = {}
    for b in bounds:
        if "lr" in b.curves and not b.stage:
            devices.setdefault(binding.device_of(b.group), []).append(b)
    for device, members in devices.items():
        members.sort(key=lambda b: id(b.curves["lr"].program))
        with torch.inference_mode(False):  # a tensor made under it could not be written outside
            buffer = torch.zeros(len(members), dtype=torch.float32, device=device)
            views = buffer.unbind(0)
        memory: Memory = buffer
        if device.type != "cpu" or type(buffer) is not Tensor:  # elsewhere, or a fake one
            memory = np.zeros(len(members), np.float32)
            after.append((buffer.copy_, (torch.from_numpy(memory), True)))
        for i, (b, view) in enumerate(zip(members, views, strict=True)):
            b.group["lr"] = b.tensors["lr"] = view
            b.stage = (memory, i)
    return after


def _address(memory: Memory) -> int:
    return memory.data_ptr() if isinstance(memory, Tensor) else memory.ctypes.data
