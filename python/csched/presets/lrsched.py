"""The schedules of ``lrsched`` (0.5), number for number; all arguments are keywords, as there."""

from __future__ import annotations

from collections.abc import Sequence

from csched import _check
from csched.curve import Curve
from csched.nodes import product, sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.schedule import Schedule

__all__ = [
    "constant",
    "cosine",
    "cosine_restarts",
    "exp_range",
    "exponential",
    "exponential_decay",
    "inverse_sqrt",
    "linear",
    "multi_step",
    "one_cycle",
    "polynomial",
    "polynomial_decay",
    "sequential",
    "step_decay",
    "triangular",
    "triangular2",
    "warmup_stable_decay",
    "with_warmup",
]


def constant(*, lr: float) -> Schedule:
    """One value.

    >>> constant(lr=0.1)["lr"](3)
    0.1
    """
    return Schedule(lr=pieces.constant(lr))


def step_decay(*, base_lr: float, drop: float, step_size: int) -> Schedule:
    """``base_lr * drop**floor(t / step_size)``, drop in (0, 1].

    >>> step_decay(base_lr=1.0, drop=0.5, step_size=2)["lr"].values(0, 4).tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    where = "lrsched.step_decay"
    _check.real(where, "drop", drop, 0.0, 1.0, open_low=True)
    n = _check.integer(where, "step_size", step_size, 1)
    return Schedule(lr=pieces.staircase(where, base_lr, drop, n))


def multi_step(*, base_lr: float, milestones: Sequence[int], gamma: float) -> Schedule:
    """``base_lr * gamma**(number of milestones <= t)``.

    >>> multi_step(base_lr=1.0, milestones=[1, 2], gamma=0.5)["lr"].values(0, 4).tolist()
    [1.0, 0.5, 0.25, 0.25]
    """
    where = "lrsched.multi_step"
    seams = [_check.integer(where, "milestone", m, 1) for m in milestones]
    return Schedule(lr=pieces.multi_step(base_lr, seams, [gamma] * len(seams)))


def exponential(*, base_lr: float, gamma: float) -> Schedule:
    """``base_lr * gamma**t``, gamma positive.

    >>> exponential(base_lr=1.0, gamma=0.5)["lr"](2)
    0.25
    """
    return Schedule(lr=pieces.geometric("lrsched.exponential", base_lr, gamma))


def exponential_decay(*, base_lr: float, decay_rate: float, decay_steps: int) -> Schedule:
    """``base_lr * decay_rate**(t / decay_steps)``, decay_rate in (0, 1).

    >>> exponential_decay(base_lr=1.0, decay_rate=0.25, decay_steps=2)["lr"](1)
    0.5
    """
    where = "lrsched.exponential_decay"
    _check.real(where, "decay_rate", decay_rate, 0.0, 1.0, open_low=True, open_high=True)
    n = _check.integer(where, "decay_steps", decay_steps, 1)
    return Schedule(lr=pieces.geometric(where, base_lr, decay_rate, float(n)))


def linear(*, base_lr: float, end_lr: float, total_steps: int) -> Schedule:
    """A line from ``base_lr`` to ``end_lr``.

    >>> linear(base_lr=1.0, end_lr=0.0, total_steps=2)["lr"].values(0, 3).tolist()
    [1.0, 0.5, 0.0]
    """
    n = _check.integer("lrsched.linear", "total_steps", total_steps, 1)
    return Schedule(lr=curve("linear", base_lr, end_lr, n))


def polynomial(*, base_lr: float, end_lr: float, total_steps: int, power: float) -> Schedule:
    """``end_lr + (base_lr - end_lr) * (1 - t / total_steps)**power``.

    >>> c = polynomial(base_lr=1.0, end_lr=0.0, total_steps=2, power=2)
    >>> c["lr"].values(0, 3).tolist()
    [1.0, 0.25, 0.0]
    """
    n = _check.integer("lrsched.polynomial", "total_steps", total_steps, 1)
    return Schedule(lr=pieces.polynomial(base_lr, end_lr, n, power))


def polynomial_decay(*, start_lr: float, end_lr: float, total_steps: int, power: float) -> Schedule:
    """:func:`polynomial` under another name; ``power`` above 0.

    >>> c = polynomial_decay(start_lr=1.0, end_lr=0.0, total_steps=2, power=2)
    >>> c["lr"].values(0, 3).tolist()
    [1.0, 0.25, 0.0]
    """
    _check.real("lrsched.polynomial_decay", "power", power, 0.0, open_low=True)
    return polynomial(base_lr=start_lr, end_lr=end_lr, total_steps=total_steps, power=power)


def cosine(*, base_lr: float, min_lr: float, total_steps: int) -> Schedule:
    """Half a cosine from ``base_lr`` to ``min_lr``.

    >>> cosine(base_lr=1.0, min_lr=0.5, total_steps=2)["lr"].values(0, 3).tolist()
    [1.0, 0.75, 0.5]
    """
    n = _check.integer("lrsched.cosine", "total_steps", total_steps, 1)
    return Schedule(lr=curve("cosine", base_lr, min_lr, n))


def cosine_restarts(*, base_lr: float, min_lr: float, period: int, t_mult: int) -> Schedule:
    """Half cosines for ever, cycle i of ``period * t_mult**i`` steps.

    >>> cosine_restarts(base_lr=1.0, min_lr=0.0, period=2, t_mult=2)["lr"].cycle_ends[:2]
    (1, 5)
    """
    where = "lrsched.cosine_restarts"
    n = _check.integer(where, "period", period, 1)
    mult = _check.integer(where, "t_mult", t_mult, 1)
    return Schedule(lr=curve("cosine", base_lr, min_lr, n).repeat(length_mult=mult))


def inverse_sqrt(*, base_lr: float, warmup_steps: int) -> Schedule:
    """A line from 0 to ``base_lr``, then ``base_lr * sqrt(warmup_steps / t)``.

    >>> c = inverse_sqrt(base_lr=1.0, warmup_steps=2)["lr"]
    >>> [round(c(t), 6) for t in (0, 1, 2, 8)]
    [0.0, 0.5, 1.0, 0.5]
    """
    n = _check.integer("lrsched.inverse_sqrt", "warmup_steps", warmup_steps, 1)
    return Schedule(lr=pieces.warmed(0.0, base_lr, n, pieces.root_law(base_lr, n)))


def one_cycle(
    *, max_lr: float, total_steps: int, pct_start: float, initial_div: float, final_div: float
) -> Schedule:
    """Up from max_lr / initial_div and down to max_lr / final_div, half a cosine each.

    The peak is at ``round(pct_start * total_steps)``, at least 1 and before the end.

    >>> s = one_cycle(max_lr=1.0, total_steps=10, pct_start=0.3, initial_div=25, final_div=1e4)
    >>> [round(s["lr"](t), 4) for t in (0, 3, 10)]
    [0.04, 1.0, 0.0001]
    """
    where = "lrsched.one_cycle"
    n = _check.integer(where, "total_steps", total_steps, 2)
    _check.real(where, "pct_start", pct_start, 0.0, 1.0, open_low=True, open_high=True)
    up = min(max(1, round(pct_start * n)), n - 1)
    down = curve("cosine", max_lr, max_lr / final_div, n - up)
    return Schedule(lr=curve("cosine", max_lr / initial_div, max_lr, up).then(down))


def warmup_stable_decay(
    *,
    base_lr: float,
    warmup_steps: int,
    decay_steps: int,
    total_steps: int,
    final_lr: float,
    warmup_start: float,
    decay_shape: str,
) -> Schedule:
    """A line up, a stable part, and ``decay_steps`` down: "linear" or "1-sqrt".

    >>> s = warmup_stable_decay(base_lr=1.0, warmup_steps=1, decay_steps=2, total_steps=4,
    ...                         final_lr=0.0, warmup_start=0.5, decay_shape="linear")
    >>> s["lr"].values(0, 5).tolist()
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    where = "lrsched.warmup_stable_decay"
    _check.choice(where, "decay_shape", decay_shape, ["linear", "1-sqrt"])
    whole = _check.integer(where, "total_steps", total_steps, 1)
    up = _check.integer(where, "warmup_steps", warmup_steps, 0, whole)
    down = _check.integer(where, "decay_steps", decay_steps, 0, whole - up)
    profile = "linear" if decay_shape == "linear" else "one_minus_sqrt"
    fall = curve(profile, base_lr, final_lr, down) if down else pieces.constant(base_lr)
    stable = whole - up - down
    main = pieces.constant(base_lr, stable).then(fall) if stable else fall
    return Schedule(lr=pieces.warmed(warmup_start, base_lr, up, main))


