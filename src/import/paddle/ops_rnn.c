/* The rnn operator: a stack of LSTM layers, each forward or both ways. Its weights come as one
 * list, all matrices first, then all biases; a layer of ours takes them joined over directions. */
#include <string.h>

#include "import/paddle/call.h"

typedef struct {
  int64_t layers, directions, hidden;
  scull_value_id_t *weights; /* as in the slot WeightList */
  scull_value_id_t h, c;     /* first states, [layers * directions, N, hidden] */
} rnn_t;

/* An f32 constant of the given shape; checked. */
static scull_status_t need_weight(const scull_paddle_call_t *call, scull_value_id_t id,
                                  const scull_shape_t *shape) {
  const scull_value_t *value = scull_graph_value(call->graph, id);
  if (value == NULL || value->data == NULL || value->dtype != SCULL_DTYPE_F32)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "a weight is no f32 parameter");
  if (!scull_tensor_shape_equal(&value->shape[0], shape))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "weight '%.80s' has a wrong shape",
                           value->name);
  return SCULL_OK;
}

/* The matrices of both directions of a layer, one after the other: [D, 4H, columns]. `which` is 0
 * for the input's, 1 for the state's. */
static scull_status_t join_matrices(scull_paddle_call_t *call, const rnn_t *rnn, int64_t layer,
                                    int64_t which, int64_t columns, scull_value_id_t *out) {
  scull_type_t type = {.dtype = SCULL_DTYPE_F32,
                       .shape = {.rank = 3, .dim = {rnn->directions, 4 * rnn->hidden, columns}}};
  scull_shape_t each = {.rank = 2, .dim = {4 * rnn->hidden, columns}};
  scull_arena_t *arena = &call->graph->arena;
  size_t bytes = 0;
  for (int64_t d = 0; d < rnn->directions; d++)
    SCULL_TRY(need_weight(call, rnn->weights[(layer * rnn->directions + d) * 2 + which], &each));
  bytes = scull_tensor_bytes(&type) / (size_t)rnn->directions;
  char *data = scull_base_arena_alloc(arena, scull_tensor_bytes(&type));
  const char *name = scull_base_arena_format(arena, "%s/%s.%lld", call->emitter.name,
                                             which == 0 ? "w" : "r", (long long)layer);
  if (data == NULL || name == NULL)
    return scull_base_fail_memory(call->graph->diag, "weights");
  for (int64_t d = 0; d < rnn->directions; d++) {
    scull_value_id_t id = rnn->weights[(layer * rnn->directions + d) * 2 + which];
    memcpy(data + (size_t)d * bytes, scull_graph_value(call->graph, id)->data, bytes);
  }
  return scull_graph_add_constant(call->graph, name, &type, data, out);
}

/* Paddle has two biases a direction; only their sum matters to an LSTM. */
static scull_status_t join_biases(scull_paddle_call_t *call, const rnn_t *rnn, int64_t layer,
                                  scull_value_id_t *out) {
  int64_t count = 4 * rnn->hidden, first = rnn->layers * rnn->directions * 2;
  scull_type_t type = {.dtype = SCULL_DTYPE_F32,
                       .shape = {.rank = 2, .dim = {rnn->directions, count}}};
  scull_shape_t each = {.rank = 1, .dim = {count}};
  scull_arena_t *arena = &call->graph->arena;
  float *data = SCULL_ARENA_ARRAY(arena, float, (size_t)(rnn->directions * count));
  const char *name =
      scull_base_arena_format(arena, "%s/bias.%lld", call->emitter.name, (long long)layer);
  if (data == NULL || name == NULL)
    return scull_base_fail_memory(call->graph->diag, "weights");
  for (int64_t d = 0; d < rnn->directions; d++) {
    const scull_value_id_t *pair = &rnn->weights[first + (layer * rnn->directions + d) * 2];
    SCULL_TRY(need_weight(call, pair[0], &each));
    SCULL_TRY(need_weight(call, pair[1], &each));
    for (int64_t i = 0; i < count; i++)
      data[d * count + i] = (float)(scull_graph_constant_at(call->graph, pair[0], i) +
                                    scull_graph_constant_at(call->graph, pair[1], i));
  }
  return scull_graph_add_constant(call->graph, name, &type, data, out);
}

/* A layer's part of the first states. */
static scull_status_t state_of(scull_paddle_call_t *call, const rnn_t *rnn, scull_value_id_t states,
                               int64_t layer, scull_value_id_t *out) {
  *out = states;
  if (states == SCULL_NO_ID || rnn->layers == 1)
    return SCULL_OK;
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", states);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(0));
  scull_import_emit_ints(&emit, "starts", SCULL_INTS(layer * rnn->directions));
  scull_import_emit_ints(&emit, "ends", SCULL_INTS((layer + 1) * rnn->directions));
  return scull_import_emit_end(&emit, NULL, out);
}

