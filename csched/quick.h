/* Logarithm, exponential and sine to 58 bits or more, for the values of powers.h: the first terms of a
   series in double-double, the others in double, and no branch, so that loops become vectors. dd.h
   has 100 bits, for set-up, at 20 times the price.

   The largest errors of 20,000 draws: 2^-65 (a logarithm, absolute, beside the multiple of log 2),
   2^-62 (an exponential, relative) and 2^-58 (a squared sine, relative). The powers multiply them:
   a cosine to the power 100 is within 2 ulp. */

#define LN2_HIGH 0x1.62e42fee00000p-1 /* 32 bits, so that k * LN2_HIGH is exact */
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LOG2_E 0x1.71547652b82fep+0
#define ROUND 0x1.8p+52 /* adding it rounds to an integer, held in the low bits */

static const dd SIXTH = {0x1.5555555555555p-3, 0x1.5555555555555p-57};
static const dd TWO_THIRDS = {0x1.5555555555555p-1, 0x1.5555555555555p-55};

CS_INLINE uint64_t bits_of(double x) { uint64_t b; memcpy(&b, &x, 8); return b; }
CS_INLINE double of_bits(uint64_t b) { double x; memcpy(&x, &b, 8); return x; }

/* (exp(r) - 1 - r - r^2/2 - r^3/6) / r^4 and, in y = x^2, (sin x - x + x^3/6) / x^5 */
CS_INLINE double exp_rest(double r) {
    double q = 0x1.ae7f3e733b81fp-41;
    q = fma(r, q, 0x1.93974a8c07c9dp-37);
    q = fma(r, q, 0x1.6124613a86d09p-33);
    q = fma(r, q, 0x1.1eed8eff8d898p-29);
    q = fma(r, q, 0x1.ae64567f544e4p-26);
    q = fma(r, q, 0x1.27e4fb7789f5cp-22);
    q = fma(r, q, 0x1.71de3a556c734p-19);
    q = fma(r, q, 0x1.a01a01a01a01ap-16);
    q = fma(r, q, 0x1.a01a01a01a01ap-13);
    q = fma(r, q, 0x1.6c16c16c16c17p-10);
    q = fma(r, q, 0x1.1111111111111p-7);
    return fma(r, q, 0x1.5555555555555p-5);
}
CS_INLINE double sin_rest(double y) {
    double q = -0x1.2f49b46814157p-57;
    q = fma(y, q, 0x1.952c77030ad4ap-49);
    q = fma(y, q, -0x1.ae7f3e733b81fp-41);
    q = fma(y, q, 0x1.6124613a86d09p-33);
    q = fma(y, q, -0x1.ae64567f544e4p-26);
    q = fma(y, q, 0x1.71de3a556c734p-19);
    q = fma(y, q, -0x1.a01a01a01a01ap-13);
    return fma(y, q, 0x1.1111111111111p-7);
}

CS_INLINE dd quick_add(dd a, dd b) { /* |a| >= |b|, or a = 0 */
    dd s = dd_fast_sum(a.hi, b.hi);
    return dd_fast_sum(s.hi, s.lo + (a.lo + b.lo));
}
CS_INLINE dd quick_div(dd a, dd b) {
    double inverse = 1.0 / b.hi, q = a.hi * inverse;
    double rest = fma(-q, b.hi, a.hi) + fma(-q, b.lo, a.lo);
    return dd_fast_sum(q, rest * inverse);
}
CS_INLINE dd quick_sqrt(dd a) { /* 0 for 0 */
    double root = sqrt(a.hi), rest = fma(-root, root, a.hi) + a.lo;
    double low = rest * (0.5 / root);
    return dd_fast_sum(root, a.hi > 0.0 ? low : 0.0);
}

/* log(a/b), a and b positive, a - b given: with f = 2^-k a/b in [sqrt(1/2), sqrt(2)),
   log f = 2 atanh(s), s = (2^-k a - b) / (2^-k a + b), |s| <= 0.172. */
