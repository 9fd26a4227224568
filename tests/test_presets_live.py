"""from_scheduler: what it reads equals what the scheduler goes on to do."""

from random import Random

import pytest
import torch
from beside import agree
from csched.presets import live
from csched.presets import torch as presets
from csched.presets.live import from_scheduler
from torch.optim import lr_scheduler as S
from transformers import optimization as hf


def optimizer(*lrs, kind=torch.optim.SGD):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs or (0.5,)]
    return kind(groups, **({"momentum": 0.9} if kind is torch.optim.SGD else {}))


def sequential(o):
    warm = S.LinearLR(o, 0.1, 1.0, 3)
    return S.SequentialLR(o, [warm, S.CosineAnnealingLR(o, 9), S.ExponentialLR(o, 0.9)], [3, 9])


def nested(o):
    inner = S.SequentialLR(o, [S.ConstantLR(o, 0.5, 2), S.StepLR(o, 3, 0.5)], [2])
    return S.SequentialLR(o, [inner, S.PolynomialLR(o, 8, 2.0)], [6])


SCHEDULERS = {
    "StepLR": lambda o: S.StepLR(o, 3, 0.5),
    "MultiStepLR": lambda o: S.MultiStepLR(o, [2, 5, 5], 0.5),
    "ConstantLR": lambda o: S.ConstantLR(o, 0.25, 4),
    "LinearLR": lambda o: S.LinearLR(o, 0.1, 0.9, 7),
    "PolynomialLR": lambda o: S.PolynomialLR(o, 30, 1.5),
    "ExponentialLR": lambda o: S.ExponentialLR(o, 0.93),
    "CosineAnnealingLR": lambda o: S.CosineAnnealingLR(o, 8, 0.01),
    "CosineAnnealingWarmRestarts": lambda o: S.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
    "OneCycleLR": lambda o: S.OneCycleLR(o, 1.5, 30, pct_start=0.37, anneal_strategy="linear"),
    "OneCycleLR of three": lambda o: S.OneCycleLR(o, 1.5, 30, three_phase=True),
    "CyclicLR": lambda o: S.CyclicLR(o, 0.1, 1.0, 3, 5, mode="exp_range", gamma=0.97),
    "SWALR": lambda o: torch.optim.swa_utils.SWALR(o, 0.05, 6),
    "LambdaLR": lambda o: S.LambdaLR(o, lambda t: 1 / (1 + t)),
    "MultiplicativeLR": lambda o: S.MultiplicativeLR(o, lambda t: 0.95),
    "SequentialLR": sequential,
    "ChainedScheduler": lambda o: S.ChainedScheduler(
        [S.LinearLR(o, 0.1, 1.0, 4), S.ExponentialLR(o, 0.9), S.CosineAnnealingLR(o, 40)], o
    ),
    "linear of transformers": lambda o: hf.get_linear_schedule_with_warmup(o, 4, 20),
    "constant of transformers": lambda o: hf.get_constant_schedule_with_warmup(o, 4),
    "inverse_sqrt of transformers": lambda o: hf.get_inverse_sqrt_schedule(o, 4),
}
FUNCTIONS = ("LambdaLR", "MultiplicativeLR")


def run(o, scheduler, n):
    rows = []
    for _ in range(n):
        rows.append((o.param_groups[0]["lr"], o.param_groups[0]["momentum"]))
        o.step()
        scheduler.step()
    return rows


@pytest.mark.parametrize("begin", [0, 5, 11])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_schedule_goes_on_as_the_scheduler_does(name, begin):
    o = optimizer()
    scheduler = SCHEDULERS[name](o)
    run(o, scheduler, begin)
    schedule = from_scheduler(scheduler, steps=40 if name in FUNCTIONS else None)
    rows = run(o, scheduler, 16)
    # torch's recursions: 1e-12 relative, of the base where they come near 0
    agree(
        schedule["lr"].values(begin, begin + 16), [r[0] for r in rows], rtol=1e-12, near_zero=1e-13
    )
    if "momentum" in schedule:
        ours = schedule["momentum"].values(begin, begin + 16)
        agree(ours, [r[1] for r in rows], rtol=1e-12)


