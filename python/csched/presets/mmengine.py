"""The parameter schedulers of MMEngine (0.10), number for number.

Each scheduler works on the window of steps [begin, end): before it the value is what it was, after
it the last one stays. Linear, Poly and Constant end at step ``end - 1``, one step earlier than in
torch. Steps are the scheduler's own; with ``epoch_length`` and ``by_epoch`` lengths are in epochs
and steps are iterations: a value is held for an epoch, or with ``convert_to_iter_based`` not.
``base_value`` (``base_lr``, ``base_momentum``) is what the optimizer has.

A file's ``param_scheduler``, one configuration or a list, is read by
:func:`build_param_scheduler`. The schedulers named after the momentum and the rate have the
arguments of the ``...ParamScheduler`` without ``param_name``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from csched import _check
from csched.presets import arguments, windows
from csched.presets.windows import INF
from csched.schedule import Schedule

__all__ = [
    "ConstantLR",
    "ConstantMomentum",
    "ConstantParamScheduler",
    "CosineAnnealingLR",
    "CosineAnnealingMomentum",
    "CosineAnnealingParamScheduler",
    "CosineRestartLR",
    "CosineRestartMomentum",
    "CosineRestartParamScheduler",
    "ExponentialLR",
    "ExponentialMomentum",
    "ExponentialParamScheduler",
    "LinearLR",
    "LinearMomentum",
    "LinearParamScheduler",
    "MultiStepLR",
    "MultiStepMomentum",
    "MultiStepParamScheduler",
    "OneCycleLR",
    "OneCycleParamScheduler",
    "PolyLR",
    "PolyMomentum",
    "PolyParamScheduler",
    "StepLR",
    "StepMomentum",
    "StepParamScheduler",
    "build_param_scheduler",
]


def _alone(kind: str, name: str, window: tuple[int, int], clock: Any, **arguments: Any) -> Schedule:
    """One scheduler; ``clock`` is by_epoch, epoch_length, convert_to_iter_based, base_value."""
    where = f"mmengine.{kind}ParamScheduler"
    by_epoch, length, convert, base = clock
    unit = _check.integer(where, "epoch_length", length, 1) if by_epoch else 1
    value = _check.real(where, "base_value", base)
    law = windows.law(where, kind, value, window, unit, not convert, arguments)
    return Schedule({name: windows.together(where, [law], value)})


def StepParamScheduler(
    param_name: str,
    step_size: int,
    gamma: float = 0.1,
    begin: int = 0,
    end: int = INF,
    by_epoch: bool = True,
    *,
    epoch_length: int = 1,
    convert_to_iter_based: bool = False,
    base_value: float = 1.0,
) -> Schedule:
    """A factor gamma every ``step_size`` steps of the window.

    >>> StepParamScheduler("lr", 2, 0.5, begin=1)["lr"].values(0, 6).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    """
    clock = by_epoch, epoch_length, convert_to_iter_based, base_value
    return _alone("Step", param_name, (begin, end), clock, step_size=step_size, gamma=gamma)


def MultiStepParamScheduler(
    param_name: str,
    milestones: Sequence[int],
    gamma: float = 0.1,
    begin: int = 0,
    end: int = INF,
    by_epoch: bool = True,
    *,
    epoch_length: int = 1,
    convert_to_iter_based: bool = False,
    base_value: float = 1.0,
) -> Schedule:
    """A factor gamma at each milestone, counted from ``begin``.

    >>> MultiStepParamScheduler("lr", [2, 3], 0.5)["lr"].values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """
    clock = by_epoch, epoch_length, convert_to_iter_based, base_value
    arguments: dict[str, Any] = {"milestones": milestones, "gamma": gamma}
    return _alone("MultiStep", param_name, (begin, end), clock, **arguments)


def ConstantParamScheduler(
    param_name: str,
    factor: float = 1.0 / 3,
    begin: int = 0,
    end: int = INF,
    by_epoch: bool = True,
    *,
    epoch_length: int = 1,
    convert_to_iter_based: bool = False,
    base_value: float = 1.0,
) -> Schedule:
    """``factor * base_value`` up to step ``end - 1``, which has ``base_value`` again.

    MMEngine divides by zero there where ``factor`` is 0; here it is released.

    >>> ConstantParamScheduler("lr", 0.5, 0, 3)["lr"].values(0, 4).tolist()
    [0.5, 0.5, 1.0, 1.0]
    """
    clock = by_epoch, epoch_length, convert_to_iter_based, base_value
    return _alone("Constant", param_name, (begin, end), clock, factor=factor)


def ExponentialParamScheduler(
    param_name: str,
    gamma: float,
    begin: int = 0,
    end: int = INF,
    by_epoch: bool = True,
    *,
    epoch_length: int = 1,
    convert_to_iter_based: bool = False,
    base_value: float = 1.0,
) -> Schedule:
    """A factor gamma a step of the window.

    >>> ExponentialParamScheduler("lr", 0.5, 1, 4)["lr"].values(0, 5).tolist()
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """
    clock = by_epoch, epoch_length, convert_to_iter_based, base_value
    return _alone("Exponential", param_name, (begin, end), clock, gamma=gamma)


def CosineAnnealingParamScheduler(
    param_name: str,
    T_max: int | None = None,
    eta_min: float | None = None,
    begin: int = 0,
    end: int = INF,
    by_epoch: bool = True,
    eta_min_ratio: float | None = None,
    *,
    epoch_length: int = 1,
    convert_to_iter_based: bool = False,
    base_value: float = 1.0,
) -> Schedule:
    """Half a cosine to ``eta_min`` or ``eta_min_ratio * base_value`` in T_max steps (the window).

    A window of T_max steps ends before its floor; past T_max the value climbs back, as in torch.

    >>> c = CosineAnnealingParamScheduler("lr", 2, end=2)["lr"]
    >>> [round(v, 4) for v in c.values(0, 4).tolist()]
    [1.0, 0.5, 0.5, 0.5]
    """
    clock = by_epoch, epoch_length, convert_to_iter_based, base_value
    arguments: dict[str, Any] = {"T_max": T_max, "eta_min": eta_min, "eta_min_ratio": eta_min_ratio}
    return _alone("CosineAnnealing", param_name, (begin, end), clock, **arguments)


def LinearParamScheduler(
    param_name: str,
    start_factor: float = 1.0 / 3,
    end_factor: float = 1.0,
    begin: int = 0,
    end: int = INF,
    by_epoch: bool = True,
    *,
    epoch_length: int = 1,
    convert_to_iter_based: bool = False,
    base_value: float = 1.0,
) -> Schedule:
    """A line from start_factor to ``end_factor`` times ``base_value``, met at step ``end - 1``.

    MMEngine divides by zero where ``start_factor`` is 0; here it is a line.

    >>> LinearParamScheduler("lr", 0.25, 1.0, begin=1, end=5)["lr"].values(0, 7).tolist()
    [1.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """
    clock = by_epoch, epoch_length, convert_to_iter_based, base_value
    arguments = {"start_factor": start_factor, "end_factor": end_factor}
    return _alone("Linear", param_name, (begin, end), clock, **arguments)


def PolyParamScheduler(
    param_name: str,
    eta_min: float = 0.0,
    power: float = 1.0,
    begin: int = 0,
    end: int = INF,
    by_epoch: bool = True,
    *,
    epoch_length: int = 1,
    convert_to_iter_based: bool = False,
    base_value: float = 1.0,
) -> Schedule:
    """``(1 - z)**power`` down to ``eta_min`` at step ``end - 1``.

    >>> PolyParamScheduler("lr", power=2.0, end=5)["lr"].values(0, 6).tolist()
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """
    clock = by_epoch, epoch_length, convert_to_iter_based, base_value
    return _alone("Poly", param_name, (begin, end), clock, eta_min=eta_min, power=power)


def OneCycleParamScheduler(
    param_name: str = "lr",
    eta_max: float = 0.0,
    total_steps: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 10000.0,
    three_phase: bool = False,
    begin: int = 0,
    end: int = INF,
    by_epoch: bool = True,
    *,
    epoch_length: int = 1,
    convert_to_iter_based: bool = False,
    base_value: float = 1.0,
) -> Schedule:
    """Torch's OneCycleLR without the momentum, for the rate only; the last value is held.

    >>> c = OneCycleParamScheduler("lr", 1.0, 10)["lr"]
    >>> [round(v, 4) for v in c.values(0, 3).tolist()]
    [0.04, 0.52, 1.0]
    """
    _check.choice("mmengine.OneCycleParamScheduler", "param_name", param_name, ["lr"])
    clock = by_epoch, epoch_length, convert_to_iter_based, base_value
    return _alone(
        "OneCycle",
        param_name,
        (begin, end),
        clock,
        eta_max=eta_max,
        total_steps=total_steps,
        pct_start=pct_start,
        anneal_strategy=anneal_strategy,
        div_factor=div_factor,
        final_div_factor=final_div_factor,
        three_phase=three_phase,
    )


def CosineRestartParamScheduler(
    param_name: str,
    periods: Sequence[int],
    restart_weights: Sequence[float] = (1,),
    eta_min: float | None = None,
    eta_min_ratio: float | None = None,
    begin: int = 0,
    end: int = INF,
    by_epoch: bool = True,
    *,
    epoch_length: int = 1,
    convert_to_iter_based: bool = False,
    base_value: float = 1.0,
) -> Schedule:
    """Half cosines of ``periods`` steps, each from its weight times ``base_value``.

    ``eta_min`` or ``eta_min_ratio`` must be given; it is never reached, the last value stays.

    >>> c = CosineRestartParamScheduler("lr", [2, 2], [1.0, 0.5], eta_min=0.0)["lr"]
    >>> c.values(0, 6).tolist()
    [1.0, 0.5, 0.5, 0.25, 0.25, 0.25]
    """
    clock = by_epoch, epoch_length, convert_to_iter_based, base_value
    floor: dict[str, Any] = {"eta_min": eta_min, "eta_min_ratio": eta_min_ratio}
    arguments: dict[str, Any] = {"periods": periods, "restart_weights": restart_weights, **floor}
    return _alone("CosineRestart", param_name, (begin, end), clock, **arguments)


def _of(
    parameter: str, keyword: str, scheduler: Callable[..., Schedule]
) -> Callable[..., Schedule]:
    """The scheduler of one parameter: the same arguments, the base value under its own keyword."""
    whole = inspect.signature(scheduler)
    kept = [p for p in whole.parameters.values() if p.name != "param_name"]
    own = [p.replace(name=keyword) if p.name == "base_value" else p for p in kept]

    def preset(*args: Any, **kwargs: Any) -> Schedule:
        if keyword in kwargs:
            kwargs["base_value"] = kwargs.pop(keyword)
        return scheduler(parameter, *args, **kwargs)

    stem = scheduler.__name__.removesuffix("ParamScheduler")
    preset.__name__ = preset.__qualname__ = stem + {"lr": "LR"}.get(parameter, "Momentum")
    preset.__doc__ = f":func:`{scheduler.__name__}` of ``{parameter}``; ``{keyword}`` is its base."
    preset.__signature__ = whole.replace(parameters=own)  # type: ignore[attr-defined]
    preset.__annotations__ = {p.name: p.annotation for p in own}
    return preset


StepLR = _of("lr", "base_lr", StepParamScheduler)
StepMomentum = _of("momentum", "base_momentum", StepParamScheduler)
MultiStepLR = _of("lr", "base_lr", MultiStepParamScheduler)
MultiStepMomentum = _of("momentum", "base_momentum", MultiStepParamScheduler)
ConstantLR = _of("lr", "base_lr", ConstantParamScheduler)
ConstantMomentum = _of("momentum", "base_momentum", ConstantParamScheduler)
ExponentialLR = _of("lr", "base_lr", ExponentialParamScheduler)
ExponentialMomentum = _of("momentum", "base_momentum", ExponentialParamScheduler)
CosineAnnealingLR = _of("lr", "base_lr", CosineAnnealingParamScheduler)
CosineAnnealingMomentum = _of("momentum", "base_momentum", CosineAnnealingParamScheduler)
LinearLR = _of("lr", "base_lr", LinearParamScheduler)
LinearMomentum = _of("momentum", "base_momentum", LinearParamScheduler)
PolyLR = _of("lr", "base_lr", PolyParamScheduler)
PolyMomentum = _of("momentum", "base_momentum", PolyParamScheduler)
OneCycleLR = _of("lr", "base_lr", OneCycleParamScheduler)
CosineRestartLR = _of("lr", "base_lr", CosineRestartParamScheduler)
CosineRestartMomentum = _of("momentum", "base_momentum", CosineRestartParamScheduler)


def build_param_scheduler(
    scheduler: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    epoch_length: int = 1,
    max_epochs: int | None = None,
    max_iters: int | None = None,
    base_lr: float = 1.0,
    base_momentum: float = 0.9,
    base_values: Mapping[str, float] | None = None,
) -> Schedule:
    """The whole of a configuration's ``param_scheduler``: one dict with a ``type``, or a list.

    Windows one after another go on from the value that the last one left; windows that overlap
    multiply, and must be of schedulers that multiply. ``end`` defaults to ``max_epochs`` or, not
    ``by_epoch``, to ``max_iters``. Steps are iterations, ``epoch_length`` of them an epoch.
    ``base_values`` has the values of other parameters.

    >>> warm = dict(type="LinearLR", start_factor=0.25, by_epoch=False, begin=0, end=4)
    >>> main = dict(type="MultiStepLR", milestones=[1, 2], gamma=0.5, by_epoch=True)
    >>> c = build_param_scheduler([warm, main], epoch_length=5, max_epochs=3)["lr"]
    >>> c.values(0, 12).tolist()
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]
    """
    where = "mmengine.build_param_scheduler"
    if isinstance(scheduler, Mapping):
        scheduler = [scheduler]
    unit = _check.integer(where, "epoch_length", epoch_length, 1)
    if max_iters is None and max_epochs is not None:
        max_iters = max_epochs * unit
    bases = {"lr": base_lr, "momentum": base_momentum, **(base_values or {})}
    laws: dict[str, list[windows.Law]] = {}
    for one in scheduler:
        rest = dict(one)
        kind, name = _kind(where, rest)
        if name not in bases:
            _check.fail(where, "base_values", f"given for {name!r}", sorted(bases))
        by_epoch, convert = rest.pop("by_epoch", True), rest.pop("convert_to_iter_based", False)
        most = max_epochs if by_epoch else max_iters
        for given in rest:
            _check.choice(where, f"an argument of {one['type']}", given, windows.arguments(kind))
        window = rest.pop("begin", 0), rest.pop("end", INF if most is None else most)
        clock = unit if by_epoch else 1
        made = windows.law(where, kind, bases[name], window, clock, not convert, rest)
        laws.setdefault(name, []).append(made)
    return Schedule({k: windows.together(where, v, bases[k]) for k, v in laws.items()})


def _kind(where: str, given: dict[str, Any]) -> tuple[str, str]:
    """The kind of scheduler and the parameter that a configuration's ``type`` names."""
    endings = {"LR": "lr", "Momentum": "momentum", "ParamScheduler": None}
    names = {k + e: (k, p) for k in windows.KINDS for e, p in endings.items()}
    kind, parameter = names[_check.choice(where, "type", given.pop("type", None), names)]
    return kind, parameter or str(given.pop("param_name", ""))


arguments.check(__name__)
