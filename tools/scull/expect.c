/* Comparison with recorded answers. */
#include "expect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "console.h"

static bool same_shape(const scull_tensor_view_t *tensor, const cli_array_t *array) {
  return tensor->rank == array->rank && tensor->size == array->size &&
         tensor->dtype == array->dtype &&
         memcmp(tensor->dims, array->dims, (size_t)array->rank * sizeof *array->dims) == 0;
}

static double value_at(scull_dtype_t dtype, const void *data, size_t index) {
  return dtype == SCULL_DTYPE_F64 ? ((const double *)data)[index]
                                  : (double)((const float *)data)[index];
}

/* NaN where only one side is a number, so that it cannot pass for a small error. */
static double distance(double a, double b) {
  return a == b || (isnan(a) && isnan(b)) ? 0 : fabs(a - b);
}

static double relative_error(const scull_tensor_view_t *tensor, const cli_array_t *array) {
  size_t count = array->size / cli_dtype_size(array->dtype);
  double low = INFINITY, high = -INFINITY, error = 0;
  for (size_t i = 0; i < count; i++) {
    double wanted = value_at(array->dtype, array->data, i);
    double apart = distance(value_at(tensor->dtype, tensor->data, i), wanted);
    low = fmin(low, wanted);
    high = fmax(high, wanted);
    if (!(apart <= error))
      error = apart;
    if (isnan(error))
      return error;
  }
  double range = high > low ? high - low : fabs(high);
  return error == 0 ? 0 : error / (range > 0 ? range : 1);
}

static scull_status_t compare(const char *name, const scull_tensor_view_t *tensor,
                              const cli_array_t *array, const char *path, double tolerance) {
  if (!same_shape(tensor, array))
    return cli_fail(SCULL_OUT_OF_RANGE, "%s: its shape or element type is not that of output '%s'",
                    path, name);
  if (array->dtype != SCULL_DTYPE_F32 && array->dtype != SCULL_DTYPE_F64) {
    bool equal = memcmp(tensor->data, array->data, array->size) == 0;
    return equal ? SCULL_OK
                 : cli_fail(SCULL_OUT_OF_RANGE, "output '%s' differs from %s", name, path);
  }
  double error = relative_error(tensor, array);
  printf("%s  max error %.2e of the range of %s\n", name, error, path);
  if (error <= tolerance)
    return SCULL_OK;
  return cli_fail(SCULL_OUT_OF_RANGE, "output '%s' is %.2e off %s; %.2e is permitted", name, error,
                  path, tolerance);
}

scull_status_t cli_expect_array(const char *name, const scull_tensor_view_t *tensor,
                                const char *path, double tolerance) {
  cli_array_t array;
  CLI_TRY(cli_npy_read(path, &array));
  scull_status_t status = compare(name, tensor, &array, path, tolerance);
  cli_array_deinit(&array);
  return status;
}

static size_t count_hits(const scull_tensor_view_t *tensor, const int64_t *labels, size_t rows) {
  const float *values = tensor->data;
  size_t width = tensor->size / sizeof *values / rows, hits = 0;
  for (size_t row = 0; row < rows; row++, values += width) {
    size_t best = 0;
    for (size_t i = 1; i < width; i++)
      best = values[i] > values[best] ? i : best;
    hits += width > 0 && labels[row] == (int64_t)best;
  }
  return hits;
}

scull_status_t cli_expect_labels(const char *name, const scull_tensor_view_t *tensor,
                                 const char *path) {
  cli_array_t labels;
  CLI_TRY(cli_npy_read(path, &labels));
  size_t rows = labels.size / sizeof(int64_t);
  scull_status_t status = SCULL_OK;
  if (labels.dtype != SCULL_DTYPE_I64 || tensor->dtype != SCULL_DTYPE_F32 || tensor->rank < 1 ||
      rows == 0 || tensor->dims[0] != (int64_t)rows)
    status =
        cli_fail(SCULL_OUT_OF_RANGE,
                 "%s: labels must be i64, one for each row of the f32 output '%s'", path, name);
  else
    printf("accuracy %.6f of %zu\n", (double)count_hits(tensor, labels.data, rows) / (double)rows,
           rows);
  cli_array_deinit(&labels);
  return status;
}
