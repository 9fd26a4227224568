# The per-step writer: evaluates a few programs at one step and has the lanes of lanes.pxi store the
# values where an optimizer reads them. Knows groups, hooks and followers; no framework.
#
# Design
# a) The dicts are held by identity. Every step compares the optimizer's list of groups with
#    them (one memcmp) and calls back only when one differs.
# b) Tensors that lanes write into are looked for where optimizers find them, a few in a step.
from libc.string cimport memcmp

cdef extern from "Python.h":
    PyObject *PyDict_GetItemWithError(PyObject *, PyObject *) except? NULL
    ctypedef struct PyListObject:
        PyObject **ob_item
    Py_ssize_t PyList_GET_SIZE(PyObject *)
    bint PyList_CheckExact(PyObject *)

cdef str PARAM_GROUPS = "param_groups"

cdef enum:
    IN_TURN = 4  # objects looked at in a step, where looking at all would take longer than it

cdef struct cs_place:
    PyObject *dict
    PyObject *key
    PyObject *object  # that lanes write into
    Py_ssize_t index  # of its tuple under the key, or -1


cdef class Writer:
    """Position and lanes of one optimizer; what `csched.torch.Scheduler` is made of."""

    cdef cs_lane *_lanes
    cdef PyObject **_places
    cdef double *_values
    cdef cs_place *_there
    cdef Py_ssize_t _n_lanes, _n_programs, _n_there, _n_looks, _turn
    cdef int64_t _t, _previous, _limit
    cdef int64_t _ahead  # first step of the block of values
    cdef object _optimizer, _weak
    cdef dict _namespace
    cdef list _groups, _programs, _keep, _after, _fixed
    cdef readonly list _followers
    cdef bint _by_hand, _guarded
    cdef Py_ssize_t _n_followers, _n_after, _n_fixed
    cdef public int64_t _step_count

    def __cinit__(self, *args, **kwargs):
        self._limit = LAST_STEP
        self._previous = -1
        self._ahead = -AHEAD
        self._groups, self._after, self._fixed, self._followers = [], [], [], []

    def __dealloc__(self):
        PyMem_Free(self._lanes)
        PyMem_Free(self._places)
        PyMem_Free(self._values)
        PyMem_Free(self._there)

    def _own(self, optimizer, weak, bint by_hand):
        """The optimizer, or a weak reference to it, whose groups are written."""
        self._optimizer, self._weak, self._by_hand = optimizer, weak, by_hand
        # looking its groups up in its dict takes half the time of reading the attribute
        space = getattr(optimizer, "__dict__", None)
        self._namespace = space if type(space) is dict and "param_groups" in space else None

    def _watched(self, bint guarded):
        """Call `_look()` before every step, here and where this one leads."""
        self._guarded = guarded

    def _aim(self, list groups, list lanes, list after, list fixed, list there, object limit):
        """Write these lanes, rows of (kind, program, factor, bits, lowest, key, index, places).

        Then each of `after` is called: (call, arguments) as call(*arguments), (call, None) as
        call(position). The places of a STAGE are two addresses: of the floats, and of their
        factors in float64, or 0 for the one factor of the lane; its index is their number. Who
        owns the memory keeps it as long as the lanes are in use. Before anything moves, `_take()` is
        called to aim anew if for a (call, answer) of `fixed` call() answers otherwise, and
        `_put_back()` if for a (dict, key, index, object) of `there` another object is found.
        """
        cdef Py_ssize_t i, head = 0, n = 0
        cdef bint calls = False
        cdef cs_lane *made
        cdef list programs = [], keep = []
        cdef dict place_of = {}
        for lane in lanes:
            n += len(lane[7])
        made = <cs_lane *>PyMem_Calloc(max(1, len(lanes)), sizeof(cs_lane))
        cdef PyObject **places = <PyObject **>PyMem_Calloc(max(1, n), sizeof(PyObject *))
        cdef double *values = <double *>PyMem_Calloc(max(1, len(lanes)), AHEAD * sizeof(double))
        if made == NULL or places == NULL or values == NULL:
            PyMem_Free(made)
            PyMem_Free(places)
            PyMem_Free(values)
            raise MemoryError()
        PyMem_Free(self._lanes)
        PyMem_Free(self._places)
        PyMem_Free(self._values)
        self._lanes, self._places, self._values = made, places, values
        self._n_lanes = self._n_programs = 0
        self._ahead = -AHEAD
        n = 0
        for i, (kind, program, factor, bits, lowest, key, index, targets) in enumerate(lanes):
            if program not in place_of:
                place_of[program] = len(programs)
                programs.append(<Program?>program)
            made[i].kind, made[i].curve = kind, place_of[program]
            made[i].factor, made[i].bits, made[i].lowest = factor, bits, lowest
            made[i].index, made[i].first, made[i].count = index, n, len(targets)
            made[i].key = <PyObject *>key
            made[i].together = 1
            calls = calls or kind == CALL
            if (i and kind == ITEM and made[head].kind == ITEM and i - head < TOGETHER
                    and len(targets) == made[head].count
                    and all(a is b for a, b in zip(targets, keep[head][1]))):
                made[head].together += 1
            else:
                head = i
            keep.append((key, targets))
            for target in targets:
                if kind == STAGE:
                    places[n] = <PyObject *><size_t>target
                else:
                    places[n] = <PyObject *>target
                n += 1
        self._programs, self._keep, self._groups = programs, keep, groups
        self._after, self._fixed = after, fixed
        self._look_for(there, calls)
        self._limit = LAST_STEP if limit is None else limit
        self._n_lanes, self._n_programs = len(lanes), len(programs)
        self._n_after, self._n_fixed = len(after), len(fixed)

    cdef int _look_for(self, list there, bint calls) except -1:
        """Look for these objects before a step: all, if a lane is a call, 50 times as long."""
        cdef Py_ssize_t i
        PyMem_Free(self._there)
        self._n_there = self._n_looks = self._turn = 0
        self._there = <cs_place *>PyMem_Calloc(max(1, len(there)), sizeof(cs_place))
        if self._there == NULL:
            raise MemoryError()
        for i, (group, key, index, held) in enumerate(there):
            self._keep.append((group, key, held))
            self._there[i].dict, self._there[i].key = <PyObject *>group, <PyObject *>key
            self._there[i].object = <PyObject *>held
            self._there[i].index = -1 if index is None else index
        self._n_there = len(there)
        self._n_looks = self._n_there if calls else min(self._n_there, IN_TURN)
        return 0

    def _lead(self, Writer follower):
        """Move the follower whenever this one moves."""
        self._followers.append(follower)
        self._guarded = self._guarded or follower._guarded
        self._n_followers = len(self._followers)
        follower._move(self._t)

    def _release(self, follower):
        self._followers = [f for f in self._followers if f is not follower]
        self._n_followers = len(self._followers)

    @property
    def position(self):
        """Updates made; the step whose values are in the optimizer."""
        return self._t

    @property
    def last_epoch(self):
        """The position, by the name torch has for it. Setting it writes nothing."""
        return self._t

    @last_epoch.setter
    def last_epoch(self, value):
        self._t = value
        self._previous = self._t - 1

    def _previous_position(self):
        """The position before the last move: the step that the last update was."""
        return self._previous

    def _by_hand_now(self):
        return self._by_hand

    def _owned(self):
        """The optimizer, or None."""
        return self._optimizer if self._optimizer is not None else self._weak()

    def step(self, epoch=None):
        """Move to the next step, after an update; with an argument, to that step."""
        if not self._by_hand:
            self._refuse()
        cdef int64_t t = self._t + 1
        if epoch is not None:
            t = self._epoch(epoch)
        if self._guarded:
            self._look_around()
        self._step_count += 1
        self._move(t)
        if epoch is not None:
            self._previous = self._t - 1

    def _jump(self, int64_t t, int64_t previous):
        self._move(t)
        self._previous = previous

    def _after_update(self, optimizer, args, kwargs):
        """As a step hook of the optimizer: count the update unless a fused kernel skipped it."""
        # A GradScaler hands found_inf to optimizers that skip inside their kernel; only then is
        # it read, which waits for the device.
        found = getattr(optimizer, "found_inf", None)
        if kwargs and self._only_fills_state(kwargs):
            return
        if found is None or not float(found):
            if self._guarded:
                self._look_around()
            self._step_count += 1
            self._move(self._t + 1)

    cdef int _look_around(self) except -1:
        """Before anything moves: whether other code has written here or at a follower's."""
        self._look()
        for follower in self._followers:
            (<Writer>follower)._look_around()
        return 0

    cdef int _move(self, int64_t t) except -1:
        if not self._groups_unchanged():
            self._rebind()
        if self._n_fixed:
            self._look_at_fixed()
        if t > self._limit:
            self._past_end(t)
        if self._n_looks and not self._all_there():
            self._put_back()
        self._previous, self._t = self._t, t
        self._write()
        if self._n_followers:
            for follower in self._followers:
                (<Writer>follower)._move(t)
        return 0

    cdef bint _all_there(self) except -1:
        """Whether the objects that lanes write into are still where optimizers find them."""
        cdef PyObject *found
        cdef cs_place *place
        for _ in range(self._n_looks):
            self._turn = self._turn + 1 if self._turn + 1 < self._n_there else 0
            place = &self._there[self._turn]
            found = PyDict_GetItemWithError(place.dict, place.key)
            if found != place.object and (
                    place.index < 0 or not is_entry(found, place.index, place.object)):
                return False
        return True

    cdef bint _groups_unchanged(self) except -1:
        cdef PyObject *groups = NULL
        cdef PyObject *bound = <PyObject *>self._groups
        cdef Py_ssize_t n = PyList_GET_SIZE(bound)
        if self._namespace is not None:
            groups = PyDict_GetItemWithError(<PyObject *>self._namespace, <PyObject *>PARAM_GROUPS)
        if groups == NULL:
            optimizer = self._owned()
            if optimizer is None:
                return True
            held = optimizer.param_groups
            groups = <PyObject *>held
        if not PyList_CheckExact(groups) or PyList_GET_SIZE(groups) != n:
            return False
        return n == 0 or memcmp((<PyListObject *>groups).ob_item,
                                (<PyListObject *>bound).ob_item, n * sizeof(PyObject *)) == 0

    def _write_now(self):
        """Write the values at the position."""
        self._look_at_fixed()
        self._write()

    cdef int _look_at_fixed(self) except -1:
        for call, answer in self._fixed:
            if call() != answer:
                self._take()
                break
        return 0

    cdef const double *_values_at(self, int64_t t) noexcept:
        """The value of every program at t, AHEAD apart; in a row of steps, from a block."""
        cdef int64_t k = t - self._ahead
        if not 0 <= k < AHEAD:
            self._evaluate(t)
            k = 0
        return self._values + k

    cdef void _evaluate(self, int64_t t) noexcept:
        cdef Py_ssize_t i
        cdef const cs_node *nodes
        cdef bint in_a_row = self._t == self._previous + 1 and t <= LAST_STEP - AHEAD
        self._ahead = t if in_a_row else -AHEAD
        for i in range(self._n_programs):
            nodes = (<Program>self._programs[i]).nodes
            if in_a_row:
                cs_values_f64(nodes, t, AHEAD, self._values + i * AHEAD)
            else:
                self._values[i * AHEAD] = cs_value(nodes, t)

    cdef int _write(self) except -1:
        cdef Py_ssize_t i = 0
        cdef cs_lane *lane
        cdef PyObject **place
        cdef int64_t t = max(self._t, 0)
        cdef const double *values = self._values_at(t)
        while i < self._n_lanes:
            lane = &self._lanes[i]
            place = self._places + lane.first
            if lane.kind == ITEM:
                store(lane, place, values)
            elif lane.kind == STAGE:
                if place[1] == NULL:
                    fill_floats(<float *>place[0], <float>value_of(lane, values), lane.index)
                else:
                    scale_into(<float *>place[0], values[lane.curve * AHEAD],
                               <const double *>place[1], lane.index)
            else:
                hand_out(lane, place, value_of(lane, values))
            i += lane.together
        if self._n_after:
            for call, arguments in self._after:
                if arguments is None:
                    call(t)
                else:
                    call(*<tuple>arguments)
        return 0


cdef bint is_entry(PyObject *entries, Py_ssize_t index, PyObject *wanted) except -1:
    if entries == NULL:
        return False
    held = <object>entries
    return (isinstance(held, (tuple, list)) and index < len(held)
            and <PyObject *>held[index] == wanted)
