/* dft: x [..., n, ..., 1 or 2] (real, or real and imaginary parts) -> [..., bins, ..., 2], the
 * discrete Fourier transform along an axis that is not the last. */
#include "ops/fourier.h"
#include "ops/lines.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_dft_attrs_t, INT, axis, "1"),
    SCULL_FIELD(scull_dft_attrs_t, INT, length, "0"),
    SCULL_FIELD(scull_dft_attrs_t, BOOL, inverse, "false"),
    SCULL_FIELD(scull_dft_attrs_t, BOOL, one_sided, "false"),
};

/* The tensor without its last axis, as lines. */
static scull_status_t lines_of(const scull_op_call_t *call, scull_lines_t *lines, int64_t *length) {
  const scull_dft_attrs_t *attrs = call->attrs;
  scull_shape_t shape = call->inputs[0].type.shape;
  if (shape.rank < 2 || (shape.dim[shape.rank - 1] != 1 && shape.dim[shape.rank - 1] != 2))
    return scull_ops_fail(call, "the last axis must have a real part, or an imaginary one, too");
  int64_t axis = attrs->axis < 0 ? attrs->axis + shape.rank : attrs->axis;
  shape.rank--;
  SCULL_TRY(scull_ops_lines(call, &shape, axis, lines));
  *length = attrs->length > 0 ? attrs->length : lines->extent;
  if (attrs->length < 0 || *length < 1 || *length > SCULL_FOURIER_MAX)
    return scull_ops_fail(call, "a line of %lld elements", (long long)*length);
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_dft_attrs_t *attrs = call->attrs;
  scull_lines_t lines;
  int64_t length = 0;
  SCULL_TRY(lines_of(call, &lines, &length));
  SCULL_TRY(scull_ops_infer_float(call));
  scull_shape_t *y = &call->outputs[0].type.shape;
  y->dim[lines.axis] = attrs->one_sided ? length / 2 + 1 : length;
  y->dim[y->rank - 1] = 2;
  return SCULL_OK;
}

static void load_line(const scull_tensor_t *x, int64_t first, int64_t step, int64_t extent,
                      int64_t length, double *line) {
  int64_t parts = x->type.shape.dim[x->type.shape.rank - 1];
  for (int64_t i = 0; i < length; i++) {
    int64_t at = (first + i * step) * parts;
    line[i] = i < extent ? scull_tensor_load(x->data, x->type.dtype, at) : 0;
    line[length + i] =
        i < extent && parts == 2 ? scull_tensor_load(x->data, x->type.dtype, at + 1) : 0;
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_dft_attrs_t *attrs = call->attrs;
  const scull_tensor_t *y = &call->outputs[0];
  scull_lines_t lines;
  int64_t length = 0;
  SCULL_TRY(lines_of(call, &lines, &length));
  int64_t bins = y->type.shape.dim[lines.axis];
  double scale = attrs->inverse ? 1 / (double)length : 1;
  scull_ops_fourier_begin(call->scratch, length, attrs->inverse);
  for (int64_t i = 0; i < lines.outer * lines.inner; i++) {
    int64_t outer = i / lines.inner, inner = i % lines.inner;
    load_line(&call->inputs[0], outer * lines.extent * lines.inner + inner, lines.inner,
              lines.extent, length, scull_ops_fourier_line(call->scratch, length));
    for (int64_t k = 0; k < bins; k++) {
      int64_t at = 2 * ((outer * bins + k) * lines.inner + inner);
      double re = 0, im = 0;
      scull_ops_fourier_bin(call->scratch, length, k, &re, &im);
      scull_tensor_store(y->data, y->type.dtype, at, re * scale);
      scull_tensor_store(y->data, y->type.dtype, at + 1, im * scale);
    }
  }
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  scull_lines_t lines;
  int64_t length = 0;
  return lines_of(call, &lines, &length) == SCULL_OK ? scull_ops_fourier_scratch(length) : SIZE_MAX;
}

static double flops(const scull_op_call_t *call) {
  scull_lines_t lines;
  int64_t length = 0;
  return lines_of(call, &lines, &length) != SCULL_OK
             ? 0
             : 8 * (double)length * (double)scull_tensor_count(&call->outputs[0].type.shape) / 2;
}

const scull_opdef_t scull_opdef_dft = {.name = "dft",
                                       .inputs_min = 1,
                                       .inputs_max = 1,
                                       .outputs_min = 1,
                                       .outputs_max = 1,
                                       .attrs = SCULL_SCHEMA(scull_dft_attrs_t, fields),
                                       .infer = infer,
                                       .reference = reference,
                                       .flops = flops,
                                       .scratch = scratch};
