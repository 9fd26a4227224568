"""Devices that move by themselves, in graphs and compiled steps, and how they are counted."""

from __future__ import annotations

from typing import Any

from csched import _check
from csched.torch.binding import WHERE
from csched.torch.reading import Reading


class Replaying(Reading):
    """The part of ``Scheduler`` that is for ``storage="device"``."""

    def step_on_device(self) -> None:
        """Move the device alone to its next step: what to capture after ``optimizer.step()``.

        Two launches a device; nothing waits. Then replay with ``replay(graph)``. In a compiled
        training step it is compiled too, once; call ``replayed()`` after it. Schedulers that this
        one drives move their devices as well.
        """
        if not self._held.windows:
            _check.fail(WHERE, "storage", "'device' for step_on_device()", self._held.storage)
        self._held.windows.advance()
        for follower in self._followers:
            if follower._held.windows:
                follower.step_on_device()

    def replay(self, graph: Any) -> None:
        """``graph.replay()`` of a graph that has captured ``step_on_device()``, and counted.

        ::

            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                update()  # forward, backward, optimizer.step()
                scheduler.step_on_device()
            for _ in range(steps):
                scheduler.replay(graph)
        """
        graph.replay()
        self.replayed()

    def replayed(self, n: int = 1) -> None:
        """Count n replays that others made; call it on the stream they ran on.

        The rates move without it, and with updates that a fused optimizer skips. A horizon of more
        than 2**22 values (steps times the numbers that differ) is refilled when it is called: once
        in every two million of them, or the rates become NaN, and ``state_dict()`` raises. Shorter
        ones need no count: ``position`` and ``get_last_lr()`` are then those of the last count,
        and ``state_dict()`` asks the device.
        """
        n = _check.integer(f"{WHERE}.replayed", "n", n, 0)
        t = self.position + n
        if t > self._held.stop:
            self._past_end(t)
        self._held.windows.reached(t)
        self.last_epoch = t
        for follower in self._followers:
            if follower._held.windows:
                follower.replayed(n)
            else:
                follower._jump(t, t - 1)
