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
        else if (times <= 8) STORED(8) \
        else if (times <= 16 && sizeof(TYPE) == 4) STORED(16) \
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
CS_DIRECT_KERNELS(DIRECT_LOOPS)
CS_BLOCK_KERNELS(BLOCK_LOOPS)
#include "pieces_loops.h"
SPREAD(double, f64)
SPREAD(float, f32)

/* One value, `place` samples into its block if the kernel has blocks of one size. */
#define DIRECT_CASE(NAME) \
    case KERNEL_##NAME: return NAME##_value(h->base + h->stride * x, h);
#define BLOCK_CASE(NAME) \
    case KERNEL_##NAME: return NAME##_join(NAME##_anchor(h->base + h->stride * (x - place), h), \
                                           NAME##_entry(h->stride * place, h), h);
#define PIECE_CASE(NAME) \
    case KERNEL_##NAME: { \
        if (x < h->first && x == floor(x)) return h->values[(int)x]; \
        const double n = h->base + h->stride * x; \
        if (x < ALONE) return NAME##_value(n, h); \
        if (x < h->kept) { \
            const cs_piece *p = kept_piece(x, h); \
            const double *value = p->degree == BY_ITSELF && x == floor(x) ? kept_value(p, x, h) : 0; \
            if (value) return *value; \
            return p->degree == BY_ITSELF ? NAME##_value(n, h) : CS_LOCAL(value_in_piece)(p, x, h); \
        } \
        cs_piece p = empty_piece(x, h); \
        if (p.degree == BY_ITSELF) return NAME##_value(n, h); \
        const cs_jet j = NAME##_jet(h->base + h->stride * p.centre, h->stride * p.half, h); \
        memcpy(p.s, j.s, sizeof j.s); \
        p.degree = degree_in_blocks(&p); \
        return CS_LOCAL(value_in_piece)(&p, x, h); \
    }
static double CS_LOCAL(at)(const cs_half *h, double x, double place) {
    switch (h->kernel) {
        CS_DIRECT_KERNELS(DIRECT_CASE)
        CS_BLOCK_KERNELS(BLOCK_CASE)
        CS_PIECE_KERNELS(PIECE_CASE)
    }
    return h->a; /* not reached: every kernel is a case */
}

#define ENTRY_F64(NAME) CS_LOCAL(NAME##_f64),
#define ENTRY_F32(NAME) CS_LOCAL(NAME##_f32),
static const cs_loops CS_LOCAL(loops) = {
    CS_LOCAL(at), {CS_LOOPED_KERNELS(ENTRY_F64)}, {CS_LOOPED_KERNELS(ENTRY_F32)}, CS_LOCAL(in_pieces_f64),
    CS_LOCAL(in_pieces_f32), CS_LOCAL(keep), CS_LOCAL(spread_f64), CS_LOCAL(spread_f32),
    CS_LOCAL(streamed_spread)};

#undef ENTRY_F64
#undef DIRECT_CASE
#undef BLOCK_CASE
#undef PIECE_CASE
#undef ENTRY_F32
#undef DIRECT_LOOPS
#undef BLOCK_LOOPS
#undef SPREAD
#undef STORED
#undef WHOLE
#undef TABLED
#undef DIRECT
#undef BLOCKED
#undef CS_LOCAL
#undef CS_JOIN
#undef CS_JOIN_
#undef CS_STREAM
#undef CS_TURNED_f64
#undef CS_TURNED_f32
#undef VARIANT
