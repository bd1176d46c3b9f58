/* NumPy's .npy files, versions 1 to 3, C order, little-endian: the arrays of the command line. A
 * file is untrusted: its header is bounded, and its size must be what the header says. */
#ifndef SCULL_TOOL_NPY_H
#define SCULL_TOOL_NPY_H

#include "command.h"

typedef struct cli_array {
  scull_dtype_t dtype;
  int32_t rank;
  int64_t dims[SCULL_MAX_RANK];
  void *data; /* owned */
  size_t size;
} cli_array_t;

void cli_array_deinit(cli_array_t *array);

/* Zeros of a shape. */
CLI_CHECKED scull_status_t cli_array_init(cli_array_t *array, scull_dtype_t dtype, int32_t rank,
                                          const int64_t *dims);

/* On failure *out is empty. */
CLI_CHECKED scull_status_t cli_npy_read(const char *path, cli_array_t *out);

/* BF16, which NumPy lacks, is written as f4. */
CLI_CHECKED scull_status_t cli_npy_write(const char *path, const scull_tensor_view_t *tensor);

/* "f32" and its size in bytes. */
const char *cli_dtype_name(scull_dtype_t dtype);
size_t cli_dtype_size(scull_dtype_t dtype);

#endif
