"""fastai: ``fastai/callback/schedule.py``.

The position is ``t / steps``. The corners of combined schedules are float32 in fastai.
"""

import collections.abc
import functools
import math
import sys
from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch
from drawing import load, maybe, part, rate, stand_in, steps

ANNEALERS = ["SchedLin", "SchedCos", "SchedNo", "SchedExp"]


def peer_of(folder):
    sys.path.insert(0, str(folder))  # fastcore
    import fastcore.all as fc

    names = {k: v for k, v in vars(fc).items() if not k.startswith("_")}
    learner = type("Learner", (), {"fit_one_cycle": None})
    recorder, callback = type("Recorder", (), {}), type("Callback", (), {})
    names |= {"Learner": learner, "Recorder": recorder, "Callback": callback, "torch": torch}
    names |= {"functools": functools, "math": math, "np": np, "tensor": torch.tensor}
    names |= {"collections": collections, "CancelFitException": Exception, "plt": mock.MagicMock()}
    names["docs"] = lambda cls: cls
    basics = stand_in("fastai.basics", **names)
    basics.__all__ = list(names)
    stand_in("fastai.callback.tracker", SaveModelCallback=None)
    return load("fastai.callback.schedule", folder / "fastai" / "callback" / "schedule.py")


def cases(folder):
    peer = peer_of(folder)

    def combined(pcts, scheds, steps):
        made = [getattr(peer, name)(**a) for name, a in plain(scheds)]
        f = peer.combine_scheds(pcts, made)
        seams = np.cumsum(np.float32([0, *pcts]), dtype=np.float32)
        if late(seams, steps):
            return None
        return {"lr": [f(t / steps) for t in range(steps + 1)]}

    def tuned(epochs, steps_per_epoch=1, head=True, **a):
        """The schedules of both fits, for the last group or the first."""
        values = {"lr": [], "momentum": []}
        fits = []
        learner = SimpleNamespace(freeze=lambda: None, unfreeze=lambda: None)
        learner.fit_one_cycle = lambda n, lr, **k: fits.append((n, lr, k))
        peer.Learner.fine_tune(learner, epochs, **a)
        for i, (n, lr, more) in enumerate(fits):
            last = lr.stop if head else lr.start or lr.stop / 10  # as set_hyper reads a slice
            count = n * steps_per_epoch
            made = fitted("fit_one_cycle", count, float(last), n_epoch=n, **more)
            for name, v in values.items():
                v += made[name] if i else made[name][:count]
        return values

    def finder(**a):
        found = peer.LRFinder(**a)
        return {"lr": [found.scheds["lr"](t / found.num_it) for t in range(found.num_it + 1)]}

    def fitted(name, steps, lr_max, moms=None, **a):
        """The schedules that a fit hands to ParamScheduler."""
        made = []
        learner = SimpleNamespace(
            opt=SimpleNamespace(set_hyper=lambda *a: None, hypers=[{"lr": lr_max}]),
            lr=lr_max,
            moms=moms or (0.95, 0.85, 0.95),
            fit=lambda *args, cbs, **k: made.extend(cbs),
        )
        getattr(peer.Learner, name)(learner, **a)
        names = {"lr": "lr", "mom": "momentum"}
        return {
            names[k]: [float(np.ravel(f(t / steps))[0]) for t in range(steps + 1)]
            for k, f in made[0].scheds.items()
        }

    def of(function):
        def run(steps, **a):
            f = function(**a)
            return {"lr": [f(t / steps) for t in range(steps + 1)]}

        return run

    def sgdr(n_cycles, cycle_len, lr_max, cycle_mult=2, steps_per_epoch=1):
        n = cycle_len * (cycle_mult**n_cycles - 1) // (cycle_mult - 1) * steps_per_epoch
        a = {"n_cycles": n_cycles, "cycle_len": cycle_len, "cycle_mult": cycle_mult}
        parts = [cycle_mult**i for i in range(n_cycles)]
        if late(np.cumsum(np.float32(parts) / np.float32(sum(parts)), dtype=np.float32), n):
            return None
        try:
            return fitted("fit_sgdr", n, lr_max, **a)
        except AssertionError:  # fastai wants the parts to add up to 1.0 in floats
            return None

    def one_cycle(steps, lr_max, **a):
        return fitted("fit_one_cycle", steps, lr_max, n_epoch=1, **a)

    def flat_cos(steps, lr, **a):
        return fitted("fit_flat_cos", steps, lr, n_epoch=1, **a)

    return {
        **{name: (draw_ends, of(getattr(peer, name))) for name in ANNEALERS},
        "SchedPoly": (draw_poly, of(peer.SchedPoly)),
        "combine_scheds": (draw_scheds, combined),
        "fine_tune": (draw_tune, tuned),
        "LRFinder": (draw_finder, finder),
        "combined_cos": (draw_combined, of(peer.combined_cos)),
        "fit_one_cycle": (draw_one_cycle, one_cycle),
        "fit_flat_cos": (draw_flat, flat_cos),
        "fit_sgdr": (draw_sgdr, sgdr),
    }


