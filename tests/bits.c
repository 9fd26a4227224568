/* A hash of values of every profile, for each CPU variant: `make bits` compares it between
   compilers, levels of optimisation and machines. All of them have to print the same one. */
#include <stdio.h>
#include <string.h>

#include "kernels.h"

#define LENGTH 5000

static uint64_t hash;

static void add(const void *values, size_t size) { /* FNV-1a */
    const unsigned char *byte = values;
    for (size_t i = 0; i < size; i++) hash = (hash ^ byte[i]) * UINT64_C(1099511628211);
}

static const double arguments[][2] = {{1, 1}, {0.5, 1}, {2.5, 1}, {1, 2.5}, {0.7, 0.4}, {9, 9}};
#define CALLS (int)(sizeof arguments / sizeof arguments[0])

/* Arguments of a profile, its defaults for call -1; 0 if these are out of its range. */
static int arguments_of(const cs_profile *profile, int call, double *made) {
    for (int j = 0; j < profile->n_arguments; j++) {
        const cs_argument *a = &profile->argument[j];
        double x = call < 0 ? a->standard : arguments[call][j];
        if (call >= 0 && strcmp(a->name, "lower") == 0) x = -x;
        if (call >= 0 && strcmp(a->name, "normalised") == 0) x = call % 2;
        if (x < a->low || x > a->high || (x <= a->low && a->low_open) || (x >= a->high && a->high_open))
            return 0;
        made[j] = x;
    }
    return call < 0 || profile->n_arguments > 0;
}

/* Whole phases, and parts of phases read every few steps from between two steps. */
static const struct { double span, offset; int64_t stride; } readings[] = {
    {3000, 0, 1}, {40000, 0, 1}, {1e6, 0, 1}, {1e12, 0, 1},
    {2999.5, 0.25, 3}, {1e6 + 0.125, 100.5, 7}, {1e12, 12345, 1000003}};

static void add_profile(int profile, const double *argument) {
    static double wide[LENGTH], spread[7 * LENGTH];
    static float narrow[LENGTH];
    for (unsigned k = 0; k < sizeof readings / sizeof readings[0]; k++) {
        cs_phase phase;
        double span = readings[k].span, offset = readings[k].offset;
        cs_prepare(&phase, profile, argument, 0.3, 0.01, offset, span, readings[k].stride);
        int64_t end = (int64_t)((span - offset) / (double)readings[k].stride);
        for (int64_t first = 0; first < end; first += end / 5) {
            int64_t n = end - first < LENGTH ? end - first : LENGTH;
            cs_fill_f64(&phase, first, n, wide);
            cs_fill_f32(&phase, first, n, narrow);
            add(wide, (size_t)n * sizeof *wide);
            add(narrow, (size_t)n * sizeof *narrow);
            int64_t times = 1 + first % 7;
            cs_spread_f64(wide, n, times, 1, spread);
            add(spread, (size_t)(n * times) * sizeof *spread);
            double one = cs_at(&phase, (double)(first + n / 2));
            add(&one, sizeof one);
        }
    }
}

int main(void) {
    for (int variant = 0; variant < cs_n_variants(); variant++) {
        cs_use_variant(variant);
        hash = UINT64_C(14695981039346656037);
        for (int p = 0; p < cs_n_profiles; p++)
            for (int call = -1; call < CALLS; call++) {
                double argument[2] = {0.0, 0.0};
                if (arguments_of(&cs_profiles[p], call, argument)) add_profile(p, argument);
            }
        printf("%016llx %s\n", (unsigned long long)hash, cs_variant_name(variant));
    }
    return 0;
}
