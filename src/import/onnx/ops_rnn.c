/* RNN, GRU and LSTM: gates and biases in our order, batches second, directions joined. */
#include <string.h>

#include "import/onnx/call.h"

enum { X, W, R, BIAS, LENGTHS, H0, C0, PEEPHOLES, OPERANDS }; /* ONNX's order */

typedef struct {
  const char *op; /* ours */
  int64_t gates;
  size_t states;
  int64_t directions, hidden;
  bool batch_first;
  scull_value_id_t in[OPERANDS];
} layer_t;

/* --- reading --------------------------------------------------------------------------------- */

static scull_status_t check_shapes(scull_onnx_call_t *call, layer_t *l) {
  const char *direction = scull_onnx_text(call, "direction", "forward");
  scull_shape_t r;
  SCULL_TRY(scull_onnx_fixed_shape(call, l->in[R], &r));
  l->directions = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
  l->hidden = r.rank == 3 ? r.dim[2] : 0;
  if (r.rank != 3 || l->hidden < 1 || r.dim[0] != l->directions ||
      scull_import_rank(call->graph, l->in[X]) != 3)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "its input or its recurrence matrix has another rank or number of "
                           "directions");
  return SCULL_OK;
}

/* Batches first (layout 1) go second. */
static scull_status_t to_time_first(scull_onnx_call_t *call, const layer_t *l,
                                    scull_value_id_t *x) {
  if (!l->batch_first || *x == SCULL_NO_ID)
    return SCULL_OK;
  return scull_import_emit_transpose(&call->emitter, *x, SCULL_INTS(1, 0, 2), NULL, x);
}

static scull_status_t read_layer(scull_onnx_call_t *call, layer_t *l) {
  for (size_t i = 0; i < OPERANDS; i++)
    l->in[i] = scull_onnx_in(call, i);
  for (size_t i = 0; i < 3; i++)
    SCULL_TRY(scull_onnx_need(call, i, &l->in[i]));
  l->batch_first = scull_onnx_int(call, "layout", 0) != 0;
  SCULL_TRY(check_shapes(call, l));
  SCULL_TRY(to_time_first(call, l, &l->in[X]));
  SCULL_TRY(to_time_first(call, l, &l->in[H0]));
  return to_time_first(call, l, &l->in[C0]);
}

/* The names of the functions as ours, between commas; "" where none are given. */
static scull_status_t read_functions(scull_onnx_call_t *call, const char **out) {
  static const char *const words[][2] = {{"Relu", "relu"},
                                         {"Tanh", "tanh"},
                                         {"Sigmoid", "sigmoid"},
                                         {"Affine", "affine"},
                                         {"LeakyRelu", "leaky_relu"},
                                         {"ThresholdedRelu", "thresholded_relu"},
                                         {"ScaledTanh", "scaled_tanh"},
                                         {"HardSigmoid", "hard_sigmoid"},
                                         {"Elu", "elu"},
                                         {"Softsign", "softsign"},
                                         {"Softplus", "softplus"}};
  const scull_onnx_attr_t *attr = scull_onnx_attr(call, "activations");
  size_t count = attr == NULL || attr->kind != SCULL_ONNX_ATTR_TEXTS ? 0 : attr->texts.size;
  *out = "";
  for (size_t i = 0; i < count; i++) {
    const char *ours = NULL;
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
      ours = strcmp(attr->texts.data[i], words[k][0]) == 0 ? words[k][1] : ours;
    if (ours == NULL || count > 16)
      return scull_import_unsupported(&call->emitter, "activation '%.40s'", attr->texts.data[i]);
    *out = scull_base_arena_format(&call->graph->arena, "%s%s%s", *out, i == 0 ? "" : ",", ours);
    if (*out == NULL)
      return scull_base_fail_memory(call->graph->diag, "a list");
  }
  return SCULL_OK;
}

/* --- gates in our order ---------------------------------------------------------------------- */

