"""Warm-up: the ways from a small value to the peak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from csched import _check
from csched.curve import Curve
from csched.phases import curve

__all__ = ["WARMUPS", "Warmup"]

WARMUPS: Mapping[str, str] = MappingProxyType(
    {
        "linear": "linear",
        "cosine": "cosine",
        "one_minus_sqrt": "polynomial",
        "power": "parabolic",
        "exponential": "exponential",
        "logarithmic": "logarithmic",
        "saturating": "exponential_offset",
        "constant": "constant",
    }
)
"""Law of a warm-up -> the profile whose growth form it is."""

GRIDS = ("t/W", "(t+1)/W", "(t+1)/(W+1)", "t/(W-1)")
"""Where a warm-up of W steps reads its law at step t."""


@dataclass(frozen=True)
class Warmup:
    """A law of warm-up, for the ``warmup`` argument of the recipes.

    ``start + (peak - start) * law(z)`` for 0 <= t < W::

        linear            z                  cosine      (1 - cos(pi z)) / 2
        one_minus_sqrt    1 - sqrt(1 - z)    power       z**power
        exponential       start**(1 - z) * peak**z, for start > 0
        logarithmic       log(1 + n) / log(1 + N), for z = n / N
        saturating        (1 - exp(-rate z)) / (1 - exp(-rate))
        constant          0: ``start`` for W steps

    Parameters
    ----------
    law : str, default "linear"
        A name in ``csched.WARMUPS``.
    start : float, default 0.0
        The value at z = 0. Above the peak it makes an inverse warm-up, from high to low.
    z : "t/W", "(t+1)/W", "(t+1)/(W+1)" or "t/(W-1)"
        How the step is counted. With "t/W" update 0 gets ``start`` and the peak comes first at
        step W (optax, Hugging Face); with "(t+1)/W" (torchtitan, nanochat) and "t/(W-1)"
        (mmengine, ignite) it comes first at step W - 1; NeMo has "(t+1)/(W+1)". DeepSpeed's log
        warm-up is "logarithmic" on "t/(W-1)".
    power : float, default 2.0
        Of the law "power"; in (0, 100].
    rate : float, default 4.0
        Of the law "saturating"; in (0, 700].

    Examples
    --------
    >>> import csched
    >>> s = csched.constant(1.0, 6, warmup_steps=4, warmup=csched.Warmup("power", z="(t+1)/W"))
    >>> s["lr"].values().tolist()
    [0.0625, 0.25, 0.5625, 1.0, 1.0, 1.0]

    """

    law: str = "linear"
    start: float = 0.0
    z: str = "t/W"
    power: float = 2.0
    rate: float = 4.0

    def __post_init__(self) -> None:
        where = "Warmup"
        _check.choice(where, "law", self.law, WARMUPS)
        _check.real(where, "start", self.start)
        _check.choice(where, "z", self.z, GRIDS)
        _check.real(where, "power", self.power, 0.0, 100.0, open_low=True)
        _check.real(where, "rate", self.rate, 0.0, 700.0, open_low=True)

    def before(self, main: Curve, steps: int) -> Curve:
        """The main curve with this warm-up of so many steps in front."""
        if steps == 0:
            return main
        if self.law == "constant":
            return curve("constant", self.start, steps=steps).then(main)
        span = float(steps + {"t/(W-1)": -1, "(t+1)/(W+1)": 1}.get(self.z, 0))
        arguments: dict[str, Any] = {
            "one_minus_sqrt": {"power": 0.5},
            "power": {"power": self.power},
            "logarithmic": {"scale": max(1.0, span)},
            "saturating": {"rate": self.rate, "normalised": True},
        }.get(self.law, {})
        if self.z == "t/(W-1)":
            arguments["endpoint"] = True
        elif self.z != "t/W":
            arguments |= {"offset": 1.0, "span": span}
        return curve(WARMUPS[self.law], self.start, main(0), steps, **arguments).then(main)


def checked(where: str, warmup: str | Warmup) -> Warmup:
    """A warm-up by its law's name, or as it is."""
    if isinstance(warmup, Warmup):
        return warmup
    if isinstance(warmup, (int, float)):
        hint = "warmup is its law, warmup_steps its length"
        _check.fail_type(where, "warmup", "the name of a law or a Warmup", warmup, hint)
    return Warmup(_check.choice(where, "warmup", warmup, WARMUPS))
