"""Promises 6, 7 and 20: no side effects, a clock that moves when told, what you plot is trained."""

import copy
import gc
import subprocess
import sys
import textwrap
import weakref

import csched.torch
import numpy as np
import pytest
import torch

import csched

SCHEDULE = csched.one_cycle(0.8, 20)


def weight(n=3):
    return torch.nn.Parameter(torch.linspace(-1, 1, n))


def sgd(groups=1, lr=0.3):
    return torch.optim.SGD([{"params": [weight()]} for _ in range(groups)], lr=lr, momentum=0.9)


def snapshot(optimizer):
    groups = copy.deepcopy(optimizer.param_groups)
    return [{k: v for k, v in g.items() if k != "params"} for g in groups]


def test_a_metric_is_no_step_and_moves_nothing():
    scheduler = csched.torch.Scheduler(sgd(), csched.linear(0.1, 9))
    with pytest.raises(TypeError, match=r"epoch must be an int, got 0.3; a metric goes to observe"):
        scheduler.step(0.3)
    with pytest.raises(ValueError, match=r"Scheduler.step: epoch must be in \[0, .*, got -1"):
        scheduler.step(-1)
    assert scheduler.position == 0
    assert scheduler._step_count == 0


def test_a_scheduler_prints_what_it_drives_and_where_it_is():
    schedule = csched.one_cycle(peak=0.1, steps=9)
    first = csched.torch.Scheduler(sgd(2), schedule)
    first.step()
    assert repr(first) == "Scheduler(<SGD of 2 groups>, <lr, momentum>, position=1, drive='step')"
    second = csched.torch.Scheduler(sgd(), csched.linear(0.1, 9), drive=first)
    assert repr(second) == "Scheduler(<SGD of 1 group>, <lr>, position=1, drive=<Scheduler>)"
    second.detach()
    assert repr(second) == "Scheduler(<detached>, <>, position=1, drive=<Scheduler>)"


def test_attaching_patches_nothing_and_detach_restores():
    optimizer = sgd(2)
    optimizer.param_groups[1]["lr"] = tensor = torch.tensor(0.7)
    before, attributes = snapshot(optimizer), set(vars(optimizer))
    SCHEDULE.values()
    assert snapshot(optimizer) == before
    for drive in ("step", "optimizer"):
        scheduler = csched.torch.Scheduler(optimizer, SCHEDULE, drive=drive)
        assert "step" not in vars(optimizer)
        assert set(vars(optimizer)) == attributes
        optimizer.step()
        assert snapshot(optimizer) != before
        scheduler.detach()
        assert snapshot(optimizer) == before
        assert optimizer.param_groups[1]["lr"] is tensor
        assert not optimizer._optimizer_step_post_hooks
        assert not optimizer._optimizer_load_state_dict_post_hooks
        assert scheduler.optimizer is None
        with pytest.raises(ValueError, match="not called on a detached scheduler"):
            scheduler.step()


def test_an_update_of_lbfgs_is_one_step_however_often_it_evaluates():
    w, evaluations, seen = weight(), [], []
    optimizer = torch.optim.LBFGS([w], lr=0.3, max_iter=4)
    curve = csched.curve("linear", 1.0, 0.5, 5)
    scheduler = csched.torch.Scheduler(optimizer, curve, drive="optimizer")

    def closure():
        evaluations.append(scheduler.position)
        optimizer.zero_grad()
        loss = (w - 1).square().sum() + (w**4).sum()
        loss.backward()
        return loss

    for _ in range(5):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step(closure)
    assert seen == curve.values().tolist()
    assert evaluations == sorted(evaluations)
    assert len(evaluations) > 10
    assert scheduler.rebind()  # its state holds lists of tensors
    assert not scheduler.rebind()
    scheduler.assert_synced()


def test_only_declared_keys_are_touched():
    optimizer = sgd()
    before = snapshot(optimizer)[0]
    csched.torch.Scheduler(optimizer, SCHEDULE["lr"])
    changed = {k for k, v in snapshot(optimizer)[0].items() if before.get(k) != v}
    assert changed == {"lr", "initial_lr"}


