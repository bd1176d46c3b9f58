/* What each operator is in ONNX's operator set 20: those that move elements, reduce, choose,
 * resize. */
#include <string.h>

#include "export/onnx_row.h"
#include "ops/arg.h"
#include "ops/block.h"
#include "ops/channel_shuffle.h"
#include "ops/concat.h"
#include "ops/cumsum.h"
#include "ops/expand.h"
#include "ops/fill.h"
#include "ops/flatten.h"
#include "ops/gather.h"
#include "ops/matmul.h"
#include "ops/pad.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "ops/squeeze.h"
#include "ops/tile.h"
#include "ops/top_k.h"
#include "ops/transpose.h"

/* --- shapes ---------------------------------------------------------------------------------- */

/* An operator whose list is an input in ONNX: ours if it has one, else its attribute. */
static bool with_list(scull_export_writer_t *w, const scull_node_t *node, const char *op,
                      scull_ints_t list) {
  const char *second = has(node, 1)
                           ? as_i64(w, node, 1)
                           : scull_export_onnx_list(w, name_of(w, node), list.data, list.size);
  scull_export_node_t out = begin(w, node, op, 1);
  scull_export_onnx_input(&out, second);
  return end(&out, node);
}

static bool reshape(scull_export_writer_t *w, const scull_node_t *node,
                    const scull_export_row_t *row) {
  const scull_reshape_attrs_t *a = node->attrs;
  const char *shape =
      has(node, 1) ? as_i64(w, node, 1)
                   : scull_export_onnx_list(w, name_of(w, node), a->shape.data, a->shape.size);
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_input(&out, shape);
  if (a->allow_zero)
    for (size_t i = 0; i < a->shape.size; i++) {
      if (a->shape.data[i] == 0) {
        scull_export_onnx_int(&out, "allowzero", 1);
        break;
      }
    }
  return end(&out, node);
}

static bool flatten(scull_export_writer_t *w, const scull_node_t *node,
                    const scull_export_row_t *row) {
  const scull_flatten_attrs_t *a = node->attrs;
  int64_t rank = value_in(w, node, 0)->shape[0].rank, shape[SCULL_MAX_RANK] = {0};
  int64_t start = a->start < 0 ? a->start + rank : a->start;
  int64_t stop = a->stop < 0 ? a->stop + rank : a->stop;
  (void)row;
  if (stop != rank - 1 || start < 0 || start >= rank)
    return false;
  shape[start] = -1; /* zeros before it: those extents stay */
  return with_list(w, node, "Reshape", (scull_ints_t){shape, (size_t)start + 1});
}

static bool squeeze(scull_export_writer_t *w, const scull_node_t *node,
                    const scull_export_row_t *row) {
  const scull_squeeze_attrs_t *a = node->attrs;
  const scull_value_t *x = value_in(w, node, 0);
  for (size_t i = 0; i < a->axes.size; i++) {
    int32_t axis = 0;
    if (!scull_tensor_axis(a->axes.data[i], x->shape[0].rank, &axis) || x->shape[0].dim[axis] != 1)
      return false; /* ours lets such an axis be */
  }
  if (a->axes.size == 0)
    return plain(w, node, row);
  return with_list(w, node, row->plain, a->axes);
}

static bool unsqueeze(scull_export_writer_t *w, const scull_node_t *node,
                      const scull_export_row_t *row) {
  const scull_squeeze_attrs_t *a = node->attrs; /* both have one list of axes */
  return with_list(w, node, row->plain, a->axes);
}

static bool expand(scull_export_writer_t *w, const scull_node_t *node,
                   const scull_export_row_t *row) {
  const scull_expand_attrs_t *a = node->attrs;
  for (size_t i = 0; i < a->shape.size; i++) {
    if (a->shape.data[i] < 0)
      return false; /* "as it is" */
  }
  return with_list(w, node, row->plain, a->shape);
}

static bool tile(scull_export_writer_t *w, const scull_node_t *node,
                 const scull_export_row_t *row) {
  const scull_tile_attrs_t *a = node->attrs;
  size_t rank = (size_t)value_in(w, node, 0)->shape[0].rank;
  return (has(node, 1) || a->repeats.size == rank) && with_list(w, node, row->plain, a->repeats);
}

static bool transpose(scull_export_writer_t *w, const scull_node_t *node,
                      const scull_export_row_t *row) {
  const scull_transpose_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  ints(&out, "perm", a->perm);
  return end(&out, node);
}

