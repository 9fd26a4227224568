"""csched.presets.keras against keras.optimizers.schedules, run side by side in float64."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from beside import DRAWS, PAST, agree, steps
from csched.presets import keras as presets
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from keras.optimizers import schedules as peer

CLOSED = 1e-12


def side_by_side(chosen, yes, no):
    return jax.tree.map(lambda a, b: jnp.where(chosen, a, b), yes(), no())


@pytest.fixture(autouse=True, scope="module")
def float64():
    """Float64, and branches taken side by side: ``lax.cond`` would be compiled for every draw."""
    patch = pytest.MonkeyPatch()
    patch.setattr(keras.src.ops, "cond", side_by_side)
    before, effort = keras.config.floatx(), "jax_disable_most_optimizations"
    keras.config.set_floatx("float64")
    jax.config.update(effort, True)  # each operation runs by itself: nothing to optimise
    with jax.enable_x64(True):  # the backend that conftest.py chooses
        yield
    jax.config.update(effort, False)
    keras.config.set_floatx(before)
    patch.undo()


N = 40 + PAST


def used(schedule, n):
    every = schedule(np.arange(float(N)))  # of one length, so that JAX compiles once
    return np.asarray(ops.convert_to_numpy(every))[:n]


def compared(name, n, *args, skip=(), **kwargs):
    theirs = used(getattr(peer, name)(*args, **kwargs), n)
    ours = steps(getattr(presets, name)(*args, **kwargs)["lr"], n)
    kept = [t for t in range(n) if t not in skip]
    if "Cosine" in name:  # Keras takes pi in float32, whatever it is asked for
        agree(ours[kept], np.asarray(theirs)[kept], rtol=2e-7, near_zero=2e-7)
    else:
        agree(ours[kept], np.asarray(theirs)[kept], rtol=CLOSED, near_zero=1e-15)


CASES = {  # peers.md, 4.1
    "K01": ("CosineDecay", (1.0, 4, 0.1), {}, "1 0.8682 0.55 0.2318 0.1 0.1 0.1"),
    "K03": ("CosineDecay", (1.0, 4), {"warmup_steps": 3}, "1 0.85355 0.5 0.14645 0 0"),
    "K05": (
        "CosineDecayRestarts",
        (1.0, 2),
        {},
        "1 0.5 1 0.85355 0.5 0.14645 1 0.96194 0.85355 0.69134 0.5 0.30866 0.14645 0.03806 1",
    ),
    "K07": (
        "CosineDecayRestarts",
        (1.0, 4, 1.5, 0.5, 0.1),
        {},
        "1 0.8682 0.55 0.2318 0.55 0.51986 0.4375 0.325 0.2125 0.13014 0.325 0.31822 0.29868 "
        "0.26875 0.23204 0.19296",
    ),
    "K09": ("ExponentialDecay", (1.0, 2, 0.5), {}, "1 0.70711 0.5 0.35355 0.25 0.17678"),
    "K11": ("InverseTimeDecay", (1.0, 2, 0.5), {}, "1 0.8 0.66667 0.57143 0.5 0.44444"),
    "K13": ("PolynomialDecay", (1.0, 4, 0.1, 2.0), {}, "1 0.60625 0.325 0.15625 0.1 0.1 0.1"),
    "K15": ("PiecewiseConstantDecay", ([2, 4], [1.0, 0.5, 0.1]), {}, "1 1 1 0.5 0.5 0.1 0.1"),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    name, args, kwargs, text = CASES[case]
    written = [float(x) for x in text.split()]
    ours = getattr(presets, name)(*args, **kwargs)["lr"].values(0, len(written))
    agree(ours, written, rtol=6e-5)
    compared(name, len(written), *args, **kwargs)


values = st.floats(1e-3, 10.0)
lengths = st.integers(1, 40)


@DRAWS
@given(values, lengths, st.one_of(st.just(0.0), st.floats(0.01, 1.5)), st.booleans())
def test_exponential(first, n, rate, stairs):
    compared("ExponentialDecay", N, first, n, rate, stairs)


@DRAWS
@given(values, lengths, st.floats(0.0, 50.0), st.booleans())
def test_inverse_time(first, n, rate, stairs):
    compared("InverseTimeDecay", N, first, n, rate, stairs)


@DRAWS
@given(st.sets(st.integers(0, 40), min_size=1, max_size=5).map(sorted), st.data())
def test_piecewise_constant(boundaries, data):
    n = len(boundaries) + 1
    levels = data.draw(st.lists(values, min_size=n, max_size=n))
    compared("PiecewiseConstantDecay", N, boundaries, levels)


@DRAWS
@given(values, lengths, values, st.just(0.0) | st.floats(1.0, 4.0))
def test_polynomial(first, n, last, power):
    compared("PolynomialDecay", N, first, n, last, power)


@DRAWS
@given(values, st.integers(1, 20), values, st.just(0.0) | st.floats(1.0, 3.0))
def test_polynomial_cycle(first, n, last, power):
    compared("PolynomialDecay", N, first, n, last, power, True)


@DRAWS
@given(values, lengths, st.floats(0.0, 1.5))
def test_cosine(first, n, alpha):
    compared("CosineDecay", N, first, n, alpha)


@DRAWS
@given(st.floats(0.0, 1.0), st.integers(1, 12), st.floats(0.0, 1.0), values, st.integers(0, 6))
def test_cosine_with_warmup(first, n, alpha, target, warmup):
    kwargs = {"warmup_target": target, "warmup_steps": warmup}
    compared("CosineDecay", 12, first, n, alpha, **kwargs)


@DRAWS
@given(
    values,
    st.integers(1, 12),
    st.sampled_from([1.0, 1.5, 2.0]),
    st.floats(0.2, 1.2),
    st.floats(0.0, 0.5),
)
def test_cosine_restarts(first, n, mult, height, alpha):
    begins, length = [0.0], float(n)
    while begins[-1] < 30:
        begins.append(begins[-1] + length)
        length *= mult
    skip = {round(b) for b in begins[1:]}  # there Keras's logarithm may be a cycle behind
    compared("CosineDecayRestarts", 20, first, n, mult, height, alpha, skip=skip)


def test_restarts_that_keras_misses_are_there():  # R13
    c = presets.CosineDecayRestarts(1.0, 10)["lr"]
    assert c(81910) == c(327670) == 1.0


def test_boundaries_out_of_order_are_refused():  # K16: Keras adds the values up
    with pytest.raises(ValueError, match="boundaries must be increasing"):
        presets.PiecewiseConstantDecay([4, 2], [1.0, 0.5, 0.1])
