/* cpu.copy: operators that only move elements, of any dtype or storage: transpose, concat, split,
 * slice, pad with a constant, expand, tile, the shuffles of channels and pixels, and views that
 * could not be had for nothing. Each becomes a few boxes (boxes.h); a layout other than the plain
 * one only means other steps. Floor: the bytes read and written once at memory speed. */
#include <string.h>

#include "backend/cpu/boxes.h"
#include "base/thread.h"
#include "ops/block.h"
#include "ops/channel_shuffle.h"
#include "ops/concat.h"
#include "ops/pad.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "ops/transpose.h"

typedef scull_cpu_box_t box_t;
typedef scull_cpu_boxes_t state_t;

/* --- operators as boxes ----------------------------------------------------------------------- */

static const scull_shape_t *input_shape(const scull_site_t *site, size_t i) {
  return &scull_backend_site_input(site, 0, i)->opt;
}

static const scull_shape_t *output_shape(const scull_site_t *site, size_t i) {
  return &scull_backend_site_output(site, 0, i)->opt;
}

static box_t *add_box(state_t *s) {
  return &s->box[s->count++];
}

/* Elements from one index of each axis to the next, plain or channels last. */
static void steps_of(const scull_shape_t *shape, scull_layout_t layout,
                     int64_t steps[SCULL_MAX_RANK]) {
  scull_tensor_strides(shape, steps);
  if (layout != SCULL_LAYOUT_NHWC)
    return;
  int64_t step = shape->dim[1];
  steps[1] = 1;
  for (int32_t i = shape->rank - 1; i >= 2; i--) {
    steps[i] = step;
    step *= shape->dim[i];
  }
  steps[0] = step;
}

static void input_steps(const scull_site_t *site, int64_t steps[SCULL_MAX_RANK]) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  steps_of(&x->opt, x->layout, steps);
}

static void output_steps(const scull_site_t *site, int64_t steps[SCULL_MAX_RANK]) {
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  steps_of(&y->opt, y->layout, steps);
}

static void view_boxes(const scull_site_t *site, state_t *s) {
  scull_cpu_box_append(add_box(s), scull_tensor_count(output_shape(site, 0)), 1, 1);
}

static void transpose_boxes(const scull_site_t *site, state_t *s) {
  const scull_transpose_attrs_t *attrs = site->ops[0].attrs;
  const scull_shape_t *y = output_shape(site, 0);
  int64_t from[SCULL_MAX_RANK] = {0}, to[SCULL_MAX_RANK] = {0};
  box_t *box = add_box(s);
  input_steps(site, from);
  output_steps(site, to);
  for (int32_t i = 0; i < y->rank; i++) {
    int32_t axis = y->rank - 1 - i;
    if (attrs->perm.size != 0 && !scull_tensor_axis(attrs->perm.data[i], y->rank, &axis))
      axis = i; /* cannot be: the shape rule has seen it */
    scull_cpu_box_append(box, y->dim[i], from[axis], to[i]);
  }
}

static void expand_boxes(const scull_site_t *site, state_t *s) {
  const scull_shape_t *x = input_shape(site, 0), *y = output_shape(site, 0);
  int64_t from[SCULL_MAX_RANK] = {0}, to[SCULL_MAX_RANK] = {0};
  box_t *box = add_box(s);
  scull_tensor_strides(x, from);
  scull_tensor_strides(y, to);
  for (int32_t i = 0; i < y->rank; i++) {
    const int32_t k = i - (y->rank - x->rank);
    scull_cpu_box_append(box, y->dim[i], k < 0 || x->dim[k] == 1 ? 0 : from[k], to[i]);
  }
}

