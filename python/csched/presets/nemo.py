"""The schedulers of NVIDIA NeMo (``nemo.core.optim.lr_scheduler``, 3.0), number for number.

``base_lr`` is the optimizer's rate. Their warm-up gives step t ``(t + 1) / (warmup_steps + 1)`` of
it, all of it at step warmup_steps. A ratio is a part of ``max_steps``, rounded down; after step
max_steps the rate is ``min_lr``. Those that NeMo shares with torch and its plateau are not here.
"""

from __future__ import annotations

from csched import _check
from csched.nodes import sequence
from csched.phases import curve
from csched.presets import arguments, pieces
from csched.presets.nemo_parts import begun, holding, left, length, policy
from csched.schedule import Schedule

__all__ = [
    "CosineAnnealing",
    "InverseSquareRootAnnealing",
    "NoamAnnealing",
    "NoamHoldAnnealing",
    "PolynomialDecayAnnealing",
    "PolynomialHoldDecayAnnealing",
    "SquareAnnealing",
    "SquareRootAnnealing",
    "T5InverseSquareRootAnnealing",
    "WarmupAnnealing",
    "WarmupHoldAnnealLinear",
    "WarmupHoldAnnealOneMinusSquareRoot",
    "WarmupHoldPolicy",
    "WarmupPolicy",
]


def WarmupPolicy(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    max_steps: int | None = None,
    min_lr: float = 0.0,
    base_lr: float = 1.0,
) -> Schedule:
    """The warm-up, then ``base_lr``.

    >>> c = WarmupPolicy(warmup_steps=3, max_steps=5)["lr"]
    >>> c.values(0, 7).tolist()
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 0.0]
    """
    where = "nemo.WarmupPolicy"
    up = length(where, "warmup", warmup_steps, warmup_ratio, max_steps)
    if max_steps is None:
        return Schedule(lr=policy(up, base_lr, pieces.constant(base_lr), up + 1, base_lr)["lr"])
    whole = _check.integer(where, "max_steps", max_steps, 1)
    return policy(up, base_lr, pieces.constant(base_lr), whole, min_lr)


def WarmupHoldPolicy(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    hold_steps: int | None = None,
    hold_ratio: float | None = None,
    max_steps: int,
    min_lr: float = 0.0,
    base_lr: float = 1.0,
) -> Schedule:
    """As :func:`WarmupPolicy`: there is nothing after the hold.

    >>> WarmupHoldPolicy(warmup_steps=1, hold_steps=2, max_steps=4)["lr"].values(0, 6).tolist()
    [0.5, 1.0, 1.0, 1.0, 1.0, 0.0]
    """
    where = "nemo.WarmupHoldPolicy"
    lengths = warmup_steps, warmup_ratio, hold_steps, hold_ratio
    whole = _check.integer(where, "max_steps", max_steps, 1)
    up, held = holding(where, lengths, whole)
    return policy(up, base_lr, pieces.constant(base_lr), max(whole, held - 1), min_lr)


