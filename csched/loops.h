/* The loops for one CPU variant. Included by kernels.c with VARIANT and the target set. */

#define CS_JOIN_(a, b) a##_##b
#define CS_JOIN(a, b) CS_JOIN_(a, b)
#define CS_LOCAL(name) CS_JOIN(name, VARIANT)

/* One value, `place` samples into its block if the kernel has blocks of one size. */
#define DIRECT_CASE(NAME) \
    case KERNEL_##NAME: return NAME##_value(h->base + h->stride * x, h);
#define BLOCK_CASE(NAME) \
    case KERNEL_##NAME: return NAME##_join(NAME##_anchor(h->base + h->stride * (x - place), h), \
                                           NAME##_entry(h->stride * place, h), h);
#define SERIES_CASE(NAME) \
    case KERNEL_##NAME: { \
        const cs_blocks b = series_blocks(x, h); \
        if (b.size == 0.0) return NAME##_value(h->base + h->stride * x, h); \
        const double block = floor(x / b.size) * b.size; \
        const double middle = middle_of(block, b.size, h), y = h->sign * (x - middle); \
        const cs_series c = in_samples(NAME##_series(h->base + h->stride * middle, h), h->sign * h->stride); \
        return h->a + series_of(c, y, b.degree); \
    }
static double CS_LOCAL(at)(const cs_half *h, double x, double place) {
    switch (h->kernel) {
        CS_DIRECT_KERNELS(DIRECT_CASE)
        CS_BLOCK_KERNELS(BLOCK_CASE)
        CS_SERIES_KERNELS(SERIES_CASE)
    }
    return h->a; /* not reached: every kernel is a case */
}

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

/* Loops over whole blocks read their tables before the first block and keep them in registers, where
   those suffice (32 of AVX-512 do for 128 entries). The stores of a long horizon wait for memory, and
   loads between them make it longer: a cosine of 2e7 steps took 1.3 to 1.5 x fill with two loads for
   every store, 1.05 without (Zen 4; perhaps since a load waits for stores whose addresses have the
   same last 12 bits). Functions of their own, so that a compiler sees `restrict`. */
#if defined(__GNUC__) || defined(__clang__)
#define CS_APART static __attribute__((noinline))
#else
#define CS_APART static
#endif

#define WHOLE(NAME, TYPE, SUFFIX, SIZE) \
    CS_APART void CS_LOCAL(NAME##_##SIZE##_##SUFFIX)( \
        const cs_half *half, const double *restrict p, const double *restrict q, \
        const double *restrict r, const double *restrict t, const double *restrict u, \
        int32_t blocks, TYPE *restrict out) { \
        const cs_half h = *half; \
        for (int32_t i = 0; i < blocks; i++, out += SIZE) { \
            const cs_anchor b = {p[i], q[i], r[i]}; \
            for (int32_t j = 0; j < SIZE; j++) { \
                const cs_entry e = {t[j], u[j]}; \
                out[j] = (TYPE)NAME##_join(b, e, &h); \
            } \
        } \
    }

/* What both types of samples share: entries `from` to `end` of the table, the anchors of blocks. */
#define TABLED(NAME) \
    CS_APART void CS_LOCAL(NAME##_entries)(const cs_half *half, int32_t from, int32_t end, \
                                           double *restrict t, double *restrict u) { \
        const cs_half h = *half; \
        const double turn = h.sign < 0.0 ? (double)(h.block - 1) : 0.0; \
        for (int32_t i = from; i < end; i++) { \
            cs_entry e = NAME##_entry(h.stride * (turn + h.sign * (double)i), &h); \
            t[i] = e.t, u[i] = e.u; \
        } \
    } \
    CS_APART void CS_LOCAL(NAME##_anchors)(const cs_half *half, double block, int32_t blocks, \
                                           double *restrict p, double *restrict q, \
                                           double *restrict r) { \
        const cs_half h = *half; \
        const double step = h.sign * (double)h.block; \
        for (int32_t i = 0; i < blocks; i++) { \
            cs_anchor b = NAME##_anchor(h.base + h.stride * (block + step * (double)i), &h); \
            p[i] = b.p, q[i] = b.q, r[i] = b.r; \
        } \
    }

/* Values in blocks, the anchors of BATCH blocks at a time so that they too become vectors. In the
   second half x falls as k grows: the table is laid out backwards and read forwards. */
