/* Kernels in series whose values go through double-double: powers, logarithms, and what is made of
   them. A value takes 0.1 to 3 us, so they ask for long blocks (costly = 1).

   _value gives one value; _series the Taylor coefficients of d w: the first is the value, the others
   only carry the way to the neighbours and are taken in double, by the recurrences for powers,
   exponentials and sines of power series (Knuth, The Art of Computer Programming 2, 4.7). */

#define TERMS 7
typedef struct { double s[TERMS]; } cs_jet;

static cs_series jet_series(cs_jet j, double factor, double s0) {
    cs_series c = {j.s[0], j.s[1], j.s[2], j.s[3], j.s[4], j.s[5], j.s[6]};
    return scaled(c, factor, s0);
}
/* u^p, where u[0]^p is known */
static cs_jet jet_power(cs_jet u, double p, double first) {
    cs_jet r = {{first}};
    for (int k = 1; k < TERMS; k++) {
        for (int i = 1; i <= k; i++) r.s[k] += ((double)i * p - (double)(k - i)) * u.s[i] * r.s[k - i];
        r.s[k] /= (double)k * u.s[0];
    }
    return r;
}
/* exp(u), where exp(u[0]) is known */
static cs_jet jet_exp(cs_jet u, double first) {
    cs_jet r = {{first}};
    for (int k = 1; k < TERMS; k++) {
        for (int i = 1; i <= k; i++) r.s[k] += (double)i * u.s[i] * r.s[k - i];
        r.s[k] /= (double)k;
    }
    return r;
}
/* sin(u), where sine and cosine of u[0] are known; from cosine and -sine, cos(u) */
static cs_jet jet_sine(cs_jet u, double sine, double cosine) {
    cs_jet s = {{sine}}, c = {{cosine}};
    for (int k = 1; k < TERMS; k++) {
        for (int i = 1; i <= k; i++) {
            s.s[k] += (double)i * u.s[i] * c.s[k - i];
            c.s[k] -= (double)i * u.s[i] * s.s[k - i];
        }
        s.s[k] /= (double)k, c.s[k] /= (double)k;
    }
    return s;
}
/* (n + sign x)^p, scaled so that it is `first` at x = 0 */
static cs_jet jet_of_power(double n, double sign, double p, double first) {
    cs_jet line = {{n, sign}};
    return jet_power(line, p, first);
}

/* --- (n/m)^power, c0 = power, and its mirror --------------------------------------------------- */

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

static double power_value(double n, const cs_half *h) {
    return h->a + (n > 0.0 ? h->d * power_of_ratio(n, h->m, h->c[0], 0) : 0.0);
}
static cs_series power_series(double n, const cs_half *h) {
    double w = power_of_ratio(n, h->m, h->c[0], 0);
    return jet_series(jet_of_power(n, 1.0, h->c[0], w), h->d, h->d * w);
}
static double power_mirror_value(double n, const cs_half *h) {
    return h->a + (n < h->m ? h->d * -power_of_ratio(h->m - n, h->m, h->c[0], 1) : h->d);
}
static cs_series power_mirror_series(double n, const cs_half *h) {
    double w = -power_of_ratio(h->m - n, h->m, h->c[0], 1);
    return jet_series(jet_of_power(h->m - n, -1.0, h->c[0], 1.0 - w), -h->d, h->d * w);
}

/* --- Powers of a cosine or a line, read at z^k -------------------------------------------------- */

/* c0 = power, c1 = k, c2 = 1 for (cos^2(pi z^k / 2))^power, 0 for (1 - z^k)^power */

static double exp_of_dd(dd x) { return x.hi < -700.0 ? 0.0 : dd_exp(x).hi; }
static double minus_expm1_of_dd(dd x) { return x.hi < -700.0 ? 1.0 : -dd_expm1(x).hi; }