static bool concat(scull_export_writer_t *w, const scull_node_t *node,
                   const scull_export_row_t *row) {
  const scull_concat_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, node->input_count);
  scull_export_onnx_int(&out, "axis", a->axis);
  return end(&out, node);
}

static bool split(scull_export_writer_t *w, const scull_node_t *node,
                  const scull_export_row_t *row) {
  const scull_split_attrs_t *a = node->attrs;
  int64_t sizes[64];
  int32_t axis = 0;
  if (node->output_count > 64 ||
      !scull_tensor_axis(a->axis, value_in(w, node, 0)->shape[0].rank, &axis))
    return false;
  for (size_t i = 0; i < node->output_count; i++) {
    const scull_value_t *part = scull_graph_value(w->graph, node->outputs[i]);
    sizes[i] = part->shape[0].dim[axis];
    for (int p = 1; p < w->graph->points; p++) {
      if (part->shape[p].dim[axis] != sizes[i])
        return false;
    }
  }
  const char *list = scull_export_onnx_list(w, name_of(w, node), sizes, node->output_count);
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_input(&out, list);
  scull_export_onnx_int(&out, "axis", a->axis);
  return end(&out, node);
}

static bool slice(scull_export_writer_t *w, const scull_node_t *node,
                  const scull_export_row_t *row) {
  const scull_slice_attrs_t *a = node->attrs;
  int64_t axes[SCULL_MAX_RANK], ones[SCULL_MAX_RANK];
  const char *starts = has(node, 1) ? as_i64(w, node, 1) : NULL;
  const char *ends = has(node, 2) ? as_i64(w, node, 2) : NULL;
  const char *steps = has(node, 3) ? as_i64(w, node, 3) : NULL;
  size_t count = a->starts.size > 0 ? a->starts.size
                 : a->axes.size > 0 ? a->axes.size
                 : has(node, 1)     ? (size_t)value_in(w, node, 1)->shape[0].dim[0]
                                    : 0;
  if (count > SCULL_MAX_RANK)
    return false;
  for (size_t i = 0; i < count; i++) {
    axes[i] = a->axes.size > 0 ? a->axes.data[i] : (int64_t)i;
    ones[i] = a->steps.size > 0 ? a->steps.data[i] : 1;
  }
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_input(
      &out, starts != NULL
                ? starts
                : scull_export_onnx_list(w, name_of(w, node), a->starts.data, a->starts.size));
  scull_export_onnx_input(
      &out, ends != NULL ? ends
                         : scull_export_onnx_list(w, name_of(w, node), a->ends.data, a->ends.size));
  scull_export_onnx_input(&out, scull_export_onnx_list(w, name_of(w, node), axes, count));
  scull_export_onnx_input(
      &out, steps != NULL ? steps : scull_export_onnx_list(w, name_of(w, node), ones, count));
  return end(&out, node);
}

static bool pad(scull_export_writer_t *w, const scull_node_t *node, const scull_export_row_t *row) {
  static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
  const scull_pad_attrs_t *a = node->attrs;
  const char *list = has(node, 1)
                         ? as_i64(w, node, 1)
                         : scull_export_onnx_list(w, name_of(w, node), a->pads.data, a->pads.size);
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_input(&out, list);
  if (a->value != 0)
    scull_export_onnx_input(
        &out, scull_export_onnx_scalar(w, name_of(w, node), value_in(w, node, 0)->dtype, a->value));
  scull_export_onnx_string(&out, "mode", modes[a->mode]);
  return end(&out, node);
}

static bool fill(scull_export_writer_t *w, const scull_node_t *node,
                 const scull_export_row_t *row) {
  const scull_fill_attrs_t *a = node->attrs;
  const char *shape =
      has(node, 0) ? as_i64(w, node, 0)
                   : scull_export_onnx_list(w, name_of(w, node), a->shape.data, a->shape.size);
  scull_export_node_t out = scull_export_onnx_begin(w, row->plain, name_of(w, node));
  scull_export_onnx_input(&out, shape);
  scull_export_onnx_tensor(&out, "value", a->to, a->value);
  return end(&out, node);
}

static bool shape(scull_export_writer_t *w, const scull_node_t *node,
                  const scull_export_row_t *row) {
  if (value_out(w, node)->dtype == SCULL_DTYPE_I64)
    return plain(w, node, row);
  const char *wide = between(w, node, "Shape", in(w, node, 0), NULL);
  scull_export_node_t out = scull_export_onnx_begin(w, "Cast", name_of(w, node));
  scull_export_onnx_input(&out, wide);
  scull_export_onnx_int(&out, "to", scull_export_onnx_dtype(value_out(w, node)->dtype));
  return end(&out, node);
}

