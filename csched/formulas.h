/* The formulas: one function per kernel, w(n) or the value itself at distance n from the end that
   a half phase is anchored at. Included once per CPU variant (loops.h) and once for scalar calls.

   a) Only + - * / and sqrt, which IEEE 754 rounds exactly: with contraction off every compiler
      and every CPU gives the same bits, and no library function can change them.
   b) Sums of terms of one sign, or a term that is small beside the other: no cancellation. The
      forms usually printed, 1 - z or (1 + cos(pi z))/2, lose every digit near the end.
   c) No branches and no tables, so that a compiler turns the loops into vectors. */

#define SIN2_0 0x1.3bd3cc9be45dep+1 /* sin^2(pi z/2) / z^2 in y = z^2 on [0, 1/4]: interpolation */
#define SIN2_0_LOW 0x1.690d369d7ff1cp-53 /* in Chebyshev nodes, relative error 2^-65 */
#define SIN2_1 -0x1.03c1f081b5ac4p+1
#define SIN2_2 0x1.55d3c7e3cbfdap-1
#define SIN2_3 -0x1.e1f50689191cbp-4
#define SIN2_4 0x1.a6d1f2a05f609p-7
#define SIN2_5 -0x1.f9d38906e2150p-11
#define SIN2_6 0x1.b6e1cdea474b9p-15
#define SIN2_7 -0x1.20a61e049e33fp-19
#define SIN2_8 0x1.2175e33b10f9dp-24

#define LN2_HIGH 0x1.62e42fee00000p-1 /* 32 bits, so that k * LN2_HIGH is exact */
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LOG2_E 0x1.71547652b82fep+0
#define ROUND 0x1.8p+52 /* adding it rounds to an integer, held in the low bits */

typedef struct { double scale, e; } exp_parts;

/* exp(x) = scale (1 + e) at x = n (c[0] + c[1]), where n c[0] is exact: cs_prepare gives c[0]
   as few bits as n has to spare. |e| <= 0.42. */
static inline exp_parts exp_at(double n, const cs_half *h) {
    double x = n * h->c[0], x_low = n * h->c[1];
    double t = x * LOG2_E + ROUND, k = t - ROUND;
    double r = (x - k * LN2_HIGH) + (x_low - k * LN2_LOW);
    double q = 0x1.af4e554377204p-26 + r * 0x1.1f7340dbc337ep-29;
    q = 0x1.27e4db46cddd1p-22 + r * q;
    q = 0x1.71de01fdbf9cap-19 + r * q;
    q = 0x1.a01a01a6e1e2ap-16 + r * q;
    q = 0x1.a01a01abf85abp-13 + r * q;
    q = 0x1.6c16c16c162c3p-10 + r * q;
    q = 0x1.11111111100bep-7 + r * q;
    q = 0x1.5555555555556p-5 + r * q;
    q = 0x1.5555555555557p-3 + r * q;
    q = 0.5 + r * q;
    uint64_t bits;
    memcpy(&bits, &t, 8);
    bits = (bits << 52) + UINT64_C(0x3ff0000000000000);
    exp_parts p;
    memcpy(&p.scale, &bits, 8);
    p.e = r + (r * r) * q;
    return p;
}
static inline double expm1_of(exp_parts p) { return (p.scale - 1.0) + p.scale * p.e; }

static inline double constant_value(double n, const cs_half *h) { (void)n; return h->a; }

static inline double linear_value(double n, const cs_half *h) { return h->a + h->d * (n / h->m); }

static inline double power2_value(double n, const cs_half *h) {
    return h->a + h->d * ((n * n) / h->c[0]); /* c0 = m^2 */
}
static inline double power2_mirror_value(double n, const cs_half *h) { /* 1 - (1-z)^2 = z (2 - z) */
    return h->a + h->d * ((n * (2.0 * h->m - n)) / h->c[0]);
}
static inline double power3_value(double n, const cs_half *h) {
    return h->a + h->d * ((n / h->m) * ((n * n) / h->c[0]));
}
static inline double power3_mirror_value(double n, const cs_half *h) { /* z (3 - z (3 - z)) */
    double z = n / h->m;
    return h->a + h->d * (z * (3.0 - z * (3.0 - z)));
}
static inline double root_value(double n, const cs_half *h) { return h->a + h->d * sqrt(n / h->m); }

