"""Recipes of momentum, averages, batch size, warm-ups and rarer shapes against their formulas."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from beside import agree
from mpmath import mp, mpf
from scipy.interpolate import PchipInterpolator

import csched

mp.dps = 40
ULP = 2.0**-52


def meets(curve, formula, steps, ulps=4) -> None:
    """Values within so many ulps of the formula (in mpf), at every step given."""
    for t in steps:
        want = formula(mpf(t))
        assert abs(curve(t) - want) <= ulps * ULP * abs(want), (t, curve(t), float(want))


def cosine(z):
    return mp.sin(mp.pi * (1 - z) / 2) ** 2


# --- shapes: warm-up 3 of 23, peak 2 --------------------------------------------------------------


def z(t):
    return (t - 3) / 20


SHAPES = {
    "half_cosine": (
        csched.half_cosine(2.0, 23, floor=0.25, warmup_steps=3),
        lambda t: mpf(0.25) + mpf(1.75) * cosine((1 + z(t)) / 2),
        4,
    ),
    "quarter wave": (
        csched.cosine(2.0, 23, power=0.5, warmup_steps=3),
        lambda t: 2 * mp.sin(mp.pi * (1 - z(t)) / 2),  # cos(pi z / 2)
        4,
    ),
    "sigmoid": (
        csched.sigmoid(2.0, 23, center=0.25, steepness=30.0, warmup_steps=3),
        lambda t: 2 / (1 + mp.exp(30 * (z(t) - mpf(0.25)))),
        16,  # the ends are rounded before the curve is drawn between them
    ),
    "mirror_cosine": (
        csched.wsd(2.0, 23, cooldown="mirror_cosine", cooldown_steps=20, warmup_steps=3),
        lambda t: 2 * (2 * (1 - z(t)) - cosine(z(t))),
        8,  # a difference of two curves
    ),
    "mirror_cosine to a floor": (
        csched.wsd(2.0, 23, cooldown="mirror_cosine", cooldown_steps=20, floor=0.5, warmup_steps=3),
        lambda t: mpf(0.5) + mpf(1.5) * (2 * (1 - z(t)) - cosine(z(t))),
        8,
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape_meets_its_formula(name):
    schedule, formula, ulps = SHAPES[name]
    c = schedule["lr"]
    meets(c, formula, range(3, 23), ulps)
    meets(c, lambda t: mpf(c(3)) * t / 3, range(3))
    end = float(formula(mpf(23)))
    assert c(23) == c(10**6) == pytest.approx(end, rel=1e-14, abs=0.0)
    assert schedule.cycle_ends == (22,)


def test_a_cosine_with_a_linear_tail_is_a_cooldown_from_it():
    c = csched.cosine(1.0, 100)["lr"].cooldown(0.9, 10)
    level = cosine(mpf(9) / 10)
    meets(c, lambda t: cosine(t / 100) if t < 90 else level * (100 - t) / 10, range(100), 5)


@pytest.mark.parametrize("endpoint", [True, False])
def test_range_test_divides_by_the_last_step_or_by_the_steps(endpoint):
    c = csched.lr_range_test(1e-7, 10.0, 100, endpoint=endpoint)["lr"]
    meets(c, lambda t: mpf(1e-7) * (10 / mpf(1e-7)) ** (t / (100 - endpoint)), range(100))


# --- snapshots, as the authors' code has them -----------------------------------------------------


@pytest.mark.parametrize(("steps", "cycles"), [(8, 2), (10, 4), (7, 7), (200, 5), (5, 1)])
def test_inclusive_snapshots_are_taken_at_the_floor(steps, cycles):
    s = csched.snapshot(0.2, steps, cycles=cycles, inclusive=True)
    n, last = steps // cycles, steps - (cycles - 1) * (steps // cycles)
    lengths = [n] * (cycles - 1) + [last]
    wanted = [cosine(mpf(k + 1) / m) / 5 for m in lengths for k in range(m)]
    np.testing.assert_allclose(s["lr"].values(), [float(v) for v in wanted], rtol=1e-15)
    ends = np.cumsum(lengths) - 1
    if n > 1:
        assert s.cycle_ends == tuple(ends)
    assert (s["lr"](ends) == 0.0).all()
    assert s.steps == steps


# --- warm-ups -------------------------------------------------------------------------------------


def test_a_saturating_warmup_is_an_exponential_made_to_arrive():
    law = csched.Warmup("saturating", rate=3.0, start=0.5)
    c = csched.constant(2.0, 20, warmup_steps=8, warmup=law)["lr"]
    whole = 1 - mp.exp(-3)
    meets(c, lambda t: mpf(0.5) + mpf(1.5) * (1 - mp.exp(-3 * t / 8)) / whole, range(8), 6)
    assert (c.values(8) == 2.0).all()


BETAS = [0.9, 0.95, 0.99, 0.999]


def rectifier(beta, n):
    top = 2 / (1 - beta) - 1
    k = n + next(j for j in range(9) if rho(beta, j + 1) > 4)
    r = rho(beta, k)
    return mp.sqrt((r - 4) * (r - 2) * top / ((top - 4) * (top - 2) * r))


def rho(beta, k):
    return 2 / (1 - beta) - 1 - 2 * k * beta**k / (1 - beta**k)


UNTUNED = {
    "linear": lambda beta, n: min(mpf(1), n * (1 - beta) / 2),
    "exponential": lambda beta, n: 1 - mp.exp(-n * (1 - beta)),
    "radam": rectifier,
}


@pytest.mark.parametrize("beta2", BETAS)
@pytest.mark.parametrize("law", UNTUNED)
def test_untuned_warmup_meets_the_papers_formula(law, beta2):
    beta = mpf(str(beta2))  # the decimal, as for every fraction
    s = csched.untuned_warmup(csched.linear(1.0, 5000), beta2=beta2, law=law)
    plain = csched.linear(1.0, 5000)["lr"]
    steps = [0, 1, 2, 7, 18, 19, 20, 199, 200, 1998, 1999, 2000, 4999]
    meets(s["lr"], lambda t: plain(int(t)) * UNTUNED[law](beta, int(t) + 1), steps, 4)
    assert s.steps == 5000


def test_untuned_warmup_lies_over_schedules_of_any_length():
    endless = csched.inverse_sqrt(1.0, warmup_steps=10)
    for law in UNTUNED:
        s = csched.untuned_warmup(endless, law=law, beta2=0.99)
        assert s["lr"](10**6) == endless["lr"](10**6)
        short = csched.untuned_warmup(csched.one_cycle(1.0, 10), law=law)
        assert short.steps == short["lr"].steps == 10
        assert short["momentum"] == csched.one_cycle(1.0, 10)["momentum"]
        assert short["lr"](10) <= 0.01 * short["lr"](5)


# --- other values ---------------------------------------------------------------------------------


def test_the_weight_of_averages_rises_along_a_cosine_as_byol_has_it():
    c = csched.ema_cosine(100)["ema_decay"]
    meets(c, lambda t: 1 - (1 - mpf(0.996)) * (mp.cos(mp.pi * t / 100) + 1) / 2, range(101))
    assert c(100) == c(10**6) == 1.0


def test_linear_weight_decay_is_a_line():
    c = csched.linear_weight_decay(100, start=0.1, end=0.4)["weight_decay"]
    meets(c, lambda t: mpf(0.4) + (mpf(0.1) - mpf(0.4)) * (100 - t) / 100, range(100))
    assert csched.linear_weight_decay(100, start=0.1)["weight_decay"](100) == 0.0


def test_batch_sizes_in_steps_replace_drops_of_the_rate():
    sizes = [128 * 5**i for i in range(4)]
    s = csched.batch_size_steps(sizes, 200, boundaries=[60, 120, 160])["batch_size"]
    dropped = csched.multi_step(1.0, 200, boundaries=[60, 120, 160], gamma=0.2)["lr"]
    np.testing.assert_allclose(s.values() * dropped.values(), 128, rtol=1e-15)
    assert set(s.values()) == set(sizes)
    assert s.cycle_ends == (199,)


@pytest.mark.parametrize(("steps", "cycles", "ratio"), [(100, 4, 0.5), (103, 4, 0.3), (9, 9, 1.0)])
def test_cyclical_annealing_meets_its_formula(steps, cycles, ratio):
    c = csched.cyclical_annealing(steps, cycles=cycles, ratio=ratio, peak=0.7)["weight"]
    length, share = math.ceil(steps / cycles), Fraction(str(ratio))

    def formula(t):
        x = (int(t) % length) / Fraction(steps, cycles)
        return mpf(0.7) * (mpf(x.numerator) / x.denominator / mpf(ratio) if x < share else 1)

    meets(c, formula, range(steps))
    assert c.cycle_ends == tuple(min((i + 1) * length, steps) - 1 for i in range(cycles))


BAD = [
    (lambda: csched.snapshot(0.1, 8, cycles=9, inclusive=True), "snapshot: cycles must be in"),
    (lambda: csched.sigmoid(1.0, 9, steepness=0), "sigmoid: steepness must be in"),
    (lambda: csched.sigmoid(1.0, 9, center=2), "sigmoid: center must be in"),
    (lambda: csched.batch_size_steps([8, 16], 9, boundaries=[]), "sizes must be one more than"),
    (lambda: csched.batch_size_steps([8, 0], 9, boundaries=[3]), "size must be in"),
    (lambda: csched.ema_cosine(9, end=1.5), "ema_cosine: end must be in"),
    (lambda: csched.cyclical_annealing(9, ratio=0), "cyclical_annealing: ratio must be in"),
    (lambda: csched.linear_weight_decay(9, start=-1), "linear_weight_decay: start must be in"),
    (
        lambda: csched.untuned_warmup(csched.linear(1.0, 9), beta2=0.5, law="radam"),
        "untuned_warmup: beta2 must be in",
    ),
    (
        lambda: csched.untuned_warmup(csched.linear(1.0, 10**6), beta2=0.9999, law="radam"),
        "untuned_warmup: beta2 must be such that the warm-up is over in 65536 steps",
    ),
    (lambda: csched.untuned_warmup(csched.linear(1.0, 9), law="adam"), "law must be one of"),
    (lambda: csched.Warmup("saturating", rate=0), "Warmup: rate must be in"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[m for _, m in BAD])
def test_arguments_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_untuned_warmup_takes_a_schedule_with_a_learning_rate():
    with pytest.raises(TypeError, match='schedule must be a Schedule with a curve "lr"'):
        csched.untuned_warmup(csched.cosine_weight_decay(9))


# --- through points, smoothly ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_monotone_cubics_are_those_of_scipy(seed):
    chance = np.random.default_rng(seed)
    n = int(chance.integers(2, 9))
    x = np.sort(chance.choice(np.arange(1, 400), n, replace=False)) / 4.0  # also between steps
    y = chance.choice([0.0, 0.25, 1.0, *chance.uniform(0.1, 2.0, 3)], n)
    ours = csched.piecewise_monotone(
        [(float(a) / 100, float(b)) for a, b in zip(x, y, strict=True)], 100
    )["lr"]
    steps = np.arange(math.ceil(x[0]), math.floor(x[-1]) + 1)
    theirs = PchipInterpolator(x, y)(steps)
    agree(ours(steps), theirs, rtol=3e-15, near_zero=3e-15)
    for (left, right), (low, high) in zip(pairwise(x), pairwise(y), strict=True):
        leg = ours(steps[(steps >= left) & (steps <= right)])
        assert (leg >= min(low, high)).all()
        assert (leg <= max(low, high)).all()
    assert (ours(0), ours(100)) == (y[0], y[-1])


def test_monotone_cubics_meet_their_points_and_keep_their_digits_near_0():
    points = [(0, 1.0), (50, 0.25), (80, 1e-6), (1.0, 0.0)]
    c = csched.piecewise_monotone(points, 100)["lr"]
    assert [c(t) for t in (0, 50, 80, 100, 10**9)] == [1.0, 0.25, 1e-6, 0.0, 0.0]
    assert (np.diff(c.values(0, 101)) < 0).all()
    h, d = mpf(20), None
    line, before = -mpf(1e-6) / h, (mpf(1e-6) - mpf(0.25)) / 30
    d = (20 + 2 * 30 + 30 + 2 * 20) / ((2 * h + 30) / before + (h + 60) / line)
    end = ((2 * h + 30) * line - h * before) / (h + 30)
    end = 3 * line if line * before < 0 and abs(end) > abs(3 * line) else mpf(0)
    for t in (81, 90, 99):
        z = mpf(t - 80) / 20
        want = mpf(1e-6) * (1 + 2 * z) * (1 - z) ** 2 + h * d * z * (1 - z) ** 2
        assert abs(c(t) - want) <= 12 * ULP * want, (t, c(t), float(want))
    assert end == 0


# --- cycles that climb, noise of a schedule's own -------------------------------------------------


def test_each_cycle_climbs_before_it_falls():
    s = csched.sgdr(1.0, t_0=6, t_mult=2, cycles=3, floor=0.25, peak_mult=0.75, warmup_steps=2)
    assert s.cycle_ends == (5, 17, 41)
    climbs = [0.5, 0.75, 1.0, 0.25 + 0.5 / 3, 0.25 + 1.0 / 3, 0.75, 0.25 + 0.3125 / 3, 0.5625]
    agree(s["lr"](np.array([0, 1, 2, 6, 7, 8, 18, 20])), climbs, rtol=4e-16)
    cut = csched.sgdr(1.0, 20, t_0=6, warmup_steps=2)["lr"]
    assert cut == csched.sgdr(1.0, t_0=6, cycles=4, warmup_steps=2)["lr"][:20]
    fitted = csched.sgdr(1.0, 100, cycles=3, warmup_steps=5)
    assert fitted.cycle_ends == csched.sgdr(1.0, 100, cycles=3).cycle_ends
    assert [fitted["lr"](e + 6) for e in fitted.cycle_ends[:-1]] == [1.0, 1.0]
    with pytest.raises(ValueError, match="warmup_steps must be below the 6 steps of a cycle"):
        csched.sgdr(1.0, t_0=6, cycles=2, warmup_steps=6)


def test_each_period_climbs_again():
    options = {"boundaries": [20, 0.5], "cooldown_steps": 4, "floor": 0.5, "warmup_steps": 3}
    s = csched.wsd_s(2.0, 60, **options, rewarmup_steps=2)
    plain = csched.wsd_s(2.0, 60, **options)
    assert s.cycle_ends == plain.cycle_ends == (19, 29, 59)
    assert s["lr"].values(18, 24).tolist() == [1.25, 0.875, 1.0, 1.5, 2.0, 2.0]
    same = [t for t in range(61) if s["lr"](t) == plain["lr"](t)]
    assert sorted(set(range(61)) - set(same)) == [20, 21, 30, 31]


def test_noise_has_the_moments_that_are_asked_for():
    n, options = 20_000, {"lobes": 1e-6, "beta": 0.0, "alpha": 8.0, "variance": 4.0}
    noise = {}
    for power in (0.0, 0.55):
        c = csched.noisy_linear_cosine(1.0, n, **options, variance_decay=power, seed=7)["lr"]
        noise[power] = c.values() - (9.0 - np.arange(n) / n)
    flat = noise[0.0]
    assert abs(flat.mean()) < 5 * 2 / math.sqrt(n)
    assert flat.var() == pytest.approx(4.0, rel=0.05)
    assert 5.0 < np.abs(flat).max() <= 6.0  # three standard deviations
    assert abs(np.corrcoef(flat[1:], flat[:-1])[0, 1]) < 5 / math.sqrt(n)
    law = (1.0 + np.arange(n)) ** (-0.55 / 2)
    assert np.abs(noise[0.55] - flat * law).max() <= 15 * (math.pi * 1e-6) ** 2  # the cosine's


def test_noise_is_a_function_of_seed_and_step():
    make = lambda seed: csched.noisy_linear_cosine(0.5, 200, variance=0.1, seed=seed)["lr"]  # noqa: E731
    a, b = make(1).values(), make(2).values()
    assert (a != b).sum() > 190
    assert [make(1)(t) for t in (150, 3, 77)] == a[[150, 3, 77]].tolist()
    assert (a >= 0).all()
    plain = csched.linear_cosine(0.5, 200)["lr"]
    assert make(1)(200) == plain(200)
    assert csched.noisy_linear_cosine(0.5, 200, variance=0.0)["lr"].values().tolist() == (
        plain.clip(low=0.0).values().tolist()
    )
