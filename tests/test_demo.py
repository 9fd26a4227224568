"""The demo's parts on small data, and the whole of it once."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
import torch

import csched

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

import demo
import gallery
import training

RECIPES_OF_THE_PAPERS = {
    "linear",
    "budgeted_linear",
    "cosine",
    "exponential",
    "step_decay",
    "multi_step",
    "rex",
    "sgdr",
    "snapshot",
    "triangular",
    "triangular2",
    "exp_range",
    "one_cycle",
    "lr_range_test",
}
STEPS = 40


def small_data():
    """Two overlapping clouds a class, in eight dimensions, 10 classes."""
    random = np.random.default_rng(1)
    centres = random.normal(size=(10, 8))
    y, y_test = (np.arange(n) % 10 for n in (200, 50))
    x, x_test = (centres[k] + 0.5 * random.normal(size=(len(k), 8)) for k in (y, y_test))
    return {"x": x, "y": y, "x_test": x_test, "y_test": y_test}


@pytest.fixture(scope="module")
def task():
    return training.make_task(small_data(), STEPS, batch=20, hidden=16)


def test_gallery_shows_every_recipe_of_the_papers():
    shown = {case.recipe for case in gallery.cases(1400)}
    assert shown >= RECIPES_OF_THE_PAPERS
    assert shown <= csched.RECIPES.keys()


def test_gallery_fills_the_horizon_with_whole_cycles():
    for case in gallery.cases(1400):
        assert case.schedule(1400).steps == 1400, case.name
        if case.recipe in ("sgdr", "snapshot", "triangular", "triangular2", "exp_range"):
            lr = case.schedule(1400)["lr"]
            assert lr(1399) < lr(1398), case.name


def test_gallery_saves_the_values_and_a_picture(tmp_path):
    npz, png, count = gallery.save(tmp_path / "new", 140)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in npz.parent.iterdir()) == ["overview.png", "schedules.npz"]
    with np.load(npz) as stored:
        assert sum(stored[name].size for name in stored) == count
        s = csched.one_cycle(0.8, 140)
        assert stored["one_cycle.lr"].tobytes() == s["lr"].values().tobytes()
        assert stored["one_cycle.momentum"].tobytes() == s["momentum"].values().tobytes()


def test_file_stays_as_it_was_when_writing_fails(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")

    def broken(unfinished):
        unfinished.write_text("half")
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        gallery.replace_file(path, broken)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_gradients_by_hand_are_those_of_autograd(task):
    random = np.random.default_rng(2)
    weights = [random.normal(size=w.shape) for w in task.weights]
    x, y = random.normal(size=(30, 8)), random.integers(0, 10, 30)
    w1, b1, w2, b2 = leaves = [torch.tensor(w, requires_grad=True) for w in weights]
    scores = torch.relu(torch.tensor(x) @ w1 + b1) @ w2 + b2
    torch.nn.functional.cross_entropy(scores, torch.tensor(y)).backward()
    for ours, leaf in zip(training.gradients(weights, x, y), leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.grad.numpy(), rtol=1e-9, atol=1e-15)


@pytest.fixture(scope="module")
def runs(task):
    """(schedule, framework) -> what came out."""
    made = {}
    for name, schedule in demo.schedules(STEPS).items():
        for train in training.TRAINERS:
            ticks = []
            run = train(task, schedule, lambda ticks=ticks: ticks.append(1))
            assert len(ticks) == STEPS
            made[name, run.framework] = run
    return made


@pytest.mark.parametrize("name", ["one_cycle", "rex"])
@pytest.mark.parametrize("framework", ["PyTorch", "JAX", "NumPy"])
def test_every_update_used_the_planned_bits(runs, name, framework):
    planned = demo.schedules(STEPS)[name].values(dtype=np.float32)
    assert runs[name, framework].matches(planned) == {"lr": STEPS, "momentum": STEPS}


@pytest.mark.parametrize("name", ["one_cycle", "rex"])
def test_frameworks_arrive_at_the_same_weights(runs, name):
    """Up to float32 rounding, which 40 updates carry on."""
    for framework in ("JAX", "NumPy"):
        pairs = zip(runs[name, framework].weights, runs[name, "PyTorch"].weights, strict=True)
        for ours, theirs in pairs:
            assert np.linalg.norm(ours - theirs) < 1e-4 * np.linalg.norm(theirs)


def test_training_learns(runs, task):
    before = task.accuracy(task.weights)
    for run in runs.values():
        assert task.accuracy(run.weights) > before + 0.4


def test_one_wrong_bit_is_noticed(runs):
    planned = demo.schedules(STEPS)["rex"].values(dtype=np.float32)
    planned["lr"][7] = np.nextafter(planned["lr"][7], np.float32(1))
    assert runs["rex", "NumPy"].matches(planned) == {"lr": STEPS - 1, "momentum": STEPS}
    assert "39 of 40" in demo.verdict(39, 40)
    assert "all 40" in demo.verdict(40, 40)


def test_batches_visit_every_row_once_an_epoch(task):
    epoch = task.batches[:10].ravel()
    assert sorted(epoch.tolist()) == list(range(200))
    assert task.batches.shape == (STEPS, 20)


def test_demo_runs_and_keeps_its_data(tmp_path, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(demo, "make_dataset", lambda _: calls.append(1) or small_data())
    monkeypatch.setattr(demo, "OUT", tmp_path)
    monkeypatch.setattr(demo, "STEPS", 20)
    monkeypatch.setattr(demo, "HORIZON", 140)
    threads = torch.get_num_threads()
    try:
        demo.main()
        shown = capsys.readouterr().out
        demo.dataset(tmp_path)
    finally:
        torch.set_num_threads(threads)
    assert calls == [1]
    rows = [line for line in shown.splitlines() if "all 20" in line]
    assert len(rows) == 6
    assert all(line.count("all 20") == 2 for line in rows)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "mnist1d.npz",
        "overview.png",
        "schedules.npz",
    ]
