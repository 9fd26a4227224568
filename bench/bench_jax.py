"""JAX: a scanned training loop, the values of a whole horizon, and what compiling costs.

The limit is the same program with a constant rate. Rivals are jitted, warmed up, and waited for.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import csched
from conftest import agree
from csched import jax as cj

N, WARMUP, PEAK, END = 10**6, 10**5, 0.1, 0.001
CURVE = csched.curve("cosine", PEAK, END, N - WARMUP).warmup(WARMUP)
SGDR = csched.curve("cosine", PEAK, END, N // 4).repeat(4)
LEG = {"init_value": PEAK, "peak_value": PEAK, "decay_steps": N // 4, "warmup_steps": 0}
LEGS = [{**LEG, "end_value": END}] * 4
CASES = {
    "warmup, cosine": (CURVE, optax.warmup_cosine_decay_schedule(0.0, PEAK, WARMUP, N, END)),
    "4 cosine cycles": (SGDR, optax.sgdr_schedule(LEGS)),
    "exponential": (
        csched.curve("exponential", PEAK, END, N),
        optax.exponential_decay(PEAK, N, END / PEAK),
    ),
    "linear": (csched.curve("linear", PEAK, END, N), optax.linear_schedule(PEAK, END, N)),
}
KINDS = ["constant", "csched, table", "csched, closed form", "optax"]


def constant(count):
    return jnp.full(jnp.shape(count), PEAK, jnp.float32)


def schedule_of(kind, case):
    curve, peer = CASES[case]
    made = {
        "constant": lambda: constant,
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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_horizon_on_the_device(timed, kind, case):
    counts = jnp.arange(N)
    call = jax.jit(jax.vmap(schedule_of(kind, case)))
    group = f"jax: {N:,} values on the device, {case}"
    run = lambda: call(counts).block_until_ready()  # noqa: E731
    timed(group, kind, run, limit=kind == "constant", rounds=25)


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


@pytest.mark.parametrize("kind", KINDS)
def test_scanned_training(timed, kind):
    call = jax.jit(training(schedule_of(kind, "warmup, cosine")))
    run = lambda: jax.block_until_ready(call(PARAMS))  # noqa: E731
    timed(f"jax: {UPDATES} scanned updates", kind, run, limit=kind == "constant", rounds=25)


@pytest.mark.parametrize("kind", KINDS)
def test_compiling_the_training(timed, kind):
    schedule = schedule_of(kind, "warmup, cosine")
    run = lambda: jax.jit(training(schedule)).lower(PARAMS).compile()  # noqa: E731
    timed("jax: lowering and compiling", kind, run, limit=kind == "constant", rounds=9)