/* Each axis as two: which copy, which element of it. */
static void tile_boxes(const scull_site_t *site, state_t *s) {
  const scull_shape_t *x = input_shape(site, 0), *y = output_shape(site, 0);
  int64_t from[SCULL_MAX_RANK] = {0}, to[SCULL_MAX_RANK] = {0};
  if (scull_tensor_count(y) == 0)
    return;
  box_t *box = add_box(s);
  scull_tensor_strides(x, from);
  scull_tensor_strides(y, to);
  for (int32_t i = 0; i < y->rank; i++) {
    const int32_t k = i - (y->rank - x->rank);
    const int64_t extent = k < 0 ? 1 : x->dim[k];
    scull_cpu_box_append(box, y->dim[i] / extent, 0, extent * to[i]);
    scull_cpu_box_append(box, extent, k < 0 ? 0 : from[k], to[i]);
  }
}

/* Elements before, along and behind an axis. */
static void around(const scull_shape_t *shape, int32_t axis, int64_t *outer, int64_t *inner) {
  *outer = *inner = 1;
  for (int32_t i = 0; i < axis; i++)
    *outer *= shape->dim[i];
  for (int32_t i = axis + 1; i < shape->rank; i++)
    *inner *= shape->dim[i];
}

/* A shape as it lies in memory: channels last, or in blocks of 16 behind everything else. Axis
 * `axis` of the operator becomes *at; blocks along the channels are whole (see configs). */
static scull_shape_t in_memory(const scull_shape_t *shape, scull_layout_t layout, int32_t axis,
                               int32_t *at) {
  scull_shape_t out = *shape;
  *at = axis;
  if (layout == SCULL_LAYOUT_NHWC) {
    for (int32_t i = 2; i < shape->rank; i++)
      out.dim[i - 1] = shape->dim[i];
    out.dim[shape->rank - 1] = shape->dim[1];
    *at = axis == 1 ? shape->rank - 1 : axis > 1 ? axis - 1 : axis;
  } else if (layout == SCULL_LAYOUT_C16) {
    out.dim[1] = (shape->dim[1] + 15) / 16;
    out.dim[out.rank++] = 16;
  }
  return out;
}

static void concat_boxes(const scull_site_t *site, state_t *s) {
  const scull_concat_attrs_t *attrs = site->ops[0].attrs;
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  int32_t axis = 0, at = 0;
  int64_t outer, inner, offset = 0;
  if (!scull_tensor_axis(attrs->axis, y->opt.rank, &axis))
    return;
  const scull_shape_t whole = in_memory(&y->opt, y->layout, axis, &at);
  around(&whole, at, &outer, &inner);
  for (size_t i = 0; i < site->ops[0].input_count; i++) {
    box_t *box = add_box(s);
    const scull_shape_t part = in_memory(input_shape(site, i), y->layout, axis, &at);
    const int64_t run = part.dim[at] * inner;
    box->input = scull_cpu_input_position(site, site->ops[0].inputs[i]);
    box->dst_at = offset;
    scull_cpu_box_append(box, outer, run, whole.dim[at] * inner);
    scull_cpu_box_append(box, run, 1, 1);
    offset += run;
  }
}

/* Position of output `i` of the operator among those that somebody wants; -1: nobody does. */
static int output_position(const scull_site_t *site, size_t i) {
  for (size_t o = 0; o < site->output_count; o++) {
    if (site->outputs[o] == site->ops[0].outputs[i])
      return (int)o;
  }
  return -1;
}

/* From one run of a part to the next: the part's own, or the tensor's that it is a slice of. */
static int64_t slice_step(const scull_site_value_t *part, int32_t axis, int64_t inner,
                          int64_t run) {
  scull_shape_t wide = part->opt;
  int32_t at = 0;
  if (part->channel_total == 0)
    return run;
  wide.dim[1] = part->channel_total;
  return in_memory(&wide, part->layout, axis, &at).dim[at] * inner;
}

