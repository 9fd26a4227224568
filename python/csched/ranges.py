"""Ranges of steps: what a call of ``values`` asks for, checked, and its array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from csched import _check

if TYPE_CHECKING:
    import numpy.typing as npt

_LARGEST_ARRAY = 2**40


def checked_range(
    steps: int, start: int, stop: int | None, dtype: npt.DTypeLike | None, out: Any
) -> tuple[int, int, np.ndarray[Any, Any]]:
    """start, stop and the buffer of a call of ``values``."""
    where = "Curve.values"
    start = _check.integer(where, "start", start, 0)
    if out is not None:
        if not isinstance(out, np.ndarray):
            _check.fail_type(where, "out", "a NumPy array", type(out).__name__)
        if dtype is not None and _number_type(where, dtype) != out.dtype:
            _check.fail(where, "dtype", f"that of out, {out.dtype}", dtype)
        shape = out.shape
        length = shape[-1] if shape else 0
        end = start + length
        if stop is not None and _check.integer(where, "stop", stop, start, 2**53 + 1) != end:
            _check.fail(where, "out", f"of length stop - start = {stop - start}", length)
        return start, end, out
    end = steps if stop is None else _check.integer(where, "stop", stop, start, 2**53 + 1)
    if end < start:
        _check.fail(where, "start", f"at most steps = {end} when stop is left out", start)
    kind = _number_type(where, np.float64 if dtype is None else dtype)
    if end - start > _LARGEST_ARRAY:
        _check.fail(where, "stop", "such that the array fits in memory; see chunks()", end)
    return start, end, np.empty(end - start, kind)


def _number_type(where: str, dtype: npt.DTypeLike) -> np.dtype[Any]:
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = np.dtype(object)
    if kind not in (np.dtype(np.float64), np.dtype(np.float32)):
        _check.fail(where, "dtype", "float64 or float32", dtype)
    return kind
