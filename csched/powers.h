/* Values and polynomials of profiles that go through double-double: powers, logarithms, and what is
   made of them. A value takes 2 to 16 ns in a vector, 0.1 to 0.3 us alone (quick.h), so most of them
   are read from pieces (pieces.h).

   _value gives the value at distance n; _jet the Taylor coefficients of d w(n + step t) in t. */

/* --- (n/m)^power, c0 = power, and its mirror --------------------------------------------------- */

CS_INLINE double power_w(double n, const cs_half *h) {
    double w = quick_exp(dd_scale(quick_log(dd_of(n), dd_of(h->m), dd_sum(n, -h->m)), h->c[0]));
    return n > 0.0 ? w : 0.0;
}
CS_INLINE double power_value(double n, const cs_half *h) { return h->a + h->d * power_w(n, h); }
CS_INLINE cs_jet power_jet(double n, double step, const cs_half *h) {
    double w = power_w(n, h);
    return jet_times(jet_of_power(n, step, h->c[0], w), h->d, h->d * w);
}
CS_INLINE double power_mirror_w(double n, const cs_half *h) {
    double w = -quick_expm1(dd_scale(quick_log(dd_of(h->m - n), dd_of(h->m), dd_of(-n)), h->c[0]));
    return n < h->m ? w : 1.0;
}
CS_INLINE double power_mirror_value(double n, const cs_half *h) {
    return h->a + h->d * power_mirror_w(n, h);
}
CS_INLINE cs_jet power_mirror_jet(double n, double step, const cs_half *h) {
    double w = power_mirror_w(n, h);
    return jet_times(jet_of_power(h->m - n, -step, h->c[0], 1.0 - w), -h->d, h->d * w);
}

/* --- Powers of a cosine or a line, read at z^k -------------------------------------------------- */

/* c0 = power, c1 = k, c2 = 1 for (cos^2(pi z^k / 2))^power, 0 for (1 - z^k)^power */

/* Everything is taken, and what the arguments ask for is picked: a branch would keep loops from
   becoming vectors. */
CS_INLINE dd dd_pick(int first, dd a, dd b) {
    dd r = {first ? a.hi : b.hi, first ? a.lo : b.lo};
    return r;
}

/* z^k, at distance n from the start */
CS_INLINE dd warped(double n, const cs_half *h) {
    double scale;
    dd z = quick_div(dd_of(n), dd_of(h->m));
    dd x = dd_scale(quick_log(dd_of(n), dd_of(h->m), dd_sum(n, -h->m)), h->c[1]);
    dd power = quick_add(dd_of(1.0), quick_expm1_parts(x, &scale));
    power.hi *= scale, power.lo *= scale;
    return dd_pick(h->c[1] == 1.0, z, dd_pick(n > 0.0, power, dd_of(0.0)));
}
/* 1 - z^k, at distance n from the end */
CS_INLINE dd warped_rest(double n, const cs_half *h) {
    double scale;
    dd z = quick_div(dd_of(n), dd_of(h->m));
    dd x = dd_scale(quick_log(dd_of(h->m - n), dd_of(h->m), dd_of(-n)), h->c[1]);
    dd e = quick_expm1_parts(x, &scale), part = {-scale * e.hi, -scale * e.lo};
    dd fall = dd_pick(n < h->m, dd_add(dd_of(1.0 - scale), part), dd_of(1.0));
    return dd_pick(h->c[1] == 1.0, z, fall);
}

/* w from the end: rest^power or sin^2(pi rest / 2)^power */
CS_INLINE double warped_end_w(dd rest, const cs_half *h) {
    dd base = dd_pick(h->c[2] != 0.0, quick_sin2(rest), rest);
    dd x = dd_scale(quick_log(base, dd_of(1.0), quick_add(dd_of(-1.0), base)), h->c[0]);
    double w = base.hi > 0.0 ? quick_exp(x) : 0.0;
    return h->c[0] == 1.0 ? base.hi : w;
}
CS_INLINE double warped_end_value(double n, const cs_half *h) {
    return h->a + h->d * warped_end_w(warped_rest(n, h), h);
}
CS_INLINE cs_jet warped_end_jet(double n, double step, const cs_half *h) {
    dd rest = warped_rest(n, h);
    double w = warped_end_w(rest, h), sine2 = quick_sin2(rest).hi;
    int sine = h->c[2] != 0.0;
    cs_jet u = jet_of_power(h->m - n, -step, h->c[1], 1.0 - rest.hi);
    u = jet_times(u, -1.0, rest.hi);
    cs_jet v = jet_sine(jet_times(u, DD_PI_2.hi, 0.0), sqrt(sine2), sqrt(1.0 - sine2));
    u = jet_power(jet_pick(sine, v, u), sine ? 2.0 * h->c[0] : h->c[0], w);
    return jet_times(u, h->d, h->d * w);
}

/* w from the start: 1 - (1 - elapsed)^power or 1 - cos^2(pi elapsed / 2)^power */
CS_INLINE double warped_start_w(dd elapsed, const cs_half *h) {
    dd fall = dd_pick(h->c[2] != 0.0, quick_sin2(elapsed), elapsed);
    dd rest = quick_add(dd_of(1.0), dd_neg(fall)); /* positive where fall.hi rounds to 1 */
    double w = -quick_expm1(dd_scale(quick_log(rest, dd_of(1.0), dd_neg(fall)), h->c[0]));
    w = rest.hi > 0.0 ? w : 1.0;
    return h->c[0] == 1.0 ? fall.hi : w;
}
CS_INLINE double warped_start_value(double n, const cs_half *h) {
    return h->a + h->d * warped_start_w(warped(n, h), h);
}
CS_INLINE cs_jet warped_start_jet(double n, double step, const cs_half *h) {
    dd elapsed = warped(n, h), rest = quick_add(dd_of(1.0), dd_neg(elapsed));
    double w = warped_start_w(elapsed, h);
    int sine = h->c[2] != 0.0;
    cs_jet u = jet_of_power(n, step, h->c[1], elapsed.hi);
    cs_jet v = jet_sine(jet_times(u, DD_PI_2.hi, 0.0), sqrt(quick_sin2(rest).hi),
                        -sqrt(quick_sin2(elapsed).hi));
    u = jet_times(u, -1.0, rest.hi);
    u = jet_power(jet_pick(sine, v, u), sine ? 2.0 * h->c[0] : h->c[0], 1.0 - w);
    return jet_times(u, -h->d, h->d * w);
}

