"""Every error message about meaning is born here.

``{where}: {name} must be {constraint}, got {value!r}``, and a hint where one helps.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Iterable, Mapping, Set
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np

MAX_STEP = 2**53


def fail(where: str, name: str, constraint: str, value: object, hint: str = "") -> NoReturn:
    """Raise ValueError by the one template."""
    raise ValueError(_message(where, name, constraint, value, hint))


def fail_type(where: str, name: str, constraint: str, value: object, hint: str = "") -> NoReturn:
    """Raise TypeError by the one template."""
    raise TypeError(_message(where, name, constraint, value, hint))


def fail_import(
    where: str, name: str, constraint: str, value: object, cause: Exception
) -> NoReturn:
    """Raise ImportError by the one template, with what another package said."""
    raise ImportError(_message(where, name, constraint, value, str(cause))) from cause


def missing(where: str, package: str, extra: str, cause: ModuleNotFoundError) -> NoReturn:
    """Raise ModuleNotFoundError that names the extra; as it came where it is about another."""
    if cause.name != package:
        raise cause
    text = f"{where}: {package} must be installed; pip install 'csched[{extra}]'"
    raise ModuleNotFoundError(text, name=package) from None


def _message(where: str, name: str, constraint: str, value: object, hint: str) -> str:
    text = f"{where}: {name} must be {constraint}, got {value!r}"
    return f"{text}; {hint}" if hint else text


def real(
    where: str,
    name: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """A finite float between low and high, ends included unless open."""
    if type(value) is not float and (  # what is asked for most, and numbers.Real is slow to tell
        isinstance(value, bool) or not isinstance(value, numbers.Real)
    ):
        fail_type(where, name, "a real number", value)
    try:
        number = float(value)
    except OverflowError:  # an int beyond the floats
        number = math.inf
    above = number > low if open_low else number >= low
    below = number < high if open_high else number <= high
    if not (math.isfinite(number) and above and below):
        fail(where, name, _interval(low, high, open_low, open_high), value)
    return number


def reals(where: str, **given: Any) -> None:
    """Finite numbers, each under its own name: what a recipe hands on has another name there."""
    for name, value in given.items():
        real(where, name, value)


def flag(where: str, name: str, value: Any) -> bool:
    """True or False; a text such as "no" would count as true."""
    if not isinstance(value, (bool, np.bool_)):
        fail_type(where, name, "True or False", value)
    return bool(value)


def _interval(low: float, high: float, open_low: bool, open_high: bool) -> str:
    if low == -math.inf and high == math.inf:
        return "finite"
    left = "(" if open_low or low == -math.inf else "["
    right = ")" if open_high or high == math.inf else "]"
    return f"in {left}{float(low):g}, {float(high):g}{right}"


def integer(
    where: str, name: str, value: Any, low: int, high: int = MAX_STEP, hint: str = ""
) -> int:
    """An int between low and high, both included. bool is not a number here."""
    if type(value) is int and low <= value <= high:
        return value
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        fail_type(where, name, "an int", value, hint)
    try:
        number = operator.index(value)
    except TypeError:  # an array of several numbers, or of floats
        fail_type(where, name, "an int", value, hint)
    if not low <= number <= high:
        top = "2**53" if high == MAX_STEP else str(high)
        fail(where, name, f"in [{low}, {top}]", value, hint)
    return number


def items(where: str, name: str, value: Any) -> list[Any]:
    """The items of a list, a tuple or an array."""
    if isinstance(value, (str, bytes, Mapping, Set)) or not isinstance(value, Iterable):
        fail_type(where, name, "a sequence", value)
    return list(value)


def one_of(where: str, hint: str = "", **given: object) -> None:
    """Exactly one of these arguments."""
    if sum(value is not None for value in given.values()) != 1:
        fail(where, "exactly one of " + " and ".join(given), "given", given, hint)


def decimal(value: Any) -> Fraction:
    """A float as the decimal it prints as: 0.07 is 7/100."""
    return Fraction(str(value))


def length(where: str, name: str, value: Any, whole: int, low: int = 0) -> int:
    """Steps: an int as it is, a float in (0, 1) as that fraction of the whole, rounded."""
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        if not 0.0 < float(value) < 1.0:
            hint = f"a float is a fraction of the {whole} steps; for steps pass an int"
            fail(where, name, f"an int in [{low}, {whole}] or a float in (0, 1)", value, hint)
        value = round(decimal(value) * whole)
    return integer(where, name, value, low, whole, hint="a float in (0, 1) is a fraction")


def position(where: str, name: str, value: Any, whole: int) -> Fraction:
    """A place among whole steps, in steps: an int as it is, a float in (0, 1) as a fraction."""
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        if not 0.0 < float(value) < 1.0:
            hint = f"a float is a fraction of the {whole} steps; for a step pass an int"
            fail(where, name, f"an int in [0, {whole}] or a float in (0, 1)", value, hint)
        return decimal(value) * whole
    return Fraction(integer(where, name, value, 0, whole))


def choice(where: str, name: str, value: Any, allowed: Iterable[str]) -> str:
    """One of the allowed names."""
    options = list(allowed)
    if value in options:
        return str(value)
    import difflib  # for an error only, so not at import

    close = difflib.get_close_matches(str(value), options, 1)
    hint = f"did you mean {close[0]!r}?" if close else ""
    fail(where, name, "one of " + ", ".join(repr(o) for o in options), value, hint)
