"""Law 4: every value within 4 ulp, relative, of the exact one."""

import json
import random

import mpmath
import numpy as np
import pytest
from accuracy import BOUND, ENDS, FILE, LARGE, SMALL, cases, tried_steps, ulp_error, worst_of

import csched
from csched import reference

NAMES = [name for name, row in csched.PROFILES.items() if row.index is not None]


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_is_within_the_published_ulp_of_its_formula(name):
    published = json.loads(FILE.read_text())["worst"][name]
    errors = {c: worst_of(*c[:3], dict(c[3])) for c in hashable_cases(name)}
    case = max(errors, key=lambda c: errors[c])
    assert errors[case][0] <= published <= BOUND, (case, errors[case])


def hashable_cases(name):
    return [(*c[:3], tuple(c[3].items())) for c in cases() if c[0] == name]


def test_the_published_table_has_every_profile_and_the_promised_bound():
    table = json.loads(FILE.read_text())
    assert table["bound"] == BOUND == 4.0
    assert list(table["worst"]) == NAMES


# --- the same formulas typed a second time, in other forms than reference.py has -----------------

INDEPENDENT = {
    "linear": ({}, lambda t, n, a, b: (a * (n - t) + b * t) / n),
    "cosine": ({}, lambda t, n, a, b: b + (a - b) * mpmath.sin(mpmath.pi * (n - t) / (2 * n)) ** 2),
    "polynomial": ({"power": 2.5}, lambda t, n, a, b: b + (a - b) * ((n - t) / n) ** 2.5),
    "exponential": ({}, lambda t, n, a, b: a * mpmath.exp(mpmath.log(b / a) * t / n)),
    "exponential_offset": ({}, lambda t, n, a, b: b + (a - b) / mpmath.e ** (4 * t / n)),
    "rex": ({}, lambda t, n, a, b: b + (a - b) * ((n - t) / n) / (0.5 + 0.5 * ((n - t) / n))),
    "inverse_sqrt": (
        {"scale": 8.0},
        lambda t, n, a, b: b + (a - b) * (3 / mpmath.sqrt(1 + 8 * t / n) - 1) / 2,
    ),
    "one_minus_sqrt": ({}, lambda t, n, a, b: a - (a - b) * mpmath.sqrt(t / n)),
    "tanh": (
        {"lower": -1.0, "upper": 1.0},
        lambda t, n, a, b: (a + b) / 2 - (a - b) / 2 * mpmath.tanh(2 * t / n - 1) / mpmath.tanh(1),
    ),
    "parabolic": ({}, lambda t, n, a, b: a - (a - b) * (t / n) ** 2),
    "elliptic": ({}, lambda t, n, a, b: b + (a - b) * mpmath.cos(mpmath.asin(t / n))),
}
"""Name -> arguments, and the value at step t of n from a to b."""


@pytest.mark.parametrize("name", INDEPENDENT)
@pytest.mark.parametrize("n", [7, 100, *LARGE])
def test_values_are_within_4_ulp_of_formulas_typed_independently(name, n):
    arguments, formula = INDEPENDENT[name]
    with mpmath.workdps(60):
        for start, end in ENDS:
            if csched.PROFILES[name].positive and start * end == 0.0:
                continue
            steps = [t for t in tried_steps(n) if t < n] if n > max(SMALL) else range(n)
            values = csched.curve(name, start, end, n, **arguments)(np.array(steps))
            for t, value in zip(steps, values, strict=True):
                a, b = mpmath.mpf(start), mpmath.mpf(end)
                assert ulp_error(value, formula(mpmath.mpf(t), n, a, b)) <= BOUND, (start, end, t)


def test_cosine_to_zero_keeps_its_relative_accuracy_at_the_last_steps():
    n = 10**13
    for k in (1, 2, 3, 1000):
        exact = mpmath.sin(mpmath.pi * k / (2 * mpmath.mpf(n))) ** 2
        assert ulp_error(csched.curve("cosine", 1.0, 0.0, n)(n - k), exact) <= BOUND


@pytest.mark.parametrize("name", NAMES)
def test_a_clock_that_starts_between_steps_is_as_accurate(name):
    """z = (t + offset) / span, where t + offset and span - offset - t need no rounding."""
    draw = random.Random(1)
    start, end = 0.5, 0.02
    for offset, span in ((0.5, 100.0), (1.25, 37.75), (0.25, 1e9), (12.5, 20.0)):
        n = int(span - offset)
        c = csched.curve(name, start, end, n, offset=offset, span=span)
        for t in [0, 1, n - 1, *(draw.randrange(n) for _ in range(8))]:
            with mpmath.workdps(60):
                z = (mpmath.mpf(t) + mpmath.mpf(offset)) / mpmath.mpf(span)
                a, b = mpmath.mpf(start), mpmath.mpf(end)
                exact = reference.between(a, b, reference.FORMULAS[name](z, mpmath, b / a))
            assert ulp_error(c(t), exact) <= BOUND, (offset, span, t)
