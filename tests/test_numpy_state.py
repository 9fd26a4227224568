"""csched.numpy: the clock, saving and resuming, and what is refused."""

import json
import re
import runpy
from pathlib import Path

import csched.numpy
import numpy as np
import pytest

import csched
from csched import _core

STEPS = 12
EXAMPLE = Path(__file__).parent.parent / "examples" / "numpy_digits.py"


def constant(value, steps=100):
    return csched.curve("constant", value, steps=steps)


LR = csched.curve("cosine", 0.3, 0.0, 4, endpoint=True).repeat(3)  # restarts every 4 steps
SCHEDULE = csched.Schedule(
    lr=LR,
    momentum=csched.curve("linear", 0.0, 0.9, 3).repeat(4),
    weight_decay=csched.curve("linear", 0.0, 0.2, 12),
)


def run(params, grads, schedule, **options):
    opt = csched.numpy.SGD(params, schedule, **options)
    for g in grads:
        opt.step(g)
    return opt


# --- clock ---------------------------------------------------------------------------------


def test_update_t_uses_the_value_at_t():
    schedule = SCHEDULE
    w = np.zeros(3)
    opt = csched.numpy.SGD([w], schedule)
    assert (opt.position, opt.last_applied()) == (0, None)
    for t in range(STEPS):
        assert opt.hyperparameters == schedule(t)
        opt.step([np.ones(3)])
        assert opt.last_applied() == schedule(t)
    opt.seek(5)
    assert opt.position == 5
    assert opt.hyperparameters == schedule(5)
    assert opt.last_applied() == schedule(STEPS - 1)


def test_a_lr_without_momentum_is_minus_lr_times_gradient():
    lr = LR
    opt = csched.numpy.SGD({"w": (w := np.zeros(1))}, lr)
    for t in range(STEPS):
        before = w[0]
        opt.step({"w": np.ones(1)})
        assert w[0] == before - lr(t)


WHOLE_OR_NOT = ["abc", "abc", "a", "abc", "bc", "ab", "abc", "abc", "", "abc"]


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (csched.numpy.SGD, {}),
        (csched.numpy.SGD, {"dampening": 0.25}),
        (csched.numpy.SGD, {"dampening": 0.25, "max_norm": 1e30}),
        (csched.numpy.AdamW, {}),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_many_arrays_are_updated_as_each_would_be_alone(rule, options, order):
    rng = np.random.default_rng(5)
    shapes = {"a": (3, 4), "b": (7,), "c": (1, 2, 3)}
    lr = csched.Schedule(lr=LR, momentum=constant(0.5))

    def fresh():
        rng = np.random.default_rng(6)
        return {k: np.array(rng.standard_normal(shape), order=order) for k, shape in shapes.items()}

    together, alone = fresh(), fresh()
    whole = rule(together, lr, **options)
    single = {k: rule({k: w}, lr, **options) for k, w in alone.items()}
    for names in WHOLE_OR_NOT:
        grads = {k: rng.standard_normal(s) if k in names else None for k, s in shapes.items()}
        whole.step(grads)
        for k, optimizer in single.items():
            optimizer.step({k: grads[k]})
    counts = whole.state_dict()["head"]["counts"]
    assert counts == {k: sum(k in names for names in WHOLE_OR_NOT) for k in shapes}
    assert all(np.array_equal(together[k], alone[k]) for k in shapes)


ROW = np.ones((3, 4), np.float32)


@pytest.mark.parametrize(
    ("grad", "lie"),
    [
        (ROW.copy(), 2),
        (ROW.copy("F"), 0),
        (ROW.astype(np.float64), 0),
        (ROW[:2], 0),
        (ROW.reshape(12), 0),
        (np.ones((3, 8), np.float32)[:, ::2], 0),
        (ROW.astype(">f4"), 0),
        (np.frombuffer(b" " + ROW.tobytes(), np.float32, 12, 1).reshape(3, 4), 0),
        (ROW.view(np.ma.MaskedArray), 0),
        (memoryview(ROW), 0),
        (ROW.tolist(), 0),
        (None, 0),
    ],
)
def test_only_like_arrays_go_unseen_into_the_update(grad, lie):
    assert _core.side_by_side([ROW, ROW], [ROW, grad]) == lie
    assert _core.side_by_side([ROW.T], [ROW.copy().T]) == 1


# --- saving --------------------------------------------------------------------------------


