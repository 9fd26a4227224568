"""The command ``csched``: list the recipes; show, plot and save schedules (extra ``cli``)."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import sys
from collections.abc import Iterator
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np

import csched
from csched import _check
from csched.describing import rows
from csched.words import parameters, presets_of, recipe_of, schedule_of, value_of

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
Schedule.to_json wrote. Lists are written 30,60 (of one value: 30,), None is none,
samplings are "every(250)" and "at(0.5, 0.75)", warm-ups "cosine" or 'Warmup("power", z="(t+1)/W")'.
What recipes there are: csched list. What one takes: csched doc RECIPE.
"""
_CHUNK = 2**16  # rows of CSV at a time
_HELPERS = ("curve", "every", "at", "Clock", *(n for n in csched.recipes.HELPERS if n != "WARMUPS"))
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


_OPEN: Any = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "options_metavar": "[OPTIONS] [--ARGUMENT VALUE]...",
    "epilog": "The arguments are those of the recipe: csched doc RECIPE.",
}
_Recipe = Annotated[
    str, typer.Argument(help="Recipe, library.preset or file.json.", metavar="RECIPE")
]


def _step(word: str | int) -> int:
    """A number of steps, also as 1e6."""
    step = value_of(str(word))
    if type(step) is not int:
        raise typer.BadParameter(f"{word!r} is no number of steps")
    return step


_From = Annotated[int, typer.Option("--from", parser=_step, metavar="STEP", help="First step.")]
_To = Annotated[
    int | None,
    typer.Option(
        "--to", parser=_step, metavar="STEP", help="Step to stop before [default: the end]."
    ),
]


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
    library: Annotated[
        str | None, typer.Argument(help="List its presets instead.", metavar="[LIBRARY]")
    ] = None,
) -> None:
    """List the recipes, their arguments and defaults."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    with _told():
        recipes = csched.RECIPES
        if library is not None:
            recipes = {f"{library}.{name}": made for name, made in presets_of(library).items()}
        for name, recipe in sorted(recipes.items()):
            table.add_row(name, Text((recipe.__doc__ or "").partition("\n")[0].replace("``", "`")))
            table.add_row("", Text(", ".join(parameters(recipe)), style="dim"))
        _console().print(table)


@app.command()
def doc(
    recipe: Annotated[
        str,
        typer.Argument(help="Recipe, library.preset, Warmup, curve, every or at.", metavar="NAME"),
    ],
) -> None:
    """Print what a recipe computes and its source."""
    with _told():
        typer.echo(inspect.getdoc(_DOCUMENTED.get(recipe) or recipe_of(recipe)))


@app.command(**_OPEN)
def show(
    context: typer.Context,
    recipe: _Recipe,
    as_json: Annotated[bool, typer.Option("--json", help="Print the schedule as JSON.")] = False,
) -> None:
    """Show the phases of a schedule and their steps."""
    with _told():
        schedule = schedule_of(recipe, context.args)
        if as_json:
            typer.echo(schedule.to_json(indent=1))
            return
        console = _console()
        for name, curve in schedule.items():
            _show(console, name, curve)


def _show(console: Console, name: str, curve: csched.Curve) -> None:
    first, last, after = (f"{curve(t):.6g}" for t in (0, curve.steps - 1, curve.steps))
    if curve.steps < _NO_END:
        line = f"  {curve.steps} steps, {first} .. {last}, then {after}"
        console.print(Text.assemble((name, "bold"), line))
        if console.encoding.startswith("utf"):
            console.print(curve.sparkline(60), style="blue")
    else:
        console.print(Text.assemble((name, "bold"), f"  no end, from {first}"))
    table = Table("steps", "phase", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for span, text in rows(curve):
        table.add_row(span, Text(text))
    console.print(table)


@app.command(**_OPEN)
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
        schedule = schedule_of(recipe, context.args)
        import matplotlib  # only this command draws

        matplotlib.use("agg")
        from matplotlib import pyplot as plt
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        path = output or Path(f"{recipe.removesuffix('.json')}.png")
        endings = sorted(FigureCanvasAgg.get_supported_filetypes())
        if path.suffix[1:].lower() not in endings:
            constraint = f"a name that ends in .{', .'.join(endings)}"
            _check.fail("csched", "--output", constraint, str(path))
        first, stop = _bounds(schedule, begin, end, 1)
        figure = schedule.plot(first, None if end is None else stop, log=log)
        with _replaced(path) as unfinished:
            figure.savefig(unfinished, dpi=150)
        plt.close(figure)
    typer.echo(str(path))


@app.command(**_OPEN)
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
        schedule = schedule_of(recipe, context.args)
        first, stop = _bounds(schedule, begin, end, 0)
        if form is None:
            ending = output.suffix[1:].lower() if output else ""
            form = Format(ending) if ending in list(Format) else Format.csv
        if output is None or str(output) in ("-", "/dev/stdout"):
            if form is Format.npy and output is None:
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


# --- output ----------------------------------------------------------------------------------


def _console() -> Console:
    return Console(highlight=False)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What the user got wrong in one line, without a traceback."""
    try:
        yield
    except BrokenPipeError:  # its reader has enough, such as head; typer ends without a word
        raise
    except (ValueError, TypeError, OSError) as error:
        typer.echo(f"csched: {str(error).removeprefix('csched: ')}", err=True)
        try:
            sys.stdout.flush()
        except OSError:  # a full disk: Python would try again at its end, and say so
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(2) from None


@contextlib.contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """A name to write to, renamed when all is written: no reader sees half a file."""
    if path.is_dir():
        _check.fail("csched", "--output", "a file", str(path), "it is a folder")
    if path.exists() and not path.is_file():  # a device or a pipe takes what comes
        yield path
        return
    path = path.resolve()  # a link stays one
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
