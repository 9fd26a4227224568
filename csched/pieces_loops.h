/* The loops of pieces.h, for one CPU variant. Included by loops.h. */

CS_APART double CS_LOCAL(value_in_piece)(const cs_piece *p, double x, const cs_half *h) {
    return value_in_piece(p, x, h);
}

#define VALUES(NAME) \
    CS_APART void CS_LOCAL(NAME##_values)(const cs_half *half, double x, double sign, int32_t n, \
                                          double *restrict out) { \
        const cs_half h = *half; \
        for (int32_t i = 0; i < n; i++) \
            out[i] = NAME##_value(fma(h.stride, fma(sign, (double)i, x), h.base), &h); \
    }

#define JETS(NAME) \
    CS_APART void CS_LOCAL(NAME##_jets)(const cs_half *half, int32_t count, cs_piece *restrict p) { \
        const cs_half h = *half; \
        double n[MOST_PIECES], step[MOST_PIECES], s[TERMS][MOST_PIECES]; \
        for (int32_t i = 0; i < count; i++) \
            n[i] = h.base + h.stride * p[i].centre, step[i] = h.stride * p[i].half; \
        for (int32_t i = 0; i < count; i++) { \
            const cs_jet j = NAME##_jet(n[i], step[i], &h); \
            s[0][i] = j.s[0], s[1][i] = j.s[1], s[2][i] = j.s[2], s[3][i] = j.s[3]; \
            s[4][i] = j.s[4], s[5][i] = j.s[5], s[6][i] = j.s[6], s[7][i] = j.s[7]; \
            s[8][i] = j.s[8], s[9][i] = j.s[9], s[10][i] = j.s[10]; \
        } \
        for (int32_t i = 0; i < count; i++) { \
            if (p[i].degree == BY_ITSELF) continue; \
            for (int32_t k = 0; k < TERMS; k++) p[i].s[k] = s[k][i]; \
            p[i].degree = degree_in_blocks(&p[i]); \
        } \
    }

CS_PIECE_KERNELS(VALUES)
CS_PIECE_KERNELS(JETS)

#define ENTRY_VALUES(NAME) CS_LOCAL(NAME##_values),
#define ENTRY_JETS(NAME) CS_LOCAL(NAME##_jets),
static void CS_LOCAL(values_f64)(const cs_half *h, double x, int32_t n, double *out) {
    static void (*const of[])(const cs_half *, double, double, int32_t, double *restrict) = {
        CS_PIECE_KERNELS(ENTRY_VALUES)};
    of[h->kernel - FIRST_IN_PIECES](h, x, h->sign, n, out);
}
static void CS_LOCAL(values_f32)(const cs_half *h, double x, int32_t n, float *out) {
    double room[BLOCK];
    for (int32_t i = 0, run; i < n; i += run) {
        run = n - i < BLOCK ? n - i : BLOCK;
        CS_LOCAL(values_f64)(h, x + h->sign * (double)i, run, room);
        for (int32_t j = 0; j < run; j++) out[i + j] = (float)room[j];
    }
}
static void CS_LOCAL(jets)(const cs_half *h, int32_t count, cs_piece *p) {
    static void (*const of[])(const cs_half *, int32_t, cs_piece *restrict) = {
        CS_PIECE_KERNELS(ENTRY_JETS)};
    of[h->kernel - FIRST_IN_PIECES](h, count, p);
}

CS_APART void CS_LOCAL(moved_to_blocks)(const double *restrict given, double t, double step, double u,
                                        int32_t blocks, double (*restrict s)[MOST_BLOCKS]) {
    for (int32_t i = 0; i < blocks; i++) {
        const cs_series c = moved(given, t + step * (double)i, u);
        s[0][i] = c.s0, s[1][i] = c.s1, s[2][i] = c.s2, s[3][i] = c.s3;
        s[4][i] = c.s4, s[5][i] = c.s5, s[6][i] = c.s6;
    }
}

/* Blocks in series. A pointer for each coefficient: of one array gcc works on four blocks in turn
   (unroll-and-jam), and stores to four places took 1.3 times as long at 2e7 steps. */
#define SERIES_OF_MANY \
    double a, const double *restrict s0, const double *restrict s1, const double *restrict s2, \
        const double *restrict s3, const double *restrict s4, const double *restrict s5, \
        const double *restrict s6, int32_t blocks
