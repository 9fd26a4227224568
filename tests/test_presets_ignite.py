"""csched.presets.ignite against ignite.handlers, run side by side."""

import warnings

import pytest
import torch
from beside import DRAWS, agree, steps
from csched.presets import ignite as presets
from hypothesis import given
from hypothesis import strategies as st

with warnings.catch_warnings():  # ignite decorates with torch.jit.script, which torch deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    from ignite.engine import Engine
    from ignite.handlers import param_scheduler as peer
    from ignite.handlers import state_param_scheduler as state_peer

CLOSED = 1e-12
N = 60


def optimizer(lr=1.0):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)


def used(scheduler, o, n=N):
    """An event before each update sets the value that the update uses."""
    rows = []
    for _ in range(n):
        scheduler(None)
        rows.append(o.param_groups[0]["lr"])
    return rows


def compared(name, *args, **kwargs):
    o = optimizer()
    theirs = used(getattr(peer, name)(o, "lr", *args, **kwargs), o)
    ours = steps(getattr(presets, name)("lr", *args, **kwargs)["lr"], N)
    agree(ours, theirs, rtol=CLOSED, near_zero=2e-15)


CASES = {  # peers.md, 4.1
    "I01": (
        presets.CosineAnnealingScheduler("lr", 1.0, 0.0, 4),
        "1 0.85355 0.5 0.14645 1 0.85355 0.5 0.14645 1",
    ),
    "I03": (
        presets.CosineAnnealingScheduler("lr", 1.0, 0.0, 4, warmup_duration=2),
        "1 0.85355 0.5 0.14645 0 0.5 1 0.85355 0.5 0.14645 0 0.5",
    ),
    "I05": (
        presets.LinearCyclicalScheduler("lr", 1.0, 0.0, 4, monotonic=True),
        "1 0.75 0.5 0.25 1 0.75 0.5 0.25 1",
    ),
    "I07": (
        presets.PiecewiseLinear("lr", [(2, 1.0), (4, 0.0), (4, 0.5), (6, 0.1)]),
        "1 1 1 0.5 0.5 0.3 0.1 0.1 0.1",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_documented_case_is_reproduced(case):
    preset, text = CASES[case]
    written = [float(x) for x in text.split()]
    agree(preset["lr"].values(0, len(written)), written, rtol=6e-5)


values = st.floats(1e-2, 10.0)
cyclic = st.fixed_dictionaries(
    {
        "cycle_mult": st.sampled_from([1.0, 1.5, 2.0]),
        "start_value_mult": st.sampled_from([1.0, 0.5, 0.9]),
        "end_value_mult": st.sampled_from([1.0, 0.8]),
    }
)


@DRAWS
@given(values, values, st.integers(2, 20), cyclic)
def test_linear_cyclical(a, b, n, cycle):
    compared("LinearCyclicalScheduler", a, b, n, **cycle)


@DRAWS
@given(values, values, st.integers(2, 20), cyclic, st.integers(0, 6))
def test_linear_cyclical_monotonic(a, b, n, cycle, warmup):
    kwargs = {**cycle, "warmup_duration": warmup, "monotonic": True}
    compared("LinearCyclicalScheduler", a, b, n, **kwargs)


@DRAWS
@given(values, values, st.integers(2, 20), cyclic, st.integers(0, 6))
def test_cosine(a, b, n, cycle, warmup):
    compared("CosineAnnealingScheduler", a, b, n, **cycle, warmup_duration=warmup)


points = st.lists(st.tuples(st.integers(0, 40), values), min_size=1, max_size=5).map(
    lambda rows: sorted(rows, key=lambda row: row[0])
)


@DRAWS
@given(points)
def test_piecewise_linear(rows):
    compared("PiecewiseLinear", rows)


@DRAWS
@given(points, values, values, st.integers(2, 12), st.integers(0, 20))
def test_concat(rows, a, b, n, duration):
    o = optimizer()
    theirs = peer.ConcatScheduler(
        [peer.PiecewiseLinear(o, "lr", rows), peer.CosineAnnealingScheduler(o, "lr", a, b, n)],
        [duration],
    )
    ours = presets.ConcatScheduler(
        [presets.PiecewiseLinear("lr", rows), presets.CosineAnnealingScheduler("lr", a, b, n)],
        [duration],
    )
    agree(steps(ours["lr"], N), used(theirs, o), rtol=CLOSED, near_zero=1e-14)


@DRAWS
@given(st.booleans(), values, values, st.integers(2, 12), st.floats(0.0, 1.0), st.integers(2, 9))
def test_warmup(meets, a, b, n, start, duration):
    end = a if meets else a + 1.0
    o = optimizer()
    child = peer.CosineAnnealingScheduler(o, "lr", a, b, n)
    theirs = peer.create_lr_scheduler_with_warmup(child, start, duration, end)
    ours = presets.create_lr_scheduler_with_warmup(
        presets.CosineAnnealingScheduler("lr", a, b, n), start, duration, end
    )
    agree(steps(ours["lr"], N), used(theirs, o), rtol=CLOSED, near_zero=1e-14)


STATE = {  # name -> the arguments, of a value, points, a factor and a length
    "Exp": lambda a, rows, gamma, n: (a, gamma),
    "Step": lambda a, rows, gamma, n: (a, gamma, n),
    "MultiStep": lambda a, rows, gamma, n: (a, gamma, [r[0] for r in rows]),
    "PiecewiseLinear": lambda a, rows, gamma, n: (rows,),
    "Lambda": lambda a, rows, gamma, n: (lambda t: a / (t + gamma),),
}


@pytest.mark.parametrize("name", STATE)
def test_state_schedulers_count_from_one(name):
    @DRAWS
    @given(values, points, st.floats(0.5, 1.1), st.integers(1, 20))
    def run(a, rows, gamma, n):
        args = STATE[name](a, rows, gamma, n)
        theirs = getattr(state_peer, f"{name}StateScheduler")(*args, "x", create_new=True)
        engine, seen = Engine(lambda *_: None), []
        for _ in range(N):
            theirs(engine)
            seen.append(engine.state.x)
        more = {"steps": N} if name == "Lambda" else {}
        ours = getattr(presets, f"{name}StateScheduler")(*args, "x", **more)["x"]
        agree(steps(ours, N), seen, rtol=CLOSED, near_zero=1e-14)

    run()


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="monotonic must be True"):
        presets.LinearCyclicalScheduler("lr", 1.0, 0.0, 4, warmup_duration=2)
    with pytest.raises(ValueError, match="cycle_size must be"):
        presets.CosineAnnealingScheduler("lr", 1.0, 0.0, 1)
