"""Presets of peers that are not run here, against values written down from the peers' own runs.

Megatron-LM d98e8a6, torchtitan b5bcd76, DeepSpeed 0.19.8, Paddle 3.3.1, fastai 2.8.12, MMEngine
2543429, Composer 6405188 and Cameron Wolfe's LRSchedules b98e9a5; four to six significant digits.
Random arguments, in full precision, are in test_presets_recorded.py.
"""

import pytest
from beside import agree
from csched.presets import (
    composer,
    deepspeed,
    fastai,
    megatron,
    mmengine,
    paddle,
    torchtitan,
    wolfe,
)
from csched.presets import torch as torch_presets


def of_megatron(style, **more):
    args = 0.0, 1.0, 0.1, 2, 6, style, 0.01, 0.05, 6, "linear"
    return megatron.OptimizerParamScheduler(*args, **more)


CASES = {
    "megatron cosine": (
        of_megatron("cosine")["lr"],
        "0 0.5 1 0.8682 0.55 0.2318 0.1 0.1 0.1",
    ),
    "megatron weight decay": (
        of_megatron("cosine")["weight_decay"],
        "0.01 0.016667 0.023333 0.03 0.036667 0.043333 0.05 0.05 0.05",
    ),
    "megatron inverse square root": (
        of_megatron("inverse-square-root")["lr"],
        "0 0.5 1 0.8165 0.70711 0.63246 0.57735 0.1 0.1",
    ),
    "torchtitan sqrt": (
        torchtitan.LRScheduler(10, 2, decay_ratio=0.4, decay_type="sqrt")["lr"],
        "0.5 1 1 1 1 1 1 0.5 0.29289 0.13397 0",
    ),
    "torchtitan, a long warm-up": (torchtitan.LRScheduler(4, 6)["lr"], "0.25 0.5 0.75 1 1"),
    "deepspeed WarmupDecayLR": (
        deepspeed.WarmupDecayLR(8, 0.0, 1.0, 4, "linear")["lr"],
        "0 0 0.25 0.5 0.75 1 0.75 0.5 0.25 0 0",
    ),
    "deepspeed OneCycle": (
        deepspeed.OneCycle(0.1, 1.0, 0.5, 3, decay_step_size=2)["lr"],
        "0.1 0.4 0.7 1 0.7 0.4 0.1 0.08 0.06667 0.05714 0.05 0.04444",
    ),
    "deepspeed LRRangeTest": (
        deepspeed.LRRangeTest(0.001, 3, 1.0, True)["lr"],
        "0.001 0.001 0.001 0.002 0.002 0.002 0.003 0.003 0.003",
    ),
    "paddle PiecewiseDecay": (
        paddle.PiecewiseDecay([2, 4], [1.0, 0.5, 0.1])["lr"],
        "1 1 0.5 0.5 0.1 0.1 0.1",
    ),
    "paddle LinearWarmup": (
        paddle.LinearWarmup(paddle.CosineAnnealingDecay(1.0, 4), 3, 0.0, 1.0)["lr"],
        "0 0.33333 0.66667 1 0.85355 0.5 0.14645 0 0.14645 0.5 0.85355",
    ),
    "paddle OneCycleLR": (
        paddle.OneCycleLR(1.0, 10)["lr"],
        "0.04 0.52 1 0.95049 0.81176 0.6113 0.3888 0.18834 0.049611 0.0001",
    ),
    "fastai combined_cos": (
        fastai.combined_cos(0.25, 0.04, 1.0, 1e-5, steps=10)["lr"],
        "0.04 0.371672 0.908328 0.989074 0.904509 0.750002 0.552269 0.345498 0.165443 0.0432369",
    ),
    "fastai momentum": (
        fastai.fit_one_cycle(1.0, steps=10)["momentum"],
        "0.95 0.915451 0.859549 0.851093 0.859549 0.875 0.894774 0.915451 0.933457 0.945677 0.95",
    ),
    "fastai SchedPoly": (fastai.SchedPoly(0.0, 1.0, 2, steps=4)["lr"], "0 0.0625 0.25 0.5625 1"),
    "fastai SchedExp": (
        fastai.SchedExp(1e-3, 1.0, steps=4)["lr"],
        "0.001 0.0056234 0.0316228 0.177828 1",
    ),
    "mmengine Linear, then CosineAnnealing": (
        mmengine.build_param_scheduler(
            [
                {"type": "LinearLR", "start_factor": 0.25, "begin": 0, "end": 4},
                {"type": "CosineAnnealingLR", "T_max": 6, "begin": 4, "end": 10},
            ]
        )["lr"],
        "0.25 0.5 0.75 1 1 0.93301 0.75 0.5 0.25 0.066987 0.066987 0.066987 0.066987",
    ),
    "mmengine Constant": (mmengine.ConstantLR(0.5, 0, 3)["lr"], "0.5 0.5 1 1 1 1"),
    "mmengine CosineAnnealing": (
        mmengine.CosineAnnealingLR(4, eta_min_ratio=0.1)["lr"],
        "1 0.8682 0.55 0.2318 0.1 0.2318 0.55 0.8682 1",
    ),
    "mmengine CosineRestart": (
        mmengine.CosineRestartLR([3, 4], [1.0, 0.5], eta_min=0.0)["lr"],
        "1 0.75 0.25 0.5 0.42678 0.25 0.073223 0.073223 0.073223 0.073223",
    ),
    "mmengine Linear": (
        mmengine.LinearLR(0.25, 1.0, begin=2, end=6)["lr"],
        "1 1 0.25 0.5 0.75 1 1 1 1",
    ),
    "composer CosineAnnealing": (
        composer.CosineAnnealingScheduler(state=composer.State("2ep", 5))["lr"],
        "1 0.97553 0.90451 0.79389 0.65451 0.5 0.34549 0.20611 0.095492 0.024472 0 0 0",
    ),
    "composer Exponential": (
        composer.ExponentialScheduler(0.5, state=composer.State("2ep", 5))["lr"],
        "1 0.87055 0.75786 0.65975 0.57435 0.5 0.43528 0.37893 0.32988 0.28717 0.25",
    ),
    "composer CosineAnnealingWarmRestarts": (
        composer.CosineAnnealingWarmRestartsScheduler("2ba", 1.5, state=composer.State("13ba"))[
            "lr"
        ],
        "1 0.5 1 0.75 0.25 1 0.85355 0.5 0.14645 1 0.93301 0.75 0.5",
    ),
    "composer CosineAnnealingWithWarmup": (
        composer.CosineAnnealingWithWarmupScheduler(
            "3ba", "10ba", 0.1, state=composer.State("10ba")
        )["lr"],
        "0 0.33333 0.66667 1 0.95544 0.83057 0.65013 0.44987 0.26943 0.14456 0.1 0.1 0.1",
    ),
    "composer scale_warmup": (
        composer.CosineAnnealingWithWarmupScheduler(
            "3ba", "10ba", scale_warmup=True, state=composer.State("10ba"), ssr=0.5
        )["lr"],
        "0 1 1 1 0.5 0 0 0",
    ),
    "wolfe exp_decay": (
        wolfe.exp_decay(5, 0.1, 1.0)["lr"],
        "1 0.5044 0.28171 0.18165 0.13669 1 0.5044",
    ),
    "wolfe sgdr": (
        wolfe.sgdr("cos", 2, 2, 1.0, 0.1)["lr"],
        "1 0.55 1 0.8682 0.55 0.2318 1 0.96575 0.8682 0.72221 0.55 0.37779 0.2318 0.13425 1",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    ours, text = CASES[case]
    written = [float(x) for x in text.split()]
    agree(ours.values(0, len(written)), written, rtol=1.2e-4, near_zero=1e-15)


@pytest.mark.parametrize("style", ["linear", "cosine", "exponential", "minus_sqrt"])
def test_megatron_wsd_ends_at_its_floor(style):
    s = of_megatron("WSD", wsd_decay_steps=3, lr_wsd_decay_style=style)["lr"]
    assert s.values(2, 4).tolist() == [1.0, 1.0]
    assert s(6) == s(60) == 0.1


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="phase_pct must be"):
        paddle.OneCycleLR(1.0, 10, phase_pct=0.1)
    with pytest.raises(ValueError, match="lr_warmup_steps must be"):
        megatron.OptimizerParamScheduler(0.0, 1.0, 0.1, 6, 6, "cosine")
    with pytest.raises(ValueError, match="end_lr must be"):
        paddle.LinearWarmup(0.5, 3, 1.0, 0.0)
    state = composer.State("10ba", batch_size=8)
    with pytest.raises(ValueError, match="t_max must be at least max_duration, 10ba"):
        composer.CosineAnnealingWithWarmupScheduler("3ba", "8ba", state=state)
    with pytest.raises(
        TypeError, match=r"dataloader_len must be an int, got None; its unit is used"
    ):
        composer.StepScheduler("2ep", state=state)
    with pytest.raises(ValueError, match=r"step_size must be a whole number of ba, got '1\.5ba'"):
        composer.StepScheduler("1.5ba", state=state)
    by_epochs = composer.State("10ba", 5, None, None, "1ep", False)
    with pytest.raises(ValueError, match="t_max must be in another unit than iterations"):
        composer.LinearScheduler(t_max="2iter", state=by_epochs)
    with pytest.raises(ValueError, match=r"state\.iteration_length must be of epochs or tokens"):
        composer.LinearScheduler(t_max="2iter", state=composer.State("9ba", iteration_length="2ba"))
    with pytest.raises(ValueError, match="t_warmup must be in the unit of t_max, ba"):
        composer.LinearWithWarmupScheduler("8sp", t_max="10ba", state=state)
    with pytest.raises(TypeError, match="alpha_i must be a real number, got '10ba'"):
        composer.LinearWithWarmupScheduler("8ba", "10ba", state=state)
    with pytest.raises(ValueError, match="windows must be one after another"):
        mmengine.build_param_scheduler(
            [{"type": "LinearLR", "end": 9}, {"type": "PolyLR", "eta_min": 0.1, "end": 9}]
        )
    with pytest.raises(ValueError, match="did you mean 'start_factor'"):
        mmengine.build_param_scheduler({"type": "LinearLR", "start_facto": 0.1})
    with pytest.raises(ValueError, match="eta_min must be given, or eta_min_ratio"):
        mmengine.CosineRestartLR([3])


def test_a_fraction_of_a_training_is_cut_as_composer_cuts_it():
    state = composer.State("100ba")
    c = composer.MultiStepScheduler(["0.29dur"], 0.5, state=state)["lr"]  # int(0.29 * 100) is 28
    assert c.values(27, 29).tolist() == [1.0, 0.5]


def test_a_state_may_be_its_duration_alone():
    cosine = composer.CosineAnnealingScheduler
    assert cosine(state="100ba") == cosine(state=composer.State("100ba"))
    with pytest.raises(TypeError, match=r"state must be a State or a str, got 9"):
        cosine(state=9)


def test_scaling_of_restarts_is_what_composer_says_not_what_it_does():
    scale, restarts = composer.scale_pytorch_scheduler, torch_presets.CosineAnnealingWarmRestarts
    assert scale(restarts, 0.5, 8, 2) == restarts(4, 2)


def test_schedulers_of_one_window_multiply():
    both = [
        {"type": "LinearLR", "start_factor": 0.5, "end": 5},
        {"type": "ExponentialLR", "gamma": 0.5},
    ]
    c = mmengine.build_param_scheduler(both, base_lr=4.0)["lr"]
    assert c.values(0, 6).tolist() == [2.0, 1.25, 0.75, 0.4375, 0.25, 0.125]
