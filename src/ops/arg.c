/* The common part of arg_max and arg_min. */
#include "ops/arg.h"

#include <math.h>

#include "ops/lines.h"

const scull_attr_field_t scull_ops_arg_fields[4] = {
    SCULL_FIELD(scull_arg_attrs_t, INT, axis, "-1"),
    SCULL_FIELD(scull_arg_attrs_t, BOOL, keep_dims, "false"),
    SCULL_FIELD(scull_arg_attrs_t, DTYPE, to, "i64"),
    SCULL_FIELD(scull_arg_attrs_t, BOOL, last, "false"),
};

scull_status_t scull_ops_arg_infer(const scull_op_call_t *call) {
  const scull_arg_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  scull_lines_t lines;
  SCULL_TRY(scull_ops_lines(call, x, attrs->axis, &lines));
  if (lines.extent == 0)
    return scull_ops_fail(call, "axis %d has no elements", lines.axis);
  if (attrs->to != SCULL_DTYPE_I64 && attrs->to != SCULL_DTYPE_I32)
    return scull_ops_fail(call, "indices as %s", scull_tensor_dtype_name(attrs->to));
  if (attrs->to == SCULL_DTYPE_I32 && lines.extent > INT32_MAX)
    return scull_ops_fail(call, "indices up to %lld do not fit into i32", (long long)lines.extent);
  call->outputs[0].type =
      (scull_type_t){attrs->to, scull_ops_lines_reduced(x, lines.axis, attrs->keep_dims)};
  return SCULL_OK;
}

static int64_t best_real(const scull_tensor_t *x, int64_t first, const scull_lines_t *lines,
                         int sign, bool last) {
  int64_t best = 0;
  double peak = NAN;
  for (int64_t i = 0; i < lines->extent; i++) {
    double v = sign * scull_tensor_load(x->data, x->type.dtype, first + i * lines->inner);
    if (v > peak || (last && v == peak) || (isnan(peak) && !isnan(v))) {
      peak = v;
      best = i;
    }
  }
  return best;
}

/* Lines of f32 side by side, so that memory is read in its order: maps of classes are such. */
enum { BESIDE = 256 };

static void best_beside(const float *x, const scull_lines_t *lines, float sign, bool last,
                        int32_t best[BESIDE]) {
  float peak[BESIDE];
  for (int k = 0; k < BESIDE; k++) {
    peak[k] = NAN;
    best[k] = 0;
  }
  for (int64_t i = 0; i < lines->extent; i++, x += lines->inner) {
    for (int k = 0; k < BESIDE; k++) {
      const float v = sign * x[k], p = peak[k];
      const bool takes = (v > p) | ((v == p) & last) | ((p != p) & (v == v));
      peak[k] = takes ? v : p;
      best[k] = takes ? (int32_t)i : best[k];
    }
  }
}

static int64_t best_whole(const scull_tensor_t *x, int64_t first, const scull_lines_t *lines,
                          int sign, bool last) {
  int64_t best = 0, peak = 0;
  for (int64_t i = 0; i < lines->extent; i++) {
    int64_t v = scull_tensor_load_i64(x->data, x->type.dtype, first + i * lines->inner);
    if (i == 0 || (sign > 0 ? v > peak : v < peak) || (last && v == peak)) {
      peak = v;
      best = i;
    }
  }
  return best;
}

scull_status_t scull_ops_arg_reference(const scull_op_call_t *call, int sign) {
  const scull_arg_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  bool whole = !scull_tensor_dtype_is_float(x->type.dtype);
  scull_lines_t lines;
  SCULL_TRY(scull_ops_lines(call, &x->type.shape, attrs->axis, &lines));
  for (int64_t o = 0; o < lines.outer; o++) {
    int64_t i = 0;
    for (;
         x->type.dtype == SCULL_DTYPE_F32 && lines.extent <= INT32_MAX && i + BESIDE <= lines.inner;
         i += BESIDE) {
      int32_t best[BESIDE];
      best_beside((const float *)x->data + o * lines.extent * lines.inner + i, &lines, (float)sign,
                  attrs->last, best);
      for (int k = 0; k < BESIDE; k++)
        scull_tensor_store_i64(y->data, y->type.dtype, o * lines.inner + i + k, best[k]);
    }
    for (; i < lines.inner; i++) {
      int64_t first = o * lines.extent * lines.inner + i;
      int64_t best = whole ? best_whole(x, first, &lines, sign, attrs->last)
                           : best_real(x, first, &lines, sign, attrs->last);
      scull_tensor_store_i64(y->data, y->type.dtype, o * lines.inner + i, best);
    }
  }
  return SCULL_OK;
}
