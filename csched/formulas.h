/* The formulas: one function per kernel, w(n) or the value itself at distance n from the end that
   a half phase is anchored at. Included once per CPU variant (loops.h) and once for scalar calls.

   a) Only + - * / and sqrt, which IEEE 754 rounds exactly: with contraction off every compiler
      and every CPU gives the same bits, and no library function can change them.
   b) Sums of terms of one sign, or a term that is small beside the other: no cancellation. The
      forms usually printed, 1 - z or (1 + cos(pi z))/2, lose every digit near the end.
   c) No branches, so that a compiler turns the loops into vectors.
   d) Sines and exponentials cost 20 to 40 operations a value. On a grid of steps an addition
      theorem brings that to 3 to 8: cut the half in blocks of B steps, and combine what depends
      on the block (_anchor) with what depends on the place in it (_entry, a table of B) in
      _join. Blocks count from the end the half is anchored at and B follows from the length of
      the phase, so the bits of a step do not depend on which range was asked for; a single
      value computes its one anchor and its one entry. */

#define LN2_HIGH 0x1.62e42fee00000p-1 /* 32 bits, so that k * LN2_HIGH is exact */
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LOG2_E 0x1.71547652b82fep+0
#define ROUND 0x1.8p+52 /* adding it rounds to an integer, held in the low bits */

/* Inlined into every loop, or the loop is not compiled for its CPU variant. */
#if defined(__GNUC__) || defined(__clang__)
#define CS_INLINE static inline __attribute__((always_inline))
#else
#define CS_INLINE static inline
#endif

typedef struct { double scale, e; } exp_parts;

/* (exp(r) - 1 - r) / r^2 for |r| <= log(2)/2, relative to exp(r) 2^-61: interpolation in Chebyshev
   nodes. */
CS_INLINE double exp_tail(double r) {
    double q = 0x1.af4e554377204p-26 + r * 0x1.1f7340dbc337ep-29;
    q = 0x1.27e4db46cddd1p-22 + r * q;
    q = 0x1.71de01fdbf9cap-19 + r * q;
    q = 0x1.a01a01a6e1e2ap-16 + r * q;
    q = 0x1.a01a01abf85abp-13 + r * q;
    q = 0x1.6c16c16c162c3p-10 + r * q;
    q = 0x1.11111111100bep-7 + r * q;
    q = 0x1.5555555555556p-5 + r * q;
    q = 0x1.5555555555557p-3 + r * q;
    return 0.5 + r * q;
}

/* exp(x) = scale (1 + e) at x = n (c[0] + c[1]), where n c[0] is exact: cs_prepare gives c[0]
   as few bits as n has to spare. |e| <= 0.42. */
CS_INLINE exp_parts exp_at(double n, const cs_half *h) {
    double x = n * h->c[0], x_low = n * h->c[1];
    double t = (x + x_low) * LOG2_E + ROUND, k = t - ROUND;
    double high = x - k * LN2_HIGH, low = x_low - k * LN2_LOW, r = high + low;
    double part = r - high, r_low = (high - (r - part)) + (low - part); /* r + r_low = high + low */
    uint64_t bits;
    memcpy(&bits, &t, 8);
    bits = (bits << 52) + UINT64_C(0x3ff0000000000000);
    exp_parts p;
    memcpy(&p.scale, &bits, 8);
    p.e = r + (r_low + (r * r) * exp_tail(r));
    return p;
}
CS_INLINE double exp_of(exp_parts p) { return p.scale + p.scale * p.e; }
CS_INLINE double expm1_of(exp_parts p) { return (p.scale - 1.0) + p.scale * p.e; }

CS_INLINE double constant_value(double n, const cs_half *h) { (void)n; return h->a; }

CS_INLINE double power2_value(double n, const cs_half *h) {
    return h->a + h->d * ((n * n) / h->c[0]); /* c0 = m^2 */
}
CS_INLINE double power2_mirror_value(double n, const cs_half *h) { /* 1 - (1-z)^2 = z (2 - z) */
    return h->a + h->d * ((n * (2.0 * h->m - n)) / h->c[0]);
}
CS_INLINE double power3_value(double n, const cs_half *h) {
    return h->a + h->d * ((n * n * n) / h->c[0]); /* c0 = m^3 */
}
CS_INLINE double power3_mirror_value(double n, const cs_half *h) { /* z (3 - z (3 - z)) */
    double z = n / h->m;
    return h->a + h->d * (z * (3.0 - z * (3.0 - z)));
}

