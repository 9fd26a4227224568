"""The schedule of torchtitan's ``LRSchedulersContainer``: warm-up, stable, decay, in one."""

from __future__ import annotations

from csched import _check
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = ["LRScheduler"]


def LRScheduler(
    training_steps: int,
    warmup_steps: int = 200,
    decay_ratio: float | None = None,
    decay_type: str = "linear",
    min_lr_factor: float = 0.0,
    total_steps: int | None = None,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """``(t + 1) / warmup_steps`` up, stable, then "linear", "sqrt" (1 - sqrt) or "cosine" down.

    ``total_steps`` takes the place of ``training_steps`` where it is given.
    The decay takes ``round(training_steps * decay_ratio)`` steps, all that is left without a ratio;
    there is one stable step more than lengths add up to, so that the floor is first reached at
    t = training_steps. After it the peer goes below the floor and below 0 (cosines climb back);
    here the floor is held. A warm-up longer than the training is cut to it, as in the peer.

    >>> c = LRScheduler(10, 2, decay_ratio=0.4, decay_type="sqrt")["lr"]
    >>> [round(v, 5) for v in c.values(0, 11).tolist()]
    [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.29289, 0.13397, 0.0]
    """
    where = "torchtitan.LRScheduler"
    n = _check.integer(where, "training_steps", training_steps, 1)
    n = n if total_steps is None else _check.integer(where, "total_steps", total_steps, 1)
    warmup = min(_check.integer(where, "warmup_steps", warmup_steps, 0), n)
    _check.choice(where, "decay_type", decay_type, ["linear", "sqrt", "cosine"])
    down = n - warmup
    if decay_ratio is not None:
        ratio = _check.real(where, "decay_ratio", decay_ratio, 0.0, 1.0)
        down = min(round(n * ratio), n - warmup)
    floor = base_lr * _check.real(where, "min_lr_factor", min_lr_factor, 0.0, 1.0)
    profile = {"sqrt": "one_minus_sqrt"}.get(decay_type, decay_type)
    stable = n - warmup - down
    parts = []
    if warmup:
        parts.append(curve("linear", 0.0, base_lr, warmup, offset=1.0, span=float(warmup)))
    if stable:
        parts.append(pieces.constant(base_lr, stable))
    if down:
        parts.append(curve(profile, base_lr, floor, down))
    else:
        parts.append(pieces.constant(base_lr))
    return Schedule(lr=sequence(*parts))


arguments.check(__name__)
