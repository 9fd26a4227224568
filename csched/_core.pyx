# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: cdivision=True, freethreading_compatible=True, autotestdict=False, embedsignature=False
"""The compiled half of csched: programs, and the table of profiles.

Owns memory, checks steps and buffers, drops the GIL. No arithmetic on a value happens here.
"""
cimport cython
from cpython.buffer cimport (PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release,
                             PyObject_GetBuffer)
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport int32_t, int64_t

import numpy as np

cdef extern from "kernels.h" nogil:
    ctypedef struct cs_argument:
        const char *name
        double standard, low, high
        int low_open, high_open
    ctypedef struct cs_profile:
        const char *name
        int monotone, positive, n_arguments
        cs_argument argument[2]
    const cs_profile cs_profiles[]
    const int cs_n_profiles
    int cs_n_variants()
    const char *cs_variant_name(int i)
    void cs_use_variant(int i)
    int cs_variant_in_use()

cdef extern from "program.h" nogil:
    ctypedef struct cs_node:
        int32_t op, profile, first, count
        int64_t begin, length, times
        double x[4]
        double span
        double argument[2]
        double levels[5]
    enum:
        CS_N_OPS
        CS_MAX_DEPTH
    void cs_build(cs_node *nodes, int32_t n)
    int64_t cs_program_kept_doubles(const cs_node *nodes, int32_t n)
    void cs_program_keep(cs_node *nodes, int32_t n, double *room)
    double cs_value(const cs_node *nodes, int64_t t)
    void cs_values_f64(const cs_node *nodes, int64_t first, int64_t n, double *out)
    void cs_values_f32(const cs_node *nodes, int64_t first, int64_t n, float *out)

MAX_STEP = 2**53
MAX_DEPTH = CS_MAX_DEPTH
cdef int64_t LAST_STEP = 9007199254740992
cdef int64_t CHUNK = 512
cdef int64_t KEEP_GIL_BELOW = 256  # values; dropping the GIL costs about as much as these

PROFILES = tuple(
    (
        cs_profiles[i].name.decode(),
        bool(cs_profiles[i].monotone),
        bool(cs_profiles[i].positive),
        tuple(
            (
                cs_profiles[i].argument[j].name.decode(),
                cs_profiles[i].argument[j].standard,
                cs_profiles[i].argument[j].low,
                bool(cs_profiles[i].argument[j].low_open),
                cs_profiles[i].argument[j].high,
                bool(cs_profiles[i].argument[j].high_open),
            )
            for j in range(cs_profiles[i].n_arguments)
        ),
    )
    for i in range(cs_n_profiles)
)


def variants():
    """Names of the loop variants this CPU can run, slowest first."""
    return tuple(cs_variant_name(i).decode() for i in range(cs_n_variants()))


def variant():
    """Name of the loop variant in use."""
    return cs_variant_name(cs_variant_in_use()).decode()


def use_variant(str name):
    """Run the loops of one variant from here on; every variant gives the same bits."""
    names = variants()
    if name not in names:
        raise ValueError(f"CSCHED_VARIANT must be one of {names}, got {name!r}")
    cs_use_variant(names.index(name))


cdef inline int64_t checked_int(object step) except -1:
    cdef int64_t t
    try:
        t = step
    except OverflowError:
        t = -1
    if not 0 <= t <= LAST_STEP:
        raise ValueError(f"Curve: step must be in [0, 2**53], got {step!r}")
    return t


cdef int64_t checked_step(object step) except -1:
    if type(step) is int:
        return checked_int(step)
    if isinstance(step, bool) or not hasattr(step, "__index__"):
        raise TypeError(f"Curve: step must be an int, got {step!r}")
    return checked_int(step.__index__())


