/* Values and polynomials of profiles that take a few operations and at most one root a value.

   _value gives the value at distance n; _jet the Taylor coefficients of d w(n + step t) in t. */

/* --- Ratios ----------------------------------------------------------------------------------- */

/* w = c0 n / (c1 + c2 (c3 + c4 n)), a denominator of positive terms; c5 = d c0 (c1 + c2 c3) */
CS_INLINE double ratio_value(double n, const cs_half *h) {
    return fma(h->d, (h->c[0] * n) / fma(h->c[2], fma(h->c[4], n, h->c[3]), h->c[1]), h->a);
}
CS_INLINE cs_jet ratio_jet(double n, double step, const cs_half *h) {
    double inverse = 1.0 / (h->c[1] + h->c[2] * (h->c[3] + h->c[4] * n));
    double first = h->d * ((h->c[0] * n) * inverse);
    return jet_geometric(first, h->c[5] * inverse * inverse * step, -(h->c[2] * h->c[4]) * inverse * step);
}

/* The sigmoid of formulas.h in long phases. With e = exp(-c4 n) and f = 1 / (c3 + e), d w is
   c2 ((1 + c3) f - 1); and v = f over its value at t = 0 has the slope c4 v (1 - c v), c = c3 f there. */
CS_INLINE double logistic_value(double n, const cs_half *h) {
    exp_parts p = exp_at(n, h);
    return h->a + (-h->c[2] * expm1_of(p)) / (h->c[3] + exp_of(p));
}
CS_INLINE cs_jet logistic_jet(double n, double step, const cs_half *h) {
    exp_parts p = exp_at(n, h);
    double e = exp_of(p), f = 1.0 / (h->c[3] + e);
    cs_jet v = jet_of_logistic(e * f, h->c[4] * step, h->c[3] * f);
    return jet_times(v, h->c[2] * ((1.0 + h->c[3]) * f), -h->c[2] * expm1_of(p) * f);
}

/* --- Roots ------------------------------------------------------------------------------------ */

/* sqrt(z): c0 = d / sqrt(m) */
CS_INLINE double root_value(double n, const cs_half *h) { return h->a + h->c[0] * sqrt(n); }
CS_INLINE cs_jet root_jet(double n, double step, const cs_half *h) {
    return jet_of_power(n, step, 0.5, h->c[0] * sqrt(n));
}
/* 1 - sqrt(1-z) = n / (m + sqrt(m (m - n))); c0 = d / sqrt(m) */
CS_INLINE double root_mirror_value(double n, const cs_half *h) {
    return h->a + (h->d * n) / (h->m + sqrt(h->m * (h->m - n)));
}
CS_INLINE cs_jet root_mirror_jet(double n, double step, const cs_half *h) {
    double rest = h->m - n, first = (h->d * n) / (h->m + sqrt(h->m * rest));
    return jet_times(jet_of_power(rest, -step, 0.5, h->c[0] * sqrt(rest)), -1.0, first);
}
/* d w = c0 sqrt(n (c1 + c2 n)): a conic seen from its vertex */
CS_INLINE double conic_value(double n, const cs_half *h) {
    return h->a + h->c[0] * sqrt(n * (h->c[1] + h->c[2] * n));
}
CS_INLINE cs_jet conic_jet(double n, double step, const cs_half *h) {
    double square = n * (h->c[1] + h->c[2] * n), slope = h->c[1] + 2.0 * h->c[2] * n;
    return jet_of_root(square, slope * step, h->c[2] * step * step, h->c[0] * sqrt(square));
}
/* 1 less the same conic: with q = (m - n) (c0 + c1 n), w = 1 - sqrt(q / c2), where the square of the
   root lacks n (c4 + c1 n) / c2 of 1. c3 = sqrt(c2), c5 = d / c3. */
CS_INLINE double conic_mirror_value(double n, const cs_half *h) {
    double q = (h->m - n) * (h->c[0] + h->c[1] * n);
    return h->a + h->d * ((n * (h->c[4] + h->c[1] * n)) / (h->c[2] + h->c[3] * sqrt(q)));
}
CS_INLINE cs_jet conic_mirror_jet(double n, double step, const cs_half *h) {
    double square = (h->m - n) * (h->c[0] + h->c[1] * n), root = sqrt(square);
    double slope = -(h->c[4] + 2.0 * h->c[1] * n);
    cs_jet u = jet_of_root(square, slope * step, -h->c[1] * step * step, h->c[5] * root);
    return jet_times(u, -1.0, h->d * ((n * (h->c[4] + h->c[1] * n)) / (h->c[2] + h->c[3] * root)));
}

/* With A = c0 + c1 (c4 + c5 n), a sum of positive terms: d w = c2 n / (A + c3 sqrt A), which is a
   constant less c6 / sqrt A. */
CS_INLINE double inverse_sqrt_value(double n, const cs_half *h) {
    double A = h->c[0] + h->c[1] * (h->c[4] + h->c[5] * n);
    return h->a + (h->c[2] * n) / fma(h->c[3], sqrt(A), A);
}
CS_INLINE cs_jet inverse_sqrt_jet(double n, double step, const cs_half *h) {
    double A = h->c[0] + h->c[1] * (h->c[4] + h->c[5] * n), root = sqrt(A);
    cs_jet u = jet_of_power(A, h->c[1] * h->c[5] * step, -0.5, -h->c[6] / root);
    return jet_times(u, 1.0, (h->c[2] * n) / (A + h->c[3] * root));
}

#define CS_CHEAP_KERNELS(K) \
    K(ratio) K(logistic) K(root) K(root_mirror) K(conic) K(conic_mirror) K(inverse_sqrt)
