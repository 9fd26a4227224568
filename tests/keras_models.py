"""A small Keras model on real data, and what its updates read; for ``test_keras.py``."""

import functools

import keras
import numpy as np
from keras import ops
from sklearn.datasets import load_digits

BACKEND = keras.backend.backend()


def bits(values):
    return np.asarray(values, np.float32).view(np.uint32).tolist()


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


@functools.cache
def digits():
    x, y = load_digits(return_X_y=True)
    return (x / 16.0).astype("float32"), y


def model_with(optimizer, width=8, **options):
    keras.utils.set_random_seed(7)
    layers = [keras.layers.Dense(width, "tanh"), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((64,)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, **options)
    return model


def fit(model, updates, callbacks=()):
    """Train for so many updates, without shuffling."""
    x, y = (a[: 32 * updates] for a in digits())
    assert len(x) == 32 * updates
    model.fit(x, y, batch_size=32, shuffle=False, verbose=0, callbacks=list(callbacks))


def recording(kind):
    """The optimizer class, keeping what its last update used in variables of its own."""

    class Recording(kind):
        def build(self, variables):
            super().build(variables)
            names = ("learning_rate", "momentum", "weight_decay", "beta_1", "beta_2")
            self.names = [n for n in names if getattr(self, n, None) is not None]
            self.used = self.add_variable((len(self.names),), name="used")

        def apply(self, grads, trainable_variables=None):
            if not self.built:  # TensorFlow comes here first
                self.build(trainable_variables)
            values = [ops.cast(getattr(self, n), "float32") for n in self.names]
            self.used.assign(ops.stack(values))
            return super().apply(grads, trainable_variables)

    return Recording


class Reader(keras.callbacks.Callback):
    """Reads what a recording optimizer kept, after every batch."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def on_train_batch_end(self, batch, logs=None):
        if BACKEND == "jax":
            self.model.jax_state_sync()
        self.rows.append(numbers(self.model.optimizer.used).copy())

    def column(self, name):
        return [row[self.model.optimizer.names.index(name)] for row in self.rows]
