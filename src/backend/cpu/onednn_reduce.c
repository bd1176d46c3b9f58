/* Reductions by oneDNN, over plain tensors: neighbouring axes that are all kept or all folded are
 * merged. Its fast kernels fold the innermost axes; for the rest there is only the reference, which
 * is refused. Floor: bytes read at memory speed. */
#include <string.h>

#include "backend/cpu/onednn.h"
#include "ops/reduce.h"

static const struct {
  const char *op;
  dnnl_alg_kind_t algorithm;
} rows[] = {{"reduce_mean", dnnl_reduction_mean},
            {"reduce_sum", dnnl_reduction_sum},
            {"reduce_max", dnnl_reduction_max},
            {"reduce_min", dnnl_reduction_min},
            {"reduce_prod", dnnl_reduction_mul}};

typedef struct {
  int rank;
  int64_t from[SCULL_MAX_RANK], to[SCULL_MAX_RANK];
} fold_t;

static bool fold_init(fold_t *fold, const scull_shape_t *x, scull_ints_t axes) {
  bool folded[SCULL_MAX_RANK] = {false}, last = false;
  *fold = (fold_t){0};
  for (size_t i = 0; i < axes.size; i++) {
    int32_t axis = 0;
    if (!scull_tensor_axis(axes.data[i], x->rank, &axis))
      return false;
    folded[axis] = true;
  }
  for (int32_t i = 0; i < x->rank; i++) {
    bool now = folded[i] || axes.size == 0;
    if (x->dim[i] == 1)
      continue;
    if (fold->rank == 0 || now != last) {
      fold->from[fold->rank] = fold->to[fold->rank] = 1;
      fold->rank++;
    }
    last = now;
    fold->from[fold->rank - 1] *= x->dim[i];
    fold->to[fold->rank - 1] *= now ? 1 : x->dim[i];
  }
  return fold->rank > 0 && fold->rank <= 5;
}

static bool describe(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  const scull_site_op_t *op = &site->ops[0];
  const scull_reduce_attrs_t *attrs = op->attrs;
  const scull_site_value_t *x = &site->values[op->inputs[0]], *y = &site->values[op->outputs[0]];
  scull_onednn_md_t src, dst;
  fold_t fold;
  if (x->layout != SCULL_LAYOUT_PLAIN || y->layout != SCULL_LAYOUT_PLAIN ||
      !scull_onednn_is_dense(x) || !scull_onednn_is_dense(y) ||
      !fold_init(&fold, &x->opt, attrs->axes))
    return false;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(rows[i].op, op->def->name) == 0)
      recipe->parameters.algorithm = rows[i].algorithm;
  }
  return scull_onednn_md_init(&src, fold.rank, fold.from, scull_backend_site_stored(x), NULL) &&
         scull_onednn_recipe_add(recipe, site, DNNL_ARG_SRC, op->inputs[0], src, false) &&
         scull_onednn_md_init(&dst, fold.rank, fold.to, scull_backend_site_stored(y), NULL) &&
         scull_onednn_recipe_add(recipe, site, DNNL_ARG_DST, op->outputs[0], dst, false);
}

static const scull_onednn_family_t reduce_family = {.pairs =
                                                        SCULL_ONEDNN_BF16 | SCULL_ONEDNN_BF16_F32,
                                                    .describe = describe,
                                                    .begin = scull_onednn_begin_reduction};
static const char *const reduce_anchors[] = {"reduce_mean", "reduce_sum",  "reduce_max",
                                             "reduce_min",  "reduce_prod", NULL};

SCULL_ONEDNN_TACTIC_UNPACKED(reduce, "reduce", .precisions = SCULL_ONEDNN_IN_BF16, .alias = NULL);
