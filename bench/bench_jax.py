"""JAX: a scanned training loop, the values of a whole horizon, and what compiling costs.

The limit is the same program with a constant rate. Rivals are jitted, warmed up, and waited for.
All is CPU time, but for the scanned updates.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import csched
from conftest import agree
from csched import jax as cj

N, PEAK, END = 10**6, 0.1, 0.001


def cases(n):
    """Curves of n steps, and optax's own schedules of them."""
    warmup, cycle = n // 10, n // 4
    leg = {"init_value": PEAK, "peak_value": PEAK, "decay_steps": cycle, "warmup_steps": 0}
    return {
        "warmup, cosine": (
            csched.curve("cosine", PEAK, END, n - warmup).warmup(warmup),
            optax.warmup_cosine_decay_schedule(0.0, PEAK, warmup, n, END),
        ),
        "4 cosine cycles": (
            csched.curve("cosine", PEAK, END, cycle).repeat(4),
            optax.sgdr_schedule([{**leg, "end_value": END}] * 4),
        ),
        "exponential": (
            csched.curve("exponential", PEAK, END, n),
            optax.exponential_decay(PEAK, n, END / PEAK),
        ),
        "linear": (csched.curve("linear", PEAK, END, n), optax.linear_schedule(PEAK, END, n)),
    }


CASES = cases(N)
KINDS = ["constant", "csched, table", "csched, closed form", "optax"]
CHOSEN = "csched, chosen by length"
ARGUMENT = "csched, table as an argument"


def constant(count):
    return jnp.full(jnp.shape(count), PEAK, jnp.float32)


def schedule_of(kind, case, made=CASES):
    curve, peer = made[case]
    made = {
        "constant": lambda: constant,
        CHOSEN: lambda: cj.as_schedule(curve),
        "csched, table": lambda: cj.as_schedule(curve, "table"),
        "csched, closed form": lambda: cj.as_schedule(curve, "closed"),
        "optax": lambda: peer,
    }
    return made[kind]()


@pytest.fixture(scope="module", autouse=True)
def _agreement():
    counts = jnp.arange(0, N, 997)
    for case, (curve, _) in CASES.items():
        for kind in KINDS[1:]:
            got = jax.jit(jax.vmap(schedule_of(kind, case)))(counts)
            agree(curve(np.asarray(counts)), np.asarray(got, np.float64), rtol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_horizon_on_the_device(timed_in_turn, case):
    counts = jnp.arange(N)

    def runner(schedule):
        call = jax.jit(jax.vmap(schedule))
        return lambda: call(counts).block_until_ready()

    calls = {kind: runner(schedule_of(kind, case)) for kind in KINDS}
    group = f"jax: {N:,} values on the device, {case}"
    timed_in_turn(group, calls, "constant", rounds=100, clock=time.process_time)


X = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
Y = np.arange(64) % 10
UPDATES = 500


def training(schedule):
    """500 updates of a network of 64, 64 and 10 units, as a function to be jitted."""
    optimizer = optax.sgd(schedule, momentum=0.9)

    def loss(p):
        scores = jnp.tanh(X @ p["w1"]) @ p["w2"]
        return optax.softmax_cross_entropy_with_integer_labels(scores, Y).mean()

    def body(carry, _):
        p, state = carry
        updates, state = optimizer.update(jax.grad(loss)(p), state, p)
        return (optax.apply_updates(p, updates), state), None

    def train(p):
        return jax.lax.scan(body, (p, optimizer.init(p)), None, length=UPDATES)[0][0]

    return train


PARAMS = {"w1": jnp.full((64, 64), 0.01), "w2": jnp.full((64, 10), 0.01)}


def test_scanned_training(timed_in_turn):
    def runner(schedule):
        call = jax.jit(training(schedule))
        return lambda: jax.block_until_ready(call(PARAMS))

    calls = {kind: runner(schedule_of(kind, "warmup, cosine")) for kind in KINDS}
    timed_in_turn(f"jax: {UPDATES} scanned updates", calls, "constant", rounds=200)


def compiling(program, *arguments):
    """Tracing, lowering and compiling a program anew."""
    return lambda: jax.jit(lambda *a: program(*a)).lower(*arguments).compile()


@pytest.mark.parametrize("n", [10**5, N])
def test_compiling_the_training(timed_in_turn, n):
    made = cases(n)
    schedules = {kind: schedule_of(kind, "warmup, cosine", made) for kind in KINDS}
    # the loop is made within, so that JAX does not know its trace from the round before
    calls = {
        kind: compiling(lambda p, s=s: training(s)(p), PARAMS) for kind, s in schedules.items()
    }
    table = schedules["csched, table"]
    calls[ARGUMENT] = compiling(lambda s, p: training(s)(p), table, PARAMS)
    group = f"jax: compiling the scanned updates, {n:,} steps; limit: optax"
    timed_in_turn(group, calls, "optax", rounds=50, clock=time.process_time)


@pytest.mark.parametrize("n", [10**5, N])
@pytest.mark.parametrize("case", CASES)
def test_compiling_the_schedule(timed_in_turn, case, n):
    count = jnp.int32(3)
    kinds = [*KINDS, CHOSEN]
    made = cases(n)
    calls = {kind: compiling(schedule_of(kind, case, made), count) for kind in kinds}
    table = schedule_of("csched, table", case, made)
    calls[ARGUMENT] = compiling(lambda s, t: s(t), table, count)
    group = f"jax: compiling {case} of {n:,} steps alone; limit: optax"
    timed_in_turn(group, calls, "optax", rounds=50, clock=time.process_time)
