/* Axes and integer lists that a rule reads: from a shape tensor when that input is present, else
 * from the attribute. Private to ops/. */
#ifndef SCULL_OPS_LISTS_H
#define SCULL_OPS_LISTS_H

#include "ops/opdef.h"

enum { SCULL_LIST_ROOM = 2 * SCULL_MAX_RANK }; /* pads: a begin and an end an axis */

typedef struct scull_list {
  int64_t item[SCULL_LIST_ROOM];
  int32_t size;
} scull_list_t;

/* For scull_ops_list_read where an operator takes no tensor for the list. */
#define SCULL_NO_INPUT SIZE_MAX

/* The list `name`: input `input` (i32 or i64, rank 0 or 1) when present, else `attr`. Fails when
 * the input's bytes are not known, or when there are more than SCULL_LIST_ROOM items. */
scull_status_t scull_ops_list_read(const scull_op_call_t *call, size_t input, const char *name,
                                   scull_ints_t attr, scull_list_t *out) SCULL_MUST_USE;

/* For the rule of an operator whose output 0 has as many dimensions as list input `input` has
 * items, when that list must be guessed: a tensor of `dtype` and `count` elements along its first
 * axis, every axis open. */
scull_status_t scull_ops_infer_open(const scull_op_call_t *call, size_t input, scull_dtype_t dtype,
                                    int64_t count) SCULL_MUST_USE;

/* `axis` in [-rank, rank) made non-negative. */
scull_status_t scull_ops_axis_read(const scull_op_call_t *call, int64_t axis, int32_t rank,
                                   int32_t *out) SCULL_MUST_USE;

/* Marks the axes of a list in `is_marked`; an axis that stands twice is refused. */
scull_status_t scull_ops_axes_read(const scull_op_call_t *call, scull_ints_t axes, int32_t rank,
                                   bool is_marked[SCULL_MAX_RANK]) SCULL_MUST_USE;

/* Fails unless input `input` holds indices: i32 or i64. */
scull_status_t scull_ops_check_index(const scull_op_call_t *call, size_t input) SCULL_MUST_USE;

/* Index number `at` of input `input`, counted from the end where negative, into an axis of `extent`
 * elements; one outside is an error. */
scull_status_t scull_ops_index_read(const scull_op_call_t *call, size_t input, int64_t at,
                                    int64_t extent, int64_t *out) SCULL_MUST_USE;

#endif
