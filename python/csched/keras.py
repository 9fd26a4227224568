"""Keras 3, on JAX, PyTorch or TensorFlow: a curve as a learning rate, a schedule as a callback."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from csched import _check, legal
from csched.curve import Curve
from csched.nodes import Strict, walk
from csched.plain import from_dict
from csched.schedule import Schedule
from csched.traced import closed_form
from csched.traced.phase_constants import tree_of
from csched.traced.tails import tail_of

BACK_ENDS = ("jax", "torch", "tensorflow")
"""Where Keras trains."""

try:
    import keras  # type: ignore[import-untyped]
    from keras import ops
except (ImportError, ValueError) as error:  # ValueError: of a name that Keras does not know
    if isinstance(error, ModuleNotFoundError) and error.name == "keras":
        _check.missing("csched.keras", "keras", "keras", error)
    _check.fail_import(
        "csched.keras",
        "KERAS_BACKEND",
        "'jax', 'torch' or 'tensorflow', whichever is installed",
        os.environ.get("KERAS_BACKEND"),  # None stands for what keras.json says, or tensorflow
        error,
    )

LONGEST_TABLE = 2**20
"""Steps up to which the values are looked up, exact in float32; beyond, they are computed."""

ATTRIBUTES = {
    "lr": ("learning_rate", keras.optimizers.Optimizer),
    "weight_decay": ("weight_decay", keras.optimizers.Optimizer),
    "momentum": ("momentum", keras.optimizers.SGD),
    "betas[0]": ("beta_1", keras.optimizers.Adam),
    "betas[1]": ("beta_2", keras.optimizers.Adam),
}
"""Name in a Schedule -> attribute, and the optimizers known to read it at every update."""

_LAST_COMPUTED = 2**31 - 1  # step, in closed form; later ones get its value
_IN_USE = 1e-30  # for 0, which would tell Keras to leave momentum out

_TWOS = np.append(np.ldexp(np.float32(1), np.arange(-127, 128)), np.float32(np.inf))
_XP = SimpleNamespace(
    **{name: getattr(ops, name) for name in closed_form.FUNCTIONS},
    take=lambda a, i: ops.take(a, i, axis=0),
    cast=ops.cast,
    two_to=lambda k: ops.take(ops.convert_to_tensor(_TWOS), ops.cast(k, "int32") + 127),
)


@keras.saving.register_keras_serializable(package="csched")
class LearningRateSchedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A curve as the learning rate of a Keras optimizer, saved and loaded with the model.

    Keras knows it by name where ``csched.keras`` has been imported: also do so before loading.

    Update t uses ``curve(t)``, in float32 and from update 0 on: the rounded exact value up to
    2^20 steps, beyond that within 8 ulp of it (general powers: see ``csched.jax.as_schedule``), and
    the value at 2^31 - 1 where a step past it has to be computed.

    Parameters
    ----------
    curve : Curve
        Any curve of rates, 0 or more, but one with tail "raise", or noise without a stop.
    gradient_accumulation_steps : int, default 1
        What the optimizer was given: Keras asks for the rate once a batch, this counts updates.

    Examples
    --------
    >>> import csched, csched.keras, keras
    >>> rate = csched.keras.LearningRateSchedule(csched.curve("cosine", 0.1, 0.0, 100).warmup(10))
    >>> optimizer = keras.optimizers.SGD(rate, momentum=0.9)
    >>> [round(float(rate(t)), 6) for t in (0, 5, 10, 60, 1000)]
    [0.0, 0.05, 0.1, 0.05, 0.0]
    """

    def __init__(self, curve: Curve, gradient_accumulation_steps: int = 1) -> None:
        where = "csched.keras.LearningRateSchedule"
        if not isinstance(curve, Curve):
            _check.fail_type(where, "curve", "a Curve", curve)
        if any(isinstance(node, Strict) for node in walk(curve)):
            _check.fail(
                where, "curve", "without tail 'raise', which compiled code cannot do", curve
            )
        legal.check(where, "lr", "curve", curve, 1.0, float(np.finfo(np.float32).max))
        name = "gradient_accumulation_steps"
        self.curve = curve
        self.gradient_accumulation_steps = _check.integer(
            where, name, gradient_accumulation_steps, 1
        )
        tail = tail_of(curve)
        self._period = tail[1] if tail is not None and sum(tail) <= LONGEST_TABLE else 0
        if tail is not None and self._period:
            values = curve.values(0, sum(tail), dtype=np.float32)
            self._numbers: Any = ops.convert_to_tensor(values)
        else:
            self._numbers = _as_tensors(tree_of(curve))

    def __call__(self, step: Any) -> Any:
        """The float32 value at ``step``, an integer or what ``optimizer.iterations`` is."""
        array, step = _integers(step)
        step = array.maximum(step, 0)
        if self.gradient_accumulation_steps > 1:
            step = step // self.gradient_accumulation_steps
        if not self._period:
            step = ops.cast(array.minimum(step, _LAST_COMPUTED), "int32")
            return closed_form.evaluate(self._numbers, (step,), _XP)
        last = self._numbers.shape[0] - 1
        settled = last + 1 - self._period
        place = array.where(step > last, settled + (step - settled) % self._period, step)
        return ops.take(self._numbers, ops.cast(place, "int32"))

    def get_config(self) -> dict[str, Any]:
        """The spec, in JSON types."""
        steps = self.gradient_accumulation_steps
        return {"curve": self.curve.to_dict(), "gradient_accumulation_steps": steps}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> LearningRateSchedule:
        """The schedule :meth:`get_config` described."""
        return cls(from_dict(config["curve"]), config["gradient_accumulation_steps"])


