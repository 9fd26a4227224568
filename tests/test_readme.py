"""README.md and CONTRIBUTING.md say what is so."""

import doctest
import json
import math
import re
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
from typer.testing import CliRunner

import csched
from csched import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def rows(heading):
    """The cells of the table under this head row."""
    table = README.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:]]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_examples_print_what_is_written(name):
    text = "\n".join(blocks((ROOT / name).read_text(), "python"))
    examples = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    if name == "README.md":
        assert len(examples.examples) > 30
    printed = []
    doctest.DocTestRunner(verbose=False).run(examples, out=printed.append)
    assert "".join(printed) == ""


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_commands_print_what_is_written(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in blocks((ROOT / name).read_text(), "console"):
        for part in block.split("$ ")[1:]:
            command, _, output = part.partition("\n")
            result = CliRunner().invoke(cli.main, command.split()[1:])
            assert command.startswith("csched ")
            shown = "".join(f"{line.rstrip()}\n" for line in result.output.splitlines())
            assert (command, shown) == (command, output)


def test_table_of_profiles_names_each_with_its_arguments():
    table = rows("profile | p(z) | arguments | worst ulp")
    assert [row[0].strip("`") for row in table] == list(csched.PROFILES)
    for name, _, arguments, _ in table:
        known = csched.PROFILES[name.strip("`")].arguments
        made = [a.name if a.default is None else f"{a.name}={a.default:g}" for a in known]
        assert re.findall(r"`(.*?)`", arguments) == (made or ["points"] * (name == "`table`"))


def test_table_of_profiles_gives_the_accuracy_that_was_measured():
    measured = json.loads((ROOT / "docs" / "accuracy.json").read_text())["worst"]
    table = rows("profile | p(z) | arguments | worst ulp")
    assert {name.strip("`"): ulp for name, _, _, ulp in table if ulp} == {
        name: f"{ulp:.2f}" for name, ulp in measured.items()
    }


def test_table_of_profiles_gives_the_formulas():
    functions = {k: getattr(math, k) for k in ("sqrt", "exp", "log", "cos", "tanh", "pi")}
    start, end, steps = 0.7, 0.03, 50
    for name, formula, *_ in rows("profile | p(z) | arguments | worst ulp"):
        row = csched.PROFILES[name.strip("`")]
        if row.name == "table":
            continue
        values = csched.curve(row.name, start, end, steps).values(1)
        code = re.search("`(.*)`", formula)[1]
        names = {a.name: a.default for a in row.arguments} | {"start": start, "end": end}
        for t in range(1, steps):
            p = eval(code, {"__builtins__": {}}, functions | names | {"z": t / steps})
            value = p if formula.startswith("value") else end + (start - end) * p
            # the formula in floats: about a dozen roundings
            assert values[t - 1] == pytest.approx(value, rel=1e-14, abs=0), (name, t)


@pytest.mark.parametrize("library", ["torch", "optax"])
def test_peers_names_lead_to_the_same_values(library):
    heading = {"torch": "torch.optim.lr_scheduler", "optax": "optax"}[library]
    table = rows(f"{heading} | csched")
    assert len(table) >= 6
    presets = getattr(csched.presets, library)
    for peer, ours in table:
        code = peer.strip("`")
        if library == "torch" and not code.startswith(("OneCycleLR", "CyclicLR")):
            code = f"{code[:-1]}, base_lr=0.1)"
        theirs = eval(f"presets.{code}", {"presets": presets}).values(0, 90)
        made = eval(f"csched.{ours.strip('`')}", {"csched": csched}).values(0, 90)
        assert theirs.keys() == made.keys()
        for key in theirs:
            # one power against a product of powers: the rounding of gamma**90
            np.testing.assert_allclose(theirs[key], made[key], rtol=1e-15, err_msg=peer)


def test_make_has_the_targets_that_are_named():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for text in (README, CONTRIBUTING):
        named = set(re.findall(r"\bmake (\w+)", "\n".join(blocks(text, "sh"))))
        assert named
        assert named <= set(targets)


def test_picture_is_there_and_light():
    picture = ROOT / re.search(r"!\[.*\]\((.*)\)", README)[1]
    assert 20_000 < picture.stat().st_size < 200_000


def test_links_lead_to_files():
    links = re.findall(r"\[[\w ./,]+\]\(([^)]+)\)", README)
    assert len(links) >= 2
    titles = re.findall(r"^##* (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for link in links:
        assert link[1:] in anchors if link.startswith("#") else (ROOT / link).exists(), link


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_numbers_of_what_there_is_are_so(name):
    presets = [getattr(csched.presets, library).__all__ for library in csched.presets.LIBRARIES]
    named = {
        "recipes": len(csched.RECIPES),
        r"schedules of \d+ (?:other )?libraries": sum(map(len, presets)),
        "(?:other )?libraries": len(presets),
    }
    text = " ".join((ROOT / name).read_text().replace("[", "").split())
    for what, number in named.items():
        assert re.findall(rf"(\d+) {what}", text) == [str(number)], what


def test_map_names_paths_that_exist():
    named = re.findall(r"^\| `([^`]+)` \|", CONTRIBUTING, re.MULTILINE)
    assert len(named) > 15
    for name in named:
        assert list(ROOT.glob(name.rstrip("/"))), name


def test_map_names_every_source():
    table = CONTRIBUTING.partition("| path | what |")[2].partition("\n\n")[0]
    named = {Path(word).name for word in re.findall(r"`([\w./]+)`", table)}
    sources = [*ROOT.glob("csched/*.*"), *ROOT.glob("python/csched/*.py")]
    assert len(sources) > 40
    assert {p.name for p in sources} - named == {"__init__.py"}
    for folder in ("torch", "traced"):
        modules = {p.stem for p in (ROOT / "python" / "csched" / folder).glob("[!_]*.py")}
        assert modules <= named, folder
