"""csched.numpy.Adam and AdamW: equal to torch step by step."""

import json

import csched.numpy
import numpy as np
import pytest
import torch

import csched
from csched import _core

N, STEPS = 1027, 12
PEERS = {
    "Adam": (csched.numpy.Adam, torch.optim.Adam),
    "AdamW": (csched.numpy.AdamW, torch.optim.AdamW),
}
LR = csched.curve("cosine", 0.05, 0.0, 4, endpoint=True).repeat(3)  # restarts every 4 steps
SCHEDULES = {
    "lr": csched.Schedule(lr=LR),
    "lr+momentum+decay": csched.Schedule(
        lr=LR,
        momentum=csched.curve("linear", 0.95, 0.4, 6).repeat(2),  # through 1/2: both forms of lerp
        weight_decay=csched.curve("linear", 0.0, 0.2, 12),
    ),
    "betas": csched.Schedule(
        {
            "lr": LR,
            "betas[0]": csched.curve("linear", 0.95, 0.85, 12),
            "betas[1]": csched.curve("linear", 0.9, 0.999, 12),
        }
    ),
}
OPTIONS = {
    "defaults": {},
    "betas": {"betas": (0.3, 0.95), "eps": 1e-6},
    "decay": {"weight_decay": 0.1},
}


def gradients(shape, dtype):
    rng = np.random.default_rng(1)
    return [rng.standard_normal(shape).astype(dtype) for _ in range(STEPS)]


def set_group(group, values):
    """A peer's parameter group as the schedule has it."""
    betas = list(group["betas"])
    for name, value in values.items():
        if name in ("momentum", "betas[0]"):
            betas[0] = value
        elif name == "betas[1]":
            betas[1] = value
        else:
            group[name] = value
    group["betas"] = tuple(betas)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("name", PEERS)
def test_every_step_is_that_of_torch(name, schedule, options, dtype):
    ours_type, peer_type = PEERS[name]
    options = {k: v for k, v in options.items() if k not in schedule}
    # bits need equal weights where the decay reads them, so each step starts from torch's
    w = np.random.default_rng(0).standard_normal(N).astype(dtype)
    p = torch.tensor(w, requires_grad=True)
    peer = peer_type([p], lr=1.0, foreach=False, **options)
    opt = ours_type([w], schedule, **options)
    for t, g in enumerate(gradients(N, dtype)):
        set_group(peer.param_groups[0], schedule(t))
        before = w.copy()
        p.grad = torch.tensor(g)
        peer.step()
        opt.step([g])
        arrays = opt.state_dict()["arrays"]
        assert np.array_equal(arrays["mean/0"], peer.state[p]["exp_avg"].numpy()), t
        assert np.array_equal(arrays["mean_square/0"], peer.state[p]["exp_avg_sq"].numpy()), t
        expected = p.detach().numpy()
        # torch's square root is 1 ulp off here and there, which two divisions and a sum can make
        # 4 ulp of the step; adding the step to the weight rounds once more
        step_ulp = np.spacing(np.abs(expected - before).astype(dtype))
        assert (np.abs(w - expected) <= 4 * step_ulp + np.spacing(np.abs(expected))).all()
        w[:] = expected


@pytest.mark.parametrize("name", PEERS)
def test_a_whole_run_ends_where_torch_does(name):
    ours_type, peer_type = PEERS[name]
    w = np.random.default_rng(0).standard_normal(N)
    p = torch.tensor(w, requires_grad=True)
    peer = peer_type([p], lr=1.0)
    opt = ours_type([w], LR)
    for t, g in enumerate(gradients(N, np.float64)):
        peer.param_groups[0]["lr"] = LR(t)
        p.grad = torch.tensor(g)
        peer.step()
        opt.step([g])
    np.testing.assert_allclose(w, p.detach().numpy(), rtol=1e-13, atol=1e-14)


