/* What each operator is in ONNX's operator set 20: those that compute. A row is either a plain
 * name, where inputs and meaning agree and there are no attributes, or a function, which may write
 * several nodes and may say that ONNX has no equal for these attributes. */
#include <math.h>
#include <string.h>

#include "export/onnx_row.h"
#include "ops/batch_norm.h"
#include "ops/cast.h"
#include "ops/clip.h"
#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/elu.h"
#include "ops/gelu.h"
#include "ops/hard_sigmoid.h"
#include "ops/hard_swish.h"
#include "ops/instance_norm.h"
#include "ops/layer_norm.h"
#include "ops/leaky_relu.h"
#include "ops/lrn.h"
#include "ops/pool.h"
#include "ops/scale.h"
#include "ops/softmax.h"
#include "ops/softplus.h"
#include "ops/swish.h"

/* --- element-wise ---------------------------------------------------------------------------- */

static bool square(scull_export_writer_t *w, const scull_node_t *node,
                   const scull_export_row_t *row) {
  (void)row;
  scull_export_node_t out = begin(w, node, "Mul", 1);
  scull_export_onnx_input(&out, in(w, node, 0));
  return end(&out, node);
}

static bool rsqrt(scull_export_writer_t *w, const scull_node_t *node,
                  const scull_export_row_t *row) {
  (void)row;
  const char *root = between(w, node, "Sqrt", in(w, node, 0), NULL);
  scull_export_node_t out = scull_export_onnx_begin(w, "Reciprocal", name_of(w, node));
  scull_export_onnx_input(&out, root);
  return end(&out, node);
}

static bool not_equal(scull_export_writer_t *w, const scull_node_t *node,
                      const scull_export_row_t *row) {
  (void)row;
  const char *same = between(w, node, "Equal", in(w, node, 0), in(w, node, 1));
  scull_export_node_t out = scull_export_onnx_begin(w, "Not", name_of(w, node));
  scull_export_onnx_input(&out, same);
  return end(&out, node);
}

static bool scale(scull_export_writer_t *w, const scull_node_t *node,
                  const scull_export_row_t *row) {
  const scull_scale_attrs_t *a = node->attrs;
  scull_dtype_t dtype = value_in(w, node, 0)->dtype;
  (void)row;
  if (!scull_tensor_dtype_is_float(dtype))
    return false;
  const char *x = in(w, node, 0);
  bool adds = a->bias != 0;
  if (adds && a->scale != 1)
    x = between(w, node, "Mul", x, scull_export_onnx_scalar(w, name_of(w, node), dtype, a->scale));
  scull_export_node_t out = scull_export_onnx_begin(w, adds ? "Add" : "Mul", name_of(w, node));
  scull_export_onnx_input(&out, x);
  scull_export_onnx_input(
      &out, scull_export_onnx_scalar(w, name_of(w, node), dtype, adds ? a->bias : a->scale));
  return end(&out, node);
}

static bool clip(scull_export_writer_t *w, const scull_node_t *node,
                 const scull_export_row_t *row) {
  const scull_clip_attrs_t *a = node->attrs;
  scull_dtype_t dtype = value_in(w, node, 0)->dtype;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_input(
      &out, isinf(a->min) ? "" : scull_export_onnx_scalar(w, name_of(w, node), dtype, a->min));
  if (!isinf(a->max))
    scull_export_onnx_input(&out, scull_export_onnx_scalar(w, name_of(w, node), dtype, a->max));
  return end(&out, node);
}

static bool leaky_relu(scull_export_writer_t *w, const scull_node_t *node,
                       const scull_export_row_t *row) {
  const scull_leaky_relu_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_float(&out, "alpha", a->alpha);
  return end(&out, node);
}

static bool elu(scull_export_writer_t *w, const scull_node_t *node, const scull_export_row_t *row) {
  const scull_elu_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_float(&out, "alpha", a->alpha);
  return end(&out, node);
}

static bool hard_sigmoid(scull_export_writer_t *w, const scull_node_t *node,
                         const scull_export_row_t *row) {
  const scull_hard_sigmoid_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_float(&out, "alpha", a->alpha);
  scull_export_onnx_float(&out, "beta", a->beta);
  return end(&out, node);
}

static bool hard_swish(scull_export_writer_t *w, const scull_node_t *node,
                       const scull_export_row_t *row) {
  const scull_hard_swish_attrs_t *a = node->attrs;
  return a->threshold == 6 && a->scale == 6 && a->offset == 3 && plain(w, node, row);
}

