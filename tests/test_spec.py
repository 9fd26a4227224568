"""Curves and schedules as specs: frozen, hashable, plain data; and what combines them."""

import copy
import dataclasses
import itertools
import json
import math
import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from cases import CURVES
from csched.nodes import sequence
from hypothesis import given
from hypothesis import strategies as st
from strategies import curves

import csched
from csched import at, curve, every

every_curve = pytest.mark.parametrize("c", CURVES.values(), ids=CURVES)
NAMESPACE = {"curve": curve, "every": every, "at": at, "Schedule": csched.Schedule}
GOLDEN = json.loads((Path(__file__).parent / "data" / "spec-v1.json").read_text())


def same_bits(a, b, stop=200):
    return a.values(0, stop).tobytes() == b.values(0, stop).tobytes()


# --- frozen, hashable, printable -----------------------------------------------------------------


@every_curve
def test_a_curve_is_frozen(c):
    for field in dataclasses.fields(c):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(c, field.name, getattr(c, field.name))
    with pytest.raises((AttributeError, TypeError)):
        c.anything = 1


@every_curve
def test_equal_curves_have_equal_hashes_and_evaluation_changes_neither(c):
    other = csched.from_dict(c.to_dict())
    assert (other == c, hash(other) == hash(c)) == (True, True)
    c(0)
    assert (other == c, hash(other) == hash(c), repr(other) == repr(c)) == (True, True, True)


def test_different_curves_are_different():
    for a, b in itertools.combinations(CURVES.values(), 2):
        assert a != b, (a, b)
        assert repr(a) != repr(b)


@every_curve
def test_a_curve_prints_as_what_one_types(c):
    assert eval(repr(c), NAMESPACE) == c


def test_a_sum_is_bracketed_where_it_comes_first():
    c = (curve("linear", 1.0, 0.0, 4) + curve("constant", 1.0, steps=4)).then(curve("cosine"))
    assert eval(repr(c), NAMESPACE) == c


@given(curves())
def test_any_curve_survives_repr_json_and_pickle(c):
    assert eval(repr(c), NAMESPACE) == c
    data = c.to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data  # plain JSON types only
    assert csched.from_dict(data) == c
    assert csched.from_dict(json.loads(json.dumps(data))) == c


@every_curve
def test_copies_and_pickles_are_equal_and_give_the_same_bits(c):
    first = min(c.steps - 1, 10**6)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        other = pickle.loads(pickle.dumps(c, protocol))
        assert other == c
        assert other(first) == c(first)
    assert copy.copy(c) == copy.deepcopy(c) == c


def test_numbers_of_numpy_are_kept_as_python_numbers():
    c = curve("linear", np.float32(1.0), np.float64(0.5), np.int64(4), every(np.int64(2)))
    c = c.repeat(np.int32(3), np.int64(2), np.float64(0.5)).clip(np.float64(0.25), np.float32(0.75))
    c = c.rounded(np.float64(0.25)).noisy(np.float64(0.5), np.uint8(3), np.int64(1), np.int64(9))
    c = c[np.int64(1) : np.int64(20)]
    assert eval(repr(c), NAMESPACE) == c
    assert csched.from_dict(json.loads(json.dumps(c.to_dict()))) == c


# --- plain data ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOLDEN["curves"])
def test_the_golden_file_of_format_1_loads_for_ever(name):
    row = GOLDEN["curves"][name]
    c = csched.from_dict(row["spec"])
    assert (c.steps, repr(c)) == (row["steps"], row["repr"])
    for t, value in row["values"].items():
        assert c(int(t)) == pytest.approx(float.fromhex(value), rel=16 * 2**-52, abs=0)


def test_the_golden_file_holds_every_kind_of_curve():
    assert set(CURVES) <= set(GOLDEN["curves"])
    s = csched.from_json(json.dumps(GOLDEN["schedule"]))
    assert list(s) == ["lr", "betas[0]"]


def test_a_saved_schedule_of_five_phases_takes_under_2_kb():
    """Promise 5."""
    c = curve("constant", 0.1, steps=5)
    for _ in range(3):
        c = c.then(curve("rex", 0.1, 0.01, 1000, csched.at(0.5, 0.75), beta=0.9))
    assert len(csched.Schedule(lr=c.warmup(100)).to_json()) < 2000


