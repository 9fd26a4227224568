"""The laws, for every row of the table of profiles."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import arguments_of, profile_names, values, with_scale

import csched

NAMES = list(csched.PROFILES)
MONOTONE = [n for n, row in csched.PROFILES.items() if row.monotone]
HORIZONS = [1, 2, 3, 5, 16, 100, 1000]
LARGE = [10**5, 10**9, 10**13]
SOME = {
    "polynomial": [
        *({}, {"power": 2.0}, {"power": 3.0}, {"power": 0.5}, {"power": 7.7}),
        *({"k_decay": 1.5}, {"power": 0.6, "k_decay": 0.5}),
    ],
    "cosine": [
        *({}, {"power": 2.0}, {"power": 0.4}),
        *({"k_decay": 1.5}, {"power": 3.0, "k_decay": 0.7}),
    ],
    "exponential_offset": [{}, {"normalised": True}, {"rate": 0.01}, {"rate": 50.0}],
    "rex": [{}, {"beta": 0.9}, {"beta": 0.0}],
    "inverse_sqrt": [{}, {"scale": 0.5}, {"scale": 1e6}],
    "tanh": [{}, {"lower": -1.0, "upper": 1.0}],
    "parabolic": [{}, {"power": 1.0}, {"power": 0.3}, {"power": 5.5}],
    "inverse_power": [{}, {"power": 2.0}, {"power": 0.3, "scale": 1e6}],
    "logarithmic": [{}, {"scale": 1e-3}, {"scale": 1e9}],
    "hyperbolic": [{}, {"upper": 1.0}, {"upper": 1.01}],
    "exp_hyperbolic": [{}, {"upper": 1.01}],
    "table": [{}, {"points": [1, 0.2, 0.7, 0]}],
}
"""Arguments each profile is tried with."""
CALLS = [(name, arguments) for name in NAMES for arguments in SOME.get(name, [{}])]
IDS = [f"{n}-{'-'.join(f'{k}={v}' for k, v in a.items())}".rstrip("-") for n, a in CALLS]
every_call = pytest.mark.parametrize(("name", "arguments"), CALLS, ids=IDS)


def ends_for(name):
    pairs = [(1.0, 0.0), (0.0, 0.7), (0.1, 0.3), (0.3, 0.1), (-2.0, 5.0), (-1e-3, -7e-5)]
    return [(a, b) for a, b in pairs if not csched.PROFILES[name].positive or a * b > 0]


def windows(n):
    """Start, middle and end of a long horizon, and where one polynomial follows another."""
    inner = [
        (b - 300, b + 300) for x in (4096, 16384, 65536) for b in (x, n - x) if 300 < b < n - 300
    ]
    return [(0, 3000), (n // 2 - 1500, n // 2 + 1500), (n - 3000, n + 10), *inner]


# --- law 3: both ends, range, monotone ---------------------------------------------------------


@given(st.data(), profile_names(), values(), values(), st.integers(1, 10**6))
def test_both_ends_are_exact(data, name, start, end, steps):
    if csched.PROFILES[name].positive:
        start, end = abs(start) or 1.0, abs(end) or 2.0
    arguments = data.draw(arguments_of(name))
    if name == "exponential_offset":
        arguments["normalised"] = True
    with_scale(name, start, end, arguments)
    c = csched.curve(name, start, end, steps, **arguments)
    assert c(0) == start
    assert c(steps) == c(steps + 1) == c(2**53) == end


@pytest.mark.parametrize("steps", [1, 7, 10**13])
def test_exponential_offset_keeps_its_residual_unless_normalised(steps):
    c = csched.curve("exponential_offset", 2.0, 1.0, steps, rate=3.0)
    assert c(steps) == 1.0 + math.exp(-3.0)
    assert csched.curve("exponential_offset", 2.0, 1.0, steps, rate=3, normalised=True)(steps) == 1


def test_a_residual_is_rounded_once_so_that_the_halves_meet():
    values = csched.curve("exponential_offset", 1.0, 0.0, 961_991, rate=1e-12).values()
    assert np.all(np.diff(values) <= 0.0)


def test_cubes_between_ends_near_zero_have_no_subnormal_terms():
    c = csched.curve("parabolic", 0.0, 1e-290, 10**10, power=3.0)
    for t in (10**9, 3 * 10**9 + 7, 6 * 10**9):
        assert c(t) == pytest.approx(1e-290 * (t / 10**10) ** 3, rel=1e-15, abs=0.0)


def test_constant_stays_at_start_and_jumps_to_its_end():
    assert csched.curve("constant", 1.0, 0.25, 3).values(0, 5).tolist() == [1.0] * 3 + [0.25] * 2
    assert csched.curve("constant", 0.1, steps=3).values(0, 5).tolist() == [0.1] * 5


@every_call
@pytest.mark.parametrize("endpoint", [False, True])
def test_values_stay_between_the_ends(name, arguments, endpoint):
    for (start, end), n in itertools.product(ends_for(name), HORIZONS):
        made = csched.curve(name, start, end, n, endpoint=endpoint, **arguments).values(0, n + 3)
        assert min(start, end) <= made.min() <= made.max() <= max(start, end)


@every_call
def test_monotone_profiles_are_monotone_at_every_step(name, arguments):
    if name not in MONOTONE:
        return
    for (start, end), n in itertools.product(ends_for(name), [*HORIZONS, 20000]):
        c = csched.curve(name, start, end, n, **arguments)
        assert_falls(c, (start, end), 0, n + 3)


@every_call
@pytest.mark.parametrize("n", LARGE)
def test_monotone_profiles_are_monotone_in_windows_of_long_horizons(name, arguments, n):
    if name not in MONOTONE:
        return
    for start, end in ends_for(name):
        c = csched.curve(name, start, end, n, **arguments)
        for first, stop in windows(n):
            assert_falls(c, (start, end), first, stop)


def assert_falls(c, ends, first, stop):
    change = np.diff(c.values(first, stop)) * (1.0 if ends[0] < ends[1] else -1.0)
    bad = np.flatnonzero(change < 0)
    assert bad.size == 0, f"{c!r} turns back at step {first + bad[:5]}, {bad.size} times"


def test_every_row_but_table_is_monotone():
    assert [n for n in NAMES if n not in MONOTONE] == ["table"]


@every_call
def test_with_start_below_end_the_profile_is_its_growth_form(name, arguments):
    """(value - end) / (start - end) is the same profile both ways, to the rounding of this test."""
    if name in ("exponential", "exp_hyperbolic", "inverse_sqrt"):
        return  # their shape depends on end / start
    falling = csched.curve(name, 1.0, 0.0, 64, **arguments).values()
    rising = csched.curve(name, 0.0, 1.0, 64, **arguments).values()
    np.testing.assert_allclose(1.0 - rising, falling, rtol=1e-13, atol=2**-52)


def test_exponential_rises_as_it_falls():
    falling = csched.curve("exponential", 0.5, 0.01, 64).values(0, 65)
    rising = csched.curve("exponential", 0.01, 0.5, 64).values(0, 65)
    np.testing.assert_allclose(rising[::-1], falling, rtol=4 * 2**-52)


# --- law 4: float32 ------------------------------------------------------------------------------


@every_call
def test_float32_is_the_rounded_float64(name, arguments):
    for (start, end), n in itertools.product(ends_for(name), [1, 3, 100, 777]):
        c = csched.curve(name, start, end, n, **arguments)
        single = c.values(0, n + 2, dtype=np.float32)
        assert single.tobytes() == c.values(0, n + 2).astype(np.float32).tobytes()


# --- endpoint, offset, span ----------------------------------------------------------------------


@every_call
def test_endpoint_puts_the_end_on_the_last_step(name, arguments):
    start, end = 0.3, 0.1
    for n in HORIZONS:
        c = csched.curve(name, start, end, n, endpoint=True, **arguments)
        if n > 1:
            longer = csched.curve(name, start, end, n - 1, **arguments)
            assert c.values(0, n + 3).tobytes() == longer.values(0, n + 3).tobytes()
        else:
            assert c(0) == c(1) == end


@every_call
def test_an_offset_of_whole_steps_reads_the_profile_further_on(name, arguments):
    whole = csched.curve(name, 0.3, 0.1, 50, **arguments)
    part = csched.curve(name, 0.3, 0.1, 20, offset=7, span=50, **arguments)
    assert part.values(0, 21).tobytes() == whole.values(7, 28).tobytes()
    assert part(21) == part(10**6) == whole(27)  # holds what step `steps` got


@every_call
def test_part_of_a_long_phase_has_the_bits_of_the_whole(name, arguments):
    if name == "table":
        return  # its linear pieces are cut, and each is anchored at its own ends
    n = 300_001
    whole = csched.curve(name, 0.3, 0.1, n, **arguments)
    for offset, steps in ((5, 4000), (4097, 70_000), (n // 2, n // 2)):
        part = csched.curve(name, 0.3, 0.1, steps, offset=offset, span=n, **arguments)
        assert part.values().tobytes() == whole.values(offset, offset + steps).tobytes()


@every_call
def test_past_the_span_the_end_is_held(name, arguments):
    c = csched.curve(name, 0.3, 0.1, 50, span=12.5, **arguments)
    last = csched.curve(name, 0.3, 0.1, 1, **arguments)(1)
    assert set(c.values(13, 60).tolist()) == {last}
    assert csched.curve(name, 0.3, 0.1, 5, offset=80, span=9, **arguments)(0) == last


@every_call
@pytest.mark.parametrize(
    "sampling", [None, csched.at(0.3, 0.9), csched.every(4), csched.every(0.3)]
)
def test_past_the_span_the_end_is_held_under_every_sampling(name, arguments, sampling):
    last = csched.curve(name, 0.3, 0.1, 1, **arguments)(1)
    c = csched.curve(name, 0.3, 0.1, 20, offset=0.5, span=6.5, sampling=sampling, **arguments)
    assert c(18) == c(20) == c(99) == last
    late = csched.curve(name, 0.3, 0.1, 20, offset=80, span=9, sampling=sampling, **arguments)
    assert set(late.values(0, 30).tolist()) == {last}


# --- tables --------------------------------------------------------------------------------------

POINTS = [
    ("values", [1, 0.5, 0.25, 0], 30, {0: 1, 5: 0.75, 10: 0.5, 15: 0.375, 20: 0.25, 25: 0.125}),
    ("pairs", [(0, 1), (0.1, 0.5), (0.6, 0.4), (1, 0)], 20, {0: 1, 1: 0.75, 2: 0.5, 12: 0.4}),
    ("jump", [(0, 1), (0.5, 1), (0.5, 0.25), (1, 0)], 8, {3: 1, 4: 0.25, 6: 0.125, 8: 0}),
    ("jump at the end", [(0, 1), (1, 0.5), (1, 0)], 4, {0: 1, 2: 0.75, 3: 0.625, 4: 0, 9: 0}),
    ("outside [0, 1]", [(0, 1), (0.5, 1.5), (0.75, -0.5), (1, 0)], 8, {2: 1.25, 4: 1.5, 6: -0.5}),
    ("finer than a step", [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0], 4, {0: 1, 1: 0.8, 3: 0.4}),
]


@pytest.mark.parametrize(
    ("points", "n", "wanted"), [p[1:] for p in POINTS], ids=[p[0] for p in POINTS]
)
def test_a_table_passes_through_its_points(points, n, wanted):
    c = csched.curve("table", 1.0, 0.0, n, points=points)
    assert {t: c(t) for t in wanted} == {
        t: pytest.approx(v, rel=1e-15, abs=0) for t, v in wanted.items()
    }
    assert c(n) == c(n + 1) == 0.0


@given(st.data(), st.integers(1, 40))
def test_a_table_is_linear_interpolation_for_any_points_and_clock(data, n):
    points = data.draw(arguments_of("table"))["points"]
    offset, span = data.draw(st.sampled_from([(0.0, n), (0.5, n + 1.5), (3.0, 2 * n), (0.25, 4.0)]))
    c = csched.curve("table", 3.0, 1.0, n, offset=offset, span=span, points=points)
    for t in range(n + 3):
        z = min((Fraction(min(t, n)) + Fraction(offset)) / Fraction(span), Fraction(1))
        assert c(t) == pytest.approx(float(1 + 2 * interpolated(points, z)), rel=1e-13, abs=0), t


def interpolated(points, z):
    """p(z) in fractions, the later value at a jump."""
    exact = [(Fraction(str(a)), Fraction(b)) for a, b in points]
    i = max(i for i, (a, _) in enumerate(exact) if a <= z)
    if i == len(exact) - 1:
        return exact[-1][1]
    (a, p), (b, q) = exact[i], exact[i + 1]
    return p + (q - p) * (z - a) / (b - a)


# --- sampling, by the definition of the REX paper ------------------------------------------------

MARKS = [
    (100, (0.5, 0.75), [50, 75]),
    (
        100,
        (0.07, 0.29),
        [7, 29],
    ),  # 0.07 * 100 is 7.000000000000001, 0.29 * 100 is 28.999999999999996
    (100, (0.33, 0.66), [33, 66]),
    (10, (0.25, 0.5, 0.75), [3, 5, 8]),  # a mark falls on the first step not before it
    (10, (3, 0.55, 8), [3, 6, 8]),
    (7, (1e-9,), [1]),
    (10**13, (0.7,), [7 * 10**12]),
    (5, (0, 5), [0, 5]),
]


@every_call
@pytest.mark.parametrize(("n", "marks", "steps"), MARKS, ids=[str(m[1]) for m in MARKS])
def test_marks_hold_the_value_that_the_profile_has_at_the_mark(name, arguments, n, marks, steps):
    start, end = 0.3, 0.1
    c = csched.curve(name, start, end, n, sampling=csched.at(*marks), **arguments)
    assert c(0) == start
    assert c(steps[0] - 1 if steps[0] else 0) == start
    for mark, step, following in zip(marks, steps, [*steps[1:], n], strict=True):
        place = mark if isinstance(mark, int) else Fraction(str(mark)) * n
        if place == int(place):  # else the profile is read between two steps
            plain = csched.curve(name, start, end, n, **arguments)(int(place))
            assert c(step) == pytest.approx(plain, rel=4 * 2**-52, abs=0)
        assert c(step) == c(max(step, following - 1))
    assert c(n) == csched.curve(name, start, end, n, **arguments)(n)


@every_call
def test_a_mark_between_steps_reads_the_profile_there(name, arguments):
    """0.35 of 10 steps is step 3.5: step 7 of 20 is at the same z."""
    c = csched.curve(name, 0.3, 0.1, 10, sampling=csched.at(0.35), **arguments)
    assert c(3) == 0.3
    assert c(4) == pytest.approx(
        csched.curve(name, 0.3, 0.1, 20, **arguments)(7), rel=2**-50, abs=0
    )


@every_call
def test_a_mark_between_the_last_step_and_the_end_reads_the_profile_there(name, arguments):
    """0.475 of 20 steps is step 9.5 and the end lies at 9.75: step 38 of 39 is at the same z."""
    c = csched.curve(name, 0.3, 0.1, 20, sampling=csched.at(0.475), span=9.75, **arguments)
    same = csched.curve(name, 0.3, 0.1, 39, **arguments)
    assert c(10) == pytest.approx(same(38), rel=2**-50, abs=0)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("inverse_power", {"power": 77.8, "scale": 0.9}),
        ("polynomial", {"power": 99.0}),
        ("exponential_offset", {"rate": 134.0, "normalised": True}),
        ("cosine", {"power": 3.0, "k_decay": 1e-4}),
    ],
)
def test_a_mark_in_the_first_step_of_a_steep_profile_is_as_near_its_end(name, arguments):
    """Step 0 is start; most of the way lies between it and the mark at 0.5 of the one step."""
    c = csched.curve(name, 0.1, -1e-6, 10, sampling=csched.at(0.05), span=1, **arguments)
    same = csched.curve(name, 0.1, -1e-6, 1000, span=1000, **arguments)
    assert c(0) == 0.1
    assert c(1) == pytest.approx(same(500), rel=2**-50, abs=0)
    assert -1e-6 <= c(1) <= 0.1


@every_call
@pytest.mark.parametrize("k", [1, 2, 3, 7, 10, 11, 100])
def test_every_k_steps_holds_the_value_of_the_last_multiple(name, arguments, k):
    n = 10
    plain = csched.curve(name, 0.3, 0.1, n, **arguments)
    c = csched.curve(name, 0.3, 0.1, n, sampling=csched.every(k), **arguments)
    wanted = [plain(t - t % k) for t in range(n)] + [plain(n)] * 4
    assert c.values(0, n + 4) == pytest.approx(wanted, rel=4 * 2**-52, abs=0)
    assert [c(t - t % k) for t in range(n)] == [c(t) for t in range(n)]
    assert (c(0), c(n)) == (plain(0), plain(n))


@pytest.mark.parametrize(("part", "n"), [(0.1, 100), (0.1, 3), (0.05, 77), (0.3, 10), (0.01, 7)])
def test_every_fraction_is_marks_at_its_multiples(part, n):
    marks = [i * Fraction(str(part)) for i in range(1, 1000) if i * Fraction(str(part)) < 1]
    c = csched.curve("rex", 0.3, 0.1, n, sampling=csched.every(part))
    same = csched.curve("rex", 0.3, 0.1, n, sampling=csched.at(*map(float, marks)))
    assert c.values(0, n + 2).tobytes() == same.values(0, n + 2).tobytes()


def test_sampled_values_of_the_rex_paper():
    """Rate 50-75: linear 1, .5, .25; REX 1, 2/3, .4."""
    at = csched.at(0.5, 0.75)
    linear = csched.curve("linear", 1.0, 0.0, 4, sampling=at).values().tolist()
    rex = csched.curve("rex", 1.0, 0.0, 4, sampling=at).values().tolist()
    assert linear == [1, 1, 0.5, 0.25]
    assert rex == pytest.approx([1, 1, 2 / 3, 0.4], rel=4 * 2**-53, abs=0)
