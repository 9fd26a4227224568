"""Apple's MLX: ``mlx/optimizers/schedulers.py``, with NumPy in place of its arrays: in float64."""

import numpy as np
from drawing import PAST, load, maybe, part, rate, stand_in, steps

N = 30


def cases(folder):
    functions = {"minimum": np.minimum, "cos": np.cos, "where": np.where}
    stand_in("mlx", core=stand_in("mlx.core", **functions))
    peer = load("mlx.optimizers.schedulers", folder / "mlx" / "optimizers" / "schedulers.py")

    def made(name, arguments):
        return getattr(peer, name)(**arguments)

    def run(name):
        def go(**a):
            if name == "join_schedules":
                a = {**a, "schedules": [made(*s) for s in a["schedules"]]}
            schedule = made(name, a)
            return {"lr": [float(schedule(t)) for t in range(N + PAST)]}

        return go

    return {name: (draw, run(name)) for name, draw in DRAWN.items()}


def draw_joined(c):
    names = [c.choice(list(DRAWN)[:4]) for _ in range(steps(c, 1, 4))]
    inside = [[name, DRAWN[name](c)] for name in names]
    return {"schedules": inside, "boundaries": sorted(steps(c, 1, N) for _ in names[1:])}


DRAWN = {
    "exponential_decay": lambda c: {"init": rate(c), "decay_rate": part(c, 0.5, 1.0)},
    "step_decay": lambda c: {
        "init": rate(c),
        "decay_rate": part(c, 0.1, 1.0),
        "step_size": steps(c, 1, 9),
    },
    "cosine_decay": lambda c: {
        "init": rate(c),
        "decay_steps": steps(c, 1, N),
        **maybe(c, end=rate(c, 1e-5, 1e-3)),
    },
    "linear_schedule": lambda c: {"init": rate(c), "end": rate(c), "steps": steps(c, 1, N)},
    "join_schedules": draw_joined,
}
