"""Hyperparameter schedules for training: exact, framework-agnostic, computed in C.

>>> import csched
>>> s = csched.one_cycle(peak=0.8, steps=100)
>>> round(s["lr"](45), 6)
0.8
"""

import os
from typing import TYPE_CHECKING

from csched import _core
from csched import presets as presets
from csched.clock import Clock as Clock
from csched.curve import Curve as Curve
from csched.phases import curve as curve
from csched.plain import from_dict as from_dict
from csched.profiles import PROFILES as PROFILES
from csched.recipes import *  # noqa: F403
from csched.recipes import HELPERS
from csched.recipes import RECIPES as RECIPES
from csched.sampling import at as at
from csched.sampling import every as every
from csched.schedule import Schedule as Schedule
from csched.schedule import from_json as from_json
from csched.stacking import Stack as Stack
from csched.stacking import grid as grid
from csched.stacking import stack as stack

_core.use_variant(os.environ.get("CSCHED_VARIANT") or _core.variants()[-1])

# mypy reads no list but a literal one, and without any takes what is imported with * or as itself.
if not TYPE_CHECKING:
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
