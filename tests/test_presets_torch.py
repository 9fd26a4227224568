"""csched.presets.torch against torch.optim.lr_scheduler, run side by side."""

import pytest
import torch
from beside import DRAWS, PAST, agree, steps
from csched.presets import torch as presets
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.optim import lr_scheduler as peer

# torch's recursions multiply and divide their way: 1e-12 relative up to 1e3 steps; where they
# subtract (cosines near eta_min) what is lost is of the size of the base.
RECURSION = 1e-12


def optimizer(lr=1.0, momentum=0.9):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr, momentum=momentum)


def used(make, n, lr=1.0):
    """The (lr, momentum) that updates 0, ..., n - 1 use; stops where the peer raises."""
    o = optimizer(lr)
    scheduler = make(o)
    rows = []
    for _ in range(n):
        rows.append((o.param_groups[0]["lr"], o.param_groups[0]["momentum"]))
        o.step()
        try:
            scheduler.step()
        except (ZeroDivisionError, ValueError):
            break
    return [r[0] for r in rows], [r[1] for r in rows]


def lr_agrees(preset, make, n, base=1.0, near_zero=0.0, size=0.0):
    theirs, _ = used(make, n, base)
    agree(steps(preset["lr"], n), theirs, rtol=RECURSION, near_zero=near_zero, size=size)