def test_a_parameter_without_gradient_keeps_its_own_count_as_in_torch():
    ours = [np.ones(3), np.ones(4)]
    theirs = [torch.tensor(w, requires_grad=True) for w in ours]
    peer, opt = (
        torch.optim.Adam(theirs, lr=0.1),
        csched.numpy.Adam(ours, csched.curve("constant", 0.1, steps=20)),
    )
    for t, g in enumerate(gradients(4, np.float64)):
        given = [g[:3].copy(), None if t % 3 else g]
        for p, x in zip(theirs, given, strict=True):
            p.grad = None if x is None else torch.tensor(x)
        peer.step()
        opt.step(given)
    for w, p in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(w, p.detach().numpy(), rtol=1e-13)
    assert opt.state_dict()["head"]["counts"] == {"0": 12, "1": 4}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("b1", [0.9, 0.3])
def test_loop_variants_and_threads_give_the_same_bits(b1, dtype):
    ends = []
    try:
        for variant in _core.variants():
            _core.use_variant(variant)
            for threads in (1, 2):
                w = np.random.default_rng(0).standard_normal(70_001).astype(dtype)
                opt = csched.numpy.AdamW([w], LR, betas=(b1, 0.99), threads=threads, max_norm=9.0)
                for g in gradients(70_001, dtype)[:2]:
                    opt.step([g])
                ends.append(w)
    finally:
        _core.use_variant(_core.variants()[-1])
    assert len(ends) > 2
    assert all(np.array_equal(ends[0], w) for w in ends)


@pytest.mark.parametrize("stop", [0, 1, 5, 11])
def test_resuming_gives_the_bits_of_the_whole_run(stop):
    schedule = SCHEDULES["lr+momentum+decay"]
    grads = gradients((6, 50), np.float32)
    whole, part = np.ones((6, 50), np.float32), np.ones((6, 50), np.float32)
    first, second = (csched.numpy.Adam({"w": w}, schedule) for w in (whole, part))
    for g in grads:
        first.step({"w": g})
    for g in grads[:stop]:
        second.step({"w": g})
    state = second.state_dict()
    state["head"] = json.loads(json.dumps(state["head"], allow_nan=False))
    third = csched.numpy.Adam({"w": part}, schedule)
    third.load_state_dict(state)
    assert third.hyperparameters == {"betas[1]": 0.999, **schedule(stop)}
    for g in grads[stop:]:
        third.step({"w": g})
    assert np.array_equal(whole, part)


def test_a_state_without_its_counts_is_refused():
    opt = csched.numpy.Adam([np.ones(3)], LR)
    opt.step([np.ones(3)])
    state = opt.state_dict()
    state["head"]["counts"] = {}
    with pytest.raises(ValueError, match=r"counts must be of the arrays \['0'\], got \{\}"):
        opt.load_state_dict(state)
    assert opt.position == 1


W = [np.zeros(3)]
BOTH = csched.Schedule({"lr": LR, "momentum": LR, "betas[0]": LR})
BAD = {
    "one beta": ({"betas": (0.9,)}, LR, "betas must be a pair of numbers, got (0.9,)"),
    "beta of 1": ({"betas": (0.9, 1.0)}, LR, "betas[1] must be in [0, 1), got 1.0"),
    "negative eps": ({"eps": -1e-8}, LR, "eps must be in [0, inf), got -1e-08"),
    "negative decay": ({"weight_decay": -1}, LR, "weight_decay must be in [0, inf), got -1"),
    "two names": (
        {},
        BOTH,
        "the curves of schedule must be without one of the two, got ['momentum', 'betas[0]']",
    ),
}


@pytest.mark.parametrize(("options", "schedule", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("name", PEERS)
def test_bad_arguments_are_refused_when_it_is_made(name, options, schedule, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        PEERS[name][0](W, schedule, **options)
    assert str(caught.value) == f"csched.numpy.{name}: {message}"
