/* Losses: they stand at the end of networks that are evaluated, too. */
#include <string.h>

#include "import/onnx/call.h"

typedef struct {
  scull_value_id_t scores, target, weight; /* weight: of a class; SCULL_NO_ID: 1 */
  scull_value_id_t kept;                   /* 0 where the target is ignored; SCULL_NO_ID: 1 */
} loss_t;

/* Targets that are ignored become class 0, with no weight. */
static scull_status_t ignore(scull_onnx_call_t *call, loss_t *l) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t number = SCULL_NO_ID, equal = SCULL_NO_ID, zero = SCULL_NO_ID;
  scull_dtype_t dtype = scull_graph_value(call->graph, l->target)->dtype;
  if (scull_onnx_attr(call, "ignore_index") == NULL)
    return SCULL_OK;
  double which = (double)scull_onnx_int(call, "ignore_index", 0);
  SCULL_TRY(scull_import_emit_scalar(to, dtype, which, &number));
  SCULL_TRY(scull_import_emit_scalar(to, dtype, 0, &zero));
  SCULL_TRY(scull_import_emit_simple(to, "equal", l->target, number, NULL, &equal));
  scull_emit_t where = scull_import_emit(to, "where", equal);
  scull_import_emit_input(&where, zero);
  scull_import_emit_input(&where, l->target);
  SCULL_TRY(scull_import_emit_end(&where, NULL, &l->target));
  SCULL_TRY(scull_import_emit_simple(to, "logical_not", equal, SCULL_NO_ID, NULL, &equal));
  return scull_import_emit_cast(to, equal, scull_graph_value(call->graph, l->scores)->dtype, NULL,
                                &l->kept);
}

/* The weight of each target; SCULL_NO_ID when all count 1. */
static scull_status_t weights(scull_onnx_call_t *call, loss_t *l, scull_value_id_t *out) {
  *out = l->kept;
  if (l->weight == SCULL_NO_ID)
    return SCULL_OK;
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "gather", l->weight, l->target, NULL, out));
  if (l->kept == SCULL_NO_ID)
    return SCULL_OK;
  return scull_import_emit_simple(&call->emitter, "mul", *out, l->kept, NULL, out);
}

static scull_status_t reduce(scull_onnx_call_t *call, const char *op, scull_value_id_t x,
                             scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(&call->emitter, op, x);
  return scull_import_emit_end(&emit, NULL, out);
}

/* -scores[target], weighted and reduced, as output 0. */
static scull_status_t end_loss(scull_onnx_call_t *call, loss_t *l) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t at = SCULL_NO_ID, loss = SCULL_NO_ID, w = SCULL_NO_ID, sum = SCULL_NO_ID;
  const char *reduction = scull_onnx_text(call, "reduction", "mean");
  SCULL_TRY(ignore(call, l));
  SCULL_TRY(scull_import_emit_unsqueeze(to, l->target, SCULL_INTS(1), NULL, &at));
  scull_emit_t pick = scull_import_emit(to, "gather_elements", l->scores);
  scull_import_emit_input(&pick, at);
  scull_import_emit_int(&pick, "axis", 1);
  SCULL_TRY(scull_import_emit_end(&pick, NULL, &loss));
  SCULL_TRY(scull_import_emit_squeeze(to, loss, SCULL_INTS(1), NULL, &loss));
  SCULL_TRY(weights(call, l, &w));
  if (w != SCULL_NO_ID)
    SCULL_TRY(scull_import_emit_simple(to, "mul", loss, w, NULL, &loss));
  if (strcmp(reduction, "mean") == 0 && w != SCULL_NO_ID) {
    SCULL_TRY(reduce(call, "reduce_sum", w, &sum));
    SCULL_TRY(reduce(call, "reduce_sum", loss, &loss));
    SCULL_TRY(scull_import_emit_simple(to, "div", loss, sum, NULL, &loss));
  } else if (strcmp(reduction, "none") != 0) {
    bool mean = strcmp(reduction, "mean") == 0;
    SCULL_TRY(reduce(call, mean ? "reduce_mean" : "reduce_sum", loss, &loss));
  }
  return scull_onnx_end_simple(call, "neg", loss, SCULL_NO_ID);
}

static scull_status_t read_loss(scull_onnx_call_t *call, loss_t *l) {
  *l = (loss_t){.weight = scull_onnx_in(call, 2), .kept = SCULL_NO_ID};
  SCULL_TRY(scull_onnx_need(call, 0, &l->scores));
  SCULL_TRY(scull_onnx_need(call, 1, &l->target));
  if (scull_onnx_in_rank(call, 0) < 2)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its scores have no classes");
  return SCULL_OK;
}

static scull_status_t negative_log(scull_onnx_call_t *call) {
  loss_t l;
  SCULL_TRY(read_loss(call, &l));
  return end_loss(call, &l);
}

static scull_status_t cross_entropy(scull_onnx_call_t *call) {
  loss_t l;
  SCULL_TRY(read_loss(call, &l));
  scull_emit_t emit = scull_import_emit(&call->emitter, "log_softmax", l.scores);
  scull_import_emit_int(&emit, "axis", 1);
  SCULL_TRY(scull_import_emit_end(&emit, scull_onnx_out_name(call, 1), &l.scores));
  scull_onnx_set(call, 1, l.scores);
  return end_loss(call, &l);
}

static const scull_onnx_row_t rows[] = {
    {"NegativeLogLikelihoodLoss", 12, 0, negative_log, NULL, NULL},
    {"SoftmaxCrossEntropyLoss", 12, 0, cross_entropy, NULL, NULL},
};

SCULL_ONNX_ROWS(loss, "", rows);
