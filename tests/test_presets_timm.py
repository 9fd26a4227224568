"""csched.presets.timm against timm.scheduler, run side by side."""

import importlib.util
import sys
import types

import pytest
import torch
from beside import DRAWS, PAST, agree, steps
from csched.presets import timm as presets
from hypothesis import given, settings
from hypothesis import strategies as st

if "timm" not in sys.modules:  # timm's own __init__ needs torchvision; its schedulers do not
    package = types.ModuleType("timm")
    package.__path__ = list(importlib.util.find_spec("timm").submodule_search_locations)
    sys.modules["timm"] = package
import csched.torch
import timm.scheduler as peer

CLOSED = 1e-13


def used(make, n, lr=1.0):
    """What the constructor writes, then what step(1), step(2), ... write."""
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = make(o)
    rows = [o.param_groups[0]["lr"]]
    for t in range(1, n):
        scheduler.step(t)
        rows.append(o.param_groups[0]["lr"])
    return rows


def compared(name, n, *args, lr=1.0, near_zero=1e-15, skip=(), **kwargs):
    theirs = used(lambda o: getattr(peer, name)(o, *args, **kwargs), n, lr)
    if not isinstance(kwargs.get("noise_range_t", ()), tuple):  # the peer's has no end
        kwargs["noise_steps"] = n
    ours = steps(getattr(presets, name)(*args, base_lr=lr, **kwargs)["lr"], n)
    kept = [t for t in range(n) if t not in skip]
    # (1 + cos) / 2 and 1 - tanh lose 1e-16 of the base where they are small
    agree(ours[kept], [theirs[t] for t in kept], rtol=CLOSED, near_zero=near_zero)


CASES = {  # peers.md, 4.1
    "M01": (
        "CosineLRScheduler",
        (5,),
        {"lr_min": 0.1},
        "1 0.91406 0.68906 0.41094 0.18594 0.1 0.1",
    ),
    "M03": (
        "CosineLRScheduler",
        (4,),
        {"cycle_limit": 2, "cycle_decay": 0.5},
        "1 0.85355 0.5 0.14645 0.5 0.42678 0.25 0.073223 0 0 0",
    ),
    "M05": (
        "CosineLRScheduler",
        (4,),
        {"cycle_mul": 1.5, "cycle_limit": 3},
        "1 0.85355 0.5 0.14645 1 0.93301 0.75 0.5 0.25 0.066987 1 0.96985 0.88302 0.75 0.58682 "
        "0.41318 0.25 0.11698 0.030154 0 0",
    ),
    "M07": (
        "CosineLRScheduler",
        (6,),
        {"warmup_t": 3, "warmup_lr_init": 0.1},
        "0.1 0.4 0.7 0.5 0.25 0.066987 0 0 0",
    ),
    "M09": (
        "CosineLRScheduler",
        (6,),
        {"warmup_t": 9, "warmup_lr_init": 0.1},
        "0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 0 0 0",
    ),
    "M11": ("CosineLRScheduler", (4,), {"k_decay": 0.5}, "1 0.5 0.19715 0.043638 0 0"),
    "M15": ("PolyLRScheduler", (4,), {}, "1 0.86603 0.70711 0.5 0 0"),
    "M17": ("TanhLRScheduler", (5,), {}, "1 0.99995 0.99753 0.8808 0.1192 0 0"),
    "M19": ("StepLRScheduler", (2, 0.5), {"warmup_t": 3}, "0 0.33333 0.66667 1 1 0.5 0.5 0.25"),
    "M21": (
        "WSDLRScheduler",
        (8, 4),
        {"decay_fn": "linear", "warmup_t": 2},
        "0 0.5 1 1 1 1 1 0.75 0.5 0.25 0 0",
    ),
    "M23": (
        "WSDLRScheduler",
        (8, 4),
        {"decay_fn": "cosine", "warmup_t": 2},
        "0 0.5 1 1 1 1 1 0.85355 0.5 0.14645 0 0",
    ),
    "M25": (
        "WSDLRScheduler",
        (8, 4),
        {"decay_fn": "exp", "warmup_t": 2},
        "0 0.5 1 1 1 1 1 0.51371 0.24025 0.086475 0 0",
    ),
    "M27": (
        "CosineLRScheduler",
        (6,),
        {"noise_range_t": (2, 5), "noise_seed": 42},
        "1 0.93301 0.79421 0.51559 0.21704 0.066987 0",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    name, args, kwargs, text = CASES[case]
    written = [float(x) for x in text.split()]
    ours = getattr(presets, name)(*args, **kwargs)["lr"].values(0, len(written))
    agree(ours, written, rtol=6e-5)
    compared(name, len(written), *args, **kwargs)


lengths = st.integers(1, 30)
rates = st.floats(1e-3, 10.0)
warmups = st.fixed_dictionaries(
    {
        "warmup_t": st.integers(0, 12),
        "warmup_lr_init": st.floats(0.0, 0.1),
        "warmup_prefix": st.booleans(),
    }
)
cyclic = st.fixed_dictionaries(
    {
        "lr_min": st.floats(0.0, 0.1),
        "cycle_mul": st.sampled_from([1.0, 1.25, 1.5, 2.0]),
        "cycle_decay": st.floats(0.1, 1.0),
        "cycle_limit": st.integers(1, 3),
    }
)
noises = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "noise_range_t": st.tuples(st.integers(0, 10), st.integers(10, 25))
            | st.floats(0.0, 25.0),
            "noise_seed": st.integers(0, 10**6),
            "noise_pct": st.floats(0.2, 0.9),
        }
    ),
)