/* w = c0 n / (c1 + c2 (c3 + c4 n)), a denominator of positive terms */
CS_INLINE double rex_value(double n, const cs_half *h) {
    return h->a + h->d * ((h->c[0] * n) / (h->c[1] + h->c[2] * (h->c[3] + h->c[4] * n)));
}
/* The power of a cosine: through double-double, thousands of instructions a value. */
CS_INLINE double cosine_power_value(double n, const cs_half *h) { /* sin(pi n / 2m)^(2 c0) */
    double w = 0.0;
    if (n > 0.0) {
        dd x = dd_scale(dd_log_ratio(dd_sin2_quarter(n, h->m), dd_of(1.0)), h->c[0]);
        w = x.hi < -700.0 ? 0.0 : dd_exp(x).hi;
    }
    return h->a + h->d * w;
}
CS_INLINE double cosine_power_mirror_value(double n, const cs_half *h) { /* 1 - cos(...)^(2 c0) */
    double w = 1.0;
    if (n < h->m) {
        dd x = dd_scale(dd_log1p(dd_neg(dd_sin2_quarter(n, h->m))), h->c[0]);
        w = x.hi < -700.0 ? 1.0 : -dd_expm1(x).hi;
    }
    return h->a + h->d * w;
}

/* --- Kernels in blocks ---------------------------------------------------------------------- */

typedef struct { double p, q, r; } cs_anchor; /* what depends on the block */
typedef struct { double t, u; } cs_entry;        /* what depends on the place in the block */

/* (sin x - x) / x^3 and (1 - cos x) / x^2 in y = x^2 for x up to pi/4; these two and the next are
   interpolated in Chebyshev nodes, relative errors 2^-66, 2^-62 and 2^-65. */
CS_INLINE double sin_tail(double y) {
    double q = 0x1.6121425bdd148p-33 + y * -0x1.aaf4c3626bdd9p-41;
    q = -0x1.ae6453c4a3e65p-26 + y * q;
    q = 0x1.71de3a5432adep-19 + y * q;
    q = -0x1.a01a01a0197b6p-13 + y * q;
    q = 0x1.1111111111110p-7 + y * q;
    return -0x1.5555555555555p-3 + y * q;
}
CS_INLINE double versine_tail(double y) {
    double q = -0x1.1eea3eba1aa9cp-29 + y * 0x1.8fd49b5417a07p-37;
    q = 0x1.27e4f891b2aa6p-22 + y * q;
    q = -0x1.a01a019d7fbbfp-16 + y * q;
    q = 0x1.6c16c16c15a47p-10 + y * q;
    q = -0x1.5555555555550p-5 + y * q;
    return 0.5 + y * q;
}

/* sin^2(pi z/2) in y = z^2 on [0, 1/4]; exact where z is 1/2. */
CS_INLINE double sin2_of(double y) {
    double q = -0x1.20a61e049e33fp-19 + y * 0x1.2175e33b10f9dp-24;
    q = 0x1.b6e1cdea474b9p-15 + y * q;
    q = -0x1.f9d38906e2150p-11 + y * q;
    q = 0x1.a6d1f2a05f609p-7 + y * q;
    q = -0x1.e1f50689191cbp-4 + y * q;
    q = 0x1.55d3c7e3cbfdap-1 + y * q;
    q = -0x1.03c1f081b5ac4p+1 + y * q;
    return y * (0x1.3bd3cc9be45dep+1 + (0x1.690d369d7ff1cp-53 + y * q)); /* pi^2/4, two parts */
}

/* w = n/m, from (n + j)/m = n/m + j/m. */
CS_INLINE cs_anchor linear_anchor(double n, const cs_half *h) {
    cs_anchor b = {h->d * (n / h->m), 0.0, 0.0};
    return b;
}
CS_INLINE cs_entry linear_entry(double j, const cs_half *h) {
    cs_entry e = {h->d * (j / h->m), 0.0};
    return e;
}
CS_INLINE double linear_join(cs_anchor b, cs_entry e, const cs_half *h) {
    return h->a + (b.p + e.t);
}

