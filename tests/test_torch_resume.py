"""Promises 2 to 5: exact resume, load applies, no silent mix, plain state."""

import copy
import io
import itertools
import json
import pickle

import csched.torch
import numpy as np
import pytest
import torch
from torch.distributed import checkpoint
from torch.distributed.checkpoint.state_dict import (
    get_optimizer_state_dict,
    set_optimizer_state_dict,
)

import csched

SPECS = {
    "linear": csched.linear(0.4, 12),
    "one_cycle": csched.one_cycle(0.8, 12),
    "sgdr": csched.sgdr(0.5, t_0=3, t_mult=2, cycles=2),
    "every": csched.Schedule(lr=csched.curve("rex", 0.1, 0.001, 12, csched.every(4))),
    "decay": csched.Schedule(
        lr=csched.curve("cosine", 0.1, 0.0, 12).warmup(3),
        weight_decay=csched.curve("linear", 0.0, 0.1, 15),
    ),
}


def sgd(lr=0.3):
    weights = [torch.nn.Parameter(torch.linspace(-1, 1, 4)), torch.nn.Parameter(torch.ones(3))]
    return torch.optim.SGD([{"params": [w]} for w in weights], lr=lr, momentum=0.9)


def numbers(optimizer):
    keys = ("lr", "momentum", "weight_decay")
    return [{k: g[k] for k in keys} for g in optimizer.param_groups]


def train(optimizer, scheduler, steps):
    """The numbers each update used, and the parameters after the last."""
    seen = []
    for _ in range(steps):
        seen.append(numbers(optimizer))
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.grad = torch.sin(p.detach() + 1)
        optimizer.step()
        scheduler.step()
    return seen, [p.detach().clone() for g in optimizer.param_groups for p in g["params"]]


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("stop", [0, 1, 5, 11, 14])
def test_resume_is_exact_in_every_order(name, stop):
    undisturbed = sgd()
    seen, _ = train(undisturbed, csched.torch.Scheduler(undisturbed, SPECS[name]), 17)
    first = sgd()
    scheduler = csched.torch.Scheduler(first, SPECS[name])
    train(first, scheduler, stop)
    saved = json.dumps(scheduler.state_dict())
    buffer = io.BytesIO()
    torch.save(first.state_dict(), buffer)

    orders = [o for o in itertools.permutations("bol") if o.index("b") < o.index("l")]
    assert len(orders) == 3
    for order in orders:
        second, scheduler = sgd(), None
        for action in order:
            if action == "b":
                scheduler = csched.torch.Scheduler(second, SPECS[name])
            elif action == "o":
                buffer.seek(0)
                second.load_state_dict(torch.load(buffer, weights_only=True))
            else:
                scheduler.load_state_dict(json.loads(saved))
        assert numbers(second) == seen[stop]
        assert train(second, scheduler, 17 - stop)[0] == seen[stop:]


def test_the_integer_alone_is_enough():
    optimizer = sgd()
    seen, _ = train(optimizer, csched.torch.Scheduler(optimizer, SPECS["one_cycle"]), 14)
    for k in (9, 0, 13, 4, 4):
        fresh = sgd(lr=77.0)
        csched.torch.Scheduler(fresh, SPECS["one_cycle"]).seek(k)
        assert numbers(fresh) == seen[k]


def test_resume_needs_no_key_but_lr():
    """Checkpoint formats lose ``initial_lr`` and what else they do not know."""
    optimizer = sgd()
    seen, _ = train(optimizer, csched.torch.Scheduler(optimizer, SPECS["linear"]), 12)
    source = sgd()
    scheduler = csched.torch.Scheduler(source, SPECS["linear"])
    train(source, scheduler, 5)
    state = source.state_dict()
    for group in state["param_groups"]:
        for key in set(group) - {"params", "lr", "momentum", "dampening", "weight_decay"}:
            del group[key]
    resumed = sgd()
    second = csched.torch.Scheduler(resumed, SPECS["linear"])
    resumed.load_state_dict(state)
    second.load_state_dict(scheduler.state_dict())
    assert train(resumed, second, 7)[0] == seen[5:]


def test_load_applies_at_once():
    for kind in ("float", "tensor"):
        optimizer = sgd()
        if kind == "tensor":
            for group in optimizer.param_groups:
                group["lr"] = torch.tensor(0.1, dtype=torch.float64)
        scheduler = csched.torch.Scheduler(optimizer, SPECS["one_cycle"])
        state = scheduler.state_dict() | {"position": 7}
        scheduler.load_state_dict(state)
        for group in optimizer.param_groups:
            assert float(group["lr"]) == SPECS["one_cycle"]["lr"](7)
            assert group["momentum"] == SPECS["one_cycle"]["momentum"](7)


def test_loading_the_optimizer_does_not_bring_old_values_back():
    optimizer = sgd()
    old = optimizer.state_dict()
    scheduler = csched.torch.Scheduler(optimizer, SPECS["linear"])
    scheduler.seek(6)
    optimizer.load_state_dict(old)
    assert numbers(optimizer)[0]["lr"] == SPECS["linear"]["lr"](6)


