/* From the arguments of a profile to the constants of its two halves: one function per row of
   profiles.def, in the same order. Included by kernels.c.

   Whatever is costly is done here, once, in double-double. Each function anchors the halves, sets
   what their kernels read, and returns where the value is half way between the ends, as a fraction
   of the phase: there the second half takes over. */

typedef struct { double start, end, m; } cs_ends;

static void anchor(cs_half *half, int kernel, double a, double b) {
    half->kernel = kernel;
    half->a = a;
    half->d = b - a;
    half->gain = 1.0;
}

static double prepare_constant(cs_phase *p, const double *arg, cs_ends e) {
    (void)arg;
    anchor(&p->half[0], KERNEL_constant, e.start, e.start);
    anchor(&p->half[1], KERNEL_constant, e.end, e.end);
    return 1.0; /* start on [0, 1), end at 1 */
}

/* Small blocks for short phases: a table of B entries has to pay for itself. */
static void set_block(cs_half *half, double m) {
    double samples = m / half->stride;
    half->block = samples < 2048.0 ? 32 : 64;
}

#define NOWHERE 1e300 /* the singularity of a kernel that has none */

/* One of the two places that limit the series: near + slope n steps away from distance n. */
static void limit(cs_half *half, int which, double near, double slope) {
    half->near[which] = near;
    half->slope[which] = slope;
}

/* exp and log, for the place of a split: an error moves it, but never to 0, where step 0 would lose
   its start. */
static double about_exp(double x) { return x < -700.0 ? 1e-300 : dd_exp(dd_of(x)).hi; }
static double about_log(double x) { return dd_log_ratio(dd_of(x), dd_of(1.0)).hi; }

/* The bound of pieces.h is for terms u^k; those of (1 + u)^power are less, or more, by the binomials,
   of which the first one left out counts: first = TERMS. Where (1 + u) has a factor besides, those
   before it count too. times: how much larger the terms are beside w. */
static void set_gain(cs_half *half, double power, int first, double times, double most) {
    double binomial = 1.0, sum = 0.0;
    for (int k = 1; k <= TERMS; k++) {
        binomial *= (power - (double)(k - 1)) / (double)k;
        sum += k < first ? 0.0 : fabs(binomial);
    }
    double term = sum * times;
    half->gain = term * most > 1.0 ? 1.0 / term : most;
}

/* w = (n/m)^power at the side `far`, and its mirror 1 - (1 - n/m)^power at the other. */
static double prepare_power(cs_phase *p, int far, double power, double a_far, double a_near, double m) {
    int kernel = KERNEL_power, mirror = KERNEL_power_mirror;
    double c = power;
    double z = power == 1.0 ? 0.5 : about_exp(-DD_LN2.hi / power); /* z^power = 1/2 */
    /* beside w >= least(1, power) n/m the terms of its mirror, (R/m)^power (y/R)^k, are the largest
       at the split, R = z m */
    double larger = power < 1.0 ? 0.5 / (power * z) : 1.0;
    if (power == 1.0) kernel = mirror = KERNEL_linear;
    else if (power == 2.0) kernel = KERNEL_power2, mirror = KERNEL_power2_mirror, c = m * m;
    else if (power == 3.0) kernel = KERNEL_power3, mirror = KERNEL_power3_mirror, c = m * m * m;
    else if (power == 0.5) kernel = KERNEL_root, mirror = KERNEL_root_mirror;
    anchor(&p->half[far], kernel, a_far, a_near);
    anchor(&p->half[1 - far], mirror, a_near, a_far);
    for (int side = 0; side < 2; side++) {
        cs_half *h = &p->half[side];
        h->costly = kernel == KERNEL_power;
        h->c[0] = kernel == KERNEL_root ? dd_div(dd_of(h->d), dd_sqrt(dd_of(m))).hi : c;
        if (kernel != KERNEL_power && kernel != KERNEL_root) set_block(h, m);
        else {
            limit(h, 0, side == far ? 0.0 : m, side == far ? 1.0 : -1.0);
            set_gain(h, power, TERMS, side == far ? 1.0 : larger, 1024.0);
            h->simple = side != far;
        }
    }
    return far ? 1.0 - z : z;
}

