"""A csched schedule in Ignite: a handler that steps after every iteration. Runs in seconds."""

import csched.torch
import torch
from ignite.engine import Engine, Events

import csched

SCHEDULE = csched.one_cycle(0.1, steps=8)


def main():
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = csched.torch.Scheduler(optimizer, SCHEDULE)
    seen = []

    def update(engine, batch):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        model(batch).square().mean().backward()
        optimizer.step()

    trainer = Engine(update)
    # ignite.handlers.LRScheduler(scheduler) works too, and sets the lr only
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: scheduler.step())
    trainer.run(torch.randn(32, 4).split(4), max_epochs=1)
    return seen


if __name__ == "__main__":
    print([round(lr, 4) for lr in main()])
