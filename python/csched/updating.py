"""Optimizers of NumPy arrays: parameters, a clock, and the arrays an update rule keeps.

Design
a) The schedule is read once an update, at ``position``; update t uses the value at t. The position
   and the arrays of the optimizer are all its state.
b) An update checks everything first (scheduled values, gradients, their norm) and allocates what
   it lacks; after that nothing can fail. An update that raises has changed nothing.
c) With small arrays the time goes to Python: 100 arrays of 1000 floats took 0.8 us an array for
   checks and 0.3 us for the update, one array 4 us for passing tuples and coefficients on. So the
   usual case, a gradient for every parameter and laid out as it is, is found out in one call to C,
   which then takes the lists as they are; ``spreading.py`` has the others, and threads.
d) The arithmetic is in ``csched/sgd.h``. Subclasses (``numpy.py``) give it its coefficients, which
   are numbers per update and not per element.
"""

from __future__ import annotations

import abc
import functools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from csched import _check, _core, parameters, spreading, states
from csched.curve import Curve
from csched.parameters import looks
from csched.plain import FORMAT, check_format
from csched.schedule import Schedule, from_json
from csched.spreading import Array, Lists, Row

Arrays = Sequence[Array] | Mapping[str, Array]
Gradients = Sequence[Array | None] | Mapping[str, Array | None]
Given = Sequence[Array | None]  # gradients, one a parameter

_CHECKED_WHEN_ATTACHED = 2**20  # values of a curve, 5 ms; later ones are checked when used
_NORM_GUARD = 1e-6  # torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6