cdef int get_buffer(str where, object out, Py_buffer *view) except -1:
    try:
        PyObject_GetBuffer(out, view, PyBUF_FORMAT | PyBUF_STRIDES | PyBUF_WRITABLE)
    except ValueError:
        if out.flags.writeable:  # dates and times have no buffer
            raise ValueError(f"{where}: out must be a float64 or float32 array, "
                             f"got dtype {out.dtype}") from None
        raise ValueError(f"{where}: out must be writable, got a read-only array") from None
    return 0


@cython.final
cdef class Program:
    """An immutable compiled curve: `program(step)`, `fill`, `gather`."""

    cdef cs_node *nodes
    cdef int32_t n_nodes
    cdef double *kept
    cdef int64_t n_kept

    def __cinit__(self, list nodes):
        cdef int32_t i
        cdef int j
        cdef cs_node *node
        self.n_nodes = <int32_t>len(nodes)
        self.nodes = <cs_node *>PyMem_Calloc(max(1, len(nodes)), sizeof(cs_node))
        if self.nodes == NULL:
            raise MemoryError()
        for i in range(self.n_nodes):
            node = &self.nodes[i]
            (op, profile, first, count, begin, length, times, x, span, argument, levels) = nodes[i]
            if not 0 <= op < CS_N_OPS or not 0 <= profile < cs_n_profiles:
                raise ValueError(f"Program: node {i} has unknown op {op} or profile {profile}")
            if count and not i < first <= first + count <= self.n_nodes:
                raise ValueError(f"Program: children of node {i} must follow it")
            node.op, node.profile, node.first, node.count = op, profile, first, count
            node.begin, node.length, node.times, node.span = begin, length, times, span
            for j in range(4):
                node.x[j] = x[j]
            for j in range(2):
                node.argument[j] = argument[j]
            for j in range(5):
                node.levels[j] = levels[j]
        cs_build(self.nodes, self.n_nodes)
        self.n_kept = cs_program_kept_doubles(self.nodes, self.n_nodes)
        self.kept = <double *>PyMem_Calloc(max(1, self.n_kept), sizeof(double))
        if self.kept == NULL:
            raise MemoryError()
        cs_program_keep(self.nodes, self.n_nodes, self.kept)

    def __dealloc__(self):
        PyMem_Free(self.nodes)
        PyMem_Free(self.kept)

    def __sizeof__(self):
        return sizeof(Program) + self.n_nodes * sizeof(cs_node) + self.n_kept * sizeof(double)

    def __call__(self, step, /):
        """The value at a step, or an array of values at an array of steps."""
        return self.at(step)

    cdef object at(self, object step):
        cdef int64_t t
        if type(step) is int:
            t = checked_int(step)
        elif isinstance(step, (np.ndarray, list, tuple, range)) or getattr(step, "shape", None):
            return self.gather(step)  # what has a shape are tensors that NumPy can read
        else:
            t = checked_step(step)
        return cs_value(self.nodes, t)

    def fill(self, out, start=0, /):
        """Write the values at steps start, start + 1, ... into a float64 or float32 buffer."""
        cdef Py_buffer view
        cdef int64_t first = checked_step(start)
        get_buffer("Curve.values", out, &view)
        try:
            if view.ndim != 1 or view.format[0] not in (b"d", b"f") or view.format[1] != 0:
                raise ValueError(
                    "Curve.values: out must be a float64 or float32 array of 1 dimension, got "
                    f"format {view.format.decode()!r} with {view.ndim} dimensions")
            if first + view.shape[0] - 1 > LAST_STEP:
                raise ValueError(
                    f"Curve.values: stop must be at most 2**53 + 1, got {first + view.shape[0]}")
            if view.shape[0] < KEEP_GIL_BELOW:
                fill_view(self.nodes, &view, <char *>view.buf, first)
            else:
                with nogil:
                    fill_view(self.nodes, &view, <char *>view.buf, first)
        finally:
            PyBuffer_Release(&view)

    def gather(self, steps, /):
        """The float64 values at an array of steps, in any order and of any shape."""
        given = np.asarray(steps)
        if given.size == 0:
            given = given.astype(np.int64)
        if given.dtype.kind not in "iu":
            raise TypeError(f"Curve: steps must be integers, got an array of {given.dtype}")
        if given.size and not (0 <= given.min() and given.max() <= LAST_STEP):
            raise ValueError("Curve: steps must be in [0, 2**53], got values from "
                             f"{given.min()} to {given.max()}")
        result = np.empty(given.shape)
        cdef const int64_t[::1] t = np.ascontiguousarray(given, np.int64).reshape(-1)
        cdef double[::1] out = result.reshape(-1)
        cdef Py_ssize_t i
        with nogil:
            for i in range(t.shape[0]):
                out[i] = cs_value(self.nodes, t[i])
        return result


