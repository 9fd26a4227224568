"""Laws 1, 2, 4 and 5: a value depends on curve and step alone, however it is asked for."""

import functools
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cases import CURVES
from hypothesis import given
from hypothesis import strategies as st
from strategies import curves
from test_profiles import CALLS, IDS

import csched
from csched import _core

every_curve = pytest.mark.parametrize("c", CURVES.values(), ids=CURVES)


def stretch_of(c):
    """First and last step of a range worth looking at: the whole and beyond, or around the end."""
    past = 0 if c.kind == "strict" else 50
    return (0, c.steps + past) if c.steps < 10**6 else (c.steps // 11 - 700, c.steps // 11 + 700)


# --- law 1: any way of asking gives the same bits ------------------------------------------------


@every_curve
def test_scalar_range_and_gather_agree_bitwise(c):
    first, stop = stretch_of(c)
    whole = c.values(first, stop)
    assert whole.tobytes() == np.array([c(t) for t in range(first, stop)]).tobytes()
    assert whole.tobytes() == c(np.arange(first, stop)).tobytes()
    assert whole.tobytes() == c(list(range(first, stop))).tobytes()


@every_curve
def test_any_chunking_gives_the_same_bits(c):
    first, stop = stretch_of(c)
    whole = c.values(first, stop)
    for size in (1, 2, 3, 5, 16, 17, 64, 255, 512, 513):
        parts = [c.values(t, min(t + size, stop)) for t in range(first, stop, size)]
        assert np.concatenate(parts).tobytes() == whole.tobytes(), size
        assert np.concatenate(list(c.chunks(size, first, stop))).tobytes() == whole.tobytes()


@pytest.mark.parametrize(
    ("dtype", "profile", "arguments"),
    [
        (np.float64, "elliptic", {}),
        (np.float64, "one_minus_sqrt", {}),
        (np.float64, "tanh", {}),
        (np.float32, "polynomial", {"power": 0.9}),
        (np.float64, "cosine", {"sampling": csched.every(4)}),
        (np.float64, "cosine", {"sampling": csched.every(10)}),
        (np.float64, "cosine", {"sampling": csched.every(15)}),
    ],
)
def test_runs_past_the_caches_give_the_same_bits_wherever_they_begin(dtype, profile, arguments):
    # more than 64 MiB, stored in whole lines; every(4) ends with one sample, half a line
    steps = 1100 * 2**16 // np.dtype(dtype).itemsize + 7
    c = csched.curve(profile, 0.1, 0.001, 3 * steps, **arguments)
    parts = np.concatenate([a.astype(dtype) for a in c.chunks(1 << 20, 17, 17 + steps)])
    memory = np.empty(parts.nbytes + 64, np.uint8)
    for offset in (0, 8, 40):
        memory[:] = 0xAA
        out = memory[offset : offset + parts.nbytes].view(dtype)
        c.values(17, 17 + steps, out=out)
        assert np.array_equal(out, parts), offset
        assert (memory[:offset] == 0xAA).all()
        assert (memory[offset + parts.nbytes :] == 0xAA).all()


@every_curve
def test_any_order_gives_the_same_bits(c):
    first, stop = stretch_of(c)
    whole = c.values(first, stop)
    order = np.random.default_rng(0).permutation(stop - first)
    assert [c(first + int(t)) for t in order] == whole[order].tolist()
    assert c(first + order).tobytes() == whole[order].tobytes()
    assert c(np.arange(first, stop)[::-1]).tobytes() == whole[::-1].tobytes()


@every_curve
def test_threads_give_the_same_bits(c):
    first, stop = stretch_of(c)
    whole = c.values(first, stop).tobytes()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: c.values(first, stop).tobytes(), range(8)))
    assert set(results) == {whole}


def test_many_threads_share_one_large_curve():
    c = csched.curve("cosine", 1.0, 0.0, 10**6).repeat(3)
    wanted = c.values()
    bounds = np.linspace(0, 3 * 10**6, 9).astype(int).tolist()
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(c.values, bounds[:-1], bounds[1:]))
    assert np.concatenate(parts).tobytes() == wanted.tobytes()


def test_the_last_steps_of_a_run_past_the_caches_are_the_same_bits_too():
    """There the distance that a phase counts falls as steps rise."""
    steps = 1100 * 2**15 // 8 + 3
    c = csched.curve("elliptic", 0.1, 0.001, 100 * steps)
    first = c.steps - steps
    parts = np.concatenate(list(c.chunks(1 << 20, first, c.steps)))
    memory = np.full(parts.nbytes + 128, 0xAA, np.uint8)
    out = memory[24 : 24 + parts.nbytes].view(np.float64)
    assert np.array_equal(c.values(first, out=out), parts)
    assert (memory[:24] == 0xAA).all()
    assert (memory[24 + parts.nbytes :] == 0xAA).all()


