"""Benchmarks: agree first, then time, then print ratios.

Each benchmark belongs to a group; one of the group is the limit (`limit=True`), what no program can
beat: filling the memory, or storing the values. The table at the end gives medians as multiples of
the limit of the same run. Machines are noisy: compare ratios, not times.
"""

import os
import random
import statistics
import time
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

RESULTS = Path(__file__).parent.parent / "out" / "bench.md"


@pytest.fixture
def timed(benchmark):
    """Time a call that does a thing `times`: `timed(group, name, call, limit=False, ...)`."""

    def run(group, name, call, *, limit=False, rounds=15, iterations=1, times=1):
        benchmark.group = group
        benchmark.name = name
        benchmark.extra_info.update(limit=limit, times=times)
        benchmark.pedantic(call, rounds=rounds, iterations=iterations, warmup_rounds=2)

    return run


@pytest.fixture
def timed_in_turn(benchmark):
    """Time several calls, each once a round: `timed_in_turn(group, calls, limit)`.

    For what takes long and differs by a few per cent, less than the machine does over a minute.
    Every round has another order: what follows a call that fills the cache is slower.
    """

    def run(group, calls, limit, *, rounds=15):
        times = {name: [] for name in calls}
        order, shuffle = list(calls), random.Random(0).shuffle

        def each_once():
            shuffle(order)
            for name in order:
                begin = time.perf_counter()
                calls[name]()
                times[name].append(time.perf_counter() - begin)

        benchmark.group = group
        benchmark.extra_info.update(in_turn=times, limit=limit)
        benchmark.pedantic(each_once, rounds=rounds, warmup_rounds=1)

    return run


def rows(bench):
    """Name, median seconds for doing the thing once, and whether it is the limit."""
    info = bench.extra_info
    if "in_turn" in info:
        return [
            (n, statistics.median(t[1:]), n == info["limit"]) for n, t in info["in_turn"].items()
        ]
    return [(bench.name, bench.stats.median / info.get("times", 1), info.get("limit", False))]


def agree(ours, theirs, rtol):
    """Rivals must compute the same values before anybody is timed."""
    np.testing.assert_allclose(theirs, ours, rtol=rtol, atol=0.0)


def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, "_benchmarksession", None)
    if session is None or not session.benchmarks:
        return
    groups = {}
    for bench in session.benchmarks:
        if bench.stats is not None and bench.stats.rounds:
            groups.setdefault(bench.group, []).extend(rows(bench))
    lines = []
    for group, found in groups.items():
        limit = next((seconds for _, seconds, is_limit in found if is_limit), None)
        lines += [f"\n### {group}\n", "| what | median, us | x limit |", "| --- | ---: | ---: |"]
        for name, seconds, _ in sorted(found, key=lambda row: row[1]):
            ratio = f"{seconds / limit:.2f}" if limit else "-"
            lines.append(f"| {name} | {seconds * 1e6:.2f} | {ratio} |")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n")
    terminalreporter.write_line("\n".join(lines))
    terminalreporter.write_line(f"\nwritten to {RESULTS.relative_to(Path.cwd())}")
