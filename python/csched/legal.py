"""What a hyperparameter may be, by its key, checked on the whole curve before training."""

from __future__ import annotations

import functools
import math
import re

import numpy as np

from csched import _check
from csched.curve import Curve
from csched.nodes import Noise, Repeat, Sequence, Strict
from csched.schedule import Schedule

# key: low, high, whether high is excluded; what the constructors of torch.optim ask for
RANGES = {
    "lr": (0.0, math.inf, False),
    "momentum": (0.0, 1.0, True),
    "betas": (0.0, 1.0, True),
    "weight_decay": (0.0, math.inf, False),
    "eps": (0.0, math.inf, False),
    "rho": (0.0, 1.0, False),
}
_ONE = re.compile(r"\[\d+\]$")  # of several: the path betas[1] has the key betas
_EVERY_STEP_BELOW = 2**20  # 5 ms; longer curves are looked at where their phases meet and between
_PLACES = 2**14


def below(*paths: str) -> dict[str, float]:
    """What the values at these paths, all at least 0, are less than."""
    return {path: RANGES[_ONE.sub("", path)][1] for path in paths}


def check(where: str, key: str, path: str, curve: Curve, factor: float, largest: float) -> None:
    """Refuse a curve that leaves the range of its key, or of the type it is stored in."""
    low, high, open_high = RANGES.get(key, (-math.inf, math.inf, False))
    least, most = (factor * v for v in extremes(curve))
    end = ")" if open_high or high == math.inf else "]"
    for value in (least, most):
        if not (low <= value and (value < high if open_high else value <= high)):
            _check.fail(where, path, f"in [{low:g}, {high:g}{end} at every step", value)
        if abs(value) > largest:
            _check.fail(where, path, f"within {largest:g}, the largest its tensor holds", value)


def check_named(where: str, schedule: Schedule, largest: float) -> None:
    """Check every curve of a schedule by its name, which is a key or, with an index, a path."""
    for path, curve in schedule.items():
        check(where, _ONE.sub("", path), path, curve, 1.0, largest)


@functools.lru_cache(maxsize=256)
def whole_numbers(curve: Curve) -> bool:
    """Whether the curve takes integer values only, where it was looked at."""
    values = _values(curve)
    return bool(np.all(values == np.rint(values)))


@functools.lru_cache(maxsize=256)
def extremes(curve: Curve) -> tuple[float, float]:
    """The least and the largest value of a curve, its tail included.

    Up to 2**20 steps every one is looked at. A longer curve is looked at at its first 2**14 steps,
    where its phases meet, which is where monotone profiles are largest, and at 2**14 steps between.
    """
    values = _values(curve)
    return float(values.min()), float(values.max())


def _values(curve: Curve) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    n = curve.steps
    if n >= _EVERY_STEP_BELOW:
        return curve.program.gather(_places(curve))
    values = np.empty(n + 1)
    curve.program.fill(values)  # a tenth of the time of gather
    return np.append(values, curve.program.gather(np.array([2**k for k in range(54)])))


def _places(curve: Curve) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    n = curve.steps
    between = np.linspace(0, min(2 * n, 2**53), _PLACES, dtype=np.int64)
    seams = np.array([s + d for s in seams_of(curve) for d in (-1, 0)], np.int64)
    places = np.concatenate([np.arange(_PLACES), between, seams])
    return places[(places >= 0) & (places <= 2**53)]


def seams_of(curve: Curve, begin: int = 0) -> list[int]:
    """The steps where phases of a curve begin, and where the last one ends."""
    if isinstance(curve, Sequence):
        begins = zip(curve.begins(), curve.parts, strict=True)
        return [s for first, part in begins for s in seams_of(part, begin + first)]
    inner = [s for child in curve._children() for s in seams_of(child, begin)]
    return [begin, *inner, begin + curve.steps]


def last_step(curve: Curve) -> int | None:
    """The step from which on a curve with the tail "raise" has no value."""
    own = [curve.steps] if isinstance(curve, Strict) else []
    return min(
        [*own, *(s for c in curve._children() if (s := last_step(c)) is not None)], default=None
    )


def settled(curve: Curve) -> int:
    """A step from which on the curve stays where it is; 2**53 if it never does."""
    endless = (isinstance(curve, Repeat) and curve.n is None) or (
        isinstance(curve, Noise) and curve.stop is None
    )
    inner = [settled(child) for child in curve._children()]
    if endless or 2**53 in inner:
        return 2**53
    return max(curve.steps, (curve.stop or 0) if isinstance(curve, Noise) else 0)
