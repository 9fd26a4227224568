"""One step of a schedule in a torch optimizer, against a hand-written loop and torch's schedulers.

The loop reads a list of values and stores one in the dict of every group: what a program without
csched would do. Everybody's rates are compared over 30 steps before anybody is timed. Everybody is
called from the same `for` loop: what pytest-benchmark spends on a call is as much as a step takes.
"""

import functools
import itertools

import csched.torch
import pytest
import torch
from csched.presets import torch as presets
from torch.optim import lr_scheduler as theirs

import csched
from conftest import agree

STEPS = 10**5
PEAK = 0.1


def sgd(groups, lr=PEAK):
    weights = [torch.zeros(1, requires_grad=True) for _ in range(groups)]
    return torch.optim.SGD([{"params": [w]} for w in weights], lr=lr, momentum=0.9)


def sequential(optimizer):
    rise = theirs.LinearLR(optimizer, 0.1, total_iters=100)
    return theirs.SequentialLR(optimizer, [rise, theirs.CosineAnnealingLR(optimizer, STEPS)], [100])


def decay(step):
    return 0.999**step


COSINE = presets.CosineAnnealingLR(STEPS, base_lr=PEAK)
# torch's scheduler, and its preset: the same values
RIVALS = {
    "StepLR": (
        lambda o: theirs.StepLR(o, 10, 0.99),
        presets.StepLR(10, 0.99, base_lr=PEAK),
    ),
    "CosineAnnealingLR": (lambda o: theirs.CosineAnnealingLR(o, STEPS), COSINE),
    "OneCycleLR": (
        lambda o: theirs.OneCycleLR(o, PEAK, STEPS * 100),
        presets.OneCycleLR(PEAK, STEPS * 100),
    ),
    "CyclicLR": (
        lambda o: theirs.CyclicLR(o, 0.01, PEAK),
        presets.CyclicLR(0.01, PEAK),
    ),
    "CosineAnnealingWarmRestarts": (
        lambda o: theirs.CosineAnnealingWarmRestarts(o, 1000),
        presets.CosineAnnealingWarmRestarts(1000, base_lr=PEAK),
    ),
    "LambdaLR": (
        lambda o: theirs.LambdaLR(o, decay),
        presets.LambdaLR(decay, steps=1000, base_lr=PEAK),
    ),
    "SequentialLR": (
        sequential,
        presets.SequentialLR(
            [
                presets.LinearLR(0.1, total_iters=100, base_lr=PEAK),
                presets.CosineAnnealingLR(STEPS, base_lr=PEAK),
            ],
            [100],
        ),
    ),
}


def rates(optimizer, step, count=30):
    seen = []
    for _ in range(count):
        seen.append([float(g["lr"]) for g in optimizer.param_groups])
        optimizer.step()
        step()
    return seen


def hand_written(optimizer, values):
    """The loop, with its position; starts over at the end of the list."""
    t = 0

    def step():
        nonlocal t
        t = t + 1 if t + 1 < STEPS else 0
        value = values[t]
        for group in optimizer.param_groups:
            group["lr"] = value

    for group in optimizer.param_groups:
        group["lr"] = values[0]
    return step


def hand_written_for_both(optimizer, values, momenta):
    """The same with a momentum."""
    t = 0

    def step():
        nonlocal t
        t = t + 1 if t + 1 < STEPS else 0
        value, momentum = values[t], momenta[t]
        for group in optimizer.param_groups:
            group["lr"] = value
            group["momentum"] = momentum

    for group in optimizer.param_groups:
        group["lr"], group["momentum"] = values[0], momenta[0]
    return step


def repeated(step, times):
    """That many steps in one call."""

    def run():
        for _ in itertools.repeat(None, times):
            step()

    return run