/* x's parts along axis 1, chosen. */
static scull_status_t reorder(scull_onnx_call_t *call, scull_value_id_t x, size_t parts,
                              const size_t *order, scull_value_id_t *out) {
  scull_value_id_t pieces[8], chosen[8];
  scull_emit_t split = scull_import_emit(&call->emitter, "split", x);
  scull_import_emit_int(&split, "axis", 1);
  SCULL_TRY(scull_import_emit_end_many(&split, NULL, parts, pieces));
  for (size_t i = 0; i < parts; i++)
    chosen[i] = pieces[order[i]];
  scull_emit_t concat = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&concat, chosen, parts);
  scull_import_emit_int(&concat, "axis", 1);
  return scull_import_emit_end(&concat, NULL, out);
}

/* The biases of w and of r, added. */
static scull_status_t join_biases(scull_onnx_call_t *call, scull_value_id_t bias,
                                  scull_value_id_t *out) {
  scull_value_id_t halves[2];
  scull_emit_t split = scull_import_emit(&call->emitter, "split", bias);
  scull_import_emit_int(&split, "axis", 1);
  SCULL_TRY(scull_import_emit_end_many(&split, NULL, 2, halves));
  return scull_import_emit_simple(&call->emitter, "add", halves[0], halves[1], NULL, out);
}

/* Those of r and z are added; those of n stay two. */
static scull_status_t gru_biases(scull_onnx_call_t *call, scull_value_id_t bias,
                                 scull_value_id_t *out) {
  scull_value_id_t p[6], four[4];
  scull_emit_t split = scull_import_emit(&call->emitter, "split", bias);
  scull_import_emit_int(&split, "axis", 1);
  SCULL_TRY(scull_import_emit_end_many(&split, NULL, 6, p));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "add", p[1], p[4], NULL, &four[0]));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "add", p[0], p[3], NULL, &four[1]));
  four[2] = p[2];
  four[3] = p[5];
  scull_emit_t concat = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&concat, four, 4);
  scull_import_emit_int(&concat, "axis", 1);
  return scull_import_emit_end(&concat, NULL, out);
}

/* lstm: i, o, f, c -> i, f, c, o; gru: z, r, n -> r, z, n. */
static scull_status_t to_our_order(scull_onnx_call_t *call, layer_t *l) {
  static const size_t lstm_order[4] = {0, 2, 3, 1}, gru_order[4] = {1, 0, 2};
  const size_t *order = l->gates == 4 ? lstm_order : gru_order, parts = l->gates == 4 ? 4 : 3;
  bool biased = l->in[BIAS] != SCULL_NO_ID;
  if (l->gates > 1) {
    SCULL_TRY(reorder(call, l->in[W], parts, order, &l->in[W]));
    SCULL_TRY(reorder(call, l->in[R], parts, order, &l->in[R]));
  }
  if (biased && l->gates == 3)
    return gru_biases(call, l->in[BIAS], &l->in[BIAS]);
  if (biased)
    SCULL_TRY(join_biases(call, l->in[BIAS], &l->in[BIAS]));
  return biased && l->gates == 4 ? reorder(call, l->in[BIAS], 4, order, &l->in[BIAS]) : SCULL_OK;
}

/* --- results --------------------------------------------------------------------------------- */

/* [T,N,D*H] -> [T,D,N,H], or [N,T,D,H]. */
static scull_status_t set_sequence(scull_onnx_call_t *call, const layer_t *l, scull_value_id_t y) {
  const char *name = scull_onnx_out_name(call, 0);
  if (name == NULL)
    return SCULL_OK;
  if (l->directions == 1 && !l->batch_first) {
    SCULL_TRY(scull_import_emit_unsqueeze(&call->emitter, y, SCULL_INTS(1), name, &y));
  } else {
    scull_ints_t perm = l->batch_first ? SCULL_INTS(1, 0, 2, 3) : SCULL_INTS(0, 2, 1, 3);
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, y,
                                        SCULL_INTS(0, 0, l->directions, l->hidden), NULL, &y));
    SCULL_TRY(scull_import_emit_transpose(&call->emitter, y, perm, name, &y));
  }
  scull_onnx_set(call, 0, y);
  return SCULL_OK;
}

