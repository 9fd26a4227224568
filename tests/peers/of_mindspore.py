"""MindSpore: the lists of ``mindspore/nn/dynamic_lr.py``."""

from drawing import PAST, load, maybe, part, rate, stand_in, steps


def cases(folder):
    checks = ("value_type", "is_float", "positive_float", "non_negative_float", "positive_int")
    nothing = {f"check_{name}": lambda *a: None for name in checks}
    stand_in("mindspore", _checkparam=stand_in("mindspore._checkparam", **nothing))
    peer = load("mindspore.nn.dynamic_lr", folder / "mindspore" / "nn" / "dynamic_lr.py")

    def run(name):
        def go(**a):
            values = getattr(peer, name)(**a)
            return {"lr": values + [values[-1]] * PAST}

        return go

    return {name: (draw, run(name)) for name, draw in DRAWN.items()}


def clock(c):
    return {"total_step": steps(c, 1, 30), "step_per_epoch": steps(c, 1, 6)}


def law(c):
    stair = maybe(c, is_stair=c.random() < 0.5)
    return {
        "learning_rate": rate(c),
        "decay_rate": part(c, 0.05, 1.0),
        "decay_epoch": steps(c, 1, 5),
        **clock(c),
        **stair,
    }


def draw_pieces(c):
    ends = sorted(steps(c, 1, 20) for _ in range(steps(c, 1, 5)))
    return {"milestone": ends, "learning_rates": [rate(c) for _ in ends]}


DRAWN = {
    "piecewise_constant_lr": draw_pieces,
    "exponential_decay_lr": law,
    "natural_exp_decay_lr": law,
    "inverse_decay_lr": law,
    "cosine_decay_lr": lambda c: {
        "min_lr": rate(c, 1e-5, 1e-3),
        "max_lr": rate(c, 1e-2, 1.0),
        "decay_epoch": steps(c, 1, 9),
        **clock(c),
    },
    "polynomial_decay_lr": lambda c: {
        "learning_rate": rate(c, 1e-2, 1.0),
        "end_learning_rate": rate(c, 1e-5, 1e-3),
        "decay_epoch": steps(c, 1, 9),
        "power": part(c, 0.3, 3.0),
        **clock(c),
        **maybe(c, update_decay_epoch=c.random() < 0.5),
    },
    "warmup_lr": lambda c: {
        "learning_rate": rate(c),
        "warmup_epoch": steps(c, 1, 6),
        **clock(c),
    },
}
