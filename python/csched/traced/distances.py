"""The profiles in float32: how far a phase has gone, from whichever end is nearer.

A value is a + (b - a) w with a the value at the near end, b at the other, and w the share of the
way from a to b: the same forms as in ``csched/formulas.h``. w(0) = 0, so both ends are exact, and
w is at most about 1/2, so nothing cancels.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

from csched.traced import step_words
from csched.traced.step_words import Words


class Place:
    """Where in its phase a step lies, and the columns of the phase, each made when asked for."""

    def __init__(
        self,
        columns: dict[str, Any],
        pick: Callable[[Any], Any],
        from_zero: Words,
        to_one: Words,
        xp: Any,
    ) -> None:
        self.columns, self.pick, self.xp = columns, pick, xp
        self.from_zero, self.to_one = from_zero, to_one
        self._picked: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._picked:
            self._picked[name] = self.pick(self.columns[name])
        return self._picked[name]

    @cached_property
    def after_zero(self) -> Any:
        """Steps since z = 0."""
        n = step_words.as_float(self.from_zero, self.xp)
        return n + self["before"] if "before" in self.columns else n

    @cached_property
    def before_one(self) -> Any:
        """Steps until z = 1."""
        n = step_words.as_float(self.to_one, self.xp)
        return self.xp.maximum(n + self["after"], 0.0) if "after" in self.columns else n

    @cached_property
    def z(self) -> Any:
        return self.after_zero * self["per_step"]

    @cached_property
    def rest(self) -> Any:
        """1 - z, without its rounding."""
        return self.before_one * self["per_step"]

    @property
    def between_steps(self) -> bool:
        """Whether z may be 0 or 1 between two steps."""
        return "before" in self.columns

    @cached_property
    def in_first_half(self) -> Any:
        if self.between_steps:
            return self.after_zero < self.before_one
        return step_words.reached(self.to_one, self.from_zero)

    @cached_property
    def x(self) -> Any:
        """The lesser of z and 1 - z, times the number in SCALES."""
        if self.between_steps:
            steps = self.xp.minimum(self.after_zero, self.before_one)
        else:  # whole numbers, so that one is converted and not two
            steps = step_words.as_float(
                step_words.least(self.from_zero, self.to_one, self.xp), self.xp
            )
        return steps * self["per_step"]

    @cached_property
    def from_near_end(self) -> Any:
        """Steps since z = 0, or those until z = 1 as a negative number."""
        near = self.in_first_half
        if self.between_steps or len(self.from_zero) == 2:
            return self.xp.where(near, self.after_zero, -self.before_one)
        steps = self.xp.where(near, self.from_zero[0], -self.to_one[0])
        return step_words.as_float((steps,), self.xp)

    def power(self, n: Words) -> tuple[Any, Any]:
        """The whole and the rest of rate n, of which a power of 2 is asked for."""
        names = ("turn", "rate", "rate_rest")
        rates = [tuple(self[f"{name}_{i}"] for name in names) for i in range(len(n))]
        return step_words.turns(n, rates, self.xp)

    def falling(self, n: Words, end: str) -> Any:
        """2^(rate n + c), 0 or infinite beyond float32; c is a number of the end."""
        whole, part = self.power(n)
        if f"whole_{end}" in self.columns:
            whole, part = whole + self[f"whole_{end}"], part + self[f"part_{end}"]
        whole = self.xp.minimum(self.xp.maximum(whole, -127.0), 128.0)
        return self.xp.exp(part * math.log(2)) * self.xp.two_to(whole)

    def risen(self, n: Any) -> Any:
        """1 - exp(-fall n)."""
        return -self.xp.expm1(-n * self["fall"])


def exponential(place: Place) -> Any:
    """The value of an exponential phase: that at the near end times exp(+-growth n).

    A power of end / start compiles in .98 of the time, but XLA has no vectors for it: a million
    values took 4.8 times as long.
    """
    xp, near = place.xp, place.in_first_half
    value = xp.where(near, place["start"], place["end"])
    return value * xp.exp(place.from_near_end * place["growth"])


def steep_exponential(place: Place) -> Any:
    """The same where the power has too many digits before the point: 2^(+-rate n), in two parts."""
    xp, near = place.xp, place.in_first_half
    whole, part = place.power(step_words.choose(near, place.from_zero, place.to_one, xp))
    if "whole_zero" in place.columns:
        whole = whole + xp.where(near, place["whole_zero"], place["whole_one"])
        part = part + xp.where(near, place["part_zero"], place["part_one"])
    whole, part = xp.where(near, whole, -whole), xp.where(near, part, -part)
    value = xp.where(near, place["start"], place["end"])
    return value * xp.two_to(whole) * xp.exp(part * math.log(2))


def _sine2_of(angle: Any) -> Any:
    """The sine squared of an angle up to pi / 4, within 2^-29 before rounding.

    By its own series, fitted; the square of a sine would double the roundings of the sine.
    """
    y = angle * angle
    q = 0.044443715 + y * (-0.0031711822 + y * 0.00013465469)
    return y * (1.0 + y * (-0.33333328 + y * q))


def _one_minus_power(power: Any, low: Any, log_rest: Any, xp: Any) -> Any:
    """1 - (1 - low)^power; log(1 - low) from whichever is accurate."""
    log = xp.where(low < 0.5, xp.log1p(-low), log_rest)
    return -xp.expm1(power * log)


def _to_power(base: Any, log: Any, name: str, place: Place) -> Any:
    """base^power, where the power has more digits than float32: the rest counts times the log."""
    return place.xp.power(base, place[name]) * (1.0 + place[f"{name}_rest"] * log)


# Each gives (1 - p, p), both without cancellation near their 0, of z and the rest 1 - z.

Shares = tuple[Any, Any]
ShareMaker = Callable[[Any, Any, Place], Shares]


def _square(z: Any, rest: Any, place: Place) -> Shares:
    return z * (1.0 + rest), rest * rest


def _cube(z: Any, rest: Any, place: Place) -> Shares:
    return z * (1.0 + rest * (1.0 + rest)), rest * rest * rest


def _root(z: Any, rest: Any, place: Place) -> Shares:
    root = place.xp.sqrt(rest)
    return z / (1.0 + root), root


def _power(z: Any, rest: Any, place: Place, name: str = "power") -> Shares:
    xp = place.xp
    log = xp.maximum(xp.log(rest), -1e30)  # finite, since 0 is multiplied by it
    return _one_minus_power(place[name], z, log, xp), _to_power(rest, log, name, place)


def _sine2(z: Any, rest: Any, place: Place) -> Shares:
    xp, near = place.xp, z < rest
    share = _sine2_of(xp.minimum(z, rest) * (math.pi / 2))
    return xp.where(near, share, 1.0 - share), xp.where(near, 1.0 - share, share)


def _rex(z: Any, rest: Any, place: Place) -> Shares:
    slowed = place["one_minus_beta"] * z
    whole = rest + slowed  # 1 - beta z
    return slowed / whole, rest / whole


def _inverse_sqrt(z: Any, rest: Any, place: Place) -> Shares:
    """1 + s z runs from 1 to R^2; see prepare_inverse_sqrt in ``csched/prepare.h``."""
    xp, last = place.xp, place["root"]
    root = xp.sqrt(place["base"] + place["slope"] * xp.where(place["rises"] > 0.0, z, rest))
    common = (last + 1.0) / root
    return common * last * z / (root + 1.0), common * rest / (root + last)


def _elliptic(z: Any, rest: Any, place: Place) -> Shares:
    root = place.xp.sqrt(rest * (1.0 + z))
    return z * z / (1.0 + root), root


def _hyperbolic(z: Any, rest: Any, place: Place) -> Shares:
    """p^2 = (1 - z) (v - z) / v and 1 - p^2 = z (v + 1 - z) / v, with v z's pole."""
    inverse = place["inverse_pole"]
    last = place.xp.sqrt(rest * (place["before_pole"] + inverse * rest))
    return z * (1.0 + inverse * rest) / (1.0 + last), last


