"""What all presets have in common, whatever library they are named after."""

import importlib
import inspect
import subprocess
import sys

import pytest

import csched

LOADS = """
import sys
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
