/* Evaluating programs.

   Design
   a) One recursive function per question: the value at a step, and the values of a range. Both
      call the same kernels on the same integers, so they agree bit for bit.
   b) Cycles are found by integer division, phases by binary search: no logarithm, no epsilon.
   c) Ranges are computed in blocks of CHUNK values where a node needs room for a second operand;
      the room is on the stack, nothing is allocated. */
#include "program.h"

#include <math.h>
#include <string.h>

#include "dd.h"

#define KEPT_BY_ALL (INT64_C(1) << 17) /* doubles; phases beyond keep nothing */
#define CHUNK 2048 /* makes a block kernel's table of 64 entries a small part of the work */

/* The levels of the repeats that a phase lies in, innermost first. */
typedef struct cs_levels {
    double low, high, low_now, high_now;
    const struct cs_levels *outer;
} cs_levels;

static dd power_of(double base, int64_t n) {
    dd result = dd_of(1.0), square = dd_of(base);
    for (; n; n >>= 1) {
        if (n & 1) result = dd_mul(result, square);
        square = dd_mul(square, square);
    }
    return result;
}

/* levels[] = low, high, and their factors per cycle: low, high, amplitude. In cycle i the low
   level is low f^i and the high level high g^i; then the distance is multiplied by a^i, moving
   the high level, or the low one where x[0] is 1. */
static cs_levels levels_in_cycle(const cs_node *node, int64_t i, const cs_levels *outer) {
    const double *x = node->levels;
    cs_levels now = {x[0], x[1], x[0], x[1], outer};
    if (i == 0) return now;
    if (x[2] != 1.0) now.low_now = dd_scale(power_of(x[2], i), x[0]).hi;
    if (x[3] != 1.0) now.high_now = dd_scale(power_of(x[3], i), x[1]).hi;
    if (x[4] != 1.0) {
        double height = dd_scale(power_of(x[4], i), now.high_now - now.low_now).hi;
        if (node->x[0] != 0.0) now.low_now = now.high_now - height;
        else now.high_now = now.low_now + height;
    }
    return now;
}

static double at_level(double v, const cs_levels *l) {
    for (; l; l = l->outer) {
        if (v == l->high) v = l->high_now;
        else if (v == l->low) v = l->low_now;
        else v = l->low_now + (l->high_now - l->low_now) * ((v - l->low) / (l->high - l->low));
    }
    return v;
}

/* The phase as it is in this cycle. */
static const cs_phase *phase_now(const cs_node *node, const cs_levels *levels, cs_phase *room) {
    if (!levels) return &node->phase;
    cs_prepare(room, node->profile, node->argument, at_level(node->x[0], levels),
               at_level(node->x[1], levels), node->x[2], node->span, node->times);
    return room;
}

/* Where the profile ends, in samples. */
static double last_sample(const cs_node *node) {
    return (node->span - node->x[2]) / (double)node->times;
}

/* The sample a step of the phase reads: past its length the one that step `length` would. */
static double position(const cs_node *node, int64_t t) {
    double k = (double)(t < node->length ? t : node->length), last = last_sample(node);
    return k < last ? k : last;
}

static int32_t child_at(const cs_node *nodes, const cs_node *node, int64_t t) {
    int32_t low = 0, high = node->count - 1; /* the last child whose begin <= t */
    while (low < high) {
        int32_t middle = low + (high - low + 1) / 2;
        if (nodes[node->first + middle].begin <= t) low = middle;
        else high = middle - 1;
    }
    return node->first + low;
}

static int64_t cycle_of(const cs_node *node, int64_t t) {
    int64_t i = t / node->length;
    return node->times && i >= node->times ? node->times - 1 : i;
}

static int has_levels(const cs_node *node) {
    return node->levels[2] != 1.0 || node->levels[3] != 1.0 || node->levels[4] != 1.0;
}

static double value(const cs_node *nodes, int32_t index, int64_t t, const cs_levels *levels);

