"""MosaicML's Composer: ``composer/optim/scheduler.py`` with ``core/time.py``, batch by batch.

``scale_pytorch_scheduler`` is run on torch's own schedulers but CosineAnnealingWarmRestarts, where
it has no effect.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

from drawing import PAST, load, maybe, optimizer, part, rate, stand_in, stepped, steps
from torch.optim import lr_scheduler

HORIZON = 16


def cases(folder):
    root = Path(folder) / "composer"
    stand_in("composer.utils")
    enum = load("composer.utils.string_enum", root / "utils" / "string_enum.py").StringEnum
    sys.modules["composer.utils"].StringEnum = enum
    load("composer.core.serializable", root / "core" / "serializable.py")
    time = load("composer.core.time", root / "core" / "time.py")
    names = {"State": object, "Time": time.Time, "TimeUnit": time.TimeUnit}
    stand_in("composer.core", **names)
    peer = load("composer.optim.scheduler", root / "optim" / "scheduler.py")
    scale = load("composer.trainer._scale_schedule", root / "trainer" / "_scale_schedule.py")

    def runner(name):
        def run(state, ssr=1.0, base_lr=1.0, **a):
            scheduler = getattr(peer, name)(**a)
            of, values = dict(zip(FIELDS, state["state"], strict=False)), []
            duration = time.Time.from_timestring(of["max_duration"])
            duration = duration if ssr == 1.0 else duration * ssr
            length, size, words = (of.get(k) or 1 for k in FIELDS[1:4])
            every, iteration = batches(of, length, words)
            told = SimpleNamespace(max_duration=duration, dataloader_len=length)
            try:
                for t in range(HORIZON + PAST):
                    past = {"batch": t, "sample": t * size, "token": t * words}
                    epoch = max(0, t - 1) // length  # counted after the schedulers are stepped
                    told.timestamp = time.Timestamp(t // iteration, epoch, **past)
                    again = t % every and values
                    values.append(values[-1] if again else base_lr * scheduler(told, ssr))
            except (ValueError, ZeroDivisionError):  # t_max before the end, a time cut to 0
                return None
            return {"lr": values}

        return run

    def scaled(scheduler, ssr, base_lr, **a):
        o = optimizer(base_lr)
        made = getattr(lr_scheduler, scheduler["preset"][1])(o, **a)
        scale.scale_pytorch_scheduler(made, ssr)
        try:
            return stepped(made, o.param_groups[0], HORIZON + PAST)
        except ZeroDivisionError:
            return None

    made = {f"{k}Scheduler": (drawer(k), runner(f"{k}Scheduler")) for k in DRAWN}
    return {**made, "scale_pytorch_scheduler": (draw_scaled, scaled)}


FIELDS = ["max_duration", "dataloader_len", "batch_size", "batch_tokens"]
FIELDS += ["iteration_length", "step_schedulers_every_batch"]


def batches(of, length, words):
    """How many hold a value, and how many are an iteration."""
    text = of.get("iteration_length") or "1ep"
    n = int(text[:-2]) * length if text.endswith("ep") else -(-int(text[:-3]) // words)
    return 1 if of.get("step_schedulers_every_batch", True) else length, n


def time_of(c, low, high, size, words, iteration):
    """A time of low to high batches in any unit."""
    n, kind = steps(c, low, high), c.choice(["ba", "ba", "ep", "sp", "tok", "dur", "dur"])
    if iteration and c.random() < 0.7:
        return f"{max(1, n // iteration)}iter"
    if kind == "dur":
        return f"{part(c, 0.05, 1.0)}dur"
    if kind == "ep":
        return f"{max(1, n // 4)}ep"
    return f"{n * {'ba': 1, 'sp': size, 'tok': words}[kind] + c.choice([0, 0, 1])}{kind}"


def drawer(kind):
    def draw(c):
        length, size, words = c.choice([3, 5]), c.choice([2, 3]), c.choice([4, 7])
        unit = c.choice(["ba", "ep", "sp", "tok"])
        n = steps(c, 6, HORIZON)
        per = {"ba": n, "ep": max(1, n // length), "sp": n * size, "tok": n * words}
        fields = [f"{per[unit]}{unit}", length, size, words]
        more = c.choice([[], [], [c.choice(["1ep", "2ep", "9tok", "30tok"])], [None, False]])
        whole = batches(dict(zip(FIELDS, fields + more, strict=False)), length, words)[1]
        whole = whole if more and more[0] else 0
        state = {"state": fields + more}
        a = DRAWN[kind](c, lambda low=1, high=HORIZON: time_of(c, low, high, size, words, whole))
        if "WithWarmup" in kind and kind != "MultiStepWithWarmup":
            a |= of_one_unit(c, unit, n, {"sp": size, "tok": words}.get(unit, 1), whole)
        if c.random() < 0.4:
            a["ssr"] = c.choice([0.5, 0.75, 1.5, 2.0])
        return {**a, "state": state, "base_lr": rate(c, 1e-2, 1.0)}

    return draw


def of_one_unit(c, unit, n, per, iteration):
    """A warm-up and a whole in one unit, the whole not before the end of training."""
    if iteration:
        up, all = (f"{steps(c, *ends)}iter" for ends in ((1, 3), (3, 6)))
        return {"t_warmup": up, "t_max": all, "scale_warmup": c.random() < 0.5}
    kind = "ba" if unit == "ep" else unit
    extra = c.choice([0, 0, 1]) if per > 1 else 0
    up = c.choice([f"{steps(c, 1, 9) * per + extra}{kind}", f"{part(c, 0.05, 1.0)}dur"])
    whole = c.choice([{}, {"t_max": f"{(n + steps(c, 0, 9)) * per}{kind}"}])
    return {"t_warmup": up, "scale_warmup": c.random() < 0.5, **whole}


DRAWN = {
    "Step": lambda c, time: {"step_size": time(1, 9), **maybe(c, gamma=part(c, 0.1, 1.0))},
    "MultiStep": lambda c, time: {
        "milestones": [time() for _ in range(steps(c, 1, 4))],
        **maybe(c, gamma=part(c, 0.1, 1.0)),
    },
    "Constant": lambda c, time: maybe(c, alpha=part(c), t_max=time()),
    "Linear": lambda c, time: maybe(c, alpha_i=part(c), alpha_f=part(c), t_max=time()),
    "Exponential": lambda c, time: {
        "gamma": part(c, 0.1, 1.0),
        **maybe(c, decay_period=time(1, 9)),
    },
    "CosineAnnealing": lambda c, time: maybe(c, t_max=time(), alpha_f=part(c)),
    "CosineAnnealingWarmRestarts": lambda c, time: {
        "t_0": time(1, 9),
        **maybe(c, t_mult=c.choice([1.0, 1.5, 2, 1.3]), alpha_f=part(c)),
    },
    "Polynomial": lambda c, time: {
        "power": part(c, 0.3, 3.0),
        **maybe(c, t_max=time(), alpha_f=part(c)),
    },
    "MultiStepWithWarmup": lambda c, time: {
        "t_warmup": time(1, 9),
        "milestones": [time() for _ in range(steps(c, 1, 4))],
        **maybe(c, gamma=part(c, 0.1, 1.0), scale_warmup=True),
    },
    "ConstantWithWarmup": lambda c, time: maybe(c, alpha=part(c)),
    "LinearWithWarmup": lambda c, time: maybe(c, alpha_i=part(c), alpha_f=part(c)),
    "CosineAnnealingWithWarmup": lambda c, time: maybe(c, alpha_f=part(c)),
    "PolynomialWithWarmup": lambda c, time: maybe(c, power=part(c, 0.3, 3.0), alpha_f=part(c)),
}


def draw_scaled(c):
    name = c.choice(["StepLR", "MultiStepLR", "CosineAnnealingLR", "ExponentialLR"])
    gamma = part(c, 0.5, 1.0)
    more = {
        "StepLR": {"step_size": steps(c, 2, 9), "gamma": gamma},
        "MultiStepLR": {"milestones": [steps(c) for _ in range(4)], "gamma": gamma},
        "CosineAnnealingLR": {"T_max": steps(c, 2, 20), "eta_min": rate(c, 1e-4, 1e-2)},
        "ExponentialLR": {"gamma": gamma},
    }[name]
    ssr = c.choice([0.5, 0.7, 1.0, 1.5, 2.0])
    return {"scheduler": {"preset": ["torch", name]}, "ssr": ssr, "base_lr": rate(c), **more}