/* Channels of SpaceToDepth in the order that joins columns before rows. */
static bool columns(scull_export_writer_t *w, const scull_node_t *node) {
  enum { MOST = 4096 };
  const scull_block_attrs_t *a = node->attrs;
  int64_t f = a->factor, channels = value_in(w, node, 0)->shape[0].dim[1], list[MOST], at = 0;
  if (f < 1 || f > 64 || channels < 1 || channels > MOST / (f * f))
    return false;
  for (int64_t column = 0; column < f; column++) {
    for (int64_t line = 0; line < f; line++) {
      for (int64_t c = 0; c < channels; c++)
        list[at++] = (line * f + column) * channels + c;
    }
  }
  const char *deep = scull_export_onnx_fresh(w, name_of(w, node));
  const char *order = scull_export_onnx_list(w, name_of(w, node), list, (size_t)at);
  scull_export_node_t squares = scull_export_onnx_begin(w, "SpaceToDepth", deep);
  scull_export_onnx_input(&squares, in(w, node, 0));
  scull_export_onnx_int(&squares, "blocksize", f);
  scull_export_onnx_output(&squares, deep);
  scull_export_onnx_end(&squares);
  scull_export_node_t out = scull_export_onnx_begin(w, "Gather", name_of(w, node));
  scull_export_onnx_input(&out, deep);
  scull_export_onnx_input(&out, order);
  scull_export_onnx_int(&out, "axis", 1);
  return end(&out, node);
}

static bool block(scull_export_writer_t *w, const scull_node_t *node,
                  const scull_export_row_t *row) {
  const scull_block_attrs_t *a = node->attrs;
  bool deep = strcmp(row->plain, "DepthToSpace") == 0;
  if (!deep && a->order == SCULL_BLOCK_COLUMNS)
    return columns(w, node);
  if (a->order == SCULL_BLOCK_COLUMNS || (!deep && a->order != SCULL_BLOCK_DCR))
    return false;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_int(&out, "blocksize", a->factor);
  if (deep)
    scull_export_onnx_string(&out, "mode", a->order == SCULL_BLOCK_CRD ? "CRD" : "DCR");
  return end(&out, node);
}

/* --- products, reductions, choices ----------------------------------------------------------- */

/* The last two axes of an operand of rank `rank` change places. */
static const char *swapped(scull_export_writer_t *w, const scull_node_t *node, size_t i) {
  int64_t perm[SCULL_MAX_RANK];
  int32_t rank = value_in(w, node, i)->shape[0].rank;
  for (int32_t d = 0; d < rank; d++)
    perm[d] = d < rank - 2 ? d : 2 * rank - 3 - d;
  const char *name = scull_export_onnx_fresh(w, name_of(w, node));
  scull_export_node_t out = scull_export_onnx_begin(w, "Transpose", name);
  scull_export_onnx_input(&out, in(w, node, i));
  scull_export_onnx_ints(&out, "perm", perm, (size_t)rank);
  scull_export_onnx_output(&out, name);
  scull_export_onnx_end(&out);
  return name;
}

static bool matmul(scull_export_writer_t *w, const scull_node_t *node,
                   const scull_export_row_t *row) {
  const scull_matmul_attrs_t *a = node->attrs;
  int32_t x = value_in(w, node, 0)->shape[0].rank, y = value_in(w, node, 1)->shape[0].rank;
  if (x == 2 && y == 2 && scull_tensor_dtype_is_float(value_in(w, node, 0)->dtype)) {
    scull_export_node_t out = begin(w, node, "Gemm", 3);
    scull_export_onnx_int(&out, "transA", a->trans_x);
    scull_export_onnx_int(&out, "transB", a->trans_y);
    return end(&out, node);
  }
  const char *left = a->trans_x && x > 1 ? swapped(w, node, 0) : in(w, node, 0);
  const char *right = a->trans_y && y > 1 ? swapped(w, node, 1) : in(w, node, 1);
  if (has(node, 2))
    left = between(w, node, "MatMul", left, right);
  scull_export_node_t out =
      scull_export_onnx_begin(w, has(node, 2) ? "Add" : row->plain, name_of(w, node));
  scull_export_onnx_input(&out, left);
  scull_export_onnx_input(&out, has(node, 2) ? in(w, node, 2) : right);
  return end(&out, node);
}

