"""csched.presets.optax against optax.schedules in float64, run side by side."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from beside import DRAWS, agree, steps
from csched.presets import optax as presets
from hypothesis import example, given
from hypothesis import strategies as st

N = 80  # one length, so that JAX compiles once: horizons up to 60 and 20 past them
CLOSED = 1e-13  # relative: a handful of float64 operations
# (1 + cos) / 2 loses 1e-16 of the largest value near its end, and the sum of legs as much.


def compared(name, *args, rtol=CLOSED, stop=N, kept=slice(None), **kwargs):
    with jax.enable_x64(True):
        schedule = getattr(optax, name)(*args, **kwargs)
        if "interpolate" in name or "onecycle" in name:  # these take one step at a time
            schedule = jax.vmap(schedule)
        value = schedule(jnp.arange(N))
        theirs = np.broadcast_to(np.asarray(value, float), N)
    ours = steps(getattr(presets, name)(*args, **kwargs)["lr"], N)
    agree(ours[:stop][kept], theirs[:stop][kept], rtol=rtol, near_zero=1e-15)


CASES = {  # peers.md, 4.1: executed values, five digits
    "O01": ("linear_schedule", (1.0, 0.0, 5), "1 0.8 0.6 0.4 0.2 0 0 0"),
    "O03": ("linear_schedule", (1.0, 0.0, 4, 2), "1 1 1 0.75 0.5 0.25 0 0"),
    "O05": ("polynomial_schedule", (1.0, 0.1, 2, 4), "1 0.60625 0.325 0.15625 0.1 0.1 0.1"),
    "O07": ("cosine_decay_schedule", (1.0, 4, 0.1, 2.0), "1 0.7557 0.325 0.1193 0.1 0.1"),
    "O11": ("exponential_decay", (1.0, 2, 0.5, 0, True), "1 1 0.5 0.5 0.25 0.25 0.125"),
    "O13": ("exponential_decay", (1.0, 2, 0.0), "1 1 1"),
    "O15": (
        "piecewise_constant_schedule",
        (1.0, {2: 0.5, 4: 0.1}),
        "1 1 0.5 0.5 0.05 0.05 0.05",
    ),
    "O17": (
        "linear_onecycle_schedule",
        (10, 1.0),
        "0.04 0.36 0.68 1 0.808 0.616 0.424 0.232 0.04 0.020002 4e-06 4e-06",
    ),
    "O19": ("linear_onecycle_schedule", (2, 1.0), "1 0.04 4e-06 4e-06"),
    "O21": (
        "cosine_onecycle_schedule",
        (10, 1.0, 1.0),
        "0.04 0.039021 0.03618 0.031756 0.02618 0.02 0.01382 0.0082444 0.0038198 0.00097903 "
        "1.6e-07 1.6e-07",
    ),
    "O23": ("warmup_constant_schedule", (0.0, 1.0, 0), "0 0 0"),
    "O25": ("warmup_cosine_decay_schedule", (0.0, 1.0, 0, 4, 0.1), "1 0.8682 0.55 0.2318 0.1 0.1"),
    "O27": (
        "warmup_exponential_decay_schedule",
        (0.0, 1.0, 2, 2, 0.5, 0, False, 0.2),
        "0 0.5 1 0.70711 0.5 0.35355 0.25 0.2 0.2",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    name, args, text = CASES[case]
    written = [float(x) for x in text.split()]
    ours = getattr(presets, name)(*args)["lr"].values(0, len(written))
    agree(ours, written, rtol=6e-5)
    compared(name, *args)


def test_joined_schedules_run_on_clocks_of_their_own():  # O29
    parts = [presets.constant_schedule(1.0), presets.linear_schedule(1.0, 0.0, 3)]
    theirs = optax.join_schedules(
        [optax.constant_schedule(1.0), optax.linear_schedule(1.0, 0.0, 3)], [2]
    )
    ours = presets.join_schedules(parts, [2])["lr"].values(0, 7)
    agree(ours, theirs(np.arange(7)), rtol=1e-6)  # float32


values = st.floats(1e-4, 10.0)
lengths = st.integers(1, 60)


@DRAWS
@given(values, st.floats(0.0, 10.0), st.floats(1.0, 4.0), st.integers(-2, 50), st.integers(-2, 10))
def test_polynomial(init, end, power, n, begin):
    compared("polynomial_schedule", init, end, power, n, begin)


@DRAWS
@given(values, st.floats(0.0, 1.0), st.integers(1, 60))
def test_polynomial_of_a_small_power(init, power, n):
    # XLA's 1 - n * (1 / n) is 1e-16, of which a root is large: its end is not compared
    compared("polynomial_schedule", init, 0.0, power, n, stop=n)


@DRAWS
@given(values, st.floats(0.0, 10.0), st.integers(0, 50), st.integers(0, 10))
def test_linear(init, end, n, begin):
    compared("linear_schedule", init, end, n, begin)


@DRAWS
@given(values, st.dictionaries(st.integers(0, 60), st.floats(0.0, 3.0), max_size=4))
def test_piecewise_constant(init, scales):
    compared("piecewise_constant_schedule", init, scales)


@DRAWS
@given(
    st.sampled_from(["linear", "cosine"]),
    values,
    st.dictionaries(st.integers(0, 60), st.floats(0.1, 3.0), min_size=2, max_size=2),
)
def test_piecewise_interpolate(kind, init, scales):
    compared("piecewise_interpolate_schedule", kind, init, scales)


@DRAWS
@given(
    values,
    st.integers(-1, 60),
    st.one_of(st.just(0.0), st.floats(0.01, 1.5)),
    st.integers(-2, 20),
    st.booleans(),
    st.one_of(st.none(), values),
)
@example(init=1.0, n=49, rate=1.5, begin=0, stairs=True, end=None)
def test_exponential_decay(init, n, rate, begin, stairs, end):
    t = np.arange(N) - max(begin, 0)
    # XLA multiplies by 1 / n: 49 * (1 / 49) is below 1, and that stair comes a step late
    late = stairs and n > 0 and (t > 0) & (np.floor(t * (1.0 / max(n, 1))) < t // max(n, 1))
    compared("exponential_decay", init, n, rate, begin, stairs, end, kept=~np.broadcast_to(late, N))


@DRAWS
@given(values, lengths, st.floats(0.0, 1.5), st.one_of(st.just(0.0), st.floats(1.0, 4.0)))
def test_cosine_decay(init, n, alpha, exponent):
    # a power of the peer's tail multiplies its relative error, which is 1e-16 / c at c
    compared("cosine_decay_schedule", init, n, alpha, exponent)


@DRAWS
@given(lengths, values, st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(1.0, 50.0))
def test_linear_onecycle(n, peak, start, final, div):
    compared("linear_onecycle_schedule", n, peak, start, final, div)


@DRAWS
@given(lengths, values, st.floats(0.0, 1.0), st.floats(1.0, 50.0), st.floats(1.0, 1e5))
def test_cosine_onecycle(n, peak, start, div, final):
    compared("cosine_onecycle_schedule", n, peak, start, div, final)


@DRAWS
@given(st.floats(0.0, 1.0), values, st.integers(0, 60))
def test_warmup_constant(init, peak, n):
    compared("warmup_constant_schedule", init, peak, n)


@DRAWS
@given(st.floats(0.0, 1.0), values, st.integers(0, 20), st.integers(1, 40), st.floats(0.0, 1.0))
def test_warmup_cosine_decay(init, peak, warmup, n, end):
    compared("warmup_cosine_decay_schedule", init, peak, warmup, warmup + n, end)


@DRAWS
@given(
    st.floats(0.0, 1.0),
    values,
    st.integers(0, 20),
    lengths,
    st.floats(0.1, 1.2),
    st.integers(0, 9),
    st.booleans(),
)
def test_warmup_exponential_decay(init, peak, warmup, n, rate, begin, stairs):
    args = (init, peak, warmup, n, rate, begin, stairs)
    compared("warmup_exponential_decay_schedule", *args)


@DRAWS
@given(st.lists(st.tuples(values, st.integers(0, 8), st.integers(1, 20)), min_size=2, max_size=2))
def test_sgdr(cycles):
    rows = [
        {
            "init_value": 0.0,
            "peak_value": p,
            "warmup_steps": w,
            "decay_steps": w + n,
            "end_value": 0.1,
        }
        for p, w, n in cycles
    ]
    compared("sgdr_schedule", rows)


BAD = [
    (lambda: presets.cosine_decay_schedule(1.0, 0), "decay_steps"),  # O09
    (lambda: presets.warmup_cosine_decay_schedule(0.0, 1.0, 5, 5), "decay_steps"),
    (lambda: presets.piecewise_constant_schedule(1.0, {3: -0.5}), "scale"),
    (lambda: presets.piecewise_interpolate_schedule("cubic", 1.0, {3: 0.5}), "interpolate_type"),
    (lambda: presets.linear_onecycle_schedule(0, 1.0), "transition_steps"),
    (lambda: presets.join_schedules([presets.constant_schedule(1.0)], [3]), "boundaries"),
]


@pytest.mark.parametrize(("make", "name"), BAD, ids=[name for _, name in BAD])
def test_bad_arguments_are_refused_by_name(make, name):
    with pytest.raises(ValueError, match=rf"optax\.\w+: {name} must be"):
        make()