def exp_hyperbolic(place: Place) -> Any:
    """The value of such a phase: that at the near end times the ratio to the power of the share."""
    xp = place.xp
    first, last = _hyperbolic(place.z, place.rest, place)
    near = first < last
    share = xp.where(near, -first, last)
    power = place["log_ratio"] * share
    whole = xp.maximum(xp.round(power), -126.0)
    part = (power - whole) + place["log_ratio_rest"] * share
    value = xp.where(near, place["start"], place["end"])
    return value * xp.two_to(whole) * xp.exp(part * math.log(2))


def _logarithmic(z: Any, rest: Any, place: Place) -> Shares:
    """log(A) and log(B / A) over log(B), A = 1 + s z and B = 1 + s."""
    log1p, s = place.xp.log1p, place["slope"]
    unit = place["unit"]
    return unit * log1p(s * z), unit * log1p(s * rest / (1.0 + s * z))


def _inverse_power(z: Any, rest: Any, place: Place) -> Shares:
    """1 - A^power and A^power - B^power over 1 - B^power, A = 1 + s z, B = 1 + s; power < 0."""
    xp, s, power, unit = place.xp, place["slope"], place["power"], place["unit"]
    line, log = 1.0 + s * z, xp.log1p(s * z)
    first = unit * xp.expm1(power * log)
    over = unit * xp.expm1(power * xp.log1p(s * rest / line))
    return first, _to_power(line, log, "power", place) * over


