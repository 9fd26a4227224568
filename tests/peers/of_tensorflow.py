"""TensorFlow: ``legacy_learning_rate_decay.py``, with NumPy in place of its operations: in float64.

Noise is recorded without variance: TensorFlow draws another one each time it is asked.
"""

import contextlib
import math
from types import SimpleNamespace

import numpy as np
from drawing import PAST, load, maybe, part, rate, stand_in, steps

N = 24


class Number(float):
    """A constant that tells its type."""

    dtype = SimpleNamespace(base_dtype="float64")


def converted(value, name=None):
    return Number(value)


def cases(folder):
    base = "tensorflow.python"
    names = ("minimum", "multiply", "add", "divide", "floor", "ceil", "equal", "negative")
    operations = {name: without_name(getattr(np, name)) for name in names}
    operations |= {name: getattr(np, name) for name in ("cos", "exp", "log", "sqrt")}
    operations |= {"pow": np.power, "cast": lambda value, dtype: np.float64(value)}
    stand_in(f"{base}.framework.constant_op", constant=np.float64)
    stand_in(f"{base}.framework.dtypes")
    stand_in(f"{base}.framework.ops", name_scope_v2=contextlib.nullcontext)
    place = f"{base}.framework.tensor_conversion"
    stand_in(place, convert_to_tensor_v2_with_dispatch=converted)
    stand_in(f"{base}.keras.utils.generic_utils")
    stand_in(f"{base}.ops.array_ops", where_v2=np.where)
    stand_in(f"{base}.ops.cond", cond=lambda chosen, yes, no: yes() if chosen else no())
    stand_in(f"{base}.ops.control_flow_case", case=first_true)
    stand_in(f"{base}.ops.math_ops", **operations)
    stand_in(f"{base}.ops.random_ops", random_normal=lambda shape, stddev: 0.0 * stddev)
    stand_in(f"{base}.util.nest", flatten=list, map_structure=lambda f, x: [f(v) for v in x])
    stand_in(f"{base}.util.tf_export", tf_export=lambda **_: lambda made: made)
    stand_in(f"{base}.eager.context", executing_eagerly=lambda: False)
    attach(f"{base}.framework", "constant_op", "dtypes", "ops", "tensor_conversion")
    attach(f"{base}.ops", "array_ops", "cond", "control_flow_case", "math_ops", "random_ops")
    attach(f"{base}.util", "nest")
    attach(f"{base}.eager", "context")
    attach(f"{base}.keras.utils", "generic_utils")
    here, inside = folder / "tensorflow/python/keras/optimizer_v2", f"{base}.keras.optimizer_v2"
    load(f"{inside}.learning_rate_schedule", here / "learning_rate_schedule.py")
    attach(inside, "learning_rate_schedule")
    name = "legacy_learning_rate_decay"
    peer = load(f"{inside}.{name}", here / f"{name}.py")

    def run(name):
        step = "x" if name == "piecewise_constant" else "global_step"

        def go(**a):
            decay = getattr(peer, name)
            values = [float(decay(**{step: t}, **a)) for t in range(N + PAST)]
            return {"lr": values} if all(map(math.isfinite, values)) else None

        return go

    return {name: (draw, run(name)) for name, draw in DRAWN.items()}


def without_name(function):
    return lambda *a, name=None: function(*a)


def first_true(pairs, default, exclusive=True):
    return next((value() for chosen, value in pairs if chosen), default())


def attach(parent, *children):
    stand_in(parent, **{name: stand_in(f"{parent}.{name}") for name in children})


def draw_exponential(c):
    law = {"learning_rate": rate(c), "decay_steps": steps(c, 1, 20)}
    return {**law, "decay_rate": part(c, 0.05, 1.0), **maybe(c, staircase=c.random() < 0.5)}


def draw_pieces(c):
    seams = sorted(c.sample(range(N), steps(c, 1, 4)))
    return {"boundaries": seams, "values": [rate(c) for _ in range(len(seams) + 1)]}


def draw_polynomial(c):
    ends = {"learning_rate": rate(c, 1e-2, 1.0), "decay_steps": steps(c, 1, N)}
    more = {"end_learning_rate": rate(c, 1e-5, 1e-3), "power": part(c, 0.3, 3.0)}
    return {**ends, **maybe(c, cycle=c.random() < 0.3, **more)}


def draw_cosine(c):
    return {"learning_rate": rate(c), "decay_steps": steps(c, 1, N), **maybe(c, alpha=part(c))}


def draw_restarts(c):  # at whole steps, for ever: where its logarithm cannot miss a restart
    more = maybe(c, m_mul=part(c, 0.3, 1.0), alpha=part(c, 0.0, 0.5))
    return {"learning_rate": rate(c), "first_decay_steps": steps(c, 1, 20), "t_mul": 1.0, **more}


def draw_bello(c):
    law = {"learning_rate": rate(c), "decay_steps": steps(c, 1, N)}
    shape = {"num_periods": c.choice([0.5, 1.5, 2.0, 0.75]), "beta": part(c, 0.0, 0.1)}
    return {**law, **maybe(c, alpha=part(c), **shape)}


DRAWN = {
    "exponential_decay": draw_exponential,
    "natural_exp_decay": draw_exponential,
    "inverse_time_decay": draw_exponential,
    "piecewise_constant": draw_pieces,
    "polynomial_decay": draw_polynomial,
    "cosine_decay": draw_cosine,
    "cosine_decay_restarts": draw_restarts,
    "linear_cosine_decay": draw_bello,
    "noisy_linear_cosine_decay": lambda c: {**draw_bello(c), "initial_variance": 0.0},
}
