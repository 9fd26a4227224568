"""Promises 12 to 14: groups may change, ratios hold, any hyperparameter."""

import math

import csched.torch
import numpy as np
import pytest
import torch

import csched

LINEAR = csched.curve("linear", 0.4, 0.0, 16)
COSINE = csched.curve("cosine", 0.2, 0.02, 16)


def weight(n=2):
    return torch.nn.Parameter(torch.linspace(-1, 1, n))


def sgd(*names, **defaults):
    groups = [{"params": [weight()], "name": n} if n else {"params": [weight()]} for n in names]
    return torch.optim.SGD(groups, lr=0.3, **defaults)


def rates(optimizer):
    return {g.get("name"): g["lr"] for g in optimizer.param_groups}


BY_NAME = {"body": LINEAR, "head": COSINE, "*": 2.0 * LINEAR}


@pytest.mark.parametrize("when", [0, 1, 7, 20])
@pytest.mark.parametrize("storage", ["keep", "buffer"])
def test_a_group_added_later_follows_its_rule(when, storage):
    optimizer = sgd("body")
    rules = {k: v for k, v in BY_NAME.items() if k != "head"}
    scheduler = csched.torch.Scheduler(optimizer, rules, storage=storage)
    kept = optimizer.param_groups[0]["lr"]
    scheduler.seek(when)
    optimizer.add_param_group({"params": [weight()], "name": "late"})
    optimizer.add_param_group({"params": [weight()]})
    scheduler.step()
    want = [LINEAR(when + 1), 2 * LINEAR(when + 1), 2 * LINEAR(when + 1)]
    if storage == "buffer":
        assert optimizer.param_groups[0]["lr"] is kept
        want = torch.tensor(want, dtype=torch.float32).tolist()
    assert [float(g["lr"]) for g in optimizer.param_groups] == want
    assert scheduler.get_last_lr() == [c(when + 1) for c in (LINEAR, 2.0 * LINEAR, 2.0 * LINEAR)]


def test_a_group_without_a_rule_is_left_alone_and_listed():
    optimizer = sgd("body", "other")
    scheduler = csched.torch.Scheduler(optimizer, {"body": LINEAR})
    optimizer.add_param_group({"params": [weight()], "name": "late", "lr": 0.7})
    scheduler.step()
    assert rates(optimizer) == {"body": LINEAR(1), "other": 0.3, "late": 0.7}
    assert scheduler.get_last_lr() == [LINEAR(1), 0.3, 0.7]
    unscheduled = [(b.name, b.key) for b in scheduler.bindings() if b.curve is None]
    assert ("other", "lr") in unscheduled
    assert ("late", "lr") in unscheduled
    assert ("body", "lr") not in unscheduled
    assert ("body", "weight_decay") in unscheduled


def test_removed_and_reordered_groups_keep_their_own_curves():
    optimizer = sgd("body", "head", "rest")
    scheduler = csched.torch.Scheduler(optimizer, BY_NAME)
    want = {"body": LINEAR, "head": COSINE, "rest": 2.0 * LINEAR}
    optimizer.param_groups.reverse()
    scheduler.step()
    assert rates(optimizer) == {n: want[n](1) for n in ("rest", "head", "body")}
    del optimizer.param_groups[0]
    scheduler.step()
    assert rates(optimizer) == {n: want[n](2) for n in ("head", "body")}
    optimizer.param_groups = [dict(g) for g in reversed(optimizer.param_groups)]
    scheduler.step()
    assert rates(optimizer) == {n: want[n](3) for n in ("body", "head")}
    optimizer.param_groups.clear()
    scheduler.step()
    assert scheduler.get_last_lr() == []


def test_groups_by_index_stay_the_same_groups():
    optimizer = sgd(None, None)
    scheduler = csched.torch.Scheduler(optimizer, {0: LINEAR, 1: COSINE})
    optimizer.param_groups.reverse()
    scheduler.step()
    assert [g["lr"] for g in optimizer.param_groups] == [COSINE(1), LINEAR(1)]


