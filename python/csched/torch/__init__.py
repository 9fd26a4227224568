"""Schedules in PyTorch optimizers."""

from csched.torch.binding import Binding
from csched.torch.scheduler import Scheduler

__all__ = ["Binding", "Scheduler"]
