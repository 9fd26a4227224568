"""Promise 11: plateau composes with any schedule and replays from its state."""

import importlib.util
import json
import math
import sys
import types

import csched.torch
import pytest
import torch
from beside import DRAWS
from csched.plateau import Plateau
from hypothesis import example, given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ReduceLROnPlateau

if "timm" not in sys.modules:  # timm's own __init__ needs torchvision; its schedulers do not
    package = types.ModuleType("timm")
    package.__path__ = list(importlib.util.find_spec("timm").submodule_search_locations)
    sys.modules["timm"] = package
from timm.scheduler.plateau_lr import PlateauLRScheduler

import csched

# metrics that repeat, improve by about a threshold, or are no numbers
METRICS = st.lists(
    st.sampled_from([-1.0, 0.0, 0.5, 0.95, 1.0, 1.0001, 1.06, 2.0, math.inf, math.nan])
    | st.floats(-2.0, 2.0),
    min_size=1,
    max_size=60,
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "factor": st.sampled_from([0.1, 0.5, 0.7, 0.999]),
        "patience": st.integers(0, 4),
        "threshold": st.sampled_from([0.0, 1e-4, 0.05, 0.5]),
        "mode": st.sampled_from(["min", "max"]),
        "cooldown": st.integers(0, 4),
    },
)
# rates, and what of a rate: powers of two, so that parts of them are exact
RATE = st.sampled_from([0.125, 1.0, 4.0])
LEAST = st.sampled_from([0.0, 0.125, 0.5])
EPS = st.sampled_from([0.0, 1e-8, 0.01, 0.125])


def sgd(lr=1.0):
    return torch.optim.SGD([torch.zeros(1)], lr=lr)


@DRAWS
@given(METRICS, OPTIONS, RATE, LEAST, EPS, st.sampled_from(["rel", "abs"]))
@example([1.0] * 9, {"factor": 0.5, "patience": 0}, 1.0, 0.0, 0.125, "rel")  # falls by eps
def test_the_rule_is_that_of_torch(metrics, options, rate, least, eps, mode):
    ours = Plateau(**options, relative=mode == "rel", floor=least, eps=eps)
    optimizer = sgd(rate)
    theirs = ReduceLROnPlateau(
        optimizer, **options, threshold_mode=mode, min_lr=least * rate, eps=eps * rate
    )
    seen = []
    for step, metric in enumerate(metrics):
        ours.observe(metric, step)
        theirs.step(metric)
        seen.append(optimizer.param_groups[0]["lr"])
    assert (rate * ours.curve().values(0, len(metrics))).tolist() == seen


@pytest.mark.filterwarnings("ignore:PlateauLRScheduler is deprecated")
@DRAWS
@given(METRICS, OPTIONS, RATE, LEAST, st.sampled_from([0, 1, 4, 8]), st.sampled_from([0.0, 0.25]))
def test_the_rule_after_a_warm_up_is_that_of_timm(metrics, options, rate, least, warm, first):
    names = {"factor": "decay_rate", "patience": "patience_t", "cooldown": "cooldown_t"}
    optimizer, theirs = sgd(rate), sgd(rate)
    peer = PlateauLRScheduler(
        theirs,
        **{names.get(k, k): v for k, v in ({"mode": "min"} | options).items()},
        warmup_t=warm,
        warmup_lr_init=first * rate,
        lr_min=least * rate,
    )
    curve = csched.curve("constant", rate, steps=60)
    curve = curve.warmup(warm, start=first * rate) if warm else curve
    # timm warms up until a step at which it does not look at the metric
    plateau = Plateau(**options, floor=least, eps=1e-8 / rate, start=warm + 1)
    scheduler = csched.torch.Scheduler(optimizer, curve, plateau=plateau)
    for epoch, metric in enumerate(metrics, 1):
        peer.step(epoch, metric)
        scheduler.step()
        scheduler.observe(metric)
        assert optimizer.param_groups[0]["lr"] == theirs.param_groups[0]["lr"]