/* w = sin^2(x), x = n (c[0] + c[1]) <= pi/4, from
   sin^2(x + y) = sin^2 x + sin x cos x sin 2y + cos 2x sin^2 y, where no term is negative. */
CS_INLINE cs_anchor sin2_anchor(double n, const cs_half *h) {
    double exact = n * h->c[0], low = n * h->c[1], x = exact + low;
    low -= x - exact;
    double y = x * x, vers = y * versine_tail(y), c = 1.0 - vers;
    double rest = low * c + x * y * sin_tail(y), s = x + rest;
    double s_low = rest - (s - x); /* s + s_low is the sine to about 2^-60 */
    cs_anchor b;
    b.p = h->d * (s * s + 2.0 * s * s_low);
    b.q = h->d * (s * c);
    b.r = h->d * (1.0 - 2.0 * (s * s));
    return b;
}
CS_INLINE cs_entry sin2_entry(double j, const cs_half *h) {
    double exact = j * h->c[0], low = j * h->c[1], x = exact + low;
    low -= x - exact;
    double y = x * x, c = 1.0 - y * versine_tail(y), s = x + (low + x * y * sin_tail(y));
    cs_entry e = {2.0 * s * c, sin2_of((j * j) / h->c[2])}; /* c2 = m^2 */
    return e;
}
CS_INLINE double sin2_join(cs_anchor b, cs_entry e, const cs_half *h) {
    return h->a + (b.p + (b.q * e.t + b.r * e.u));
}

/* The value is a exp(x). */
CS_INLINE cs_anchor exponential_anchor(double n, const cs_half *h) {
    cs_anchor b = {h->a * exp_of(exp_at(n, h)), 0.0, 0.0};
    return b;
}
CS_INLINE cs_entry exponential_entry(double j, const cs_half *h) {
    cs_entry e = {exp_of(exp_at(j, h)), 0.0};
    return e;
}
CS_INLINE double exponential_join(cs_anchor b, cs_entry e, const cs_half *h) {
    (void)h;
    return b.p * e.t;
}

/* d w = c[2] expm1(x), from expm1(x + y) = expm1(x) + exp(x) expm1(y). */
CS_INLINE cs_anchor expm1_anchor(double n, const cs_half *h) {
    exp_parts p = exp_at(n, h);
    cs_anchor b = {h->c[2] * expm1_of(p), p.scale * (h->c[2] + h->c[2] * p.e), 0.0};
    return b;
}
CS_INLINE cs_entry expm1_entry(double j, const cs_half *h) {
    cs_entry e = {expm1_of(exp_at(j, h)), 0.0};
    return e;
}
CS_INLINE double expm1_join(cs_anchor b, cs_entry e, const cs_half *h) {
    return h->a + (b.p + b.q * e.t);
}

/* d w = c[2] (1 - exp(-x)) / (c[3] + exp(-x)), see prepare_tanh; t = expm1, u = exp of -y. */
CS_INLINE cs_anchor sigmoid_anchor(double n, const cs_half *h) {
    exp_parts p = exp_at(n, h);
    cs_anchor b;
    b.p = -h->c[2] * expm1_of(p);
    b.q = -p.scale * (h->c[2] + h->c[2] * p.e);
    b.r = exp_of(p);
    return b;
}
CS_INLINE cs_entry sigmoid_entry(double j, const cs_half *h) {
    exp_parts p = exp_at(j, h);
    cs_entry e = {expm1_of(p), exp_of(p)};
    return e;
}
CS_INLINE double sigmoid_join(cs_anchor b, cs_entry e, const cs_half *h) {
    return h->a + (b.p + b.q * e.t) / (h->c[3] + b.r * e.u);
}

/* --- Kernels in series ---------------------------------------------------------------------- */

/* Roots and powers have no addition theorem, but away from their singularity a Taylor series of
   degree SERIES in the distance from the middle of a block: with a block of B steps at a distance
   of at least 256 B from the singularity the error is below 2^-54. Nearer than that each value is
   computed by itself (_value). _series gives the coefficients of d w: s[0], s[1], ... */
#define SERIES 6