static bool reduce(scull_export_writer_t *w, const scull_node_t *node,
                   const scull_export_row_t *row) {
  const scull_reduce_attrs_t *a = node->attrs;
  const char *axes = a->axes.size == 0
                         ? NULL
                         : scull_export_onnx_list(w, name_of(w, node), a->axes.data, a->axes.size);
  scull_export_node_t out = begin(w, node, row->plain, 1);
  if (axes != NULL)
    scull_export_onnx_input(&out, axes);
  scull_export_onnx_int(&out, "keepdims", a->keep_dims);
  return end(&out, node);
}

static bool arg(scull_export_writer_t *w, const scull_node_t *node, const scull_export_row_t *row) {
  const scull_arg_attrs_t *a = node->attrs;
  if (a->to != SCULL_DTYPE_I64)
    return false;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_int(&out, "axis", a->axis);
  scull_export_onnx_int(&out, "keepdims", a->keep_dims);
  if (a->last)
    scull_export_onnx_int(&out, "select_last_index", 1);
  return end(&out, node);
}

static bool top_k(scull_export_writer_t *w, const scull_node_t *node,
                  const scull_export_row_t *row) {
  const scull_top_k_attrs_t *a = node->attrs;
  if (has(node, 1))
    return false;
  const char *k = scull_export_onnx_list(w, name_of(w, node), &a->k, 1);
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_input(&out, k);
  scull_export_onnx_int(&out, "axis", a->axis);
  scull_export_onnx_int(&out, "largest", a->largest);
  scull_export_onnx_int(&out, "sorted", a->sorted);
  return end(&out, node);
}

static bool gather(scull_export_writer_t *w, const scull_node_t *node,
                   const scull_export_row_t *row) {
  const scull_gather_attrs_t *a = node->attrs;
  scull_export_node_t out = begin(w, node, row->plain, 2);
  scull_export_onnx_int(&out, "axis", a->axis);
  return end(&out, node);
}

static bool cumsum(scull_export_writer_t *w, const scull_node_t *node,
                   const scull_export_row_t *row) {
  const scull_cumsum_attrs_t *a = node->attrs;
  if (a->product) /* ONNX has none */
    return false;
  const char *axis =
      scull_export_onnx_scalar(w, name_of(w, node), SCULL_DTYPE_I64, (double)a->axis);
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_input(&out, axis);
  scull_export_onnx_int(&out, "exclusive", a->exclusive);
  scull_export_onnx_int(&out, "reverse", a->reverse);
  return end(&out, node);
}

/* The factors, where there are some and the size is what they give; else the size, where it is
 * fixed. NULL when neither says it all. */
static const char *resize_factors(scull_export_writer_t *w, const scull_node_t *node) {
  const scull_resize_attrs_t *a = node->attrs;
  const scull_value_t *x = value_in(w, node, 0), *y = value_out(w, node);
  float list[SCULL_MAX_RANK] = {1, 1};
  for (int32_t d = 2; d < x->shape[0].rank; d++) {
    list[d] = (float)a->scales.data[a->scales.size == 1 ? 0 : d - 2];
    for (int p = 0; p < w->graph->points; p++) {
      if ((int64_t)(list[d] * (float)x->shape[p].dim[d]) != y->shape[p].dim[d])
        return NULL;
    }
  }
  return scull_export_onnx_real_list(w, name_of(w, node), list, (size_t)x->shape[0].rank);
}

static bool resize(scull_export_writer_t *w, const scull_node_t *node,
                   const scull_export_row_t *row) {
  static const char *const modes[] = {"nearest", "linear", "cubic"};
  static const char *const coords[] = {"half_pixel",           "align_corners",
                                       "asymmetric",           "pytorch_half_pixel",
                                       "half_pixel_symmetric", "tf_half_pixel_for_nn"};
  static const char *const roundings[] = {"floor", "round_prefer_ceil", "ceil",
                                          "round_prefer_floor"};
  const scull_resize_attrs_t *a = node->attrs;
  const scull_value_t *y = value_out(w, node);
  const char *factors = a->scales.size > 0 ? resize_factors(w, node) : NULL;
  if (factors == NULL && (a->scales.size > 0 || !is_fixed(w, node)))
    return false;
  if ((size_t)a->coords >= sizeof coords / sizeof coords[0])
    return false;
  scull_export_node_t out = begin(w, node, row->plain, 1);
  scull_export_onnx_input(&out, "");
  scull_export_onnx_input(&out, factors == NULL ? "" : factors);
  if (factors == NULL)
    scull_export_onnx_input(&out, scull_export_onnx_list(w, name_of(w, node), y->shape[0].dim,
                                                         (size_t)y->shape[0].rank));
  scull_export_onnx_string(&out, "mode", modes[a->mode]);
  if (a->antialias)
    scull_export_onnx_int(&out, "antialias", 1);
  scull_export_onnx_string(&out, "coordinate_transformation_mode", coords[a->coords]);
  if (a->mode == SCULL_RESIZE_NEAREST)
    scull_export_onnx_string(&out, "nearest_mode", roundings[a->rounding]);
  if (a->mode == SCULL_RESIZE_CUBIC)
    scull_export_onnx_float(&out, "cubic_coeff_a", a->cubic_a);
  if (a->exclude_outside)
    scull_export_onnx_int(&out, "exclude_outside", 1);
  return end(&out, node);
}

