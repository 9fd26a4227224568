"""Refuses to test the wrong thing: the C sources instead of the package, or without the peers."""

import gc
import importlib.util

import pytest
from hypothesis import settings

try:
    import csched

    built = csched.__file__ is not None  # a namespace package has no file
except ImportError:
    built = False
if not built:
    raise pytest.UsageError(
        "csched is not built: 'import csched' found the C sources in ./csched, not the package. "
        "Run: pip install -e ."
    )

missing = [m for m in ("torch", "jax", "optax", "keras") if importlib.util.find_spec(m) is None]
if missing:
    raise pytest.UsageError(f"the tests need {', '.join(missing)}; see requirements-dev.txt")

# The search for doctests would import them, and they register an accelerator for the whole process.
collect_ignore = ["simgpu.py", "on_simgpu.py"]

# Derandomized: every run tries the same examples, so a failure is seen again by running again.
settings.register_profile(
    "csched",
    derandomize=True,
    deadline=None,
    max_examples=60,
)
settings.load_profile("csched")

# The million objects of the frameworks stay: looking through them for garbage again and again took
# a tenth of the time of the tests.
gc.disable()
gc.set_threshold(2000, 20, 100)


def pytest_collection_finish():
    gc.freeze()
    gc.enable()
