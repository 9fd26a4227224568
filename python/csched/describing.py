"""Curves in words: phases with the absolute steps where they begin and end."""

from __future__ import annotations

from csched.curve import Curve


def describe(curve: Curve) -> str:
    """One line a phase: first step, last step, what it does."""
    lines = list(_lines(curve, 0, 0))
    width = max((len(left) for left, _ in lines), default=0)
    return "\n".join(f"{left:<{width}}  {right}" for left, right in lines)


def _lines(curve: Curve, begin: int, depth: int) -> list[tuple[str, str]]:
    from csched.nodes import Repeat, Sequence  # nodes import Curve, which is described from here

    indent = "  " * depth
    if isinstance(curve, Sequence):
        made = []
        for first, part in zip(curve.begins(), curve.parts, strict=True):
            made += _lines(part, begin + first, depth)
        return made
    span = f"{indent}{begin} .. {begin + curve.steps - 1}"
    if isinstance(curve, Repeat):
        times = "for ever" if curve.n is None else f"{curve.n} times"
        return [(span, f"{times}, the first:"), *_lines(curve.of, begin, depth + 1)]
    return [(span, repr(curve))]
