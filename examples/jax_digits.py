"""A small network on scikit-learn's digits in JAX and optax, under one cycle.

    python examples/jax_digits.py

Learning rate and momentum are part of one compiled training loop. Then the same compiled loop runs
under four other schedules, whose numbers are arguments: nothing is compiled again.
"""

import time

import csched.jax
import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import csched

HIDDEN, BATCH, EPOCHS = 64, 32, 8
Params = dict[str, jax.Array]
TRACES = []


def data() -> list[np.ndarray]:
    x, y = load_digits(return_X_y=True)
    x = (x / 16.0).astype(np.float32)
    return list(train_test_split(x, y, test_size=0.25, random_state=0))


def initial(key: jax.Array) -> Params:
    first, second = jax.random.split(key)
    w1 = jax.random.normal(first, (64, HIDDEN)) * np.sqrt(2 / 64)
    w2 = jax.random.normal(second, (HIDDEN, 10)) * np.sqrt(2 / HIDDEN)
    return {"w1": w1, "b1": jnp.zeros(HIDDEN), "w2": w2, "b2": jnp.zeros(10)}


def scores(p: Params, x: jax.Array) -> jax.Array:
    return jax.nn.relu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"]


@jax.jit
def train(rates: dict[str, csched.jax.Table], p: Params, x: jax.Array, y: jax.Array) -> Params:
    """One pass over all batches, as one program; ``rates`` is a pytree like the weights."""
    TRACES.append(1)
    optimizer = optax.inject_hyperparams(optax.sgd, static_args="nesterov")(**rates, nesterov=True)

    def loss(p: Params, x: jax.Array, y: jax.Array) -> jax.Array:
        return optax.softmax_cross_entropy_with_integer_labels(scores(p, x), y).mean()

    def update(carry, batch):  # type: ignore[no-untyped-def]
        p, state = carry
        updates, state = optimizer.update(jax.grad(loss)(p, *batch), state, p)
        return (optax.apply_updates(p, updates), state), None

    return jax.lax.scan(update, (p, optimizer.init(p)), (x, y))[0][0]


def main() -> None:
    x, x_test, y, y_test = data()
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(len(x)) for _ in range(EPOCHS)])
    steps = len(order) // BATCH
    order = order[: steps * BATCH].reshape(steps, BATCH)
    batches = jnp.asarray(x[order]), jnp.asarray(y[order])
    start = initial(jax.random.key(0))

    for peak in (0.5, 0.01, 0.05, 0.2, 1.0):
        schedule = csched.one_cycle(peak=peak, steps=steps, momentum=(0.8, 0.95))
        began = time.perf_counter()
        trained = train(csched.jax.hyperparams(schedule), start, *batches)
        score = float((scores(trained, x_test).argmax(axis=1) == y_test).mean())
        seconds = time.perf_counter() - began
        print(f"peak {peak:<5} {steps} updates in {seconds:.2f} s: {score:.1%} of the test set")
    print(f"the loop was traced {len(TRACES)} time")


if __name__ == "__main__":
    main()
