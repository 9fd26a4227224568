/* The formulas: one function per kernel, w(n) or the value itself at distance n from the end that
   a half phase is anchored at. Included once per CPU variant (loops.h) and once for scalar calls.

   a) Only + - * /, sqrt and fma by name, which IEEE 754 rounds exactly: with contraction off every
      compiler and every CPU gives the same bits, and no library function can change them. (On
      x86-64 without FMA, before 2013, fma is a library call: the same bits, 30 times slower or more.)
   b) Sums of terms of one sign, or a term that is small beside the other: no cancellation. The
      forms usually printed, 1 - z or (1 + cos(pi z))/2, lose every digit near the end.
   c) No branches, so that a compiler turns the loops into vectors.
   d) Sines and exponentials cost 20 to 40 operations a value. On a grid of steps an addition
      theorem brings that to 3 to 8: cut the half in blocks of B steps, and combine what depends
      on the block (_anchor) with what depends on the place in it (_entry, a table of B) in
      _join. Blocks count from the end the half is anchored at and B follows from the length of
      the phase, so the bits of a step do not depend on which range was asked for; a single
      value computes its one anchor and its one entry. */

typedef struct { double scale, e; } exp_parts;

/* (exp(r) - 1 - r) / r^2 for |r| <= log(2)/2, relative to exp(r) 2^-61: interpolation in Chebyshev
   nodes. */
CS_INLINE double exp_tail(double r) {
    double q = 0x1.af4e554377204p-26 + r * 0x1.1f7340dbc337ep-29;
    q = 0x1.27e4db46cddd1p-22 + r * q;
    q = 0x1.71de01fdbf9cap-19 + r * q;
    q = 0x1.a01a01a6e1e2ap-16 + r * q;
    q = 0x1.a01a01abf85abp-13 + r * q;
    q = 0x1.6c16c16c162c3p-10 + r * q;
    q = 0x1.11111111100bep-7 + r * q;
    q = 0x1.5555555555556p-5 + r * q;
    q = 0x1.5555555555557p-3 + r * q;
    return 0.5 + r * q;
}

/* exp(x) = scale (1 + e) at x = n (c[0] + c[1]). |e| <= 0.42. */
CS_INLINE exp_parts exp_at(double n, const cs_half *h) {
    double x = n * h->c[0], x_low = fma(n, h->c[0], -x) + n * h->c[1];
    double t = (x + x_low) * LOG2_E + ROUND, k = t - ROUND;
    double high = x - k * LN2_HIGH, low = x_low - k * LN2_LOW, r = high + low;
    double part = r - high, r_low = (high - (r - part)) + (low - part); /* r + r_low = high + low */
    uint64_t bits;
    memcpy(&bits, &t, 8);
    bits = (bits << 52) + UINT64_C(0x3ff0000000000000);
    exp_parts p;
    memcpy(&p.scale, &bits, 8);
    p.e = r + (r_low + (r * r) * exp_tail(r));
    return p;
}
CS_INLINE double exp_of(exp_parts p) { return p.scale + p.scale * p.e; }
CS_INLINE double expm1_of(exp_parts p) { return (p.scale - 1.0) + p.scale * p.e; }

/* --- Kernels that give each value by itself -------------------------------------------------- */

CS_INLINE double constant_value(double n, const cs_half *h) { (void)n; return h->a; }

/* --- Kernels in blocks ---------------------------------------------------------------------- */

typedef struct { double p, q, r; } cs_anchor; /* what depends on the block */
typedef struct { double t, u; } cs_entry;        /* what depends on the place in the block */

/* (sin x - x) / x^3 and (1 - cos x) / x^2 in y = x^2 for x up to pi/4; these two and the next are
   interpolated in Chebyshev nodes, relative errors 2^-66, 2^-62 and 2^-65. */
CS_INLINE double sin_tail(double y) {
    double q = 0x1.6121425bdd148p-33 + y * -0x1.aaf4c3626bdd9p-41;
    q = -0x1.ae6453c4a3e65p-26 + y * q;
    q = 0x1.71de3a5432adep-19 + y * q;
    q = -0x1.a01a01a0197b6p-13 + y * q;
    q = 0x1.1111111111110p-7 + y * q;
    return -0x1.5555555555555p-3 + y * q;
}
CS_INLINE double versine_tail(double y) {
    double q = -0x1.1eea3eba1aa9cp-29 + y * 0x1.8fd49b5417a07p-37;
    q = 0x1.27e4f891b2aa6p-22 + y * q;
    q = -0x1.a01a019d7fbbfp-16 + y * q;
    q = 0x1.6c16c16c15a47p-10 + y * q;
    q = -0x1.5555555555550p-5 + y * q;
    return 0.5 + y * q;
}

