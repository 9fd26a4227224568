/* Kernels in pieces: profiles without an addition theorem (ratios.h, powers.h).

   a) From sample 512 on, counted from the zero of w, a sixteenth of an octave is one polynomial of degree
      10 in t = (x - centre) / half, |t| <= 1; or 2, 4, ... of them where a singularity is near. With the
      nearest one R samples away and the zero of w, a double one at most, at x samples, term k is below
      w (half/x)^2 (half/R)^(k-2), or w (half/x) (half/R)^(k-1) at a simple zero: 2^-55 for k = 11.
   b) Where a series of degree 3, 4 or 6 serves blocks of 512 samples, which the polynomial itself tells,
      it is moved to the middle of each block: some 2 ns.
   c) Before sample 512, and where pieces would be shorter than 16 samples, each value is computed by
      itself.
   d) How a sample is computed depends on the phase alone. A phase keeps its pieces, and where they are
      costly the values that are computed by themselves (cs_keep); without, all are computed again, to
      the same bits. */

#define ALONE 512.0     /* samples from the zero of w */
#define BLOCK 512       /* samples */
#define MOST_BLOCKS 64  /* whose series are taken at once */
#define SERIES_TERMS 7
#define MOST_PIECES 32  /* that are computed at once */
#define MOST_KEPT 1024  /* pieces of one half, 115 kB; most need 16 an octave */
#define MOST_VALUES 10240 /* of one half, 82 kB */
#define LEAST 16.0      /* samples of a piece */
#define UNIT_BITS 48    /* a sixteenth of an octave: sign, exponent and 4 bits more */

enum { BY_ITSELF = -1, WHOLE = 0 }; /* how a piece is read, or the degree of its series in blocks */
struct cs_piece { double s[TERMS], centre, half; int64_t degree; };
struct cs_unit { int32_t first, count; }; /* pieces of a sixteenth of an octave */

CS_INLINE uint64_t unit_number(double x) { return bits_of(x) >> UNIT_BITS; }
CS_INLINE double unit_start(uint64_t number) { return of_bits(number << UNIT_BITS); }
CS_INLINE double piece_start(const cs_piece *p) { return p->centre + 0.5 - p->half; }
CS_INLINE double piece_end(const cs_piece *p) { return p->centre + 0.5 + p->half; }

static double smaller(double a, double b) { return a < b ? a : b; }

/* Samples between start and end away from the nearer singularity, at least or at most. */
static double room(const cs_half *h, double start, double end, int least) {
    double r0 = h->near[0] + h->slope[0] * ((h->slope[0] < 0.0) == least ? end : start);
    double r1 = h->near[1] + h->slope[1] * ((h->slope[1] < 0.0) == least ? end : start);
    return smaller(r0, r1);
}

/* Whether degree 10 serves `size` samples, x from the zero and r from a singularity. */
static int is_served(double size, double x, double r, const cs_half *h) {
    const double zero = smaller(r, x), q = 2.0 / size, q3 = (r * q) * (r * q) * (r * q);
    return r > 0.0 && h->gain * ((zero * q) * ((h->simple ? r : zero) * q)) * q3 * q3 * q3 >= 0x1p55;
}

/* The piece of sample x, but for its coefficients: a sixteenth of an octave is halved until it is
   served, or cannot be. */
static cs_piece empty_piece(double x, const cs_half *h) {
    double start = unit_start(unit_number(x)), size = unit_start(unit_number(x) + 1) - start, r;
    cs_piece p;
    while (!is_served(size, start, r = room(h, start, start + size, 1), h)) {
        r = 0.0;
        if (size <= LEAST || !is_served(LEAST, start + size, room(h, start, start + size, 0), h)) break;
        size /= 2.0;
        if (x >= start + size) start += size;
    }
    p.half = 0.5 * size;
    p.centre = start + p.half - 0.5;
    p.degree = r == 0.0 ? BY_ITSELF : WHOLE;
    return p;
}

/* --- Series in blocks --------------------------------------------------------------------------- */

typedef struct { double s0, s1, s2, s3, s4, s5, s6; } cs_series;

/* Between its two samples in the middle y is 0 in a block, and sample x lies y from there in the order
   of k. */
CS_INLINE double block_of(double x) { return floor(x / BLOCK) * BLOCK; }
CS_INLINE double middle_of(double block) { return block + 0.5 * (BLOCK - 1.0); }
CS_INLINE double place_of(double x, double block, const cs_half *h) {
    return h->sign * ((x - block) - 0.5 * (BLOCK - 1.0));
}

