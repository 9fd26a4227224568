"""Steps as words of 32 bits: one int32, or two uint32 (high, low); with any array library ``xp``.

JAX has no integer of 64 bits unless asked for, and a count of tokens passes 2^31.
"""

from __future__ import annotations

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


def digits(n: Words, xp: Any) -> list[Any]:
    """The floats that n is the sum of, 11 bits each: a product with 12 bits is exact."""
    places = [(n[-1], 0, 0), (n[-1], 11, 11), (n[-1], 22, 22)]
    if len(n) == 2:
        places += [(n[0], 0, 32), (n[0], 11, 43)]
    return [
        xp.cast((word >> shift) & 2047, "float32") * 2.0**weight for word, shift, weight in places
    ]


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
