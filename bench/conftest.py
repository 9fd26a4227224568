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

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "out" / "bench.md"


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
    """Time several calls, each once a round: `timed_in_turn(group, calls, limit, ...)`.

    For what differs by a few per cent, less than the machine does over a minute. Every round has
    another order: what follows a call that fills the cache is slower. The ratio is the median of
    those of the rounds. The clock may be that of the process, which others do not slow as much.
    """

    def run(group, calls, limit, *, rounds=15, times=1, clock=time.perf_counter):
        seconds = {name: [] for name in calls}
        order, shuffle = list(calls), random.Random(0).shuffle

        def each_once():
            shuffle(order)
            for name in order:
                begin = clock()
                calls[name]()
                seconds[name].append(clock() - begin)

        benchmark.group = group
        benchmark.extra_info.update(in_turn=seconds, limit=limit, times=times)
        benchmark.pedantic(each_once, rounds=rounds, warmup_rounds=1)

    return run


def rows(bench):
    """Name, median seconds for doing it once, whether it is the limit, and its ratio if known."""
    info = bench.extra_info
    once = info.get("times", 1)
    if "in_turn" not in info:
        return [(bench.name, bench.stats.median / once, info.get("limit", False), None)]
    found, limit = info["in_turn"], info["in_turn"][info["limit"]]
    ratios = {
        n: statistics.median(a / b for a, b in zip(t[1:], limit[1:], strict=True))
        for n, t in found.items()
    }
    return [
        (n, statistics.median(t[1:]) / once, n == info["limit"], ratios[n])
        for n, t in found.items()
    ]


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
        limit = next((seconds for _, seconds, is_limit, _ in found if is_limit), None)
        lines += [f"\n### {group}\n", "| what | median, us | x limit |", "| --- | ---: | ---: |"]
        for name, seconds, _, ratio in sorted(found, key=lambda row: row[1]):
            times = f"{ratio:.3f}" if ratio else f"{seconds / limit:.2f}" if limit else "-"
            us = seconds * 1e6
            lines.append(f"| {name} | {us:.{2 if us >= 1 else 4}f} | {times} |")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n")
    terminalreporter.write_line("\n".join(lines))
    terminalreporter.write_line(f"\nwritten to {RESULTS.relative_to(ROOT)}")
