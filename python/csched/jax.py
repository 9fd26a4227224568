"""JAX: a curve as a function of the step count, for optax and for any traced code."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from csched import _check
from csched.curve import Curve
from csched.nodes import Strict, walk
from csched.schedule import Schedule
from csched.tails import tail_of

OPTAX_NAMES = {"lr": "learning_rate", "betas[0]": "b1", "betas[1]": "b2"}
"""Names of hyperparameters where optax has names of its own."""


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """A curve as float32 values on the device, read at the count; a pytree and an optax schedule.

    Entries from ``len(values) - period`` on repeat; a period of 1 holds the last value.
    """

    values: jax.Array
    period: int

    def __call__(self, count: Any) -> jax.Array:
        """The float32 value of update ``count``; any integer scalar or array."""
        last = self.values.shape[0] - 1
        settled = last + 1 - self.period
        if isinstance(count, int) and count > last:  # of any size, so not for the device
            count = settled + (count - settled) % self.period
        step = checked_count(count)
        place = jnp.clip(step, 0, last)
        if self.period > 1:
            place = jnp.where(step > last, settled + (step - settled) % self.period, place)
        return self.values.at[place].get(mode="promise_in_bounds")


jax.tree_util.register_dataclass(Table, data_fields=["values"], meta_fields=["period"])


def checked_count(count: Any) -> jax.Array:
    """The count as an array of signed integers; unsigned ones saturate at 2^31 - 1."""
    step = jnp.asarray(count)
    if not jnp.issubdtype(step.dtype, jnp.integer):
        _check.fail_type("csched.jax", "count", "an integer", step.dtype.name)
    if jnp.issubdtype(step.dtype, jnp.unsignedinteger):
        return jnp.minimum(step, 2**31 - 1).astype(jnp.int32)
    return step if step.dtype.itemsize >= 4 else step.astype(jnp.int32)


def as_schedule(curve: Curve) -> Table:
    """A curve as an optax schedule: a picklable function of the count, a pytree of its numbers.

    Parameters
    ----------
    curve : Curve
        Any curve but one with tail "raise", which compiled code cannot do.

    Returns
    -------
    Table
        ``schedule(count)`` is the float32 value of update ``count``, bit for bit
        ``curve.values(dtype=np.float32)[count]``, and what the curve's tail says past the end.
        Works under jit, vmap, scan, grad and shard_map. Passed to a jitted function as an
        argument, other numbers need no other compilation.

    Examples
    --------
    >>> import csched, csched.jax, jax, optax
    >>> rate = csched.jax.as_schedule(csched.curve("cosine", 0.1, 0.0, 100).warmup(10))
    >>> optimizer = optax.sgd(rate, momentum=0.9)
    >>> [round(float(jax.jit(rate)(t)), 6) for t in (0, 5, 10, 60, 1000)]
    [0.0, 0.05, 0.1, 0.05, 0.0]

    """
    where = "csched.jax.as_schedule"
    if not isinstance(curve, Curve):
        _check.fail_type(where, "curve", "a Curve", curve)
    if any(isinstance(node, Strict) for node in walk(curve)):
        _check.fail(where, "curve", "without tail 'raise', which compiled code cannot do", curve)
    tail = tail_of(curve)
    if tail is None:
        hint = "give noisy(...) a stop, and a repeat whose levels change a number of cycles"
        _check.fail(where, "curve", "periodic in the end", curve, hint)
    values = curve.values(0, sum(tail), dtype=np.float32)
    with jax.ensure_compile_time_eval():  # also where the schedule is made under jit
        return Table(jnp.asarray(values), tail[1])


def hyperparams(schedule: Schedule) -> dict[str, Table]:
    """Every curve of a schedule under the name optax uses, for ``optax.inject_hyperparams``.

    ``lr`` becomes ``learning_rate``, ``betas[0]`` and ``betas[1]`` become ``b1`` and ``b2``; other
    names stay.

    Examples
    --------
    >>> import csched, csched.jax, optax
    >>> s = csched.one_cycle(peak=0.1, steps=100)
    >>> optimizer = optax.inject_hyperparams(optax.sgd)(**csched.jax.hyperparams(s))
    >>> state = optimizer.init({"w": 1.0})
    >>> {name: round(float(value), 6) for name, value in sorted(state.hyperparams.items())}
    {'learning_rate': 0.01, 'momentum': 0.95}

    """
    if not isinstance(schedule, Schedule):
        _check.fail_type("csched.jax.hyperparams", "schedule", "a Schedule", schedule)
    return {OPTAX_NAMES.get(name, name): as_schedule(c) for name, c in schedule.items()}
