"""Reading a schedule out of an optax schedule that exists: a function made by a named function.

By the names of code and closure variables (optax 0.2): neither optax nor JAX is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import pairwise
from types import FunctionType
from typing import Any

from csched.presets import optax
from csched.schedule import Schedule

Variables = Mapping[str, Any]


def _constant(name: str) -> Callable[[Variables], Schedule]:
    return lambda v: optax.constant_schedule(float(v[name]))


def _polynomial(v: Variables) -> Schedule:
    levels = float(v["init_value"]), float(v["end_value"])
    return optax.polynomial_schedule(
        *levels, float(v["power"]), int(v["transition_steps"]), int(v["transition_begin"])
    )


def _exponential(v: Variables) -> Schedule:
    return optax.exponential_decay(
        float(v["init_value"]),
        int(v["transition_steps"]),
        float(v["decay_rate"]),
        int(v["transition_begin"]),
        bool(v["staircase"]),
        None if v["end_value"] is None else float(v["end_value"]),
    )


def _cosine(v: Variables) -> Schedule:
    levels = float(v["alpha"]), float(v["exponent"])
    return optax.cosine_decay_schedule(float(v["init_value"]), int(v["decay_steps"]), *levels)


def _scales(pairs: Any) -> dict[int, float]:
    return {int(boundary): float(scale) for boundary, scale in pairs}


def _piecewise_constant(v: Variables) -> Schedule:
    scales = _scales((v["boundaries_and_scales"] or {}).items())
    return optax.piecewise_constant_schedule(float(v["init_value"]), scales)


def _piecewise_interpolate(v: Variables) -> Schedule:
    kinds = {"_linear_interpolate": "linear", "_cosine_interpolate": "cosine"}
    scales = _scales(zip(v["boundaries"], v["scales"], strict=True))
    kind = kinds[v["interpolate_fn"].__name__]
    return optax.piecewise_interpolate_schedule(kind, float(v["init_value"]), scales)


READERS: dict[str, Callable[[Variables], Schedule]] = {
    "constant_schedule.<locals>.<lambda>": _constant("value"),
    "polynomial_schedule.<locals>.<lambda>": _constant("init_value"),
    "polynomial_schedule.<locals>.schedule": _polynomial,
    "exponential_decay.<locals>.<lambda>": _constant("init_value"),
    "exponential_decay.<locals>.schedule": _exponential,
    "cosine_decay_schedule.<locals>.schedule": _cosine,
    "piecewise_constant_schedule.<locals>.schedule": _piecewise_constant,
    "piecewise_interpolate_schedule.<locals>.schedule": _piecewise_interpolate,
}
"""What optax's named functions return, by qualified name; all others of its schedules are made of
these and of joins."""

JOIN = "join_schedules.<locals>.schedule"


def read(schedule: Any) -> Schedule | None:
    """The Schedule of a function that optax made and whose arguments can be told, else None.

    >>> import optax
    >>> read(optax.linear_schedule(1.0, 0.0, 10))
    Schedule(lr=curve('linear', 1.0, 0.0, 10))
    >>> read(lambda count: 1.0 / (1 + count)) is None
    True
    """
    if not isinstance(schedule, FunctionType) or schedule.__module__.split(".")[0] != "optax":
        return None
    names, cells = schedule.__code__.co_freevars, schedule.__closure__ or ()
    variables: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=True):
        with suppress(ValueError):  # an empty cell: a variable that was never set
            variables[name] = cell.cell_contents
    if schedule.__qualname__ == JOIN:
        seams = [int(b) for b in variables["boundaries"]]
        parts = [read(part) for part in variables["schedules"]]
        made = [part for part in parts if part is not None]
        if len(made) < len(parts) or any(b < a for a, b in pairwise([0, *seams])):
            return None
        return optax.join_schedules(made, seams)
    reader = READERS.get(schedule.__qualname__)
    return None if reader is None else reader(variables)