def restarts(n, kwargs):
    """Steps at which a cycle begins: there timm's logarithm may still be in the cycle before."""
    mul, begins, length = kwargs["cycle_mul"], [0.0], float(n)
    for _ in range(6):
        begins.append(begins[-1] + length)
        length *= mul
    shift = kwargs["warmup_t"] if kwargs["warmup_prefix"] else 0
    return {round(b) + shift for b in begins[1:]} if mul != 1 else set()


@DRAWS
@given(lengths, cyclic, warmups, noises, st.one_of(st.just(1.0), st.floats(0.5, 3.0)), rates)
def test_cosine(n, cycle, warmup, noise, k, lr):
    kwargs = {**cycle, **warmup, **noise, "k_decay": k}
    skip = restarts(n, kwargs)
    compared("CosineLRScheduler", 60, n, **kwargs, lr=lr, near_zero=1e-14, skip=skip)


@DRAWS
@given(lengths, st.floats(0.5, 3.0), cyclic, warmups, st.sampled_from([1.0, 0.5, 2.0]), rates)
def test_poly(n, power, cycle, warmup, k, lr):
    kwargs = {**cycle, **warmup, "k_decay": k}
    skip = restarts(n, kwargs)
    compared("PolyLRScheduler", 60, n, power, **kwargs, lr=lr, near_zero=1e-13, skip=skip)


@pytest.mark.parametrize("mul", [1.0096, 1.1, 1.013])
def test_many_cycles_begin_where_they_should(mul):
    # timm takes (1 - mul**i) / (1 - mul): 1e-13 of a step there, and as much of a value
    compared("CosineLRScheduler", 60, 2, cycle_mul=mul, cycle_limit=100, lr=0.1, near_zero=1e-12)


@settings(DRAWS, max_examples=250)
@given(lengths, st.floats(-8.0, 0.0), st.floats(0.5, 4.0), cyclic, warmups, rates)
def test_tanh(n, low, up, cycle, warmup, lr):
    skip = restarts(n, {**cycle, **warmup})
    if {warmup["warmup_t"]} & skip and not warmup["warmup_prefix"]:
        return  # the warm-up aims at the value of a step whose cycle timm may get wrong
    kwargs = {**cycle, **warmup}
    compared("TanhLRScheduler", 60, n, low, up, **kwargs, lr=lr, near_zero=1e-14, skip=skip)


@DRAWS
@given(st.one_of(lengths, st.sampled_from([2.5, 0.5, 3.75])), st.floats(0.1, 1.5), warmups, rates)
def test_step(n, gamma, warmup, lr):
    compared("StepLRScheduler", 60, n, gamma, **warmup, lr=lr)


@DRAWS
@given(st.lists(lengths, max_size=5).map(sorted), st.floats(0.1, 1.0), warmups, noises, rates)
def test_multi_step(milestones, gamma, warmup, noise, lr):
    compared("MultiStepLRScheduler", 30 + PAST, milestones, gamma, **warmup, **noise, lr=lr)


@DRAWS
@given(
    lengths,
    st.integers(0, 20),
    st.sampled_from(["constant", "rsqrt", "power"]),
    st.sampled_from(["linear", "1-sqrt", "cosine", "power", "exp"]),
    st.floats(0.0, 0.1),
    st.integers(0, 9),
    rates,
    st.floats(0.1, 3.0),
)
def test_wsd(cool, stable, stable_fn, decay_fn, lr_min, warmup, lr, power):
    args = cool + stable, cool, lr_min, stable_fn, 5.0, power
    kwargs = {"decay_fn": decay_fn, "warmup_t": warmup}
    ours = presets.WSDLRScheduler(*args, **kwargs, base_lr=lr)["lr"]
    n = 60 + PAST
    theirs = used(lambda o: peer.WSDLRScheduler(o, *args, **kwargs), n, lr)
    agree(steps(ours, n), theirs, rtol=CLOSED, near_zero=1e-15)