def test_another_spec_raises_and_names_the_fields():
    saved = csched.torch.Scheduler(sgd(), csched.linear(0.4, 12)).state_dict()
    other = csched.torch.Scheduler(sgd(), csched.linear(0.2, 24))
    with pytest.raises(
        ValueError,
        match=r"2 differing fields: \*\.lr\.start: 0\.4 \(saved\), 0\.2 "
        r"\(here\); \*\.lr\.steps: 12 \(saved\), 24 \(here\); pass spec='saved'",
    ):
        other.load_state_dict(saved)


def test_another_spec_is_a_choice():
    saved = csched.torch.Scheduler(sgd(), SPECS["linear"]).state_dict() | {"position": 3}
    for choice, spec in (("mine", SPECS["one_cycle"]), ("saved", SPECS["linear"])):
        optimizer = sgd()
        scheduler = csched.torch.Scheduler(optimizer, SPECS["one_cycle"])
        scheduler.load_state_dict(saved, spec=choice)
        assert scheduler.position == 3
        expected = [{k: c(t) for k, c in spec.items()} for t in range(3, 17)]
        seen = train(optimizer, scheduler, 14)[0]
        assert [{k: row[0][k] for k in spec} for row in seen] == expected
    # the momentum that only the dropped schedule drove is what it was
    assert optimizer.param_groups[0]["momentum"] == 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"csched": 2}, "csched must be the format number 1, got 2"),
        ({"position": -1}, "position must be in"),
        ({"position": 1.5}, "position must be an int"),
        ({"T_max": 10}, r"fields must be among .* got \['T_max'\]"),
        ({"schedule": None}, "schedule must be an object"),
        ({"schedule": {"groups": [["*"]]}}, "groups must be pairs of a group and its curves"),
        ({"schedule": {"groups": [], "scale": 3}}, "scale must be an object, got 3"),
        ({"schedule": {"groups": [], "scale": {"0": -1}}}, "scale of group '0' must be in"),
        ({"plateau": 3}, "plateau must be an object, got 3"),
    ],
)
def test_a_state_that_is_not_ours_is_refused(change, message):
    scheduler = csched.torch.Scheduler(sgd(), SPECS["linear"])
    with pytest.raises((ValueError, TypeError), match=message):
        scheduler.load_state_dict(scheduler.state_dict() | change)
    torch_state = torch.optim.lr_scheduler.StepLR(sgd(), 3).state_dict()
    with pytest.raises(ValueError, match="csched must be the format number 1"):
        scheduler.load_state_dict(torch_state)


def test_saved_rules_that_nothing_here_answers_to_are_refused():
    optimizer = sgd()
    optimizer.param_groups[0]["name"] = "body"
    saved = csched.torch.Scheduler(optimizer, {"body": SPECS["linear"]}).state_dict()
    scheduler = csched.torch.Scheduler(sgd(), SPECS["linear"])
    with pytest.raises(ValueError, match=r"a group must be one of .*, got 'body'"):
        scheduler.load_state_dict(saved, spec="saved")
    assert scheduler.get_last_lr() == [SPECS["linear"]["lr"](0)] * 2
    scheduler = csched.torch.Scheduler(
        sgd(), csched.Schedule(lr=SPECS["linear"]["lr"], size=SPECS["linear"]["lr"]), extra="size"
    )
    plain = csched.torch.Scheduler(sgd(), SPECS["linear"]).state_dict()
    with pytest.raises(ValueError, match="extra must be names of curves"):
        scheduler.load_state_dict(plain, spec="saved")


@pytest.mark.parametrize("names", [("a", "b", "c"), (0, 1, 2)])
def test_saved_rules_come_back_where_a_group_has_gone(names):
    """With spec="saved" as without it; the others keep theirs, whatever their places are now."""
    curves = [csched.curve("linear", 0.1 * k, 0.0, 10) for k in (1, 2, 3)]
    optimizer = torch.optim.SGD([{"params": [torch.zeros(2)]} for _ in names], lr=0.1)
    for name, group in zip(names, optimizer.param_groups, strict=True):
        group.update({"name": name} if isinstance(name, str) else {})
    scheduler = csched.torch.Scheduler(optimizer, dict(zip(names, curves, strict=True)))
    state = scheduler.state_dict()
    del optimizer.param_groups[0]
    scheduler.step()
    for spec in (None, "saved"):
        scheduler.load_state_dict(state, spec=spec)
        scheduler.step()
        assert scheduler.get_last_lr() == [c(1) for c in curves[1:]]


