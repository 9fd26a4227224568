"""Bad specs fail early and clearly (promise 19): a fuzzer over curve() and the recipes.

A call either raises ValueError or TypeError with a message of the one template, or makes a
schedule that is finite at every step, far past its end too, and survives saving.
"""

import inspect
import math
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

import csched

TEMPLATE = re.compile(r"^[\w.]+: .+ (must be|has no argument|gets|got) ?.*", re.DOTALL)
FUZZ = settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

ODD_REALS = st.sampled_from(
    [0.0, -0.0, -1.0, 1.0, 1e-320, 1e-300, 1e300, 1.7e308, float("nan"), float("inf"), -5e-324]
)
REALS = st.one_of(st.floats(0.0, 1.0), st.floats(1e-8, 10.0), ODD_REALS, st.floats())
BIG = st.sampled_from([2**52, 2**53, 2**62, 10**30])
INTS = st.one_of(
    st.integers(0, 40), st.integers(-3, 10**4), st.sampled_from([2**53, 2**62, 10**30])
)
LENGTHS = st.one_of(INTS, st.floats(0.0, 1.0), st.sampled_from([0.5, 0.001, 1.0, -0.5, 2.5]))
JUNK = st.sampled_from([None, "3", "linear", True, (), [1, 2], {}, object(), 1j, b"x"])
PROFILE_NAMES = st.sampled_from([*csched.PROFILES, "cosin"])
PAIRS = st.lists(st.tuples(LENGTHS, REALS), max_size=6)
WARMUPS = st.one_of(
    st.sampled_from([*csched.WARMUPS, "none"]),
    st.builds(
        lambda law, start, z: (law, start, z),
        st.sampled_from([*csched.WARMUPS]),
        st.floats(-1.0, 2.0),
        st.sampled_from(["t/W", "(t+1)/W", "(t+1)/(W+1)", "t/(W-1)"]),
    ).map(lambda a: csched.Warmup(*a)),
)
SAMPLING = st.one_of(
    st.none(),
    st.integers(1, 50).map(csched.every),
    st.floats(0.05, 0.9).map(csched.every),
    st.lists(st.floats(0.01, 0.99), min_size=1, max_size=3).map(lambda m: csched.at(*m)),
)
BY_NAME = {
    "steps": st.one_of(st.integers(1, 200), INTS, st.none(), st.sampled_from([0.5, -1, 2**52])),
    "profile": PROFILE_NAMES,
    "cooldown": st.sampled_from(["linear", "cosine", "sqrt", "square", "exponential", "tanh", "x"]),
    "warmup": WARMUPS,
    "sampling": SAMPLING,
    "momentum": st.one_of(st.none(), st.tuples(REALS, REALS), REALS),
    "boundaries": st.lists(LENGTHS, max_size=5),
    "factors": st.lists(REALS, max_size=5),
    "values": st.lists(REALS, max_size=6),
    "points": PAIRS,
    "order": st.sampled_from(["fractal", "decreasing", "sorted"]),
    "keep": st.sampled_from(["floor", "peak", "both"]),
    "endpoint": st.booleans(),
    "bounds": st.booleans(),
    "staircase": st.booleans(),
    "exact_ends": st.booleans(),
    "inclusive": st.booleans(),
    "upper_bound": st.one_of(st.integers(100, 400), INTS),
    "sizes": st.lists(st.integers(1, 64), max_size=5),
    "lobes": st.one_of(st.floats(0.1, 5.0), REALS),
    "cycles": st.one_of(st.integers(1, 6), INTS, REALS, st.none()),
}


def strategy_of(name):
    if name in BY_NAME:
        good = BY_NAME[name]
    elif name.endswith("_steps") or name == "interval":
        good = LENGTHS
    elif name in ("t_0", "width", "blocks", "multiple", "timescale", "ramp_steps"):
        good = st.one_of(st.integers(1, 60), INTS)
    elif name in ("t_mult", "length_mult"):
        good = st.sampled_from([1, 1.5, 2, 3, 1.01, 0.5, 10**6, 1e7, -1, float("nan")])
    else:
        good = REALS
    return st.one_of(good, good, good, good, JUNK)


def arguments_of(function):
    """Every required argument, and some of the others; now and then one is left out."""
    named = [
        p
        for p in inspect.signature(function).parameters.values()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "self"
    ]
    required = {p.name: strategy_of(p.name) for p in named if p.default is p.empty}
    optional = {p.name: strategy_of(p.name) for p in named if p.default is not p.empty}
    return st.fixed_dictionaries(required, optional=optional)