CS_INLINE dd quick_log(dd a, dd b, dd a_less_b) {
    uint64_t biased = (bits_of(a.hi / b.hi) + UINT64_C(0x3ff0000000000000) - UINT64_C(0x3fe6a09e667f3bcd)) >> 52;
    double k = of_bits(biased | UINT64_C(0x4330000000000000)) - (0x1p52 + 1023.0);
    double scale = of_bits((UINT64_C(2046) - biased) << 52);
    a.hi *= scale, a.lo *= scale;
    double high = k == 0.0 ? a_less_b.hi : a.hi - b.hi, low = k == 0.0 ? a_less_b.lo : a.lo - b.lo;
    dd sum = dd_sum(a.hi, b.hi);
    sum.lo += a.lo + b.lo;
    dd s = quick_div(dd_fast_sum(high, low), sum), y = dd_mul(s, s);
    double q = fma(y.hi, 2.0 / 23.0, 2.0 / 21.0);
    q = fma(y.hi, q, 2.0 / 19.0), q = fma(y.hi, q, 2.0 / 17.0), q = fma(y.hi, q, 2.0 / 15.0);
    q = fma(y.hi, q, 2.0 / 13.0), q = fma(y.hi, q, 2.0 / 11.0), q = fma(y.hi, q, 2.0 / 9.0);
    q = fma(y.hi, q, 2.0 / 7.0), q = fma(y.hi, q, 2.0 / 5.0);
    dd third = dd_fast_sum(TWO_THIRDS.hi, fma(y.hi, q, TWO_THIRDS.lo));
    dd tail = dd_mul(dd_mul(s, y), third), twice = {2.0 * s.hi, 2.0 * s.lo};
    return quick_add(dd_scale(DD_LN2, k), quick_add(twice, tail));
}
CS_INLINE dd quick_log1p(dd x) { return quick_log(dd_add(dd_of(1.0), x), dd_of(1.0), x); }

/* x - k log 2, |.| <= 0.35, and 2^k: 0 where x < -700. */
CS_INLINE dd quick_turns(dd x, double *two_to_k) {
    double t = x.hi * LOG2_E + ROUND, k = t - ROUND;
    double scale = of_bits((bits_of(t) << 52) + UINT64_C(0x3ff0000000000000));
    *two_to_k = x.hi < -700.0 ? 0.0 : scale;
    return dd_sum(x.hi - k * LN2_HIGH, x.lo - k * LN2_LOW);
}
/* exp(r) - 1 to 2^-57, for a result */
CS_INLINE double quick_small(dd r) {
    double tail = fma(r.hi, fma(r.hi, exp_rest(r.hi), SIXTH.hi), 0.5);
    return r.hi + fma(r.hi * r.hi, tail, r.lo);
}
/* exp(x) and exp(x) - 1, rounded */
CS_INLINE double quick_exp(dd x) {
    double scale;
    dd r = quick_turns(x, &scale);
    return fma(scale, quick_small(r), scale);
}
CS_INLINE double quick_expm1(dd x) {
    double scale;
    dd r = quick_turns(x, &scale);
    return fma(scale, quick_small(r), scale - 1.0);
}
/* exp(x) - 1 = (scale - 1) + scale e, for what goes on from there */
CS_INLINE dd quick_expm1_parts(dd x, double *scale) {
    dd r = quick_turns(x, scale);
    dd g = dd_fast_sum(SIXTH.hi, fma(r.hi, exp_rest(r.hi), SIXTH.lo));
    g = quick_add(dd_of(0.5), dd_mul(r, g));
    return quick_add(r, dd_mul(dd_mul(r, r), g));
}

/* sin^2(pi z / 2), 0 <= z <= 1 */
CS_INLINE dd quick_sin2(dd z) {
    dd rest = quick_add(dd_of(1.0), dd_neg(z));
    int beyond = z.hi > 0.5;
    dd near = {beyond ? rest.hi : z.hi, beyond ? rest.lo : z.lo};
    dd x = dd_mul(DD_PI_2, near), y = dd_mul(x, x);
    dd g = dd_fast_sum(-SIXTH.hi, fma(y.hi, sin_rest(y.hi), -SIXTH.lo));
    dd s = quick_add(x, dd_mul(dd_mul(x, y), g)), square = dd_mul(s, s);
    dd other = quick_add(dd_of(1.0), dd_neg(square));
    dd r = {beyond ? other.hi : square.hi, beyond ? other.lo : square.lo};
    return r;
}
