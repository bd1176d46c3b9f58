/* What an output should have been: arrays recorded elsewhere, and labels of classes. */
#ifndef SCULL_TOOL_EXPECT_H
#define SCULL_TOOL_EXPECT_H

#include "npy.h"

/* Prints how far `tensor` is from the array in `path`: the largest absolute difference over the
 * range of the array's values. Fails when that is above `tolerance`, or the shape or element type
 * is another. Integers must be equal. */
CLI_CHECKED scull_status_t cli_expect_array(const char *name, const scull_tensor_view_t *tensor,
                                            const char *path, double tolerance);

/* Prints the share of rows of `tensor` (f32, one row a sample) whose largest element is at the
 * label of the sample; `path` holds one i64 a row. */
CLI_CHECKED scull_status_t cli_expect_labels(const char *name, const scull_tensor_view_t *tensor,
                                             const char *path);

#endif
