"""Benchmarks: agree first, then time, then print ratios.

Each benchmark belongs to a group; one of the group is the limit (`limit=True`), what no program can
beat: filling the memory, or storing the values. The table at the end gives medians as multiples of
the limit of the same run. Machines are noisy: compare ratios, not times.
"""

import os
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


def each(bench):
    """Median seconds for doing the thing once."""
    return bench.stats.median / bench.extra_info.get("times", 1)


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
            groups.setdefault(bench.group, []).append(bench)
    lines = []
    for group, benches in groups.items():
        limit = next((b for b in benches if b.extra_info.get("limit")), None)
        lines += [f"\n### {group}\n", "| what | median, us | x limit |", "| --- | ---: | ---: |"]
        for bench in sorted(benches, key=each):
            ratio = f"{each(bench) / each(limit):.2f}" if limit else "-"
            lines.append(f"| {bench.name} | {each(bench) * 1e6:.2f} | {ratio} |")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n")
    terminalreporter.write_line("\n".join(lines))
    terminalreporter.write_line(f"\nwritten to {RESULTS.relative_to(Path.cwd())}")
