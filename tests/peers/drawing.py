"""What the recorders share: random arguments, modules in place of missing ones, a loop."""

import importlib.util
import sys
from types import ModuleType

import torch

PAST = 20


def rate(chance, low=1e-4, high=1.0):
    """A learning rate, log-uniform, of three digits."""
    return float(f"{low * (high / low) ** chance.random():.3g}")


def part(chance, low=0.0, high=1.0):
    return round(chance.uniform(low, high), 3)


def steps(chance, low=1, high=24):
    return chance.randint(low, high)


def maybe(chance, **arguments):
    """Some of the arguments, so that defaults are met too."""
    return {k: v for k, v in arguments.items() if chance.random() < 0.7}


def stand_in(name, **attributes):
    """An empty module in place of one that is not needed, and of its parents."""
    parts = name.split(".")
    for i in range(1, len(parts) + 1):
        whole = ".".join(parts[:i])
        if whole not in sys.modules:
            sys.modules[whole] = ModuleType(whole)
            sys.modules[whole].__path__ = []
    for key, value in attributes.items():
        setattr(sys.modules[name], key, value)
    return sys.modules[name]


def load(name, path):
    """A module of its file alone, under its full name."""
    stand_in(name.rpartition(".")[0])
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def optimizer(lr=1.0, kind=torch.optim.SGD, **arguments):
    return kind([torch.nn.Parameter(torch.zeros(1))], lr=lr, **arguments)


def stepped(scheduler, group, n, names=("lr",)):
    """What a torch-like scheduler puts into a group for updates 0, ..., n - 1."""
    values = {name: [] for name in names}
    for t in range(n):
        if t:
            scheduler.step()
        for name in names:
            values[name].append(float(group[name]) if name == "lr" else group[name])
    return values
