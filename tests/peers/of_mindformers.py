"""MindFormers: ``mindformers/core/lr/lr_schedule.py``, with NumPy for what it calls: in float64."""

import logging
import math
import operator
from types import SimpleNamespace

import numpy as np
from drawing import PAST, load, maybe, part, rate, stand_in, steps

OPERATIONS = {
    "Greater": operator.gt,
    "GreaterEqual": operator.ge,
    "Maximum": max,
    "Cos": np.cos,
    "Floor": np.floor,
    "Log": np.log,
    "Cast": lambda value, dtype: np.float64(value),
    "Minimum": min,
}


def through(*_, **__):
    return lambda made: made


def cases(folder):
    made = {name: lambda f=f: f for name, f in OPERATIONS.items()}
    stand_in("mindspore._checkparam", args_type_check=through)
    stand_in("mindspore.ops", operations=SimpleNamespace(**made))
    stand_in("mindspore.common", dtype=stand_in("mindspore.common.dtype", float32=None))
    stand_in("mindspore.common.tensor", Tensor=lambda value, dtype: np.float64(value))
    stand_in("mindspore.nn.learning_rate_schedule", LearningRateSchedule=object)
    register = SimpleNamespace(register=through)
    kinds = SimpleNamespace(LR=None)
    stand_in("mindformers.tools.register", MindFormerRegister=register, MindFormerModuleType=kinds)
    stand_in("mindformers.tools.logger", logger=logging.Logger("mindformers", logging.ERROR))
    place = "mindformers.core.lr.lr_schedule"
    peer = load(place, folder / "mindformers" / "core" / "lr" / "lr_schedule.py")

    def run(name):
        def go(**a):
            n = (a.get("total_steps") or 30) + PAST
            if name == "WarmUpStableDecayLR":  # past the end its line goes on
                n = a["total_steps"] + 1
            try:
                schedule = getattr(peer, name)(**a)
            except (ValueError, TypeError):
                return None
            if misses(n, **a):
                return None
            values = [float(schedule.construct(np.float64(t))) for t in range(n)]
            return {"lr": values} if all(map(math.isfinite, values)) else None

        return go

    return {name: (draw, run(name)) for name, draw in DRAWN.items()}


def misses(n, t_0=1, t_mult=1, **_):
    """Whether its logarithm finds another cycle than the one that a step is in."""
    end, length, i = 0, t_0, -1
    for t in range(n if t_mult > 1 else 0):
        while t >= end:
            end, length, i = end + length, length * t_mult, i + 1
        if np.floor(np.log(t / t_0 * (t_mult - 1.0) + 1.0) / math.log(t_mult)) != i:
            return True
    return False


def whole(c, low=9):
    return {"total_steps": steps(c, low, 30)}


def up(c, low=0):
    law = c.choice([{"warmup_steps": steps(c, low, 6)}, {"warmup_ratio": part(c, 0.12, 0.3)}])
    first = maybe(c, warmup_lr_init=rate(c, 1e-5, 1e-3))
    return {"learning_rate": rate(c, 1e-2, 1.0), **law, **first}


def waves(c):
    return maybe(c, num_cycles=c.choice([0.5, 1.0, 1.25, 2.5]), lr_end=rate(c, 1e-5, 1e-3))


def draw_cooldown(c):
    a = {**up(c), **whole(c), "keep_steps": steps(c, 0, 6), "final_steps": steps(c, 0, 6)}
    a |= c.choice([{"decay_steps": steps(c, 1, 9)}, {"decay_ratio": part(c, 0.1, 0.5)}, {}])
    levels = {"lr_end1": rate(c, 1e-4, 1e-3), "lr_end2": rate(c, 1e-5, 1e-4)}
    return {**a, **maybe(c, num_cycles=c.choice([0.5, 1.0, 1.25]), **levels)}


def draw_polynomial(c):
    a = {**up(c), **whole(c), **maybe(c, power=part(c, 0.3, 3.0), lr_end=rate(c, 1e-6, 1e-4))}
    if "warmup_steps" in a and c.random() < 0.4:
        a["decay_steps"] = a["total_steps"] - a["warmup_steps"] + steps(c, 0, 5)
    return a


def draw_stable(c):
    a = {**up(c, 1), **whole(c, 12), **maybe(c, lr_end=rate(c, 1e-6, 1e-4))}
    return {**a, "decay_start_steps": steps(c, a["total_steps"] // 2 + 1, a["total_steps"] - 1)}


def draw_restarts(c):
    more = maybe(c, t_mult=steps(c, 1, 3), eta_min=rate(c, 1e-5, 1e-3))
    return {"base_lr": rate(c, 1e-2, 1.0), "t_0": steps(c, 1, 12), **more}


def late(c, a):
    """A step from which the end is held, before or after the whole."""
    return {**a, **maybe(c, decay_steps=a["total_steps"] + steps(c, -5, 5))}


DRAWN = {
    "ConstantWarmUpLR": lambda c: {**up(c), **whole(c)},
    "ConstantWithCoolDownLR": draw_cooldown,
    "LinearWithWarmUpLR": lambda c: {**up(c), **whole(c)},
    "CosineWithWarmUpLR": lambda c: late(c, {**up(c), **whole(c), **waves(c)}),
    "CosineWithRestartsAndWarmUpLR": lambda c: late(c, {**up(c), **whole(c), **waves(c)}),
    "PolynomialWithWarmUpLR": draw_polynomial,
    "WarmUpStableDecayLR": draw_stable,
    "CosineAnnealingLR": lambda c: {
        "base_lr": rate(c, 1e-2, 1.0),
        "t_max": steps(c, 1, 20),
        **maybe(c, eta_min=rate(c, 1e-5, 1e-3)),
    },
    "CosineAnnealingWarmRestarts": draw_restarts,
}
