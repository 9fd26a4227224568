"""Promise 5: states of the NumPy optimizers of every version load and go on as they did then."""

import json
import sys
from pathlib import Path

import csched.numpy
import numpy as np
import pytest

import csched

DATA = Path(__file__).parent / "data"
sys.path.insert(0, str(DATA))
from write_numpy_state import KINDS, update  # noqa: E402

FILES = sorted((DATA / "state").glob("*-numpy-*.npz"))


def opened(path):
    """State, parameters, what later updates used, parameters at the end."""
    with np.load(path) as file:
        held = dict(file)

    def part(name):
        return {k.removeprefix(name): a for k, a in held.items() if k.startswith(name)}

    state = {"head": json.loads(str(held["head"])), "arrays": part("state/")}
    return state, part("params/"), json.loads(str(held["used"])), part("end/")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
@pytest.mark.parametrize("spec", [None, "saved"])
def test_a_state_of_any_version_loads_and_goes_on_bit_for_bit(path, spec):
    state, params, used, end = opened(path)
    kind = getattr(csched.numpy, state["head"]["kind"].rpartition(".")[2])
    if spec is None:  # the spec in use is the one saved
        schedule = csched.from_json(json.dumps({"csched": 1, "curves": state["head"]["schedule"]}))
        optimizer = kind(params, schedule, **state["head"]["settings"])
    else:
        optimizer = kind(params, csched.linear(0.7, 5))
    optimizer.load_state_dict(state, spec=spec)
    first = {k: float.fromhex(v) for k, v in used[0].items()}
    assert optimizer.hyperparameters == first
    assert [update(optimizer, params) for _ in used] == used
    assert {k: w.tobytes() for k, w in params.items()} == {k: w.tobytes() for k, w in end.items()}


def test_every_kind_has_a_file_of_the_first_version():
    assert {path.stem for path in FILES} >= {f"0.1.0-numpy-{kind}" for kind in KINDS}
