"""Schedules from the words of a command line: a recipe, and its arguments as --name value."""

from __future__ import annotations

import ast
import difflib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import csched
from csched import _check
from csched.recipes.warmups import Warmup

_CALLS: Any = {"every": csched.every, "at": csched.at, "Warmup": Warmup}
# What a recipe may pass on: the arguments of profiles; those of recipes where it says **arguments.
_OF_PROFILES = {a.name for row in csched.PROFILES.values() for a in row.arguments} | {"points"}
_OF_RECIPES = {k for r in csched.RECIPES.values() for k in inspect.signature(r).parameters}


def schedule_of(name: str, words: Sequence[str]) -> csched.Schedule:
    """The schedule of a recipe, a preset or a file.json."""
    if name.endswith(".json"):
        if words:
            _check.fail("csched", "arguments", f"left out for a file such as {name}", words)
        try:
            return csched.from_json(Path(name).read_text(encoding="utf-8"))
        except ValueError as error:  # of JSON or of meaning: neither knows the file
            raise ValueError(f"{name}: {error}") from error
    recipe = recipe_of(name)
    arguments = _arguments(name, recipe, words)
    missing = [
        f"--{p.name.replace('_', '-')}"
        for p in inspect.signature(recipe).parameters.values()
        if p.default is p.empty and p.kind is not p.VAR_KEYWORD and p.name not in arguments
    ]
    if missing:
        _refuse(name, recipe, f"needs {', '.join(missing)}")
    return recipe(**arguments)


def recipe_of(name: str) -> Callable[..., csched.Schedule]:
    """``rex`` is a recipe, ``torch.OneCycleLR`` a preset."""
    library, dot, preset = name.partition(".")
    if dot and library.isidentifier():
        presets = presets_of(library)
        return presets[_check.choice("csched", f"preset of {library}", preset, presets)]
    if name not in csched.RECIPES:
        _unknown(name)
    return csched.RECIPES[name]


def _unknown(name: str) -> NoReturn:
    """What is no recipe may be a library, a preset without its library, or misspelled."""
    libraries = csched.presets.LIBRARIES
    if name in libraries:
        hint = f"'csched list {name}' has its presets"
    else:
        close = [f"{library}.{name}" for library in libraries if name in presets_of(library)]
        close = close or difflib.get_close_matches(name, csched.RECIPES, 1)
        hint = f"did you mean {', '.join(map(repr, close))}?" if close else ""
    _check.fail("csched", "recipe", "a name of 'csched list' or library.preset", name, hint)


def presets_of(library: str) -> Mapping[str, Callable[..., csched.Schedule]]:
    """The presets of a library by their names."""
    _check.choice("csched", "library", library, csched.presets.LIBRARIES)
    module = getattr(csched.presets, library)
    return {name: getattr(module, name) for name in module.__all__}


def _arguments(
    name: str, recipe: Callable[..., csched.Schedule], words: Sequence[str]
) -> dict[str, Any]:
    """``--name value`` and ``--name=value``, checked against the recipe's signature."""
    parameters = inspect.signature(recipe).parameters
    known = set(parameters)
    for p in parameters.values():
        if p.kind is p.VAR_KEYWORD:
            known |= _OF_PROFILES if p.name == "profile_arguments" else _OF_PROFILES | _OF_RECIPES
    made: dict[str, Any] = {}
    queue = list(words)
    while queue:
        word, equals, text = queue.pop(0).partition("=")
        key = word.removeprefix("--").replace("-", "_")
        if not word.startswith("--"):
            hint = "; several values are written 30,60" if made else ""
            _refuse(name, recipe, f"takes its arguments as --name value, got {word!r}{hint}")
        if key not in known:
            close = difflib.get_close_matches(key, parameters, 1)
            hint = f"; did you mean --{close[0].replace('_', '-')}?" if close else ""
            _refuse(name, recipe, f"has no argument {word}{hint}")
        if key in made:
            _refuse(name, recipe, f"got {word} twice")
        if not equals and not queue:
            _refuse(name, recipe, f"got {word} without a value")
        made[key] = value_of(text if equals else queue.pop(0))
    return made


def value_of(text: str) -> Any:
    """A Python literal, a sampling or warm-up, none, true, false, 1e6; else the text itself."""
    words = {"none": None, "true": True, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    if whole := re.fullmatch(r"(\d+)[eE]\+?(\d\d?)", text):
        return int(whole[1]) * 10 ** int(whole[2])
    try:
        parsed = ast.parse(text.strip(), mode="eval").body
        if not isinstance(parsed, ast.Call) or getattr(parsed.func, "id", "") not in _CALLS:
            return ast.literal_eval(parsed)
        given = [ast.literal_eval(a) for a in parsed.args]
        named = {k.arg: ast.literal_eval(k.value) for k in parsed.keywords if k.arg}
    except (ValueError, SyntaxError):
        return text
    return _CALLS[parsed.func.id](*given, **named)  # type: ignore[attr-defined]


def parameters(recipe: Callable[..., Any]) -> list[str]:
    """Its arguments with their defaults, as one reads them."""
    shown = []
    for p in inspect.signature(recipe).parameters.values():
        if p.kind is p.VAR_KEYWORD:
            shown.append("...")
        else:
            shown.append(p.name if p.default is p.empty else f"{p.name}={p.default!r}")
    return shown


def _refuse(name: str, recipe: Callable[..., Any], why: str) -> NoReturn:
    raise ValueError(f"{name} {why}; it takes {', '.join(parameters(recipe))}")
