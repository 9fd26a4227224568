"""Promise 7 across processes: plain DDP over gloo, the same values on each rank."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

import csched

RANK = textwrap.dedent(
    """
    import json, sys
    import torch, csched, csched.torch
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
    from torch.nn.parallel import DistributedDataParallel

    rank, store = int(sys.argv[1]), sys.argv[2]
    dist.init_process_group("gloo", init_method="file://" + store, rank=rank, world_size=2)
    torch.set_num_threads(1)

    def train(wrap, accumulation):
        torch.manual_seed(0)
        model = wrap(torch.nn.Linear(4, 4))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1.0)
        schedule = csched.one_cycle(0.05, 20)
        csched.torch.Scheduler(optimizer, schedule, drive="optimizer")
        seen = []
        for batch in range(6 * accumulation):
            x = torch.sin(torch.arange(16.0).reshape(4, 4) * (batch + 1) + rank)
            model(x).square().mean().backward()
            if (batch + 1) % accumulation == 0:
                group = optimizer.param_groups[0]
                seen.append([group["lr"], group["betas"][0]])
                optimizer.step(); optimizer.zero_grad()
        return seen, model

    mesh = init_device_mesh("cpu", (2,))
    ddp, model = train(DistributedDataParallel, 2)
    bits = [p.detach().tolist() for p in model.parameters()]
    sharded, _ = train(lambda m: fully_shard(m, mesh=mesh), 1)
    print(json.dumps({"ddp": ddp, "bits": bits, "fsdp": sharded}))
    dist.destroy_process_group()
    """
)


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """What each of two processes reports."""
    store = tmp_path_factory.mktemp("gloo") / "store"
    env = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, str(rank), str(store)],
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        for rank in range(2)
    ]
    reports = [process.communicate(timeout=100)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    return [json.loads(report.splitlines()[-1]) for report in reports]


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_every_rank_sees_the_values_of_one_process(kind, ranks):
    values = csched.one_cycle(0.05, 20).values(0, 6)
    want = [list(pair) for pair in zip(values["lr"], values["momentum"], strict=True)]
    assert ranks[0][kind] == ranks[1][kind] == want


def test_ranks_end_with_the_same_parameters(ranks):
    assert ranks[0]["bits"] == ranks[1]["bits"]
