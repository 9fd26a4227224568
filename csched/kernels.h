/* The C face of csched: phases and the block loops that evaluate them.

   Pure C11: no Python, no allocation, no global state but constants, no errors. Callers pass only
   what the spec has checked. Every function only reads its inputs and writes its output buffer,
   so all of them are safe from any thread at any time. */
#ifndef CSCHED_KERNELS_H
#define CSCHED_KERNELS_H

#include <stdint.h>

/* Of pieces.h: polynomials, and where they lie. */
typedef struct cs_piece cs_piece;
typedef struct cs_unit cs_unit;

/* One half of a phase, seen from the end it is anchored at.
   Sample k lies x = top + k (first half) or x = top - k (second half) whole samples from there, at
   distance n = base + stride * x, in steps, and the value is a + d * w(n), where w is the
   profile's distance from that end: w(0) = 0 exactly, so the end is exact, and w keeps its relative
   accuracy down to the last step. */
typedef struct {
    int32_t kernel;
    int32_t block; /* samples a block, a power of two; 0: the kernel has no blocks of one size */
    int32_t costly; /* a value takes a logarithm and an exponential in double-double (powers.h) */
    int32_t simple; /* w has a zero of first order, of second at most otherwise */
    double sign;   /* 1 or -1: how x changes with k */
    double top, base, stride;
    double a, d;
    double m;           /* length of the whole phase */
    double near[2], slope[2]; /* of two singularities, near + slope * x samples from sample x */
    double gain;              /* of polynomials over the bound of pieces.h */
    double c[7];              /* constants of the kernel */
    double first, kept;       /* samples before these have their values or their pieces kept */
    const double *values;
    const cs_unit *units;
    const cs_piece *pieces;
} cs_half;

/* A phase ready to be evaluated: half[0] serves samples below split and what lies between samples below
   middle, half[1] the others. */
typedef struct {
    int64_t split;
    double middle; /* split, before it was rounded up to a sample */
    cs_half half[2];
} cs_phase;

/* One profile of the table as data. */
typedef struct { const char *name; double standard, low, high; int low_open, high_open; } cs_argument;
typedef struct {
    const char *name;
    int monotone, positive, n_arguments;
    cs_argument argument[2];
} cs_profile;

extern const cs_profile cs_profiles[];
extern const int cs_n_profiles;

/* Prepare the phase that goes from start to end along a profile, read every `stride` steps:
   sample k reads the profile at z = (stride * k + offset) / span. span > 0, stride >= 1; start,
   end finite; argument as the table demands. */
void cs_prepare(cs_phase *phase, int profile, const double *argument, double start, double end,
                double offset, double span, int64_t stride);

/* The value at sample k, whole or between samples, 0 <= stride * k + offset <= span. */
double cs_at(const cs_phase *phase, double k);

/* A phase may keep the polynomials that give its values, and the first values of both halves: in room for
   so many doubles, which it refers to from then on. Without, they are computed again at each call, to the
   same bits. */
int64_t cs_kept_doubles(const cs_phase *phase);
void cs_keep(cs_phase *phase, double *room);

/* What cs_prepare made of the end: `end`, or the residual of exponential_offset. */
double cs_end(const cs_phase *phase);

/* Values at samples first .. first+n-1 of the phase into out[0 .. n-1]. */
void cs_fill_f64(const cs_phase *phase, int64_t first, int64_t n, double *restrict out);
void cs_fill_f32(const cs_phase *phase, int64_t first, int64_t n, float *restrict out);

/* Runs of so many bytes leave nothing in the caches. Stored past them, 2e7 values that take some work
   cost 0.9 to 1.1 times np.ndarray.fill instead of 1.1 to 1.4 times (Zen 4 with 32 MiB). */
#define CS_BEYOND_CACHES ((size_t)32 << 20)

/* count samples, each `times` in a row; streamed: part of a run beyond the caches. */
void cs_spread_f64(const double *samples, int64_t count, int64_t times, int streamed,
                   double *restrict out);
void cs_spread_f32(const float *samples, int64_t count, int64_t times, int streamed,
                   float *restrict out);

/* Variants of the block loops this CPU can run, best last; all give the same bits. */
int cs_n_variants(void);
const char *cs_variant_name(int i);
void cs_use_variant(int i);
int cs_variant_in_use(void);

#endif
