"""Promise 5: checkpoints of every version load, apply at once and go on as they did then."""

import json
import sys
from pathlib import Path

import csched.torch
import pytest
import torch
from csched.plateau import Plateau
from csched.torch import state as states

import csched

DATA = Path(__file__).parent / "data"
sys.path.insert(0, str(DATA))
from write_state import KINDS, numbers, optimizer_of, update  # noqa: E402

FILES = sorted((DATA / "state").glob("*.json"))


def followed(scheduler, optimizer, keys, count):
    seen = []
    for _ in range(count):
        seen.append(numbers(optimizer, keys))
        update(scheduler, optimizer)
    return seen


def plateau_of(state):
    return Plateau(**state["plateau"]["options"]) if "plateau" in state else None


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_state_of_any_version_applies_at_once_and_goes_on(path):
    golden = json.loads(path.read_text())
    state, values = golden["state"], golden["values"]
    optimizer = optimizer_of(golden["groups"])
    other = csched.linear(0.7, 5)
    scheduler = csched.torch.Scheduler(optimizer, other, plateau=plateau_of(state))
    scheduler.load_state_dict(state, spec="saved")
    assert numbers(optimizer, golden["keys"]) == values[0]
    assert followed(scheduler, optimizer, golden["keys"], len(values)) == values


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_checkpoint_of_any_version_loads_with_weights_only(path):
    golden = json.loads(path.read_text())
    checkpoint = torch.load(path.with_suffix(".pt"), weights_only=True)
    state, values = checkpoint["scheduler"], golden["values"]
    assert json.loads(json.dumps(state)) == golden["state"]
    optimizer = optimizer_of(golden["groups"])
    rules, scale = states.rules_from(state["schedule"]), state["schedule"].get("scale")
    scheduler = csched.torch.Scheduler(optimizer, rules, scale=scale, plateau=plateau_of(state))
    scheduler.load_state_dict(state)  # the specs do not differ
    assert numbers(optimizer, golden["keys"]) == values[0]
    optimizer.load_state_dict(checkpoint["optimizer"])
    assert followed(scheduler, optimizer, golden["keys"], len(values)) == values


def test_every_kind_has_files_of_the_first_version():
    assert {path.stem for path in FILES} >= {f"0.1.0-{kind}" for kind in KINDS}
    assert all(path.with_suffix(".pt").exists() for path in FILES)
