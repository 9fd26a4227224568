/* Values of a range of steps, for one type of output. Included twice by program.c. */

static void NAME(range)(const cs_node *, int32_t, int64_t, int64_t, FLOAT *, const cs_levels *);

static void NAME(repeat_value)(FLOAT v, int64_t n, FLOAT *out) {
    if (n > 0) NAME(cs_spread)(&v, 1, n, 0, out);
}

static void NAME(phase_range)(const cs_node *node, int64_t t, int64_t n, FLOAT *out,
                              const cs_levels *levels) {
    cs_phase room;
    const cs_phase *phase = phase_now(node, levels, &room);
    double last = last_sample(node);
    int64_t steps = last < (double)node->length ? (int64_t)ceil(last) : node->length;
    int64_t run = steps - t < n ? steps - t : n;
    if (run > 0) {
        NAME(cs_fill)(phase, t, run, out);
        t += run, n -= run, out += run;
    }
    if (n > 0) NAME(repeat_value)((FLOAT)cs_at(phase, position(node, t)), n, out);
}

static void NAME(sequence_range)(const cs_node *nodes, const cs_node *node, int64_t t, int64_t n,
                                 FLOAT *out, const cs_levels *levels) {
    int32_t last = node->first + node->count - 1;
    for (int32_t child = child_at(nodes, node, t); n > 0; child++) {
        int64_t run = child < last && nodes[child + 1].begin - t < n ? nodes[child + 1].begin - t : n;
        NAME(range)(nodes, child, t - nodes[child].begin, run, out, levels);
        t += run, n -= run, out += run;
    }
}

/* n values of cycles that are all alike, the first one in out[0 .. length - 1] already. */
static void NAME(copy_cycles)(int64_t length, int64_t n, FLOAT *out) {
    for (int64_t done = length, run; done < n; done += run) {
        run = done < CHUNK ? done : CHUNK / length * length;
        if (run > n - done) run = n - done;
        memcpy(out + done, out, (size_t)run * sizeof *out);
    }
}

static void NAME(repeat_range)(const cs_node *nodes, const cs_node *node, int64_t t, int64_t n,
                               FLOAT *out, const cs_levels *levels) {
    int alike = !has_levels(node) && node->length <= CHUNK; /* longer ones are quicker computed */
    while (n > 0) {
        int64_t i = cycle_of(node, t), r = t - i * node->length;
        int last = node->times && i == node->times - 1;
        int64_t run = !last && node->length - r < n ? node->length - r : n;
        cs_levels now;
        if (has_levels(node)) now = levels_in_cycle(node, i, levels);
        NAME(range)(nodes, node->first, r, run, out, has_levels(node) ? &now : levels);
        if (alike && r == 0 && !last && run == node->length) {
            int64_t whole = node->times ? node->times * node->length - t : n;
            run = whole < n ? whole : n;
            NAME(copy_cycles)(node->length, run, out);
        }
        t += run, n -= run, out += run;
    }
}

/* Samples are read in blocks where the child counts them, else one by one, and then spread. */
static void NAME(every_range)(const cs_node *nodes, const cs_node *node, int64_t t, int64_t n,
                              FLOAT *out, const cs_levels *levels) {
    FLOAT samples[CHUNK];
    int64_t times = node->times, end = t + n < node->length ? t + n : node->length;
    int streamed = (size_t)n * sizeof *out >= CS_BEYOND_CACHES;
    while (t < end) {
        int64_t first = t / times, count = (end - t) / times, run = count * times;
        if (t % times || count == 0) { /* part of a sample */
            run = (first + 1) * times < end ? (first + 1) * times - t : end - t;
            NAME(repeat_value)((FLOAT)every_value(nodes, node, t, levels), run, out);
        } else {
            if (count > CHUNK) count = CHUNK, run = count * times;
            if (node->count == 2) NAME(range)(nodes, node->first, first, count, samples, levels);
            else for (int64_t i = 0; i < count; i++)
                samples[i] = (FLOAT)every_value(nodes, node, t + i * times, levels);
            NAME(cs_spread)(samples, count, times, streamed, out);
        }
        t += run, n -= run, out += run;
    }
    if (n > 0) NAME(range)(nodes, node->first + node->count - 1, t, n, out, levels);
}

/* Child at min(t, length) + times. */
static void NAME(shift_range)(const cs_node *nodes, const cs_node *node, int64_t t, int64_t n,
                              FLOAT *out, const cs_levels *levels) {
    int64_t run = node->length - t < n ? node->length - t : n;
    if (run > 0) {
        NAME(range)(nodes, node->first, t + node->times, run, out, levels);
        n -= run, out += run;
    }
    if (n > 0)
        NAME(repeat_value)((FLOAT)value(nodes, node->first, node->length + node->times, levels), n, out);
}

/* The nodes that work on values: always in float64, whatever the output. */
static void NAME(pointwise)(const cs_node *nodes, const cs_node *node, int64_t t, int64_t n,
                            FLOAT *out, const cs_levels *levels) {
    double v[CHUNK], w[CHUNK];
    while (n > 0) {
        int64_t run = n < CHUNK ? n : CHUNK;
        range_f64(nodes, node->first, t, run, v, levels);
        for (int32_t j = 1; j < node->count; j++) {
            range_f64(nodes, node->first + j, t, run, w, levels);
            if (node->op == CS_PRODUCT) for (int64_t i = 0; i < run; i++) v[i] *= w[i];
            else for (int64_t i = 0; i < run; i++) v[i] += w[i];
        }
        if (node->op == CS_CLIP) {
            for (int64_t i = 0; i < run; i++)
                v[i] = v[i] < node->x[0] ? node->x[0] : v[i] > node->x[1] ? node->x[1] : v[i];
        } else if (node->op == CS_ROUND) {
            for (int64_t i = 0; i < run; i++) v[i] = rounded(v[i], node->x[0]);
        } else if (node->op == CS_NOISE) {
            for (int64_t i = 0; i < run; i++) v[i] = noisy(node, v[i], t + i);
        }
        for (int64_t i = 0; i < run; i++) out[i] = (FLOAT)v[i];
        t += run, n -= run, out += run;
    }
}

static void NAME(range)(const cs_node *nodes, int32_t index, int64_t t, int64_t n, FLOAT *out,
                        const cs_levels *levels) {
    const cs_node *node = &nodes[index];
    switch (node->op) {
    case CS_PHASE: NAME(phase_range)(node, t, n, out, levels); return;
    case CS_FROZEN: NAME(repeat_value)((FLOAT)value(nodes, index, t, levels), n, out); return;
    case CS_SEQUENCE: NAME(sequence_range)(nodes, node, t, n, out, levels); return;
    case CS_REPEAT: NAME(repeat_range)(nodes, node, t, n, out, levels); return;
    case CS_EVERY: NAME(every_range)(nodes, node, t, n, out, levels); return;
    case CS_SHIFT: NAME(shift_range)(nodes, node, t, n, out, levels); return;
    default: NAME(pointwise)(nodes, node, t, n, out, levels); return;
    }
}

void NAME(cs_values)(const cs_node *nodes, int64_t first, int64_t n, FLOAT *out) {
    NAME(range)(nodes, 0, first, n, out, 0);
}
