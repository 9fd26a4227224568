"""Recipes against the numbers that papers, their authors' code and logs give.

Numbers printed with n digits are met to half a unit of the last one.
"""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from mpmath import mp, mpf

import csched


def printed(value: str) -> float:
    """Half a unit in the last place of a printed number."""
    mantissa, _, exponent = value.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 0.5 * 10.0 ** (int(exponent or 0) - decimals) * (1 + 1e-9)


def agrees(values, text: str) -> None:
    wanted = text.split()
    assert len(values) == len(wanted)
    for got, want in zip(values, wanted, strict=True):
        assert abs(got - float(want)) <= printed(want), (got, want)


# --- Smith, "Cyclical Learning Rates", 2017: base 0.001, max 0.006, stepsize 2000 ---------------

CLR_STEPS = (0, 500, 1000, 2000, 3000, 4000, 5000, 6000, 8000, 10000)
CLR = {
    "triangular": (
        csched.triangular(0.006, floor=0.001, up_steps=2000, cycles=3),
        ".001 .00225 .0035 .006 .0035 .001 .0035 .006 .001 .006",
    ),
    "triangular2": (
        csched.triangular2(0.006, floor=0.001, up_steps=2000, cycles=3),
        ".001 .00225 .0035 .006 .0035 .001 .00225 .0035 .001 .00225",
    ),
    "exp_range": (
        csched.exp_range(0.006, floor=0.001, gamma=0.99994, up_steps=2000, cycles=3),
        ".001 .002213056 .003354407 .005434586 .003088164 .001 .002852029 .004488344 .001 "
        ".003744009",
    ),
}


@pytest.mark.parametrize("name", CLR)
def test_clr_gives_the_values_of_the_papers_formula(name):
    schedule, text = CLR[name]
    agrees([schedule["lr"](t) for t in CLR_STEPS], text)


