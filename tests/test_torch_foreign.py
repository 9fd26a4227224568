"""Other code in the same groups: seen on request, reported, put right; when to capture again."""

import copy
import pickle

import csched.torch
import numpy as np
import pytest
import torch

import csched

SCHEDULE = csched.one_cycle(0.8, 20)


def weight(n=3):
    return torch.nn.Parameter(torch.linspace(-1, 1, n))


def sgd(*names):
    groups = [{"params": [weight()], "name": n} for n in names or ("body", "head")]
    return torch.optim.SGD(groups, lr=0.3, momentum=0.9)


def adam():
    return torch.optim.Adam([weight()], lr=0.3)


def with_tensors(dtype=torch.float32):
    optimizer = sgd()
    for group in optimizer.param_groups:
        group["lr"] = torch.tensor(0.3, dtype=dtype)
    return optimizer


def update(optimizer):
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = torch.ones_like(p)
    optimizer.step()


def user_sets_it(optimizer):
    optimizer.param_groups[1]["lr"] = 0.05


def nudged(optimizer):
    optimizer.param_groups[0]["lr"] *= 1.01


def another_scheduler(optimizer):
    torch.optim.lr_scheduler.LinearLR(optimizer, 0.1)


def replaced_tuple(optimizer):
    optimizer.param_groups[0]["betas"] = (0.5, 0.999)


def float_for_a_tensor(optimizer):
    optimizer.param_groups[1]["lr"] = 0.05


def filled_tensor(optimizer):
    optimizer.param_groups[0]["lr"].fill_(0.05)


def deleted(optimizer):
    del optimizer.param_groups[0]["momentum"]


def other_dicts(optimizer):
    optimizer.param_groups = [{**g, "lr": 0.05} for g in optimizer.param_groups]


# optimizer, storage, what happens, what is said of it; the values are those of step 3
WRITES = {
    "the user": (sgd, "keep", user_sets_it, r"lr of group head .* got 0\.05"),
    "one percent": (sgd, "keep", nudged, "lr of group body must be value"),
    "torch": (sgd, "keep", another_scheduler, "lr of group body must be"),
    "a tuple": (adam, "keep", replaced_tuple, r"betas\[0\] of group 0 .* got 0\.5;"),
    "no tensor": (with_tensors, "keep", float_for_a_tensor, r"lr of group head .* got 0\.05"),
    "no view": (sgd, "buffer", float_for_a_tensor, r"lr of group head .* got 0\.05"),
    "a tensor filled": (
        with_tensors,
        "keep",
        filled_tensor,
        r"lr of group body must be .* got 0\.05",
    ),
    "a view filled": (sgd, "buffer", filled_tensor, r"lr of group body must be .* got 0\.05"),
    "a deleted key": (sgd, "keep", deleted, "momentum of group body must be .* got None"),
    "other groups": (sgd, "keep", other_dicts, r"lr of group body must be .* got 0\.05"),
}


@pytest.mark.filterwarnings("ignore:Detected call of .lr_scheduler.step")
@pytest.mark.parametrize("name", WRITES)
def test_what_other_code_wrote_is_seen_and_put_right(name):
    make, storage, write, message = WRITES[name]
    optimizer = make()
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE, storage=storage)
    scheduler.seek(3)
    scheduler.assert_synced()
    write(optimizer)
    with pytest.raises(
        ValueError, match=f"Scheduler.assert_synced: {message}.* other code wrote it"
    ):
        scheduler.assert_synced()
    scheduler.rebind()
    scheduler.assert_synced()
    assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(SCHEDULE["lr"](3), rel=6e-8)


