"""Promises 15 and 16, and 17 for tensors: in place, rounded once, no host read, compiled once."""

import copy
import fractions
import io

import csched.torch
import numpy as np
import pytest
import torch
from csched.torch import device, hooks
from torch._dynamo.testing import CompileCounter
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import csched

COSINE = csched.curve("cosine", 0.1, 0.0, 1000)
FLOATS = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
# torch's own use of torch.jit.script_method, met when dynamo starts
DYNAMO_WARNS = pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated")


def weight(n=2):
    return torch.nn.Parameter(torch.linspace(-1, 1, n))


def sgd(lr, groups=1):
    """The constructor reads a tensor lr; groups get theirs afterwards."""
    optimizer = torch.optim.SGD([{"params": [weight()]} for _ in range(groups)], lr=0.3)
    for group in optimizer.param_groups:
        group["lr"] = lr() if callable(lr) else lr
    return optimizer


def exactly_rounded(value, dtype):
    """The representable value next to a float64, halves to even: by fractions, not by casts."""
    info = torch.finfo(dtype)
    digits = {torch.bfloat16: 8, torch.float16: 11, torch.float32: 24, torch.float64: 53}[dtype]
    exact = fractions.Fraction(value)
    lowest = fractions.Fraction(info.smallest_normal) / 2 ** (digits - 1)
    spacing = lowest
    while spacing * 2**digits <= exact:
        spacing *= 2
    return float(round(exact / spacing) * spacing)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("shape", [(), (1,)])
def test_a_tensor_lr_stays_itself(name, shape):
    lr = torch.full(shape, 0.3, dtype=FLOATS[name])
    optimizer = sgd(lr)
    pointer = lr.data_ptr()
    scheduler = csched.torch.Scheduler(optimizer, COSINE)
    for t in range(1, 1001):
        scheduler.step()
        if t % 100 == 0 or t > 990:
            assert lr.item() == exactly_rounded(COSINE(t), FLOATS[name])
    assert optimizer.param_groups[0]["lr"] is lr
    assert (lr.data_ptr(), lr.dtype, tuple(lr.shape)) == (pointer, FLOATS[name], shape)
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert optimizer.param_groups[0]["lr"] is lr
    scheduler.seek(500)
    assert lr.item() == exactly_rounded(COSINE(500), FLOATS[name])


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_low_precision_is_not_rounded_twice(name):
    """A value just above a tie: through float32 it becomes the tie and goes to the even side."""
    dtype = FLOATS[name]
    digits = {"bfloat16": 8, "float16": 11}[name]
    value = (1 + 2.0**-digits) * (1 + 2.0**-40)
    assert torch.tensor(value, dtype=torch.float32).to(dtype).item() == 1.0
    lr = torch.tensor(0.3, dtype=dtype)
    scheduler = csched.torch.Scheduler(sgd(lr), csched.curve("constant", value, steps=3))
    scheduler.step()
    assert lr.item() == 1 + 2.0 ** (1 - digits) == exactly_rounded(value, dtype)


@pytest.mark.parametrize("name", ["bfloat16", "float16", "float32"])
def test_low_precision_holds_the_rounded_value_at_every_step(name):
    c = csched.curve("exponential", 1.0, 1e-9, 3000)  # reaches the subnormals of float16
    lr = torch.tensor(0.3, dtype=FLOATS[name])
    scheduler = csched.torch.Scheduler(sgd(lr), c)
    for t in range(0, 3000, 7):
        scheduler.seek(t)
        assert lr.item() == exactly_rounded(c(t), FLOATS[name])


def test_mutating_the_live_tensor_changes_nothing_of_ours():
    lr = torch.tensor(0.3)
    scheduler = csched.torch.Scheduler(sgd(lr), COSINE)
    last, state = scheduler.get_last_lr(), scheduler.state_dict()
    lr.fill_(77.0)
    assert last == scheduler.get_last_lr() == [0.1]
    assert type(last[0]) is float
    assert scheduler.state_dict() == state
    scheduler.seek(0)
    assert lr.item() == np.float32(0.1)


def test_a_tensor_in_betas_is_filled_and_the_tuple_is_kept():
    optimizer = torch.optim.Adam([weight()], lr=0.1)
    beta, betas = torch.tensor(0.9), None
    optimizer.param_groups[0]["betas"] = betas = (beta, 0.99)
    momentum = csched.curve("linear", 0.85, 0.95, 10)
    csched.torch.Scheduler(optimizer, csched.Schedule(momentum=momentum)).seek(5)
    assert optimizer.param_groups[0]["betas"] is betas
    assert beta.item() == np.float32(momentum(5))


