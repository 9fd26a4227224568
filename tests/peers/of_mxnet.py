"""MXNet: ``mxnet/lr_scheduler.py``, asked with the number of the update, from 1 on."""

import logging

from drawing import PAST, load, maybe, part, rate, steps


def cases(folder):
    logging.disable(logging.INFO)
    peer = load("mxnet.lr_scheduler", folder / "mxnet" / "lr_scheduler.py")

    def run(name):
        def go(**a):
            scheduler = getattr(peer, name)(**a)
            return {"lr": [scheduler(n) for n in range(1, a.get("max_update", 30) + PAST)]}

        return go

    return {name: (draw, run(name)) for name, draw in DRAWN.items()}


def warm(c, most=8):
    law = {"warmup_begin_lr": rate(c, 1e-5, 1e-3), "warmup_mode": c.choice(["linear", "constant"])}
    base = {"base_lr": rate(c, 1e-2, 1.0)}
    return {**base, **maybe(c, warmup_steps=steps(c, 0, most), **law)}


DRAWN = {
    "FactorScheduler": lambda c: {
        "step": steps(c, 1, 9),
        **warm(c),
        **maybe(c, factor=part(c, 0.1, 1.0), stop_factor_lr=rate(c, 1e-5, 1e-2)),
    },
    "MultiFactorScheduler": lambda c: {
        "step": sorted(c.sample(range(1, 25), steps(c, 1, 4))),
        **warm(c),
        **maybe(c, factor=part(c, 0.1, 1.0)),
    },
    "PolyScheduler": lambda c: {
        "max_update": steps(c, 9, 30),
        **warm(c),
        **maybe(c, pwr=part(c, 0.3, 3.0), final_lr=rate(c, 1e-5, 1e-3)),
    },
    "CosineScheduler": lambda c: {
        "max_update": steps(c, 9, 30),
        **warm(c),
        **maybe(c, final_lr=rate(c, 1e-5, 1e-3)),
    },
}