static double every_value(const cs_node *nodes, const cs_node *node, int64_t t,
                          const cs_levels *levels) {
    if (t >= node->length) return value(nodes, node->first + node->count - 1, t, levels);
    int64_t sample = t / node->times;
    return value(nodes, node->first, node->count == 2 ? sample : sample * node->times, levels);
}

static double rounded(double v, double multiple) { return nearbyint(v / multiple) * multiple; }

/* splitmix64 of seed and step: the noise of a step does not depend on other steps. */
static double noisy(const cs_node *node, double v, int64_t t) {
    if ((double)t < node->x[1] || (double)t >= node->x[2]) return v;
    uint64_t h = (uint64_t)node->times + UINT64_C(0x9e3779b97f4a7c15) * ((uint64_t)t + 1);
    h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
    h ^= h >> 31;
    return v * (1.0 + node->x[0] * ((double)(int64_t)(h >> 11) * 0x1p-52 - 1.0));
}

static double value(const cs_node *nodes, int32_t index, int64_t t, const cs_levels *levels) {
    const cs_node *node = &nodes[index];
    cs_phase room;
    switch (node->op) {
    case CS_PHASE: return cs_at(phase_now(node, levels, &room), position(node, t));
    case CS_FROZEN: return cs_at(phase_now(node, levels, &room), node->x[3]);
    case CS_SEQUENCE: {
        int32_t child = child_at(nodes, node, t);
        return value(nodes, child, t - nodes[child].begin, levels);
    }
    case CS_REPEAT: {
        int64_t i = cycle_of(node, t);
        if (!has_levels(node)) return value(nodes, node->first, t - i * node->length, levels);
        cs_levels now = levels_in_cycle(node, i, levels);
        return value(nodes, node->first, t - i * node->length, &now);
    }
    case CS_EVERY: return every_value(nodes, node, t, levels);
    case CS_SHIFT:
        return value(nodes, node->first, (t < node->length ? t : node->length) + node->times, levels);
    case CS_PRODUCT:
    case CS_SUM: {
        double v = value(nodes, node->first, t, levels);
        for (int32_t j = 1; j < node->count; j++) {
            double w = value(nodes, node->first + j, t, levels);
            v = node->op == CS_PRODUCT ? v * w : v + w;
        }
        return v;
    }
    case CS_CLIP: {
        double v = value(nodes, node->first, t, levels);
        return v < node->x[0] ? node->x[0] : v > node->x[1] ? node->x[1] : v;
    }
    case CS_ROUND: return rounded(value(nodes, node->first, t, levels), node->x[0]);
    case CS_NOISE: return noisy(node, value(nodes, node->first, t, levels), t);
    }
    return 0.0; /* not reached: every op is a case */
}

double cs_value(const cs_node *nodes, int64_t t) { return value(nodes, 0, t, 0); }

void cs_build(cs_node *nodes, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        cs_node *node = &nodes[i];
        if (node->op == CS_PHASE || node->op == CS_FROZEN)
            cs_prepare(&node->phase, node->profile, node->argument, node->x[0], node->x[1],
                       node->x[2], node->span, node->times);
    }
}

static int64_t kept_after(const cs_node *node, int64_t before) {
    if (node->op != CS_PHASE) return before;
    int64_t more = cs_kept_doubles(&node->phase);
    return before + more > KEPT_BY_ALL ? before : before + more;
}
int64_t cs_program_kept_doubles(const cs_node *nodes, int32_t n) {
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++) sum = kept_after(&nodes[i], sum);
    return sum;
}
void cs_program_keep(cs_node *nodes, int32_t n, double *room) {
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
        int64_t after = kept_after(&nodes[i], sum);
        if (after > sum) cs_keep(&nodes[i].phase, room + sum);
        sum = after;
    }
}

#define FLOAT double
#define NAME(f) f##_f64
#include "ranges.h"
#undef FLOAT
#undef NAME
#define FLOAT float
#define NAME(f) f##_f32
#include "ranges.h"
