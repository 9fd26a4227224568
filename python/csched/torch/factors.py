"""What multiplies every lr beside its curve: a plateau's reductions, and changes by hand."""

from __future__ import annotations

import copy
import itertools
import operator
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from csched import _check, legal
from csched.curve import Curve
from csched.plateau import Plateau, staircase
from csched.torch import binding
from csched.torch.binding import WHERE, Bound

_of: weakref.WeakKeyDictionary[Plateau, weakref.WeakSet[Any]] = weakref.WeakKeyDictionary()


class Factors:
    """A plateau or None, and events (step, factor) whose factors multiply from their step on."""

    def __init__(self, plateau: Plateau | None, scheduler: Any) -> None:
        self.plateau = plateau
        if plateau is not None:
            _of.setdefault(plateau, weakref.WeakSet()).add(scheduler)
        self.by_hand: tuple[tuple[int, float], ...] = ()

    def sharing(self, scheduler: Any) -> set[Any]:
        """The schedulers that were given this plateau, and this one."""
        return {scheduler, *(_of.get(self.plateau, ()) if self.plateau is not None else ())}

    def curve(self) -> Curve | None:
        """The product of all, as far as it is known; None for none."""
        found = [self.plateau.curve()] if self.plateau and self.plateau.events else []
        if self.by_hand:
            found.append(_product(self.by_hand))
        return found[0] if len(found) == 1 else found[0] * found[1] if found else None

    def scale(self, factor: Any, t: Any, position: int, bounds: Iterable[Bound]) -> None:
        """Add a change by hand, unless a rate would leave its range; see ``Scheduler.scale``."""
        where = f"{WHERE}.scale"
        factor = _check.real(where, "factor", factor, 0.0)
        hint = "the past is not changed"
        t = position if t is None else _check.integer(where, "from_t", t, position, hint=hint)
        events = tuple(sorted([*self.by_hand, (t, factor)], key=lambda e: e[0]))
        driven = [(b.plain, b.scale, binding.largest(b, "lr")) for b in bounds if b.plain]
        if not driven:
            _check.fail(where, "a group", "with an lr that is scheduled", "none")
        scaled = {plain: plain * _product(events) for plain, _, _ in driven}
        for plain, scale, most in set(driven):
            legal.check(where, "lr", "lr", scaled[plain], scale, most)
        self.by_hand = events

    def options(self) -> dict[str, Any] | None:
        """The plateau's, as plain JSON types."""
        return None if self.plateau is None else self.plateau.options()

    def state_dict(self) -> dict[str, Any]:
        """The fields of the scheduler's state."""
        state: dict[str, Any] = {}
        if self.plateau is not None:
            state["plateau"] = self.plateau.state_dict()
        if self.by_hand:
            state["scaled"] = [list(event) for event in self.by_hand]
        return state

    def read(self, state: Mapping[str, Any], saved: bool) -> Plateau | None:
        """A plateau as it is in the state, with the saved options or with those in use."""
        given = state.get("plateau")
        options = given and given.get("options") if saved else self.options()
        if options is None:
            return None
        if not isinstance(options, Mapping):
            _check.fail_type(f"{WHERE}.load_state_dict", "plateau.options", "an object", options)
        known = list(Plateau().options())
        if unknown := sorted(set(options) - set(known)):
            _check.fail(f"{WHERE}.load_state_dict", "plateau.options", f"among {known}", unknown)
        fresh = Plateau(**options)
        made = fresh if self.plateau is None else copy.copy(self.plateau)
        vars(made).update(vars(fresh))
        if given is not None:
            made.load_state_dict(given)
        return made

    def load_state_dict(self, state: Mapping[str, Any], plateau: Plateau | None) -> None:
        """Go on where ``state_dict`` was taken, with the plateau that was read from it."""
        if self.plateau is not None and plateau is not None:
            vars(self.plateau).update(vars(plateau))  # others may hold it
        else:
            self.plateau = plateau
        events = ((int(t), float(factor)) for t, factor in state.get("scaled", ()))
        self.by_hand = tuple(sorted(events, key=operator.itemgetter(0)))


def _product(events: Iterable[tuple[int, float]]) -> Curve:
    steps, factors = zip(*events, strict=True)
    products = itertools.accumulate(factors, operator.mul)
    return staircase(dict(zip(steps, products, strict=True)).items())
