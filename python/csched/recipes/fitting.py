"""Cycles whose last one ends with the run."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from csched import _check
from csched.recipes.parts import MOST_PARTS

__all__ = ["fit_cycles"]


def fit_cycles(
    steps: int, *, cycles: int | None = None, t_mult: int | float = 1, t_0: int | None = None
) -> tuple[int, ...]:
    """Lengths of cycles, each about t_mult times the one before, that end with the run exactly.

    Boundary k is ``steps * (t_mult**k - 1) / (t_mult**n - 1)`` (``steps * k / n`` for t_mult = 1),
    rounded to a step, so the lengths add up to ``steps``.

    Parameters
    ----------
    steps : int
        The run.
    cycles : int, optional
        How many, at most what leaves each cycle a step; or give ``t_0`` instead.
    t_mult : int or float, default 1
        Growth of the cycles, at least 1.
    t_0 : int, optional
        About the length of the first cycle: the number of cycles is chosen that comes nearest.

    Examples
    --------
    >>> import csched
    >>> csched.fit_cycles(200, cycles=3, t_mult=2), csched.fit_cycles(200, t_0=27, t_mult=2)
    ((29, 57, 114), (29, 57, 114))

    """
    where = "fit_cycles"
    whole = _check.integer(where, "steps", steps, 1)
    _check.real(where, "t_mult", t_mult, 1.0, 1e6)
    mult = _check.decimal(t_mult)
    _check.one_of(where, cycles=cycles, t_0=t_0)
    if cycles is None:
        n = _nearest_count(whole, mult, _check.integer(where, "t_0", t_0, 1, whole))
    else:
        n = _check.integer(where, "cycles", cycles, 1, min(whole, MOST_PARTS))
    shares = [Fraction(0)]
    for k in range(n):
        shares.append(shares[-1] + mult**k)
    seams = [round(whole * s / shares[-1]) for s in shares]
    lengths = tuple(b - a for a, b in pairwise(seams))
    if min(lengths) < 1:
        _check.fail(where, "cycles", f"such that each of them has a step of the {whole}", cycles)
    return lengths


def _nearest_count(whole: int, mult: Fraction, t_0: int) -> int:
    """The number of cycles whose first is nearest to t_0, in ratio."""
    best, total, n = (Fraction(whole, t_0), 1), Fraction(1), 1
    while n < MOST_PARTS and whole / (total + mult**n) >= 1:
        total += mult**n
        n += 1
        ratio = whole / total / t_0
        best = min(best, (max(ratio, 1 / ratio), n))
        if ratio < 1:
            break
    return best[1]
