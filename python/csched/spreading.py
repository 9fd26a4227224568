"""A rule of the core over lists of arrays, at any strides and in threads.

Design
a) A row is a parameter, its gradient and the arrays its rule keeps; the core takes columns of them.
b) Each thread takes its part of all arrays, of a single large one too.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from csched import _core

Array = np.ndarray[Any, Any]
Row = tuple[Array, ...]  # parameter, gradient, arrays of the state
Lists = tuple[Sequence[Any], ...]  # parameters, gradients, arrays of the state

_BUFFER = 2**14  # elements of strided arrays copied at a time; those of a row fit in 1 MB


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "csched.numpy")


if hasattr(os, "register_at_fork"):  # a child would have the pool without its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def columns(rows: Sequence[Row]) -> Lists:
    """Rows as the core takes them."""
    return tuple(zip(*rows, strict=True))


def update(threads: int, lie: int, rule: str, lists: Lists, **coefficients: Any) -> None:
    """Apply a rule; ``lie`` is what ``_core.side_by_side`` says of parameters and gradients."""
    apply = functools.partial(_core.update, rule, **coefficients)
    if lie:
        spread(apply, lists, threads)
        return
    ready: list[Row] = []
    others: list[Row] = []
    for row in zip(*lists, strict=True):
        (ready if _core.side_by_side(row[:1], row[1:2]) else others).append(row)
    if ready:
        spread(apply, columns(ready), threads)
    for w, g, *kept in others:
        # g as w and the state lie; a transposed one of 1024 x 1024 float32 takes 4 ms to copy,
        # and took 50 ms through the buffers of _in_blocks
        copied = np.empty_like(w)
        copied[...] = g
        row = (w, copied, *kept)
        if _core.side_by_side([w], [copied]):
            spread(apply, columns([row]), threads)
        else:
            _in_blocks(apply, row)


def spread(work: Callable[..., Any], arrays: Any, threads: int) -> list[Any]:
    """What ``work(arrays, part, parts)`` returns for every part, each in a thread."""
    if threads == 1:
        return [work(arrays)]
    tasks = [_pool(threads).submit(work, arrays, k, threads) for k in range(1, threads)]
    return [work(arrays, 0, threads), *(task.result() for task in tasks)]


def _in_blocks(apply: Callable[..., Any], row: Row) -> None:
    """Update arrays of any strides through contiguous buffers."""
    flags = [["readwrite", "contig", "aligned"] for _ in row]
    flags[1] = ["readonly", "contig", "aligned"]
    options = ["external_loop", "buffered"]
    with np.nditer(row, options, flags, buffersize=_BUFFER) as blocks:  # type: ignore[arg-type]
        for block in blocks:
            apply(columns([tuple(block)]))