def through_files(state, path):
    np.savez(path, head=json.dumps(state["head"], allow_nan=False), **state["arrays"])
    with np.load(path) as file:
        arrays = dict(file)
    return {"head": json.loads(str(arrays.pop("head"))), "arrays": arrays}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("stop", range(STEPS))
def test_resuming_after_any_step_gives_the_bits_of_the_whole_run(stop, inside, tmp_path):
    shapes = {"a": (5,), "b": (3, 4)}
    rng = np.random.default_rng(2)
    names = {k: rng.standard_normal(s).astype(np.float32) for k, s in shapes.items()}
    grads = [
        {k: rng.standard_normal(s).astype(np.float32) for k, s in shapes.items()}
        for _ in range(STEPS)
    ]
    options = {"dampening": 0.2, "lr_inside_velocity": inside}
    whole = {k: w.copy() for k, w in names.items()}
    run(whole, grads, SCHEDULE, **options)
    part = {k: w.copy() for k, w in names.items()}
    state = run(part, grads[:stop], SCHEDULE, **options).state_dict()
    state = through_files(state, tmp_path / "state.npz")
    opt = csched.numpy.SGD(part, SCHEDULE, **options)
    opt.load_state_dict(state)
    assert opt.position == stop
    assert opt.hyperparameters == SCHEDULE(stop)
    for g in grads[stop:]:
        opt.step(g)
    assert all(np.array_equal(whole[k], part[k]) for k in shapes)


def test_a_state_is_a_copy():
    opt = run([np.zeros(3)], [[np.ones(3)]], constant(0.1), momentum=0.9)
    state = opt.state_dict()
    kept = state["arrays"]["velocity/0"].copy()
    opt.load_state_dict(state)
    opt.step([np.ones(3)])
    assert np.array_equal(state["arrays"]["velocity/0"], kept)


def test_head_of_five_phases_is_below_2_kb():
    lr = constant(0.1, 5)
    for i in range(4):
        lr = lr.then(csched.curve("cosine", 0.1 + i, 0.0, 10))
    opt = csched.numpy.SGD([np.zeros(3)], csched.Schedule(lr=lr), momentum=0.9)
    assert len(json.dumps(opt.state_dict()["head"])) < 2000


def test_loading_another_spec_names_the_fields():
    state = run([np.zeros(3)], [[np.ones(3)]] * 4, constant(0.1), momentum=0.9).state_dict()
    opt = csched.numpy.SGD([np.zeros(3)], constant(0.2), momentum=0.8)
    with pytest.raises(ValueError, match="differing") as caught:
        opt.load_state_dict(state)
    assert str(caught.value) == (
        "csched.numpy.SGD.load_state_dict: the saved spec must be the one in use, got 3 differing "
        "fields: schedule.lr.start: 0.1 (saved), 0.2 (here); schedule.lr.end: 0.1 (saved), "
        "0.2 (here); settings.momentum: 0.9 (saved), 0.8 (here); "
        "pass spec='saved' or spec='mine' to choose"
    )
    assert opt.position == 0
    opt.load_state_dict(state, spec="mine")
    assert (opt.position, opt.hyperparameters["lr"], opt.hyperparameters["momentum"]) == (
        4,
        0.2,
        0.8,
    )
    opt.load_state_dict(state, spec="saved")
    assert (opt.position, opt.hyperparameters["lr"], opt.hyperparameters["momentum"]) == (
        4,
        0.1,
        0.9,
    )
    assert opt.state_dict()["head"] == state["head"]


def saved(**changes):
    state = run([np.zeros(3)], [[np.ones(3)]], constant(0.1), momentum=0.9).state_dict()
    state["head"] |= changes.pop("head", {})
    return {**state, **changes}


BAD_STATES = {
    "other kind": (saved(head={"kind": "csched.numpy.Adam"}), "kind must be 'csched.numpy.SGD'"),
    "other format": (saved(head={"csched": 99}), "csched must be the format number 1, got 99"),
    "negative position": (saved(head={"position": -1}), r"position must be in \[0, 2\*\*53\]"),
    "no arrays": ({"head": {}}, 'state must be a dict with "head" and "arrays"'),
    "unknown array": (
        saved(arrays={"velocity/7": np.zeros(3)}),
        r"arrays must be among \['velocity/0'\], got \['velocity/7'\]",
    ),
    "head of another type": (saved() | {"head": None}, "head and arrays must be two dicts"),
    "an array that is none": (
        saved(arrays={"velocity/0": [0.0, 0.0, 0.0]}),
        r"arrays\['velocity/0'\] must be float64 of shape \(3,\), got \[0\.0, 0\.0, 0\.0\]",
    ),
    "other shape": (
        saved(arrays={"velocity/0": np.zeros(4)}),
        r"arrays\['velocity/0'\] must be float64 of shape \(3,\), got 'float64 of shape \(4,\)'",
    ),
}


