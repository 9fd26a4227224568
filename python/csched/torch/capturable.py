"""Which hyperparameters the optimizers of torch read on the device, without asking the host.

All others they turn into a Python number at every step: that waits for the device, and a CUDA graph
would freeze it. Found by running each of them under FakeTensorMode with torch 2.13, as the tests
do again.
"""

from __future__ import annotations

import torch
from torch.optim import Optimizer

from csched import _check
from csched.torch import binding
from csched.torch.binding import WHERE, Bound

FUSED, LOOP, FOREACH = "fused=True", "foreach=False, capturable=True", "capturable=True"
_ADAM = {FUSED: ["lr"], FOREACH: ["lr"], LOOP: ["lr", "betas[0]", "eps"]}
# by class, then by how it is built, the paths; Adagrad counts its steps on the host, so not here
TAKES: dict[str, dict[str, list[str]]] = {
    "ASGD": {FOREACH: ["lr"]},
    "Adadelta": {FOREACH: ["lr"], LOOP: ["eps"]},
    "Adam": _ADAM,
    "AdamW": _ADAM,
    "Adamax": {FOREACH: ["lr", "betas[1]"], LOOP: ["lr", "betas[0]", "betas[1]", "eps"]},
    "NAdam": {FOREACH: ["lr"], LOOP: ["lr", "betas[0]", "eps", "momentum_decay"]},
    "RAdam": {FOREACH: ["lr"], LOOP: ["lr", "betas[0]", "eps"]},
    "RMSprop": {FOREACH: ["lr"], LOOP: ["eps"]},
    "SGD": {FUSED: ["lr"]},
}
# what those built with foreach=True refuse as a tensor on the CPU, where reading costs nothing
REFUSED_ON_CPU = {
    "Adam": ["lr", "betas[0]", "betas[1]"],
    "AdamW": ["lr", "betas[0]", "betas[1]"],
    "Adamax": ["betas[0]"],
    "NAdam": ["betas[0]", "betas[1]", "momentum_decay"],
    "RAdam": ["betas[1]"],
}


def check(optimizer: Optimizer, bound: Bound, device: torch.device) -> None:
    """Refuse a curve whose tensor the optimizer would read on the host, or cannot take.

    An optimizer that is not of torch.optim may take what it likes.
    """
    group, owner = bound.group, _owner(optimizer)
    for path in bound.curves:
        if binding.is_whole(binding.read(group, path), binding.parsed(path)[0]):
            _check.fail(WHERE, path, "a float in the group for storage 'device'", group[path])
        if owner is None or _takes(owner, group, path, device):
            continue
        forms = [form for form, paths in TAKES.get(owner, {}).items() if path in paths]
        name = type(optimizer).__name__
        hint = f"{name} does with " + ", or with ".join(forms)
        if not forms:
            hint = f"no {name} does: storage 'keep' and 'buffer' write it from the host"
        _check.fail(WHERE, path, "read on the device for storage 'device'", _form(group), hint)


def check_foreach(optimizer: Optimizer, bound: Bound) -> None:
    """Refuse an lr that becomes a tensor in a form of Adam that takes none anywhere."""
    group = bound.group
    tied = group.get("foreach") and not group.get("capturable")
    if tied and "lr" in bound.curves and _owner(optimizer) in ("Adam", "AdamW"):
        hint = "build it without foreach=True; storage 'keep' takes it as it is"
        _check.fail(WHERE, "lr", "read as a tensor for storage 'buffer'", _form(group), hint)


def _takes(owner: str, group: dict[str, object], path: str, device: torch.device) -> bool:
    if device.type == "cpu":
        return not group.get("foreach") or path not in REFUSED_ON_CPU.get(owner, [])
    return path in TAKES.get(owner, {}).get(_form(group), [])


def _form(group: dict[str, object]) -> str:
    """How the optimizer was built; foreach is what torch takes on a device unless told."""
    if group.get("fused"):
        return FUSED
    loop = group.get("foreach") is False or "foreach" not in group
    if group.get("capturable"):
        return LOOP if loop else FOREACH
    return "foreach=False" if loop else "foreach=True"


def _owner(optimizer: Optimizer) -> str | None:
    """The class of torch.optim whose ``step`` this is."""
    owner = next(c for c in type(optimizer).__mro__ if "step" in vars(c))
    return owner.__name__ if owner.__module__.startswith("torch.optim.") else None
