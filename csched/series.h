/* Kernels in series: profiles without an addition theorem (ratios, roots, powers).

   a) Away from its singularities a smooth function is a short Taylor series in the distance y from
      the middle of a block of B samples, |y| <= B/2. With the nearest singularity R samples away and
      the zero of w, a double one at most, at x samples, term k is below w (y/x)^2 (y/R)^(k-2), or
      w (y/x) (y/R)^(k-1) at a simple zero, which degree 3, 4 or 6 bring below 2^-55 where x and R are
      large enough. Nearer than that each value is computed by itself (_value).
   b) Where w is small beside the terms of its series, within 8 blocks of its zero, rounding errors
      would grow: there values are computed by themselves, too.
   c) Which form a sample's block has depends on the quarter of an octave of x that it lies in, and
      on the phase; so its bits do not depend on the range that was asked for.
   d) _series gives the coefficients of d w in steps; the loops make samples of them.

   The kernels below need a few operations and at most one root for a value or a block, and become
   vectors; those of powers.h become vectors of double-double. */

#define MOST_BLOCKS 64 /* whose series are taken at once */

typedef struct { double s0, s1, s2, s3, s4, s5, s6; } cs_series;

typedef struct {
    double start, end; /* samples in blocks of one form */
    double size;       /* of the blocks; 0: values by themselves */
    int degree;
} cs_blocks;

static double smaller(double a, double b) { return a < b ? a : b; }

/* Samples between start and end away from the nearer singularity, at least or at most. */
static double room(const cs_half *h, double start, double end, int least) {
    double r0 = h->near[0] + h->slope[0] * ((h->slope[0] < 0.0) == least ? end : start);
    double r1 = h->near[1] + h->slope[1] * ((h->slope[1] < 0.0) == least ? end : start);
    return smaller(r0, r1);
}

/* The quarter of an octave around sample x, or the half of it, or half of that, in which the room
   changes by less than half. */
static cs_blocks unit_around(double x, const cs_half *h) {
    const uint64_t quarter = UINT64_C(0xfffc000000000000), octave = UINT64_C(0xfff0000000000000);
    cs_blocks b = {0.0, 0.0, 0.0, 0};
    uint64_t bits, start, whole;
    double length, most;
    memcpy(&bits, &x, 8);
    start = bits & quarter, whole = bits & octave;
    memcpy(&b.start, &start, 8);
    memcpy(&length, &whole, 8);
    b.end = b.start + (length /= 4.0);
    while ((most = room(h, b.start, b.end, 0)) > 0.0 && length > 128.0 &&
           room(h, b.start, b.end, 1) < 0.5 * most) {
        length /= 2.0;
        if (x < b.start + length) b.end = b.start + length;
        else b.start += length;
    }
    return b;
}

/* The blocks around sample x. A value by series costs .17, .20 or .30 ns in degree 3, 4 or 6, and what
   setting up a block takes: some 5 ns, or 20 to 60 where values are costly (Zen 4, AVX-512). */
static cs_blocks series_blocks(double x, const cs_half *h) {
    cs_blocks b = {0.0, h->alone, 0.0, 0};
    if (x < h->alone) return b;
    b = unit_around(x, h);
    const double r = room(h, b.start, b.end, 1), zero = smaller(r, b.start);
    if (r <= 0.0) return b;
    /* gain (2 zero / B)^2 (2 r / B)^k >= 2^55 for k = 2, 3, 5 */
    double two = zero * (h->simple ? r : zero) * (r * r), three = two * r, five = three * (r * r);
    two *= h->gain[0], three *= h->gain[1], five *= h->gain[2];
    const int costly = h->cost == CS_COSTLY;
#define FORM(SIZE, DEGREE) b.size = SIZE, b.degree = DEGREE
#define FITS(SIZE) (b.start >= 8.0 * SIZE && b.end - b.start >= SIZE)
    if (costly && FITS(512.0) && two >= 0x1p87) FORM(512.0, 3);
    else if (costly && FITS(512.0) && three >= 0x1p95) FORM(512.0, 4);
    else if (costly && FITS(512.0) && five >= 0x1p111) FORM(512.0, 6);
    else if (costly && FITS(256.0) && five >= 0x1p104) FORM(256.0, 6);
    else if (FITS(64.0) && two >= 0x1p75) FORM(64.0, 3);
    else if (FITS(128.0) && three >= 0x1p85) FORM(128.0, 4);
    else if (FITS(64.0) && three >= 0x1p80) FORM(64.0, 4);
    else if (FITS(128.0) && five >= 0x1p97) FORM(128.0, 6);
    else if (FITS(64.0) && five >= 0x1p90) FORM(64.0, 6);
    else if (h->cost == CS_QUOTIENT) return b; /* as cheap as shorter blocks */
    else if (FITS(32.0) && five >= 0x1p83) FORM(32.0, 6);
    else if (FITS(16.0) && five >= 0x1p76) FORM(16.0, 6);
#undef FITS
#undef FORM
    return b;
}

