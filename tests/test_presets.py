"""What all presets have in common, whatever library they are named after."""

import importlib
import inspect
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from csched.presets import names

import csched

LOADS = """
import sys
from pathlib import Path
import csched
assert not [m for m in sys.modules if m.startswith("csched.presets.")], "presets load when used"
before = set(sys.modules)
for name in csched.presets.LIBRARIES:
    getattr(csched.presets, name)
new = {m.partition(".")[0] for m in set(sys.modules) - before}
print(sorted(new))
"""


def test_presets_load_when_used_and_load_no_peer():
    out = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    loaded = set(eval(out.stdout))
    assert loaded <= {"csched", *sys.stdlib_module_names}


@pytest.mark.parametrize("library", csched.presets.LIBRARIES)
def test_every_public_name_is_a_documented_function_of_its_module(library):
    module = importlib.import_module(f"csched.presets.{library}")
    for name in module.__all__:
        preset = getattr(module, name)
        assert inspect.isfunction(preset)
        assert preset.__module__ == module.__name__
        assert preset.__doc__


def test_an_unknown_library_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'caffe'"):
        _ = csched.presets.caffe


def test_find_knows_presets_that_exist():
    for family, rows in names.FAMILIES.items():
        for library, called, _ in rows:
            assert called.split()[0] in getattr(csched.presets, library).__all__, (family, called)


def test_find_knows_every_preset():
    rows = [(row[0], n) for rows in names.FAMILIES.values() for row in rows for n in row[1].split()]
    for library in csched.presets.LIBRARIES:
        for name in getattr(csched.presets, library).__all__:
            assert (library, name) in rows


def test_find_puts_the_exact_name_first_and_says_how_the_others_differ():
    found = csched.presets.find("cosine_with_restarts")
    assert found[0].library == "transformers"
    assert {"torch", "keras", "timm", "optax"} <= {e.library for e in found}
    assert all(e.differs for e in found)


FOUND = {  # what is asked for -> who is first, and who must be among the others
    "cosine_with_restarts": ("transformers", "torch keras timm optax mmengine composer"),
    "OneCycleLR": ("torch", "optax lrsched fastai deepspeed"),
    "1cycle": ("torch", "optax fastai"),
    "onecycle": ("torch", "optax mmengine"),
    "wsd": ("timm", "transformers megatron torchtitan lrsched"),
    "trapezoid": ("pytorch_scheduler", "transformers timm"),
    "warm restarts": ("torch", "keras composer transformers"),
    "sgdr": ("wolfe", "torch optax fastai"),
    "noam": ("paddle", "transformers lrsched"),
    "multistep": ("timm", "torch optax keras"),
    "piecewise constant": ("optax", "keras torch"),
    "rex": ("pytorch_optimizer", "wolfe pytorch_scheduler"),
    "cyclic": ("torch", "paddle lrsched wolfe"),
    "WarmupCosineLR": ("deepspeed", "optax transformers composer"),
    "lr finder": ("fastai", "deepspeed"),
    "constant": ("transformers", "torch optax lrsched"),
}


@pytest.mark.parametrize("name", FOUND)
def test_find_lists_the_libraries_that_have_it(name):
    first, others = FOUND[name]
    found = [entry.library for entry in csched.presets.find(name)]
    assert found[0] == first
    assert set(others.split()) <= set(found)


def test_find_says_what_was_meant():
    with pytest.raises(ValueError, match="did you mean 'OneCycleLR'"):
        csched.presets.find("OneCyclLR")
    with pytest.raises(ValueError, match=r"see csched\.plateau"):
        csched.presets.find("ReduceLROnPlateau")


def test_the_page_of_peers_is_what_the_table_says():
    docs = Path(__file__).parents[1] / "docs"
    made = runpy.run_path(str(docs / "make_peers.py"))
    text = (docs / "peers.md").read_text(encoding="utf-8")
    assert text == made["page"](), "run docs/make_peers.py"


def whole_runs(n):
    """Presets that are told a length of n updates, by other ends than the recipes'."""
    p = csched.presets
    window = {"begin": 0, "end": n}
    yield p.torch.OneCycleLR(1.0, n)
    yield p.torch.OneCycleLR(1.0, n, pct_start=0.6, three_phase=True)
    yield p.paddle.OneCycleLR(1.0, n)
    yield p.mmengine.OneCycleLR(1.0, n)
    yield p.mmengine.LinearLR(0.25, 1.0, **window)
    yield p.mmengine.PolyLR(**window)
    yield p.mmengine.ConstantLR(0.5, **window)
    yield p.mmengine.CosineAnnealingLR(n, **window)
    yield p.mmengine.StepLR(2, **window)
    yield p.mmengine.CosineRestartLR([n - 2, 2], [1.0, 0.5], 0.0)
    yield p.pytorch_scheduler.ChebyshevScheduler(n)
    yield p.timm.CosineLRScheduler(n)
    yield p.timm.TanhLRScheduler(n)
    yield p.timm.PolyLRScheduler(n // 2, cycle_limit=2)


@pytest.mark.parametrize("n", [6, 10])
def test_a_preset_of_n_updates_has_n_values(n):
    for schedule in whole_runs(n):
        assert schedule.steps == n, schedule
        assert (schedule["lr"].values(n, n + 5) == schedule["lr"](n)).all()