static double prepare_linear(cs_phase *p, const double *arg, cs_ends e) {
    (void)arg;
    return prepare_power(p, 1, 1.0, e.end, e.start, e.m);
}

/* z in [0, 1] where sin^2(pi z/2) = t */
static double quarter_of(double t) {
    double low = 0.0, high = 0.5, less = t < 0.5 ? t : 1.0 - t;
    for (int i = 0; i < 30; i++) {
        double z = (low + high) / 2.0;
        if (sin2_of(z * z) < less) low = z;
        else high = z;
    }
    return t < 0.5 ? low : 1.0 - low;
}

/* (1 - z^k)^power, or with sine (cos^2(pi z^k/2))^power. */
static double prepare_warped(cs_phase *p, const double *arg, cs_ends e, int sine) {
    double power = arg[0], k = arg[1];
    double steep = k > 1.0 ? k : 3.0 - 2.0 * k; /* 1 - z^k is up to 1.44 times as steep as z there */
    if (!sine && power == 1.0) return prepare_power(p, 0, k, e.start, e.end, e.m);
    anchor(&p->half[0], KERNEL_warped_start, e.start, e.end);
    anchor(&p->half[1], KERNEL_warped_end, e.end, e.start);
    for (int side = 0; side < 2; side++) {
        cs_half *h = &p->half[side];
        /* the order of the zero of w; 2 k serves sine and line */
        double own = side == 0 ? 2.0 * k : sine ? 2.0 * power : power;
        h->costly = 1;
        h->c[0] = power, h->c[1] = k, h->c[2] = (double)sine;
        limit(h, 0, 0.0, 1.0);
        /* no more than 1: z^k and the power have singularities of their own; and where the power is
           large, w from the start is 1 - exp(-power z^k), whose terms are up to 7 times as large */
        set_gain(h, own, 7, 4.0, side == 0 && k > 1.0 && power > 8.0 ? 0.125 : 1.0);
        limit(h, 1, e.m / steep, -1.0 / steep);
    }
    double fall = 1.0 - about_exp(-DD_LN2.hi / power); /* of z^k, or of its sin^2 */
    return about_exp(about_log(sine ? quarter_of(fall) : fall) / k);
}

static double prepare_polynomial(cs_phase *p, const double *arg, cs_ends e) {
    if (arg[1] != 1.0) return prepare_warped(p, arg, e, 0);
    return prepare_power(p, 1, arg[0], e.end, e.start, e.m);
}

/* c[0] + c[1] = rate / m */
static void set_rate(cs_half *half, dd rate, cs_ends e) {
    dd c = dd_div(rate, dd_of(e.m));
    set_block(half, e.m);
    half->c[0] = c.hi;
    half->c[1] = c.lo;
}

static double prepare_cosine(cs_phase *p, const double *arg, cs_ends e) {
    if (arg[0] != 1.0 || arg[1] != 1.0) return prepare_warped(p, arg, e, 1);
    anchor(&p->half[0], KERNEL_sin2, e.start, e.end);
    anchor(&p->half[1], KERNEL_sin2, e.end, e.start);
    for (int side = 0; side < 2; side++)
        set_rate(&p->half[side], DD_PI_2, e), p->half[side].c[2] = e.m * e.m;
    return 0.5;
}

static double prepare_exponential(cs_phase *p, const double *arg, cs_ends e) {
    (void)arg;
    dd rate = dd_log_ratio(dd_of(fabs(e.end)), dd_of(fabs(e.start)));
    /* Where ends are near each other, from the distance, or steps below an ulp could turn back. */
    int kernel = fabs(rate.hi) < 0.5 ? KERNEL_expm1 : KERNEL_exponential;
    anchor(&p->half[0], kernel, e.start, e.end);
    anchor(&p->half[1], kernel, e.end, e.start);
    p->half[0].c[2] = e.start, p->half[1].c[2] = e.end;
    set_rate(&p->half[0], rate, e);
    set_rate(&p->half[1], dd_neg(rate), e);
    return 0.5;
}

