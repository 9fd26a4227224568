"""Schedules in PyTorch optimizers."""

from csched import _check

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    _check.missing("csched.torch", "torch", "torch", error)

from csched.presets.live import from_scheduler
from csched.torch.binding import Binding
from csched.torch.scheduler import Scheduler

__all__ = ["Binding", "Scheduler", "from_scheduler"]
