"""An accelerator made of CPU tensors, so that what a GPU would compute can be seen without one.

A tensor on "simgpu" has no data of its own: behind its storage lies a CPU tensor, on which every op
runs. What a program on a GPU pays for is counted: launches, waits of the host, copies between the
two. A ``Graph`` keeps the contract of a CUDA graph: a capture computes nothing, Python numbers and
CPU tensors stay what they were, waiting and copying is an error, and a replay does the recorded ops
on the same memory. Ops run at once whatever their stream, and what two streams do to one tensor is
an error unless one has waited for the other: on a GPU it might run in any order. Built on torch's
Python backend for PrivateUse1, which is experimental.
"""

import collections
import contextlib
import functools

import torch
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "simgpu"
_setup_privateuseone_for_python_backend(NAME)
_ops = torch.library.Library("_", "IMPL")
_behind = {}  # storage of a device tensor: (the CPU tensor, the storage: its address stays taken)
_graph = None  # that is being captured

counted = collections.Counter()


class CaptureError(RuntimeError):
    """What a GPU does not allow while a graph is captured."""


class RaceError(RuntimeError):
    """Two streams use one tensor, one of them writes, and neither has waited for the other."""


class Stream:
    """A queue of ops; knows how far into every queue its own ops come later."""

    def __init__(self, device=None):
        self.after = collections.Counter()  # by stream, the number of its ops

    def wait_stream(self, other):
        self.after |= other.after


_stream = _first = Stream()
_uses = {}  # by storage: the last write, and the reads since, as {stream: number of its op}


def current_stream(device=None):
    return _stream


@contextlib.contextmanager
def stream(chosen):
    global _stream
    before, _stream = _stream, chosen
    try:
        yield
    finally:
        _stream = before


def is_current_stream_capturing():
    return _graph is not None


for thing in (Stream, current_stream, stream, is_current_stream_capturing):
    setattr(torch.get_device_module(NAME), thing.__name__, thing)


def _used(reads, writes):
    """Note what the next op of the current stream does, and refuse a race."""
    if _graph is not None:
        return  # captured, not run
    _stream.after[_stream] += 1
    for changes, found in ((False, reads), (True, writes)):
        for t in found:
            written, read = _uses.setdefault(t.untyped_storage()._cdata, ({}, {}))
            known = {**read, **written} if changes else written
            if any(n > _stream.after[s] for s, n in known.items()):
                raise RaceError("a tensor is used by two streams, and neither waits")
            if changes:
                read.clear()
                written.clear()
            (written if changes else read)[_stream] = _stream.after[_stream]


@functools.cache
def _written(op):
    """The arguments that an op writes to, by place and by name."""
    aliases = [(i, a.name, a.alias_info) for i, a in enumerate(op._schema.arguments)]
    return {key for i, name, alias in aliases if alias and alias.is_write for key in (i, name)}


def _reads_and_writes(op, args, kwargs):
    """The CPU tensors behind the arguments of an op, by what it does to them."""
    found = [], []
    for key, x in [*enumerate(args), *kwargs.items()]:
        found[key in _written(op)].extend(map(data, tensors(x)))
    return found


def is_here(x):
    return isinstance(x, torch.Tensor) and x.device.type == NAME


def data(x):
    """The CPU tensor behind a tensor of the device; anything else as it is."""
    return _behind[x.untyped_storage()._cdata][0] if is_here(x) else x


def mapped(change, x):
    """The tensors of an argument or a result changed, in lists and tuples, too."""
    if isinstance(x, torch.Tensor):
        return change(x)
    return type(x)(mapped(change, y) for y in x) if isinstance(x, (list, tuple)) else x


def tensors(x):
    found = []
    mapped(found.append, x)
    return found


def on_device(values):
    made = torch._C._acc.create_empty_tensor(tuple(values.shape), values.dtype)
    storage = made.untyped_storage()
    _behind[storage._cdata] = values, storage
    return made


