"""10,000 schedules x 1,000 steps in one call, against filling the block."""

import numpy as np
import pytest

import csched

ROWS, STEPS = 10_000, 1_000
PEAKS = np.geomspace(1e-4, 1.0, ROWS)

GRIDS = {
    "cosine": lambda p: csched.curve("cosine", p, 0.0, STEPS),
    "warm-up and rex": lambda p: csched.curve("rex", p, 0.0, STEPS - 100).warmup(100),
    "exponential": lambda p: csched.curve("exponential", p, p / 100, STEPS),
}


@pytest.mark.parametrize("who", ["fill", *GRIDS])
def test_stack(timed, who):
    block = np.ones((ROWS, STEPS))
    if who == "fill":
        timed("10,000 schedules x 1,000 steps", who, lambda: block.fill(1.0), limit=True)
        return
    stack = csched.stack([GRIDS[who](float(p)) for p in PEAKS])
    np.testing.assert_array_equal(stack.values(out=block)[17], stack.curves[17].values())
    timed("10,000 schedules x 1,000 steps", who, lambda: stack.values(out=block))