@pytest.mark.parametrize(("state", "message"), BAD_STATES.values(), ids=BAD_STATES)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(state, message):
    opt = run([np.zeros(3)], [[np.ones(3)]] * 2, constant(0.1), momentum=0.9)
    before = opt.state_dict()
    with pytest.raises((ValueError, TypeError), match=message):
        opt.load_state_dict(state)
    after = opt.state_dict()
    assert after["head"] == before["head"]
    assert np.array_equal(after["arrays"]["velocity/0"], before["arrays"]["velocity/0"])


@pytest.mark.parametrize("settings", [None, 3, {"momentum": 0.9}])
def test_saved_settings_that_are_none_are_refused(settings):
    opt = csched.numpy.SGD([np.zeros(3)], constant(0.1), momentum=0.9)
    with pytest.raises(ValueError, match=r"settings must be a dict of \['momentum', "):
        opt.load_state_dict(saved(head={"settings": settings}), spec="saved")


def test_the_example_learns_digits_and_resumes_with_the_same_bits(capsys):
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    printed = capsys.readouterr().out
    (score,) = re.findall(r"([\d.]+)% of the test set", printed)
    assert float(score) > 95.0
    assert "the same bits at the end: True" in printed


# --- errors --------------------------------------------------------------------------------

W = np.zeros(3)
TIED = np.zeros((3, 4))
READ_ONLY = np.zeros(3)
READ_ONLY.flags.writeable = False
BAD = {
    "params an array": (W, LR, {}, "params must be a list or dict of arrays, got 'ndarray'; "
                        "put a single array into a list"),
    "param a list": ([[1.0]], LR, {}, "params[0] must be a NumPy array, got [1.0]"),
    "param of ints": ([np.zeros(3, int)], LR, {},
                      "params[0] must be of float64 or float32, got 'int64'"),
    "param read-only": ({"w": READ_ONLY}, LR, {},
                        "params['w'] must be writable, got 'a read-only array'"),
    "param twice": ([W, W], LR, {},
                    "params[1] must be an array of its own, got 'that of params[0]'"),
    "param reshaped": ({"e": TIED, "f": TIED.T}, LR, {},
                       "params['f'] must be an array of its own, got \"that of params['e']\""),
    "param cut": ([W, TIED[1:].ravel(), TIED.ravel()[::-1]], LR, {},
                  "params[2] must be an array of its own, got 'that of params[1]'"),
    "param broadcast": ([np.lib.stride_tricks.as_strided(np.zeros(1), (5,), (0,))], LR, {},
                        "params[0] must be of elements of their own, got 'strides (0,)'"),
    "param masked": ([np.ma.array([1.0], mask=[True])], LR, {},
                     "params[0] must be a NumPy array, got masked_array(data=[--],\n             "
                     "mask=[ True],\n       fill_value=1e+20,\n            dtype=float64); a mask "
                     "would not be heeded"),
    "schedule a number": ([W], 0.1, {}, "schedule must be a Schedule or a Curve, got 0.1; "
                          "a constant is csched.curve('constant', value, steps=n)"),
    "no lr": ([W], csched.Schedule(momentum=LR), {},
              "the curves of schedule must be of 'lr' and any of ['momentum', 'weight_decay'], "
              "got ['momentum']"),
    "unknown name": ([W], csched.Schedule(lr=LR, beta=LR), {}, "the curves of schedule must be of "
                     "'lr' and any of ['momentum', 'weight_decay'], got ['lr', 'beta']"),
    "momentum above 1": ([W], csched.Schedule(lr=LR, momentum=csched.curve("linear", 0.9, 1.1, 4)),
                         {}, "schedule['momentum'] must be in [0, 1) at every step, got 1.0; "
                         "at step 2"),
    "negative lr": ([W], csched.curve("linear", 0.1, -0.1, 4), {},
                    "schedule['lr'] must be in [0, inf) at every step, got -0.05; at step 3"),
    "momentum twice": ([W], csched.Schedule(lr=LR, momentum=LR), {"momentum": 0.9},
                       "momentum must be left out, as the schedule has it, got 0.9"),
    "momentum of 1": ([W], LR, {"momentum": 1.0}, "momentum must be in [0, 1), got 1.0"),
    "dampening": ([W], LR, {"dampening": 1.5}, "dampening must be in [0, 1], got 1.5"),
    "nesterov alone": ([W], LR, {"nesterov": True}, "nesterov must be with momentum and without "
                       "dampening, got {'momentum': 0.0, 'dampening': 0.0}"),
    "max_norm of 0": ([W], LR, {"max_norm": 0.0}, "max_norm must be in (0, inf), got 0.0"),
    "no threads": ([W], LR, {"threads": 0}, "threads must be in [1, 1024], got 0"),
}  # fmt: skip


