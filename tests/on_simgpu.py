"""Promises 2, 15 and 16 where a captured graph moves the schedule, on the accelerator of simgpu.py.

Run by test_torch_device.py in a process of its own: torch then takes "simgpu" for the machine's
accelerator, and parts of it ask accelerators for streams.
"""

import io

import csched.torch
import numpy as np
import pytest
import simgpu
import torch
from csched.plateau import Plateau
from csched.torch import binding, device
from torch.utils._pytree import tree_map

import csched

LR = csched.cosine(0.1, 60, warmup_steps=7)["lr"]
ENDLESS = csched.curve("cosine", 0.1, 0.01, 13).repeat()
BETA = csched.curve("linear", 0.8, 0.95, 50)
BOTH = csched.Schedule({"lr": ENDLESS, "betas[0]": BETA})


def weights(groups=2):
    made = [torch.nn.Parameter(torch.linspace(-1, 2, 4).to("simgpu")) for _ in range(groups)]
    for i, w in enumerate(made):
        w.grad = torch.linspace(0.5, 1, 4).add(i).to("simgpu")
    return made


def adamw(groups=2, **arguments):
    arguments = {"capturable": True, "foreach": False, **arguments}
    return torch.optim.AdamW([{"params": [w]} for w in weights(groups)], **arguments)