LEGAL = {
    "scaler_skips_the_first_update": """
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        for k in range(4):
            optimizer.zero_grad()
            scaler.scale((w * (float("inf") if k == 0 else 1.0)).sum()).backward()
            scaler.step(optimizer); scaler.update(); s.step()
    """,
    "wrapped_step": """
        inner = optimizer.step
        optimizer.step = lambda *a: inner(*a)
        for _ in range(3): optimizer.step(); s.step()
    """,
    "step_before_the_update": "s.step(); optimizer.step()",
    "past_the_end": "for _ in range(50): optimizer.step(); s.step()",
    "step_with_an_epoch": "s.step(3); s.step(epoch=3)",
    "sequential": """
        from torch.optim.lr_scheduler import ConstantLR, SequentialLR
        other = ConstantLR(optimizer, 0.5, 2)
        both = SequentialLR(optimizer, [other, s], [2])
        seen = []
        for _ in range(5):
            seen.append(optimizer.param_groups[0]["lr"]); optimizer.step(); both.step()
        lr = csched.one_cycle(0.8, 20)["lr"]
        assert seen[2:] == [lr(0), lr(1), lr(2)], seen
    """,
}


@pytest.fixture(scope="module")
def legal_loops():
    """Every loop in one interpreter that turns warnings into errors."""
    script = """
        import torch, csched, csched.torch
        def make():
            w = torch.nn.Parameter(torch.ones(2)); w.grad = torch.ones(2)
            optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
            return w, optimizer, csched.torch.Scheduler(optimizer, csched.one_cycle(0.8, 20))
    """
    script = textwrap.dedent(script)
    for name, body in LEGAL.items():
        lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        script += f"def {name}(w, optimizer, s):\n{lines}\n"
        script += f"{name}(*make())\nprint({name!r})\n"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    return run.stdout.split(), run.stderr


@pytest.mark.parametrize("name", LEGAL)
def test_legal_loops_run_without_a_warning(name, legal_loops):
    passed, errors = legal_loops
    assert name in passed, errors


@pytest.mark.parametrize("accumulation", [1, 4, 16])
@pytest.mark.parametrize("drive", ["step", "optimizer"])
def test_accumulation_does_not_move_the_clock(accumulation, drive):
    optimizer = sgd()
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE, drive=drive)
    seen = []
    for batch in range(5 * accumulation):
        optimizer.param_groups[0]["params"][0].sum().backward()
        if (batch + 1) % accumulation == 0:
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if drive == "step":
                scheduler.step()
    assert seen == SCHEDULE["lr"].values(0, 5).tolist()


@pytest.mark.parametrize("fused", [False, True])
def test_an_update_that_the_scaler_skips_does_not_move_the_clock(fused):
    w = weight()
    optimizer = torch.optim.SGD([w], lr=0.3, fused=fused)
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE["lr"], drive="optimizer")
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    positions = []
    for k in range(10):
        optimizer.zero_grad()
        scaler.scale((w * (float("inf") if k in (0, 7) else 1.0)).sum()).backward()
        before = w.detach().clone()
        scaler.step(optimizer)
        scaler.update()
        assert torch.equal(before, w.detach()) == (k in (0, 7))
        positions.append(scheduler.position)
    assert positions == [0, 1, 2, 3, 4, 5, 6, 6, 7, 8]


def test_a_skip_can_be_reported_by_hand():
    scheduler = csched.torch.Scheduler(sgd(), SCHEDULE)
    scheduler.advance(updated=False)
    assert scheduler.position == 0
    scheduler.advance(updated=True)
    assert scheduler.position == 1


def test_a_token_clock_ends_where_the_tokens_end():
    c = csched.curve("cosine", 0.1, 0.0, 4096)
    for batches in ([256] * 16, [256] * 4 + [512] * 2 + [1024] * 2):
        optimizer = sgd()
        scheduler = csched.torch.Scheduler(optimizer, c)
        at = 0
        for tokens in batches:
            assert optimizer.param_groups[0]["lr"] == c(at)
            scheduler.advance(tokens)
            assert scheduler.last_applied() == [{"lr": c(at)}]
            at += tokens
        assert optimizer.param_groups[0]["lr"] == 0.0


def test_two_drivers_are_refused():
    scheduler = csched.torch.Scheduler(sgd(), SCHEDULE, drive="optimizer")
    with pytest.raises(ValueError, match="the optimizer or another scheduler drives"):
        scheduler.step()
    with pytest.raises(ValueError, match="the optimizer or another scheduler drives"):
        scheduler.advance()


