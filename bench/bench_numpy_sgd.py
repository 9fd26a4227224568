"""One update of SGD with momentum 0.9, or of Adam, on one float32 array or a list of small ones.

Every way is first run for three updates on 3 arrays of 1000 elements and must end at the same
weights. Torch and the rest have one thread, and gradients and state that exist already. All take
turns. "copy" moves as many bytes as the update has to and does nothing else: 20 an element for SGD
(w, g, v read, w, v written), 28 for Adam.
"""

import csched.numpy
import numba
import numpy as np
import pytest
import torch

import csched

torch.set_num_threads(1)
LR, MU = 0.125, 0.9
SIZES = [(1, 10**3), (1, 10**4), (1, 10**6), (1, 10**7), (100, 10**3)]  # arrays, elements of each


def ours(threads, rule=csched.numpy.SGD, **options):
    def make(ws, gs):
        lr = csched.curve("constant", LR, steps=10**6)
        optimizer = rule(ws, lr, threads=threads, **options)
        return lambda: optimizer.step(gs)

    return make


def by_torch(rule, **options):
    def make(ws, gs):
        parameters = [torch.from_numpy(w).requires_grad_() for w in ws]
        for p, g in zip(parameters, gs, strict=True):
            p.grad = torch.from_numpy(g)
        return rule(parameters, lr=LR, **options).step

    return make


def array_by_array(make_one):
    def make(ws, gs):
        steps = [make_one(w, g) for w, g in zip(ws, gs, strict=True)]

        def step():
            for one in steps:
                one()

        return steps[0] if len(steps) == 1 else step

    return make


@array_by_array
def usual(w, g):
    v = np.zeros_like(w)

    def step():
        nonlocal v, w
        v *= MU
        v += g
        w -= LR * v

    return step


@array_by_array
def in_place(w, g):
    v, scratch = np.zeros_like(w), np.empty_like(w)

    def step():
        np.multiply(v, MU, out=v)
        np.add(v, g, out=v)
        np.multiply(v, LR, out=scratch)
        np.subtract(w, scratch, out=w)

    return step


@array_by_array
def in_cache_blocks(w, g, size=2**16):
    v, scratch = np.zeros_like(w), np.empty(size, w.dtype)
    blocks = [(w[i : i + size], g[i : i + size], v[i : i + size]) for i in range(0, len(w), size)]

    def step():
        for a, b, c in blocks:
            np.multiply(c, MU, out=c)
            np.add(c, b, out=c)
            part = scratch[: len(a)]
            np.multiply(c, LR, out=part)
            np.subtract(a, part, out=a)

    return step


@numba.njit(fastmath={"contract"})
def _numba_pass(w, g, v, mu, lr):
    for i in range(len(w)):
        v[i] = mu * v[i] + g[i]
        w[i] -= lr * v[i]


@array_by_array
def by_numba(w, g):
    v, mu, lr = np.zeros_like(w), w.dtype.type(MU), w.dtype.type(LR)
    return lambda: _numba_pass(w, g, v, mu, lr)


SGD = {
    "csched": ours(1, momentum=MU),
    "csched, 2 threads": ours(2, momentum=MU),
    "csched, clipped": ours(1, momentum=MU, max_norm=1e30),
    "torch fused": by_torch(torch.optim.SGD, momentum=MU, fused=True),
    "torch foreach": by_torch(torch.optim.SGD, momentum=MU, foreach=True),
    "torch loop": by_torch(torch.optim.SGD, momentum=MU, foreach=False),
    "numpy usual": usual,
    "numpy in place": in_place,
    "numpy in cache blocks": in_cache_blocks,
    "numba": by_numba,
}
ADAM = {
    "csched": ours(1, csched.numpy.Adam),
    "csched, 2 threads": ours(2, csched.numpy.Adam),
    "torch fused": by_torch(torch.optim.Adam, fused=True),
    "torch foreach": by_torch(torch.optim.Adam, foreach=True),
    "torch loop": by_torch(torch.optim.Adam, foreach=False),
}


def arrays(count, n):
    rng = np.random.default_rng(0)
    return [[rng.standard_normal(n, dtype=np.float32) for _ in range(count)] for _ in range(2)]


def check_agree(ways):
    ends = {}
    for name, make in ways.items():
        ws, gs = arrays(3, 1000)
        step = make(ws, gs)
        for _ in range(3):
            step()
        ends[name] = ws
    for name, ws in ends.items():
        np.testing.assert_allclose(ws, ends["csched"], rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.fixture(scope="module", autouse=True)
def agreement():
    check_agree(SGD)
    check_agree(ADAM)


def title(rule, count, n):
    return f"{rule}, {f'{count} arrays of ' if count > 1 else ''}{n:.0e} float32"


def copying(count, n, words):
    """A copy of as many bytes as an update moves: `words` an element, read or written."""
    source = [np.ones(n * words // 2, np.float32) for _ in range(count)]
    target = [np.zeros_like(a) for a in source]

    def copy():
        for a, b in zip(source, target, strict=True):
            np.copyto(b, a)

    return copy


def repeated(call, times):
    def run():
        for _ in range(times):
            call()

    return run


@pytest.mark.parametrize(("count", "n"), SIZES)
@pytest.mark.parametrize(("rule", "ways", "words"), [("SGD", SGD, 5), ("Adam", ADAM, 7)])
def test_update(timed_in_turn, rule, ways, words, count, n):
    steps = {name: make(*arrays(count, n)) for name, make in ways.items()}
    steps["copy"] = copying(count, n, words)
    times = max(1, 10**5 // (count * n))
    calls = {name: repeated(step, times) for name, step in steps.items()}
    rounds = 25 if count * n >= 10**6 else 100
    timed_in_turn(title(rule, count, n), calls, "copy", rounds=rounds, times=times)