static void split_boxes(const scull_site_t *site, state_t *s) {
  const scull_split_attrs_t *attrs = site->ops[0].attrs;
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  int32_t axis = 0, at = 0;
  int64_t outer, inner, offset = 0;
  if (!scull_tensor_axis(attrs->axis, x->opt.rank, &axis))
    return;
  const scull_shape_t whole = in_memory(&x->opt, x->layout, axis, &at);
  around(&whole, at, &outer, &inner);
  for (size_t i = 0; i < site->ops[0].output_count; i++) {
    const scull_shape_t part = in_memory(output_shape(site, i), x->layout, axis, &at);
    const int64_t run = part.dim[at] * inner;
    const int64_t step = slice_step(scull_backend_site_output(site, 0, i), axis, inner, run);
    const int output = output_position(site, i);
    if (output >= 0) {
      box_t *box = add_box(s);
      box->output = output;
      box->src_at = offset;
      scull_cpu_box_append(box, outer, whole.dim[at] * inner, step);
      scull_cpu_box_append(box, run, 1, 1);
    }
    offset += run;
  }
}

/* [N, C f f, H, W] to or from [N, C, H f, W f]. */
static void block_boxes(const scull_site_t *site, state_t *s, bool to_deep) {
  const scull_block_attrs_t *attrs = site->ops[0].attrs;
  const scull_shape_t *shape = to_deep ? input_shape(site, 0) : output_shape(site, 0);
  const int64_t f = attrs->factor;
  const scull_block_steps_t steps = scull_ops_block_steps(attrs, shape->dim[1]);
  int64_t wide[SCULL_MAX_RANK] = {0}, deep[SCULL_MAX_RANK] = {0};
  input_steps(site, to_deep ? wide : deep);
  output_steps(site, to_deep ? deep : wide);
  const int64_t dims[][3] = {
      /* extent, step in the wide tensor, step in the deep one */
      {shape->dim[0], wide[0], deep[0]},         {shape->dim[1], wide[1], steps.channel * deep[1]},
      {shape->dim[2] / f, f * wide[2], deep[2]}, {f, wide[2], steps.row * deep[1]},
      {shape->dim[3] / f, f * wide[3], deep[3]}, {f, wide[3], steps.column * deep[1]}};
  box_t *box = add_box(s);
  for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
    scull_cpu_box_append(box, dims[i][0], dims[i][to_deep ? 1 : 2], dims[i][to_deep ? 2 : 1]);
}

static void pixel_shuffle_boxes(const scull_site_t *site, state_t *s) {
  block_boxes(site, s, false);
}

static void space_to_depth_boxes(const scull_site_t *site, state_t *s) {
  block_boxes(site, s, true);
}

static void channel_shuffle_boxes(const scull_site_t *site, state_t *s) {
  const scull_channel_shuffle_attrs_t *attrs = site->ops[0].attrs;
  const scull_shape_t *x = input_shape(site, 0);
  const int64_t groups = attrs->groups, each = x->dim[1] / groups;
  int64_t from[SCULL_MAX_RANK] = {0}, to[SCULL_MAX_RANK] = {0};
  box_t *box = add_box(s);
  input_steps(site, from);
  output_steps(site, to);
  scull_cpu_box_append(box, x->dim[0], from[0], to[0]);
  scull_cpu_box_append(box, each, from[1], groups * to[1]);
  scull_cpu_box_append(box, groups, each * from[1], to[1]);
  for (int32_t i = 2; i < x->rank; i++)
    scull_cpu_box_append(box, x->dim[i], from[i], to[i]);
}

/* --- slices and borders ----------------------------------------------------------------------- */

/* A part of x in a part of the result: along each axis `count` elements, from `src` on in steps of
 * `step`, at `dst` and behind it. */
typedef struct {
  int64_t count[SCULL_MAX_RANK], src[SCULL_MAX_RANK], step[SCULL_MAX_RANK], dst[SCULL_MAX_RANK];
} part_t;

