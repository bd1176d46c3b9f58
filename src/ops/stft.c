/* stft: x [N,L] or [N,L,1 or 2], window [length]? -> [N,frames,bins,2], the discrete Fourier
 * transform of frames of a signal, weighted by the window. The last frame ends within the signal.
 */
#include "ops/fourier.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_stft_attrs_t, INT, step, "1"),
    SCULL_FIELD(scull_stft_attrs_t, INT, length, "1"),
    SCULL_FIELD(scull_stft_attrs_t, BOOL, one_sided, "true"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_stft_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank < 2 || x->rank > 3 || (x->rank == 3 && x->dim[2] != 1 && x->dim[2] != 2))
    return scull_ops_fail(call, "x must be [N,L] or [N,L,1 or 2]");
  if (attrs->step < 1 || attrs->length < 1 || attrs->length > x->dim[1] ||
      attrs->length > SCULL_FOURIER_MAX)
    return scull_ops_fail(call, "frames of %lld, %lld apart, in %lld elements",
                          (long long)attrs->length, (long long)attrs->step, (long long)x->dim[1]);
  SCULL_TRY(scull_ops_check_floats(call, 2));
  SCULL_TRY(scull_ops_check_list(call, 1, "the window", attrs->length));
  call->outputs[0].type =
      (scull_type_t){call->inputs[0].type.dtype,
                     {4,
                      {x->dim[0], (x->dim[1] - attrs->length) / attrs->step + 1,
                       attrs->one_sided ? attrs->length / 2 + 1 : attrs->length, 2}}};
  return SCULL_OK;
}

static void load_frame(const scull_op_call_t *call, int64_t first, int64_t length, double *line) {
  const scull_tensor_t *x = &call->inputs[0];
  const scull_tensor_t *window = scull_ops_has_input(call, 1) ? &call->inputs[1] : NULL;
  int64_t parts = x->type.shape.rank == 3 ? x->type.shape.dim[2] : 1;
  for (int64_t i = 0; i < length; i++) {
    double weight = window == NULL ? 1 : scull_tensor_load(window->data, window->type.dtype, i);
    int64_t at = (first + i) * parts;
    line[i] = weight * scull_tensor_load(x->data, x->type.dtype, at);
    line[length + i] = parts == 2 ? weight * scull_tensor_load(x->data, x->type.dtype, at + 1) : 0;
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_stft_attrs_t *attrs = call->attrs;
  const scull_tensor_t *y = &call->outputs[0];
  const scull_shape_t *shape = &y->type.shape;
  scull_ops_fourier_begin(call->scratch, attrs->length, false);
  for (int64_t i = 0; i < shape->dim[0] * shape->dim[1]; i++) {
    int64_t n = i / shape->dim[1], frame = i % shape->dim[1];
    load_frame(call, n * call->inputs[0].type.shape.dim[1] + frame * attrs->step, attrs->length,
               scull_ops_fourier_line(call->scratch, attrs->length));
    for (int64_t k = 0; k < shape->dim[2]; k++) {
      double re = 0, im = 0;
      scull_ops_fourier_bin(call->scratch, attrs->length, k, &re, &im);
      scull_tensor_store(y->data, y->type.dtype, 2 * (i * shape->dim[2] + k), re);
      scull_tensor_store(y->data, y->type.dtype, 2 * (i * shape->dim[2] + k) + 1, im);
    }
  }
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  const scull_stft_attrs_t *attrs = call->attrs;
  return scull_ops_fourier_scratch(attrs->length);
}

static double flops(const scull_op_call_t *call) {
  const scull_stft_attrs_t *attrs = call->attrs;
  return 4 * (double)attrs->length * (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_stft = {.name = "stft",
                                        .inputs_min = 1,
                                        .inputs_max = 2,
                                        .outputs_min = 1,
                                        .outputs_max = 1,
                                        .attrs = SCULL_SCHEMA(scull_stft_attrs_t, fields),
                                        .infer = infer,
                                        .reference = reference,
                                        .flops = flops,
                                        .scratch = scratch};