static inline double root_mirror_value(double n, const cs_half *h) { /* 1 - sqrt(1-z) */
    return h->a + h->d * ((n / h->m) / (1.0 + sqrt((h->m - n) / h->m)));
}
static inline double elliptic_value(double n, const cs_half *h) { /* sqrt(1 - (1-z)^2) */
    return h->a + h->d * sqrt((n * (2.0 * h->m - n)) / h->c[0]);
}
static inline double elliptic_mirror_value(double n, const cs_half *h) { /* 1 - sqrt(1-z^2) */
    double y = (n * n) / h->c[0];
    return h->a + h->d * (y / (1.0 + sqrt((h->m - n) * (h->m + n) / h->c[0])));
}
static inline double sin2_value(double n, const cs_half *h) { /* sin^2(pi n / 2m), n <= m/2 */
    double y = (n * n) / h->c[0];
    double q = SIN2_7 + y * SIN2_8;
    q = SIN2_6 + y * q;
    q = SIN2_5 + y * q;
    q = SIN2_4 + y * q;
    q = SIN2_3 + y * q;
    q = SIN2_2 + y * q;
    q = SIN2_1 + y * q;
    return h->a + h->d * (y * (SIN2_0 + (SIN2_0_LOW + y * q)));
}
static inline double exponential_value(double n, const cs_half *h) {
    exp_parts p = exp_at(n, h);
    return h->a * (p.scale + p.scale * p.e);
}
static inline double expm1_value(double n, const cs_half *h) { /* c2 = 1 / expm1 at n = m */
    return h->a + h->d * (expm1_of(exp_at(n, h)) * h->c[2]);
}
static inline double sigmoid_value(double n, const cs_half *h) {
    /* c2 (1 - exp(-x)) / (1 + c3 exp(-x)), see prepare_tanh */
    exp_parts p = exp_at(n, h);
    return h->a + h->d * (h->c[2] * -expm1_of(p) / (1.0 + h->c[3] * (p.scale + p.scale * p.e)));
}
static inline double rex_value(double n, const cs_half *h) {
    /* c0 n / ((1-beta) m + beta r), r = distance from the end of the phase = c3 + c4 n */
    return h->a + h->d * ((h->c[0] * n) / (h->c[1] + h->c[2] * (h->c[3] + h->c[4] * n)));
}
static inline double inverse_sqrt_value(double n, const cs_half *h) {
    /* with A(z) = 1 + s z, a sum of positive terms: c2 (n/m) / (sqrt(A) (sqrt(A) + c3)) */
    double root = sqrt(h->c[0] + h->c[1] * ((h->c[4] + h->c[5] * n) / h->m));
    return h->a + h->d * ((h->c[2] * (n / h->m)) / (root * (root + h->c[3])));
}

/* General powers: accurate and scalar, hundreds of nanoseconds a value. */
static inline double power_value(double n, const cs_half *h) { /* (n/m)^c0 */
    double w = 0.0;
    if (n > 0.0) {
        dd x = dd_scale(dd_log_ratio(dd_of(n), dd_of(h->m)), h->c[0]);
        w = x.hi < -700.0 ? 0.0 : dd_exp(x).hi;
    }
    return h->a + h->d * w;
}
static inline double power_mirror_value(double n, const cs_half *h) { /* 1 - (1-n/m)^c0 */
    double w = 1.0;
    if (n < h->m) {
        dd x = dd_scale(dd_log_ratio(dd_of(h->m - n), dd_of(h->m)), h->c[0]);
        w = x.hi < -700.0 ? 1.0 : -dd_expm1(x).hi;
    }
    return h->a + h->d * w;
}
static inline double cosine_power_value(double n, const cs_half *h) { /* sin(pi n / 2m)^(2 c0) */
    double w = 0.0;
    if (n > 0.0) {
        dd x = dd_scale(dd_log_ratio(dd_sin2_quarter(n, h->m), dd_of(1.0)), h->c[0]);
        w = x.hi < -700.0 ? 0.0 : dd_exp(x).hi;
    }
    return h->a + h->d * w;
}
static inline double cosine_power_mirror_value(double n, const cs_half *h) { /* 1 - cos(...)^(2 c0) */
    double w = 1.0;
    if (n < h->m) {
        dd x = dd_scale(dd_log1p(dd_neg(dd_sin2_quarter(n, h->m))), h->c[0]);
        w = x.hi < -700.0 ? 1.0 : -dd_expm1(x).hi;
    }
    return h->a + h->d * w;
}

#define CS_KERNELS(K) \
    K(constant) K(linear) K(power2) K(power2_mirror) K(power3) K(power3_mirror) K(root) \
    K(root_mirror) K(elliptic) K(elliptic_mirror) K(sin2) K(exponential) K(expm1) K(sigmoid) \
    K(rex) K(inverse_sqrt) K(power) K(power_mirror) K(cosine_power) K(cosine_power_mirror)