def test_groups_of_one_name_keep_their_own_scales_in_a_state():
    optimizer, other = sgd(), sgd()
    for o in (optimizer, other):
        for group, scale in zip(o.param_groups, (0.5, 1.5), strict=True):
            group.update(name="body", lr_scale=scale)
    state = csched.torch.Scheduler(optimizer, SPECS["linear"], scale="lr_scale").state_dict()
    scheduler = csched.torch.Scheduler(other, SPECS["one_cycle"])
    scheduler.load_state_dict(state, spec="saved")
    assert scheduler.get_last_lr() == [s * SPECS["linear"]["lr"](0) for s in (0.5, 1.5)]


def test_state_is_plain_json_and_small():
    phases = csched.curve("linear", 0.0, 0.1, 100)
    for profile in ("cosine", "exponential_offset", "rex", "tanh"):
        phases = phases.then(csched.curve(profile, 0.1, 0.01, 1000))
    for schedule in (*SPECS.values(), phases):
        scheduler = csched.torch.Scheduler(sgd(), schedule)
        state = scheduler.state_dict()
        text = json.dumps(state)
        assert json.loads(text) == state
        buffer = io.BytesIO()
        torch.save(state, buffer)
        buffer.seek(0)
        assert torch.load(buffer, weights_only=True) == state
    assert len(text) < 2000


@pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
def test_distributed_checkpoint_saves_and_loads(tmp_path):
    scheduler = csched.torch.Scheduler(sgd(), SPECS["one_cycle"])
    scheduler.seek(5)
    checkpoint.save({"scheduler": scheduler}, checkpoint_id=tmp_path)
    fresh = csched.torch.Scheduler(sgd(), SPECS["one_cycle"])
    checkpoint.load({"scheduler": fresh}, checkpoint_id=tmp_path)
    assert fresh.position == 5


@pytest.mark.parametrize("storage", ["keep", "buffer"])
def test_an_update_by_which_torch_fills_a_state_is_none(storage):
    """An optimizer without state makes one, with an lr of 0, when its state is asked for or set."""

    def made(updates):
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        how = {"drive": "optimizer", "storage": storage}
        scheduler = csched.torch.Scheduler(optimizer, SPECS["linear"], **how)
        for _ in range(updates):
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step(closure=None)
            optimizer.zero_grad()
        return model, optimizer, scheduler

    model, optimizer, scheduler = made(0)
    get_optimizer_state_dict(model, optimizer)
    assert scheduler.position == 0
    assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(SPECS["linear"]["lr"](0), 1e-7)
    model, optimizer, scheduler = made(5)
    assert scheduler.position == 5
    states = get_optimizer_state_dict(model, optimizer), scheduler.state_dict()
    model, optimizer, scheduler = made(0)
    scheduler.load_state_dict(states[1])
    set_optimizer_state_dict(model, optimizer, states[0])
    assert scheduler.position == 5
    assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(SPECS["linear"]["lr"](5), 1e-7)


@pytest.mark.parametrize("storage", ["keep", "buffer", "device"])
@pytest.mark.parametrize("stepped", [True, False])
def test_copies_follow_what_the_groups_followed_whatever_has_become_of_them(stepped, storage):
    """One has gone that a rule names, and the others are not where the rules by index mean."""
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(4)]
    groups = [{"params": [w]} for w in weights]
    groups[2]["name"] = "head"
    optimizer = torch.optim.SGD(groups, lr=0.3, momentum=0.9)
    curves = {1: csched.linear(0.1, 9), "head": csched.linear(0.2, 9), "*": csched.linear(0.3, 9)}
    scheduler = csched.torch.Scheduler(optimizer, curves, scale={0: 0.5, 3: 0.25}, storage=storage)
    del optimizer.param_groups[2]
    optimizer.param_groups.reverse()
    if stepped:
        scheduler.step()
    copied, pickled = copy.deepcopy(scheduler), pickle.loads(pickle.dumps(scheduler))
    for made in (scheduler, copied, pickled):
        made.seek(4)
        want = [0.25 * curves["*"]["lr"](4), curves[1]["lr"](4), 0.5 * curves["*"]["lr"](4)]
        rates = [float(g["lr"]) for g in made.optimizer.param_groups]
        assert rates == (want if storage == "keep" else np.float32(want).tolist())
        made.optimizer.add_param_group({"params": [torch.zeros(1)], "name": "head"})
        made.step()
        assert made.get_last_lr()[3] == curves["head"]["lr"](5)
        optimizer = made.optimizer
        made.detach()
        assert [g["lr"] for g in optimizer.param_groups] == [0.3] * 4
        assert not any("initial_lr" in g for g in optimizer.param_groups)


def test_pickles_and_copies_keep_position_and_optimizer():
    optimizer = sgd()
    scheduler = csched.torch.Scheduler(optimizer, SPECS["one_cycle"])
    scheduler.seek(4)
    for made in (copy.deepcopy(scheduler), pickle.loads(pickle.dumps(scheduler))):
        assert made.optimizer is not optimizer
        assert made.position == 4
        made.step()
        assert made.get_last_lr() == [SPECS["one_cycle"]["lr"](5)] * 2
    assert scheduler.position == 4