# --- combining: what must not change -------------------------------------------------------------


@given(curves())
def test_wrapping_in_sequences_of_one_changes_nothing(c):
    """Promise 10, to depth 5; an empty part in front or behind changes nothing either."""
    wrapped = c
    for _ in range(5):
        wrapped = sequence(wrapped)
    assert wrapped == c
    assert same_bits(c[:0].then(c), c)
    assert c.warmup(0) == c[0:] == 1.0 * c == c
    assert same_bits(c.repeat(1), c)


@given(curves(), curves(), curves())
def test_products_and_sums_are_the_same_in_every_order(a, b, c):
    for combine in (lambda x, y: x * y, lambda x, y: x + y):
        made = {combine(combine(*p[:2]), p[2]) for p in itertools.permutations((a, b, c))}
        made |= {combine(p[0], combine(*p[1:])) for p in itertools.permutations((a, b, c))}
        assert len(made) == len({m.values(0, 99).tobytes() for m in made}) == 1


@given(curves(), curves())
def test_then_is_the_first_and_then_the_second_on_its_own_clock(a, b):
    c = a.then(b)
    assert c.steps == a.steps + b.steps
    assert c.values(0, a.steps).tobytes() == a.values().tobytes()
    assert c.values(a.steps, c.steps + 50).tobytes() == b.values(0, b.steps + 50).tobytes()


@given(curves(), curves(), curves())
def test_then_is_associative(a, b, c):
    assert a.then(b).then(c) == a.then(b.then(c))


@given(curves(), curves())
def test_products_and_sums_are_taken_step_by_step(a, b):
    n = max(a.steps, b.steps) + 20
    assert (a * b).steps == (a + b).steps == max(a.steps, b.steps)
    first, second = sorted((a.values(0, n), b.values(0, n)), key=lambda v: v.tobytes())
    np.testing.assert_allclose((a * b).values(0, n), first * second, rtol=1e-12)
    scale = np.abs(first) + np.abs(second)
    assert (np.abs((a + b).values(0, n) - (first + second)) <= 8 * 2**-52 * scale).all()


@given(curves(), st.floats(-1e3, 1e3).filter(lambda f: f == 0 or abs(f) > 1e-6))
def test_scaling_multiplies_every_value(c, factor):
    reach = np.abs(c.values(0, 99)).max() * 64 * 2**-52 * abs(factor)
    assert (np.abs((factor * c).values(0, 99) - factor * c.values(0, 99)) <= reach).all()
    assert (factor * c).steps == c.steps


def test_scaling_by_powers_of_two_is_exact():
    for c in CURVES.values():
        if c.kind in ("phase", "sequence", "repeat", "window") and c.steps < 10**6:
            assert (0.25 * c).values().tobytes() == (c.values() * 0.25).tobytes()


@given(curves(), st.integers(0, 90), st.integers(0, 40), st.integers(0, 130))
def test_a_slice_is_the_slice_and_then_holds(c, start, size, t):
    part = c[start : start + size]
    assert part.steps == size
    assert part(t) == c(start + min(t, size))
    assert c[start:](t) == c(start + t)


@given(curves(), st.integers(0, 90), st.integers(1, 40))
def test_a_cooldown_leaves_the_past_and_hits_its_floor(c, at_step, steps):
    """Promise 9: bit-identical before, the value of the curve at ``at``, exactly ``end`` after."""
    cool = c.cooldown(at_step, steps, "cosine", 0.125)
    assert cool.steps == at_step + steps
    assert cool.values(0, at_step).tobytes() == c.values(0, at_step).tobytes()
    assert cool(at_step) == c(at_step)
    assert cool(at_step + steps) == cool(at_step + steps + 99) == 0.125


def test_a_cooldown_may_begin_at_a_fraction_of_the_curve():
    c = curve("constant", 1.0, steps=10)
    assert c.cooldown(0.25, 2) == c.cooldown(3, 2)
    assert c.cooldown(20, 2).values().tolist() == [1.0] * 21 + [0.5]


