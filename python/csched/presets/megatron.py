"""The schedules of Megatron-LM's ``OptimizerParamScheduler``, learning rate and weight decay.

Steps are increments of ``step(1)``.
"""

from __future__ import annotations

import math
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = ["OptimizerParamScheduler"]

STYLES = ("constant", "linear", "cosine", "inverse-square-root", "WSD")
WSD_STYLES: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("linear", {}),
    "cosine": ("cosine", {}),
    "exponential": ("exponential_offset", {"rate": 0.6931471805599453, "normalised": True}),
    "minus_sqrt": ("one_minus_sqrt", {}),
}


def OptimizerParamScheduler(
    init_lr: float,
    max_lr: float,
    min_lr: float,
    lr_warmup_steps: int,
    lr_decay_steps: int,
    lr_decay_style: str,
    start_wd: float = 0.0,
    end_wd: float = 0.0,
    wd_incr_steps: int = 1,
    wd_incr_style: str = "constant",
    wsd_decay_steps: int | None = None,
    lr_wsd_decay_style: str = "exponential",
) -> Schedule:
    """``lr`` and ``weight_decay`` of Megatron-LM.

    A line from init_lr to max_lr at lr_warmup_steps; then the style down to min_lr at
    lr_decay_steps, warm-up included; min_lr after it. "inverse-square-root" falls to min_lr in one
    step there. "WSD" is level but for its last wsd_decay_steps; its "exponential" is
    ``2 * 0.5**z - 1``. The weight decay goes from start_wd to end_wd in wd_incr_steps, "constant"
    needs the two to be equal. What Megatron overrides for a group (``max_lr``, ``wd_mult``) is
    another call, or a factor.

    >>> s = OptimizerParamScheduler(0.0, 1.0, 0.1, 2, 6, "cosine", 0.01, 0.05, 6, "linear")
    >>> [round(v, 4) for v in s["lr"].values(0, 8).tolist()]
    [0.0, 0.5, 1.0, 0.8682, 0.55, 0.2318, 0.1, 0.1]
    >>> round(s["weight_decay"](3), 4)
    0.03
    """
    where = "megatron.OptimizerParamScheduler"
    _check.choice(where, "lr_decay_style", lr_decay_style, STYLES)
    _check.choice(where, "wd_incr_style", wd_incr_style, ["constant", "linear", "cosine"])
    whole = _check.integer(where, "lr_decay_steps", lr_decay_steps, 1)
    warmup = _check.integer(where, "lr_warmup_steps", lr_warmup_steps, 0, whole - 1)
    n = whole - warmup
    if lr_decay_style == "constant":
        main = pieces.constant(max_lr)
    elif lr_decay_style == "inverse-square-root":
        scale = max(1, warmup)
        law = pieces.root_law(max_lr, scale).clip(low=min_lr)
        # without a warm-up Megatron reads sqrt(1 / max(t, 1)): steps 0 and 1 are the peak
        law = law if warmup else sequence(pieces.constant(max_lr), law)
        main = sequence(law[: n + 1], pieces.constant(min_lr))
    elif lr_decay_style == "WSD":
        main = _wsd(where, max_lr, min_lr, n, wsd_decay_steps, lr_wsd_decay_style)
        main = pieces.first(max_lr, main) if warmup else main
    else:
        main = curve(lr_decay_style, max_lr, min_lr, n)
    count = _check.integer(where, "wd_incr_steps", wd_incr_steps, 1)
    _check.real(where, "min_lr", min_lr, 0.0, max_lr)
    _check.real(where, "init_lr", init_lr, -math.inf, max_lr)
    _check.real(where, "end_wd", end_wd, _check.real(where, "start_wd", start_wd, 0.0))
    if wd_incr_style == "constant":
        if start_wd != end_wd:
            _check.fail(where, "end_wd", f"start_wd = {start_wd} where constant", end_wd)
        decay = pieces.constant(end_wd)
    else:
        decay = curve(wd_incr_style, start_wd, end_wd, count)
    return Schedule(lr=pieces.warmed(init_lr, max_lr, warmup, main), weight_decay=decay)


def _wsd(where: str, top: float, low: float, n: int, cool: int | None, style: str) -> Curve:
    _check.choice(where, "lr_wsd_decay_style", style, WSD_STYLES)
    last = _check.integer(where, "wsd_decay_steps", cool, 1)
    profile, arguments = WSD_STYLES[style]
    fall = curve(profile, top, low, last, **arguments)
    return sequence(pieces.constant(top, n - last), fall) if n > last else fall[last - n :]


arguments.check(__name__)