/* sin^2(pi z/2) in y = z^2 on [0, 1/4]; exact where z is 1/2. */
CS_INLINE double sin2_of(double y) {
    double q = -0x1.20a61e049e33fp-19 + y * 0x1.2175e33b10f9dp-24;
    q = 0x1.b6e1cdea474b9p-15 + y * q;
    q = -0x1.f9d38906e2150p-11 + y * q;
    q = 0x1.a6d1f2a05f609p-7 + y * q;
    q = -0x1.e1f50689191cbp-4 + y * q;
    q = 0x1.55d3c7e3cbfdap-1 + y * q;
    q = -0x1.03c1f081b5ac4p+1 + y * q;
    return y * (0x1.3bd3cc9be45dep+1 + (0x1.690d369d7ff1cp-53 + y * q)); /* pi^2/4, two parts */
}

/* w = n/m, from (n + j)/m = n/m + j/m. */
CS_INLINE cs_anchor linear_anchor(double n, const cs_half *h) {
    cs_anchor b = {h->d * (n / h->m), 0.0, 0.0};
    return b;
}
CS_INLINE cs_entry linear_entry(double j, const cs_half *h) {
    cs_entry e = {h->d * (j / h->m), 0.0};
    return e;
}
CS_INLINE double linear_join(cs_anchor b, cs_entry e, const cs_half *h) {
    return h->a + (b.p + e.t);
}

/* w = sin^2(x), x = n (c[0] + c[1]) <= pi/4, from
   sin^2(x + y) = sin^2 x + sin x cos x sin 2y + cos 2x sin^2 y, where no term is negative. */
CS_INLINE cs_anchor sin2_anchor(double n, const cs_half *h) {
    double x = n * h->c[0], low = fma(n, h->c[0], -x) + n * h->c[1];
    double y = x * x, vers = y * versine_tail(y), c = 1.0 - vers;
    double rest = low * c + x * y * sin_tail(y), s = x + rest;
    double s_low = rest - (s - x); /* s + s_low is the sine to about 2^-60 */
    cs_anchor b;
    b.p = h->d * (s * s + 2.0 * s * s_low);
    b.q = h->d * (s * c);
    b.r = h->d * (1.0 - 2.0 * (s * s));
    return b;
}
CS_INLINE cs_entry sin2_entry(double j, const cs_half *h) {
    double x = j * h->c[0], low = fma(j, h->c[0], -x) + j * h->c[1];
    double y = x * x, c = 1.0 - y * versine_tail(y), s = x + (low + x * y * sin_tail(y));
    cs_entry e = {2.0 * s * c, sin2_of((j * j) / h->c[2])}; /* c2 = m^2 */
    return e;
}
CS_INLINE double sin2_join(cs_anchor b, cs_entry e, const cs_half *h) {
    return h->a + fma(b.q, e.t, fma(b.r, e.u, b.p));
}

