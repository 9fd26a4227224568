"""Curves as plain data, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.sampling import At, Every

FORMAT = 1


def to_dict(curve: Curve) -> dict[str, Any]:
    """The spec as JSON types, with the number of the format."""
    return {"csched": FORMAT, **_plain(curve)}


def _plain(value: Any) -> Any:
    if isinstance(value, Curve):
        made: dict[str, Any] = {"kind": value.kind}
        for field in dataclasses.fields(value):  # type: ignore[arg-type]
            part = getattr(value, field.name)
            if part != field.default:  # so no infinity gets in: both are defaults of clip
                arguments = field.name == "arguments"
                made[field.name] = {k: _plain(v) for k, v in part} if arguments else _plain(part)
        return made
    if isinstance(value, Every):
        return {"every": value.interval}
    if isinstance(value, At):
        return {"at": list(value.marks)}
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def from_dict(data: Mapping[str, Any]) -> Curve:
    """The curve that :meth:`Curve.to_dict` described.

    Raises
    ------
    ValueError
        If the format is unknown, or a field is missing, unknown or out of range.

    Examples
    --------
    >>> import csched
    >>> c = csched.curve("rex", 0.1, 0.0, 10).warmup(5)
    >>> csched.from_dict(c.to_dict()) == c
    True
    """
    if not isinstance(data, Mapping):
        _check.fail_type("from_dict", "data", "a mapping", data)
    check_format("from_dict", data)
    return _curve({k: v for k, v in data.items() if k != "csched"})


def check_format(where: str, data: Mapping[str, Any]) -> None:
    """Refuse data that another version wrote in a format unknown here."""
    if data.get("csched") != FORMAT:
        _check.fail(where, "csched", f"the format number {FORMAT}", data.get("csched"))


def _curve(data: Any) -> Curve:
    from csched import nodes, phases  # both import Curve, whose methods are served from here

    kinds: dict[str, Any] = {**nodes.NODES, "phase": phases.Phase}
    if not isinstance(data, Mapping):
        _check.fail_type("from_dict", "a curve", "a mapping", data)
    kind = kinds[_check.choice("from_dict", "kind", data.get("kind"), kinds)]
    fields = {f.name: f for f in dataclasses.fields(kind)}
    given = {k: v for k, v in data.items() if k != "kind"}
    if unknown := sorted(set(given) - set(fields)):
        _check.fail("from_dict", f"fields of {data['kind']!r}", f"among {list(fields)}", unknown)
    missing = [n for n, f in fields.items() if f.default is dataclasses.MISSING and n not in given]
    if missing:
        _check.fail(
            "from_dict", f"fields of {data['kind']!r}", f"complete; missing {missing}", given
        )
    if kind is phases.Phase:
        arguments = given.pop("arguments", {})
        if not isinstance(arguments, Mapping) or set(arguments) & {*given, "endpoint"}:
            _check.fail("from_dict", "arguments", "those of the profile", arguments)
        sampling = _sampling(given.pop("sampling", None))
        return phases.curve(**given, sampling=sampling, **arguments)
    if "parts" in given:
        if not isinstance(given["parts"], (list, tuple)) or not given["parts"]:
            _check.fail("from_dict", "parts", "a list of at least one curve", given["parts"])
        parts = [_curve(p) for p in given["parts"]]
        return nodes.sequence(*parts) if kind is nodes.Sequence else nodes.combined(kind, *parts)
    given["of"] = _curve(given["of"])
    made: Curve = kind(**given)
    return made


def _sampling(data: Any) -> Every | At | None:
    if data is None:
        return None
    if isinstance(data, Mapping) and set(data) == {"every"}:
        return Every(data["every"])
    if isinstance(data, Mapping) and set(data) == {"at"} and isinstance(data["at"], (list, tuple)):
        return At(tuple(data["at"]))
    _check.fail("from_dict", "sampling", '{"every": ...} or {"at": [...]}', data)