static bool softplus(scull_export_writer_t *w, const scull_node_t *node,
                     const scull_export_row_t *row) {
  const scull_softplus_attrs_t *a = node->attrs;
  return a->beta == 1 && plain(w, node, row);
}

static bool swish(scull_export_writer_t *w, const scull_node_t *node,
                  const scull_export_row_t *row) {
  const scull_swish_attrs_t *a = node->attrs;
  (void)row;
  if (a->beta != 1)
    return false;
  const char *gate = between(w, node, "Sigmoid", in(w, node, 0), NULL);
  scull_export_node_t out = begin(w, node, "Mul", 1);
  scull_export_onnx_input(&out, gate);
  return end(&out, node);
}

static bool gelu(scull_export_writer_t *w, const scull_node_t *node,
                 const scull_export_row_t *row) {
  const scull_gelu_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_string(&out, "approximate", a->approximate ? "tanh" : "none");
  return end(&out, node);
}

static bool cast(scull_export_writer_t *w, const scull_node_t *node,
                 const scull_export_row_t *row) {
  const scull_cast_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_int(&out, "to", scull_export_onnx_dtype(a->to));
  return end(&out, node);
}

static bool softmax(scull_export_writer_t *w, const scull_node_t *node,
                    const scull_export_row_t *row) {
  const scull_softmax_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_int(&out, "axis", a->axis);
  return end(&out, node);
}

/* --- windows --------------------------------------------------------------------------------- */

/* Pads as ONNX wants them: all begins, then all ends. */
static void pads(scull_export_node_t *out, scull_ints_t list, size_t spatial) {
  int64_t both[2 * SCULL_CONV_MAX_SPATIAL];
  if (list.size == 0)
    return;
  for (size_t i = 0; i < 2 * spatial; i++)
    both[i] = list.data[list.size == spatial ? i % spatial : i];
  scull_export_onnx_ints(out, "pads", both, 2 * spatial);
}

static void window(scull_export_node_t *out, const scull_value_t *filter, scull_ints_t strides,
                   scull_ints_t dilations, int64_t groups) {
  scull_export_onnx_ints(out, "kernel_shape", filter->shape[0].dim + 2,
                         (size_t)filter->shape[0].rank - 2);
  ints(out, "strides", strides);
  ints(out, "dilations", dilations);
  scull_export_onnx_int(out, "group", groups);
}

static bool conv(scull_export_writer_t *w, const scull_node_t *node,
                 const scull_export_row_t *row) {
  const scull_conv_attrs_t *a = node->attrs;
  const scull_value_t *filter = value_in(w, node, 1);
  bool same = a->auto_pad == SCULL_AUTO_PAD_SAME;
  scull_export_node_t out = begin(w, node, row->plain, 3);
  window(&out, filter, a->strides, same ? (scull_ints_t){0} : a->dilations, a->groups);
  if (a->auto_pad == SCULL_AUTO_PAD_EXPLICIT)
    pads(&out, a->pads, (size_t)filter->shape[0].rank - 2);
  else
    scull_export_onnx_string(&out, "auto_pad", same ? "SAME_UPPER" : "VALID");
  return end(&out, node);
}

static bool conv_transpose(scull_export_writer_t *w, const scull_node_t *node,
                           const scull_export_row_t *row) {
  const scull_conv_transpose_attrs_t *a = node->attrs;
  const scull_value_t *filter = value_in(w, node, 1), *x = value_in(w, node, 0);
  size_t spatial = (size_t)filter->shape[0].rank - 2;
  int64_t more[SCULL_CONV_MAX_SPATIAL];
  if (a->auto_pad == SCULL_AUTO_PAD_SAME || (a->output_size.size > 0 && !is_fixed(w, node)))
    return false;
  for (size_t i = 0; i < spatial; i++) {
    int64_t stride = a->strides.size == 0 ? 1 : a->strides.data[i];
    int64_t dilation = a->dilations.size == 0 ? 1 : a->dilations.data[i];
    int64_t before = a->pads.size == 0 ? 0 : a->pads.data[i];
    int64_t after = a->pads.size == 2 * spatial ? a->pads.data[spatial + i] : before;
    if (a->auto_pad == SCULL_AUTO_PAD_VALID)
      before = after = 0;
    int64_t base = (x->shape[0].dim[2 + i] - 1) * stride +
                   dilation * (filter->shape[0].dim[2 + i] - 1) + 1 - before - after;
    more[i] = value_out(w, node)->shape[0].dim[2 + i] - base;
    if (more[i] < 0)
      return false;
  }
  scull_export_node_t out = begin(w, node, row->plain, 3);
  window(&out, filter, a->strides, a->dilations, a->groups);
  if (a->auto_pad == SCULL_AUTO_PAD_EXPLICIT)
    pads(&out, a->pads, spatial);
  scull_export_onnx_ints(&out, "output_padding", more, spatial);
  return end(&out, node);
}

