/* RNN, GRU and LSTM. The usual forms become our lstm and gru, whose gates stand in another order;
 * the others (peepholes, lengths, other functions) the general rnn. */
#include <string.h>

#include "import/onnx/call.h"

typedef struct {
  const char *cell;         /* a word of ours */
  int64_t gates, functions; /* functions: of one direction */
  const char *usual[3];     /* their names */
  int64_t directions, hidden;
  bool batch_first, is_usual; /* is_usual: our fast operators have it */
  scull_value_id_t in[8];     /* x, w, r, bias, lengths, h0, c0, peepholes */
} layer_t;

enum { X, W, R, BIAS, LENGTHS, H0, C0, PEEPHOLES, OPERANDS };

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

/* The numbers of the functions; none where they are the usual ones. */
static scull_status_t read_functions(scull_onnx_call_t *call, const layer_t *l, scull_ints_t *out) {
  static const char *const known[] = {"Sigmoid", "Tanh", "Relu", "Identity"};
  const scull_onnx_attr_t *attr = scull_onnx_attr(call, "activations");
  bool usual = true;
  size_t count = attr == NULL || attr->kind != SCULL_ONNX_ATTR_TEXTS ? 0 : attr->texts.size;
  int64_t *list = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, count);
  if (list == NULL)
    return scull_base_fail_memory(call->graph->diag, "a list");
  for (size_t i = 0; i < count; i++) {
    list[i] = -1;
    usual = usual && strcmp(attr->texts.data[i], l->usual[i % (size_t)l->functions]) == 0;
    for (int64_t k = 0; k < 4; k++)
      list[i] = strcmp(attr->texts.data[i], known[k]) == 0 ? k : list[i];
    if (list[i] < 0)
      return scull_import_unsupported(&call->emitter, "activation '%.40s'", attr->texts.data[i]);
  }
  *out = (scull_ints_t){list, usual ? 0 : count};
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
  static const size_t lstm_order[] = {0, 2, 3, 1}, gru_order[] = {1, 0, 2};
  bool lstm = l->gates == 4;
  const size_t *order = lstm ? lstm_order : gru_order;
  SCULL_TRY(reorder(call, l->in[W], (size_t)l->gates, order, &l->in[W]));
  SCULL_TRY(reorder(call, l->in[R], (size_t)l->gates, order, &l->in[R]));
  if (l->in[BIAS] == SCULL_NO_ID)
    return SCULL_OK;
  if (!lstm)
    return gru_biases(call, l->in[BIAS], &l->in[BIAS]);
  SCULL_TRY(join_biases(call, l->in[BIAS], &l->in[BIAS]));
  return reorder(call, l->in[BIAS], 4, order, &l->in[BIAS]);
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

static scull_status_t end_layer(scull_onnx_call_t *call, const layer_t *l, scull_emit_t *emit,
                                size_t states) {
  const char *direction = scull_onnx_text(call, "direction", "forward");
  scull_value_id_t outs[3];
  const char *names[3] = {NULL, l->batch_first ? NULL : scull_onnx_out_name(call, 1),
                          l->batch_first ? NULL : scull_onnx_out_name(call, 2)};
  scull_import_emit_word(emit, "direction",
                         strcmp(direction, "bidirectional") == 0 ? "both" : direction);
  SCULL_TRY(scull_import_emit_end_many(emit, names, 1 + states, outs));
  SCULL_TRY(set_sequence(call, l, outs[0]));
  for (size_t i = 0; i < states; i++)
    SCULL_TRY(set_state(call, l, 1 + i, outs[1 + i]));
  return SCULL_OK;
}

/* --- the operators --------------------------------------------------------------------------- */

static scull_status_t usual_layer(scull_onnx_call_t *call, layer_t *l) {
  bool lstm = l->gates == 4;
  SCULL_TRY(to_our_order(call, l));
  const scull_value_id_t inputs[] = {l->in[X],    l->in[W],  l->in[R],
                                     l->in[BIAS], l->in[H0], l->in[C0]};
  scull_emit_t emit = scull_import_emit(&call->emitter, l->cell, SCULL_NO_ID);
  scull_import_emit_inputs(&emit, inputs, lstm ? 6 : 5);
  return end_layer(call, l, &emit, lstm ? 2 : 1);
}

static scull_status_t general_layer(scull_onnx_call_t *call, layer_t *l, scull_ints_t functions) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "rnn", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, l->in, OPERANDS);
  scull_import_emit_word(&emit, "cell", l->cell);
  scull_import_emit_ints(&emit, "functions", functions);
  scull_import_emit_float(&emit, "clip", scull_onnx_float(call, "clip", 0));
  scull_import_emit_bool(&emit, "reset_before",
                         scull_onnx_int(call, "linear_before_reset", 0) == 0);
  scull_import_emit_bool(&emit, "coupled", scull_onnx_int(call, "input_forget", 0) != 0);
  return end_layer(call, l, &emit, l->gates == 4 ? 2 : 1);
}

static scull_status_t layer(scull_onnx_call_t *call, layer_t *l) {
  scull_ints_t functions = {0};
  SCULL_TRY(read_layer(call, l));
  SCULL_TRY(read_functions(call, l, &functions));
  bool plain = functions.size == 0 && l->in[LENGTHS] == SCULL_NO_ID &&
               l->in[PEEPHOLES] == SCULL_NO_ID && scull_onnx_attr(call, "clip") == NULL &&
               scull_onnx_int(call, "input_forget", 0) == 0;
  return plain && l->is_usual ? usual_layer(call, l) : general_layer(call, l, functions);
}

static scull_status_t rnn(scull_onnx_call_t *call) {
  layer_t l = {.cell = "plain", .gates = 1, .functions = 1, .usual = {"Tanh"}};
  return layer(call, &l);
}

static scull_status_t gru(scull_onnx_call_t *call) {
  layer_t l = {.cell = "gru", .gates = 3, .functions = 2, .usual = {"Sigmoid", "Tanh"}};
  l.is_usual = scull_onnx_int(call, "linear_before_reset", 0) != 0;
  return layer(call, &l);
}

static scull_status_t lstm(scull_onnx_call_t *call) {
  layer_t l = {.cell = "lstm",
               .gates = 4,
               .functions = 3,
               .usual = {"Sigmoid", "Tanh", "Tanh"},
               .is_usual = true};
  return layer(call, &l);
}

static const scull_onnx_row_t rows[] = {
    {"RNN", 1, 0, rnn, "rnn", NULL},
    {"GRU", 1, 0, gru, "gru", NULL},
    {"LSTM", 1, 0, lstm, "lstm", NULL},
};

SCULL_ONNX_ROWS(rnn, "", rows);
