"""Learning rates that live on a device: a window of values and the counter that reads it.

A step is two launches whatever the number of groups, none of which waits for the host, so a CUDA
graph that captures them moves the schedule by itself.
"""

from __future__ import annotations

import torch

from csched.stacking import stack
from csched.torch import legal
from csched.torch.binding import Bound

FLOATS = 2**22  # of a window: 16 MiB


class Window:
    """The rates of some groups on one device, from step ``start`` on."""

    def __init__(self, members: list[Bound], device: torch.device) -> None:
        self.members = members
        self.rows = max(2, min(self._last() + 1, FLOATS // len(members)))
        self.table = torch.zeros((self.rows, len(members)), dtype=torch.float32, device=device)
        self.buffer = torch.zeros((1, len(members)), dtype=torch.float32, device=device)
        self.counter = torch.zeros(1, dtype=torch.int64, device=device)
        # where a counter k lies in 0, 1, ..., rows - 2 is k + 1, and never past the last row:
        # one launch counts and clamps
        self._next = torch.arange(self.rows - 1, dtype=torch.int64, device=device)
        self.start = self.at = 0
        for b, view in zip(members, self.buffer.view(-1).unbind(0), strict=True):
            b.group["lr"] = b.tensors["lr"] = view
            b.on_device = True

    def _last(self) -> int:
        """The step from which on no rate changes; for ever if one repeats."""
        return max(legal.settled(b.curves["lr"]) for b in self.members)

    def load(self, t: int) -> None:
        """Let the window begin at step t, and stand there."""
        curves = stack([b.curves["lr"] for b in self.members])
        pinned = self.table.device.type == "cuda"  # torch keeps it until the copy is done
        host = torch.empty(self.table.shape, dtype=torch.float32, pin_memory=pinned)
        values = curves.values(t, t + self.rows)
        for i, b in enumerate(self.members):
            values[i] *= b.scale
        host.numpy()[:] = values.T
        self.table.copy_(host, non_blocking=True)
        self.start = t
        self._stand(t)

    def _stand(self, t: int) -> None:
        self.counter.fill_(t - self.start)
        torch.index_select(self.table, 0, self.counter, out=self.buffer)
        self.at = t

    def advance(self) -> None:
        """To the next step: the two launches, and nothing on the host."""
        torch.searchsorted(self._next, self.counter, right=True, out=self.counter)
        torch.index_select(self.table, 0, self.counter, out=self.buffer)

    def follow(self, t: int) -> None:
        """To the step that the host is at."""
        inside = self.start <= t < self.start + self.rows
        if inside and t == self.at + 1:
            self.advance()
            self.at = t
        elif inside:
            self._stand(t)
        elif t > self.at >= self._last():
            self.at = t
        else:
            self.load(t)

    def replayed(self, t: int) -> None:
        """The device is at step t already; a window that ends there is filled again."""
        self.at = t
        if t >= self.start + self.rows - 1 and t < self._last():
            self.load(t)

    def position(self) -> int:
        """Where the device is; waits for it."""
        return self.start + int(self.counter.item())


def windows(bounds: list[Bound]) -> list[Window]:
    """Windows for the groups that have none yet, one a device."""
    devices: dict[torch.device, list[Bound]] = {}
    for b in bounds:
        if "lr" in b.curves and not b.on_device:
            device = b.group["params"][0].device if b.group["params"] else torch.device("cpu")
            devices.setdefault(device, []).append(b)
    return [Window(members, device) for device, members in devices.items()]
