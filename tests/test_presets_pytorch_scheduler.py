"""csched.presets.pytorch_scheduler against pytorch_scheduler, run side by side."""

import pytest
import pytorch_scheduler as peer
import torch
from beside import DRAWS, PAST, agree, steps
from csched.presets import pytorch_scheduler as presets
from hypothesis import given
from hypothesis import strategies as st

CLOSED = 1e-12
N = 40 + PAST


def made(name, lr, args, kwargs):
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    return getattr(peer, name)(o, *args, **kwargs)


def compared(name, *args, n=N, lr=1.0, base_lr=True, **kwargs):
    scheduler = made(name, lr, args, kwargs)  # pure in the step: _lr_at
    theirs = [scheduler._lr_at(t, [lr])[0] for t in range(n)]
    if base_lr:
        kwargs["base_lr"] = lr
    ours = steps(getattr(presets, name)(*args, **kwargs)["lr"], n)
    agree(ours, theirs, rtol=CLOSED, near_zero=1e-14)


CASES = {  # peers.md, 4.1
    "S01": ("RexScheduler", (5,), "1 0.88889 0.75 0.57143 0.33333 0 0"),
    "S03": ("LinearDecayScheduler", (6, 2, 0.1), "0 0.5 1 0.775 0.55 0.325 0.1 0.1"),
    "S05": ("TrapezoidalScheduler", (6, 2, 0, 0.1), "0 0.5 1 1 1 1 0.1 0.1"),
    "S07": ("WSDScheduler", (8, 2, 2, 0.1, "sqrt"), "0 0.5 1 1 1 0.55 0.3636 0.22058 0.1 0.1"),
    "S09": ("TanhDecayScheduler", (5, 3.0, 0.1), "0.99777 0.97606 0.79167 0.30833 0.12394 0.1 0.1"),
    "S11": (
        "SlantedTriangularScheduler",
        (5, 0.1, 32.0),
        "0.03125 0.80625 0.6125 0.41875 0.225 0.03125 0.03125",
    ),
    "S13": (
        "HyperbolicLRScheduler",
        (6, 12, 1e-2),
        "1 0.90325 0.80263 0.69606 0.57918 0.44009 0.14263 0.14263",
    ),
    "S15": (
        "PolynomialScheduler",
        (4, 1.0, 0.1, 0, True),
        "1 0.775 0.55 0.325 1 0.775 0.55 0.325 1 0.775",
    ),
    "S17": (
        "PowerDecayScheduler",
        (10, 2, 0.5, 0.1),
        "0 0.5 1 0.8165 0.70711 0.63246 0.57735 0.53452 0.5 0.4714 0.44721 0.4264",
    ),
    "S19": ("WarmupHoldCosineScheduler", (8, 2, 2, 0.1), "0 0.5 1 1 1 0.8682 0.55 0.2318 0.1 0.1"),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    name, args, text = CASES[case]
    written = [float(x) for x in text.split()]
    agree(getattr(presets, name)(*args)["lr"].values(0, len(written)), written, rtol=6e-5)
    compared(name, *args, n=len(written))


rates = st.floats(1e-2, 10.0)
floors = st.floats(1e-4, 1e-2)
warm = st.integers(0, 10)
rest = st.integers(1, 30)
DRAWN = {  # name -> how the peer's arguments are made of (warmup, rest, floor, u, v)
    "RexScheduler": lambda w, r, m, u, v: (w + r,),
    "LinearDecayScheduler": lambda w, r, m, u, v: (w + r, w, m),
    "CosineWithWarmupScheduler": lambda w, r, m, u, v: (w + r, w, m),
    "TrapezoidalScheduler": lambda w, r, m, u, v: (w + r, w, int(u * r), m),
    "WSDScheduler": lambda w, r, m, u, v: (
        w + r,
        w,
        int(u * (r - 1)),
        m,
        ["cosine", "linear", "sqrt"][int(v * 2.99)],
    ),
    "WarmupHoldCosineScheduler": lambda w, r, m, u, v: (w + r, w, int(u * (r - 1)), m),
    "FlatCosineScheduler": lambda w, r, m, u, v: (w + r, 0.99 * u, m),
    "TanhDecayScheduler": lambda w, r, m, u, v: (w + r, 0.1 + 5 * u, m),
    "SlantedTriangularScheduler": lambda w, r, m, u, v: (w + r, 0.01 + 0.98 * u, 1 + 40 * v),
    "PolynomialScheduler": lambda w, r, m, u, v: (w + r, 0.5 + 3 * u, m, w, v > 0.5),
    "ChebyshevScheduler": lambda w, r, m, u, v: (w + r, m),
    "KDecayScheduler": lambda w, r, m, u, v: (w + r, 0.2 + 3 * u, m),
    "HyperbolicLRScheduler": lambda w, r, m, u, v: (w + r, w + r + int(30 * u), m, w),
    "ExpHyperbolicLRScheduler": lambda w, r, m, u, v: (w + r, w + r + int(30 * u), m, w),
    "IdentityScheduler": lambda w, r, m, u, v: (),
    "InverseSqrtScheduler": lambda w, r, m, u, v: (w + r,),
}


@pytest.mark.parametrize("name", DRAWN)
def test_random_arguments(name):
    @DRAWS
    @given(warm, rest, floors, st.floats(0.0, 1.0), st.floats(0.0, 1.0), rates)
    def run(w, r, m, u, v, lr):
        compared(name, *DRAWN[name](w, r, m, u, v), lr=lr)

    run()


@DRAWS
@given(warm, rest, floors, st.one_of(st.sampled_from([0.5, 1.0]), st.floats(0.1, 4.0)), rates)
def test_power_decay(w, r, m, alpha, lr):
    compared("PowerDecayScheduler", w + r, w, alpha, m, lr=lr)
    compared("PowerDecayScheduler", r, 0, alpha, 2.0 * lr, lr=lr)  # a floor above the base


@DRAWS
@given(warm, rest, floors, rates, st.sampled_from([1.0, 1.5, 2.0]), st.floats(0.5, 1.0))
def test_cosine_annealing_warmup_restarts(w, r, low, high, mult, gamma):
    args = w + r, w, high + low, low, mult, gamma
    compared("CosineAnnealingWarmupRestarts", *args, base_lr=False, lr=high)


@DRAWS
@given(warm, rest, st.sampled_from(["linear", "cosine", "exponential"]), rates)
def test_warmup(w, r, kind, lr):
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = peer.WarmupScheduler(o, peer.RexScheduler(o, r), w, kind)
    theirs = [scheduler._lr_at(t, [lr])[0] for t in range(N)]
    preset = presets.WarmupScheduler(presets.RexScheduler(r, base_lr=lr), w, kind, base_lr=lr)
    agree(steps(preset["lr"], N), theirs, rtol=CLOSED, near_zero=1e-15)


def test_an_unknown_word_is_no_square_root():
    with pytest.raises(ValueError, match="decay_type must be one of"):
        presets.WSDScheduler(8, 2, 2, 0.1, "exponential")
