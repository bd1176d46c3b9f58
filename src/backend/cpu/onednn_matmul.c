/* Matrix products by oneDNN, with bias, residual add and activation as post-operations. Two
 * tactics: matmul (2-D to N-D, transposed operands, broadcast batches) and inner_product (a
 * constant 2-D right side, packed; measured 2.5-4 times faster than matmul with plain weights in
 * bf16). Floor for one row: the weights' bytes at cache or memory speed. */
#include "backend/cpu/onednn.h"
#include "ops/matmul.h"

/* What both tactics start from. */
typedef struct {
  scull_matmul_geometry_t g;
  scull_epilogue_t epilogue;
  const scull_site_op_t *op;
  bool has_bias;
} product_t;

static bool is_plain(const scull_site_t *site, uint16_t value) {
  const scull_site_value_t *v = &site->values[value];
  return v->layout == SCULL_LAYOUT_PLAIN && scull_onednn_is_dense(v);
}

static bool read_product(const scull_site_t *site, product_t *out) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  *out = (product_t){.op = &site->ops[0]};
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) ||
      scull_ops_matmul_geometry(&call, &out->g) != SCULL_OK ||
      !scull_backend_site_epilogue(site, &out->epilogue) || !is_plain(site, site->outputs[0]))
    return false;
  out->has_bias = scull_ops_has_input(&call, 2);
  if (out->epilogue.add != NULL && !is_plain(site, out->epilogue.residual_index))
    return false;
  return is_plain(site, out->op->inputs[0]) && is_plain(site, out->op->inputs[1]);
}

/* True when all batches of x meet one y, so that they are more rows of one product. */
static bool folds(const scull_matmul_geometry_t *g) {
  return scull_tensor_count(&g->y_batch) == 1 && g->x_column == 1 && g->x_row == g->k &&
         scull_tensor_count(&g->x_batch) == scull_tensor_count(&g->batch);
}

static bool add_matrix(scull_onednn_recipe_t *recipe, const scull_site_t *site, int arg,
                       uint16_t value, int rank, const int64_t *dims, const int64_t *strides,
                       bool any) {
  scull_onednn_md_t md;
  return scull_onednn_md_init(&md, rank, dims, scull_backend_site_stored(&site->values[value]),
                              strides) &&
         scull_onednn_recipe_add(recipe, site, arg, value, md, any);
}

static bool add_bias(scull_onednn_recipe_t *recipe, const scull_site_t *site, const product_t *p,
                     int rank) {
  int64_t dims[SCULL_MAX_RANK + 2];
  for (int i = 0; i < rank; i++)
    dims[i] = 1;
  dims[rank - 1] = p->g.n;
  return !p->has_bias ||
         add_matrix(recipe, site, DNNL_ARG_BIAS, p->op->inputs[2], rank, dims, NULL, false);
}

/* --- matmul ----------------------------------------------------------------------------------- */

/* dims and strides of an operand: its batch axes aligned to the right of `batch`, then rows and
 * columns. */
static void view_of(const scull_shape_t *own, const scull_shape_t *batch, const int64_t matrix[2],
                    const int64_t steps[2], int64_t *dims, int64_t *strides) {
  int32_t rank = batch->rank;
  int64_t step = matrix[0] * matrix[1];
  for (int32_t i = rank - 1; i >= 0; i--) {
    int32_t k = i - (rank - own->rank);
    dims[i] = k < 0 ? 1 : own->dim[k];
    strides[i] = step;
    step *= dims[i];
  }
  for (int32_t i = 0; i < 2; i++) {
    dims[rank + i] = matrix[i];
    strides[rank + i] = steps[i];
  }
}

/* Batches that are the same on both sides are one axis. */
static void merge_batches(scull_matmul_geometry_t *g) {
  if (!scull_tensor_shape_equal(&g->x_batch, &g->y_batch) || g->batch.rank < 2)
    return;
  const int64_t count[] = {scull_tensor_count(&g->batch)};
  g->batch = g->x_batch = g->y_batch = scull_tensor_shape(1, count);
}

