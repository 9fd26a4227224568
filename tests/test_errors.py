"""Law 7: what is wrong is said once, when the spec is made: where, what, what is allowed, got."""

import inspect
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import csched
from csched import at, curve, every

C = curve("linear", 1.0, 0.0, 10)
NAMES = ", ".join(repr(n) for n in csched.PROFILES)
NAN, INF = float("nan"), float("inf")
CATALOGUE = runpy.run_path(str(Path(__file__).parents[1] / "docs" / "make_catalogue.py"))
LOG = "profile 'exponential' is linear in the logarithm: give 1e-3 of"

BAD = {
    # curve
    "unknown profile": (
        lambda: curve("cosin"),
        f"curve: profile must be one of {NAMES}, got 'cosin'; did you mean 'cosine'?",
    ),
    "profile no name": (lambda: curve(3), f"curve: profile must be one of {NAMES}, got 3"),
    "start nan": (lambda: curve("linear", NAN), "curve: start must be finite, got nan"),
    "end infinite": (lambda: curve("linear", 1, INF), "curve: end must be finite, got inf"),
    "start text": (lambda: curve("linear", "1"), "curve: start must be a real number, got '1'"),
    "start bool": (lambda: curve("linear", True), "curve: start must be a real number, got True"),
    "start complex": (lambda: curve("linear", 1j), "curve: start must be a real number, got 1j"),
    "start beyond floats": (
        lambda: curve("linear", 10**309),
        f"curve: start must be finite, got {10**309}",
    ),
    "too far apart": (
        lambda: curve("linear", 1.7e308, -1.7e308),
        "curve: end must be within the float range of start = 1.7e+308, got -1.7e+308",
    ),
    "zero steps": (
        lambda: curve("linear", steps=0),
        "curve: steps must be in [1, 2**53], got 0",
    ),
    "negative steps": (
        lambda: curve("linear", steps=-5),
        "curve: steps must be in [1, 2**53], got -5",
    ),
    "steps beyond 2^53": (
        lambda: curve("linear", steps=2**53 + 1),
        "curve: steps must be in [1, 2**53], got 9007199254740993",
    ),
    "steps float": (lambda: curve("linear", steps=10.0), "curve: steps must be an int, got 10.0"),
    "steps bool": (lambda: curve("linear", steps=True), "curve: steps must be an int, got True"),
    "offset negative": (
        lambda: curve("linear", offset=-1),
        "curve: offset must be in [0, 9.0072e+15], got -1",
    ),
    "span zero": (
        lambda: curve("linear", span=0),
        "curve: span must be in [1e-09, 9.0072e+15], got 0",
    ),
    "endpoint and span": (
        lambda: curve("linear", span=5, endpoint=True),
        "curve: endpoint must be False where offset or span is given, got True",
    ),
    "exponential to zero": (
        lambda: curve("exponential", 1.0, 0.0),
        f"curve: end must be not 0 and of the sign of start, got 0.0; {LOG} start, say",
    ),
    "exponential from zero": (
        lambda: curve("exponential", 0.0, 1.0),
        f"curve: start must be not 0 and of the sign of end, got 0.0; {LOG} end, say",
    ),
    "exponential across zero": (
        lambda: curve("exponential", 1.0, -1.0),
        f"curve: end must be not 0 and of the sign of start, got -1.0; {LOG} start, say",
    ),
    "exponential too steep": (
        lambda: curve("exponential", 1e160, 1e-160),
        "curve: end must be within a factor of 1e300 of start, got 1e-160",
    ),
    "inverse_sqrt too steep": (
        lambda: curve("inverse_sqrt", 1.0, 1e-9),
        "curve: end must be within a factor of 1e7 of start, got 1e-09; "
        "without scale the law is start / (1 + s z)^0.5",
    ),
    "inverse_power too steep": (
        lambda: curve("inverse_power", 1.0, 0.01, power=0.1),
        "curve: end must be within a factor of 25.1189 of start, got 0.01; "
        "without scale the law is start / (1 + s z)^0.1",
    ),
    "inverse_power of a scale beyond the range": (
        lambda: curve("inverse_power", 1.0, 0.01, power=50.0, scale=1e7),
        "curve: scale must be such that (1 + scale)^50 <= 1e300, got 10000000.0",
    ),
    "hyperbolic below 1": (
        lambda: curve("hyperbolic", upper=0.9),
        "curve: upper must be in [1, 1e+06], got 0.9",
    ),
    # arguments of profiles
    "argument of another": (
        lambda: curve("cosine", beta=0.5),
        "curve: profile 'cosine' has no argument 'beta'; it takes power, k_decay "
        "(a recipe hands on what it does not know)",
    ),
    "argument of none": (
        lambda: curve("linear", power=2),
        "curve: profile 'linear' has no argument 'power'; it takes none "
        "(a recipe hands on what it does not know)",
    ),
    "beta one": (
        lambda: curve("rex", beta=1.0),
        "curve: beta must be in [0, 1), got 1.0",
    ),
    "power zero": (
        lambda: curve("polynomial", power=0),
        "curve: power must be in (0, 100], got 0",
    ),
    "power nan": (
        lambda: curve("polynomial", power=NAN),
        "curve: power must be in (0, 100], got nan",
    ),
    "rate too large": (
        lambda: curve("exponential_offset", rate=701),
        "curve: rate must be in [1e-12, 600], got 701",
    ),
    "normalised no truth": (
        lambda: curve("exponential_offset", normalised="no"),
        "curve: normalised must be True or False, got 'no'",
    ),
    "tanh turned round": (
        lambda: curve("tanh", upper=-7.0),
        "curve: upper must be at least 1e-09 above lower = -6.0, got -7.0",
    ),
    "tanh lower above upper": (
        lambda: curve("tanh", lower=4.0),
        "curve: upper must be at least 1e-09 above lower = 4.0, got 3.0",
    ),
    "one point": (
        lambda: curve("table", points=[(0, 1)]),
        "curve: points must be from (0, 1) to (1, 0), got [(0, 1)]",
    ),
    "points elsewhere": (
        lambda: curve("table", points=[1, 0.5]),
        "curve: points must be from (0, 1) to (1, 0), got [1, 0.5]",
    ),
    "points back": (
        lambda: curve("table", points=[(0, 1), (0.5, 0), (0.4, 1), (1, 0)]),
        "curve: points must be in order of z, got [(0, 1), (0.5, 0), (0.4, 1), (1, 0)]",
    ),
    "jump at the start": (
        lambda: curve("table", points=[(0, 1), (0, 0.5), (1, 0)]),
        "curve: points must be with one value of p at z = 0, got [(0, 1), (0, 0.5), (1, 0)]",
    ),
    "points no pairs": (
        lambda: curve("table", points=5),
        "curve: points must be pairs (z, p) or at least two values of p, got 5",
    ),
    "points by name": (
        lambda: curve("table", points={0: 1, 1: 0}),
        "curve: points must be pairs (z, p) or at least two values of p, got {0: 1, 1: 0}",
    ),
    "points of one": (
        lambda: curve("table", points=[1]),
        "curve: points must be pairs (z, p) or at least two values of p, got [1]",
    ),
    "points torn": (
        lambda: curve("table", points=[(0, 1), (1,)]),
        "curve: points must be pairs (z, p) or at least two values of p, got [(0, 1), (1,)]",
    ),
    "points nan": (
        lambda: curve("table", points=[1, NAN, 0]),
        "curve: p of points must be finite, got nan",
    ),
    "points overflow": (
        lambda: curve("table", 1e300, 0.0, points=[(0, 1), (0.5, 1e10), (1, 0)]),
        "curve: points must be such that all values are finite, "
        "got ((0.0, 1.0), (0.5, 10000000000.0), (1.0, 0.0))",
    ),
    # sampling
    "every zero": (lambda: every(0), "every: interval must be in [1, 2**53], got 0"),
    "every one float": (lambda: every(1.0), "every: interval must be in [1e-05, 1), got 1.0"),
    "every text": (lambda: every("2"), "every: interval must be an int, got '2'"),
    "Every itself": (
        lambda: csched.sampling.Every(0),
        "every: interval must be in [1, 2**53], got 0",
    ),
    "at nothing": (lambda: at(), "at: marks must be at least one step or fraction, got ()"),
    "at a list": (
        lambda: at([0.5, 0.75]),
        "at: marks must be steps or fractions, got ([0.5, 0.75],); "
        "one argument a mark: at(0.5, 0.75)",
    ),
    "at one": (lambda: at(1.0), "at: mark must be in (0, 1), got 1.0"),
    "at negative": (lambda: at(-1), "at: mark must be in [0, 2**53], got -1"),
    "marks back": (
        lambda: curve("linear", sampling=at(0.5, 0.2)),
        "curve: marks must be increasing, got (0.5, 0.2)",
    ),
    "mark past the end": (
        lambda: curve("linear", steps=10, sampling=at(11)),
        "curve: mark must be in [0, 10], got 11",
    ),
    "sampling no sampling": (
        lambda: curve("linear", sampling=3),
        "curve: sampling must be csched.every(...), csched.at(...) or None, got 3",
    ),
    # combining
    "then a number": (lambda: C.then(1.0), "Curve.then: other must be a Curve, got 1.0"),
    "after for ever": (
        lambda: C.repeat().then(C),
        f"Curve.then: what comes first must be of finite length, got {C!r}.repeat(); "
        "cut it with [:steps] or give repeat a number of cycles",
    ),
    "after tail raise": (
        lambda: C.tail("raise").then(C),
        f"Curve.then: what comes first must be without tail 'raise', got {C!r}.tail('raise')",
    ),
    "whole too long": (
        lambda: curve("linear", steps=2**53).then(C),
        "Curve.then: the whole must be at most 2**53 steps, got 9007199254741002",
    ),
    "warmup of all": (
        lambda: C.warmup(1.0),
        "Curve.warmup: steps must be in (0, 1), got 1.0",
    ),
    "warmup negative": (
        lambda: C.warmup(-1),
        "Curve.warmup: steps must be in [0, 2**53], got -1",
    ),
    "cooldown at 1.0": (
        lambda: C.cooldown(1.0, 5),
        "Curve.cooldown: at must be an int in [0, 10] or a float in (0, 1), got 1.0; "
        "a float is a fraction of the 10 steps; for a step pass an int",
    ),
    "cooldown of nothing": (
        lambda: C.cooldown(5, 0),
        "Curve.cooldown: steps must be in [1, 2**53], got 0",
    ),
    "repeat zero times": (
        lambda: C.repeat(0),
        "Curve.repeat: n must be in [1, 2**53], got 0",
    ),
    "repeat nothing": (
        lambda: C[3:3].repeat(2),
        f"Curve.repeat: the curve must be of at least one step, got {C!r}[3:3]",
    ),
    "shrinking cycles": (
        lambda: C.repeat(2, 0.5),
        "Curve.repeat: length_mult must be in [1, 1e+06], got 0.5",
    ),
    "cycles past 2^53": (
        lambda: C.repeat(2**53),
        "Curve.repeat: n must be such that all cycles end by step 2**53, got 9007199254740992",
    ),
    "growing past 2^53": (
        lambda: C.repeat(60, 2),
        "Curve.repeat: n must be at most 49: later cycles pass 2**53, got 60",
    ),
    "growing too slowly": (
        lambda: C.repeat(None, 1.0001),
        "Curve.repeat: length_mult must be such that there are at most 4096 growing cycles, "
        "got 1.0001; cycles of one length, length_mult=1, may be as many as you like",
    ),
    "levels of no phases": (
        lambda: C.clip(0, 1).repeat(2, peak_mult=0.5),
        "Curve.repeat: peak_mult must be 1 unless the curve is made of phases, got 0.5",
    ),
    "levels overflow": (
        lambda: C.repeat(10**6, amplitude_mult=1.01),
        "Curve.repeat: amplitude_mult must be such that the levels stay finite in 1000000 cycles, "
        "got 1.01",
    ),
    "levels underflow a logarithm": (
        lambda: curve("exponential", 1, 0.1).repeat(10**6, peak_mult=0.5),
        "Curve.repeat: peak_mult must be such that the levels stay above 1e-290 in 1000000 cycles, "
        "got 0.5",
    ),
    "levels of one level": (
        lambda: curve("constant").repeat(2, peak_mult=0.5).repeat(2, floor_mult=0.5),
        "Curve.repeat: floor_mult must be 1 where all phases lie at 1.0, got 0.5; "
        "there is no distance to scale the inner levels by",
    ),
    "keep what": (
        lambda: C.repeat(2, keep="middle"),
        "Curve.repeat: keep must be one of 'floor', 'peak', got 'middle'",
    ),
    "stretch to nothing": (
        lambda: C.stretch(0),
        "Curve.stretch: steps must be in [1, 2**53], got 0",
    ),
    "stretch nothing": (
        lambda: C[2:2].stretch(5),
        f"Curve.stretch: steps must be 0: {C!r}[2:2] has no other length, got 5",
    ),
    "stretch the noise of nothing": (
        lambda: C[2:2].noisy(0.1).stretch(5),
        f"Curve.stretch: steps must be 0: {C!r}[2:2].noisy(0.1, 0, 0, None) has no other length, "
        "got 5",
    ),
    "cycles that outgrow a span": (
        lambda: curve("linear", 1.0, 0.0, 2, offset=1e10, span=1e12).repeat(None, 2),
        "Curve.stretch: steps must be such that the whole profile takes 1e-09 to 2**53 steps, "
        "got 4503599627370496",
    ),
    "clip turned round": (
        lambda: C.clip(1.0, 0.0),
        "Curve.clip: low must be at most high = 0.0, got 1.0",
    ),
    "clip nan": (lambda: C.clip(NAN), "Curve.clip: low must be finite, got nan"),
    "clip text": (lambda: C.clip("0"), "Curve.clip: low must be a real number, got '0'"),
    "clip at infinity": (lambda: C.clip(INF), "Curve.clip: low must be finite, got inf"),
    "round to zero": (lambda: C.rounded(0), "Curve.rounded: multiple must be in (0, inf), got 0"),
    "round too finely": (
        lambda: C.rounded(5e-324),
        "Curve.rounded: multiple must be within the float range of 1.0, got 5e-324",
    ),
    "noise above one": (
        lambda: C.noisy(1.5),
        "Curve.noisy: amplitude must be in [0, 1], got 1.5",
    ),
    "noise seed": (
        lambda: C.noisy(0.5, -1),
        "Curve.noisy: seed must be in [0, 2**53], got -1",
    ),
    "noise ends before it starts": (
        lambda: C.noisy(0.5, 1, 5, 4),
        "Curve.noisy: stop must be in [5, 2**53], got 4",
    ),
    "tail what": (
        lambda: C.tail("hang"),
        "Curve.tail: rule must be one of 'hold', 'repeat', 'raise', got 'hang'",
    ),
    "factor nan": (lambda: C * NAN, "Curve: factor must be finite, got nan"),
    "factor text": (lambda: C * "2", "Curve: factor must be a real number, got '2'"),
    "summand none": (lambda: C + None, "Curve: summand must be a real number, got None"),
    "scaled beyond floats": (
        lambda: 1e308 * curve("linear", 10.0, 0.0),
        "Curve: factor * start must be finite, got inf",
    ),
    "scaled apart": (
        lambda: 1.7e308 * curve("linear", 1.0, -1.0),
        "Curve: end must be within the float range of start = 1.7e+308, got -1.7e+308",
    ),
    "scaled to zero": (
        lambda: 1e-320 * curve("exponential", 1.0, 1e-6),
        f"Curve: end must be not 0 and of the sign of start, got 0.0; {LOG} start, say",
    ),
    "product beyond floats": (
        lambda: curve("constant", 1e200) * curve("constant", 1e200),
        "Curve *: the values must be finite at every step, got "
        "curve('constant', 1e+200, 1e+200, 100) * curve('constant', 1e+200, 1e+200, 100)",
    ),
    "too deep": (
        lambda: nested(61),
        "Curve: nesting must be at most 60 deep, got 61",
    ),
    # asking
    "step negative": (lambda: C(-1), "Curve: step must be in [0, 2**53], got -1"),
    "step beyond": (
        lambda: C(2**53 + 1),
        "Curve: step must be in [0, 2**53], got 9007199254740993",
    ),
    "step far beyond": (lambda: C(2**70), f"Curve: step must be in [0, 2**53], got {2**70}"),
    "step float": (lambda: C(3.0), "Curve: step must be an int, got 3.0"),
    "step bool": (lambda: C(True), "Curve: step must be an int, got True"),
    "step text": (lambda: C("3"), "Curve: step must be an int, got '3'"),
    "step none of a strict curve": (
        lambda: C.tail("raise")(None),
        "Curve: step must be an int, got None",
    ),
    "steps an array of floats": (
        lambda: C(np.array([1.0])),
        "Curve: steps must be integers, got an array of float64",
    ),
    "steps an array with negatives": (
        lambda: C(np.array([3, -2])),
        "Curve: steps must be in [0, 2**53], got values from -2 to 3",
    ),
    "index a number": (
        lambda: C[3],
        "Curve: index must be a slice [start:stop]; for a value call c(step), got 3",
    ),
    "index with a stride": (
        lambda: C[::2],
        "Curve: index must be a slice [start:stop]; for a value call c(step), "
        "got slice(None, None, 2)",
    ),
    "index negative": (lambda: C[-3:], "Curve: start must be in [0, 2**53], got -3"),
    "index turned round": (lambda: C[5:3], "Curve: stop must be in [5, 2**53], got 3"),
    "cycle end of a float": (
        lambda: C.is_cycle_end(1.5),
        "Curve.next_cycle_end: step must be an int, got 1.5",
    ),
    "values turned round": (
        lambda: C.values(5, 3),
        "Curve.values: stop must be in [5, 9007199254740993], got 3",
    ),
    "values from past the end": (
        lambda: C.values(11),
        "Curve.values: start must be at most steps = 10 when stop is left out, got 11",
    ),
    "values of integers": (
        lambda: C.values(dtype=np.int32),
        "Curve.values: dtype must be float64 or float32, got <class 'numpy.int32'>",
    ),
    "values of nonsense": (
        lambda: C.values(dtype="nonsense"),
        "Curve.values: dtype must be float64 or float32, got 'nonsense'",
    ),
    "values too many": (
        lambda: curve("linear", steps=2**50).values(),
        "Curve.values: stop must be such that the array fits in memory; see chunks(), "
        "got 1125899906842624",
    ),
    "out a list": (
        lambda: C.values(out=[0.0] * 10),
        "Curve.values: out must be a NumPy array, got 'list'",
    ),
    "out of integers": (
        lambda: C.values(out=np.zeros(10, np.int64)),
        "Curve.values: out must be a float64 or float32 array of 1 dimension, "
        "got format 'l' with 1 dimensions",
    ),
    "out of other bytes": (
        lambda: C.values(out=np.zeros(10, ">f8")),
        "Curve.values: out must be a float64 or float32 array of 1 dimension, "
        "got format '>d' with 1 dimensions",
    ),
    "out of two dimensions": (
        lambda: C.values(out=np.zeros((2, 5))),
        "Curve.values: out must be a float64 or float32 array of 1 dimension, "
        "got format 'd' with 2 dimensions",
    ),
    "out unaligned": (
        lambda: C.values(out=np.zeros(10, "u1,f8")["f1"]),
        "Curve.values: out must be a float64 or float32 array of 1 dimension, "
        "got format '=d' with 1 dimensions",
    ),
    "out read-only": (
        lambda: C.values(out=np.broadcast_to(np.zeros(1), 10)),
        "Curve.values: out must be writable, got a read-only array",
    ),
    "out of dates": (
        lambda: C.values(out=np.zeros(10, "M8[s]")),
        "Curve.values: out must be a float64 or float32 array, got dtype datetime64[s]",
    ),
    "stack out of durations": (
        lambda: csched.stack([C]).values(out=np.zeros((1, 10), "m8[ms]")),
        "Stack.values: out must be a float64 or float32 array, got dtype timedelta64[ms]",
    ),
    "stack out read-only": (
        lambda: csched.stack([C]).values(out=np.broadcast_to(np.zeros(1), (1, 10))),
        "Stack.values: out must be writable, got a read-only array",
    ),
    "out of another length": (
        lambda: C.values(0, 9, out=np.zeros(10)),
        "Curve.values: out must be of length stop - start = 9, got 10",
    ),
    "out past 2^53": (
        lambda: C.values(2**53, out=np.zeros(2)),
        "Curve.values: stop must be at most 2**53 + 1, got 9007199254740994",
    ),
    "out of another dtype": (
        lambda: C.values(dtype=np.float32, out=np.zeros(10)),
        "Curve.values: dtype must be that of out, float64, got <class 'numpy.float32'>",
    ),
    "out and a dtype of nonsense": (
        lambda: C.values(dtype="nonsense", out=np.zeros(10)),
        "Curve.values: dtype must be float64 or float32, got 'nonsense'",
    ),
    "chunks of nothing": (
        lambda: C.chunks(0),
        "Curve.chunks: size must be in [1, 2**53], got 0",
    ),
    "stack of numbers": (lambda: csched.stack([1.0]), "stack: curves must be Curves, got 1.0"),
    "stack out of other rows": (
        lambda: csched.stack([C, C]).values(out=np.zeros((3, 10))),
        "Stack.values: out must have 2 rows, got 3",
    ),
    "stack out of one dimension": (
        lambda: csched.stack([C]).values(out=np.zeros(10)),
        "Stack.values: out must be a float64 or float32 array of 2 dimensions, "
        "got format 'd' with 1 dimensions",
    ),
    # schedules
    "schedule of nothing": (
        lambda: csched.Schedule(),
        "Schedule: curves must be at least one named curve, got {}",
    ),
    "schedule of a number": (
        lambda: csched.Schedule(lr=0.1),
        "Schedule: lr must be a Curve, got 0.1",
    ),
    "schedule without a name": (
        lambda: csched.Schedule(0.1),
        "Schedule: curves must be a mapping of names to curves, got 0.1; give it a name: "
        "Schedule(lr=...)",
    ),
    "schedule named by a number": (
        lambda: csched.Schedule({1: C}),
        "Schedule: a name must be a str, got 1",
    ),
    # saved specs
    "data no mapping": (lambda: csched.from_dict(3), "from_dict: data must be a mapping, got 3"),
    "data without format": (
        lambda: csched.from_dict({"kind": "phase"}),
        "from_dict: csched must be the format number 1, got None",
    ),
    "data of the future": (
        lambda: csched.from_dict({**C.to_dict(), "csched": 2}),
        "from_dict: csched must be the format number 1, got 2",
    ),
    "kind unknown": (
        lambda: csched.from_dict({"csched": 1, "kind": "phrase"}),
        "from_dict: kind must be one of 'sequence', 'repeat', 'product', 'sum', 'clip', 'round', "
        "'noise', 'strict', 'window', 'phase', got 'phrase'; did you mean 'phase'?",
    ),
    "field unknown": (
        lambda: csched.from_dict({**C.to_dict(), "stop": 1}),
        "from_dict: fields of 'phase' must be among ['profile', 'start', 'end', 'steps', "
        "'arguments', 'sampling', 'offset', 'span'], got ['stop']",
    ),
    "field missing": (
        lambda: csched.from_dict({"csched": 1, "kind": "clip", "low": 0.5}),
        "from_dict: fields of 'clip' must be complete; missing ['of'], got {'low': 0.5}",
    ),
    "sampling of zero": (
        lambda: csched.from_dict({**C.to_dict(), "sampling": {"every": 0}}),
        "every: interval must be in [1, 2**53], got 0",
    ),
    "sampling at nothing": (
        lambda: csched.from_dict({**C.to_dict(), "sampling": {"at": []}}),
        "at: marks must be at least one step or fraction, got ()",
    ),
    "sampling what": (
        lambda: csched.from_dict({**C.to_dict(), "sampling": "every"}),
        'from_dict: sampling must be {"every": ...} or {"at": [...]}, got \'every\'',
    ),
    "arguments a list": (
        lambda: csched.from_dict({**C.to_dict(), "arguments": [1]}),
        "from_dict: arguments must be those of the profile, got [1]",
    ),
    "arguments of curve": (
        lambda: csched.from_dict({**C.to_dict(), "arguments": {"endpoint": True}}),
        "from_dict: arguments must be those of the profile, got {'endpoint': True}",
    ),
    "parts of nothing": (
        lambda: csched.from_dict({"csched": 1, "kind": "product", "parts": []}),
        "from_dict: parts must be a list of at least one curve, got []",
    ),
    "parts no curves": (
        lambda: csched.from_dict({"csched": 1, "kind": "sequence", "parts": [3]}),
        "from_dict: a curve must be a mapping, got 3",
    ),
    "repeat of text": (
        lambda: csched.from_dict({**C.repeat(2).to_dict(), "n": "2"}),
        "Curve.repeat: n must be an int, got '2'",
    ),
    "text that is no JSON": (
        lambda: csched.from_json("lr: 1"),
        "from_json: text must be JSON, got 'lr: 1'; Expecting value: line 1 column 1 (char 0)",
    ),
    "length in words": (
        lambda: csched.one_cycle(0.1, 100, warmup_steps="10%"),
        "one_cycle: warmup_steps must be an int, got '10%'; a float in (0, 1) is a fraction",
    ),
    "warmup for warmup_steps": (
        lambda: csched.cosine(0.1, 100, warmup=10),
        "cosine: warmup must be the name of a law or a Warmup, got 10; "
        "warmup is its law, warmup_steps its length",
    ),
    "a cooldown misspelled": (
        lambda: csched.wsd(1e-3, 100, cooldown="cosin"),
        "wsd: cooldown must be one of 'linear', 'cosine', 'one_minus_sqrt', 'sqrt', 'square', "
        "'exponential', 'mirror_cosine', 'constant', 'polynomial', 'exponential_offset', 'rex', "
        "'inverse_sqrt', 'tanh', 'parabolic', 'elliptic', 'inverse_power', 'logarithmic', "
        "'hyperbolic', 'exp_hyperbolic', 'table', got 'cosin'; did you mean 'cosine'?",
    ),
    "a cooldown to 0 in the logarithm": (
        lambda: csched.wsd(1e-3, 100, cooldown="exponential"),
        "wsd: floor must be not 0, got 0.0; "
        "cooldown 'exponential' is linear in the logarithm: give 1e-3 of peak, say",
    ),
    "cycles that shrink": (
        lambda: csched.sgdr(0.1, 100, t_0=10, t_mult=0.5),
        "sgdr: t_mult must be in [1, inf), got 0.5",
    ),
    "a grid of a name": (
        lambda: csched.grid("cosine", peak=[0.1], steps=9),
        "grid: make must be a recipe, curve or a function that returns these, got 'cosine'",
    ),
    "a name given twice": (
        lambda: csched.Schedule({"lr": C}, lr=2 * C),
        "Schedule: a name must be given once, got ['lr']",
    ),
    "a schedule stretched to nothing": (
        lambda: csched.rex(0.1, 100).stretch(0),
        "Schedule.stretch: steps must be in [1, 2**53], got 0",
    ),
    "a schedule stretched between steps": (
        lambda: csched.rex(0.1, 100).stretch(1.5),
        "Schedule.stretch: steps must be an int, got 1.5",
    ),
    "a schedule extended into the past": (
        lambda: csched.rex(0.1, 100).extend(10, at=50),
        "Schedule.extend: steps must be in [51, 2**53], got 10",
    ),
    "a schedule extended from beyond": (
        lambda: csched.rex(0.1, 100).extend(200, at=150),
        "Schedule.extend: at must be in [0, 99], got 150",
    ),
    "a schedule held for less": (
        lambda: csched.rex(0.1, 100).extend(90, "hold"),
        "Schedule.extend: steps must be in [100, 2**53], got 90",
    ),
    "a schedule of a file": (
        lambda: csched.from_json(Path("s.json")),
        "from_json: text must be a str of JSON, not a file or its name, got PosixPath('s.json')",
    ),
    "a flag as text": (
        lambda: csched.one_cycle(0.1, 100, endpoint="no"),
        "one_cycle: endpoint must be True or False, got 'no'",
    ),
    "a stack of one": (
        lambda: csched.stack(C),
        f"stack: curves must be a sequence, got {C!r}",
    ),
    "json of a list": (
        lambda: csched.from_json("[1]"),
        "from_json: text must be an object with \"curves\", got '[1]'",
    ),
    "json of the future": (
        lambda: csched.from_json(json.dumps({"csched": 9, "curves": {}})),
        "from_json: csched must be the format number 1, got 9",
    ),
    "json with more": (
        lambda: csched.from_json(json.dumps({"csched": 1, "curves": {}, "step": 3})),
        "from_json: fields must be among ['csched', 'curves'], got ['step']",
    ),
}
"""What is wrong -> a call that does it, and the whole message."""