class Optimizer(abc.ABC):
    """What SGD, Adam and AdamW share; their arguments are ``settings``, plain JSON types."""

    where: ClassVar[str]
    state_names: ClassVar[tuple[str, ...]]
    below: ClassVar[dict[str, float]]  # hyperparameter: its values lie in [0, below)

    def __init__(
        self,
        params: Arrays,
        schedule: Schedule | Curve,
        constants: dict[str, float],
        settings: dict[str, Any],
        threads: int,
    ) -> None:
        self._named = isinstance(params, Mapping)
        self._params = parameters.checked(self.where, params)
        self._weights = list(self._params.values())
        self._follow(self._checked_schedule(schedule), constants)
        self._settings = settings
        self._threads = _check.integer(self.where, "threads", threads, 1, 1024)
        self._position = 0
        self._counts = [0] * len(self._weights)  # of the updates that used the state
        self._state: tuple[list[Array | None], ...]  # a list a name, None where the count is 0
        self._state = tuple([None] * len(self._weights) for _ in self.state_names)
        self._even = False  # whether all counts are the same and positive
        self._last: dict[str, float] | None = None

    def _follow(self, schedule: Schedule, constants: dict[str, float]) -> None:
        """Take values from the schedule, and constants for what it does not have."""
        self._schedule = schedule
        self._constants = {k: v for k, v in constants.items() if k not in schedule}
        self._curves = [(name, curve, self.below[name]) for name, curve in schedule.items()]
        self._values = dict.fromkeys(schedule, math.nan) | self._constants  # a copy an update

    def __repr__(self) -> str:
        words = "".join(f", {name}={value!r}" for name, value in self._settings.items())
        name = self.where.rpartition(".")[2]
        return f"{name}(<{len(self._params)} arrays>, {self._schedule!r}{words})"

    def _checked_schedule(self, schedule: Any) -> Schedule:
        if isinstance(schedule, Curve):
            schedule = Schedule(lr=schedule)
        if not isinstance(schedule, Schedule):
            hint = "a constant is csched.curve('constant', value, steps=n)"
            _check.fail_type(self.where, "schedule", "a Schedule or a Curve", schedule, hint)
        if "lr" not in schedule or not set(schedule) <= set(self.below):
            constraint = f"of 'lr' and any of {[name for name in self.below if name != 'lr']}"
            _check.fail(self.where, "the curves of schedule", constraint, list(schedule))
        for name, curve in schedule.items():
            values = curve.values(0, min(curve.steps, _CHECKED_WHEN_ATTACHED))
            legal = (values >= 0.0) & (values < self.below[name])
            if not legal.all():
                t = int(np.argmin(legal))
                self._refuse_value(name, float(values[t]), t)
        return schedule

    def _refuse_value(self, name: str, value: float, t: int) -> None:
        constraint = f"in [0, {self.below[name]:g}) at every step"
        _check.fail(self.where, f"schedule[{name!r}]", constraint, value, f"at step {t}")

    # --- the clock -------------------------------------------------------------------------

    @property
    def schedule(self) -> Schedule:
        """The schedule it follows."""
        return self._schedule

    @property
    def position(self) -> int:
        """Index of the update about to be made, from 0."""
        return self._position

    def seek(self, t: int) -> None:
        """Let the next update be update t of the schedule; velocities and moments stay."""
        self._position = _check.integer(f"{self.where}.seek", "t", t, 0)

    @property
    def hyperparameters(self) -> dict[str, float]:
        """What the update about to be made will use: scheduled values and constants."""
        position, values = self._position, self._values.copy()
        for name, curve, below in self._curves:
            value = values[name] = curve(position)
            if not 0.0 <= value < below:
                self._refuse_value(name, value, position)
        return values

    def last_applied(self) -> dict[str, float] | None:
        """What the last update used; None before this object's first one."""
        return self._last and dict(self._last)

    # --- updating --------------------------------------------------------------------------

    def step(self, grads: Gradients) -> None:
        """Update every parameter in place and move on to the next position.

        Parameters
        ----------
        grads : list or dict of arrays, as ``params``
            Of the shape and type of their parameters, any stride; only read. None leaves its
            parameter alone. A gradient may be its parameter, but else share memory with none:
            parameters are updated one after the other.

        Raises
        ------
        TypeError, ValueError
            If gradients do not fit, a scheduled value is outside its range, or ``max_norm`` is
            set and the norm is not finite. Nothing is changed then.
        """
        values = self.hyperparameters
        given = self._listed(grads)
        lie = _core.side_by_side(self._weights, given)
        if not lie:
            self._check_each(given)
        self._update(values, given, lie, self._clip(given, lie))
        self._position += 1
        self._last = values

    @abc.abstractmethod
    def _update(self, values: dict[str, float], given: Given, lie: int, clip: float) -> None:
        """Apply the rule with these values, gradients times ``clip``.

        ``lie`` is what ``_core.side_by_side`` says of them: 0 if any needs to be looked at.
        """

    def _listed(self, grads: Any) -> Given:
        if self._named:
            if not isinstance(grads, Mapping) or grads.keys() != self._params.keys():
                found = list(grads) if isinstance(grads, Mapping) else type(grads).__name__
                constraint = f"a dict with the keys {list(self._params)}"
                _check.fail(f"{self.where}.step", "grads", constraint, found)
            return [grads[name] for name in self._params]
        if not isinstance(grads, (list, tuple)) or len(grads) != len(self._params):
            size = len(grads) if isinstance(grads, (list, tuple)) else type(grads).__name__
            constraint = f"a list of {len(self._params)} arrays"
            _check.fail(f"{self.where}.step", "grads", constraint, size)
        return grads

    def _check_each(self, given: Given) -> None:
        where = f"{self.where}.step"
        for (name, w), g in zip(self._params.items(), given, strict=True):
            if g is None:
                continue
            if not isinstance(g, np.ndarray) or isinstance(g, np.ma.MaskedArray):
                _check.fail_type(where, f"grads[{self._key(name)}]", "a NumPy array or None", g)
            if g.shape != w.shape or g.dtype != w.dtype:
                _check.fail(where, f"grads[{self._key(name)}]", looks(w), looks(g))

    def _number(self, name: str, value: Any) -> float:
        """A constant where a schedule of that name has to be."""
        return _check.real(self.where, name, value, 0.0, self.below[name], open_high=True)

    def _key(self, name: str) -> str:
        return repr(name) if self._named else name

    def _clip(self, given: Given, lie: int) -> float:
        """The factor that takes the global norm of the gradients down to ``max_norm``."""
        max_norm: float | None = self._settings["max_norm"]
        if max_norm is None:
            return 1.0
        rows = list(given)
        if lie < 2:
            rows = [
                g if g.flags.c_contiguous and g.flags.aligned else g.copy()
                for g in rows
                if g is not None
            ]
        sums = spreading.spread(_core.squares, rows, self._threads)
        norm = math.sqrt(math.fsum(s for part in sums for s in part))
        if not math.isfinite(norm):
            hint = "nothing was changed"
            _check.fail(f"{self.where}.step", "the norm of grads", "finite", norm, hint)
        return min(1.0, max_norm / (norm + _NORM_GUARD))

    def _without_state(self, given: Given, lie: int) -> Lists:
        if lie:
            return self._weights, given
        rows = zip(self._weights, given, strict=True)
        return spreading.columns([(w, g) for w, g in rows if g is not None])

    def _with_state(self, given: Given, lie: int) -> list[tuple[int, Lists]]:
        """Lists with the arrays kept, and the count of their updates, this one included."""
        if not (lie and self._even):
            return self._one_by_one(given)
        count = self._counts[0] + 1
        self._counts = [count] * len(self._counts)
        return [(count, (self._weights, given, *self._state))]

    def _one_by_one(self, given: Given) -> list[tuple[int, Lists]]:
        if not all(self._counts):
            self._allocate(given)
        by_count: dict[int, list[Row]] = {}
        for i, (w, g, *kept) in enumerate(zip(self._weights, given, *self._state, strict=True)):
            if g is not None:
                self._counts[i] += 1
                by_count.setdefault(self._counts[i], []).append((w, g, *kept))
        self._even = 0 < min(self._counts, default=0) == max(self._counts, default=0)
        return [(count, spreading.columns(rows)) for count, rows in by_count.items()]

    def _allocate(self, grads: Given) -> None:
        """Zeros for parameters that get their first gradient."""
        new = [
            (i, [np.zeros_like(w) for _ in self.state_names])
            for i, (w, g, count) in enumerate(zip(self._weights, grads, self._counts, strict=True))
            if g is not None and not count
        ]
        for i, arrays in new:
            for kept, array in zip(self._state, arrays, strict=True):
                kept[i] = array

    def _updater(self, lie: int) -> Callable[..., None]:
        """What applies a rule to lists: the core itself, where no row needs to be looked at."""
        if lie and self._threads == 1:
            return _core.update
        return functools.partial(spreading.update, self._threads, lie)

    # --- saving ----------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Position, spec and arrays: ``{"head": {...}, "arrays": {"velocity/0": ..., ...}}``.

        ``head`` holds JSON types only; the arrays are copies. To a file, and back::

            np.savez(path, head=json.dumps(state["head"]), **state["arrays"])

            arrays = dict(np.load(path))
            state = {"head": json.loads(str(arrays.pop("head"))), "arrays": arrays}
        """
        arrays = {
            f"{kind}/{name}": array.copy()
            for name, *kept in zip(self._params, *self._state, strict=True)
            for kind, array in zip(self.state_names, kept, strict=True)
            if array is not None
        }
        counts = {k: n for k, n in zip(self._params, self._counts, strict=True) if n}
        head = {**self._spec(), "position": self._position, "counts": counts}
        return {"head": head, "arrays": arrays}

    def _spec(self) -> dict[str, Any]:
        curves = json.loads(self._schedule.to_json())["curves"]
        return {
            "csched": FORMAT,
            "kind": self.where,
            "schedule": curves,
            "settings": dict(self._settings),
        }

    def load_state_dict(
        self, state: Mapping[str, Any], spec: Literal["mine", "saved"] | None = None
    ) -> None:
        """Go on where ``state`` was saved; parameters are the caller's to restore.

        Parameters
        ----------
        state : dict
            What :meth:`state_dict` returned.
        spec : "mine", "saved" or None, default None
            Which schedule and settings to follow if they differ. None: raise and name the fields.

        Raises
        ------
        ValueError
            For the state of another optimizer, an unknown format, a spec that differs, or arrays
            that are missing or do not fit. Nothing is changed then.
        """
        where = f"{self.where}.load_state_dict"
        if not isinstance(state, Mapping) or not {"head", "arrays"} <= set(state):
            found = list(state) if isinstance(state, Mapping) else state
            _check.fail_type(where, "state", 'a dict with "head" and "arrays"', found)
        head = state["head"]
        if not isinstance(head, Mapping) or not isinstance(state["arrays"], Mapping):
            _check.fail_type(where, "head and arrays", "two dicts", [head, state["arrays"]])
        check_format(where, head)
        mine = self._spec()
        saved = {key: head.get(key) for key in mine}
        if saved["kind"] != mine["kind"]:
            _check.fail(where, "kind", repr(mine["kind"]), saved["kind"])
        position = _check.integer(where, "position", head.get("position"), 0)
        target = self
        if spec is None:
            states.require_same(where, saved, mine)
        elif _check.choice(where, "spec", spec, ["mine", "saved"]) == "saved":
            target = self._with_spec(saved)
        kept = self._checked_state(where, state["arrays"])
        counts = _checked_counts(where, head.get("counts"), kept)
        self._follow(target._schedule, target._constants)
        self._settings = target._settings
        self._counts = [counts.get(name, 0) for name in self._params]
        rows = [kept.get(name, (None,) * len(self.state_names)) for name in self._params]
        self._state = tuple([row[k] for row in rows] for k in range(len(self.state_names)))
        self._even = False  # found out by the next update
        self._position, self._last = position, None

    def _with_spec(self, spec: Mapping[str, Any]) -> Optimizer:
        settings = spec["settings"]
        if not isinstance(settings, Mapping) or set(settings) != set(self._settings):
            where, known = f"{self.where}.load_state_dict", f"a dict of {list(self._settings)}"
            _check.fail(where, "settings", known, settings)
        schedule = from_json(json.dumps({"csched": FORMAT, "curves": spec["schedule"]}))
        params = self._params if self._named else list(self._params.values())
        make: Callable[..., Optimizer] = type(self)
        return make(params, schedule, **spec["settings"])

    def _checked_state(self, where: str, arrays: Mapping[str, Array]) -> dict[str, Row]:
        names = {name: [f"{kind}/{name}" for kind in self.state_names] for name in self._params}
        known = [key for keys in names.values() for key in keys]
        if unknown := sorted(set(arrays) - set(known)):
            _check.fail(where, "arrays", f"among {known}", unknown)
        kept: dict[str, Row] = {}
        for name, keys in names.items():
            w = self._params[name]
            if not any(key in arrays for key in keys):
                continue
            kept[name] = tuple(np.zeros_like(w) for _ in keys)
            for key, array in zip(keys, kept[name], strict=True):
                found = arrays.get(key)
                if not isinstance(found, np.ndarray) or looks(found) != looks(w):
                    got = looks(found) if isinstance(found, np.ndarray) else found
                    _check.fail(where, f"arrays[{key!r}]", looks(w), got)
                array[...] = found
        return kept


def _checked_counts(where: str, counts: Any, kept: Mapping[str, Row]) -> dict[str, int]:
    if not isinstance(counts, Mapping) or set(counts) != set(kept):
        _check.fail(where, "counts", f"of the arrays {sorted(kept)}", counts)
    return {k: _check.integer(where, f"counts[{k!r}]", n, 1) for k, n in counts.items()}
