"""A small network on scikit-learn's digits in Keras 3, under one cycle.

    KERAS_BACKEND=jax python examples/keras_digits.py      # or torch, tensorflow

A callback schedules learning rate, momentum and weight decay. Half way the model is saved and
loaded again, and goes on where it stopped: the weights at the end are the same, bit for bit.
"""

import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import csched.keras
import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import csched

BATCH, EPOCHS = 32, 8


def data() -> list[np.ndarray]:
    x, y = load_digits(return_X_y=True)
    x = (x / 16.0).astype(np.float32)
    return list(train_test_split(x, y, test_size=0.25, random_state=0))


def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(64, "relu"), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((64,)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(momentum=0.9, weight_decay=0.01, nesterov=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def main() -> None:
    x, x_test, y, y_test = data()
    steps = -(-len(x) // BATCH) * EPOCHS
    schedule = csched.one_cycle(peak=0.5, steps=steps, momentum=(0.8, 0.95)).replace(
        weight_decay=csched.curve("linear", 1e-3, 0.0, steps)
    )

    def fit(model: keras.Model, epochs: int) -> None:
        callback = csched.keras.Scheduler(schedule)
        model.fit(
            x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, callbacks=[callback]
        )

    began = time.perf_counter()
    model = network()
    fit(model, EPOCHS)
    seconds = time.perf_counter() - began
    score = model.evaluate(x_test, y_test, verbose=0)[1]
    print(f"Keras on {keras.backend.backend()}: {steps} updates in {seconds:.1f} s,", end=" ")
    print(f"{score:.1%} of the test set")

    half = network()
    fit(half, EPOCHS // 2)
    with tempfile.TemporaryDirectory() as folder:
        half.save(Path(folder) / "half.keras")
        again = keras.saving.load_model(Path(folder) / "half.keras")
    print(f"loaded at update {int(again.optimizer.iterations)}", end=", ")
    fit(again, EPOCHS - EPOCHS // 2)
    pairs = zip(again.get_weights(), model.get_weights(), strict=True)
    same = all(np.array_equal(a, b) for a, b in pairs)
    print(f"the same bits at the end: {same}")


if __name__ == "__main__":
    main()