def test_an_emptied_group_does_not_shift_the_others():
    """LoRA under DeepSpeed: 192 parameters in one group, none in the other."""
    lora, empty = [weight(1) for _ in range(192)], [weight(1)]
    optimizer = torch.optim.AdamW(
        [{"params": lora, "name": "lora"}, {"params": empty, "name": "no_decay"}], lr=0.1
    )
    scheduler = csched.torch.Scheduler(optimizer, {"lora": LINEAR, "no_decay": COSINE})
    optimizer.param_groups[1]["params"].clear()
    for t in range(1, 4):
        scheduler.step()
        assert rates(optimizer) == {"lora": LINEAR(t), "no_decay": COSINE(t)}
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.param_groups = optimizer.param_groups[:1]
    scheduler.step()
    assert rates(optimizer) == {"lora": LINEAR(4)}


def test_groups_that_were_replaced_by_load_are_found_without_names():
    optimizer = sgd(None, None, None)
    scheduler = csched.torch.Scheduler(optimizer, {0: LINEAR, 1: COSINE, 2: 2.0 * COSINE})
    optimizer.param_groups[1]["params"].clear()
    optimizer.load_state_dict(optimizer.state_dict())
    scheduler.step()
    want = [LINEAR(1), COSINE(1), 2 * COSINE(1)]
    assert [g["lr"] for g in optimizer.param_groups] == want


def test_ratios_between_groups_hold_to_one_ulp():
    scales = [0.8**k for k in range(6)]
    optimizer = torch.optim.SGD([{"params": [weight()], "lr_scale": s} for s in scales], lr=0.3)
    scheduler = csched.torch.Scheduler(optimizer, COSINE, scale="lr_scale")
    for t in range(20):
        first, *others = [g["lr"] for g in optimizer.param_groups]
        assert first == COSINE(t)
        for s, lr in zip(scales[1:], others, strict=True):
            assert abs(lr - s * first) <= math.ulp(lr)
        scheduler.step()
    assert scheduler.state_dict()["schedule"]["scale"] == {
        str(i): s for i, s in enumerate(scales) if s != 1.0
    }


def test_a_scale_comes_from_a_mapping_or_from_the_own_lr():
    optimizer = sgd("body", "head")
    csched.torch.Scheduler(optimizer, LINEAR, scale={"head": 10.0})
    assert rates(optimizer) == {"body": 0.4, "head": 4.0}
    optimizer = sgd("body", "head")
    optimizer.param_groups[1]["lr"] = 0.03
    factor = csched.curve("linear", 1.0, 0.0, 10)
    scheduler = csched.torch.Scheduler(optimizer, factor, scale="lr")
    scheduler.seek(4)
    assert rates(optimizer) == {"body": 0.3 * factor(4), "head": 0.03 * factor(4)}
    # built again on the running optimizer: the base is what the groups were built with
    saved, state = optimizer.state_dict(), scheduler.state_dict()
    again = sgd("body", "head")
    again.load_state_dict(saved)
    csched.torch.Scheduler(again, factor, scale="lr").load_state_dict(state)
    assert rates(again) == rates(optimizer)


def test_a_scale_for_an_index_without_a_group_is_refused():
    with pytest.raises(ValueError, match=r"a group of scale must be one of .*, got 1"):
        csched.torch.Scheduler(sgd(None), LINEAR, scale={1: 0.5})


def test_a_new_group_of_the_same_name_takes_nothing_from_the_old_one():
    optimizer = sgd("body")
    scheduler = csched.torch.Scheduler(optimizer, {0: LINEAR, "*": COSINE})
    optimizer.add_param_group({"params": [weight()], "name": "body"})
    optimizer.param_groups.reverse()
    scheduler.step()
    assert scheduler.get_last_lr() == [COSINE(1), LINEAR(1)]


def test_numbers_of_numpy_are_numbers():
    for number in (np.float32(0.1), np.float64(0.1), np.int64(1)):
        optimizer = torch.optim.SGD([weight()], lr=number)
        scheduler = csched.torch.Scheduler(optimizer, LINEAR)
        assert type(optimizer.param_groups[0]["lr"]) is float
        scheduler.detach()
        assert optimizer.param_groups[0]["lr"] is number


