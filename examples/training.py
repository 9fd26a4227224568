"""One small network, one schedule, three frameworks: PyTorch, JAX and NumPy.

Each ``train_*`` starts from the same weights, sees the same batches in the same order, and records
the hyperparameters where its framework keeps them, while the update is being made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import csched.jax
import csched.numpy
import csched.torch
import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch

import csched

Weights = list[np.ndarray]
Tick = Callable[[], object]


@dataclass(frozen=True)
class Task:
    """Data, first weights, and the rows of every batch."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    weights: Weights
    batches: np.ndarray

    @property
    def steps(self) -> int:
        return len(self.batches)

    def accuracy(self, weights: Weights) -> float:
        """Part of the test set that these weights name rightly, computed alike for all."""
        _, scores = forward(weights, self.x_test)
        return float(np.mean(scores.argmax(axis=1) == self.y_test))


def make_task(
    data: dict[str, np.ndarray], steps: int, batch: int = 100, hidden: int = 100, seed: int = 0
) -> Task:
    """Layers drawn as ``torch.nn.Linear`` does; each epoch in an order of its own."""
    random = np.random.default_rng(seed)
    sizes = [data["x"].shape[1], hidden, int(data["y"].max()) + 1]
    weights: Weights = []
    for fan_in, fan_out in pairwise(sizes):
        for shape in ((fan_in, fan_out), (fan_out,)):
            weights.append(random.uniform(-1, 1, shape).astype(np.float32) / fan_in**0.5)
    rows = len(data["x"])
    epochs = -(-steps * batch // rows)
    order = np.concatenate([random.permutation(rows) for _ in range(epochs)])
    batches = order[: steps * batch].reshape(steps, batch)
    float32 = np.float32
    return Task(
        data["x"].astype(float32),
        data["y"],
        data["x_test"].astype(float32),
        data["y_test"],
        [w.astype(float32) for w in weights],
        batches,
    )


@dataclass(frozen=True)
class Run:
    """What came out: weights, seconds, and the hyperparameters that the updates used."""

    framework: str
    weights: Weights
    seconds: float
    used: dict[str, np.ndarray]

    def matches(self, planned: dict[str, np.ndarray]) -> dict[str, int]:
        """Updates that used exactly the planned float32 value, all 32 bits."""
        return {
            name: int(np.sum(self.used[name].view(np.uint32) == values.view(np.uint32)))
            for name, values in planned.items()
        }


# --- PyTorch ---------------------------------------------------------------------------------


def train_torch(task: Task, schedule: csched.Schedule, tick: Tick) -> Run:
    """``csched.torch.Scheduler`` with ``torch.optim.SGD``."""
    first, second = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    for layer, (w, b) in ((first, task.weights[:2]), (second, task.weights[2:])):
        layer.weight = torch.nn.Parameter(torch.tensor(w.T.copy()))
        layer.bias = torch.nn.Parameter(torch.tensor(b))
    model = torch.nn.Sequential(first, torch.nn.ReLU(), second)
    x, y, batches = (torch.from_numpy(a) for a in (task.x, task.y, task.batches))

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = csched.torch.Scheduler(optimizer, schedule)
    used: list[list[float]] = []
    group = optimizer.param_groups[0]
    optimizer.register_step_pre_hook(lambda *_: used.append([group[k] for k in schedule]))

    begin = time.perf_counter()
    for rows in batches:
        loss = torch.nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        tick()
    seconds = time.perf_counter() - begin
    weights = [p.detach().numpy().T for p in model.parameters()]
    return Run("PyTorch", weights, seconds, _columns(schedule, used))


# --- JAX -------------------------------------------------------------------------------------


def train_jax(task: Task, schedule: csched.Schedule, tick: Tick) -> Run:
    """``csched.jax`` schedules inside ``optax.sgd``, by ``optax.inject_hyperparams``."""
    optimizer = optax.inject_hyperparams(optax.sgd)(**csched.jax.hyperparams(schedule))
    x, y = jnp.asarray(task.x), jnp.asarray(task.y)

    def loss(weights: list[jax.Array], rows: jax.Array) -> jax.Array:
        w1, b1, w2, b2 = weights
        scores = jax.nn.relu(x[rows] @ w1 + b1) @ w2 + b2
        return optax.softmax_cross_entropy_with_integer_labels(scores, y[rows]).mean()

    @jax.jit
    def update(weights, state, rows):  # type: ignore[no-untyped-def]
        changes, state = optimizer.update(jax.grad(loss)(weights, rows), state)
        return optax.apply_updates(weights, changes), state

    weights = [jnp.asarray(w) for w in task.weights]
    state = optimizer.init(weights)
    names = [csched.jax.OPTAX_NAMES.get(name, name) for name in schedule]
    used = []
    begin = time.perf_counter()
    for rows in task.batches:
        weights, state = update(weights, state, rows)
        used.append([state.hyperparams[name] for name in names])
        tick()
    jax.block_until_ready(weights)
    seconds = time.perf_counter() - begin
    return Run("JAX", [np.asarray(w) for w in weights], seconds, _columns(schedule, used))


# --- NumPy -----------------------------------------------------------------------------------


def forward(weights: Weights, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The hidden layer and the scores."""
    w1, b1, w2, b2 = weights
    hidden = np.maximum(x @ w1 + b1, 0.0)
    return hidden, hidden @ w2 + b2


def gradients(weights: Weights, x: np.ndarray, y: np.ndarray) -> Weights:
    """Of the mean cross-entropy, by hand."""
    hidden, scores = forward(weights, x)
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    error = chances
    error[np.arange(len(y)), y] -= 1.0
    error /= np.float32(len(y))
    back = (error @ weights[2].T) * (hidden > 0.0)
    return [x.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]


def train_numpy(task: Task, schedule: csched.Schedule, tick: Tick) -> Run:
    """``csched.numpy.SGD`` on gradients by hand."""
    weights = [w.copy() for w in task.weights]
    optimizer = csched.numpy.SGD(weights, schedule)
    used = []
    begin = time.perf_counter()
    for rows in task.batches:
        optimizer.step(gradients(weights, task.x[rows], task.y[rows]))
        applied = optimizer.last_applied()
        used.append([applied[name] for name in schedule])
        tick()
    seconds = time.perf_counter() - begin
    return Run("NumPy", weights, seconds, _columns(schedule, used))


TRAINERS: tuple[Callable[[Task, csched.Schedule, Tick], Run], ...] = (
    train_torch,
    train_jax,
    train_numpy,
)


def _columns(schedule: csched.Schedule, used: list) -> dict[str, np.ndarray]:
    table = np.array(used, dtype=np.float32)
    return {name: table[:, i].copy() for i, name in enumerate(schedule)}
