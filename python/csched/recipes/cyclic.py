"""Cycles: warm restarts, snapshots, triangles."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.nodes import Repeat, Window, sequence
from csched.phases import curve
from csched.recipes.fitting import fit_cycles
from csched.recipes.parts import cycles_over, inverse
from csched.schedule import Schedule

__all__ = ["exp_range", "sgdr", "snapshot", "triangular", "triangular2"]


def sgdr(
    peak: float,
    steps: int | None = None,
    *,
    t_0: int | None = None,
    t_mult: int | float = 1,
    cycles: int | None = None,
    floor: float = 0.0,
    peak_mult: float = 1.0,
    floor_mult: float = 1.0,
    warmup_steps: int = 0,
    profile: str = "cosine",
    **profile_arguments: Any,
) -> Schedule:
    """Warm restarts: cosine annealing from peak to floor, again and again.

    ``floor_i + (peak_i - floor_i) * (1 + cos(pi * t_cur / T_i)) / 2`` with t_cur the steps since
    the last restart, T_i = t_0 * t_mult**i, peak_i = peak * peak_mult**i and so for the floor.

    Parameters
    ----------
    steps, t_0, cycles : int
        The whole, the steps of the first cycle, the number of cycles: two of the three. With
        steps and t_0 a last cycle that does not fit is cut; with steps and cycles the lengths
        come from :func:`fit_cycles`, so that a cycle ends with the run.
    t_mult : int or float, default 1
        Growth of the cycles, at least 1; lengths are rounded to whole steps.
    peak_mult, floor_mult : float, default 1
        Factors on peak and floor at each restart.
    warmup_steps : int, default 0
        Steps of each cycle, below t_0, in which it climbs along a line from the floor: step k of
        them gets ``floor_i + (peak_i - floor_i) * (k + 1) / (W + 1)``. The rest is the cosine.
    profile : str, default "cosine"
        Any profile takes the place of the cosine.

    References
    ----------
    Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017,
    https://arxiv.org/abs/1608.03983, eq. 5.

    Examples
    --------
    >>> import csched
    >>> s = csched.sgdr(0.05, t_0=10, t_mult=2, cycles=3)
    >>> s.cycle_ends
    (9, 29, 69)
    >>> [s["lr"](t) for t in (0, 5, 10, 20, 30, 50)]
    [0.05, 0.025, 0.05, 0.025, 0.05, 0.025]
    >>> csched.sgdr(0.05, 100, t_mult=2, cycles=3).cycle_ends
    (13, 42, 99)
    >>> csched.sgdr(1.0, t_0=3, cycles=2, warmup_steps=1)["lr"].values().tolist()
    [0.5, 1.0, 0.5, 0.5, 1.0, 0.5]

    """
    where = "sgdr"
    _check.reals(where, peak=peak, floor=floor)
    mults: dict[str, Any] = {"peak_mult": peak_mult, "floor_mult": floor_mult}
    up = _check.integer(where, "warmup_steps", warmup_steps, 0)
    if t_0 is not None:
        t_0 = _check.integer(where, "t_0", t_0, 1)
        _check.real(where, "t_mult", t_mult, 1.0)
        cycle = curve(profile, peak, floor, t_0, **profile_arguments)
        whole = cycles_over(where, cycle, steps, cycles, length_mult=t_mult, **mults)
        return Schedule(lr=_warmed(where, whole, up) if up else whole)
    if steps is None or cycles is None:
        hint = "t_0=10 is a first cycle of 10 steps; steps=100, cycles=4 fit the cycles"
        _check.fail(where, "t_0, or steps and cycles,", "given", t_0, hint)
    cycles = _check.integer(where, "cycles", cycles, 1)
    equal = curve(profile, peak, floor, **profile_arguments).repeat(cycles, **mults)
    lengths = fit_cycles(steps, cycles=cycles, t_mult=t_mult)
    parts = [c.stretch(n) for c, n in zip(equal.cycles(), lengths, strict=True)]  # type: ignore[attr-defined]
    return Schedule(lr=sequence(*(_climb(where, c, up) for c in parts)))


def _warmed(where: str, whole: Curve, up: int) -> Curve:
    """Cycles of one length or growing ones, cut or not, each with a climb in its first steps."""
    if isinstance(whole, Window):
        return _warmed(where, whole.of, up)[: whole.steps]
    assert isinstance(whole, Repeat)
    if whole.length_mult == 1:
        return replace(whole, of=_climb(where, whole.of, up))
    return sequence(*(_climb(where, c, up) for c in whole.cycles()))


def _climb(where: str, cycle: Curve, up: int) -> Curve:
    """A line from where the cycle ends to where it begins in its first steps, then the cycle."""
    if not up:
        return cycle
    if up >= cycle.steps:
        _check.fail(where, "warmup_steps", f"below the {cycle.steps} steps of a cycle", up)
    low, high = cycle(cycle.steps), cycle(0)
    rise = curve("linear", low, high, up, offset=1.0, span=up + 1.0)
    return rise.then(cycle.stretch(cycle.steps - up))


def snapshot(
    peak: float, steps: int, *, cycles: int = 5, floor: float = 0.0, inclusive: bool = False
) -> Schedule:
    """Cosine cycles of equal length for snapshot ensembles: save a model at each ``cycle_ends``.

    ``peak / 2 * (cos(pi * (t mod ceil(T/M)) / ceil(T/M)) + 1)`` with M cycles over T steps: the
    paper's formula. A cycle begins at the peak and its last value lies above the floor; where M
    does not divide T the last cycle is cut short.

    Parameters
    ----------
    cycles : int, default 5
        M, at least 1 and at most T.
    inclusive : bool, default False
        As in the authors' code: step k of a cycle of n reads the cosine at ``(k + 1) / n``, so
        that the last value of each cycle is the floor exactly and none is the peak; cycles have
        floor(T/M) steps, and the last one takes the rest.

    References
    ----------
    Huang et al., "Snapshot Ensembles: Train 1, get M for free", ICLR 2017,
    https://arxiv.org/abs/1704.00109, eq. 2, and https://github.com/gaohuang/SnapshotEnsemble,
    ``train.lua`` (whose modulo, where M does not divide T, begins the last cycle in its middle).

    Examples
    --------
    >>> import csched
    >>> s = csched.snapshot(0.1, 8, cycles=2)
    >>> [round(v, 9) for v in s["lr"].values(0, 4).tolist()], s.cycle_ends
    ([0.1, 0.085355339, 0.05, 0.014644661], (3, 7))
    >>> s = csched.snapshot(0.1, 8, cycles=2, inclusive=True)
    >>> [round(v, 9) for v in s["lr"].values(0, 4).tolist()]
    [0.085355339, 0.05, 0.014644661, 0.0]

    """
    where = "snapshot"
    _check.reals(where, peak=peak, floor=floor)
    whole = _check.integer(where, "steps", steps, 1)
    count = _check.integer(where, "cycles", cycles, 1, whole)
    if not _check.flag(where, "inclusive", inclusive):
        return sgdr(peak, whole, t_0=-(-whole // count), floor=floor)
    length, over = divmod(whole, count)

    def cycle(n: int) -> Curve:
        return curve("cosine", peak, floor, n, offset=1.0, span=float(n))

    if not over:
        return Schedule(lr=cycle(length).repeat(count))
    return Schedule(lr=cycle(length).repeat(count - 1).then(cycle(length + over)))


def _legs(
    where: str, first: float, top: float, up: int, down: int | None, profile: str, arguments: Any
) -> Curve:
    """A cycle of two legs: from first to top in ``up`` steps, and back in ``down``."""
    up = _check.integer(where, "up_steps", up, 1)
    down = up if down is None else _check.integer(where, "down_steps", down, 1)
    rise = curve(profile, first, top, up, **arguments)
    return rise.then(curve(profile, top, first, down, **arguments))


def triangular(
    peak: float,
    steps: int | None = None,
    *,
    floor: float,
    up_steps: int = 2000,
    down_steps: int | None = None,
    cycles: int | None = None,
    momentum: tuple[float, float] | None = (0.8, 0.9),
    profile: str = "linear",
    amplitude_mult: float = 1.0,
    **profile_arguments: Any,
) -> Schedule:
    """Cyclical learning rate: up from floor to peak and back, momentum the other way round.

    With s = up_steps = down_steps, cycle i = floor(t / 2s) and x = |t/s - 2i - 1|::

        lr       = floor + (peak - floor) * max(0, 1 - x)
        momentum = high - (high - low) * max(0, 1 - x)

    Parameters
    ----------
    peak, floor : float
        The bounds of the learning rate.
    steps : int
        The whole; or give ``cycles`` instead. A last cycle that does not fit is cut: the paper
        says to stop at the end of a cycle.
    up_steps : int, default 2000
        Steps of the rising leg, the paper's stepsize: 2 to 10 epochs.
    down_steps : int, default ``up_steps``
        Steps of the falling leg.
    momentum : (low, high) or None
        Bounds of the momentum; None leaves it out.
    profile : str, default "linear"
        Any profile for the legs: "parabolic" is the paper's Welch window, "cosine" its Hann.
    amplitude_mult : float, default 1
        Factor on the height of each further cycle.

    References
    ----------
    Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017,
    https://arxiv.org/abs/1506.01186

    Examples
    --------
    >>> import csched
    >>> s = csched.triangular(0.006, floor=0.001, up_steps=2, cycles=2)
    >>> [round(v, 6) for v in s["lr"].values().tolist()]
    [0.001, 0.0035, 0.006, 0.0035, 0.001, 0.0035, 0.006, 0.0035]
    >>> [round(v, 6) for v in s["momentum"].values(0, 4).tolist()]
    [0.9, 0.85, 0.8, 0.85]

    """
    where = "triangular"
    _check.reals(where, peak=peak, floor=floor)
    made = {"lr": (floor, peak)}
    if (pair := inverse(where, momentum)) is not None:
        made["momentum"] = pair
    curves = {}
    for name, (first, top) in made.items():
        cycle = _legs(where, first, top, up_steps, down_steps, profile, profile_arguments)
        mults = {"amplitude_mult": amplitude_mult, "keep": "floor" if first < top else "peak"}
        curves[name] = cycles_over(where, cycle, steps, cycles, **mults)
    return Schedule(curves)


def triangular2(
    peak: float, steps: int | None = None, *, floor: float, **arguments: Any
) -> Schedule:
    """Cyclical learning rate whose height is halved after each cycle, floor and period staying.

    Arguments as for :func:`triangular`, with ``amplitude_mult=0.5``.

    References
    ----------
    Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017,
    https://arxiv.org/abs/1506.01186

    Examples
    --------
    >>> import csched
    >>> s = csched.triangular2(1.0, floor=0.0, up_steps=2, cycles=2, momentum=None)
    >>> s["lr"].values().tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25]

    """
    return triangular(peak, steps, floor=floor, amplitude_mult=0.5, **arguments)


def exp_range(
    peak: float,
    steps: int | None = None,
    *,
    floor: float,
    gamma: float = 0.99994,
    up_steps: int = 2000,
    down_steps: int | None = None,
    cycles: int | None = None,
    momentum: tuple[float, float] | None = (0.8, 0.9),
    bounds: bool = False,
    profile: str = "linear",
    **profile_arguments: Any,
) -> Schedule:
    """Cyclical learning rate whose height falls by a factor gamma at every step.

    ``floor + (peak - floor) * max(0, 1 - x) * gamma**t``, x as for :func:`triangular`: the form of
    every implementation. With ``bounds=True`` as the paper's text has it, both bounds falling:
    ``(floor + (peak - floor) * max(0, 1 - x)) * gamma**t``, momentum then as for ``triangular``.

    Parameters
    ----------
    gamma : float, default 0.99994
        Factor a step, in (0, 1]; the paper's for CIFAR-10.
    **others
        As for :func:`triangular`.

    References
    ----------
    Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017,
    https://arxiv.org/abs/1506.01186

    Examples
    --------
    >>> import csched
    >>> s = csched.exp_range(0.006, floor=0.001, cycles=2, momentum=None)
    >>> [round(s["lr"](t), 9) for t in (0, 500, 2000, 4000, 5000)]
    [0.001, 0.002213056, 0.005434586, 0.001, 0.002852029]

    """
    where = "exp_range"
    _check.flag(where, "bounds", bounds)
    decay = _gamma_to_the_step(where, gamma)
    _check.real(where, "peak", peak)
    _check.real(where, "floor", floor)
    made = {"lr": (floor, peak)}
    if (pair := inverse(where, momentum)) is not None:
        made["momentum"] = pair
    curves = {}
    for name, (first, top) in made.items():
        scaled = not bounds or name == "momentum"
        ends = (0.0, top - first) if scaled else (first, top)
        cycle = _legs(where, *ends, up_steps, down_steps, profile, profile_arguments)
        wave = cycles_over(where, cycle, steps, cycles)
        falling = wave * decay[: wave.steps] if not bounds or name == "lr" else wave
        curves[name] = falling + first if scaled else falling
    return Schedule(curves)


def _gamma_to_the_step(where: str, gamma: float) -> Curve:
    """``gamma**t`` for as long as it stays above 1e-300."""
    _check.real(where, "gamma", gamma, 0.0, 1.0, open_low=True)
    if gamma == 1.0:
        return curve("constant", 1.0, steps=2**52)
    steps = min(2**52, max(1, int(-690.0 / math.log(gamma))))
    return curve("exponential", 1.0, gamma**steps, steps)
