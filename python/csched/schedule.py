"""Schedules: named curves on one clock."""

from __future__ import annotations

import keyword
from collections.abc import ItemsView, Iterator, KeysView, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from csched import _check
from csched.curve import Curve
from csched.plain import FORMAT, check_format, from_dict
from csched.ranges import checked_range

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.figure import Figure


class Schedule:
    """Curves by hyperparameter name, on one clock. Frozen, hashable, prints as what one types.

    Parameters
    ----------
    curves : mapping of str to Curve, optional
        For names that are no Python identifiers, such as ``"betas[0]"``.
    **named : Curve
        One curve a hyperparameter.

    Examples
    --------
    >>> import csched
    >>> decay = csched.curve("constant", 0.01, steps=2)
    >>> s = csched.Schedule(lr=csched.curve("linear", 0.1, 0.0, 2), weight_decay=decay)
    >>> s(1)
    {'lr': 0.05, 'weight_decay': 0.01}
    >>> csched.from_json(s.to_json()) == s
    True
    """

    __slots__ = ("_curves",)
    _curves: dict[str, Curve]

    def __init__(self, curves: Mapping[str, Curve] | None = None, /, **named: Curve) -> None:
        if not isinstance(curves, Mapping | None):
            hint = "give it a name: Schedule(lr=...)"
            _check.fail_type("Schedule", "curves", "a mapping of names to curves", curves, hint)
        if twice := [name for name in named if curves and name in curves]:
            _check.fail("Schedule", "a name", "given once", twice)
        made = {**(curves or {}), **named}
        if not made:
            _check.fail("Schedule", "curves", "at least one named curve", made)
        for name, curve in made.items():
            if not isinstance(name, str):
                _check.fail_type("Schedule", "a name", "a str", name)
            if not isinstance(curve, Curve):
                _check.fail_type("Schedule", name, "a Curve", curve)
        object.__setattr__(self, "_curves", made)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Schedule is immutable: cannot set {name!r}")

    def __getitem__(self, name: str) -> Curve:
        try:
            return self._curves[name]
        except KeyError:
            raise KeyError(f"Schedule has no curve {name!r}; it has {list(self._curves)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._curves)

    def __len__(self) -> int:
        return len(self._curves)

    def __contains__(self, name: object) -> bool:
        return name in self._curves

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._curves.keys()

    def items(self) -> ItemsView[str, Curve]:
        """Pairs (name, curve)."""
        return self._curves.items()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self._curves == other._curves

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    def __repr__(self) -> str:
        if all(_is_keyword_argument(name) for name in self):
            return f"Schedule({', '.join(f'{k}={v!r}' for k, v in self.items())})"
        return f"Schedule({self._curves!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return from_json, (self.to_json(),)

    def __call__(self, step: Any, /) -> dict[str, Any]:
        """The value of every curve at a step, or arrays of values at an array of steps."""
        return {name: curve(step) for name, curve in self.items()}

    @property
    def steps(self) -> int:
        """Length in steps: that of the longest curve."""
        return max(curve.steps for curve in self._curves.values())

    @property
    def cycle_ends(self) -> tuple[int, ...]:
        """Cycle ends of ``lr`` where there is one, else of the first curve."""
        return (self._curves.get("lr") or next(iter(self._curves.values()))).cycle_ends

    def values(
        self, start: int = 0, stop: int | None = None, *, dtype: npt.DTypeLike | None = None
    ) -> dict[str, np.ndarray[Any, Any]]:
        """Arrays of the values at steps start, ..., stop - 1, by name; see :meth:`Curve.values`."""
        end = self.steps if stop is None else stop
        checked_range(self.steps, start, end, dtype, None)
        return {k: c.values(start, end, dtype=dtype) for k, c in self.items()}

    def replace(self, **curves: Curve) -> Schedule:
        """The same schedule with some curves exchanged or added."""
        return Schedule({**self._curves, **curves})

    def stretch(self, steps: int) -> Schedule:
        """Every curve over the given number of steps; shorter curves in proportion."""
        steps = _check.integer("Schedule.stretch", "steps", steps, 1)
        whole = self.steps
        return Schedule(
            {k: c.stretch(max(1, round(c.steps * steps / whole))) for k, c in self.items()}
        )

    def extend(self, steps: int, how: str = "stretch", at: int | None = None) -> Schedule:
        """Every curve with another horizon; see :meth:`Curve.extend`.

        Shorter curves in proportion; a curve that is over by ``at`` stays as it is.
        """
        where, whole = "Schedule.extend", self.steps
        held = _check.choice(where, "how", how, ["stretch", "hold"]) == "hold"
        last = whole if held else max(0, whole - 1)
        begin = 0 if at is None else _check.integer(where, "at", at, 0, last)
        steps = _check.integer(where, "steps", steps, whole if held else begin + 1)

        def one(c: Curve) -> Curve:
            if not held and c.steps <= begin:
                return c
            if not held:
                left = (c.steps - begin) * (steps - begin) / max(1, whole - begin)
                return c.extend(begin + max(1, round(left)), how, at)
            return c.extend(c.steps + steps - whole, how, None if at is None else min(at, c.steps))

        return Schedule({k: one(c) for k, c in self.items()})

    def to_json(self, *, indent: int | None = None) -> str:
        """The schedule as JSON text; :func:`from_json` reads it back."""
        import json  # for files only, so not at import

        curves = {k: c.to_dict() for k, c in self.items()}
        return json.dumps({"csched": FORMAT, "curves": curves}, indent=indent, allow_nan=False)

    def describe(self) -> str:
        """Every curve's phases with absolute steps."""
        return "\n".join(f"{name}\n{curve.describe()}" for name, curve in self.items())

    def plot(self, start: int = 0, stop: int | None = None, **kwargs: Any) -> Figure:
        """A matplotlib figure, one panel a curve; needs the extra ``plot``."""
        from csched.plotting import plot  # matplotlib is an extra

        return plot(self, start, stop, **kwargs)


def _is_keyword_argument(name: str) -> bool:
    """Whether the name can be typed in a call; beyond ASCII Python may respell it."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def from_json(text: str) -> Schedule:
    """The schedule that :meth:`Schedule.to_json` wrote.

    Raises
    ------
    ValueError
        If the text is no JSON, of an unknown format, or a field is missing or out of range.

    Examples
    --------
    >>> import csched
    >>> csched.from_json(csched.rex(0.1, 10).to_json()) == csched.rex(0.1, 10)
    True
    """
    import json  # for files only, so not at import

    if not isinstance(text, (str, bytes, bytearray)):
        _check.fail_type("from_json", "text", "a str of JSON, not a file or its name", text)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        _check.fail("from_json", "text", "JSON", text[:80], str(error))
    if not isinstance(data, dict) or not isinstance(data.get("curves"), dict):
        _check.fail("from_json", "text", 'an object with "curves"', text[:80])
    check_format("from_json", data)
    if unknown := sorted(set(data) - {"csched", "curves"}):
        _check.fail("from_json", "fields", "among ['csched', 'curves']", unknown)
    return Schedule({k: from_dict(c) for k, c in data["curves"].items()})
