"""The arrays that an optimizer updates in place: writable, of floats, and apart in memory."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from csched import _check
from csched.spreading import Array


def checked(where: str, params: Any) -> dict[str, Array]:
    """The arrays by name; in a list they are named by their numbers."""
    if not isinstance(params, (Mapping, list, tuple)):
        hint = "put a single array into a list"
        _check.fail_type(where, "params", "a list or dict of arrays", type(params).__name__, hint)
    pairs = list(params.items() if isinstance(params, Mapping) else enumerate(params))
    for key, w in pairs:
        name = f"params[{key!r}]"
        if isinstance(params, Mapping) and not isinstance(key, str):
            _check.fail_type(where, "a key of params", "a str", key)
        if not isinstance(w, np.ndarray) or isinstance(w, np.ma.MaskedArray):
            hint = "a mask would not be heeded" if isinstance(w, np.ma.MaskedArray) else ""
            _check.fail_type(where, name, "a NumPy array", w, hint)
        if w.dtype not in (np.dtype(np.float64), np.dtype(np.float32)):
            _check.fail_type(where, name, "of float64 or float32", str(w.dtype))
        spread_out = all(step or n == 1 for step, n in zip(w.strides, w.shape, strict=True))
        if w.size and not spread_out:
            _check.fail(where, name, "of elements of their own", f"strides {w.strides}")
        if not w.flags.writeable:
            _check.fail(where, name, "writable", "a read-only array")
    _check_apart(where, pairs)
    return {str(key): w for key, w in pairs}


def _check_apart(where: str, pairs: list[tuple[Any, Array]]) -> None:
    """Refuse parameters that share memory with the next one in it: reshaped, transposed, cut."""
    order = sorted(range(len(pairs)), key=lambda i: (_lowest(pairs[i][1]), i))
    for i, j in itertools.pairwise(order):
        if np.shares_memory(pairs[i][1], pairs[j][1]):
            (first, _), (name, _) = pairs[min(i, j)], pairs[max(i, j)]
            found = f"that of params[{first!r}]"
            _check.fail(where, f"params[{name!r}]", "an array of its own", found)


def _lowest(w: Array) -> int:
    """The lowest address of an array."""
    back: int = sum(s * (n - 1) for s, n in zip(w.strides, w.shape, strict=True) if s < 0 < n)
    return back + int(w.ctypes.data)


def looks(array: Array) -> str:
    """Type and shape, as errors name them."""
    return f"{array.dtype} of shape {array.shape}"
