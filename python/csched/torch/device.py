"""Hyperparameters that live on a device: rows of values, and a counter that reads them.

Design
a) A step is two launches a device, whatever the number of groups and keys, and none waits for the
   host; so a CUDA graph that captures them moves the schedule by itself.
b) Numbers that follow one curve with one factor under one key share a column. A horizon of up to
   2**22 values lies on the device as a whole: then nothing is ever copied again.
c) A longer one lies there in two halves. When the counter has entered the second, the halves
   move up, on the stream of the steps. What follows them has come to the device before, beside
   the steps: ``refill.py``. Steps wait for it only if it is late.
d) What the host has miscounted is never a wrong value. Behind the last row that is filled lies one
   of NaN, where a graph stops that was replayed further than the host knew of; and halves that
   move up before the counter has entered the second become NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from csched import _check, _core, legal
from csched.curve import Curve
from csched.torch import binding
from csched.torch.binding import WHERE, Bound
from csched.torch.refill import Refill, pinned

FLOATS = 2**22  # of a window: 16 MiB, and as many pinned; the counter takes 8 bytes a row more

Key = tuple[str, Curve, float]  # what makes a column: the path, its curve and the factor


class Window:
    """The values of some columns on one device, from step ``start`` on."""

    def __init__(self, device: torch.device, columns: dict[Key, Curve]) -> None:
        self.device = device
        self.curves = list(columns.values())
        self.factors = np.array([factor for _, _, factor in columns])[:, None]
        width = len(columns)
        self.last = self._settled()
        self.half = max(1, min((self.last + 1) // 2, (FLOATS // width - 1) // 2))
        self.table = torch.zeros((self._rows() + 1, width), dtype=torch.float32, device=device)
        self.buffer = torch.zeros((1, width), dtype=torch.float32, device=device)
        self.counter = torch.zeros(1, dtype=torch.int64, device=device)
        # where a counter k lies in 0, 1, ..., rows - 1 is k + 1, and never past the row behind
        # them: one launch counts and clamps
        self._next = torch.arange(self._rows(), dtype=torch.int64, device=device)
        self.columns = {key: i for i, key in enumerate(columns)}
        self.views = self.buffer.view(-1).unbind(0)
        self.start = self.at = 0
        self._refill: Refill | None = None  # with the rows from start + 2 * half on

    def _rows(self) -> int:
        return 2 * self.half

    def _settled(self) -> int:
        """The step from which on no value changes; for ever if one repeats."""
        stops = [s + 1 for c in self.curves if (s := legal.last_step(c)) is not None]
        return min(_check.MAX_STEP, max([*stops, *map(legal.settled, self.curves)]))

    def _complete(self) -> bool:
        """Whether the last row holds for ever."""
        return self.start + self._rows() >= self.last

    # --- filling ---------------------------------------------------------------------------

    def load(self, t: int) -> None:
        """Let the window hold step t, and stand there."""
        self.last = self._settled()
        self.start = 0 if self.last <= self._rows() else min(t, _check.MAX_STEP - self._rows())
        host = pinned(self.device, (self._rows() + 1, len(self.curves)))
        self.table.copy_(self._filled(host, self.start, self.curves), non_blocking=True)
        self._refill_begin()
        self._stand(t)

    def _slide(self, refill: Refill) -> None:
        """Let the second half be the first, and what follows it the second."""
        half = self.half
        self.table[:half].copy_(self.table[half : 2 * half])
        refill.take(self.table[half:])
        self.counter.sub_(half)
        self.table.add_(self.counter.clamp(max=0).sqrt())  # NaN where it is below 0
        self.start += half
        self._refill_begin()

    def _refill_begin(self) -> None:
        if self._complete():
            self._refill = None
            return
        if self._refill is None:
            self._refill = Refill(self.device, self.half + 1, len(self.curves))
        first, curves = self.start + self._rows(), list(self.curves)
        self._refill.begin(lambda host: self._filled(host, first, curves))

    def _filled(self, host: Tensor, first: int, curves: list[Curve]) -> Tensor:
        """The values from step ``first`` on; NaN past the end of a curve with the tail "raise"."""
        values = np.empty((len(curves), len(host)))
        _core.fill_rows([c.program for c in curves], values, first)
        values *= self.factors
        for row, curve in zip(values, curves, strict=True):
            if (end := legal.last_step(curve)) is not None:
                row[max(0, end + 1 - first) :] = np.nan
        if first + len(host) - 1 < self.last:
            values[:, -1] = np.nan
        host.numpy()[:] = values.T
        return host

    # --- moving ----------------------------------------------------------------------------

    def advance(self) -> None:
        """To the next step: the two launches, and nothing on the host."""
        torch.searchsorted(self._next, self.counter, right=True, out=self.counter)
        torch.index_select(self.table, 0, self.counter, out=self.buffer)

    def follow(self, t: int) -> None:
        """To the step that the host is at."""
        if t == self.at + 1:
            self.advance()
            self.reached(t)
        elif self.start <= t and (t < self.start + self._rows() or self._complete()):
            self._stand(t)
        else:
            self.load(t)

    def _stand(self, t: int) -> None:
        self.counter.fill_(min(t - self.start, self._rows()))
        torch.index_select(self.table, 0, self.counter, out=self.buffer)
        self.reached(t)

    def reached(self, t: int) -> None:
        """The device is at step t already; its window moves up in time."""
        self.at = t
        if self._refill is None or t < self.start + self.half // 2:
            return
        self._refill.send()
        if t >= self.start + self.half:
            self._slide(self._refill)

    def holds(self, t: int) -> bool:
        """Whether a device that has counted up to step t found it."""
        return t < self.start + self._rows() or self._complete()

    def position(self) -> int | None:
        """Where the device is, at the end of the schedule at least there; None: at no value."""
        k = int(torch.where(self.buffer.isnan().any(), -1, self.counter).item())
        if k < 0:
            return None
        return max(self.at, self.start + k) if k == self._rows() else self.start + k


class Windows:
    """The windows of a scheduler, one a device; none for other kinds of storage."""

    def __init__(self) -> None:
        self.all: list[Window] = []
        self._alone = False  # whether the device may have moved without the host

    def __bool__(self) -> bool:
        return bool(self.all)

    def take(self, bounds: list[Bound], t: int) -> list[Callable[[int], None]]:
        """Put every number that has a curve on its device; what brings them to a step."""
        fresh: dict[torch.device, dict[Key, Curve]] = {}
        stale: list[Window] = []
        wanted = [(b, p, _key(b, p)) for b in bounds for p in b.curves]
        for b, path, key in wanted:
            home = self._home(b, key)
            if home is None:
                fresh.setdefault(binding.device_of(b.group), {})[key] = b.curves[path]
            else:
                place = home.columns[key]
                if home.curves[place] is not b.curves[path]:  # under a plateau's factor
                    home.curves[place] = b.curves[path]
                    stale.append(home)
        with torch.inference_mode(False):  # tensors made under it could not be written outside
            made = [Window(device, columns) for device, columns in fresh.items()]
        self.all += made
        for window in {*stale, *made}:
            window.load(t)
        for b, path, key in wanted:
            home = self._home(b, key)
            if home is not None and path not in b.on_device:
                b.tensors[path] = home.views[home.columns[key]]
                binding.place(b.group, path, b.tensors[path])
                b.on_device.add(path)
        return [window.follow for window in self.all]

    def _home(self, b: Bound, key: Key) -> Window | None:
        device = binding.device_of(b.group)
        return next((w for w in self.all if w.device == device and key in w.columns), None)

    def advance(self) -> None:
        """To the next step on the devices alone."""
        self._alone = True
        for window in self.all:
            window.advance()

    def reached(self, t: int) -> None:
        """The devices are at step t, for all that the host has counted."""
        for w in self.all:
            if t >= w.start + w.half and not w.holds(t):
                hint = "the values behind them were NaN; go back to a checkpoint"
                often = f"counted by replayed() at least every {w.half} steps"
                _check.fail(WHERE, "replays", often, t, hint)
        for w in self.all:
            w.reached(t)

    def position(self, t: int) -> int | None:
        """Where the devices are, for a host that believes it is step t; None: at no value.

        Waits for them, unless the host has moved them every time.
        """
        if not (self._alone and self.all):
            return t
        found = [w.position() for w in self.all]
        return None if None in found else max(p for p in found if p is not None)


def _key(b: Bound, path: str) -> Key:
    if path == "lr" and b.plain is not None:
        return path, b.plain, b.scale
    return path, b.curves[path], 1.0