/* -255.5, -254.5, ... 255.5 */
#define P8(x) x + .5, x + 1.5, x + 2.5, x + 3.5, x + 4.5, x + 5.5, x + 6.5, x + 7.5
#define P64(x) P8(x), P8(x + 8), P8(x + 16), P8(x + 24), P8(x + 32), P8(x + 40), P8(x + 48), P8(x + 56)
static const double places[BLOCK] = {
    P64(-256), P64(-192), P64(-128), P64(-64), P64(0), P64(64), P64(128), P64(192)};

/* The series in samples of sign u and stride |u|. */
CS_INLINE cs_series in_samples(cs_series c, double u) {
    double u2 = u * u, u3 = u2 * u;
    c.s1 *= u, c.s2 *= u2, c.s3 *= u3, c.s4 *= u2 * u2, c.s5 *= u2 * u3, c.s6 *= u3 * u3;
    return c;
}
CS_INLINE double series_3(cs_series c, double y) { return fma(y, fma(y, fma(y, c.s3, c.s2), c.s1), c.s0); }
CS_INLINE double series_4(cs_series c, double y) {
    return fma(y, fma(y, fma(y, fma(y, c.s4, c.s3), c.s2), c.s1), c.s0);
}
/* From the even terms and the odd ones, which serve -y too: half the work, and half an ulp. */
CS_INLINE double even_6(cs_series c, double y2) { return fma(y2, fma(y2, fma(y2, c.s6, c.s4), c.s2), c.s0); }
CS_INLINE double odd_6(cs_series c, double y2) { return fma(y2, fma(y2, c.s5, c.s3), c.s1); }
CS_INLINE double series_6(cs_series c, double y) { return fma(y, odd_6(c, y * y), even_6(c, y * y)); }
CS_INLINE double series_of(cs_series c, double y, int64_t degree) {
    return degree == 3 ? series_3(c, y) : degree == 4 ? series_4(c, y) : series_6(c, y);
}

/* --- Polynomials of pieces -------------------------------------------------------------------- */

CS_INLINE double even_terms(const double *s, double t2) {
    return fma(t2, fma(t2, fma(t2, fma(t2, fma(t2, s[10], s[8]), s[6]), s[4]), s[2]), s[0]);
}
CS_INLINE double odd_terms(const double *s, double t2) {
    return fma(t2, fma(t2, fma(t2, fma(t2, s[9], s[7]), s[5]), s[3]), s[1]);
}
CS_INLINE double polynomial_at(const double *s, double t) {
    return fma(t, odd_terms(s, t * t), even_terms(s, t * t));
}
/* The polynomial around t, in units of 1/u (Horner's rule, again and again). */
#define SHIFT(k, next) s##k = fma(t, s##next, s##k);
#define SHIFT_6 SHIFT(9, 10) SHIFT(8, 9) SHIFT(7, 8) SHIFT(6, 7)
#define SHIFT_5 SHIFT_6 SHIFT(5, 6)
#define SHIFT_4 SHIFT_5 SHIFT(4, 5)
#define SHIFT_3 SHIFT_4 SHIFT(3, 4)
#define SHIFT_2 SHIFT_3 SHIFT(2, 3)
#define SHIFT_1 SHIFT_2 SHIFT(1, 2)
#define SHIFT_0 SHIFT_1 SHIFT(0, 1)
CS_INLINE cs_series moved(const double *s, double t, double u) {
    double s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3], s4 = s[4], s5 = s[5], s6 = s[6], s7 = s[7];
    double s8 = s[8], s9 = s[9], s10 = s[10];
    SHIFT_0 SHIFT_1 SHIFT_2 SHIFT_3 SHIFT_4 SHIFT_5 SHIFT_6
    cs_series c = {s0, s1, s2, s3, s4, s5, s6};
    return in_samples(c, u);
}

/* Of series in blocks of this piece: of the terms that it leaves out, and that become those of another
   middle by Taylor's theorem, the first is below 2^-55 of the least value in the piece. */
static int64_t degree_in_blocks(const cs_piece *p) {
    const double u = 0.5 * BLOCK / p->half, u2 = u * u;
    double s[TERMS], rest = 0.0;
    for (int k = 0; k < TERMS; k++) s[k] = fabs(p->s[k]);
    for (int k = 1; k < TERMS; k++) rest += s[k];
    const double least = (s[0] - rest) * 0x1p-55;
    const double s7 = s[7] + 8.0 * s[8] + 36.0 * s[9] + 120.0 * s[10];
    const double s5 = s[5] + 6.0 * s[6] + 21.0 * s[7] + 56.0 * s[8] + 126.0 * s[9] + 252.0 * s[10];
    const double s4 = s[4] + 5.0 * s[5] + 15.0 * s[6] + 35.0 * s[7] + 70.0 * s[8] + 126.0 * s[9] + 210.0 * s[10];
    if (p->degree == BY_ITSELF || u > 1.0) return p->degree;
    if (s4 * (u2 * u2) <= least) return 3;
    if (s5 * (u2 * u2 * u) <= least) return 4;
    return s7 * (u2 * u2 * u2 * u) <= least ? 6 : WHOLE;
}

