"""Writes state/<version>-numpy-<kind>.npz: a state of each NumPy optimizer, and how it goes on.

Run at a release. Files are written once and load for ever; those of a version stay as they are.
"""

import json
from importlib.metadata import version
from pathlib import Path

import csched.numpy
import numpy as np

import csched

FOLDER = Path(__file__).parent / "state"
BEFORE, AFTER = 7, 12  # updates before the state, and after it
LR = csched.curve("cosine", 0.3, 0.01, 10).repeat(3, peak_mult=0.5).warmup(4)
MOMENTUM = csched.curve("linear", 0.5, 0.9, 30)
DECAY = csched.curve("exponential", 0.1, 0.01, 30, sampling=csched.every(4))

# optimizer, schedule, its other arguments, type
KINDS = {
    "sgd": (csched.numpy.SGD, LR, {"momentum": 0.9, "nesterov": True}, np.float32),
    "sgd_every_setting": (
        csched.numpy.SGD,
        csched.Schedule(lr=LR, momentum=MOMENTUM, weight_decay=DECAY),
        {
            "dampening": 0.25,
            "decoupled_weight_decay": True,
            "lr_inside_velocity": True,
            "max_norm": 1.5,
        },
        np.float64,
    ),
    "adam": (csched.numpy.Adam, LR, {"weight_decay": 0.01}, np.float64),
    "adamw": (
        csched.numpy.AdamW,
        csched.Schedule({"lr": LR, "betas[0]": MOMENTUM, "weight_decay": DECAY}),
        {"betas": (0.9, 0.95), "eps": 1e-6, "max_norm": 2.0},
        np.float32,
    ),
}


def fresh(dtype):
    """Parameters before the first update."""
    return {
        "w": np.linspace(-1, 1, 6, dtype=dtype).reshape(2, 3),
        "b": np.ones(2, dtype),
        "unused": np.ones(1, dtype),
    }


def gradients(params, t):
    """Of sums, products and a quotient, so that they have the same bits everywhere."""
    made = {k: w / (1 + w * w) + w.dtype.type(0.25) for k, w in params.items()}
    return {**made, "b": made["b"] if t % 3 else None, "unused": None}


def update(optimizer, params):
    """An update, and what it used."""
    optimizer.step(gradients(params, optimizer.position))
    return {name: value.hex() for name, value in optimizer.last_applied().items()}


def written(kind):
    """What a file holds: JSON texts and arrays by name."""
    rule, schedule, settings, dtype = KINDS[kind]
    params = fresh(dtype)
    optimizer = rule(params, schedule, **settings)
    for _ in range(BEFORE):
        update(optimizer, params)
    state = optimizer.state_dict()
    held = {f"state/{k}": a for k, a in state["arrays"].items()}
    held |= {f"params/{k}": w.copy() for k, w in params.items()}
    used = [update(optimizer, params) for _ in range(AFTER)]
    held |= {f"end/{k}": w for k, w in params.items()}
    return {"head": json.dumps(state["head"], allow_nan=False), "used": json.dumps(used), **held}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for kind in KINDS:
        path = FOLDER / f"{version('csched')}-numpy-{kind}.npz"
        if not path.exists():
            np.savez_compressed(path, **written(kind))
