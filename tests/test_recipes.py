"""Every recipe against its formula, written a second time in mpmath or plain Python."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
import transformers
from mpmath import mp, mpf

import csched

mp.dps = 40
ULP = 2.0**-52


def meets(curve, formula, steps, ulps=4) -> None:
    """Values within so many ulps of the formula (in mpf), at every step given."""
    for t in steps:
        want = formula(mpf(t))
        got = curve(t)
        assert abs(got - want) <= ulps * ULP * abs(want), (t, got, float(want))


def cosine(z):
    return mp.sin(mp.pi * (1 - z) / 2) ** 2


# --- warm-up laws: value of step t in a warm-up of 8 steps to 1.0 ---------------------------------

W, PEAK = 8, mpf(1)
LAWS = {
    "linear": (csched.Warmup(), lambda t: t / W),
    "linear from start": (csched.Warmup(start=0.1), lambda t: mpf(0.1) + (1 - mpf(0.1)) * t / W),
    "(t+1)/W": (csched.Warmup(z="(t+1)/W"), lambda t: (t + 1) / W),
    "(t+1)/(W+1)": (csched.Warmup(z="(t+1)/(W+1)"), lambda t: (t + 1) / (W + 1)),
    "t/(W-1)": (csched.Warmup(z="t/(W-1)"), lambda t: t / (W - 1)),
    "cosine": (csched.Warmup("cosine"), lambda t: 1 - cosine(t / W)),
    "one_minus_sqrt": (csched.Warmup("one_minus_sqrt"), lambda t: 1 - mp.sqrt(1 - t / W)),
    "power": (csched.Warmup("power", power=3.0), lambda t: (t / W) ** 3),
    "quadratic": (csched.Warmup("power"), lambda t: (t / W) ** 2),
    "exponential": (
        csched.Warmup("exponential", start=0.001),
        lambda t: mpf(0.001) ** (1 - t / W),
    ),
    "constant": (csched.Warmup("constant", start=0.25), lambda t: mpf(0.25)),
    "inverse": (csched.Warmup(start=20.0), lambda t: 20 - 19 * t / W),
}


@pytest.mark.parametrize("name", LAWS)
def test_warmup_follows_its_law(name):
    law, formula = LAWS[name]
    c = csched.constant(1.0, 20, warmup_steps=W, warmup=law)["lr"]
    meets(c, formula, range(W))
    assert (c.values(W) == 1.0).all()
    assert c.steps == 20


@pytest.mark.parametrize("kind", ["linear", "cosine", "1-sqrt"])
def test_warmup_laws_are_those_of_transformers_wsd(kind):
    kinds = {"warmup_type": kind, "decay_type": kind, "min_lr_ratio": 0.1}
    peer = live(transformers.get_wsd_schedule, 8, 4, num_stable_steps=4, **kinds)
    name = {"1-sqrt": "one_minus_sqrt"}.get(kind, kind)
    law = csched.Warmup(name, start=0.1)
    ours = csched.wsd(
        1.0, 16, warmup_steps=8, cooldown_steps=4, cooldown=name, floor=0.1, warmup=law
    )
    np.testing.assert_allclose(ours["lr"].values(0, 17), run(peer, 17), rtol=4e-16)


def live(make, *args, **kwargs):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    return make(optimizer, *args, **kwargs), optimizer


def run(peer, n):
    scheduler, optimizer = peer
    seen = []
    for _ in range(n):
        seen.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return seen


# --- recipes against formulas: warm-up 3 of 23, peak 2, floor 0.25 --------------------------------

T, N = 23, 20  # the whole, and what the warm-up of 3 leaves
SHAPED = {"warmup_steps": 3, "floor": 0.25}


def shaped(p):
    return lambda t: mpf(0.25) + mpf(1.75) * p((t - 3) / N)


RECIPES = {
    "linear": (csched.linear(2.0, T, **SHAPED), shaped(lambda z: 1 - z)),
    "cosine": (csched.cosine(2.0, T, **SHAPED), shaped(cosine)),
    "cosine power": (
        csched.cosine(2.0, T, power=2.5, **SHAPED),
        shaped(lambda z: cosine(z) ** mpf(2.5)),
    ),
    "polynomial": (
        csched.polynomial(2.0, T, power=0.9, **SHAPED),
        shaped(lambda z: (1 - z) ** mpf(0.9)),
    ),
    "rex": (csched.rex(2.0, T, **SHAPED), shaped(lambda z: (1 - z) / (1 - z / 2))),
    "tanh": (
        csched.tanh(2.0, T, **SHAPED),
        shaped(lambda z: (1 - mp.tanh(-6 * (1 - z) + 3 * z)) / 2),
    ),
    "tanh with exact ends": (
        csched.tanh(2.0, T, exact_ends=True, **SHAPED),
        shaped(lambda z: (mp.tanh(3) - mp.tanh(9 * z - 6)) / (mp.tanh(3) - mp.tanh(-6))),
    ),
    "multi_lobe": (
        csched.multi_lobe(2.0, T, lobes=1.5, **SHAPED),
        shaped(lambda z: (1 + mp.cos(3 * mp.pi * z)) / 2),
    ),
    "cosine_restarts": (
        csched.cosine_restarts(2.0, T, cycles=3, **SHAPED),
        shaped(lambda z: cosine(3 * z - mp.floor(3 * z)) if z < 1 else mpf(0)),
    ),
    "cosine_restarts 2.5": (
        csched.cosine_restarts(2.0, T, cycles=2.5, **SHAPED),
        shaped(lambda z: cosine(5 * z / 2 - mp.floor(5 * z / 2))),
    ),
    "linear_cosine": (
        csched.linear_cosine(2.0, T, warmup_steps=3, alpha=0.5, beta=0.125, lobes=1.5),
        lambda t: (
            2 * ((mpf(1.5) - (t - 3) / N) * (1 + mp.cos(3 * mp.pi * (t - 3) / N)) / 2) + mpf(0.25)
        ),
    ),
    "delayed": (
        csched.delayed(2.0, T, delay_steps=13, **SHAPED),
        lambda t: mpf(0.25) + mpf(1.75) * min(mpf(1), (23 - t) / 10),
    ),
    "delayed rex": (
        csched.delayed(2.0, T, delay_steps=13, profile="rex", **SHAPED),
        lambda t: (
            mpf(0.25) + mpf(1.75) * (1 if t < 13 else (1 - (t - 13) / 10) / (1 - (t - 13) / 20))
        ),
    ),
    "flat_cosine": (
        csched.flat_cosine(2.0, T, flat_steps=13, warmup_steps=3),
        lambda t: 2 * (mpf(1e-5) + (1 - mpf(1e-5)) * (1 if t < 13 else cosine((t - 13) / 10))),
    ),
    "inverse_sqrt": (
        csched.inverse_sqrt(2.0, T, **SHAPED),
        lambda t: mpf(0.25) + mpf(1.75) / mp.sqrt(t / 3),
    ),
    "inverse_sqrt with a timescale": (
        csched.inverse_sqrt(2.0, T, timescale=7, **SHAPED),
        lambda t: mpf(0.25) + mpf(1.75) / mp.sqrt(1 + (t - 3) / 7),
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_meets_its_formula(name):
    schedule, formula = RECIPES[name]
    c = schedule["lr"]
    # 16: the level of a fractional knot and the bounds of tanh are rounded before the phase is;
    # where the formula is 0 or close to it the floor keeps the bound relative
    meets(c, formula, range(3, T + 1), ulps=16 if "tanh" in name or "_" in name else 4)
    meets(c, lambda t: mpf(c(3)) * t / 3, range(3))
    assert c.steps == T
    assert c(T) == c(10 * T)


def test_inverse_sqrt_has_no_end_where_none_is_given():
    c = csched.inverse_sqrt(2.0, warmup_steps=4000)["lr"]
    meets(c, lambda t: 2 * mp.sqrt(4000 / t), [4000, 4001, 10**6, 10**9, 10**13, 2**51])
    assert c.steps > 2**51


def test_inverse_sqrt_cools_down_from_where_it_is():
    c = csched.inverse_sqrt(1.0, 100, warmup_steps=10, cooldown_steps=20)["lr"]
    meets(c, lambda t: mp.sqrt(10 / t) if t <= 80 else mp.sqrt(mpf(10) / 80) * (100 - t) / 20,
          range(10, 100), ulps=5)  # fmt: skip
    assert c(100) == 0.0


@pytest.mark.parametrize("warmup", [1, 2, 4000])
def test_noam_meets_the_papers_equation_from_update_1_on(warmup):
    c = csched.noam(width=512, warmup_steps=warmup, factor=2.0)["lr"]

    def formula(t):
        n = t + 1
        return 2 * mpf(512) ** -0.5 * min(n ** mpf(-0.5), n * mpf(warmup) ** mpf(-1.5))

    meets(c, formula, [0, 1, 2, 3, 100, 3998, 3999, 4000, 10**6, 10**12])
    short = csched.noam(50, width=512, warmup_steps=warmup, factor=2.0)["lr"]
    meets(short, formula, range(50))
    assert short.steps == 50


@pytest.mark.parametrize(("gamma", "interval"), [(0.5, 1), (1e-3, 10), (3.0, 7)])
def test_inverse_time_meets_its_formula(gamma, interval):
    c = csched.inverse_time(2.0, 500, gamma=gamma, interval=interval)["lr"]
    meets(c, lambda t: 2 / (1 + mpf(gamma) * t / interval), range(500))
    stairs = csched.inverse_time(2.0, 500, gamma=gamma, interval=interval, staircase=True)["lr"]
    meets(stairs, lambda t: 2 / (1 + mpf(gamma) * mp.floor(t / interval)), range(500))
    solved = csched.inverse_time(2.0, 500, end=0.125)["lr"]
    meets(solved, lambda t: 2 / (1 + 15 * t / 500), range(501))


@pytest.mark.parametrize(("steps", "decay", "power"), [(25, 6, 1.0), (24, 6, 2.0), (5, 7, 0.9)])
def test_polynomial_cycles_stretch_as_keras_does(steps, decay, power):
    decay = min(decay, steps)
    c = csched.polynomial_cycles(2.0, steps, decay_steps=decay, floor=0.25, power=power)["lr"]

    def formula(t):
        horizon = decay * max(1, math.ceil(int(t) / decay))
        return mpf(0.25) + mpf(1.75) * (1 - t / horizon) ** mpf(power)

    meets(c, formula, range(steps))


def test_tri_stage_meets_fairseqs_formula():
    c = csched.tri_stage(2.0, 100, warmup_steps=10, hold_steps=40, start=0.02, end=0.02)["lr"]

    def formula(t):
        if t < 10:
            return mpf(0.02) + (2 - mpf(0.02)) * t / 10
        return 2 * mp.exp(mp.log(mpf(0.02) / 2) * max(mpf(0), t - 50) / 50)

    meets(c, formula, range(101))


def test_infinite_meets_its_formula_and_branches():
    s = csched.infinite(2.0, 100, plateau=0.5, cooldown_steps=20, warmup_steps=10)
    c = s["lr"]
    meets(c, lambda t: mpf(0.5) + mpf(1.5) * (cosine((t - 10) / 20) if t < 30 else 0),
          range(10, 150))  # fmt: skip
    for at in (40, 80, 10**6):
        branch = c.cooldown(at, 10, "exponential", 0.005)
        meets(branch, lambda t, at=at: mpf(0.5) * mpf(0.01) ** ((t - at) / 10), range(at, at + 10))


def test_wsd_s_cools_down_in_each_period():
    s = csched.wsd_s(1.0, 40, boundaries=[10, 0.5], cooldown_steps=0.2, warmup_steps=4)
    periods = [(4, 10, 2), (10, 20, 2), (20, 40, 4)]
    for begin, end, down in periods:
        assert (s["lr"].values(begin, end - down + 1) == 1.0).all()
        wanted = [1 - k / down for k in range(down)]
        assert s["lr"].values(end - down, end).tolist() == wanted
    assert s.cycle_ends == (9, 19, 39)
    assert s["lr"](40) == 0.0


def test_jagged_is_the_envelope_times_a_new_warmup_at_each_restart():
    s = csched.jagged(2.0, 100, interval=30, ramp_steps=5, start_factor=0.1, warmup_steps=10)["lr"]
    envelope = csched.cosine(2.0, 100, warmup_steps=10)["lr"]

    def tooth(t):
        return 1.0 if t < 30 else 0.1 + 0.9 * min(1.0, (t % 30) / 5)

    wanted = [envelope(t) * tooth(t) for t in range(100)]
    np.testing.assert_allclose(s.values(), wanted, rtol=4e-16)


def test_piecewise_constant_changes_at_the_boundary():
    s = csched.piecewise_constant([1.0, 0.5, 2.0], 10, boundaries=[3, 0.75])["lr"]
    assert s.values(0, 12).tolist() == [1.0] * 3 + [0.5] * 5 + [2.0] * 4


def test_piecewise_linear_is_numpys_interpolation():
    points = [(2, 0.5), (5, 2.0), (0.75, 1.0), (0.75, 3.0), (19, 0.0)]
    s = csched.piecewise_linear(points, 22)["lr"]
    x, y = [2, 5, 16.5, 16.5, 19], [0.5, 2.0, 1.0, 3.0, 0.0]
    np.testing.assert_allclose(s.values(0, 25), np.interp(np.arange(25), x, y), rtol=4e-16)


def test_piecewise_jump_gives_the_step_the_second_value():
    s = csched.piecewise_linear([(0, 1.0), (4, 1.0), (4, 0.5), (8, 0.5)], 8)["lr"]
    assert s.values().tolist() == [1.0] * 4 + [0.5] * 4


def test_cosine_restarts_is_transformers_cosine_with_restarts():
    make = transformers.get_cosine_with_hard_restarts_schedule_with_warmup
    for warmup, total, cycles in [(0, 10, 3), (2, 17, 4), (5, 25, 2)]:
        peer = run(live(make, warmup, total, num_cycles=cycles), total + 1)
        ours = csched.cosine_restarts(1.0, total, cycles=cycles, warmup_steps=warmup)["lr"]
        # 1e-12 of the peak: the peer's (n q) mod 1 loses digits, and 1 + cos cancels near 0
        assert np.abs(ours.values(0, total + 1) - peer).max() < 1e-12


def test_multi_lobe_is_transformers_cosine():
    make = transformers.get_cosine_schedule_with_warmup
    for lobes in (0.5, 1.0, 1.5, 0.37):
        peer = run(live(make, 3, 23, num_cycles=lobes), 24)
        ours = csched.multi_lobe(1.0, 23, lobes=lobes, warmup_steps=3)["lr"]
        assert np.abs(ours.values(0, 24) - peer).max() < 1e-15  # 1 + cos cancels near 0


# --- other values ---------------------------------------------------------------------------------


def test_cosine_weight_decay_rises_between_its_ends():
    c = csched.cosine_weight_decay(100)["weight_decay"]
    meets(c, lambda t: mpf(0.4) + (mpf(0.04) - mpf(0.4)) * cosine(t / 100), range(100))
    assert c(100) == c(10**6) == 0.4


def test_batch_size_is_an_integer_multiple_at_every_step():
    s = csched.batch_size_ramp(64, 1024, 1000, ramp_steps=0.6, multiple=32)["batch_size"]
    values = s.values(0, 1100)
    wanted = [32 * round((64 + 960 * min(t, 600) / 600) / 32) for t in range(1100)]
    assert values.tolist() == wanted
    assert all(v.is_integer() for v in values.tolist())
    assert s(10**9) == 1024


@pytest.mark.parametrize(
    ("start", "end", "steps", "ramp", "multiple"),
    [
        (8, 64, 7, 7, 8),
        (1024, 64, 100, 37, 32),
        (3, 300, 50, 50, 3),
        (5, 5, 9, 4, 1),
        (1, 2, 9, 9, 1),
    ],
)
def test_batch_size_ramp_is_the_rounded_line_in_integers(start, end, steps, ramp, multiple):
    s = csched.batch_size_ramp(start, end, steps, ramp_steps=ramp, multiple=multiple)["batch_size"]
    line = [Fraction(start * ramp + (end - start) * min(t, ramp), ramp) for t in range(steps)]
    assert s.values(0, steps + 5).tolist() == [
        *(multiple * round(x / multiple) for x in line),
        *[end] * 5,
    ]
    assert s.steps == steps


def test_layer_wise_factors_are_powers_of_the_decay():
    s = csched.one_cycle(1.0, 10)
    groups = csched.layer_wise(s, 4, decay=0.5)
    for i, group in enumerate(groups):
        assert (group["lr"].values() == 0.5 ** (3 - i) * s["lr"].values()).all()
        assert group["momentum"] == s["momentum"]


def test_discriminative_factors_are_even_in_the_logarithm():
    groups = csched.discriminative(csched.linear(1.0, 4), 5, low=1e-4)
    np.testing.assert_allclose([s["lr"](0) for s in groups], np.logspace(-4, 0, 5), rtol=4e-16)


@pytest.mark.parametrize("recipe", ["cosine", "wsd", "sgdr", "one_cycle"])
def test_noise_on_any_curve_depends_on_seed_and_step_alone(recipe):
    arguments = {"t_0": 10} if recipe == "sgdr" else {}
    c = csched.RECIPES[recipe](1.0, 50, **arguments)["lr"]
    noisy = c.noisy(0.1, seed=3, start=5, stop=40)
    values, plain = noisy.values(), c.values()
    assert (values[:5] == plain[:5]).all()
    assert (values[40:] == plain[40:]).all()
    moved = np.abs(values[5:40] / plain[5:40] - 1)
    assert moved.max() <= 0.1
    assert len(set(moved)) > 30
    order = np.random.default_rng(0).permutation(50)
    assert (noisy(order) == values[order]).all()
    assert (c.noisy(0.1, seed=4).values()[5:40] != values[5:40]).any()


# --- cycles that fit ------------------------------------------------------------------------------


@pytest.mark.parametrize("t_mult", [1, 1.5, 2, 3])
@pytest.mark.parametrize("steps", [1000, 997, 12345])
@pytest.mark.parametrize("cycles", [1, 3, 5])
def test_fitted_cycles_end_with_the_run(steps, t_mult, cycles):
    lengths = csched.fit_cycles(steps, cycles=cycles, t_mult=t_mult)
    assert sum(lengths) == steps
    assert len(lengths) == cycles
    whole = sum(t_mult**k for k in range(cycles))
    for k, length in enumerate(lengths):
        assert abs(length - steps * t_mult**k / whole) <= 1  # two rounded seams
    s = csched.sgdr(1.0, steps, t_mult=t_mult, cycles=cycles)
    assert s.steps == steps
    assert np.diff([-1, *s.cycle_ends]).tolist() == list(lengths)
    starts = np.cumsum([0, *lengths[:-1]])
    assert (s["lr"](starts) == 1.0).all()
    assert s["lr"](steps) == 0.0


def test_fit_cycles_finds_the_number_nearest_to_a_first_length():
    for steps, t_0, t_mult in [(1000, 100, 1), (1000, 30, 2), (500, 499, 3), (7, 1, 1)]:
        lengths = csched.fit_cycles(steps, t_0=t_0, t_mult=t_mult)
        ratio = max(lengths[0] / t_0, t_0 / lengths[0])
        for n in (len(lengths) - 1, len(lengths) + 1):
            if n and steps / sum(t_mult**k for k in range(n)) >= 1:
                first = steps / sum(t_mult**k for k in range(n))
                assert max(first / t_0, t_0 / first) >= ratio * 0.95  # lengths[0] is rounded


def test_fit_cycles_refuses_cycles_without_a_step():
    with pytest.raises(ValueError, match="cycles must be such that each of them has a step"):
        csched.fit_cycles(100, cycles=20, t_mult=2)