def holds(made):
    """Finite wherever it is asked, and equal to itself after saving."""
    curves = made.items() if isinstance(made, csched.Schedule) else [("it", made)]
    for name, c in curves:
        n = c.steps
        ends = [0, 1, n // 2, n - 1, n, n + 1, 3 * n, 2**53]
        steps = sorted({min(max(t, 0), 2**53) for t in ends})
        values = c(np.array(steps))
        assert np.isfinite(values).all(), (name, steps, values)
        first = c.values(0, min(n + 3, 300))
        assert np.isfinite(first).all(), (name, first)
        assert csched.from_dict(c.to_dict()) == c
        c.next_cycle_end(0)


def raises_well_or_holds(function, arguments):
    note(f"{function.__name__}(**{arguments!r})")
    made = error = None
    try:
        made = function(**arguments)
    except (ValueError, TypeError) as raised:
        error = raised
    if error is not None:
        assert TEMPLATE.match(str(error)), str(error)
        return
    assert not any(isinstance(v, float) and math.isnan(v) for v in arguments.values())
    holds(made)


@pytest.mark.parametrize("name", csched.RECIPES)
@given(data=st.data())
@FUZZ
def test_a_recipe_refuses_its_arguments_or_makes_a_schedule_that_holds(name, data):
    recipe = csched.RECIPES[name]
    raises_well_or_holds(recipe, data.draw(arguments_of(recipe)))


@given(data=st.data())
@settings(FUZZ, max_examples=150)
def test_curve_refuses_its_arguments_or_makes_a_curve_that_holds(data):
    arguments = data.draw(arguments_of(csched.curve))
    row = csched.PROFILES.get(arguments["profile"]) if isinstance(
        arguments["profile"], str) else None  # fmt: skip
    for argument in row.arguments if row else ():
        if data.draw(st.booleans()):
            arguments[argument.name] = data.draw(st.one_of(REALS, JUNK))
    raises_well_or_holds(csched.curve, arguments)


METHODS = ["then", "warmup", "cooldown", "repeat", "stretch", "extend", "shift", "clip", "rounded",
           "noisy", "tail"]  # fmt: skip
BASES = [
    csched.linear(1.0, 30, warmup_steps=4)["lr"],
    csched.sgdr(1.0, 40, t_0=7, t_mult=2)["lr"],
    csched.cosine_restarts(1.0, 30, cycles=4)["lr"],
    csched.curve("rex", 1.0, 0.1, 30, sampling=csched.at(0.5)),
    csched.curve("cosine", 1.0, 0.1, 9).repeat(4, peak_mult=0.5) * 0.5,
]
METHOD_ARGUMENTS = {
    "other": st.sampled_from(BASES),
    "at": LENGTHS,
    "start": st.one_of(st.integers(0, 50), REALS),
    "stop": st.one_of(st.none(), INTS),
    "seed": INTS,
    "n": st.one_of(st.none(), INTS),
    "how": st.sampled_from(["stretch", "hold", "x"]),
    "rule": st.sampled_from(["hold", "repeat", "x"]),
    "multiple": REALS,
    "steps": LENGTHS,
}


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
@FUZZ
def test_a_method_refuses_its_arguments_or_makes_a_curve_that_holds(method, data):
    base = data.draw(st.sampled_from(BASES))
    function = getattr(base, method)
    strategies = {}
    for p in inspect.signature(function).parameters.values():
        if p.kind is p.POSITIONAL_OR_KEYWORD:
            good = METHOD_ARGUMENTS.get(p.name, strategy_of(p.name))
            strategies[p.name] = st.one_of(good, good, good, JUNK)
    arguments = {k: data.draw(s) for k, s in strategies.items() if data.draw(st.integers(0, 3))}
    required = [
        p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty
    ]
    if any(name not in arguments for name in required if name != "arguments"):
        return
    raises_well_or_holds(function, arguments)


# --- the named cases of the promise ---------------------------------------------------------------

NAN = float("nan")
BAD = {
    "horizon 0": (lambda: csched.cosine(1.0, 0), "cosine: steps must be in [1, 2**53], got 0"),
    "warmup equal to horizon": (
        lambda: csched.cosine(1.0, 10, warmup_steps=10),
        "cosine: warmup_steps must be below steps = 10, got 10",
    ),
    "warmup above horizon": (
        lambda: csched.linear(1.0, 10, warmup_steps=11),
        "linear: warmup_steps must be in [0, 10], got 11",
    ),
    "a float that is no fraction": (
        lambda: csched.linear(1.0, 10, warmup_steps=3.0),
        "linear: warmup_steps must be an int in [0, 10] or a float in (0, 1), got 3.0; a float is "
        "a fraction of the 10 steps; for steps pass an int",
    ),
    "negative warmup": (
        lambda: csched.wsd(1.0, 10, warmup_steps=-1),
        "wsd: warmup_steps must be in [0, 10], got -1",
    ),
    "phases longer than the whole": (
        lambda: csched.wsd(1.0, 10, warmup_steps=6, cooldown_steps=5),
        "wsd: cooldown_steps must be at most the 4 steps the other phases leave, got 5",
    ),
    "NaN peak": (lambda: csched.rex(NAN, 10), "rex: peak must be finite, got nan"),
    "NaN floor": (lambda: csched.sgdr(1.0, 10, t_0=3, floor=NAN), "sgdr: floor must be finite"),
    "a peak no arithmetic can hold": (
        lambda: csched.inverse_sqrt(1e300),
        "curve: start must be within 1e+280 of 0, got 1e+300",
    ),
    "an end for a peak of 0": (
        lambda: csched.inverse_time(0.0, 10, end=1.0),
        "inverse_time: end must be between 1e-15 * peak and peak, got 1.0",
    ),
    "a name with a typing error": (
        lambda: csched.wsd(1.0, 10, cooldown="cosin"),
        "got 'cosin'; did you mean 'cosine'?",
    ),
    "an unknown warm-up": (
        lambda: csched.cosine(1.0, 10, warmup_steps=2, warmup="quadratic"),
        "cosine: warmup must be one of 'linear'",
    ),
    "exponential cooldown to 0": (
        lambda: csched.wsd(1.0, 10, cooldown="exponential"),
        "wsd: floor must be not 0, got 0.0; cooldown 'exponential' is linear in the logarithm",
    ),
    "a block that is no power of two": (
        lambda: csched.fractal(12, low=0.1, high=1.0),
        "fractal: steps must be a power of two, got 12",
    ),
    "curvature 0": (
        lambda: csched.fractal(8, low=0.0, high=1.0),
        "fractal: low must be in (0, inf)",
    ),
    "decreasing boundaries": (
        lambda: csched.multi_step(1.0, 10, boundaries=[5, 3]),
        "multi_step: boundaries must be increasing, got [5, 3]",
    ),
    "both gamma and end": (
        lambda: csched.exponential(1.0, 10, gamma=0.9, end=0.1),
        "exponential: exactly one of gamma and end must be given, got {'gamma': 0.9, 'end': 0.1}",
    ),
    "neither gamma nor end": (
        lambda: csched.exponential(0.1, 100),
        "exponential: exactly one of gamma and end must be given, got {'gamma': None, 'end': None}"
        "; gamma=0.99 is a factor a step, end=0.001 the value after the last step",
    ),
    "neither t_0 nor cycles": (
        lambda: csched.sgdr(0.1, 100),
        "sgdr: t_0, or steps and cycles, must be given, got None; t_0=10 is a first cycle of 10 "
        "steps; steps=100, cycles=4 fit the cycles",
    ),
    "momentum 1": (
        lambda: csched.one_cycle(1.0, 10, momentum=(0.9, 1.0)),
        "one_cycle: momentum high must be in [0, 1), got 1.0",
    ),
    "batch size that is no multiple": (
        lambda: csched.batch_size_ramp(8, 100, 10, multiple=8),
        "batch_size_ramp: end must be a multiple of multiple = 8, got 100",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_spec_is_refused_with_field_and_value(name):
    make, message = BAD[name]
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_a_ratio_that_rounds_to_no_step_is_no_warmup():
    assert csched.cosine(1.0, 10, warmup_steps=0.01) == csched.cosine(1.0, 10)


@pytest.mark.parametrize("name", sorted(set(csched.RECIPES) & {"linear", "cosine", "rex", "wsd"}))
def test_a_horizon_of_one_step_holds(name):
    c = csched.RECIPES[name](1.0, 1)["lr"]
    assert c.steps == 1
    assert c(0) == 1.0
