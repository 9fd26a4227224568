"""One step of a schedule in a torch optimizer, against a hand-written loop and torch's schedulers.

The loop reads a list of values and stores one in the dict of every group: what a program without
csched would do. The stores in C are what nobody can do without, whatever the values come from.
Everybody's rates are compared over 30 steps before anybody is timed. Everybody is called from the
same `for` loop: what pytest-benchmark spends on a call is as much as a step takes.
"""

import functools
import importlib.util
import itertools
from pathlib import Path

import csched.torch
import pytest
import torch
from csched.presets import torch as presets
from setuptools import Distribution, Extension
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


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """Nothing but stores, in C: what CPython takes for them."""
    folder = str(tmp_path_factory.mktemp("stores"))
    module = Extension("stores", [str(Path(__file__).with_name("stores.c"))])
    build = Distribution({"ext_modules": [module]}).get_command_obj("build_ext")
    build.build_lib = build.build_temp = folder
    build.ensure_finalized()
    build.run()
    spec = importlib.util.spec_from_file_location("stores", build.get_ext_fullpath("stores"))
    return importlib.util.module_from_spec(spec).store


@pytest.mark.parametrize("groups", [1, 10, 100, 1000])
def test_step(timed_in_turn, store, groups):
    schedule = COSINE.replace(momentum=csched.curve("cosine", 0.85, 0.95, STEPS))
    lrs, momenta = (schedule[key].values().tolist() for key in ("lr", "momentum"))
    times, steps = calls(groups), {}
    for both in (False, True):
        name, keys = (", lr and momentum", ("lr", "momentum")) if both else ("", ("lr",))
        one, two, three = sgd(groups), sgd(groups), sgd(groups)
        steps["loop" + name] = (
            hand_written_for_both(one, lrs, momenta) if both else hand_written(one, lrs)
        )
        steps["csched" + name] = csched.torch.Scheduler(two, schedule if both else COSINE).step
        values = (lrs[0], momenta[0])[: len(keys)]
        steps["stores in C" + name] = functools.partial(store, three.param_groups, keys, values)
        for optimizer, who in ((one, "loop"), (two, "csched")):
            agree([[v] * groups for v in lrs[:30]], rates(optimizer, steps[who + name]), rtol=0.0)
    timed_in_turn(
        f"step, {groups} float groups",
        {name: repeated(step, times) for name, step in steps.items()},
        "loop",
        rounds=60,
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


@pytest.mark.parametrize("groups", [1, 10, 100, 1000])
def test_step_with_tensors(timed_in_turn, groups):
    buffer, source = torch.zeros(groups), torch.full((groups,), PEAK)
    steps = {"copy_": functools.partial(buffer.copy_, source)}
    lrs = COSINE["lr"].values(0, 30)
    for name, ratio in {"csched": 1.0, "csched, a factor each": 0.99}.items():
        optimizer, scale = sgd(groups), {i: ratio**i for i in range(groups)}
        scheduler = csched.torch.Scheduler(optimizer, COSINE, scale=scale, storage="buffer")
        steps[name] = scheduler.step
        want = [[v * factor for factor in scale.values()] for v in lrs]
        agree(want, rates(optimizer, steps[name]), rtol=6e-8)  # half a float32 ulp
    calls = {name: repeated(step, 500) for name, step in steps.items()}
    timed_in_turn(f"step, {groups} groups with tensors", calls, "copy_", rounds=60, times=500)


@pytest.mark.parametrize("groups", [1, 100, 1000])
def test_step_of_torch_with_tensors(timed, groups):
    optimizer = sgd(groups)
    for group in optimizer.param_groups:
        group["lr"] = torch.tensor(PEAK)
    step = theirs.CosineAnnealingLR(optimizer, STEPS).step
    agree([[v] * groups for v in COSINE["lr"].values(0, 30)], rates(optimizer, step), 1e-5)
    name = f"step, {groups} groups with tensors"
    timed(name, "torch CosineAnnealingLR", repeated(step, 3), rounds=5, times=3)


def test_training_loop(timed_in_turn):
    """What a schedule adds to training, a part of a per cent.

    So everybody trains one network, update by update in turn: a second one that lies elsewhere in
    memory differs by more. torch's scheduler, which changes its optimizer, has one of its own.
    """
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=PEAK, momentum=0.9)
    x, y = torch.randn(64, 32), torch.randint(0, 10, (64,))
    ours, other = csched.torch.Scheduler(optimizer, COSINE).step, sgd(1)
    torchs = theirs.CosineAnnealingLR(other, STEPS).step
    other.step()  # it warns without

    def update(after=None):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        if after is not None:
            after()

    calls = {
        "no schedule": update,
        "csched": functools.partial(update, ours),
        "torch CosineAnnealingLR": functools.partial(update, torchs),
    }
    timed_in_turn("training a small network", calls, "no schedule", rounds=6000)
