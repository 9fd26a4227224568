/* Update rules: choosing the loop. The loops are in sgd_loops.h, compiled once per type and CPU
   variant. On x86-64 without FMA (before 2013) fma is a library call: same bits, far slower. */
#include "sgd.h"

#include <math.h>
#include <string.h>

#include "kernels.h"

typedef struct {
    void (*update[CS_N_RULES])(const cs_coefficients *, int64_t, void *, const void *, void *,
                               void *);
    double (*squares)(int64_t, const void *);
} cs_loops;

#define VARIANT plain
#include "sgd_types.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__)) && !defined(CSCHED_PLAIN)
#define CS_X86_VARIANTS 1
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define VARIANT avx2
#include "sgd_types.h"
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma"))), apply_to = function)
#define VARIANT avx512
#include "sgd_types.h"
#pragma clang attribute pop
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define VARIANT avx2
#include "sgd_types.h"
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,fma,prefer-vector-width=512")
#define VARIANT avx512
#include "sgd_types.h"
#pragma GCC pop_options
#endif
#endif

/* The loops of the variant in use (kernels.h). */
static const cs_loops *loops(int wide) {
#ifdef CS_X86_VARIANTS
    const char *name = cs_variant_name(cs_variant_in_use());
    if (__builtin_cpu_supports("fma")) {
        if (strcmp(name, "avx512") == 0) return wide ? &loops_f64_avx512 : &loops_f32_avx512;
        if (strcmp(name, "avx2") == 0) return wide ? &loops_f64_avx2 : &loops_f32_avx2;
    }
#endif
    return wide ? &loops_f64_plain : &loops_f32_plain;
}

static void *past(void *array, int64_t bytes) {
    return array == NULL ? NULL : (char *)array + bytes;
}

/* NumPy's large arrays begin 16 bytes behind a cache line, where every 64-byte vector would touch
   two lines: Adam on 1e7 floats took 1.4 times as long. So the elements before the first line
   boundary go ahead. */
void cs_update(enum cs_rule rule, const cs_coefficients *c, int wide, int64_t n,
               void *w, const void *g, void *m, void *v) {
    const int64_t size = wide ? 8 : 4;
    int64_t lead = (int64_t)(63 - ((uintptr_t)w + 63) % 64) / size;
    if (lead > n) lead = n;
    const int64_t skip = lead * size;
    loops(wide)->update[rule](c, lead, w, g, m, v);
    loops(wide)->update[rule](c, n - lead, past(w, skip), (const char *)g + skip, past(m, skip),
                              past(v, skip));
}

double cs_squares(int wide, int64_t n, const void *g) { return loops(wide)->squares(n, g); }
