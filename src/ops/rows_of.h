/* Sequences that lie one behind the other in the rows of a tensor, with offsets i64 or i32 [N+1]
 * that say where each begins and, last, where the last one ends. Private to ops/. */
#ifndef SCULL_OPS_ROWS_OF_H
#define SCULL_OPS_ROWS_OF_H

#include "ops/opdef.h"

/* Fails unless input `input` is a list of one or more i32 or i64, and x (input 0) has rows. */
scull_status_t scull_ops_rows_check(const scull_op_call_t *call, size_t input) SCULL_MUST_USE;

/* Sequences of that list. */
int64_t scull_ops_rows_count(const scull_op_call_t *call, size_t input);

/* Rows [*begin, *end) of sequence n; fails unless they lie in `rows` rows. */
scull_status_t scull_ops_rows_of(const scull_op_call_t *call, size_t input, int64_t n, int64_t rows,
                                 int64_t *begin, int64_t *end) SCULL_MUST_USE;

/* Elements of a row of a tensor; 1 where it has no rows. */
int64_t scull_ops_row_size(const scull_shape_t *shape);

#endif
