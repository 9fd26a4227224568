"""Hyperparameter schedules for training: exact, framework-agnostic, computed in C.

>>> import csched
>>> s = csched.one_cycle(peak=0.8, steps=100)
>>> round(s["lr"](45), 6)
0.8
"""

import os

from csched import _core, presets
from csched.clock import Clock
from csched.curve import Curve
from csched.phases import curve
from csched.plain import from_dict
from csched.profiles import PROFILES
from csched.recipes import *  # noqa: F403
from csched.recipes import HELPERS, RECIPES
from csched.sampling import at, every
from csched.schedule import Schedule, from_json
from csched.stacking import Stack, grid, stack

_core.use_variant(os.environ.get("CSCHED_VARIANT") or _core.variants()[-1])

__all__ = [  # noqa: PLE0604
    "PROFILES",
    "RECIPES",
    "Clock",
    "Curve",
    "Schedule",
    "Stack",
    "at",
    "curve",
    "every",
    "from_dict",
    "from_json",
    "grid",
    "presets",
    "stack",
    *HELPERS,
    *RECIPES,
]