def _integers(step: Any) -> tuple[Any, Any]:
    """A count in 64 bits where it came in 64, as TensorFlow's, and the namespace of its kind."""
    if not hasattr(step, "dtype") or isinstance(step, (np.generic, np.ndarray)):
        return np, np.asarray(step).astype(np.int64)
    wide = keras.backend.standardize_dtype(step.dtype) == "int64"
    return ops, ops.cast(step, "int64" if wide else "int32")


def _as_tensors(tree: Any) -> Any:
    """The arrays of a tree as tensors of the back end, so that no call converts them again."""
    if isinstance(tree, tuple) and tree and not isinstance(tree[0], str):
        return tuple(_as_tensors(part) for part in tree)
    if isinstance(tree, dict):
        return {name: _as_tensors(part) for name, part in tree.items()}
    if isinstance(tree, (np.ndarray, np.generic)):
        return ops.convert_to_tensor(tree)
    if isinstance(tree, closed_form.NODES):
        names = [f.name for f in dataclasses.fields(tree)]
        return type(tree)(**{n: _as_tensors(getattr(tree, n)) for n in names})
    return tree


class _Live(float):
    """A hyperparameter that a compiled step reads as the value at the optimizer's count.

    Keras has the optimizers keep a float. This one is a float to Keras's checks and to its files,
    and to JAX and TensorFlow what their protocols for conversion say.
    """

    read: Any

    def __jax_array__(self) -> Any:
        return self.read()

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        value = self.read()
        return value if dtype is None else ops.cast(value, dtype.name)

    def __rsub__(self, other: Any) -> Any:
        return other - self.read()


class Scheduler(keras.callbacks.Callback):  # type: ignore[misc]
    """A callback that sets every hyperparameter of a Schedule: lr, momentum, weight decay, betas.

    Pass it to every ``fit``; the clock is ``optimizer.iterations``, which Keras saves, so that a
    reloaded model goes on where it stopped. On JAX and TensorFlow the values are part of the
    compiled step, on PyTorch they are set before each batch. A LossScaleOptimizer is asked for the
    optimizer inside it.

    Parameters
    ----------
    schedule : Schedule
        Curves by the names ``lr``, ``weight_decay``, ``momentum`` (of SGD), ``betas[0]`` and
        ``betas[1]`` (of Adam and AdamW).

    Examples
    --------
    >>> import csched, csched.keras
    >>> callback = csched.keras.Scheduler(csched.one_cycle(peak=0.1, steps=100))
    """

    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        where = "csched.keras.Scheduler"
        if not isinstance(schedule, Schedule):
            _check.fail_type(where, "schedule", "a Schedule", schedule)
        for name in schedule:
            _check.choice(where, "a name", name, ATTRIBUTES)
        _check.choice(where, "the back end", keras.backend.backend(), BACK_ENDS)
        legal.check_named(where, schedule, float(np.finfo(np.float32).max))
        self.schedule = schedule

    def set_model(self, model: Any) -> None:
        """Put the schedules into the optimizer; Keras calls this when ``fit`` begins."""
        super().set_model(model)
        if getattr(model, "optimizer", None) is None:
            return  # predict() of a model that was never compiled
        optimizer, compiled = _inner(model.optimizer), keras.backend.backend() != "torch"
        if not compiled and model.steps_per_execution != 1:
            _check.fail(
                "csched.keras.Scheduler", "steps_per_execution", "1", model.steps_per_execution
            )
        every = optimizer.gradient_accumulation_steps or 1
        for name, curve in self.schedule.items():
            attribute = _attribute(optimizer, name)
            rate = LearningRateSchedule(curve, every)
            if name == "lr":
                optimizer.learning_rate = rate
            elif compiled:
                live = _Live(curve(0) or _IN_USE)
                live.read = lambda rate=rate: rate(optimizer._iterations)
                setattr(optimizer, attribute, live)
        model.train_function = None  # compiled with the values it had

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """On PyTorch: the values of the update to come."""
        if keras.backend.backend() == "torch":
            optimizer = _inner(self.model.optimizer)
            count = int(optimizer.iterations)
            for name, curve in self.schedule.items():
                if name != "lr":
                    value = float(np.float32(curve(count))) or _IN_USE
                    setattr(optimizer, ATTRIBUTES[name][0], value)


def _inner(optimizer: Any) -> Any:
    """What updates the weights; the one that scales the loss reads no hyperparameter itself."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return _inner(optimizer.inner_optimizer)
    return optimizer


def _attribute(optimizer: Any, name: str) -> str:
    """The attribute of the optimizer that a name stands for, which must be in use."""
    attribute, kind = ATTRIBUTES[name]
    where = "csched.keras.Scheduler"
    if not isinstance(optimizer, kind):
        hint = "the momentum of Adam is 'betas[0]'" if name == "momentum" else ""
        _check.fail_type(
            where, f"the optimizer for {name!r}", f"an {kind.__name__}", optimizer, hint
        )
    if name != "lr" and not getattr(optimizer, attribute):
        hint = f"build the optimizer with a {attribute}"
        _check.fail(where, attribute, "in use", getattr(optimizer, attribute), hint)
    return attribute