def trained(scheduler, optimizer, first, stop):
    seen = []
    for t in range(first, stop):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
        if t % 4 == 3:
            scheduler.observe(1.0 + 0.001 * t)
    return seen


def test_warmup_and_cosine_and_plateau():
    schedule = csched.cosine(0.4, 60, warmup_steps=10)
    make = lambda: Plateau(factor=0.5, patience=1, start=10)  # noqa: E731
    optimizer, plateau = sgd(), make()
    scheduler = csched.torch.Scheduler(optimizer, schedule, plateau=plateau)
    seen = trained(scheduler, optimizer, 0, 60)
    assert len(plateau.events) >= 3
    assert plateau.events[0][0] >= 10
    factors = plateau.curve().values(0, 60)
    assert seen == (schedule["lr"].values(0, 60) * factors).tolist()

    for stop in (0, 7, 33, 52):
        first = sgd()
        half = csched.torch.Scheduler(first, schedule, plateau=make())
        assert trained(half, first, 0, stop) == seen[:stop]
        state = json.loads(json.dumps(half.state_dict()))
        second = sgd()
        rest = csched.torch.Scheduler(second, schedule, plateau=make())
        rest.load_state_dict(state)
        assert trained(rest, second, stop, 60) == seen[stop:]

    # the events alone reproduce every value, in any order
    for t in (55, 0, 31, 12):
        scheduler.seek(t)
        assert optimizer.param_groups[0]["lr"] == seen[t]


def test_a_reduction_is_written_at_once_and_not_before():
    optimizer = sgd()
    constant = csched.curve("constant", 0.8, steps=10)
    scheduler = csched.torch.Scheduler(optimizer, constant, plateau=Plateau(0.5, patience=0))
    scheduler.step()
    assert not scheduler.observe(1.0)
    assert scheduler.observe(torch.tensor(1.0))
    assert optimizer.param_groups[0]["lr"] == 0.4
    assert scheduler.last_applied() == [{"lr": 0.8}]


def test_optimizers_on_one_clock_may_share_a_plateau():
    plateau, one, two = Plateau(0.5, patience=0), sgd(), sgd()
    first = csched.torch.Scheduler(one, csched.linear(0.5, 8), plateau=plateau)
    second = csched.torch.Scheduler(two, csched.linear(1.0, 8), plateau=plateau, drive=first)
    first.step()
    assert [first.observe(1.0) for _ in range(2)] == [False, True]
    rates = lambda: [o.param_groups[0]["lr"] for o in (one, two)]  # noqa: E731
    assert rates() == [0.21875, 0.4375]
    first.step()
    assert rates() == [0.1875, 0.375]
    assert first.state_dict()["plateau"] == second.state_dict()["plateau"]
    second.detach()
    assert second.observe(1.0)
    assert rates() == [0.09375, sgd().param_groups[0]["lr"]]


def test_a_shared_plateau_that_is_loaded_holds_for_all_at_once():
    plateau, two = Plateau(0.5, patience=0), sgd()
    first = csched.torch.Scheduler(sgd(), csched.linear(0.5, 8), plateau=plateau)
    csched.torch.Scheduler(two, csched.linear(1.0, 8), plateau=plateau, drive=first)
    state = first.state_dict()
    assert [first.observe(1.0) for _ in range(2)] == [False, True]
    assert two.param_groups[0]["lr"] == 0.5
    first.load_state_dict(state)
    assert two.param_groups[0]["lr"] == 1.0


def test_an_option_that_no_plateau_has_is_refused_by_name():
    scheduler = csched.torch.Scheduler(sgd(), csched.linear(0.1, 9), plateau=Plateau())
    state = scheduler.state_dict()
    state["plateau"]["options"]["decay"] = 0.5
    with pytest.raises(ValueError, match=r"plateau.options must be among .*, got \['decay'\]"):
        scheduler.load_state_dict(state, spec="saved")


