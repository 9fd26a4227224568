"""Presets of peers that are not run here, against values written down from the peers' own runs.

Megatron-LM d98e8a6, torchtitan b5bcd76, DeepSpeed 0.19.8, Paddle 3.3.1, fastai 2.8.12, and Cameron
Wolfe's LRSchedules b98e9a5; four to six significant digits.
"""

import math

import pytest
from beside import agree
from csched.presets import deepspeed, fastai, megatron, paddle, torchtitan, wolfe


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


PROFILES = {  # the repository's formulas, at z = (t mod n) / n
    "cos": lambda z: (1 + math.cos(math.pi * z)) / 2,
    "rex": lambda z: (1 - z) / (1 - 0.9 + 0.9 * (1 - z)),
    "exp": lambda z: math.exp(-4 * z),
    "linear": lambda z: 1 - z,
}


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_wolfe_profiles_are_the_repositorys(name, n):
    p = [PROFILES[name]((t % n) / n) for t in range(2 * n + 20)]
    down = getattr(wolfe, f"{name}_decay")(n, 0.01, 0.5)["lr"].values(0, len(p))
    up = getattr(wolfe, f"{name}_growth")(n, 0.01, 0.5)["lr"].values(0, len(p))
    agree(down, [0.01 + 0.49 * v for v in p], rtol=1e-13)
    agree(up, [0.5 - 0.49 * v for v in p], rtol=1e-13)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("sr", [1, 5, 20])
def test_wolfe_sampling_holds_between_samples(name, sr):
    p = [PROFILES[name]((t - t % sr) / 40) for t in range(40)]
    ours = wolfe.sampling_rate(sr, name, 40, 0.5, 0.01)["lr"].values()
    agree(ours, [0.01 + 0.49 * v for v in p], rtol=1e-13)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="phase_pct must be"):
        paddle.OneCycleLR(1.0, 10, phase_pct=0.1)
    with pytest.raises(ValueError, match="lr_warmup_steps must be"):
        megatron.OptimizerParamScheduler(0.0, 1.0, 0.1, 6, 6, "cosine")
    with pytest.raises(ValueError, match="end_lr must be"):
        paddle.LinearWarmup(0.5, 3, 1.0, 0.0)
