"""Promises 4, 9 and 11 for changes by hand: recorded, replayed, and never of the past."""

import copy
import json
import math

import csched.torch
import numpy as np
import pytest
import torch
from csched.plateau import Plateau

import csched

LINEAR = csched.linear(0.4, 40)
LR = LINEAR["lr"]


def made(schedule=LINEAR, **arguments):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(2))]} for _ in range(2)]
    optimizer = torch.optim.SGD(groups, lr=0.3, momentum=0.9)
    return csched.torch.Scheduler(optimizer, schedule, scale={1: 0.1}, **arguments)


def rates(scheduler):
    return [float(g["lr"]) for g in scheduler.optimizer.param_groups]


@pytest.mark.parametrize("storage", ["keep", "buffer", "device"])
def test_a_change_by_hand_holds_from_its_step_on(storage):
    scheduler = made(storage=storage)
    for _ in range(5):
        scheduler.step()
    scheduler.scale(0.5)
    assert scheduler.last_applied() == [{"lr": LR(4)}, {"lr": LR(4) * 0.1}]
    scheduler.scale(4.0, from_t=20)
    scheduler.scale(0.3, from_t=9)
    stored = float if storage == "keep" else np.float32

    def factor(t):
        return (0.5 if t >= 5 else 1.0) * (0.3 if t >= 9 else 1.0) * (4.0 if t >= 20 else 1.0)

    assert rates(scheduler) == [stored(LR(5) * 0.5), stored(LR(5) * 0.5 * 0.1)]
    for t in (39, 20, 19, 9, 8, 5, 4, 0, 10**6):
        scheduler.seek(t)
        assert rates(scheduler) == [stored(LR(t) * factor(t)), stored(LR(t) * factor(t) * 0.1)]


def test_a_change_by_hand_is_part_of_the_state():
    scheduler = made(plateau=Plateau(0.5, patience=0))
    for t in range(20):
        if t == 7:
            scheduler.scale(0.8)
        if t % 6 == 5:
            scheduler.observe(1.0)
        scheduler.step()
    wanted = [scheduler.values_at(t) for t in range(50)]
    assert wanted[19] != wanted[6]
    state = json.loads(json.dumps(scheduler.state_dict()))
    assert state["scaled"] == [[7, 0.8]]
    restored = made(plateau=Plateau(0.5, patience=0))
    restored.load_state_dict(state)
    assert rates(restored) == rates(scheduler)
    for other in (restored, copy.deepcopy(scheduler)):
        assert [other.values_at(t) for t in range(50)] == wanted
    plain = made(plateau=Plateau(0.5, patience=0))
    before = plain.values_at(30)
    state = plain.state_dict()
    plain.scale(0.0)
    assert rates(plain) == [0.0, 0.0]
    plain.load_state_dict(state)  # taken before
    assert plain.values_at(30) == before


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda s: s.scale(0.5, from_t=4),
            r"scale: from_t must be in \[5, 2\*\*53\], got 4; the past",
        ),
        (lambda s: s.scale(-1.0), "scale: factor must be"),
        (lambda s: s.scale(math.nan), "scale: factor must be"),
        (lambda s: s.scale(1e6), "lr must be within 65504, the largest its tensor holds"),
        (lambda s: made(csched.Schedule(momentum=0.9 * LR)).scale(0.5), "with an lr that is sched"),
        (
            lambda s: s.load_state_dict(s.state_dict() | {"scaled": [[1]]}),
            "scaled must be pairs of",
        ),
        (
            lambda s: s.load_state_dict(s.state_dict() | {"scaled": [[-1, 2]]}),
            "a step of scaled must",
        ),
        (lambda s: s.load_state_dict(s.state_dict() | {"scaled": [[1, -2]]}), "a factor of scaled"),
    ],
)
def test_what_cannot_be_right_is_refused_and_changes_nothing(act, message):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.3)
    optimizer.param_groups[0]["lr"] = torch.tensor(0.3, dtype=torch.float16)
    scheduler = csched.torch.Scheduler(optimizer, LINEAR)
    scheduler.seek(5)
    before, state = rates(scheduler), scheduler.state_dict()
    with pytest.raises(ValueError, match=message):
        act(scheduler)
    assert (rates(scheduler), scheduler.state_dict()) == (before, state)
