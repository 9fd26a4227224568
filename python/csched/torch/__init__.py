"""Schedules in PyTorch optimizers."""

from csched.presets.live import from_scheduler
from csched.torch.binding import Binding
from csched.torch.scheduler import Scheduler

__all__ = ["Binding", "Scheduler", "from_scheduler"]
