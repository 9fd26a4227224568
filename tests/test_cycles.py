"""Cycles: where a curve restarts, asked one by one and all at once."""

import numpy as np
import pytest
from cases import CURVES
from hypothesis import given
from strategies import curves

import csched
from csched import curve


def comes_down(c):
    """Whether any phase in it falls."""
    if c.kind == "phase":
        return c.profile != "constant" and c.start > c.end
    return any(comes_down(child) for child in c._children())


def sets_out(c):
    """The value it begins from, a phase that begins between steps at its own start."""
    return c.start if c.kind == "phase" and c.offset < 1 else c(0)


def restarts(c, stop):
    """Steps in 1, ..., stop - 1 at which a cycle begins, found by looking at every one."""
    if c.kind == "repeat":
        if c.of.kind == "phase" and c.of.start == c.of.end:
            return set()  # a constant does not begin again
        lengths = c.lengths() if c.length_mult != 1 else None
        found, begin, i = set(), 0, 0
        while begin < stop:
            last = c.n is not None and i == c.n - 1
            length = lengths[i] if lengths else c.of.steps
            inner = restarts(
                c.of.stretch(length), stop - begin if last else min(length, stop - begin)
            )
            found |= {begin + r for r in inner} | {begin}
            if last:
                break
            begin, i = begin + length, i + 1
        return found - {0}
    if c.kind == "sequence":
        found, begin, down = set(), 0, False
        for i, part in enumerate(c.parts):
            last = i == len(c.parts) - 1
            end = stop if last else min(stop, begin + part.steps)
            found |= {begin + r for r in restarts(part, max(0, end - begin))}
            if down and begin < stop and sets_out(part) > c.parts[i - 1](c.parts[i - 1].steps):
                found.add(begin)
                down = False
            down = down or comes_down(part)
            begin += part.steps
        return found
    if c.kind == "window":
        end = stop + c.start if c.stop is None else min(c.stop, stop + c.start)
        return {r - c.start for r in restarts(c.of, end) if r > c.start}
    return {r for child in c._children() for r in restarts(child, stop)}


def check_cycles(c):
    begins = sorted(restarts(c, c.steps))
    ends = [b - 1 for b in begins] + ([c.steps - 1] if c.steps else [])
    assert list(c.cycle_ends) == ends
    later = sorted(restarts(c, 2 * c.steps + 40))
    known = sorted({b - 1 for b in later} | ({c.steps - 1} if c.steps else set()))
    for t in range(c.steps + 20):
        wanted = next((e for e in known if e >= t), None)
        assert c.next_cycle_end(t) == wanted, t
        assert c.is_cycle_end(t) == (wanted == t)


@pytest.mark.parametrize("name", [n for n, c in CURVES.items() if c.steps < 10**6])
def test_cycle_ends_are_what_looking_at_every_step_finds(name):
    check_cycles(CURVES[name])


@given(curves())
def test_cycle_ends_of_any_curve_are_what_looking_at_every_step_finds(c):
    check_cycles(c)


def test_cycle_ends_of_falling_cycles_are_where_the_value_jumps_up():
    c = curve("cosine", 1.0, 0.1, 7).repeat(4, length_mult=2).then(curve("rex", 0.5, 0.0, 9))
    values = c.values()
    jumps = np.flatnonzero(np.diff(values) > 0).tolist()
    assert c.cycle_ends == (*jumps, c.steps - 1) == (6, 20, 48, 104, 113)
    legs = curve("linear", 0.0, 1.0, 3).then(curve("linear", 1.0, 0.0, 3))
    assert legs.repeat(3).cycle_ends == (5, 11, 17)


def test_cycle_questions_are_answered_at_once_on_a_million_cycles():
    c = curve("cosine", 1.0, 0.0, 10).repeat(10**6)
    assert c.next_cycle_end(5_000_003) == 5_000_009
    assert (c.is_cycle_end(9), c.is_cycle_end(10), c.is_cycle_end(10**7 - 1)) == (True, False, True)
    assert c.next_cycle_end(10**7) is None
    assert c.repeat().next_cycle_end(10**9) == 10**9 + 9


SHAPES = {
    "warm restarts": (csched.sgdr(1.0, t_0=10, t_mult=2, cycles=3), (9, 29, 69)),
    "warm restarts cut": (csched.sgdr(1.0, 25, t_0=10), (9, 19, 24)),
    "fitted": (csched.sgdr(1.0, 100, t_mult=2, cycles=3), (13, 42, 99)),
    "snapshots": (csched.snapshot(0.1, 10, cycles=4), (2, 5, 8, 9)),
    "triangles": (csched.triangular(1.0, floor=0.1, up_steps=3, cycles=3), (5, 11, 17)),
    "hard restarts between steps": (csched.cosine_restarts(1.0, 10, cycles=3), (3, 6, 9)),
    "soft restarts come back by themselves": (csched.multi_lobe(1.0, 10), (9,)),
    "wsd-s": (csched.wsd_s(1.0, 40, boundaries=[10, 0.5]), (9, 19, 39)),
    "stretched polynomial": (csched.polynomial_cycles(1.0, 9, decay_steps=4), (4, 8)),
    "jagged": (csched.jagged(1.0, 100, interval=30, ramp_steps=5), (29, 59, 89, 99)),
    "one cycle": (csched.one_cycle(1.0, 20), (19,)),
    "a warm-up that jumps": (
        csched.cosine(1.0, 20, warmup_steps=5, warmup=csched.Warmup("constant", 0.1)),
        (19,),
    ),
    "falling levels": (csched.step_decay(1.0, 90, interval=30), (89,)),
    "a batch size in levels": (
        csched.piecewise_constant([8, 16, 24], 9, boundaries=[3, 6]),
        (8,),
    ),
    "step sizes in an order": (csched.fractal(8, low=0.1, high=1.0, blocks=3), (7, 15, 23)),
    "held between cycles": (
        csched.Schedule(
            lr=curve("cosine", 1.0, 0.0, 10)
            .then(curve("constant", 0.0, steps=5))
            .then(curve("constant", 0.5, steps=5))
            .then(curve("constant", 1.0, steps=5))
        ),
        (14, 24),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_cycles_end_before_restarts_and_not_at_steps_up(name):
    schedule, ends = SHAPES[name]
    assert schedule.cycle_ends == ends


def test_cycle_ends_of_many_periods_take_one_walk():
    n = 5_000
    s = csched.wsd_s(1.0, 4 * n, boundaries=range(4, 4 * n, 4), cooldown_steps=1)
    assert s.cycle_ends == tuple(range(3, 4 * n, 4))


def test_cycle_ends_of_a_schedule_are_those_of_its_learning_rate():
    assert (
        csched.Schedule(lr=CURVES["repeat"], momentum=CURVES["at"]).cycle_ends
        == CURVES["repeat"].cycle_ends
    )
    assert csched.Schedule(momentum=CURVES["repeat"]).cycle_ends == CURVES["repeat"].cycle_ends
