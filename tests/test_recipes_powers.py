"""k-decay, hyperbolas, power laws and logarithmic warm-ups against formulas and printed values."""

import numpy as np
import pytest
from mpmath import mp, mpf

import csched

mp.dps = 40
ULP = 2.0**-52


def meets(curve, formula, steps, ulps=4) -> None:
    """Values within so many ulps of the formula (in mpf), at every step given."""
    for t in steps:
        want = formula(mpf(t))
        assert abs(curve(t) - want) <= ulps * ULP * abs(want), (t, curve(t), float(want))


def agrees(values, text):
    for got, want in zip(values, text.split(), strict=True):
        unit = 10.0 ** -len(want.partition(".")[2])
        assert abs(got - float(want)) <= 0.5 * unit * (1 + 1e-9), (got, want)


# --- Zhang, Li, "k-decay", 2020: at a quarter, a half and three quarters --------------------------

K_DECAY = {
    1.0: ".853553 .5 .146447",
    1.5: ".96194 .722008 .273678",
    3.0: ".999398 .96194 .62149",
    5.0: ".999998 .997592 .867369",
}


@pytest.mark.parametrize("k", K_DECAY)
def test_k_decay_of_a_cosine_gives_the_values_printed(k):
    c = csched.cosine(1.0, 100, k_decay=k)["lr"]
    agrees([c(t) for t in (25, 50, 75)], K_DECAY[k])


@pytest.mark.parametrize("k", [0.5, 1.5, 3.0])
@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_k_decay_meets_its_formula(k, power):
    arguments = {"floor": 0.25, "power": power, "k_decay": k, "warmup_steps": 3}
    line = csched.polynomial(2.0, 23, **arguments)["lr"]
    wave = csched.cosine(2.0, 23, **arguments)["lr"]

    def z(t):
        return ((t - 3) / 20) ** mpf(k)

    meets(line, lambda t: mpf(0.25) + mpf(1.75) * (1 - z(t)) ** mpf(power), range(3, 24))
    meets(
        wave,
        lambda t: mpf(0.25) + mpf(1.75) * mp.cos(mp.pi * z(t) / 2) ** (2 * mpf(power)),
        range(3, 24),
    )


def test_a_quarter_of_an_ellipse_is_a_root_with_k_2():
    c = csched.polynomial(1.0, 40, power=0.5, k_decay=2.0)["lr"]
    np.testing.assert_allclose(c.values(), csched.curve("elliptic", 1.0, 0.0, 40).values(), 1e-15)


# --- Kim, "HyperbolicLR", 2024 --------------------------------------------------------------------


def h(x, n, u):
    return mp.sqrt((n - x) / u * (2 - (n + x) / u))


@pytest.mark.parametrize(("n", "u"), [(100, 250), (100, 100), (100, 101), (7, 10**6)])
def test_hyperbolas_meet_the_papers_formula(n, u):
    n_, u_ = mpf(n), mpf(u)
    line = csched.hyperbolic(2.0, n + 3, floor=0.25, upper_bound=u, warmup_steps=3)["lr"]
    log = csched.exp_hyperbolic(2.0, n + 3, floor=0.25, upper_bound=u, warmup_steps=3)["lr"]
    steps = range(3, n + 4)
    # 8: the last value is rounded before the curve is drawn to it
    meets(line, lambda t: 2 + mpf(1.75) * (h(t - 3, n_, u_) - h(0, n_, u_)), steps, 8)
    meets(log, lambda t: 2 * mpf(8) ** (h(t - 3, n_, u_) - h(0, n_, u_)), steps, 8)
    meets(line, lambda t: 2 * t / 3, range(3))


def test_hyperbolas_give_the_values_printed():
    line = csched.hyperbolic(1.0, 100, floor=0.01, upper_bound=250)["lr"]
    agrees([line(t) for t in (0, 25, 50, 75, 100)], "1 .872112 .731859 .56495 .208")
    log = csched.exp_hyperbolic(1.0, 100, floor=0.01, upper_bound=250)["lr"]
    agrees([log(t) for t in (0, 25, 50, 75, 100)], "1 .551621 .287277 .132163 .025119")
    assert (
        csched.hyperbolic(1.0, 100, upper_bound=100)["lr"].values(0, 101)
        == pytest.approx(csched.linear(1.0, 100)["lr"].values(0, 101), rel=1e-15)
    )  # fmt: skip


def test_the_beginning_of_a_hyperbola_hardly_moves_with_the_horizon():
    early = np.arange(50)
    short, long = (csched.hyperbolic(1.0, n, upper_bound=1000)["lr"](early) for n in (200, 400))
    cosines = [csched.cosine(1.0, n)["lr"](early) for n in (200, 400)]
    assert np.abs(short - long).max() < 0.25 * np.abs(cosines[0] - cosines[1]).max()


# --- power laws -----------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [0.25, 0.5, 0.51, 1.0, 2.0, 3.7])
@pytest.mark.parametrize("steps", [None, 10**7])
def test_power_law_meets_its_formula(power, steps):
    c = csched.power_law(2.0, steps, power=power, warmup_steps=30, hold_steps=70)["lr"]
    p = mpf(power)
    meets(c, lambda t: 2 * (100 / t) ** p, [100, 101, 150, 1000, 31415, 10**6, 9_999_999], 6)
    meets(c, lambda t: mpf(2), range(30, 100))
    meets(c, lambda t: 2 * t / 30, range(30))
    if steps is None:
        meets(c, lambda t: 2 * (100 / t) ** p, [10**9, 10**12, 2**49], 6)
        assert c.steps >= 2**49
    else:
        assert c(steps) == c(10 * steps)


