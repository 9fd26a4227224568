"""The schedulers of fairseq2 (``fairseq2.optim.lr_schedulers``, 0.8), number for number.

``base_lr`` is the optimizer's rate. MyleLR is what fairseq calls ``inverse_sqrt``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = ["CosineAnnealingLR", "MyleLR", "NoamLR", "PolynomialDecayLR", "TriStageLR"]


def CosineAnnealingLR(
    cycle_len: int,
    num_warmup_steps: int,
    cycle_mul: float = 1.0,
    lr_mul: float = 1.0,
    start_lr: float = 0.0,
    final_lr: float = 0.0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A warm-up, then half cosines for ever, each ``cycle_mul`` times as long as the one before it.

    Levels are multiplied by ``lr_mul`` a cycle. A cycle that begins between two steps is counted
    from the step before it and has its length rounded down, so that it may climb at its end;
    growing cycles are written down up to step 2^50. fairseq2 finds its cycles by a logarithm and
    misses some restarts; here they are found exactly.

    >>> c = CosineAnnealingLR(2, 1, 2.0, 0.5)["lr"]
    >>> [round(v, 4) for v in c.values(0, 8).tolist()]
    [0.0, 1.0, 0.5, 0.5, 0.4268, 0.25, 0.0732, 0.25]
    """
    where = "fairseq2.CosineAnnealingLR"
    n = _check.integer(where, "cycle_len", cycle_len, 1)
    up = _check.integer(where, "num_warmup_steps", num_warmup_steps, 0)
    mul = _check.real(where, "cycle_mul", cycle_mul, 1.0)
    drop = _check.real(where, "lr_mul", lr_mul, 0.0, open_low=True)
    if mul == 1.0:
        cycle = curve("cosine", base_lr, final_lr, n)
        main = cycle.repeat(None if drop <= 1.0 else 1, peak_mult=drop, floor_mult=drop)
        return Schedule(lr=pieces.warmed(start_lr, base_lr, up, main))
    knots = pieces.growing(n, mul, None)
    parts: list[Curve] = []
    for i, (begin, end) in enumerate(pairwise(knots)):
        span = int(_check.decimal(mul) ** i * n)
        first, last = math.ceil(begin) - math.floor(begin), math.ceil(end) - math.floor(begin)
        high, low = base_lr * drop**i, final_lr * drop**i
        at, length = float(first), float(span)
        if (fall := min(last, span) - first) > 0:
            parts.append(curve("cosine", high, low, fall, offset=at, span=length))
        if last > span:
            back = max(first - span, 0)
            leg = curve("cosine", low, high, last - span - back, offset=float(back), span=length)
            parts.append(leg)
    return Schedule(lr=pieces.warmed(start_lr, base_lr, up, sequence(*parts)))


def MyleLR(num_warmup_steps: int, start_lr: float = 0.0, *, base_lr: float = 1.0) -> Schedule:
    """A line to ``base_lr``, then ``base_lr * sqrt(num_warmup_steps / t)`` without an end.

    >>> c = MyleLR(2)["lr"]
    >>> c.values(0, 3).tolist(), c(8)
    ([0.0, 0.5, 1.0], 0.5)
    """
    up = _check.integer("fairseq2.MyleLR", "num_warmup_steps", num_warmup_steps, 1)
    return Schedule(lr=pieces.warmed(start_lr, base_lr, up, pieces.root_law(base_lr, up)))


def NoamLR(num_warmup_steps: int, *, base_lr: float = 1.0) -> Schedule:
    """``base_lr * min(t**-0.5, t * num_warmup_steps**-1.5)``; without a warm-up 1 at step 0.

    >>> c = NoamLR(4)["lr"]
    >>> c.values(0, 5).tolist(), c(16)
    ([0.0, 0.125, 0.25, 0.375, 0.5], 0.25)
    """
    up = _check.integer("fairseq2.NoamLR", "num_warmup_steps", num_warmup_steps, 0)
    if not up:
        return Schedule(lr=pieces.constant(base_lr).then(pieces.root_law(base_lr, 1.0)))
    peak = base_lr * up**-0.5
    return Schedule(lr=pieces.warmed(0.0, peak, up, pieces.root_law(peak, up)))


def PolynomialDecayLR(
    num_steps: int,
    num_warmup_steps: int,
    power: float = 1.0,
    start_lr: float = 0.0,
    final_lr: float = 0.0,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line to ``base_lr``, then ``(1 - z)**power`` down to ``final_lr`` at ``num_steps``.

    >>> PolynomialDecayLR(6, 2, 2.0)["lr"].values(0, 8).tolist()
    [0.0, 0.5, 1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """
    where = "fairseq2.PolynomialDecayLR"
    whole = _check.integer(where, "num_steps", num_steps, 1)
    up = _check.integer(where, "num_warmup_steps", num_warmup_steps, 0, whole - 1)
    fall = curve("polynomial", base_lr, final_lr, whole - up, power=power)
    return Schedule(lr=pieces.warmed(start_lr, base_lr, up, fall))


def TriStageLR(
    num_steps: int,
    stage_ratio: Sequence[float],
    start_lr_scale: float = 0.01,
    final_lr_scale: float = 0.01,
    *,
    base_lr: float = 1.0,
) -> Schedule:
    """A line up from ``start_lr_scale``, a hold, an exponential down to ``final_lr_scale``.

    The three take ``int(ratio * num_steps)`` steps each; the scales are of ``base_lr``.

    >>> c = TriStageLR(10, (0.2, 0.4, 0.4))["lr"]
    >>> [round(c(t), 3) for t in (0, 1, 2, 6, 8, 10)]
    [0.01, 0.505, 1.0, 1.0, 0.1, 0.01]
    """
    where = "fairseq2.TriStageLR"
    whole = _check.integer(where, "num_steps", num_steps, 1)
    ratios = [_check.real(where, "stage_ratio", r, 0.0, 1.0) for r in stage_ratio]
    if len(ratios) != 3 or not math.isclose(sum(ratios), 1.0):
        _check.fail(where, "stage_ratio", "three numbers that add up to 1", stage_ratio)
    up, hold, down = (int(r * whole) for r in ratios)
    first = base_lr * _check.real(where, "start_lr_scale", start_lr_scale, 0.0)
    last = base_lr * _check.real(where, "final_lr_scale", final_lr_scale, 0.0, open_low=True)
    parts = [pieces.constant(base_lr, hold)] if hold else []
    parts += [curve("exponential", base_lr, last, down)] if down else []
    main = sequence(*parts, pieces.after(last))
    return Schedule(lr=pieces.warmed(first, base_lr, up, main))


arguments.check(__name__)