def _exponential_offset(z: Any, rest: Any, place: Place) -> Shares:
    """(1 - exp(-r z)) / (1 - exp(-r)), and what is left of it."""
    falling = place.falling(place.from_zero, "zero")
    scale = place["scale"]
    first = place.risen(place.after_zero) * scale
    return first, falling * place.risen(place.before_one) * scale


def _tanh(z: Any, rest: Any, place: Place) -> Shares:
    """(1 - E) s / (b + G), E = exp(-w z) and G = g E from the start, and so from the end."""
    sides = (
        (place.from_zero, place.after_zero, "zero"),
        (place.to_one, place.before_one, "one"),
    )
    first, second = (
        place[f"scale_{end}"]
        * place.risen(steps)
        / (place[f"base_{end}"] + place.falling(words, end))
        for words, steps, end in sides
    )
    return first, second


def _mirrored(shares: ShareMaker) -> ShareMaker:
    """The same from the other end: of z^k where the shares are of (1 - z)^k."""

    def mirrored(z: Any, rest: Any, place: Place) -> Shares:
        second, first = shares(rest, z, place)
        return first, second

    return mirrored


_EITHER_WAY: dict[str, ShareMaker] = {
    "square": _square,
    "cube": _cube,
    "root": _root,
    "power": _power,
    "k_decay": functools.partial(_power, name="k_decay"),
    "logarithmic": _logarithmic,
    "inverse_power": _inverse_power,
}

_SHARES: dict[str, ShareMaker] = {
    **_EITHER_WAY,
    **{f"{name}_mirrored": _mirrored(shares) for name, shares in _EITHER_WAY.items()},
    "sine2": _sine2,
    "rex": _rex,
    "inverse_sqrt": _inverse_sqrt,
    "elliptic": _elliptic,
    "exponential_offset": _exponential_offset,
    "tanh": _tanh,
    "hyperbolic": _hyperbolic,
}

SCALES = {"sine2": math.pi / 2}
"""What ``per_step`` has been multiplied by for kernels that ask for x: the sine takes an angle."""

Kernel = Callable[[Place], tuple[Any, Any]]
"""Whether the start is the near end, and w."""

_SYMMETRIC: dict[str, Kernel] = {
    "linear": lambda place: (place.in_first_half, place.x),
    "sine2": lambda place: (place.in_first_half, _sine2_of(place.x)),
}


def kernel_of(name: str) -> Kernel:
    """The kernel of a name; "square of sine2" is one function of z after the other."""
    if name in _SYMMETRIC:
        return _SYMMETRIC[name]

    def kernel(place: Place) -> tuple[Any, Any]:
        first, second = place.z, place.rest
        for part in reversed(name.split(" of ")):
            first, second = _SHARES[part](first, second, place)
        return first < second, place.xp.minimum(first, second)

    return kernel


VALUES: dict[str, Callable[[Place], Any]] = {
    "exponential": exponential,
    "steep_exponential": steep_exponential,
    "exp_hyperbolic": exp_hyperbolic,
}
"""Kernels that give the value itself."""
