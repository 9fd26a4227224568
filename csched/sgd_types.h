/* Both types of sgd_loops.h for one CPU variant. Included by sgd.c with VARIANT and the target set. */

#define TYPE f32
#define REAL float
#define FMA fmaf
#define SQRT sqrtf
#include "sgd_loops.h"
#undef TYPE
#undef REAL
#undef FMA
#undef SQRT

#define TYPE f64
#define REAL double
#define FMA fma
#define SQRT sqrt
#include "sgd_loops.h"
#undef TYPE
#undef REAL
#undef FMA
#undef SQRT

#undef VARIANT
