/* Values and polynomials of profiles that take a few operations and at most one root a value.

   _value gives the value at distance n; _jet the Taylor coefficients of d w(n + step t) in t, the first
   one through double-double: a polynomial rounds once more than _value on its way. */

/* --- Ratios ----------------------------------------------------------------------------------- */

/* w = c0 n / (c1 + c2 (c3 + c4 n)), a denominator of positive terms; c5 = d c0 (c1 + c2 c3) */
CS_INLINE double ratio_value(double n, const cs_half *h) {
    return fma(h->d, (h->c[0] * n) / fma(h->c[2], fma(h->c[4], n, h->c[3]), h->c[1]), h->a);
}
CS_INLINE cs_jet ratio_jet(double n, double step, const cs_half *h) {
    dd line = dd_add(dd_of(h->c[1]), dd_prod(h->c[2], h->c[3] + h->c[4] * n));
    double inverse = 1.0 / line.hi;
    dd first = dd_scale(quick_div(dd_prod(h->c[0], n), line), h->d);
    return jet_geometric(first.hi, h->c[5] * inverse * inverse * step, -(h->c[2] * h->c[4]) * inverse * step);
}

/* The sigmoid of formulas.h in long phases; c5 and c6 are the low parts of c3 and c2. With
   e = exp(-c4 n) and f = 1 / (c3 + e), d w is c2 ((1 + c3) f - 1); and v = f over its value at t = 0
   has the slope c4 v (1 - c v), c = c3 f there. */
CS_INLINE double logistic_value(double n, const cs_half *h) {
    exp_parts p = exp_at(n, h);
    return h->a + (-h->c[2] * expm1_of(p)) / (h->c[3] + exp_of(p));
}
CS_INLINE cs_jet logistic_jet(double n, double step, const cs_half *h) {
    exp_pair p = exp_exactly(n, h);
    dd g = {h->c[3], h->c[5]}, minus_c2 = {-h->c[2], -h->c[6]}, e = p.exp, sum = dd_add(g, e);
    dd first = dd_mul(quick_div(p.expm1, sum), minus_c2);
    double f = 1.0 / sum.hi;
    cs_jet v = jet_of_logistic(e.hi * f, h->c[4] * step, h->c[3] * f);
    return jet_times(v, h->c[2] * ((1.0 + h->c[3]) * f), first.hi);
}

/* --- Roots ------------------------------------------------------------------------------------ */

/* sqrt(z): c0 = d / sqrt(m) */
CS_INLINE double root_value(double n, const cs_half *h) { return h->a + h->c[0] * sqrt(n); }
CS_INLINE cs_jet root_jet(double n, double step, const cs_half *h) {
    return jet_of_power(n, step, 0.5, dd_scale(quick_sqrt(dd_of(n)), h->c[0]).hi);
}
/* 1 - sqrt(1-z) = n / (m + sqrt(m (m - n))); c0 = d / sqrt(m) */
CS_INLINE double root_mirror_value(double n, const cs_half *h) {
    return h->a + (h->d * n) / (h->m + sqrt(h->m * (h->m - n)));
}
CS_INLINE cs_jet root_mirror_jet(double n, double step, const cs_half *h) {
    double rest = h->m - n;
    dd sum = dd_add(dd_of(h->m), quick_sqrt(dd_prod(h->m, rest)));
    dd first = dd_scale(quick_div(dd_of(n), sum), h->d);
    return jet_times(jet_of_power(rest, -step, 0.5, h->c[0] * sqrt(rest)), -1.0, first.hi);
}
/* d w = c0 sqrt(n (c1 m + c2 n)): a conic seen from its vertex */
CS_INLINE double conic_value(double n, const cs_half *h) {
    return fma(h->c[0], sqrt(n * fma(h->c[1], h->m, h->c[2] * n)), h->a);
}
CS_INLINE cs_jet conic_jet(double n, double step, const cs_half *h) {
    dd side = dd_prod(h->c[1], h->m), square = dd_scale(dd_add(side, dd_of(h->c[2] * n)), n);
    double slope = side.hi + 2.0 * h->c[2] * n, first = dd_scale(quick_sqrt(square), h->c[0]).hi;
    return jet_of_root(square.hi, slope * step, h->c[2] * step * step, first);
}
/* 1 less the same conic: with q = (m - n) (c0 m + c1 n), w = 1 - sqrt(q / c2), where the square of the
   root lacks n (c4 m + c1 n) / c2 of 1. c2 = c0 m^2, c3 = sqrt(c2), c5 = d / c3. */
CS_INLINE double conic_mirror_value(double n, const cs_half *h) {
    double q = (h->m - n) * fma(h->c[0], h->m, h->c[1] * n);
    return fma(h->d, (n * fma(h->c[4], h->m, h->c[1] * n)) / fma(h->c[3], sqrt(q), h->c[2]), h->a);
}
CS_INLINE cs_jet conic_mirror_jet(double n, double step, const cs_half *h) {
    dd side = dd_prod(h->c[0], h->m), other = dd_prod(h->c[4], h->m), part = dd_of(h->c[1] * n);
    dd square = dd_scale(dd_add(side, part), h->m - n), whole = dd_scale(side, h->m);
    dd sum = dd_add(whole, quick_sqrt(dd_mul(whole, square)));
    dd first = dd_scale(quick_div(dd_scale(dd_add(other, part), n), sum), h->d);
    double slope = -(other.hi + 2.0 * part.hi);
    cs_jet u = jet_of_root(square.hi, slope * step, -h->c[1] * step * step, h->c[5] * sqrt(square.hi));
    return jet_times(u, -1.0, first.hi);
}

/* With A = c0 + c1 (c4 + c5 n), a sum of positive terms: d w = c2 n / (A + c3 sqrt A), which is a
   constant less c6 / sqrt A. */
CS_INLINE double inverse_sqrt_value(double n, const cs_half *h) {
    double A = fma(h->c[1], h->c[4] + h->c[5] * n, h->c[0]);
    return fma(h->c[2], n / fma(h->c[3], sqrt(A), A), h->a);
}
CS_INLINE cs_jet inverse_sqrt_jet(double n, double step, const cs_half *h) {
    dd A = dd_add(dd_of(h->c[0]), dd_prod(h->c[1], h->c[4] + h->c[5] * n)), root = quick_sqrt(A);
    dd first = dd_scale(quick_div(dd_of(n), dd_add(A, dd_scale(root, h->c[3]))), h->c[2]);
    cs_jet u = jet_of_power(A.hi, h->c[1] * h->c[5] * step, -0.5, -h->c[6] / root.hi);
    return jet_times(u, 1.0, first.hi);
}

#define CS_CHEAP_KERNELS(K) \
    K(ratio) K(logistic) K(root) K(root_mirror) K(conic) K(conic_mirror) K(inverse_sqrt)
