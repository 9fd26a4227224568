/* A hash of values of every profile, for each CPU variant, once in whole runs from phases that keep
   what they can (cs_keep), once in parts from phases that keep nothing: `make bits` compares it between
   compilers, levels of optimisation and machines. All of them have to print the same one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

#define LENGTH 5000

static uint64_t hash;

static void add(const void *values, size_t size) { /* FNV-1a, of 8 bytes at a time */
    const unsigned char *byte = values;
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, byte + i, size - i < 8 ? size - i : 8);
        hash = (hash ^ word) * UINT64_C(1099511628211);
        hash ^= hash >> 32;
    }
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

#define LONG ((int64_t)CS_BEYOND_CACHES + 12344) /* bytes, from within a line on */
static _Alignas(64) double room[LONG / 8 + 8];

static void add_run(const cs_phase *phase, int64_t first, int64_t n, int64_t part) {
    double *wide = room + 5;
    for (int64_t i = 0; i < n; i += part)
        cs_fill_f64(phase, first + i, n - i < part ? n - i : part, wide + i);
    add(wide, (size_t)n * sizeof *wide);
}

static void add_narrow_run(const cs_phase *phase, int64_t first, int64_t n, int64_t part) {
    float *narrow = (float *)room + 5;
    for (int64_t i = 0; i < n; i += part)
        cs_fill_f32(phase, first + i, n - i < part ? n - i : part, narrow + i);
    add(narrow, (size_t)n * sizeof *narrow);
}

static void add_spread(const cs_phase *phase, int64_t first, int64_t n) {
    static double spread[7 * LENGTH];
    int64_t times = 1 + first % 7;
    cs_fill_f64(phase, first, n, room);
    cs_spread_f64(room, n, times, 1, spread);
    add(spread, (size_t)(n * times) * sizeof *spread);
}

static void add_one(const cs_phase *phase, double k) {
    double one = cs_at(phase, k);
    add(&one, sizeof one);
}

static int add_profile(int profile, const double *argument, int kept, int long_runs) {
    for (unsigned k = 0; k < sizeof readings / sizeof readings[0]; k++) {
        cs_phase phase;
        double span = readings[k].span, offset = readings[k].offset, *keeping = 0;
        cs_prepare(&phase, profile, argument, 0.3, 0.01, offset, span, readings[k].stride);
        if (kept) {
            keeping = malloc((size_t)cs_kept_doubles(&phase) * sizeof *keeping + 1);
            if (!keeping) return 0;
            cs_keep(&phase, keeping);
        }
        double last = (span - offset) / (double)readings[k].stride;
        int64_t end = (int64_t)last, part = kept ? LONG : 700;
        for (int64_t first = 0; first < end; first += end / 5) {
            int64_t n = end - first < LENGTH ? end - first : LENGTH;
            add_run(&phase, first, n, part);
            add_narrow_run(&phase, first, n, part);
            add_spread(&phase, first, n);
            add_one(&phase, (double)(first + n / 2));
        }
        for (int i = 0; i < 40; i++) { /* and between samples */
            add_one(&phase, 20.375 * i);
            add_one(&phase, last - 20.375 * i);
        }
        if (long_runs && end > LONG) { /* from one end or the other */
            add_run(&phase, profile % 2 ? 3 : end - LONG / 8, LONG / 8, part);
            add_narrow_run(&phase, profile % 2 ? end - LONG / 4 : 3, LONG / 4, part);
        }
        free(keeping);
    }
    return 1;
}

int main(void) {
    for (int run = 0; run < 2 * cs_n_variants(); run++) {
        int kept = run % 2;
        cs_use_variant(run / 2);
        hash = UINT64_C(14695981039346656037);
        for (int p = 0; p < cs_n_profiles; p++)
            for (int call = -1; call < CALLS; call++) {
                double argument[2] = {0.0, 0.0};
                if (!arguments_of(&cs_profiles[p], call, argument)) continue;
                if (!add_profile(p, argument, kept, call < 0)) return 1;
            }
        printf("%016llx %s %s\n", (unsigned long long)hash, cs_variant_name(run / 2),
               kept ? "kept" : "afresh");
    }
    return 0;
}
