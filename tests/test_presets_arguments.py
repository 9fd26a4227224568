"""Presets refuse arguments of another type than theirs before they compute with them."""

import importlib
import inspect
import math
from fractions import Fraction

import numpy as np
import pytest
from csched.presets import (
    composer,
    deepspeed,
    keras,
    lrsched,
    mmengine,
    optax,
    paddle,
    tensorflow,
    timm,
    torch,
)

import csched
from csched import presets

BAD = {
    "text for a function": (
        lambda: torch.LambdaLR("x", steps=3),
        "torch.LambdaLR: lr_lambda must be a function, got 'x'",
    ),
    "text from a function": (
        lambda: torch.LambdaLR(lambda t: "x", steps=3),
        "torch.LambdaLR: the function's value at 0 must be a real number, got 'x'",
    ),
    "no rate": (
        lambda: torch.StepLR(3, base_lr=None),
        "torch.StepLR: base_lr must be a real number, got None",
    ),
    "a rate that is no number": (
        lambda: torch.ConstantLR(base_lr=math.nan),
        "torch.ConstantLR: base_lr must be finite, got nan",
    ),
    "a number for a list": (
        lambda: torch.MultiStepLR(3),
        "torch.MultiStepLR: milestones must be a sequence of int, got ",
    ),
    "a list of texts": (
        lambda: torch.MultiStepLR(["x"]),
        "torch.MultiStepLR: milestones must be a sequence of int, got ",
    ),
    "a division by 0": (
        lambda: torch.OneCycleLR(1.0, 10, div_factor=0),
        "torch.OneCycleLR: arguments must be such that every value is finite, got {'max_lr': 1.0, ",
    ),
    "a range of one": (
        lambda: timm.CosineLRScheduler(9, noise_range_t=[3]),
        "timm.CosineLRScheduler: noise_range_t must be ",
    ),
    "noise that no limit lets through": (
        lambda: timm.CosineLRScheduler(9, noise_range_t=(3, 5), noise_pct=0.0),
        "timm.CosineLRScheduler: noise_pct must be in (0, inf), got 0.0",
    ),
    "a warm-up that is over before it begins": (
        lambda: timm.TanhLRScheduler(9, warmup_t=-1),
        "timm.TanhLRScheduler: warmup_t must be in [0, 2**53], got -1",
    ),
    "text to be scaled": (
        lambda: composer.scale_pytorch_scheduler(torch.StepLR, 0.5, "x"),
        "composer.scale_pytorch_scheduler: step_size must be a real number, got 'x'",
    ),
    "a list for a schedule": (
        lambda: lrsched.with_warmup([], warmup_steps=3, start_lr=0.0),
        "lrsched.with_warmup: schedule must be a Schedule, got []",
    ),
    "an array for an int": (
        lambda: torch.StepLR(np.array([3, 4])),
        "torch.StepLR: step_size must be an int, got array([3, 4])",
    ),
    "an array for a yes or no": (
        lambda: optax.exponential_decay(1.0, 3, 0.5, staircase=np.array([True, False])),
        "optax.exponential_decay: staircase must be a bool, got array(",
    ),
    "one number in an array for a list": (
        lambda: torch.MultiStepLR(np.array(3)),
        "torch.MultiStepLR: milestones must be a sequence of int, got array(3)",
    ),
    "numbers for mappings": (
        lambda: optax.sgdr_schedule(range(3)),
        "optax.sgdr_schedule: cosine_kwargs must be a sequence of Mapping, got range(0, 3)",
    ),
    "more values than can be written down": (
        lambda: torch.LambdaLR(lambda t: 0.5, steps=2**52),
        "torch.LambdaLR: steps must be in [1, 1048576], got 4503599627370496",
    ),
    "more stairs than can be written down": (
        lambda: deepspeed.OneCycle(0.1, 1.0, cycle_first_stair_count=2**52),
        "deepspeed.OneCycle: cycle_first_stair_count must be in [0, 1048576], got 4503599627370496",
    ),
    "a bound that is a fraction": (
        lambda: paddle.LinearWarmup(0.1, 3, Fraction(1, 3), 0.1),
        "paddle.LinearWarmup: end_lr must be in (0.333333, inf), got 0.1",
    ),
    "schedules of something else": (
        lambda: torch.SequentialLR([csched.Schedule(x=torch.StepLR(3)["lr"])], []),
        "torch.SequentialLR: schedulers must be Schedules with a curve 'lr', got ['x']",
    ),
    "a milestone between steps": (
        lambda: optax.join_schedules([torch.StepLR(3)] * 2, iter([2.5])),
        "optax.join_schedules: boundaries[0] must be an int, got 2.5",
    ),
    "a rate below 0": (
        lambda: keras.ExponentialDecay(1.0, 3, -0.5),
        "keras.ExponentialDecay: decay_rate must be in [1e-278, 1e+278], got -0.5",
    ),
    "a drop at no fraction of a step": (
        lambda: timm.StepLRScheduler(2.1095701882829494, 0.5),
        "timm.StepLRScheduler: decay_t must be a fraction n / d with d <= 2048, got 2.109570188",
    ),
    "a list for a name": (
        lambda: mmengine.ConstantParamScheduler([], 0.1),
        "mmengine.ConstantParamScheduler: param_name must be a str, got []",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_the_refusal_says_where_what_and_what_is_allowed(name):
    make, message = BAD[name]
    with pytest.raises((TypeError, ValueError)) as caught:
        make()
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("library", presets.LIBRARIES)
def test_no_preset_computes_with_an_object(library):
    module = importlib.import_module(f"csched.presets.{library}")
    for name in module.__all__:
        function = getattr(module, name)
        known = inspect.signature(function).parameters.values()
        needed = [p for p in known if p.default is p.empty and "VAR" not in p.kind.name]
        for p in needed[:1]:  # they are looked at in order
            if "Any" in str(p.annotation):
                continue
            with pytest.raises(TypeError, match=rf"^\w+\.{name}: {p.name} must be a"):
                function(**{q.name: object() for q in needed})


def test_numbers_may_be_those_of_numpy():
    assert timm.CosineLRScheduler(9, noise_range_t=np.int64(3)) == timm.CosineLRScheduler(
        9, noise_range_t=3
    )
    values = np.array([1.0, 0.5])
    assert keras.PiecewiseConstantDecay(np.array([3]), values)["lr"](4) == 0.5
    assert torch.StepLR(np.array(3)) == torch.StepLR(3)  # as in recipes


@pytest.mark.parametrize(
    "schedule",
    [paddle.NaturalExpDecay(1.0, 1e-6), tensorflow.natural_exp_decay(1.0, 10**6, 1.0)],
)
def test_an_exponential_law_is_exact_after_many_steps(schedule):
    for t in (10**5, 10**7, 10**8):  # exp(-1e-6)**t is off by 8e-10 at 1e7
        assert schedule["lr"](t) == pytest.approx(math.exp(-1e-6 * t), rel=1e-13, abs=0.0)


def test_arguments_behind_one_that_is_missing_are_no_positions():
    with pytest.raises(TypeError, match="positional"):  # torch has scale_fn there
        torch.CyclicLR(0.1, 1.0, 3, None, "triangular", 1.0, None)


def test_python_says_what_is_missing():
    with pytest.raises(TypeError, match=r"StepLR\(\) missing 1 required positional argument"):
        torch.StepLR()
    assert csched.presets.torch.StepLR(3)["lr"](0) == 1.0
