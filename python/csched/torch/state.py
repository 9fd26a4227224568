"""The state of a scheduler as plain JSON types, and what differs between two."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from csched import _check
from csched.plain import FORMAT, check_format
from csched.schedule import from_json
from csched.torch.binding import Rules

WHERE = "csched.torch.Scheduler.load_state_dict"


def plain(rules: Rules, scales: Mapping[str, float]) -> dict[str, Any]:
    """The spec: schedules by group as [group, curves] pairs, and the scales that are not 1."""
    groups = [[key, json.loads(schedule.to_json())["curves"]] for key, schedule in rules.items()]
    made: dict[str, Any] = {"groups": groups}
    if scales:
        made["scale"] = dict(scales)
    return made


def rules_from(spec: Mapping[str, Any]) -> Rules:
    """The schedules by group that ``plain`` described."""
    return {
        key: from_json(json.dumps({"csched": FORMAT, "curves": curves}))
        for key, curves in spec["groups"]
    }


def checked(state: Any) -> Mapping[str, Any]:
    """A state that this version can read."""
    if not isinstance(state, Mapping):
        _check.fail_type(WHERE, "state", "a mapping", state)
    check_format(WHERE, state)
    known = {"csched", "position", "schedule", "plateau"}
    if unknown := sorted(set(state) - known):
        _check.fail(WHERE, "fields", f"among {sorted(known)}", unknown)
    if missing := sorted({"position", "schedule"} - set(state)):
        _check.fail(WHERE, "fields", f"complete; missing {missing}", sorted(state))
    _check.integer(WHERE, "position", state["position"], 0)
    spec = state["schedule"]
    if not isinstance(spec, Mapping) or "groups" not in spec:
        _check.fail(WHERE, "schedule", 'an object with "groups"', spec)
    return state


def check_same(saved: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """Refuse a saved spec that differs, naming every field that does."""
    found = [f"{path}: {a!r} (saved), {b!r} (here)" for path, a, b in _differences(saved, here)]
    if found:
        hint = "pass spec='saved' or spec='mine' to choose"
        _check.fail(WHERE, "schedule", "the one in use", Listing(found), hint)


class Listing(list[str]):
    """Prints as the differing fields, one after the other."""

    def __repr__(self) -> str:
        count = f"{len(self)} differing field{'s' if len(self) > 1 else ''}"
        return f"{count}: " + "; ".join(self)


def _differences(a: Any, b: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in [*a, *(k for k in b if k not in a)]:
            inner = f"{path}.{key}" if path else str(key)
            yield from _differences(a.get(key), b.get(key), inner)
    elif isinstance(a, list) and isinstance(b, list) and path == "groups":
        yield from _differences(dict(a), dict(b), "")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _differences(x, y, f"{path}[{i}]")
    elif a != b:
        yield path, a, b
