"""The closed form: float32 arithmetic in the graph, against the exact curve in float64."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from test_jax import CURVES

import csched
from csched import jax as cj

RNG = np.random.default_rng(20)
FLUSHED = 2.0**-119  # below 2^-126 XLA flushes to 0, also a square whose power is asked for


def ulps(got, exact):
    """Distance from the exact value in units of the last place of float32."""
    exact, got = np.asarray(exact, np.float64), np.asarray(got, np.float64)
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    error = np.abs(got - exact)
    return np.where(error < FLUSHED, 0.0, error / unit)


def worst(curve, steps):
    steps = np.asarray(steps, np.int64)
    error = ulps(cj.as_schedule(curve, "closed")(jnp.asarray(steps, jnp.int32)), curve(steps))
    assert not np.any(np.isnan(error))
    return error.max()


def spread(n, top):
    """Steps everywhere: both ends, in geometric distances from both, and at random."""
    near = np.geomspace(1, n, 500).astype(np.int64)
    steps = [np.arange(200), n - np.arange(200), near, n - near, RNG.integers(0, n, 1500)]
    return np.clip(np.concatenate([*steps, n + np.arange(5)]), 0, top)


# --- profiles -------------------------------------------------------------------------------

PHASES = [
    ("constant", {}),
    ("linear", {}),
    *(("polynomial", {"power": p}) for p in (0.5, 2, 3)),
    ("cosine", {}),
    ("exponential", {}),
    ("exponential_offset", {}),
    ("exponential_offset", {"rate": 30, "normalised": True}),
    ("exponential_offset", {"rate": 0.01, "normalised": True}),
    *(("rex", {"beta": b}) for b in (0.0, 0.5, 0.9, 0.999)),
    ("inverse_sqrt", {}),
    ("inverse_sqrt", {"scale": 1e6}),
    ("one_minus_sqrt", {}),
    ("tanh", {}),
    ("tanh", {"lower": -40, "upper": 40}),
    ("tanh", {"lower": -3, "upper": 30}),
    ("tanh", {"lower": -0.1, "upper": 0.1}),
    ("tanh", {"lower": -100, "upper": 100}),
    ("tanh", {"lower": -100, "upper": 3}),
    ("tanh", {"lower": 90, "upper": 100}),
    ("tanh", {"lower": -100, "upper": -70}),
    ("parabolic", {}),
    ("elliptic", {}),
    *(("polynomial", {"power": p}) for p in (0.01, 1.7, 10)),
    *(("polynomial", {"power": p, "k_decay": k}) for p, k in [(1.5, 3), (100, 0.001)]),
    *(("cosine", {"power": p}) for p in (0.3, 2)),
    ("cosine", {"k_decay": 3}),
    ("parabolic", {"power": 0.7}),
    ("inverse_power", {}),
    ("inverse_power", {"power": 2}),
    ("logarithmic", {}),
    ("hyperbolic", {}),
    ("exp_hyperbolic", {}),
]
IDS = ["-".join([name, *map(str, kw.values())]) for name, kw in PHASES]


def bound(profile, start, end, arguments):
    """8 ulp: three roundings of the distance, twice for a square, and the sum. A general power
    multiplies them by itself, and so does the ratio of exp_hyperbolic."""
    if profile == "exp_hyperbolic":
        return 8 + 2 * abs(math.log(start / end))
    power, k_decay = (arguments.get(name, 1) for name in ("power", "k_decay"))
    exact = {"cosine": (1,), "inverse_power": (0.5, 1)}.get(profile, (0.5, 1, 2, 3))
    if 1 in (power, k_decay) and power in exact and k_decay in exact:
        return 8
    return 8 + (12 if profile == "cosine" or k_decay != 1 else 4) * max(1, power) * max(1, k_decay)


ENDS = [(1.0, 0.0), (0.0, 1.0), (0.1, 1e-6), (1e-6, 0.1), (-0.1, -0.2)]


def beside_exact(profile, n, start, end, arguments):
    """Steps, values, exact values, and the bound."""
    if csched.PROFILES[profile].positive:
        start, end = start or 1e-30, end or 1e-30
    curve = csched.curve(profile, start, end, n, **arguments)
    steps = spread(n, 2**31 - 1)
    got = cj.as_schedule(curve, "closed")(jnp.asarray(steps, jnp.int32))
    return steps, np.asarray(got), curve(steps), bound(profile, start, end, arguments)


@functools.cache
def evaluated(i, n):
    """A profile over n steps, for several pairs of ends."""
    profile, arguments = PHASES[i]
    return [beside_exact(profile, n, *ends, arguments) for ends in ENDS]


@pytest.mark.parametrize("i", range(len(PHASES)), ids=IDS)
@pytest.mark.parametrize("n", [100, 2**24 + 1, 2**31 - 10])
def test_closed_form_is_within_its_bound_of_the_exact_value(i, n):
    for _, got, exact, allowed in evaluated(i, n):
        assert ulps(got, exact).max() <= allowed


@pytest.mark.parametrize("i", range(len(PHASES)), ids=IDS)
@pytest.mark.parametrize("n", [100, 2**24 + 1])
def test_closed_form_meets_both_ends_exactly(i, n):
    for steps, got, exact, _ in evaluated(i, n):
        outside = (steps == 0) | (steps >= n)
        assert got[outside].tolist() == exact[outside].astype(np.float32).tolist()


def any_number(argument):
    if argument.name == "normalised":
        return bool(RNG.integers(2))
    if argument.low < 0 or argument.high == 1:
        return RNG.uniform(max(argument.low, -20), min(argument.high, 20))
    low, high = max(argument.low, 1e-3), 50 if argument.high == 100 else min(argument.high, 1e6)
    return float(np.exp(RNG.uniform(np.log(low), np.log(high))))


@pytest.mark.parametrize("profile", [p.name for p in csched.PROFILES.values() if p.name != "table"])
def test_every_profile_has_a_closed_form_for_any_arguments(profile):
    for i in range(10):
        drawn = {a.name: any_number(a) for a in csched.PROFILES[profile].arguments}
        if profile == "tanh":
            drawn = dict(zip(drawn, sorted(drawn.values()), strict=True))
        n, ends = int(np.exp2(RNG.uniform(5, 31))), ENDS[i % len(ENDS)]
        steps, got, exact, allowed = beside_exact(profile, n, *ends, drawn)
        assert ulps(got, exact).max() <= allowed, (drawn, n, ends)
        assert np.array_equal(got[steps >= n], exact[steps >= n].astype(np.float32))


@pytest.mark.parametrize("profile", ["exponential", "exp_hyperbolic"])
@pytest.mark.parametrize("ends", [(1.6e38, 1.2e-38), (1.2e-38, 1.6e38), (1.0, 2.0**-9.99)])
def test_exponentials_reach_over_the_range_of_float32(profile, ends):
    _, got, exact, allowed = beside_exact(profile, 2**31 - 10, *ends, {})
    assert ulps(got, exact).max() <= allowed
    np.testing.assert_allclose(got, exact, rtol=allowed * 2.0**-23)  # also what is below FLUSHED


# --- every node of the spec -------------------------------------------------------------------

LINE = csched.curve("linear", 0.1, 1.0, 20).then(csched.curve("linear", 1.0, 0.1, 30))
POINTS = [1.0, *RNG.random(200).tolist(), 0.0]
TREES = {
    **{name: c for name, c in CURVES.items() if name != "noisy"},
    "triangular2": LINE.repeat(amplitude_mult=0.5),
    "kept_peak": LINE.repeat(amplitude_mult=0.9, keep="peak"),
    "falling_for_ever": csched.curve("cosine", 1.0, 0.1, 7).repeat(peak_mult=0.99, floor_mult=0.98),
    "many_levels": csched.curve("cosine", 1.0, 0.1, 7).repeat(100, peak_mult=0.99),
    "few_levels": csched.curve("exponential", 1.0, 0.1, 7).repeat(60, peak_mult=0.99),
    "growing_slowly": csched.curve("rex", 1.0, 0.1, 7).repeat(length_mult=1.01),
    "many_cycles": csched.curve("rex", 1.0, 0.1, 10**9 + 7).repeat(1000),
    "every_after_warmup": csched.curve("rex", 1.0, 0.1, 70, sampling=csched.every(8)).warmup(5),
    "every_tenth": csched.curve("rex", 1.0, 0.1, 77, sampling=csched.every(0.1)),
    "points": csched.curve("table", 1.0, 0.1, 777, points=POINTS),
    "sampled_points": csched.curve("table", 1.0, 0.1, 77, points=POINTS, sampling=csched.at(0.3)),
    "endpoint": csched.curve("cosine", 1.0, 0.0, 77, endpoint=True),
    "offset": csched.curve("cosine", 1.0, 0.0, 77, offset=2.5, span=60.25),
    "late_offset": csched.curve("cosine", 1.0, 0.0, 10**6, offset=1.5e12 + 0.25, span=1.7e12),
    "early_offset": csched.curve("cosine", 1.0, 0.0, 10**6, offset=5e11 + 0.25, span=1.7e12),
    "beyond_reach": csched.curve("cosine", 1.0, 0.0, 3 * 10**9),
    "nested": csched.curve("cosine", 1.0, 0.0, 7).repeat(3).then(LINE).repeat(),
    "sum_of_loops": LINE.repeat() + csched.curve("cosine", 1.0, 0.0, 7).repeat(),
    "sequence_of_products": (LINE * LINE).then(LINE.clip(0.2, 0.8)).then(LINE),
    "window_of_loop": LINE.repeat()[33:],
}


@pytest.mark.parametrize("name", TREES)
def test_every_node_is_within_the_bound_over_its_tail(name):
    curve = TREES[name]
    steps = np.concatenate([np.arange(1500), RNG.integers(0, 2**31 - 100, 2500)])
    assert worst(curve, steps) <= 8


@pytest.mark.parametrize("name", ["warmup_cosine", "points", "few_levels", "nested", "offset"])
def test_negative_counts_give_the_first_value(name):
    schedule, first = cj.as_schedule(TREES[name], "closed"), np.float32(TREES[name](0))
    for count in (-1, jnp.int32(-5), jnp.array([-(2**31), -1], jnp.int32)):
        assert np.all(np.asarray(schedule(count)) == first)
    with jax.enable_x64(True):
        assert float(jax.jit(schedule)(jnp.int64(-(2**40)))) == first


@pytest.mark.parametrize("t_mult", [2, 3, 5])
def test_every_restart_gives_the_peak_exactly(t_mult):
    curve = csched.curve("cosine", 0.1, 0.0, 10).repeat(length_mult=t_mult)
    restarts = np.array([e + 1 for e in curve[: 2**31 - 2].cycle_ends[:-1]])
    assert len(restarts) > 10
    got = cj.as_schedule(curve, "closed")(jnp.asarray(restarts, jnp.int32))
    assert set(np.asarray(got).tolist()) == {float(np.float32(0.1))}


BIG = 10**13  # tokens
LONG = {
    "cosine": csched.curve("cosine", 1.0, 0.0, BIG).warmup(10**10),
    "exponential": csched.curve("exponential", 1.0, 1e-8, BIG),
    "sgdr": csched.curve("cosine", 1.0, 0.0, 10).repeat(length_mult=2),
    "endless": csched.curve("rex", 1.0, 0.0, 10**9 + 7).repeat(),
    "cycles": csched.curve("rex", 1.0, 0.1, 10**9 + 7).repeat(1000),
    "every": csched.curve("linear", 1.0, 0.0, BIG, sampling=csched.every(10**6)),
    "levels": csched.curve("cosine", 1.0, 0.1, 10**9).repeat(1000, peak_mult=0.999),
    "product": csched.curve("linear", 1.0, 0.0, BIG) * csched.curve("cosine", 1.0, 0.5, 9).repeat(),
    "window": csched.curve("cosine", 1.0, 0.0, BIG)[10**12 : 9 * 10**12],
}


@pytest.mark.parametrize("name", LONG)
def test_two_words_count_past_2_to_the_31(name):
    curve = LONG[name]
    around = np.arange(-200, 200)
    steps = np.concatenate([spread(BIG, 2**53 - 1), 2**31 + around, 2**32 + around, [2**53 - 1]])
    pair = jnp.asarray(steps >> 32, jnp.uint32), jnp.asarray(steps & 0xFFFFFFFF, jnp.uint32)
    got = cj.as_schedule(curve, two_words=True)(pair)
    assert ulps(got, curve(steps)).max() <= 8


def test_two_words_take_plain_counts_too():
    schedule = cj.as_schedule(LONG["cosine"], two_words=True)
    for t in (0, 5, 2**31 - 1):
        assert float(schedule(t)) == float(schedule(cj.words(t))) == float(schedule(jnp.int32(t)))
    assert float(schedule(3 * 10**9)) == float(schedule(cj.words(3 * 10**9)))
    assert float(schedule((0, 3 * 10**9))) == float(schedule(cj.words(3 * 10**9)))


def test_advance_carries_into_the_high_word():
    count = cj.words(2**32 - 3)
    for t in range(2**32 - 3, 2**32 + 3):
        assert [int(w) for w in count] == list(divmod(t, 2**32))
        count = jax.jit(cj.advance)(count)
    jumped = cj.advance(cj.words(2**32 - 3), 2**32 - 1)
    assert [int(w) for w in jumped] == list(divmod(2**33 - 4, 2**32))


# --- beside optax -----------------------------------------------------------------------------


def beside_optax(n):
    w = n // 10
    cosine = csched.curve("cosine", 0.1, 0.0, n)
    leg = {"init_value": 0.1, "peak_value": 0.1, "decay_steps": n // 4, "warmup_steps": 0}
    return {
        "cosine": (cosine, optax.cosine_decay_schedule(0.1, n)),
        "linear": (csched.curve("linear", 0.1, 0.0, n), optax.linear_schedule(0.1, 0.0, n)),
        "square": (
            csched.curve("polynomial", 0.1, 0.0, n, power=2),
            optax.polynomial_schedule(0.1, 0.0, 2, n),
        ),
        "warmup_cosine": (
            csched.curve("cosine", 0.1, 0.0, n - w).warmup(w),
            optax.warmup_cosine_decay_schedule(0.0, 0.1, w, n),
        ),
        "exponential": (
            csched.curve("exponential", 0.1, 1e-4, n),
            optax.exponential_decay(0.1, n, 1e-3),
        ),
        "sgdr": (
            csched.curve("cosine", 0.1, 0.0, n // 4).repeat(4),
            optax.sgdr_schedule([leg] * 4),
        ),
    }


@pytest.mark.parametrize("name", beside_optax(100))
@pytest.mark.parametrize("n", [1000, 10**6, 10**8, 2 * 10**9])
def test_worst_error_is_below_that_of_optax(name, n):
    curve, peer = beside_optax(n)[name]
    steps = spread(n, n - 1)
    ours = worst(curve, steps)
    theirs = ulps(jax.jit(jax.vmap(peer))(jnp.asarray(steps, jnp.int32)), curve(steps)).max()
    assert ours < theirs


@pytest.mark.parametrize("name", beside_optax(100))
def test_table_is_nearer_to_the_exact_value_than_optax_at_every_step(name):
    curve, peer = beside_optax(100_000)[name]
    counts = jnp.arange(curve.steps)
    ours = ulps(jax.vmap(cj.as_schedule(curve, "table"))(counts), curve.values())
    theirs = ulps(jax.jit(jax.vmap(peer))(counts), curve.values())
    assert np.all(ours <= theirs)


@pytest.mark.parametrize("mode", ["table", "closed"])
@pytest.mark.parametrize("name", ["warmup_cosine", "endless", "points"])
def test_counts_of_64_bits_give_float32_values_too(name, mode):
    curve, steps, bound = TREES[name], np.arange(150).reshape(2, 75), 8 if mode == "closed" else 0
    plain = cj.as_schedule(curve, mode)(jnp.asarray(steps, jnp.int32))
    with jax.enable_x64(True):
        schedule = cj.as_schedule(curve, mode)
        counts = jnp.asarray(steps, jnp.int64)
        for got in (schedule(counts), jax.jit(schedule)(counts)):
            assert got.dtype == jnp.float32
            assert ulps(got, plain).max() <= bound
        far = 2**40 if mode == "table" else 2**31 - 1  # where the closed form stops counting
        assert ulps(schedule(jnp.int64(2**40)), np.float32(curve(far))) <= bound
        assert float(schedule(np.uint8(3))) == float(plain[0, 3])


# --- choice, structure, refusals ----------------------------------------------------------------


def test_a_table_is_chosen_up_to_2_to_the_18_entries():
    for steps, kind in [(2**18 - 1, cj.Table), (2**18, cj.ClosedForm)]:
        assert type(cj.as_schedule(csched.curve("linear", 1.0, 0.0, steps))) is kind
    endless = csched.curve("cosine", 1.0, 0.0, 10).repeat(length_mult=2)
    assert type(cj.as_schedule(endless)) is cj.ClosedForm
    assert type(cj.as_schedule(CURVES["sgdr"], two_words=True)) is cj.ClosedForm


LONG_LINE = csched.curve("linear", 1.0, 0.5, 2**18)
ONLY_TABLES = {
    "noise": LONG_LINE.noisy(0.1, stop=2**18),
    "subnormal": csched.curve("exponential", 1e-30, 1e-39, 2**18),
    "exponential levels": csched.curve("exponential", 1.0, 0.1, 2**12).repeat(70, peak_mult=0.9),
    "nested levels": LONG_LINE.stretch(50).repeat(70, peak_mult=0.99).repeat(70, peak_mult=0.99),
    "late window": LONG_LINE.repeat(2**20)[2**31 : 2**31 + 2**18],
}


@pytest.mark.parametrize("name", ONLY_TABLES)
def test_a_long_curve_that_the_closed_form_refuses_becomes_a_table(name):
    curve = ONLY_TABLES[name]
    with pytest.raises(ValueError, match=r"mode 'table'|two_words=True"):
        cj.as_schedule(curve, "closed")
    schedule = cj.as_schedule(curve)
    assert type(schedule) is cj.Table
    steps = np.array([0, 1, 10**5, curve.steps - 1, curve.steps, curve.steps + 7])
    assert np.asarray(schedule(steps)).tolist() == curve(steps).astype(np.float32).tolist()


@pytest.mark.parametrize("mode", ["table", "closed"])
def test_numbers_may_change_without_another_lowering(mode):
    traced = []

    @jax.jit
    def value(schedule, count):
        traced.append(1)
        return schedule(count)

    for peak in np.linspace(0.1, 2.0, 20):
        cycles = csched.curve("cosine", 1.0, 0.01, 100 if mode == "table" else int(77 * peak) + 5)
        curve = (peak * cycles).repeat(4, length_mult=2).warmup(10)
        got = value(cj.as_schedule(curve, mode), 40)
        assert ulps(got, curve(40)) <= 8
    assert len(traced) == 1


@pytest.mark.parametrize(("mode", "most"), [("table", 4), ("closed", 29)])
def test_warmup_and_cosine_are_few_operations_in_one_function(mode, most):
    """Each operation, and each function of jax.numpy, costs time to trace and to compile."""
    schedule = cj.as_schedule(TREES["warmup_cosine"], mode)
    text = jax.jit(schedule).lower(jnp.int32(0)).as_text()
    operations = [line for line in text.splitlines() if line.strip().startswith("%")]
    assert sum(" stablehlo.constant " not in line for line in operations) <= most
    assert text.count("func.func") == 1


def test_the_graph_holds_phases_and_not_steps():
    schedule = cj.as_schedule(csched.curve("cosine", 0.1, 0.0, 2**30).warmup(1000))
    assert len(jax.jit(schedule).lower(0).as_text()) < 40_000


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda c: cj.as_schedule(c.noisy(0.1, stop=9), "closed"),
            "without noise, got .*; mode 'table' takes it",
        ),
        (lambda c: cj.as_schedule(c, "tabel"), "did you mean 'table'"),
        (lambda c: cj.as_schedule(c, "table", two_words=True), "'closed' where two_words"),
        (lambda c: cj.as_schedule(c, "closed")(2**31), "one integer below 2\\*\\*31"),
        (lambda c: cj.as_schedule(c, "closed")((0, 1)), "two_words=True"),
        (lambda c: cj.as_schedule(c.repeat()[2**31 :], "closed"), "two_words=True"),
        (lambda c: cj.as_schedule(c.repeat(peak_mult=0.9), "table"), "periodic in the end"),
        (
            lambda c: cj.as_schedule(
                csched.curve("exponential", 1.0, 0.1, 9).repeat(99, peak_mult=0.9), "closed"
            ),
            "without 'exponential' in more than 64 cycles",
        ),
        (lambda c: cj.words(-1), "step must be in"),
    ],
)
def test_what_a_mode_cannot_do_is_refused_by_name(make, text):
    with pytest.raises(ValueError, match=text):
        make(CURVES["sgdr"])
