"""The package as a package: light imports, true types, one table, C that compiles alone."""

import doctest
import inspect
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import csched
from csched import _core, recipes, reference

ROOT = Path(__file__).parent.parent
FRAMEWORKS = {"torch", "jax", "optax", "keras", "tensorflow", "matplotlib", "typer", "rich"}
PLAIN = {"pandas", "scipy", "sklearn", "numba", "hypothesis", "mpmath", "tqdm", "joblib"}


def modules_after(statement):
    code = f"import sys; {statement}; import json; print(json.dumps(sorted(sys.modules)))"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(json.loads(made.stdout))


def test_a_bare_import_loads_no_framework_and_nothing_beyond_numpy():
    loaded = modules_after("import csched")
    assert "csched._core" in loaded
    assert not {name.split(".")[0] for name in loaded} & (FRAMEWORKS | PLAIN)
    new = {name.split(".")[0] for name in loaded - modules_after("import numpy")}
    others = {n for n in new - set(sys.stdlib_module_names) if "cython" not in n}
    assert others <= {"csched", "numpy"}
    assert "json" not in new  # 1 % of the time of importing NumPy


def test_the_c_core_holds_no_python_package():
    names = [p.name for p in (ROOT / "csched").rglob("*")]
    assert not [n for n in names if n.endswith((".py", ".so", ".pyd")) or n.startswith("__init__")]


def test_the_package_under_test_is_the_one_of_this_checkout_and_not_the_sources():
    assert csched.__file__ is not None
    assert Path(csched.__file__).name == "__init__.py"
    assert Path(csched.__file__).parent.resolve() != (ROOT / "csched").resolve()


def test_compiled_classes_know_their_module():
    assert (_core.Program.__module__, _core.Program.__qualname__) == ("csched._core", "Program")
    assert type(csched.curve("linear").program) is _core.Program


def test_stubs_of_the_compiled_module_are_true(tmp_path):
    allowed = tmp_path / "allowed"  # Cython's way of refusing to pickle what holds pointers
    allowed.write_text(r"csched\._core\.(\w+\.)?__(reduce|setstate)_cython__" + "\n")
    alone = tmp_path / "mypy.ini"  # names are compared, not NumPy's types: 2 s instead of 8
    alone.write_text(
        "[mypy]\nfollow_imports = skip\n"
        "[mypy-numpy.*]\nfollow_imports = skip\nfollow_imports_for_stubs = true\n"
    )
    command = [sys.executable, "-m", "mypy.stubtest", "csched._core"]
    command += ["--allowlist", str(allowed), "--ignore-unused-allowlist"]
    command += ["--mypy-config-file", str(alone)]
    made = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert made.returncode == 0, made.stdout + made.stderr


def test_the_table_and_the_formulas_have_the_same_names_and_arguments():
    assert [*reference.FORMULAS, "table"] == list(csched.PROFILES)
    for name, formula in reference.FORMULAS.items():
        names = list(inspect.signature(formula).parameters)
        assert names == ["z", "xp", "ratio", *(a.name for a in csched.PROFILES[name].arguments)]


def test_defaults_of_formulas_are_those_of_the_table():
    for name, formula in reference.FORMULAS.items():
        for a in csched.PROFILES[name].arguments:
            assert inspect.signature(formula).parameters[a.name].default == a.default, (name, a)


@pytest.mark.parametrize("source", ["kernels.c", "program.c"])
def test_c_compiles_alone_without_a_warning(source, tmp_path):
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
    command = ["cc", *flags, "-c", str(ROOT / "csched" / source), "-o", str(tmp_path / "made.o")]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr


def test_the_c_core_knows_no_python():
    for path in (ROOT / "csched").glob("*.[ch]"):
        assert "Python.h" not in path.read_text(), path.name


@pytest.mark.parametrize("name", [n for n in csched.__all__ if callable(getattr(csched, n))])
def test_every_public_function_has_a_docstring_with_an_example(name):
    thing = getattr(csched, name)
    texts = [inspect.getdoc(thing) or ""]
    if inspect.isclass(thing):
        texts += [inspect.getdoc(m) or "" for _, m in inspect.getmembers(thing) if callable(m)]
    first = texts[0].partition("\n")[0]
    assert 0 < len(first) <= 100
    if name != "Stack":  # made by stack(), which shows it
        assert any(doctest.DocTestParser().get_examples(text) for text in texts), name


def test_type_checkers_know_every_public_name(tmp_path):
    names = [f"csched.{name}" for name in ("__version__", *csched.__all__)]
    lines = ["import csched", *names, "reveal_type(csched.one_cycle(1.0, 9))", "csched.one_cyle"]
    (tmp_path / "user.py").write_text("\n".join(lines))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "pyproject.toml"]
    command.append(str(tmp_path / "user.py"))
    made = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    told = [line.split(": ", 2)[2] for line in made.stdout.splitlines() if "user.py" in line]
    assert told[0] == 'Revealed type is "csched.schedule.Schedule"', told
    assert told[1].startswith('Module has no attribute "one_cyle"')
    assert len(told) == 2


def test_every_public_name_exists_and_the_recipes_are_public():
    assert all(hasattr(csched, name) for name in csched.__all__)
    assert {*csched.RECIPES, *recipes.HELPERS} <= set(csched.__all__)
    assert len(set(csched.__all__)) == len(csched.__all__)


def test_what_frameworks_ask_for_is_shown_by_tests_that_exist():
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs" / "adapters.md").read_text())
    sources = [path.read_text() for path in (ROOT / "tests").glob("*.py")]
    known = {name for s in sources for name in re.findall(r"^def (test_\w+)", s, re.MULTILINE)}
    assert len(named) > 50
    assert not set(named) - known


EXTRAS = {
    "torch": ("torch", "torch"),
    "jax": ("jax", "jax"),
    "keras": ("keras", "keras"),
    "plotting": ("matplotlib", "plot"),
}
ABSENT = """
import sys
class Absent:
    def find_spec(name, *_):
        if name == "{0}":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent)
"""


@pytest.mark.parametrize("adapter", EXTRAS)
def test_a_missing_package_is_named_with_the_command_that_brings_it(adapter):
    package, extra = EXTRAS[adapter]
    code = ABSENT.format(package) + f"import csched; csched.{adapter}"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert made.stderr.splitlines()[-1] == (
        f"ModuleNotFoundError: csched.{adapter}: {package} must be installed; "
        f"pip install 'csched[{extra}]'"
    )


def test_an_adapter_is_imported_when_it_is_first_named():
    loaded = modules_after("import csched; dir(csched); csched.numpy.SGD")
    assert "csched.numpy" in loaded
    assert not loaded & (FRAMEWORKS | {"csched.torch"})


def test_the_package_knows_its_version():
    assert csched.__version__ == metadata.version("csched")


def test_names_shown_are_the_public_ones():
    assert set(csched.__all__) <= set(dir(csched))
    modules = {"jax", "keras", "numpy", "plateau", "plotting", "torch"}  # where imported
    assert not {n for n in dir(csched) if n[0] != "_"} - set(csched.__all__) - modules


def test_an_unknown_name_is_an_attribute_error_that_python_can_improve():
    with pytest.raises(AttributeError, match=r"^module 'csched' has no attribute 'cosin'$") as told:
        csched.cosin  # noqa: B018
    assert (told.value.name, told.value.obj) == ("cosin", csched)
