"""Promise 11: plateau composes with any schedule and replays from its state."""

import json

import csched.torch
import numpy as np
import pytest
import torch
from csched.plateau import Plateau
from torch.optim.lr_scheduler import ReduceLROnPlateau

import csched

METRICS = {
    "noise": np.random.default_rng(0).normal(1.0, 0.1, 120).tolist(),
    "falling": np.linspace(2.0, 1.0, 120).tolist(),
    "flat": [1.0] * 120,
    "negative": np.random.default_rng(1).normal(-1.0, 0.1, 120).tolist(),
    "nan": [1.0, float("nan")] * 60,
}
OPTIONS = {
    "defaults": {},
    "impatient": {"factor": 0.5, "patience": 0},
    "absolute": {"factor": 0.5, "patience": 3, "threshold": 0.05, "relative": False},
    "maximum": {"mode": "max", "factor": 0.5, "patience": 2},
    "maximum, absolute": {"mode": "max", "patience": 4, "relative": False},
    "cooldown": {"factor": 0.7, "patience": 1, "cooldown": 5},
    "floor": {"factor": 0.5, "patience": 1, "floor": 0.1},
}


def sgd(lr=1.0):
    return torch.optim.SGD([torch.zeros(1)], lr=lr)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("metrics", METRICS)
def test_the_rule_is_that_of_torch(options, metrics):
    given = OPTIONS[options]
    ours = Plateau(**given)
    renamed = {k: v for k, v in given.items() if k not in ("relative", "floor")}
    mode = "rel" if given.get("relative", True) else "abs"
    optimizer = sgd()
    theirs = ReduceLROnPlateau(
        optimizer, **renamed, threshold_mode=mode, min_lr=given.get("floor", 0.0), eps=0.0
    )
    seen = []
    for step, metric in enumerate(METRICS[metrics]):
        ours.observe(metric, step)
        theirs.step(metric)
        seen.append(optimizer.param_groups[0]["lr"])
    assert ours.curve().values(0, 120).tolist() == seen


def trained(scheduler, optimizer, first, stop):
    seen = []
    for t in range(first, stop):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
        if t % 4 == 3:
            scheduler.observe(1.0 + 0.001 * t)
    return seen


def test_warmup_and_cosine_and_plateau():
    schedule = csched.cosine(0.4, 60, warmup_steps=10)
    make = lambda: Plateau(factor=0.5, patience=1, start=10)  # noqa: E731
    optimizer, plateau = sgd(), make()
    scheduler = csched.torch.Scheduler(optimizer, schedule, plateau=plateau)
    seen = trained(scheduler, optimizer, 0, 60)
    assert len(plateau.events) >= 3
    assert plateau.events[0][0] >= 10
    factors = plateau.curve().values(0, 60)
    assert seen == (schedule["lr"].values(0, 60) * factors).tolist()

    for stop in (0, 7, 33, 52):
        first = sgd()
        half = csched.torch.Scheduler(first, schedule, plateau=make())
        assert trained(half, first, 0, stop) == seen[:stop]
        state = json.loads(json.dumps(half.state_dict()))
        second = sgd()
        rest = csched.torch.Scheduler(second, schedule, plateau=make())
        rest.load_state_dict(state)
        assert trained(rest, second, stop, 60) == seen[stop:]

    # the events alone reproduce every value, in any order
    for t in (55, 0, 31, 12):
        scheduler.seek(t)
        assert optimizer.param_groups[0]["lr"] == seen[t]


def test_a_reduction_is_written_at_once_and_not_before():
    optimizer = sgd()
    constant = csched.curve("constant", 0.8, steps=10)
    scheduler = csched.torch.Scheduler(optimizer, constant, plateau=Plateau(0.5, patience=0))
    scheduler.step()
    assert not scheduler.observe(1.0)
    assert scheduler.observe(torch.tensor(1.0))
    assert optimizer.param_groups[0]["lr"] == 0.4
    assert scheduler.last_applied() == [{"lr": 0.8}]


def test_other_options_are_no_silent_mix():
    make = lambda p: csched.torch.Scheduler(sgd(), csched.linear(0.1, 9), plateau=p)  # noqa: E731
    state = make(Plateau(patience=3)).state_dict()
    with pytest.raises(ValueError, match=r"plateau\.patience: 3 \(saved\), 4 \(here\)"):
        make(Plateau(patience=4)).load_state_dict(state)
    with pytest.raises(ValueError, match=r"1 differing field: plateau: \{"):
        make(None).load_state_dict(state)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factor": 1.0}, r"Plateau: factor must be in \(0, 1\), got 1\.0"),
        ({"patience": -1}, "Plateau: patience must be in"),
        ({"mode": "best"}, "Plateau: mode must be one of 'min', 'max'"),
        ({"floor": 2.0}, r"Plateau: floor must be in \[0, 1\]"),
    ],
)
def test_bad_options_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Plateau(**arguments)


def test_the_past_is_not_changed():
    plateau = Plateau(0.5, patience=0)
    plateau.observe(1.0, 4)
    plateau.observe(1.0, 5)
    with pytest.raises(
        ValueError, match=r"Plateau\.observe: step must be in \[5, .* got 4; the past"
    ):
        plateau.observe(1.0, 4)
    scheduler = csched.torch.Scheduler(sgd(), csched.linear(0.1, 9))
    with pytest.raises(ValueError, match="plateau must be given at construction"):
        scheduler.observe(1.0)
