"""Paddle: ``paddle/optimizer/lr.py``.

OneCycleLR raises past its end, so it is recorded up to its last step; a LambdaDecay's function is
``a / (b + t)``, written as {"over": [a, b]}.
"""

from drawing import PAST, load, maybe, part, rate, stand_in, steps

HORIZON = ("decay_steps", "warmup_steps", "T_max", "T_0", "total_steps", "step_size")


def cases(folder):
    for name in ("paddle", "paddle.base.core", "paddle.base.layer_helper"):
        stand_in(name)
    stand_in("paddle", Tensor=None)
    stand_in("paddle.base", core=None)
    stand_in("paddle.base.data_feeder", check_type=None)
    words = ("Variable", "default_main_program", "in_dygraph_mode")
    stand_in("paddle.base.framework", **dict.fromkeys(words))
    stand_in("paddle.base.layer_helper", LayerHelper=None)
    peer = load("paddle.optimizer.lr", folder / "paddle" / "optimizer" / "lr.py")

    def made(name, a):
        a = dict(a)
        if isinstance(a.get("learning_rate"), list):
            a["learning_rate"] = made(*a["learning_rate"])
        if "lr_lambda" in a:
            top, shift = a["lr_lambda"]["over"]
            a["lr_lambda"] = lambda t: top / (shift + t)
        a.pop("steps", None)
        return getattr(peer, name)(**a)

    def runner(name):
        def run(**a):
            n = max([4, *(a[k] for k in HORIZON if k in a), *a.get("milestones", [])]) + PAST
            if name == "OneCycleLR":
                n = a["total_steps"]
            if "lr_lambda" in a:
                n = a["steps"]
            scheduler, values = made(name, a), []
            for t in range(n):
                if t:
                    scheduler.step()
                values.append(scheduler())
            return {"lr": values}

        return run

    return {name: (draw, runner(name)) for name, draw in DRAWN.items()}


def rising(c):
    return sorted(c.sample(range(1, 12), c.randint(1, 4)))


def draw_piecewise(c):
    seams = rising(c)
    return {"boundaries": seams, "values": [rate(c) for _ in range(len(seams) + 1)]}


def draw_warmup(c):
    inner = c.choice(["CosineAnnealingDecay", "StepDecay", "PolynomialDecay", None])
    low = rate(c, 1e-6, 1e-3)
    main = [inner, DRAWN[inner](c)] if inner else rate(c)
    return {
        "learning_rate": main,
        "warmup_steps": steps(c, 1, 12),
        "start_lr": low,
        "end_lr": rate(c, 1e-2, 1.0),
    }


def draw_one_cycle(c):
    n = steps(c, 2, 24)
    three = c.random() < 0.4
    pct = part(c, 0.0, 0.499 if three else 1.0)
    if pct * n == 1 or (pct == 1.0 and n == 1) or float(pct * n) - 1 == n - 1:
        return None  # Paddle divides by zero
    levels = maybe(c, divide_factor=part(c, 1.0, 50.0), end_learning_rate=rate(c, 1e-8, 1e-3))
    return {
        "max_learning_rate": rate(c, 1e-2, 1.0),
        "total_steps": n,
        "phase_pct": pct,
        "three_phase": three,
        **levels,
        **maybe(c, anneal_strategy=c.choice(["cos", "linear"])),
    }


def draw_cyclic(c):
    return {
        "base_learning_rate": rate(c, 1e-4, 1e-2),
        "max_learning_rate": rate(c, 1e-2, 1.0),
        "step_size_up": steps(c, 1, 9),
        **maybe(
            c,
            step_size_down=steps(c, 1, 9),
            mode=c.choice(["triangular", "triangular2", "exp_range"]),
            exp_gamma=part(c, 0.8, 1.1),
        ),
    }


def draw_restarts(c):
    more = maybe(c, T_mult=steps(c, 1, 3), eta_min=rate(c, 1e-6, 1e-2))
    return {"learning_rate": rate(c), "T_0": steps(c, 1, 9), **more}


def draw_linear(c):
    more = maybe(c, start_factor=part(c, 0.001, 1.0), end_factor=part(c, 0.0, 1.0))
    return {"learning_rate": rate(c), "total_steps": steps(c, 1, 12), **more}


def draw_polynomial(c):
    return {
        "learning_rate": rate(c),
        "decay_steps": steps(c, 1, 12),
        **maybe(c, end_lr=rate(c, 1e-6, 1e-2), power=part(c, 0.2, 4.0), cycle=c.random() < 0.4),
    }


def draw_function(c):
    f = {"over": [part(c, 0.1, 2.0), part(c, 0.5, 9.0)]}
    return {"learning_rate": rate(c), "lr_lambda": f, "steps": 16}


DRAWN = {
    "NoamDecay": lambda c: {
        "d_model": steps(c, 1, 512),
        "warmup_steps": steps(c, 1, 10),
        **maybe(c, learning_rate=rate(c)),
    },
    "PiecewiseDecay": draw_piecewise,
    "NaturalExpDecay": lambda c: {"learning_rate": rate(c), "gamma": part(c, 0.001, 2.0)},
    "InverseTimeDecay": lambda c: {"learning_rate": rate(c), "gamma": part(c, 0.0, 2.0)},
    "PolynomialDecay": draw_polynomial,
    "LinearWarmup": draw_warmup,
    "ExponentialDecay": lambda c: {"learning_rate": rate(c), "gamma": part(c, 0.01, 0.999)},
    "MultiStepDecay": lambda c: {
        "learning_rate": rate(c),
        "milestones": rising(c),
        **maybe(c, gamma=part(c, 0.01, 0.999)),
    },
    "StepDecay": lambda c: {
        "learning_rate": rate(c),
        "step_size": steps(c, 1, 10),
        **maybe(c, gamma=part(c, 0.01, 0.999)),
    },
    "LambdaDecay": draw_function,
    "MultiplicativeDecay": draw_function,
    "CosineAnnealingDecay": lambda c: {
        "learning_rate": rate(c, 1e-2, 1.0),
        "T_max": steps(c, 1, 10),
        **maybe(c, eta_min=rate(c, 1e-6, 1e-2)),
    },
    "CosineAnnealingWarmRestarts": draw_restarts,
    "LinearLR": draw_linear,
    "OneCycleLR": draw_one_cycle,
    "CyclicLR": draw_cyclic,
}
