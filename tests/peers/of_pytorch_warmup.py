"""pytorch_warmup: ``pytorch_warmup/base.py`` and ``untuned.py``, on an optimizer of torch."""

from drawing import PAST, load, optimizer, part, rate, steps
from torch.optim import Adam


def cases(folder):
    here, classes = folder / "pytorch_warmup", {}
    for name in ("base", "untuned"):
        classes |= vars(load(f"pytorch_warmup.{name}", here / f"{name}.py"))

    def run(name):
        def go(base_lr, beta2=0.999, **a):
            o = optimizer(base_lr, Adam, betas=(0.9, beta2))
            warmup, values = classes[name](o, **a), []
            for _ in range(30 + PAST):
                values.append(o.param_groups[0]["lr"])
                with warmup.dampening():
                    pass
            return {"lr": values}

        return go

    return {name: (draw, run(name)) for name, draw in DRAWN.items()}


def draw_period(c):
    return {"warmup_period": steps(c, 1, 40), "base_lr": rate(c)}


def draw_beta(c):
    return {"beta2": part(c, 0.1, 0.97), "base_lr": rate(c)}


DRAWN = {
    "LinearWarmup": draw_period,
    "ExponentialWarmup": draw_period,
    "UntunedLinearWarmup": draw_beta,
    "UntunedExponentialWarmup": draw_beta,
}
