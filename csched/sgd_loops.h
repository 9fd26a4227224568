/* The loops of sgd.c for one type (REAL, FMA, SQRT, TYPE its suffix) and one CPU variant.

   No restrict: weights and gradients may be one array, and the compiler's own overlap check in
   front of each loop cannot be measured. */

#define CS_JOIN_(a, b, c) a##_##b##_##c
#define CS_JOIN(a, b, c) CS_JOIN_(a, b, c)
#define CS_LOCAL(name) CS_JOIN(name, TYPE, VARIANT)

#define RULE(NAME) \
    static void CS_LOCAL(NAME)(const cs_coefficients *c, int64_t n, void *weights, \
                               const void *gradients, void *first, void *second)
#define ARRAYS \
    REAL *w = weights, *m = first, *v = second; \
    const REAL *gradient = gradients; \
    const REAL clip = (REAL)c->clip, coupled = (REAL)c->coupled; \
    const REAL keep = (REAL)c->keep, rate = (REAL)c->rate
#define DECAYED FMA(coupled, w[i], clip * gradient[i])

RULE(plain) {
    ARRAYS;
    (void)m, (void)v;
    for (int64_t i = 0; i < n; i++) w[i] = FMA(rate, DECAYED, keep * w[i]);
}

RULE(momentum) {
    ARRAYS;
    (void)v;
    const REAL mu = (REAL)c->momentum, intake = (REAL)c->intake;
    for (int64_t i = 0; i < n; i++) {
        m[i] = FMA(intake, DECAYED, mu * m[i]);
        w[i] = FMA(rate, m[i], keep * w[i]);
    }
}

RULE(nesterov) {
    ARRAYS;
    (void)v;
    const REAL mu = (REAL)c->momentum, intake = (REAL)c->intake, direct = (REAL)c->direct;
    for (int64_t i = 0; i < n; i++) {
        const REAL g = DECAYED;
        m[i] = FMA(intake, g, mu * m[i]);
        w[i] = FMA(rate, FMA(mu, m[i], direct * g), keep * w[i]);
    }
}

/* m + intake (g - m) loses the small m near intake = 1: from 1/2 on it is taken from g's side. */
RULE(adam) {
    ARRAYS;
    const REAL intake = (REAL)c->intake;
    const int near_m = intake < (REAL)0.5;
    const REAL share = near_m ? intake : intake - (REAL)1.0;
    const REAL mu2 = (REAL)c->momentum2, intake2 = (REAL)c->intake2;
    const REAL root = (REAL)c->root, epsilon = (REAL)c->epsilon;
    for (int64_t i = 0; i < n; i++) {
        const REAL g = DECAYED;
        m[i] = FMA(share, g - m[i], near_m ? m[i] : g);
        v[i] = FMA(intake2 * g, g, mu2 * v[i]);
        w[i] = keep * w[i] + rate * m[i] / (SQRT(v[i]) / root + epsilon);
    }
}

/* 16 sums side by side, added up at the end: the same order in every variant. */
static double CS_LOCAL(squares)(int64_t n, const void *gradients) {
    const REAL *g = gradients;
    double sum[16] = {0.0}, total = 0.0;
    int64_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int j = 0; j < 16; j++) sum[j] += (double)g[i + j] * (double)g[i + j];
    for (; i < n; i++) sum[i % 16] += (double)g[i] * (double)g[i];
    for (int j = 0; j < 16; j++) total += sum[j];
    return total;
}

static const cs_loops CS_LOCAL(loops) = {
    {CS_LOCAL(plain), CS_LOCAL(momentum), CS_LOCAL(nesterov), CS_LOCAL(adam)}, CS_LOCAL(squares)};

#undef DECAYED
#undef ARRAYS
#undef RULE
#undef CS_LOCAL
#undef CS_JOIN
#undef CS_JOIN_
