"""Levanter: ``lr_scheduler`` of ``src/levanter/optim/config.py``, in float64."""

import warnings

import jax
import numpy as np
from drawing import PAST, load, maybe, part, rate, stand_in, steps


class Registry:
    """What stands in for its configurations: no registry, no command line."""

    @classmethod
    def register_subclass(cls, name):
        return lambda made: made


def cases(folder):
    warnings.filterwarnings("ignore", "Cycle length does not divide")
    stand_in("draccus", ChoiceRegistry=Registry)
    stand_in("equinox", Module=object)
    stand_in("haliax")
    stand_in("levanter.tracker")
    stand_in("levanter.optim.clip_update_norm", ClipUpdateNormConfig=object)
    stand_in("levanter.optim.skipstep", SkipStepConfig=object)
    names = ("log_norm_passthrough", "scan_aware_clip_by_block_rms", "scale_by_adam")
    stand_in("levanter.optim.util", **dict.fromkeys(names))
    stand_in("levanter.utils.jax_utils", leaf_key_paths=None)
    place = "levanter.optim.config"
    config = load(place, folder / "levanter" / "src" / "levanter" / "optim" / "config.py")
    Config = type("Config", (config.OptimizerConfig,), {"build": None})

    def overlap(made, n):
        """Whether a cycle has no step for its decay, or more steps than it is long."""
        length = config._convert_frac_or_steps
        up = max(length(made.warmup, n), length(made.rewarmup, n))
        fall = n - up if made.decay is None else length(made.decay, n)
        return fall < 1 or up + fall > n

    def run(num_train_steps, **a):
        with jax.enable_x64(True):
            try:
                made = Config(**a)
                if any(overlap(made, n) for n in np.diff(made._get_cycle_minima(num_train_steps))):
                    return None
                schedule = made.lr_scheduler(num_train_steps)
                values = schedule(np.arange(num_train_steps + PAST))
            except (ValueError, ZeroDivisionError):
                return None
            whole = np.broadcast_to(np.asarray(values, float), num_train_steps + PAST)
            return {"lr": whole.tolist()} if np.isfinite(whole).all() else None

    return {"lr_scheduler": (draw, run)}


def length(c, most):
    return c.choice([steps(c, 2, most), part(c, 0.1, 0.4)])


def draw(c):
    n = steps(c, 12, 40)
    shapes = [{}, {"cycles": steps(c, 1, 3)}, {"cycle_length": steps(c, 8, 20)}]
    shapes += [{"cycle_length": part(c, 0.4, 1.0)}, {"cycles": [n // 3, n // 2 + 2]}]
    a = {"num_train_steps": n, "learning_rate": rate(c, 1e-3, 1.0), **c.choice(shapes)}
    a |= maybe(c, min_lr_ratio=part(c, 0.01, 0.5), warmup=length(c, 4), rewarmup=length(c, 4))
    if c.random() < 0.5:
        a["decay"] = length(c, 4)
    names = ["constant", "cosine", "linear", "inv_sqrt", "inv"]
    return {**a, **maybe(c, lr_schedule=c.choice(names))}
