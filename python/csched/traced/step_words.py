"""Steps as words of 32 bits: one int32, or two uint32 (high, low); with any array library ``xp``.

JAX has no integer of 64 bits unless asked for, and a count of tokens passes 2^31.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Words = tuple[Any, ...]


def reached(t: Words, begin: Words) -> Any:
    """Whether begin is not after t."""
    if len(t) == 1:
        return t[0] >= begin[0]
    return (t[0] > begin[0]) | ((t[0] == begin[0]) & (t[1] >= begin[1]))


def difference(t: Words, s: Words, xp: Any) -> Words:
    """The step t - s, for s not after t."""
    if len(t) == 1:
        return (t[0] - s[0],)
    return t[0] - s[0] - xp.cast(t[1] < s[1], "uint32"), t[1] - s[1]


def total(t: Words, s: Words, xp: Any) -> Words:
    """The step t + s."""
    if len(t) == 1:
        return (t[0] + s[0],)
    low = t[1] + s[1]
    return t[0] + s[0] + xp.cast(low < s[1], "uint32"), low


def choose(condition: Any, t: Words, s: Words, xp: Any) -> Words:
    """The step t where the condition holds, else s."""
    return tuple(xp.where(condition, a, b) for a, b in zip(t, s, strict=True))


def as_float(n: Words, xp: Any) -> Any:
    """The nearest float32."""
    if len(n) == 1:
        return xp.cast(n[0], "float32")
    return xp.cast(n[0], "float32") * 2.0**32 + xp.cast(n[1], "float32")


def least(t: Words, s: Words, xp: Any) -> Words:
    """The earlier step."""
    if len(t) == 1:
        return (xp.minimum(t[0], s[0]),)
    return choose(reached(t, s), s, t, xp)


def until(t: Words, last: Words, xp: Any) -> Words:
    """The step, where it is from 0 to last, else the nearer of the two."""
    return (xp.clip(t[0], 0, last[0]),) if len(t) == 1 else least(t, last, xp)


def turns(n: Words, rates: Sequence[tuple[Any, Any, Any]], xp: Any) -> tuple[Any, Any]:
    """The whole and the rest of rate n, the whole exact: 2^(rate n) needs the rest to 2^-24.

    ``rates`` has for every word the rate per unit of it as turn / 2^32 + rate_rest, turn a whole
    number mod 2^32, and as a float. Integers wrap around, so that turn n is exact mod 1.
    """
    whole, part = None, None
    for word, (turn, rate, rate_rest) in zip(n, rates, strict=True):
        steps = xp.cast(word, "float32")
        fraction = xp.cast(word * turn, "float32") * 2.0**-32
        nearest = xp.round(steps * rate - fraction)
        fraction = fraction + steps * rate_rest
        whole = nearest if whole is None else whole + nearest
        part = fraction if part is None else part + fraction
    return whole, part


def divided(t: Words, period: Words, xp: Any) -> tuple[Words, Words]:
    """Quotient and remainder; with two words the period comes doubled 0, 1, ..., 52 times."""
    if len(t) == 1:
        whole = t[0] // period[0]
        return (whole,), (t[0] - whole * period[0],)
    high, low = t[0] * 0, t[1] * 0
    for i in reversed(range(53)):
        doubled = (period[0][i], period[1][i])
        fits = reached(t, doubled)
        t = choose(fits, difference(t, doubled, xp), t, xp)
        bit = xp.cast(fits, "uint32") << i % 32
        high, low = (high + bit, low) if i >= 32 else (high, low + bit)
    return (high, low), t
