# Lanes: what a step stores, and the ways of storing it. Knows dicts, tuples and memory; no framework.
#
# Design
# a) A lane is one value a step: a curve times a factor, and the places it goes to. Groups that
#    share both share a lane, so a float is boxed once for all of them.
# b) A value is rounded once, to the type that is stored; see rounded().
# c) Lanes that go to the same dicts are stored two in one visit: 5 % less time than one after the
#    other (1000 dicts). A second key costs 0.8 to 0.9 of the first: a store is one PyDict_SetItem,
#    187 instructions on CPython 3.11 (callgrind) beside 9 here, which run 5 a cycle, and finding the
#    key, as PyDict_GetItem does, is 0.7 of its time. So other orders of stores, dicts fetched ahead
#    (1000 take no more each than 100) and the type's slot gain nothing. Known hashes, which are
#    private, save 14 instructions of each key; PyDict_Update with both takes half as long again as
#    two stores. A float changed in place would be seen by whoever kept it, and not by who watches
#    the dict.
from cpython.object cimport PyObject
from libc.math cimport frexp, ldexp, rint

cdef extern from "Python.h":
    int PyDict_SetItem(PyObject *, PyObject *, PyObject *) except -1

cdef enum:
    ITEM   # group[key] = float
    WHOLE  # group[key] = int
    ENTRY  # group[key] = the same tuple or list with one entry exchanged
    STAGE  # float32 in a row in memory, with one factor or one each
    CALL   # callable(float)

cdef enum:
    AHEAD = 32  # a value of a block takes 1 to 3 ns, a single one 15 to 35
    TOGETHER = 2  # keys stored in one visit of a dict

cdef struct cs_lane:
    int32_t kind, curve, bits, lowest
    int32_t together  # ITEMs from this one on that go to the same dicts
    double factor
    Py_ssize_t index, first, count
    PyObject *key


cdef double rounded(double v, int bits, int lowest) noexcept nogil:
    """v in a binary format of `bits` digits whose last digit is never below 2**lowest.

    bfloat16 and float16 need it: converting by way of float32 rounds twice.
    """
    cdef int e
    if bits == 0 or v == 0.0:
        return v
    frexp(v, &e)
    e = max(e - bits, lowest)
    return ldexp(rint(ldexp(v, -e)), e)


cdef inline double value_of(const cs_lane *lane, const double *values) noexcept nogil:
    cdef double v = values[lane.curve * AHEAD] * lane.factor
    return v if lane.bits == 0 else rounded(v, lane.bits, lane.lowest)


cdef int store(const cs_lane *lane, PyObject **place, const double *values) except -1:
    """The float of this lane, and of the one together with it, into every dict."""
    cdef object boxed = value_of(lane, values), second
    cdef PyObject *key = lane.key
    cdef PyObject *key2 = lane[lane.together - 1].key
    cdef Py_ssize_t j
    if lane.together == 1:
        for j in range(lane.count):
            PyDict_SetItem(place[j], key, <PyObject *>boxed)
    else:
        second = value_of(lane + 1, values)
        for j in range(lane.count):
            PyDict_SetItem(place[j], key, <PyObject *>boxed)
            PyDict_SetItem(place[j], key2, <PyObject *>second)
    return 0


cdef int hand_out(const cs_lane *lane, PyObject **place, double v) except -1:
    """A value in another form than a float of its own, to every place of its lane."""
    cdef Py_ssize_t j
    cdef object old, seen = None, made = None
    cdef object boxed = int(v) if lane.kind == WHOLE else v
    for j in range(lane.count):
        if lane.kind == CALL:
            (<object>place[j])(boxed)
        elif lane.kind == WHOLE:
            PyDict_SetItem(place[j], lane.key, <PyObject *>boxed)
        else:
            old = (<dict>place[j])[<object>lane.key]
            # groups that shared a tuple go on sharing one; a list is nobody else's
            if old is not seen or type(old) is not tuple:
                made = exchanged(<object>lane.key, old, lane.index, boxed)
            seen = old
            PyDict_SetItem(place[j], lane.key, <PyObject *>made)
    return 0


cdef void fill_floats(float *out, float value, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = value


cdef void scale_into(float *out, double value, const double *factors, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = <float>(value * factors[i])


cdef object exchanged(object key, object old, Py_ssize_t index, object value):
    """A copy with one entry exchanged, as others may hold the old one."""
    if type(old) is tuple and len(<tuple>old) == 2 and index < 2:
        return (value, (<tuple>old)[1]) if index == 0 else ((<tuple>old)[0], value)
    if not isinstance(old, (tuple, list)) or index >= len(old):  # other code has written it
        raise ValueError(f"csched.torch.Scheduler: {key}[{index}] must be an entry of a tuple "
                         f"in the group, got {old!r}")
    made = list(old)
    made[index] = value
    return type(old)(made)
