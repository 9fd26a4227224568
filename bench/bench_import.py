"""`import csched` beside `import numpy`, which it needs; a process each, byte code on disk."""

import os
import subprocess
import sys

IMPORTS = {"nothing": "pass", "numpy": "import numpy", "csched": "import csched"}


def test_import(timed_in_turn):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def runner(code):
        command = [sys.executable, "-c", code]
        return lambda: subprocess.run(command, env=environment, check=True)

    calls = {name: runner(code) for name, code in IMPORTS.items()}
    timed_in_turn("a process that imports; limit: numpy", calls, "numpy", rounds=25)