def test_several_optimizers_follow_one_clock():
    matrices, rest = sgd(), torch.optim.AdamW([weight()], lr=0.1)
    lead = csched.torch.Scheduler(matrices, csched.linear(0.2, 8))
    follower = csched.torch.Scheduler(rest, csched.one_cycle(0.01, 8), drive=lead)
    for t in range(1, 10):
        lead.step()
        assert follower.position == t
        assert matrices.param_groups[0]["lr"] == csched.linear(0.2, 8)["lr"](t)
        assert rest.param_groups[0]["lr"] == csched.one_cycle(0.01, 8)["lr"](t)
    lead.load_state_dict(lead.state_dict() | {"position": 2})
    assert follower.position == 2
    follower.detach()
    lead.step()
    assert (lead.position, follower.position) == (3, 2)


def test_a_gan_keeps_two_clocks():
    one, five = sgd(), sgd()
    a = csched.torch.Scheduler(one, SCHEDULE, drive="optimizer")
    b = csched.torch.Scheduler(five, SCHEDULE, drive="optimizer")
    for _ in range(3):
        one.step()
        for _ in range(5):
            five.step()
    assert (a.position, b.position) == (3, 15)


def test_seek_is_idempotent_and_needs_no_order():
    optimizer = sgd()
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE)
    for t in np.random.default_rng(0).integers(0, 40, 30).tolist() * 2:
        for _ in range(2):
            scheduler.seek(t)
            assert optimizer.param_groups[0]["lr"] == SCHEDULE["lr"](t)
            assert scheduler.get_last_lr() == [SCHEDULE["lr"](t)]
    for bad in (-1, 1.0, True, 2**53 + 1):
        with pytest.raises((ValueError, TypeError), match="t must be"):
            scheduler.seek(bad)


def test_the_tail_raise_raises_after_the_last_update_and_not_with_it():
    optimizer = sgd()
    c = csched.curve("linear", 0.1, 0.0, 5).tail("raise")
    scheduler = csched.torch.Scheduler(optimizer, c)
    for t in range(5):
        assert optimizer.param_groups[0]["lr"] == c(t)
        scheduler.step()
    with pytest.raises(ValueError, match="position must be at most the steps of a curve with tail"):
        scheduler.step()


def test_what_is_plotted_is_what_was_trained():
    optimizer = sgd()
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE)
    assert scheduler.last_applied() is None
    seen = []
    optimizer.register_step_pre_hook(
        lambda o, *_: seen.append((o.param_groups[0]["lr"], o.param_groups[0]["momentum"]))
    )
    for _ in range(25):
        optimizer.step()
        scheduler.step()
        lr, momentum = seen[-1]
        assert scheduler.last_applied() == [{"lr": lr, "momentum": momentum}]
    values = SCHEDULE.values(0, 25)
    assert seen == list(zip(values["lr"].tolist(), values["momentum"].tolist(), strict=True))
    assert all(type(v) is float for pair in seen for v in pair)


@pytest.mark.parametrize("drive", ["step", "optimizer"])
@pytest.mark.parametrize("storage", ["keep", "buffer"])
def test_dropping_everything_frees_the_optimizer_without_the_collector(drive, storage):
    gc.collect()
    gc.disable()
    try:
        optimizer = sgd()
        scheduler = csched.torch.Scheduler(optimizer, SCHEDULE, drive=drive, storage=storage)
        optimizer.step()
        scheduler.seek(3)
        dead = weakref.ref(optimizer), weakref.ref(scheduler)
        del optimizer, scheduler
        assert [ref() for ref in dead] == [None, None]
    finally:
        gc.enable()


def test_a_driven_scheduler_needs_no_name():
    """The optimizer holds it: nothing stops when the caller drops it."""
    optimizer = sgd()
    csched.torch.Scheduler(optimizer, SCHEDULE, drive="optimizer")
    gc.collect()
    optimizer.step()
    assert optimizer.param_groups[0]["lr"] == SCHEDULE["lr"](1)


def test_describe_tells_absolute_steps():
    text = csched.torch.Scheduler(sgd(), csched.linear(0.1, 10, warmup_steps=4)).describe()
    assert [line.split("  ")[0] for line in text.splitlines()[2:]] == ["0 .. 3", "4 .. 9"]