/* Windows with the end padding that they reach, so that no rule of rounding is needed. False when
 * that would change what is counted. */
static bool resolved_pool(scull_export_writer_t *w, const scull_node_t *node,
                          scull_export_node_t *out, bool counts) {
  scull_tensor_t x = {.type = scull_graph_type(w->graph, node->inputs[0], SCULL_POINT_OPT)};
  const scull_op_call_t call = {
      .def = node->op, .attrs = node->attrs, .inputs = &x, .input_count = 1};
  scull_pool_geometry_t g;
  int64_t list[4][2 * SCULL_POOL_MAX_SPATIAL];
  if (scull_ops_pool_geometry(&call, &g) != SCULL_OK)
    return false;
  for (int32_t i = 0; i < g.spatial; i++) {
    const scull_window_t *it = &g.window[i];
    int64_t reach = (it->out - 1) * it->stride + it->dilation * (it->kernel - 1) + 1;
    int64_t pad_end = reach - it->in - it->pad_begin;
    if (it->pad_begin < 0 || (counts && pad_end > it->pad_end))
      return false;
    list[0][i] = it->kernel;
    list[1][i] = it->stride;
    list[2][i] = it->dilation;
    list[3][i] = it->pad_begin;
    list[3][g.spatial + i] = counts ? it->pad_end : pad_end > 0 ? pad_end : 0;
  }
  size_t spatial = (size_t)g.spatial;
  scull_export_onnx_ints(out, "kernel_shape", list[0], spatial);
  scull_export_onnx_ints(out, "strides", list[1], spatial);
  if (strcmp(node->op->name, "max_pool") == 0) /* the mean has none */
    scull_export_onnx_ints(out, "dilations", list[2], spatial);
  scull_export_onnx_ints(out, "pads", list[3], 2 * spatial);
  return true;
}

static bool pool(scull_export_writer_t *w, const scull_node_t *node,
                 const scull_export_row_t *row) {
  const scull_pool_attrs_t *a = node->attrs;
  bool max = strcmp(row->plain, "MaxPool") == 0, fixed = is_fixed(w, node);
  size_t spatial = (size_t)value_in(w, node, 0)->shape[0].rank - 2;
  if (a->global) {
    scull_export_node_t out = begin(w, node, max ? "GlobalMaxPool" : "GlobalAveragePool", 1);
    return end(&out, node);
  }
  if (!fixed && a->ceil_mode)
    return false;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  if (fixed && !resolved_pool(w, node, &out, !max && a->include_pad)) {
    scull_base_text_deinit(&out.body);
    return false;
  }
  if (!fixed) {
    ints(&out, "kernel_shape", a->kernel);
    ints(&out, "strides", a->strides);
    if (a->auto_pad == SCULL_AUTO_PAD_EXPLICIT)
      pads(&out, a->pads, spatial);
    else
      scull_export_onnx_string(&out, "auto_pad",
                               a->auto_pad == SCULL_AUTO_PAD_SAME ? "SAME_UPPER" : "VALID");
    if (max)
      ints(&out, "dilations", a->dilations);
  }
  if (!max)
    scull_export_onnx_int(&out, "count_include_pad", a->include_pad);
  return end(&out, node);
}

/* --- normalization --------------------------------------------------------------------------- */

static bool batch_norm(scull_export_writer_t *w, const scull_node_t *node,
                       const scull_export_row_t *row) {
  const scull_batch_norm_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, 5);
  scull_export_onnx_float(&out, "epsilon", a->epsilon);
  return end(&out, node);
}

static bool instance_norm(scull_export_writer_t *w, const scull_node_t *node,
                          const scull_export_row_t *row) {
  const scull_instance_norm_attrs_t *a = node->attrs;
  if (!has(node, 1) || !has(node, 2))
    return false;
  scull_export_node_t out = begin(w, node, row->plain, 3);
  scull_export_onnx_float(&out, "epsilon", a->epsilon);
  return end(&out, node);
}