@pytest.mark.parametrize("storage", ["keep", "buffer", "device"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_our_own_writes_are_never_foreign(dtype, storage):
    optimizer = with_tensors(dtype)
    curve = csched.curve("exponential", 1.0, 1e-9, 12).warmup(3)  # 0, and float16's subnormals
    scheduler = csched.torch.Scheduler(optimizer, curve, storage=storage, foreign="raise")
    for _ in range(16):
        scheduler.assert_synced()
        update(optimizer)
        scheduler.step()
    saved, state = copy.deepcopy(optimizer.state_dict()), scheduler.state_dict()
    for act in (
        lambda: scheduler.seek(5),
        lambda: optimizer.load_state_dict(saved),
        lambda: scheduler.load_state_dict(state | {"position": 2}),
        lambda: optimizer.add_param_group({"params": [weight()], "lr": 0.7}),
        scheduler.step,
    ):
        act()
        scheduler.assert_synced()


def moved_by(drive):
    """Scheduler, optimizer, and what moves them."""
    optimizer = sgd()
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE, drive=drive, foreign="raise")
    move = scheduler.step if drive == "step" else lambda: update(optimizer)
    return scheduler, optimizer, move


@pytest.mark.parametrize("drive", ["step", "optimizer"])
def test_a_step_raises_before_it_writes_where_asked_to(drive):
    scheduler, optimizer, move = moved_by(drive)
    move()
    user_sets_it(optimizer)
    with pytest.raises(ValueError, match=r"Scheduler.step: lr of group head must be value\(1\) ="):
        move()
    assert scheduler.position == 1
    assert [g["lr"] for g in optimizer.param_groups] == [SCHEDULE["lr"](1), 0.05]
    scheduler.rebind()
    move()
    assert [g["lr"] for g in optimizer.param_groups] == [SCHEDULE["lr"](2)] * 2


def test_advance_and_copies_look_as_well():
    optimizer = sgd()
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE, foreign="raise")
    for s in (scheduler, pickle.loads(pickle.dumps(scheduler))):
        user_sets_it(s.optimizer)
        with pytest.raises(ValueError, match="lr of group head"):
            s.advance(512)
        assert s.position == 0
        s.seek(512)  # going to a place is no question
        s.assert_synced()


def test_nobody_moves_where_a_follower_was_written_to():
    first, second = sgd(), sgd()
    leader = csched.torch.Scheduler(first, SCHEDULE)
    follower = csched.torch.Scheduler(second, SCHEDULE, drive=leader, foreign="raise")
    leader.step()
    user_sets_it(second)
    with pytest.raises(ValueError, match="lr of group head"):
        leader.step()
    assert leader.position == follower.position == 1


def test_a_step_overwrites_without_a_look_by_default():
    optimizer = sgd()
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE)
    user_sets_it(optimizer)
    scheduler.step()
    assert [g["lr"] for g in optimizer.param_groups] == [SCHEDULE["lr"](1)] * 2


@pytest.mark.parametrize("storage", ["keep", "buffer"])
@pytest.mark.parametrize("put", [0.05, torch.tensor(0.05)])
def test_a_tensor_that_other_code_replaced_goes_back_at_the_next_step(storage, put):
    optimizer = with_tensors()
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE, storage=storage)
    ours = [g["lr"] for g in optimizer.param_groups]
    for group in optimizer.param_groups:
        group["lr"] = put
    scheduler.step()
    assert all(g["lr"] is x for g, x in zip(optimizer.param_groups, ours, strict=True))
    assert [float(x) for x in ours] == [np.float32(SCHEDULE["lr"](1))] * 2


def test_one_of_many_tensors_in_a_buffer_goes_back_in_time():
    optimizer = sgd(*map(str, range(10)))
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE, storage="buffer")
    ours = optimizer.param_groups[6]["lr"]
    optimizer.param_groups[6]["lr"] = 0.05
    for _ in range(3):  # four groups are looked at in a step
        scheduler.step()
    assert optimizer.param_groups[6]["lr"] is ours


def test_a_tensor_in_betas_goes_back_and_a_tuple_too_short_is_an_error():
    optimizer = adam()
    optimizer.param_groups[0]["betas"] = (torch.tensor(0.9), 0.99)
    ours = optimizer.param_groups[0]["betas"][0]
    decay = csched.curve("linear", 0.9, 0.5, 10)
    first = csched.torch.Scheduler(optimizer, csched.Schedule({"betas[0]": decay}))
    second = csched.torch.Scheduler(optimizer, csched.Schedule({"betas[1]": decay}))
    optimizer.param_groups[0]["betas"] = (0.3, 0.4)
    first.step()
    assert optimizer.param_groups[0]["betas"] == (ours, 0.4)
    assert float(ours) == np.float32(decay(1))
    for found in ((), (0.3,), 0.3):
        optimizer.param_groups[0]["betas"] = found
        with pytest.raises(
            ValueError, match=r"betas\[1\] must be an entry of a tuple in the group"
        ):
            second.step()
    with pytest.raises(ValueError, match=r"betas\[0\] must be an entry of a tuple .*, got 0.3"):
        first.step()


def test_a_pair_in_the_place_of_three_betas_is_an_error():
    optimizer = adam()
    optimizer.param_groups[0]["betas"] = (0.9, 0.99, 0.999)
    last = csched.Schedule({"betas[2]": csched.curve("linear", 0.9, 0.5, 10)})
    scheduler = csched.torch.Scheduler(optimizer, last)
    optimizer.param_groups[0]["betas"] = (0.9, 0.99)
    with pytest.raises(ValueError, match=r"betas\[2\] must be an entry of a tuple"):
        scheduler.step()
    assert optimizer.param_groups[0]["betas"] == (0.9, 0.99)


