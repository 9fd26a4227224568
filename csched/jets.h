/* Taylor coefficients in t of functions of n + step t, and the recurrences for powers, exponentials and
   sines of power series (Knuth, The Art of Computer Programming 2, 4.7). The first coefficient is given,
   from double-double; the others only carry the way to the neighbours and are taken in double.

   Spelled out by macros: loops over the terms would keep the loops over pieces from becoming vectors. */

#define TERMS 11
typedef struct { double s[TERMS]; } cs_jet;

#define SUM_1(TERM, k) TERM(k, 1)
#define SUM_2(TERM, k) SUM_1(TERM, k) + TERM(k, 2)
#define SUM_3(TERM, k) SUM_2(TERM, k) + TERM(k, 3)
#define SUM_4(TERM, k) SUM_3(TERM, k) + TERM(k, 4)
#define SUM_5(TERM, k) SUM_4(TERM, k) + TERM(k, 5)
#define SUM_6(TERM, k) SUM_5(TERM, k) + TERM(k, 6)
#define SUM_7(TERM, k) SUM_6(TERM, k) + TERM(k, 7)
#define SUM_8(TERM, k) SUM_7(TERM, k) + TERM(k, 8)
#define SUM_9(TERM, k) SUM_8(TERM, k) + TERM(k, 9)
#define SUM_10(TERM, k) SUM_9(TERM, k) + TERM(k, 10)
#define EACH_TERM(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10)

/* A jet times `factor`, but for its first term. */
CS_INLINE cs_jet jet_times(cs_jet u, double factor, double first) {
#define STEP(k) u.s[k] *= factor;
    u.s[0] = first;
    EACH_TERM(STEP)
#undef STEP
    return u;
}
CS_INLINE cs_jet jet_pick(int first, cs_jet a, cs_jet b) {
#define STEP(k) a.s[k] = first ? a.s[k] : b.s[k];
    STEP(0) EACH_TERM(STEP)
#undef STEP
    return a;
}
/* (n + step t)^p, scaled so that it is `first` at t = 0 */
CS_INLINE cs_jet jet_of_power(double n, double step, double p, double first) {
#define STEP(k) r.s[k] = r.s[k - 1] * ((p - (double)(k - 1)) * (1.0 / (double)k) * u);
    const double u = step / n;
    cs_jet r = {{first}};
    EACH_TERM(STEP)
#undef STEP
    return r;
}
/* log(n + step t), but for its first term */
CS_INLINE cs_jet jet_of_log(double n, double step, double first) {
#define STEP(k) power *= -u, r.s[k] = power * (-1.0 / (double)k);
    const double u = step / n;
    double power = 1.0;
    cs_jet r = {{first}};
    EACH_TERM(STEP)
#undef STEP
    return r;
}
/* first + slope t (1 + q t + q^2 t^2 + ...) */
CS_INLINE cs_jet jet_geometric(double first, double slope, double q) {
#define STEP(k) r.s[k] = power, power *= q;
    double power = slope;
    cs_jet r = {{first}};
    EACH_TERM(STEP)
#undef STEP
    return r;
}
/* The root of g0 + g1 t + g2 t^2, scaled so that it is `first` at t = 0 */
CS_INLINE cs_jet jet_of_root(double g0, double g1, double g2, double first) {
#define STEP(k) \
    r.s[k] = ((1.5 - (double)(k)) * u1 * r.s[k - 1] + (3.0 - (double)(k)) * u2 * before) * (1.0 / (double)k); \
    before = r.s[k - 1];
    const double u1 = g1 / g0, u2 = g2 / g0;
    double before = 0.0;
    cs_jet r = {{first}};
    EACH_TERM(STEP)
#undef STEP
    return r;
}
/* v with v' = rate v (1 - c v) and v = 1 at t = 0; rest = 1 - c, given */
CS_INLINE cs_jet jet_of_logistic(double rest, double rate, double c) {
#define TERM(k, i) r.s[i] * r.s[k - i]
#define STEP(k) r.s[k + 1] = (r.s[k] - c * (SUM_##k(TERM, k) + r.s[k])) * (rate * (1.0 / (double)(k + 1)));
    cs_jet r = {{1.0, rate * rest}};
    STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7) STEP(8) STEP(9)
#undef STEP
#undef TERM
    return r;
}
/* u^p, where u[0]^p is known */
CS_INLINE cs_jet jet_power(cs_jet u, double p, double first) {
#define TERM(k, i) ((double)(i) * p - (double)(k - i)) * u.s[i] * r.s[k - i]
#define STEP(k) r.s[k] = (SUM_##k(TERM, k)) * (over * (1.0 / (double)k));
    const double over = 1.0 / u.s[0];
    cs_jet r = {{first}};
    EACH_TERM(STEP)
#undef STEP
#undef TERM
    return r;
}
/* exp(u), where exp(u[0]) is known */
CS_INLINE cs_jet jet_exp(cs_jet u, double first) {
#define TERM(k, i) (double)(i) * u.s[i] * r.s[k - i]
#define STEP(k) r.s[k] = (SUM_##k(TERM, k)) * (1.0 / (double)k);
    cs_jet r = {{first}};
    EACH_TERM(STEP)
#undef STEP
#undef TERM
    return r;
}
/* sin(u), where sine and cosine of u[0] are known; from cosine and -sine, cos(u) */
CS_INLINE cs_jet jet_sine(cs_jet u, double sine, double cosine) {
#define OF_SINE(k, i) (double)(i) * u.s[i] * c.s[k - i]
#define OF_COSINE(k, i) (double)(i) * u.s[i] * s.s[k - i]
#define STEP(k) \
    s.s[k] = (SUM_##k(OF_SINE, k)) * (1.0 / (double)k); \
    c.s[k] = (SUM_##k(OF_COSINE, k)) * (-1.0 / (double)k);
    cs_jet s = {{sine}}, c = {{cosine}};
    EACH_TERM(STEP)
#undef STEP
#undef OF_COSINE
#undef OF_SINE
    return s;
}