def WarmupAnnealing(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    max_steps: int,
    min_lr: float = 0.0,
    base_lr: float = 1.0,
) -> Schedule:
    """The warm-up, then a line to ``min_lr`` at max_steps.

    >>> WarmupAnnealing(warmup_steps=1, max_steps=5)["lr"].values(0, 6).tolist()
    [0.5, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    where = "nemo.WarmupAnnealing"
    up = length(where, "warmup", warmup_steps, warmup_ratio, max_steps)
    fall = curve("linear", base_lr, min_lr, left(where, max_steps, up, "the warm-up"))
    return policy(up, base_lr, begun(base_lr, up, fall), max_steps, min_lr)


def SquareAnnealing(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    max_steps: int,
    min_lr: float = 1e-5,
    base_lr: float = 1.0,
) -> Schedule:
    """The warm-up, then ``base_lr * (1 - z)**2``, but not below ``min_lr``.

    >>> SquareAnnealing(warmup_steps=1, max_steps=5, min_lr=0.1)["lr"].values(0, 6).tolist()
    [0.5, 1.0, 0.5625, 0.25, 0.1, 0.1]
    """
    where = "nemo.SquareAnnealing"
    up = length(where, "warmup", warmup_steps, warmup_ratio, max_steps)
    n = left(where, max_steps, up, "the warm-up")
    fall = curve("polynomial", base_lr, 0.0, n, power=2.0).clip(low=min_lr)
    return policy(up, base_lr, begun(base_lr, up, fall), max_steps, min_lr)


def SquareRootAnnealing(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    max_steps: int,
    min_lr: float = 0.0,
    base_lr: float = 1.0,
) -> Schedule:
    """The warm-up, then ``base_lr * sqrt(1 - t / max_steps)``, but not below ``min_lr``.

    The root counts from step 0, so that it begins below the warm-up's end.

    >>> c = SquareRootAnnealing(warmup_steps=1, max_steps=4)["lr"]
    >>> [round(v, 4) for v in c.values(0, 5).tolist()]
    [0.5, 1.0, 0.7071, 0.5, 0.0]
    """
    where = "nemo.SquareRootAnnealing"
    up = length(where, "warmup", warmup_steps, warmup_ratio, max_steps)
    n = left(where, max_steps, 0, "0")
    main = curve("polynomial", base_lr, 0.0, n, power=0.5).clip(low=min_lr)
    return policy(up, base_lr, main, max_steps, min_lr)


def CosineAnnealing(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    constant_steps: int | None = None,
    constant_ratio: float | None = None,
    max_steps: int,
    min_lr: float = 0.0,
    base_lr: float = 1.0,
) -> Schedule:
    """The warm-up, then half a cosine to ``min_lr``, ``constant_steps`` before max_steps.

    With constant steps the warm-up is another one: ``t / warmup_steps``.

    >>> c = CosineAnnealing(warmup_steps=1, max_steps=5, min_lr=0.1)["lr"]
    >>> [round(v, 4) for v in c.values(0, 6).tolist()]
    [0.5, 1.0, 0.8682, 0.55, 0.2318, 0.1]
    >>> CosineAnnealing(warmup_steps=2, constant_steps=2, max_steps=6)["lr"].values(0, 6).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """
    where = "nemo.CosineAnnealing"
    up = length(where, "warmup", warmup_steps, warmup_ratio, max_steps)
    flat = length(where, "constant", constant_steps, constant_ratio, max_steps)
    _check.real(where, "min_lr", min_lr, 0.0, base_lr)
    n = left(where, max_steps, up + flat, "warm-up and constant steps")
    fall = curve("cosine", base_lr, min_lr, n)
    if not flat:
        return policy(up, base_lr, begun(base_lr, up, fall), max_steps, min_lr)
    return Schedule(
        lr=sequence(pieces.warmed(0.0, base_lr, up, fall), pieces.constant(min_lr, flat))
    )


def NoamAnnealing(
    *,
    d_model: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    max_steps: int | None = None,
    min_lr: float = 0.0,
    base_lr: float = 1.0,
) -> Schedule:
    """``base_lr / sqrt(d_model) * min(t**-0.5, t * warmup_steps**-1.5)``, for ever.

    Step 0 has the value of step 1; after the warm-up it does not fall below ``min_lr``.

    >>> c = NoamAnnealing(d_model=4, warmup_steps=4)["lr"]
    >>> c.values(0, 5).tolist(), c(16)
    ([0.0625, 0.0625, 0.125, 0.1875, 0.25], 0.125)
    """
    where = "nemo.NoamAnnealing"
    width = _check.integer(where, "d_model", d_model, 1)
    up = length(where, "warmup", warmup_steps, warmup_ratio, max_steps)
    _check.real(where, "min_lr", min_lr, 0.0, base_lr)
    begin = max(1, up)
    peak = base_lr / (width * begin) ** 0.5
    law = pieces.root_law(peak, begin)
    if up < 2:
        law = law if up else law.clip(low=min_lr)
        main = sequence(law[:1], law[1:].clip(low=min_lr))
        return Schedule(lr=pieces.constant(law(0)).then(main))
    rise = curve("linear", 0.0, peak, up)[1:]
    law = sequence(pieces.constant(peak), law[1:].clip(low=min_lr))
    return Schedule(lr=sequence(pieces.constant(rise(0)), rise, law))


def NoamHoldAnnealing(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    hold_steps: int | None = None,
    hold_ratio: float | None = None,
    max_steps: int,
    decay_rate: float = 0.5,
    min_lr: float = 0.0,
    base_lr: float = 1.0,
) -> Schedule:
    """The warm-up, a hold, then ``base_lr * ((t - hold) / warmup_steps)**-decay_rate``.

    Not below ``min_lr``. Without a warm-up NeMo raises, and so does this.

    >>> c = NoamHoldAnnealing(warmup_steps=2, hold_steps=2, max_steps=9, decay_rate=1.0)["lr"]
    >>> [round(v, 4) for v in c.values(0, 7).tolist()]
    [0.3333, 0.6667, 1.0, 1.0, 1.0, 0.6667, 0.5]
    """
    where = "nemo.NoamHoldAnnealing"
    whole = _check.integer(where, "max_steps", max_steps, 1)
    lengths = warmup_steps, warmup_ratio, hold_steps, hold_ratio
    up, held = holding(where, lengths, whole)
    power = _check.real(where, "decay_rate", decay_rate, 0.0, 100.0, open_low=True)
    if not up:
        _check.fail(where, "warmup_steps", "at least 1", warmup_steps)
    law = pieces.power_law(base_lr, up, power).clip(low=min_lr)
    return policy(up, base_lr, begun(base_lr, max(up, held), law), max(whole, held - 1), min_lr)


def InverseSquareRootAnnealing(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    max_steps: int,
    min_lr: float = 0.0,
    base_lr: float = 1.0,
) -> Schedule:
    """The warm-up, then ``base_lr * sqrt((warmup_steps + 1) / (t + 1))``, cut at max_steps.

    >>> InverseSquareRootAnnealing(warmup_steps=1, max_steps=7)["lr"].values(5, 9).tolist()
    [0.5773502691896257, 0.5345224838248488, 0.5, 0.0]
    """
    where = "nemo.InverseSquareRootAnnealing"
    whole = _check.integer(where, "max_steps", max_steps, 1)
    up = length(where, "warmup", warmup_steps, warmup_ratio, whole)
    law = pieces.root_law(base_lr, up + 1)
    return policy(up, base_lr, begun(base_lr, up, law), whole, min_lr)


def T5InverseSquareRootAnnealing(
    *,
    constant_steps: int,
    max_steps: int,
    min_lr: float = 0.0,
) -> Schedule:
    """``1 / sqrt(max(t, constant_steps))``, whatever the optimizer's rate, cut at max_steps.

    >>> T5InverseSquareRootAnnealing(constant_steps=4, max_steps=16)["lr"]([0, 4, 16, 17]).tolist()
    [0.5, 0.5, 0.25, 0.0]
    """
    where = "nemo.T5InverseSquareRootAnnealing"
    n = _check.integer(where, "constant_steps", constant_steps, 1)
    whole = max(n, _check.integer(where, "max_steps", max_steps, 1))
    top = n**-0.5
    return policy(0, top, begun(top, n, pieces.root_law(top, n)), whole, min_lr)


def PolynomialDecayAnnealing(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    max_steps: int,
    min_lr: float = 0.0,
    power: float = 1.0,
    cycle: bool = False,
    base_lr: float = 1.0,
) -> Schedule:
    """The warm-up, then ``(1 - z)**power`` down to ``min_lr`` at max_steps.

    ``cycle`` changes nothing, in NeMo too: it stretches what comes after max_steps, where the rate
    is ``min_lr``.

    >>> c = PolynomialDecayAnnealing(warmup_steps=1, max_steps=5, power=2.0)["lr"]
    >>> c.values(0, 6).tolist()
    [0.5, 1.0, 0.5625, 0.25, 0.0625, 0.0]
    """
    where = "nemo.PolynomialDecayAnnealing"
    up = length(where, "warmup", warmup_steps, warmup_ratio, max_steps)
    n = left(where, max_steps, up, "the warm-up")
    fall = curve("polynomial", base_lr, min_lr, n, power=power)
    return policy(up, base_lr, begun(base_lr, up, fall), max_steps, min_lr)


def PolynomialHoldDecayAnnealing(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    hold_steps: int | None = None,
    hold_ratio: float | None = None,
    max_steps: int,
    min_lr: float = 0.0,
    power: float = 1.0,
    cycle: bool = False,
    base_lr: float = 1.0,
) -> Schedule:
    """:func:`PolynomialDecayAnnealing` after a hold; without one its clock begins at step 0.

    It is then over before max_steps: ``min_lr`` is held, or with ``cycle`` the horizon is stretched
    to its next multiple each time it is passed.

    >>> c = PolynomialHoldDecayAnnealing(warmup_steps=1, hold_steps=2, max_steps=7)["lr"]
    >>> c.values(0, 8).tolist()
    [0.5, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    where = "nemo.PolynomialHoldDecayAnnealing"
    lengths = warmup_steps, warmup_ratio, hold_steps, hold_ratio
    up, held = holding(where, lengths, max_steps)
    n = left(where, max_steps, max(up, held), "warm-up and hold")
    fall = curve("polynomial", base_lr, min_lr, n, power=power)
    if cycle and not held:
        fall = pieces.stretched_cycles(base_lr, min_lr, n, power, -(-max_steps // n))
    return policy(up, base_lr, begun(base_lr, held, fall), max_steps, min_lr)


def WarmupHoldAnnealLinear(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    hold_steps: int | None = None,
    hold_ratio: float | None = None,
    max_steps: int,
    min_lr: float = 0.0,
    base_lr: float = 1.0,
) -> Schedule:
    """The warm-up, a hold, then a line to ``min_lr`` at max_steps.

    Without a hold the line counts from step 0, so that it begins below the warm-up's end.

    >>> c = WarmupHoldAnnealLinear(warmup_steps=1, hold_steps=2, max_steps=7)["lr"]
    >>> c.values(0, 8).tolist()
    [0.5, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    where = "nemo.WarmupHoldAnnealLinear"
    lengths = warmup_steps, warmup_ratio, hold_steps, hold_ratio
    up, held = holding(where, lengths, max_steps)
    fall = curve("linear", base_lr, min_lr, left(where, max_steps, held, "warm-up and hold"))
    return policy(up, base_lr, begun(base_lr, held, fall), max_steps, min_lr)


def WarmupHoldAnnealOneMinusSquareRoot(
    *,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    hold_steps: int | None = None,
    hold_ratio: float | None = None,
    max_steps: int,
    min_lr: float = 0.0,
    base_lr: float = 1.0,
) -> Schedule:
    """The warm-up, a hold, then ``base_lr * (1 - sqrt(z))``, but not below ``min_lr``.

    Without a hold z counts from step 0, as in :func:`WarmupHoldAnnealLinear`.

    >>> c = WarmupHoldAnnealOneMinusSquareRoot(warmup_steps=1, hold_steps=2, max_steps=7)["lr"]
    >>> [round(v, 4) for v in c.values(3, 8).tolist()]
    [1.0, 0.5, 0.2929, 0.134, 0.0]
    """
    where = "nemo.WarmupHoldAnnealOneMinusSquareRoot"
    lengths = warmup_steps, warmup_ratio, hold_steps, hold_ratio
    up, held = holding(where, lengths, max_steps)
    n = left(where, max_steps, held, "warm-up and hold")
    fall = curve("one_minus_sqrt", base_lr, 0.0, n).clip(low=min_lr)
    return policy(up, base_lr, begun(base_lr, held, fall), max_steps, min_lr)


arguments.check(__name__)