static double prepare_exponential_offset(cs_phase *p, const double *arg, cs_ends e) {
    dd rate = dd_of(arg[0]), minus = dd_neg(rate);
    dd drop = dd_expm1(minus), height = dd_sum(e.start, -e.end);
    dd unit = dd_div(height, dd_neg(drop)); /* so that the whole drop is start - end */
    if (arg[1] == 0.0) {                    /* the residual is kept */
        e.end = dd_add(dd_of(e.end), dd_mul(height, dd_exp(minus))).hi;
        unit = dd_div(dd_sum(e.start, -e.end), dd_neg(drop)); /* of the rounded end: they meet */
    }
    anchor(&p->half[0], KERNEL_expm1, e.start, e.end);
    anchor(&p->half[1], KERNEL_expm1, e.end, e.start);
    set_rate(&p->half[0], minus, e);
    set_rate(&p->half[1], rate, e);
    p->half[0].c[2] = unit.hi;
    p->half[1].c[2] = dd_mul(unit, dd_exp(minus)).hi;
    return -dd_log1p(dd_scale(drop, 0.5)).hi / rate.hi;
}

/* 1 / (1 + s z), scaled: w = z (1 + s) / (1 + s z) from the start and z' / (1 + s - s z') from the
   end. b = 1 + s. */
static double prepare_ratio(cs_phase *p, double s, double b, cs_ends e) {
    anchor(&p->half[0], KERNEL_ratio, e.start, e.end);
    anchor(&p->half[1], KERNEL_ratio, e.end, e.start);
    for (int side = 0; side < 2; side++) {
        cs_half *h = &p->half[side];
        int grows = (s > 0.0) == (side == 0); /* the denominator, with n */
        double *c = h->c, least = s > 0.0 ? e.m : b * e.m;
        h->simple = 1;
        c[0] = side == 0 ? b : 1.0;
        c[1] = least, c[2] = fabs(s);
        c[3] = grows ? 0.0 : e.m, c[4] = grows ? 1.0 : -1.0;
        c[5] = h->d * (c[0] * (c[1] + c[2] * c[3]));
        limit(h, 0, s == 0.0 ? NOWHERE : (c[1] + c[2] * c[3]) / c[2], s == 0.0 ? 0.0 : c[4]);
    }
    return 1.0 / (1.0 + b);
}

static double prepare_rex(cs_phase *p, const double *arg, cs_ends e) {
    return prepare_ratio(p, -arg[0], 1.0 - arg[0], e);
}

/* A = 1 + s z runs from 1 to B = 1 + s, and the kernel reads m A. Without a scale, s is such that the
   law is value = start / sqrt(A), which needs B = (start/end)^2. */