/* z^k, at distance n from the start */
static dd warped(double n, const cs_half *h) {
    dd z = dd_div(dd_of(n), dd_of(h->m));
    if (h->c[1] == 1.0 || n <= 0.0) return z;
    dd x = dd_scale(dd_log_ratio(dd_of(n), dd_of(h->m)), h->c[1]);
    return x.hi < -700.0 ? dd_of(0.0) : dd_exp(x);
}
/* 1 - z^k, at distance n from the end */
static dd warped_rest(double n, const cs_half *h) {
    dd z = dd_div(dd_of(n), dd_of(h->m));
    if (h->c[1] == 1.0 || n >= h->m) return z;
    dd x = dd_scale(dd_log1p(dd_neg(z)), h->c[1]);
    return x.hi < -700.0 ? dd_of(1.0) : dd_neg(dd_expm1(x));
}

/* w from the end: rest^power or sin^2(pi rest / 2)^power */
static double warped_end_w(dd rest, const cs_half *h) {
    dd base = h->c[2] != 0.0 ? dd_sin2_quarter(rest) : rest;
    if (base.hi <= 0.0) return 0.0;
    return h->c[0] == 1.0 ? base.hi : exp_of_dd(dd_scale(dd_log_ratio(base, dd_of(1.0)), h->c[0]));
}
static double warped_end_value(double n, const cs_half *h) {
    return h->a + h->d * warped_end_w(warped_rest(n, h), h);
}
static cs_series warped_end_series(double n, const cs_half *h) {
    dd rest = warped_rest(n, h);
    double w = warped_end_w(rest, h), power = h->c[0];
    cs_jet u = jet_of_power(h->m - n, -1.0, h->c[1], 1.0 - rest.hi);
    for (int k = 1; k < TERMS; k++) u.s[k] = -u.s[k];
    u.s[0] = rest.hi;
    if (h->c[2] != 0.0) {
        for (int k = 0; k < TERMS; k++) u.s[k] *= DD_PI_2.hi;
        double sine2 = dd_sin2_quarter(rest).hi;
        u = jet_sine(u, sqrt(sine2), sqrt(1.0 - sine2));
        power *= 2.0;
    }
    return jet_series(jet_power(u, power, w), h->d, h->d * w);
}

/* w from the start: 1 - (1 - elapsed)^power or 1 - cos^2(pi elapsed / 2)^power */
static double warped_start_w(dd elapsed, const cs_half *h) {
    dd fall = h->c[2] != 0.0 ? dd_sin2_quarter(elapsed) : elapsed;
    if (h->c[0] == 1.0) return fall.hi;
    dd rest = dd_add(dd_of(1.0), dd_neg(fall)); /* positive where fall.hi rounds to 1 */
    if (rest.hi <= 0.0) return 1.0;
    return minus_expm1_of_dd(dd_scale(dd_log1p(dd_neg(fall)), h->c[0]));
}
static double warped_start_value(double n, const cs_half *h) {
    return h->a + h->d * warped_start_w(warped(n, h), h);
}
static cs_series warped_start_series(double n, const cs_half *h) {
    dd elapsed = warped(n, h);
    double w = warped_start_w(elapsed, h), power = h->c[0];
    cs_jet u = jet_of_power(n, 1.0, h->c[1], elapsed.hi);
    if (h->c[2] != 0.0) {
        for (int k = 0; k < TERMS; k++) u.s[k] *= DD_PI_2.hi;
        dd rest = dd_add(dd_of(1.0), dd_neg(elapsed));
        u = jet_sine(u, sqrt(dd_sin2_quarter(rest).hi), -sqrt(dd_sin2_quarter(elapsed).hi));
        power *= 2.0;
    } else {
        for (int k = 1; k < TERMS; k++) u.s[k] = -u.s[k];
        u.s[0] = (1.0 - elapsed.hi) - elapsed.lo;
    }
    return jet_series(jet_power(u, power, 1.0 - w), -h->d, h->d * w);
}

/* --- Powers and logarithms of A = 1 + (c1 + c2) n/m ---------------------------------------------- */

/* A is 0 at a distance of c4 + (c5 + c6 n) steps, a sum of positive terms. */

static dd log_of_line(double n, const cs_half *h) {
    dd slope = {h->c[1], h->c[2]};
    return dd_log1p(dd_mul(slope, dd_div(dd_of(n), dd_of(h->m))));
}
static double line_rest(double n, const cs_half *h) { return h->c[4] + (h->c[5] + h->c[6] * n); }

