"""Presets: the classes and functions of other libraries, number for number, named after them.

One module a library, loaded when first used; none imports the library. A preset has its peer's
name, argument names and defaults, and returns a :class:`csched.Schedule`; what the peer reads from
an optimizer is a keyword, ``base_lr`` or ``base_momentum``. Off-by-ones, ends and the values past
the end are the peer's. Where a peer is plainly broken, the preset raises or does what is
documented, and its docstring says so.

>>> import csched
>>> s = csched.presets.torch.OneCycleLR(max_lr=1.0, total_steps=10)
>>> [round(v, 2) for v in s["lr"].values(0, 4).tolist()]
[0.04, 0.52, 1.0, 0.95]
"""

import importlib
from typing import Any

LIBRARIES = (
    "torch",
    "optax",
    "timm",
    "transformers",
    "keras",
    "tensorflow",
    "fvcore",
    "ignite",
    "lrsched",
    "pytorch_optimizer",
    "pytorch_scheduler",
    "pytorch_warmup",
    "fastai",
    "mmengine",
    "composer",
    "megatron",
    "torchtitan",
    "deepspeed",
    "paddle",
    "olmo",
    "nemo",
    "levanter",
    "mindspore",
    "mindformers",
    "fairseq2",
    "axolotl",
    "monai",
    "mlx",
    "mxnet",
    "wolfe",
)
"""The libraries there are presets for; each is a module here."""

__all__ = ["LIBRARIES", "find", *LIBRARIES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in LIBRARIES:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "find":
        from csched.presets.naming import find  # a table that nothing else needs

        return find
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {LIBRARIES}")


def __dir__() -> list[str]:
    return sorted(__all__)
