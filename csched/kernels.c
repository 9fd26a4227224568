/* Profiles: preparing a phase, and running it in blocks.

   Design
   a) A phase is cut in two at the step where its profile is half way. Each half is evaluated from
      its own end, as a + d w(n) with w(0) = 0: both ends are exact, values cannot leave the range,
      and a cosine to zero is as accurate at its last step as at its first.
   b) cs_prepare does whatever is costly once, in double-double (dd.h). The formulas (formulas.h)
      are then a handful of exactly rounded operations on the integer distance n.
   c) Loops are compiled once per CPU variant. The dispatch happens once per run, not per value. */
#include "kernels.h"

#include <math.h>
#include <string.h>

#include "dd.h"
#include "formulas.h"

#define CS_LARGEST_BLOCK 256
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

/* --- Preparing (one per row of profiles.def, same order) ------------------------------------ */

typedef struct { double start, end, m, integer_bits; } cs_ends;

static void anchor(cs_half *half, int kernel, double a, double b) {
    half->kernel = kernel;
    half->a = a;
    half->d = b - a;
}

/* Each returns where the value is half way between the ends, as a fraction of the phase. */
static double prepare_constant(cs_phase *p, const double *arg, cs_ends e) {
    (void)arg;
    anchor(&p->half[0], KERNEL_constant, e.start, e.start);
    anchor(&p->half[1], KERNEL_constant, e.end, e.end);
    return 1.0; /* start on [0, 1), end at 1 */
}

/* Small blocks for short phases: a table of B entries has to pay for itself. */
static void set_block(cs_half *half, double m) {
    half->block = m / half->stride < 32768.0 ? CS_LARGEST_BLOCK / 4 : CS_LARGEST_BLOCK;
}

/* w = (n/m)^power at the side `far`, and its mirror 1 - (1 - n/m)^power at the other. */
static double prepare_power(cs_phase *p, int far, double power, double a_far, double a_near, double m) {
    int kernel = KERNEL_power, mirror = KERNEL_power_mirror;
    double c = power;
    if (power == 1.0) kernel = mirror = KERNEL_linear;
    else if (power == 2.0) kernel = KERNEL_power2, mirror = KERNEL_power2_mirror, c = m * m;
    else if (power == 3.0) kernel = KERNEL_power3, mirror = KERNEL_power3_mirror, c = m * m * m;
    else if (power == 0.5) kernel = KERNEL_root, mirror = KERNEL_root_mirror;
    anchor(&p->half[far], kernel, a_far, a_near);
    anchor(&p->half[1 - far], mirror, a_near, a_far);
    for (int side = 0; side < 2; side++) {
        double scale = power > 8.0 ? power / 8.0 : 1.0; /* high powers need shorter series */
        p->half[side].c[0] = c;
        p->half[side].near = side == far ? 0.0 : m / scale;
        p->half[side].slope = (side == far ? 1.0 : -1.0) / scale;
        if (kernel == KERNEL_linear) set_block(&p->half[side], m);
    }
    if (power == 1.0) return 0.5;
    dd log_half = dd_scale(dd_neg(DD_LN2), 1.0 / power);
    double z = log_half.hi < -700.0 ? 0.0 : dd_exp(log_half).hi; /* z^power = 1/2 */
    return far ? 1.0 - z : z;
}

static double prepare_linear(cs_phase *p, const double *arg, cs_ends e) {
    (void)arg;
    return prepare_power(p, 1, 1.0, e.end, e.start, e.m);
}

static double prepare_polynomial(cs_phase *p, const double *arg, cs_ends e) {
    return prepare_power(p, 1, arg[0], e.end, e.start, e.m);
}

/* c[0] + c[1] = rate / m, where n c[0] is exact for every distance n of the phase. */
static void set_rate(cs_half *half, dd rate, cs_ends e) {
    dd c = dd_div(rate, dd_of(e.m));
    set_block(half, e.m);
    half->c[0] = c.hi;
    half->c[1] = c.lo;
    if (e.integer_bits <= 50.0) {
        double t = c.hi * (ldexp(1.0, (int)e.integer_bits) + 1.0);
        half->c[0] = t - (t - c.hi);
        half->c[1] = (c.hi - half->c[0]) + c.lo;
    }
}

