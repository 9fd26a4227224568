"""The rows that a window needs next, on their way to a device while steps run.

Design
a) A thread computes them into pinned memory. It touches no device: what another thread asks of
   CUDA may break a capture that is under way.
b) A stream of their own copies them to a place of their own on the device, from which no step
   reads: so the copy runs beside the steps, whenever it runs.
c) The stream of the steps then moves them to where steps read, device to device, 8 MiB in
   microseconds. It waits for the copy first, and the next copy waits for the move; the host waits
   for neither. Replays read fixed addresses, and see what was moved there before they were queued.
d) The place belongs to the copying stream, and every use by the other is followed by a wait of
   that one: so torch may give the memory away whenever the window is dropped. Pinned memory is
   torch's own concern: it is not given out again before the copy from it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor


class Refill:
    """Rows for one window; ``begin``, ``send`` and ``take`` in turn, or again from ``begin``."""

    def __init__(self, device: torch.device, rows: int, width: int) -> None:
        self.device, self.shape = device, (rows, width)
        module: Any = getattr(torch, device.type, None)  # torch.cuda
        # those of the CPU do nothing: there, and on devices without, all is done in one order
        self._module = module if hasattr(module, "Stream") else torch.cpu
        self._beside = self._module.Stream(device)
        with self._module.stream(self._beside), torch.inference_mode(False):
            self._landed = torch.empty(self.shape, dtype=torch.float32, device=device)
        self._rows: Future[Tensor] | None = None
        self._sent = False

    def begin(self, fill: Callable[[Tensor], Tensor]) -> None:
        """Let a thread fill the rows; what was begun before is dropped."""
        host = pinned(self.device, self.shape)
        thread = ThreadPoolExecutor(1)
        self._rows = thread.submit(fill, host)
        thread.shutdown(wait=False)  # it ends with its work
        self._sent = False

    def send(self) -> None:
        """Queue the copy of what the thread has filled, unless it is queued."""
        if self._rows is None or self._sent:
            return
        with self._module.stream(self._beside):
            self._landed.copy_(self._rows.result(), non_blocking=True)
        self._sent = True

    def take(self, into: Tensor) -> None:
        """Queue the move of the rows to where they are read, on the current stream."""
        self.send()
        now = self._module.current_stream(self.device)
        now.wait_stream(self._beside)
        into.copy_(self._landed)
        self._beside.wait_stream(now)
        self._rows = None


def pinned(device: torch.device, shape: tuple[int, int]) -> Tensor:
    """Memory of the host that a device copies from by itself."""
    pin = device.type == "cuda"
    return torch.empty(shape, dtype=torch.float32, device="cpu", pin_memory=pin)
