"""JAX: a curve as a function of the step count, for optax and for any traced code."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from csched import _check, legal

try:
    import jax
    import jax.numpy as jnp
    from jax import lax
except ModuleNotFoundError as error:
    _check.missing("csched.jax", "jax", "jax", error)

from csched.curve import Curve
from csched.nodes import Strict, walk
from csched.presets import live_optax, pieces
from csched.schedule import Schedule
from csched.traced import closed_form
from csched.traced.lax_numbers import XP, Number, value_of
from csched.traced.phase_constants import tree_of
from csched.traced.step_words import Words
from csched.traced.tails import tail_of

OPTAX_NAMES = {"lr": "learning_rate", "betas[0]": "b1", "betas[1]": "b2"}
"""Names of hyperparameters where optax has names of its own."""

LARGEST_TABLE = 2**31 - 1
"""Entries that XLA can index."""

LONGEST_TABLE = 2**18
"""Entries up to which a table is the default: 1 MB. XLA copies a constant many times over, which
costs 6 ms a MB; from here on that is more than the closed form costs."""


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """A curve as float32 values on the device, read at the count; a pytree and an optax schedule.

    Entries from ``len(values) - period`` on repeat; a period of 1 holds the last value. The values
    are a constant of a jitted function that captures the schedule; given to it as an argument they
    cost no compile time, however many they are.
    """

    values: jax.Array
    period: int

    def __call__(self, count: Any) -> jax.Array:
        """The float32 value of update ``count``; any integer scalar or array."""
        last = self.values.shape[0] - 1
        settled = last + 1 - self.period
        if (known := _known(count)) is not None:
            beyond = settled + (known - settled) % self.period
            if isinstance(known, int):
                count = beyond if known > last else max(known, 0)
            else:
                count = np.where(known > last, beyond, np.maximum(known, 0)).astype(np.int32)
        place = since_begin(count)
        number = place.dtype.type
        if self.period > 1:
            again = lax.rem(lax.sub(place, number(settled)), number(self.period))
            again = lax.add(number(settled), again)
            place = lax.select(lax.gt(place, number(last)), again, place)
        elif place.ndim or place.dtype.itemsize > 4:
            place = lax.min(place, number(last))  # else the slice does not leave the values
        if place.ndim:
            found: jax.Array = self.values.at[place].get(mode="promise_in_bounds")
            return found
        # a slice is cheaper to compile than a gather; unsigned: not tested for negatives
        first = lax.convert_element_type(place, np.uint32)
        return lax.squeeze(lax.dynamic_slice(self.values, (first,), (1,)), (0,))


jax.tree_util.register_dataclass(Table, data_fields=["values"], meta_fields=["period"])


def _known(count: Any) -> Any:
    """A count of Python or NumPy, as an int or an array of 64 bits; None for any other.

    JAX would drop the upper half of them without a word.
    """
    if isinstance(count, (int, np.integer)) and not isinstance(count, bool):
        return int(count)
    if isinstance(count, np.ndarray) and count.dtype.kind in "iu":
        return count if count.dtype.itemsize == 8 else count.astype(np.int64)
    return None


def _integers(count: Any, dtype: Any = None) -> jax.Array:
    if isinstance(count, jax.Array):
        step = count
    else:
        step = jnp.asarray(count, dtype if isinstance(count, int) else None)
    if not jnp.issubdtype(step.dtype, jnp.integer):
        _check.fail_type("csched.jax", "count", "an integer", step.dtype.name)
    return step if dtype is None else step.astype(dtype)


def checked_count(count: Any) -> jax.Array:
    """The count as an array of signed integers; where it does not fit, the largest one."""
    if isinstance(count, tuple):
        hint = "as_schedule(curve, two_words=True) takes a pair"
        _check.fail("csched.jax", "count", "one integer", count, hint)
    step = _integers(count)
    if jnp.issubdtype(step.dtype, jnp.unsignedinteger):
        longest = jax.dtypes.canonicalize_dtype(np.int64)  # int32, unless JAX is told otherwise
        if step.dtype.itemsize >= longest.itemsize:
            step = lax.min(step, step.dtype.type(np.iinfo(longest).max))
        return step.astype(longest)
    return step if step.dtype.itemsize >= 4 else step.astype(jnp.int32)


def since_begin(count: Any) -> jax.Array:
    """The count, from 0 on."""
    step = checked_count(count)
    first: jax.Array = lax.max(step, step.dtype.type(0))
    return first


Count = Any
"""An integer scalar or array; with ``two_words`` also a pair of uint32, see :func:`words`."""

for _node in closed_form.NODES:
    _names = [f.name for f in dataclasses.fields(_node)]
    jax.tree_util.register_dataclass(
        _node,
        data_fields=[n for n in _names if n not in _node.static],
        meta_fields=list(_node.static),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class ClosedForm:
    """A curve as float32 arithmetic on the count; a pytree and an optax schedule.

    Curves that differ in numbers only have one structure, and so one lowering; but powers of 1/2,
    1, 2 and 3 are forms of their own, and so are exponentials over ratios of more than 2^10.
    """

    tree: Any
    two_words: bool

    def __call__(self, count: Count) -> jax.Array:
        """The float32 value of update ``count``; scalars or arrays."""
        step = self._step(count)
        if isinstance(step[0], jax.core.Tracer):
            return _evaluated(self.tree, step)  # in the caller's trace, with numbers as constants
        value: jax.Array = _compiled(self.tree, step)
        return value

    def _step(self, count: Count) -> Words:
        known = _known(count)
        if self.two_words:
            if isinstance(known, int):
                count = words(max(known, 0))
            elif not isinstance(count, tuple):
                count = _in_two(_integers(count) if known is None else known)
            high, low = (_integers(word, jnp.uint32) for word in count)
            return high, low
        if known is not None:
            last = known if isinstance(known, int) else int(known.max(initial=0))
            if last >= 2**31:
                hint = "as_schedule(curve, two_words=True) takes longer ones"
                _check.fail("csched.jax", "count", "one integer below 2**31", last, hint)
            count = max(known, 0) if isinstance(known, int) else np.maximum(known, 0)
        step = checked_count(count)
        if step.dtype != jnp.int32 or not closed_form.takes_negatives(self.tree):
            step = lax.max(step, step.dtype.type(0))
        if step.dtype != jnp.int32:
            step = jnp.minimum(step, 2**31 - 1).astype(jnp.int32)
        return (step,)


jax.tree_util.register_dataclass(ClosedForm, data_fields=["tree"], meta_fields=["two_words"])


def _evaluated(tree: Any, step: Words) -> jax.Array:
    def evaluate(step: Words) -> Any:
        return value_of(closed_form.evaluate(tree, tuple(map(Number, step)), XP))

    for _ in range(step[0].ndim):
        evaluate = jax.vmap(evaluate)
    value: jax.Array = evaluate(step)
    return value


_compiled = jax.jit(_evaluated)


def words(step: int) -> tuple[np.uint32, np.uint32]:
    """A step up to 2^53 as the pair (high, low) of uint32, for counts JAX has no integer for.

    >>> words(5_000_000_000)
    (np.uint32(1), np.uint32(705032704))
    """
    high, low = divmod(_check.integer("csched.jax.words", "step", step, 0), 2**32)
    return np.uint32(high), np.uint32(low)


def _in_two(count: Any) -> Words:
    """An array of integers, those below 0 as 0, as its words (high, low)."""
    array = np if isinstance(count, np.ndarray) else jnp
    first = array.maximum(count, 0)
    if first.dtype.itemsize < 8:
        return array.zeros_like(first, np.uint32), first.astype(np.uint32)
    return (first >> 32).astype(np.uint32), (first & 0xFFFFFFFF).astype(np.uint32)


def advance(count: tuple[Any, Any], by: Any = 1) -> tuple[jax.Array, jax.Array]:
    """The pair ``count`` moved on by up to 2^32 - 1 steps; to be traced beside the optimizer.

    >>> [int(word) for word in advance(words(2**32 - 1))]
    [1, 0]
    """
    low = jnp.asarray(count[1], jnp.uint32) + jnp.asarray(by, jnp.uint32)
    return jnp.asarray(count[0], jnp.uint32) + (low < count[1]), low


def as_schedule(
    curve: Curve, mode: str | None = None, *, two_words: bool = False
) -> Table | ClosedForm:
    """A curve as an optax schedule: a picklable function of the count, a pytree of its numbers.

    Works under jit, vmap, scan, grad, shard_map and pmap; past the end it follows the tail. Passed
    to a jitted function as an argument, it lets curves of one structure share a lowering.

    Parameters
    ----------
    curve : Curve
        Any curve but one with tail "raise", which compiled code cannot do.
    mode : "table" or "closed", optional
        "table": the values on the device, 4 bytes a step, bit for bit
        ``curve.values(dtype=np.float32)``. "closed": float32 arithmetic on a few numbers a phase,
        up to step 2^31 - 1. Default: a table up to 2^18 steps and where "closed" cannot do the
        curve, else closed.
    two_words : bool, default False
        For steps up to 2^53: ``count`` may be a pair (high, low) of uint32, see :func:`words`
        and :func:`advance`. Always closed.

    Returns
    -------
    Table or ClosedForm

    Notes
    -----
    Where all values of a phase have one sign, the closed form is within 8 float32 ulp of the exact
    value. With a power other than 1/2, 1, 2, 3 (of inverse_power: 1/2, 1) that is 8 + 4 power, of
    cosine and with a k_decay 8 + 12 power k_decay, where less than 1 counts as 1, and of
    exp_hyperbolic 8 + 2 abs(log(start / end)). Below 1e-35 it may be 0.

    Raises
    ------
    ValueError, TypeError
        If the curve cannot be had in the mode: "table" needs a curve periodic in the end,
        "closed" one without noise, with exponential phases between normal float32 values.

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
        hint = "of a Schedule, schedule['lr'] is one, and csched.jax.hyperparams takes all"
        _check.fail_type(where, "curve", "a Curve", curve, hint)
    if mode is not None:
        _check.choice(where, "mode", mode, ["table", "closed"])
    if two_words and mode == "table":
        _check.fail(where, "mode", "'closed' where two_words", mode)
    if any(isinstance(node, Strict) for node in walk(curve)):
        _check.fail(where, "curve", "without tail 'raise', which compiled code cannot do", curve)
    most = max(map(abs, legal.extremes(curve)))
    if most > float(np.finfo(np.float32).max):
        _check.fail(where, "curve", "within 3.40282e+38, the largest float32", most)
    tail = tail_of(curve)
    if mode == "closed" or two_words:
        return ClosedForm(tree_of(curve, 2 if two_words else 1), two_words)
    if mode is None and (tail is None or sum(tail) > LONGEST_TABLE):
        with contextlib.suppress(ValueError):  # what it refuses becomes a table
            return ClosedForm(tree_of(curve), False)
    if tail is None:
        hint = "give noisy(...) a stop, and a repeat whose levels change a number of cycles"
        _check.fail(where, "curve", "periodic in the end", curve, hint)
    if sum(tail) > LARGEST_TABLE:
        _check.fail(
            where, "curve", "at most 2**31 - 1 steps long for a table", sum(tail), "mode 'closed'"
        )
    values = curve.values(0, sum(tail), dtype=np.float32)
    with jax.ensure_compile_time_eval():  # also where the schedule is made under jit
        return Table(jnp.asarray(values), tail[1])