/* False when the lists are not known or the operator is none of the two. */
static bool read_part(const scull_site_t *site, part_t *part) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  scull_slice_cut_t cut;
  int64_t begin[SCULL_MAX_RANK], end[SCULL_MAX_RANK];
  scull_shape_t shape;
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call))
    return false;
  const scull_shape_t *x = input_shape(site, 0), *y = output_shape(site, 0);
  *part = (part_t){{0}, {0}, {0}, {0}};
  if (scull_backend_site_is(site, 0, "slice")) {
    if (scull_ops_slice_cut(&call, &cut) != SCULL_OK)
      return false;
    memcpy(part->count, y->dim, sizeof part->count);
    memcpy(part->src, cut.first, sizeof part->src);
    memcpy(part->step, cut.step, sizeof part->step);
    return true;
  }
  if (!scull_backend_site_is(site, 0, "pad") ||
      scull_ops_pad_sizes(&call, begin, end, &shape) != SCULL_OK)
    return false;
  for (int32_t i = 0; i < x->rank; i++) {
    part->step[i] = 1;
    part->src[i] = begin[i] < 0 ? -begin[i] : 0;
    part->dst[i] = begin[i] < 0 ? 0 : begin[i];
    const int64_t left = x->dim[i] - part->src[i], room = y->dim[i] - part->dst[i];
    part->count[i] = left < room ? left : room;
    if (part->count[i] <= 0) { /* nothing of x is left */
      part->count[i] = 0;
      part->dst[i] = 0;
    }
  }
  return true;
}

/* True when the part takes and makes whole blocks of 16 channels. */
static bool is_blocked(const scull_site_t *site, const part_t *part) {
  return part->count[1] % 16 == 0 && part->src[1] % 16 == 0 && part->dst[1] % 16 == 0 &&
         part->step[1] == 1 && input_shape(site, 0)->dim[1] % 16 == 0 &&
         output_shape(site, 0)->dim[1] % 16 == 0;
}

/* In blocks of 16 an axis 1 of blocks, whose lanes follow as an axis of their own. */
static scull_shape_t blocks_of(const scull_shape_t *shape, scull_layout_t layout) {
  scull_shape_t out = *shape;
  if (layout == SCULL_LAYOUT_C16)
    out.dim[1] /= 16;
  return out;
}

/* `count` elements along each axis; steps in elements of the layout. */
static void part_box(const scull_site_t *site, state_t *s, const part_t *part, bool fills) {
  const scull_layout_t layout = scull_backend_site_output(site, 0, 0)->layout;
  const bool blocked = layout == SCULL_LAYOUT_C16;
  const scull_shape_t x = blocks_of(input_shape(site, 0), layout);
  const scull_shape_t y = blocks_of(output_shape(site, 0), layout);
  const int64_t lanes = blocked ? 16 : 1;
  int64_t from[SCULL_MAX_RANK] = {0}, to[SCULL_MAX_RANK] = {0};
  box_t *box = add_box(s);
  steps_of(&x, layout, from);
  steps_of(&y, layout, to);
  box->input = fills ? -1 : 0;
  for (int32_t i = 0; i < y.rank; i++) {
    const int64_t unit = i == 1 ? lanes : 1;
    scull_cpu_box_append(box, part->count[i] / unit, fills ? 0 : part->step[i] * from[i] * lanes,
                         to[i] * lanes);
    box->src_at += fills ? 0 : part->src[i] / unit * from[i] * lanes;
    box->dst_at += part->dst[i] / unit * to[i] * lanes;
  }
  if (blocked)
    scull_cpu_box_append(box, 16, fills ? 0 : 1, 1);
}

static void slice_boxes(const scull_site_t *site, state_t *s) {
  part_t part;
  if (read_part(site, &part))
    part_box(site, s, &part, false);
}

/* The border around x: along each axis what lies before and behind it, of all earlier axes only
 * where x is. */
static void pad_boxes(const scull_site_t *site, state_t *s) {
  const scull_pad_attrs_t *attrs = site->ops[0].attrs;
  const scull_shape_t *y = output_shape(site, 0);
  part_t inside;
  if (!read_part(site, &inside))
    return;
  part_box(site, s, &inside, false);
  scull_tensor_store(s->fill, scull_backend_site_output(site, 0, 0)->dtype, 0, attrs->value);
  part_t border = {{0}, {0}, {0}, {0}};
  memcpy(border.count, y->dim, sizeof border.count);
  for (int32_t i = 0; i < y->rank; i++) {
    const int64_t end = inside.dst[i] + inside.count[i];
    border.dst[i] = 0;
    border.count[i] = inside.dst[i];
    part_box(site, s, &border, true);
    border.dst[i] = end;
    border.count[i] = y->dim[i] - end;
    part_box(site, s, &border, true);
    border.dst[i] = inside.dst[i];
    border.count[i] = inside.count[i];
  }
}

