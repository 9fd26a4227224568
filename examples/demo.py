"""The whole way through once: schedules as arrays, as a picture, and in three frameworks.

Writes ``out/schedules.npz`` and ``out/overview.png``, then trains one network on MNIST-1D three
times under the same ``one_cycle`` and the same ``rex`` schedule, and compares.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "agg")

import gallery
import numpy as np
import torch
import training
from mnist1d.data import get_dataset_args, make_dataset
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

import csched

OUT = Path(__file__).resolve().parent.parent / "out"
HORIZON = 1400  # steps of the gallery
STEPS = 4000  # updates of a training run: 100 epochs in batches of 100


def dataset(folder: Path) -> dict[str, np.ndarray]:
    """MNIST-1D (Greydanus 2020), generated from its own seed; kept in the folder."""
    path = folder / "mnist1d.npz"
    if not path.exists():
        made = make_dataset(get_dataset_args())
        arrays = {name: made[name] for name in ("x", "y", "x_test", "y_test")}
        gallery.replace_file(path, lambda unfinished: np.savez(unfinished, **arrays))
    with np.load(path) as stored:
        return dict(stored)


def schedules(steps: int) -> dict[str, csched.Schedule]:
    """The two that are trained under; rex gets a constant momentum beside it."""
    constant = csched.curve("constant", 0.9, steps=steps)
    return {
        "one_cycle": csched.one_cycle(peak=0.4, steps=steps),
        "rex": csched.rex(peak=0.4, steps=steps).replace(momentum=constant),
    }


def compare(task: training.Task, given: dict[str, csched.Schedule], bar: tqdm) -> Table:
    """Train with every framework under every schedule; a row each."""
    sizes = "-".join(str(len(w)) for w in [*task.weights[::2], task.weights[-1]])
    title = f"MNIST-1D, a {sizes} network, {task.steps} updates"
    table = Table(title=title, title_justify="left")
    table.add_column("framework")
    table.add_column("schedule")
    for heading in ("accuracy", "seconds", "lr exact", "momentum exact"):
        table.add_column(heading, justify="right")
    for name, schedule in given.items():
        planned = schedule.values(dtype=np.float32)
        for train in training.TRAINERS:
            bar.set_description(f"{train.__name__.removeprefix('train_')}, {name}")
            run = train(task, schedule, bar.update)
            same = run.matches(planned)
            table.add_row(
                run.framework,
                name,
                f"{task.accuracy(run.weights):.1%}",
                f"{run.seconds:.1f}",
                *(verdict(same[key], task.steps) for key in ("lr", "momentum")),
            )
    return table


def verdict(same: int, steps: int) -> str:
    return f"[green]all {steps}[/]" if same == steps else f"[red]{same} of {steps}[/]"


def main() -> None:
    begin = time.perf_counter()
    console = Console()
    npz, png, count = gallery.save(OUT, HORIZON)
    console.print(f"{len(gallery.cases(HORIZON))} schedules, {count} values: {npz}")
    console.print(f"their picture: {png}")
    torch.set_num_threads(1)  # layers this small gain nothing from more
    task = training.make_task(dataset(OUT), STEPS)
    given = schedules(STEPS)
    total = STEPS * len(given) * len(training.TRAINERS)
    with tqdm(total=total, unit=" updates", mininterval=0.2) as bar:
        table = compare(task, given, bar)
    console.print(table)
    console.print(
        "accuracy  of the 1000 test examples\n"
        "seconds   of the updates; JAX compiles in them\n"
        "exact     updates whose value, read inside the update, has all the bits of\n"
        "          the float32 array that was computed before",
        style="dim",
    )
    console.print(f"{time.perf_counter() - begin:.0f} seconds in all")


if __name__ == "__main__":
    main()
