/* The range of each input of a build, from --minShapes and its kin. Private to doors/trtexec. */
#ifndef SCULL_DOORS_TRTEXEC_RANGES_H
#define SCULL_DOORS_TRTEXEC_RANGES_H

#include "values.h"

typedef struct {
  scull_shape_range_t *items; /* names are owned */
  size_t count;
  char **outputs; /* the model's own */
  size_t output_count;
} trtexec_ranges_t;

/* Asks the model what its inputs are (build->model), and decides. As with trtexec, shapes of
 * --shapes stand for --optShapes, and open extents that nothing gives are 1. */
bool trtexec_ranges_decide(const trtexec_options_t *options, const scull_build_options_t *build,
                           trtexec_ranges_t *out) TRTEXEC_CHECKED;
void trtexec_ranges_deinit(trtexec_ranges_t *ranges);

bool trtexec_ranges_is_output(const trtexec_ranges_t *ranges, const char *name);

#endif
