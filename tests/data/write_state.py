"""Writes state/<version>-<kind>.json and .pt: a checkpoint of each kind, and how it goes on.

Run at a release. Files are written once and load for ever; those of a version stay as they are.
"""

import copy
import json
from importlib.metadata import version
from pathlib import Path

import csched.torch
import torch
from csched.plateau import Plateau

import csched

FOLDER = Path(__file__).parent / "state"
AFTER = 10  # updates before the checkpoint
WARM = csched.curve("cosine", 0.4, 0.0, 24).warmup(6)
RISE = csched.curve("linear", 0.85, 0.95, 30)

# schedules, groups as the optimizer gets them, what else the scheduler gets
KINDS = {
    "curve": (WARM, [{"lr": 0.1}], {}),
    "one_cycle": (csched.one_cycle(0.8, 30), [{"lr": 0.1, "momentum": 0.9}] * 2, {}),
    "restarts": (csched.sgdr(0.5, t_0=4, t_mult=2, cycles=3), [{"lr": 0.1}], {}),
    "sampled": (
        csched.curve("rex", 0.1, 0.001, 30, csched.every(4), beta=0.9).noisy(0.1, seed=3),
        [{"lr": 0.1}],
        {},
    ),
    "every_key": (
        csched.Schedule(
            {
                "lr": WARM * csched.curve("exponential", 1.0, 0.1, 30),
                "betas[0]": RISE,
                "betas[1]": csched.curve("linear", 0.99, 0.999, 30),
                "weight_decay": csched.curve("cosine", 0.0, 0.1, 30),
                "eps": csched.curve("exponential", 1e-4, 1e-8, 30),
                "batch_size": csched.curve("linear", 32, 256, 30).rounded(8),
            }
        ),
        [{"lr": 0.1, "betas": (0.9, 0.99), "weight_decay": 0.0, "eps": 1e-8, "batch_size": 32}],
        {},
    ),
    "groups": (
        {"body": WARM, "head": csched.linear(0.2, 30), "*": 2.0 * WARM},
        [{"name": n, "lr": 0.1, "momentum": 0.9} for n in ("body", "head", "rest")],
        {"scale": {"head": 10.0, "rest": 0.3}},
    ),
    "plateau": (WARM, [{"lr": 0.1}], {"plateau": Plateau(0.5, patience=1, cooldown=1, start=2)}),
    "by_hand": (WARM, [{"lr": 0.1}], {}),
}


def metric(t):
    """What the plateau sees after update t."""
    return 1.0 + 0.125 * (t % 3)


def optimizer_of(groups):
    """An optimizer with these groups, of one parameter each."""
    made = [{**g, "params": [torch.linspace(-1, 1, 3, requires_grad=True)]} for g in groups]
    kind = torch.optim.Adam if "betas" in made[0] else torch.optim.SGD
    return kind([{k: tuple(v) if k == "betas" else v for k, v in g.items()} for g in made])


def numbers(optimizer, keys):
    """What is in the groups under these keys, floats in hex."""
    found = [[group[key] for key in keys] for group in optimizer.param_groups]
    return json.loads(json.dumps(found), parse_float=lambda text: float(text).hex())


def update(scheduler, optimizer):
    """An update, with the same gradients always, and the step after it."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = torch.sin(p.detach() + 1)
    optimizer.step()
    scheduler.step()
    if scheduler._factors.plateau is not None:
        scheduler.observe(metric(scheduler.position))


def taken(kind):
    """A checkpoint of a kind, and the same as plain JSON with the values that follow."""
    schedule, groups, more = KINDS[kind]
    optimizer = optimizer_of(groups)
    scheduler = csched.torch.Scheduler(optimizer, schedule, **more)
    for _ in range(AFTER):
        update(scheduler, optimizer)
    if kind == "by_hand":
        scheduler.scale(0.5)
        scheduler.scale(0.25, from_t=AFTER + 7)
    checkpoint = {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    checkpoint = copy.deepcopy(checkpoint)  # the optimizer's is not a copy
    keys = sorted(set(groups[0]) - {"name"})
    plain = {"groups": groups, "keys": keys, "state": scheduler.state_dict(), "values": []}
    for _ in range(30):
        plain["values"].append(numbers(optimizer, keys))
        update(scheduler, optimizer)
    return checkpoint, plain


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for kind in KINDS:
        path = FOLDER / f"{version('csched')}-{kind}.json"
        if not path.exists():
            checkpoint, plain = taken(kind)
            path.write_text(json.dumps(plain, allow_nan=False) + "\n")
            torch.save(checkpoint, path.with_suffix(".pt"))
