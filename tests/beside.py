"""Peers run side by side with their presets: what every ``test_presets_*`` file shares."""

import numpy as np
from hypothesis import settings

DRAWS = settings(max_examples=200, deadline=None, derandomize=True, database=None)
PAST = 20
"""Steps past the horizon that are compared too."""


def agree(ours, theirs, *, rtol, near_zero=0.0, size=0.0):
    """Equal within rtol; ``near_zero`` is the part of its largest value that the peer loses.

    It does where it subtracts from it, as (1 + cos) / 2 and recursions do; ``size`` is that value
    where it may not be among those compared. Nothing is absolute: a schedule of small rates is
    compared as closely as one of large rates.
    """
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    assert ours.shape == theirs.shape
    off = (
        np.abs(ours - theirs)
        - rtol * np.abs(theirs)
        - near_zero * max(size, np.max(np.abs(theirs)))
    )
    t = int(np.argmax(off))
    assert off[t] <= 0, f"step {t}: {ours[t]!r}, the peer gives {theirs[t]!r}"


def steps(curve, n):
    """The values at steps 0, ..., n - 1, checked against single ones by the way."""
    values = curve.values(0, n)
    assert values[n // 2] == curve(n // 2)
    return values
