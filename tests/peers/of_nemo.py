"""NVIDIA NeMo: ``nemo/core/optim/lr_scheduler.py``, stepped on an optimizer of torch."""

import logging
import warnings

from drawing import PAST, load, maybe, optimizer, part, rate, stand_in, stepped, steps


def cases(folder):
    warnings.filterwarnings("ignore", ".*lr_scheduler.step.*", UserWarning)
    stand_in("omegaconf", DictConfig=dict, OmegaConf=object)
    stand_in("nemo.core.classes.common", safe_instantiate=None)
    names = ("SchedulerParams", "get_scheduler_config", "register_scheduler_params")
    stand_in("nemo.core.config.schedulers", **dict.fromkeys(names, object))
    stand_in("nemo.utils", logging=logging)
    stand_in("nemo.utils.model_utils", maybe_update_config_version=None)
    peer = load("nemo.core.optim.lr_scheduler", folder / "nemo/core/optim/lr_scheduler.py")

    def run(name):
        def go(base_lr=1.0, **a):
            o = optimizer(base_lr)
            try:
                scheduler = getattr(peer, name)(o, **a)
                n = (a.get("max_steps") or 30) + PAST
                return stepped(scheduler, o.param_groups[0], n)
            except (ValueError, ZeroDivisionError, AssertionError, TypeError):
                return None

        return go

    made = {name: (drawer(*shape), run(name)) for name, shape in DRAWN.items()}
    t5 = "T5InverseSquareRootAnnealing"
    return {**made, t5: (draw_t5, run(t5))}


def ramp(c, name, whole):
    law = [{f"{name}_steps": steps(c, 0, whole // 3)}, {f"{name}_ratio": part(c, 0.0, 0.4)}, {}]
    return c.choice(law)


def drawer(lengths, more=lambda c: {}):
    def draw(c):
        whole = steps(c, 6, 24)
        a = {"base_lr": rate(c, 1e-2, 1.0), "max_steps": whole, **more(c)}
        for name in lengths:
            a |= ramp(c, name, whole)
        return {**a, **maybe(c, min_lr=rate(c, 1e-5, 1e-2))}

    return draw


def root(c):
    return {"constant_steps": steps(c, 1, 9)}


def draw_t5(c):
    a = drawer((), root)(c)
    del a["base_lr"]
    return a


def polynomial(c):
    return maybe(c, power=part(c, 0.3, 3.0), cycle=True)


UP, HOLD = ("warmup",), ("warmup", "hold")
DRAWN = {
    "WarmupPolicy": (UP, lambda c: maybe(c, max_steps=None)),
    "WarmupHoldPolicy": (HOLD,),
    "WarmupAnnealing": (UP,),
    "SquareAnnealing": (UP,),
    "SquareRootAnnealing": (UP,),
    "CosineAnnealing": (("warmup", "constant"),),
    "NoamAnnealing": (UP, lambda c: {"d_model": c.choice([4, 64, 512])}),
    "NoamHoldAnnealing": (HOLD, lambda c: maybe(c, decay_rate=part(c, 0.3, 1.5))),
    "InverseSquareRootAnnealing": (UP,),
    "PolynomialDecayAnnealing": (UP, polynomial),
    "PolynomialHoldDecayAnnealing": (HOLD, polynomial),
    "WarmupHoldAnnealLinear": (HOLD,),
    "WarmupHoldAnnealOneMinusSquareRoot": (HOLD,),
}
