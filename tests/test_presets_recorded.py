"""Presets against what their peers gave: tests/data/peers, written by tests/peers/record.py.

200 random calls a preset, every step of the horizon and 20 past it, each peer run from the source
of its released package. Documented cases, by hand, are in test_presets_documented.py.
"""

import importlib
import json
import lzma
from functools import partial
from pathlib import Path

import numpy as np
import pytest

DATA = Path(__file__).parent / "data" / "peers"
PEERS = sorted(path.name.partition(".")[0] for path in DATA.glob("*.json.xz"))
CLOSED = 1e-12  # relative: a recursion of 60 steps, a handful of float64 operations
NEAR_ZERO = 1e-14  # of the largest value of a run: (1 + cos) / 2 and recursions lose it near 0
ROUNDING = {"fastai": 3e-6}  # corners and positions of combined schedules are float32 there
SKIPPED = {("deepspeed", "OneCycle", "momentum"): 1}  # first steps in which a peer is known wrong


def read(peer):
    with lzma.open(DATA / f"{peer}.json.xz", "rt") as file:
        return json.load(file)["cases"]


def called(module, name, arguments):
    """The preset as it was called."""
    return getattr(module, name)(**{k: meant(module, v) for k, v in arguments.items()})


def meant(module, value):
    """An argument that JSON has no word for: a schedule, a function, a state, another preset."""
    match value:
        case [str(name), dict(arguments)]:
            return called(module, name, arguments)
        case [[str(), dict()], *_] | [{"partial": _}, *_]:
            return [meant(module, v) for v in value]
        case {"partial": [name, arguments]}:
            return partial(getattr(module, name), **arguments)
        case {"over": [top, shift]}:
            return lambda t: top / (shift + t)
        case {"state": fields}:
            return module.State(*fields)
        case {"preset": [library, name]}:
            return getattr(importlib.import_module(f"csched.presets.{library}"), name)
    return value


def pairs(peer, name, cases):
    """Our values and the peer's, one after another, with the largest of each run beside.

    And what runs they are: (case, key, first step, how many).
    """
    module = importlib.import_module(f"csched.presets.{peer}")
    ours, theirs, sizes, runs = [], [], [], []
    for i, (arguments, recorded) in enumerate(cases):
        schedule = called(module, name, arguments)
        assert set(schedule) == set(recorded), arguments
        for key, values in recorded.items():
            n, first = len(values), SKIPPED.get((peer, name, key), 0)
            ours.append(schedule[key].values(first, n))
            theirs.append(np.array(values[first:]))
            sizes.append(np.full(n - first, np.max(np.abs(theirs[-1]))))
            runs.append((i, key, first, n - first))
    return np.concatenate(ours), np.concatenate(theirs), np.concatenate(sizes), runs


@pytest.mark.parametrize("peer", PEERS)
def test_every_preset_gives_what_its_peer_gave(peer):
    for name, cases in read(peer).items():
        ours, theirs, sizes, runs = pairs(peer, name, cases)
        room = CLOSED * np.abs(theirs) + ROUNDING.get(peer, NEAR_ZERO) * sizes
        worst = int(np.argmax(np.abs(ours - theirs) - room))
        ends = np.cumsum([count for *_, count in runs])
        i, key, first, count = runs[int(np.searchsorted(ends, worst, "right"))]
        t = worst - int(ends[np.searchsorted(ends, worst, "right")]) + count + first
        where = f"{peer}.{name}({cases[i][0]})[{key!r}] at step {t}"
        assert abs(ours[worst] - theirs[worst]) <= room[worst], (
            f"{where}: {ours[worst]!r}, the peer gave {theirs[worst]!r}"
        )
