"""Recipes: the named schedules of the literature, each a few lines of curves.

Every recipe takes the peak value first and ``steps``, the length of the whole, warm-up included,
and returns a :class:`csched.Schedule`. Lengths are ints in steps, or floats: fractions of
``steps``. A new recipe goes into the module of its family and into that module's ``__all__``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from csched.recipes import (
    amounts,
    cyclic,
    decay,
    factors,
    fitting,
    horizons,
    noisy,
    pieces,
    plateau,
    power_laws,
    restarts,
    shapes,
    stages,
    untuned,
    values,
    warmups,
)
from csched.recipes import one_cycle as _one_cycle
from csched.recipes.amounts import *  # noqa: F403
from csched.recipes.cyclic import *  # noqa: F403
from csched.recipes.decay import *  # noqa: F403
from csched.recipes.factors import *  # noqa: F403
from csched.recipes.fitting import *  # noqa: F403
from csched.recipes.horizons import *  # noqa: F403
from csched.recipes.noisy import *  # noqa: F403
from csched.recipes.one_cycle import *  # noqa: F403
from csched.recipes.pieces import *  # noqa: F403
from csched.recipes.plateau import *  # noqa: F403
from csched.recipes.power_laws import *  # noqa: F403
from csched.recipes.restarts import *  # noqa: F403
from csched.recipes.shapes import *  # noqa: F403
from csched.recipes.stages import *  # noqa: F403
from csched.recipes.untuned import *  # noqa: F403
from csched.recipes.values import *  # noqa: F403
from csched.recipes.warmups import *  # noqa: F403
from csched.schedule import Schedule

_FAMILIES = (
    decay,
    shapes,
    noisy,
    plateau,
    stages,
    power_laws,
    horizons,
    cyclic,
    restarts,
    _one_cycle,
    pieces,
    values,
    amounts,
)

RECIPES: Mapping[str, Callable[..., Schedule]] = MappingProxyType(
    {name: getattr(m, name) for m in _FAMILIES for name in sorted(m.__all__)}
)
"""Name -> recipe."""

HELPERS = tuple(name for m in (factors, fitting, untuned, warmups) for name in sorted(m.__all__))
"""What recipes are used with."""

if not TYPE_CHECKING:  # mypy reads no list but a literal one
    __all__ = ["HELPERS", "RECIPES", *HELPERS, *RECIPES]  # noqa: PLE0604
