"""csched.numpy.SGD: equal to torch, and to the recurrence that Keras and SGDR use."""

import itertools
import math
import os
import shutil
import subprocess
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import csched.numpy
import keras
import numpy as np
import pytest
import torch

import csched
from csched import _core

ROOT = Path(__file__).parent.parent
N = 1027  # no multiple of a vector
STEPS = 12


def jumping_lr():
    """Restarts every 4 steps: from 0 to the peak at once."""
    return csched.curve("cosine", 0.3, 0.0, 4, endpoint=True).repeat(3)


def constant(value, steps=100):
    return csched.curve("constant", value, steps=steps)


SCHEDULES = {
    "lr": csched.Schedule(lr=jumping_lr()),
    "lr+momentum": csched.Schedule(lr=jumping_lr(), momentum=csched.curve("rex", 0.95, 0.5, 12)),
    # zero at first, then on, off and on again: torch pauses its buffer at zero
    "momentum through zero": csched.Schedule(
        lr=jumping_lr(),
        momentum=csched.curve("linear", 0.0, 0.9, 3).repeat(4),
        weight_decay=csched.curve("linear", 0.0, 0.2, 12),
    ),
}
OPTIONS = {
    "plain": {},
    "decay": {"weight_decay": 0.01},
    "momentum": {"momentum": 0.9},
    "dampening": {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01},
    "nesterov": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
}


def gradients(shapes, dtype, steps=STEPS, seed=1):
    rng = np.random.default_rng(seed)
    return [[rng.standard_normal(s).astype(dtype) for s in shapes] for _ in range(steps)]


def start(shapes, dtype, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(s).astype(dtype) for s in shapes]


def run(params, grads, schedule, **options):
    opt = csched.numpy.SGD(params, schedule, **options)
    for g in grads:
        opt.step(g)
    return opt


# torch's fused loop hands the elements at the end that fill no vector to code in which the
# compiler chose the roundings, so there it is compared on whole vectors
SHAPES = {False: [(N,), (5, 7)], True: [(1024,), (16, 4)]}