class Graph:
    """To be captured in a ``with`` block, then replayed."""

    def __init__(self):
        self.launches = []  # op, arguments, results, and what it reads and writes; CPU tensors
        self._before = {}  # by id: a tensor that was there before the capture, and what it held
        self._born = {}

    def __enter__(self):
        global _graph
        _graph = self
        return self

    def __exit__(self, *error):
        global _graph
        _graph = None
        for tensor, content in self._before.values():
            tensor.copy_(content)
        for tensor in self._born.values():
            if tensor.is_floating_point():
                tensor.fill_(torch.nan)

    def born(self, tensor):
        self._born[id(tensor)] = tensor

    def remember(self, known):
        for t in known:
            if id(t) not in self._born and id(t) not in self._before:
                self._before[id(t)] = t, t.clone()

    def record(self, op, args, kwargs, given, results):
        for r in results:
            if id(r) not in given:
                self.born(r)

        def frozen(x):
            return data(x) if is_here(x) else x.clone()

        fixed = {name: mapped(frozen, x) for name, x in kwargs.items()}
        args = mapped(frozen, args)
        uses = None if op.is_view else _reads_and_writes(op, args, fixed)
        self.launches.append((op, args, fixed, results, uses))

    @torch.no_grad()
    def replay(self):
        for op, args, kwargs, results, uses in self.launches:
            if uses:
                _used(*uses)
            again = tensors(op(*args, **kwargs))
            for old, new in zip(results, again, strict=True):
                if old.data_ptr() != new.data_ptr():
                    old.copy_(new)
            counted["launch"] += not op.is_view


def _count(what):
    counted[what] += 1
    if _graph is not None and what != "launch":
        raise CaptureError(f"operation not permitted when a graph is captured: {what}")


def _run(op, *args, **kwargs):
    """Any op, on the CPU tensors."""
    if not op.is_view:
        _count("launch")
    kwargs.pop("pin_memory", None)
    kwargs.pop("device", None)
    if not op.is_view:
        _used(*_reads_and_writes(op, args, kwargs))
    given = {id(data(x)): x for x in tensors([*args, *kwargs.values()]) if is_here(x)}
    if _graph is not None:
        _graph.remember(data(x) for x in given.values())
    made = op(*mapped(data, args), **{name: mapped(data, x) for name, x in kwargs.items()})
    if _graph is not None:
        _graph.record(op, args, kwargs, given, tensors(made))
    # what an op writes to is also what it returns, as the tensor that was given
    return mapped(lambda r: given[id(r)] if id(r) in given else on_device(r), made)


_ops.fallback(_run, "PrivateUse1")


@torch.library.impl("aten::_copy_from", "PrivateUse1")
def _copy_from(source, target, non_blocking=False):
    if is_here(source) and is_here(target):
        _run(torch.ops.aten.copy_.default, target, source)
    elif is_here(source):
        _count("copy to the host")
        _used([data(source)], [])
        target.copy_(data(source))
    else:
        how = " that waits" if not non_blocking else "" if _stream is _first else " beside"
        _count(f"copy to the device{how}")
        _used([], [data(target)])
        data(target).copy_(source)
    return target


@torch.library.impl("aten::_local_scalar_dense", "PrivateUse1")
def _item(x):
    _count("wait")
    _used([data(x)], [])
    return data(x).item()


def _allocated(memory):
    if _graph is not None:
        _graph.born(memory)
    return on_device(memory)


@torch.library.impl("aten::empty.memory_format", "PrivateUse1")
def _empty(size, *, dtype=None, layout=None, device=None, pin_memory=None, memory_format=None):
    return _allocated(torch.empty(size, dtype=dtype))


@torch.library.impl("aten::empty_strided", "PrivateUse1")
def _empty_strided(size, stride, *, dtype=None, layout=None, device=None, pin_memory=None):
    return _allocated(torch.empty_strided(size, stride, dtype=dtype))