def nested(depth):
    c = C
    for _ in range(depth - 1):
        c = c.clip(0.0, 1.0)
    return c


@pytest.mark.parametrize(("call", "message"), BAD.values(), ids=BAD)
def test_a_wrong_call_is_refused_with_the_whole_message(call, message):
    with pytest.raises((ValueError, TypeError), match=f"^{re.escape(message)}$"):
        call()


def test_every_message_is_by_the_one_template():
    for _, message in BAD.values():
        assert re.match(
            r"[\w.]+( [*+])?: .* (must (be|have|follow) .*, got |has no argument )", message
        )


def test_a_curve_as_deep_as_allowed_can_be_evaluated():
    c = nested(59)
    assert c.clip(0.0, 1.0)(3) == C(3)
    table = curve("table", 1.0, 0.0, 10, every(2), span=30)
    for _ in range(59):
        table = table.clip(0.0, 1.0)
    assert table(0) == 1.0


# --- promise 19: an error at construction, or a curve that never fails ---------------------------

ANY = st.one_of(
    st.sampled_from([0, 1, -1, 2, 10, 0.0, 1.0, 0.5, -0.5, NAN, INF, -INF, 1e-320, 1e308, 2**53]),
    st.integers(-3, 40),
    st.floats(),
)


WAYS = ["warmup", "cooldown", "repeat", "growing", "levels", "clip", "scale", "slice"]


