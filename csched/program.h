/* A program: a curve compiled to a flat array of nodes, evaluated without Python.

   Node i's children are nodes[first .. first + count - 1], always behind it. A node is a function
   of the step t >= 0 on its own clock, defined for every t up to 2^53. Immutable once built, so
   any number of threads may evaluate it. */
#ifndef CSCHED_PROGRAM_H
#define CSCHED_PROGRAM_H

#include <stdint.h>

#include "kernels.h"

enum cs_op {
    CS_PHASE,    /* one phase: samples in `length`, a sample every `times` steps, then its end */
    CS_FROZEN,   /* one phase read at the position x[3] for ever */
    CS_SEQUENCE, /* children in a row, child j from its `begin` on; the last one never ends */
    CS_REPEAT,   /* child restarted every `length` steps, `times` times (0: for ever);
                    its levels scaled per cycle, see cs_levels */
    CS_EVERY,    /* child read every `times` steps, held between, up to step `length`; where there
                    are two children the first counts samples and serves up to `length`, the
                    second counts steps and serves from there on */
    CS_SHIFT,    /* child read at min(t, length) + times */
    CS_PRODUCT,  /* children multiplied, in order */
    CS_SUM,      /* children added, in order */
    CS_CLIP,     /* child limited to [x[0], x[1]] */
    CS_ROUND,    /* child rounded to the nearest multiple of x[0], halves to even */
    CS_NOISE,    /* child times 1 + x[0] u(seed, t), u uniform in [-1, 1); seed in `times`;
                    from step `begin_noise` (first x[1]) to x[2] */
    CS_N_OPS
};

typedef struct {
    int32_t op, profile;
    int32_t first, count;
    int64_t begin, length, times;
    double x[4];        /* a phase: start, end, offset, position; see the ops above */
    double span;        /* a phase: length its profile is stretched over */
    double argument[2]; /* a phase: arguments of the profile */
    double levels[5];   /* a repeat: low, high, and their factors per cycle: low, high, amplitude */
    cs_phase phase;     /* a phase: prepared */
} cs_node;

#define CS_MAX_DEPTH 64

/* Prepare the phases of a program; the rest of every node is the caller's. */
void cs_build(cs_node *nodes, int32_t n);

/* What the phases of a program may keep (kernels.h), 1 MiB at most, in room of the caller's. */
int64_t cs_program_kept_doubles(const cs_node *nodes, int32_t n);
void cs_program_keep(cs_node *nodes, int32_t n, double *room);

double cs_value(const cs_node *nodes, int64_t t);
void cs_values_f64(const cs_node *nodes, int64_t first, int64_t n, double *out);
void cs_values_f32(const cs_node *nodes, int64_t first, int64_t n, float *out);

#endif