typedef struct {
  const char *op;
  void (*boxes)(const scull_site_t *site, state_t *s);
  uint32_t layouts;
} row_t;

/* Which layouts an operator is moved in, beside plain to plain. */
enum {
  FROM_NHWC = 1, /* to plain */
  TO_NHWC = 2,   /* from plain */
  IN_NHWC = 4,
  IN_C16 = 8, /* where channels come in whole blocks */
  ALL_NHWC = FROM_NHWC | TO_NHWC | IN_NHWC,
};

static const row_t rows[] = {{"reshape", view_boxes, 0},
                             {"flatten", view_boxes, 0},
                             {"squeeze", view_boxes, 0},
                             {"unsqueeze", view_boxes, 0},
                             {"transpose", transpose_boxes, ALL_NHWC},
                             {"expand", expand_boxes, 0},
                             {"tile", tile_boxes, 0},
                             {"concat", concat_boxes, IN_NHWC | IN_C16},
                             {"split", split_boxes, IN_NHWC | IN_C16},
                             {"slice", slice_boxes, IN_NHWC | IN_C16},
                             {"pad", pad_boxes, IN_NHWC | IN_C16},
                             {"pixel_shuffle", pixel_shuffle_boxes, ALL_NHWC},
                             {"space_to_depth", space_to_depth_boxes, ALL_NHWC},
                             {"channel_shuffle", channel_shuffle_boxes, ALL_NHWC}};

static const char *const anchors[] = {
    "reshape", "flatten",       "squeeze",        "unsqueeze",       "transpose",
    "expand",  "tile",          "concat",         "split",           "slice",
    "pad",     "pixel_shuffle", "space_to_depth", "channel_shuffle", NULL};

static const row_t *row_of(const scull_site_t *site) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (scull_backend_site_is(site, 0, rows[i].op))
      return &rows[i];
  }
  return &rows[0];
}

/* --- the tactic ------------------------------------------------------------------------------- */

static bool splits_channels(const scull_site_t *site) {
  if (!scull_backend_site_is(site, 0, "split"))
    return false;
  const scull_split_attrs_t *attrs = site->ops[0].attrs;
  int32_t axis = 0;
  return scull_tensor_axis(attrs->axis, input_shape(site, 0)->rank, &axis) && axis == 1 &&
         input_shape(site, 0)->rank >= 3;
}

/* False for an operator whose lists a run computes. */
static bool is_known(const scull_site_t *site) {
  part_t part;
  const bool needs =
      scull_backend_site_is(site, 0, "slice") || scull_backend_site_is(site, 0, "pad");
  return !needs || read_part(site, &part);
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_op_t *op = &site->ops[0];
  (void)device;
  if (op->input_count > SCULL_CPU_BOXES || op->output_count > SCULL_CPU_BOXES)
    return "moves at most 64 tensors";
  for (size_t i = 0; i < site->value_count; i++) {
    if (site->values[i].channel_total > 0 && !splits_channels(site))
      return "knows slices only as parts of split channels";
  }
  if (!is_known(site))
    return "needs starts, ends and pads that are known";
  if (scull_backend_site_is(site, 0, "pad") &&
      ((const scull_pad_attrs_t *)op->attrs)->mode != SCULL_PAD_CONSTANT)
    return "knows borders of one number";
  const bool many = scull_backend_site_is(site, 0, "concat");
  for (size_t i = 0; i < (many ? op->input_count : 1); i++) {
    const scull_site_value_t *x = scull_backend_site_input(site, 0, i);
    if (x == NULL || x->is_constant || x->opt.rank == 0)
      return "moves tensors of rank 1 and more that are no constants";
  }
  return NULL;
}