CASES = {
    "T01": (presets.ConstantLR(0.5, 3), lambda o: peer.ConstantLR(o, 0.5, 3), "0.5 0.5 0.5 1 1 1"),
    "T05": (
        presets.LinearLR(1.0, 0.0, 4),
        lambda o: peer.LinearLR(o, 1.0, 0.0, 4),
        "1 0.75 0.5 0.25 0 0 0",
    ),
    "T07": (
        presets.LinearLR(0.25, 1.0, 2.5),
        lambda o: peer.LinearLR(o, 0.25, 1.0, 2.5),
        "0.25 0.55 0.85 0.85 0.85",
    ),
    "T09": (
        presets.PolynomialLR(4, 2.0),
        lambda o: peer.PolynomialLR(o, 4, 2.0),
        "1 0.5625 0.25 0.0625 0 0 0",
    ),
    "T11": (presets.PolynomialLR(0, 2.0), lambda o: peer.PolynomialLR(o, 0, 2.0), "1 1 1"),
    "T13": (presets.ExponentialLR(1.0), lambda o: peer.ExponentialLR(o, 1.0), "1 1 1 1"),
    "T15": (
        presets.ExponentialLR(0.9),
        lambda o: peer.ExponentialLR(o, 0.9),
        "1 0.9 0.81 0.729 0.6561 0.59049 0.53144 0.4783",
    ),
    "T19": (
        presets.MultiStepLR([0, 3, 3, 2], 0.5),
        lambda o: peer.MultiStepLR(o, [0, 3, 3, 2], 0.5),
        "0.5 0.5 0.25 0.0625 0.0625 0.0625",
    ),
    "T21": (
        presets.CosineAnnealingLR(10),
        lambda o: peer.CosineAnnealingLR(o, 10),
        "1 0.97553 0.90451 0.79389 0.65451 0.5 0.34549 0.20611 0.095492 0.024472 0 0.024472 "
        "0.095492 0.20611 0.34549 0.5 0.65451 0.79389 0.90451 0.97553 1 0.97553 0.90451 0.79389 "
        "0.65451",
    ),
    "T23": (
        presets.CosineAnnealingLR(4, eta_min=2.0),
        lambda o: peer.CosineAnnealingLR(o, 4, eta_min=2.0),
        "1 1.1464 1.5 1.8536 2 1.8536 1.5",
    ),
    "T27": (
        presets.CosineAnnealingWarmRestarts(2, 2, 0.1),
        lambda o: peer.CosineAnnealingWarmRestarts(o, 2, 2, 0.1),
        "1 0.55 1 0.8682 0.55 0.2318 1 0.96575 0.8682 0.72221 0.55 0.37779 0.2318 0.13425 1",
    ),
    "T31": (
        presets.CyclicLR(0.1, 1.0, 2, mode="triangular2"),
        lambda o: peer.CyclicLR(o, 0.1, 1.0, 2, mode="triangular2"),
        "0.1 0.55 1 0.55 0.1 0.325 0.55 0.325 0.1 0.2125 0.325 0.2125",
    ),
    "T33": (
        presets.CyclicLR(1.0, 0.1, 2),
        lambda o: peer.CyclicLR(o, 1.0, 0.1, 2),
        "1 0.55 0.1 0.55 1 0.55",
    ),
    "T37": (
        presets.CyclicLR(0.1, 1.0, 2, 0),
        lambda o: peer.CyclicLR(o, 0.1, 1.0, 2, 0),
        "0.1 0.55 0.1 0.55 0.1 0.55",
    ),
    "T39": (
        presets.OneCycleLR(1.0, 10, anneal_strategy="linear"),
        lambda o: peer.OneCycleLR(o, 1.0, 10, anneal_strategy="linear"),
        "0.04 0.52 1 0.85714 0.71429 0.57143 0.42857 0.28572 0.14286 4e-06",
    ),
    "T41": (presets.OneCycleLR(1.0, 1), lambda o: peer.OneCycleLR(o, 1.0, 1), "4e-06"),
    "T45": (
        presets.OneCycleLR(1.0, 11, pct_start=0.25),
        lambda o: peer.OneCycleLR(o, 1.0, 11, pct_start=0.25),
        "0.04 0.62681 0.99774 0.94442 0.82743 0.66354 0.47621 0.2923 0.13814 0.03582 4e-06",
    ),
    "T49": (
        presets.SequentialLR([presets.LinearLR(0.1, 1.0, 3), presets.CosineAnnealingLR(5)], [3]),
        lambda o: peer.SequentialLR(
            o, [peer.LinearLR(o, 0.1, 1.0, 3), peer.CosineAnnealingLR(o, 5)], [3]
        ),
        "0.1 0.4 0.7 1 0.90451 0.65451 0.34549 0.095492 0 0.095492 0.34549 0.65451",
    ),
    "T51": (
        presets.SequentialLR([presets.LinearLR(0.1, 1.0, 3), presets.CosineAnnealingLR(5)], [1]),
        lambda o: peer.SequentialLR(
            o, [peer.LinearLR(o, 0.1, 1.0, 3), peer.CosineAnnealingLR(o, 5)], [1]
        ),
        "0.1 1 0.90451 0.65451 0.34549 0.095492 0 0.095492",
    ),
    "T53": (
        presets.SequentialLR(
            [presets.ConstantLR(0.1, 2), presets.ExponentialLR(0.5), presets.StepLR(1, 0.1)],
            [2, 2],
        ),
        lambda o: peer.SequentialLR(
            o,
            [peer.ConstantLR(o, 0.1, 2), peer.ExponentialLR(o, 0.5), peer.StepLR(o, 1, 0.1)],
            [2, 2],
        ),
        "0.1 0.1 1 0.1 0.01 0.001",
    ),
    "T55": (
        presets.SequentialLR(
            [presets.LinearLR(0.1, 1.0, 3), presets.CosineAnnealingWarmRestarts(3, 2)], [3]
        ),
        lambda o: peer.SequentialLR(
            o, [peer.LinearLR(o, 0.1, 1.0, 3), peer.CosineAnnealingWarmRestarts(o, 3, 2)], [3]
        ),
        "0.1 0.4 0.7 1 0.75 0.25 1 0.93301 0.75 0.5 0.25 0.066987",
    ),
    "T59": (
        presets.LambdaLR(lambda t: 1 / (1 + t), steps=4),
        lambda o: peer.LambdaLR(o, lambda t: 1 / (1 + t)),
        "1 0.5 0.33333 0.25",
    ),
    "T61": (
        presets.SWALR(0.1, 4),
        lambda o: torch.optim.swa_utils.SWALR(o, 0.1, anneal_epochs=4),
        "1 0.8682 0.55 0.2318 0.1 0.1 0.1",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    preset, make, text = CASES[case]
    written = [float(x) for x in text.split()]
    n = len(written)
    agree(preset["lr"].values(0, n), written, rtol=6e-5)  # written with 5 digits
    lr_agrees(preset, make, n, near_zero=1e-12)


@pytest.mark.parametrize(("lr", "eta"), [(1.0, 0.05), (0.1, 0.05)])
def test_groups_with_their_own_rate_are_schedules_of_their_own(lr, eta):
    lr_agrees(
        presets.CosineAnnealingLR(4, eta_min=eta, base_lr=lr),
        lambda o: peer.CosineAnnealingLR(o, 4, eta_min=eta),
        24,
        lr,
        near_zero=1e-12,
    )


lengths = st.integers(1, 40)
rates = st.floats(1e-5, 10.0)
factors = st.floats(0.0, 1.0)
positive_factors = st.floats(1e-3, 1.0)


@DRAWS
@given(lengths, st.floats(0.0, 1.5), rates)
def test_step(n, gamma, lr):
    assume(gamma == 0.0 or gamma > 1e-3)  # torch's recursion loses digits below 1e-308
    preset = presets.StepLR(n, gamma, base_lr=lr)
    lr_agrees(preset, lambda o: peer.StepLR(o, n, gamma), 2 * n + PAST, lr)


@DRAWS
@given(st.lists(st.integers(0, 40), max_size=6), st.floats(0.0, 2.0), rates)
def test_multi_step(milestones, gamma, lr):
    preset = presets.MultiStepLR(milestones, gamma, base_lr=lr)
    lr_agrees(preset, lambda o: peer.MultiStepLR(o, milestones, gamma), 40 + PAST, lr)


@DRAWS
@given(positive_factors, lengths, rates)
def test_constant(factor, n, lr):
    preset = presets.ConstantLR(factor, n, base_lr=lr)
    lr_agrees(preset, lambda o: peer.ConstantLR(o, factor, n), n + PAST, lr)


@DRAWS
@given(positive_factors, factors, st.one_of(lengths, st.floats(1.0, 40.0)), rates)
def test_linear(start, end, n, lr):
    preset = presets.LinearLR(start, end, n, base_lr=lr)
    # near 0 the recursion keeps the rounding of where it came from
    lr_agrees(preset, lambda o: peer.LinearLR(o, start, end, n), int(n) + PAST, lr, 1e-12)


@DRAWS
@given(st.one_of(lengths, st.floats(1.0, 40.0)), st.floats(0.1, 5.0), rates)
def test_polynomial(n, power, lr):
    assume(n == int(n) or n - int(n) > 1e-3)  # else torch's last ratio is rounding
    preset = presets.PolynomialLR(n, power, base_lr=lr)
    lr_agrees(preset, lambda o: peer.PolynomialLR(o, n, power), int(n) + PAST, lr, 1e-12)


@DRAWS
@given(st.floats(0.0, 1.2), rates)
def test_exponential(gamma, lr):
    assume(gamma == 0.0 or gamma > 1e-3)
    lr_agrees(
        presets.ExponentialLR(gamma, base_lr=lr), lambda o: peer.ExponentialLR(o, gamma), 60, lr
    )


@DRAWS
@given(lengths, st.floats(0.0, 2.0), rates)
def test_cosine_annealing(n, eta, lr):
    preset = presets.CosineAnnealingLR(n, eta, base_lr=lr)
    lr_agrees(preset, lambda o: peer.CosineAnnealingLR(o, n, eta), 2 * n + PAST, lr, 1e-12)


@DRAWS
@given(st.integers(1, 20), st.integers(1, 4), st.floats(0.0, 2.0), rates)
def test_cosine_annealing_warm_restarts(n, mult, eta, lr):
    preset = presets.CosineAnnealingWarmRestarts(n, mult, eta, base_lr=lr)
    # 1e-16 of the base or the floor: the peer's (1 + cos) / 2 near its end, and its difference
    lr_agrees(
        preset,
        lambda o: peer.CosineAnnealingWarmRestarts(o, n, mult, eta),
        3 * n + PAST,
        lr,
        1e-15,
        max(lr, eta),
    )


@DRAWS
@given(
    rates,
    rates,
    st.integers(1, 20),
    st.one_of(st.none(), st.integers(0, 20)),
    st.sampled_from(["triangular", "triangular2", "exp_range"]),
    st.floats(0.5, 1.0),
)
def test_cyclic(base, top, up, down, mode, gamma):
    arguments = base, top, up, down, mode, gamma
    n = 2 * (up + (up if down is None else down)) + PAST
    preset = presets.CyclicLR(*arguments)
    lr, momentum = used(lambda o: peer.CyclicLR(o, *arguments), n)
    # x = 1 + t / total - cycle loses what cycle takes: of the height
    agree(steps(preset["lr"], n), lr, rtol=RECURSION, near_zero=1e-13)
    agree(steps(preset["momentum"], n), momentum, rtol=RECURSION)


@DRAWS
@given(
    rates,
    st.integers(1, 40),
    st.floats(0.0, 1.0),
    st.sampled_from(["cos", "linear"]),
    st.floats(1.0, 100.0),
    st.floats(1.0, 1e5),
    st.booleans(),
)
def test_one_cycle(peak, n, pct, strategy, div, final, three):
    assume(abs(pct * n - 1) > 1e-6)
    arguments = {
        "total_steps": n,
        "pct_start": pct,
        "anneal_strategy": strategy,
        "div_factor": div,
        "final_div_factor": final,
        "three_phase": three,
    }
    preset = presets.OneCycleLR(peak, **arguments)
    lr, momentum = used(lambda o: peer.OneCycleLR(o, peak, **arguments), n)
    agree(steps(preset["lr"], n), lr, rtol=RECURSION, near_zero=1e-14, size=peak)
    agree(steps(preset["momentum"], n), momentum, rtol=RECURSION)
    held = preset["lr"].values(n - 1, n + PAST)
    assert (held == held[0]).all()


@DRAWS
@given(rates, st.integers(0, 40), st.sampled_from(["cos", "linear"]), rates)
def test_swalr(swa, n, strategy, lr):
    preset = presets.SWALR(swa, n, strategy, base_lr=lr)
    lr_agrees(
        preset,
        lambda o: torch.optim.swa_utils.SWALR(o, swa, n, strategy),
        n + PAST,
        lr,
        1e-11 * max(swa, lr),  # torch divides by 1 - alpha, which is small at the end
    )


@DRAWS
@given(st.floats(0.5, 1.0), rates)
def test_multiplicative(gamma, lr):
    preset = presets.MultiplicativeLR(lambda t: gamma / t, steps=40, base_lr=lr)
    lr_agrees(preset, lambda o: peer.MultiplicativeLR(o, lambda t: gamma / t), 40, lr)


@DRAWS
@given(st.floats(0.1, 2.0), rates)
def test_lambda(power, lr):
    preset = presets.LambdaLR(lambda t: (1 + t) ** -power, steps=40, base_lr=lr)
    lr_agrees(preset, lambda o: peer.LambdaLR(o, lambda t: (1 + t) ** -power), 40, lr)


@DRAWS
@given(
    positive_factors,
    st.integers(1, 10),
    st.lists(st.integers(0, 20), min_size=2, max_size=2).map(sorted),
    lengths,
    rates,
)
def test_sequential(start, n, milestones, t_max, lr):
    ours = [
        presets.LinearLR(start, 1.0, n),
        presets.CosineAnnealingLR(t_max),
        presets.ExponentialLR(0.9),
    ]

    def make(o):
        children = [
            peer.LinearLR(o, start, 1.0, n),
            peer.CosineAnnealingLR(o, t_max),
            peer.ExponentialLR(o, 0.9),
        ]
        return peer.SequentialLR(o, children, milestones)

    preset = presets.SequentialLR(ours, milestones, base_lr=lr)
    lr_agrees(preset, make, 20 + PAST, lr, 1e-12 * lr)


@DRAWS
@given(positive_factors, st.integers(1, 10), st.floats(0.5, 1.0), lengths, rates)
def test_chained_factors_multiply(start, n, gamma, t_max, lr):
    ours = [
        presets.LinearLR(start, 1.0, n),
        presets.ExponentialLR(gamma),
        presets.PolynomialLR(t_max, 2.0),
    ]

    def make(o):
        children = [
            peer.LinearLR(o, start, 1.0, n),
            peer.ExponentialLR(o, gamma),
            peer.PolynomialLR(o, t_max, 2.0),
        ]
        return peer.ChainedScheduler(children, o)

    preset = presets.ChainedScheduler(ours, base_lr=lr)
    lr_agrees(preset, make, t_max + PAST, lr, 1e-12 * lr)


def test_where_torch_breaks_the_documented_thing_is_done():
    assert presets.ConstantLR(0.0, 3)["lr"].values(0, 5).tolist() == [0, 0, 0, 1, 1]  # T03
    assert presets.ConstantLR(0.5, 0)["lr"](0) == 1.0
    assert presets.LinearLR(0.5, 0.25, 0)["lr"](0) == 0.25
    product = presets.ChainedScheduler(  # T69: torch goes up to 3.13
        [presets.CosineAnnealingWarmRestarts(8), presets.LinearLR(0.1, 1.0, 4)]
    )
    assert product["lr"].values(0, 40).max() <= 1.0


BAD = [
    (lambda: presets.OneCycleLR(1.0, 10, pct_start=0.1), "pct_start"),  # T43
    (lambda: presets.StepLR(2.5), "step_size"),  # T17
    (lambda: presets.ExponentialLR(-0.5), "gamma"),
    (lambda: presets.CosineAnnealingWarmRestarts(10, 1.5), "T_mult"),
    (lambda: presets.SequentialLR([presets.StepLR(2)] * 2, []), "milestones"),
    (lambda: presets.SequentialLR([presets.StepLR(2), 3.0], [4]), "schedulers"),
    (lambda: presets.OneCycleLR(1.0), "epochs"),
    (lambda: presets.LinearLR(0.0), "start_factor"),
    (lambda: presets.CyclicLR(0.1, 1.0, mode="triangle"), "mode"),
]


@pytest.mark.parametrize(("make", "name"), BAD, ids=[name for _, name in BAD])
def test_bad_arguments_are_refused_by_name(make, name):
    with pytest.raises((ValueError, TypeError), match=rf"torch\.\w+: {name} must be"):
        make()
