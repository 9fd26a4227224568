"""What pytorch_scheduler's schedulers are made of."""

from __future__ import annotations

import math

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.presets import pieces


def lengths(where: str, total: int, warmup: int = 0) -> tuple[int, int]:
    """The warm-up, and what it leaves of the whole."""
    n = _check.integer(where, "total_steps", total, 1)
    up = _check.integer(where, "warmup_steps", warmup, 0, n - 1)
    return up, n - up


def plateau(base: float, hold: int, fall: Curve) -> Curve:
    """A plateau, none allowed, before a fall."""
    return sequence(pieces.constant(base, hold), fall) if hold else fall


def height(n: int, bound: int) -> tuple[float, float]:
    """h(0) of h(x) = sqrt((n - x) / u * (2 - (n + x) / u)), and the profile's argument."""
    share = n / bound
    return math.sqrt(share * (2.0 - share)), bound / n