def _triangle(low: float, high: float, n: int) -> Curve:
    return curve("linear", low, high, n).then(curve("linear", high, low, n))


def triangular(*, min_lr: float, max_lr: float, step_size: int) -> Schedule:
    """Up in ``step_size`` steps and down in as many, for ever.

    >>> triangular(min_lr=0.0, max_lr=1.0, step_size=2)["lr"].values(0, 5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    n = _check.integer("lrsched.triangular", "step_size", step_size, 1)
    return Schedule(lr=_triangle(min_lr, max_lr, n).repeat())


def triangular2(*, min_lr: float, max_lr: float, step_size: int) -> Schedule:
    """:func:`triangular`, half as high each time.

    >>> triangular2(min_lr=0.0, max_lr=1.0, step_size=1)["lr"].values(0, 4).tolist()
    [0.0, 1.0, 0.0, 0.5]
    """
    n = _check.integer("lrsched.triangular2", "step_size", step_size, 1)
    if min_lr == max_lr:
        return Schedule(lr=pieces.constant(min_lr))
    keep = "floor" if min_lr < max_lr else "peak"
    return Schedule(lr=_triangle(min_lr, max_lr, n).repeat(amplitude_mult=0.5, keep=keep))


def exp_range(*, min_lr: float, max_lr: float, step_size: int, gamma: float) -> Schedule:
    """:func:`triangular` with a height that is multiplied by ``gamma**t``.

    >>> exp_range(min_lr=0.0, max_lr=1.0, step_size=1, gamma=0.5)["lr"].values(0, 4).tolist()
    [0.0, 0.5, 0.0, 0.125]
    """
    where = "lrsched.exp_range"
    n = _check.integer(where, "step_size", step_size, 1)
    height = _triangle(0.0, max_lr - min_lr, n).repeat()
    return Schedule(lr=min_lr + product(height, pieces.geometric(where, 1.0, gamma)))


def with_warmup(schedule: Schedule, *, warmup_steps: int, start_lr: float) -> Schedule:
    """A line from ``start_lr`` to where the schedule begins, in front of it.

    >>> with_warmup(constant(lr=1.0), warmup_steps=2, start_lr=0.0)["lr"].values(0, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    n = _check.integer("lrsched.with_warmup", "warmup_steps", warmup_steps, 1)
    return Schedule(lr=schedule["lr"].warmup(n, start_lr))


def sequential(phases: Sequence[tuple[int, Schedule]]) -> Schedule:
    """Schedules in a row, (duration, schedule) each; after the last one its last value is held.

    >>> sequential([(1, constant(lr=1.0)), (2, constant(lr=0.5))])["lr"].values(0, 4).tolist()
    [1.0, 0.5, 0.5, 0.5]
    """
    where = "lrsched.sequential"
    if not len(phases):
        _check.fail(where, "phases", "at least one", phases)
    lengths = [_check.integer(where, "duration", n, 1) for n, _ in phases]
    *earlier, last = [s["lr"] for _, s in phases]
    parts = [c[:n] for c, n in zip(earlier, lengths, strict=False)]
    return Schedule(lr=sequence(*parts, last[: lengths[-1] - 1]))


arguments.check(__name__)