/* d w = c3 (A^c0 - 1) */
static double line_power_value(double n, const cs_half *h) {
    return h->a + h->c[3] * -minus_expm1_of_dd(dd_scale(log_of_line(n, h), h->c[0]));
}
static cs_series line_power_series(double n, const cs_half *h) {
    double w = -minus_expm1_of_dd(dd_scale(log_of_line(n, h), h->c[0]));
    return jet_series(jet_of_power(line_rest(n, h), h->c[6], h->c[0], 1.0 + w), h->c[3], h->c[3] * w);
}

/* d w = c3 log A */
static double line_log_value(double n, const cs_half *h) { return h->a + h->c[3] * log_of_line(n, h).hi; }
static cs_series line_log_series(double n, const cs_half *h) {
    cs_jet j = {{0.0}};
    double q = h->c[6] / line_rest(n, h), power = -1.0; /* log(1 + q x) = q x - (q x)^2 / 2 + ... */
    for (int k = 1; k < TERMS; k++) power *= -q, j.s[k] = power / (double)k;
    return jet_series(j, h->c[3], h->c[3] * log_of_line(n, h).hi);
}

/* --- Exponentials of a hyperbola ----------------------------------------------------------------- */

/* value = a exp((c1 + c2) f), f = sqrt(y (2u - 2 + y) / (2u - 1)), y = n/m, u = c0, from the end, and
   1 - sqrt((1 - y) (2u - 1 - y) / (2u - 1)) = y (2u - y) / (2u - 1) / (1 + sqrt(...)) from the start */

static dd hyperbola_square(dd y, double u, double twice) { /* y (2u - twice + y) / (2u - 1) */
    dd top = dd_mul(y, dd_add(dd_sum(2.0 * u, -twice), y));
    return dd_div(top, dd_sum(2.0 * u, -1.0));
}
static dd exp_hyperbola_f(double n, const cs_half *h, int from_start) {
    double u = h->c[0];
    if (!from_start) return dd_sqrt(hyperbola_square(dd_div(dd_of(n), dd_of(h->m)), u, 2.0));
    dd y = dd_div(dd_of(n), dd_of(h->m)), rest = dd_div(dd_of(h->m - n), dd_of(h->m));
    dd fall = dd_div(dd_mul(y, dd_add(dd_of(2.0 * u), dd_neg(y))), dd_sum(2.0 * u, -1.0));
    return dd_div(fall, dd_add(dd_of(1.0), dd_sqrt(hyperbola_square(rest, u, 2.0))));
}
static double exp_hyperbola_w(dd f, const cs_half *h) { /* value / a - 1 */
    dd rate = {h->c[1], h->c[2]};
    return -minus_expm1_of_dd(dd_mul(rate, f));
}
static cs_series exp_hyperbola_any(double n, const cs_half *h, int from_start) {
    double u = h->c[0], over = 1.0 / ((2.0 * u - 1.0) * h->m * h->m);
    double y = from_start ? h->m - n : n, sign = from_start ? -1.0 : 1.0;
    double w = exp_hyperbola_w(exp_hyperbola_f(n, h, from_start), h);
    double far = (2.0 * u - 2.0) * h->m;
    cs_jet g = {{y * (far + y) * over, sign * (far + 2.0 * y) * over, over}};
    g = jet_power(g, 0.5, sqrt(g.s[0]));
    for (int k = 1; k < TERMS; k++) g.s[k] *= sign * h->c[1];
    return jet_series(jet_exp(g, 1.0 + w), h->a, h->a * w);
}
static double exp_hyperbola_value(double n, const cs_half *h) {
    return h->a + h->a * exp_hyperbola_w(exp_hyperbola_f(n, h, 0), h);
}
static cs_series exp_hyperbola_series(double n, const cs_half *h) { return exp_hyperbola_any(n, h, 0); }
static double exp_hyperbola_mirror_value(double n, const cs_half *h) {
    return h->a + h->a * exp_hyperbola_w(exp_hyperbola_f(n, h, 1), h);
}
static cs_series exp_hyperbola_mirror_series(double n, const cs_half *h) {
    return exp_hyperbola_any(n, h, 1);
}

#define CS_COSTLY_SERIES(K) \
    K(power) K(power_mirror) K(warped_end) K(warped_start) K(line_power) K(line_log) \
    K(exp_hyperbola) K(exp_hyperbola_mirror)
