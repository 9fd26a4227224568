"""The schedulers of MXNet (``mxnet.lr_scheduler``, 1.9), number for number.

MXNet counts an update before it asks for its rate: step t here is its ``num_update`` t + 1.
``base_lr`` is an argument of its own. With ``warmup_mode="constant"`` the warm-up stays at
``warmup_begin_lr``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = ["CosineScheduler", "FactorScheduler", "MultiFactorScheduler", "PolyScheduler"]


def _warmed(where: str, warmup: tuple[int, float, str], base: float, main: Curve) -> Schedule:
    """The warm-up over the first steps of ``main``, whose clock began at step 0."""
    steps, low, mode = warmup
    up = max(0, _check.integer(where, "warmup_steps", steps, 0) - 1)  # the first is over
    _check.real(where, "warmup_begin_lr", low, -1e280, base)
    _check.choice(where, "warmup_mode", mode, ["linear", "constant"])
    if not up:
        return Schedule(lr=main)
    rise = pieces.constant(low, up)
    if mode == "linear":
        rise = curve("linear", low, base, up, offset=1.0, span=float(steps))
    return Schedule(lr=rise.then(main[up:]))


def FactorScheduler(
    step: int,
    factor: float = 1.0,
    stop_factor_lr: float = 1e-8,
    base_lr: float = 0.01,
    warmup_steps: int = 0,
    warmup_begin_lr: float = 0.0,
    warmup_mode: str = "linear",
) -> Schedule:
    """A factor every ``step`` steps, under the warm-up too, down to ``stop_factor_lr``.

    >>> FactorScheduler(2, 0.5, base_lr=1.0)["lr"].values(0, 6).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    where = "mxnet.FactorScheduler"
    n = _check.integer(where, "step", step, 1)
    _check.real(where, "factor", factor, 0.0, 1.0, open_low=True)
    stop = _check.real(where, "stop_factor_lr", stop_factor_lr, 0.0, base_lr)
    main = pieces.staircase(where, base_lr, factor, n).clip(low=stop)
    return _warmed(where, (warmup_steps, warmup_begin_lr, warmup_mode), base_lr, main)


def MultiFactorScheduler(
    step: Sequence[int],
    factor: float = 1.0,
    base_lr: float = 0.01,
    warmup_steps: int = 0,
    warmup_begin_lr: float = 0.0,
    warmup_mode: str = "linear",
) -> Schedule:
    """A factor at each of the steps.

    >>> MultiFactorScheduler([2, 3], 0.5, 1.0)["lr"].values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """
    where = "mxnet.MultiFactorScheduler"
    seams = [_check.integer(where, "step", m, 1) for m in step]
    if not seams or sorted(set(seams)) != seams:
        _check.fail(where, "step", "increasing, at least one", step)
    gamma = _check.real(where, "factor", factor, 0.0, 1.0)
    main = pieces.multi_step(base_lr, seams, [gamma] * len(seams))
    return _warmed(where, (warmup_steps, warmup_begin_lr, warmup_mode), base_lr, main)


def _decay(
    where: str,
    name: str,
    max_update: int,
    warmup: tuple[int, float, str],
    ends: tuple[float, float],
    **more: Any,
) -> Schedule:
    """From the warm-up's last step to step max_update - 1, where the end is met."""
    whole = _check.integer(where, "max_update", max_update, 1)
    up = _check.integer(where, "warmup_steps", warmup[0], 0, whole - 1)
    base, last = ends
    n, at = whole - up, 0.0 if up else 1.0
    span, steps = float(n), n if up else n - 1
    fall = curve(name, base, last, steps, offset=at, span=span, **more) if steps else None
    before = [pieces.constant(base, up - 1)] if up > 1 else []
    main = sequence(*before, *([fall] if fall else []), pieces.constant(last))
    return _warmed(where, warmup, base, main)


def PolyScheduler(
    max_update: int,
    base_lr: float = 0.01,
    pwr: float = 2,
    final_lr: float = 0.0,
    warmup_steps: int = 0,
    warmup_begin_lr: float = 0.0,
    warmup_mode: str = "linear",
) -> Schedule:
    """``(1 - z)**pwr`` down to ``final_lr``, which the last of max_update updates gets.

    >>> PolyScheduler(4, 1.0)["lr"].values(0, 5).tolist()
    [0.5625, 0.25, 0.0625, 0.0, 0.0]
    """
    warmup = warmup_steps, warmup_begin_lr, warmup_mode
    where = "mxnet.PolyScheduler"
    return _decay(where, "polynomial", max_update, warmup, (base_lr, final_lr), power=pwr)


def CosineScheduler(
    max_update: int,
    base_lr: float = 0.01,
    final_lr: float = 0.0,
    warmup_steps: int = 0,
    warmup_begin_lr: float = 0.0,
    warmup_mode: str = "linear",
) -> Schedule:
    """Half a cosine down to ``final_lr``, which the last of max_update updates gets.

    >>> [round(v, 4) for v in CosineScheduler(4, 1.0)["lr"].values(0, 5).tolist()]
    [0.8536, 0.5, 0.1464, 0.0, 0.0]
    """
    warmup = warmup_steps, warmup_begin_lr, warmup_mode
    return _decay("mxnet.CosineScheduler", "cosine", max_update, warmup, (base_lr, final_lr))


arguments.check(__name__)
