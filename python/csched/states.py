"""What differs between a saved spec and the one in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from csched import _check


def require_same(where: str, saved: Any, here: Any) -> None:
    """Refuse a saved spec that differs, naming every field that does."""
    found = [f"{path}: {a!r} (saved), {b!r} (here)" for path, a, b in differences(saved, here)]
    if found:
        hint = "pass spec='saved' or spec='mine' to choose"
        _check.fail(where, "the saved spec", "the one in use", Listing(found), hint)


class Listing(list[str]):
    """Prints as the differing fields, one after the other."""

    def __repr__(self) -> str:
        count = f"{len(self)} differing field{'s' if len(self) > 1 else ''}"
        return f"{count}: " + "; ".join(self)


def differences(a: Any, b: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, first and second value of every field that differs between two trees of JSON types."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in [*a, *(k for k in b if k not in a)]:
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(a.get(key), b.get(key), inner)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from differences(x, y, f"{path}[{i}]")
    elif a != b:
        yield path, a, b
