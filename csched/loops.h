/* The loops for one CPU variant. Included by kernels.c with VARIANT and the target set. */

#define CS_JOIN_(a, b) a##_##b
#define CS_JOIN(a, b) CS_JOIN_(a, b)
#define CS_LOCAL(name) CS_JOIN(name, VARIANT)

/* Samples first .. first + n - 1, n <= 2^30: the counter is an int32, which every vector unit
   converts to double; first + i is exact up to 2^53. */
#define DIRECT(NAME, TYPE, SUFFIX) \
    static void CS_LOCAL(NAME##_##SUFFIX)(const cs_half *half, int64_t first, int32_t n, \
                                          TYPE *restrict out) { \
        const cs_half h = *half; \
        const double k0 = (double)first; \
        for (int32_t i = 0; i < n; i++) { \
            double x = h.top + h.sign * (k0 + (double)i); \
            out[i] = (TYPE)NAME##_value(h.base + h.stride * x, &h); \
        } \
    }

/* The same in blocks, the anchors of BATCH blocks at a time so that they too become vectors. In the
   second half x falls as k grows: the table is laid out backwards and read forwards. */
#define BLOCKED(NAME, TYPE, SUFFIX) \
    static void CS_LOCAL(NAME##_##SUFFIX)(const cs_half *half, int64_t first, int32_t n, \
                                          TYPE *restrict out) { \
        const cs_half h = *half; \
        double t[CS_LARGEST_BLOCK], u[CS_LARGEST_BLOCK], p[BATCH], q[BATCH], r[BATCH]; \
        const int32_t size = h.block, back = h.sign < 0.0; \
        int64_t x = (int64_t)h.top + (back ? -first : first); /* of the first sample of a run */ \
        int32_t place = (int32_t)(x & (size - 1)), l = back ? size - 1 - place : place; \
        const double turn = back ? (double)(size - 1) : 0.0; \
        for (int32_t i = l, end = n < size - l ? l + n : size; i < end; i++) { \
            cs_entry e = NAME##_entry(h.stride * (turn + h.sign * (double)i), &h); \
            t[i] = e.t, u[i] = e.u; \
        } \
        for (int32_t i = 0, end = n <= size - l ? 0 : l; i < end; i++) { \
            cs_entry e = NAME##_entry(h.stride * (turn + h.sign * (double)i), &h); \
            t[i] = e.t, u[i] = e.u; \
        } \
        double block = (double)(x - place); /* x at the first sample of a block */ \
        const double step = h.sign * (double)size; \
        while (n > 0) { \
            const int32_t blocks = (n + l + size - 1) / size < BATCH ? (n + l + size - 1) / size : BATCH; \
            for (int32_t i = 0; i < blocks; i++) { \
                cs_anchor b = NAME##_anchor(h.base + h.stride * (block + step * (double)i), &h); \
                p[i] = b.p, q[i] = b.q, r[i] = b.r; \
            } \
            for (int32_t i = 0; i < blocks; i++) { \
                const cs_anchor b = {p[i], q[i], r[i]}; \
                const double *restrict tl = t + l, *restrict ul = u + l; \
                const int32_t run = size - l < n ? size - l : n; \
                for (int32_t j = 0; j < run; j++) { \
                    const cs_entry e = {tl[j], ul[j]}; \
                    out[j] = (TYPE)NAME##_join(b, e, &h); \
                } \
                out += run, n -= run, l = 0; \
            } \
            block += step * (double)blocks; \
        } \
    }

/* In series. The series of all blocks that a run meets in a unit are taken first, so that they
   become vectors, in the order of k: where x falls, u is negative and y grows all the same. */
