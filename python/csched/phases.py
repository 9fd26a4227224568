"""Phases: the leaves of every curve."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, ClassVar

from csched import _check
from csched.curve import Curve
from csched.profiles import PROFILES, Points, checked_arguments
from csched.sampling import At, Every, Sampling, positions

LARGEST = 1e280
"""Largest start or end. The core carries values in two doubles and multiplies them by scales up to
1e15, which overflows from about 1e285 on."""

LARGEST_OF_TANH = 1e200
"""The same for tanh, whose scale reaches exp(200) / 1e-9 at the bounds of its arguments."""

SHORTEST = 1e-9
"""Shortest span, in steps."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Phase(Curve):
    """n steps from start towards end along a profile; step k reads it at (k + offset) / span."""

    kind: ClassVar[str] = "phase"
    profile: str
    start: float
    end: float
    steps: int
    arguments: tuple[tuple[str, float | Points], ...] = ()
    sampling: Sampling | None = None
    offset: float = 0.0
    span: float | None = None

    @property
    def length(self) -> float:
        """The span: what z = 1 corresponds to, in steps from z = 0."""
        return float(self.steps) if self.span is None else self.span

    @property
    def ends_exactly(self) -> bool:
        """Whether step ``steps`` reads the profile at z = 1."""
        return Fraction(self.offset) + self.steps == Fraction(self.length)

    def __repr__(self) -> str:
        extra = [f"{name}={value!r}" for name, value in self.arguments]
        if self.sampling is not None:
            extra.append(f"sampling={self.sampling!r}")
        if self.span is not None and self.span == self.steps - 1 and not self.offset:
            extra.append("endpoint=True")
        elif self.span is not None or self.offset:
            extra.append(f"offset={self.offset!r}, span={self.span!r}")
        parts = [repr(self.profile), repr(self.start), repr(self.end), repr(self.steps), *extra]
        return f"curve({', '.join(parts)})"

    def _levels(self) -> Iterator[float]:
        yield self.start
        yield self.end

    def _falls(self) -> bool:
        return self.profile != "constant" and self.start > self.end

    def _first(self) -> float:
        return self.start if self.offset < 1.0 else Curve._first(self)  # it begins between steps

    def _arrived(self) -> float:
        return self.end if self.offset + self.steps >= self.length else Curve._arrived(self)

    def _scaled(self, factor: float) -> Curve:
        if factor == 0.0:
            return curve("constant", 0.0, steps=self.steps)
        start = _check.real("Curve", "factor * start", factor * self.start)
        end = _check.real("Curve", "factor * end", factor * self.end)
        _check_ends("Curve", self.profile, start, end, self.arguments)
        return dataclasses.replace(self, start=start, end=end)

    def _size(self) -> float:
        if self.profile != "table":
            return max(abs(self.start), abs(self.end))
        points: Any = dict(self.arguments)["points"]
        highest: float = max(abs(p) for _, p in points)
        return abs(self.end) + abs(self.start - self.end) * highest

    @property
    def needs_sign(self) -> bool:
        """Whether its formula divides by, or takes the logarithm of, end / start."""
        return PROFILES[self.profile].positive or _is_natural(
            self.profile, self.start, self.end, self.arguments
        )

    def _at_levels(self, level: Callable[[float], float]) -> Curve:
        return dataclasses.replace(self, start=level(self.start), end=level(self.end))

    def _stretched(self, steps: int) -> Curve:
        ratio = Fraction(steps, self.steps)
        span = self.span
        if span is not None:  # an inclusive end stays inclusive
            inclusive = span == self.steps - 1 and not self.offset
            if inclusive and steps == 1:
                return Phase("constant", self.end, self.end, 1)
            span = float(steps - 1) if inclusive else float(Fraction(span) * ratio)
        sampling = self.sampling
        if isinstance(sampling, Every) and isinstance(sampling.interval, int):
            sampling = Every(max(1, round(sampling.interval * ratio)))
        elif isinstance(sampling, At):
            marks = [m if isinstance(m, float) else round(m * ratio) for m in sampling.marks]
            places = [m if isinstance(m, int) else _check.decimal(m) * steps for m in marks]
            # rounded to fewer steps, marks may meet or pass each other
            kept = [m for i, m in enumerate(marks) if all(p < places[i] for p in places[:i])]
            sampling = At(tuple(kept))
        offset = float(Fraction(self.offset) * ratio)
        if self.offset and self.ends_exactly and span is not None:
            offset = max(0.0, span - steps)  # exact, so that the end is again met exactly
        if not (
            offset <= _check.MAX_STEP and (span is None or SHORTEST <= span <= _check.MAX_STEP)
        ):
            constraint = f"such that the whole profile takes {SHORTEST} to 2**53 steps"
            _check.fail("Curve.stretch", "steps", constraint, steps)
        return dataclasses.replace(self, steps=steps, span=span, sampling=sampling, offset=offset)


