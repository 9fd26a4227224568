"""One value of a curve, against a call of a Python function that returns a constant."""

import lrsched
import pytest

import csched

STEPS = 1000


def of_phases(n):
    whole = csched.curve("cosine", 1.0, 0.5, STEPS)
    for i in range(n - 1):
        whole = whole.then(csched.curve("linear", 0.5 + 0.001 * i, 0.1, STEPS))
    return whole


CALLS = {
    "csched cosine": csched.curve("cosine", 1.0, 0.1, STEPS),
    "csched 100 phases": of_phases(100),
    "csched sgdr, 1e6 cycles": csched.sgdr(1.0, t_0=10, cycles=10**6)["lr"],
    "csched triangular2, 1e6 cycles": csched.triangular2(
        1.0, floor=0.1, up_steps=10, cycles=10**6, momentum=None
    )["lr"],
    "lrsched cosine": lrsched.cosine(base_lr=1.0, min_lr=0.1, total_steps=STEPS),
}


def constant(step):
    return 0.1


@pytest.mark.parametrize("who", ["function", *CALLS])
def test_value(timed, who):
    call = constant if who == "function" else CALLS[who]
    if "cosine" in who:
        assert call(123) == pytest.approx(CALLS["csched cosine"](123), rel=1e-14)
    group = "one value"
    timed(group, who, lambda: call(123), limit=who == "function", rounds=50, iterations=2000)