#define EVALUATED(TYPE, DEGREE) \
    for (int32_t i = 0; run > 0; i++) { \
        const cs_series c = {s[0][i], s[1][i], s[2][i], s[3][i], s[4][i], s[5][i], s[6][i]}; \
        const double *restrict y = places + (PLACES - size) / 2 + place; \
        const int32_t many = last - place < run ? last - place : run; \
        for (int32_t j = 0; j < many; j++) out[j] = (TYPE)(a + series_##DEGREE(c, y[j])); \
        out += many, run -= many, place = last - size; \
    }

#define SERIES_OF_BLOCKS(TYPE, SUFFIX) \
    static void CS_LOCAL(series_##SUFFIX)(double a, double s[TERMS][MOST_BLOCKS], int degree, \
                                          int32_t size, int32_t place, int32_t last, int32_t run, \
                                          TYPE *restrict out) { \
        if (degree == 3) EVALUATED(TYPE, 3) \
        else if (degree == 4) EVALUATED(TYPE, 4) \
        else EVALUATED(TYPE, 6) \
    }

#define IN_SERIES(NAME, TYPE, SUFFIX) \
    static void CS_LOCAL(NAME##_##SUFFIX)(const cs_half *half, int64_t first, int32_t n, \
                                          TYPE *restrict out) { \
        const cs_half h = *half; \
        double s[TERMS][MOST_BLOCKS]; \
        double x = h.top + h.sign * (double)first; \
        while (n > 0) { \
            const cs_blocks b = series_blocks(x, &h); \
            const double left = h.sign > 0.0 ? b.start + b.length - x : x - b.start + 1.0; \
            int32_t run = left < (double)n ? (int32_t)left : n; \
            n -= run; \
            if (b.size == 0.0) { \
                for (int32_t i = 0; i < run; i++) \
                    out[i] = (TYPE)NAME##_value(h.base + h.stride * (x + h.sign * (double)i), &h); \
                x += h.sign * (double)run, out += run; \
                continue; \
            } \
            const double block = b.start + floor((x - b.start) / b.size) * b.size; \
            const double middle = block + 0.5 * b.size, step = h.sign * b.size; \
            const int32_t size = (int32_t)b.size, odd = h.sign < 0.0; \
            const int32_t place = (int32_t)(odd ? block + b.size - x : x - block); \
            const int32_t blocks = (run + place - odd + size - 1) / size; \
            for (int32_t i = 0; i < blocks; i++) { \
                const double n_middle = h.base + h.stride * (middle + step * (double)i); \
                const cs_series c = in_samples(NAME##_series(n_middle, &h), h.sign * h.stride); \
                s[0][i] = c.s0, s[1][i] = c.s1, s[2][i] = c.s2, s[3][i] = c.s3; \
                s[4][i] = c.s4, s[5][i] = c.s5, s[6][i] = c.s6; \
            } \
            CS_LOCAL(series_##SUFFIX)(h.a, s, b.degree, size, place, size + odd, run, out); \
            x += h.sign * (double)run, out += run; \
        } \
    }

/* count samples, each `times` in a row. Vectors of WIDTH reach beyond their sample, where the next
   one overwrites them; the last samples are stored exactly. */
#define STORED(WIDTH) \
    for (const int64_t safe = count - 1 - (WIDTH - 2 + times) / times; i <= safe; i++) \
        for (int64_t r = 0; r < times; r += WIDTH) \
            for (int64_t j = 0; j < WIDTH; j++) out[i * times + r + j] = samples[i];

#define SPREAD(TYPE, SUFFIX) \
    static void CS_LOCAL(spread_##SUFFIX)(const TYPE *samples, int64_t count, int64_t times, \
                                          TYPE *restrict out) { \
        int64_t i = 0; \
        if (times == 2) STORED(2) \
        else if (times <= 4) STORED(4) \
        else STORED(8) \
        for (; i < count; i++) \
            for (int64_t r = 0; r < times; r++) out[i * times + r] = samples[i]; \
    }

#define DIRECT_LOOPS(NAME) DIRECT(NAME, double, f64) DIRECT(NAME, float, f32)
#define BLOCK_LOOPS(NAME) BLOCKED(NAME, double, f64) BLOCKED(NAME, float, f32)
#define SERIES_LOOPS(NAME) IN_SERIES(NAME, double, f64) IN_SERIES(NAME, float, f32)
CS_DIRECT_KERNELS(DIRECT_LOOPS)
CS_BLOCK_KERNELS(BLOCK_LOOPS)
SERIES_OF_BLOCKS(double, f64)
SERIES_OF_BLOCKS(float, f32)
CS_SERIES_KERNELS(SERIES_LOOPS)
SPREAD(double, f64)
SPREAD(float, f32)

#define ENTRY_F64(NAME) CS_LOCAL(NAME##_f64),
#define ENTRY_F32(NAME) CS_LOCAL(NAME##_f32),
static const cs_loops CS_LOCAL(loops) = {
    {CS_KERNELS(ENTRY_F64)}, {CS_KERNELS(ENTRY_F32)}, CS_LOCAL(spread_f64), CS_LOCAL(spread_f32)};

#undef ENTRY_F64
#undef ENTRY_F32
#undef DIRECT_LOOPS
#undef BLOCK_LOOPS
#undef SERIES_LOOPS
#undef SPREAD
#undef STORED
#undef IN_SERIES
#undef SERIES_OF_BLOCKS
#undef EVALUATED
#undef DIRECT
#undef BLOCKED
#undef CS_LOCAL
#undef CS_JOIN
#undef CS_JOIN_
#undef VARIANT
