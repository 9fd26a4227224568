"""Values of a whole horizon into a buffer that exists already, against filling that buffer."""

import numpy as np
import pytest

import csched
from conftest import agree
from csched import at, every

SIZES = {"1e4": 10**4, "1e6": 10**6, "2e7": 2 * 10**7}

CASES = {
    **{
        name: lambda n, name=name: csched.curve(name, 0.1, 0.001, n)
        for name in csched.PROFILES
        if name != "table"
    },
    "polynomial 2": lambda n: csched.curve("polynomial", 0.1, 0.001, n, power=2.0),
    "polynomial 0.9": lambda n: csched.curve("polynomial", 0.1, 0.001, n, power=0.9),
    "cosine, power 2": lambda n: csched.curve("cosine", 0.1, 0.001, n, power=2.0),
    "cosine, k_decay 1.5": lambda n: csched.curve("cosine", 0.1, 0.001, n, k_decay=1.5),
    "cosine every(10)": lambda n: csched.curve("cosine", 0.1, 0.001, n, sampling=every(10)),
    "cosine at(0.5, 0.75)": lambda n: csched.curve("cosine", 0.1, 0.0, n, sampling=at(0.5, 0.75)),
    "sgdr, 20 restarts": lambda n: csched.sgdr(0.1, n, t_0=n // 20)["lr"],
    "triangular, 1000 cycles": lambda n: csched.triangular(0.1, n, floor=0.01, up_steps=n // 2000)[
        "lr"
    ],
    "one_cycle, cosine": lambda n: csched.one_cycle(0.1, n, profile="cosine")["lr"],
}


HORIZONS = [("1e4", "float64"), ("1e6", "float64"), ("2e7", "float64"), ("2e7", "float32")]


@pytest.mark.parametrize(("size", "dtype"), HORIZONS)
def test_horizon(timed_in_turn, size, dtype):
    n = SIZES[size]
    buffer = np.ones(n, dtype)
    often = range(max(1, 200_000 // n))  # a call is too short for the clock
    calls = {"fill": lambda: [buffer.fill(1.0) for _ in often]}
    for case, make in CASES.items():
        curve = make(n)
        calls[case] = lambda curve=curve: [curve.values(out=buffer) for _ in often]
    group = f"horizon of {size} steps, {dtype}"
    timed_in_turn(group, calls, "fill", rounds=31 if n > 10**6 else 101, times=len(often))


N = 10**6


def cosine_numpy(t):
    return 0.05 * (1 + np.cos(np.pi * t / N))


def exponential_numpy(t):
    return 0.1 * 0.01 ** (t / N)


def one_cycle_numpy(t):
    up = N * 45 // 100
    rise = 0.01 + 0.09 * (1 - np.cos(np.pi * t / up)) / 2
    fall = 0.01 + 0.09 * (1 + np.cos(np.pi * (t - up) / up)) / 2
    last = 1e-4 + 0.0099 * (1 + np.cos(np.pi * (t - 2 * up) / (N - 2 * up))) / 2
    return np.where(t < up, rise, np.where(t < 2 * up, fall, last))


EXPRESSIONS = {
    "cosine": (lambda: csched.cosine(0.1, N)["lr"], cosine_numpy),
    "exponential": (lambda: csched.exponential(0.1, N, end=0.001)["lr"], exponential_numpy),
    "one_cycle": (lambda: csched.one_cycle(0.1, N, profile="cosine")["lr"], one_cycle_numpy),
}


def rival_numpy(formula):
    t = np.arange(N, dtype=np.float64)
    return lambda: formula(t)


def rival_numba(formula):
    import numba  # a rival, not a dependency

    compiled = numba.njit(formula, fastmath=False)
    t = np.arange(N, dtype=np.float64)
    compiled(t)
    return lambda: compiled(t)


def rival_torch(formula):
    import torch  # a rival

    t = torch.arange(N, dtype=torch.float64)
    spelled = {"cos": torch.cos, "where": torch.where, "pi": np.pi}
    scope = {**formula.__globals__, "np": type("np", (), spelled)}
    translated = type(formula)(formula.__code__, scope)
    return lambda: translated(t).numpy()


def rival_python(formula):
    return lambda: np.array([float(formula(t)) for t in range(N)])


RIVALS = {"numpy": rival_numpy, "numba": rival_numba, "torch": rival_torch, "loop": rival_python}


def test_against_stepping_a_scheduler(timed_in_turn):
    """A scheduler of torch, stepped over the horizon and read at every step."""
    import torch  # a rival

    curve, buffer = csched.cosine(0.1, N)["lr"], np.ones(N)

    def stepped():
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, N)
        optimizer.step()  # it warns without
        for t in range(N):
            buffer[t] = optimizer.param_groups[0]["lr"]
            scheduler.step()
        return buffer

    agree(curve.values()[: N // 2], stepped()[: N // 2], 1e-8)  # its recurrence drifts
    group = "cosine, 1e6 steps, float64, against stepping"
    calls = {"csched": lambda: curve.values(out=buffer), "torch CosineAnnealingLR": stepped}
    timed_in_turn(group, calls, "csched", rounds=3)


@pytest.mark.parametrize("schedule", EXPRESSIONS)
@pytest.mark.parametrize("who", ["fill", "csched", *RIVALS])
def test_against_expressions(timed, schedule, who):
    make, formula = EXPRESSIONS[schedule]
    curve, buffer = make(), np.ones(N)
    rounds = 1 if who == "loop" else 15
    if who in RIVALS:
        call = RIVALS[who](formula)
        # (1 + cos)/2 loses its digits near 0: compare where it has them
        values = call()
        agree(curve.values()[: N * 9 // 10], values[: N * 9 // 10], 1e-12)
    elif who == "csched":
        call = lambda: curve.values(out=buffer)  # noqa: E731
    else:
        call = lambda: buffer.fill(1.0)  # noqa: E731
    group = f"{schedule}, 1e6 steps, float64, against expressions"
    timed(group, who, call, limit=who == "fill", rounds=rounds)
