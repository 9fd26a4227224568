"""How far values lie from the exact ones, in ulp; ``python tests/accuracy.py`` writes the table.

The exact value comes from the plain formula (``csched.reference``) in arithmetic of 60 digits, or
200 where the formula itself loses digits. Ends are of one sign, so that the value is never near
zero unless an end is zero, and a bound relative to the value makes sense.
"""

import functools
import json
import random
import sys
from pathlib import Path

import mpmath
import numpy as np

import csched
from csched import reference

BOUND = 4.0
FILE = Path(__file__).parent.parent / "docs" / "accuracy.json"
SMALL = (1, 2, 3, 7, 64, 100, 257)
LARGE = (3000, 10**5, 10**9, 10**13)

ARGUMENTS = {
    "polynomial": [
        *({"power": p} for p in (1.0, 2.0, 3.0, 0.5, 0.9, 4.5, 17.3)),
        *({"power": p, "k_decay": k} for p, k in ((1.0, 3.0), (2.0, 0.5), (0.7, 2.3), (3.0, 4.0))),
    ],
    "cosine": [
        *({"power": p} for p in (1.0, 2.0, 0.5, 3.7)),
        *({"power": p, "k_decay": k} for p, k in ((1.0, 0.5), (1.0, 3.0), (0.7, 2.3), (3.0, 4.0))),
    ],
    "exponential_offset": [
        {"rate": r, "normalised": n} for n in (False, True) for r in (1e-6, 0.5, 4.0, 30.0, 600.0)
    ],
    "rex": [{"beta": b} for b in (0.5, 0.9, 0.0, 1e-9, 0.999)],
    "inverse_sqrt": [{}, *({"scale": s} for s in (1e-6, 3.0, 99.0, 1e12))],
    "tanh": [
        {"lower": a, "upper": b}
        for a, b in ((-6.0, 3.0), (-0.5, 0.5), (0.0, 1.0), (-30.0, 20.0), (18.5, 18.57))
    ],
    "parabolic": [{"power": p} for p in (2.0, 1.0, 3.0, 0.5, 1.7, 9.1)],
    "inverse_power": [
        *({"power": p} for p in (1.0, 0.3, 2.5)),
        *({"power": p, "scale": s} for p in (1.0, 0.3, 2.5) for s in (1e-6, 3.0, 1e12)),
    ],
    "logarithmic": [{"scale": s} for s in (9.0, 1e-6, 1.0, 1e12)],
    "hyperbolic": [{"upper": u} for u in (1.0, 1.0001, 2.5, 1e5)],
    "exp_hyperbolic": [{"upper": u} for u in (1.0, 1.0001, 2.5, 1e5)],
}
"""Arguments that each profile is tried with; without a row: none."""

ENDS = [(1.0, 0.0), (0.1, 0.001), (0.0, 0.3), (2e-5, 7e-4), (-0.3, -0.1)]
"""Pairs (start, end)."""

BY_RATIO = ("exponential", "exp_hyperbolic", "inverse_sqrt", "inverse_power")
"""Profiles whose shape depends on end / start."""


def cases():
    """(profile, start, end, arguments) for every row of the table of profiles."""
    for name, row in csched.PROFILES.items():
        if row.index is None:  # table: made of linear pieces
            continue
        for start, end in ENDS:
            if not (row.positive and start * end == 0.0):
                for arguments in ARGUMENTS.get(name, [{}]):
                    yield name, start, end, arguments


def tried_steps(n):
    """Every step of a small horizon; of a large one random steps, and some at both ends and where
    polynomials take over from single values, and one from another."""
    if n in SMALL:
        return list(range(n + 1))
    draw = random.Random(n)
    near = [k for k in (1, 2, 3, 5, 17, 130, 513, 1024, 4100) if k < n]
    marked = [0, *near, n // 3, n // 2 - 1, n // 2, n // 2 + 1, n, *(n - k for k in near)]
    return marked + [draw.randrange(n) for _ in range(20)]


def digits(profile, arguments):
    """Enough for 50 of the value: 1 - z^9.1 at z = 1e-13 cancels 118, exp and tanh some 20."""
    cancels = profile in ("parabolic", "exponential_offset", "tanh") or "k_decay" in arguments
    return 200 if cancels else 60


@functools.cache
def shape(profile, steps, ratio, arguments):
    """The formula at the tried steps."""
    made = {k: v if isinstance(v, bool) else mpmath.mpf(v) for k, v in arguments}
    formula = reference.FORMULAS[profile]
    return [formula(mpmath.mpf(t) / steps, mpmath, ratio, **made) for t in tried_steps(steps)]


def exact(profile, start, end, steps, arguments):
    """The values at the tried steps, to 50 digits or more."""
    with mpmath.workdps(digits(profile, arguments)):
        a, b = mpmath.mpf(start), mpmath.mpf(end)
        # None: a formula that is not in the list and reads it fails
        ratio = (b / a if a else mpmath.mpf(0)) if profile in BY_RATIO else None
        shapes = shape(profile, steps, ratio, tuple(arguments.items()))
        values = [reference.between(a, b, p) for p in shapes]
    if profile != "exponential_offset":  # which may keep a residual
        values = [b if t == steps else v for t, v in zip(tried_steps(steps), values, strict=True)]
    return values


def ulp_error(value, truth):
    """Distance of a float from the truth, in units of the last place of the rounded truth."""
    with mpmath.workdps(50):
        return float(abs(mpmath.mpf(float(value)) - truth) / np.spacing(abs(float(truth))))


def worst_of(profile, start, end, arguments):
    """The largest error in ulp over all horizons, with the place: (ulp, steps, t)."""
    worst = (0.0, 0, 0)
    for n in (*SMALL, *LARGE):
        steps = tried_steps(n)
        values = csched.curve(profile, start, end, n, **arguments)(np.array(steps))
        truths = exact(profile, start, end, n, arguments)
        with mpmath.workdps(50):
            gaps = [float(abs(v - x)) for v, x in zip(values.tolist(), truths, strict=True)]
            units = np.spacing(np.abs([float(x) for x in truths]))
        errors = np.array(gaps) / units
        i = int(np.argmax(errors))  # the first NaN, if there is one
        if not errors[i] <= worst[0]:
            worst = (float(errors[i]), n, steps[i])
    return worst


def measured():
    """Worst ulp by profile, rounded up to two digits."""
    table = {}
    for name, start, end, arguments in cases():
        error = worst_of(name, start, end, arguments)[0]
        table[name] = max(table.get(name, 0.0), float(np.ceil(error * 100) / 100))
    return table


if __name__ == "__main__":
    table = measured()
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps({"unit": "ulp", "bound": BOUND, "worst": table}, indent=1) + "\n")
    for name, error in table.items():
        sys.stdout.write(f"{name:20} {error:.2f}\n")