def test_other_options_are_no_silent_mix():
    make = lambda p: csched.torch.Scheduler(sgd(), csched.linear(0.1, 9), plateau=p)  # noqa: E731
    state = make(Plateau(patience=3)).state_dict()
    with pytest.raises(ValueError, match=r"plateau\.patience: 3 \(saved\), 4 \(here\)"):
        make(Plateau(patience=4)).load_state_dict(state)
    with pytest.raises(ValueError, match=r"1 differing field: plateau: \{"):
        make(None).load_state_dict(state)


@pytest.mark.parametrize(("mine", "saved"), [(0.5, 0.3), (0.5, None), (None, 0.3)])
def test_a_plateau_that_differs_is_a_choice(mine, saved):
    """Whether its options differ, or only one of the two schedulers has one."""

    def fallen(factor):
        plateau = Plateau(factor, patience=0) if factor else None
        made = csched.torch.Scheduler(sgd(), csched.linear(0.1, 9), plateau=plateau)
        if factor:
            assert [made.observe(1.0) for _ in range(2)] == [False, True]
        return made

    state = json.loads(json.dumps(fallen(saved).state_dict()))
    scheduler = fallen(mine)
    scheduler.load_state_dict(state, spec="saved")
    assert scheduler.state_dict() == state
    assert scheduler.get_last_lr() == fallen(saved).get_last_lr()
    scheduler = fallen(mine)
    scheduler.load_state_dict(state, spec="mine")
    assert scheduler.get_last_lr() == [0.1 * (saved if saved and mine else 1.0)]
    if mine:
        assert scheduler.state_dict()["plateau"]["options"]["factor"] == mine


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("metric", [float("inf"), -float("inf"), float("nan"), 1.0])
def test_the_best_metric_comes_back_even_if_it_is_infinite(mode, metric):
    plateau, again = Plateau(mode=mode), Plateau(mode=mode)
    plateau.observe(metric, 0)
    again.load_state_dict(json.loads(json.dumps(plateau.state_dict(), allow_nan=False)))
    assert again.best == plateau.best


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bad": "x"}, "bad must be an int"),
        ({"best": "x"}, "best must be a real number"),
        ({"events": None}, "events must be a sequence"),
        ({"events": [[5]]}, "an event must be a step and a factor"),
        ({"events": [[5, 0.5], [2, 0.3]]}, r"the step of an event must be in \[6, "),
        ({"events": [[5, 7.0]]}, r"the factor of an event must be in \[0, 1\], got 7.0"),
    ],
)
def test_a_state_that_no_plateau_has_is_refused_and_changes_nothing(change, message):
    plateau = Plateau(0.5, patience=0)
    plateau.observe(1.0, 0)
    plateau.observe(1.0, 3)
    before = plateau.state_dict()
    with pytest.raises((ValueError, TypeError), match=message):
        plateau.load_state_dict(before | {"best": 0.1} | change)
    assert plateau.state_dict() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factor": 1.0}, r"Plateau: factor must be in \(0, 1\), got 1\.0"),
        ({"patience": -1}, "Plateau: patience must be in"),
        ({"mode": "best"}, "Plateau: mode must be one of 'min', 'max'"),
        ({"floor": 2.0}, r"Plateau: floor must be in \[0, 1\]"),
        ({"eps": -1e-8}, r"Plateau: eps must be in \[0, 1\]"),
    ],
)
def test_bad_options_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Plateau(**arguments)


def test_the_past_is_not_changed():
    plateau = Plateau(0.5, patience=0)
    plateau.observe(1.0, 4)
    plateau.observe(1.0, 5)
    with pytest.raises(
        ValueError, match=r"Plateau\.observe: step must be in \[5, .* got 4; the past"
    ):
        plateau.observe(1.0, 4)
    scheduler = csched.torch.Scheduler(sgd(), csched.linear(0.1, 9))
    with pytest.raises(ValueError, match="plateau must be given at construction"):
        scheduler.observe(1.0)
