"""What all presets have in common, whatever library they are named after."""

import importlib
import inspect
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from csched.presets import naming

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
    with pytest.raises(AttributeError, match="'tensorflow'"):
        _ = csched.presets.tensorflow


def test_find_knows_presets_that_exist():
    for family, rows in naming.FAMILIES.items():
        for library, names, _ in rows:
            assert names.split()[0] in getattr(csched.presets, library).__all__, (family, names)


def test_find_puts_the_exact_name_first_and_says_how_the_others_differ():
    found = csched.presets.find("cosine_with_restarts")
    assert found[0].library == "transformers"
    assert {"torch", "keras", "timm", "optax"} <= {e.library for e in found}
    assert all(e.differs for e in found)


def test_find_says_what_was_meant():
    with pytest.raises(ValueError, match="did you mean 'OneCycleLR'"):
        csched.presets.find("OneCyclLR")


def test_the_page_of_peers_is_what_the_table_says():
    docs = Path(__file__).parents[1] / "docs"
    made = runpy.run_path(str(docs / "make_peers.py"))
    text = (docs / "peers.md").read_text(encoding="utf-8")
    assert text == made["page"](), "run docs/make_peers.py"
