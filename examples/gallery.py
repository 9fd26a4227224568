"""The schedules of the literature over one horizon: as arrays, and in one picture."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from csched.plotting import small_multiples
from matplotlib import pyplot as plt

import csched


class Case(NamedTuple):
    """A recipe and its arguments; the name is the recipe's, with a variant where there is one."""

    recipe: str
    variant: str
    arguments: dict[str, Any]
    note: str
    log: bool = False

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.recipe, self.variant)))

    def schedule(self, steps: int) -> csched.Schedule:
        return csched.RECIPES[self.recipe](steps=steps, **self.arguments)


def cases(steps: int) -> list[Case]:
    """Every recipe once or more, lengths in proportion to the horizon."""
    leg = {"peak": 0.006, "floor": 0.001, "up_steps": steps // 8}
    beta = 0.001 ** (1.0 / steps)
    return [
        Case("linear", "", {"peak": 0.1, "warmup_steps": 0.1}, "warm-up over 10 %"),
        Case("budgeted_linear", "", {"peak": 0.1}, "nothing to tune"),
        Case("cosine", "", {"peak": 0.1}, "half a cosine"),
        Case("exponential", "", {"peak": 0.1, "gamma": beta**0.7}, "a factor a step"),
        Case("step_decay", "", {"peak": 0.1, "interval": 0.25, "gamma": 0.5}, "every 25 %, by 2"),
        Case("multi_step", "", {"peak": 0.1, "boundaries": [0.5, 0.75]}, "at 50 % and 75 %, by 10"),
        Case("rex", "", {"peak": 0.1}, "beta = 1/2"),
        Case(
            "rex",
            "sampled",
            {"peak": 0.1, "sampling": csched.at(0.5, 0.75)},
            "read at 50 % and 75 % only",
        ),
        Case(
            "sgdr",
            "",
            {"peak": 0.1, "t_0": steps // 7, "t_mult": 2, "peak_mult": 0.7},
            "cycles twice as long, lower peaks",
        ),
        Case("snapshot", "", {"peak": 0.1, "cycles": 5}, "5 cycles, a model saved at each end"),
        Case("lr_range_test", "", {}, "exponential ramp, log scale", log=True),
        Case("lr_range_test", "linear", {"end": 3.0, "profile": "linear"}, "linear ramp"),
        Case("wsd", "", {"peak": 0.1, "warmup_steps": 0.1}, "warm-up, stable, decay"),
        Case("inverse_sqrt", "", {"peak": 0.1, "warmup_steps": 0.1}, "has no end of its own"),
        Case(
            "wsd_s",
            "",
            {"peak": 0.1, "boundaries": [steps // 4, steps // 2], "cooldown_steps": 0.2},
            "cools down at each boundary",
        ),
        Case(
            "jagged",
            "",
            {"peak": 0.1, "interval": steps // 7, "ramp_steps": steps // 50},
            "a short warm-up at each restart",
        ),
        Case("triangular", "", leg, "up and back"),
        Case("triangular2", "", leg, "half the height each cycle"),
        Case("exp_range", "", {**leg, "gamma": beta**0.5}, "height falls every step"),
        Case("triangular", "parabolic", {**leg, "profile": "parabolic"}, "legs of another profile"),
        Case("one_cycle", "", {"peak": 0.8}, "three phases: up, back, annihilation"),
        Case("one_cycle", "cosine", {"peak": 0.8, "profile": "cosine"}, "the same in cosines"),
        Case(
            "one_cycle",
            "two-phase",
            {"peak": 0.8, "warmup_steps": 0.3, "anneal_steps": 0},
            "up and straight down",
        ),
        Case(
            "one_cycle",
            "two-phase-cosine",
            {"peak": 0.8, "warmup_steps": 0.3, "anneal_steps": 0, "profile": "cosine"},
            "the form of PyTorch and fastai",
        ),
    ]


def arrays(schedules: Mapping[str, csched.Schedule]) -> dict[str, np.ndarray]:
    """Every value of every schedule, named ``schedule.hyperparameter``."""
    return {
        f"{name}.{key}": values
        for name, schedule in schedules.items()
        for key, values in schedule.values().items()
    }


def picture(given: list[Case], steps: int) -> Any:
    """All of them, small, side by side."""
    titles = {f"{c.recipe}\n{c.note}": c for c in given}
    schedules = {title: case.schedule(steps) for title, case in titles.items()}
    return small_multiples(schedules, log=[t for t, c in titles.items() if c.log])


def replace_file(path: Path, write: Callable[[Path], None]) -> Path:
    """Write beside the file and rename: a reader sees the old file or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def save(folder: Path, steps: int) -> tuple[Path, Path, int]:
    """Write ``schedules.npz`` and ``overview.png``; also the number of values in the first."""
    given = cases(steps)
    made = arrays({case.name: case.schedule(steps) for case in given})
    npz = replace_file(folder / "schedules.npz", lambda path: np.savez(path, **made))
    figure = picture(given, steps)
    png = replace_file(folder / "overview.png", lambda path: figure.savefig(path, dpi=100))
    plt.close(figure)
    return npz, png, sum(values.size for values in made.values())
