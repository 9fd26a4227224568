"""Recipes: the named schedules of the literature, each a few lines of curves.

Every recipe takes the peak value first and ``steps``, the length of the whole, warm-up included,
and returns a :class:`csched.Schedule`. Lengths are ints in steps, or floats: fractions of
``steps``. A new recipe goes into the module of its family and into that module's ``__all__``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from csched.recipes import cyclic, decay
from csched.recipes import one_cycle as _one_cycle
from csched.recipes.cyclic import *  # noqa: F403
from csched.recipes.decay import *  # noqa: F403
from csched.recipes.one_cycle import *  # noqa: F403
from csched.schedule import Schedule

RECIPES: Mapping[str, Callable[..., Schedule]] = MappingProxyType(
    {name: getattr(m, name) for m in (decay, cyclic, _one_cycle) for name in sorted(m.__all__)}
)
"""Name -> recipe."""

__all__ = ["RECIPES", *RECIPES]  # noqa: PLE0604
