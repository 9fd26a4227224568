"""What a curve does after its last step: from where on it repeats, and how long a period is."""

from __future__ import annotations

import math

from csched.curve import Curve
from csched.nodes import Clip, Combination, Noise, Repeat, Round, Sequence, Strict, Window


def tail_of(curve: Curve) -> tuple[int, int] | None:
    """(settled, period): from step ``settled`` on, the value at t + period is the value at t.

    The period is 1 where the last value is held. None where no such step exists: levels that
    change for ever, noise that never stops.

    >>> import csched
    >>> c = csched.curve("linear", 1.0, 0.0, 10)
    >>> tail_of(c), tail_of(c.warmup(5).tail("repeat")), tail_of(c.then(c.repeat()))
    ((10, 1), (0, 15), (10, 10))
    """
    match curve:
        case Sequence():
            return _moved(tail_of(curve.parts[-1]), curve.begins()[-1])
        case Repeat():
            return _repeat(curve)
        case Combination():
            return _combination(curve)
        case Noise():
            inner = tail_of(curve.of)
            if inner is None or curve.stop is None:
                return inner if curve.amplitude == 0.0 else None
            return max(inner[0], curve.stop), inner[1]
        case Clip() | Round() | Strict():
            return tail_of(curve.of)
        case Window():
            if curve.stop is not None:
                return curve.stop - curve.start, 1
            return _moved(tail_of(curve.of), -curve.start)
    return curve.steps, 1


def _moved(tail: tuple[int, int] | None, by: int) -> tuple[int, int] | None:
    return None if tail is None else (max(0, tail[0] + by), tail[1])


def _repeat(c: Repeat) -> tuple[int, int] | None:
    if c.length_mult != 1:
        *earlier, last = c.cycles()
        return _moved(tail_of(last), sum(cycle.steps for cycle in earlier))
    if c.n is None:
        return None if c.has_levels else (0, c.of.steps)
    return _moved(tail_of(c.of), (c.n - 1) * c.of.steps)


def _combination(c: Combination) -> tuple[int, int] | None:
    tails = [tail_of(p) for p in c.parts]
    known = [t for t in tails if t is not None]
    if len(known) < len(tails):
        return None
    return max(t[0] for t in known), math.lcm(*(t[1] for t in known))