def test_a_detached_scheduler_has_nothing_to_look_at():
    scheduler = csched.torch.Scheduler(sgd(), SCHEDULE)
    scheduler.detach()
    for ask in (scheduler.assert_synced, scheduler.rebind):
        with pytest.raises(ValueError, match="scheduler must be attached to an optimizer"):
            ask()
    with pytest.raises(ValueError, match="foreign must be one of 'overwrite', 'raise'"):
        csched.torch.Scheduler(sgd(), SCHEDULE, foreign="warn")


# --- what a captured graph reads ---------------------------------------------------------------


def grown(optimizer):
    optimizer.add_param_group({"params": [weight()], "name": "late"})


def moved_parameter(optimizer):
    p = optimizer.param_groups[0]["params"][0]
    p.data = p.data.clone()


@pytest.mark.parametrize("make", [sgd, with_tensors])
@pytest.mark.parametrize(
    ("act", "again"),
    [
        (update, False),
        (lambda o: o.zero_grad(set_to_none=False), False),
        (user_sets_it, False),
        (lambda o: o.load_state_dict(copy.deepcopy(o.state_dict())), True),
        (grown, True),
        (lambda o: o.param_groups.pop(), True),
        (moved_parameter, True),
    ],
    ids=["update", "zero_grad", "float lr", "load", "group added", "group removed", "moved"],
)
def test_rebind_tells_when_a_graph_must_be_captured_again(make, act, again):
    optimizer = make()
    scheduler = csched.torch.Scheduler(optimizer, {"*": SCHEDULE})
    update(optimizer)
    assert scheduler.rebind()  # the first call knows of no capture
    assert not scheduler.rebind()
    act(optimizer)
    assert scheduler.rebind() is again
    assert not scheduler.rebind()


def test_device_storage_that_follows_another_schedule_is_captured_again():
    optimizer = sgd()
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE["lr"], storage="device")
    state = csched.torch.Scheduler(sgd(), csched.linear(0.1, 9)).state_dict()
    scheduler.rebind()
    scheduler.step()
    assert not scheduler.rebind()
    scheduler.load_state_dict(state, spec="saved")
    assert scheduler.rebind()


# --- report ------------------------------------------------------------------------------------


def test_report_says_how_far_and_who_is_left_out():
    optimizer = sgd("body", "head", "late")
    rules = {"body": SCHEDULE, "head": SCHEDULE["lr"]}
    scheduler = csched.torch.Scheduler(optimizer, rules, scale={"head": 0.1})
    scheduler.seek(5)
    del optimizer.param_groups[2]
    scheduler.seek(5)
    lines = scheduler.report().splitlines()
    assert lines[0] == "position 5 of 20 steps, 25 %"
    lr, momentum = SCHEDULE["lr"](5), SCHEDULE["momentum"](5)
    assert [line.split(maxsplit=3) for line in lines[1:-1] if " weight" not in line] == [
        ["body", "lr", f"{lr:.6g}"],
        ["body", "momentum", f"{momentum:.6g}"],
        ["body", "dampening", "0", "not scheduled"],
        ["head", "lr", f"{0.1 * lr:.6g}", "x 0.1"],
        ["head", "momentum", "0.9", "not scheduled"],
        ["head", "dampening", "0", "not scheduled"],
    ]
    assert lines[-1] == "gone: group late"


def test_report_shows_a_run_that_ended_early():
    """15 updates planned, stepped by mistake once an epoch: 3 were made."""
    scheduler = csched.torch.Scheduler(sgd(), csched.one_cycle(0.1, 15))
    for _ in range(3):
        scheduler.step()
    assert scheduler.report().startswith("position 3 of 15 steps, 20 %\n")
    with pytest.warns(UserWarning, match=r"Scheduler\.report: position 3 of 15 steps, 20 %$"):
        scheduler.report(warn=True)
    scheduler.seek(15)
    scheduler.report(warn=True)
    del scheduler.optimizer.param_groups[1]
    scheduler.step()
    with pytest.warns(UserWarning, match=r"Scheduler\.report: gone: group head$"):
        scheduler.report(warn=True)


def test_report_of_endless_and_of_tensors():
    optimizer = with_tensors()
    endless = csched.curve("cosine", 0.5, 0.0, 10).repeat()
    scheduler = csched.torch.Scheduler(optimizer, endless)
    first, *rest = scheduler.report().splitlines()
    assert first == "position 0 of a schedule without an end"
    scheduler.report(warn=True)  # nothing to say
    assert rest[0].split() == ["body", "lr", "0.5"]
    scheduler.detach()
    assert scheduler.report() == "position 0, nothing is scheduled"