static double prepare_inverse_sqrt(cs_phase *p, const double *arg, cs_ends e) {
    dd s = dd_of(arg[0]), b = dd_sum(1.0, arg[0]), root = dd_sqrt(b), m = dd_of(e.m);
    if (arg[0] != arg[0]) {
        dd end = dd_of(e.end);
        s = dd_mul(dd_div(dd_sum(e.start, -e.end), end), dd_div(dd_sum(e.start, e.end), end));
        root = dd_div(dd_of(e.start), end);
        b = dd_mul(root, root);
    }
    dd root_1 = dd_add(root, dd_of(1.0)), root_m = dd_sqrt(m);
    dd last = dd_mul(dd_sum(e.end, -e.start), root_1), first = dd_mul(last, root);
    anchor(&p->half[0], KERNEL_inverse_sqrt, e.start, e.end);
    anchor(&p->half[1], KERNEL_inverse_sqrt, e.end, e.start);
    for (int side = 0; side < 2; side++) {
        cs_half *h = &p->half[side];
        int from_start = (s.hi > 0.0) == (side == 0); /* the sum runs from whichever end it grows */
        h->c[0] = s.hi > 0.0 ? e.m : dd_mul(b, m).hi;
        h->c[1] = fabs(s.hi);
        h->c[2] = side == 0 ? first.hi : -last.hi;
        h->c[3] = side == 0 ? root_m.hi : dd_mul(root, root_m).hi;
        h->c[4] = from_start ? 0.0 : e.m;
        h->c[5] = from_start ? 1.0 : -1.0;
        h->simple = 1;
        set_gain(h, -0.5, TERMS, 3.0, 1024.0); /* 2 (1 + least(x, R) / most(x, R)) */
        if (s.hi == 0.0) continue;
        limit(h, 0, h->c[0] / h->c[1] + h->c[4], h->c[5]);
        h->c[6] = dd_mul(dd_div(first, s), root_m).hi; /* fall sqrt(m) / (1 - 1/root) */
    }
    double fall = s.hi / (root.hi * root_1.hi), middle = 1.0 - 0.5 * fall; /* of 1/sqrt(A) */
    return (1.0 - 0.25 * fall) / (root.hi * root_1.hi * (middle * middle));
}

static double prepare_one_minus_sqrt(cs_phase *p, const double *arg, cs_ends e) {
    (void)arg;
    return prepare_power(p, 0, 0.5, e.start, e.end, e.m);
}

/* From here on pieces serve, see pieces.h. */
#define LONG_SIGMOID 1024.0
#define SQRT_1_2 0.70710678118654752

/* 1 - tanh(x) = 2 / (1 + e^2x) with x from lower to upper. With y = 2 |x - x at the anchor|,
   w = K (1 - e^-y) / (g + e^-y), where g = e^2lower at the start and e^-2upper at the end,
   and K makes w = 1 at the other end. */
static double prepare_tanh(cs_phase *p, const double *arg, cs_ends e) {
    double lower = arg[0], upper = arg[1];
    dd width = dd_scale(dd_sum(upper, -lower), -2.0), middle = {0.0, 0.0};
    anchor(&p->half[0], KERNEL_sigmoid, e.start, e.end);
    anchor(&p->half[1], KERNEL_sigmoid, e.end, e.start);
    for (int side = 0; side < 2; side++) {
        cs_half *h = &p->half[side];
        dd g = dd_exp(dd_of(side ? -2.0 * upper : 2.0 * lower));
        set_rate(h, width, e);
        h->c[3] = g.hi, h->c[5] = g.lo;
        dd scale = dd_div(dd_add(g, dd_exp(width)), dd_neg(dd_expm1(width)));
        if (side == 0) { /* w = 1/2: exp(y) - 1 there */
            dd half_g = dd_scale(g, 0.5), top = dd_add(dd_of(0.5), half_g);
            middle = dd_div(top, dd_add(scale, dd_neg(half_g)));
        }
        dd height = dd_mul(scale, side ? dd_sum(e.start, -e.end) : dd_sum(e.end, -e.start));
        h->c[2] = height.hi, h->c[6] = height.lo;
        h->c[4] = -(h->c[0] + h->c[1]);
        /* exp(-y) = -g where y = -log g and pi beside it: the distance is at least 1/sqrt(2) of the sum */
        double beside = 2.0 * DD_PI_2.hi / h->c[4], along = (side ? 2.0 * upper : -2.0 * lower) / h->c[4];
        limit(h, 0, (beside + fabs(along)) * SQRT_1_2, along > 0.0 ? -SQRT_1_2 : SQRT_1_2);
        limit(h, 1, 4.4 / h->c[4], 0.0); /* far from there exp(y): (4.4/32)^11 / 11! = 2^-57 */
        if (beside >= LONG_SIGMOID * h->stride) {
            h->kernel = KERNEL_logistic;
            h->block = 0, h->simple = h->costly = 1;
        }
    }
    return dd_log1p(middle).hi / -width.hi;
}