@pytest.mark.parametrize("saved", ["float", "tensor"])
@pytest.mark.parametrize("here", ["float", "tensor"])
def test_a_checkpoint_of_the_other_kind_changes_no_type(saved, here):
    kinds = {"float": lambda: 0.3, "tensor": lambda: torch.tensor(0.3)}
    source = sgd(kinds[saved]())
    csched.torch.Scheduler(source, COSINE).seek(9)
    buffer = io.BytesIO()
    torch.save(source.state_dict(), buffer)
    buffer.seek(0)
    optimizer = sgd(kinds[here]())
    scheduler = csched.torch.Scheduler(optimizer, COSINE)
    before = optimizer.param_groups[0]["lr"]
    optimizer.load_state_dict(torch.load(buffer, weights_only=True))
    now = optimizer.param_groups[0]["lr"]
    assert type(now) is type(before)
    assert now is before or here == "float"
    assert scheduler.position == 0
    assert float(now) == pytest.approx(0.1, rel=6e-8)  # half a float32 ulp


def test_groups_may_share_a_tensor_that_holds_one_value():
    optimizer = sgd(torch.tensor(0.3), groups=3)
    scheduler = csched.torch.Scheduler(optimizer, COSINE)
    scheduler.step()
    assert [g["lr"].item() for g in optimizer.param_groups] == [np.float32(COSINE(1))] * 3


def test_one_buffer_holds_the_rates_of_all_groups():
    optimizer = sgd(lambda: 0.3, groups=50)
    scale = {i: 0.9**i for i in range(50)}
    scheduler = csched.torch.Scheduler(optimizer, COSINE, scale=scale, storage="buffer")
    views = [g["lr"] for g in optimizer.param_groups]
    assert len({v.untyped_storage().data_ptr() for v in views}) == 1
    for t in (1, 2, 3):
        optimizer.step()
        scheduler.step()
        want = np.array([COSINE(t) * s for s in scale.values()], np.float32).tolist()
        assert [v.item() for v in views] == want
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert all(g["lr"] is v for g, v in zip(optimizer.param_groups, views, strict=True))
    buffer = io.BytesIO()
    torch.save(optimizer.state_dict()["param_groups"][0], buffer)
    assert buffer.getbuffer().nbytes < 3000  # a view drags its storage along; ours is small
    scheduler.detach()
    assert [g["lr"] for g in optimizer.param_groups] == [0.3] * 50


def buffered(groups=3, storage="buffer"):
    """An optimizer, its scheduler, and whether its rates are right now."""
    optimizer = sgd(lambda: 0.3, groups)
    scheduler = csched.torch.Scheduler(
        optimizer, COSINE, scale={i: 0.5**i for i in range(groups)}, storage=storage
    )

    def rates():
        return [g["lr"].item() for g in optimizer.param_groups]

    def right():
        t = scheduler.position
        return rates() == [float(np.float32(COSINE(t) * 0.5**i)) for i in range(groups)]

    return optimizer, scheduler, right


def test_a_buffer_for_an_adam_that_takes_no_tensor_is_refused():
    parameter = torch.nn.Parameter(torch.zeros(2))
    for cls in (torch.optim.Adam, torch.optim.AdamW):
        with pytest.raises(ValueError, match="lr must be read as a tensor for storage 'buffer'"):
            csched.torch.Scheduler(cls([parameter], foreach=True), COSINE, storage="buffer")


def test_autograd_sees_a_write_that_is_no_operation_of_torch():
    """The buffer's memory is written directly; what was saved of it may not be used after that."""
    optimizer, scheduler, right = buffered()
    lr, x = optimizer.param_groups[1]["lr"], weight().exp()
    stale, version = (x * lr).sum(), lr._version
    with Calls() as calls:
        scheduler.step()
    assert calls.names == []
    assert right()
    assert lr._version == version + 1 == lr._base._version
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        stale.backward()


def test_rates_whose_memory_moved_are_found_again():
    optimizer, scheduler, right = buffered()
    before = optimizer.param_groups[0]["lr"].data_ptr()
    optimizer.param_groups[2]["lr"].share_memory_()  # as sending it to another process does
    assert optimizer.param_groups[0]["lr"].data_ptr() != before
    for _ in range(3):
        scheduler.step()
        assert right()


