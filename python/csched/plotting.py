"""Pictures of schedules, with matplotlib (extra ``plot``)."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from csched.schedule import Schedule

_POINTS = 2000  # more than a screen has columns


def plot(
    schedule: Schedule, start: int = 0, stop: int | None = None, *, log: bool = False
) -> Figure:
    """One panel a curve over the steps; cycle ends are marked by thin lines.

    Parameters
    ----------
    start, stop : int
        Steps shown; the whole schedule by default.
    log : bool, default False
        Logarithmic values.

    """
    end = schedule.steps if stop is None else stop
    steps = np.unique(np.linspace(start, end, min(_POINTS, end - start + 1)).astype(np.int64))
    figure, axes = plt.subplots(
        len(schedule), 1, sharex=True, squeeze=False, figsize=(7, 2.2 * len(schedule) + 0.6)
    )
    few = [e for e in _first(schedule.cycle_ends, 60) if start <= e < end]
    for ax, (name, curve) in zip(axes[:, 0], schedule.items(), strict=True):
        kwargs: dict[str, Any] = {"where": "post"} if _is_coarse(steps) else {}
        (ax.step if kwargs else ax.plot)(steps, curve(steps), linewidth=1.5, **kwargs)
        for cycle_end in few if len(few) > 1 else ():
            ax.axvline(cycle_end, color="0.8", linewidth=0.6, zorder=0)
        ax.set_ylabel(name)
        ax.set_yscale("log" if log else "linear")
        ax.spines[["top", "right"]].set_visible(False)
    axes[-1, 0].set_xlabel("step")
    figure.tight_layout()
    return figure


def _is_coarse(steps: np.ndarray[Any, Any]) -> bool:
    """Few enough steps that each one can be seen: draw them as steps."""
    return len(steps) <= 60


def _first(items: tuple[int, ...], n: int) -> tuple[int, ...]:
    return items if len(items) <= n else ()
