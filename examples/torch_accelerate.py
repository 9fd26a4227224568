"""A csched schedule in Accelerate: driven by the optimizer, it needs no prepare(). In seconds.

Accelerate calls ``step()`` of a prepared scheduler once a process, and only where gradients are
in sync. A schedule that counts the optimizer's updates has nothing to multiply or divide.
"""

import accelerate
import csched.torch
import torch

import csched

SCHEDULE = csched.linear(0.1, steps=8)


def main(accumulation=2, prepared=False, batches=8):
    torch.manual_seed(0)
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=accumulation)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    drive = "step" if prepared else "optimizer"
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE, drive=drive)
    data = torch.utils.data.DataLoader(torch.randn(4 * batches, 4), batch_size=4)
    model, optimizer, data = accelerator.prepare(model, optimizer, data)
    if prepared:
        scheduler = accelerator.prepare(scheduler)
    else:
        accelerator.register_for_checkpointing(scheduler)
    seen = []
    for batch in data:
        with accelerator.accumulate(model):
            if accelerator.sync_gradients:
                seen.append(optimizer.param_groups[0]["lr"])
            accelerator.backward(model(batch).square().mean())
            optimizer.step()
            if prepared:
                scheduler.step()
            optimizer.zero_grad()
    return seen


if __name__ == "__main__":
    print([round(lr, 4) for lr in main()])
