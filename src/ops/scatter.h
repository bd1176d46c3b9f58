/* Attributes of scatter_elements and scatter_nd, and what they share with gather_nd. */
#ifndef SCULL_OPS_SCATTER_H
#define SCULL_OPS_SCATTER_H

#include "ops/opdef.h"

/* What an update does with the element that it meets: takes its place, or is added, ... */
enum {
  SCULL_SCATTER_NONE,
  SCULL_SCATTER_ADD,
  SCULL_SCATTER_MUL,
  SCULL_SCATTER_MAX,
  SCULL_SCATTER_MIN
};
extern const char *const scull_ops_scatter_names[];

/* scatter_nd has no axis. */
typedef struct scull_scatter_attrs {
  int64_t axis;
  int32_t reduction; /* SCULL_SCATTER_*; updates of one element come in their order */
} scull_scatter_attrs_t;

/* The checks of both: x and updates of one type, a number if it is reduced, an index; y is like
 * x. */
scull_status_t scull_ops_scatter_infer(const scull_op_call_t *call) SCULL_MUST_USE;

/* Elements [from, from + count) of input 2 meet elements [to, to + count) of output 0. */
void scull_ops_scatter(const scull_op_call_t *call, int64_t to, int64_t from, int64_t count);

/* Flat position in input 0 of what row `row` of input 1, `depth` long, names. */
scull_status_t scull_ops_index_row(const scull_op_call_t *call, int64_t row, int32_t depth,
                                   int64_t *position) SCULL_MUST_USE;

#endif