@pytest.mark.parametrize("storage", ["buffer", "device"])
def test_rates_made_in_inference_mode_are_written_outside_of_it(monkeypatch, storage):
    monkeypatch.setattr(device, "FLOATS", 27)  # refilled every 4 steps
    with torch.inference_mode():
        optimizer, scheduler, right = buffered(storage=storage)
        scheduler.step()
    assert not optimizer.param_groups[0]["lr"].is_inference()
    for _ in range(20):
        scheduler.step()
        assert right()
    with torch.inference_mode():
        for _ in range(20):
            scheduler.step()
            assert right()


class Calls(TorchDispatchMode):
    """Names of the ops that run, and of those that move data between devices."""

    def __init__(self):
        super().__init__()
        self.names, self.traffic = [], []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(str(func))
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
        out = func(*args, **(kwargs or {}))
        made = [t for t in tree_leaves(out) if isinstance(t, torch.Tensor)]
        if len({t.device.type for t in tensors + made}) > 1:
            self.traffic.append(str(func))
        return out


def test_a_device_lr_is_written_without_reading_the_device():
    with FakeTensorMode():
        p = torch.nn.Parameter(torch.zeros(4, device="cuda"))
        optimizer = torch.optim.AdamW([p], lr=0.1, capturable=True)
        optimizer.param_groups[0]["lr"] = torch.full((), 0.1, device="cuda")
        scheduler = csched.torch.Scheduler(optimizer, COSINE)
        p.grad = torch.zeros_like(p)
        optimizer.step()
        with Calls() as calls:
            for _ in range(5):
                scheduler.step()
                assert scheduler.get_last_lr() == [COSINE(scheduler.position)]
        assert calls.traffic == []
        assert [n for n in calls.names if "detach" not in n] == ["aten.fill_.Scalar"] * 5
        scheduler = csched.torch.Scheduler(sgd(0.3, groups=3), COSINE, storage="buffer")
        with Calls() as calls:
            scheduler.step()
        assert calls.names[-1:] == ["aten.copy_.default"]  # a fake one has no memory to write to


@pytest.mark.parametrize("storage", ["buffer", "device"])
def test_the_default_device_does_not_matter(monkeypatch, storage):
    monkeypatch.setattr(device, "FLOATS", 27)
    optimizer = sgd(0.3)
    with torch.device("meta"):  # as set_default_device("cuda")
        scheduler = csched.torch.Scheduler(optimizer, COSINE, storage=storage)
        for t in range(1, 10):
            scheduler.step()
            assert optimizer.param_groups[0]["lr"].item() == np.float32(COSINE(t))


@pytest.mark.parametrize("storage", ["keep", "buffer"])
def test_parameters_that_are_not_there_yet_have_a_schedule(storage):
    optimizer = torch.optim.SGD([torch.zeros(3, device="meta", requires_grad=True)], lr=0.1)
    scheduler = csched.torch.Scheduler(optimizer, COSINE, storage=storage)
    scheduler.step()
    assert scheduler.get_last_lr() == [COSINE(1)]


@DYNAMO_WARNS
def test_a_compiled_step_is_compiled_once(monkeypatch):
    asked = []  # whether a graph is captured: as on a GPU, and by no compiled code
    monkeypatch.setattr(hooks, "captures", lambda where: lambda: bool(asked.append(1)))
    lr = torch.tensor(0.1)
    w = weight()
    optimizer = torch.optim.SGD([w], lr=0.1)
    optimizer.param_groups[0]["lr"] = lr
    w.grad = torch.ones_like(w)
    counter = CompileCounter()
    scheduler = csched.torch.Scheduler(optimizer, COSINE)
    step = torch.compile(optimizer.step, backend=counter)
    assert len(optimizer._optimizer_step_pre_hooks) == 1
    expected = w.detach().clone()
    for t in range(1000):
        step()
        scheduler.step()
        expected -= np.float32(COSINE(t)) * torch.ones(2)
    assert counter.frame_count == 1
    assert len(asked) == 1002  # before every write
    assert torch.equal(w.detach(), expected)


@DYNAMO_WARNS
@pytest.mark.parametrize("storage", ["keep", "buffer"])
def test_a_compiled_step_that_drives_is_compiled_once(storage):
    torch._dynamo.reset()
    w = weight()
    optimizer = torch.optim.SGD([w], lr=0.1)
    optimizer.param_groups[0]["lr"] = torch.tensor(0.1)
    scheduler = csched.torch.Scheduler(optimizer, COSINE, drive="optimizer", storage=storage)
    w.grad = torch.ones_like(w)
    counter = CompileCounter()
    step = torch.compile(optimizer.step, backend=counter)
    step()
    step()
    with torch.compiler.set_stance("fail_on_recompile"):
        for _ in range(30):
            step()
    assert scheduler.position == 32
    assert counter.frame_count <= 2