def test_another_scale_is_no_silent_mix():
    state = csched.torch.Scheduler(sgd("a", "b"), LINEAR, scale={"b": 2.0}).state_dict()
    optimizer = sgd("a", "b")
    scheduler = csched.torch.Scheduler(optimizer, LINEAR, scale={"b": 3.0})
    with pytest.raises(ValueError, match=r"scale\.b: 2\.0 \(saved\), 3\.0 \(here\)"):
        scheduler.load_state_dict(state)
    scheduler.load_state_dict(state, spec="saved")
    assert rates(optimizer) == {"a": 0.4, "b": 0.8}


# --- any hyperparameter ------------------------------------------------------------------------


def test_every_key_runs_from_one_clock():
    schedule = csched.Schedule(
        {
            "lr": LINEAR,
            "momentum": csched.curve("linear", 0.85, 0.95, 16),
            "betas[1]": csched.curve("linear", 0.99, 0.999, 16),
            "weight_decay": COSINE,
            "eps": csched.curve("exponential", 1e-4, 1e-8, 16),
            "temperature": csched.curve("cosine", 5.0, 1.0, 16),
            "batch_size": csched.curve("linear", 32, 256, 16).rounded(8),
        }
    )
    w = weight()
    optimizer = torch.optim.AdamW([{"params": [w], "temperature": 1.0, "batch_size": 32}])
    scheduler = csched.torch.Scheduler(optimizer, schedule)
    for t in range(20):
        group, want = optimizer.param_groups[0], schedule(t)
        assert group["betas"] == (want["momentum"], want["betas[1]"])
        for key in ("lr", "weight_decay", "eps", "temperature", "batch_size"):
            assert group[key] == want[key]
        assert type(group["batch_size"]) is int
        assert group["batch_size"] % 8 == 0
        assert type(group["lr"]) is float
        w.grad = torch.ones_like(w)
        optimizer.step()
        scheduler.step()


def test_many_keys_of_the_same_groups():
    """More than the writer stores in one visit of a dict, and a key that only some groups have."""
    keys = {f"key{i}": csched.curve("linear", i, i + 1.0, 8) for i in range(6)}
    groups = [{"params": [weight()], **dict.fromkeys(keys, 0.0)} for _ in range(3)]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    some = csched.Schedule({"key0": LINEAR, "key5": COSINE})
    scheduler = csched.torch.Scheduler(optimizer, {"*": csched.Schedule(keys), 1: some})
    for t in range(1, 9):
        scheduler.step()
        first, second, third = ({k: g[k] for k in keys} for g in optimizer.param_groups)
        assert first == third == {k: c(t) for k, c in keys.items()}
        assert second == dict.fromkeys(keys, 0.0) | {"key0": LINEAR(t), "key5": COSINE(t)}


def test_groups_that_share_a_tuple_go_on_sharing():
    groups = [{"params": [weight()]} for _ in range(3)] + [
        {"params": [weight()], "betas": (0.5, 0.6)}
    ]
    optimizer = torch.optim.Adam(groups)
    rise = csched.curve("linear", 0.5, 0.75, 4)
    csched.torch.Scheduler(optimizer, csched.Schedule(momentum=rise)).seek(2)
    a, b, c, other = (g["betas"] for g in optimizer.param_groups)
    assert a is b is c
    assert (a, other) == ((0.625, 0.999), (0.625, 0.6))
    in_lists = [{"params": [weight()], "betas": [0.9, 0.99]} for _ in range(2)]
    in_lists[1]["betas"] = in_lists[0]["betas"]
    optimizer = torch.optim.SGD(in_lists, lr=0.1)
    csched.torch.Scheduler(optimizer, csched.Schedule({"betas[0]": rise}))
    a, b = (g["betas"] for g in optimizer.param_groups)
    assert a == b == [0.5, 0.99]
    assert a is not b