#define SERIES(DEGREE, TYPE, SUFFIX) \
    CS_APART void CS_LOCAL(series_##DEGREE##_##SUFFIX)(SERIES_OF_MANY, TYPE *restrict out) { \
        for (int32_t i = 0; i < blocks; i++, out += BLOCK) { \
            const cs_series c = {s0[i], s1[i], s2[i], s3[i], s4[i], s5[i], s6[i]}; \
            for (int32_t j = 0; j < BLOCK; j++) out[j] = (TYPE)(a + series_##DEGREE(c, places[j])); \
        } \
    }

/* From the middle of a block in both directions. The line before it is turned round in a register: one
   more store and one more load for it cost as much as the pairs save. */
#define PAIRED_SERIES(DEGREE, TYPE, SUFFIX) \
    CS_APART void CS_LOCAL(series_##DEGREE##_##SUFFIX)(SERIES_OF_MANY, TYPE *restrict out) { \
        const double *restrict y = places + BLOCK / 2; \
        for (int32_t i = 0; i < blocks; i++, out += BLOCK) { \
            const cs_series c = {s0[i], s1[i], s2[i], s3[i], s4[i], s5[i], s6[i]}; \
            for (int32_t j = 0; j < BLOCK / 2; j += 8) { \
                TYPE after[8], before[8]; \
                for (int32_t l = 0; l < 8; l++) { \
                    const double y2 = y[j + l] * y[j + l]; \
                    const double even = even_##DEGREE(c, y2), odd = odd_##DEGREE(c, y2); \
                    after[l] = (TYPE)(a + fma(y[j + l], odd, even)); \
                    before[l] = (TYPE)(a + fma(-y[j + l], odd, even)); \
                } \
                memcpy(out + BLOCK / 2 + j, after, sizeof after); \
                CS_TURNED_##SUFFIX(out + BLOCK / 2 - 8 - j, before); \
            } \
        } \
    }

/* The same past the caches: whole lines of 64 bytes go to memory without being read first, also those
   that two blocks meet in. Only the first and the last line of all may be parts. Places are read from
   a copy that begins with the first whole line: reads across two lines made float32 1.2 times as
   long. */
#define STREAMED_SERIES(DEGREE, TYPE, SUFFIX) \
    CS_APART void CS_LOCAL(streamed_##DEGREE##_##SUFFIX)(SERIES_OF_MANY, TYPE *restrict out) { \
        enum { LINE = 64 / sizeof(TYPE) }; \
        const int32_t head = (int32_t)(-(uintptr_t)out & 63) / (int32_t)sizeof(TYPE); \
        _Alignas(64) double y[BLOCK]; \
        cs_series c = {s0[0], s1[0], s2[0], s3[0], s4[0], s5[0], s6[0]}; \
        memcpy(y, places + head, (size_t)(BLOCK - head) * sizeof *y); \
        for (int32_t j = 0; j < head; j++) out[j] = (TYPE)(a + series_##DEGREE(c, places[j])); \
        out += head; \
        for (int32_t i = 0; i < blocks; i++, out += BLOCK) { \
            int32_t j = 0; \
            for (; j <= BLOCK - head - LINE; j += LINE) { \
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
                        const double before = y[0] + (double)(j + l), after = before - (double)BLOCK; \
                        const double old = series_##DEGREE(b, before), new = series_##DEGREE(c, after); \
                        line[l] = (TYPE)(a + (j + l < BLOCK - head ? old : new)); \
                    } \
                    CS_STREAM(out + j, line); \
                } \
            } else { \
                for (; j < BLOCK - head; j++) out[j] = (TYPE)(a + series_##DEGREE(b, y[j])); \
            } \
        } \
    }

#define RUN(KIND, DEGREE, SUFFIX) \
    CS_LOCAL(KIND##_##DEGREE##_##SUFFIX)(a, s[0] + i, s[1] + i, s[2] + i, s[3] + i, s[4] + i, s[5] + i, \
                                         s[6] + i, whole, out)
#define RUN_STREAMED_OR_NOT(DEGREE, SUFFIX) \
    if (streamed) RUN(streamed, DEGREE, SUFFIX); \
    else RUN(series, DEGREE, SUFFIX)

/* `run` samples from place `place` of the first block on */
#define SERIES_OF_BLOCKS(TYPE, SUFFIX) \
    SERIES(3, TYPE, SUFFIX) \
    SERIES(4, TYPE, SUFFIX) \
    PAIRED_SERIES(6, TYPE, SUFFIX) \
    STREAMED_SERIES(3, TYPE, SUFFIX) \
    STREAMED_SERIES(4, TYPE, SUFFIX) \
    STREAMED_SERIES(6, TYPE, SUFFIX) \
    static void CS_LOCAL(series_##SUFFIX)(double a, const double (*restrict s)[MOST_BLOCKS], \
                                          int64_t degree, int32_t place, int32_t run, int streamed, \
                                          TYPE *restrict out) { \
        for (int32_t i = 0; run > 0;) { \
            const int32_t whole = place ? 0 : run / BLOCK, end = i + (whole ? whole : 1); \
            const int32_t many = whole ? whole * BLOCK : BLOCK - place < run ? BLOCK - place : run; \
            if (!whole) { \
                const cs_series c = {s[0][i], s[1][i], s[2][i], s[3][i], s[4][i], s[5][i], s[6][i]}; \
                const double *restrict from = places + place; \
                for (int32_t j = 0; j < many; j++) out[j] = (TYPE)(a + series_of(c, from[j], degree)); \
            } else if (degree == 3) { \
                RUN_STREAMED_OR_NOT(3, SUFFIX); \
            } else if (degree == 4) { \
                RUN_STREAMED_OR_NOT(4, SUFFIX); \
            } else { \
                RUN_STREAMED_OR_NOT(6, SUFFIX); \
            } \
            out += many, run -= many, place = 0, i = end; \
        } \
    }

#define IN_PIECES(TYPE, SUFFIX) \
    SERIES_OF_BLOCKS(TYPE, SUFFIX) \
    CS_APART void CS_LOCAL(kept_values_##SUFFIX)(const double *restrict first, double sign, int32_t n, \
                                                 TYPE *restrict out) { \
        const double *restrict last = first - (n - 1); \
        if (sign < 0.0) \
            for (int32_t i = 0; i < n; i++) out[i] = (TYPE)last[n - 1 - i]; \
        else \
            for (int32_t i = 0; i < n; i++) out[i] = (TYPE)first[i]; \
    } \
    CS_APART void CS_LOCAL(polynomial_##SUFFIX)(double a, const double *restrict s, double t, \
                                                double step, int32_t n, TYPE *restrict out) { \
        for (int32_t i = 0; i < n; i++) \
            out[i] = (TYPE)(a + polynomial_at(s, fma(step, (double)i, t))); \
    } \
    CS_APART void CS_LOCAL(around_##SUFFIX)(double a, const double *restrict s, double step, double past, \
                                            int32_t many, TYPE *restrict after, TYPE *restrict before) { \
        for (int32_t j = 0; j < many; j += 8) { \
            const double *restrict y = places + BLOCK / 2 + j; \
            TYPE up[8], down[8]; \
            for (int32_t l = 0; l < 8; l++) { \
                const double t = (past + y[l]) * step, t2 = t * t; \
                const double even = even_terms(s, t2), odd = odd_terms(s, t2); \
                up[l] = (TYPE)(a + fma(t, odd, even)); \
                down[l] = (TYPE)(a + fma(-t, odd, even)); \
            } \
            memcpy(after + j, up, sizeof up); \
            CS_TURNED_##SUFFIX(before - 8 - j, down); \
        } \
    } \
    static void CS_LOCAL(whole_##SUFFIX)(double a, const cs_piece *p, double sign, TYPE *restrict out) { \
        const int32_t half = (int32_t)p->half, most = BLOCK / 2; \
        for (int32_t i = 0; i < half; i += most) \
            CS_LOCAL(around_##SUFFIX)(a, p->s, sign / p->half, (double)i, half - i < most ? half - i : most, \
                                      out + half + i, out + half - i); \
    } \
    static void CS_LOCAL(in_blocks_##SUFFIX)(const cs_half *h, const cs_piece *p, double x, int32_t n, \
                                             int streamed, TYPE *restrict out) { \
        const double u = h->sign / p->half; \
        double s[SERIES_TERMS][MOST_BLOCKS]; \
        for (int32_t done = 0, run; done < n; done += run) { \
            const double at = x + h->sign * (double)done, block = block_of(at); \
            const int32_t place = (int32_t)(h->sign < 0.0 ? block + (BLOCK - 1.0) - at : at - block); \
            run = MOST_BLOCKS * BLOCK - place < n - done ? MOST_BLOCKS * BLOCK - place : n - done; \
            CS_LOCAL(moved_to_blocks)(p->s, (middle_of(block) - p->centre) / p->half, u * BLOCK, u, \
                                      (run + place + BLOCK - 1) / BLOCK, s); \
            CS_LOCAL(series_##SUFFIX)(h->a, (const double(*)[MOST_BLOCKS])s, p->degree, place, run, \
                                      streamed, out + done); \
        } \
    } \
    static void CS_LOCAL(in_pieces_##SUFFIX)(const cs_half *h, int64_t first, int32_t n, \
                                             TYPE *restrict out) { \
        const int streamed = (size_t)n * sizeof(TYPE) >= CS_BEYOND_CACHES; \
        double x = h->top + h->sign * (double)first; \
        while (n > 0) { \
            cs_piece made[MOST_PIECES]; \
            const int kept = x < h->kept; \
            const cs_piece *p = made; \
            int32_t count = 0, run; \
            if (x < ALONE) { \
                run = samples_left(x, n, 0.0, ALONE, h); \
                if (x < h->first) CS_LOCAL(kept_values_##SUFFIX)(h->values + (int32_t)x, h->sign, run, out); \
                else CS_LOCAL(values_##SUFFIX)(h, x, run, out); \
                x += h->sign * (double)run, out += run, n -= run; \
                continue; \
            } \
            if (kept) p = kept_piece(x, h); /* and those of the next samples beside it */ \
            else { \
                count = empty_pieces(x, (double)n, h, made); \
                CS_LOCAL(jets)(h, count, made); \
            } \
            const int32_t next = kept && h->sign < 0.0 ? -1 : 1; \
            for (; n > 0 && (kept ? x >= ALONE && x < h->kept : count > 0); count--, p += next) { \
                run = samples_left(x, n, piece_start(p), piece_end(p), h); \
                const double *value = kept && p->degree == BY_ITSELF ? kept_value(p, x, h) : 0; \
                if (value) CS_LOCAL(kept_values_##SUFFIX)(value, h->sign, run, out); \
                else if (p->degree == BY_ITSELF) CS_LOCAL(values_##SUFFIX)(h, x, run, out); \
                else if (p->degree > 0) CS_LOCAL(in_blocks_##SUFFIX)(h, p, x, run, streamed, out); \
                else if ((double)run == 2.0 * p->half) CS_LOCAL(whole_##SUFFIX)(h->a, p, h->sign, out); \
                else \
                    CS_LOCAL(polynomial_##SUFFIX)(h->a, p->s, (x - p->centre) / p->half, \
                                                  h->sign / p->half, run, out); \
                x += h->sign * (double)run, out += run, n -= run; \
            } \
        } \
        if (streamed) CS_STREAM_END(); \
    }

IN_PIECES(double, f64)
IN_PIECES(float, f32)

static void CS_LOCAL(keep)(cs_half *h, cs_kept_size size, double *values, cs_unit *units,
                           cs_piece *pieces) {
    cs_half up = *h;
    up.sign = 1.0;
    CS_LOCAL(values_f64)(&up, 0.0, size.first, values);
    lay_out(h, size, units, pieces);
    for (int32_t i = 0; i < size.pieces; i += MOST_PIECES)
        CS_LOCAL(jets)(h, size.pieces - i < MOST_PIECES ? size.pieces - i : MOST_PIECES, pieces + i);
    for (int32_t i = 0, done = size.first, many; i < size.pieces; i++, done += many) {
        many = kept_values(&pieces[i], h, done, size.end);
        CS_LOCAL(values_f64)(&up, piece_start(&pieces[i]), many, values + done);
    }
}

#undef VALUES
#undef JETS
#undef ENTRY_VALUES
#undef ENTRY_JETS
#undef SERIES_OF_MANY
#undef SERIES
#undef PAIRED_SERIES
#undef STREAMED_SERIES
#undef RUN
#undef RUN_STREAMED_OR_NOT
#undef SERIES_OF_BLOCKS
#undef IN_PIECES
