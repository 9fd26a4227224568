"""Units: what a clock makes of epochs, tokens, samples and percent."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import csched

CLOCK = csched.Clock(steps_per_epoch=390, tokens_per_step=524288, samples_per_step=128)


@pytest.mark.parametrize(
    ("length", "steps"),
    [
        (CLOCK.steps(7), 7),
        (CLOCK.epochs(3), 1170),
        (CLOCK.epochs(0.5), 195),
        (CLOCK.tokens(2e9), 3815),
        (CLOCK.samples(50_000), 391),
        (CLOCK.tokens(0), 0),
        (csched.Clock(steps_per_epoch=0.1).epochs(30), 3),
        (csched.Clock(counts="tokens", tokens_per_step=100, steps_per_epoch=5).epochs(2), 1000),
        (csched.Clock(counts="tokens").tokens(10**13), 10**13),
        (csched.Clock(counts="samples", samples_per_step=32).steps(10), 320),
        (csched.Clock(counts="tokens", tokens_per_step=64, samples_per_step=2).samples(3), 96),
    ],
)
def test_lengths_come_out_in_whole_steps(length, steps):
    assert length == steps
    assert type(length) is int


def test_percent_is_a_fraction_of_the_whole():
    s = csched.linear(1.0, 200, warmup_steps=CLOCK.percent(7))
    assert s == csched.linear(1.0, 200, warmup_steps=14)


@given(
    amount=st.integers(1, 10**15),
    rate=st.integers(1, 10**7),
)
def test_tokens_are_divided_exactly(amount, rate):
    if Fraction(amount, rate) > Fraction(1, 2):
        clock = csched.Clock(tokens_per_step=rate)
        assert clock.tokens(amount) == round(Fraction(amount, rate))


BAD = [
    (lambda: csched.Clock().tokens(2e9), "tokens_per_step must be given to turn tokens into steps"),
    (lambda: csched.Clock(tokens_per_step=8).epochs(1), "steps_per_epoch must be given"),
    (lambda: csched.Clock(counts="tokens").steps(1), "tokens_per_step must be given"),
    (lambda: csched.Clock(counts="tokens", tokens_per_step=8).samples(1), "samples_per_step must"),
    (lambda: csched.Clock(tokens_per_step=0), r"Clock: tokens_per_step must be in \(0, "),
    (lambda: csched.Clock(steps_per_epoch=float("nan")), "Clock: steps_per_epoch must be"),
    (lambda: csched.Clock(counts="hours"), "Clock: counts must be one of 'steps'"),
    (lambda: csched.Clock().steps(-1), "Clock: steps must be in"),
    (lambda: csched.Clock(tokens_per_step=100).tokens(3), "tokens must be 0 or at least half"),
    (lambda: csched.Clock().percent(100), "Clock: percent must be in"),
    (lambda: csched.Clock(steps_per_epoch=2.0**50).epochs(2**40), "epochs in steps must be in"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[m for _, m in BAD])
def test_a_unit_without_a_rate_or_out_of_range_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def near(value):
    return pytest.approx(value, rel=4 * 2.0**-52, abs=0.0)  # each is within 2 ulp of the exact one


def make(clock):
    down = clock.tokens(2**29)
    return csched.wsd(
        1e-3, clock.tokens(2**31), warmup_steps=clock.tokens(2**27), cooldown_steps=down
    )["lr"]


def test_a_recipe_in_tokens_gives_the_same_values_at_the_same_tokens_for_every_batch():
    small, large = (make(csched.Clock(tokens_per_step=2**n)) for n in (16, 19))
    assert small.steps == 8 * large.steps
    assert all(small(8 * t) == near(large(t)) for t in range(0, large.steps, 7))


def test_a_schedule_that_counts_tokens_survives_a_change_of_batch_size_mid_run():
    curve = make(csched.Clock(counts="tokens"))
    per_step = make(csched.Clock(tokens_per_step=2**16))
    seen, batch = 0, 2**16
    for update in range(2000):
        if update == 1000:
            batch *= 8
        assert curve(seen) == near(per_step(seen // 2**16))
        seen += batch
