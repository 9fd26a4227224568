"""What README tells people who come from torch.optim.lr_scheduler, row by row."""

import csched.torch
import torch
from csched.torch import Scheduler

import csched


def optimizer(kind=torch.optim.SGD, groups=None, **options):
    parameter = [torch.nn.Parameter(torch.ones(3))]
    return kind(groups or parameter, lr=0.1, **options)


def test_a_scheduler_in_the_middle_of_a_run_becomes_the_equal_schedule():
    o = optimizer()
    peer = torch.optim.lr_scheduler.CosineAnnealingLR(o, 10)
    schedule = csched.torch.from_scheduler(peer)
    for t in range(10):
        # torch multiplies on from the last value: a few roundings a step
        assert abs(schedule["lr"](t) / o.param_groups[0]["lr"] - 1) < 1e-13
        o.step()
        peer.step()


def test_a_preset_drives_an_optimizer_as_the_peer_does():
    ours, theirs = optimizer(), optimizer()
    scheduler = Scheduler(ours, csched.presets.torch.StepLR(30, base_lr=0.1))
    peer = torch.optim.lr_scheduler.StepLR(theirs, 30)
    for _ in range(100):
        assert abs(ours.param_groups[0]["lr"] / theirs.param_groups[0]["lr"] - 1) < 1e-14
        theirs.step()
        peer.step()
        scheduler.step()


def test_weight_decay_and_a_second_beta_are_scheduled_by_name():
    o = optimizer(torch.optim.AdamW)
    decay = csched.curve("linear", 0.2, 0.0, 10)
    beta = csched.curve("constant", 0.95, steps=10)
    Scheduler(o, csched.Schedule({"lr": decay, "weight_decay": decay, "betas[1]": beta})).seek(5)
    group = o.param_groups[0]
    assert (group["lr"], group["weight_decay"], group["betas"]) == (0.1, 0.1, (0.9, 0.95))


def test_a_second_optimizer_follows_the_clock_of_the_first():
    first, second = optimizer(), optimizer(torch.optim.AdamW)
    leader = Scheduler(first, csched.linear(0.1, 10))
    Scheduler(second, csched.linear(0.2, 10), drive=leader)
    leader.step()
    assert second.param_groups[0]["lr"] == csched.linear(0.2, 10)["lr"](1)
