"""Trainers people use, each with a real short run: the examples, and what they save."""

import importlib.util
import warnings
from pathlib import Path

import csched.torch
import pytest
import torch
from torch.optim import lr_scheduler

import csched

EXAMPLES = Path(__file__).parent.parent / "examples"
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the trainers and what they use
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(module)
    return module


def test_lightning_trains_and_resumes(tmp_path):
    module = example("torch_lightning")
    want = module.SCHEDULE["lr"].values(0, 8).tolist()
    assert module.main(folder=str(tmp_path)) == want
    saved = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert saved["lr_schedulers"][0]["position"] == 8
    resumed = module.main(checkpoint=str(tmp_path / "last.ckpt"), epochs=3)
    assert resumed == module.SCHEDULE["lr"].values(8, 12).tolist()


@pytest.mark.parametrize("prepared", [False, True])
@pytest.mark.parametrize("accumulation", [1, 4])
def test_accelerate_counts_updates(accumulation, prepared):
    module = example("torch_accelerate")
    want = module.SCHEDULE["lr"].values(0, 8 // accumulation).tolist()
    assert module.main(accumulation, prepared) == want


@pytest.mark.parametrize("processes", [1, 2, 8])
def test_no_number_of_processes_moves_a_clock_that_counts_updates(monkeypatch, processes):
    """Accelerate steps a prepared scheduler once a process: one that counts updates refuses."""
    import accelerate

    accelerate.Accelerator(cpu=True)
    monkeypatch.setitem(accelerate.state.PartialState._shared_state, "num_processes", processes)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    schedule = csched.linear(0.1, steps=80)
    counts = csched.torch.Scheduler(optimizer, schedule, drive="optimizer")
    optimizer.step_was_skipped = False
    for t in range(3):
        assert optimizer.param_groups[0]["lr"] == schedule["lr"](t)
        optimizer.step()
    prepared = accelerate.scheduler.AcceleratedScheduler(counts, optimizer)
    with pytest.raises(ValueError, match="not called where the optimizer or another scheduler"):
        prepared.step()
    counts.detach()
    stepped = csched.torch.Scheduler(optimizer, schedule)
    accelerate.scheduler.AcceleratedScheduler(stepped, optimizer).step()
    assert stepped.position == processes  # theirs, whatever the scheduler
    accelerate.scheduler.AcceleratedScheduler(stepped, optimizer, split_batches=True).step()
    assert stepped.position == processes + 1


def test_transformers_trains_and_resumes(tmp_path):
    module = example("torch_transformers")
    want = module.SCHEDULE["lr"].values(0, 8).tolist()
    assert module.main(str(tmp_path), save_strategy="steps", save_steps=4) == want
    assert module.main(str(tmp_path), resume=str(tmp_path / "checkpoint-4")) == want[4:]
    assert module.main(str(tmp_path), gradient_accumulation_steps=2) == want


def test_ignite_by_handler_and_by_its_own_wrapper():
    from ignite.handlers import LRScheduler

    module = example("torch_ignite")
    want = module.SCHEDULE["lr"].values(0, 8).tolist()
    assert module.main() == want
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1, momentum=0.9)
    wrapped = LRScheduler(csched.torch.Scheduler(optimizer, module.SCHEDULE))
    seen = []
    for _ in range(8):
        wrapped(None)
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == want


def test_torch_compositions_take_it_as_a_scheduler():
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    scheduler = csched.torch.Scheduler(optimizer, csched.linear(0.1, 8))
    assert isinstance(scheduler, lr_scheduler.LRScheduler)
    assert not hasattr(scheduler, "total_steps")
    chained = lr_scheduler.ChainedScheduler([scheduler])
    optimizer.step()
    chained.step()
    assert chained.get_last_lr() == [csched.linear(0.1, 8)["lr"](1)]