SEAMS = (0, 128, 256, 512, 1024, 2048, 4096, 16384, 65536)
"""Samples from either end at which blocks may change their size or their degree."""


@pytest.mark.parametrize("n", [700, 9000, 100_003, 10**7 + 1, 10**13])
@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=IDS)
def test_blocks_and_seams_of_long_phases_give_the_same_bits(name, arguments, n):
    """There, and where one half hands over to the other, in ranges of any size and one by one."""
    c = csched.curve(name, 0.7, 0.2, n, **arguments)
    places = [*SEAMS, *(n - x for x in SEAMS), *(n * k // 10 for k in range(1, 10))]
    for place in sorted({p for p in places if 0 <= p <= n}):
        first = max(0, place - 20)
        window = c.values(first, first + 41)
        assert window.tobytes() == np.array([c(first + i) for i in range(41)]).tobytes()
        assert window.tobytes() == c.values(max(0, first - 1111), first + 41)[-41:].tobytes()
        for a, b in ((0, 1), (7, 8), (3, 36), (19, 41)):
            assert window[a:b].tobytes() == c.values(first + a, first + b).tobytes()


PIECES = (512, 544, 1024, 1024 * 27 // 16, 2**16 * 21 // 16, 2**20 * 31 // 16)
"""Samples from either end at which a piece ends and the next one begins, see pieces.h."""


def edges_of(n):
    return sorted(p for x in PIECES for p in (x, n - x) if 60 <= p <= n - 60)


@pytest.mark.parametrize("n", [1100, 100_003, 10**13])
@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=IDS)
def test_ranges_that_begin_or_end_anywhere_around_a_piece_give_the_same_bits(name, arguments, n):
    c = csched.curve(name, 0.7, 0.2, n, **arguments)
    for edge in edges_of(n):
        whole = np.array([c(edge + i) for i in range(-60, 60)])
        for i in range(-10, 11):
            assert c.values(edge - 60, edge + i).tobytes() == whole[: 60 + i].tobytes(), edge
            assert c.values(edge + i, edge + 60).tobytes() == whole[60 + i :].tobytes(), edge
        narrow = c.values(edge - 60, edge + 60, dtype=np.float32)
        assert narrow.tobytes() == whole.astype(np.float32).tobytes()


@pytest.mark.parametrize("n", [400, 1100, 100_003, 10**13])
@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=IDS)
def test_what_a_program_keeps_has_the_bits_of_what_it_computes_again(name, arguments, n):
    """Cycles with levels are prepared at every call and keep nothing; the first is the curve."""
    kept = csched.curve(name, 0.7, 0.2, n, **arguments)
    afresh = kept.repeat(2, peak_mult=0.5)
    steps = np.concatenate([np.arange(e - 9, e + 9) for e in [10, *edges_of(n), n // 2, n - 9]])
    assert afresh(steps).tobytes() == kept(steps).tobytes()
    for first in (0, n // 3, n - min(n, 3000)):
        stop = min(n, first + 3000)
        assert afresh.values(first, stop).tobytes() == kept.values(first, stop).tobytes()


@given(curves(), st.integers(0, 80), st.integers(0, 40))
def test_a_sub_range_is_the_slice_of_the_whole_for_any_curve(c, first, size):
    whole = c.values(0, 130)
    assert c.values(first, first + size).tobytes() == whole[first : first + size].tobytes()
    assert whole.tobytes() == np.array([c(t) for t in range(130)]).tobytes()


@given(curves())
def test_no_curve_raises_or_leaves_the_floats_up_to_step_2_to_the_53(c):
    """Promise 8 and law 7; the steps past the end are held or repeated."""
    steps = [0, 1, c.steps, 10 * c.steps, 2**31, 2**32 + 1, 2**53 - 1, 2**53]
    assert np.isfinite(c(np.array(steps))).all()
    assert np.isfinite(c.values(0, 3 * c.steps + 10)).all()


# --- law 5: every CPU variant gives the same bits ------------------------------------------------


@pytest.fixture
def restored_variant():
    used = _core.variant()
    yield
    _core.use_variant(used)


@every_curve
def test_every_cpu_variant_gives_the_same_bits(c, restored_variant):
    first, stop = stretch_of(c)
    double, single = set(), set()
    for name in _core.variants():
        _core.use_variant(name)
        assert _core.variant() == name
        double.add(c.values(first, stop).tobytes())
        single.add(c.values(first, stop, dtype=np.float32).tobytes())
    assert len(double) == len(single) == 1


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=IDS)
@pytest.mark.parametrize("n", [5, 1000, 100_003, 10**13])
def test_every_cpu_variant_gives_the_same_bits_on_any_horizon(name, arguments, n, restored_variant):
    c, bits = csched.curve(name, 0.7, 0.2, n, **arguments), set()
    windows = [(max(0, n // k - 800), n // k + 801) for k in (1, 2, 3)]
    for variant in _core.variants():
        _core.use_variant(variant)
        bits.add(b"".join(c.values(a, b).tobytes() for a, b in windows))
    assert len(bits) == 1


# --- law 2: integer time -------------------------------------------------------------------------


@pytest.mark.parametrize("t_mult", [2, 3, 5])
def test_every_restart_of_sgdr_gives_the_peak_exactly(t_mult):
    """Promise 17: the step of restart i is t_0 (t_mult^i - 1) / (t_mult - 1), in integers."""
    for t_0 in (1, 7, 10, 1000):
        c = csched.curve("cosine", 0.05, 0.001, t_0).repeat(None, length_mult=t_mult)
        i, t = 0, 0
        while t < 2**40:
            assert c(t) == 0.05, (t_0, i)
            assert i == 0 or c(t - 1) < 0.05 or t_0 == i == 1
            i += 1
            t = t_0 * (t_mult**i - 1) // (t_mult - 1)


def test_boundaries_are_exact_up_to_2_to_the_53():
    n = 2**53 - 2
    c = csched.curve("linear", 1.0, 0.5, n).then(csched.curve("constant", 0.25, steps=2))
    assert (c(0), c(n - 1) > 0.5 - 1e-9, c(n), c(n + 1), c(2**53)) == (1.0, True, 0.25, 0.25, 0.25)
    assert c.values(n - 1, n + 3).tolist() == [c(n - 1), 0.25, 0.25, 0.25]
    cut = csched.curve("linear", 1.0, 0.0, 2**31 + 1).repeat(2)
    assert cut(2**31) > 0.0
    assert cut(2**31 + 1) == 1.0


@pytest.mark.parametrize("stop", [2**31, 2**32 + 5, 2**53 + 1])
def test_ranges_reach_2_to_the_53(stop):
    c = csched.curve("cosine", 1.0, 0.0, stop - 20 if stop < 2**53 else stop - 1)
    assert c.values(stop - 40, stop).tolist() == [c(t) for t in range(stop - 40, stop)]


# --- one million cycles --------------------------------------------------------------------------

MILLION = {
    "clr": lambda: csched.curve("linear", 0.1, 1, 2000).then(csched.curve("linear", 1, 0.1, 2000)),
    "sgdr": lambda: csched.curve("cosine", 0.1, 0.001, 5000),
}


@pytest.mark.parametrize(
    "mults", [{}, {"peak_mult": 1 - 1e-6}, {"amplitude_mult": 1 - 1e-6}], ids=str
)
@pytest.mark.parametrize("name", MILLION)
def test_a_million_cycles_compile_to_a_few_nodes(name, mults):
    c = MILLION[name]().repeat(10**6, **mults)
    started = time.perf_counter()
    size = sys.getsizeof(c.program)
    assert time.perf_counter() - started < 1.0
    assert size < 5000
    cycle, t = c.steps // 10**6, 123_456
    assert c(t * cycle) == pytest.approx(
        level(MILLION[name]()(0), name, t, mults), rel=1e-13, abs=0
    )


def level(start, name, i, mults):
    """Where a cycle starts: CLR at its floor, SGDR at its peak."""
    if name == "clr" or not mults:
        return start
    if "peak_mult" in mults:
        return start * mults["peak_mult"] ** i
    return 0.001 + (start - 0.001) * mults["amplitude_mult"] ** i


def test_the_size_of_a_program_does_not_depend_on_the_horizon():
    small, large = (csched.sgdr(0.1, t_0=n, cycles=20)["lr"] for n in (10, 10**12))
    assert sys.getsizeof(small.program) == sys.getsizeof(large.program)


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=IDS)
def test_a_phase_keeps_less_than_256_kib_on_any_horizon(name, arguments):
    c = csched.curve(name, 0.1, 0.001, 10**13, **arguments)
    assert sys.getsizeof(c.program) < 256 * 1024


@pytest.mark.parametrize("n", [10**4, 10**9, 10**13, 2**52])
@pytest.mark.parametrize("arguments", [{"power": 100.0}, {"k_decay": 9.0}, {"k_decay": 1e-3}])
def test_steep_phases_keep_single_values_and_no_more_than_512_kib(arguments, n):
    c = csched.curve("cosine", 0.1, 0.001, n, **arguments)
    assert sys.getsizeof(c.program) < 512 * 1024
    steps = np.concatenate([np.arange(k, k + 40) for k in (0, 600, n // 2, n - 5000, n - 40)])
    assert c.repeat(2, peak_mult=0.5)(steps).tobytes() == c(steps).tobytes()


def test_phases_keep_1_mib_together_and_those_beyond_it_give_the_same_bits():
    n = 10**9
    parts = [csched.curve("cosine", 0.1 + i, 0.001, n, power=2.5) for i in range(40)]
    cheap = [csched.curve("linear", 0.1 + i, 0.001, n) for i in range(40)]
    c, plain = (functools.reduce(csched.Curve.then, curves) for curves in (parts, cheap))
    kept = sys.getsizeof(c.program) - sys.getsizeof(plain.program)
    assert 2**19 < kept <= 2**20
    for i in (0, 1, 20, 38, 39):  # the last ones keep nothing
        assert c.values(i * n, i * n + 900).tobytes() == parts[i].values(0, 900).tobytes()


# --- buffers -------------------------------------------------------------------------------------


@every_curve
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_out_of_any_stride_gets_the_same_values(c, dtype):
    first, stop = stretch_of(c)
    n = stop - first
    wanted = c.values(first, stop).astype(dtype)
    assert c.values(first, stop, dtype=dtype).tobytes() == wanted.tobytes()
    for stride in (1, 2, 3, -1, -2):
        room = np.full(abs(stride) * n + 3, 7.0, dtype)
        out = (
            room[: abs(stride) * n : stride] if stride > 0 else room[abs(stride) * n - 1 :: stride]
        )
        out = out[:n]
        assert c.values(first, out=out) is out
        assert out.tobytes() == wanted.tobytes()
        assert (room == 7.0).sum() >= room.size - n  # nothing but `out` is written


def test_out_may_be_a_column_or_a_record_field():
    c = CURVES["sequence"]
    table = np.zeros((c.steps, 4), np.float32)
    c.values(out=table[:, 2])
    assert table[:, 2].tobytes() == c.values(dtype=np.float32).tobytes()
    assert not table[:, [0, 1, 3]].any()


def test_stop_defaults_to_the_end_or_to_the_room():
    c = csched.curve("linear", 1.0, 0.0, 4)
    assert c.values(1).tolist() == [0.75, 0.5, 0.25]
    assert c.values(1, out=np.empty(6)).tolist() == [0.75, 0.5, 0.25, 0, 0, 0]
    assert c.values(2, 2).size == c.values(4).size == c.values(2, out=np.empty(0)).size == 0


def test_values_are_of_the_caller_and_never_shared():
    c = csched.curve("linear", 1.0, 0.0, 4)
    c.values()[:] = 9.0
    assert c.values().tolist() == [1.0, 0.75, 0.5, 0.25]


def test_gather_keeps_shape_and_takes_every_integer_type():
    c = csched.curve("cosine", 1.0, 0.0, 100)
    wanted = c.values()[[3, 1, 2, 99]]
    for dtype in "bBhHiIlLqQ":
        assert c(np.array([3, 1, 2, 99], dtype)).tobytes() == wanted.tobytes()
    assert c(np.array([[3, 1], [2, 99]])).tolist() == wanted.reshape(2, 2).tolist()
    assert c(np.array(3)).shape == ()
    assert c(np.arange(100)[::-7]).tobytes() == c.values()[::-7].tobytes()
    assert c([]).shape == (0,)
    assert c(np.int64(3)) == c(3)
    assert type(c(np.int64(3))) is type(c(3)) is float


@every_curve
def test_evaluation_warns_of_nothing(c):
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        c(0)
        c.values(*stretch_of(c), dtype=np.float32)


# --- stacks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_stack_gives_what_its_curves_give(dtype):
    stacked = [c for c in CURVES.values() if c.kind != "strict" and c.steps < 10**6]
    together = csched.stack(stacked)
    assert (len(together), together.steps) == (len(stacked), max(c.steps for c in stacked))
    made = together.values(3, 400, dtype=dtype)
    for row, c in zip(made, stacked, strict=True):
        assert row.tobytes() == c.values(3, 400, dtype=dtype).tobytes()
    out = np.zeros((397, len(stacked)), dtype).T[:, ::-1]
    assert together.values(3, out=out) is out
    assert out.tobytes() == made.tobytes()


def test_an_empty_stack_has_no_rows():
    assert csched.stack([]).values().shape == (0, 0)
    assert csched.stack([CURVES["at"]]).values(5, 5).shape == (1, 0)
