/* Sequences of rows, whose bounds come as LoD. */
#include <string.h>

#include "import/paddle/lod.h"

/* Begins a node with a slot and its offsets. */
static scull_status_t begin(scull_paddle_call_t *call, const char *op, const char *slot,
                            scull_value_id_t *offsets, scull_emit_t *emit) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, slot, &x));
  SCULL_TRY(scull_paddle_need_lod(call, slot, offsets));
  *emit = scull_import_emit(&call->emitter, op, x);
  scull_import_emit_input(emit, *offsets);
  return SCULL_OK;
}

static scull_status_t sequence_pool(scull_paddle_call_t *call) {
  static const char *const modes[][2] = {{"SUM", "sum"}, {"AVERAGE", "mean"}, {"SQRT", "sqrt"},
                                         {"MAX", "max"}, {"FIRST", "first"},  {"LAST", "last"}};
  const char *type = scull_paddle_text(call, "pooltype", "AVERAGE"), *mode = NULL;
  scull_value_id_t offsets = SCULL_NO_ID;
  scull_emit_t emit;
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
    mode = strcmp(modes[i][0], type) == 0 ? modes[i][1] : mode;
  if (mode == NULL)
    return scull_import_unsupported(&call->emitter, "a pooling type of %.40s", type);
  if (scull_paddle_out_used(call, "MaxIndex"))
    return scull_import_unsupported(&call->emitter, "its MaxIndex is used");
  SCULL_TRY(begin(call, "sequence_pool", "X", &offsets, &emit));
  scull_import_emit_word(&emit, "mode", mode);
  scull_import_emit_float(&emit, "pad_value", scull_paddle_float(call, "pad_value", 0));
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t sequence_softmax(scull_paddle_call_t *call) {
  scull_value_id_t offsets = SCULL_NO_ID;
  scull_emit_t emit;
  SCULL_TRY(begin(call, "sequence_softmax", "X", &offsets, &emit));
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t sequence_reverse(scull_paddle_call_t *call) {
  scull_value_id_t offsets = SCULL_NO_ID;
  scull_emit_t emit;
  SCULL_TRY(begin(call, "sequence_flip", "X", &offsets, &emit));
  return scull_paddle_end(call, &emit, "Y");
}

/* Rows or sequences of X as often as sequences of Y have rows. sequence_expand_as passes over X's
 * own LoD. */
static scull_status_t sequence_expand(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, y = SCULL_NO_ID, times = SCULL_NO_ID, outs[2];
  bool rows_only = strcmp(call->op->type, "sequence_expand_as") == 0;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Y", &y));
  SCULL_TRY(scull_paddle_need_lod(call, "Y", &times));
  if (scull_paddle_int(call, "ref_level", 0) > 0)
    return scull_import_unsupported(&call->emitter, "a level of LoD behind the first");
  scull_value_id_t own = rows_only ? SCULL_NO_ID : scull_paddle_lod(call, "X", 0);
  scull_emit_t emit = scull_import_emit(&call->emitter, "sequence_expand", x);
  scull_import_emit_input(&emit, times);
  scull_import_emit_input(&emit, y);
  if (own != SCULL_NO_ID)
    scull_import_emit_input(&emit, own);
  const char *names[2] = {scull_paddle_out_name(call, "Out", 0), NULL};
  SCULL_TRY(scull_import_emit_end_many(&emit, names, 2, outs));
  scull_paddle_set(call, "Out", 0, outs[0]);
  scull_paddle_set_lod(call, "Out", 0, own == SCULL_NO_ID ? times : outs[1]);
  return SCULL_OK;
}

/* Neighbours joined, then a product with the filter [length * D, M]. */
static scull_status_t sequence_conv(scull_paddle_call_t *call) {
  scull_value_id_t filter = SCULL_NO_ID, offsets = SCULL_NO_ID, joined = SCULL_NO_ID;
  scull_emit_t emit;
  int64_t length = scull_paddle_int(call, "contextLength", 1);
  if (scull_paddle_int(call, "contextStride", 1) != 1 ||
      scull_paddle_bool(call, "paddingTrainable", false))
    return scull_import_unsupported(&call->emitter, "a stride, or padding that was learnt");
  SCULL_TRY(scull_paddle_need(call, "Filter", &filter));
  SCULL_TRY(begin(call, "sequence_context", "X", &offsets, &emit));
  scull_import_emit_int(&emit, "start", scull_paddle_int(call, "contextStart", 0));
  scull_import_emit_int(&emit, "length", length);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &joined));
  scull_emit_t product = scull_import_emit(&call->emitter, "matmul", joined);
  scull_import_emit_input(&product, filter);
  return scull_paddle_end(call, &product, "Out");
}