@pytest.mark.parametrize("power", [21.0, 100.0])
@pytest.mark.parametrize("steps", [None, 2**45])
def test_a_steep_power_law_falls_as_far_as_floats_go(power, steps):
    c = csched.power_law(1.0, steps, power=power, hold_steps=10)["lr"]
    meets(c, lambda t: (10 / t) ** mpf(power), [10, 11, 20, 100, 1000], 6)
    assert 0.0 < c(2**52) < 1e-240
    assert c.steps == steps or (steps is None and c.steps >= 2**49)


def test_power_law_has_a_timescale_a_floor_and_a_cooldown():
    c = csched.power_law(
        1.0, 1000, power=0.7, timescale=7, floor=0.1, cooldown_steps=100, warmup_steps=10
    )["lr"]

    def law(t):
        return mpf(0.1) + mpf(0.9) * (1 + (t - 10) / 7) ** mpf(-0.7)

    meets(c, law, range(10, 901), 6)
    meets(
        c, lambda t: mpf(0.1) + (law(mpf(900)) - mpf(0.1)) * (1000 - t) / 100, range(900, 1000), 8
    )
    assert c(1000) == c(10**6) == 0.1


def test_power_law_of_a_half_is_inverse_sqrt():
    arguments = {"warmup_steps": 10, "timescale": 50, "floor": 0.1, "cooldown_steps": 5}
    assert csched.power_law(1.0, 100, **arguments) == csched.inverse_sqrt(1.0, 100, **arguments)


SCHEDULED = [
    {"amplitude": 588.8, "tokens_per_step": 2**19, "warmup_steps": 100},  # 1,100 steps at the peak
    {"amplitude": 1e-3, "exponent": -1.5, "tokens_per_step": 0.25, "warmup_steps": 100},  # below
    {"amplitude": 4.6, "tokens_per_step": 1, "warmup_steps": 0},
    {"amplitude": 1e300, "tokens_per_step": 1},  # the peak all the time
    {"amplitude": 1e-6, "exponent": -2.0, "tokens_per_step": 1e3},  # below it from step 1 on
]


@pytest.mark.parametrize("given", SCHEDULED)
def test_power_scheduler_is_the_smaller_of_peak_and_law(given):
    arguments = {"exponent": -0.51, "warmup_steps": 0, "peak": 0.02, **given}
    peak = arguments.pop("peak")
    s = csched.power_scheduler(peak, 10_000, cooldown_steps=0.1, **arguments)["lr"]
    n = arguments["warmup_steps"]
    a, b, c = (mpf(arguments[k]) for k in ("amplitude", "exponent", "tokens_per_step"))

    def law(t):
        return min(mpf(peak), a * (c * t) ** b) if t else mpf(peak)

    meets(s, law, [n, n + 1, 101, 1000, 1099, 1100, 1101, 1102, 5000, 8999, 9000], 8)
    meets(s, lambda t: law(mpf(n)) * t / n, range(n), 8)
    assert s.steps == 10_000
    assert s(10_000) == s(10**7) == peak / 100


def test_inverse_time_is_one_phase():
    assert csched.inverse_time(1.0, 100, gamma=0.1)["lr"].kind == "phase"


# --- warm-ups and averages ------------------------------------------------------------------------

W = 8
LOGS = {
    "t/W": lambda t: mp.log(1 + t) / mp.log(1 + W),
    "(t+1)/W": lambda t: mp.log(2 + t) / mp.log(1 + W),
    "(t+1)/(W+1)": lambda t: mp.log(2 + t) / mp.log(2 + W),
    "t/(W-1)": lambda t: mp.log(1 + t) / mp.log(W),  # DeepSpeed's
}


@pytest.mark.parametrize("z", LOGS)
def test_a_logarithmic_warmup_counts_steps_in_its_logarithm(z):
    law = csched.Warmup("logarithmic", z=z)
    c = csched.constant(1.0, 20, warmup_steps=W, warmup=law)["lr"]
    meets(c, LOGS[z], range(W))
    assert (c.values(W) == 1.0).all()
    one = csched.constant(1.0, 20, warmup_steps=1, warmup=law)["lr"]
    assert one.steps == 20


@pytest.mark.parametrize("peak", [0.9, 0.9999])
def test_averages_begin_with_the_last_ten_updates(peak):
    c = csched.ema_warmup(10**6, peak=peak)["ema_decay"]
    meets(c, lambda t: min(mpf(peak), (1 + t) / (10 + t)), [0, 1, 10, 79, 80, 81, 10**5, 10**6])


BAD = [
    (lambda: csched.hyperbolic(1.0, 100, upper_bound=99), "hyperbolic: upper_bound must be in"),
    (lambda: csched.exp_hyperbolic(1.0, 100, upper_bound=99, floor=0.1), "upper_bound must be in"),
    (lambda: csched.exp_hyperbolic(1.0, 9, upper_bound=9, floor=0.0), "floor must be of the sign"),
    (lambda: csched.power_law(1.0, 100, hold_steps=100), "hold_steps must be below the 100 steps"),
    (lambda: csched.power_law(1.0, power=0), "power_law: power must be in"),
    (lambda: csched.power_law(1.0, cooldown_steps=3), "cooldown_steps must be 0 where steps is"),
    (lambda: csched.inverse_sqrt(1.0, 9, warmup_steps=9), "warmup_steps must be below the 9"),
    (lambda: csched.power_scheduler(1.0, 9, tokens_per_step=0), "tokens_per_step must be in"),
    (lambda: csched.power_scheduler(1.0, 9, tokens_per_step=1, exponent=1), "exponent must be"),
    (lambda: csched.ema_warmup(9, peak=1.0), "ema_warmup: peak must be in"),
    (lambda: csched.cosine(1.0, 9, k_decay=0), "k_decay must be in"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), BAD, ids=[m for _, m in BAD])
def test_arguments_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
