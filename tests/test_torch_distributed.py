"""Promise 7 across processes: DDP, FSDP and a sharded optimizer over gloo, two ranks."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import csched

EXAMPLE = Path(__file__).parent.parent / "examples" / "torch_ddp.py"

# One interpreter imports torch once and forks a process for every rank.
RANKS = textwrap.dedent(
    """
    import datetime, json, os, runpy, sys
    import torch, csched, csched.torch
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.optim import ZeroRedundancyOptimizer
    from torch.nn.parallel import DistributedDataParallel

    store, example = sys.argv[1], runpy.run_path(sys.argv[2])
    for rank in range(2):
        if os.fork() == 0:
            break
    else:
        sys.exit(max(abs(os.waitstatus_to_exitcode(os.wait()[1])) for _ in range(2)))
    sys.stdout = open(f"{store}-{rank}", "w")
    dist.init_process_group("gloo", init_method="file://" + store, rank=rank, world_size=2,
                            timeout=datetime.timedelta(seconds=60))
    torch.set_num_threads(1)

    def adamw(parameters):
        return torch.optim.AdamW(parameters, lr=1.0)

    def sharded_adamw(parameters):
        return ZeroRedundancyOptimizer(parameters, torch.optim.AdamW, lr=1.0)

    def train(wrap, accumulation, make=adamw):
        torch.manual_seed(0)
        model = wrap(torch.nn.Linear(4, 4))
        optimizer = make(model.parameters())
        schedule = csched.one_cycle(0.05, 20)
        scheduler = csched.torch.Scheduler(optimizer, schedule, drive="optimizer")
        seen = []
        for batch in range(6 * accumulation):
            x = torch.sin(torch.arange(16.0).reshape(4, 4) * (batch + 1) + rank)
            model(x).square().mean().backward()
            if (batch + 1) % accumulation == 0:
                group = optimizer.param_groups[0]
                seen.append([group["lr"], group["betas"][0]])
                optimizer.step(); optimizer.zero_grad()
        scheduler.assert_synced(ranks=dist.group.WORLD)
        assert scheduler.rebind() and not scheduler.rebind()
        return seen, model

    def complaint(schedule, steps):
        # what rank 0 is told where ranks differ
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        scheduler = csched.torch.Scheduler(optimizer, schedule)
        scheduler.advance(steps)
        try:
            scheduler.assert_synced(ranks=dist.group.WORLD)
        except ValueError as error:
            return str(error)

    mesh = init_device_mesh("cpu", (2,))
    def bits_of(model):
        return [p.detach().tolist() for p in model.parameters()]

    ddp, model = train(DistributedDataParallel, 2)
    zero, zero_model = train(DistributedDataParallel, 2, sharded_adamw)
    sharded, _ = train(lambda m: fully_shard(m, mesh=mesh), 1)
    late = complaint(csched.linear(0.1, 9), rank)
    other = complaint(csched.linear(0.1, 9 + rank), 3)
    print(json.dumps({"ddp": ddp, "bits": bits_of(model), "fsdp": sharded, "zero": zero,
                      "zero_bits": bits_of(zero_model), "late": late, "other": other}), flush=True)
    group = dist.group.WORLD  # kept to the end: the example says why
    dist.destroy_process_group()
    example["train"](rank, store + "-example")
    raise SystemExit("the example ends the process by itself")
    """
)


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """What each of two processes reports."""
    store = tmp_path_factory.mktemp("gloo") / "store"
    env = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", RANKS, str(store), str(EXAMPLE)]
    subprocess.run(command, env=env, check=True, timeout=100)
    reports = [Path(f"{store}-{rank}").read_text() for rank in range(2)]
    lines = [report.splitlines()[-2:] for report in reports]
    return [json.loads(report) | {"example": printed} for report, printed in lines]


@pytest.mark.parametrize("kind", ["ddp", "fsdp", "zero"])
def test_every_rank_sees_the_values_of_one_process(kind, ranks):
    values = csched.one_cycle(0.05, 20).values(0, 6)
    want = [list(pair) for pair in zip(values["lr"], values["momentum"], strict=True)]
    assert ranks[0][kind] == ranks[1][kind] == want


def test_ranks_end_with_the_same_parameters(ranks):
    assert ranks[0]["bits"] == ranks[1]["bits"]


def test_a_sharded_optimizer_ends_with_the_same_parameters(ranks):
    assert ranks[0]["zero_bits"] == ranks[1]["zero_bits"] == ranks[0]["bits"]


def test_ranks_that_differ_are_told_on_request(ranks):
    for rank in ranks:
        assert rank["late"].endswith("position must be the same on every rank, got [0, 1]")
        assert "the schedule must be the same on ranks 0 and 1, got" in rank["other"]
        assert "lr.steps: 9 and 10" in rank["other"]


def test_the_example_trains_in_two_processes(ranks):
    rate = csched.one_cycle(0.4, 80)["lr"](79)
    for i, rank in enumerate(ranks):
        start, accuracy = rank["example"].rsplit(" ", 1)
        assert start == f"rank {i}: 80 updates, lr {rate:.6f}, accuracy"
        assert float(accuracy) > 0.85
