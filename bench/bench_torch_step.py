"""One step of a schedule in a torch optimizer, against a hand-written loop and torch's schedulers.

The loop reads a list of values and stores one in the dict of every group: what a program without
csched would do. Everybody's rates are compared over 30 steps before anybody is timed.
"""

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

    optimizer.param_groups[0]["lr"] = values[0]
    for group in optimizer.param_groups:
        group["lr"] = values[0]
    return step


def calls(groups):
    """Iterations that take about a millisecond for the loop."""
    return max(20, 4000 // groups)


@pytest.mark.parametrize("groups", [1, 10, 100, 1000])
@pytest.mark.parametrize("who", ["loop", "csched", "csched, lr and momentum"])
def test_step(timed, who, groups):
    values = COSINE["lr"].values().tolist()
    optimizer = sgd(groups)
    if who == "loop":
        step = hand_written(optimizer, values)
    else:
        schedule = COSINE
        if "momentum" in who:
            schedule = schedule.replace(momentum=csched.curve("cosine", 0.85, 0.95, STEPS))
        step = csched.torch.Scheduler(optimizer, schedule).step
    agree([[v] * groups for v in values[:30]], rates(optimizer, step), rtol=0.0)
    timed(
        f"step, {groups} float groups",
        who,
        step,
        limit=who == "loop",
        rounds=40,
        iterations=calls(groups),
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
    timed(
        f"step, {groups} float groups",
        f"torch {who}",
        step,
        rounds=20,
        iterations=calls(groups) // 10,
    )


@pytest.mark.parametrize("groups", [1, 100, 1000])
@pytest.mark.parametrize("who", ["copy_", "csched", "csched, a factor each", "CosineAnnealingLR"])
def test_step_with_tensors(timed, who, groups):
    optimizer, name = sgd(groups), who
    if who == "copy_":
        buffer, source = torch.zeros(groups), torch.full((groups,), PEAK)
        step = lambda: buffer.copy_(source)  # noqa: E731
    elif who == "CosineAnnealingLR":
        for group in optimizer.param_groups:
            group["lr"] = torch.tensor(PEAK)
        name, step = f"torch {who}", theirs.CosineAnnealingLR(optimizer, STEPS).step
        agree([[v] * groups for v in COSINE["lr"].values(0, 30)], rates(optimizer, step), 1e-5)
    else:
        scale = {i: 0.99**i for i in range(groups)} if "factor" in who else None
        scheduler = csched.torch.Scheduler(optimizer, COSINE, scale=scale, storage="buffer")
        step = scheduler.step
        want = [[v * b.scale for b in scheduler._bounds] for v in COSINE["lr"].values(0, 30)]
        agree(want, rates(optimizer, step), rtol=6e-8)  # half a float32 ulp
    slow = "torch" in name and groups > 1
    timed(
        f"step, {groups} groups with tensors",
        name,
        step,
        limit=who == "copy_",
        rounds=5 if slow else 40,
        iterations=3 if slow else 500,
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