static double prepare_cosine(cs_phase *p, const double *arg, cs_ends e) {
    int plain = arg[0] == 1.0;
    anchor(&p->half[0], plain ? KERNEL_sin2 : KERNEL_cosine_power_mirror, e.start, e.end);
    anchor(&p->half[1], plain ? KERNEL_sin2 : KERNEL_cosine_power, e.end, e.start);
    for (int side = 0; side < 2; side++) {
        p->half[side].c[0] = arg[0];
        if (plain) set_rate(&p->half[side], DD_PI_2, e), p->half[side].c[2] = e.m * e.m;
    }
    double low = 0.0, high = 1.0; /* cos^2(pi z/2)^power falls from 1 to 0 */
    for (int i = 0; !plain && i < 24; i++) {
        double z = (low + high) / 2.0;
        double log_p = arg[0] * dd_log_ratio(dd_sin2_quarter(1.0 - z, 1.0), dd_of(1.0)).hi;
        if (log_p < -DD_LN2.hi) high = z;
        else low = z;
    }
    return (low + high) / 2.0;
}

static double prepare_exponential(cs_phase *p, const double *arg, cs_ends e) {
    (void)arg;
    dd rate = dd_log_ratio(dd_of(fabs(e.end)), dd_of(fabs(e.start)));
    anchor(&p->half[0], KERNEL_exponential, e.start, e.end);
    anchor(&p->half[1], KERNEL_exponential, e.end, e.start);
    set_rate(&p->half[0], rate, e);
    set_rate(&p->half[1], dd_neg(rate), e);
    return 0.5;
}

static double prepare_exponential_offset(cs_phase *p, const double *arg, cs_ends e) {
    dd rate = dd_of(arg[0]), minus = dd_neg(rate);
    dd drop = dd_expm1(minus), height = dd_sum(e.start, -e.end);
    dd unit = dd_div(height, dd_neg(drop)); /* so that the whole drop is start - end */
    if (arg[1] == 0.0) {                    /* the residual is kept */
        unit = height;
        e.end = dd_add(dd_of(e.end), dd_mul(height, dd_exp(minus))).hi;
    }
    anchor(&p->half[0], KERNEL_expm1, e.start, e.end);
    anchor(&p->half[1], KERNEL_expm1, e.end, e.start);
    set_rate(&p->half[0], minus, e);
    set_rate(&p->half[1], rate, e);
    p->half[0].c[2] = unit.hi;
    p->half[1].c[2] = dd_mul(unit, dd_exp(minus)).hi;
    return -dd_log1p(dd_scale(drop, 0.5)).hi / rate.hi;
}

static double prepare_rex(cs_phase *p, const double *arg, cs_ends e) {
    double beta = arg[0];
    anchor(&p->half[0], KERNEL_rex, e.start, e.end);
    anchor(&p->half[1], KERNEL_rex, e.end, e.start);
    double *s = p->half[0].c, *t = p->half[1].c;
    s[0] = 1.0 - beta, s[3] = e.m, s[4] = -1.0;
    t[0] = 1.0, t[3] = 0.0, t[4] = 1.0;
    s[1] = t[1] = (1.0 - beta) * e.m;
    s[2] = t[2] = beta;
    return 1.0 / (2.0 - beta);
}

/* A = 1 + s z runs from 1 to B = 1 + s. Without a scale, s is such that the law is
   value = start / sqrt(A), which needs B = (start/end)^2. */
