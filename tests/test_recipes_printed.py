"""Recipes against values printed elsewhere: by papers, their code, and other libraries.

Numbers printed with n digits are met to half a unit of the last one.
"""

import math

import numpy as np
import pytest

import csched

WARM2 = {"warmup_steps": 2}
TAIL = {"warmup_steps": 2, "cooldown_steps": 3, "floor": 0.1, "warmup": csched.Warmup(start=0.1)}
CLR2 = csched.triangular2(1.0, 17, floor=0.1, up_steps=4, momentum=(0.8, 0.9))
MUON = {"start": 0.85, "peak": 0.97, "warmup_steps": 400, "cooldown_steps": 100, "end": 0.9}
QUARTERS = (25, 50, 75)

PRINTED = {
    # transformers 5.23, peak 1
    "transformers linear": (
        csched.linear(1.0, 10, **WARM2),
        range(11),
        "0 .5 1 .875 .75 .625 .5 .375 .25 .125 0",
    ),
    "transformers cosine": (
        csched.cosine(1.0, 10, **WARM2),
        range(11),
        "0 .5 1 .96194 .853553 .691342 .5 .308658 .146447 .03806 0",
    ),
    "transformers inverse_sqrt": (
        csched.inverse_sqrt(1.0, 10, **WARM2),
        range(11),
        "0 .5 1 .816497 .707107 .632456 .57735 .534522 .5 .471405 .447214",
    ),
    "transformers cosine_with_restarts": (
        csched.cosine_restarts(1.0, 10, cycles=3),
        range(11),
        "1 .793893 .345492 .024472 .904508 .5 .095492 .975528 .654508 .206107 0",
    ),
    "transformers warmup_stable_decay, 1-sqrt": (
        csched.wsd(1.0, 10, cooldown="one_minus_sqrt", **TAIL),
        range(11),
        ".1 .55 1 1 1 1 1 1 .480385 .265153 .1",
    ),
    "transformers warmup_stable_decay, cosine": (
        csched.wsd(1.0, 10, cooldown="cosine", **TAIL),
        range(6, 11),
        "1 1 .775 .325 .1",
    ),
    # torch 2.13
    "torch CosineAnnealingWarmRestarts(2, 2)": (
        csched.sgdr(1.0, t_0=2, t_mult=2, cycles=4),
        range(15),
        "1 .5 1 .853553 .5 .146447 1 .96194 .853553 .691342 .5 .308658 .146447 .03806 1",
    ),
    "torch PolynomialLR(10, 0.9)": (
        csched.polynomial(1.0, 10, power=0.9),
        range(12),
        "1 .909533 .818052 .725418 .631446 .535887 .438383 .338383 .234924 .125893 0 0",
    ),
    "torch CyclicLR, triangular2": (
        CLR2,
        range(17),
        ".1 .325 .55 .775 1 .775 .55 .325 .1 .2125 .325 .4375 .55 .4375 .325 .2125 .1",
    ),
    "torch CyclicLR, momentum": (
        csched.Schedule(momentum=CLR2["momentum"]),
        [*range(6), 8, 9, 10, 11, 12, 16],
        ".9 .875 .85 .825 .8 .825 .9 .8875 .875 .8625 .85 .9",
    ),
    # Haegele et al., 2024: cooldown over the whole run
    "mirror cosine": (
        csched.wsd(1.0, 100, cooldown="mirror_cosine", cooldown_steps=100),
        QUARTERS,
        ".646447 .5 .353553",
    ),
    "square": (
        csched.wsd(1.0, 100, cooldown="square", cooldown_steps=100),
        QUARTERS,
        ".9375 .75 .4375",
    ),
    "sampled at 50-75, REX": (
        csched.rex(1.0, 100, sampling=csched.at(0.5, 0.75)),
        (0, 49, 50, 75),
        "1 1 .666667 .4",
    ),
    # nanochat: 40 updates up, flat, the last 65 % down to 5 %; and its momentum for Muon
    "nanochat": (
        csched.wsd(1.0, 1000, warmup_steps=40, cooldown_steps=0.65, cooldown="linear", floor=0.05,
                   warmup=csched.Warmup(z="(t+1)/W")),
        (0, 19, 39, 350, 675, 1000),
        ".025 .5 1 1 .525 .05",
    ),
    "nanochat momentum": (
        csched.muon_momentum(1000, **MUON),
        (0, 200, 400, 899, 950, 1000),
        ".85 .91 .97 .97 .935 .90",
    ),
    # modded-nanogpt: momentum back to .85 over the last 50; the last 60 % down to .15
    "modded-nanogpt momentum": (
        csched.muon_momentum(1000, cooldown_steps=50),
        (0, 150, 300, 950, 975, 1000),
        ".85 .90 .95 .95 .90 .85",
    ),
    "modded-nanogpt": (
        csched.wsd(1.0, 1000, cooldown_steps=0.6, cooldown="linear", floor=0.15),
        (0, 400, 700, 1000),
        "1 1 .575 .15",
    ),
    "fractal, sorted": (
        csched.fractal(8, low=0.1, high=1.0, order="decreasing"),
        range(8),
        "9.204152 5.687031 3.333407 2.163522 1.567913 1.24999 1.082062 1.008722",
    ),
}  # fmt: skip


