"""OLMo-core: ``olmo_core/optim/scheduler.py``, asked for each step."""

import dataclasses
import enum
import warnings

from drawing import PAST, load, maybe, part, rate, stand_in, steps


class Base:
    """What stands in for its registry."""

    @classmethod
    def register(cls, name):
        return lambda made: made


def cases(folder):
    warnings.filterwarnings("ignore", ".*ignores 't_max'", UserWarning)
    stand_in(
        "olmo_core.config", Config=type("Config", (), {}), Registrable=Base, StrEnum=enum.StrEnum
    )
    stand_in("olmo_core.distributed.utils", get_rank=lambda: 0)
    stand_in("olmo_core.exceptions", OLMoConfigurationError=ValueError)
    stand_in("olmo_core.optim.config", INITIAL_LR_FIELD="initial_lr", LR_FIELD="lr")
    peer = load("olmo_core.optim.scheduler", folder / "olmo_core" / "optim" / "scheduler.py")

    def made(name, arguments):
        a = dict(arguments)
        if "stages" in a:
            a["stages"] = [peer.ComposableSchedulerStage(**s) for s in a["stages"]]
        if "override_decay" in a:
            a["override_decay"] = peer.OverrideDecay(**a["override_decay"])
        if "schedulers" in a:
            a["schedulers"] = [made(*s["partial"]) for s in a["schedulers"]]
            a["schedulers_max"] = list(a["schedulers_max"])
        return getattr(peer, name)(**a)

    def run(name):
        def go(base_lr, max_steps=None, **a):
            whole = max_steps or 40
            n = whole + (1 if name in ENDING else PAST)
            try:
                scheduler = made(name, a)
                return {"lr": [scheduler.get_lr(base_lr, t, whole) for t in range(n)]}
            except (ValueError, AssertionError, ZeroDivisionError):
                return None

        return go

    names = [f.name for f in dataclasses.fields(peer.WSD)]  # those that drawers may name
    assert {"warmup", "decay_fraction", "decay_min_lr"} <= set(names)
    return {name: (draw, run(name)) for name, draw in DRAWN.items()}


ENDING = ("WSD", "PowerLR", "CosWithWarmupAndLinearDecay", "SequentialScheduler")


def up(c, whole, low=1):
    law = c.choice([{"warmup": steps(c, low, whole // 3)}, {"warmup_fraction": part(c, 0.1, 0.4)}])
    return {**law, **maybe(c, warmup_min_lr=rate(c, 1e-6, 1e-4))}


def down(c, whole):
    law = [{"decay": steps(c, 1, whole // 2), "decay_fraction": None}]
    law += [{"decay_fraction": part(c, 0.1, 0.5)}, {}]
    return {**c.choice(law), **maybe(c, decay_min_lr=rate(c, 1e-6, 1e-4))}


def base(c):
    return {"base_lr": rate(c, 1e-3, 1.0)}


def fits(a, whole):
    """Warm-up and decay do not overlap."""
    first = a.get("warmup") or round(whole * a.get("warmup_fraction", 0))
    last = a.get("decay") or round(whole * (a.get("decay_fraction", 0.1) or 0))
    return a if first + last <= whole and last else None


def ramped(**more):
    def draw(c):
        whole = steps(c, 9, 30)
        return {"max_steps": whole, **base(c), **up(c, whole), **drawn(c, more)}

    return draw


def ending(**more):
    def draw(c):
        whole = steps(c, 9, 30)
        a = {"max_steps": whole, **base(c), **up(c, whole), **down(c, whole), **drawn(c, more)}
        return fits(a, whole)

    return draw


def drawn(c, more):
    return maybe(c, **{k: f(c) for k, f in more.items()})


def draw_wsds(c):
    lengths = [steps(c, 4, 12) for _ in range(steps(c, 1, 4))]
    law = c.choice([{"decay": steps(c, 1, 3)}, {"decay_fraction": part(c, 0.3, 0.7)}])
    a = {"period_lengths": lengths, **law, **maybe(c, decay_min_lr=rate(c, 1e-6, 1e-4))}
    if c.random() < 0.5:
        a["period_lr_multipliers"] = [part(c, 0.2, 1.5) for _ in lengths]
    return {**a, **base(c), **up(c, lengths[0], 0)}


def level(c, which):
    return c.choice([{f"{which}_lr": rate(c)}, {f"{which}_lr_fraction": part(c)}])


def stage(c, **more):
    shape = maybe(c, shape=c.choice(["linear", "cosine"]))
    return {"duration": steps(c, 1, 9), **shape, **level(c, "end"), **more}


def override(c):
    return {"override_decay": stage(c, start=steps(c, 0, 30))} if c.random() < 0.4 else {}


def draw_composable(c):
    first = [level(c, "start") if c.random() < 0.5 else {} for _ in range(steps(c, 1, 5))]
    return {"stages": [stage(c, **s) for s in first], **override(c), **base(c)}


def draw_sequential(c):
    names = ["ConstantWithWarmup", "LinearWithWarmup", "CosWithWarmup", "InvSqrtWithWarmup"]
    lengths = [steps(c, 3, 9) for _ in range(steps(c, 1, 3))]
    inside = [{"partial": [c.choice(names), {"warmup": steps(c, 1, 3)}]} for _ in lengths]
    whole = {"schedulers": inside, "schedulers_max": lengths[:-1], "max_steps": sum(lengths)}
    return {**whole, **override(c), **base(c)}


DRAWN = {
    "ConstantScheduler": base,
    "ConstantWithWarmup": ramped(),
    "WSD": ending(),
    "PowerLR": ending(b=lambda c: -part(c, 0.1, 1.5)),
    "LinearWithWarmup": ramped(alpha_f=part, t_max=lambda c: steps(c, 9, 30)),
    "InvSqrtWithWarmup": ramped(alpha_f=part),
    "CosWithWarmup": ramped(alpha_f=part, t_max=lambda c: steps(c, 9, 30)),
    "HalfCosWithWarmup": ramped(alpha_f=part, t_max=lambda c: steps(c, 9, 30)),
    "CosWithWarmupAndLinearDecay": ending(alpha_f=lambda c: part(c, 0.1, 1.0)),
    "ComposableScheduler": draw_composable,
    "SequentialScheduler": draw_sequential,
    "WSDS": draw_wsds,
    "ExponentialScheduler": lambda c: {
        "max_steps": steps(c, 2, 30),
        **base(c),
        **maybe(c, lr_min=rate(c, 1e-9, 1e-4)),
    },
}
