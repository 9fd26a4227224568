"""Megatron-LM: ``megatron/core/optimizer_param_scheduler.py``."""

from types import SimpleNamespace

from drawing import PAST, load, maybe, part, rate, stand_in, steps


def cases(folder):
    stand_in("megatron.core.utils", log_single_rank=lambda *a, **k: None)
    peer = load(
        "megatron.core.optimizer_param_scheduler",
        folder / "megatron" / "core" / "optimizer_param_scheduler.py",
    )

    def run(**a):
        n = max(a["lr_decay_steps"], a["wd_incr_steps"]) + PAST
        group = {}
        scheduler = peer.OptimizerParamScheduler(SimpleNamespace(param_groups=[group]), **a)
        values = {"lr": [], "weight_decay": []}
        for _ in range(n):
            for name, made in values.items():
                made.append(group[name])
            scheduler.step(1)
        return values

    return {"OptimizerParamScheduler": (draw, run)}


def draw(c):
    n = steps(c, 1, 30)
    up = steps(c, 0, n - 1)
    wd, style = rate(c, 1e-3, 1e-1), c.choice(["constant", "linear", "cosine"])
    lr_style = c.choice(["constant", "linear", "cosine", "inverse-square-root", "WSD", "WSD"])
    more = {}
    if lr_style == "WSD":
        kinds = ["linear", "cosine", "exponential", "minus_sqrt"]
        more = {"wsd_decay_steps": steps(c, 1, n), "lr_wsd_decay_style": c.choice(kinds)}
    return {
        "init_lr": rate(c, 1e-6, 1e-3) if c.random() < 0.5 else 0.0,
        "max_lr": rate(c, 1e-2, 1.0),
        "min_lr": rate(c, 1e-6, 1e-2) if c.random() < 0.8 else 0.0,
        "lr_warmup_steps": up,
        "lr_decay_steps": n,
        "lr_decay_style": lr_style,
        "start_wd": wd,
        "end_wd": wd if style == "constant" else round(wd * (1 + part(c, 0.0, 5.0)), 6),
        "wd_incr_steps": steps(c, 1, 30),
        "wd_incr_style": style,
        **more,
        **maybe(c),
    }
