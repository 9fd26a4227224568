"""A small network on scikit-learn's digits in plain NumPy, under one cycle.

    python examples/numpy_digits.py

One hidden layer, gradients by hand, 8 epochs, a second or two. Half way it saves everything, and
goes on from what it saved: the weights at the end are the same, bit for bit.
"""

import time

import csched.numpy
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import csched

HIDDEN, BATCH, EPOCHS = 64, 32, 8
Weights = dict[str, np.ndarray]


def data() -> tuple[np.ndarray, ...]:
    x, y = load_digits(return_X_y=True)
    x = (x / 16.0).astype(np.float32)
    parts: tuple[np.ndarray, ...] = tuple(train_test_split(x, y, test_size=0.25, random_state=0))
    return parts


def initial(rng: np.random.Generator) -> Weights:
    def normal(n: int, m: int) -> np.ndarray:
        return (rng.standard_normal((n, m)) * np.sqrt(2.0 / n)).astype(np.float32)

    b1, b2 = np.zeros(HIDDEN, np.float32), np.zeros(10, np.float32)
    return {"w1": normal(64, HIDDEN), "b1": b1, "w2": normal(HIDDEN, 10), "b2": b2}


def forward(p: Weights, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    h = np.maximum(x @ p["w1"] + p["b1"], 0.0)
    return h, h @ p["w2"] + p["b2"]


def gradients(p: Weights, x: np.ndarray, y: np.ndarray) -> Weights:
    """Of the mean cross-entropy."""
    h, scores = forward(p, x)
    d = np.exp(scores - scores.max(axis=1, keepdims=True))
    d /= d.sum(axis=1, keepdims=True)
    d[np.arange(len(y)), y] -= 1.0
    d /= np.float32(len(y))
    dh = (d @ p["w2"].T) * (h > 0.0)
    return {"w1": x.T @ dh, "b1": dh.sum(axis=0), "w2": h.T @ d, "b2": d.sum(axis=0)}


def accuracy(p: Weights, x: np.ndarray, y: np.ndarray) -> float:
    return float((forward(p, x)[1].argmax(axis=1) == y).mean())


def main() -> None:
    x, x_test, y, y_test = data()
    rng = np.random.default_rng(0)
    batches = np.concatenate([rng.permutation(len(x)) for _ in range(EPOCHS)])
    steps = len(batches) // BATCH
    batches = batches[: steps * BATCH].reshape(steps, BATCH)
    schedule = csched.one_cycle(peak=0.5, steps=steps, momentum=(0.8, 0.95))
    first = initial(rng)

    weights = {name: w.copy() for name, w in first.items()}
    sgd = csched.numpy.SGD(weights, schedule, nesterov=True, max_norm=5.0)
    began = time.perf_counter()
    for t, batch in enumerate(batches):
        if t == steps // 2:
            saved = {name: w.copy() for name, w in weights.items()}, sgd.state_dict()
        sgd.step(gradients(weights, x[batch], y[batch]))
        if t % (steps // EPOCHS) == 0:
            used = sgd.last_applied()
            assert used is not None
            score = accuracy(weights, x_test, y_test)
            print(f"{t:4d}  lr {used['lr']:.4f}  momentum {used['momentum']:.3f}  {score:.1%}")
    seconds = time.perf_counter() - began
    score = accuracy(weights, x_test, y_test)
    print(f"{steps} updates in {seconds:.2f} s: {score:.1%} of the test set")

    resumed, state = saved
    again = csched.numpy.SGD(resumed, schedule, nesterov=True, max_norm=5.0)
    again.load_state_dict(state)
    for batch in batches[again.position :]:
        again.step(gradients(resumed, x[batch], y[batch]))
    same = all(np.array_equal(weights[name], resumed[name]) for name in weights)
    print(f"resumed at {state['head']['position']}: the same bits at the end: {same}")


if __name__ == "__main__":
    main()
