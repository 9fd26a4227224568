"""Many curves at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from csched import _check, _core
from csched.curve import Curve, checked_range


class Stack:
    """Curves side by side; see :func:`stack`."""

    __slots__ = ("_programs", "curves")

    def __init__(self, curves: Iterable[Curve]) -> None:
        self.curves = tuple(curves)
        for c in self.curves:
            if not isinstance(c, Curve):
                _check.fail_type("stack", "curves", "Curves", c)
        self._programs = [c.program for c in self.curves]

    def __len__(self) -> int:
        return len(self.curves)

    @property
    def steps(self) -> int:
        """Steps of the longest curve."""
        return max((c.steps for c in self.curves), default=0)

    def values(
        self,
        start: int = 0,
        stop: int | None = None,
        *,
        dtype: npt.DTypeLike | None = None,
        out: Any = None,
    ) -> np.ndarray[Any, Any]:
        """Array of shape (curves, stop - start): row i holds the values of curve i.

        Parameters as for :meth:`Curve.values`; ``out`` has two dimensions.
        """
        if out is None:
            start, end, row = checked_range(self.steps, start, stop, dtype, None)
            out = np.empty((len(self.curves), end - start), row.dtype)
        _core.fill_rows(self._programs, out, start)
        return np.asarray(out)


def stack(curves: Iterable[Curve]) -> Stack:
    """Put curves side by side, to get all their values in one call.

    >>> import csched
    >>> rates = [csched.curve("linear", peak, 0.0, 2) for peak in (1.0, 2.0)]
    >>> csched.stack(rates).values().tolist()
    [[1.0, 0.5], [2.0, 1.0]]
    """
    return Stack(curves)