def test_any_entry_of_any_tuple():
    class Adan(torch.optim.SGD):
        pass

    for betas in ((0.98, 0.92, 0.99), [0.98, 0.92, 0.99]):
        group = {"params": [weight()], "betas": betas}
        optimizer = Adan([group], lr=0.1)
        rise = csched.curve("linear", 0.5, 0.75, 4)
        scheduler = csched.torch.Scheduler(optimizer, csched.Schedule({"betas[2]": rise}))
        scheduler.seek(2)
        assert optimizer.param_groups[0]["betas"] == type(betas)([0.98, 0.92, 0.625])
        assert betas[2] == 0.99  # the given object is not written to
        scheduler.detach()
        assert optimizer.param_groups[0]["betas"] is betas


def test_a_curve_for_no_group_is_read_by_name():
    size = csched.curve("linear", 32, 62, 5).rounded()
    schedule = csched.Schedule(lr=LINEAR, batch_size=size, noise=0.25 * size)
    with pytest.raises(ValueError, match="a curve for yourself goes into `extra`"):
        csched.torch.Scheduler(sgd(None), schedule)
    scheduler = csched.torch.Scheduler(sgd(None), schedule, extra=("batch_size", "noise"))
    scheduler.seek(2)
    assert (scheduler.value("batch_size"), scheduler.value("noise")) == (44, 11.0)
    assert type(scheduler.value("batch_size")) is int  # as a DataLoader wants it
    scheduler.seek(0)
    assert type(scheduler.value("noise")) is float
    with pytest.raises(ValueError, match=r"one of \['batch_size', 'noise'\], got 'lr'"):
        scheduler.value("lr")


def constant(value):
    return csched.curve("constant", value, steps=4)


def with_lr(lr):
    def make():
        optimizer = sgd(None, None)
        optimizer.param_groups[0]["lr"] = lr
        return optimizer

    return make


def shared():
    optimizer = sgd("a", "b")
    one = torch.tensor(0.1)
    for group in optimizer.param_groups:
        group["lr"] = one
    return optimizer


def taken():
    optimizer = sgd(None)
    optimizer.keep = csched.torch.Scheduler(optimizer, LINEAR)
    return optimizer


def plain():
    return sgd(None)


def adam():
    return torch.optim.Adam([weight()])