static bool describe_matmul(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  product_t p;
  int64_t dims[SCULL_MAX_RANK + 2], strides[SCULL_MAX_RANK + 2];
  if (!read_product(site, &p))
    return false;
  scull_matmul_geometry_t *g = &p.g;
  if (folds(g)) {
    g->m *= scull_tensor_count(&g->batch);
    g->batch = g->x_batch = g->y_batch = (scull_shape_t){0};
  }
  merge_batches(g);
  int rank = g->batch.rank + 2;
  view_of(&g->x_batch, &g->batch, (int64_t[]){g->m, g->k}, (int64_t[]){g->x_row, g->x_column}, dims,
          strides);
  if (!add_matrix(recipe, site, DNNL_ARG_SRC, p.op->inputs[0], rank, dims, strides, false))
    return false;
  view_of(&g->y_batch, &g->batch, (int64_t[]){g->k, g->n}, (int64_t[]){g->y_row, g->y_column}, dims,
          strides);
  if (!add_matrix(recipe, site, DNNL_ARG_WEIGHTS, p.op->inputs[1], rank, dims, strides, true))
    return false;
  view_of(&g->batch, &g->batch, (int64_t[]){g->m, g->n}, (int64_t[]){g->n, 1}, dims, strides);
  return add_matrix(recipe, site, DNNL_ARG_DST, site->outputs[0], rank, dims, strides, false) &&
         add_bias(recipe, site, &p, rank) && scull_onednn_recipe_add_epilogue(recipe, &p.epilogue);
}

static const scull_onednn_family_t matmul_family = {
    .pairs = SCULL_ONEDNN_BF16 | SCULL_ONEDNN_BF16_F32 | SCULL_ONEDNN_INT8 | SCULL_ONEDNN_INT8_F32,
    .is_product = true,
    .describe = describe_matmul,
    .begin = scull_onednn_begin_matmul};

/* --- inner product ---------------------------------------------------------------------------- */

static bool describe_inner_product(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  product_t p;
  if (!read_product(site, &p) || !folds(&p.g) || !site->values[p.op->inputs[1]].is_constant)
    return false;
  const scull_matmul_geometry_t *g = &p.g;
  int64_t rows = g->m * scull_tensor_count(&g->batch);
  const int64_t src[] = {rows, g->k}, weights[] = {g->n, g->k}, dst[] = {rows, g->n};
  const int64_t strides[] = {g->y_column, g->y_row};
  return add_matrix(recipe, site, DNNL_ARG_SRC, p.op->inputs[0], 2, src, NULL, false) &&
         add_matrix(recipe, site, DNNL_ARG_WEIGHTS, p.op->inputs[1], 2, weights, strides, true) &&
         add_matrix(recipe, site, DNNL_ARG_DST, site->outputs[0], 2, dst, NULL, false) &&
         add_bias(recipe, site, &p, 1) && scull_onednn_recipe_add_epilogue(recipe, &p.epilogue);
}

static const char *check_inner_product(const scull_site_t *site) {
  return scull_backend_site_input(site, 0, 1)->is_constant ? NULL : "needs a constant right side";
}

static const scull_onednn_family_t inner_product_family = {
    .pairs = SCULL_ONEDNN_BF16 | SCULL_ONEDNN_BF16_F32 | SCULL_ONEDNN_INT8 | SCULL_ONEDNN_INT8_F32,
    .is_product = true,
    .check = check_inner_product,
    .describe = describe_inner_product,
    .begin = scull_onednn_begin_inner_product};
static const char *const matmul_anchors[] = {"matmul", NULL};
static const char *const inner_product_anchors[] = {"matmul", NULL};

SCULL_ONEDNN_TACTIC(matmul, "matmul", .precisions = SCULL_ONEDNN_IN_ALL,
                    .growth = SCULL_GROW_EPILOGUE, .alias = scull_onednn_alias_residual);
SCULL_ONEDNN_TACTIC(inner_product, "inner_product", .precisions = SCULL_ONEDNN_IN_ALL,
                    .growth = SCULL_GROW_EPILOGUE, .alias = scull_onednn_alias_residual);
