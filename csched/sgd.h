/* Update rules: weights, gradients and optimizer state in memory, in one pass.

   Pure C11: no Python, no allocation, no errors. Every rule works element by element, so an array
   may be cut anywhere and the pieces updated in any order, by any thread. Weights and gradients
   may be the same array.

   Every product that is added to something is a fused multiply-add asked for by name (fma), which
   is one rounding on every CPU: all variants give the same bits, and they are those of torch,
   whose own loops use the instruction. */
#ifndef CSCHED_SGD_H
#define CSCHED_SGD_H

#include <stdint.h>

/* First, in every rule:  g = clip * gradient + coupled * w,  w = keep * w.
   CS_PLAIN                                          w += rate * g
   CS_MOMENTUM   m = momentum * m + intake * g;      w += rate * m
   CS_NESTEROV   m = momentum * m + intake * g;      w += rate * (momentum * m + direct * g)
   CS_ADAM       m += intake * (g - m);  v = momentum2 * v + intake2 * g * g;
                                                     w += rate * m / (sqrt(v) / root + epsilon)
   The coefficients are rounded to the type of the arrays before use. */
enum cs_rule { CS_PLAIN, CS_MOMENTUM, CS_NESTEROV, CS_ADAM, CS_N_RULES };

typedef struct {
    double clip, coupled, keep, rate;
    double momentum, intake, direct;
    double momentum2, intake2, root, epsilon;
} cs_coefficients;

/* n elements of type double (wide) or float; m and v only where the rule names them. */
void cs_update(enum cs_rule rule, const cs_coefficients *c, int wide, int64_t n,
               void *w, const void *g, void *m, void *v);

/* The sum of n squares in float64. */
double cs_squares(int wide, int64_t n, const void *g);

#endif
