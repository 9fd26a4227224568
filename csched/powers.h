/* Kernels in series whose values go through double-double: powers, logarithms, and what is made of
   them. A value takes 2 to 16 ns in a vector, 0.1 to 0.3 us alone (quick.h), so they ask for long
   blocks (CS_COSTLY).

   _value gives one value; _series the Taylor coefficients of d w: the first is the value, the others
   only carry the way to the neighbours and are taken in double, by the recurrences for powers,
   exponentials and sines of power series (Knuth, The Art of Computer Programming 2, 4.7). */

#define TERMS 7 /* of a series */
typedef struct { double s[TERMS]; } cs_jet;

CS_INLINE cs_series jet_series(cs_jet j, double factor, double s0) {
    cs_series c = {j.s[0], j.s[1], j.s[2], j.s[3], j.s[4], j.s[5], j.s[6]};
    return scaled(c, factor, s0);
}
/* u^p, where u[0]^p is known */
CS_INLINE cs_jet jet_power(cs_jet u, double p, double first) {
#define TERM(k, i) ((double)(i) * p - (double)(k - i)) * u.s[i] * r.s[k - i]
    const double over = 1.0 / u.s[0];
    cs_jet r = {{first}};
    r.s[1] = TERM(1, 1) * over;
    r.s[2] = (TERM(2, 1) + TERM(2, 2)) * (over * (1.0 / 2.0));
    r.s[3] = (TERM(3, 1) + TERM(3, 2) + TERM(3, 3)) * (over * (1.0 / 3.0));
    r.s[4] = (TERM(4, 1) + TERM(4, 2) + TERM(4, 3) + TERM(4, 4)) * (over * (1.0 / 4.0));
    r.s[5] = (TERM(5, 1) + TERM(5, 2) + TERM(5, 3) + TERM(5, 4) + TERM(5, 5)) * (over * (1.0 / 5.0));
    r.s[6] = (TERM(6, 1) + TERM(6, 2) + TERM(6, 3) + TERM(6, 4) + TERM(6, 5) + TERM(6, 6)) *
             (over * (1.0 / 6.0));
    return r;
#undef TERM
}
/* i u_i times term k - i of exp, sine or cosine */
#define TERM(v, k, i) (double)(i) * u.s[i] * v.s[k - i]
#define TERMS_1(v) TERM(v, 1, 1)
#define TERMS_2(v) (TERM(v, 2, 1) + TERM(v, 2, 2)) * (1.0 / 2.0)
#define TERMS_3(v) (TERM(v, 3, 1) + TERM(v, 3, 2) + TERM(v, 3, 3)) * (1.0 / 3.0)
#define TERMS_4(v) (TERM(v, 4, 1) + TERM(v, 4, 2) + TERM(v, 4, 3) + TERM(v, 4, 4)) * (1.0 / 4.0)
#define TERMS_5(v) \
    (TERM(v, 5, 1) + TERM(v, 5, 2) + TERM(v, 5, 3) + TERM(v, 5, 4) + TERM(v, 5, 5)) * (1.0 / 5.0)
#define TERMS_6(v) \
    (TERM(v, 6, 1) + TERM(v, 6, 2) + TERM(v, 6, 3) + TERM(v, 6, 4) + TERM(v, 6, 5) + TERM(v, 6, 6)) * \
        (1.0 / 6.0)
/* exp(u), where exp(u[0]) is known */
CS_INLINE cs_jet jet_exp(cs_jet u, double first) {
    cs_jet r = {{first}};
    r.s[1] = TERMS_1(r), r.s[2] = TERMS_2(r), r.s[3] = TERMS_3(r);
    r.s[4] = TERMS_4(r), r.s[5] = TERMS_5(r), r.s[6] = TERMS_6(r);
    return r;
}
/* sin(u), where sine and cosine of u[0] are known; from cosine and -sine, cos(u) */
CS_INLINE cs_jet jet_sine(cs_jet u, double sine, double cosine) {
    cs_jet s = {{sine}}, c = {{cosine}};
    s.s[1] = TERMS_1(c), c.s[1] = -TERMS_1(s), s.s[2] = TERMS_2(c), c.s[2] = -TERMS_2(s);
    s.s[3] = TERMS_3(c), c.s[3] = -TERMS_3(s), s.s[4] = TERMS_4(c), c.s[4] = -TERMS_4(s);
    s.s[5] = TERMS_5(c), c.s[5] = -TERMS_5(s), s.s[6] = TERMS_6(c);
    return s;
}
/* A jet times `factor`, but for its first term. */
CS_INLINE cs_jet jet_times(cs_jet u, double factor, double first) {
    cs_jet r = {{first, factor * u.s[1], factor * u.s[2], factor * u.s[3], factor * u.s[4],
                 factor * u.s[5], factor * u.s[6]}};
    return r;
}
CS_INLINE cs_jet jet_pick(int first, cs_jet a, cs_jet b) {
    cs_jet r = {{first ? a.s[0] : b.s[0], first ? a.s[1] : b.s[1], first ? a.s[2] : b.s[2],
                 first ? a.s[3] : b.s[3], first ? a.s[4] : b.s[4], first ? a.s[5] : b.s[5],
                 first ? a.s[6] : b.s[6]}};
    return r;
}
/* (n + sign x)^p, scaled so that it is `first` at x = 0 */
CS_INLINE cs_jet jet_of_power(double n, double sign, double p, double first) {
    const double u = sign / n;
    cs_jet r = {{first}};
    r.s[1] = first * (p * u);
    r.s[2] = r.s[1] * ((p - 1.0) * (1.0 / 2.0) * u);
    r.s[3] = r.s[2] * ((p - 2.0) * (1.0 / 3.0) * u);
    r.s[4] = r.s[3] * ((p - 3.0) * (1.0 / 4.0) * u);
    r.s[5] = r.s[4] * ((p - 4.0) * (1.0 / 5.0) * u);
    r.s[6] = r.s[5] * ((p - 5.0) * (1.0 / 6.0) * u);
    return r;
}