/* (num/den)^power, or with minus_1 that less 1, to about 2^-57. */
static double power_of_ratio(double num, double den, double power, int minus_1) {
    int a, b;
    double f = frexp(num, &a) / frexp(den, &b);
    int k = a - b;
    if (f > 0x1.6a09e667f3bcdp+0) k += 1;
    else if (f < 0x1.6a09e667f3bcdp-1) k -= 1;
    num = ldexp(num, -k);
    dd s = dd_div(dd_sum(num, -den), dd_sum(num, den)); /* log f = 2 atanh s, |s| <= 0.172 */
    double y = s.hi * s.hi, q = 2.0 / 21.0 + y * (2.0 / 23.0);
    for (int i = 19; i >= 3; i -= 2) q = 2.0 / (double)i + y * q;
    dd x = dd_fast_sum(2.0 * s.hi, 2.0 * s.lo + s.hi * y * q);
    if (k) x = dd_add(dd_scale(DD_LN2, (double)k), x);
    x = dd_scale(x, power);
    if (x.hi < -700.0) return minus_1 ? -1.0 : 0.0;
    double turns = nearbyint(x.hi * LOG2_E);
    dd r = dd_add(x, dd_neg(dd_scale(DD_LN2, turns)));
    double e = r.hi + (r.lo + (r.hi * r.hi) * exp_tail(r.hi)), scale = ldexp(1.0, (int)turns);
    return minus_1 ? (scale - 1.0) + scale * e : scale + scale * e;
}

/* d (n/m)^c0 */
static double power_value(double n, const cs_half *h) {
    return h->a + (n > 0.0 ? h->d * power_of_ratio(n, h->m, h->c[0], 0) : 0.0);
}
static void power_series(double n, const cs_half *h, double *s) {
    s[0] = h->d * power_of_ratio(n, h->m, h->c[0], 0);
    for (int i = 1; i <= SERIES; i++) s[i] = s[i - 1] * ((h->c[0] - (double)(i - 1)) / ((double)i * n));
}
/* d (1 - (1 - n/m)^c0) */
static double power_mirror_value(double n, const cs_half *h) {
    return h->a + (n < h->m ? h->d * -power_of_ratio(h->m - n, h->m, h->c[0], 1) : h->d);
}
static void power_mirror_series(double n, const cs_half *h, double *s) {
    double w = -power_of_ratio(h->m - n, h->m, h->c[0], 1), term = h->d * (w - 1.0);
    s[0] = h->d * w;
    for (int i = 1; i <= SERIES; i++)
        s[i] = term = -term * ((h->c[0] - (double)(i - 1)) / ((double)i * (h->m - n)));
}

/* Series of sqrt(g0 + g1 x + g2 x^2), g0 > 0: from the square of the series. */
static void root_of_quadratic(double g0, double g1, double g2, double *s) {
    s[0] = sqrt(g0);
    double inverse = 0.5 / s[0];
    for (int k = 1; k <= SERIES; k++) {
        double rest = k == 1 ? g1 : k == 2 ? g2 : 0.0;
        for (int i = 1; i < k; i++) rest -= s[i] * s[k - i];
        s[k] = rest * inverse;
    }
}
static void scaled_series(double *s, double factor) {
    for (int i = 1; i <= SERIES; i++) s[i] *= factor;
}

CS_INLINE double root_value(double n, const cs_half *h) { return h->a + h->d * sqrt(n / h->m); }

