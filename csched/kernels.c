/* Profiles: preparing a phase, and running it in blocks.

   Design
   a) A phase is cut in two at the step where its profile is half way. Each half is evaluated from
      its own end, as a + d w(n) with w(0) = 0: both ends are exact, values cannot leave the range,
      and a cosine to zero is as accurate at its last step as at its first.
   b) cs_prepare does whatever is costly once, in double-double (dd.h, prepare.h). The formulas
      (formulas.h) are then a handful of exactly rounded operations on the integer distance n; those of
      ratios.h and powers.h, which are not, serve near the ends and give polynomials for the rest, that
      a program keeps (pieces.h).
   c) Loops are compiled once per CPU variant. The dispatch happens once per run, not per value. */
#include "kernels.h"

#include <math.h>
#include <string.h>

#include "dd.h"
#include "quick.h"
#include "formulas.h"
#include "jets.h"
#include "ratios.h"
#include "powers.h"
#include "pieces.h"

#define CS_LOOPED_KERNELS(K) CS_DIRECT_KERNELS(K) CS_BLOCK_KERNELS(K)
#define CS_PIECE_KERNELS(K) CS_CHEAP_KERNELS(K) CS_COSTLY_KERNELS(K)
#define CS_KERNELS(K) CS_LOOPED_KERNELS(K) CS_PIECE_KERNELS(K)
#define FIRST_IN_PIECES KERNEL_ratio

#define CS_LARGEST_BLOCK 64
#define BATCH 32

/* --- The table ---------------------------------------------------------------------------- */

#define ANY 0
#define POSITIVE 1
#define OPEN(x) x, 1
#define CLOSED(x) x, 0
#define ARGUMENT_(name, standard, low, low_open, high, high_open) \
    {name, standard, low, high, low_open, high_open}
#define ARGUMENT(...) ARGUMENT_(__VA_ARGS__)
#define NONE 0, {{0}}
#define ONE(name, standard, low, high) 1, {ARGUMENT(name, standard, low, high)}
#define TWO(name, standard, low, high, name2, standard2, low2, high2) \
    2, {ARGUMENT(name, standard, low, high), ARGUMENT(name2, standard2, low2, high2)}

#define PROFILE(id, monotone, needs, ...) {#id, monotone, needs, __VA_ARGS__},
const cs_profile cs_profiles[] = {
#include "profiles.def"
};
#undef PROFILE
const int cs_n_profiles = (int)(sizeof cs_profiles / sizeof cs_profiles[0]);

#define KERNEL_ID(name) KERNEL_##name,
enum { CS_KERNELS(KERNEL_ID) N_KERNELS };

#include "prepare.h"

#define PROFILE(id, ...) prepare_##id,
static double (*const prepare[])(cs_phase *, const double *, cs_ends) = {
#include "profiles.def"
};
#undef PROFILE

void cs_prepare(cs_phase *phase, int profile, const double *argument, double start, double end,
                double offset, double span, int64_t stride) {
    memset(phase, 0, sizeof *phase);
    cs_ends e = {start, end, span};
    double step = (double)stride, last = (span - offset) / step;
    for (int side = 0; side < 2; side++) {
        phase->half[side].m = span;
        phase->half[side].stride = step;
        limit(&phase->half[side], 0, NOWHERE, 0.0);
        limit(&phase->half[side], 1, NOWHERE, 0.0);
    }
    phase->half[0].sign = 1.0;
    phase->half[0].top = stride == 1 ? floor(offset) : 0.0; /* part of a phase: the same blocks */
    phase->half[0].base = offset - phase->half[0].top;
    phase->half[1].sign = -1.0;
    phase->half[1].top = floor(last);
    phase->half[1].base = (span - offset) - step * phase->half[1].top;
    phase->middle = (prepare[profile](phase, argument, e) * span - offset) / step;
    phase->split = (int64_t)ceil(phase->middle);
    for (int side = 0; side < 2; side++) {
        cs_half *h = &phase->half[side];
        if (fabs(h->d) < 1e-200) limit(h, 1, -1.0, 0.0); /* coefficients of series would be subnormal */
        for (int i = 0; i < 2; i++) /* from steps to samples */
            h->near[i] = (h->near[i] + h->slope[i] * h->base) / step;
    }
    if (phase->split < 1 && offset == 0.0) /* step 0 is start, however steep, and nothing beside it */
        phase->split = 1, phase->middle = 1e-300;
}

