"""DeepSpeed: ``deepspeed/runtime/lr_schedules.py``."""

import logging

from drawing import PAST, load, maybe, optimizer, part, rate, stand_in, stepped, steps
from torch.optim import Adam


def cases(folder):
    quiet = logging.Logger("deepspeed", logging.ERROR)
    stand_in("deepspeed.utils", logger=quiet)
    peer = load(
        "deepspeed.runtime.lr_schedules", folder / "deepspeed" / "runtime" / "lr_schedules.py"
    )

    def run(name, n, base_lr=1.0, **arguments):
        o = optimizer(base_lr, Adam)
        scheduler = getattr(peer, name)(o, **arguments)
        group = o.param_groups[0]
        if not arguments.get("cycle_momentum"):
            return stepped(scheduler, group, n)
        both = stepped(scheduler, group, n, ("lr", "betas"))
        return {"lr": both["lr"], "momentum": [b[0] for b in both["betas"]]}

    def range_test(**a):
        n = a.pop("steps")
        return run("LRRangeTest", n, **a)

    def one_cycle(**a):
        up = a["cycle_first_step_size"]
        return run("OneCycle", up + a.get("cycle_second_step_size", up) + 12 + PAST, **a)

    def warmup(name):
        def go(**a):
            n = max(a.get("total_num_steps", 0), a["warmup_num_steps"])
            return run(name, n + PAST, **a)

        return go

    return {
        "LRRangeTest": (draw_range_test, range_test),
        "OneCycle": (draw_one_cycle, one_cycle),
        "WarmupLR": (draw_warmup, warmup("WarmupLR")),
        "WarmupDecayLR": (draw_decay, warmup("WarmupDecayLR")),
        "WarmupCosineLR": (draw_cosine, warmup("WarmupCosineLR")),
    }


def draw_range_test(c):
    return {
        "lr_range_test_step_size": steps(c, 1, 9),
        "steps": 30,
        **maybe(
            c,
            lr_range_test_min_lr=rate(c),
            lr_range_test_step_rate=part(c, 0.0, 5.0),
            lr_range_test_staircase=c.random() < 0.5,
        ),
    }


def draw_one_cycle(c):
    return {
        "cycle_min_lr": rate(c, 1e-4, 1e-1),
        "cycle_max_lr": rate(c, 1e-1, 1.0),
        "cycle_first_step_size": steps(c, 1, 12),
        "cycle_momentum": c.random() < 0.5,
        **maybe(
            c,
            decay_lr_rate=part(c, 0.0, 2.0),
            cycle_second_step_size=steps(c, 0, 12),
            cycle_first_stair_count=c.choice([0, 1, 2, 3, 5]),
            cycle_second_stair_count=c.choice([0, 1, 2, 4]),
            decay_step_size=c.choice([0, 1, 3, 10]),
            cycle_min_mom=part(c, 0.5, 0.85),
            cycle_max_mom=part(c, 0.85, 0.99),
            decay_mom_rate=part(c, 0.0, 1.0),
        ),
    }


def _law(c):
    return maybe(c, warmup_type=c.choice(["log", "linear"]))


def draw_warmup(c):
    levels = maybe(c, warmup_min_lr=rate(c, 1e-6, 1e-3), warmup_max_lr=rate(c, 1e-3, 1.0))
    return {"warmup_num_steps": steps(c), **levels, "base_lr": rate(c, 1e-3, 1.0), **_law(c)}


def draw_decay(c):
    levels = maybe(c, warmup_min_lr=rate(c, 1e-6, 1e-4), warmup_max_lr=rate(c, 1e-3, 1.0))
    return {
        "total_num_steps": steps(c, 1, 30),
        "warmup_num_steps": steps(c, 1, 15),
        **levels,
        **_law(c),
    }


def draw_cosine(c):
    return {
        "total_num_steps": steps(c, 1, 30),
        "warmup_num_steps": steps(c, 1, 15),
        "base_lr": rate(c),
        **maybe(c, warmup_min_ratio=part(c), cos_min_ratio=rate(c)),
        **_law(c),
    }
