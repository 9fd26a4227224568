"""Record what schedules of other libraries give: tests/data/peers, read by test_presets_recorded.

    python tests/peers/record.py FOLDER [library ...]

FOLDER is where the libraries are, each without what it depends on; of each only the files that hold
its schedules are loaded, with empty modules in place of what they import (see ``of_*.py``)::

    pip install --no-deps --target FOLDER deepspeed fastai fastcore megatron-core mmengine \
        mosaicml torchtitan paddlepaddle ai2-olmo-core nemo_toolkit \
        mindspore fairseq2 axolotl monai mlx mxnet \
        pytorch_warmup tensorflow-cpu mindformers
    git clone https://github.com/wolfecameron/LRSchedules FOLDER/LRSchedules
    git clone https://github.com/marin-community/levanter FOLDER/levanter

Each ``of_<library>.py`` has ``cases(folder)``: preset -> (a draw of arguments, a run of the peer).
A draw is made of one generator, a run returns what each hyperparameter was, update by update.
Values are written in full.
"""

import importlib
import json
import lzma
import sys
from importlib import metadata
from pathlib import Path
from random import Random

DATA = Path(__file__).parents[1] / "data" / "peers"
DRAWS = 200
LIBRARIES = {  # library of presets -> distribution
    "deepspeed": "deepspeed",
    "paddle": "paddlepaddle",
    "fastai": "fastai",
    "megatron": "megatron-core",
    "torchtitan": "torchtitan",
    "mmengine": "mmengine",
    "composer": "mosaicml",
    "olmo": "ai2-olmo-core",
    "nemo": "nemo_toolkit",
    "mindspore": "mindspore",
    "mindformers": "mindformers",
    "fairseq2": "fairseq2",
    "axolotl": "axolotl",
    "monai": "monai",
    "mlx": "mlx",
    "mxnet": "mxnet",
    "pytorch_warmup": "pytorch_warmup",
    "tensorflow": "tensorflow-cpu",
    "levanter": None,
    "wolfe": None,
}


REPOSITORIES = {"wolfe": "LRSchedules", "levanter": "levanter"}


def version(folder, library):
    if (distribution := LIBRARIES[library]) is None:
        head = folder / REPOSITORIES[library] / ".git/refs/heads/main"
        return head.read_text().strip()[:12]
    found = metadata.distributions(name=distribution, path=[str(folder)])
    return next(iter(found)).version


def drawn(library, preset, draw, run):
    """Cases [arguments, {name: values}]; a draw that gives None is drawn again."""
    chance, made = Random(f"{library}.{preset}"), []
    while len(made) < DRAWS:
        if (arguments := draw(chance)) is not None and (values := run(**arguments)) is not None:
            made.append([arguments, {k: [float(x) for x in v] for k, v in values.items()}])
    return made


def record(library, folder):
    module = importlib.import_module(f"of_{library}")
    cases = {name: drawn(library, name, *pair) for name, pair in module.cases(folder).items()}
    whole = {"version": version(folder, library), "cases": cases}
    text = json.dumps(whole, separators=(",", ":")).encode()
    path = DATA / f"{library}.json.xz"
    path.write_bytes(lzma.compress(text, preset=9))
    count = sum(len(v) for c in cases.values() for _, made in c for v in made.values())
    print(f"{path.name}: {len(cases)} presets, {count} values, {path.stat().st_size} bytes")


if __name__ == "__main__":
    place = Path(sys.argv[1]).resolve()
    for one in sys.argv[2:] or LIBRARIES:
        record(one, place)
