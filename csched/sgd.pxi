# Update rules for NumPy arrays: checks memory, drops the GIL. Included by _core.pyx.
from cpython.buffer cimport PyBUF_ANY_CONTIGUOUS, PyBuffer_IsContiguous

cdef extern from "sgd.h" nogil:
    enum cs_rule:
        CS_PLAIN
        CS_MOMENTUM
        CS_NESTEROV
        CS_ADAM
    ctypedef struct cs_coefficients:
        double clip, coupled, keep, rate
        double momentum, intake, direct
        double momentum2, intake2, root, epsilon
    void cs_update(cs_rule rule, const cs_coefficients *c, int wide, int64_t n,
                   void *w, const void *g, void *m, void *v)
    double cs_squares(int wide, int64_t n, const void *g)

RULES = {"plain": CS_PLAIN, "momentum": CS_MOMENTUM, "nesterov": CS_NESTEROV, "adam": CS_ADAM}
cdef int[4] ARRAYS_OF = [2, 3, 3, 4]  # by rule: w, g, m, v
# Elements. Threads take blocks in turn, and a norm is added up by blocks: its bits depend on this.
cdef int64_t UPDATE_BLOCK = 65536
cdef int64_t UPDATE_KEEP_GIL_BELOW = 1024


def update(str rule, tuple lists, int part=0, int parts=1, *, double rate, double clip=1.0,
           double coupled=0.0, double keep=1.0, double momentum=0.0, double intake=1.0,
           double direct=1.0, double momentum2=0.0, double intake2=1.0, double root=1.0,
           double epsilon=0.0):
    """Apply a rule to lists (w, g[, m[, v]]) of contiguous arrays: every parts-th block of them."""
    cdef cs_coefficients c = cs_coefficients(
        clip=clip, coupled=coupled, keep=keep, rate=rate, momentum=momentum, intake=intake,
        direct=direct, momentum2=momentum2, intake2=intake2, root=root, epsilon=epsilon)
    cdef int which = RULES[rule]
    cdef int64_t block = part
    cdef Py_ssize_t i
    if len(lists) != ARRAYS_OF[which]:
        raise ValueError(f"update: {rule} takes {ARRAYS_OF[which]} lists, got {len(lists)}")
    for i in range(len(lists[0])):
        block = update_row(which, &c, lists, i, block, parts)


def squares(list arrays, int part=0, int parts=1):
    """The sums of squares of every parts-th block of contiguous arrays, in float64."""
    cdef list sums = []
    cdef int64_t block = part
    for array in arrays:
        block = squares_of(array, sums, block, parts)
    return sums


def side_by_side(weights, grads):
    """2 if every gradient is an array of its weight's shape and type, and both are C-contiguous.

    1 if some are Fortran-contiguous both; 0 if not so, or if a gradient is None.
    """
    cdef Py_buffer w, g
    cdef int found = 2
    for weight, grad in zip(weights, grads):
        if type(grad) is not type(weight):
            return 0
        PyObject_GetBuffer(weight, &w, PyBUF_FORMAT | PyBUF_STRIDES)
        try:
            PyObject_GetBuffer(grad, &g, PyBUF_FORMAT | PyBUF_STRIDES)
            found = min(found, order_of(&w, &g))
            PyBuffer_Release(&g)
        finally:
            PyBuffer_Release(&w)
        if found == 0:
            return 0
    return found


cdef int order_of(Py_buffer *w, Py_buffer *g) noexcept:
    """Of two arrays: 2 or 1 where they are alike and lie in memory alike, else 0."""
    cdef int i
    # unaligned arrays, and those of other byte orders, have a longer format
    if w.format[0] != g.format[0] or w.format[1] != 0 or g.format[1] != 0 or w.ndim != g.ndim:
        return 0
    for i in range(w.ndim):
        if w.shape[i] != g.shape[i]:
            return 0
    if PyBuffer_IsContiguous(w, b"C") and PyBuffer_IsContiguous(g, b"C"):
        return 2
    return PyBuffer_IsContiguous(w, b"F") and PyBuffer_IsContiguous(g, b"F")


cdef int take(object array, Py_buffer *view, int flags) except -1:
    PyObject_GetBuffer(array, view, PyBUF_FORMAT | PyBUF_ANY_CONTIGUOUS | flags)
    if view.format[0] not in (b"d", b"f") or view.format[1] != 0:
        found = view.format.decode()
        PyBuffer_Release(view)
        raise ValueError(f"update: arrays must be of float64 or float32, got format {found!r}")
    return 0


@cython.boundscheck(True)
cdef int64_t update_row(int rule, const cs_coefficients *c, tuple lists, Py_ssize_t row,
                        int64_t block, int parts) except -1:
    """Update the row's blocks `block`, `block + parts`, ...; the next row's first such block."""
    cdef Py_buffer view[4]
    cdef char *at[4]
    cdef int held = 0, i
    cdef int64_t n, size
    try:
        for arrays in lists:
            take(arrays[row], &view[held], 0 if held == 1 else PyBUF_WRITABLE)
            held += 1
            if view[held - 1].itemsize != view[0].itemsize or view[held - 1].len != view[0].len:
                raise ValueError("update: the arrays of a row must have one type and size")
        size = view[0].itemsize
        n = view[0].len // size
        for i in range(4):
            at[i] = <char *>view[i].buf if i < held else NULL
        if n < UPDATE_KEEP_GIL_BELOW:
            return update_blocks(rule, c, size, n, at, block, parts)
        with nogil:
            return update_blocks(rule, c, size, n, at, block, parts)
    finally:
        for i in range(held):
            PyBuffer_Release(&view[i])


cdef int64_t update_blocks(int rule, const cs_coefficients *c, int64_t size, int64_t n, char **at,
                           int64_t block, int parts) noexcept nogil:
    cdef int64_t first, shift
    while block * UPDATE_BLOCK < n:
        first = block * UPDATE_BLOCK
        shift = first * size
        cs_update(<cs_rule>rule, c, size == 8, min(UPDATE_BLOCK, n - first),
                  at[0] + shift, at[1] + shift,
                  at[2] + shift if at[2] != NULL else NULL,
                  at[3] + shift if at[3] != NULL else NULL)
        block += parts
    return block - blocks_in(n)


cdef int64_t squares_of(object array, list sums, int64_t block, int parts) except -1:
    cdef Py_buffer view
    cdef int64_t n, first
    cdef double found
    take(array, &view, 0)
    try:
        n = view.len // view.itemsize
        while block * UPDATE_BLOCK < n:
            first = block * UPDATE_BLOCK
            with nogil:
                found = cs_squares(view.itemsize == 8, min(UPDATE_BLOCK, n - first),
                                   <char *>view.buf + first * view.itemsize)
            sums.append(found)
            block += parts
        return block - blocks_in(n)
    finally:
        PyBuffer_Release(&view)


cdef inline int64_t blocks_in(int64_t n) noexcept nogil:
    return (n + UPDATE_BLOCK - 1) // UPDATE_BLOCK