def test_a_warmup_rises_to_where_the_curve_begins():
    c = curve("cosine", 0.8, 0.0, 30)
    for steps in (1, 2, 9):
        made = c.warmup(steps, 0.1, "cosine")
        assert made.steps == 30 + steps
        assert (made(0), made(steps)) == (0.1, 0.8)
        assert made.values(steps, 60).tobytes() == c.values(0, 60 - steps).tobytes()


@pytest.mark.parametrize(("part", "n", "steps"), [(0.1, 90, 10), (0.07, 93, 7), (0.29, 71, 29)])
def test_a_fraction_of_warmup_is_of_the_whole(part, n, steps):
    made = curve("linear", 1.0, 0.0, n).warmup(part)
    assert made.steps == n + steps == 100
    assert made(steps) == 1.0


@given(curves(), st.integers(1, 5), st.integers(0, 200))
def test_repeat_restarts_on_the_clock_of_each_cycle(c, n, t):
    again = c.repeat(n)
    assert again.steps == n * c.steps
    i = min(t // c.steps, n - 1)
    assert again(t) == c(t - i * c.steps)
    assert c.repeat()(t) == c.tail("repeat")(t) == c(t % c.steps)


@pytest.mark.parametrize("mult", [2, 3, 1.5, 1.1, 1.25])
def test_growing_cycles_have_rounded_lengths_and_the_same_shape(mult):
    c = curve("rex", 1.0, 0.1, 10).repeat(7, length_mult=mult)
    lengths = [round(10 * Fraction(str(mult)) ** i) for i in range(7)]
    assert c.steps == sum(lengths)
    begin = 0
    for length in lengths:
        cycle = curve("rex", 1.0, 0.1, length)
        assert c.values(begin, begin + length).tobytes() == cycle.values().tobytes()
        begin += length


def test_levels_change_from_cycle_to_cycle():
    legs = curve("linear", 0.5, 1.0, 2).then(curve("linear", 1.0, 0.5, 2))
    made = legs.repeat(3, peak_mult=0.5, floor_mult=0.25).values()
    assert made[[0, 4, 8]].tolist() == [0.5, 0.125, 0.03125]
    assert made[[2, 6, 10]].tolist() == [1.0, 0.5, 0.25]
    halved = legs.repeat(3, amplitude_mult=0.5)
    assert halved.values()[[0, 2, 4, 6, 8, 10]].tolist() == [0.5, 1.0, 0.5, 0.75, 0.5, 0.625]
    hanging = legs.repeat(3, amplitude_mult=0.5, keep="peak")
    assert hanging.values()[[0, 2, 4, 6, 8, 10]].tolist() == [0.5, 1.0, 0.75, 1.0, 0.875, 1.0]


def test_levels_of_growing_cycles_are_those_of_equal_ones():
    c = curve("cosine", 0.9, 0.1, 8)
    mults = {"peak_mult": 0.7, "floor_mult": 0.9, "amplitude_mult": 0.8}
    equal, growing = c.repeat(5, **mults), c.repeat(5, length_mult=2, **mults)
    starts = [8 * (2**i - 1) for i in range(5)]
    assert growing(np.array(starts)) == pytest.approx(equal.values()[::8], rel=1e-14, abs=0)


def test_levels_in_levels_follow_both():
    inner = curve("linear", 1.0, 0.25, 4).repeat(2, peak_mult=0.5)
    made = inner.repeat(2, peak_mult=0.5, floor_mult=0.5)
    assert made(np.array([0, 4, 8, 12])).tolist() == [1.0, 0.5, 0.5, 0.25]


@given(curves(), st.integers(1, 60))
def test_a_stretched_curve_has_the_length_asked_for_and_stretching_back_is_close(c, steps):
    made = c.stretch(steps)
    assert made.steps == steps
    assert c.stretch(c.steps) is c
    assert np.isfinite(made.values(0, 99)).all()


def test_stretching_keeps_the_shape():
    c = curve("cosine", 1.0, 0.0, 40).warmup(20)
    assert c.stretch(120) == curve("cosine", 1.0, 0.0, 80).warmup(40)
    assert c.stretch(30)(10) == 1.0
    assert c.repeat(3).stretch(90) == c.stretch(30).repeat(3)
    assert c[10:40].stretch(60).values()[::2].tolist() == pytest.approx(c[10:40].values().tolist())


@pytest.mark.parametrize("sampling", [None, every(3), at(0.5)])
def test_cycles_that_do_not_divide_the_steps_differ_by_one(sampling):
    cycle = curve("cosine", 1.0, 0.0, 9, sampling)
    stretched = cycle.repeat(10).stretch(103)
    apart = [cycle.stretch(n) for n in (10, 11, 10, 10, 11, 10, 10, 10, 11, 10)]
    assert same_bits(stretched, sequence(*apart))
    assert stretched.cycle_ends == (9, 20, 30, 40, 51, 61, 71, 81, 92, 102)


def test_a_million_cycles_are_stretched_in_runs():
    stretched = curve("cosine", 1.0, 0.0, 10).repeat(10**6).stretch(10**7 + 1)
    assert stretched.begins() == [0, 5_000_000, 5_000_011]  # one cycle is a step longer
    assert stretched.steps == 10**7 + 1


def test_a_part_of_what_repeats_for_ever_keeps_its_shape():
    part = csched.curve("linear", 1.0, 0.0, 3).repeat()[1:]  # two steps, then whole cycles
    assert part.stretch(4).values(0, 9)[::2].tolist() == part.values(0, 5).tolist()


FOR_EVER = csched.curve("linear", 1.0, 0.0, 3).repeat()
CUT = {
    "a part of a cycle": FOR_EVER[1:].repeat(3).repeat(4, length_mult=1.5),
    "cycles": FOR_EVER.repeat(3).repeat(4, length_mult=1.5),
    "cycles with levels": FOR_EVER.repeat(2, peak_mult=0.5).repeat(2, length_mult=1.5),
    "what is held": csched.curve("rex", 1.0, 0.5, 1).rounded(0.25)[3:][:2].repeat(2, length_mult=2),
}


@pytest.mark.parametrize("name", CUT)
def test_a_curve_that_was_made_has_values(name):
    cycle = CUT[name].of
    assert np.isfinite(CUT[name].values(0, CUT[name].steps + 9)).all()
    assert CUT[name].values(0, cycle.steps).tolist() == cycle.values().tolist()


def test_stretching_keeps_an_inclusive_end_and_marks():
    c = curve("linear", 1.0, 0.0, 11, endpoint=True)
    assert c.stretch(5) == curve("linear", 1.0, 0.0, 5, endpoint=True)
    assert c.stretch(1).values().tolist() == [0.0]
    marked = curve("linear", 1.0, 0.0, 10, at(4, 0.5, 9))
    assert marked.stretch(100) == curve("linear", 1.0, 0.0, 100, at(40, 0.5, 90))
    assert marked.stretch(2).steps == 2
    assert curve("linear", 1.0, 0.0, 10, every(5)).stretch(4).sampling == every(2)


def test_clip_limits_and_rounded_rounds_halves_to_even():
    c = curve("linear", 1.0, 0.0, 8)
    assert c.clip(0.3, 0.6).values().tolist() == np.clip(c.values(), 0.3, 0.6).tolist()
    assert c.clip(high=0.5).values().max() == 0.5
    assert c.rounded(0.25).values().tolist() == [1, 1, 0.75, 0.5, 0.5, 0.5, 0.25, 0]
    batch = (512 * curve("linear", 0.1, 1.0, 5)).rounded(8).values()
    assert (batch % 8 == 0).all()


@given(curves(), st.floats(0, 1), st.integers(0, 2**53), st.integers(0, 30), st.integers(0, 30))
def test_noise_is_bounded_and_a_function_of_seed_and_step(c, amplitude, seed, start, size):
    noisy = c.noisy(amplitude, seed, start, start + size)
    plain, made = c.values(0, 99), noisy.values(0, 99)
    assert (np.abs(made - plain) <= amplitude * np.abs(plain) * (1 + 1e-9)).all()
    assert made[:start].tobytes() == plain[:start].tobytes()
    assert made[start + size :].tobytes() == plain[start + size :].tobytes()
    assert noisy(start) == made[start]


def test_noise_is_uniform_and_differs_by_seed():
    one = curve("constant", 1.0, steps=10**5)
    u = one.noisy(0.5, seed=1).values() - 1.0
    v = one.noisy(0.5, seed=2).values() - 1.0
    # means of 1e5 uniform numbers in [-0.5, 0.5) have a deviation of 0.0009
    assert max(abs(u.mean()), abs(v.mean())) < 0.004
    assert u.std() == pytest.approx(0.5 / math.sqrt(3), rel=0.01)
    assert abs(np.corrcoef(u, v)[0, 1]) < 0.015
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.015


@every_curve
def test_past_the_end_the_value_is_held_unless_the_curve_repeats(c):
    """Promise 8: from the end to ten times the horizon."""
    if c.kind == "strict" or (c.kind == "repeat" and c.n is None):
        return
    held = [c(t) for t in (c.steps, c.steps + 1, 2 * c.steps, 10 * c.steps, 2**53)]
    if "noisy" not in repr(c):
        assert len(set(held)) == 1


def test_tail_raise_refuses_steps_past_the_end():
    c = curve("linear", 1.0, 0.0, 4).tail("raise")
    assert c.values().tolist() == [1.0, 0.75, 0.5, 0.25]
    past = r"Curve.values: stop must be at most steps = 4 \(tail 'raise'\), got 5"
    for ask in (
        lambda: c.values(0, 5),
        lambda: c.values(out=np.empty(5)),
        lambda: list(c.chunks(5, 0, 5)),
    ):
        with pytest.raises(ValueError, match=past):
            ask()
    for step in (4, [0, 4]):
        with pytest.raises(
            ValueError, match=r"Curve: step must be below steps = 4 \(tail 'raise'\)"
        ):
            c(step)
    with pytest.raises(ValueError, match=past):
        csched.stack([c]).values(0, 5)
    assert c.tail("hold") == c


# --- schedules -----------------------------------------------------------------------------------


def schedule():
    return csched.Schedule(
        {"betas[0]": CURVES["clip"]}, lr=CURVES["sequence"], momentum=CURVES["at"]
    )


def test_a_schedule_is_a_mapping_of_its_curves():
    s = schedule()
    assert list(s) == list(s.keys()) == ["betas[0]", "lr", "momentum"]
    assert dict(s.items()) == {name: s[name] for name in s}
    assert (len(s), "lr" in s, "gamma" in s) == (3, True, False)
    assert s.steps == max(c.steps for _, c in s.items())
    assert s(3) == {name: s[name](3) for name in s}
    assert {k: v.tolist() for k, v in s([1, 2]).items()} == {k: s[k]([1, 2]).tolist() for k in s}
    with pytest.raises(KeyError, match="Schedule has no curve 'lrr'; it has"):
        s["lrr"]


def test_values_of_a_schedule_are_those_of_its_curves_over_one_clock():
    s = schedule()
    for dtype in (np.float64, np.float32):
        for name, made in s.values(dtype=dtype).items():
            assert made.tobytes() == s[name].values(0, s.steps, dtype=dtype).tobytes()
    assert {len(v) for v in s.values(3, 9).values()} == {6}


def test_a_schedule_is_frozen_hashable_and_plain():
    s = schedule()
    assert s == csched.from_json(s.to_json()) == csched.from_json(s.to_json(indent=1))
    assert s == pickle.loads(pickle.dumps(s)) == copy.deepcopy(s) == eval(repr(s), NAMESPACE)
    assert hash(s) == hash(copy.deepcopy(s))
    assert s != s.replace(lr=CURVES["at"])
    assert s.replace(lr=CURVES["at"])["momentum"] == s["momentum"]
    with pytest.raises(AttributeError, match="Schedule is immutable"):
        s.lr = 1
    with pytest.raises(TypeError):
        s["lr"] = CURVES["at"]


@pytest.mark.parametrize("name", ["lr", "betas[0]", "lambda", "class", "two words", "self", "µ"])
def test_any_name_of_a_hyperparameter_prints_and_saves(name):
    s = csched.Schedule({name: curve("linear")})
    assert eval(repr(s), NAMESPACE) == s == csched.from_json(s.to_json())


def test_a_schedule_stretches_in_proportion():
    s = csched.Schedule(lr=curve("linear", 1, 0, 100), momentum=curve("linear", 1, 0, 50)).stretch(
        20
    )
    assert (s.steps, s["momentum"].steps) == (20, 10)
