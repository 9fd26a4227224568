/* The block loops for one CPU variant. Included by kernels.c with VARIANT and the target set. */

#define CS_JOIN_(a, b) a##_##b
#define CS_JOIN(a, b) CS_JOIN_(a, b)
#define CS_LOCAL(name) CS_JOIN(name, VARIANT)

/* steps are counted in blocks of 2^30, so that the counter is an int32, which every vector unit
   converts to double; first + i is exact up to 2^53, so the blocks change no bit */
#define LOOP(NAME, TYPE, SUFFIX) \
    static void CS_LOCAL(NAME##_##SUFFIX)(const cs_half *half, double first, int32_t n, \
                                          TYPE *restrict out) { \
        const cs_half h = *half; \
        for (int32_t i = 0; i < n; i++) { \
            double k = first + (double)i; \
            out[i] = (TYPE)NAME##_value(h.origin + h.sign * k, &h); \
        } \
    }
#define LOOPS(NAME) LOOP(NAME, double, f64) LOOP(NAME, float, f32)
CS_KERNELS(LOOPS)

#define ENTRY_F64(NAME) CS_LOCAL(NAME##_f64),
#define ENTRY_F32(NAME) CS_LOCAL(NAME##_f32),
static const cs_loops CS_LOCAL(loops) = {{CS_KERNELS(ENTRY_F64)}, {CS_KERNELS(ENTRY_F32)}};

#undef ENTRY_F64
#undef ENTRY_F32
#undef LOOPS
#undef LOOP
#undef CS_LOCAL
#undef CS_JOIN
#undef CS_JOIN_
#undef VARIANT