static void root_series(double n, const cs_half *h, double *s) {
    root_of_quadratic(n / h->m, 1.0 / h->m, 0.0, s);
    s[0] *= h->d;
    scaled_series(s, h->d);
}
CS_INLINE double root_mirror_value(double n, const cs_half *h) { /* 1 - sqrt(1-z) */
    return h->a + h->d * ((n / h->m) / (1.0 + sqrt((h->m - n) / h->m)));
}
static void root_mirror_series(double n, const cs_half *h, double *s) {
    root_of_quadratic((h->m - n) / h->m, -1.0 / h->m, 0.0, s);
    s[0] = h->d * ((n / h->m) / (1.0 + s[0]));
    scaled_series(s, -h->d);
}
CS_INLINE double elliptic_value(double n, const cs_half *h) { /* sqrt(1 - (1-z)^2), c0 = m^2 */
    return h->a + h->d * sqrt((n * (2.0 * h->m - n)) / h->c[0]);
}
static void elliptic_series(double n, const cs_half *h, double *s) {
    double c = h->c[0];
    root_of_quadratic((n * (2.0 * h->m - n)) / c, 2.0 * (h->m - n) / c, -1.0 / c, s);
    s[0] *= h->d;
    scaled_series(s, h->d);
}
CS_INLINE double elliptic_mirror_value(double n, const cs_half *h) { /* 1 - sqrt(1-z^2) */
    double y = (n * n) / h->c[0];
    return h->a + h->d * (y / (1.0 + sqrt((h->m - n) * (h->m + n) / h->c[0])));
}
static void elliptic_mirror_series(double n, const cs_half *h, double *s) {
    double c = h->c[0];
    root_of_quadratic((h->m - n) * (h->m + n) / c, -2.0 * n / c, -1.0 / c, s);
    s[0] = h->d * ((n * n) / c / (1.0 + s[0]));
    scaled_series(s, -h->d);
}

/* With A = c0 + c1 (c4 + c5 n), a sum of positive terms: d w = c2 n / (A + c3 sqrt A), which is a
   constant less c6 / sqrt A. */
CS_INLINE double inverse_sqrt_value(double n, const cs_half *h) {
    double A = h->c[0] + h->c[1] * (h->c[4] + h->c[5] * n);
    return h->a + (h->c[2] * n) / (A + h->c[3] * sqrt(A));
}
static void inverse_sqrt_series(double n, const cs_half *h, double *s) {
    double A = h->c[0] + h->c[1] * (h->c[4] + h->c[5] * n), root = sqrt(A);
    double ratio = h->c[1] * h->c[5] / A, term = -h->c[6] / root;
    s[0] = (h->c[2] * n) / (A + h->c[3] * root);
    for (int i = 1; i <= SERIES; i++) s[i] = term = -term * ratio * (((double)i - 0.5) / (double)i);
}

#define SUPERBLOCK 512 /* samples; the blocks in one are alike: of one value, of 64 or of 512 */

typedef struct {
    double size; /* samples a block; 0: values by themselves */
    int brief;   /* degree 4 will do: the singularity is 8192 blocks away */
} cs_blocks;

/* The blocks of the superblock that begins at x. In the first one, where w is small beside the terms
   of its series, values are computed by themselves. */
CS_INLINE cs_blocks series_blocks(double x, const cs_half *h) {
    double a = h->near + h->slope * (h->base + h->stride * x), b = a + h->slope * h->stride * SUPERBLOCK;
    double distance = x < SUPERBLOCK ? 0.0 : (a < b ? a : b) / h->stride;
    cs_blocks made;
    made.size = distance >= 256.0 * 512.0 ? 512.0 : distance >= 256.0 * 64.0 ? 64.0 : 0.0;
    made.brief = distance >= 8192.0 * made.size;
    return made;
}
typedef struct { double s0, s1, s2, s3, s4, s5, s6; } cs_series;
CS_INLINE cs_series series_of(const double *s) {
    cs_series c = {s[0], s[1], s[2], s[3], s[4], s[5], s[6]};
    return c;
}
CS_INLINE double series_brief(cs_series c, double x) {
    return c.s0 + x * (c.s1 + x * (c.s2 + x * (c.s3 + x * c.s4)));
}
CS_INLINE double series_full(cs_series c, double x) {
    return c.s0 + x * (c.s1 + x * (c.s2 + x * (c.s3 + x * (c.s4 + x * (c.s5 + x * c.s6)))));
}

#define CS_DIRECT_KERNELS(K) \
    K(constant) K(power2) K(power2_mirror) K(power3) K(power3_mirror) K(rex) K(cosine_power) \
    K(cosine_power_mirror)
#define CS_BLOCK_KERNELS(K) K(linear) K(sin2) K(exponential) K(expm1) K(sigmoid)
#define CS_SERIES_KERNELS(K) \
    K(root) K(root_mirror) K(elliptic) K(elliptic_mirror) K(inverse_sqrt) K(power) \
    K(power_mirror)
#define CS_KERNELS(K) CS_DIRECT_KERNELS(K) CS_BLOCK_KERNELS(K) CS_SERIES_KERNELS(K)