def half_a_unit(text):
    """Of the last digit printed."""
    return 0.5 * 10.0 ** -len(text.partition(".")[2]) * (1 + 1e-9)


@pytest.mark.parametrize("name", PRINTED)
def test_recipe_gives_the_values_printed(name):
    schedule, steps, text = PRINTED[name]
    (curve,) = schedule.items() if len(schedule) == 1 else [("lr", schedule["lr"])]
    wanted = text.split()
    assert len(wanted) == len(steps)
    for t, want in zip(steps, wanted, strict=True):
        assert abs(curve[1](t) - float(want)) <= half_a_unit(want), (t, curve[1](t), want)


# --- Agarwal, Goel, Zhang, 2021: how gradient descent on a quadratic ends, and on the way ---------


def ends_at(sizes, kappa, dtype=np.float64):
    """Largest error over curvatures in [1, kappa], at the end and on the way, from error 1."""
    curvature = np.linspace(1.0, kappa, 2001).astype(dtype)
    error, largest = np.ones_like(curvature), 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for size in np.asarray(sizes, dtype):
            error = error - size * curvature * error
            largest = max(largest, float(np.abs(error).max()))
    return float(np.abs(error).max()), largest


def fractal(kappa, n, order="fractal"):
    return csched.fractal(n, low=1.0, high=kappa, order=order)["lr"].values()


@pytest.mark.parametrize(
    ("kappa", "n", "wanted"), [(1000.0, 128, 6.08e-4), (1e4, 512, 7.1e-5), (100.0, 32, 3.25e-3)]
)
def test_fractal_ends_at_the_bound_in_float64_and_float32(kappa, n, wanted):
    rho = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)
    bound = 2 * rho**n / (1 + rho ** (2 * n))
    assert bound == pytest.approx(wanted, rel=0.01)
    end, largest = ends_at(fractal(kappa, n), kappa)
    assert end == pytest.approx(bound, rel=0.01)  # the largest error lies between curvatures
    assert largest < kappa
    assert ends_at(fractal(kappa, n), kappa, np.float32)[0] == pytest.approx(bound, rel=0.02)


def test_sorted_and_shuffled_step_sizes_are_worse_as_printed():
    sizes = fractal(1000.0, 128)
    down, largest = ends_at(fractal(1000.0, 128, "decreasing"), 1000.0)
    assert 1e61 < largest < 4e61
    assert math.isnan(ends_at(fractal(1000.0, 128, "decreasing"), 1000.0, np.float32)[0])
    assert ends_at(fractal(1000.0, 128, "increasing"), 1000.0, np.float32)[0] > 5 * 6.08e-4
    shuffled = np.random.default_rng(0).permutation(sizes)
    assert ends_at(shuffled, 1000.0)[1] > 1e3 * 1000.0  # 9e13 printed; it is the draw's
    constant = np.full(128, 2 / 1001)
    assert ends_at(constant, 1000.0)[0] == pytest.approx(0.77, abs=0.005)
    assert down > 6.08e-4


def test_half_the_fractal_steps_are_past_the_textbook_limit():
    for kappa, n in [(1000.0, 128), (100.0, 32)]:
        sizes = fractal(kappa, n)
        assert 0.4 < np.mean(sizes > 2 / kappa) < 0.6
        assert 0.9 < sizes.max() <= 1.0  # about 1 / m


@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_blocks_glued_together_stay_stable(blocks):
    s = csched.fractal(32, low=1.0, high=100.0, blocks=blocks)["lr"].values()
    end, largest = ends_at(s, 100.0)
    assert end == pytest.approx(3.25e-3**blocks, rel=0.01 * blocks)
    assert largest < 100.0
