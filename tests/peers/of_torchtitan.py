"""torchtitan: ``torchtitan/components/optimizer/lr_scheduler.py``, up to the end of training.

After it the peer's rate leaves its range, or raises, which the preset does not do.
"""

import logging

from drawing import load, maybe, optimizer, part, rate, stand_in, stepped, steps


class Configurable:
    class Config:
        pass


def cases(folder):
    stand_in("torchtitan.config", Configurable=Configurable)
    stand_in("torchtitan.tools.logging", logger=logging.Logger("torchtitan", logging.ERROR))
    here = "torchtitan.components.optimizer"
    stand_in(f"{here}.optimizer", OptimizersContainer=list)
    path = folder / "torchtitan" / "components" / "optimizer" / "lr_scheduler.py"
    peer = load(f"{here}.lr_scheduler", path)

    def run(training_steps, base_lr, **a):
        o = optimizer(base_lr)
        config = peer.LRSchedulersContainer.Config(**a)
        container = config.build(optimizers=[o], training_steps=training_steps)
        whole = a.get("total_steps", training_steps)
        return stepped(container, o.param_groups[0], whole + 1)

    return {"LRScheduler": (draw, run)}


def draw(c):
    return {
        "training_steps": steps(c, 1, 40),
        "warmup_steps": steps(c, 0, 20),
        "base_lr": rate(c),
        **maybe(
            c,
            decay_ratio=part(c),
            decay_type=c.choice(["linear", "sqrt", "cosine"]),
            min_lr_factor=part(c),
        ),
        **({"total_steps": steps(c, 1, 40)} if c.random() < 0.3 else {}),
    }