/* Finds the first sample that series serve, or one past the last of all. Up to 128 or 512 values cost
   no more than their series. */
static void find_first(cs_half *h, double samples) {
    h->alone = h->cost == CS_QUOTIENT ? 512.0 : 128.0;
    while (h->alone < samples) {
        cs_blocks b = series_blocks(h->alone, h);
        if (b.size > 0.0) break;
        h->alone = b.end;
    }
}

/* The blocks around sample x, and after it, in the order of k, for n samples, or as far as they have the
   same form. */
static cs_blocks like_blocks(double x, double n, const cs_half *h) {
    cs_blocks b = series_blocks(x, h);
    if (h->sign > 0.0) {
        while (b.end - x < n) {
            cs_blocks next = series_blocks(b.end, h);
            if (next.size != b.size || next.degree != b.degree) break;
            b.end = next.end;
        }
    } else {
        while (b.start > 0.0 && x - b.start + 1.0 < n) {
            cs_blocks next = series_blocks(b.start - 1.0, h);
            if (next.size != b.size || next.degree != b.degree) break;
            b.start = next.start;
        }
    }
    return b;
}

/* Where y is 0 in a block: size/2 samples lie before it in the order of k, in either half. */
CS_INLINE double middle_of(double block, double size, const cs_half *h) {
    return block + 0.5 * size - (h->sign < 0.0 ? 1.0 : 0.0);
}

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
CS_INLINE double series_6(cs_series c, double y) {
    double tail = fma(y, fma(y, c.s6, c.s5), c.s4);
    return fma(y, fma(y, fma(y, fma(y, tail, c.s3), c.s2), c.s1), c.s0);
}
CS_INLINE double series_of(cs_series c, double y, int degree) {
    return degree == 3 ? series_3(c, y) : degree == 4 ? series_4(c, y) : series_6(c, y);
}

/* --- Polynomials: no singularity, and exact in degree 3 ------------------------------------------ */

CS_INLINE double power2_value(double n, const cs_half *h) {
    return h->a + h->d * ((n * n) / h->c[0]); /* c0 = m^2 */
}
CS_INLINE cs_series power2_series(double n, const cs_half *h) {
    double unit = h->d / h->c[0];
    cs_series c = {h->d * ((n * n) / h->c[0]), unit * (2.0 * n), unit, 0, 0, 0, 0};
    return c;
}
CS_INLINE double power2_mirror_value(double n, const cs_half *h) { /* 1 - (1-z)^2 = z (2 - z) */
    return h->a + h->d * ((n * (2.0 * h->m - n)) / h->c[0]);
}
CS_INLINE cs_series power2_mirror_series(double n, const cs_half *h) {
    double unit = h->d / h->c[0];
    cs_series c = {h->d * ((n * (2.0 * h->m - n)) / h->c[0]), unit * (2.0 * (h->m - n)), -unit, 0, 0, 0, 0};
    return c;
}
CS_INLINE double power3_value(double n, const cs_half *h) {
    return h->a + h->d * ((n * n * n) / h->c[0]); /* c0 = m^3 */
}
CS_INLINE cs_series power3_series(double n, const cs_half *h) {
    double unit = h->d / h->c[0];
    cs_series c = {h->d * ((n * n * n) / h->c[0]), unit * (3.0 * n * n), unit * (3.0 * n), unit, 0, 0, 0};
    return c;
}
CS_INLINE double power3_mirror(double z) { return z * (3.0 - z * (3.0 - z)); } /* 1 - (1-z)^3 */
CS_INLINE double power3_mirror_value(double n, const cs_half *h) {
    return h->a + h->d * power3_mirror(n / h->m);
}
CS_INLINE cs_series power3_mirror_series(double n, const cs_half *h) {
    double unit = h->d / h->c[0], rest = h->m - n;
    double s1 = unit * (3.0 * rest * rest), s2 = unit * (-3.0 * rest);
    cs_series c = {h->d * power3_mirror(n / h->m), s1, s2, unit, 0, 0, 0};
    return c;
}