/* A made-up node with one list of integers as an attribute or, with `attribute` NULL, as an input.
 */
static const char *between_list(scull_export_writer_t *w, const scull_node_t *node, const char *op,
                                const char *x, const char *attribute, const int64_t *list,
                                size_t size) {
  const char *name = scull_export_onnx_fresh(w, name_of(w, node));
  scull_export_node_t out = scull_export_onnx_begin(w, op, name);
  scull_export_onnx_input(&out, x);
  if (attribute == NULL)
    scull_export_onnx_input(&out, scull_export_onnx_list(w, name_of(w, node), list, size));
  else
    scull_export_onnx_ints(&out, attribute, list, size);
  scull_export_onnx_output(&out, name);
  scull_export_onnx_end(&out);
  return name;
}

/* As two axes, changed over, as one again. */
static bool channel_shuffle(scull_export_writer_t *w, const scull_node_t *node,
                            const scull_export_row_t *row) {
  static const int64_t perm[] = {0, 2, 1, 3, 4};
  const scull_channel_shuffle_attrs_t *a = node->attrs;
  const scull_value_t *x = value_in(w, node, 0);
  int64_t apart[5] = {0, a->groups, 0, 0, 0}, together[4] = {0, 0, 0, 0};
  (void)row;
  for (int32_t d = 1; d < 4 && x->shape[0].rank == 4; d++) {
    for (int p = 1; p < w->graph->points; p++) {
      if (x->shape[p].dim[d] != x->shape[0].dim[d])
        return false;
    }
    together[d] = x->shape[0].dim[d];
    apart[d + 1] = d == 1 ? together[d] / a->groups : together[d];
  }
  if (x->shape[0].rank != 4)
    return false;
  const char *y = between_list(w, node, "Reshape", in(w, node, 0), NULL, apart, 5);
  y = between_list(w, node, "Transpose", y, "perm", perm, 5);
  const char *shape = scull_export_onnx_list(w, name_of(w, node), together, 4);
  scull_export_node_t out = scull_export_onnx_begin(w, "Reshape", name_of(w, node));
  scull_export_onnx_input(&out, y);
  scull_export_onnx_input(&out, shape);
  return end(&out, node);
}

/* --- the table ------------------------------------------------------------------------------- */

static const scull_export_row_t rows[] = {
    {"reshape", "Reshape", reshape},
    {"flatten", NULL, flatten},
    {"squeeze", "Squeeze", squeeze},
    {"unsqueeze", "Unsqueeze", unsqueeze},
    {"transpose", "Transpose", transpose},
    {"concat", "Concat", concat},
    {"split", "Split", split},
    {"slice", "Slice", slice},
    {"expand", "Expand", expand},
    {"tile", "Tile", tile},
    {"pad", "Pad", pad},
    {"fill", "ConstantOfShape", fill},
    {"shape", "Shape", shape},
    {"pixel_shuffle", "DepthToSpace", block},
    {"space_to_depth", "SpaceToDepth", block},
    {"matmul", "MatMul", matmul},
    {"reduce_sum", "ReduceSum", reduce},
    {"reduce_mean", "ReduceMean", reduce},
    {"reduce_max", "ReduceMax", reduce},
    {"reduce_min", "ReduceMin", reduce},
    {"reduce_prod", "ReduceProd", reduce},
    {"arg_max", "ArgMax", arg},
    {"arg_min", "ArgMin", arg},
    {"top_k", "TopK", top_k},
    {"gather", "Gather", gather},
    {"cumsum", "CumSum", cumsum},
    {"channel_shuffle", NULL, channel_shuffle},
    {"resize", "Resize", resize},
};

SCULL_EXPORT_ROWS(move, rows);
