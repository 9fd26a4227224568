"""csched.presets.lrsched against lrsched, run side by side."""

import lrsched as peer
import pytest
from beside import DRAWS, PAST, agree, steps
from csched.presets import lrsched as presets
from hypothesis import given
from hypothesis import strategies as st

CLOSED = 1e-12
N = 40 + PAST


def compared(name, **kwargs):
    schedule = getattr(peer, name)(**kwargs)
    ours = steps(getattr(presets, name)(**kwargs)["lr"], N)
    agree(ours, [schedule(t) for t in range(N)], rtol=CLOSED, near_zero=1e-15)


CASES = {  # peers.md, 4.1
    "L01": (presets.cosine(base_lr=1.0, min_lr=0.1, total_steps=4), "1 0.8682 0.55 0.2318 0.1 0.1"),
    "L03": (
        presets.one_cycle(
            max_lr=1.0, total_steps=10, pct_start=0.3, initial_div=25.0, final_div=1e4
        ),
        "0.04 0.28 0.76 1 0.95049 0.81176 0.6113 0.3888 0.18834 0.049611 0.0001 0.0001",
    ),
    "L05": (
        presets.warmup_stable_decay(
            base_lr=1.0,
            warmup_steps=2,
            decay_steps=4,
            total_steps=8,
            final_lr=0.1,
            warmup_start=0.0,
            decay_shape="1-sqrt",
        ),
        "0 0.5 1 1 1 0.55 0.3636 0.22058 0.1 0.1",
    ),
    "L07": (
        presets.with_warmup(
            presets.cosine(base_lr=1.0, min_lr=0.1, total_steps=4), warmup_steps=2, start_lr=0.0
        ),
        "0 0.5 1 0.8682 0.55 0.2318 0.1 0.1",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    preset, text = CASES[case]
    written = [float(x) for x in text.split()]
    agree(preset["lr"].values(0, len(written)), written, rtol=6e-5)


values = st.floats(1e-3, 10.0)
lengths = st.integers(1, 40)
DRAWN = {
    "constant": {"lr": values},
    "step_decay": {"base_lr": values, "drop": st.floats(0.01, 1.0), "step_size": lengths},
    "multi_step": {
        "base_lr": values,
        "milestones": st.lists(lengths, max_size=5),
        "gamma": st.floats(0.1, 1.5),
    },
    "exponential": {"base_lr": values, "gamma": st.floats(0.1, 1.5)},
    "exponential_decay": {
        "base_lr": values,
        "decay_rate": st.floats(0.01, 0.99),
        "decay_steps": lengths,
    },
    "linear": {"base_lr": values, "end_lr": values, "total_steps": lengths},
    "polynomial": {
        "base_lr": values,
        "end_lr": values,
        "total_steps": lengths,
        "power": st.just(0.0) | st.floats(0.2, 4.0),
    },
    "polynomial_decay": {
        "start_lr": values,
        "end_lr": values,
        "total_steps": lengths,
        "power": st.floats(0.2, 4.0),
    },
    "cosine": {"base_lr": values, "min_lr": values, "total_steps": lengths},
    "cosine_restarts": {
        "base_lr": values,
        "min_lr": values,
        "period": lengths,
        "t_mult": st.integers(1, 4),
    },
    "inverse_sqrt": {"base_lr": values, "warmup_steps": lengths},
    "one_cycle": {
        "max_lr": values,
        "total_steps": st.integers(2, 40),
        "pct_start": st.floats(0.01, 0.99),
        "initial_div": st.floats(1.0, 50.0),
        "final_div": st.floats(1.0, 1e5),
    },
    "triangular": {"min_lr": values, "max_lr": values, "step_size": lengths},
    "triangular2": {"min_lr": values, "max_lr": values, "step_size": lengths},
    "exp_range": {
        "min_lr": values,
        "max_lr": values,
        "step_size": lengths,
        "gamma": st.floats(0.5, 1.0),
    },
}


@pytest.mark.parametrize("name", DRAWN)
def test_random_arguments(name):
    @DRAWS
    @given(st.fixed_dictionaries(DRAWN[name]))
    def run(kwargs):
        compared(name, **kwargs)

    run()


@DRAWS
@given(
    values,
    st.integers(0, 15),
    st.integers(0, 15),
    st.integers(1, 10),
    st.sampled_from(["linear", "1-sqrt"]),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_warmup_stable_decay(base, up, down, rest, shape, last, first):
    compared(
        "warmup_stable_decay",
        base_lr=base,
        warmup_steps=up,
        decay_steps=down,
        total_steps=up + down + rest,
        final_lr=last,
        warmup_start=first,
        decay_shape=shape,
    )


@DRAWS
@given(values, values, lengths, lengths, st.floats(0.0, 1.0))
def test_composition(a, b, n, m, start):
    def made(module):
        inner = module.cosine(base_lr=a, min_lr=b, total_steps=n)
        warm = module.with_warmup(inner, warmup_steps=m, start_lr=start)
        return module.sequential([(m, warm), (n, module.constant(lr=b)), (m, inner)])

    theirs = made(peer)
    ours = steps(made(presets)["lr"], N + 80)
    agree(ours, [theirs(t) for t in range(N + 80)], rtol=CLOSED, near_zero=1e-14)
