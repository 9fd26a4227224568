"""Every preset refuses what its annotations do not allow, before it computes with it.

Design
a) One place for 30 libraries: each module ends in ``arguments.check(__name__)``. What a number must
   be beyond its type is checked by the presets, and by the curves they are made of.
b) A bool may be anything that has a truth, as with the peers; of an iterable without a length the
   items are not looked at, for they can be had only once.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set, Sized
from typing import Any, Union, get_args, get_origin, get_type_hints

from csched import _check

WORDS = {str: "a str", int: "an int", float: "a real number"}


def check(module: str) -> None:
    """Have the arguments of the public functions of a module checked."""
    names = vars(sys.modules[module])
    for name, function in list(names.items()):
        own = inspect.isfunction(function) and function.__module__ == module
        if own and not name.startswith("_"):
            names[name] = _checked(f"{module.rpartition('.')[2]}.{name}", function)


def _checked(where: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.cache
    def known() -> tuple[inspect.Signature, dict[str, Any]]:  # when first called, not at import
        return inspect.signature(function), get_type_hints(function)

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        signature, hints = known()
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:
            return function(*args, **kwargs)  # Python says best what is missing
        for name, value in given.items():
            parameter = signature.parameters[name]
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                _refuse(where, name, hints.get(name, Any), value)
        try:
            return function(*args, **kwargs)
        except (ZeroDivisionError, OverflowError) as error:
            _check.fail(where, "arguments", "such that every value is finite", given, str(error))

    return checked


def _refuse(where: str, name: str, hint: Any, value: Any) -> None:
    """Raise unless the value is of a kind that is annotated."""
    if _any_fits(hint, value):
        return
    if float in _kinds(hint):  # says what else is wrong with a number
        _check.real(where, name, value)
    _check.fail_type(where, name, _words(hint), value)


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _fits(kind: Any, value: Any) -> bool:
    plain: Any = get_origin(kind) or kind
    if plain is float:
        return _is_number(value)
    if plain is int:
        one = not isinstance(value, bool) and not getattr(value, "ndim", 0)
        return one and hasattr(value, "__index__")
    if plain is bool:
        return not getattr(value, "ndim", 0)  # an array has none
    if plain is Any or not isinstance(plain, type):
        return True  # Any, a Literal
    if plain is Callable:
        return callable(value)
    if plain not in (Iterable, Sequence, list, tuple):
        return isinstance(value, plain)
    shape = Iterable if plain is Iterable else Sized  # an array is no Sequence
    if not isinstance(value, shape) or isinstance(value, (str, bytes, Mapping, Set)):
        return False
    if getattr(value, "ndim", 1) == 0:  # one number in an array
        return False
    items = [a for a in get_args(kind) if a is not Ellipsis]
    if not items or not isinstance(value, Collection):
        return True
    if plain is tuple and len(items) == len(get_args(kind)):
        return len(value) == len(items) and all(map(_any_fits, items, value))
    return all(_any_fits(items[0], v) for v in value)


def _any_fits(hint: Any, value: Any) -> bool:
    return any(_fits(kind, value) for kind in _kinds(hint))


def _is_number(value: Any) -> bool:
    try:
        _check.real("", "", value)
    except (TypeError, ValueError):
        return False
    return True


def _words(hint: Any) -> str:
    words = [WORDS.get(kind) or _word(kind) for kind in _kinds(hint) if kind is not type(None)]
    return " or ".join(dict.fromkeys(words))


def _word(kind: Any) -> str:
    plain = get_origin(kind) or kind
    if plain is Callable:
        return "a function"
    if plain not in (Iterable, Sequence, list):
        return f"a {plain.__name__}"
    items = [_words(a) for a in get_args(kind)[:1]]
    return "a sequence" + "".join(f" of {item.split(' ', 1)[-1]}" for item in items)