static scull_status_t sequence_pad(scull_paddle_call_t *call) {
  scull_value_id_t offsets = SCULL_NO_ID, padding = SCULL_NO_ID, outs[2];
  scull_emit_t emit;
  SCULL_TRY(scull_paddle_need(call, "PadValue", &padding));
  SCULL_TRY(begin(call, "sequence_pad", "X", &offsets, &emit));
  scull_import_emit_input(&emit, padding);
  scull_import_emit_int(&emit, "length", scull_paddle_int(call, "padded_length", -1));
  const char *names[2] = {scull_paddle_out_name(call, "Out", 0),
                          scull_paddle_out_name(call, "Length", 0)};
  SCULL_TRY(scull_import_emit_end_many(&emit, names, 2, outs));
  scull_paddle_set(call, "Out", 0, outs[0]);
  scull_paddle_set(call, "Length", 0, outs[1]);
  return SCULL_OK;
}

/* A row of a matrix is a sequence of rows of one element. */
static scull_status_t sequence_unpad(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, lengths = SCULL_NO_ID, offsets = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Length", &lengths));
  if (scull_import_rank(call->graph, x) == 2)
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, x, SCULL_INTS(0, 0, 1), NULL, &x));
  SCULL_TRY(scull_paddle_lod_from_counts(call, lengths, &offsets));
  scull_emit_t emit = scull_import_emit(&call->emitter, "sequence_unpad", x);
  scull_import_emit_input(&emit, lengths);
  SCULL_TRY(scull_paddle_end(call, &emit, "Out"));
  scull_paddle_set_lod(call, "Out", 0, offsets);
  return SCULL_OK;
}

/* Operands, then their offsets; those of the result are the sum of them. */
static scull_status_t sequence_concat(scull_paddle_call_t *call) {
  size_t count = scull_paddle_in_count(call, "X");
  scull_value_id_t sum = SCULL_NO_ID;
  scull_value_id_t *all = SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, 2 * count + 1);
  if (all == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  for (size_t i = 0; i < count; i++) {
    all[i] = scull_paddle_in_at(call, "X", i);
    all[count + i] = scull_paddle_lod(call, "X", i);
    if (all[count + i] == SCULL_NO_ID)
      return scull_import_unsupported(&call->emitter, "nothing says whose the rows of its X are");
    if (i == 0)
      sum = all[count];
    else
      SCULL_TRY(scull_import_emit_simple(&call->emitter, "add", sum, all[count + i], NULL, &sum));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "sequence_chain", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, all, 2 * count);
  SCULL_TRY(scull_paddle_end(call, &emit, "Out"));
  scull_paddle_set_lod(call, "Out", 0, sum);
  return SCULL_OK;
}

/* Another LoD for the same rows: that of Y, Y's elements, or an attribute. */
static scull_status_t lod_reset(scull_paddle_call_t *call) {
  scull_value_id_t y = scull_paddle_in(call, "Y"), offsets = scull_paddle_lod(call, "Y", 0);
  if (y == SCULL_NO_ID)
    SCULL_TRY(
        scull_import_emit_i64(&call->emitter, scull_paddle_ints(call, "target_lod"), &offsets));
  else if (offsets == SCULL_NO_ID)
    SCULL_TRY(scull_import_emit_cast(&call->emitter, y, SCULL_DTYPE_I64, NULL, &offsets));
  if (scull_paddle_bool(call, "append", false))
    return scull_import_unsupported(&call->emitter, "a further level of LoD");
  scull_emit_t emit = scull_import_emit(&call->emitter, "identity", scull_paddle_in(call, "X"));
  SCULL_TRY(scull_paddle_end(call, &emit, "Out"));
  scull_paddle_set_lod(call, "Out", 0, offsets);
  return SCULL_OK;
}

