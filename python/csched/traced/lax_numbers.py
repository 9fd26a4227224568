"""The arithmetic of ``closed_form.py`` in primitives of ``jax.lax``.

The operators of a JAX tracer are functions of jax.numpy, each jitted, with rules for mixed types:
half of the time of a trace. Here a number of Python takes the type of the other operand, and that
is the only rule.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax


class Number:
    """A value of JAX whose operators bind one primitive each."""

    __slots__ = ("value",)
    __array_ufunc__ = None  # NumPy's numbers leave the operation to this class
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any) -> None:
        self.value = value

    def __neg__(self) -> Number:
        return Number(lax.neg(self.value))

    def __getitem__(self, place: Any) -> Number:
        return Number(self.value[place])


def value_of(x: Any) -> Any:
    """What a Number holds; anything else as it is."""
    return x.value if isinstance(x, Number) else x


def _known(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic))


def _binary(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The operation of two operands, of which one has a type."""

    def of_one_type(a: Any, b: Any) -> Number:
        a, b = value_of(a), value_of(b)
        if not hasattr(b, "dtype"):
            b = np.asarray(b, a.dtype)
        elif not hasattr(a, "dtype"):
            a = np.asarray(a, b.dtype)
        return Number(operation(a, b))

    return of_one_type


def _swapped(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: operation(b, a)


def _less(a: Any, b: Any) -> Any:
    return a if _known(b) and b == 0 else lax.sub(a, b)


_EITHER_SIDE = {
    "add": lax.add,
    "sub": _less,
    "mul": lax.mul,
    "truediv": lax.div,
    "floordiv": lax.div,  # of steps, which are not negative
    "and": lax.bitwise_and,
    "or": lax.bitwise_or,
    "lshift": lax.shift_left,
}
_COMPARED = {name: getattr(lax, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")}
for _name, _operation in (_EITHER_SIDE | _COMPARED).items():
    setattr(Number, f"__{_name}__", _binary(_operation))
for _name, _operation in _EITHER_SIDE.items():
    setattr(Number, f"__r{_name}__", _swapped(_binary(_operation)))


def _unary(operation: Callable[[Any], Any]) -> Callable[[Any], Number]:
    return lambda x: Number(operation(value_of(x)))


def _where(condition: Any, a: Any, b: Any) -> Any:
    """Select, which is no operation where its outcome is known."""
    if _known(condition):
        return a if condition else b
    if _known(a) and _known(b):
        if a == b:
            return a
        if a.dtype == bool:
            return condition if a else Number(lax.bitwise_not(value_of(condition)))
    return Number(lax.select(value_of(condition), value_of(a), value_of(b)))


def _clip(x: Number, low: Any, high: Any) -> Number:
    low, high = (np.asarray(b, x.value.dtype) if isinstance(b, int) else b for b in (low, high))
    return Number(lax.clamp(low, x.value, value_of(high)))


def _take(a: Any, i: Any) -> Number:
    """One of a column; a slice is cheaper to compile than a gather, and needs no test for i < 0."""
    place = lax.convert_element_type(value_of(i), np.uint32)
    return Number(lax.squeeze(lax.dynamic_slice(jnp.asarray(a), (place,), (1,)), (0,)))


def _two_to(k: Any) -> Number:
    exponent = lax.convert_element_type(value_of(k), np.int32) + np.int32(127)
    return Number(lax.bitcast_convert_type(exponent << np.int32(23), np.float32))


XP = SimpleNamespace(
    **{
        name: _unary(getattr(lax, name)) for name in ("sin", "exp", "expm1", "log", "log1p", "sqrt")
    },
    where=_where,
    minimum=_binary(lax.min),
    maximum=_binary(lax.max),
    clip=_clip,
    power=_binary(lax.pow),
    round=_unary(lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN)),
    sum=lambda x, axis: Number(jnp.sum(value_of(x), axis)),
    take=_take,
    cast=lambda x, dtype: Number(lax.convert_element_type(value_of(x), dtype)),
    two_to=_two_to,
)
"""Operations of single numbers, as ``closed_form.py`` asks for them."""