static double prepare_inverse_sqrt(cs_phase *p, const double *arg, cs_ends e) {
    double s = arg[0], root;
    if (s != s) {
        dd a = dd_of(e.start), b = dd_of(e.end);
        s = dd_div(dd_mul(dd_sum(e.start, -e.end), dd_sum(e.start, e.end)), dd_mul(b, b)).hi;
        root = dd_div(a, b).hi;
    } else {
        root = dd_sqrt(dd_sum(1.0, s)).hi;
    }
    anchor(&p->half[0], KERNEL_inverse_sqrt, e.start, e.end);
    anchor(&p->half[1], KERNEL_inverse_sqrt, e.end, e.start);
    for (int side = 0; side < 2; side++) {
        double *c = p->half[side].c;
        int from_start = (s > 0.0) == (side == 0); /* the sum runs from whichever end it grows */
        c[0] = s > 0.0 ? 1.0 : root * root;
        c[1] = fabs(s) / e.m;
        c[4] = from_start ? 0.0 : e.m;
        c[5] = from_start ? 1.0 : -1.0;
    }
    dd fall = dd_sum(e.end, -e.start), root_1 = dd_sum(root, 1.0);
    dd slope = dd_div(dd_mul(fall, root_1), dd_of(e.m));
    p->half[0].c[2] = dd_scale(slope, root).hi, p->half[0].c[3] = 1.0;
    p->half[1].c[2] = -slope.hi, p->half[1].c[3] = root;
    for (int side = 0; side < 2 && s != 0.0; side++) {
        double *c = p->half[side].c;
        p->half[side].near = c[0] / c[1] + c[4];
        p->half[side].slope = c[5];
        c[6] = dd_div(dd_mul(fall, dd_scale(root_1, root)), dd_of(s)).hi; /* fall / (1 - 1/root) */
    }
    double middle = (1.0 + 1.0 / root) / 2.0; /* of 1/sqrt(A) */
    if (s == 0.0) return 0.5;
    return (1.0 / (middle * middle) - 1.0) / s;
}

static double prepare_one_minus_sqrt(cs_phase *p, const double *arg, cs_ends e) {
    (void)arg;
    return prepare_power(p, 0, 0.5, e.start, e.end, e.m);
}

/* 1 - tanh(x) = 2 / (1 + e^2x) with x from lower to upper. With y = 2 |x - x at the anchor|,
   w = K (1 - e^-y) / (g + e^-y), where g = e^2lower at the start and e^-2upper at the end,
   and K makes w = 1 at the other end. */
static double prepare_tanh(cs_phase *p, const double *arg, cs_ends e) {
    double lower = arg[0], upper = arg[1];
    dd width = dd_scale(dd_sum(upper, -lower), -2.0);
    anchor(&p->half[0], KERNEL_sigmoid, e.start, e.end);
    anchor(&p->half[1], KERNEL_sigmoid, e.end, e.start);
    for (int side = 0; side < 2; side++) {
        cs_half *h = &p->half[side];
        dd g = dd_exp(dd_of(side ? -2.0 * upper : 2.0 * lower));
        set_rate(h, width, e);
        h->c[3] = g.hi;
        dd scale = dd_div(dd_add(g, dd_exp(width)), dd_neg(dd_expm1(width)));
        h->c[2] = dd_mul(scale, side ? dd_sum(e.start, -e.end) : dd_sum(e.end, -e.start)).hi;
    }
    dd s0 = dd_div(dd_of(1.0), dd_add(dd_of(1.0), dd_exp(dd_of(2.0 * lower))));
    dd s1 = dd_div(dd_of(1.0), dd_add(dd_of(1.0), dd_exp(dd_of(2.0 * upper))));
    dd s = dd_scale(dd_add(s0, s1), 0.5);
    double x = 0.5 * dd_log_ratio(dd_add(dd_of(1.0), dd_neg(s)), s).hi;
    return (x - lower) / (upper - lower);
}

static double prepare_parabolic(cs_phase *p, const double *arg, cs_ends e) {
    return prepare_power(p, 0, arg[0], e.start, e.end, e.m);
}

static double prepare_elliptic(cs_phase *p, const double *arg, cs_ends e) {
    (void)arg;
    anchor(&p->half[0], KERNEL_elliptic_mirror, e.start, e.end);
    anchor(&p->half[1], KERNEL_elliptic, e.end, e.start);
    p->half[0].c[0] = p->half[1].c[0] = e.m * e.m;
    p->half[0].near = e.m, p->half[0].slope = -1.0;
    p->half[1].near = 0.0, p->half[1].slope = 1.0;
    return 0x1.bb67ae8584caap-1; /* sqrt(3/4) */
}

#define PROFILE(id, ...) prepare_##id,
static double (*const prepare[])(cs_phase *, const double *, cs_ends) = {
#include "profiles.def"
};
#undef PROFILE

/* Bits that hold every distance of the phase as a multiple of the finest fraction in use. */
static double bits_of_distances(double offset, double span) {
    int fraction = 0, integer;
    double scale = 1.0;
    while (fraction < 60 && (offset * scale != nearbyint(offset * scale) ||
                             span * scale != nearbyint(span * scale)))
        fraction++, scale *= 2.0;
    frexp(span, &integer);
    return (double)(integer + fraction);
}

