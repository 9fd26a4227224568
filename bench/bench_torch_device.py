"""Values that live on a device: a step of them, and the replay of a graph that has captured it.

The limit of a step is one `copy_` of the same buffer, which every other way of writing tensors
takes at least; that of a replay is the same graph under constant rates. Replays need a GPU.
"""

import csched.torch
import pytest
import torch
from csched.torch import device
from torch.optim import lr_scheduler as theirs

import csched
from conftest import agree

STEPS = 10**5
REPLAYS = 200  # between two waits for the device
LR = csched.curve("cosine", 0.1, 0.0, STEPS)
BOTH = csched.Schedule({"lr": LR, "betas[0]": csched.curve("linear", 0.85, 0.95, STEPS)})


OURS = ["csched", "csched, lr and beta", "csched, refilled every 200 steps"]


def adamw(groups, where, lr=0.1):
    weights = [torch.nn.Parameter(torch.ones(64, device=where)) for _ in range(groups)]
    for w in weights:
        w.grad = torch.ones_like(w)
    arguments = {"capturable": True} if where == "cuda" else {}
    return torch.optim.AdamW([{"params": [w]} for w in weights], lr, foreach=False, **arguments)


def scaled(groups):
    """A factor for every group, so that each needs a number of its own."""
    return {i: 1.0 + i / groups for i in range(groups)}


@pytest.mark.parametrize("groups", [1, 100, 1000])
@pytest.mark.parametrize("who", ["copy_", "csched", "csched, lr and beta", "CosineAnnealingLR"])
def test_step_of_values_on_a_device(timed, who, groups):
    optimizer, name = adamw(groups, "cpu"), who
    if who == "copy_":
        buffer, source = torch.zeros(groups), torch.full((groups,), 0.1)

        def step():
            buffer.copy_(source)

    elif who == "CosineAnnealingLR":
        for group in optimizer.param_groups:
            group["lr"] = torch.tensor(0.1)
        step, name = theirs.CosineAnnealingLR(optimizer, STEPS).step, f"torch {who}"
        optimizer.step()
    else:
        schedule = BOTH if "beta" in who else LR
        scheduler = csched.torch.Scheduler(
            optimizer, schedule, storage="device", scale=scaled(groups)
        )
        for t in range(30):
            rates = [g["lr"].item() for g in optimizer.param_groups]
            agree([LR(t) * (1.0 + i / groups) for i in range(groups)], rates, rtol=6e-8)
            scheduler.step()
        step = scheduler.step
    slow = who == "CosineAnnealingLR"
    timed(
        f"step of values on a device, {groups} groups",
        name,
        step,
        limit=who == "copy_",
        rounds=10 if slow else 40,
        iterations=4 if slow else 200,
    )


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("groups", [1, 100])
@pytest.mark.parametrize("who", ["constant rates", *OURS, "fill_ of every rate before"])
def test_replay_on_cuda(timed, monkeypatch, who, groups):
    if "refilled" in who:
        monkeypatch.setattr(device, "FLOATS", 401 * groups)
    optimizer = adamw(groups, "cuda")
    for group in optimizer.param_groups:
        group["lr"] = torch.full((), 0.1, device="cuda")
    ours = who.startswith("csched")
    if ours:
        schedule = BOTH if "beta" in who else LR
        scheduler = csched.torch.Scheduler(
            optimizer, schedule, storage="device", scale=scaled(groups)
        )
    for _ in range(3):
        optimizer.step()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        optimizer.step()
        if ours:
            scheduler.step_on_device()
    values = LR.values().tolist()
    position = 0

    def run():
        nonlocal position
        for _ in range(REPLAYS):
            if ours:
                scheduler.replay(graph)
                continue
            if who.startswith("fill_"):
                position = (position + 1) % STEPS
                for group in optimizer.param_groups:
                    group["lr"].fill_(values[position])
            graph.replay()
        torch.cuda.synchronize()

    if ours:
        run()
        t = scheduler.state_dict()["position"]
        agree(LR(t), optimizer.param_groups[0]["lr"].item(), rtol=6e-8)
    timed(
        f"a replay on CUDA, {groups} groups",
        who,
        run,
        limit=who == "constant rates",
        rounds=20,
        times=REPLAYS,
    )
