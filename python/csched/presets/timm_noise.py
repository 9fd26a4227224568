"""The numbers that timm draws for its noise: torch's generator, without torch."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["noise"]


def noise(limit: float, std: float, seed: int) -> float:
    """What ``torch.randn(1)`` gives with this seed, again until its size is below the limit.

    torch's generator is MT19937 seeded with one word; its normal numbers are Box and Muller's, two
    from two 53-bit uniforms, the second one kept for the next call, rounded to float32.
    """
    words = np.random.RandomState(seed)

    def uniform() -> float:
        high, low = (int(w) for w in words.randint(0, 2**32, 2, dtype=np.uint32))
        return ((high << 32 | low) % 2**53) * 2.0**-53

    while True:
        angle, u = 2.0 * math.pi * uniform(), uniform()
        radius = math.sqrt(-2.0 * math.log1p(-u))
        for sample in (radius * math.cos(angle), radius * math.sin(angle)):
            drawn = float(np.float32(sample)) * std
            if abs(drawn) < limit:
                return drawn
