"""The schedules of ``keras.optimizers.schedules`` (Keras 3), in float64 and without Keras.

Names, arguments (but ``name``) and defaults are those of Keras, which computes in float32: there a
cosine to 0 is exactly 0 for its last steps, and a restart may be missed (at step 81910 for 10
steps and t_mul 2). Here neither happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from csched import _check
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
]


def ExponentialDecay(
    initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Schedule:
    """``initial * decay_rate**(t / decay_steps)``, with ``staircase`` at whole periods only.

    >>> ExponentialDecay(1.0, 2, 0.5, staircase=True)["lr"].values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    where = "keras.ExponentialDecay"
    n = _check.integer(where, "decay_steps", decay_steps, 1)
    first, names = initial_learning_rate, ("decay_rate", "decay_steps")
    if staircase:
        return Schedule(lr=pieces.staircase(where, first, decay_rate, n, names))
    return Schedule(lr=pieces.geometric(where, first, decay_rate, float(n), names[0]))


def PiecewiseConstantDecay(boundaries: Sequence[int], values: Sequence[float]) -> Schedule:
    """values[k] up to and including boundaries[k]: a boundary still has the old value.

    torch, optax and Paddle change one step earlier. Keras adds values up where boundaries are not
    in order; here it is a ValueError.

    >>> PiecewiseConstantDecay([1, 3], [1.0, 0.5, 0.1])["lr"].values(0, 6).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.1, 0.1]
    """
    where = "keras.PiecewiseConstantDecay"
    seams = [0, *(_check.integer(where, "boundary", b, 0) + 1 for b in boundaries)]
    if any(b <= a for a, b in pairwise(seams[1:])):
        _check.fail(where, "boundaries", "increasing", boundaries)
    if not len(boundaries) or len(values) != len(seams):
        _check.fail(where, "values", "one more than boundaries, of which there is one", values)
    parts = [pieces.constant(v, b - a) for v, (a, b) in zip(values, pairwise(seams), strict=False)]
    return Schedule(lr=sequence(*parts, pieces.constant(values[-1])))


def PolynomialDecay(
    initial_learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
) -> Schedule:
    """``end + (initial - end) * (1 - t / decay_steps)**power``, then ``end``.

    With ``cycle`` the horizon is stretched to the next multiple of decay_steps each time it is
    reached; here 256 times, then ``end`` is held.

    >>> PolynomialDecay(1.0, 2, 0.0, cycle=True)["lr"].values(0, 6).tolist()
    [1.0, 0.5, 0.0, 0.25, 0.0, 0.16666666666666666]
    """
    where = "keras.PolynomialDecay"
    n = _check.integer(where, "decay_steps", decay_steps, 1)
    first, last = initial_learning_rate, end_learning_rate
    if not cycle or power == 0.0:
        return Schedule(lr=pieces.polynomial(first, last, n, power))
    return Schedule(lr=pieces.stretched_cycles(first, last, n, power))


def InverseTimeDecay(
    initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Schedule:
    """``initial / (1 + decay_rate * t / decay_steps)``, with ``staircase`` at whole periods only.

    >>> [round(v, 6) for v in InverseTimeDecay(1.0, 2, 2.0)["lr"].values(0, 4).tolist()]
    [1.0, 0.5, 0.333333, 0.25]
    """
    where = "keras.InverseTimeDecay"
    n = _check.integer(where, "decay_steps", decay_steps, 1)
    rate = _check.real(where, "decay_rate", decay_rate, 0.0)
    if rate == 0.0:
        return Schedule(lr=pieces.constant(initial_learning_rate))
    every = n if staircase else 1
    return Schedule(lr=pieces.inverse_time(initial_learning_rate, n / rate, every))


def CosineDecay(
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: float | None = None,
    warmup_steps: int = 0,
) -> Schedule:
    """Half a cosine to ``alpha`` times where it began; decay_steps do not count the warm-up.

    Without ``warmup_target`` there is no warm-up, whatever ``warmup_steps`` is, as in Keras.

    >>> c = CosineDecay(0.0, 2, 0.5, warmup_target=1.0, warmup_steps=2)["lr"]
    >>> c.values(0, 6).tolist()
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.5]
    """
    where = "keras.CosineDecay"
    n = _check.integer(where, "decay_steps", decay_steps, 1)
    warmup = _check.integer(where, "warmup_steps", warmup_steps, 0)
    if warmup_target is None:
        top = initial_learning_rate
        return Schedule(lr=curve("cosine", top, top * alpha, n))
    main = curve("cosine", warmup_target, warmup_target * alpha, n)
    return Schedule(lr=pieces.warmed(initial_learning_rate, warmup_target, warmup, main))


def CosineDecayRestarts(
    initial_learning_rate: float,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
) -> Schedule:
    """Half cosines over a floor of ``alpha * initial``; cycle i is first_decay_steps t_mul**i long.

    The height above the floor is multiplied by ``m_mul`` a cycle. Cycles may begin between steps.
    Heights that grow do so 256 times.

    >>> c = CosineDecayRestarts(1.0, 2, m_mul=0.5)["lr"]
    >>> [round(v, 4) for v in c.values(0, 7).tolist()]
    [1.0, 0.5, 0.5, 0.4268, 0.25, 0.0732, 0.25]
    """
    where = "keras.CosineDecayRestarts"
    n = _check.integer(where, "first_decay_steps", first_decay_steps, 1)
    mult = _check.real(where, "t_mul", t_mul, 1.0)
    height = _check.real(where, "m_mul", m_mul, 0.0)
    floor = initial_learning_rate * alpha
    if mult == 1.0 and 0.0 < height <= 1.0:
        keep = "floor" if floor <= initial_learning_rate else "peak"
        cycle = curve("cosine", initial_learning_rate, floor, n)
        return Schedule(lr=cycle.repeat(amplitude_mult=height, keep=keep))
    knots = pieces.growing(n, mult, 256)
    tops = [floor + (initial_learning_rate - floor) * height**i for i in range(len(knots) - 1)]
    return Schedule(lr=pieces.cycles(knots, [(t, floor) for t in tops], pieces.leg_of("cosine")))


arguments.check(__name__)