CS_INLINE double value_in_piece(const cs_piece *p, double x, const cs_half *h) {
    if (p->degree == WHOLE) return h->a + polynomial_at(p->s, (x - p->centre) / p->half);
    const double block = block_of(x);
    const cs_series c = moved(p->s, (middle_of(block) - p->centre) / p->half, h->sign / p->half);
    return h->a + series_of(c, place_of(x, block, h), p->degree);
}

/* --- What is kept ------------------------------------------------------------------------------- */

static const cs_piece *kept_piece(double x, const cs_half *h) {
    cs_unit u = h->units[unit_number(x) - unit_number(ALONE)];
    while (u.count > 1) {
        const int32_t half = u.count / 2, beyond = x >= piece_start(h->pieces + u.first + half);
        u.first += beyond ? half : 0, u.count = beyond ? u.count - half : half;
    }
    return h->pieces + u.first;
}

/* Of the samples before `end`: the first values, but cheap ones only in long halves; as many pieces as
   MOST_KEPT allows, and the values of those that are read by themselves. */
typedef struct { int32_t first, values, units, pieces; double end; } cs_kept_size;

/* How many values of a piece are kept, if so many are kept before it. */
static int32_t kept_values(const cs_piece *p, const cs_half *h, int32_t before, double end) {
    if (p->degree != BY_ITSELF || !h->costly || piece_start(p) >= end) return 0;
    const double many = smaller(piece_end(p), end) - piece_start(p);
    return (double)before + many > (double)MOST_VALUES ? 0 : (int32_t)many;
}

static cs_kept_size kept_size(const cs_half *h, double end) {
    const int keeps = h->costly || end > 4.0 * ALONE; /* reading them costs thousands of short curves more */
    const int32_t first = keeps ? (int32_t)smaller(end, ALONE) : 0;
    cs_kept_size size = {first, first, 0, 0, end};
    for (uint64_t unit = unit_number(ALONE); unit_start(unit) < end; unit++, size.units++) {
        int32_t pieces = size.pieces, values = size.values;
        for (double x = unit_start(unit); x < unit_start(unit + 1) && pieces <= MOST_KEPT; pieces++) {
            const cs_piece p = empty_piece(x, h);
            values += kept_values(&p, h, values, end);
            x = piece_end(&p);
        }
        if (pieces > MOST_KEPT) break;
        size.pieces = pieces, size.values = values;
    }
    return size;
}

/* The same as pieces without coefficients, and where they lie; in place of the first coefficient the
   place of the values that are kept, or -1. */
static void lay_out(const cs_half *h, cs_kept_size size, cs_unit *units, cs_piece *pieces) {
    int32_t count = 0, values = size.first;
    for (int32_t i = 0; i < size.units; i++) {
        const uint64_t unit = unit_number(ALONE) + (uint64_t)i;
        units[i].first = count;
        for (double x = unit_start(unit); x < unit_start(unit + 1); x = piece_end(&pieces[count++])) {
            pieces[count] = empty_piece(x, h);
            const int32_t many = kept_values(&pieces[count], h, values, size.end);
            pieces[count].s[0] = many ? (double)values : -1.0;
            values += many;
        }
        units[i].count = count - units[i].first;
    }
}

/* Where the value of sample x is kept, or 0: of a kept piece that is read by itself. */
static const double *kept_value(const cs_piece *p, double x, const cs_half *h) {
    return p->s[0] < 0.0 ? 0 : h->values + (int32_t)(p->s[0] + (x - piece_start(p)));
}

/* The pieces of up to n samples from x on, in the order of k, as far as there is room. */
static int32_t empty_pieces(double x, double n, const cs_half *h, cs_piece *p) {
    const double last = x + h->sign * (n - 1.0);
    int32_t count = 0;
    for (; count < MOST_PIECES && x >= ALONE && h->sign * (last - x) >= 0.0; count++) {
        p[count] = empty_piece(x, h);
        x = h->sign < 0.0 ? piece_start(&p[count]) - 1.0 : piece_end(&p[count]);
    }
    return count;
}

/* Samples from x on, in the order of k, up to the end of [start, end), but n at most. */
static int32_t samples_left(double x, int32_t n, double start, double end, const cs_half *h) {
    const double left = h->sign < 0.0 ? x - start + 1.0 : end - x;
    return left < (double)n ? (int32_t)left : n;
}
