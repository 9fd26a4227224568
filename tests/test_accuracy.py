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


def test_a_steep_exponential_read_between_steps_keeps_its_accuracy_in_long_phases():
    n, offset = 2**35 + 12345, 54321 / 2**16
    c = csched.curve("exponential_offset", 1.0, 0.0, n, rate=500.0, offset=offset, span=n + 1.0)
    with mpmath.workdps(60):
        for t in random.Random(0).sample(range(n), 50):  # read at z, a product of 500 and 53 bits
            exact = mpmath.exp(-500 * (mpmath.mpf(t) + mpmath.mpf(offset)) / (n + 1))
            assert ulp_error(c(t), exact) <= BOUND, t


def test_cosine_to_zero_keeps_its_relative_accuracy_at_the_last_steps():
    n = 10**13
    for k in (1, 2, 3, 1000):
        exact = mpmath.sin(mpmath.pi * k / (2 * mpmath.mpf(n))) ** 2
        assert ulp_error(csched.curve("cosine", 1.0, 0.0, n)(n - k), exact) <= BOUND


STEEP = {
    "inverse_power of end and start": ("inverse_power", 1.0, 1e-12, 1000, 20, {"power": 7.0}),
    "inverse_power, tenfold steps": ("inverse_power", 1.0, 1e-8, 1000, 20, {"power": 5.0}),
    "inverse_power, hardly bent": (
        "inverse_power",
        0.3,
        0.1,
        1000,
        1,
        {"power": 1e-6, "scale": 1e-12},
    ),
    "cosine of a small power": ("cosine", 1.0, 0.0, 10**9, 10**9 - 1, {"power": 0.01}),
    "polynomial of a small power": (
        "polynomial",
        1.0,
        0.0,
        10**9,
        10**9 - 1,
        {"power": 0.01, "k_decay": 2.0},
    ),
    "parabolic, done at once": ("parabolic", 1e-5, 1.0, 100, 1, {"power": 5e-4}),
    "elliptic up to 2^53": ("elliptic", 0.0, 1.0, 2**53 - 1, 4093, {}),
    "inverse_sqrt of large ends": ("inverse_sqrt", 1e155, 1e154, 1000, 500, {}),
    "inverse_sqrt of small ends": ("inverse_sqrt", 1e-170, 1e-171, 1000, 500, {}),
    "tanh, every factor rounded down": (
        "tanh",
        0.0,
        0.3,
        1500,
        394,
        {"lower": -24.332403183812865, "upper": 24.345284060312338},
    ),
    "tanh far out": ("tanh", 1e150, 1e149, 10**6, 4321, {"lower": 99.0, "upper": 100.0}),
    "exponential, hardly falling": ("exponential", 0.3, 0.3 * (1 - 1e-12), 2047, 1056, {}),
    "cosine, slow from the start": (
        "cosine",
        1.0,
        0.0,
        10**4,
        4366,
        {"power": 4.95, "k_decay": 0.1},
    ),
    "polynomial, slow from the start": (
        "polynomial",
        1.0,
        0.0,
        1500,
        956,
        {"power": 10.0, "k_decay": 0.5},
    ),
    "inverse_sqrt, hardly bent": (
        "inverse_sqrt",
        1.0,
        0.0,
        1500,
        750,
        {"scale": 2.8540644636353438e-09},
    ),
    "rex of a growth": (
        "rex",
        9.257544526715979e-06,
        0.0031865479343652259,
        1589,
        808,
        {"beta": 0.67027895002739935},
    ),
    "tanh, half way": (
        "tanh",
        1.0,
        0.0,
        10**13,
        4999637427757,
        {"lower": 3.916734342529931, "upper": 3.9168794863932583},
    ),
    "tanh of whole limits": ("tanh", 1.0, 0.0, 10**6, 711726, {"lower": -5.0, "upper": 2.0}),
    "tanh, all below": (
        "tanh",
        0.0,
        0.3,
        13843666,
        2819,
        {"lower": -14.416192765396408, "upper": -14.410590833988119},
    ),
}
"""Where arguments or ends are at the edge of what is allowed: profile, ends, steps, t."""


@pytest.mark.parametrize("case", STEEP.values(), ids=STEEP)
def test_steep_arguments_and_large_ends_are_as_accurate(case):
    name, start, end, n, t, arguments = case
    c = csched.curve(name, start, end, n, **arguments)
    assert c(0) == start
    with mpmath.workdps(1000):
        a, b = mpmath.mpf(start), mpmath.mpf(end)
        made = {k: mpmath.mpf(v) for k, v in arguments.items()}
        p = reference.FORMULAS[name](
            mpmath.mpf(t) / n, mpmath, b / a if a else mpmath.mpf(0), **made
        )
        assert ulp_error(c(t), b + (a - b) * p) <= BOUND


def test_ends_near_each_other_are_met_without_turning_back():
    for name in ("exponential", "exp_hyperbolic"):
        for end in (0.09048277052625348, 0.0904827, 0.06):
            values = csched.curve(name, 0.09048277052625042, end, 2047).values()
            change = np.diff(values) * np.sign(end - values[0])
            assert (change >= 0).all()


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