static bool layer_norm(scull_export_writer_t *w, const scull_node_t *node,
                       const scull_export_row_t *row) {
  const scull_layer_norm_attrs_t *a = node->attrs;
  int64_t rank = value_in(w, node, 0)->shape[0].rank, axis = a->axis < 0 ? a->axis + rank : a->axis;
  if (!has(node, 1) || node->output_count > 1 || axis != rank - 1)
    return false; /* over several axes the scale's shape differs */
  scull_export_node_t out = begin(w, node, row->plain, 3);
  scull_export_onnx_int(&out, "axis", a->axis);
  scull_export_onnx_float(&out, "epsilon", a->epsilon);
  return end(&out, node);
}

static bool lrn(scull_export_writer_t *w, const scull_node_t *node, const scull_export_row_t *row) {
  const scull_lrn_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_int(&out, "size", a->size);
  scull_export_onnx_float(&out, "alpha", a->alpha * (double)a->size);
  scull_export_onnx_float(&out, "beta", a->beta);
  scull_export_onnx_float(&out, "bias", a->k);
  return end(&out, node);
}

/* --- the table ------------------------------------------------------------------------------- */

static const scull_export_row_t rows[] = {
    {"identity", "Identity", plain},
    {"relu", "Relu", plain},
    {"abs", "Abs", plain},
    {"ceil", "Ceil", plain},
    {"floor", "Floor", plain},
    {"cos", "Cos", plain},
    {"sin", "Sin", plain},
    {"erf", "Erf", plain},
    {"exp", "Exp", plain},
    {"log", "Log", plain},
    {"neg", "Neg", plain},
    {"reciprocal", "Reciprocal", plain},
    {"sigmoid", "Sigmoid", plain},
    {"sign", "Sign", plain},
    {"sqrt", "Sqrt", plain},
    {"tanh", "Tanh", plain},
    {"mish", "Mish", plain},
    {"logical_not", "Not", plain},
    {"add", "Add", plain},
    {"sub", "Sub", plain},
    {"mul", "Mul", plain},
    {"div", "Div", plain},
    {"pow", "Pow", plain},
    {"max", "Max", plain},
    {"min", "Min", plain},
    {"equal", "Equal", plain},
    {"less", "Less", plain},
    {"less_equal", "LessOrEqual", plain},
    {"greater", "Greater", plain},
    {"greater_equal", "GreaterOrEqual", plain},
    {"logical_and", "And", plain},
    {"logical_or", "Or", plain},
    {"logical_xor", "Xor", plain},
    {"where", "Where", plain},
    {"prelu", "PRelu", plain},
    {"range", "Range", plain},
    {"not_equal", NULL, not_equal},
    {"square", NULL, square},
    {"rsqrt", NULL, rsqrt},
    {"scale", NULL, scale},
    {"swish", NULL, swish},
    {"clip", "Clip", clip},
    {"leaky_relu", "LeakyRelu", leaky_relu},
    {"elu", "Elu", elu},
    {"hard_sigmoid", "HardSigmoid", hard_sigmoid},
    {"hard_swish", "HardSwish", hard_swish},
    {"softplus", "Softplus", softplus},
    {"gelu", "Gelu", gelu},
    {"cast", "Cast", cast},
    {"softmax", "Softmax", softmax},
    {"log_softmax", "LogSoftmax", softmax},
    {"conv", "Conv", conv},
    {"conv_transpose", "ConvTranspose", conv_transpose},
    {"max_pool", "MaxPool", pool},
    {"avg_pool", "AveragePool", pool},
    {"batch_norm", "BatchNormalization", batch_norm},
    {"instance_norm", "InstanceNormalization", instance_norm},
    {"layer_norm", "LayerNormalization", layer_norm},
    {"lrn", "LRN", lrn},
};

SCULL_EXPORT_ROWS(compute, rows);

bool scull_export_onnx_map(scull_export_writer_t *writer, const scull_node_t *node) {
  static const scull_export_rows_t *const families[] = {&scull_export_rows_compute,
                                                        &scull_export_rows_move};
  for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
    for (size_t i = 0; i < families[f]->count; i++) {
      const scull_export_row_t *row = &families[f]->rows[i];
      if (strcmp(row->ours, node->op->name) == 0)
        return row->map(writer, node, row);
    }
  }
  return false;
}