SPIKE = csched.curve("constant", 0.9, steps=900).then(csched.curve("linear", 0.9, 1.01, 100))
BAD = {
    "unknown key": (
        plain,
        {"lrr": LINEAR},
        r"a key must be one of 'lr', 'momentum', 'dampening', ",
    ),
    "no entry": (adam, {"betas[2]": LINEAR}, r"betas\[2\] must be an entry of a tuple"),
    "no index": (adam, {"betas": LINEAR}, r"betas must be a number .* write betas\[0\]"),
    "bad path": (plain, {"lr[": LINEAR}, r"a key must be a group's key, or one with an index"),
    "negative lr": (plain, {"lr": constant(-0.1)}, r"lr must be in \[0, inf\) at every step"),
    "momentum of 1": (plain, {"momentum": constant(1.0)}, r"momentum must be in \[0, 1\) at every"),
    "beta past 1 late": (adam, {"momentum": SPIKE}, r"betas\[0\] must be in \[0, 1\) .* got 1\.01"),
    "negative decay": (plain, {"weight_decay": constant(-1.0)}, "weight_decay must be in"),
    "a bool": (plain, {"nesterov": LINEAR}, "nesterov must be a number or a tensor"),
    "int tensor": (with_lr(torch.tensor(1)), {"lr": LINEAR}, "lr must be a floating-point tensor"),
    "two elements": (with_lr(torch.ones(2)), {"lr": LINEAR}, "lr must be a floating-point tensor"),
    "too large": (
        with_lr(torch.tensor(1.0, dtype=torch.float16)),
        {"lr": constant(7e4)},
        "lr must be within 65504, the largest its tensor holds",
    ),
    "no such group": (lambda: sgd("a"), {"b": LINEAR}, r"a group must be one of 'a', 0 \.\. 0"),
    "group index": (plain, {3: LINEAR}, "a group must be one of"),
    "negative index": (plain, {-1: LINEAR}, r"a group must be one of 0 \.\. 0, '\*', got -1"),
    "names of two types": (lambda: sgd("a", 7), {"b": LINEAR}, "a group must be one of 'a', 7, "),
    "one momentum twice": (
        adam,
        {"momentum": constant(0.9), "betas[0]": constant(0.8)},
        r"the schedule must be without one of the two, got \['momentum', 'betas\[0\]'\]",
    ),
    "a number": (plain, 0.1, "schedule must be a Schedule, a Curve, or a mapping"),
    "shared tensor": (shared, {"a": LINEAR, "b": COSINE}, "lr must be a tensor of its own"),
    "taken": (taken, LINEAR, r"lr must be driven by one scheduler in group 0, .* detach\(\) that"),
    "fraction in an int": (
        lambda: torch.optim.SGD([{"params": [weight()], "depth": 3}], lr=0.1),
        {"depth": LINEAR},
        "depth must be of integer values, as the group holds an int",
    ),
    "no optimizer": (lambda: [weight()], LINEAR, "optimizer must be a torch.optim.Optimizer"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_right_is_refused_at_attach(name):
    make, schedule, message = BAD[name]
    optimizer = make()
    named = isinstance(schedule, dict) and not {*schedule} & {"a", "b", 3, -1}
    before = [dict(g) for g in getattr(optimizer, "param_groups", [])]
    with pytest.raises((ValueError, TypeError), match=message):
        csched.torch.Scheduler(optimizer, csched.Schedule(schedule) if named else schedule)
    assert [dict(g) for g in getattr(optimizer, "param_groups", [])] == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"drive": "epoch"}, "drive must be one of 'step', 'optimizer'"),
        ({"storage": "gpu"}, "storage must be one of 'keep', 'buffer'"),
        ({"scale": 2.0}, "scale must be a key, a mapping of groups to factors or None"),
        ({"scale": {0: -1.0}}, r"scale of group 0 must be in \[0, inf\)"),
        ({"extra": "batch"}, "extra must be names of curves of the schedule"),
    ],
)
def test_bad_choices_are_refused(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        csched.torch.Scheduler(plain(), LINEAR, **arguments)


def test_different_keys_may_have_different_schedulers():
    optimizer = sgd(None, momentum=0.9)
    csched.torch.Scheduler(optimizer, LINEAR, drive="optimizer")
    decay = csched.Schedule(weight_decay=COSINE)
    second = csched.torch.Scheduler(optimizer, decay, drive="optimizer")
    optimizer.step()
    group = optimizer.param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (LINEAR(1), COSINE(1))
    second.detach()
    assert group["weight_decay"] == 0


def test_an_int_lr_is_a_number():
    optimizer = torch.optim.SGD([weight()], lr=1)
    csched.torch.Scheduler(optimizer, LINEAR)
    assert optimizer.param_groups[0]["lr"] == 0.4


def test_a_schedule_attached_at_lr_zero_follows_its_curve():
    optimizer = torch.optim.SGD([weight()], lr=0.0)
    scheduler = csched.torch.Scheduler(optimizer, COSINE)
    scheduler.seek(3)
    assert optimizer.param_groups[0]["lr"] == COSINE(3)


def test_very_long_curves_are_checked_where_phases_meet():
    long = csched.curve("linear", 0.1, 0.9, 10**12).then(csched.curve("linear", 0.9, 0.2, 10**12))
    csched.torch.Scheduler(adam(), csched.Schedule(momentum=long))
    bad = csched.curve("linear", 0.1, 1.1, 10**12).then(csched.curve("linear", 0.9, 0.2, 10**12))
    with pytest.raises(ValueError, match=r"betas\[0\] must be in \[0, 1\)"):
        csched.torch.Scheduler(adam(), csched.Schedule(momentum=bad))