@pytest.mark.parametrize("fused", SHAPES, ids=["loop", "fused"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_every_step_has_the_bits_of_torch(schedule, options, dtype, fused):
    options = {k: v for k, v in options.items() if k not in schedule}
    if "momentum" not in schedule and "momentum" not in options:
        options.pop("nesterov", None)
    ours = start(SHAPES[fused], dtype)
    theirs = [torch.tensor(w, requires_grad=True) for w in ours]
    # torch asks for a momentum with nesterov; the schedule's is set before each step
    first = {"momentum": 0.5} if "momentum" in schedule else {}
    peer = torch.optim.SGD(theirs, lr=1.0, fused=fused, **options, **first)
    opt = csched.numpy.SGD(ours, schedule, **options)
    for t, grads in enumerate(gradients(SHAPES[fused], dtype)):
        peer.param_groups[0].update(schedule(t))
        for p, g in zip(theirs, grads, strict=True):
            p.grad = torch.tensor(g)
        peer.step()
        opt.step(grads)
        for w, p in zip(ours, theirs, strict=True):
            assert np.array_equal(w, p.detach().numpy()), t


@pytest.mark.parametrize("schedule", ["lr+momentum", "momentum through zero"])
@pytest.mark.parametrize("nesterov", [False, True])
def test_lr_inside_velocity_is_the_recurrence_of_the_papers(nesterov, schedule):
    schedule = SCHEDULES[schedule]
    (ours,) = start([(N,)], np.float64)
    w, v = ours.copy(), np.zeros(N)
    opt = csched.numpy.SGD([ours], schedule, nesterov=nesterov, lr_inside_velocity=True)
    for t, (g,) in enumerate(gradients([(N,)], np.float64)):
        lr, mu = schedule["lr"](t), schedule["momentum"](t)
        given, g = g, g + (schedule["weight_decay"](t) * w if "weight_decay" in schedule else 0.0)
        v = mu * v - lr * g
        w = w + mu * v - lr * g if nesterov else w + v
        opt.step([given])
        # two roundings here where the kernel has one; weights are of order 1
        np.testing.assert_allclose(ours, w, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("nesterov", [False, True])
def test_lr_inside_velocity_is_keras(nesterov):
    lr = jumping_lr()
    (ours,) = start([(N,)], np.float32)
    theirs = keras.Variable(ours.copy())
    peer = keras.optimizers.SGD(1.0, momentum=0.9, nesterov=nesterov, weight_decay=0.01)
    opt = csched.numpy.SGD(
        [ours],
        lr,
        momentum=0.9,
        nesterov=nesterov,
        weight_decay=0.01,
        decoupled_weight_decay=True,
        lr_inside_velocity=True,
    )
    for t, (g,) in enumerate(gradients([(N,)], np.float32)):
        peer.learning_rate = lr(t)
        peer.apply([keras.ops.convert_to_tensor(g)], [theirs])
        opt.step([g])
        found = np.array(theirs.value.tolist())  # one way for all of Keras's back ends
        np.testing.assert_allclose(ours, found, rtol=1e-6, atol=1e-6)  # 8 ulp of the largest


def test_forms_differ_only_where_lr_changes():
    grads = gradients([(N,)], np.float64)
    ends = {}
    for (name, lr), inside in itertools.product(
        {"constant": constant(0.1), "jumping": jumping_lr()}.items(), [False, True]
    ):
        (w,) = start([(N,)], np.float64)
        run([w], grads, lr, momentum=0.9, lr_inside_velocity=inside)
        ends[name, inside] = w
    np.testing.assert_allclose(ends["constant", False], ends["constant", True], atol=1e-13)
    assert np.abs(ends["jumping", False] - ends["jumping", True]).max() > 0.1


def test_momentum_correction_makes_one_form_of_the_other():
    """Goyal et al. 2017: inside with mu lr(t) / lr(t-1) is outside with mu."""
    lr, grads = csched.curve("linear", 0.1, 0.01, 12), gradients([(N,)], np.float64)
    (outside,) = start([(N,)], np.float64)
    run([outside], grads, lr, momentum=0.8)
    ratios = [0.8] + [0.8 * lr(t) / lr(t - 1) for t in range(1, STEPS)]
    (inside,) = start([(N,)], np.float64)
    v = np.zeros(N)
    for t, (g,) in enumerate(grads):
        v = ratios[t] * v - lr(t) * g
        inside += v
    np.testing.assert_allclose(outside, inside, rtol=1e-13, atol=1e-13)


def test_first_two_steps_of_the_textbook():
    w = np.array([1.0])
    opt = csched.numpy.SGD([w], constant(0.1), momentum=0.9)
    opt.step([w.copy()])
    assert w[0] == 0.9
    opt.step([w.copy()])
    assert abs(w[0] - 0.72) < 1e-15


def test_decoupled_decay_shrinks_by_lr_times_decay():
    w = np.array([1.0])
    opt = csched.numpy.SGD([w], constant(0.5), weight_decay=0.25, decoupled_weight_decay=True)
    opt.step([np.array([0.0])])
    assert w[0] == 0.875


def test_gradient_may_be_the_parameter_itself():
    a, b = start([(N,)], np.float32)[0], start([(N,)], np.float32)[0]
    one = csched.numpy.SGD([a], constant(0.1), momentum=0.9, nesterov=True)
    two = csched.numpy.SGD([b], constant(0.1), momentum=0.9, nesterov=True)
    for _ in range(3):
        one.step([a])
        two.step([b.copy()])
    assert np.array_equal(a, b)


def test_a_parameter_without_gradient_is_left_alone_as_in_torch():
    shapes, lr = [(5,), (6,)], constant(0.1)
    ours = start(shapes, np.float32)
    theirs = [torch.tensor(w, requires_grad=True) for w in ours]
    peer = torch.optim.SGD(theirs, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.1)
    opt = csched.numpy.SGD(ours, lr, momentum=0.9, dampening=0.5, weight_decay=0.1)
    for t, grads in enumerate(gradients(shapes, np.float32)):
        given = [g if (t + i) % 3 else None for i, g in enumerate(grads)]
        for p, g in zip(theirs, given, strict=True):
            p.grad = None if g is None else torch.tensor(g)
        peer.step()
        opt.step(given)
        assert all(np.array_equal(w, p.detach().numpy()) for w, p in zip(ours, theirs, strict=True))


# --- clipping ------------------------------------------------------------------------------


@pytest.mark.parametrize("max_norm", [0.5, 1e6], ids=["clipped", "not clipped"])
def test_clipping_is_torch_clip_grad_norm(max_norm):
    shapes = [(N,), (5, 7)]
    ours = start(shapes, np.float64)
    theirs = [torch.tensor(w, requires_grad=True) for w in ours]
    peer = torch.optim.SGD(theirs, lr=0.1, momentum=0.9)
    opt = csched.numpy.SGD(ours, constant(0.1), momentum=0.9, max_norm=max_norm)
    for grads in gradients(shapes, np.float64):
        for p, g in zip(theirs, grads, strict=True):
            p.grad = torch.tensor(g)
        torch.nn.utils.clip_grad_norm_(theirs, max_norm)
        peer.step()
        kept = [g.copy() for g in grads]
        opt.step(grads)
        assert all(np.array_equal(a, b) for a, b in zip(grads, kept, strict=True))
    for w, p in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(w, p.detach().numpy(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_norm_is_that_of_the_exact_sum_of_squares(dtype):
    (g,) = start([(200_003,)], dtype)
    exact = math.fsum(float(x) * float(x) for x in g)
    # 16 sums of 4096 roundings each in a block, which mostly cancel
    assert abs(math.fsum(_core.squares([g])) / exact - 1.0) < 1e-14


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_norm_that_is_not_finite_changes_nothing(bad):
    w = np.ones(3)
    opt = csched.numpy.SGD([w], constant(0.1), momentum=0.9, max_norm=1.0)
    with pytest.raises(ValueError, match="the norm of grads must be finite"):
        opt.step([np.array([1.0, bad, 1.0])])
    assert np.array_equal(w, np.ones(3))
    assert (opt.position, opt.last_applied(), opt.state_dict()["arrays"]) == (0, None, {})


# --- memory --------------------------------------------------------------------------------


def unaligned(a):
    """A copy that begins 1 byte behind a multiple of its item size."""
    moved = np.ndarray(a.shape, a.dtype, buffer=bytearray(a.nbytes + 1), offset=1)
    moved[...] = a
    assert not moved.flags.aligned
    return moved


LAYOUTS = {
    "C order": np.copy,
    "every other": lambda a: np.repeat(a, 2, axis=0)[::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "column of a matrix": lambda a: np.repeat(a[..., None], 3, axis=-1)[..., 1],
    "Fortran order": np.asfortranarray,
    "unaligned": unaligned,
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("grad_layout", LAYOUTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_strides_do_not_change_bits(layout, grad_layout, options):
    (straight,) = start([(40, 600)], np.float32)
    strided = LAYOUTS[layout](straight)
    grads = gradients([(40, 600)], np.float32, steps=3)
    run([straight], grads, constant(0.1), max_norm=10.0, **options)
    moved = [[LAYOUTS[grad_layout](g) for g in given] for given in grads]
    run([strided], moved, constant(0.1), max_norm=10.0, **options)
    assert np.array_equal(straight, strided)


def test_what_lies_between_strided_elements_is_not_touched():
    base = np.arange(10.0)
    run([base[::2]], [[np.ones(5)]], constant(1.0), momentum=0.5)
    assert base.tolist() == [-1.0, 1.0, 1.0, 3.0, 3.0, 5.0, 5.0, 7.0, 7.0, 9.0]


def test_empty_and_0_dimensional_arrays_are_parameters():
    params = [np.array(1.0), np.empty((0, 3)), np.ones((1, 1))]
    run(params, [[np.ones_like(w) for w in params]], constant(0.5), momentum=0.9, max_norm=100.0)
    assert params[0] == 0.5
    assert params[2] == 0.5


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_bits(threads):
    shapes = [(200_003,), (7,), (300, 500)]
    grads = gradients(shapes, np.float32, steps=2)
    alone, together = start(shapes, np.float32), start(shapes, np.float32)
    options = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "max_norm": 1.0}
    run(alone, grads, constant(0.1), **options)
    run(together, grads, constant(0.1), threads=threads, **options)
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


@pytest.fixture
def variant():
    yield _core.use_variant
    _core.use_variant(_core.variants()[-1])


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_loop_variants_give_the_same_bits(dtype, options, inside, variant):
    ends = []
    for name in _core.variants():
        variant(name)
        (w,) = start([(N,)], dtype)
        grads = gradients([(N,)], dtype)
        run([w], grads, jumping_lr(), lr_inside_velocity=inside, max_norm=5.0, **options)
        ends.append(w)
    assert len(ends) > 1
    assert all(np.array_equal(ends[0], w) for w in ends)


COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]


@pytest.mark.parametrize("compiler", COMPILERS)
def test_c_compiles_alone_without_warnings(compiler, tmp_path):
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
    target = ["-o", str(tmp_path / "sgd.o")]
    subprocess.run([compiler, *flags, "-c", str(ROOT / "csched" / "sgd.c"), *target], check=True)
