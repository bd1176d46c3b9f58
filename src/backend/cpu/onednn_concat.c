/* Concatenation by oneDNN: in memory order every case is [outer, pieces of a row], so one 2-D
 * concat serves all axes and layouts. Floor: bytes read plus bytes written at memory speed; better
 * is to have the producers write into their slices. */
#include "backend/cpu/onednn.h"
#include "ops/concat.h"

/* Elements before the axis and from it on, in memory order. Blocked tensors are [N, C/b, ..., b]:
 * whole blocks can be joined along the channels, or along the batch. */
static bool split_at(const scull_site_value_t *v, int32_t axis, int64_t *outer, int64_t *row) {
  int32_t order[SCULL_MAX_RANK];
  bool before = true;
  *outer = *row = 1;
  if (!scull_onednn_is_dense(v))
    return false;
  if (!scull_onednn_order(v, order)) {
    int64_t block = v->layout == SCULL_LAYOUT_C16 ? 16 : 8;
    if (axis > 1 || v->opt.dim[1] % block != 0)
      return false;
    for (int32_t i = 0; i < v->opt.rank; i++)
      *(i < axis ? outer : row) *= v->opt.dim[i];
    return true;
  }
  for (int32_t i = 0; i < v->opt.rank; i++) {
    before = before && order[i] != axis;
    *(before ? outer : row) *= v->opt.dim[order[i]];
  }
  return true;
}

static bool add_piece(scull_onednn_recipe_t *recipe, const scull_site_t *site, int arg,
                      uint16_t value, int32_t axis) {
  const scull_site_value_t *v = &site->values[value];
  scull_onednn_md_t md;
  int64_t dims[2];
  return split_at(v, axis, &dims[0], &dims[1]) &&
         scull_onednn_md_init(&md, 2, dims, scull_backend_site_stored(v), NULL) &&
         scull_onednn_recipe_add(recipe, site, arg, value, md, false);
}

/* A constant is row-major, whatever the others' layout is. */
static bool same_layout(const scull_site_t *site, uint16_t value, scull_layout_t layout) {
  const scull_site_value_t *v = &site->values[value];
  return scull_backend_layout_same(&v->opt, v->layout, layout);
}

static bool describe(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  const scull_site_op_t *op = &site->ops[0];
  const scull_concat_attrs_t *attrs = op->attrs;
  const scull_site_value_t *y = &site->values[op->outputs[0]];
  int32_t axis = 0;
  recipe->parameters.axis = 1;
  if (op->input_count > SCULL_ONEDNN_OPERANDS - 1 ||
      !scull_tensor_axis(attrs->axis, y->opt.rank, &axis))
    return false;
  for (size_t i = 0; i < op->input_count; i++) {
    if (op->inputs[i] == SCULL_SITE_ABSENT || !same_layout(site, op->inputs[i], y->layout) ||
        !add_piece(recipe, site, DNNL_ARG_MULTIPLE_SRC + (int)i, op->inputs[i], axis))
      return false;
  }
  return add_piece(recipe, site, DNNL_ARG_DST, op->outputs[0], axis);
}

static const scull_onednn_family_t concat_family = {.pairs = SCULL_ONEDNN_BF16 | SCULL_ONEDNN_INT8,
                                                    .describe = describe,
                                                    .begin = scull_onednn_begin_concat};
static const char *const concat_anchors[] = {"concat", NULL};

SCULL_ONEDNN_TACTIC(concat, "concat", .precisions = SCULL_ONEDNN_IN_ALL, .alias = NULL);