/* --- Running -------------------------------------------------------------------------------- */

double cs_end(const cs_phase *phase) { return phase->half[1].a; }

typedef struct {
    double (*at)(const cs_half *, double x, double place);
    void (*f64[FIRST_IN_PIECES])(const cs_half *, int64_t, int32_t, double *restrict);
    void (*f32[FIRST_IN_PIECES])(const cs_half *, int64_t, int32_t, float *restrict);
    void (*in_pieces_f64)(const cs_half *, int64_t, int32_t, double *restrict);
    void (*in_pieces_f32)(const cs_half *, int64_t, int32_t, float *restrict);
    void (*keep)(cs_half *, cs_kept_size, double *, cs_unit *, cs_piece *);
    void (*spread_f64)(const double *, int64_t, int64_t, double *restrict);
    void (*spread_f32)(const float *, int64_t, int64_t, float *restrict);
    void (*streamed_spread)(const double *restrict, int64_t, int64_t, double *restrict);
} cs_loops;

#define ALL UINT64_MAX /* from masks + 8 - k on, the first k of 8 are set */
static const uint64_t masks[16] = {ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL};
static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

#define CS_STREAM(to, line) memcpy(to, line, 64)
#define CS_STREAM_END() ((void)0)
#define CS_TURNED(to, line) \
    for (int l_ = 0; l_ < 8; l_++) (to)[l_] = (line)[7 - l_]
#define CS_TURNED_f64 CS_TURNED
#define CS_TURNED_f32 CS_TURNED
#define VARIANT plain
#include "loops.h"

/* GCC and clang compile the same loops again for wider vectors; elsewhere `plain` is all there is.
   FMA stays off (contraction would change bits). */
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__)) && !defined(CSCHED_PLAIN)
#define CS_X86_VARIANTS 1
#include <immintrin.h>
#undef CS_STREAM_END
#define CS_STREAM_END() _mm_sfence() /* other threads see the values before what comes after them */
#define CS_STREAM_256(to, line) \
    (_mm256_stream_si256((__m256i *)(to), _mm256_loadu_si256((const __m256i *)(line))), \
     _mm256_stream_si256((__m256i *)(to) + 1, _mm256_loadu_si256((const __m256i *)(line) + 1)))
#define CS_TURNED_256(to, line) \
    (_mm256_storeu_pd(to, _mm256_permute4x64_pd(_mm256_loadu_pd((line) + 4), 0x1b)), \
     _mm256_storeu_pd((to) + 4, _mm256_permute4x64_pd(_mm256_loadu_pd(line), 0x1b)))
#define CS_TURNED_512(to, line) \
    _mm512_storeu_pd(to, _mm512_permutexvar_pd(_mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7), \
                                               _mm512_loadu_pd(line)))
#define CS_TURNED_FLOATS(to, line) \
    _mm256_storeu_ps(to, _mm256_permutevar8x32_ps(_mm256_loadu_ps(line), \
                                                  _mm256_set_epi32(0, 1, 2, 3, 4, 5, 6, 7)))
#define CS_STREAM_512(to, line) _mm512_stream_si512((__m512i *)(to), _mm512_loadu_si512(line))
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CS_STREAM CS_STREAM_256
#define CS_TURNED_f64 CS_TURNED_256
#define CS_TURNED_f32 CS_TURNED_FLOATS
#define VARIANT avx2
#include "loops.h"
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma"))), apply_to = function)
#define CS_STREAM CS_STREAM_512
#define CS_TURNED_f64 CS_TURNED_512
#define CS_TURNED_f32 CS_TURNED_FLOATS
#define VARIANT avx512
#include "loops.h"
#pragma clang attribute pop
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define CS_STREAM CS_STREAM_256
#define CS_TURNED_f64 CS_TURNED_256
#define CS_TURNED_f32 CS_TURNED_FLOATS
#define VARIANT avx2
#include "loops.h"
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,fma,prefer-vector-width=512")
#define CS_STREAM CS_STREAM_512
#define CS_TURNED_f64 CS_TURNED_512
#define CS_TURNED_f32 CS_TURNED_FLOATS
#define VARIANT avx512
#include "loops.h"
#pragma GCC pop_options
#endif
#endif

static const struct { const char *name; const cs_loops *loops; } variants[] = {
    {"plain", &loops_plain},
#ifdef CS_X86_VARIANTS
    {"avx2", &loops_avx2},
    {"avx512", &loops_avx512},
#endif
};

