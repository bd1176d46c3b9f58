/* Attributes of loop. */
#ifndef SCULL_OPS_LOOP_H
#define SCULL_OPS_LOOP_H

#include "ops/opdef.h"

typedef struct scull_loop_attrs {
  int64_t carried; /* how many values go from one trip to the next */
} scull_loop_attrs_t;

/* Places in a loop's operands, parameters and results; see SCULL_CONTROL_LOOP. */
enum {
  SCULL_LOOP_TRIPS = 0,
  SCULL_LOOP_CONDITION = 1,
  SCULL_LOOP_CARRIED = 2,      /* the first carried operand or parameter */
  SCULL_LOOP_RESULT = 1,       /* the first carried result */
  SCULL_LOOP_LIMIT = 10000000, /* trips in one run, where nobody says otherwise */
};

#endif