/* True when the channels of every part are whole blocks of 16. */
static bool whole_blocks(const scull_site_t *site) {
  part_t part;
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (!v->is_constant &&
        (v->opt.dim[1] % 16 != 0 || v->min.dim[1] % 16 != 0 || v->max.dim[1] % 16 != 0))
      return false;
  }
  return !read_part(site, &part) || is_blocked(site, &part);
}

/* True when the values can all be stored alike: small integers of one scale; a border's number is
 * of the model's type. */
static bool can_store(const scull_site_t *site, scull_precision_t as) {
  const scull_quant_t *quant = site->values[site->outputs[0]].quant;
  if (as == SCULL_AS_MODEL)
    return true;
  if (!scull_backend_site_permits(site, as) || scull_backend_site_is(site, 0, "pad"))
    return false;
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (!v->is_constant && (v->dtype != SCULL_DTYPE_F32 ||
                            (as == SCULL_AS_INT8 && (v->quant == NULL || v->quant->count != 1 ||
                                                     !scull_tensor_quant_equal(v->quant, quant)))))
      return false;
  }
  return true;
}

static bool stored_alike(const scull_site_t *site) {
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (!v->is_constant && v->as != y->as)
      return false;
    if (!v->is_constant && v->as == SCULL_AS_INT8 && !scull_tensor_quant_equal(v->quant, y->quant))
      return false;
  }
  return true;
}

/* Plain where the layout fits neither. */
static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const struct {
    uint32_t bit;
    scull_layout_t src, dst;
  } pairs[] = {{0, SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_PLAIN},
               {IN_NHWC, SCULL_LAYOUT_NHWC, SCULL_LAYOUT_NHWC},
               {IN_C16, SCULL_LAYOUT_C16, SCULL_LAYOUT_C16},
               {FROM_NHWC, SCULL_LAYOUT_NHWC, SCULL_LAYOUT_PLAIN},
               {TO_NHWC, SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_NHWC}};
  static const scull_precision_t precisions[] = {SCULL_AS_MODEL, SCULL_AS_BF16, SCULL_AS_INT8};
  const scull_shape_t *x = input_shape(site, 0);
  const uint32_t layouts = row_of(site)->layouts;
  size_t count = 0;
  (void)device;
  for (size_t p = 0; p < sizeof precisions / sizeof *precisions; p++) {
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && count < room; i++) {
      if (i > 0 && ((layouts & pairs[i].bit) == 0 || x->rank < 3 || x->rank > 5))
        continue;
      if (!can_store(site, precisions[p]) || (pairs[i].bit == IN_C16 && !whole_blocks(site)))
        continue;
      out[count++] = (scull_config_t){.src = pairs[i].src,
                                      .dst = pairs[i].dst,
                                      .src_as = precisions[p],
                                      .dst_as = precisions[p]};
    }
  }
  return count;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  part_t part;
  if (!is_known(site) || !stored_alike(site) ||
      (config->dst == SCULL_LAYOUT_C16 && read_part(site, &part) && !is_blocked(site, &part)))
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a copy");
  s->kernels = scull_cpu_kernels_of(device);
  s->size = scull_tensor_dtype_size(scull_backend_site_stored(&site->values[site->outputs[0]]));
  s->threads = site->threads;
  row_of(site)->boxes(site, s);
  scull_cpu_boxes_arrange(s);
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  scull_cpu_boxes_run(state, args);
  return SCULL_OK;
}

const scull_tactic_t scull_tactic_cpu_copy = {.name = "cpu.copy",
                                              .version = 2,
                                              .anchors = anchors,
                                              .precisions =
                                                  1u << SCULL_AS_BF16 | 1u << SCULL_AS_INT8,
                                              .refuse = refuse,
                                              .configs = configs,
                                              .prepare = prepare,
                                              .enqueue = enqueue,
                                              .release = scull_base_free};