@given(
    st.sampled_from(list(csched.PROFILES)),
    st.tuples(ANY, ANY, ANY),
    st.sampled_from(["plain", "endpoint", "offset", "span", "every", "at", "argument"]),
    ANY,
    st.sampled_from(
        ["warmup", "cooldown", "repeat", "growing", "levels", "clip", "scale", "slice"]
    ),
    st.tuples(ANY, ANY),
)
def test_any_arguments_give_an_error_or_a_curve_that_never_fails(name, phase, extra, x, how, y):
    try:
        c = made_of(name, phase, extra, x, how, y)
    except (ValueError, TypeError) as error:
        if not re.match(r"\w+(\.\w+)?( [*+])?: ", str(error)):
            raise
        return
    steps = [t for t in (0, 1, c.steps - 1, c.steps, 3 * c.steps, 2**53) if 0 <= t <= 2**53]
    assert np.isfinite(c(np.array(steps))).all(), c
    assert np.isfinite(c.values(0, 40)).all(), c


def made_of(name, phase, extra, x, how, y):
    argument = [a.name for a in csched.PROFILES[name].arguments] or ["points"]
    more = {
        "plain": lambda: {},
        "endpoint": lambda: {"endpoint": True},
        "offset": lambda: {"offset": x},
        "span": lambda: {"span": x},
        "every": lambda: {"sampling": every(x)},
        "at": lambda: {"sampling": at(x)},
        "argument": lambda: {argument[0]: x},
    }
    c = curve(name, *phase, **more[extra]())
    ways = {
        "warmup": lambda: c.warmup(y[0], y[1]),
        "cooldown": lambda: c.cooldown(y[0], y[1]),
        "repeat": lambda: c.repeat(y[0]),
        "growing": lambda: c.repeat(3, y[0]),
        "levels": lambda: c.repeat(3, peak_mult=y[0], amplitude_mult=y[1]),
        "clip": lambda: c.clip(*y),
        "scale": lambda: y[0] * c + y[1],
        "slice": lambda: c[y[0] : y[1]],
    }
    return ways[how]()


# --- recipes say what is wrong by the name that was given ----------------------------------------


def example_of(name):
    """The arguments of its line in the catalogue."""
    signature = inspect.signature(csched.RECIPES[name])
    rest = [p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]
    code = CATALOGUE["EXAMPLES"][name].replace(f"csched.{name}(", "bind(", 1)
    given = dict(eval(code, {"csched": csched, "bind": signature.bind}).arguments)
    return given | given.pop(*rest, {}) if rest else given


@pytest.mark.parametrize("bad", ["text", NAN, 1j], ids=["text", "nan", "complex"])
@pytest.mark.parametrize("name", csched.RECIPES)
def test_a_recipe_names_the_argument_that_was_wrong(name, bad):
    recipe, given = csched.RECIPES[name], example_of(name)
    for p in inspect.signature(recipe).parameters.values():
        if p.kind is not p.VAR_KEYWORD:
            with pytest.raises((ValueError, TypeError), match=rf"\b{p.name}\b"):
                recipe(**given | {p.name: bad})