/* --- (n/m)^power, c0 = power, and its mirror --------------------------------------------------- */

CS_INLINE double power_w(double n, const cs_half *h) {
    double w = quick_exp(dd_scale(quick_log(dd_of(n), dd_of(h->m), dd_sum(n, -h->m)), h->c[0]));
    return n > 0.0 ? w : 0.0;
}
CS_INLINE double power_value(double n, const cs_half *h) { return h->a + h->d * power_w(n, h); }
CS_INLINE cs_series power_series(double n, const cs_half *h) {
    double w = power_w(n, h);
    return jet_series(jet_of_power(n, 1.0, h->c[0], w), h->d, h->d * w);
}
CS_INLINE double power_mirror_w(double n, const cs_half *h) {
    double w = -quick_expm1(dd_scale(quick_log(dd_of(h->m - n), dd_of(h->m), dd_of(-n)), h->c[0]));
    return n < h->m ? w : 1.0;
}
CS_INLINE double power_mirror_value(double n, const cs_half *h) {
    return h->a + h->d * power_mirror_w(n, h);
}
CS_INLINE cs_series power_mirror_series(double n, const cs_half *h) {
    double w = power_mirror_w(n, h);
    return jet_series(jet_of_power(h->m - n, -1.0, h->c[0], 1.0 - w), -h->d, h->d * w);
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
CS_INLINE cs_series warped_end_series(double n, const cs_half *h) {
    dd rest = warped_rest(n, h);
    double w = warped_end_w(rest, h), sine2 = quick_sin2(rest).hi;
    int sine = h->c[2] != 0.0;
    cs_jet u = jet_of_power(h->m - n, -1.0, h->c[1], 1.0 - rest.hi);
    u = jet_times(u, -1.0, rest.hi);
    cs_jet v = jet_sine(jet_times(u, DD_PI_2.hi, 0.0), sqrt(sine2), sqrt(1.0 - sine2));
    u = jet_power(jet_pick(sine, v, u), sine ? 2.0 * h->c[0] : h->c[0], w);
    return jet_series(u, h->d, h->d * w);
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
CS_INLINE cs_series warped_start_series(double n, const cs_half *h) {
    dd elapsed = warped(n, h), rest = quick_add(dd_of(1.0), dd_neg(elapsed));
    double w = warped_start_w(elapsed, h);
    int sine = h->c[2] != 0.0;
    cs_jet u = jet_of_power(n, 1.0, h->c[1], elapsed.hi);
    cs_jet v = jet_sine(jet_times(u, DD_PI_2.hi, 0.0), sqrt(quick_sin2(rest).hi),
                        -sqrt(quick_sin2(elapsed).hi));
    u = jet_times(u, -1.0, rest.hi);
    u = jet_power(jet_pick(sine, v, u), sine ? 2.0 * h->c[0] : h->c[0], 1.0 - w);
    return jet_series(u, -h->d, h->d * w);
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
CS_INLINE cs_series line_power_series(double n, const cs_half *h) {
    double w = line_power_w(n, h);
    return jet_series(jet_of_power(line_rest(n, h), h->c[6], h->c[0], 1.0 + w), h->c[3], h->c[3] * w);
}

/* d w = c3 log A; log(1 + q x) = q x - (q x)^2 / 2 + ... */
CS_INLINE double line_log_value(double n, const cs_half *h) {
    return h->a + h->c[3] * log_of_line(n, h).hi;
}
CS_INLINE cs_series line_log_series(double n, const cs_half *h) {
    double q = h->c[6] / line_rest(n, h), q2 = q * q, q3 = q2 * q;
    cs_jet j = {{0.0, q, q2 * (-1.0 / 2.0), q3 * (1.0 / 3.0), q2 * q2 * (-1.0 / 4.0),
                 q2 * q3 * (1.0 / 5.0), q3 * q3 * (-1.0 / 6.0)}};
    return jet_series(j, h->c[3], h->c[3] * log_of_line(n, h).hi);
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
CS_INLINE cs_series exp_hyperbola_any(double n, const cs_half *h, int from_start) {
    double u = h->c[0], over = 1.0 / ((2.0 * u - 1.0) * h->m * h->m);
    double y = from_start ? h->m - n : n, sign = from_start ? -1.0 : 1.0;
    double w = exp_hyperbola_w(n, h, from_start), far = (2.0 * u - 2.0) * h->m;
    cs_jet g = {{y * (far + y) * over, sign * (far + 2.0 * y) * over, over}};
    g = jet_power(g, 0.5, sqrt(g.s[0]));
    return jet_series(jet_exp(jet_times(g, sign * h->c[1], 0.0), 1.0 + w), h->a, h->a * w);
}
CS_INLINE double exp_hyperbola_value(double n, const cs_half *h) {
    return h->a + h->a * exp_hyperbola_w(n, h, 0);
}
CS_INLINE cs_series exp_hyperbola_series(double n, const cs_half *h) { return exp_hyperbola_any(n, h, 0); }
CS_INLINE double exp_hyperbola_mirror_value(double n, const cs_half *h) {
    return h->a + h->a * exp_hyperbola_w(n, h, 1);
}
CS_INLINE cs_series exp_hyperbola_mirror_series(double n, const cs_half *h) {
    return exp_hyperbola_any(n, h, 1);
}

#define CS_COSTLY_SERIES(K) \
    K(power) K(power_mirror) K(warped_end) K(warped_start) K(line_power) K(line_log) \
    K(exp_hyperbola) K(exp_hyperbola_mirror)
