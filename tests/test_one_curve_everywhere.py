"""One schedule in PyTorch, JAX, Keras and NumPy: the float32 rate of every update, bit for bit.

2,000 updates: warm-up, three cosine cycles with restarts, a cooldown, and a momentum of its own.
The same linear model on the same batches, with every update the framework's own SGD.
"""

import functools

import csched.jax
import csched.keras
import csched.numpy
import csched.torch
import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytest
import torch

import csched

STEPS = 2000
LR = (
    csched.curve("cosine", 0.1, 0.001, 250)
    .repeat(3, length_mult=2, peak_mult=0.5)
    .warmup(100, start=0.01)
    .cooldown(1800, 200, "one_minus_sqrt", end=1e-4)
)
MOMENTUM = (
    csched.curve("linear", 0.85, 0.95, 1000)
    .then(csched.curve("cosine", 0.95, 0.9, 500, sampling=csched.every(50)))
    .then(csched.curve("constant", 0.9, steps=500))
)
SCHEDULE = csched.Schedule(lr=LR, momentum=MOMENTUM)
SIZE, BATCH = 8, 4


def bits(values):
    return np.asarray(values, np.float32).view(np.uint32)


@functools.cache
def batches():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((STEPS, BATCH, SIZE)).astype(np.float32)
    y = x @ rng.standard_normal(SIZE).astype(np.float32) + 0.1 * rng.standard_normal((STEPS, BATCH))
    return x, y.astype(np.float32)


@functools.cache
def by_numpy():
    w = np.zeros(SIZE, np.float32)
    optimizer, used = csched.numpy.SGD([w], SCHEDULE), []
    for x, y in zip(*batches(), strict=True):
        optimizer.step([x.T @ (x @ w - y) / np.float32(BATCH)])
        applied = optimizer.last_applied()
        used.append((applied["lr"], applied["momentum"]))
    return w, *np.array(used).T


@functools.cache
def by_torch():
    w = torch.zeros(SIZE, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    scheduler, used = csched.torch.Scheduler(optimizer, SCHEDULE), []
    group = optimizer.param_groups[0]
    for x, y in zip(*map(torch.from_numpy, batches()), strict=True):
        optimizer.zero_grad()
        (0.5 * (x @ w - y).square().mean()).backward()
        used.append((group["lr"], group["momentum"]))
        optimizer.step()
        scheduler.step()
    return w.detach().numpy(), *np.array(used).T


@functools.cache
def by_jax():
    optimizer = optax.inject_hyperparams(optax.sgd)(**csched.jax.hyperparams(SCHEDULE))

    def loss(w, x, y):
        return 0.5 * jnp.mean((x @ w - y) ** 2)

    def body(carry, batch):
        w, state = carry
        updates, state = optimizer.update(jax.grad(loss)(w, *batch), state, w)
        used = state.hyperparams["learning_rate"], state.hyperparams["momentum"]
        return (optax.apply_updates(w, updates), state), used

    w = jnp.zeros(SIZE)
    (w, _), used = jax.jit(lambda c: jax.lax.scan(body, c, batches()))((w, optimizer.init(w)))
    return np.asarray(w), *map(np.asarray, used)


class Recording(keras.optimizers.SGD):
    """Keeps the rate and momentum of every update."""

    def build(self, variables):
        super().build(variables)
        self.used = self.add_variable((2, STEPS), name="used")

    def apply(self, grads, trainable_variables=None):
        now = keras.ops.stack(
            [keras.ops.cast(v, "float32") for v in (self.learning_rate, self.momentum)]
        )
        here = keras.ops.cast(keras.ops.arange(STEPS) == self._iterations, "float32")
        self.used.assign(self.used + now[:, None] * here[None, :])
        return super().apply(grads, trainable_variables)


@functools.cache
def by_keras():
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((SIZE,)), layer])
    optimizer = Recording(0.1, momentum=0.9)
    model.compile(optimizer, lambda y, p: 0.5 * keras.ops.mean((p - y) ** 2))
    x, y = (a.reshape(-1, *a.shape[2:]) for a in batches())
    callback = csched.keras.Scheduler(SCHEDULE)
    model.fit(x, y[:, None], BATCH, shuffle=False, verbose=0, callbacks=[callback])
    lr, momentum = np.asarray(optimizer.used.value)
    return np.asarray(layer.kernel.value)[:, 0], lr, momentum