cdef class Evaluator:
    """What makes a curve callable without a Python frame: its program, made at the first call.

    Subclasses define `_compiled`, which returns the Program.
    """

    cdef Program made

    @property
    def program(self):
        """The compiled curve; made once."""
        if self.made is None:
            self.made = self._compiled()
        return self.made

    def __call__(self, step, /):
        """The value at a step: a float; or a float64 array for an array of steps in any order."""
        if self.made is None:
            self.made = self._compiled()
        return self.made.at(step)


cdef void fill_view(const cs_node *nodes, Py_buffer *view, char *at, int64_t first) noexcept nogil:
    cdef double block[512]
    cdef int64_t n = view.shape[0], done = 0, run, i
    cdef Py_ssize_t stride = view.strides[0]
    cdef bint single = view.itemsize == 4
    if stride == view.itemsize:
        if single:
            cs_values_f32(nodes, first, n, <float *>at)
        else:
            cs_values_f64(nodes, first, n, <double *>at)
        return
    while done < n:
        run = min(CHUNK, n - done)
        cs_values_f64(nodes, first + done, run, block)
        for i in range(run):
            if single:
                (<float *>at)[0] = <float>block[i]
            else:
                (<double *>at)[0] = block[i]
            at += stride
        done += run


def fill_rows(list programs, out, start=0, /):
    """Row i of a float64 or float32 array of 2 dimensions gets the values of programs[i]."""
    cdef Py_buffer view
    cdef int64_t first = checked_step(start)
    cdef Py_ssize_t i, n = len(programs)
    cdef const cs_node **nodes = <const cs_node **>PyMem_Calloc(max(1, n), sizeof(void *))
    if nodes == NULL:
        raise MemoryError()
    try:
        for i in range(n):
            nodes[i] = (<Program?>programs[i]).nodes
        get_buffer("Stack.values", out, &view)
        try:
            if view.ndim != 2 or view.format[0] not in (b"d", b"f") or view.format[1] != 0:
                raise ValueError("Stack.values: out must be a float64 or float32 array of 2 "
                                 f"dimensions, got format {view.format.decode()!r} "
                                 f"with {view.ndim} dimensions")
            if view.shape[0] != n:
                raise ValueError(f"Stack.values: out must have {n} rows, got {view.shape[0]}")
            if first + view.shape[1] - 1 > LAST_STEP:
                raise ValueError(
                    f"Stack.values: stop must be at most 2**53 + 1, got {first + view.shape[1]}")
            with nogil:
                fill_views(nodes, n, &view, first)
        finally:
            PyBuffer_Release(&view)
    finally:
        PyMem_Free(nodes)


cdef void fill_views(const cs_node **nodes, Py_ssize_t n, Py_buffer *view, int64_t first) noexcept nogil:
    cdef Py_buffer row = view[0]
    cdef Py_ssize_t i
    row.shape = view.shape + 1
    row.strides = view.strides + 1
    for i in range(n):
        fill_view(nodes[i], &row, <char *>view.buf + i * view.strides[0], first)

include "sgd.pxi"
include "lanes.pxi"
include "writer.pxi"