def curve(
    profile: str,
    start: float = 1.0,
    end: float | None = None,
    steps: int = 100,
    sampling: Sampling | None = None,
    endpoint: bool = False,
    *,
    offset: float = 0.0,
    span: float | None = None,
    **profile_arguments: Any,
) -> Curve:
    r"""A phase: from ``start`` towards ``end`` along a profile.

    For step t, with n = steps and z = t / n::

        end + (start - end) * p(z)    0 <= t < n
        end                           n <= t

    Parameters
    ----------
    profile : str
        A name in ``csched.PROFILES``.
    start, end : float
        Value at step 0, and the value that step n gets; finite. With start < end the profile is
        its growth form. ``end`` defaults to 0, for ``constant`` to ``start``.
    steps : int, default 100
        Length in steps, at least 1.
    sampling : every(...) or at(...), optional
        When the profile is read again; between samples the last value is held. Default: every
        step.
    endpoint : bool, default False
        Let step n - 1 be exactly ``end``: z = t / (n - 1), as in ``numpy.linspace``.
    offset, span : float, optional
        Read the profile at z = (t + offset) / span instead: part of a profile, or a clock that
        starts between steps. ``0 <= offset``, ``span >= 1e-9``.
    **profile_arguments
        ``power`` and ``k_decay`` of polynomial and cosine, ``power`` of parabolic, ``beta`` of
        rex, ``rate`` and ``normalised`` of exponential_offset, ``scale`` of inverse_sqrt and
        logarithmic, ``power`` and ``scale`` of inverse_power, ``lower`` and ``upper`` of tanh,
        ``upper`` of hyperbolic and exp_hyperbolic, ``points`` of table.

    Returns
    -------
    Curve

    Raises
    ------
    ValueError, TypeError
        If an argument is outside the range given above.

    References
    ----------
    Chen, Wolfe, Kyrillidis, "REX: Revisiting Budgeted Training with an Improved Schedule", 2021,
    https://arxiv.org/abs/2107.04197, for profile and sampling rate.

    Examples
    --------
    >>> import csched
    >>> c = csched.curve("cosine", 0.1, 0.0, 100)
    >>> [c(t) for t in (0, 50, 100, 101)]
    [0.1, 0.05, 0.0, 0.0]
    >>> csched.curve("linear", 0.0, 1.0, 5, endpoint=True).values().tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    where = "curve"
    name = _check.choice(where, "profile", profile, PROFILES)
    first = _check.real(where, "start", start)
    if end is None:
        end = first if name == "constant" else 0.0
    last = _check.real(where, "end", end)
    n = _check.integer(where, "steps", steps, 1)
    arguments = checked_arguments(where, name, profile_arguments)
    _check_ends(where, name, first, last, arguments)
    if sampling is not None and not isinstance(sampling, (Every, At)):
        _check.fail_type(where, "sampling", "csched.every(...), csched.at(...) or None", sampling)
    shift = _check.real(where, "offset", offset, 0.0, 2.0**53)
    if _check.flag(where, "endpoint", endpoint):
        if span is not None or shift:
            _check.fail(where, "endpoint", "False where offset or span is given", endpoint)
        if n == 1:
            return Phase("constant", last, last, 1)
        span = float(n - 1)
    elif span is not None:
        span = _check.real(where, "span", span, SHORTEST, 2.0**53)
        span = None if span == n and not shift else span
    if sampling is not None:
        positions(where, sampling, n)
    return Phase(name, first, last, n, arguments, sampling, shift, span)


def _is_natural(profile: str, start: float, end: float, arguments: Any) -> bool:
    """Whether a profile with a scale takes it from start and end."""
    one_sign = start != 0.0 and end != 0.0 and (start > 0.0) == (end > 0.0)
    open_arguments = [a.name for a in PROFILES[profile].arguments if a.default is None]
    return one_sign and any(name not in dict(arguments) for name in open_arguments)


def _check_ends(where: str, profile: str, start: float, end: float, arguments: Any) -> None:
    if not math.isfinite(end - start):
        _check.fail(where, "end", f"within the float range of start = {start}", end)
    if profile == "table" and not math.isfinite(Phase(profile, start, end, 1, arguments)._size()):
        _check.fail(where, "points", "such that all values are finite", dict(arguments)["points"])
    largest = LARGEST_OF_TANH if profile == "tanh" else LARGEST
    for label, value in (("start", start), ("end", end)):
        if abs(value) > largest:
            _check.fail(where, label, f"within {largest:g} of 0", value)
    if _is_natural(profile, start, end, arguments):
        power = dict(arguments).get("power", 0.5 if profile == "inverse_sqrt" else 1.0)
        digits = min(14.0 * power, 300.0)  # so that s stays below 1e14
        if not 10.0**-digits <= end / start <= 10.0**digits:
            hint = f"without scale the law is start / (1 + s z)^{power:g}"
            most = f"{10.0**digits:.6g}".replace("e+0", "e")
            _check.fail(where, "end", f"within a factor of {most} of start", end, hint)
    if not PROFILES[profile].positive:
        return
    for label, value, other in (("start", start, "end"), ("end", end, "start")):
        if value == 0.0 or (value > 0.0) != (start > 0.0):
            hint = f"profile {profile!r} is linear in the logarithm: give 1e-3 of {other}, say"
            _check.fail(where, label, f"not 0 and of the sign of {other}", value, hint)
    if not 1e-300 <= abs(end / start) <= 1e300:
        _check.fail(where, "end", "within a factor of 1e300 of start", end)
