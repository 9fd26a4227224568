"""One update of SGD with momentum 0.9, or of Adam, on one float32 array.

Every way is first run for three updates on 1000 elements and must end at the same weights. Torch
and the rest have one thread, and a gradient and state that exist already. "copy" moves as many
bytes as SGD has to (20 an element: w, g, v read, w, v written) and does nothing else.
"""

import csched.numpy
import numba
import numpy as np
import pytest
import torch

import csched

torch.set_num_threads(1)
LR, MU = 0.125, 0.9
SIZES = [10**3, 10**6, 10**7]


def ours(threads, rule=csched.numpy.SGD, **options):
    def make(w, g):
        lr = csched.curve("constant", LR, steps=10**6)
        optimizer = rule([w], lr, threads=threads, **options)
        return lambda: optimizer.step([g])

    return make


def by_torch(rule, **options):
    def make(w, g):
        p = torch.from_numpy(w).requires_grad_()
        p.grad = torch.from_numpy(g)
        return rule([p], lr=LR, **options).step

    return make


def usual(w, g):
    v = np.zeros_like(w)

    def step():
        nonlocal v, w
        v *= MU
        v += g
        w -= LR * v

    return step


def in_place(w, g):
    v, scratch = np.zeros_like(w), np.empty_like(w)

    def step():
        np.multiply(v, MU, out=v)
        np.add(v, g, out=v)
        np.multiply(v, LR, out=scratch)
        np.subtract(w, scratch, out=w)

    return step


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


def arrays(n):
    rng = np.random.default_rng(0)
    return rng.standard_normal(n, dtype=np.float32), rng.standard_normal(n, dtype=np.float32)


def check_agree(ways):
    ends = {}
    for name, make in ways.items():
        w, g = arrays(1000)
        step = make(w, g)
        for _ in range(3):
            step()
        ends[name] = w
    for name, w in ends.items():
        np.testing.assert_allclose(w, ends["csched"], rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.fixture(scope="module", autouse=True)
def agreement():
    check_agree(SGD)
    check_agree(ADAM)


def timed(benchmark, step, n):
    rounds = 15 if n >= 10**6 else 200
    benchmark.pedantic(step, rounds=rounds, warmup_rounds=2, iterations=max(1, 10**5 // n))


@pytest.mark.parametrize("name", SGD)
@pytest.mark.parametrize("n", SIZES)
def test_sgd(benchmark, n, name):
    benchmark.group = f"SGD, {n:.0e} float32"
    timed(benchmark, SGD[name](*arrays(n)), n)


@pytest.mark.parametrize("n", SIZES)
def test_copy_of_the_same_bytes(benchmark, n):
    benchmark.group = f"SGD, {n:.0e} float32"
    source = np.ones(n * 5 // 2, np.float32)
    target = np.zeros_like(source)
    timed(benchmark, lambda: np.copyto(target, source), n)


@pytest.mark.parametrize("name", ADAM)
@pytest.mark.parametrize("n", SIZES)
def test_adam(benchmark, n, name):
    benchmark.group = f"Adam, {n:.0e} float32"
    timed(benchmark, ADAM[name](*arrays(n)), n)