static int variant_in_use; /* set once at import, before any other thread can call */

int cs_n_variants(void) {
#ifdef CS_X86_VARIANTS
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return 3;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 2 : 1;
#else
    return 1;
#endif
}
const char *cs_variant_name(int i) { return variants[i].name; }
void cs_use_variant(int i) { variant_in_use = i; }
int cs_variant_in_use(void) { return variant_in_use; }

double cs_at(const cs_phase *phase, double k) {
    const cs_half *h = &phase->half[1];
    if (h->base + h->stride * (h->top - k) <= 0.0) return h->a; /* at the end, between two steps */
    if (k < phase->middle) h = &phase->half[0];
    double x = h->top + h->sign * k, place = 0.0;
    if (h->block && x > 0.0) { /* x modulo block, rounded down; between the last sample and the end none */
        double block = (double)h->block;
        place = x - floor(x / block) * block;
    }
    return variants[variant_in_use].loops->at(h, x, place);
}

/* --- Keeping --------------------------------------------------------------------------------- */

/* Samples of a half before this one may be asked for. */
static double end_of(const cs_phase *phase, int side) {
    const cs_half *h = &phase->half[side];
    return h->top + h->sign * (double)phase->split + (double)side;
}

int64_t cs_kept_doubles(const cs_phase *phase) {
    int64_t sum = 0;
    for (int side = 0; side < 2; side++) {
        const cs_half *h = &phase->half[side];
        const double end = end_of(phase, side);
        if (h->kernel < FIRST_IN_PIECES || end <= 0.0) continue;
        const cs_kept_size size = kept_size(h, end);
        sum += size.values + size.units + size.pieces * (int32_t)(sizeof(cs_piece) / sizeof(double));
    }
    return sum;
}

void cs_keep(cs_phase *phase, double *room) {
    for (int side = 0; side < 2; side++) {
        cs_half *h = &phase->half[side];
        const double end = end_of(phase, side);
        if (h->kernel < FIRST_IN_PIECES || end <= 0.0) continue;
        const cs_kept_size size = kept_size(h, end);
        double *values = room;
        cs_unit *units = (cs_unit *)(room += size.values);
        cs_piece *pieces = (cs_piece *)(room += size.units);
        room += size.pieces * (int32_t)(sizeof(cs_piece) / sizeof(double));
        variants[variant_in_use].loops->keep(h, size, values, units, pieces);
        h->values = values, h->units = units, h->pieces = pieces;
        h->first = (double)size.first;
        h->kept = size.units ? unit_start(unit_number(ALONE) + (uint64_t)size.units) : 0.0;
    }
}

/* --- Ranges --------------------------------------------------------------------------------- */

/* Runs below 1/16 of a block: single values are cheaper than the table. */
#define WORTH_A_TABLE 16
#define LONGEST_RUN (INT64_C(1) << 30)
#define FILL(SUFFIX, TYPE) \
    void cs_fill_##SUFFIX(const cs_phase *phase, int64_t first, int64_t n, TYPE *restrict out) { \
        const cs_loops *loops = variants[variant_in_use].loops; \
        while (n > 0) { \
            int side = first >= phase->split; \
            int64_t run = side || phase->split - first > n ? n : phase->split - first; \
            if (run > LONGEST_RUN) run = LONGEST_RUN; \
            const cs_half *half = &phase->half[side]; \
            if (run * WORTH_A_TABLE < half->block) \
                for (int64_t i = 0; i < run; i++) out[i] = (TYPE)cs_at(phase, (double)(first + i)); \
            else \
                (half->kernel < FIRST_IN_PIECES ? loops->SUFFIX[half->kernel] : loops->in_pieces_##SUFFIX)( \
                    half, first, (int32_t)run, out); \
            first += run, out += run, n -= run; \
        } \
    }
/* Past the caches where that is quicker: not for floats, and not from 16 times on. */
void cs_spread_f64(const double *samples, int64_t count, int64_t times, int streamed,
                   double *restrict out) {
    const cs_loops *loops = variants[variant_in_use].loops;
    if (streamed && times >= 4 && times < 16) loops->streamed_spread(samples, count, times, out);
    else loops->spread_f64(samples, count, times, out);
}
void cs_spread_f32(const float *samples, int64_t count, int64_t times, int streamed,
                   float *restrict out) {
    (void)streamed;
    variants[variant_in_use].loops->spread_f32(samples, count, times, out);
}
FILL(f64, double)
FILL(f32, float)