def test_exp_range_with_bounds_follows_the_papers_text():
    mp.dps = 30
    s = csched.exp_range(0.006, floor=0.001, gamma=0.99994, up_steps=2000, cycles=3, bounds=True)
    for t in CLR_STEPS:
        tri = max(mpf(0), 1 - abs(mpf(t) / 2000 - 2 * (t // 4000) - 1))
        exact = mpf(0.99994) ** t * (mpf(0.001) + (mpf(0.006) - mpf(0.001)) * tri)
        assert abs(s["lr"](t) / exact - 1) < 4 * 2.0**-52


def test_clr_windows_are_welch_and_hann():
    welch = csched.triangular(1.0, floor=0.0, up_steps=4, cycles=1, profile="parabolic")
    hann = csched.triangular(1.0, floor=0.0, up_steps=4, cycles=1, profile="cosine")
    x = np.abs(np.arange(8) / 4 - 1)
    np.testing.assert_allclose(hann["lr"].values(), (1 + np.cos(np.pi * x)) / 2, rtol=4e-16)
    np.testing.assert_allclose(welch["lr"].values()[4:], 1 - x[4:] ** 2, rtol=4e-16)


def test_clr_momentum_runs_the_other_way():
    s = csched.triangular(0.006, floor=0.001, up_steps=4, cycles=1, momentum=(0.8, 0.9))
    agrees(s["momentum"].values(), ".9 .875 .85 .825 .8 .825 .85 .875")


def test_the_papers_staged_triangles_are_three_curves_in_a_row():
    stages = [(0.001, 0.005, 2000, 16), (1e-4, 5e-4, 1000, 6), (1e-5, 5e-5, 500, 3)]
    curves = [
        csched.triangular(top, floor=low, up_steps=s, cycles=k * 1000 // (2 * s), momentum=None)
        for low, top, s, k in stages
    ]
    c = curves[0]["lr"].then(curves[1]["lr"]).then(curves[2]["lr"])
    assert c.steps == 25000
    assert [c(t) for t in (0, 2000, 16000, 17000, 22000, 22500)] == [
        *(0.001, 0.005, 1e-4, 5e-4, 1e-5, 5e-5)
    ]


def test_range_test_is_one_line_in_the_logarithm_or_straight():
    s = csched.lr_range_test(1e-7, 10.0, 100)["lr"].values()
    exact = 1e-7 * (10.0 / 1e-7) ** (np.arange(100) / 99)
    np.testing.assert_allclose(s, exact, rtol=1e-14)  # NumPy's pow at exponent 8 ln 10
    assert (s[0], s[-1]) == (1e-7, 10.0)
    linear = csched.lr_range_test(0.0, 0.02, 5, profile="linear")["lr"].values()
    assert linear.tolist() == [0.0, 0.005, 0.01, 0.015, 0.02]


# --- Loshchilov, Hutter, "SGDR", 2017 ---------------------------------------------------------


def test_sgdr_gives_the_papers_values():
    s = csched.sgdr(0.05, t_0=10, t_mult=2, cycles=5)["lr"]
    agrees(
        [s(t) for t in (0, 5, 10, 20, 30, 50, 70, 110, 150)],
        ".05 .025 .05 .025 .05 .025 .05 .025 .05",
    )
    hundredths = csched.sgdr(0.05, t_0=1000, t_mult=2, cycles=5)["lr"]  # epochs of 100 steps
    agrees([hundredths(999)], "1.23e-7")
    agrees([csched.sgdr(0.05, t_0=1, t_mult=2, cycles=8)["lr"](200)], "0.019522469")


@pytest.mark.parametrize(
    ("t_0", "t_mult", "restarts"),
    [
        (10, 2, [10, 30, 70, 150]),
        (1, 2, [1, 3, 7, 15, 31, 63, 127]),
        (10, 3, [10, 40, 130, 400]),
        (50, 1, [50, 100, 150, 200]),
        (1, 3, [1, 4, 13, 40, 121]),
        (5, 3, [5, 20, 65, 200, 605]),
    ],
)
def test_sgdr_restarts_at_the_peak_exactly(t_0, t_mult, restarts):
    s = csched.sgdr(1.0, t_0=t_0, t_mult=t_mult, cycles=len(restarts) + 1)
    assert [e + 1 for e in s.cycle_ends[:-1]] == restarts
    assert all(s["lr"](t) == 1.0 for t in restarts)


def test_torchs_closed_form_restarts_too_late_where_sgdr_does_not():
    p = torch.nn.Parameter(torch.zeros(1))
    peer = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
        torch.optim.SGD([p], lr=1.0), T_0=5, T_mult=3
    )
    peer.step(605)
    assert peer.get_last_lr() == [0.0]  # the trap of the floating-point logarithm
    assert csched.sgdr(1.0, 700, t_0=5, t_mult=3)["lr"](605) == 1.0


def test_snapshot_gives_the_papers_values():
    s = csched.snapshot(0.1, 8, cycles=2)["lr"].values()
    agrees(s, ".1 .085355339 .05 .014644661 " * 2)


def test_snapshot_cuts_the_last_cycle_as_the_papers_formula_does():
    length = math.ceil(10 / 4)
    s = csched.snapshot(0.1, 10, cycles=4)["lr"].values()
    exact = [0.1 / 2 * (math.cos(math.pi * (t % length) / length) + 1) for t in range(10)]
    np.testing.assert_allclose(s, exact, rtol=1e-15)


# --- Smith, Topin, "Super-Convergence"; Smith, "A disciplined approach", 2018 -------------------


def test_smiths_solver_is_met_at_the_logged_updates():
    s = csched.one_cycle_smith(1.0, 4882, start=0.1, up_steps=2246, momentum=(0.85, 0.95))
    agrees([s["lr"](t) for t in (200, 2400, 4400, 4600)], ".180142 .931434 .0409617 .0001")
    agrees([s["momentum"](t) for t in (200, 2200, 2400, 4600)], ".941095 .852048 .856857 .947596")
    assert s["lr"](4881) == s["lr"](10**6) == 0.1 / 1000
    fall = [max(0.1 / 1000, 1.0 * (2 * 2246 - t) / 2246) for t in range(2246, 4882)]
    np.testing.assert_allclose(s["lr"].values(2246), fall, rtol=4e-16)


def test_one_cycle_has_equal_legs_and_a_tail_far_below_the_start():
    s = csched.one_cycle(0.8, 95, warmup_steps=41, anneal_steps=13)
    assert [s["lr"](t) for t in (0, 41, 82)] == [0.08, 0.8, 0.08]
    assert s["lr"](95) == pytest.approx(0.0008, rel=1e-15)
    assert [s["momentum"](t) for t in (0, 41, 82, 94)] == [0.95, 0.85, 0.95, 0.95]


def test_fastai_combined_cos_is_a_cosine_through_three_points():
    def sched_cos(start, end, x):
        return start + (1 + math.cos(math.pi * (1 - x))) * (end - start) / 2

    def combined_cos(pct, start, middle, end, x):
        if x < pct:
            return sched_cos(start, middle, x / pct)
        return sched_cos(middle, end, (x - pct) / (1 - pct))

    for pct, n in [(0.25, 10), (0.25, 100), (0.3, 7), (0.5, 64)]:
        s = csched.piecewise_cosine([(0, 0.04), (pct, 1.0), (1.0, 1e-5)], n)["lr"]
        exact = [combined_cos(pct, 0.04, 1.0, 1e-5, t / n) for t in range(n)]
        np.testing.assert_allclose(s.values(), exact, rtol=1e-12)  # their 1 + cos near the end
        assert s(n) == 1e-5
    tenth = csched.piecewise_cosine([(0, 0.04), (0.25, 1.0), (1.0, 1e-5)], 10)["lr"].values()
    agrees(tenth, ".04 .372 .908 .989 .905 .750 .552 .345 .165 .0432")


# --- Chen, Wolfe, Kyrillidis, "REX", 2021 ------------------------------------------------------

REX = {
    0.5: "1 .947368421 .888888889 .823529412 .75 .666666667 .571428571 .461538462 .333333333 "
    ".181818182 0",
    0.9: "1 .989010989 .975609756 .95890411 .9375 .909090909 .869565217 .810810811 .714285714 "
    ".526315789 0",
}


@pytest.mark.parametrize("beta", REX)
def test_rex_gives_the_table_of_both_versions(beta):
    agrees(csched.rex(1.0, 10, beta=beta)["lr"].values(0, 11), REX[beta])


SAMPLED = {
    "linear": ({}, "1 .5 .25"),
    "rex": ({}, "1 .666667 .4"),
    "cosine": ({}, "1 .5 .146447"),
    "exponential_offset": ({"rate": 4.0}, "1 .135335 .049787"),
}


@pytest.mark.parametrize("profile", SAMPLED)
def test_profiles_sampled_at_50_75_hold_the_papers_levels(profile):
    arguments, text = SAMPLED[profile]
    sampling = csched.at(0.5, 0.75)
    c = csched.curve(profile, 1.0, 0.0, 100, sampling=sampling, **arguments)
    assert len(set(c.values().tolist())) == 3
    agrees([c(t) for t in (49, 50, 75)], text)


def test_step_decay_is_10_to_the_minus_3z_sampled_at_thirds():
    c = csched.curve("exponential", 1.0, 1e-3, 300, sampling=csched.at(1 / 3, 2 / 3))
    np.testing.assert_allclose([c(99), c(100), c(200)], [1.0, 0.1, 0.01], rtol=2e-15)
    named = csched.curve("exponential", 1.0, 1e-3, 100, sampling=csched.at(0.33, 0.66))
    exact = [10.0 ** (-3 * 0.33), 10.0 ** (-3 * 0.66)]
    np.testing.assert_allclose([named(33), named(66)], exact, rtol=1e-15)


def test_budgeted_linear_meets_zero_at_any_budget():
    for budget in (1, 7, 390, 10**12):
        c = csched.budgeted_linear(0.1, budget)["lr"]
        assert (c(0), c(budget)) == (0.1, 0.0)
        assert c(budget - 1) == 0.1 * (1 / budget)


# --- Agarwal, Goel, Zhang, "Fractal Learning Rate Schedules", 2021 -----------------------------

FRACTAL_8 = "9.204152 1.008722 2.163522 1.567913 5.687031 1.082062 3.333407 1.24999"
SIGMA = {
    2: [1, 2],
    4: [1, 4, 2, 3],
    8: [1, 8, 4, 5, 2, 7, 3, 6],
    16: [1, 16, 8, 9, 4, 13, 5, 12, 2, 15, 7, 10, 3, 14, 6, 11],
}


def test_fractal_gives_the_papers_step_sizes():
    agrees(csched.fractal(8, low=0.1, high=1.0)["lr"].values(), FRACTAL_8)


@pytest.mark.parametrize("n", SIGMA)
def test_fractal_runs_in_the_papers_order(n):
    fractal = csched.fractal(n, low=0.1, high=1.0)["lr"].values()
    ranked = csched.fractal(n, low=0.1, high=1.0, order="decreasing")["lr"].values()
    assert [int(np.where(ranked == v)[0][0]) + 1 for v in fractal] == SIGMA[n]


def largest_factors(sizes, low, high):
    """Largest error factor over the curvatures: on the way, and at the end."""
    curvature = np.linspace(low, high, 2001)
    factors = np.cumprod(1 - np.asarray(sizes)[:, None] * curvature, axis=0)
    return np.abs(factors).max(), np.abs(factors[-1]).max()


def test_fractal_order_accelerates_and_sorted_order_overflows():
    n, kappa = 128, 1000.0
    rho = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)
    bound = 2 * rho**n / (1 + rho ** (2 * n))
    fractal = csched.fractal(n, low=1.0, high=kappa)["lr"].values()
    transient, end = largest_factors(fractal, 1.0, kappa)
    assert (fractal > 2 / kappa).mean() > 0.4  # textbook-unstable steps
    assert 0.9 * bound < end <= bound * (1 + 1e-9)
    assert transient < 2 * kappa
    decreasing = csched.fractal(n, low=1.0, high=kappa, order="decreasing")["lr"].values()
    assert largest_factors(decreasing, 1.0, kappa)[0] > 1e38  # past float32
    twice = csched.fractal(n, low=1.0, high=kappa, blocks=2)["lr"].values()
    assert largest_factors(twice, 1.0, kappa)[1] <= bound**2 * (1 + 1e-9)


# --- What came after ---------------------------------------------------------------------------


def test_linear_to_zero_follows_d2z():
    s = csched.linear_to_zero(1.0, 1000, warmup_steps=0.1)["lr"]
    assert [s(t) for t in (0, 50, 100, 550, 1000)] == [0.0, 0.5, 1.0, 0.5, 0.0]


WSD = {
    "linear": ".75 .5 .25",
    "one_minus_sqrt": ".5 .292893 .133975",
    "cosine": ".853553 .5 .146447",
    "square": ".9375 .75 .4375",
    "sqrt": ".866025 .707107 .5",
}


@pytest.mark.parametrize("shape", WSD)
def test_wsd_cools_down_along_each_shape(shape):
    s = csched.wsd(1.0, 100, cooldown_steps=40, cooldown=shape)["lr"]
    assert s(0) == s(59) == s(60) == 1.0
    agrees([s(70), s(80), s(90)], WSD[shape])
    assert s(100) == 0.0
    floored = csched.wsd(1.0, 100, cooldown_steps=40, cooldown=shape, floor=0.1)["lr"]
    np.testing.assert_allclose(floored.values(), 0.1 + 0.9 * s.values(), rtol=4e-16)


def test_wsd_exponential_cooldown_is_floor_to_the_p():
    s = csched.wsd(1.0, 100, cooldown_steps=40, cooldown="exponential", floor=0.01)["lr"]
    np.testing.assert_allclose(s.values(60), 0.01 ** (np.arange(40) / 40), rtol=1e-15)


def test_noam_gives_the_papers_values():
    s = csched.noam(width=512, warmup_steps=4000)["lr"]
    agrees(
        [s(n - 1) for n in (1, 1000, 4000, 8000, 16000, 100000)],
        "1.746928e-7 1.746928e-4 6.987712e-4 4.941059e-4 3.493856e-4 1.397542e-4",
    )


def test_infinite_ends_at_its_floor():
    s = csched.infinite(
        1.0, 100, plateau=0.5, cooldown_steps=20, warmup_steps=10, anneal_steps=20, floor=0.05
    )["lr"]
    agrees([s(t) for t in (0, 10, 20, 30, 79, 80, 90, 100)], "0 1 .75 .5 .5 .5 .158114 .05")


def test_deepseek_keeps_the_papers_levels():
    s = csched.deepseek(1.0, 10000)["lr"]
    assert [s(t) for t in (0, 1000, 2000, 7999, 8000, 8999, 9000)] == [
        *(0.0, 0.5, 1.0, 1.0, 0.316, 0.316, 0.1)
    ]


def test_tanh_gives_the_papers_values():
    s = csched.tanh(1.0, 100)["lr"]
    agrees([s(t) for t in (0, 25, 50, 75, 100)], ".999994 .999447 .952574 .182426 .002473")


def test_slanted_triangular_gives_the_papers_values():
    s = csched.slanted_triangular(1.0, 1000)["lr"]
    agrees([s(t) for t in (0, 50, 100, 500, 1000)], ".03125 .515625 1 .569444 .03125")


def test_demon_is_rex_with_the_blogs_beta():
    assert (
        csched.demon(50, start=0.9)["momentum"].values()
        == (0.9 * csched.rex(1.0, 50, beta=0.9)["lr"]).values()
    ).all()


def test_muon_momentum_rises_and_returns():
    s = csched.muon_momentum(1000, cooldown_steps=50)["momentum"]
    agrees([s(t) for t in (0, 150, 300, 949, 975, 1000)], ".85 .9 .95 .95 .9 .85")


def test_ratio_of_rex_to_linear_grows_with_beta():
    z = np.arange(1, 10)
    curves = [csched.rex(1.0, 10, beta=b)["lr"].values()[z] for b in (0.0, 0.3, 0.5, 0.9)]
    assert all((b > a).all() for a, b in pairwise(curves))
    assert (curves[0] == csched.linear(1.0, 10)["lr"].values()[z]).all()