/* --- Ratios ----------------------------------------------------------------------------------- */

/* w = c0 n / (c1 + c2 (c3 + c4 n)), a denominator of positive terms; c5 = d c0 (c1 + c2 c3) */
CS_INLINE double ratio_value(double n, const cs_half *h) {
    return fma(h->d, (h->c[0] * n) / fma(h->c[2], fma(h->c[4], n, h->c[3]), h->c[1]), h->a);
}
CS_INLINE cs_series ratio_series(double n, const cs_half *h) {
    double inverse = 1.0 / (h->c[1] + h->c[2] * (h->c[3] + h->c[4] * n));
    double q = -(h->c[2] * h->c[4]) * inverse;
    cs_series c;
    c.s0 = h->d * ((h->c[0] * n) * inverse);
    c.s1 = h->c[5] * inverse * inverse;
    c.s2 = c.s1 * q, c.s3 = c.s2 * q, c.s4 = c.s3 * q, c.s5 = c.s4 * q, c.s6 = c.s5 * q;
    return c;
}

/* The sigmoid of formulas.h in long phases. With e = exp(-x), x = rate n, and t = e / (c3 + e):
   (d w)' = c2 (1 + c3) rate e / (c3 + e)^2, and of q = 2t - 1 the slope is -rate (1 - q^2) / 2.
   c4 = rate. */
CS_INLINE double logistic_value(double n, const cs_half *h) {
    exp_parts p = exp_at(n, h);
    return h->a + (-h->c[2] * expm1_of(p)) / (h->c[3] + exp_of(p));
}
CS_INLINE cs_series logistic_series(double n, const cs_half *h) {
    exp_parts p = exp_at(n, h);
    double e = exp_of(p), inverse = 1.0 / (h->c[3] + e), r = h->c[4];
    double q = 2.0 * (e * inverse) - 1.0, slope = h->c[2] * ((1.0 + h->c[3]) * inverse) * r * (e * inverse);
    double q2 = q * q, r2 = r * r;
    cs_series c;
    c.s0 = -h->c[2] * expm1_of(p) * inverse;
    c.s1 = slope;
    c.s2 = slope * r * q * (1.0 / 2.0);
    c.s3 = slope * r2 * (3.0 * q2 - 1.0) * (1.0 / 12.0);
    c.s4 = slope * (r2 * r) * q * (3.0 * q2 - 2.0) * (1.0 / 24.0);
    c.s5 = slope * (r2 * r2) * ((15.0 * q2 - 15.0) * q2 + 2.0) * (1.0 / 240.0);
    c.s6 = slope * (r2 * r2 * r) * q * ((45.0 * q2 - 60.0) * q2 + 17.0) * (1.0 / 1440.0);
    return c;
}

/* --- Roots ------------------------------------------------------------------------------------ */

/* s1 to s6 of sqrt(g0 + g1 x + g2 x^2), from the square of the series; s0 = its root, given. */
CS_INLINE cs_series root_of_quadratic(double s0, double g1, double g2) {
    double half = 0.5 / s0, whole = 2.0 * half;
    cs_series c;
    c.s0 = s0;
    c.s1 = g1 * half;
    c.s2 = (g2 - c.s1 * c.s1) * half;
    c.s3 = -(c.s1 * c.s2) * whole;
    c.s4 = -(c.s1 * c.s3 + 0.5 * (c.s2 * c.s2)) * whole;
    c.s5 = -(c.s1 * c.s4 + c.s2 * c.s3) * whole;
    c.s6 = -(c.s1 * c.s5 + c.s2 * c.s4 + 0.5 * (c.s3 * c.s3)) * whole;
    return c;
}
/* A series times `factor`, but for its first term, which is known better. */
CS_INLINE cs_series scaled(cs_series c, double factor, double s0) {
    c.s0 = s0;
    c.s1 *= factor, c.s2 *= factor, c.s3 *= factor, c.s4 *= factor, c.s5 *= factor, c.s6 *= factor;
    return c;
}