static double prepare_parabolic(cs_phase *p, const double *arg, cs_ends e) {
    return prepare_power(p, 0, arg[0], e.start, e.end, e.m);
}

/* p^2 = (1 - z) (v + t z) / v with t = 1 or -1, a conic with its vertex at z = 1. */
static void prepare_conic(cs_phase *p, double v, double t, cs_ends e) {
    dd scale = dd_scale(dd_prod(e.m, e.m), v), root = dd_sqrt(scale);
    anchor(&p->half[0], KERNEL_conic_mirror, e.start, e.end);
    anchor(&p->half[1], KERNEL_conic, e.end, e.start);
    for (int side = 0; side < 2; side++) {
        set_gain(&p->half[side], 0.5, TERMS, 5.4, 1024.0); /* 2 sqrt(m/R), R >= m - sqrt(3/4) m */
    }
    double *c = p->half[0].c;
    p->half[0].simple = v != t; /* an ellipse begins flat */
    c[0] = v, c[1] = t;
    c[2] = scale.hi, c[3] = root.hi;
    c[4] = v - t;
    c[5] = dd_div(dd_of(p->half[0].d), root).hi;
    limit(&p->half[0], 0, e.m, -1.0);
    c = p->half[1].c;
    c[0] = dd_div(dd_of(p->half[1].d), root).hi;
    c[1] = v + t, c[2] = -t;
    limit(&p->half[1], 0, 0.0, 1.0);
}

static double prepare_elliptic(cs_phase *p, const double *arg, cs_ends e) {
    (void)arg;
    prepare_conic(p, 1.0, 1.0, e);
    return 0x1.bb67ae8584caap-1; /* sqrt(3/4) */
}

/* p^2 = (1 - z) (v - z) / v is f^2: z there */
static double hyperbola_at(double v, double f) {
    double half = (v - 1.0) / 2.0, y2 = v * f * f;
    return 1.0 - y2 / (half + sqrt(half * half + y2));
}
static double prepare_hyperbolic(cs_phase *p, const double *arg, cs_ends e) {
    double v = 2.0 * arg[0] - 1.0;
    if (v == 1.0) return prepare_power(p, 1, 1.0, e.end, e.start, e.m);
    prepare_conic(p, v, -1.0, e);
    return hyperbola_at(v, 0.5);
}

/* By Cauchy's bound on a circle of q R around a sample: f grows there by a factor of 1 + q at most, and
   exp(fall f) by exp(q fall); the slope of f from the start by 1/sqrt(1 - q), and 4 is for w and its
   slope there. */
static void set_gain_of_exponential(cs_half *half, double fall, int from_start) {
    const double most = from_start ? 0.8 : 0.95, degree = TERMS - 1.0;
    const double q = most * fall < degree ? most : degree / fall;
    half->gain = about_exp(-q * fall) * (from_start ? sqrt(1.0 - q) / 4.0 : 1.0) / (1.0 + q);
    for (int k = 0; k < TERMS; k++) half->gain *= q;
}

static double prepare_exp_hyperbolic(cs_phase *p, const double *arg, cs_ends e) {
    if (arg[0] == 1.0) return prepare_exponential(p, arg, e);
    dd fall = dd_log_ratio(dd_of(fabs(e.start)), dd_of(fabs(e.end)));
    anchor(&p->half[0], KERNEL_exp_hyperbola_mirror, e.start, e.end);
    anchor(&p->half[1], KERNEL_exp_hyperbola, e.end, e.start);
    for (int side = 0; side < 2; side++) {
        cs_half *h = &p->half[side];
        dd rate = side == 0 ? dd_neg(fall) : fall;
        h->costly = 1;
        h->c[0] = arg[0], h->c[1] = rate.hi, h->c[2] = rate.lo;
        limit(h, 0, side == 0 ? e.m : 0.0, side == 0 ? -1.0 : 1.0);
        set_gain_of_exponential(h, fabs(fall.hi), side == 0);
    }
    double middle = about_log(fabs(e.start / e.end + 1.0) / 2.0);
    return hyperbola_at(2.0 * arg[0] - 1.0, fall.hi != 0.0 ? middle / fall.hi : 0.5);
}

