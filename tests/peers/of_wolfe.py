"""Cameron Wolfe's LRSchedules: ``profiles.py`` and the three scripts, run as they are."""

import runpy
import sys
from unittest import mock

from drawing import PAST, load, maybe, part, rate, stand_in, steps

PROFILES = ["cos", "rex", "exp", "linear"]


def cases(folder):
    here = folder / "LRSchedules"
    sys.path.insert(0, str(here))
    peer = load("wolfe.profiles", here / "profiles.py")
    stand_in("matplotlib.pyplot")
    sys.modules["matplotlib.pyplot"] = sys.modules["matplotlib"].pyplot = mock.MagicMock()

    def script(name, **flags):
        given = [f"--{k.replace('_', '-')}={v}" for k, v in flags.items()]
        with mock.patch.object(sys, "argv", [name, *given]):
            return runpy.run_path(str(here / name))

    def profile(name):
        def run(stepsize, **a):
            f = getattr(peer, name)
            return {"lr": [f(t, stepsize, **a) for t in range(2 * stepsize + PAST)]}

        return draw_profile if "exp" not in name else draw_exp, run

    def cyclical(profile, stepsize, **a):
        made = script("cyclical_examples.py", total_iter=44, stepsize=stepsize, **a)
        return {"lr": made["profile2sched"][profile]}

    def sgdr(profile, **a):
        made = script("sgdr_examples.py", total_iter=44, **a)
        return {"lr": made["profile2sched"][profile]}

    def sampling_rate(sr, **a):
        made = script("sampling_rate_examples.py", **a)
        return {"lr": made["sr2sched"][sr]}

    both = [f"{p}_{way}" for p in PROFILES for way in ("decay", "growth")]
    return {
        **{name: profile(name) for name in both},
        "sampling_rate": (draw_sampling, sampling_rate),
        "cyclical": (draw_cyclical, cyclical),
        "sgdr": (draw_sgdr, sgdr),
    }


def draw_profile(c):
    return {
        "stepsize": steps(c, 1, 16),
        "min_val": rate(c, 1e-4, 1e-2),
        "max_val": rate(c, 1e-2, 1.0),
    }


def draw_exp(c):
    return {**draw_profile(c), **maybe(c, exponent=part(c, 0.1, 8.0))}


def _levels(c):
    return maybe(c, max_lr=rate(c, 1e-2, 1.0), min_lr=rate(c, 1e-5, 1e-2))


def draw_sampling(c):  # the script's sampling rates are fixed: 500, 250, 100, 50 and 1
    sr = c.choice([500, 250, 100, 50, 50])
    return {"sr": sr, "total_iter": steps(c, 10, 60), "profile": c.choice(PROFILES), **_levels(c)}


def draw_cyclical(c):
    return {"profile": c.choice(PROFILES), "stepsize": steps(c, 1, 12), **_levels(c)}


def draw_sgdr(c):
    mult = c.choice([1, 2, 3])
    return {
        "profile": c.choice(PROFILES),
        "stepsize": steps(c, 1, 12),
        "stepsize_mult": mult,
        **_levels(c),
    }
