"""Which hyperparameters each optimizer of torch reads on the device, in each form that it has."""

import contextlib
import inspect
import itertools

import csched.torch
import pytest
import torch
from csched.torch import binding, capturable, device
from test_torch_device import SCHEDULE, Recorder
from torch._subclasses.fake_tensor import FakeTensorMode

import csched

FORMS = {
    capturable.FUSED: {"fused": True},
    capturable.FOREACH: {"foreach": True, "capturable": True},
    capturable.LOOP: {"foreach": False, "capturable": True},
    "foreach=True": {"foreach": True},
    "foreach=False": {"foreach": False},
}
PATHS = ["lr", "betas[0]", "betas[1]", "momentum", "weight_decay", "eps", "momentum_decay"]


def built(cls, form, device):
    """An optimizer of torch in one of its forms, and the paths that it has; None: no such form."""
    known = inspect.signature(cls).parameters
    arguments = {**FORMS[form], "lr": 0.1, "weight_decay": 0.1, "momentum": 0.9}
    if set(FORMS[form]) - set(known):
        return None
    if device == "cpu" and FORMS[form].get("capturable"):
        return None  # torch has it on accelerators only
    p = torch.nn.Parameter(torch.zeros(4, 4, device=device))
    p.grad = torch.zeros_like(p)
    optimizer = cls([p], **{k: v for k, v in arguments.items() if k in known})
    group = optimizer.param_groups[0]
    return optimizer, [x for x in PATHS if binding.parsed(x)[0] in group]


@pytest.fixture(scope="module")
def fused_kernels_that_check_their_arguments():
    library = torch.library.Library("aten", "IMPL")
    for name in ("sgd", "adam", "adamw"):
        library.impl(f"_fused_{name}_.tensor_lr", lambda *args, **kwargs: None, "Meta")
    yield
    library._destroy()


def runs_with_a_tensor(optimizer, path, where):
    group = optimizer.param_groups[0]
    binding.place(group, path, torch.full((), float(binding.read(group, path)), device=where))
    try:
        optimizer.step()
        optimizer.step()
    except (RuntimeError, ValueError, TypeError):
        return False
    return True


@pytest.mark.usefixtures("fused_kernels_that_check_their_arguments")
@pytest.mark.parametrize("name", capturable.TAKES)
def test_a_key_is_taken_where_the_optimizer_reads_it_on_the_device(name):
    """On the CPU, wherever it can be a tensor at all: reading it there costs nothing."""
    cls = getattr(torch.optim, name)
    for where, form in itertools.product(["cuda", "cpu"], FORMS):
        with FakeTensorMode() if where == "cuda" else contextlib.nullcontext():
            if (made := built(cls, form, where)) is None:
                continue
            for path in made[1]:
                optimizer = built(cls, form, where)[0]
                group = optimizer.param_groups[0]
                taken = capturable._takes(name, group, path, torch.device(where))
                if taken or where == "cpu" or form in capturable.TAKES[name]:
                    assert runs_with_a_tensor(optimizer, path, where) == taken, (where, form, path)


@pytest.mark.usefixtures("fused_kernels_that_check_their_arguments")
@pytest.mark.parametrize("name", capturable.TAKES)
def test_an_update_and_a_step_on_cuda_read_and_move_nothing(monkeypatch, name):
    """Every optimizer in every form that it has, with every key that is taken there."""
    monkeypatch.setattr(device.Window, "load", lambda window, t: window._stand(t))
    for form, paths in capturable.TAKES[name].items():
        with FakeTensorMode():
            optimizer = built(getattr(torch.optim, name), form, "cuda")[0]
            schedule = csched.Schedule(dict.fromkeys(paths, 0.1 * SCHEDULE["lr"]))
            scheduler = csched.torch.Scheduler(optimizer, schedule, storage="device")
            optimizer.step()
            with Recorder() as calls:
                for _ in range(3):
                    optimizer.step()
                    scheduler.step()
            assert calls.traffic == []
            held = [binding.read(optimizer.param_groups[0], path) for path in paths]
            assert {x.device.type for x in held} == {"cuda"}
