"""Presets refuse arguments of another type than theirs before they compute with them."""

import importlib
import inspect
import math

import pytest
from csched.presets import composer, lrsched, mmengine, timm, torch

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


def test_python_says_what_is_missing():
    with pytest.raises(TypeError, match=r"StepLR\(\) missing 1 required positional argument"):
        torch.StepLR()
    assert csched.presets.torch.StepLR(3)["lr"](0) == 1.0