def late(seams, n):
    """Whether a float32 seam is rounded up, past the step it should be at."""
    return any(s > t / n for s in map(float, seams) for t in range(n) if abs(s - t / n) < 1e-6)


def plain(scheds):
    """Without the lengths that presets need and the peer has none of."""
    return [(name, {k: v for k, v in a.items() if k != "steps"}) for name, a in scheds]


def draw_scheds(c):
    parts = c.choice([[0.25, 0.75], [0.5, 0.25, 0.25], [0.1, 0.2, 0.3, 0.4], [1.0], [0.3, 0.7]])
    if sum(parts) != 1.0:
        return None
    kinds = [c.choice([*ANNEALERS, "SchedPoly"]) for _ in parts]
    drawn = [draw_poly(c) if kind == "SchedPoly" else draw_ends(c) for kind in kinds]
    scheds = [list(pair) for pair in zip(kinds, drawn, strict=True)]
    return {"pcts": parts, "scheds": scheds, "steps": steps(c, 1, 20)}


def draw_tune(c):
    return {
        "epochs": steps(c, 1, 3),
        "steps_per_epoch": steps(c, 2, 5),
        "head": c.random() < 0.5,
        **maybe(
            c,
            base_lr=rate(c),
            freeze_epochs=steps(c, 1, 3),
            lr_mult=part(c, 1.0, 200.0),
            pct_start=_pct(c),
            div=part(c, 1.0, 30.0),
        ),
    }


def draw_finder(c):
    more = maybe(c, start_lr=rate(c, 1e-8, 1e-4), end_lr=rate(c, 1e-1, 1e2))
    return {"num_it": steps(c, 1, 16), **more}


def _pct(c):
    """A part whose rest adds up with it to 1.0, which fastai asserts."""
    while True:
        pct = part(c, 0.05, 0.95)
        if pct + (1 - pct) == 1.0:
            return pct


def draw_ends(c):
    return {"start": rate(c), "end": rate(c), "steps": steps(c)}


def draw_poly(c):
    return {**draw_ends(c), "power": part(c, 0.2, 4.0)}


def draw_combined(c):
    return {"pct": _pct(c), "start": rate(c), "middle": rate(c), "end": rate(c), "steps": steps(c)}


def draw_one_cycle(c):
    return {
        "lr_max": rate(c),
        "steps": steps(c, 2, 24),
        **maybe(
            c,
            div=part(c, 1.0, 50.0),
            div_final=rate(c, 1.0, 1e5),
            pct_start=_pct(c),
            moms=[part(c, 0.5, 1.0) for _ in range(3)],
        ),
    }


def draw_flat(c):
    more = maybe(c, div_final=rate(c, 1.0, 1e5), pct_start=_pct(c))
    return {"lr": rate(c), "steps": steps(c, 2, 24), **more}


def draw_sgdr(c):
    return {
        "n_cycles": steps(c, 1, 3),
        "cycle_len": steps(c, 1, 3),
        "lr_max": rate(c),
        **maybe(c, cycle_mult=steps(c, 2, 3), steps_per_epoch=steps(c, 1, 3)),
    }
