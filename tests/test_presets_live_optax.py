"""csched.jax.from_schedule: what it reads equals the preset; what it cannot read is taken down."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from beside import DRAWS
from csched.jax import as_schedule, from_schedule
from csched.presets import optax as presets
from hypothesis import given, settings
from hypothesis import strategies as st

values = st.floats(1e-3, 10.0)
lengths = st.integers(1, 60)
parts = st.floats(0.0, 1.0)
scales = st.dictionaries(st.integers(1, 60), st.floats(0.0, 3.0), min_size=1, max_size=4)
kinds = st.sampled_from(["linear", "cosine"])
cycles = st.fixed_dictionaries(
    {
        "init_value": st.floats(0.0, 1.0),
        "peak_value": values,
        "warmup_steps": st.integers(0, 9),
        "decay_steps": st.integers(10, 30),
    },
    optional={"end_value": st.floats(0.0, 1.0), "exponent": st.floats(0.5, 3.0)},
)
ARGUMENTS = {
    "constant_schedule": st.tuples(values),
    "linear_schedule": st.tuples(values, values, st.integers(-1, 60), st.integers(-2, 9)),
    "polynomial_schedule": st.tuples(values, values, st.floats(0.5, 3.0), lengths),
    "piecewise_constant_schedule": st.tuples(values, st.one_of(st.none(), scales)),
    "piecewise_interpolate_schedule": st.tuples(kinds, values, scales),
    "exponential_decay": st.tuples(
        values,
        st.integers(-1, 60),
        st.one_of(st.just(0.0), st.floats(0.01, 1.5)),
        st.integers(-2, 9),
        st.booleans(),
        st.one_of(st.none(), values),
    ),
    "cosine_decay_schedule": st.tuples(values, lengths, parts, st.floats(0.5, 3.0)),
    "linear_onecycle_schedule": st.tuples(lengths, values, parts, parts),
    "cosine_onecycle_schedule": st.tuples(lengths, values, parts),
    "warmup_constant_schedule": st.tuples(values, values, st.integers(0, 60)),
    "warmup_cosine_decay_schedule": st.tuples(values, values, st.integers(0, 9), st.just(30)),
    "warmup_exponential_decay_schedule": st.tuples(
        values, values, st.integers(0, 9), lengths, st.floats(0.1, 1.0)
    ),
    "sgdr_schedule": st.tuples(st.lists(cycles, min_size=1, max_size=3)),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_a_named_function_made_is_read_as_its_preset(name):
    @settings(DRAWS, max_examples=40)
    @given(ARGUMENTS[name])
    def run(arguments):
        live = getattr(optax, name)(*arguments)
        assert from_schedule(live) == getattr(presets, name)(*arguments)

    run()


def test_a_schedule_in_use_is_read_as_a_new_one_is():
    live = optax.cosine_decay_schedule(1.0, 10)
    live(3)  # makes a float of decay_steps
    assert from_schedule(live) == presets.cosine_decay_schedule(1.0, 10)


def test_arguments_may_be_arrays():
    live = optax.linear_schedule(jnp.float32(0.5), np.float64(0.25), np.int64(10))
    assert from_schedule(live) == presets.linear_schedule(0.5, 0.25, 10)


def test_joined_schedules_are_read_part_by_part():
    inner = optax.join_schedules(
        [optax.constant_schedule(1.0), optax.exponential_decay(1.0, 3, 0.5)], [4]
    )
    live = optax.join_schedules([optax.linear_schedule(0.0, 1.0, 5), inner], [5])
    ours = from_schedule(live)["lr"].values(0, 30)
    np.testing.assert_allclose(ours, live(np.arange(30)), rtol=3e-7)  # float32


def only_python(count):
    return 0.5 if count < 3 else 0.25


SAMPLED = {
    "a lambda": lambda t: 1.0 / (1 + t),
    "no tracing": only_python,
    "a number": lambda t: 0.25,
    "joined with a lambda": optax.join_schedules([optax.constant_schedule(1.0), jnp.cos], [3]),
    "joined out of order": optax.join_schedules(
        [optax.constant_schedule(v) for v in (1.0, 2.0, 3.0)], [5, 3]
    ),
    "a table of ours": as_schedule(presets.linear_schedule(1.0, 0.0, 9)["lr"]),
}


@pytest.mark.parametrize("name", SAMPLED)
def test_values_of_other_functions_are_taken_down(name):
    live = SAMPLED[name]
    ours = from_schedule(live, steps=20)["lr"].values(0, 40, dtype=np.float32)
    theirs = np.array([live(t) for t in range(20)], np.float32)
    assert ours[:20].tolist() == theirs.tolist()
    assert set(ours[20:]) == {theirs[-1]}


def test_a_table_says_that_it_is_one():
    text = from_schedule(jnp.cos, steps=50)["lr"].describe()
    assert text.startswith("0 .. 49  50 values taken down: 1.0, 0.54030")
    assert "taken down" not in from_schedule(optax.linear_schedule(1.0, 0.0, 50))["lr"].describe()


def test_steps_are_asked_for_only_where_they_are_needed():
    with pytest.raises(ValueError, match="steps must be given, got None; its values are taken"):
        from_schedule(jnp.cos)
    live = optax.linear_schedule(1.0, 0.0, 5)
    assert from_schedule(live, steps=3) == from_schedule(live)
    with pytest.raises(TypeError, match="schedule must be a function of the step"):
        from_schedule(0.1)
    with pytest.raises(ValueError, match="start must be finite, got inf"):
        from_schedule(lambda t: jnp.inf, steps=3)


def test_float64_is_kept_where_jax_has_it():
    with jax.enable_x64(True):
        ours = from_schedule(lambda t: 1.0 / (3.0 + t), steps=5)["lr"]
    assert ours.values().tolist() == [1.0 / (3.0 + t) for t in range(5)]