def test_an_epoch_holds_its_value_for_all_its_updates():
    in_epochs = presets.CosineLRScheduler(3, updates_per_epoch=4)["lr"]
    by_epoch = presets.CosineLRScheduler(3)["lr"]
    expected = [by_epoch(t // 4) for t in range(20)]
    assert in_epochs.values(0, 20).tolist() == expected


@pytest.mark.parametrize("updates", [313, 100])
def test_drops_between_updates_may_be_any_part_of_an_epoch(updates):
    ours = {"decay_rate": 0.97, "step_on_epochs": False, "updates_per_epoch": updates}
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, _ = peer.create_scheduler_v2(o, "step", 9, decay_epochs=2.4, **ours)
    theirs = [1.0]
    for t in range(1, 9 * updates):
        scheduler.step_update(t)
        theirs.append(o.param_groups[0]["lr"])
    c = presets.create_scheduler_v2("step", 9, decay_epochs=2.4, **ours)["lr"]
    agree(c.values(0, 9 * updates), theirs, rtol=CLOSED)  # 2.4 * 313 is 751.1999999999999


def test_restarts_that_timm_misses_are_there():  # R12
    ours = presets.CosineLRScheduler(1, cycle_mul=3.0, cycle_limit=20)["lr"]
    assert ours(121) == 1.0
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    assert peer.CosineLRScheduler(o, 1, cycle_mul=3.0, cycle_limit=20)._get_lr(121) == [0.0]


NAMES = ["cosine", "tanh", "poly", "step", "multistep", "wsd", "rsqrt", "constant", "none"]


@settings(DRAWS, max_examples=250)
@given(
    st.sampled_from(NAMES),
    st.integers(2, 12),
    st.integers(0, 3),
    st.sampled_from([1, 2, 3]),
    st.booleans(),
    st.fixed_dictionaries(
        {"decay_rate": st.floats(0.1, 1.0), "warmup_prefix": st.booleans()},
        optional={
            "decay_epochs": st.sampled_from([1, 2, 3, 0.25, 0.5]),
            "decay_milestones": st.sampled_from([(1, 3), (2, 5, 8)]),
            "min_lr": st.floats(1e-4, 1e-2),
            "warmup_lr": st.floats(1e-4, 1e-2),
            "noise": st.sampled_from([[0.25, 0.75], 0.5]),
            "patience_epochs": st.just(3),
            "plateau_mode": st.just("min"),
            "cycle_mul": st.sampled_from([1.0, 2.0]),
            "cycle_limit": st.integers(1, 2),
            "decay_fn": st.sampled_from(["linear", "cosine"]),
            "stable_timescale": st.floats(1.0, 9.0),
        },
    ),
)
def test_schedulers_by_name(sched, n, up, unit, on_epochs, more):
    call = {
        "sched": sched,
        "num_epochs": n,
        "warmup_epochs": up,
        "step_on_epochs": on_epochs,
        "cooldown_epochs": 2 * n,
        **more,
    }
    call["updates_per_epoch"] = 0 if on_epochs else unit
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    try:
        scheduler, _ = peer.create_scheduler_v2(o, **call)
    except (AssertionError, ValueError):  # a decay that does not fit, a law without a time scale
        return
    rows = [o.param_groups[0]["lr"]]
    for t in range(1, 3 * n * (1 if on_epochs else unit)):
        if scheduler is not None:
            (scheduler.step if on_epochs else scheduler.step_update)(t)
        rows.append(o.param_groups[0]["lr"])
    ours = steps(presets.create_scheduler_v2(**call, base_lr=0.5)["lr"], len(rows))
    agree(ours, rows, rtol=CLOSED, near_zero=1e-15)


def test_noise_without_an_end_is_asked_for_one():
    with pytest.raises(ValueError, match="noise_steps must be given with one number"):
        presets.StepLRScheduler(3, noise_range_t=5)
    c = presets.CosineLRScheduler(6, noise_range_t=2)["lr"]
    plain = presets.CosineLRScheduler(6)["lr"]
    differ = [t for t in range(12) if c(t) != plain(t)]
    assert differ == [2, 3, 4, 5]
    with pytest.raises(ValueError, match=r"sched must be a function of the step, got 'plateau'"):
        presets.create_scheduler_v2("plateau")


@pytest.mark.filterwarnings("ignore:PlateauLRScheduler is deprecated")
def test_plateau_is_a_schedule_and_a_plateau():
    kwargs = {"decay_rate": 0.5, "patience_t": 1, "warmup_t": 3, "mode": "min", "lr_min": 0.06}
    kwargs |= {"noise_range_t": 9, "noise_pct": 0.3}
    schedule, plateau = presets.PlateauLRScheduler(**kwargs, base_lr=0.4, noise_steps=40)
    ours, theirs = (torch.optim.SGD([torch.zeros(1)], lr=0.4) for _ in range(2))
    scheduler = csched.torch.Scheduler(ours, schedule, plateau=plateau)
    live = peer.PlateauLRScheduler(theirs, **kwargs)
    rows, used = [], []
    for epoch in range(1, 40):
        metric = 1.0 + (epoch % 3) / 8
        live.step(epoch, metric)
        scheduler.step()
        scheduler.observe(metric)
        rows.append(theirs.param_groups[0]["lr"])
        used.append(ours.param_groups[0]["lr"])
    agree(used, rows, rtol=CLOSED)
    assert len(plateau.events) == 3  # down to lr_min
    assert len(set(rows[8:])) == 31  # a noise each