@pytest.mark.parametrize(("params", "schedule", "options", "message"), BAD.values(), ids=BAD)
def test_bad_arguments_are_refused_when_it_is_made(params, schedule, options, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        csched.numpy.SGD(params, schedule, **options)
    assert str(caught.value) == f"csched.numpy.SGD: {message}"


BAD_GRADS = {
    "too few": ([W], "grads must be a list of 2 arrays, got 1"),
    "a dict": ({"a": W}, "grads must be a list of 2 arrays, got 'dict'"),
    "a number": ([W, 1.0], "grads[1] must be a NumPy array or None, got 1.0"),
    "a masked array": ([W, np.ma.zeros(3)], "grads[1] must be a NumPy array or None, got "
                       "masked_array(data=[0., 0., 0.],\n             mask=False,\n       "
                       "fill_value=1e+20)"),
    "other shape": ([W, np.zeros(4)],
                    "grads[1] must be float64 of shape (3,), got 'float64 of shape (4,)'"),
    "other type": ([W, np.zeros(3, np.float32)],
                   "grads[1] must be float64 of shape (3,), got 'float32 of shape (3,)'"),
}  # fmt: skip


@pytest.mark.parametrize(("grads", "message"), BAD_GRADS.values(), ids=BAD_GRADS)
def test_bad_gradients_are_refused_and_change_nothing(grads, message):
    params = [np.ones(3), np.ones(3)]
    opt = csched.numpy.SGD(params, LR, momentum=0.9)
    with pytest.raises((ValueError, TypeError)) as caught:
        opt.step(grads)
    assert str(caught.value) == f"csched.numpy.SGD.step: {message}"
    assert all(np.array_equal(w, np.ones(3)) for w in params)
    assert (opt.position, opt.state_dict()["arrays"]) == (0, {})


def test_a_dict_of_gradients_needs_the_keys_of_the_parameters():
    opt = csched.numpy.SGD({"a": np.zeros(3), "b": np.zeros(3)}, LR)
    with pytest.raises(ValueError, match=r"grads must be a dict with the keys \['a', 'b'\], got"):
        opt.step({"a": np.zeros(3), "c": np.zeros(3)})


def test_a_value_out_of_range_far_from_the_start_raises_before_anything_changes():
    momentum = csched.curve("linear", 0.0, 1.5, 2**21)
    w = np.zeros(3)
    opt = csched.numpy.SGD([w], csched.Schedule(lr=LR, momentum=momentum))
    opt.seek(2**21 - 1)
    with pytest.raises(ValueError, match=r"schedule\['momentum'\] must be in \[0, 1\)"):
        opt.step([np.ones(3)])
    assert np.array_equal(w, np.zeros(3))
    assert opt.position == 2**21 - 1


def test_a_schedule_with_the_tail_raise_ends_the_run_and_changes_nothing():
    opt = csched.numpy.SGD([w := np.zeros(3)], LR.tail("raise"), momentum=0.9)
    for _ in range(LR.steps):
        opt.step([np.ones(3)])
    before = w.copy()
    with pytest.raises(ValueError, match="step must be below steps = 12"):
        opt.step([np.ones(3)])
    assert np.array_equal(w, before)
    assert opt.position == 12


def test_the_core_refuses_memory_that_does_not_fit():
    with pytest.raises(ValueError, match="one type and size"):
        _core.update("plain", ([np.zeros(3)], [np.zeros(4)]), rate=1.0)
    with pytest.raises(ValueError, match="float64 or float32"):
        _core.update("plain", ([np.zeros(3, int)], [np.zeros(3, int)]), rate=1.0)
    with pytest.raises(ValueError, match="momentum takes 3 lists, got 2"):
        _core.update("momentum", ([np.zeros(3)], [np.zeros(3)]), rate=1.0)
    with pytest.raises(ValueError, match="contiguous"):
        _core.update("plain", ([np.zeros(6)[::2]], [np.zeros(3)]), rate=1.0)
    with pytest.raises(IndexError):
        _core.update("plain", ([np.zeros(3)], []), rate=1.0)
