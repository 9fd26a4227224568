"""The public hooks of an optimizer that a scheduler uses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.optim import Optimizer

from csched import _check
from csched.torch.binding import WHERE, Bound, device_of

HOST = "a number of the host"

if TYPE_CHECKING:
    from csched.torch.scheduler import Scheduler


def innermost(optimizer: Any) -> Optimizer:
    """The optimizer inside wrappers, which have no hooks of their own."""
    while isinstance(inner := getattr(optimizer, "optimizer", None), Optimizer):
        optimizer = inner
    return cast(Optimizer, optimizer)


def rebinder(ref: Callable[[], Scheduler | None]) -> Callable[[Optimizer], None]:
    """What finds the groups again after ``load_state_dict`` has put new ones in their place."""

    def hook(optimizer: Optimizer) -> None:
        scheduler = ref()
        if scheduler is not None:
            scheduler._ask()
            scheduler._rebind()
            scheduler._write_now()

    return hook


def only_fills_state(kwargs: Mapping[str, Any]) -> bool:
    """Whether an update is that of ``torch.distributed.checkpoint``, which is none.

    Where an optimizer has no state yet, ``get_optimizer_state_dict`` and its siblings let it make
    an update with an lr of 0 and gradients of 0. Nothing but its caller tells it from others.
    """
    if kwargs.get("closure", kwargs) is not None:
        return False
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_name != "_init_optim_state":
        frame = frame.f_back
    return bool(frame.f_globals.get("__name__") == "torch.distributed.checkpoint.state_dict")


def captures(device: torch.device) -> Callable[[], bool] | None:
    """What tells whether a graph is being captured there; None where nothing is ever captured."""
    module: Any = getattr(torch, device.type, None)  # torch.cuda; none for meta
    ask: Callable[[], bool] | None = getattr(module, "is_current_stream_capturing", None)
    return None if ask is None or not module.is_initialized() else ask


def frozen(bounds: Iterable[Bound]) -> dict[str, Callable[[], bool]]:
    """The numbers that a graph of an update would hold for ever, being given by the host."""
    found = {}
    for i, b in enumerate(bounds):
        if (ask := captures(device_of(b.group))) is not None:
            for path in b.curves:
                if path not in b.tensors or b.tensors[path].device.type == "cpu":
                    found[f"{path} of group {b.label(i)}"] = ask
    return found


def capture_guard(
    ref: Callable[[], Scheduler | None], asks: set[Callable[[], bool]]
) -> Callable[..., None]:
    """What refuses, before an update, that a graph captures it with such numbers."""

    def hook(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if torch.compiler.is_compiling():
            return  # its graphs are told apart by their floats, or take them as arguments
        scheduler = ref()
        if scheduler is not None and any(ask() for ask in asks):
            for name in frozen(scheduler._held.bounds):
                hint = "storage 'device' moves it with the graph, 'buffer' an lr between replays"
                _check.fail(WHERE, name, "on the device to be captured in a graph", HOST, hint)

    return hook
