"""fairseq2: ``fairseq2/optim/lr_schedulers``, stepped on an optimizer of torch."""

import math
import warnings
from fractions import Fraction

from drawing import PAST, load, maybe, optimizer, part, rate, stepped, steps

FILES = ["lr_scheduler", "cosine_annealing", "myle", "noam", "polynomial_decay", "tri_stage"]


def cases(folder):
    warnings.filterwarnings("ignore", ".*lr_scheduler.step.*", UserWarning)
    here, place = folder / "fairseq2/optim/lr_schedulers", "fairseq2.optim.lr_schedulers"
    classes = {}
    for name in FILES:
        classes |= vars(load(f"{place}.{name}", here / f"{name}.py"))

    def run(name):
        def go(base_lr, **a):
            n = a.get("num_steps", 30) + PAST
            if name == "CosineAnnealingLR" and misses(n, **a):
                return None
            o = optimizer(base_lr)
            return stepped(classes[name](o, **a), o.param_groups[0], n)

        return go

    return {name: (draw, run(name)) for name, draw in DRAWN.items()}


def misses(n, cycle_len, num_warmup_steps, cycle_mul=1.0, **_):
    """Whether its logarithm finds another cycle than the one that a step is in."""
    if cycle_mul == 1.0:
        return False
    end, i, length = Fraction(0), -1, Fraction(cycle_len)
    for t in range(n - num_warmup_steps):
        while t >= end:
            end, i = end + length, i + 1
            length *= Fraction(str(cycle_mul))
        if int(math.log(1 - t / cycle_len * (1 - cycle_mul), cycle_mul)) != i:
            return True
    return False


def base(c):
    return {"base_lr": rate(c, 1e-2, 1.0)}


def draw_stages(c):
    up, down = part(c, 0.0, 0.4), part(c, 0.1, 0.5)
    ratio = [up, round(1 - up - down, 3), down]
    scales = maybe(c, start_lr_scale=part(c), final_lr_scale=part(c, 0.001, 1.0))
    return {"num_steps": steps(c, 4, 30), "stage_ratio": ratio, **scales, **base(c)}


DRAWN = {
    "CosineAnnealingLR": lambda c: {
        "cycle_len": steps(c, 1, 12),
        "num_warmup_steps": steps(c, 0, 6),
        **base(c),
        **maybe(
            c,
            cycle_mul=c.choice([1.0, 1.5, 2.0, 3.0, 1.25]),
            lr_mul=part(c, 0.3, 1.0),
            start_lr=rate(c, 1e-5, 1e-2),
            final_lr=rate(c, 1e-5, 1e-2),
        ),
    },
    "MyleLR": lambda c: {
        "num_warmup_steps": steps(c, 1, 12),
        **base(c),
        **maybe(c, start_lr=rate(c, 1e-5, 1e-2)),
    },
    "NoamLR": lambda c: {"num_warmup_steps": steps(c, 0, 12), **base(c)},
    "PolynomialDecayLR": lambda c: {
        "num_steps": steps(c, 9, 30),
        "num_warmup_steps": steps(c, 0, 8),
        **base(c),
        **maybe(
            c,
            power=part(c, 0.3, 3.0),
            start_lr=rate(c, 1e-5, 1e-2),
            final_lr=rate(c, 1e-5, 1e-2),
        ),
    },
    "TriStageLR": draw_stages,
}
