"""Control: what changes the future of a curve leaves its past alone (promises 8, 9 and 10)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import curves

import csched

T = 60
CURVES = {
    "linear": csched.linear(1.0, T)["lr"],
    "cosine": csched.cosine(1.0, T, warmup_steps=7, floor=0.01)["lr"],
    "rex every 7": csched.rex(1.0, T, sampling=csched.every(7))["lr"],
    "rex at marks": csched.rex(1.0, T, sampling=csched.at(0.5, 0.75))["lr"],
    "exponential": csched.exponential(1.0, T, end=0.01)["lr"],
    "table": csched.curve("table", 1.0, 0.1, T, points=[1.0, 0.2, 0.4, 0.0]),
    "wsd": csched.wsd(1.0, T, warmup_steps=10)["lr"],
    "inverse_sqrt": csched.inverse_sqrt(1.0, T, warmup_steps=10)["lr"],
    "one_cycle": csched.one_cycle(1.0, T)["lr"],
    "sgdr": csched.sgdr(1.0, T, t_0=9, t_mult=2)["lr"],
    "sgdr falling": csched.sgdr(1.0, t_0=10, cycles=6, peak_mult=0.5)["lr"],
    "triangular2": csched.triangular2(1.0, T, floor=0.1, up_steps=7)["lr"],
    "exp_range": csched.exp_range(1.0, T, floor=0.1, up_steps=7)["lr"],
    "jagged": csched.jagged(1.0, T, interval=20, ramp_steps=5)["lr"],
    "cosine_restarts": csched.cosine_restarts(1.0, T, cycles=7)["lr"],
    "piecewise": csched.piecewise_linear([(0, 0.5), (0.3, 1.0), (1.0, 0.1)], T)["lr"],
    "smith": csched.one_cycle_smith(1.0, T, start=0.1)["lr"],
    "batch size": csched.batch_size_ramp(8, 64, T, multiple=8)["batch_size"],
    "noisy": csched.cosine(1.0, T)["lr"].noisy(0.1, seed=1),
    "sum": csched.linear(1.0, T)["lr"] + csched.cosine(0.5, T)["lr"],
    "endless": csched.curve("cosine", 1.0, 0.0, 11).repeat(),
}
ODD = csched.curve("linear", 0.3, 0.7, 13)

CHANGES = {
    "cooldown": lambda c, p: c.cooldown(p, 10, "cosine", 0.001),
    "then": lambda c, p: c[:p].then(ODD),
    "extend stretch": lambda c, p: c.extend(c.steps + 37, at=min(p, c.steps - 1)),
    "extend shorter": lambda c, p: c.extend(min(p, c.steps - 1) + 3, at=min(p, c.steps - 1)),
    "extend hold": lambda c, p: c.extend(c.steps + 37, "hold", at=min(p, c.steps)),
    "shift later": lambda c, p: c.shift(5, at=min(p, c.steps)),
    "shift earlier": lambda c, p: c.shift(-min(3, c.steps - min(p, c.steps)), at=min(p, c.steps)),
    "clip": lambda c, p: c.clip(0.2, 0.4, at=p),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", CURVES)
def test_changing_the_future_leaves_the_past_bit_for_bit(name, change):
    c = CURVES[name]
    for p in (0, 1, 8, 9, 17, 33, 59, 60):
        changed = CHANGES[change](c, p)
        past = min(p, c.steps - 1)
        assert (changed.values(0, past) == c.values(0, past)).all()
        assert changed(list(range(past))).tolist() == c.values(0, past).tolist()
        assert np.isfinite(changed.values(0, 10 * T)).all()


@given(c=curves(), change=st.sampled_from(sorted(CHANGES)), at=st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_any_change_of_any_curve_leaves_the_past_bit_for_bit(c, change, at):
    p = min(at, max(0, c.steps - 1))
    changed = CHANGES[change](c, p) if c.steps else c
    assert changed.values(0, p).tobytes() == c.values(0, p).tobytes()
    if change == "cooldown" and c.steps:
        assert changed(p) == c(p)
        assert (changed.values(p + 10, p + 20) == 0.001).all()


@pytest.mark.parametrize("name", CURVES)
def test_cooldown_starts_from_the_current_value_and_meets_its_end(name):
    c = CURVES[name]
    for p in (0, 1, 17, 59, 60):
        cooled = c.cooldown(p, 10, "linear", 0.001)
        assert cooled(p) == c(p)
        assert cooled(p + 10) == cooled(10**6) == 0.001


@pytest.mark.parametrize("name", CURVES)
def test_cooldown_can_be_branched_off_many_times(name):
    c = CURVES[name]
    once, twice = c.cooldown(20, 5), c.cooldown(40, 5)
    assert (once.values(0, 20) == twice.values(0, 20)).all()
    again = c.cooldown(20, 5).cooldown(22, 3)
    assert (again.values(0, 22) == once.values(0, 22)).all()


CUT = {"sgdr", "jagged", "exp_range", "triangular2"}  # by a window, whose end moves to a step


@pytest.mark.parametrize("name", sorted(set(CURVES) - {"noisy"}))
def test_a_stretched_future_begins_at_the_current_value_and_ends_where_it_would(name):
    c = CURVES[name]
    for p in (1, 17, 20, 33):
        at = min(p, c.steps - 1)
        for steps in (T + 1, 100, 600):
            longer = c.extend(steps, at=at)
            assert longer.steps == steps or name == "endless"
            # 1e-13: exp_range reads the place on a phase of 1e7 steps, in one rounded float
            assert longer(at) == pytest.approx(c(at), rel=1e-13, abs=0.0)
            if name not in CUT | {"endless"}:
                assert longer(steps) == c(c.steps)


def test_a_stretched_future_holds_its_sample_as_many_times_longer():
    every = csched.curve("linear", 1.0, 0.0, 40, sampling=csched.every(10)).extend(70, at=10)
    assert every.values(0, 72).tolist() == [1.0] * 10 + [0.75] * 20 + [0.5] * 20 + [0.25] * 20 + (
        [0.0] * 2
    )
    marks = csched.curve("linear", 1.0, 0.0, 40, sampling=csched.at(0.5, 0.75)).extend(70, at=10)
    assert marks.values(0, 72).tolist() == [1.0] * 30 + [0.5] * 20 + [0.25] * 20 + [0.0] * 2
    late = csched.curve("linear", 1.0, 0.0, 40, sampling=csched.every(10)).extend(70, at=35)
    assert late.values(30, 72).tolist() == [0.25] * 40 + [0.0] * 2


def test_a_part_that_is_stretched_begins_where_it_did():
    c = csched.cosine(1.0, 100, warmup_steps=10)["lr"]
    for part in (c[33:], c[33:77], c[33:].then(ODD), csched.sgdr(1.0, t_0=7, cycles=9)["lr"][33:]):
        longer = part.stretch(2 * part.steps + 1)
        assert longer(0) == pytest.approx(part(0), rel=1e-14, abs=0.0)
        assert longer.steps == 2 * part.steps + 1
    again = c[:20].then(c[33:]).extend(200, at=20)
    assert again(20) == pytest.approx(c(33), rel=1e-14, abs=0.0)


def test_a_shorter_future_ends_where_it_would_though_its_last_phase_is_lost():
    c = csched.curve("linear", 1.0, 0.5, 40).then(csched.curve("linear", 0.5, 0.1, 1))
    assert c.extend(12, at=10).values(11, 15).tolist()[1:] == [0.1] * 3
    assert c.stretch(4).steps == 4
    assert c.stretch(4)(4) == 0.1


def test_factors_that_are_over_stay_what_they_are_when_the_rest_is_stretched():
    half = csched.curve("linear", 1.0, 0.5, 10)
    c = half * csched.curve("linear", 1.0, 0.0, 40)
    longer = c.extend(80, at=20)
    assert longer(20) == c(20) == 0.25
    assert longer(50) == 0.125
    empty = csched.curve("constant", 2.0, steps=9)[4:4]
    assert (c * empty).stretch(80)(0) == 2.0


@pytest.mark.parametrize("change", ["extend", "hold", "shift", "clip", "scale"])
def test_a_curve_that_raises_past_its_end_does_so_past_its_new_end(change):
    plain = CURVES["cosine"]
    changes = {
        "extend": lambda c: c.extend(90, at=20),
        "hold": lambda c: c.extend(90, "hold"),
        "shift": lambda c: c.shift(30, at=T),
        "clip": lambda c: c.clip(0.1, 0.5, at=20),
        "scale": lambda c: 0.5 * c,
    }
    strict = changes[change](plain.tail("raise"))
    assert strict == changes[change](plain).tail("raise")
    assert strict(strict.steps - 1) == changes[change](plain)(strict.steps - 1)
    with pytest.raises(ValueError, match=f"below steps = {strict.steps} "):
        strict(strict.steps)


def test_what_goes_on_past_the_end_goes_on_after_a_delay():
    for c in (CURVES["noisy"], CURVES["endless"], csched.constant(1.0, 9)["lr"].noisy(0.5).clip(0)):
        n = c.steps
        assert (c.shift(5, at=n).values(n + 5, n + 40) == c.values(n, n + 35)).all()


def test_stretching_the_rest_reads_the_profile_between_its_old_steps():
    c = csched.cosine(1.0, 100)["lr"]
    longer = c.extend(300, at=50)
    for t in range(50, 300):
        z = 0.5 + (t - 50) / 500
        assert longer(t) == pytest.approx(np.cos(np.pi * z / 2) ** 2, rel=1e-11, abs=0.0)


def test_hold_delays_what_follows():
    for name, c in CURVES.items():
        if name == "endless":
            continue
        longer = c.extend(T + 9, "hold", at=20)
        assert (longer.values(20, 29) == c(20)).all()
        assert (longer.values(29) == c.values(20)).all()
        assert (c.extend(T + 9, "hold").values() == c.values(0, T + 9)).all() or name == "smith"


def test_shift_earlier_leaves_steps_out():
    c = CURVES["cosine"]
    assert (c.shift(-4, at=10).values() == np.delete(c.values(), range(10, 14))).all()


def test_stretching_keeps_what_follows_the_end():
    c = csched.piecewise_constant([1.0, 0.5], 10, boundaries=[10])["lr"]
    assert c.stretch(20).values(0, 22).tolist() == [1.0] * 20 + [0.5] * 2


def test_clip_limits_the_future_only():
    c = CURVES["linear"]
    assert (c.clip(0.2, 0.6, at=30).values(30) == np.clip(c.values(30), 0.2, 0.6)).all()


def test_a_shorter_run_sees_the_values_of_the_full_run():
    for c in CURVES.values():
        assert (c.values(0, 10) == c.values(0, T)[:10]).all()


def test_a_schedule_is_extended_as_one():
    s = csched.one_cycle(1.0, 100).extend(200, at=40)
    assert s.steps == s["lr"].steps == s["momentum"].steps == 200
    old = csched.one_cycle(1.0, 100)
    for name, c in s.items():
        assert (c.values(0, 40) == old[name].values(0, 40)).all()
    held = csched.one_cycle(1.0, 100).extend(120, "hold")
    assert held["lr"](119) == old["lr"](100)


@pytest.mark.parametrize("name", CURVES)
def test_changed_curves_are_plain_data(name):
    for change in CHANGES.values():
        c = change(CURVES[name], 17)
        assert csched.from_dict(c.to_dict()) == c
        assert eval(repr(c), {"curve": csched.curve, **vars(csched)}).values(0, 99).tolist() == (
            c.values(0, 99).tolist()
        )


# --- promise 8: a safe end ------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(CURVES) - {"endless", "noisy", "batch size"}))
def test_from_the_horizon_on_the_value_is_the_final_one_and_within_the_bounds(name):
    c = CURVES[name]
    values = c.values(0, 10 * c.steps)
    low, high = (0.0, 1.5) if name == "sum" else (0.0, 1.0)
    assert np.isfinite(values).all()
    assert low <= values.min()
    assert values.max() <= high
    assert (values[c.steps :] == values[c.steps]).all()


@pytest.mark.parametrize("rule", ["hold", "repeat", "raise"])
@pytest.mark.parametrize("name", sorted(set(CURVES) - {"endless"}))
def test_each_curve_has_the_tail_it_is_given(name, rule):
    c = CURVES[name].tail(rule)
    n = c.steps
    assert (c.values(0, n) == CURVES[name].values(0, n)).all()
    if rule == "hold":
        assert (c.values(n, 3 * n) == c(n)).all()
    elif rule == "repeat":
        assert (c.values(n, 2 * n) == c.values(0, n)).all()
    else:
        for ask in (lambda: c(n), lambda: c.values(0, n + 1), lambda: c([0, n])):
            with pytest.raises(ValueError, match=r"below steps|at most steps"):
                ask()


# --- promise 10: transparent composition ----------------------------------------------------------


@pytest.mark.parametrize("name", CURVES)
def test_wrapping_in_one_element_sequences_changes_nothing(name):
    c = wrapped = CURVES[name]
    for _ in range(5):
        wrapped = wrapped[0:].shift(0).extend(wrapped.steps)
        empty = csched.curve("constant", 9.0, steps=1)[0:0]
        wrapped = empty.then(wrapped)
    assert wrapped == c


def test_milestones_may_be_zero_equal_or_past_the_end():
    c = CURVES["cosine"]
    assert (c[:0].then(ODD).values() == ODD.values()).all()
    assert (c[: T + 40].then(ODD)(T + 40)) == ODD(0)
    twice = c[:20].then(c[20:20]).then(ODD)
    assert (twice.values(20) == ODD.values()).all()


@given(st.permutations(["linear", "cosine", "wsd", "triangular2"]))
@settings(max_examples=24)
def test_a_product_is_the_same_in_every_order(names):
    made = CURVES[names[0]]
    for name in names[1:]:
        made = made * CURVES[name]
    wanted = CURVES["linear"] * CURVES["cosine"] * CURVES["wsd"] * CURVES["triangular2"]
    assert (made.values() == wanted.values()).all()


BAD = [
    (lambda c: c.extend(10, at=20), "Curve.extend: steps must be in"),
    (lambda c: c.extend(100, at=60), "Curve.extend: at must be in"),
    (lambda c: c.extend(50, "hold"), r"Curve.extend: steps must be in \[60, 2\*\*53\], got 50; to"),
    (lambda c: c.extend(100, "squeeze"), "Curve.extend: how must be one of 'stretch', 'hold'"),
    (lambda c: c.extend(2**53, at=59), "Curve.stretch: steps must be such that the whole profile"),
    (lambda c: c.shift(-61), "Curve.shift: steps must be in"),
    (lambda c: c.shift(3, at=61), "Curve.shift: at must be in"),
    (lambda c: c.clip(1.0, 0.0), "Curve.clip: low must be at most high"),
    (lambda c: c.clip(float("nan")), "Curve.clip: low must be"),
    (lambda c: c.cooldown(10, 0), "Curve.cooldown: steps must be in"),
    (lambda c: c.cooldown(1.5, 3), "Curve.cooldown: at must be"),
    (lambda c: c.tail("bounce"), "Curve.tail: rule must be one of"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[m for _, m in BAD])
def test_an_impossible_change_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        change(CURVES["linear"])
