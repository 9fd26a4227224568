"""Hypothesis strategies: arguments of profiles, phases, and curves made of them."""

from hypothesis import strategies as st

import csched


def profile_names():
    return st.sampled_from(list(csched.PROFILES))


def values(limit=1e6):
    """Finite starts and ends, none so small that a product of two would be subnormal."""
    size = st.floats(1e-12, limit)
    return st.one_of(st.just(0.0), size, size.map(lambda v: -v))


@st.composite
def arguments_of(draw, name):
    """Keyword arguments of a profile, in the range the table gives."""
    if name == "table":
        inner = draw(st.lists(st.integers(1, 99), max_size=6))
        heights = [draw(st.floats(0.0, 1.0)) for _ in inner]
        inside = [(z / 100, p) for z, p in zip(sorted(inner), heights, strict=True)]
        return {"points": [(0.0, 1.0), *inside, (1.0, 0.0)]}
    if name == "tanh":
        return {"lower": draw(st.floats(-20, -0.1)), "upper": draw(st.floats(0.1, 20))}
    made = {}
    for a in csched.PROFILES[name].arguments:
        if a.name == "normalised":
            made[a.name] = draw(st.booleans())
        elif draw(st.booleans()):
            low, high = max(a.low, 1e-3), min(a.high, 50.0)
            made[a.name] = draw(st.floats(low, high, exclude_max=a.open_high))
    return made


def with_scale(name, start, end, arguments):
    """Add a scale where the law that start and end give would be too steep."""
    if name in ("inverse_sqrt", "inverse_power") and "scale" not in arguments:
        most = 10.0 ** min(14.0 * arguments.get("power", 0.5), 300.0)
        if not 1.0 / most < end / (start or 1.0) < most:
            arguments["scale"] = 99.0


@st.composite
def phases(draw, max_steps=40):
    """A phase of any profile, sampling and clock."""
    name = draw(profile_names())
    start, end = draw(values()), draw(values())
    if csched.PROFILES[name].positive:
        start, end = abs(start) or 1.0, abs(end) or 2.0
    n = draw(st.integers(1, max_steps))
    extra = draw(arguments_of(name))
    with_scale(name, start, end, extra)
    clock = draw(st.sampled_from(["plain", "plain", "endpoint", "clock"]))
    if clock == "endpoint":
        extra["endpoint"] = True
    elif clock == "clock":
        extra["offset"] = draw(st.sampled_from([0.0, 0.5, 3.0]))
        extra["span"] = draw(st.floats(0.5, 100.0))
    sampling = draw(
        st.sampled_from([None, None, csched.at(0.5), csched.every(3), csched.every(0.2)])
    )
    return csched.curve(name, start, end, n, sampling, **extra)


def _combined(curves):
    steps = st.integers(1, 30)
    return st.one_of(
        st.builds(lambda a, b: a.then(b), curves, curves),
        st.builds(lambda a, b: a * b, curves, curves),
        st.builds(lambda a, b: a + b, curves, curves),
        st.builds(lambda c, f: f * c, curves, st.sampled_from([0.0, 0.5, -3.0, 1e-3])),
        st.builds(lambda c, f: c + f, curves, st.sampled_from([0.0, 0.5, -3.0])),
        st.builds(
            lambda c, n, m: c.repeat(n, m), curves, st.integers(1, 4), st.sampled_from([1, 2, 1.5])
        ),
        st.builds(lambda c, n: c.warmup(n), curves, st.integers(0, 9)),
        st.builds(lambda c, t, n: c.cooldown(t, n), curves, st.integers(0, 60), steps),
        st.builds(lambda c, a, n: c[a : a + n], curves, st.integers(0, 30), steps),
        st.builds(lambda c, n: c.stretch(n), curves, steps),
        st.builds(lambda c: c.clip(0.0, 0.5), curves),
        st.builds(lambda c: c.rounded(0.25), curves),
        st.builds(lambda c, s: c.noisy(0.1, s, 2, 20), curves, st.integers(0, 2**40)),
    )


def curves():
    """Curves of every kind of node, a few levels deep."""
    return st.recursive(phases(), _combined, max_leaves=5)