def update(optimizer):
    """One update, with a gradient that depends on the weight."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad.mul_(0.9).add_(p.detach(), alpha=0.1)
    optimizer.step()


def capture(optimizer, scheduler):
    """A graph of an update and a step; the first update, which makes the state, is made before."""
    update(optimizer)
    scheduler.step()
    graph = simgpu.Graph()
    with graph:
        update(optimizer)
        scheduler.step_on_device()
    return graph


def contents(optimizer):
    return [simgpu.data(p).tolist() for g in optimizer.param_groups for p in g["params"]]


def now(optimizer, path="lr"):
    return [simgpu.data(binding.read(g, path)).item() for g in optimizer.param_groups]


def on_host(state):
    """As a checkpoint that was loaded with map_location="cpu"."""
    return tree_map(lambda x: simgpu.data(x).clone() if simgpu.is_here(x) else x, state)


def by_hand(optimizer, schedule, steps, scales=(1.0, 1.0), step=None):
    """The same training without us: a tensor for every number, filled before every update."""
    for group in optimizer.param_groups:
        for path in schedule:
            binding.place(group, path, torch.zeros((), device="simgpu"))
    for t in range(steps):
        for group, scale in zip(optimizer.param_groups, scales, strict=True):
            for path, curve in schedule.items():
                factor = scale if path == "lr" else 1.0
                binding.read(group, path).fill_(curve(t) * factor)
        step() if step else update(optimizer)
    return contents(optimizer)


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    monkeypatch.setattr(device, "FLOATS", 2**12)


@pytest.fixture(params=[2**12, 22], ids=["one window", "windows that refill"])
def floats(request, monkeypatch):
    monkeypatch.setattr(device, "FLOATS", request.param)


CASES = {
    "AdamW": (torch.optim.AdamW, {}, csched.Schedule(lr=ENDLESS)),
    "AdamW, betas": (torch.optim.AdamW, {"foreach": False}, BOTH),
    "Adamax, both betas": (
        torch.optim.Adamax,
        {"foreach": False},
        BOTH.replace(**{"betas[1]": BETA}),
    ),
    "NAdam": (torch.optim.NAdam, {"foreach": False}, BOTH),
    "RAdam": (torch.optim.RAdam, {}, csched.Schedule(lr=LR)),
    "RMSprop": (torch.optim.RMSprop, {}, csched.Schedule(lr=LR)),
    "Adadelta": (torch.optim.Adadelta, {}, csched.Schedule(lr=LR)),
    "ASGD": (torch.optim.ASGD, {"lr": 0.01}, csched.Schedule(lr=LR)),
}


@pytest.mark.parametrize("name", CASES)
def test_replays_equal_updates_with_rates_filled_in_by_hand(monkeypatch, name):
    monkeypatch.setattr(device, "FLOATS", 21)  # refilled every 2 to 5 steps
    steps = 24
    cls, arguments, schedule = CASES[name]

    def make():
        groups = [{"params": [w]} for w in weights()]
        return cls(groups, capturable=True, **arguments)

    optimizer = make()
    scheduler = csched.torch.Scheduler(optimizer, schedule, storage="device", scale={1: 0.5})
    graph = capture(optimizer, scheduler)
    for _ in range(steps - 1):
        scheduler.replay(graph)
    assert scheduler.state_dict()["position"] == scheduler.position == steps
    assert contents(optimizer) == by_hand(make(), schedule, steps, (1.0, 0.5))


class Momentum(torch.optim.Optimizer):
    """Takes every key as a tensor, as optimizers outside of torch may."""

    def __init__(self, params):
        super().__init__(params, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.grad.mul_(group["momentum"]).add_(p * group["weight_decay"])
                p.sub_(p.grad * group["lr"])


def test_a_thousand_replays_equal_a_thousand_updates(monkeypatch):
    monkeypatch.setattr(device, "FLOATS", 123)
    schedule = csched.Schedule(lr=ENDLESS, momentum=BETA, weight_decay=0.1 * ENDLESS)
    optimizer = Momentum(weights(1))
    scheduler = csched.torch.Scheduler(optimizer, schedule, storage="device")
    graph = simgpu.Graph()
    with graph:
        optimizer.step()
        scheduler.step_on_device()
    for _ in range(1000):
        scheduler.replay(graph)
    assert scheduler._held.windows.all[0].start == 1000  # 50 times refilled
    plain = Momentum(weights(1))
    assert contents(optimizer) == by_hand(plain, schedule, 1000, (1.0,), plain.step)


def test_a_replay_waits_for_nothing_and_takes_two_launches_more(monkeypatch):
    monkeypatch.setattr(device, "FLOATS", 62)
    for groups in (1, 8):
        optimizer = adamw(groups)
        scheduler = csched.torch.Scheduler(optimizer, BOTH, storage="device")
        update(optimizer)
        simgpu.counted.clear()
        update(optimizer)
        alone = simgpu.counted["launch"]
        assert simgpu.counted == {"launch": alone}
        simgpu.counted.clear()
        scheduler.step()
        assert simgpu.counted == {"launch": 2}
        graph = capture(optimizer, scheduler)
        scheduler.seek(0)
        simgpu.counted.clear()
        for t in range(1, 46):
            scheduler.replay(graph)
            sent = 1 + max(0, t - 7) // 15 if t >= 7 else 0  # half a half before it is needed
            assert simgpu.counted["copy to the device beside"] == sent
        # thrice, in the middle of 30 rows: both halves move up, the counter goes back, and NaN is
        # added if it went too far; what moves up has come beside the steps
        moves = {"launch": 45 * (alone + 2) + 3 * 6, "copy to the device beside": 3}
        assert simgpu.counted == moves


def test_a_number_of_the_host_that_a_graph_would_freeze_is_refused():
    """Whoever captures: a float, a tensor of the CPU, and what is no lr in storage "buffer"."""
    optimizer = adamw()
    optimizer.param_groups[1]["lr"] = torch.tensor(0.1)
    beta = csched.Schedule({"betas[1]": BETA})
    cases = [({0: LR}, "lr of group 0"), ({1: LR}, "lr of group 1"), (beta, r"betas\[1\] of group")]
    for schedule, name in cases:
        scheduler = csched.torch.Scheduler(optimizer, schedule, storage="keep")
        update(optimizer)
        before = contents(optimizer)
        message = name + r".* must be on the device to be captured in a graph, got .* of the host'"
        with simgpu.Graph(), pytest.raises(ValueError, match=message):
            update(optimizer)
        assert contents(optimizer) == before
        scheduler.detach()
    assert not optimizer._optimizer_step_pre_hooks
    on_cpu = torch.optim.AdamW([torch.zeros(1)])
    scheduler = csched.torch.Scheduler(on_cpu, LR)
    assert not on_cpu._optimizer_step_pre_hooks  # there it costs nothing


def test_a_device_without_streams_is_refilled_in_the_order_of_the_steps(monkeypatch):
    monkeypatch.delattr(torch.get_device_module("simgpu"), "Stream")
    monkeypatch.setattr(device, "FLOATS", 21)
    optimizer = adamw(1)
    scheduler = csched.torch.Scheduler(optimizer, ENDLESS, storage="device")
    simgpu.counted.clear()
    for t in range(30):
        assert now(optimizer) == [np.float32(ENDLESS(t))]
        scheduler.step()
    assert simgpu.counted["copy to the device"] == 3


@pytest.mark.parametrize("storage", ["keep", "buffer", "device"])
def test_a_tensor_is_not_moved_by_the_host_in_a_capture(storage):
    optimizer = adamw()
    for group in optimizer.param_groups:
        group["lr"] = torch.full((), 0.1, device="simgpu")
    scheduler = csched.torch.Scheduler(optimizer, LR, storage=storage)
    update(optimizer)
    for move in (scheduler.step, lambda: scheduler.seek(3), scheduler.rebind):
        with simgpu.Graph(), pytest.raises(ValueError, match=r"outside .* step_on_device\(\) to"):
            move()
        assert scheduler.position == 0
    graph = simgpu.Graph()
    with graph:
        update(optimizer)
    for _ in range(20):  # between replays it is
        scheduler.step()
        graph.replay()
    assert contents(optimizer) == by_hand(adamw(), csched.Schedule(lr=LR), 21)


def test_a_capture_computes_nothing():
    optimizer = adamw()
    scheduler = csched.torch.Scheduler(optimizer, BOTH, storage="device")
    update(optimizer)
    before = contents(optimizer), now(optimizer), now(optimizer, "betas[0]")
    with simgpu.Graph():
        update(optimizer)
        scheduler.step_on_device()
    assert (contents(optimizer), now(optimizer), now(optimizer, "betas[0]")) == before
    assert scheduler.state_dict()["position"] == 0


@pytest.mark.usefixtures("floats")
def test_seek_moves_what_the_graph_reads():
    optimizer = adamw()
    scheduler = csched.torch.Scheduler(optimizer, BOTH, storage="device")
    graph = capture(optimizer, scheduler)
    for t in (30, 2, 500, 0, 19, 20, 21):
        scheduler.seek(t)
        for k in range(t, t + 25):
            assert now(optimizer) == [np.float32(ENDLESS(k))] * 2
            assert now(optimizer, "betas[0]") == [np.float32(BETA(k))] * 2
            scheduler.replay(graph)
        assert scheduler.state_dict()["position"] == t + 25


@pytest.mark.usefixtures("floats")
def test_a_run_that_was_resumed_and_captured_again_ends_with_the_same_weights():
    optimizer = adamw()
    scheduler = csched.torch.Scheduler(optimizer, BOTH, storage="device")
    graph = capture(optimizer, scheduler)
    for _ in range(16):
        scheduler.replay(graph)
    file = io.BytesIO()
    state = {"optimizer": on_host(optimizer.state_dict()), "schedule": scheduler.state_dict()}
    torch.save(state, file)
    saved = torch.load(io.BytesIO(file.getvalue()), weights_only=True)
    model, grads = (
        contents(optimizer),
        [simgpu.data(p.grad).tolist() for g in optimizer.param_groups for p in g["params"]],
    )

    resumed = adamw()
    second = csched.torch.Scheduler(resumed, BOTH, storage="device")
    views = [g["lr"] for g in resumed.param_groups]
    resumed.load_state_dict(saved["optimizer"])
    second.load_state_dict(saved["schedule"])
    assert second.position == 17
    assert all(g["lr"] is v for g, v in zip(resumed.param_groups, views, strict=True))
    with torch.no_grad():
        for group, values, grad in zip(resumed.param_groups, model, grads, strict=True):
            group["params"][0].copy_(torch.tensor(values))
            group["params"][0].grad.copy_(torch.tensor(grad))
    again = capture(resumed, second)
    for _ in range(12):
        second.replay(again)
    assert contents(resumed) == by_hand(adamw(), BOTH, 30)


def test_loading_the_optimizer_leaves_the_graph_its_tensors():
    """torch puts copies of the saved tensors into new groups: the graph would write to the old."""
    optimizer = adamw()
    scheduler = csched.torch.Scheduler(optimizer, BOTH, storage="device")
    saved = on_host(optimizer.state_dict())
    graph = simgpu.Graph()
    with graph:
        scheduler.step_on_device()
    for _ in range(9):
        graph.replay()
    optimizer.load_state_dict(saved)
    assert scheduler.position == 9
    graph.replay()
    assert now(optimizer) == [np.float32(ENDLESS(10))] * 2
    assert now(optimizer, "betas[0]") == [np.float32(BETA(10))] * 2


def test_replays_that_nobody_counted_are_not_lost():
    plateau = Plateau(0.5, patience=0)
    optimizer = adamw()
    scheduler = csched.torch.Scheduler(optimizer, LR, storage="device", plateau=plateau)
    graph = simgpu.Graph()
    with graph:
        scheduler.step_on_device()
    moves = [
        (2, lambda: scheduler.advance(2)),
        (0, lambda: scheduler.observe(1.0) or scheduler.observe(1.0)),
        (1, scheduler.step),
        (0, lambda: optimizer.load_state_dict(on_host(optimizer.state_dict()))),
        (0, lambda: scheduler.load_state_dict(scheduler.state_dict())),
    ]
    wanted = 0
    for more, move in moves:
        for _ in range(5):
            graph.replay()
        move()
        wanted += 5 + more
        factor = 0.5 if plateau.events else 1.0
        assert now(optimizer) == [np.float32(LR(wanted) * factor)] * 2
        assert scheduler.state_dict()["position"] == wanted
    graph.replay()
    optimizer.add_param_group({"params": weights(1)})
    with pytest.raises(ValueError, match="counted before groups change, got 28; or state_dict"):
        scheduler.step()
    assert scheduler.state_dict()["position"] == wanted + 1
    scheduler.step()
    assert now(optimizer) == [np.float32(LR(wanted + 2) * f) for f in (0.5, 0.5, 0.5)]
    assert len(scheduler._held.windows.all) == 1  # the new group reads the column of the others
    graph.replay()
    optimizer.add_param_group({"params": weights(1)})
    scheduler.seek(3)
    assert now(optimizer) == [np.float32(LR(3))] * 4


def test_every_device_has_its_own_window():
    here, there = weights(1), [torch.nn.Parameter(torch.ones(4))]
    optimizer = Momentum([{"params": here}, {"params": there}])
    scheduler = csched.torch.Scheduler(optimizer, ENDLESS, storage="device", scale={1: 0.5})
    for t in range(40):
        assert [g["lr"].device.type for g in optimizer.param_groups] == ["simgpu", "cpu"]
        assert now(optimizer) == [np.float32(ENDLESS(t) * f) for f in (1.0, 0.5)]
        simgpu.counted.clear()
        scheduler.step()
        assert simgpu.counted == {"launch": 2}


def test_a_count_too_many_is_seen(monkeypatch):
    monkeypatch.setattr(device, "FLOATS", 21)
    optimizer = adamw(1)
    scheduler = csched.torch.Scheduler(optimizer, ENDLESS, storage="device")
    graph = simgpu.Graph()
    with graph:
        scheduler.step_on_device()
    for t in range(5):
        assert now(optimizer) == [np.float32(ENDLESS(t))]
        scheduler.replay(graph)
        scheduler.replayed()
    graph.replay()
    assert np.isnan(now(optimizer)).all()  # the halves of 10 have moved up at step 5
    with pytest.raises(ValueError, match="replays must be counted once each"):
        scheduler.state_dict()
    scheduler.seek(7)
    assert now(optimizer) == [np.float32(ENDLESS(7))]
    whole = csched.torch.Scheduler(adamw(1), csched.cosine(0.1, 20), storage="device")
    whole.step_on_device()
    whole.replayed(8)
    assert whole.state_dict()["position"] == 1  # the device knows best


def test_one_graph_moves_every_optimizer_on_its_clock(monkeypatch):
    monkeypatch.setattr(device, "FLOATS", 21)
    first, second, third = adamw(1), adamw(1), adamw(1)
    leader = csched.torch.Scheduler(first, ENDLESS, storage="device")
    decay = 0.5 * ENDLESS
    csched.torch.Scheduler(second, decay, drive=leader, storage="device")
    csched.torch.Scheduler(third, LR, drive=leader)
    graph = simgpu.Graph()
    with graph:
        leader.step_on_device()
    for t in range(30):
        assert now(first) == [np.float32(ENDLESS(t))]
        assert now(second) == [np.float32(decay(t))]
        assert third.param_groups[0]["lr"] == LR(t)
        leader.replay(graph)
    assert leader.last_applied() == [{"lr": ENDLESS(29)}]


def test_what_waits_for_the_device_is_the_state_alone():
    optimizer = adamw()
    simgpu.counted.clear()
    scheduler = csched.torch.Scheduler(optimizer, BOTH, storage="device")
    scheduler.seek(10**6)
    assert simgpu.counted["copy to the device"] == 2
    assert simgpu.counted["copy to the device that waits"] == 0
    scheduler.state_dict()
    assert simgpu.counted["wait"] == 0  # the host has made every move
    scheduler.step_on_device()
    scheduler.get_last_lr()
    scheduler.bindings()
    scheduler.replayed()
    assert simgpu.counted["wait"] == 0
    scheduler.state_dict()
    assert simgpu.counted["wait"] == 1


def test_what_waits_at_every_update_is_refused():
    for optimizer, hint in [
        (torch.optim.SGD(weights(1), lr=0.1), "SGD does with fused=True"),
        (adamw(capturable=False), "AdamW does with fused=True, or with capturable=True, or"),
    ]:
        with pytest.raises(ValueError, match=hint):
            csched.torch.Scheduler(optimizer, LR, storage="device")
        assert optimizer.param_groups[0]["lr"] in (0.1, 0.001)
