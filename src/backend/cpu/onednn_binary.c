/* Element-wise operators of two inputs by oneDNN: the broadcasts that its kernels know (a whole
 * tensor, one element, one value a channel or a row). Both operands are seen in memory order with
 * neighbouring axes merged where they behave alike, so that few shapes remain. Floor: bytes read
 * plus bytes written at memory speed. */
#include <string.h>

#include "backend/cpu/onednn.h"

static const struct {
  const char *op;
  dnnl_alg_kind_t algorithm;
} rows[] = {{"add", dnnl_binary_add}, {"sub", dnnl_binary_sub}, {"mul", dnnl_binary_mul},
            {"div", dnnl_binary_div}, {"max", dnnl_binary_max}, {"min", dnnl_binary_min}};

/* Axes in memory order; operand strides are 0 where it is repeated. */
typedef struct {
  int rank;
  int64_t dims[SCULL_MAX_RANK], strides[2][SCULL_MAX_RANK];
} view_t;

/* Strides of a dense operand along the axes of the result, aligned to the right. */
static bool operand_strides(const scull_site_value_t *v, int32_t rank,
                            int64_t strides[SCULL_MAX_RANK]) {
  int32_t order[SCULL_MAX_RANK];
  int64_t step = 1;
  for (int32_t i = 0; i < rank; i++)
    strides[i] = 0;
  if (!scull_onednn_is_dense(v) || !scull_onednn_order(v, order))
    return false;
  for (int32_t i = v->opt.rank - 1; i >= 0; i--) {
    int64_t dim = v->opt.dim[order[i]];
    strides[order[i] + rank - v->opt.rank] = dim == 1 ? 0 : step;
    step *= dim;
  }
  return true;
}

static void append_axis(view_t *view, int64_t dim, const int64_t step[2]) {
  int last = view->rank - 1;
  bool merges = last >= 0;
  for (int k = 0; k < 2 && merges; k++)
    merges = view->strides[k][last] == step[k] * dim;
  if (dim == 1)
    return;
  if (!merges)
    last = view->rank++;
  view->dims[last] = merges ? view->dims[last] * dim : dim;
  for (int k = 0; k < 2; k++)
    view->strides[k][last] = step[k];
}

static bool view_init(view_t *view, const scull_site_value_t *const operands[2],
                      const scull_site_value_t *y) {
  int64_t strides[2][SCULL_MAX_RANK];
  int32_t order[SCULL_MAX_RANK], rank = y->opt.rank;
  *view = (view_t){0};
  if (!scull_onednn_is_dense(y) || !scull_onednn_order(y, order) ||
      !operand_strides(operands[0], rank, strides[0]) ||
      !operand_strides(operands[1], rank, strides[1]))
    return false;
  for (int32_t i = 0; i < rank; i++)
    append_axis(view, y->opt.dim[order[i]],
                (int64_t[]){strides[0][order[i]], strides[1][order[i]]});
  if (view->rank == 0)
    *view = (view_t){.rank = 1, .dims = {1}, .strides = {{1}, {1}}};
  return true;
}

/* Three tensors of one shape in one layout are rows of elements, padding included. */
static bool view_init_same(view_t *view, const scull_site_value_t *const operands[2],
                           const scull_site_value_t *y) {
  size_t bytes = 0;
  scull_type_t type = {.dtype = y->dtype, .shape = y->opt};
  for (int k = 0; k < 2; k++) {
    if (operands[k]->layout != y->layout || !scull_onednn_is_dense(operands[k]) ||
        !scull_tensor_shape_equal(&operands[k]->opt, &y->opt))
      return false;
  }
  /* 0 / 0 in padded channels would leave NaN there. */
  if (!scull_onednn_is_dense(y) || !scull_backend_layout_bytes(&type, y->layout, &bytes) ||
      bytes != scull_tensor_bytes(&type))
    return false;
  int64_t count = scull_tensor_count(&y->opt);
  *view = (view_t){.rank = 1, .dims = {count}, .strides = {{1}, {1}}};
  return true;
}

/* False when the operand's elements do not lie in the order of the view's axes. */
static bool add_operand(scull_onednn_recipe_t *recipe, const scull_site_t *site, int arg,
                        uint16_t value, const view_t *view, int which) {
  int64_t dims[SCULL_MAX_RANK], step = 1;
  scull_onednn_md_t md;
  for (int i = view->rank - 1; i >= 0; i--) {
    bool repeated = which < 2 && view->strides[which][i] == 0;
    dims[i] = repeated ? 1 : view->dims[i];
    if (which < 2 && !repeated && view->strides[which][i] != step)
      return false;
    step *= dims[i];
  }
  return scull_onednn_md_init(&md, view->rank, dims,
                              scull_backend_site_stored(&site->values[value]), NULL) &&
         scull_onednn_recipe_add(recipe, site, arg, value, md, false);
}

static bool is_full(const view_t *view, int which) {
  for (int i = 0; i < view->rank; i++) {
    if (view->strides[which][i] == 0 && view->dims[i] != 1)
      return false;
  }
  return true;
}

static bool describe(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  const scull_site_op_t *op = &site->ops[0];
  const scull_site_value_t *const operands[2] = {&site->values[op->inputs[0]],
                                                 &site->values[op->inputs[1]]};
  const scull_site_value_t *y = &site->values[op->outputs[0]];
  view_t view;
  if (!view_init_same(&view, operands, y) && !view_init(&view, operands, y))
    return false;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(rows[i].op, op->def->name) == 0)
      recipe->parameters.algorithm = rows[i].algorithm;
  }
  /* The first source must be whole; operators that commute may swap. */
  int first = is_full(&view, 0) ? 0 : 1;
  if (!is_full(&view, first) || (first == 1 && (op->def->traits & SCULL_OP_COMMUTATIVE) == 0))
    return false;
  return add_operand(recipe, site, DNNL_ARG_SRC_0, op->inputs[first], &view, first) &&
         add_operand(recipe, site, DNNL_ARG_SRC_1, op->inputs[1 - first], &view, 1 - first) &&
         add_operand(recipe, site, DNNL_ARG_DST, op->outputs[0], &view, 2);
}

/* Output 0 may take the place of the operand that is read as a whole. */
static uint32_t alias(const scull_site_t *site, const scull_config_t *config) {
  const scull_site_op_t *op = &site->ops[0];
  const scull_site_value_t *x = &site->values[op->inputs[0]], *y = &site->values[op->outputs[0]];
  (void)config;
  return op->inputs[0] != op->inputs[1] && scull_tensor_shape_equal(&x->max, &y->max) &&
                 scull_tensor_shape_equal(&x->min, &y->min)
             ? scull_onednn_alias_first(site, config)
             : 0;
}

static const scull_onednn_family_t binary_family = {.pairs =
                                                        SCULL_ONEDNN_BF16 | SCULL_ONEDNN_BF16_F32,
                                                    .describe = describe,
                                                    .begin = scull_onednn_begin_binary};
static const char *const binary_anchors[] = {"add", "sub", "mul", "div", "max", "min", NULL};

SCULL_ONEDNN_TACTIC(binary, "binary", .precisions = SCULL_ONEDNN_IN_BF16, .alias = alias);
