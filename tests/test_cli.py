"""The command ``csched``, run as a user runs it."""

import importlib.metadata
import inspect
import json
import os
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from typer.testing import CliRunner

import csched
from csched import cli

REX = ("rex", "--peak", "0.1", "--steps", "1000")


def run(*words):
    return CliRunner().invoke(cli.main, list(words))


def text_of(*words):
    """The output of a command that succeeds, blanks at line ends left out."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return "\n".join(line.rstrip() for line in result.stdout.splitlines())


def schedule_of(*words):
    """The schedule that the command made of the words."""
    return csched.from_json(text_of("show", *words, "--json"))


def test_list_names_every_recipe():
    first_words = {line.split(" ")[0] for line in text_of("list").splitlines()}
    assert first_words - {""} == set(csched.RECIPES)


@pytest.mark.parametrize("library", csched.presets.LIBRARIES)
def test_list_names_every_preset_of_a_library(library):
    first_words = {line.split(" ")[0] for line in text_of("list", library).splitlines()}
    module = getattr(csched.presets, library)
    assert first_words - {""} == {f"{library}.{name}" for name in module.__all__}


def test_show_prints_phases_with_their_steps():
    assert text_of("show", "one_cycle", "--peak", "0.8", "--steps", "20") == (
        "lr  20 steps, 0.08 .. 0.0404, then 0.0008\n"
        "▂▂▃▄▅▅▆▇▇█▇▇▆▅▅▄▃▂▂▁\n"
        "steps     phase\n"
        "0 .. 8    curve('linear', 0.08, 0.8, 9)\n"
        "9 .. 17   curve('linear', 0.8, 0.08, 9)\n"
        "18 .. 19  curve('linear', 0.08, 0.0008, 2)\n"
        "momentum  20 steps, 0.95 .. 0.95, then 0.95\n"
        "█▇▆▆▅▄▃▃▂▁▂▃▃▄▅▆▆▇██\n"
        "steps     phase\n"
        "0 .. 8    curve('linear', 0.95, 0.85, 9)\n"
        "9 .. 17   curve('linear', 0.85, 0.95, 9)\n"
        "18 .. 19  curve('constant', 0.95, 0.95, 2)"
    )


def test_list_prints_brackets_as_they_are():
    assert "`sizes[i]`" in text_of("list")


def test_version_is_printed():
    assert text_of("--version") == f"csched {importlib.metadata.version('csched')}"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("rex", "did you mean 'csched show rex ...'?"),
        ("torch.StepLR", "did you mean 'csched show torch.StepLR ...'?"),
        ("run.json", "did you mean 'csched show run.json'?"),
        ("describe", "the commands are list, doc, show, plot, values"),
    ],
)
def test_a_recipe_for_a_command_is_met_with_the_command(word, hint):
    result = run(word)
    assert result.exit_code == 2
    assert f"No such command '{word}'; {hint}" in result.stderr


@pytest.mark.parametrize("text", ["{", '{"csched": 1}'])
def test_a_broken_file_is_named(text, tmp_path):
    path = tmp_path / "broken.json"
    path.write_text(text)
    result = run("show", str(path))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"csched: {path}: ")


@pytest.mark.parametrize("command", ["plot", "values"])
def test_a_schedule_without_an_end_is_cut_where_the_user_says(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = (command, "noam", "--warmup-steps", "10")
    result = run(*words)
    assert result.exit_code == 2
    assert "given where a schedule has no end" in result.stderr
    assert run(*words, "--to", "50").exit_code == 0


@pytest.mark.parametrize("name", ["every", "at", "curve", "Warmup"])
def test_doc_has_what_the_help_mentions(name):
    assert text_of("doc", name) == "\n".join(
        line.rstrip() for line in inspect.getdoc(getattr(csched, name)).splitlines()
    )


def test_doc_is_the_docstring():
    assert "https://arxiv.org/abs/2107.04197" in text_of("doc", "rex")
    assert "one_minus_sqrt    1 - sqrt(1 - z)" in text_of("doc", "Warmup")
    assert "endpoint" in text_of("doc", "curve")


@pytest.mark.parametrize(
    ("words", "schedule"),
    [
        (REX, csched.rex(0.1, 1000)),
        (("rex", "--peak=1e-1", "--steps=1000"), csched.rex(0.1, 1000)),
        (("rex", "--peak", "0.1", "--steps", "1e3"), csched.rex(0.1, 1000)),
        (
            (*REX, "--warmup-steps", "9", "--warmup", 'Warmup("power", z="(t+1)/W")'),
            csched.rex(0.1, 1000, warmup_steps=9, warmup=csched.Warmup("power", z="(t+1)/W")),
        ),
        (
            (*REX, "--warmup-steps", "0.1", "--beta", "0.9"),
            csched.rex(0.1, 1000, beta=0.9, warmup_steps=0.1),
        ),
        ((*REX, "--sampling", "every(250)"), csched.rex(0.1, 1000, sampling=csched.every(250))),
        (
            (*REX, "--sampling", "at(0.5, 0.75)"),
            csched.rex(0.1, 1000, sampling=csched.at(0.5, 0.75)),
        ),
        (
            (
                "one_cycle",
                "--peak",
                "1",
                "--steps",
                "9",
                "--momentum",
                "none",
                "--endpoint",
                "true",
            ),
            csched.one_cycle(1, 9, momentum=None, endpoint=True),
        ),
        (
            ("one_cycle", "--peak", "1", "--steps", "9", "--momentum", "0.8,0.9"),
            csched.one_cycle(1, 9, momentum=(0.8, 0.9)),
        ),
        (
            ("multi_step", "--peak", "1", "--steps", "9", "--boundaries", "[3, 6]"),
            csched.multi_step(1, 9, boundaries=[3, 6]),
        ),
        (
            (
                "sgdr",
                "--peak",
                "1",
                "--t-0",
                "4",
                "--cycles",
                "2",
                "--profile",
                "rex",
                "--beta",
                "0",
            ),
            csched.sgdr(1, t_0=4, cycles=2, profile="rex", beta=0),
        ),
        (
            ("triangular2", "--peak", "1", "--floor", "0", "--up-steps", "3", "--cycles", "2"),
            csched.triangular2(1, floor=0, up_steps=3, cycles=2),
        ),
        (
            ("torch.OneCycleLR", "--max-lr", "1.0", "--total-steps", "9"),
            csched.presets.torch.OneCycleLR(max_lr=1.0, total_steps=9),
        ),
        (
            ("lr_range_test", "--start", "-1", "--end", "1", "--profile", "linear"),
            csched.lr_range_test(-1, 1, profile="linear"),
        ),
    ],
    ids=lambda words: "_".join(words[5:]) or "plain" if isinstance(words, tuple) else "",
)
def test_words_become_the_arguments_of_the_recipe(words, schedule):
    assert schedule_of(*words) == schedule


def test_schedule_comes_from_a_file_too(tmp_path):
    path = tmp_path / "run.json"
    path.write_text(csched.rex(0.3, 50).to_json())
    assert schedule_of(str(path)) == csched.rex(0.3, 50)


BAD = {
    "unknown-recipe": (("one_cycl",), "did you mean 'one_cycle'?"),
    "unknown-argument": (
        (*REX, "--peek", "1"),
        "rex has no argument --peek; did you mean --peak?; it takes peak, steps, floor=0.0",
    ),
    "unknown-argument-of-an-open-recipe": (
        ("sgdr", "--peak", "1", "--t-0", "4", "--qqq", "1"),
        "sgdr has no argument --qqq; it takes peak",
    ),
    "argument-of-another-profile": (
        ("sgdr", "--peak", "1", "--t-0", "4", "--cycles", "1", "--beta", "0.5"),
        "profile 'cosine' has no argument 'beta'; it takes power",
    ),
    "argument-of-another-recipe": (
        ("one_cycle", "--peak", "1", "--steps", "9", "--warmup", "5"),
        "one_cycle has no argument --warmup; did you mean --warmup-steps?",
    ),
    "name-of-a-preset": (("OneCycleLR",), "did you mean 'torch.OneCycleLR', "),
    "name-of-a-library": (("torch",), "got 'torch'; 'csched list torch' has its presets"),
    "call-as-in-python": (("rex(0.1, 9)",), "recipe must be a name of 'csched list'"),
    "values-set-apart": (
        ("multi_step", "--peak", "1", "--steps", "99", "--boundaries", "30", "60"),
        "got '60'; several values are written 30,60; it takes peak",
    ),
    "unknown-library": (("torhc.StepLR",), "library must be one of"),
    "unknown-preset": (("torch.StepRL",), "did you mean 'StepLR'?"),
    "missing-arguments": (("rex",), "rex needs --peak, --steps; it takes peak, steps"),
    "value-missing": (("rex", "--peak"), "rex got --peak without a value"),
    "given-twice": ((*REX, "--peak", "1"), "rex got --peak twice"),
    "not-an-option": (("rex", "0.1"), "takes its arguments as --name value, got '0.1'"),
    "out-of-range": ((*REX, "--beta", "1"), "curve: beta must be in [0, 1), got 1"),
    "wrong-type": (("rex", "--peak", "1", "--steps", "10.5"), "steps must be an int, got 10.5"),
    "bad-sampling": ((*REX, "--sampling", "every(0)"), "every: interval must be in"),
    "no-file": (("missing.json",), "No such file or directory: 'missing.json'"),
    "file-with-arguments": (("a.json", "--peak", "1"), "arguments must be left out for a file"),
}


@pytest.mark.parametrize("command", ["show", "plot", "values"])
@pytest.mark.parametrize("name", BAD)
def test_mistakes_are_told_in_one_line(command, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words, message = BAD[name]
    result = run(command, *words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("csched: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["plot", "values"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--from", "1001"), "--to must be given where --from is 1001 of 1000 steps"),
        (("--from", "5", "--to", "3"), "--to must be in ["),
        (("--from", "-1"), "--from must be in [0, 2**53], got -1"),
    ],
)
def test_bounds_that_hold_no_step_are_told_by_their_options(command, words, message):
    result = run(command, *REX, *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"csched: {message}")


def test_plot_writes_one_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert text_of("plot", *REX) == "rex.png"
    assert text_of("plot", *REX, "-o", "deep/down.svg", "--from", "10", "--to", "20", "--log")
    assert sorted(p.name for p in tmp_path.rglob("*.*")) == ["down.svg", "rex.png"]
    assert (tmp_path / "rex.png").read_bytes().startswith(b"\x89PNG")
    assert matplotlib.get_backend().lower() == "agg"


@pytest.mark.parametrize("words", [(), ("--from", "3"), ("--from", "990", "--to", "1010")])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_reach_the_file_bit_for_bit(words, dtype, tmp_path):
    path = tmp_path / "values"
    bounds = {words[i]: int(words[i + 1]) for i in range(0, len(words), 2)}
    planned = csched.one_cycle(0.8, 1000).values(
        bounds.get("--from", 0), bounds.get("--to"), dtype=dtype
    )
    begin = bounds.get("--from", 0)
    for form in ("csv", "json", "npy"):
        command = ("values", "one_cycle", "--peak", "0.8", "--steps", "1000", *words)
        text_of(*command, "--dtype", dtype, "--format", form, "-o", str(path))
        if form == "csv":
            rows = np.genfromtxt(path, delimiter=",", names=True, dtype=f"i8,{dtype},{dtype}")
            assert rows["step"].tolist() == list(range(begin, begin + len(rows)))
            shortest = [line.split(",")[1] for line in path.read_text().splitlines()[1:]]
            assert shortest == [str(v) for v in planned["lr"]]
            read = rows
        elif form == "json":
            read = {k: np.array(v, dtype) for k, v in json.loads(path.read_text()).items()}
        else:
            read = np.load(path)
        for name, values in planned.items():
            assert read[name].tobytes() == values.tobytes()


def test_a_file_is_written_as_its_name_ends(tmp_path):
    planned = csched.rex(0.1, 1000)["lr"].values()
    for name in ("a.npy", "a.json", "a.csv", "a.txt"):
        text_of("values", *REX, "-o", str(tmp_path / name))
    assert np.load(tmp_path / "a.npy")["lr"].tobytes() == planned.tobytes()
    assert json.loads((tmp_path / "a.json").read_text())["lr"] == planned.tolist()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "a.txt").read_bytes()
    assert (tmp_path / "a.csv").read_text().startswith("step,lr\n0,0.1\n")


def test_values_go_to_the_screen_without_a_file():
    assert text_of("values", "rex", "--peak", "0.1", "--steps", "3") == (
        "step,lr\n0,0.1\n1,0.08\n2,0.05"
    )
    assert "--output must be given" in run("values", *REX, "--format", "npy").stderr


def test_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "rex.foo"
    path.write_text("before")
    result = run("plot", *REX, "-o", str(path))
    assert result.exit_code == 2
    assert result.stderr.startswith("csched: --output must be a name that ends in .")
    assert ", .png, " in result.stderr
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_file_half_written_is_taken_away(tmp_path, monkeypatch):
    def full_disk(file, table):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "save", full_disk)
    result = run("values", *REX, "--format", "npy", "-o", str(tmp_path / "rex.npy"))
    assert (result.exit_code, result.stderr) == (2, "csched: No space left on device\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["rex", "-", "folder"])
def test_a_picture_needs_a_name_that_says_its_kind(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    result = run("plot", *REX, "-o", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(f", got {name!r}\n")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_folder_is_no_output(tmp_path):
    result = run("values", *REX, "-o", str(tmp_path))
    assert result.stderr == f"csched: --output must be a file, got {str(tmp_path)!r}; " + (
        "it is a folder\n"
    )


def test_a_link_stays_a_link_and_what_it_points_to_is_replaced(tmp_path):
    target, link = tmp_path / "rex.csv", tmp_path / "link.csv"
    target.write_text("before")
    link.symlink_to(target)
    assert text_of("values", *REX, "-o", str(link)) == str(link)
    assert link.readlink() == target
    assert target.read_text().startswith("step,lr\n0,0.1\n")


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    assert text_of("values", *REX, "--to", "1", "-o", str(path)) == str(path)
    assert os.read(reader, 1000) == b"step,lr\n0,0.1\n"
    os.close(reader)
    assert path.is_fifo()


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_a_dash_is_the_screen(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert text_of("values", *REX, "--to", "1", "-o", name) == "step,lr\n0,0.1"
    assert list(tmp_path.iterdir()) == []


def test_steps_may_be_written_with_an_exponent():
    written = text_of("values", *REX, "--from", "1e2", "--to", "102")
    assert written.splitlines() == text_of("values", *REX).splitlines()[:1] + [
        f"{t},{csched.rex(0.1, 1000)['lr'](t)}" for t in (100, 101)
    ]
    for word in ("1.5", "x", "1e-2"):
        assert f"{word!r} is no number of steps" in run("values", *REX, "--from", word).stderr


def shell(line, **environment):
    """What a shell says of a command line in which CSCHED stands for the command."""
    line = line.replace("CSCHED", f"{sys.executable} -m csched")
    command = ["bash", "-o", "pipefail", "-c", line]
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    return subprocess.run(command, capture_output=True, env=inherited | environment)


def test_a_reader_that_has_enough_is_met_without_a_word():
    done = shell("CSCHED values rex --peak 0.1 --steps 1000000 | head -n 2")
    assert (done.stdout, done.stderr) == (b"step,lr\n0,0.1\n", b"")


def test_a_screen_that_takes_nothing_is_told_in_one_line():
    done = shell("CSCHED show rex --peak 0.1 --steps 9 > /dev/full")
    assert (done.returncode, done.stderr) == (2, b"csched: [Errno 28] No space left on device\n")


def test_a_screen_without_blocks_gets_the_phases():
    done = shell("CSCHED show rex --peak 0.1 --steps 9", PYTHONIOENCODING="ascii")
    lines = [line.rstrip() for line in done.stdout.decode("ascii").splitlines()]
    assert lines[1:] == ["steps   phase", "0 .. 8  curve('rex', 0.1, 0.0, 9)"]
    assert (done.returncode, done.stderr) == (0, b"")


def test_names_are_shown_as_they_are(tmp_path):
    path = tmp_path / "s.json"
    c = csched.curve("linear", 0.1, 0.0, 9)
    path.write_text(csched.Schedule({"betas[0]": c, "adam[lr]": c}).to_json())
    shown = text_of("show", str(path))
    assert [line.split("  ")[0] for line in shown.splitlines()[::4]] == ["betas[0]", "adam[lr]"]


def test_show_says_that_a_law_has_no_end():
    shown = text_of("show", "inverse_sqrt", "--peak", "0.1", "--warmup-steps", "10")
    assert shown.splitlines()[:2] == ["lr  no end, from 0", "steps                   phase"]


def test_help_of_a_command_leads_to_the_arguments_of_a_recipe():
    for command in ("show", "plot", "values"):
        told = text_of(command, "--help")
        assert "[--ARGUMENT VALUE]" in told
        assert "csched doc RECIPE" in told


def test_command_without_its_extra_says_what_to_install():
    code = "import sys; sys.modules['typer'] = None; import csched.cli"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "the command needs the extra: pip install 'csched[cli]'" in done.stderr
    assert "Traceback" not in done.stderr
