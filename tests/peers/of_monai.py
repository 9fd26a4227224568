"""MONAI: ``monai/optimizers/lr_scheduler.py``, stepped on an optimizer of torch."""

import warnings

from drawing import PAST, load, maybe, optimizer, part, rate, stepped, steps


def cases(folder):
    warnings.filterwarnings("ignore", ".*lr_scheduler.step.*", UserWarning)
    peer = load("monai.optimizers.lr_scheduler", folder / "monai/optimizers/lr_scheduler.py")

    def run(name):
        def go(base_lr, **a):
            n = a.get("num_iter") or a["t_total"] + PAST  # the range tests have no end
            o = optimizer(base_lr)
            return stepped(getattr(peer, name)(o, **a), o.param_groups[0], n)

        return go

    return {name: (draw, run(name)) for name, draw in DRAWN.items()}


def draw_test(c):
    ends = {"base_lr": rate(c, 1e-6, 1e-3), "end_lr": rate(c, 1e-2, 1.0)}
    return {"num_iter": steps(c, 2, 40), **ends}


def draw_cosine(c):
    return {
        "warmup_steps": steps(c, 0, 12),
        "t_total": steps(c, 6, 30),
        "base_lr": rate(c, 1e-2, 1.0),
        **maybe(
            c,
            end_lr=rate(c, 1e-5, 1e-2),
            cycles=c.choice([0.5, 1.0, 1.25, 2.5]),
            warmup_multiplier=part(c),
        ),
    }


DRAWN = {"LinearLR": draw_test, "ExponentialLR": draw_test, "WarmupCosineSchedule": draw_cosine}