RUNS = {"torch": by_torch, "jax": by_jax, "keras": by_keras, "numpy": by_numpy}


@pytest.mark.parametrize("framework", RUNS)
def test_every_update_uses_the_same_float32_lr_and_momentum(framework):
    _, lr, momentum = RUNS[framework]()
    want = SCHEDULE.values(0, STEPS, dtype=np.float32)
    assert np.array_equal(bits(lr), bits(want["lr"]))
    assert np.array_equal(bits(momentum), bits(want["momentum"]))


def test_closed_form_of_jax_is_within_8_ulp_of_the_same_values():
    counts, exact = jnp.arange(STEPS), SCHEDULE.values(0, STEPS)
    for name, schedule in SCHEDULE.items():
        got = np.asarray(csched.jax.as_schedule(schedule, "closed")(counts), np.float64)
        unit = np.spacing(exact[name].astype(np.float32))
        assert np.max(np.abs(got - exact[name]) / unit) <= 8


@functools.cache
def exact(lr_inside_velocity):
    """The weights in float64; Keras has the rate inside the velocity, the others outside."""
    w, v = np.zeros(SIZE), np.zeros(SIZE)
    for t, (x, y) in enumerate(zip(*map(np.float64, batches()), strict=True)):
        now, g = SCHEDULE(t), x.T @ (x @ w - y) / BATCH
        v = now["momentum"] * v + (now["lr"] * g if lr_inside_velocity else g)
        w = w - (v if lr_inside_velocity else now["lr"] * v)
    return w


@pytest.mark.parametrize("framework", RUNS)
def test_trained_weights_are_within_16_ulp_of_float64_training(framework):
    """SGD contracts to the solution, so that roundings do not add up: 2,000 updates were off by
    5.4 ulp of the largest weight; 16 leaves room for another order of the sums in a product."""
    got, want = RUNS[framework]()[0], exact(framework == "keras")
    assert np.max(np.abs(got - want)) <= 16 * np.spacing(np.float32(np.max(np.abs(want))))


def test_jax_step_is_lowered_once_for_twenty_rates():
    traced = []

    @jax.jit
    def step(schedule, w, state):
        traced.append(1)
        updates, state = optax.sgd(schedule).update(w, state, w)
        return optax.apply_updates(w, updates), state

    w = jnp.ones(SIZE)
    for peak in np.linspace(0.01, 1.0, 20):
        schedule = csched.jax.as_schedule(peak * LR)
        w, _ = step(schedule, w, optax.sgd(schedule).init(w))
    assert len(traced) == 1


def test_steps_may_come_as_an_array_of_any_framework():
    wanted = LR.values(0, 5).tolist()
    for steps in (range(5), torch.arange(5), jnp.arange(5), keras.ops.arange(5, dtype="int32")):
        assert LR(steps).tolist() == wanted
    for step in (torch.tensor(3), jnp.int32(3), np.int16(3)):
        assert LR(step) == wanted[3]
    with pytest.raises(TypeError, match="steps must be integers, got an array of float32"):
        LR(torch.ones(3))


def test_points_may_come_as_an_array_of_any_framework():
    own = csched.curve("table", 1.0, 0.0, 9, points=[1.0, 0.25, 0.0])
    for points in (torch.tensor([1, 0.25, 0]), jnp.array([1, 0.25, 0]), np.array([1, 0.25, 0])):
        assert csched.curve("table", 1.0, 0.0, 9, points=points) == own