def hyperparams(schedule: Schedule, mode: str | None = None) -> dict[str, Table | ClosedForm]:
    """Every curve of a schedule under the name optax uses, for ``optax.inject_hyperparams``.

    ``lr`` becomes ``learning_rate``, ``betas[0]`` and ``betas[1]`` become ``b1`` and ``b2``; other
    names stay. ``mode`` as in :func:`as_schedule`. The momentum of Adam is ``betas[0]``:
    ``csched.Schedule({"lr": s["lr"], "betas[0]": s["momentum"]})``.

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
    made = {OPTAX_NAMES.get(name, name): as_schedule(c, mode) for name, c in schedule.items()}
    legal.check_named("csched.jax.hyperparams", schedule, float(np.finfo(np.float32).max))
    return made


def from_schedule(schedule: Callable[[Any], Any], *, steps: int | None = None) -> Schedule:
    """The Schedule of an optax schedule, its one curve named ``lr``.

    A schedule made by optax's own functions, joined ones included, is read from the function's
    arguments: the curve is that of ``csched.presets.optax``, in float64, without an end. Of any
    other function the values at steps 0, ..., steps - 1 are taken down as they are (in float32,
    unless JAX is told otherwise) and the last one is held; ``describe()`` says "values taken down".

    Parameters
    ----------
    schedule : callable
        A function of the step.
    steps : int, optional
        Needed for a function that cannot be read; not used for one that can.

    Raises
    ------
    ValueError, TypeError
        If the function cannot be read and ``steps`` is not given, or a value is not finite.

    Examples
    --------
    >>> import csched.jax, optax
    >>> csched.jax.from_schedule(optax.warmup_cosine_decay_schedule(0.0, 0.5, 10, 100))
    Schedule(lr=curve('linear', 0.0, 0.5, 10).then(curve('cosine', 0.5, 0.0, 90)))
    >>> mine = csched.jax.from_schedule(lambda count: 1.0 / (1 + count), steps=1000)
    >>> print(mine["lr"].describe())
    0 .. 999  1000 values taken down: 1.0, 0.5, 0.3333333432674408, ..., 0.0010000000474974513
    """
    where = "csched.jax.from_schedule"
    if not callable(schedule):
        _check.fail_type(where, "schedule", "a function of the step", schedule)
    if (known := live_optax.read(schedule)) is not None:
        return known
    if steps is None:
        hint = "its values are taken down, it is no function of optax's whose arguments are known"
        _check.fail(where, "steps", "given", steps, hint)
    count = _check.integer(where, "steps", steps, 1, LONGEST_TABLE)
    try:
        values = np.asarray(jax.vmap(schedule)(jnp.arange(count)), float)
    except jax.errors.ConcretizationTypeError:  # Python's if or float on the step: no tracing
        values = np.array([float(schedule(t)) for t in range(count)])
    return Schedule(lr=pieces.steps_of(np.broadcast_to(values, count).tolist()))
