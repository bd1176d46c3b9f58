/* Element-wise operators of one input: which of oneDNN's formulas computes each of ours, and the
 * tactic for an operator that stands alone. The formula table also serves the post-operations of
 * other families. Only exact matches are in it: oneDNN rounds to even, we round half away from
 * zero, so `round` is not; its logarithm is 3e-6 off near 1, where the answer is 0, so `log` is
 * not. Floor: bytes read plus bytes written at memory speed. */
#include <math.h>
#include <string.h>

#include "backend/cpu/onednn.h"

/* A parameter: the attribute of that name times `factor`, or `factor` itself without a name. */
typedef struct {
  const char *attr;
  double factor;
} parameter_t;

typedef struct {
  const char *op;
  dnnl_alg_kind_t algorithm;
  parameter_t alpha, beta;
} row_t;

static const row_t rows[] = {
    {"relu", dnnl_eltwise_relu, {NULL, 0}, {NULL, 0}},
    {"leaky_relu", dnnl_eltwise_relu, {"alpha", 1}, {NULL, 0}},
    {"sigmoid", dnnl_eltwise_logistic, {NULL, 0}, {NULL, 0}},
    {"tanh", dnnl_eltwise_tanh, {NULL, 0}, {NULL, 0}},
    {"exp", dnnl_eltwise_exp, {NULL, 0}, {NULL, 0}},
    {"sqrt", dnnl_eltwise_sqrt, {NULL, 0}, {NULL, 0}},
    {"abs", dnnl_eltwise_abs, {NULL, 0}, {NULL, 0}},
    {"square", dnnl_eltwise_square, {NULL, 0}, {NULL, 0}},
    {"neg", dnnl_eltwise_linear, {NULL, -1}, {NULL, 0}},
    {"reciprocal", dnnl_eltwise_pow, {NULL, 1}, {NULL, -1}},
    {"scale", dnnl_eltwise_linear, {"scale", 1}, {"bias", 1}},
    {"clip", dnnl_eltwise_clip, {"min", 1}, {"max", 1}},
    {"elu", dnnl_eltwise_elu, {"alpha", 1}, {NULL, 0}},
    {"swish", dnnl_eltwise_swish, {"beta", 1}, {NULL, 0}},
    {"mish", dnnl_eltwise_mish, {NULL, 0}, {NULL, 0}},
    {"softplus", dnnl_eltwise_soft_relu, {NULL, 1}, {NULL, 0}},
    {"gelu", dnnl_eltwise_gelu_erf, {NULL, 0}, {NULL, 0}},
    {"hard_swish", dnnl_eltwise_hardswish, {NULL, 1.0 / 6}, {NULL, 0.5}},
    {"hard_sigmoid", dnnl_eltwise_linear, {"alpha", 1}, {"beta", 1}}, /* then clip to 0..1 */
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static const row_t *row_of(const scull_site_op_t *op) {
  for (size_t i = 0; i < ROWS; i++) {
    if (strcmp(rows[i].op, op->def->name) == 0)
      return &rows[i];
  }
  return NULL;
}

static const void *attr_of(const scull_site_op_t *op, const char *name, scull_attr_kind_t kind) {
  const scull_attr_field_t *field = scull_ops_attr_find(&op->def->attrs, name);
  if (field == NULL || field->kind != kind)
    return NULL;
  return (const char *)op->attrs + field->offset;
}

static bool read_parameter(const scull_site_op_t *op, const parameter_t *p, float *out) {
  const double *value = p->attr == NULL ? NULL : attr_of(op, p->attr, SCULL_ATTR_FLOAT);
  if (p->attr != NULL && value == NULL)
    return false;
  *out = (float)(value == NULL ? p->factor : *value * p->factor);
  return true;
}

static bool attr_is(const scull_site_op_t *op, const char *name, double wanted) {
  const double *value = attr_of(op, name, SCULL_ATTR_FLOAT);
  return value != NULL && *value >= wanted && *value <= wanted;
}

/* Variants of an operator that oneDNN does not have. */
static bool formula_fits(const scull_site_op_t *op, scull_onednn_eltwise_t *step) {
  if (step->algorithm == dnnl_eltwise_gelu_erf) {
    const bool *approximate = attr_of(op, "approximate", SCULL_ATTR_BOOL);
    if (approximate != NULL && *approximate)
      step->algorithm = dnnl_eltwise_gelu_tanh;
    return approximate != NULL;
  }
  if (step->algorithm == dnnl_eltwise_hardswish)
    return attr_is(op, "threshold", 6) && attr_is(op, "scale", 6) && attr_is(op, "offset", 3);
  /* Their thresholds only keep e^x finite; at 20 what they leave out is below f32's precision. */
  if (step->algorithm == dnnl_eltwise_soft_relu)
    return attr_is(op, "beta", 1) && attr_is(op, "threshold", 20);
  if (step->algorithm == dnnl_eltwise_mish)
    return attr_is(op, "threshold", 20);
  return true;
}

size_t scull_onednn_eltwise_find(const scull_site_op_t *op, scull_onednn_eltwise_t out[2]) {
  const row_t *row = row_of(op);
  if (row == NULL)
    return 0;
  out[0] = (scull_onednn_eltwise_t){.algorithm = row->algorithm};
  if (!read_parameter(op, &row->alpha, &out[0].alpha) ||
      !read_parameter(op, &row->beta, &out[0].beta) || !formula_fits(op, &out[0]))
    return 0;
  if (strcmp(row->op, "hard_sigmoid") != 0)
    return 1;
  out[1] = (scull_onednn_eltwise_t){.algorithm = dnnl_eltwise_clip, .alpha = 0, .beta = 1};
  return 2;
}

/* --- the tactic ------------------------------------------------------------------------------- */

/* True when the layout has padded channels: f(0) need not be 0 there. */
static bool is_padded(const scull_site_value_t *v) {
  scull_type_t type = {.dtype = v->dtype, .shape = v->opt};
  size_t bytes = 0;
  return !scull_backend_layout_bytes(&type, v->layout, &bytes) ||
         bytes != scull_tensor_bytes(&type);
}

static bool describe(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  const scull_site_op_t *op = &site->ops[0];
  const scull_site_value_t *x = &site->values[op->inputs[0]], *y = &site->values[op->outputs[0]];
  scull_onednn_eltwise_t steps[2];
  scull_onednn_md_t src, dst;
  if (scull_onednn_eltwise_find(op, steps) != 1 || x->layout != y->layout || is_padded(x) ||
      !scull_onednn_is_dense(x) || !scull_onednn_is_dense(y))
    return false;
  /* All layouts alike: one row of elements. */
  int64_t count[] = {scull_tensor_count(&x->opt)};
  if (!scull_onednn_md_init(&src, 1, count, scull_backend_site_stored(x), NULL) ||
      !scull_onednn_recipe_add(recipe, site, DNNL_ARG_SRC, op->inputs[0], src, false) ||
      !scull_onednn_md_init(&dst, 1, count, scull_backend_site_stored(y), NULL) ||
      !scull_onednn_recipe_add(recipe, site, DNNL_ARG_DST, op->outputs[0], dst, false))
    return false;
  recipe->parameters.algorithm = steps[0].algorithm;
  recipe->parameters.alpha = steps[0].alpha;
  recipe->parameters.beta = steps[0].beta;
  return true;
}

static const char *check(const scull_site_t *site) {
  scull_onednn_eltwise_t steps[2];
  return scull_onednn_eltwise_find(&site->ops[0], steps) == 1 ? NULL : "oneDNN has no such formula";
}

static const scull_onednn_family_t eltwise_family = {.pairs = SCULL_ONEDNN_BF16,
                                                     .check = check,
                                                     .describe = describe,
                                                     .begin = scull_onednn_begin_eltwise};

static const char *const eltwise_anchors[] = {
    "relu",   "leaky_relu", "sigmoid",    "tanh",       "exp",  "sqrt", "abs",
    "square", "neg",        "reciprocal", "scale",      "clip", "elu",  "swish",
    "mish",   "softplus",   "gelu",       "hard_swish", NULL};

SCULL_ONEDNN_TACTIC_UNPACKED(eltwise, "eltwise", .precisions = SCULL_ONEDNN_IN_BF16,
                             .alias = scull_onednn_alias_first);