/* Both halves see A = 1 + s z as a line from their end: 1 + s n/m, and (1 + s) (1 - s/(1 + s) n/m). */
static void prepare_line(cs_phase *p, int kernel, dd s, cs_ends e, double steep) {
    dd b = dd_add(dd_of(1.0), s);
    anchor(&p->half[0], kernel, e.start, e.end);
    anchor(&p->half[1], kernel, e.end, e.start);
    for (int side = 0; side < 2; side++) {
        cs_half *h = &p->half[side];
        dd slope = side == 0 ? s : dd_neg(dd_div(s, b)), least = s.hi > 0.0 ? dd_of(1.0) : b;
        int grows = slope.hi > 0.0;
        h->costly = 1;
        h->c[1] = slope.hi, h->c[2] = slope.lo;
        h->c[4] = fabs(dd_div(dd_scale(least, e.m), s).hi);
        h->c[5] = grows ? 0.0 : e.m, h->c[6] = grows ? 1.0 : -1.0;
        limit(h, 0, (h->c[4] + h->c[5]) / steep, h->c[6] / steep);
    }
}

/* A^-power with A = 1 + s z, scaled; without a scale, value = start A^-power. */
static double prepare_inverse_power(cs_phase *p, const double *arg, cs_ends e) {
    double power = arg[0];
    dd s = dd_of(arg[1]), last, fall; /* last = B^-power with B = 1 + s, fall = 1 - last */
    if (arg[1] != arg[1]) {
        s = dd_expm1(dd_over(dd_log_ratio(dd_of(e.start), dd_of(e.end)), power));
        if (power == 1.0) s = dd_div(dd_sum(e.start, -e.end), dd_of(e.end));
        last = dd_div(dd_of(e.end), dd_of(e.start));
        fall = dd_div(dd_sum(e.start, -e.end), dd_of(e.start));
    } else {
        last = dd_exp(dd_scale(dd_log1p(s), -power));
        fall = dd_neg(dd_expm1(dd_scale(dd_log1p(s), -power)));
    }
    dd b = dd_add(dd_of(1.0), s);
    if (s.hi == 0.0) return prepare_power(p, 1, 1.0, e.end, e.start, e.m);
    if (power == 1.0) return prepare_ratio(p, s.hi, b.hi, e);
    prepare_line(p, KERNEL_line_power, s, e, power > 1.0 ? power : 1.0);
    dd scale = dd_div(dd_sum(e.start, -e.end), fall); /* value = scale A^-power + rest */
    p->half[0].c[0] = p->half[1].c[0] = -power;
    p->half[0].c[3] = scale.hi;
    p->half[1].c[3] = dd_mul(scale, last).hi;
    double middle = -dd_log1p(dd_scale(fall, -0.5)).hi / power; /* log A where p = 1/2 */
    return dd_expm1(dd_of(middle)).hi / s.hi;
}

/* 1 - log(1 + s z) / log(1 + s) */
static double prepare_logarithmic(cs_phase *p, const double *arg, cs_ends e) {
    dd s = dd_of(arg[0]), log_b = dd_log1p(s);
    prepare_line(p, KERNEL_line_log, s, e, 1.0);
    for (int side = 0; side < 2; side++) {
        p->half[side].simple = 1;
        double d = side == 0 ? p->half[0].d : -p->half[1].d;
        p->half[side].c[3] = dd_div(dd_of(d), log_b).hi;
    }
    return dd_expm1(dd_scale(log_b, 0.5)).hi / s.hi;
}
