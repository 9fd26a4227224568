"""Promise 16 on a GPU: what on_simgpu.py shows on the CPU, with torch.cuda.graph itself."""

import contextlib

import csched.torch
import pytest
import torch
from csched.torch import binding, device
from torch.profiler import ProfilerActivity, profile

import csched

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    pytest.mark.filterwarnings("ignore:Synchronization debug mode is a prototype feature"),
]

LR = csched.curve("cosine", 0.1, 0.01, 13).repeat()
BETA = csched.curve("linear", 0.8, 0.95, 500)
BOTH = csched.Schedule({"lr": LR, "betas[0]": BETA})
CASES = {
    "AdamW": (torch.optim.AdamW, {"capturable": True}, csched.Schedule(lr=LR)),
    "AdamW, fused": (
        torch.optim.AdamW,
        {"fused": True, "capturable": True},
        csched.Schedule(lr=LR),
    ),
    "AdamW, betas": (torch.optim.AdamW, {"capturable": True, "foreach": False}, BOTH),
    "Adamax, both betas and eps": (
        torch.optim.Adamax,
        {"capturable": True, "foreach": False},
        BOTH.replace(**{"betas[1]": BETA, "eps": 1e-6 * LR}),
    ),
    "NAdam, betas": (torch.optim.NAdam, {"capturable": True, "foreach": False}, BOTH),
    "SGD, fused": (torch.optim.SGD, {"fused": True, "momentum": 0.9}, csched.Schedule(lr=LR)),
}


def made(name):
    cls, arguments, schedule = CASES[name]
    weights = [torch.nn.Parameter(torch.linspace(-1, i, 64, device="cuda")) for i in (1, 2)]
    for w in weights:
        w.grad = torch.linspace(0.5, 1, 64, device="cuda")
    return cls([{"params": [w]} for w in weights], lr=0.1, **arguments), schedule


def update(optimizer):
    """One update, with a gradient that depends on the weight."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad.mul_(0.9).add_(p.detach(), alpha=0.1)
    optimizer.step()


def captured(optimizer, scheduler):
    """A graph of an update and a step; the first three are made before, as torch asks for."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            update(optimizer)
            scheduler.step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        update(optimizer)
        scheduler.step_on_device()
    return graph


@contextlib.contextmanager
def no_waiting():
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def contents(optimizer):
    return [p.detach().cpu().tolist() for g in optimizer.param_groups for p in g["params"]]


@pytest.mark.parametrize("floats", [2**22, 120], ids=["one window", "windows that refill"])
@pytest.mark.parametrize("name", CASES)
def test_a_thousand_replays_equal_a_thousand_updates_and_wait_for_nothing(
    monkeypatch, name, floats
):
    monkeypatch.setattr(device, "FLOATS", floats)
    optimizer, schedule = made(name)
    scheduler = csched.torch.Scheduler(optimizer, schedule, storage="device")
    graph = captured(optimizer, scheduler)
    with no_waiting():
        for _ in range(997):
            scheduler.replay(graph)
    assert scheduler.position == scheduler.state_dict()["position"] == 1000
    plain, _ = made(name)
    for group in plain.param_groups:
        for path in schedule:
            binding.place(group, path, torch.zeros((), device="cuda"))
    for t in range(1000):
        for group in plain.param_groups:
            for path, curve in schedule.items():
                binding.read(group, path).fill_(curve(t))
        update(plain)
    assert contents(optimizer) == contents(plain)


@pytest.mark.parametrize("name", CASES)
def test_a_step_waits_for_nothing(name):
    optimizer, schedule = made(name)
    scheduler = csched.torch.Scheduler(optimizer, schedule, storage="device")
    update(optimizer)
    with no_waiting():
        for _ in range(20):
            update(optimizer)
            scheduler.step()


def test_a_step_is_two_launches_whatever_the_number_of_groups_and_keys():
    for groups in (1, 100):
        weights = [torch.nn.Parameter(torch.ones(4, device="cuda")) for _ in range(groups)]
        optimizer = torch.optim.AdamW(
            [{"params": [w]} for w in weights], capturable=True, foreach=False
        )
        scales = {i: 1.0 + i for i in range(groups)}
        scheduler = csched.torch.Scheduler(optimizer, BOTH, storage="device", scale=scales)
        scheduler.step()
        torch.cuda.synchronize()
        with profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU]) as seen:
            for _ in range(10):
                scheduler.step()
            torch.cuda.synchronize()
        work = [e.name for e in seen.events() if e.device_type == torch.autograd.DeviceType.CUDA]
        assert len(work) == 20, work
        assert not any("memcpy" in name.lower() for name in work)


def test_a_refill_is_copied_beside_the_steps(monkeypatch):
    """On a stream of its own, and every rate is right however far the host runs ahead."""
    monkeypatch.setattr(device, "FLOATS", 2 * 4000 + 2)
    p = torch.nn.Parameter(torch.zeros(1, device="cuda"))
    optimizer = torch.optim.AdamW([p], capturable=True)
    scheduler = csched.torch.Scheduler(optimizer, LR, storage="device")
    lr, seen = optimizer.param_groups[0]["lr"], torch.zeros(9000, device="cuda")
    place = torch.zeros(1, dtype=torch.int64, device="cuda")
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        seen.index_copy_(0, place, lr.view(1))
        place.add_(1)
        scheduler.step_on_device()
    with profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU]) as found:
        for _ in range(9000):
            scheduler.replay(graph)
        torch.cuda.synchronize()
    assert torch.equal(seen.cpu(), torch.from_numpy(LR.values(0, 9000)).float())
    events = [e for e in found.events() if e.device_type == torch.autograd.DeviceType.CUDA]
    copies = {e.device_resource_id for e in events if "memcpy htod" in e.name.lower()}
    steps = {e.device_resource_id for e in events if "searchsorted" in e.name.lower()}
    assert copies
    assert not copies & steps


def test_a_captured_step_of_the_host_is_refused():
    optimizer, schedule = made("AdamW")
    scheduler = csched.torch.Scheduler(optimizer, schedule, storage="device")
    update(optimizer)
    with torch.cuda.graph(torch.cuda.CUDAGraph()):
        update(optimizer)
        with pytest.raises(ValueError, match="outside of a graph's capture"):
            scheduler.step()
    assert scheduler.position == 0


def test_a_float_that_a_graph_would_freeze_is_refused():
    w = torch.nn.Parameter(torch.ones(4, device="cuda"))
    w.grad = torch.ones_like(w)
    optimizer = torch.optim.SGD([w], lr=0.1)
    scheduler = csched.torch.Scheduler(optimizer, LR)
    update(optimizer)
    scheduler.step()
    with torch.cuda.graph(torch.cuda.CUDAGraph()):
        w.grad.add_(1)
        with pytest.raises(ValueError, match="lr of group 0 must be on the device"):
            optimizer.step()
