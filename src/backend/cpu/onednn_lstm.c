/* LSTM by oneDNN, one layer, forward, reverse or both. Gates stand in the same order (i, f, cell,
 * o); weights are [D, 4H, I] for us and [1, D, I, 4, H] with strides over the same bytes for it,
 * packed into what its gemm wants. Its only implementation is called "ref" or "brgemm" and is a
 * fast gemm with generated gate kernels. */
#include "backend/cpu/onednn.h"
#include "ops/recurrent.h"

typedef struct {
  int64_t time, batch, in, hidden, directions;
} sizes_t;

static bool add(scull_onednn_recipe_t *recipe, const scull_site_t *site, int arg, uint16_t value,
                int rank, const int64_t *dims, const int64_t *strides, bool any) {
  scull_onednn_md_t md;
  return scull_onednn_md_init(&md, rank, dims, scull_backend_site_stored(&site->values[value]),
                              strides) &&
         scull_onednn_recipe_add(recipe, site, arg, value, md, any);
}

/* [D, 4H, columns] as [1, D, columns, 4, H]. */
static bool add_weights(scull_onednn_recipe_t *recipe, const scull_site_t *site, int arg,
                        uint16_t value, const sizes_t *s, int64_t columns) {
  const int64_t gates = 4 * s->hidden * columns;
  const int64_t dims[] = {1, s->directions, columns, 4, s->hidden};
  const int64_t strides[] = {s->directions * gates, gates, 1, s->hidden * columns, columns};
  return add(recipe, site, arg, value, 5, dims, strides, true);
}

static uint16_t operand(const uint16_t *list, size_t count, size_t index) {
  return index < count ? list[index] : SCULL_SITE_ABSENT;
}

/* Bias and states may be absent. */
static bool add_optional(scull_onednn_recipe_t *recipe, const scull_site_t *site,
                         const sizes_t *s) {
  const scull_site_op_t *op = &site->ops[0];
  const int64_t bias[] = {1, s->directions, 4, s->hidden};
  const int64_t state[] = {1, s->directions, s->batch, s->hidden};
  const struct {
    int arg;
    uint16_t value;
    const int64_t *dims;
  } all[] = {{DNNL_ARG_BIAS, operand(op->inputs, op->input_count, 3), bias},
             {DNNL_ARG_SRC_ITER, operand(op->inputs, op->input_count, 4), state},
             {DNNL_ARG_SRC_ITER_C, operand(op->inputs, op->input_count, 5), state},
             {DNNL_ARG_DST_ITER, operand(op->outputs, op->output_count, 1), state},
             {DNNL_ARG_DST_ITER_C, operand(op->outputs, op->output_count, 2), state}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    if (all[i].value != SCULL_SITE_ABSENT &&
        !add(recipe, site, all[i].arg, all[i].value, 4, all[i].dims, NULL, false))
      return false;
  }
  return true;
}

static bool is_plain(const scull_site_t *site) {
  bool plain = true;
  for (size_t i = 0; i < site->value_count; i++)
    plain = plain && site->values[i].layout == SCULL_LAYOUT_PLAIN &&
            scull_onednn_is_dense(&site->values[i]);
  return plain;
}

static const char *check(const scull_site_t *site) {
  const scull_site_op_t *op = &site->ops[0];
  if (!scull_ops_recurrent_is_plain(op->attrs))
    return "oneDNN has the usual activations only, and no clip";
  for (size_t i = 6; i < op->input_count; i++) { /* behind the first states */
    if (op->inputs[i] != SCULL_SITE_ABSENT)
      return "oneDNN has no lengths and no peepholes here";
  }
  return NULL;
}

static bool describe(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  static const dnnl_rnn_direction_t directions[] = {
      dnnl_unidirectional_left2right, dnnl_unidirectional_right2left, dnnl_bidirectional_concat};
  const scull_site_op_t *op = &site->ops[0];
  const scull_recurrent_attrs_t *attrs = op->attrs;
  const scull_site_value_t *x = &site->values[op->inputs[0]], *r = &site->values[op->inputs[2]];
  if (!is_plain(site) || check(site) != NULL)
    return false;
  const sizes_t s = {x->opt.dim[0], x->opt.dim[1], x->opt.dim[2], r->opt.dim[2], r->opt.dim[0]};
  const int64_t src[] = {s.time, s.batch, s.in}, dst[] = {s.time, s.batch, s.directions * s.hidden};
  recipe->parameters.direction = directions[attrs->direction];
  return add(recipe, site, DNNL_ARG_SRC_LAYER, op->inputs[0], 3, src, NULL, false) &&
         add_weights(recipe, site, DNNL_ARG_WEIGHTS_LAYER, op->inputs[1], &s, s.in) &&
         add_weights(recipe, site, DNNL_ARG_WEIGHTS_ITER, op->inputs[2], &s, s.hidden) &&
         add(recipe, site, DNNL_ARG_DST_LAYER, op->outputs[0], 3, dst, NULL, false) &&
         add_optional(recipe, site, &s);
}

static const scull_onednn_family_t lstm_family = {.check = check,
                                                  .describe = describe,
                                                  .begin = scull_onednn_begin_lstm,
                                                  .takes_reference = true};
static const char *const lstm_anchors[] = {"lstm", NULL};

SCULL_ONEDNN_TACTIC(lstm, "lstm", .alias = NULL);
