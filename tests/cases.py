"""Curves of every kind, for tests that hold for all of them."""

import csched


def _curves():
    c = csched.curve
    cosine = c("cosine", 0.8, 0.0, 37)
    legs = c("linear", 0.1, 1.0, 7).then(c("cosine", 1.0, 0.1, 13))
    made = {name: c(name, 0.8, 0.1, 100) for name in csched.PROFILES}
    made |= {
        "to zero": c("cosine", 1.0, 0.0, 1000),
        "growth": c("rex", 1e-3, 0.5, 333, beta=0.9),
        "odd powers": c("polynomial", 1.0, 0.0, 50, power=3.7) * c("cosine", 1, 0.5, 50, power=0.3),
        "offset": c("cosine", 1.0, 0.1, 60, offset=0.5, span=61.25),
        "endpoint": c("exponential", 1.0, 1e-6, 60, endpoint=True),
        "every": c("rex", 1.0, 0.1, 100, sampling=csched.every(7)),
        "every fraction": c("cosine", 1.0, 0.1, 101, sampling=csched.every(0.1)),
        "at": c("tanh", 1.0, 0.1, 100, sampling=csched.at(0.335, 50, 0.75)),
        "points": c("table", 1.0, 0.1, 100, points=[(0, 1), (0.3, 0.2), (0.3, 0.9), (1, 0)]),
        "points every": c("table", 1.0, 0.1, 100, csched.every(6), points=[1, 0.3, 0.7, 0]),
        "sequence": cosine.warmup(10).then(c("constant", 0.3, steps=4)).then(legs),
        "repeat": legs.repeat(5),
        "repeat for ever": legs.repeat(),
        "growing": cosine.repeat(5, length_mult=1.5),
        "triangular2": legs.repeat(6, amplitude_mult=0.5),
        "levels": legs.repeat(6, peak_mult=0.9, floor_mult=0.99, amplitude_mult=0.7, keep="peak"),
        "growing levels": legs.repeat(4, length_mult=2, peak_mult=0.5),
        "nested repeats": legs.repeat(3, peak_mult=0.7).repeat(2, amplitude_mult=0.5),
        "product": legs.repeat(4) * cosine * c("constant", 3.0, steps=5),
        "sum": cosine + legs.repeat(2) + 0.01,
        "clip": cosine.clip(0.1, 0.5),
        "rounded": (100 * cosine).rounded(8),
        "noisy": cosine.noisy(0.2, seed=7, start=5, stop=30),
        "window": legs.repeat(9)[11:77],
        "cooldown": legs.repeat(9).cooldown(33, 21, "one_minus_sqrt", 1e-3),
        "strict": cosine.tail("raise"),
        "scaled": -2.5 * legs,
        "stretched": legs.repeat(3).stretch(131),
        "long": c("cosine", 1.0, 0.0, 10**13).warmup(10**12),
        "one step": c("rex", 1.0, 0.2, 1),
    }
    return made


CURVES = _curves()
"""Name -> curve, at least one for each profile and each kind of node."""