@pytest.mark.filterwarnings("ignore:Detected call")  # torch steps an inner child at once
def test_a_nested_sequence_is_read_with_the_numbers_of_torch():
    o = optimizer(1.0)
    scheduler = nested(o)
    documented = presets.SequentialLR(
        [
            presets.SequentialLR([presets.ConstantLR(0.5, 2), presets.StepLR(3, 0.5)], [2]),
            presets.PolynomialLR(8, 2.0),
        ],
        [6],
    )["lr"]
    ours = from_scheduler(scheduler)["lr"].values(0, 16)
    theirs = [r[0] for r in run(o, scheduler, 16)]
    agree(ours, theirs, rtol=1e-12, near_zero=1e-13)
    early = [t for t in range(16) if ours[t] != documented(t)]
    assert early == [1, 4]  # the inner one changes a step before its milestone


@pytest.mark.filterwarnings("ignore:Detected call")
def test_a_sequence_that_torch_cannot_begin_again_is_refused():
    o = optimizer(1.0)
    inner = S.SequentialLR(o, [S.StepLR(o, 2, 0.5), S.ExponentialLR(o, 0.5)], [3])
    scheduler = S.SequentialLR(o, [S.ConstantLR(o, 1.0, 1), inner], [2])
    with pytest.raises(ValueError, match="a SequentialLR inside another must be its first"):
        from_scheduler(scheduler)
    with pytest.raises(NotImplementedError):
        run(o, scheduler, 4)


@pytest.mark.filterwarnings("ignore:Detected call")
@pytest.mark.parametrize(
    ("version", "milestones", "match"),
    [
        ((2, 5), [3], "without a SequentialLR in another"),
        ((2, 12), [1], r"milestones must be above 1, got \[1\]; torch before 2.13"),
        ((2, 12), [0], r"milestones must be above 0, got \[0\]; torch before 2.13"),
    ],
)
def test_sequences_that_older_torch_steps_otherwise_are_refused(
    monkeypatch, version, milestones, match
):
    monkeypatch.setattr(live, "_torch", lambda: version)
    o = optimizer(1.0)
    inner = S.SequentialLR(o, [S.StepLR(o, 2, 0.5), S.ExponentialLR(o, 0.5)], milestones)
    scheduler = inner if milestones == [0] else S.SequentialLR(o, [inner, S.StepLR(o, 9)], [5])
    with pytest.raises(ValueError, match=match):
        from_scheduler(scheduler)


def test_adam_has_its_momentum_in_betas():
    o = optimizer(kind=torch.optim.Adam)
    schedule = from_scheduler(S.OneCycleLR(o, 1.0, 10))
    assert set(schedule) == {"lr", "betas[0]"}


def test_groups_with_schedules_of_their_own_are_read_one_by_one():
    scheduler = S.StepLR(optimizer(0.5, 0.1), 3)
    with pytest.raises(ValueError, match="group must be an int in"):
        from_scheduler(scheduler)
    assert from_scheduler(scheduler, group=1)["lr"](0) == 0.1


