"""The public hooks of an optimizer that a scheduler uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from torch.optim import Optimizer

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
