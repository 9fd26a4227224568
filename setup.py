"""The extension module and its switches; everything else is in pyproject.toml.

CSCHED_DEBUG=1      bounds checks and symbols
CSCHED_SANITIZE=1   AddressSanitizer and UndefinedBehaviorSanitizer
"""

import os
import sys

from Cython.Build import cythonize
from setuptools import Extension, setup

debug = os.environ.get("CSCHED_DEBUG") == "1"
sanitize = os.environ.get("CSCHED_SANITIZE") == "1"

if sys.platform == "win32":
    flags, link = ["/O2", "/std:c11", "/fp:precise"], []
else:
    # Contraction off: a fused multiply-add would give other bits on other CPUs. Nothing here sets
    # or reads errno or floating-point traps, and saying so lets sqrt and selects become vectors.
    flags = ["-O3", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
    flags += ["-fvisibility=hidden"]
    link = []
    if not (debug or sanitize):
        flags += ["-g0"]  # Python's own flags ask for symbols, three quarters of the file
if debug:
    flags += ["-O1", "-g"]
if sanitize:
    flags += ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    link += ["-fsanitize=address,undefined"]

HEADERS = ["kernels.h", "formulas.h", "jets.h", "ratios.h", "powers.h", "pieces.h", "prepare.h"]
HEADERS += ["loops.h", "pieces_loops.h"]
HEADERS += ["dd.h", "quick.h", "program.h", "ranges.h", "profiles.def"]
HEADERS += ["lanes.pxi", "writer.pxi", "sgd.pxi", "sgd.h", "sgd_types.h", "sgd_loops.h"]
SOURCES = ["_core.pyx", "kernels.c", "program.c", "sgd.c"]

core = Extension(
    "csched._core",
    [f"csched/{name}" for name in SOURCES],
    include_dirs=["csched"],
    depends=[f"csched/{name}" for name in HEADERS],
    extra_compile_args=flags,
    extra_link_args=link,
)
setup(
    ext_modules=cythonize(
        [core],
        build_dir="build/cython",
        compiler_directives={"boundscheck": True, "wraparound": True} if debug else {},
    )
)
