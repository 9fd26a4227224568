"""Pictures of schedules, with matplotlib (extra ``plot``).

Design
a) A picture shows every value. Where there are more steps than columns, each column shows its
   lowest and its highest step, so that a cycle or a jump narrower than a column is still seen.
b) One panel a hyperparameter; momentum moves in a panel of its own below the learning rate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice, pairwise, takewhile
from typing import Any

import numpy as np

from csched import _check, describing

try:
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, NullLocator
except ModuleNotFoundError as error:
    _check.missing("csched.plotting", "matplotlib", "plot", error)

from csched.curve import Curve
from csched.schedule import Schedule

_COLUMNS = 1000  # about the pixels of a panel
_LARGEST_READ = 2**23  # steps read one by one, in 64 MB; beyond, 16 samples a column
_SEEN_STEPS = 60  # so few steps are drawn as stairs, one a step
_FEW_VALUES = 16  # steps for each value that a curve takes, from which on it is drawn as stairs
_NO_END = 2**49  # laws without an end are made of phases of so many steps
_MOST_CYCLES = 40  # more lines at cycle ends than this would be a grey area
_COLOURS = ("#2b5c8a", "#c2593f", "#4f7f4f", "#7a5a94")
_GREY = "#8a8a8a"
# Inches around a panel of many: y labels left, titles above, x labels below.
_LEFT, _RIGHT, _ABOVE, _BELOW, _GAP = 0.52, 0.25, 0.46, 0.30, 0.24
_SMALL = 0.42  # height of a second panel
_STYLE: Any = {
    "font.size": 8.5,
    "axes.edgecolor": "#b0b0b0",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "xtick.color": "#b0b0b0",
    "ytick.color": "#b0b0b0",
    "xtick.labelcolor": "#555555",
    "ytick.labelcolor": "#555555",
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "xtick.major.size": 3,
}


def plot(
    schedule: Schedule, start: int = 0, stop: int | None = None, *, log: bool = False
) -> Figure:
    """One panel a curve over the steps; dotted lines stand where a new cycle begins.

    Parameters
    ----------
    start, stop : int
        Steps shown; the whole schedule by default, four cycles where it repeats for ever.
    log : bool, default False
        Logarithmic values.

    Returns
    -------
    matplotlib.figure.Figure
        Made by pyplot: ``plt.show()`` shows it, ``figure.savefig("lr.png")`` saves it.
    """
    where = "Schedule.plot"
    _check.flag(where, "log", log)
    begin = _check.integer(where, "start", start, 0)
    whole = max(describing.shown_steps(curve) for _, curve in schedule.items())
    if stop is None and whole >= _NO_END:
        _check.fail(where, "stop", "given where a schedule has no end", stop)
    end = _check.integer(where, "stop", whole if stop is None else stop, begin + 1)
    rows = len(schedule)
    with plt.rc_context(_STYLE):
        figure = plt.figure(figsize=(7.0, 1.1 + 1.9 * rows), layout="constrained")
        grid = figure.add_gridspec(rows, 1)
        top: Axes | None = None
        for i, (name, curve) in enumerate(schedule.items()):
            ax = figure.add_subplot(grid[i, 0], sharex=top)
            top = top or ax
            _draw(ax, curve, begin, end, _COLOURS[i % len(_COLOURS)], log=log)
            ax.grid(axis="y", color="#e9e9e9", linewidth=0.8)
            ax.set_title(name, loc="left", fontsize=9.5, color=_COLOURS[i % len(_COLOURS)])
            ax.tick_params(labelbottom=i == rows - 1)
            ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
            ax.xaxis.set_major_formatter(
                lambda step, _: f"{step:,.0f}" if end < 1e8 else f"{step:g}"
            )
        ax.set_xlabel("step", color="#555555")
    return figure


def small_multiples(
    schedules: Mapping[str, Schedule],
    *,
    columns: int = 4,
    log: Collection[str] = (),
    size: tuple[float, float] = (2.1, 1.15),
) -> Figure:
    """Many schedules side by side, each over its whole length, on scales of their own.

    Parameters
    ----------
    schedules : mapping of str to Schedule
        By title. Lines of a title after the first are set smaller.
    columns : int, default 4
        Panels in a row.
    log : collection of str
        Titles of the schedules shown with logarithmic values.
    size : (float, float)
        Width and height of a panel in inches.
    """
    where = "small_multiples"
    columns = _check.integer(where, "columns", columns, 1, 100)
    if not schedules:
        _check.fail(where, "schedules", "at least one schedule by title", schedules)
    items = list(schedules.items())
    rows = [items[i : i + columns] for i in range(0, len(items), columns)]
    width, height = size
    tall = [height + (max(len(s) for _, s in row) - 1) * (_SMALL * height + _GAP) for row in rows]
    whole = (columns * (width + _LEFT) + _RIGHT, sum(tall) + len(rows) * (_ABOVE + _BELOW))
    with plt.rc_context(_STYLE):
        figure = plt.figure(figsize=whole)
        y = whole[1]
        for row, room in zip(rows, tall, strict=True):
            y -= _ABOVE
            for j, (title, schedule) in enumerate(row):
                corner = (_LEFT + j * (width + _LEFT), y)
                _cell(figure, corner, size, title, schedule, log=title in log)
            y -= room + _BELOW
    return figure


def _cell(
    figure: Figure,
    corner: tuple[float, float],
    size: tuple[float, float],
    title: str,
    schedule: Schedule,
    *,
    log: bool,
) -> None:
    """One schedule of many, from its upper left corner down; lengths in inches."""
    (left, top), (width, height), end = corner, size, schedule.steps
    unit = figure.get_size_inches()
    for k, (name, curve) in enumerate(schedule.items()):
        tall = _SMALL * height if k else height
        top -= tall
        box = (left / unit[0], top / unit[1], width / unit[0], tall / unit[1])
        ax = figure.add_axes(box)
        top -= _GAP
        colour = _COLOURS[k % len(_COLOURS)]
        _draw(ax, curve, 0, end, colour, log=log and k == 0)
        if k == 0:
            first, *others = title.split("\n")
            ax.set_title(first, loc="left", fontweight="bold", pad=16.0 if others else 6.0)
            _note(ax, "\n".join(others), (0, 1), (0, 5), "left", _GREY)
        else:
            _note(ax, name, (1, 1), (0, 2), "right", colour)
        values = np.asarray(ax.lines[0].get_ydata())
        low, high = (values.min(), values.max()) if log and k == 0 else _range(values)
        ax.set_yticks([low, high] if low < high else [high])
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
        ax.set_xticks([0, end])
        ax.tick_params(labelbottom=k == len(schedule) - 1)


def _note(
    ax: Axes, text: str, at: tuple[int, int], shift: tuple[int, int], side: str, colour: str
) -> None:
    ax.annotate(
        text,
        at,
        shift,
        xycoords="axes fraction",
        textcoords="offset points",
        ha=side,
        va="bottom",
        fontsize=7.0,
        color=colour,
    )


def _draw(ax: Axes, curve: Curve, begin: int, end: int, colour: str, *, log: bool) -> None:
    steps = _shown(curve, begin, end)
    values = np.asarray(curve(steps))
    restarts = _restarts(curve, begin, end)
    stairs: dict[str, Any] = {}
    levels = len(np.unique(values)) * _FEW_VALUES <= len(values)
    if end - begin <= _SEEN_STEPS or levels:  # the last step lasts until the end too
        steps, values = np.append(steps, end), np.append(values, values[-1])
        stairs = {"drawstyle": "steps-post"}
    else:  # a restart goes straight up
        jumps = [t for t in restarts if curve(t) > curve(t - 1)]
        places = np.searchsorted(steps, jumps)
        steps = np.insert(steps, places, jumps)
        values = np.insert(values, places, values[np.maximum(0, places - 1)])
    ax.plot(steps, values, color=colour, linewidth=1.4, solid_joinstyle="round", **stairs)
    if log:
        if values.max() <= 0.0:
            constraint = f"False where no value of steps {begin} .. {end - 1} is above 0"
            _check.fail("Schedule.plot", "log", constraint, log)
        ax.set_yscale("log")
    else:
        low, high = _range(values)
        room = (high - low) or abs(high) or 1.0
        ax.set_ylim(low - 0.05 * room, high + 0.08 * room)
        if low == 0.0:  # an area tells the truth only where it stands on 0
            step: Any = "post" if stairs else None
            ax.fill_between(steps, values, color=colour, alpha=0.10, linewidth=0, step=step)
    ax.set_xlim(begin, end)
    for restart in restarts:
        ax.axvline(restart, color=_GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)


def _range(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """What the axis shows: from 0 where the values come near it (a momentum does not)."""
    low, high = float(values.min()), float(values.max())
    return (0.0 if 0.0 <= low < 0.5 * high else low), high


def _restarts(curve: Curve, begin: int, end: int) -> list[int]:
    """Where cycles begin, between the ends of the picture; none if too many to tell apart."""
    inside = takewhile(lambda t: t < end, curve._restarts(begin))
    made = list(islice(inside, _MOST_CYCLES + 1))
    return made if len(made) <= _MOST_CYCLES else []


def _shown(curve: Curve, begin: int, end: int) -> np.ndarray[Any, Any]:
    """The steps to draw: all of them, or the ends and the extremes of each column."""
    count = end - begin
    if count <= 2 * _COLUMNS:
        return np.arange(begin, end, dtype=np.int64)
    if count <= _LARGEST_READ:
        read = np.arange(begin, end, dtype=np.int64)
        values = curve.values(begin, end)
    else:
        read = np.array([begin + i * count // (16 * _COLUMNS) for i in range(16 * _COLUMNS)])
        values = np.asarray(curve(read))
    edges = [i * len(read) // _COLUMNS for i in range(_COLUMNS + 1)]
    kept = {0, len(read) - 1}
    for a, b in pairwise(edges):
        kept.update((a, a + int(values[a:b].argmin()), a + int(values[a:b].argmax())))
    return read[sorted(kept)]
