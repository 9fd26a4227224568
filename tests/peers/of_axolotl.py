"""axolotl: ``axolotl/utils/schedulers.py``, stepped on an optimizer of torch."""

import warnings

from drawing import PAST, load, maybe, optimizer, part, rate, stepped, steps


def cases(folder):
    warnings.filterwarnings("ignore", ".*lr_scheduler.step.*", UserWarning)
    peer = load("axolotl.utils.schedulers", folder / "axolotl" / "utils" / "schedulers.py")

    def run(name):
        def go(base_lr=1.0, inner_schedule=None, **a):
            n = a.get("total_steps") or a.get("num_training_steps") or a.get("num_steps") or 30
            o = optimizer(base_lr)
            given = [o]
            if inner_schedule is not None:
                inner, arguments = inner_schedule
                o.param_groups[0]["lr"] = arguments.pop("base_lr")
                given.append(getattr(peer, inner)(o, **arguments))
                arguments["base_lr"] = o.param_groups[0]["initial_lr"]
            return stepped(getattr(peer, name)(*given, **a), o.param_groups[0], n + PAST)

        return go

    return {name: (draw, run(name)) for name, draw in DRAWN.items()}


def draw_rex(c):
    whole, top = steps(c, 2, 30), rate(c, 1e-2, 1.0)
    a = {"max_lr": top, "min_lr": rate(c, 1e-5, 1e-2), "total_steps": whole}
    return {**a, "base_lr": top, **maybe(c, num_warmup_steps=steps(c, 0, whole - 1))}


def draw_cosine(c):
    lengths = {"num_warmup_steps": steps(c, 0, 9), "num_training_steps": steps(c, 10, 30)}
    return {**lengths, "base_lr": rate(c, 1e-2, 1.0)}


def draw_jagged(c):
    up, down = steps(c, 1, 4), steps(c, 1, 4)
    inner = draw_cosine(c)
    return {
        "inner_schedule": ["get_cosine_schedule_with_quadratic_warmup", inner],
        "jagged_restart_steps": up + down + steps(c, 0, 9),
        "jagged_restart_warmup_steps": up,
        "jagged_restart_anneal_steps": down,
        **maybe(c, min_lr_scale=part(c)),
    }


DRAWN = {
    "RexLR": draw_rex,
    "InterpolatingLogScheduler": lambda c: {
        "num_steps": steps(c, 2, 30),
        "min_lr": rate(c, 1e-6, 1e-3),
        "max_lr": rate(c, 1e-2, 1.0),
    },
    "get_cosine_schedule_with_quadratic_warmup": lambda c: {
        **draw_cosine(c),
        **maybe(c, num_cycles=c.choice([0.5, 1.0, 1.25, 2.5])),
    },
    "get_cosine_schedule_with_min_lr": lambda c: {**draw_cosine(c), "min_lr_ratio": part(c)},
    "get_cosine_schedule_with_warmup_decay_constant": lambda c: {
        **draw_cosine(c),
        "num_warmup_steps": steps(c, 0, 4),
        "constant_lr_ratio": part(c, 0.5, 1.0),
        "min_lr_ratio": part(c),
        **maybe(c, num_cycles=c.choice([0.5, 1.0, 1.25, 2.5])),
    },
    "JaggedLRRestartScheduler": draw_jagged,
}