static scull_status_t set_state(scull_onnx_call_t *call, const layer_t *l, size_t index,
                                scull_value_id_t state) {
  const char *name = scull_onnx_out_name(call, index);
  if (name == NULL)
    return SCULL_OK;
  if (l->batch_first)
    SCULL_TRY(
        scull_import_emit_transpose(&call->emitter, state, SCULL_INTS(1, 0, 2), name, &state));
  scull_onnx_set(call, index, state);
  return SCULL_OK;
}

static scull_status_t end_layer(scull_onnx_call_t *call, const layer_t *l, scull_emit_t *emit) {
  scull_value_id_t outs[3];
  const char *names[3] = {NULL, l->batch_first ? NULL : scull_onnx_out_name(call, 1),
                          l->batch_first ? NULL : scull_onnx_out_name(call, 2)};
  SCULL_TRY(scull_import_emit_end_many(emit, names, 1 + l->states, outs));
  SCULL_TRY(set_sequence(call, l, outs[0]));
  for (size_t i = 0; i < l->states; i++)
    SCULL_TRY(set_state(call, l, 1 + i, outs[1 + i]));
  return SCULL_OK;
}

static scull_status_t layer(scull_onnx_call_t *call, layer_t *l) {
  const char *functions = "", *direction = scull_onnx_text(call, "direction", "forward");
  scull_value_id_t operands[OPERANDS];
  size_t count = 0;
  SCULL_TRY(read_layer(call, l));
  SCULL_TRY(read_functions(call, &functions));
  SCULL_TRY(to_our_order(call, l));
  for (size_t i = X; i <= BIAS; i++)
    operands[count++] = l->in[i];
  operands[count++] = l->in[H0];
  if (l->states == 2)
    operands[count++] = l->in[C0];
  operands[count++] = l->in[LENGTHS];
  if (l->states == 2)
    operands[count++] = l->in[PEEPHOLES];
  scull_emit_t emit = scull_import_emit(&call->emitter, l->op, SCULL_NO_ID);
  scull_import_emit_inputs(&emit, operands, count);
  scull_import_emit_word(&emit, "direction",
                         strcmp(direction, "bidirectional") == 0 ? "both" : direction);
  scull_import_emit_text(&emit, "activations", functions);
  scull_import_emit_floats(&emit, "alpha", scull_onnx_floats(call, "activation_alpha"));
  scull_import_emit_floats(&emit, "beta", scull_onnx_floats(call, "activation_beta"));
  scull_import_emit_float(&emit, "clip", scull_onnx_float(call, "clip", 0));
  if (l->gates == 3)
    scull_import_emit_bool(&emit, "linear_before_reset",
                           scull_onnx_int(call, "linear_before_reset", 0) != 0);
  if (l->gates == 4)
    scull_import_emit_bool(&emit, "coupled", scull_onnx_int(call, "input_forget", 0) != 0);
  return end_layer(call, l, &emit);
}

static scull_status_t rnn(scull_onnx_call_t *call) {
  layer_t l = {.op = "rnn", .gates = 1, .states = 1};
  return layer(call, &l);
}

static scull_status_t gru(scull_onnx_call_t *call) {
  layer_t l = {.op = "gru", .gates = 3, .states = 1};
  return layer(call, &l);
}

static scull_status_t lstm(scull_onnx_call_t *call) {
  layer_t l = {.op = "lstm", .gates = 4, .states = 2};
  return layer(call, &l);
}

static const scull_onnx_row_t rows[] = {
    {"RNN", 1, 0, rnn, "rnn", NULL},
    {"GRU", 1, 0, gru, "gru", NULL},
    {"LSTM", 1, 0, lstm, "lstm", NULL},
};

SCULL_ONNX_ROWS(rnn, "", rows);
