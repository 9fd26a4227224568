"""csched.presets.transformers against transformers.optimization, run side by side."""

import pytest
import torch
from beside import DRAWS, PAST, agree, steps
from csched.presets import transformers as presets
from hypothesis import given
from hypothesis import strategies as st
from transformers import optimization as peer

CLOSED = 1e-12


def used(scheduler, n, lr):
    """The factors of a LambdaLR are a pure function of the step."""
    (function,) = scheduler.lr_lambdas
    return [lr * function(t) for t in range(n)]


def compared(name, n, *args, lr=1.0, **kwargs):
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    theirs = used(getattr(peer, name)(o, *args, **kwargs), n, lr)
    ours = steps(getattr(presets, name)(*args, **kwargs, base_lr=lr)["lr"], n)
    # (1 + cos(2 pi n q)) / 2 loses 1e-16 a radian of its argument near 0
    agree(ours, theirs, rtol=CLOSED, near_zero=1e-13)


CASES = {  # peers.md, 4.1
    "H01": (
        "get_linear_schedule_with_warmup",
        (3, 8),
        {},
        "0 0.33333 0.66667 1 0.8 0.6 0.4 0.2 0 0",
    ),
    "H02": ("get_linear_schedule_with_warmup", (4, 2), {}, "0 0.25 0.5 0.75 0 0"),
    "H03": ("get_linear_schedule_with_warmup", (0, 0), {}, "0 0 0"),
    "H05": (
        "get_cosine_schedule_with_warmup",
        (6, 4),
        {},
        "0 0.16667 0.33333 0.5 0.66667 0.83333 1 0 1 0 1",
    ),
    "H07": (
        "get_cosine_with_hard_restarts_schedule_with_warmup",
        (2, 10, 2),
        {},
        "0 0.5 1 0.85355 0.5 0.14645 1 0.85355 0.5 0.14645 0 0 0",
    ),
    "H09": (
        "get_cosine_with_hard_restarts_schedule_with_warmup",
        (0, 6, 1.5),
        {},
        "1 0.85355 0.5 0.14645 1 0.85355 0 0",
    ),
    "H15": (
        "get_inverse_sqrt_schedule",
        (4, 2),
        {},
        "0 0.25 0.5 0.75 1 0.8165 0.70711 0.63246",
    ),
    "H17": (
        "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
        (3, 8),
        {"min_lr_rate": 0.1},
        "0.33333 0.66667 1 0.91406 0.68906 0.41094 0.18594 0.1 0.18594 0.41094",
    ),
    "H19": ("get_wsd_schedule", (2, 3), {"num_stable_steps": 2}, "0 0.5 1 1 1 0.75 0.25 0 0"),
    "H21": (
        "get_wsd_schedule",
        (4, 4),
        {"num_training_steps": 10, "warmup_type": "1-sqrt", "decay_type": "1-sqrt"},
        "0 0.13397 0.29289 0.5 1 1 1 0.5 0.29289 0.13397 0",
    ),
    "H23": ("get_constant_schedule_with_warmup", (3,), {}, "0 0.33333 0.66667 1 1"),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    name, args, kwargs, text = CASES[case]
    written = [float(x) for x in text.split()]
    ours = getattr(presets, name)(*args, **kwargs)["lr"].values(0, len(written))
    agree(ours, written, rtol=6e-5, near_zero=1e-15)
    compared(name, len(written), *args, **kwargs)


warmups = st.integers(0, 25)
totals = st.integers(0, 40)
rates = st.floats(1e-5, 10.0)
waves = st.integers(1, 400).map(lambda k: k / 100)  # decimals, as people write them
N = 40 + PAST


@DRAWS
@given(warmups, rates)
def test_constant_with_warmup(warmup, lr):
    compared("get_constant_schedule_with_warmup", N, warmup, lr=lr)


@DRAWS
@given(warmups, totals, rates)
def test_linear(warmup, total, lr):
    compared("get_linear_schedule_with_warmup", N, warmup, total, lr=lr)


@DRAWS
@given(warmups, totals, waves, rates)
def test_cosine(warmup, total, count, lr):
    compared("get_cosine_schedule_with_warmup", N, warmup, total, count, lr=lr)


@DRAWS
@given(warmups, totals, st.one_of(st.integers(1, 6), st.sampled_from([0.5, 1.5, 2.25])), rates)
def test_hard_restarts(warmup, total, count, lr):
    name = "get_cosine_with_hard_restarts_schedule_with_warmup"
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    theirs = used(getattr(peer, name)(o, warmup, total, count), N, lr)
    ours = steps(getattr(presets, name)(warmup, total, count, base_lr=lr)["lr"], N)
    # n * q % 1 in floats: at a restart transformers may still be at the end of the cycle before
    rest = max(1, total - warmup)
    exact = [t for t in range(N) if t < warmup or (t - warmup) * count % rest or t == warmup]
    agree(ours[exact], [theirs[t] for t in exact], rtol=CLOSED, near_zero=1e-13)


@DRAWS
@given(warmups, totals, st.floats(0.0, 1e-6), st.just(0.0) | st.floats(0.5, 4.0), rates)
def test_polynomial(warmup, total, end, power, lr):
    if warmup == total:
        total += 1
    name = "get_polynomial_decay_schedule_with_warmup"
    compared(name, N, warmup, total, end, power, lr=lr)


@DRAWS
@given(warmups, st.one_of(st.none(), st.integers(1, 10**5)), rates)
def test_inverse_sqrt(warmup, scale, lr):
    compared("get_inverse_sqrt_schedule", N, warmup, scale, lr=lr)


@DRAWS
@given(warmups, totals, waves, st.floats(0.0, 1.0), rates)
def test_cosine_with_min_lr(warmup, total, count, rate, lr):
    name = "get_cosine_with_min_lr_schedule_with_warmup"
    compared(name, N, warmup, total, count, min_lr_rate=rate, lr=lr)
    compared(name, N, warmup, total, count, min_lr=rate * lr, lr=lr)


@DRAWS
@given(
    warmups, totals, waves, st.floats(0.0, 1.0), st.one_of(st.none(), st.floats(0.0, 1.0)), rates
)
def test_cosine_warmup_with_min_lr(warmup, total, count, rate, start, lr):
    name = "get_cosine_with_min_lr_schedule_with_warmup_lr_rate"
    kwargs = {"min_lr_rate": rate, "warmup_lr_rate": start}
    compared(name, N, warmup, total, count, **kwargs, lr=lr)


types = st.sampled_from(["linear", "cosine", "1-sqrt"])


@DRAWS
@given(warmups, st.integers(0, 20), st.integers(-10, 15), types, types, st.floats(0.0, 1.0), waves)
def test_wsd(warmup, decay, stable, up, down, ratio, count):
    total = max(0, warmup + decay + stable)
    args = warmup, decay, total, None, up, down, ratio, count
    compared("get_wsd_schedule", N, *args)


@pytest.mark.parametrize("name", presets.NAMES)
def test_every_name_of_get_scheduler_is_the_same_function(name):
    extra = {"min_lr_rate": 0.1} if "min_lr" in name else {}
    if name == "warmup_stable_decay":
        extra = {"num_decay_steps": 5}
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = used(peer.get_scheduler(name, o, 4, 20, extra), N, 1.0)
    ours = presets.get_scheduler(name, 4, 20, extra)["lr"].values(0, N)
    agree(ours, theirs, rtol=CLOSED, near_zero=1e-13)


@DRAWS
@given(st.sampled_from(sorted(presets.NAMES)), st.integers(0, 9), st.integers(10, 40), rates)
def test_get_scheduler_over_random_arguments(name, warmup, total, lr):
    extra = {"min_lr_rate": 0.1} if "min_lr" in name else {}
    if name == "warmup_stable_decay":
        extra = {"num_decay_steps": 5}
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    theirs = used(peer.get_scheduler(name, o, warmup, total, extra), N, lr)
    ours = presets.get_scheduler(name, warmup, total, extra, base_lr=lr)["lr"].values(0, N)
    agree(ours, theirs, rtol=CLOSED, near_zero=1e-13)


def test_all_names_but_those_that_follow_a_metric_are_known():
    names = {str(n.value) for n in peer.TYPE_TO_SCHEDULER_FUNCTION}
    assert names - set(presets.NAMES) == {"reduce_lr_on_plateau", "greedy"}


BAD = [
    (lambda: presets.get_polynomial_decay_schedule_with_warmup(4, 4), "num_warmup_steps"),  # H11
    (lambda: presets.get_polynomial_decay_schedule_with_warmup(2, 4, 2.0), "lr_end"),  # H13
    (lambda: presets.get_cosine_with_min_lr_schedule_with_warmup(2, 4), "exactly one of min_lr"),
    (lambda: presets.get_wsd_schedule(2, 4), "num_training_steps"),
    (lambda: presets.get_scheduler("linear"), "num_warmup_steps"),
    (lambda: presets.get_scheduler("greedy"), "name"),
]


@pytest.mark.parametrize(("make", "name"), BAD, ids=[name for _, name in BAD])
def test_bad_arguments_are_refused_by_name(make, name):
    with pytest.raises((ValueError, TypeError), match=rf"transformers\.\w+: {name}.* must be"):
        make()
