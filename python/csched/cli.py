"""The command ``csched``: list the recipes; show, plot and save schedules (extra ``cli``)."""

from __future__ import annotations

import ast
import contextlib
import difflib
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numpy as np

import csched
from csched import _check
from csched.describing import rows
from csched.recipes.warmups import Warmup

try:
    import typer
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text
except ImportError as error:  # the command is there with or without the extra
    sys.exit(f"csched: {error}; the command needs the extra: pip install 'csched[cli]'")

_HELP = """Hyperparameter schedules on the command line.

A schedule is a recipe and its arguments, one_cycle --peak 0.8 --steps 100; or a preset,
torch.OneCycleLR --max-lr 1.0 --total-steps 100; or a file.json that "csched show ... --json" or
Schedule.to_json wrote. Pairs are written 0.85,0.95, nothing is none,
samplings are "every(250)" and "at(0.5, 0.75)", warm-ups "cosine" or 'Warmup("power", z="(t+1)/W")'.
What a recipe takes: csched list, csched doc RECIPE.
"""
_CHUNK = 2**16  # rows of CSV at a time
_CALLS: Any = {"every": csched.every, "at": csched.at, "Warmup": Warmup}
_HELPERS = ("curve", "Clock", *(n for n in csched.recipes.HELPERS if n != "WARMUPS"))
_DOCUMENTED: Any = {name: getattr(csched, name) for name in _HELPERS}
_NO_END = 2**49  # laws without an end are made of phases of so many steps