#define BLOCKED(NAME, TYPE, SUFFIX) \
    WHOLE(NAME, TYPE, SUFFIX, 32) \
    WHOLE(NAME, TYPE, SUFFIX, 64) \
    static void CS_LOCAL(NAME##_##SUFFIX)(const cs_half *half, int64_t first, int32_t n, \
                                          TYPE *restrict out) { \
        const cs_half h = *half; \
        double t[CS_LARGEST_BLOCK], u[CS_LARGEST_BLOCK], p[BATCH], q[BATCH], r[BATCH]; \
        const int32_t size = h.block, back = h.sign < 0.0; \
        int64_t x = (int64_t)h.top + (back ? -first : first); /* of the first sample of a run */ \
        int32_t place = (int32_t)(x & (size - 1)), l = back ? size - 1 - place : place; \
        CS_LOCAL(NAME##_entries)(half, l, n < size - l ? l + n : size, t, u); \
        CS_LOCAL(NAME##_entries)(half, 0, n < size ? l + n - size : l, t, u); \
        double block = (double)(x - place); /* x at the first sample of a block */ \
        const double step = h.sign * (double)size; \
        while (n > 0) { \
            const int32_t blocks = (n + l + size - 1) / size < BATCH ? (n + l + size - 1) / size : BATCH; \
            CS_LOCAL(NAME##_anchors)(half, block, blocks, p, q, r); \
            for (int32_t i = 0; i < blocks;) { \
                int32_t whole = l ? 0 : n / size < blocks - i ? n / size : blocks - i; \
                if (whole && size == 64) \
                    CS_LOCAL(NAME##_64_##SUFFIX)(half, p + i, q + i, r + i, t, u, whole, out); \
                else if (whole) \
                    CS_LOCAL(NAME##_32_##SUFFIX)(half, p + i, q + i, r + i, t, u, whole, out); \
                int32_t run = whole ? whole * size : size - l < n ? size - l : n; \
                if (!whole) { \
                    const cs_anchor b = {p[i], q[i], r[i]}; \
                    const double *restrict tl = t + l, *restrict ul = u + l; \
                    for (int32_t j = 0; j < run; j++) { \
                        const cs_entry e = {tl[j], ul[j]}; \
                        out[j] = (TYPE)NAME##_join(b, e, &h); \
                    } \
                } \
                out += run, n -= run, l = 0, i += whole ? whole : 1; \
            } \
            block += step * (double)blocks; \
        } \
    }

/* In series. The series of up to MOST_BLOCKS blocks are taken first, so that they become vectors, in
   the order of k: where x falls, u is negative and y grows all the same, from -size/2 to
   size/2 - 1. A pointer for each coefficient: of one array gcc works on four blocks in turn
   (unroll-and-jam), and stores to four places took 1.3 times as long at 2e7 steps. */
#define SERIES_OF_MANY \
    double a, const double *restrict s0, const double *restrict s1, const double *restrict s2, \
        const double *restrict s3, const double *restrict s4, const double *restrict s5, \
        const double *restrict s6, const double *restrict y, int32_t blocks
#define WHOLE_SERIES(DEGREE, SIZE, TYPE, SUFFIX) \
    CS_APART void CS_LOCAL(series_##DEGREE##_##SIZE##_##SUFFIX)(SERIES_OF_MANY, TYPE *restrict out) { \
        for (int32_t i = 0; i < blocks; i++, out += SIZE) { \
            const cs_series c = {s0[i], s1[i], s2[i], s3[i], s4[i], s5[i], s6[i]}; \
            for (int32_t j = 0; j < SIZE; j++) out[j] = (TYPE)(a + series_##DEGREE(c, y[j])); \
        } \
    }

/* The same past the caches: whole lines of 64 bytes go to memory without being read first, also those
   that two blocks meet in. Only the first and the last line of all may be parts. */
#define STREAMED_SERIES(DEGREE, SIZE, TYPE, SUFFIX) \
    CS_APART void CS_LOCAL(streamed_##DEGREE##_##SIZE##_##SUFFIX)(SERIES_OF_MANY, TYPE *restrict out) { \
        enum { LINE = 64 / sizeof(TYPE) }; \
        const int32_t head = (int32_t)(-(uintptr_t)out & 63) / (int32_t)sizeof(TYPE); \
        cs_series c = {s0[0], s1[0], s2[0], s3[0], s4[0], s5[0], s6[0]}; \
        for (int32_t j = 0; j < head; j++) out[j] = (TYPE)(a + series_##DEGREE(c, y[j])); \
        for (int32_t i = 0; i < blocks; i++, out += SIZE) { \
            int32_t j = head; \
            for (; j <= SIZE - LINE; j += LINE) { \
                TYPE line[LINE]; \
                for (int32_t l = 0; l < LINE; l++) line[l] = (TYPE)(a + series_##DEGREE(c, y[j + l])); \
                CS_STREAM(out + j, line); \
            } \
            const cs_series b = c; \
            if (i + 1 < blocks) { \
                const int32_t n = i + 1; \
                c.s0 = s0[n], c.s1 = s1[n], c.s2 = s2[n], c.s3 = s3[n]; \
                c.s4 = s4[n], c.s5 = s5[n], c.s6 = s6[n]; \
                if (head) { \
                    TYPE line[LINE]; \
                    for (int32_t l = 0; l < LINE; l++) { \
                        const double before = y[0] + (double)(j + l), after = before - (double)SIZE; \
                        const double old = series_##DEGREE(b, before), new = series_##DEGREE(c, after); \
                        line[l] = (TYPE)(a + (j + l < SIZE ? old : new)); \
                    } \
                    CS_STREAM(out + j, line); \
                } \
            } else { \
                for (; j < SIZE; j++) out[j] = (TYPE)(a + series_##DEGREE(b, y[j])); \
            } \
        } \
    }

/* The forms of series_blocks; of the long ones there may be more than the caches hold. */
#define SHORT_FORMS(K, ...) K(6, 16, __VA_ARGS__) K(6, 32, __VA_ARGS__)
#define LONG_FORMS(K, ...) \
    K(3, 64, __VA_ARGS__) K(4, 64, __VA_ARGS__) K(6, 64, __VA_ARGS__) \
    K(4, 128, __VA_ARGS__) K(6, 128, __VA_ARGS__) K(6, 256, __VA_ARGS__) \
    K(3, 512, __VA_ARGS__) K(4, 512, __VA_ARGS__) K(6, 512, __VA_ARGS__)

#define IF_FORM(KIND, DEGREE, SIZE, SUFFIX) \
    if (degree == DEGREE && size == SIZE) \
        CS_LOCAL(KIND##_##DEGREE##_##SIZE##_##SUFFIX)(a, s[0] + i, s[1] + i, s[2] + i, s[3] + i, \
                                                      s[4] + i, s[5] + i, s[6] + i, y, whole, out);
#define IF_CACHED(DEGREE, SIZE, SUFFIX) IF_FORM(series, DEGREE, SIZE, SUFFIX)
#define IF_STREAMED(DEGREE, SIZE, SUFFIX) IF_FORM(streamed, DEGREE, SIZE, SUFFIX)

#define SERIES_OF_BLOCKS(TYPE, SUFFIX) \
    SHORT_FORMS(WHOLE_SERIES, TYPE, SUFFIX) \
    LONG_FORMS(WHOLE_SERIES, TYPE, SUFFIX) \
    LONG_FORMS(STREAMED_SERIES, TYPE, SUFFIX) \
    static void CS_LOCAL(series_##SUFFIX)(double a, const double (*restrict s)[MOST_BLOCKS], \
                                          int degree, int32_t size, int32_t place, int32_t run, \
                                          int streamed, TYPE *restrict out) { \
        const double *y = places + (PLACES - size) / 2; \
        for (int32_t i = 0; run > 0;) { \
            const int32_t whole = place ? 0 : run / size, end = i + (whole ? whole : 1); \
            const int32_t many = whole ? whole * size : size - place < run ? size - place : run; \
            if (!whole) { \
                const cs_series c = {s[0][i], s[1][i], s[2][i], s[3][i], s[4][i], s[5][i], s[6][i]}; \
                const double *restrict from = y + place; \
                for (int32_t j = 0; j < many; j++) out[j] = (TYPE)(a + series_of(c, from[j], degree)); \
            } else if (streamed && size >= 64) { \
                LONG_FORMS(IF_STREAMED, SUFFIX) \
            } else { \
                SHORT_FORMS(IF_CACHED, SUFFIX) \
                LONG_FORMS(IF_CACHED, SUFFIX) \
            } \
            out += many, run -= many, place = 0, i = end; \
        } \
    }

#define EXPANDED(NAME) \
    CS_APART void CS_LOCAL(NAME##_series_at)(const cs_half *half, double middle, double step, \
                                             int32_t blocks, double (*restrict s)[MOST_BLOCKS]) { \
        const cs_half h = *half; \
        for (int32_t i = 0; i < blocks; i++) { \
            const double n = h.base + h.stride * (middle + step * (double)i); \
            const cs_series c = in_samples(NAME##_series(n, &h), h.sign * h.stride); \
            s[0][i] = c.s0, s[1][i] = c.s1, s[2][i] = c.s2, s[3][i] = c.s3; \
            s[4][i] = c.s4, s[5][i] = c.s5, s[6][i] = c.s6; \
        } \
    }

/* n by fma: both products are exact, and it costs half as much. Floats of cheap values are stored no
   quicker past the caches. */
#define IN_SERIES(NAME, TYPE, SUFFIX) \
    static void CS_LOCAL(NAME##_##SUFFIX)(const cs_half *half, int64_t first, int32_t n, \
                                          TYPE *restrict out) { \
        const cs_half h = *half; \
        const int streamed = (size_t)n * sizeof(TYPE) >= CS_BEYOND_CACHES && \
                             (sizeof(TYPE) == 8 || h.cost == CS_COSTLY); \
        double s[TERMS][MOST_BLOCKS]; \
        double x = h.top + h.sign * (double)first; \
        while (n > 0) { \
            const cs_blocks b = like_blocks(x, (double)n, half); \
            const double left = h.sign > 0.0 ? b.end - x : x - b.start + 1.0; \
            const int32_t all = left < (double)n ? (int32_t)left : n, size = (int32_t)b.size; \
            if (!size) \
                for (int32_t i = 0; i < all; i++) \
                    out[i] = (TYPE)NAME##_value(fma(h.stride, fma(h.sign, (double)i, x), h.base), &h); \
            for (int32_t done = 0, run; size && done < all; done += run) { \
                const double at = x + h.sign * (double)done, block = floor(at / b.size) * b.size; \
                const int32_t place = (int32_t)(h.sign < 0.0 ? block + b.size - 1.0 - at : at - block); \
                run = MOST_BLOCKS * size - place; \
                if (run > all - done) run = all - done; \
                CS_LOCAL(NAME##_series_at)(half, middle_of(block, b.size, &h), h.sign * b.size, \
                                           (run + place + size - 1) / size, s); \
                CS_LOCAL(series_##SUFFIX)(h.a, (const double(*)[MOST_BLOCKS])s, b.degree, size, place, \
                                          run, streamed, out + done); \
            } \
            x += h.sign * (double)all, out += all, n -= all; \
        } \
        if (streamed) CS_STREAM_END(); \
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

/* The same past the caches, 4 times or more: three samples meet in a line at most. It is put together
   by masks; of a choice for each value gcc makes branches. */
CS_APART void CS_LOCAL(streamed_spread)(const double *restrict samples, int64_t count, int64_t times,
                                        double *restrict out) {
    const int64_t n = count * times, last = count - 1;
    int64_t k = lesser((int64_t)(-(uintptr_t)out & 63) / 8, n), i = k / times;
    int64_t left = (i + 1) * times - k; /* samples[i] is due so many more times */
    for (int64_t j = 0; j < k; j++) out[j] = samples[j / times];
    for (; k <= n - 8; k += 8) {
        const uint64_t a = bits_of(samples[i]), b = bits_of(samples[lesser(i + 1, last)]);
        const uint64_t c = bits_of(samples[lesser(i + 2, last)]);
        const uint64_t *in_a = masks + 8 - lesser(left, 8), *in_b = masks + 8 - lesser(left + times, 8);
        uint64_t line[8];
        for (int l = 0; l < 8; l++)
            line[l] = (a & in_a[l]) | (~in_a[l] & ((b & in_b[l]) | (c & ~in_b[l])));
        CS_STREAM(out + k, line);
        for (left -= 8; left <= 0; left += times) i++;
    }
    for (; k < n; k++) out[k] = samples[k / times];
    CS_STREAM_END();
}

#define DIRECT_LOOPS(NAME) DIRECT(NAME, double, f64) DIRECT(NAME, float, f32)
#define BLOCK_LOOPS(NAME) TABLED(NAME) BLOCKED(NAME, double, f64) BLOCKED(NAME, float, f32)
#define SERIES_LOOPS(NAME) EXPANDED(NAME) IN_SERIES(NAME, double, f64) IN_SERIES(NAME, float, f32)
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
    CS_LOCAL(at), {CS_KERNELS(ENTRY_F64)}, {CS_KERNELS(ENTRY_F32)}, CS_LOCAL(spread_f64),
    CS_LOCAL(spread_f32), CS_LOCAL(streamed_spread)};

#undef ENTRY_F64
#undef DIRECT_CASE
#undef BLOCK_CASE
#undef SERIES_CASE
#undef ENTRY_F32
#undef DIRECT_LOOPS
#undef BLOCK_LOOPS
#undef SERIES_LOOPS
#undef SPREAD
#undef STORED
#undef IN_SERIES
#undef SERIES_OF_BLOCKS
#undef SERIES_OF_MANY
#undef WHOLE_SERIES
#undef STREAMED_SERIES
#undef SHORT_FORMS
#undef LONG_FORMS
#undef IF_FORM
#undef IF_CACHED
#undef IF_STREAMED
#undef WHOLE
#undef TABLED
#undef EXPANDED
#undef DIRECT
#undef BLOCKED
#undef CS_LOCAL
#undef CS_JOIN
#undef CS_JOIN_
#undef CS_STREAM
#undef VARIANT