def calls(groups):
    """Steps that take about a millisecond for the loop."""
    return max(20, 4000 // groups)


@pytest.mark.parametrize("groups", [1, 10, 100, 1000])
@pytest.mark.parametrize("keys", [("lr",), ("lr", "momentum")])
@pytest.mark.parametrize("who", ["loop", "csched"])
def test_step(timed, who, keys, groups):
    schedule = COSINE.replace(momentum=csched.curve("cosine", 0.85, 0.95, STEPS))
    values = [schedule[key].values().tolist() for key in keys]
    optimizer = sgd(groups)
    if who == "csched":
        step = csched.torch.Scheduler(optimizer, schedule if len(keys) == 2 else COSINE).step
    else:
        step = (hand_written if len(keys) == 1 else hand_written_for_both)(optimizer, *values)
    agree([[v] * groups for v in values[0][:30]], rates(optimizer, step), rtol=0.0)
    times = calls(groups)
    timed(
        f"step, {groups} float groups",
        who if len(keys) == 1 else f"{who}, lr and momentum",
        repeated(step, times),
        limit=who == "loop" and len(keys) == 1,
        rounds=40,
        times=times,
    )


@pytest.mark.parametrize("groups", [1, 100])
@pytest.mark.parametrize("who", RIVALS)
def test_step_of_torch(timed, who, groups):
    make, preset = RIVALS[who]
    optimizer, ours = sgd(groups), sgd(groups)
    step = make(optimizer).step
    agree(
        rates(ours, csched.torch.Scheduler(ours, preset["lr"]).step),
        rates(optimizer, step),
        rtol=1e-12,
    )
    times = calls(groups) // 10
    timed(
        f"step, {groups} float groups",
        f"torch {who}",
        repeated(step, times),
        rounds=20,
        times=times,
    )


@pytest.mark.parametrize("groups", [1, 100, 1000])
@pytest.mark.parametrize("who", ["copy_", "csched", "csched, a factor each", "CosineAnnealingLR"])
def test_step_with_tensors(timed, who, groups):
    optimizer, name = sgd(groups), who
    if who == "copy_":
        buffer, source = torch.zeros(groups), torch.full((groups,), PEAK)
        step = functools.partial(buffer.copy_, source)
    elif who == "CosineAnnealingLR":
        for group in optimizer.param_groups:
            group["lr"] = torch.tensor(PEAK)
        name, step = f"torch {who}", theirs.CosineAnnealingLR(optimizer, STEPS).step
        agree([[v] * groups for v in COSINE["lr"].values(0, 30)], rates(optimizer, step), 1e-5)
    else:
        scale = {i: 0.99**i for i in range(groups)} if "factor" in who else None
        scheduler = csched.torch.Scheduler(optimizer, COSINE, scale=scale, storage="buffer")
        step = scheduler.step
        scales = [b.scale for b in scheduler.bindings() if b.curve]
        want = [[v * s for s in scales] for v in COSINE["lr"].values(0, 30)]
        agree(want, rates(optimizer, step), rtol=6e-8)  # half a float32 ulp
    slow = "torch" in name and groups > 1
    times = 3 if slow else 500
    timed(
        f"step, {groups} groups with tensors",
        name,
        repeated(step, times),
        limit=who == "copy_",
        rounds=5 if slow else 40,
        times=times,
    )


@pytest.mark.parametrize("who", ["no schedule", "csched", "CosineAnnealingLR"])
def test_training_loop(timed, who):
    """A step of a small network in full: what a schedule adds to training."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=PEAK, momentum=0.9)
    after = {
        "no schedule": lambda: lambda: None,
        "csched": lambda: csched.torch.Scheduler(optimizer, COSINE).step,
        "CosineAnnealingLR": lambda: theirs.CosineAnnealingLR(optimizer, STEPS).step,
    }[who]()
    x, y = torch.randn(64, 32), torch.randint(0, 10, (64,))

    def update():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        after()

    timed(
        "training a small network",
        who,
        update,
        limit=who == "no schedule",
        rounds=60,
        iterations=20,
    )