/* w = (n/m)^2, (n/m)^3 and their mirrors: Taylor's theorem in j is exact. c0 = m^2 or m^3. */
CS_INLINE cs_anchor power2_anchor(double n, const cs_half *h) {
    cs_anchor b = {h->d * ((n * n) / h->c[0]), h->d * ((2.0 * n) / h->c[0]), h->d / h->c[0]};
    return b;
}
CS_INLINE cs_anchor power2_mirror_anchor(double n, const cs_half *h) { /* 1 - (1-z)^2 = z (2 - z) */
    cs_anchor b = {h->d * ((n * (2.0 * h->m - n)) / h->c[0]), h->d * ((2.0 * (h->m - n)) / h->c[0]),
                   -h->d / h->c[0]};
    return b;
}
CS_INLINE cs_entry power2_entry(double j, const cs_half *h) {
    (void)h;
    cs_entry e = {j, j * j};
    return e;
}
CS_INLINE double power2_join(cs_anchor b, cs_entry e, const cs_half *h) {
    return h->a + fma(b.q, e.t, fma(b.r, e.u, b.p));
}
CS_INLINE cs_anchor power3_anchor(double n, const cs_half *h) {
    cs_anchor b = {h->d * ((n * n * n) / h->c[0]), h->d * ((3.0 * n * n) / h->c[0]),
                   h->d * ((3.0 * n) / h->c[0])};
    return b;
}
CS_INLINE cs_anchor power3_mirror_anchor(double n, const cs_half *h) { /* 1 - (1-z)^3 = z (3 - z (3 - z)) */
    double z = n / h->m, rest = h->m - n;
    cs_anchor b = {h->d * (z * (3.0 - z * (3.0 - z))), h->d * ((3.0 * rest * rest) / h->c[0]),
                   h->d * ((-3.0 * rest) / h->c[0])};
    return b;
}
CS_INLINE cs_entry power3_entry(double j, const cs_half *h) {
    cs_entry e = {j, h->d * ((j * j * j) / h->c[0])};
    return e;
}
CS_INLINE double power3_join(cs_anchor b, cs_entry e, const cs_half *h) {
    return h->a + (fma(fma(b.r, e.t, b.q), e.t, b.p) + e.u);
}
#define power2_mirror_entry power2_entry
#define power2_mirror_join power2_join
#define power3_mirror_entry power3_entry
#define power3_mirror_join power3_join

/* The value is a exp(x). */
CS_INLINE cs_anchor exponential_anchor(double n, const cs_half *h) {
    cs_anchor b = {h->a * exp_of(exp_at(n, h)), 0.0, 0.0};
    return b;
}
CS_INLINE cs_entry exponential_entry(double j, const cs_half *h) {
    cs_entry e = {exp_of(exp_at(j, h)), 0.0};
    return e;
}
CS_INLINE double exponential_join(cs_anchor b, cs_entry e, const cs_half *h) {
    (void)h;
    return b.p * e.t;
}

/* d w = c[2] expm1(x), from expm1(x + y) = expm1(x) + exp(x) expm1(y). */
CS_INLINE cs_anchor expm1_anchor(double n, const cs_half *h) {
    exp_parts p = exp_at(n, h);
    cs_anchor b = {h->c[2] * expm1_of(p), p.scale * (h->c[2] + h->c[2] * p.e), 0.0};
    return b;
}
CS_INLINE cs_entry expm1_entry(double j, const cs_half *h) {
    cs_entry e = {expm1_of(exp_at(j, h)), 0.0};
    return e;
}
CS_INLINE double expm1_join(cs_anchor b, cs_entry e, const cs_half *h) {
    return h->a + fma(b.q, e.t, b.p);
}

/* d w = c[2] (1 - exp(-x)) / (c[3] + exp(-x)), see prepare_tanh; t = expm1, u = exp of -y. */
typedef struct { dd exp, expm1; } exp_pair;

CS_INLINE exp_pair exp_exactly(double n, const cs_half *h) { /* of n (c[0] + c[1]), to 58 bits */
    double scale;
    dd rate = {h->c[0], h->c[1]}, part = quick_expm1_parts(dd_scale(rate, n), &scale);
    part.hi *= scale, part.lo *= scale;
    exp_pair p = {dd_add(dd_of(scale), part), dd_add(dd_of(scale - 1.0), part)};
    return p;
}
CS_INLINE cs_anchor sigmoid_anchor(double n, const cs_half *h) {
    exp_pair p = exp_exactly(n, h);
    dd minus_c2 = {-h->c[2], -h->c[6]};
    cs_anchor b = {dd_mul(p.expm1, minus_c2).hi, dd_mul(p.exp, minus_c2).hi, p.exp.hi};
    return b;
}
CS_INLINE cs_entry sigmoid_entry(double j, const cs_half *h) {
    exp_pair p = exp_exactly(j, h);
    cs_entry e = {p.expm1.hi, p.exp.hi};
    return e;
}
CS_INLINE double sigmoid_join(cs_anchor b, cs_entry e, const cs_half *h) {
    return h->a + fma(b.q, e.t, b.p) / fma(b.r, e.u, h->c[3]);
}

#define CS_DIRECT_KERNELS(K) K(constant)
#define CS_BLOCK_KERNELS(K) \
    K(linear) K(sin2) K(power2) K(power2_mirror) K(power3) K(power3_mirror) K(exponential) K(expm1) \
    K(sigmoid)