BAD = {
    "a metric": lambda o: S.ReduceLROnPlateau(o),
    "a function": lambda o: S.LambdaLR(o, lambda t: 1.0),
    "no product": lambda o: S.ChainedScheduler(
        [S.CosineAnnealingWarmRestarts(o, 8), S.LinearLR(o)], o
    ),
    "a scale": lambda o: S.CyclicLR(o, 0.1, 1.0, 3, scale_fn=lambda x: 1.0),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_refused(name):
    with pytest.raises(ValueError, match="from_scheduler: "):
        from_scheduler(BAD[name](optimizer()))


def test_a_rate_that_was_changed_by_hand_is_refused():
    o = optimizer()
    scheduler = S.ExponentialLR(o, 0.9)
    run(o, scheduler, 3)
    o.param_groups[0]["lr"] = 0.1
    with pytest.raises(ValueError, match="at its own value of step 3"):
        from_scheduler(scheduler)


def decaying(a, b):
    return lambda t: 1 / (1 + a + b * t)


DRAWN = {  # c draws the arguments
    "StepLR": lambda o, c: S.StepLR(o, c.randint(1, 9), c.uniform(0.1, 1)),
    "MultiStepLR": lambda o, c: S.MultiStepLR(
        o, [c.randint(0, 20) for _ in range(c.randint(0, 5))], c.uniform(0.1, 1.2)
    ),
    "ConstantLR": lambda o, c: S.ConstantLR(o, c.uniform(0.01, 1), c.randint(1, 12)),
    "LinearLR": lambda o, c: S.LinearLR(o, c.uniform(0.01, 1), c.random(), c.randint(1, 15)),
    "PolynomialLR": lambda o, c: S.PolynomialLR(o, c.randint(1, 25), c.uniform(0.3, 3)),
    "ExponentialLR": lambda o, c: S.ExponentialLR(o, c.uniform(0.5, 1.05)),
    "MultiplicativeLR": lambda o, c: S.MultiplicativeLR(o, decaying(c.uniform(0, 0.5), 0)),
    "LambdaLR": lambda o, c: S.LambdaLR(o, decaying(0, c.random())),
    "CosineAnnealingLR": lambda o, c: S.CosineAnnealingLR(
        o, c.randint(1, 15), c.choice([0, 0.1 * c.random()])
    ),
    "CosineAnnealingWarmRestarts": lambda o, c: S.CosineAnnealingWarmRestarts(
        o, c.randint(1, 6), c.randint(1, 3), 0.1 * c.random()
    ),
    "SWALR": lambda o, c: torch.optim.swa_utils.SWALR(
        o, c.uniform(0.01, 0.2), c.randint(1, 12), c.choice(["cos", "linear"])
    ),
    "OneCycleLR": lambda o, c: S.OneCycleLR(
        o,
        c.uniform(0.1, 2),
        c.randint(40, 60),
        pct_start=c.uniform(0.05, 0.95),
        anneal_strategy=c.choice(["cos", "linear"]),
        three_phase=c.random() < 0.4,
        div_factor=c.uniform(2, 30),
    ),
    "CyclicLR": lambda o, c: S.CyclicLR(
        o,
        c.uniform(0.01, 0.1),
        c.uniform(0.2, 1),
        c.randint(1, 6),
        c.choice([None, c.randint(1, 6)]),
        mode=c.choice(["triangular", "triangular2", "exp_range"]),
        gamma=c.uniform(0.9, 1),
    ),
    "SequentialLR": lambda o, c: in_sequence(o, c, c.randint(2, 4)),
    "ChainedScheduler": lambda o, c: in_chain(o, c, 2),
    "SequentialLR nested": lambda o, c: nested_in_sequence(o, c, c.randint(1, 3)),
}
CHAINED, IN_SEQUENCE = list(DRAWN)[:7], list(DRAWN)[:10]


def in_sequence(o, c, count):
    children = [DRAWN[c.choice(IN_SEQUENCE)](o, c) for _ in range(count)]
    return S.SequentialLR(o, children, sorted(c.sample(range(1, 25), count - 1)))


def nested_in_sequence(o, c, deep):
    first = nested_in_sequence(o, c, deep - 1) if deep else DRAWN[c.choice(IN_SEQUENCE)](o, c)
    children = [first, *(DRAWN[c.choice(IN_SEQUENCE)](o, c) for _ in range(c.randint(1, 2)))]
    return S.SequentialLR(o, children, sorted(c.sample(range(25), len(children) - 1)))


def in_chain(o, c, deep):
    links = [in_chain] * bool(deep)
    made = [c.choice([*links, None]) for _ in range(c.randint(1, 3))]
    children = [f(o, c, deep - 1) if f else DRAWN[c.choice(CHAINED)](o, c) for f in made]
    return S.ChainedScheduler(children, o)


@pytest.mark.filterwarnings("ignore:Detected call")
@pytest.mark.parametrize("name", DRAWN)
def test_any_scheduler_is_read_at_any_step(name):
    c = Random(name)
    for _ in range(40):
        lr, begin = c.uniform(0.1, 2), c.choice([0, c.randint(1, 20)])
        o = optimizer(lr)
        scheduler = DRAWN[name](o, c)
        run(o, scheduler, begin)
        schedule = from_scheduler(scheduler, steps=40)
        rows = run(o, scheduler, 18)
        ours = schedule["lr"].values(begin, begin + 18)
        agree(ours, [r[0] for r in rows], rtol=1e-12, near_zero=1e-13)
        if "momentum" in schedule:
            ours = schedule["momentum"].values(begin, begin + 18)
            agree(ours, [r[1] for r in rows], rtol=1e-12)


def test_cycles_that_grow_for_ever_may_follow_a_warm_up():
    o = optimizer()
    warm, cycles = S.LinearLR(o, 0.1, 1.0, 12), S.CosineAnnealingWarmRestarts(o, 8, 2)
    scheduler = S.SequentialLR(o, [warm, cycles], [12])
    ours = from_scheduler(scheduler)["lr"]
    assert ours.steps == 2**53
    assert ours.cycle_ends[:3] == (19, 35, 67)
    agree(ours.values(0, 70), [r[0] for r in run(o, scheduler, 70)], rtol=1e-12)


LINKS = {
    "ConstantLR": lambda o: S.ConstantLR(o, 0.3, 4),
    "LinearLR": lambda o: S.LinearLR(o, 0.2, 0.9, 7),
    "ExponentialLR": lambda o: S.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: S.PolynomialLR(o, 9, 2.0),
    "CosineAnnealingLR": lambda o: S.CosineAnnealingLR(o, 12),
    "StepLR": lambda o: S.StepLR(o, 3, 0.5),
}


@pytest.mark.filterwarnings("ignore:Detected call")
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("other", [None, "ExponentialLR", "LinearLR"])
def test_a_chain_first_in_a_sequence_has_the_numbers_torch_gives(name, other):
    o = optimizer(0.5)
    links = [LINKS[name](o), *([LINKS[other](o)] if other else [])]
    scheduler = S.SequentialLR(o, [S.ChainedScheduler(links, o), S.StepLR(o, 5, 0.1)], [12])
    ours = from_scheduler(scheduler)["lr"]
    rows = run(o, scheduler, 24)
    agree(ours.values(0, 24), [r[0] for r in rows], rtol=1e-12, near_zero=1e-13)


def test_a_chain_ends_where_its_cosine_is_zero():
    o = optimizer(0.5)
    chain = S.ChainedScheduler([LINKS["CosineAnnealingLR"](o), LINKS["ExponentialLR"](o)], o)
    ours = from_scheduler(chain)["lr"]
    with pytest.raises(ValueError, match="at most steps = 13"):
        ours.values(0, 14)
    rows = run(o, chain, 13)
    agree(ours.values(0, 13), [r[0] for r in rows], rtol=1e-12, near_zero=1e-13)
    with pytest.raises(
        ValueError, match=r"from_scheduler: .* over by its step 13, at its zero, got 14"
    ):
        from_scheduler(chain)


@pytest.mark.filterwarnings("ignore:Detected call")
def test_a_chain_in_a_sequence_is_refused_beyond_the_zero_of_its_cosine():
    o = optimizer(0.5)
    chain = S.ChainedScheduler([LINKS["CosineAnnealingLR"](o), LINKS["ExponentialLR"](o)], o)
    with pytest.raises(ValueError, match="over by its step 13, at its zero, got 14"):
        from_scheduler(S.SequentialLR(o, [chain, S.StepLR(o, 5)], [14]))
