/* The bins of adaptive pooling, over up to three axes. */
#include "ops/adaptive_pool.h"

#include <math.h>

#include "ops/row.h"
#include "ops/shape_rules.h"

const scull_attr_field_t scull_ops_adaptive_pool_fields[1] = {
    SCULL_FIELD(scull_adaptive_pool_attrs_t, INTS, size, ""),
};

static const int64_t max_extent = (int64_t)1 << 31; /* keeps i * in exact */

scull_status_t scull_ops_adaptive_pool_infer(const scull_op_call_t *call) {
  const scull_adaptive_pool_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  SCULL_TRY(scull_ops_infer_number(call));
  if (x->rank < 3 || x->rank > 5)
    return scull_ops_fail(call, "x has %d dimensions where 3 to 5 are taken", x->rank);
  if (attrs->size.size != 1 && attrs->size.size != (size_t)x->rank - 2)
    return scull_ops_fail(call, "size: one or %d numbers are wanted", x->rank - 2);
  for (int32_t i = 2; i < x->rank; i++) {
    int64_t bins = attrs->size.data[attrs->size.size == 1 ? 0 : i - 2];
    if (bins < 1 || bins >= max_extent || x->dim[i] < 1 || x->dim[i] >= max_extent)
      return scull_ops_fail(call, "%lld bins over %lld elements", (long long)bins,
                            (long long)x->dim[i]);
    call->outputs[0].type.shape.dim[i] = bins;
  }
  return SCULL_OK;
}

typedef struct {
  int64_t begin, end;
} bin_t;

static bin_t bin_of(int64_t at, int64_t in, int64_t out) {
  return (bin_t){at * in / out, ((at + 1) * in + out - 1) / out};
}

/* Sum or largest element of a bin; `in` are the extents of the plane that begins at `plane`. */
static double reduce(const scull_tensor_t *x, int64_t plane, const int64_t in[3],
                     const bin_t bin[3], bool largest) {
  double result = largest ? -HUGE_VAL : 0;
  for (int64_t d = bin[0].begin; d < bin[0].end; d++) {
    for (int64_t h = bin[1].begin; h < bin[1].end; h++) {
      for (int64_t w = bin[2].begin; w < bin[2].end; w++) {
        int64_t at = plane + (d * in[1] + h) * in[2] + w;
        double v = scull_tensor_load(x->data, x->type.dtype, at);
        result = largest ? scull_ops_larger(result, v) : result + v;
      }
    }
  }
  return result;
}

void scull_ops_adaptive_pool(const scull_op_call_t *call, bool largest) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1};
  for (int32_t i = 2; i < x->type.shape.rank; i++) {
    int32_t axis = i - x->type.shape.rank + 3;
    in[axis] = x->type.shape.dim[i];
    out[axis] = y->type.shape.dim[i];
  }
  for (int64_t i = 0, count = scull_tensor_count(&y->type.shape); i < count; i++) {
    bin_t bin[3];
    int64_t rest = i, taps = 1;
    for (int axis = 2; axis >= 0; axis--) {
      bin[axis] = bin_of(rest % out[axis], in[axis], out[axis]);
      taps *= bin[axis].end - bin[axis].begin;
      rest /= out[axis];
    }
    double result = reduce(x, rest * in[0] * in[1] * in[2], in, bin, largest);
    scull_tensor_store(y->data, y->type.dtype, i, largest ? result : result / (double)taps);
  }
}

double scull_ops_adaptive_pool_flops(const scull_op_call_t *call) {
  return (double)scull_tensor_count(&call->inputs[0].type.shape) +
         (double)scull_tensor_count(&call->outputs[0].type.shape);
}
