"""csched.presets.pytorch_optimizer against pytorch_optimizer, run side by side."""

import pytest
import torch
from beside import DRAWS, PAST, agree, steps
from csched.presets import pytorch_optimizer as presets
from hypothesis import given
from hypothesis import strategies as st
from pytorch_optimizer import lr_scheduler as peer

CLOSED = 1e-12
N = 40 + PAST


def used(name, n, args, kwargs):
    """What update t uses in a loop that steps the optimizer first."""
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = getattr(peer, name)(o, *args, **kwargs)
    rows = []
    for _ in range(n):
        rows.append(float(o.param_groups[0]["lr"]))
        o.step()
        scheduler.step()
    return rows


def compared(name, *args, n=N, **kwargs):
    ours = steps(getattr(presets, name)(*args, **kwargs)["lr"], n)
    agree(ours, used(name, n, args, kwargs), rtol=CLOSED, near_zero=1e-14)


CASES = {  # peers.md, 4.1
    "P01": ("REXScheduler", (5, 1.0, 0.1), {}, "0.1 0.9 0.775 0.61429 0.4 0.1 0.1 0.1"),
    "P03": (
        "CosineScheduler",
        (6, 1.0, 0.1, 0.05, 2),
        {},
        "0.1 0.05 0.525 1 0.8682 0.55 0.2318 0.1 0.2318 0.55",
    ),
    "P05": (
        "CosineAnnealingWarmupRestarts",
        (4, 1.0, 1.0, 0.1, 1, 0.5),
        {},
        "0.1 1 0.775 0.325 0.1 0.5 0.4 0.2 0.1 0.25 0.2125",
    ),
    "P07": (
        "get_wsd_schedule",
        (2, 2, 4),
        {"min_lr_ratio": 0.1},
        "0 0.5 1 1 1 0.5 0.29289 0.13397 0.1 0.1",
    ),
    "P09": (
        "get_chebyshev_schedule",
        (8,),
        {},
        "16.913 16.913 16.913 1.0092 2.313 1.619 7.6892 1.087 3.8299 1.2676 1.2676",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    name, args, kwargs, text = CASES[case]
    written = [float(x) for x in text.split()]
    ours = getattr(presets, name)(*args, **kwargs)["lr"].values(0, len(written))
    agree(ours, written, rtol=6e-5)
    compared(name, *args, **kwargs, n=len(written))


rates = st.floats(1e-3, 10.0)
small = st.floats(0.0, 1e-3)


@DRAWS
@given(st.integers(1, 40), rates, small)
def test_rex(n, high, low):
    compared("REXScheduler", n, high, low)


@DRAWS
@given(st.integers(1, 20), st.integers(1, 20), rates, small, small)
def test_cosine(warmup, rest, high, low, init):
    compared("CosineScheduler", warmup + rest, high, low, init, warmup)


@DRAWS
@given(st.integers(0, 20), st.integers(1, 20), rates, small, small)
def test_linear(warmup, rest, high, low, init):
    n = warmup + rest + 2  # past its end the peer goes below 0
    compared("LinearScheduler", warmup + rest, high, low, init, warmup, n=n)
    held = presets.LinearScheduler(warmup + rest, high, low, init, warmup)["lr"]
    assert held(n + PAST) == low


@DRAWS
@given(st.integers(0, 20), st.integers(2, 20), rates, small, small, st.floats(0.2, 1.5))
def test_poly(warmup, rest, high, low, init, order):
    n = warmup + rest + 1  # it grows for ever in the peer
    kwargs = dict(
        zip(("t_max", "max_lr", "min_lr", "init_lr"), (n - 1, high, low, init), strict=True)
    )
    kwargs["warmup_steps"] = warmup
    ours = steps(presets.PolyScheduler(order, **kwargs)["lr"], n)
    agree(ours, used("PolyScheduler", n, (order,), kwargs), rtol=CLOSED)


@DRAWS
@given(
    st.integers(1, 15),
    st.integers(0, 8),
    st.sampled_from([1.0, 1.5, 2.0, 0.5]),
    rates,
    small,
    st.floats(0.5, 1.1),
)
def test_cosine_annealing_warmup_restarts(rest, warmup, mult, high, low, gamma):
    args = rest + warmup, mult, high, low, warmup, gamma
    presets_small = presets.CosineAnnealingWarmupRestarts(*args)["lr"]
    theirs = used("CosineAnnealingWarmupRestarts", N, args, {})
    agree(presets_small.values(0, N), theirs, rtol=CLOSED, near_zero=1e-13)


@DRAWS
@given(
    st.integers(0, 10),
    st.integers(0, 10),
    st.integers(0, 15),
    st.floats(0.0, 1.0),
    st.sampled_from([0.5, 1.0, 1.25]),
    st.sampled_from(["cosine", "1-sqrt", "linear", "1-square"]),
)
def test_wsd(warmup, stable, decay, ratio, count, kind):
    compared("get_wsd_schedule", warmup, stable, decay, ratio, count, kind)


@DRAWS
@given(st.integers(3, 40), st.booleans())
def test_chebyshev(n, warmup):
    compared("get_chebyshev_schedule", n, warmup, n=n + PAST)


@DRAWS
@given(st.integers(1, 20), rates, rates, rates)
def test_proportion(n, high, top, bottom):
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    lr = peer.LinearScheduler(o, n, high, 0.0)
    theirs = peer.ProportionScheduler(lr, high, 0.0, top, bottom)
    rows = []
    for _ in range(n + 1):
        lr.step()
        rows.append(theirs.step())
    ours = presets.ProportionScheduler(presets.LinearScheduler(n, high), high, 0.0, top, bottom)
    agree(ours["value"].values(1, n + 2), rows, rtol=CLOSED, near_zero=1e-14)