/* --- Powers and logarithms of A = 1 + (c1 + c2) n/m ---------------------------------------------- */

/* A is 0 at a distance of c4 + (c5 + c6 n) steps, a sum of positive terms. */

CS_INLINE dd log_of_line(double n, const cs_half *h) {
    dd slope = {h->c[1], h->c[2]};
    return quick_log1p(dd_mul(slope, quick_div(dd_of(n), dd_of(h->m))));
}
CS_INLINE double line_rest(double n, const cs_half *h) { return h->c[4] + (h->c[5] + h->c[6] * n); }

/* d w = c3 (A^c0 - 1) */
CS_INLINE double line_power_w(double n, const cs_half *h) {
    return quick_expm1(dd_scale(log_of_line(n, h), h->c[0]));
}
CS_INLINE double line_power_value(double n, const cs_half *h) {
    return h->a + h->c[3] * line_power_w(n, h);
}
CS_INLINE cs_jet line_power_jet(double n, double step, const cs_half *h) {
    double w = line_power_w(n, h);
    cs_jet u = jet_of_power(line_rest(n, h), h->c[6] * step, h->c[0], 1.0 + w);
    return jet_times(u, h->c[3], h->c[3] * w);
}

/* d w = c3 log A */
CS_INLINE double line_log_value(double n, const cs_half *h) {
    return fma(h->c[3], log_of_line(n, h).hi, h->a);
}
CS_INLINE cs_jet line_log_jet(double n, double step, const cs_half *h) {
    cs_jet u = jet_of_log(line_rest(n, h), h->c[6] * step, 0.0);
    return jet_times(u, h->c[3], dd_scale(log_of_line(n, h), h->c[3]).hi);
}

/* --- Exponentials of a hyperbola ----------------------------------------------------------------- */

/* value = a exp((c1 + c2) f), f = sqrt(y (2u - 2 + y) / (2u - 1)), y = n/m, u = c0, from the end, and
   1 - sqrt((1 - y) (2u - 1 - y) / (2u - 1)) = y (2u - y) / (2u - 1) / (1 + sqrt(...)) from the start */

CS_INLINE dd hyperbola_square(dd y, double u, double twice) { /* y (2u - twice + y) / (2u - 1) */
    dd top = dd_mul(y, dd_add(dd_sum(2.0 * u, -twice), y));
    return quick_div(top, dd_sum(2.0 * u, -1.0));
}
CS_INLINE dd exp_hyperbola_f(double n, const cs_half *h, int from_start) {
    double u = h->c[0];
    dd y = quick_div(dd_of(n), dd_of(h->m)), rest = quick_div(dd_of(h->m - n), dd_of(h->m));
    if (!from_start) return quick_sqrt(hyperbola_square(y, u, 2.0));
    dd fall = quick_div(dd_mul(y, dd_add(dd_of(2.0 * u), dd_neg(y))), dd_sum(2.0 * u, -1.0));
    return quick_div(fall, dd_add(dd_of(1.0), quick_sqrt(hyperbola_square(rest, u, 2.0))));
}
CS_INLINE double exp_hyperbola_w(double n, const cs_half *h, int from_start) { /* value / a - 1 */
    dd rate = {h->c[1], h->c[2]};
    return quick_expm1(dd_mul(rate, exp_hyperbola_f(n, h, from_start)));
}
CS_INLINE cs_jet exp_hyperbola_any(double n, double step, const cs_half *h, int from_start) {
    double u = h->c[0], over = 1.0 / ((2.0 * u - 1.0) * h->m * h->m);
    double y = from_start ? h->m - n : n, sign = from_start ? -1.0 : 1.0;
    double w = exp_hyperbola_w(n, h, from_start), far = (2.0 * u - 2.0) * h->m;
    double square = y * (far + y) * over, slope = sign * (far + 2.0 * y) * over;
    cs_jet g = jet_of_root(square, slope * step, over * step * step, sqrt(square));
    return jet_times(jet_exp(jet_times(g, sign * h->c[1], 0.0), 1.0 + w), h->a, h->a * w);
}
CS_INLINE double exp_hyperbola_value(double n, const cs_half *h) {
    return h->a + h->a * exp_hyperbola_w(n, h, 0);
}
CS_INLINE cs_jet exp_hyperbola_jet(double n, double step, const cs_half *h) {
    return exp_hyperbola_any(n, step, h, 0);
}
CS_INLINE double exp_hyperbola_mirror_value(double n, const cs_half *h) {
    return h->a + h->a * exp_hyperbola_w(n, h, 1);
}
CS_INLINE cs_jet exp_hyperbola_mirror_jet(double n, double step, const cs_half *h) {
    return exp_hyperbola_any(n, step, h, 1);
}

#define CS_COSTLY_KERNELS(K) \
    K(power) K(power_mirror) K(warped_end) K(warped_start) K(line_power) K(line_log) \
    K(exp_hyperbola) K(exp_hyperbola_mirror)
