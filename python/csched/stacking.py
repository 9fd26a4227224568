"""Many curves at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from csched import _check, _core
from csched.curve import Curve
from csched.ranges import checked_range
from csched.schedule import Schedule

if TYPE_CHECKING:
    import numpy.typing as npt


class Stack:
    """Curves side by side; see :func:`stack` and :func:`grid`.

    curves: the curves, a row of ``values`` each. steps: of the longest one. arguments: what
    :func:`grid` made each of from.
    """

    __slots__ = ("_ending", "_programs", "arguments", "curves", "steps")

    def __init__(
        self, curves: Iterable[Curve], arguments: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        self.curves = tuple(_check.items("stack", "curves", curves))
        self.arguments = tuple(arguments)
        for c in self.curves:
            if not isinstance(c, Curve):
                _check.fail_type("stack", "curves", "Curves", c)
        # asking 10,000 curves at every call would take as long as filling a third of their values
        self.steps = max((c.steps for c in self.curves), default=0)
        self._ending = [c for c in self.curves if type(c)._check_stop is not Curve._check_stop]
        self._programs = [c.program for c in self.curves]

    def __repr__(self) -> str:
        return f"<Stack of {len(self)} curves, {self.steps} steps>"

    def __len__(self) -> int:
        return len(self.curves)

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
        start, end, row = checked_range(self.steps, start, stop, dtype, out)
        for c in self._ending:
            c._check_stop(end)
        if out is None:
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


def grid(make: Callable[..., Curve | Schedule], *, curve: str = "lr", **arguments: Any) -> Stack:
    """All combinations of arguments of a recipe, as a stack: for sweeps.

    Parameters
    ----------
    make : callable
        A recipe, or :func:`csched.curve`, or any function that returns a Curve or a Schedule.
    curve : str, default "lr"
        Which curve of a Schedule to take.
    **arguments
        A list or an array is swept, the last argument fastest; anything else is the same for all.

    Examples
    --------
    >>> import csched
    >>> g = csched.grid(csched.rex, peak=[0.1, 0.2], beta=[0.0, 0.5], steps=4)
    >>> g.values().shape
    (4, 4)
    >>> g
    <Stack of 4 curves, 4 steps>
    >>> g.arguments[1]
    {'peak': 0.1, 'beta': 0.5, 'steps': 4}
    """
    if not callable(make):
        _check.fail_type("grid", "make", "a recipe, curve or a function that returns these", make)
    swept = [
        v.tolist() if isinstance(v, np.ndarray) else v if isinstance(v, list) else [v]
        for v in arguments.values()
    ]
    rows = [dict(zip(arguments, row, strict=True)) for row in itertools.product(*swept)]
    made = (make(**row) for row in rows)
    return Stack((m[curve] if isinstance(m, Schedule) else m for m in made), rows)
