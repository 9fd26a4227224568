"""Hyperparameter schedules for training: exact, framework-agnostic, computed in C.

Recipes, such as ``cosine``, ``one_cycle``, ``sgdr``, ``wsd`` (all are in ``RECIPES``), make a
``Schedule``: named curves. ``curve`` makes one curve; curves combine by their methods. ``presets``
has the schedules of other libraries. ``csched.torch``, ``csched.jax``, ``csched.keras`` and
``csched.numpy`` put the values where they are used; each is imported when it is first named.

>>> import csched
>>> s = csched.one_cycle(peak=0.8, steps=100)
>>> s(45)
{'lr': 0.8, 'momentum': 0.85}
>>> s["lr"].values(44, 47).tolist()
[0.784, 0.8, 0.784]
"""

import os
import sys
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

__version__: str

# mypy reads no list but a literal one, and without any takes what is imported with * or as itself.
# With __getattr__ it would take any name.
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

    _ADAPTERS = ("jax", "keras", "numpy", "plateau", "plotting", "torch")

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version  # a fifth of the time that csched takes

            return version("csched")
        if name in _ADAPTERS:
            from importlib import import_module

            return import_module(f"csched.{name}")
        module = sys.modules[__name__]
        text = f"module 'csched' has no attribute {name!r}"
        raise AttributeError(text, name=name, obj=module)

    def __dir__() -> list[str]:
        imported = {name for name in _ADAPTERS if name in globals()}
        return sorted({*__all__, "__doc__", "__file__", "__version__"} | imported)
