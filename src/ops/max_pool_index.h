/* Attributes of max_pool_index and max_unpool. */
#ifndef SCULL_OPS_MAX_POOL_INDEX_H
#define SCULL_OPS_MAX_POOL_INDEX_H

#include "ops/pool.h"

/* What an index counts: elements of a plane (the spatial axes), of the whole tensor, or of the
 * whole tensor with the spatial axes in reverse order (column-major pictures). */
enum { SCULL_INDEX_PLANE, SCULL_INDEX_TENSOR, SCULL_INDEX_TENSOR_COLUMNS };
extern const char *const scull_ops_pool_index_names[];

typedef struct scull_max_pool_index_attrs {
  scull_pool_attrs_t pool;
  bool adaptive; /* `kernel` is the number of bins an axis, and nothing else is read */
  int32_t index; /* SCULL_INDEX_* */
} scull_max_pool_index_attrs_t;

typedef struct scull_max_unpool_attrs {
  scull_ints_t size; /* of the result, one a spatial axis */
  int32_t index;     /* SCULL_INDEX_PLANE, _TENSOR */
} scull_max_unpool_attrs_t;

#endif
