"""MMEngine: ``mmengine/optim/scheduler``, stepped as its hooks step it."""

import warnings

from drawing import PAST, load, maybe, optimizer, part, rate, stand_in, steps

WINDOW = 12  # the longest window


class Registry:
    def register_module(self):
        return lambda cls: cls


def cases(folder):
    warnings.filterwarnings("ignore", "Seems like")
    stand_in("mmengine.logging", print_log=None)
    stand_in("mmengine.optim", BaseOptimWrapper=type("BaseOptimWrapper", (), {}))
    stand_in("mmengine.registry", PARAM_SCHEDULERS=Registry())
    here, place = folder / "mmengine" / "optim" / "scheduler", "mmengine.optim.scheduler"
    files = ["param_scheduler", "lr_scheduler", "momentum_scheduler"]
    classes = {}
    for name in files:
        classes |= vars(load(f"{place}.{name}", here / f"{name}.py"))

    def built(o, type, epoch_length=1, convert_to_iter_based=False, **a):
        cls = classes[type]
        if convert_to_iter_based:
            return cls.build_iter_from_epoch(o, epoch_length=epoch_length, **a)
        return cls(o, **a)

    def trained(configs, n, name, epoch_length=1, lr=1.0, momentum=0.9):
        """The value of a parameter, iteration by iteration."""
        o = optimizer(lr, momentum=momentum)
        made = [built(o, epoch_length=epoch_length, **c) for c in configs]
        values = []
        for t in range(n):
            values.append(o.param_groups[0][name])
            o.step()
            for scheduler in made:
                if not scheduler.by_epoch or (t + 1) % epoch_length == 0:
                    scheduler.step()
        return {name: values}

    def alone(type):
        name = "momentum" if type.endswith("Momentum") else "lr"

        def run(base_lr=1.0, base_momentum=1.0, base_value=None, epoch_length=1, **a):
            if base_value is not None:
                base_lr = base_value
            n = (a.get("begin", 0) + length(type, a)) * epoch_length + PAST
            if type.startswith("OneCycle") and "end" not in a:
                n = a.get("begin", 0) + a["total_steps"]  # it raises past its end
            try:
                config = {"type": type, **a}
                return trained([config], n, name, epoch_length, base_lr, base_momentum)
            except ZeroDivisionError:  # a one-cycle without a rise, a release from 0
                return None

        return run

    def several(scheduler, epoch_length, max_epochs, **a):
        configs = [dict(c) for c in scheduler]
        for c in configs:
            c.setdefault("end", max_epochs * (1 if c.get("by_epoch", True) else epoch_length))
        n = max_epochs * epoch_length + PAST
        return trained(configs, n, "lr", epoch_length, a["base_lr"])

    kinds = ["LR", "Momentum", "ParamScheduler"]
    names = [(k, k + e) for k in DRAWN for e in kinds if (k, e) != ("OneCycle", "Momentum")]
    made = {name: (drawer(kind, name), alone(name)) for kind, name in names}
    return {**made, "build_param_scheduler": (draw_several, several)}


def length(type, a):
    if "end" in a:
        return a["end"] - a.get("begin", 0)
    return max([WINDOW, a.get("T_max") or 0, sum(a.get("periods", []))])


def drawer(kind, name):
    keyword = "base_value"
    if not name.endswith("ParamScheduler"):
        keyword = "base_lr" if name.endswith("LR") else "base_momentum"

    def draw(c):
        begin = c.choice([0, 0, 3])
        a = DRAWN[kind](c)
        window = {"begin": begin, "end": begin + steps(c, 1, a.get("total_steps", WINDOW))}
        if kind == "OneCycle":
            a["begin"] = begin
        if kind in ("Linear", "Poly", "Constant") or c.random() < 0.5:
            a |= window  # without an end their lines are 1e9 steps long
        if c.random() < 0.2 and kind != "OneCycle":
            a |= {"epoch_length": c.choice([2, 3]), "convert_to_iter_based": c.random() < 0.5}
        if keyword == "base_value":
            a["param_name"] = "lr"
        return {**a, keyword: rate(c, 1e-2, 1.0)}

    return draw


def draw_several(c):
    unit, epochs = c.choice([3, 5]), steps(c, 3, 6)
    up = steps(c, 1, unit * 2)
    warm = {"type": "LinearLR", "start_factor": part(c, 0.001, 1.0), "by_epoch": False}
    warm |= {"begin": 0, "end": up}
    kind = c.choice(["MultiStep", "Step", "CosineAnnealing", "Poly", "Exponential"])
    main = {"type": f"{kind}LR", **DRAWN[kind](c)}
    main.pop("eta_min_ratio", None)
    if kind == "MultiStep":
        main["milestones"] = sorted(c.sample(range(1, epochs + 1), 2))
    if kind in ("CosineAnnealing", "Poly"):  # these do not multiply: after the warm-up
        main |= {"by_epoch": False, "begin": up, "T_max": steps(c, 1, 20)}
        if kind == "Poly":
            del main["T_max"]
            if up >= unit * epochs:
                return None
    elif c.random() < 0.5:
        main["convert_to_iter_based"] = True
    whole = {"epoch_length": unit, "max_epochs": epochs, "base_lr": rate(c, 1e-2, 1.0)}
    return {"scheduler": [warm, main], **whole}


def draw_cosine(c):
    floor = c.choice([{"eta_min": rate(c, 1e-5, 1e-2)}, {"eta_min_ratio": part(c)}, {}])
    return {"T_max": steps(c, 1, WINDOW), **floor}


def draw_restart(c):
    count = steps(c, 1, 4)
    floor = c.choice([{"eta_min": rate(c, 1e-5, 1e-2)}, {"eta_min_ratio": part(c)}])
    periods = [steps(c, 1, 7) for _ in range(count)]
    return {"periods": periods, "restart_weights": [part(c) for _ in range(count)], **floor}


def draw_one_cycle(c):
    return {
        "eta_max": rate(c, 1e-2, 1.0),
        "total_steps": steps(c, 2, 20),
        **maybe(
            c,
            pct_start=part(c),
            anneal_strategy=c.choice(["cos", "linear"]),
            div_factor=part(c, 1.0, 50.0),
            final_div_factor=rate(c, 1.0, 1e5),
            three_phase=c.random() < 0.5,
        ),
    }


def rising(c):
    return sorted(c.choice(range(1, WINDOW)) for _ in range(c.randint(1, 4)))


DRAWN = {
    "Step": lambda c: {"step_size": steps(c, 1, 9), **maybe(c, gamma=part(c, 0.05, 1.0))},
    "MultiStep": lambda c: {"milestones": rising(c), **maybe(c, gamma=part(c, 0.05, 1.0))},
    "Constant": lambda c: maybe(c, factor=part(c, 0.01, 1.0)),
    "Exponential": lambda c: {"gamma": part(c, 0.5, 1.05)},
    "CosineAnnealing": draw_cosine,
    "Linear": lambda c: maybe(c, start_factor=part(c, 0.01, 1.0), end_factor=part(c)),
    "Poly": lambda c: maybe(c, eta_min=rate(c, 1e-5, 1e-2), power=part(c, 0.3, 3.0)),
    "OneCycle": draw_one_cycle,
    "CosineRestart": draw_restart,
}