class _Commands(typer.core.TyperGroup):
    """Who types a recipe for a command is told which command it needs."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if name not in self.commands:
            if name in csched.RECIPES or name.partition(".")[0] in csched.presets.LIBRARIES:
                hint = f"did you mean 'csched show {name} ...'?"
            elif name.endswith(".json"):
                hint = f"did you mean 'csched show {name}'?"
            else:
                hint = f"the commands are {', '.join(self.commands)}"
            ctx.fail(f"No such command {name!r}; {hint}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    help=_HELP,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
main = app  # the entry point


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"csched {version('csched')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """What comes before a command."""


_OPEN: Any = {"allow_extra_args": True, "ignore_unknown_options": True}
# What a recipe may pass on: the arguments of profiles; those of recipes where it says **arguments.
_OF_PROFILES = {a.name for row in csched.PROFILES.values() for a in row.arguments} | {"points"}
_OF_RECIPES = {k for r in csched.RECIPES.values() for k in inspect.signature(r).parameters}
_Recipe = Annotated[
    str, typer.Argument(help="Recipe, library.preset or file.json.", metavar="RECIPE")
]
_From = Annotated[int, typer.Option("--from", help="First step.")]
_To = Annotated[int | None, typer.Option("--to", help="Step to stop before [default: the end].")]


class Format(str, Enum):
    """How values are written."""

    csv = "csv"
    npy = "npy"
    json = "json"


class Precision(str, Enum):
    """Number type of written values."""

    float64 = "float64"
    float32 = "float32"


@app.command("list")
def list_recipes(
    library: Annotated[str | None, typer.Argument(help="List its presets instead.")] = None,
) -> None:
    """List the recipes, their arguments and defaults."""
    recipes = csched.RECIPES
    if library is not None:
        with _told():
            recipes = {f"{library}.{name}": made for name, made in _presets(library).items()}
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, recipe in sorted(recipes.items()):
        table.add_row(name, Text((recipe.__doc__ or "").partition("\n")[0].replace("``", "`")))
        table.add_row("", Text(", ".join(_parameters(recipe)), style="dim"))
    _console().print(table)


@app.command()
def doc(
    recipe: Annotated[str, typer.Argument(help="Recipe, library.preset, Warmup or curve.")],
) -> None:
    """Print what a recipe computes and its source."""
    with _told():
        typer.echo(inspect.getdoc(_DOCUMENTED.get(recipe) or _recipe(recipe)))


@app.command(context_settings=_OPEN)
def show(
    context: typer.Context,
    recipe: _Recipe,
    as_json: Annotated[bool, typer.Option("--json", help="Print the schedule as JSON.")] = False,
) -> None:
    """Show the phases of a schedule and their steps."""
    with _told():
        schedule = _schedule(recipe, context.args)
    if as_json:
        typer.echo(schedule.to_json(indent=1))
        return
    console = _console()
    for name, curve in schedule.items():
        values = [curve(t) for t in (0, curve.steps - 1, curve.steps)]
        first, last, after = (f"{v:.6g}" for v in values)
        console.print(f"[bold]{name}[/]  {curve.steps} steps, {first} .. {last}, then {after}")
        console.print(curve.sparkline(60), style="blue")
        table = Table("steps", "phase", box=None, padding=(0, 2, 0, 0), header_style="dim")
        for span, text in rows(curve):
            table.add_row(span, Text(text))
        console.print(table)


@app.command(context_settings=_OPEN)
def plot(
    context: typer.Context,
    recipe: _Recipe,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="png, svg or pdf.")] = None,
    begin: _From = 0,
    end: _To = None,
    log: Annotated[bool, typer.Option("--log", help="Logarithmic values.")] = False,
) -> None:
    """Draw a schedule into a picture, RECIPE.png."""
    with _told():
        schedule = _schedule(recipe, context.args)
        import matplotlib  # only this command draws

        matplotlib.use("agg")
        from matplotlib import pyplot as plt

        figure = schedule.plot(*_bounds(schedule, begin, end, 1), log=log)
        path = output or Path(f"{recipe.removesuffix('.json')}.png")
        with _replaced(path) as unfinished:
            figure.savefig(unfinished, dpi=150)
        plt.close(figure)
    typer.echo(str(path))


@app.command(context_settings=_OPEN)
def values(
    context: typer.Context,
    recipe: _Recipe,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File.")] = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="How to write [default: as FILE ends, else csv]."),
    ] = None,
    begin: _From = 0,
    end: _To = None,
    dtype: Annotated[Precision, typer.Option(help="Number type.")] = Precision.float64,
) -> None:
    """Write the value of every step: csv, json or npy."""
    with _told():
        schedule = _schedule(recipe, context.args)
        first, stop = _bounds(schedule, begin, end, 0)
        if form is None:
            ending = output.suffix[1:].lower() if output else ""
            form = Format(ending) if ending in list(Format) else Format.csv
        if output is None:
            if form is Format.npy:
                _check.fail("csched", "--output", "given for a file of format npy", output)
            _write(sys.stdout.buffer, schedule, first, stop, form, dtype.value)
            return
        with _replaced(output) as unfinished, unfinished.open("wb") as file:
            _write(file, schedule, first, stop, form, dtype.value)
    typer.echo(str(output))


def _bounds(schedule: csched.Schedule, begin: int, end: int | None, fewest: int) -> tuple[int, int]:
    """The steps from --from to --to: of the whole schedule where these are not given."""
    first = _check.integer("csched", "--from", begin, 0)
    if end is None and schedule.steps >= _NO_END:
        _check.fail("csched", "--to", "given where a schedule has no end", end)
    if end is None and first > schedule.steps - fewest:
        constraint = f"given where --from is {first} of {schedule.steps} steps"
        _check.fail("csched", "--to", constraint, end)
    stop = schedule.steps if end is None else end
    return first, _check.integer("csched", "--to", stop, first + fewest)


def _write(
    file: Any, schedule: csched.Schedule, begin: int, end: int, form: Format, dtype: str
) -> None:
    if form is Format.csv:
        file.write((",".join(["step", *schedule]) + "\n").encode())
        for a in range(begin, end, _CHUNK):
            b = min(a + _CHUNK, end)
            columns = [v.astype(str) for v in schedule.values(a, b, dtype=dtype).values()]
            lines = map(",".join, zip(map(str, range(a, b)), *columns, strict=True))
            file.write(("\n".join(lines) + "\n").encode())
        return
    arrays = schedule.values(begin, end, dtype=dtype)
    if form is Format.json:
        lists = {name: array.tolist() for name, array in arrays.items()}
        file.write((json.dumps(lists) + "\n").encode())
        return
    table = np.empty(end - begin, [(name, dtype) for name in arrays])
    for name, array in arrays.items():
        table[name] = array
    np.save(file, table)


# --- a schedule from words -------------------------------------------------------------------


def _schedule(name: str, words: Sequence[str]) -> csched.Schedule:
    if name.endswith(".json"):
        if words:
            _check.fail("csched", "arguments", f"left out for a file such as {name}", words)
        try:
            return csched.from_json(Path(name).read_text(encoding="utf-8"))
        except ValueError as error:  # of JSON or of meaning: neither knows the file
            raise ValueError(f"{name}: {error}") from error
    recipe = _recipe(name)
    arguments = _arguments(name, recipe, words)
    missing = [
        f"--{p.name.replace('_', '-')}"
        for p in inspect.signature(recipe).parameters.values()
        if p.default is p.empty and p.kind is not p.VAR_KEYWORD and p.name not in arguments
    ]
    if missing:
        _refuse(name, recipe, f"needs {', '.join(missing)}")
    return recipe(**arguments)


def _recipe(name: str) -> Callable[..., csched.Schedule]:
    """``rex`` is a recipe, ``torch.OneCycleLR`` a preset."""
    library, dot, preset = name.partition(".")
    if dot:
        presets = _presets(library)
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
        close = [f"{library}.{name}" for library in libraries if name in _presets(library)]
        close = close or difflib.get_close_matches(name, csched.RECIPES, 1)
        hint = f"did you mean {', '.join(map(repr, close))}?" if close else ""
    _check.fail("csched", "recipe", "a name of 'csched list' or library.preset", name, hint)


def _presets(library: str) -> Mapping[str, Callable[..., csched.Schedule]]:
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
            _refuse(name, recipe, f"takes its arguments as --name value, got {word!r}")
        if key not in known:
            close = difflib.get_close_matches(key, parameters, 1)
            hint = f"; did you mean --{close[0].replace('_', '-')}?" if close else ""
            _refuse(name, recipe, f"has no argument {word}{hint}")
        if key in made:
            _refuse(name, recipe, f"got {word} twice")
        if not equals and not queue:
            _refuse(name, recipe, f"got {word} without a value")
        made[key] = _value(text if equals else queue.pop(0))
    return made


def _value(text: str) -> Any:
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


def _parameters(recipe: Callable[..., Any]) -> list[str]:
    shown = []
    for p in inspect.signature(recipe).parameters.values():
        if p.kind is p.VAR_KEYWORD:
            shown.append("...")
        else:
            shown.append(p.name if p.default is p.empty else f"{p.name}={p.default!r}")
    return shown


def _refuse(name: str, recipe: Callable[..., Any], why: str) -> NoReturn:
    raise ValueError(f"{name} {why}; it takes {', '.join(_parameters(recipe))}")


# --- output ----------------------------------------------------------------------------------


def _console() -> Console:
    return Console(highlight=False)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What the user got wrong in one line, without a traceback."""
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        typer.echo(f"csched: {str(error).removeprefix('csched: ')}", err=True)
        raise typer.Exit(2) from None


@contextlib.contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """A name to write to, renamed when all is written: no reader sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
