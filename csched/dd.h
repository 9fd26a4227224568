/* Double-double arithmetic with about 100 bits. Sums and products are inlined, also into the loops of
   powers.h; quotients, roots and what follows are for set-up.

   fma() is called by name, so the result is the exactly rounded one on every machine, with or
   without an instruction for it. Nothing here calls
   sin, exp, log or pow of the C library: those differ in the last bit between libraries and even
   between CPUs under one library, and csched promises the same bits everywhere. */
#ifndef CSCHED_DD_H
#define CSCHED_DD_H

#include <math.h>
#include <stdint.h>

/* Inlined into every loop, or the loop is not compiled for its CPU variant. */
#if defined(__GNUC__) || defined(__clang__)
#define CS_INLINE static inline __attribute__((always_inline))
#else
#define CS_INLINE static inline
#endif

typedef struct { double hi, lo; } dd;

CS_INLINE dd dd_of(double a) { dd r = {a, 0.0}; return r; }

CS_INLINE dd dd_fast_sum(double a, double b) { /* |a| >= |b| */
    dd r; r.hi = a + b; r.lo = b - (r.hi - a); return r;
}
CS_INLINE dd dd_sum(double a, double b) {
    dd r; r.hi = a + b;
    double t = r.hi - a;
    r.lo = (a - (r.hi - t)) + (b - t);
    return r;
}
CS_INLINE dd dd_prod(double a, double b) {
    dd r; r.hi = a * b; r.lo = fma(a, b, -r.hi); return r;
}
CS_INLINE dd dd_neg(dd a) { dd r = {-a.hi, -a.lo}; return r; }
CS_INLINE dd dd_add(dd a, dd b) {
    dd s = dd_sum(a.hi, b.hi), t = dd_sum(a.lo, b.lo);
    s = dd_fast_sum(s.hi, s.lo + t.hi);
    return dd_fast_sum(s.hi, s.lo + t.lo);
}
CS_INLINE dd dd_mul(dd a, dd b) {
    dd p = dd_prod(a.hi, b.hi);
    return dd_fast_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}
CS_INLINE dd dd_scale(dd a, double b) {
    dd p = dd_prod(a.hi, b);
    return dd_fast_sum(p.hi, p.lo + a.lo * b);
}
static inline dd dd_div(dd a, dd b) {
    double q = a.hi / b.hi;
    dd r = dd_add(a, dd_neg(dd_scale(b, q)));
    double q2 = r.hi / b.hi;
    r = dd_add(r, dd_neg(dd_scale(b, q2)));
    dd s = dd_fast_sum(q, q2);
    return dd_add(s, dd_of(r.hi / b.hi));
}
static inline dd dd_over(dd a, double b) {
    double q = a.hi / b;
    return dd_fast_sum(q, (fma(-q, b, a.hi) + a.lo) / b);
}
static inline dd dd_sqrt(dd a) {
    if (!(a.hi > 0.0)) return dd_of(0.0);
    double r = sqrt(a.hi);
    dd rest = dd_add(a, dd_neg(dd_prod(r, r)));
    return dd_fast_sum(r, rest.hi / (2.0 * r));
}

static const dd DD_LN2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
static const dd DD_PI_2 = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};

/* exp(x) = 2^k (1 + e), |log2 part| <= 1/2; Taylor series, 2^-105 at |r| <= 0.35. */
static inline dd dd_expm1_parts(dd x, double *two_to_k) {
    double k = nearbyint(x.hi / DD_LN2.hi);
    dd r = dd_add(x, dd_neg(dd_scale(DD_LN2, k)));
    dd term = r, sum = r;
    for (int i = 2; i <= 26; i++) {
        term = dd_over(dd_mul(term, r), (double)i);
        sum = dd_add(sum, term);
    }
    *two_to_k = ldexp(1.0, (int)k);
    return sum;
}
static inline dd dd_exp(dd x) { /* |x| <= 708 */
    double s;
    dd e = dd_expm1_parts(x, &s);
    e = dd_add(dd_of(1.0), e);
    dd r = {e.hi * s, e.lo * s};
    return r;
}
static inline dd dd_expm1(dd x) { /* relative accuracy also near 0 */
    double s;
    dd e = dd_expm1_parts(x, &s);
    if (s == 1.0) return e;
    dd r = {e.hi * s, e.lo * s};
    return dd_add(dd_of(s - 1.0), r);
}

static inline dd dd_atanh_series(dd s) { /* 2 atanh(s), |s| <= 0.1716: s^40 = 2^-101 */
    dd s2 = dd_mul(s, s), power = s, sum = s;
    for (int i = 3; i <= 41; i += 2) {
        power = dd_mul(power, s2);
        sum = dd_add(sum, dd_over(power, (double)i));
    }
    sum.hi *= 2.0;
    sum.lo *= 2.0;
    return sum;
}
/* log(num/den) for positive dd num, den, relative accuracy also where the ratio is near 1:
   with f = (num/den) 2^-k in [sqrt(1/2), sqrt(2)], log f = 2 atanh((num' - den)/(num' + den)). */
static inline dd dd_log_ratio(dd num, dd den) {
    int a, b;
    double f = frexp(num.hi, &a) / frexp(den.hi, &b);
    int k = a - b;
    if (f > 0x1.6a09e667f3bcdp+0) k += 1;
    else if (f < 0x1.6a09e667f3bcdp-1) k -= 1;
    num.hi = ldexp(num.hi, -k);
    num.lo = ldexp(num.lo, -k);
    dd sum = dd_atanh_series(dd_div(dd_add(num, dd_neg(den)), dd_add(num, den)));
    return k ? dd_add(dd_scale(DD_LN2, (double)k), sum) : sum;
}

static inline dd dd_log1p(dd x) { /* x > -1 */
    if (fabs(x.hi) > 0.25) return dd_log_ratio(dd_add(dd_of(1.0), x), dd_of(1.0));
    return dd_atanh_series(dd_div(x, dd_add(dd_of(2.0), x)));
}

#endif