/* One layer: outs[0] is the sequence, outs[1] and outs[2] are the last states. */
static scull_status_t emit_layer(scull_paddle_call_t *call, const rnn_t *rnn, int64_t layer,
                                 scull_value_id_t x, scull_value_id_t outs[3]) {
  const scull_shape_t shape = scull_graph_value(call->graph, x)->shape[0];
  const char *names[3] = {layer + 1 == rnn->layers ? scull_paddle_out_name(call, "Out", 0) : NULL,
                          NULL, NULL};
  scull_value_id_t inputs[6] = {x};
  if (shape.rank != 3)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its input has rank %d", shape.rank);
  SCULL_TRY(join_matrices(call, rnn, layer, 0, shape.dim[2], &inputs[1]));
  SCULL_TRY(join_matrices(call, rnn, layer, 1, rnn->hidden, &inputs[2]));
  SCULL_TRY(join_biases(call, rnn, layer, &inputs[3]));
  SCULL_TRY(state_of(call, rnn, rnn->h, layer, &inputs[4]));
  SCULL_TRY(state_of(call, rnn, rnn->c, layer, &inputs[5]));
  scull_emit_t emit = scull_import_emit(&call->emitter, "lstm", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, inputs, 6);
  scull_import_emit_word(&emit, "direction", rnn->directions == 2 ? "both" : "forward");
  return scull_import_emit_end_many(&emit, names, 3, outs);
}

/* The last states of all layers, joined, into output `index` of the slot State. */
static scull_status_t set_states(scull_paddle_call_t *call, scull_value_id_t *parts, size_t count,
                                 size_t index) {
  scull_value_id_t out = parts[0];
  if (count > 1) {
    scull_emit_t emit = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
    scull_import_emit_inputs(&emit, parts, count);
    SCULL_TRY(scull_import_emit_end(&emit, scull_paddle_out_name(call, "State", index), &out));
  }
  scull_paddle_set(call, "State", index, out);
  return SCULL_OK;
}

static scull_status_t read_rnn(scull_paddle_call_t *call, rnn_t *rnn) {
  size_t count = 0;
  const char *mode = scull_paddle_text(call, "mode", "");
  if (strcmp(mode, "LSTM") != 0)
    return scull_import_unsupported(&call->emitter, "mode '%.40s'; LSTM is done", mode);
  if (scull_paddle_in(call, "SequenceLength") != SCULL_NO_ID)
    return scull_import_unsupported(&call->emitter, "sequences of different lengths");
  rnn->layers = scull_paddle_int(call, "num_layers", 1);
  rnn->directions = scull_paddle_bool(call, "is_bidirec", false) ? 2 : 1;
  rnn->hidden = scull_paddle_int(call, "hidden_size", 0);
  rnn->h = scull_paddle_in_at(call, "PreState", 0);
  rnn->c = scull_paddle_in_at(call, "PreState", 1);
  SCULL_TRY(scull_paddle_in_all(call, "WeightList", &rnn->weights, &count));
  bool sane = rnn->layers >= 1 && rnn->layers <= 1024 && rnn->hidden >= 1 && rnn->hidden <= 1 << 24;
  if (!sane || count != (size_t)(rnn->layers * rnn->directions * 4))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "%zu weights for %lld layers of %lld directions", count,
                           (long long)rnn->layers, (long long)rnn->directions);
  return SCULL_OK;
}

static scull_status_t rnn(scull_paddle_call_t *call) {
  rnn_t it;
  scull_value_id_t x = SCULL_NO_ID, outs[3];
  SCULL_TRY(scull_paddle_need(call, "Input", &x));
  SCULL_TRY(read_rnn(call, &it));
  scull_value_id_t *h =
      SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, 2 * (size_t)it.layers);
  if (h == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  for (int64_t layer = 0; layer < it.layers; layer++) {
    SCULL_TRY(emit_layer(call, &it, layer, x, outs));
    x = outs[0];
    h[layer] = outs[1];
    h[it.layers + layer] = outs[2];
  }
  scull_paddle_set(call, "Out", 0, x);
  if (!scull_paddle_out_used(call, "State"))
    return SCULL_OK;
  SCULL_TRY(set_states(call, h, (size_t)it.layers, 0));
  return set_states(call, h + it.layers, (size_t)it.layers, 1);
}

static const scull_paddle_row_t rows[] = {{"rnn", rnn, NULL, NULL, NULL}};

SCULL_PADDLE_ROWS(rnn, rows);