/* sqrt(z): c0 = d / sqrt(m) */
CS_INLINE double root_value(double n, const cs_half *h) { return h->a + h->c[0] * sqrt(n); }
CS_INLINE cs_series root_series(double n, const cs_half *h) {
    double root = sqrt(n);
    return scaled(root_of_quadratic(root, 1.0, 0.0), h->c[0], h->c[0] * root);
}
/* 1 - sqrt(1-z) = n / (m + sqrt(m (m - n))); c0 = d / sqrt(m) */
CS_INLINE double root_mirror_value(double n, const cs_half *h) {
    return h->a + (h->d * n) / (h->m + sqrt(h->m * (h->m - n)));
}
CS_INLINE cs_series root_mirror_series(double n, const cs_half *h) {
    double rest = h->m - n, s0 = (h->d * n) / (h->m + sqrt(h->m * rest));
    return scaled(root_of_quadratic(sqrt(rest), -1.0, 0.0), -h->c[0], s0);
}
/* d w = c0 sqrt(n (c1 + c2 n)): a conic seen from its vertex */
CS_INLINE double conic_value(double n, const cs_half *h) {
    return h->a + h->c[0] * sqrt(n * (h->c[1] + h->c[2] * n));
}
CS_INLINE cs_series conic_series(double n, const cs_half *h) {
    double root = sqrt(n * (h->c[1] + h->c[2] * n));
    double slope = h->c[1] + 2.0 * h->c[2] * n;
    return scaled(root_of_quadratic(root, slope, h->c[2]), h->c[0], h->c[0] * root);
}
/* 1 less the same conic: with q = (m - n) (c0 + c1 n), w = 1 - sqrt(q / c2), where the square of the
   root lacks n (c4 + c1 n) / c2 of 1. c3 = sqrt(c2), c5 = d / c3. */
CS_INLINE double conic_mirror_value(double n, const cs_half *h) {
    double q = (h->m - n) * (h->c[0] + h->c[1] * n);
    return h->a + h->d * ((n * (h->c[4] + h->c[1] * n)) / (h->c[2] + h->c[3] * sqrt(q)));
}
CS_INLINE cs_series conic_mirror_series(double n, const cs_half *h) {
    double root = sqrt((h->m - n) * (h->c[0] + h->c[1] * n));
    double s0 = h->d * ((n * (h->c[4] + h->c[1] * n)) / (h->c[2] + h->c[3] * root));
    double slope = -(h->c[4] + 2.0 * h->c[1] * n);
    return scaled(root_of_quadratic(root, slope, -h->c[1]), -h->c[5], s0);
}

/* With A = c0 + c1 (c4 + c5 n), a sum of positive terms: d w = c2 n / (A + c3 sqrt A), which is a
   constant less c6 / sqrt A. */
CS_INLINE double inverse_sqrt_value(double n, const cs_half *h) {
    double A = h->c[0] + h->c[1] * (h->c[4] + h->c[5] * n);
    return h->a + (h->c[2] * n) / fma(h->c[3], sqrt(A), A);
}
CS_INLINE cs_series inverse_sqrt_series(double n, const cs_half *h) {
    double A = h->c[0] + h->c[1] * (h->c[4] + h->c[5] * n), root = sqrt(A), inverse = 1.0 / A;
    double ratio = -(h->c[1] * h->c[5]) * inverse;
    cs_series c;
    c.s0 = (h->c[2] * n) / (A + h->c[3] * root);
    c.s1 = -(h->c[6] * root) * inverse * (ratio * (1.0 / 2.0));
    c.s2 = c.s1 * (ratio * (3.0 / 4.0));
    c.s3 = c.s2 * (ratio * (5.0 / 6.0));
    c.s4 = c.s3 * (ratio * (7.0 / 8.0));
    c.s5 = c.s4 * (ratio * (9.0 / 10.0));
    c.s6 = c.s5 * (ratio * (11.0 / 12.0));
    return c;
}

#define CS_CHEAP_SERIES(K) \
    K(power2) K(power2_mirror) K(power3) K(power3_mirror) K(ratio) K(logistic) K(root) \
    K(root_mirror) K(conic) K(conic_mirror) K(inverse_sqrt)