/* The windows of each picture as rows, one sequence a picture. */
static scull_status_t im2sequence(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, windows = SCULL_NO_ID, rows = SCULL_NO_ID;
  scull_ints_t given = scull_paddle_ints(call, "paddings"); /* up, left, down, right */
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  if (scull_paddle_in(call, "Y") != SCULL_NO_ID)
    return scull_import_unsupported(&call->emitter, "sizes of the pictures that differ");
  scull_emit_t emit = scull_import_emit(&call->emitter, "im2col", x);
  scull_import_emit_ints(&emit, "kernel", scull_paddle_ints(call, "kernels"));
  scull_import_emit_ints(&emit, "strides", scull_paddle_ints(call, "strides"));
  scull_import_emit_ints(&emit, "pads", given);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &windows));
  SCULL_TRY(scull_import_emit_transpose(&call->emitter, windows, SCULL_INTS(0, 2, 1), NULL, &rows));
  const scull_value_t *value = scull_graph_value(call->graph, rows);
  const scull_shape_t shape = value->shape[0];
  if (!scull_graph_is_fixed(call->graph, rows) || shape.dim[0] > 1 << 20)
    return scull_import_unsupported(&call->emitter, "its input has no fixed shape");
  int64_t *offsets = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, (size_t)shape.dim[0] + 1);
  if (offsets == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  for (int64_t n = 0; n <= shape.dim[0]; n++)
    offsets[n] = n * shape.dim[1];
  scull_value_id_t lod = SCULL_NO_ID, out = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_i64(&call->emitter, (scull_ints_t){offsets, (size_t)shape.dim[0] + 1},
                                  &lod));
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, rows, SCULL_INTS(-1, shape.dim[2]),
                                      scull_paddle_out_name(call, "Out", 0), &out));
  scull_paddle_set(call, "Out", 0, out);
  scull_paddle_set_lod(call, "Out", 0, lod);
  return SCULL_OK;
}

static scull_status_t ctc_align(scull_paddle_call_t *call) {
  scull_value_id_t offsets = SCULL_NO_ID, outs[2];
  scull_emit_t emit;
  SCULL_TRY(begin(call, "ctc_align", "Input", &offsets, &emit));
  scull_import_emit_int(&emit, "blank", scull_paddle_int(call, "blank", 0));
  scull_import_emit_bool(&emit, "merge", scull_paddle_bool(call, "merge_repeated", true));
  const char *names[2] = {scull_paddle_out_name(call, "Output", 0), NULL};
  SCULL_TRY(scull_import_emit_end_many(&emit, names, 2, outs));
  scull_paddle_set(call, "Output", 0, outs[0]);
  scull_paddle_set_lod(call, "Output", 0, outs[1]);
  return SCULL_OK;
}

static const scull_paddle_row_t rows[] = {
    {"sequence_pool", sequence_pool, "sequence_pool", NULL, NULL},
    {"sequence_softmax", sequence_softmax, "sequence_softmax", NULL, NULL},
    {"sequence_reverse", sequence_reverse, "sequence_flip", NULL, NULL},
    {"sequence_expand", sequence_expand, "sequence_expand", NULL, NULL},
    {"sequence_expand_as", sequence_expand, "sequence_expand", NULL, NULL},
    {"sequence_conv", sequence_conv, NULL, NULL, NULL},
    {"sequence_pad", sequence_pad, "sequence_pad", NULL, NULL},
    {"sequence_unpad", sequence_unpad, "sequence_unpad", NULL, NULL},
    {"sequence_concat", sequence_concat, "sequence_chain", NULL, NULL},
    {"lod_reset", lod_reset, NULL, NULL, NULL},
    {"im2sequence", im2sequence, "im2col", NULL, NULL},
    {"ctc_align", ctc_align, "ctc_align", NULL, NULL},
};

SCULL_PADDLE_ROWS(sequence, rows);
