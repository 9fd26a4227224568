"""Who calls what by which name: the search behind ``csched.presets.find``."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import NoReturn

from csched import _check
from csched.presets.names import ALSO, FAMILIES

__all__ = ["Entry", "find"]


@dataclass(frozen=True)
class Entry:
    """A name in a library: the preset, the family of shapes it is in, and how it differs there."""

    library: str
    name: str
    family: str
    differs: str
    aliases: tuple[str, ...] = ()

    def __str__(self) -> str:
        also = f" ({', '.join(self.aliases)})" if self.aliases else ""
        return f"{self.library}.{self.name}{also}: {self.family}; {self.differs}"


def _entries() -> list[Entry]:
    made = []
    for family, rows in FAMILIES.items():
        for library, names, differs in rows:
            name, *aliases = names.split()
            made.append(Entry(library, name, family, differs, tuple(aliases)))
    return made


EMPTY = {"with", "schedule", "scheduler", "lr", "get", "param", "the"}


def _words(text: str) -> set[str]:
    parts = re.findall(r"\d?[A-Z]+(?=[A-Z][a-z])|\d?[A-Z]?[a-z0-9]+|[A-Z]+", text)
    return {_stem(p.lower()) for p in parts} - EMPTY


def _stem(word: str) -> str:
    """Restarts as restart, annealing as anneal."""
    for ending in ("ing", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 3:
            return word.removesuffix(ending)
    return word


def _joined(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())


def _rank(name: str, entry: Entry) -> int | None:
    """How well a name fits: 0 it is its own, 1 all its words are in it, 2 in its family's."""
    own = (entry.name, *entry.aliases)
    if name in own:
        return 0
    wanted, text = _words(name), _joined(name)
    if (wanted and any(wanted <= _words(n) for n in own)) or (
        len(text) > 3 and any(text in _joined(n) for n in own)
    ):
        return 1
    family = f"{entry.family} {ALSO.get(entry.family, '')}"
    near = bool(wanted) and wanted <= _words(family)
    return 2 if near or (len(text) > 3 and text in _joined(family)) else None


def find(name: str) -> list[Entry]:
    """Who calls what by this name, and how they differ.

    First what is called so, then names that hold its words (capitals, underscores, plurals and
    spaces do not matter), then the rest of the families these are in and those known by that name.

    >>> for entry in find("cosine_with_restarts")[:2]:
    ...     print(entry.library, entry.name)
    transformers get_cosine_with_hard_restarts_schedule_with_warmup
    torch CosineAnnealingWarmRestarts

    Raises
    ------
    ValueError
        If no library has such a name.

    """
    if not isinstance(name, str):
        _check.fail_type("presets.find", "name", "a str", name)
    entries = _entries()
    ranks = {entry: rank for entry in entries if (rank := _rank(name, entry)) is not None}
    if not ranks:
        _nothing(name, entries)
    best = min(ranks.values())
    families = {entry.family for entry, rank in ranks.items() if rank == best < 2}
    if len(families) <= MOST_FAMILIES:
        ranks |= {e: 3 for e in entries if e.family in families and e not in ranks}
    return sorted(ranks, key=lambda entry: ranks[entry])


MOST_FAMILIES = 2
"""A name met in more families ("warmup") names none of them."""


def _nothing(name: str, entries: list[Entry]) -> NoReturn:
    names = sorted({n for e in entries for n in (e.name, *e.aliases)} | {e.family for e in entries})
    close = difflib.get_close_matches(name, names, 3, 0.5)
    hint = f"did you mean {', '.join(map(repr, close))}?" if close else ""
    if "plateau" in name.lower() or "greedy" in name.lower():
        hint = "what follows a metric is no function of the step: see csched.plateau.Plateau"
    _check.fail("presets.find", "name", "one that a library uses", name, hint)
