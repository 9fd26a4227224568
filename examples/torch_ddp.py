"""A csched schedule under DDP: two processes over gloo, digits data. Runs in seconds.

Every process has its own scheduler. The value is a function of the step alone, so nobody has to be
told anything; that all are at one step of one schedule is checked once, at the end.
"""

import os
import tempfile

import csched.torch
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from sklearn.datasets import load_digits
from torch.nn.parallel import DistributedDataParallel

import csched

RANKS, EPOCHS, UPDATES = 2, 8, 10  # an update takes two batches of 36 samples on every rank
SCHEDULE = csched.one_cycle(0.4, steps=EPOCHS * UPDATES)


def train(rank, store):
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=RANKS)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, y = (torch.tensor(a) for a in load_digits(return_X_y=True))
    x = x.float() / 16
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    model = DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    # counts the updates that are made, so accumulation does not matter
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE, drive="optimizer")
    mine = torch.arange(rank, 1500, RANKS)
    for _ in range(EPOCHS):
        batches = iter(mine[torch.randperm(len(mine))].split(36))
        for _ in range(UPDATES):
            optimizer.zero_grad()
            for in_sync in (False, True):
                model.require_backward_grad_sync = in_sync
                batch = next(batches)
                (torch.nn.functional.cross_entropy(model(x[batch]), y[batch]) / 2).backward()
            optimizer.step()
    scheduler.assert_synced(ranks=dist.group.WORLD)
    right = (model(x[1500:]).argmax(1) == y[1500:]).float().mean().item()
    lr = scheduler.last_applied()[0]["lr"]
    line = f"rank {rank}: {scheduler.position} updates, lr {lr:.6f}, accuracy {right:.3f}\n"
    print(line, end="", flush=True)  # in one piece, where output is not buffered too
    # Of torch 2.13: a gloo group that is freed while one of its threads frees a tensor waits for
    # the thread, which waits for the interpreter's lock. So it is kept until the process ends.
    group = dist.group.WORLD  # noqa: F841
    dist.destroy_process_group()
    os._exit(0)


def main():
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(train, args=(os.path.join(folder, "store"),), nprocs=RANKS)


if __name__ == "__main__":
    main()