void cs_prepare(cs_phase *phase, int profile, const double *argument, double start, double end,
                double offset, double span, int64_t stride) {
    memset(phase, 0, sizeof *phase);
    cs_ends e = {start, end, span, bits_of_distances(offset, span)};
    double step = (double)stride, last = (span - offset) / step;
    for (int side = 0; side < 2; side++) {
        phase->half[side].m = span;
        phase->half[side].stride = step;
    }
    phase->half[0].sign = 1.0;
    phase->half[0].top = stride == 1 ? floor(offset) : 0.0; /* part of a phase: the same blocks */
    phase->half[0].base = offset - phase->half[0].top;
    phase->half[1].sign = -1.0;
    phase->half[1].top = floor(last);
    phase->half[1].base = (span - offset) - step * phase->half[1].top;
    phase->split = (int64_t)ceil((prepare[profile](phase, argument, e) * span - offset) / step);
}

/* --- Running -------------------------------------------------------------------------------- */

#define DIRECT_CASE(name) \
    case KERNEL_##name: return name##_value(h->base + h->stride * x, h);
#define BLOCK_CASE(name) \
    case KERNEL_##name: return name##_join(name##_anchor(h->base + h->stride * (x - j), h), \
                                           name##_entry(h->stride * j, h), h);

#define SERIES_CASE(name) \
    case KERNEL_##name: { \
        double start = floor(x / SUPERBLOCK) * SUPERBLOCK, s[SERIES + 1]; \
        cs_blocks blocks = series_blocks(start, h); \
        if (blocks.size == 0.0) return name##_value(h->base + h->stride * x, h); \
        double middle = start + (floor((x - start) / blocks.size) + 0.5) * blocks.size; \
        name##_series(h->base + h->stride * middle, h, s); \
        double y = h->stride * (x - middle); \
        return h->a + (blocks.brief ? series_brief(series_of(s), y) : series_full(series_of(s), y)); \
    }

double cs_at(const cs_phase *phase, double k) {
    const cs_half *h = &phase->half[1];
    if (h->base + h->stride * (h->top - k) <= 0.0) return h->a; /* at the end, between two steps */
    if (k < (double)phase->split) h = &phase->half[0];
    double x = h->top + h->sign * k, j = 0.0;
    if (h->block) { /* x modulo block, rounded down */
        double block = (double)h->block;
        j = x - floor(x / block) * block;
    }
    switch (h->kernel) {
        CS_DIRECT_KERNELS(DIRECT_CASE)
        CS_BLOCK_KERNELS(BLOCK_CASE)
        CS_SERIES_KERNELS(SERIES_CASE)
    }
    return h->a; /* not reached: every kernel is a case */
}

double cs_end(const cs_phase *phase) { return phase->half[1].a; }

typedef struct {
    void (*f64[N_KERNELS])(const cs_half *, int64_t, int32_t, double *restrict);
    void (*f32[N_KERNELS])(const cs_half *, int64_t, int32_t, float *restrict);
} cs_loops;

#define VARIANT plain
#include "loops.h"

/* GCC and clang compile the same loops again for wider vectors; elsewhere `plain` is all there is.
   FMA stays off (contraction would change bits). */
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__)) && !defined(CSCHED_PLAIN)
#define CS_X86_VARIANTS 1
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define VARIANT avx2
#include "loops.h"
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw"))), apply_to = function)
#define VARIANT avx512
#include "loops.h"
#pragma clang attribute pop
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#define VARIANT avx2
#include "loops.h"
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")
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
    return __builtin_cpu_supports("avx2") ? 2 : 1;
#else
    return 1;
#endif
}
const char *cs_variant_name(int i) { return variants[i].name; }
void cs_use_variant(int i) { variant_in_use = i; }
int cs_variant_in_use(void) { return variant_in_use; }

/* A table pays from about this part of a block on; below it single values are cheaper. */
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
                loops->SUFFIX[half->kernel](half, first, (int32_t)run, out); \
            first += run, out += run, n -= run; \
        } \
    }
FILL(f64, double)
FILL(f32, float)
