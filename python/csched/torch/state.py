"""The state of a scheduler as plain JSON types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from csched import _check, states
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
    known = {"csched", "position", "schedule", "plateau", "scaled"}
    if unknown := sorted(set(state) - known):
        _check.fail(WHERE, "fields", f"among {sorted(known)}", unknown)
    if missing := sorted({"position", "schedule"} - set(state)):
        _check.fail(WHERE, "fields", f"complete; missing {missing}", sorted(state))
    _check.integer(WHERE, "position", state["position"], 0)
    _check_spec(state["schedule"])
    if not isinstance(state.get("plateau", {}), Mapping):
        _check.fail_type(WHERE, "plateau", "an object", state["plateau"])
    for event in _check.items(WHERE, "scaled", state.get("scaled", [])):
        pair = _check.items(WHERE, "scaled", event)
        if len(pair) != 2:
            _check.fail(WHERE, "scaled", "pairs of a step and a factor", event)
        _check.integer(WHERE, "a step of scaled", pair[0], 0)
        _check.real(WHERE, "a factor of scaled", pair[1], 0.0)
    return state


def _check_spec(spec: Any) -> None:
    if not isinstance(spec, Mapping) or "groups" not in spec:
        _check.fail(WHERE, "schedule", 'an object with "groups"', spec)
    for rule in _check.items(WHERE, "groups", spec["groups"]):
        pair = _check.items(WHERE, "groups", rule)
        known = len(pair) == 2 and isinstance(pair[0], (str, int))
        if not known or not isinstance(pair[1], Mapping):
            _check.fail(WHERE, "groups", "pairs of a group and its curves", rule)
    scales = spec.get("scale", {})
    if not isinstance(scales, Mapping):
        _check.fail_type(WHERE, "scale", "an object", scales)
    for label, scale in scales.items():
        _check.real(WHERE, f"scale of group {label!r}", scale, 0.0)


def check_same(saved: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """Refuse a saved spec that differs, naming every field that does, by group."""
    states.require_same(WHERE, _by_group(saved), _by_group(here))


def _by_group(spec: Mapping[str, Any]) -> dict[Any, Any]:
    others = {key: value for key, value in spec.items() if key != "groups"}
    return {**dict(spec["groups"]), **others}
