"""csched.presets.fvcore against fvcore.common.param_scheduler, run side by side."""

import pytest
from beside import DRAWS, PAST, agree, steps
from csched.presets import fvcore as presets
from fvcore.common import param_scheduler as peer
from hypothesis import given
from hypothesis import strategies as st

CLOSED = 1e-13


def compared(preset, scheduler, n, size=0.0):
    """At the steps before n, where fvcore's schedulers are defined; then the last is held."""
    theirs = [scheduler(t / n) for t in range(n)]
    values = steps(preset["lr"], n + PAST)
    agree(values[:n], theirs, rtol=CLOSED, near_zero=1e-15, size=size)
    assert (values[n:] == values[n]).all()


CASES = {  # peers.md, 4.1
    "F01": (presets.CosineParamScheduler(1.0, 0.1, steps=4), "1 0.8682 0.55 0.2318 0.1"),
    "F03": (presets.ExponentialParamScheduler(1.0, 0.5, steps=4), "1 0.8409 0.70711 0.5946 0.5"),
    "F05": (presets.ConstantParamScheduler(1.0, steps=4), "1 1 1 1"),
    "F07": (presets.MultiStepParamScheduler([1.0, 0.5, 0.1], 8), "1 1 1 0.5 0.5 0.5 0.1 0.1 0.1"),
    "F09": (
        presets.StepWithFixedGammaParamScheduler(1.0, 2, 0.5, 8),
        "1 1 1 0.5 0.5 0.5 0.25 0.25",
    ),
    "F11": (
        presets.CompositeParamScheduler(
            [
                presets.LinearParamScheduler(0.0, 1.0, steps=8),
                presets.CosineParamScheduler(1.0, 0.0, steps=8),
            ],
            [0.25, 0.75],
            ["rescaled", "fixed"],
        ),
        "0 0.5 0.85355 0.69134 0.5 0.30866 0.14645 0.03806 0",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    preset, text = CASES[case]
    written = [float(x) for x in text.split()]
    agree(preset["lr"].values(0, len(written)), written, rtol=6e-5, near_zero=1e-16)


values = st.floats(1e-3, 10.0)
lengths = st.integers(1, 60)


@DRAWS
@given(values, values, lengths)
def test_cosine(a, b, n):
    compared(presets.CosineParamScheduler(a, b, steps=n), peer.CosineParamScheduler(a, b), n, a + b)


@DRAWS
@given(values, values, lengths)
def test_linear(a, b, n):
    compared(presets.LinearParamScheduler(a, b, steps=n), peer.LinearParamScheduler(a, b), n)


@DRAWS
@given(values, st.floats(1e-3, 2.0), lengths)
def test_exponential(a, decay, n):
    preset = presets.ExponentialParamScheduler(a, decay, steps=n)
    compared(preset, peer.ExponentialParamScheduler(a, decay), n)


@DRAWS
@given(values, st.just(0.0) | st.floats(0.2, 4.0), lengths)
def test_polynomial(a, power, n):
    preset = presets.PolynomialDecayParamScheduler(a, power, steps=n)
    compared(preset, peer.PolynomialDecayParamScheduler(a, power), n)


@DRAWS
@given(values, lengths)
def test_constant(a, n):
    compared(presets.ConstantParamScheduler(a, steps=n), peer.ConstantParamScheduler(a), n)


@DRAWS
@given(st.lists(values, min_size=1, max_size=5), lengths)
def test_step(levels, n):
    compared(presets.StepParamScheduler(n, levels), peer.StepParamScheduler(n, levels), n)


@DRAWS
@given(values, st.integers(1, 6), st.floats(0.1, 1.5), lengths)
def test_step_with_fixed_gamma(a, count, gamma, n):
    args = a, count, gamma, n
    preset = presets.StepWithFixedGammaParamScheduler(*args)
    compared(preset, peer.StepWithFixedGammaParamScheduler(*args), n)


@DRAWS
@given(st.sets(st.integers(1, 50), min_size=1, max_size=4).map(sorted), st.booleans(), st.data())
def test_multi_step(milestones, named, data):
    n = 60 if named else milestones[-1]
    size = len(milestones) + named
    levels = data.draw(st.lists(values, min_size=size, max_size=size))
    if n < size:
        return
    args = levels, (60 if named else None), milestones
    compared(presets.MultiStepParamScheduler(*args), peer.MultiStepParamScheduler(*args), n)


@DRAWS
@given(
    values,
    values,
    st.integers(1, 40),
    st.lists(st.integers(1, 9), min_size=3, max_size=3),
    st.lists(st.sampled_from(["rescaled", "fixed"]), min_size=3, max_size=3),
)
def test_composite(a, b, n, shares, scaling):
    lengths = [share / sum(shares) for share in shares]  # parts that begin between steps
    ours = [
        presets.LinearParamScheduler(a, b, steps=n),
        presets.PolynomialDecayParamScheduler(b, 2.0, steps=n),
        presets.CosineParamScheduler(b, a, steps=n),
    ]
    theirs = [
        peer.LinearParamScheduler(a, b),
        peer.PolynomialDecayParamScheduler(b, 2.0),
        peer.CosineParamScheduler(b, a),
    ]
    preset = presets.CompositeParamScheduler(ours, lengths, scaling)
    size = max(a, b)
    compared(preset, peer.CompositeParamScheduler(theirs, lengths, scaling), n, size)


def test_boundaries_of_long_runs_fall_where_they_were_put():  # R14: fvcore drops at 4,999,990
    c = presets.MultiStepParamScheduler([1.0, 0.5], milestones=[5_000_000, 10_000_000])["lr"]
    assert c.values(4_999_999, 5_000_001).tolist() == [1.0, 0.5]
