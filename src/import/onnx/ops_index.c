/* Operators that choose elements by index. */
#include <string.h>

#include "import/onnx/call.h"

/* The place of each row of indices in its batches, [batches..., rows..., count of batches]. */
static scull_status_t batch_places(scull_onnx_call_t *call, const scull_shape_t *indices,
                                   int32_t batches, scull_value_id_t *out) {
  scull_type_t type = {.dtype = SCULL_DTYPE_I64, .shape = *indices};
  type.shape.dim[indices->rank - 1] = batches;
  int64_t count = scull_tensor_count(&type.shape), strides[SCULL_MAX_RANK];
  int64_t *data = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, (size_t)count);
  if (data == NULL)
    return scull_base_fail_memory(call->graph->diag, "a constant");
  scull_tensor_strides(&type.shape, strides);
  for (int64_t i = 0; i < count; i++) {
    int64_t which = i % batches;
    data[i] = i / strides[which] % type.shape.dim[which];
  }
  return scull_graph_add_constant(call->graph, call->emitter.name, &type, data, out);
}

/* Batches are indices, too. */
static scull_status_t gather_nd(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, indices = SCULL_NO_ID, pair[2];
  int64_t batches = scull_onnx_int(call, "batch_dims", 0);
  scull_shape_t shape;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &indices));
  if (batches != 0) {
    SCULL_TRY(scull_onnx_fixed_shape(call, indices, &shape));
    if (batches < 0 || batches >= shape.rank || batches >= scull_onnx_in_rank(call, 0))
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "batch_dims %lld",
                             (long long)batches);
    SCULL_TRY(batch_places(call, &shape, (int32_t)batches, &pair[0]));
    SCULL_TRY(scull_import_emit_cast(&call->emitter, indices, SCULL_DTYPE_I64, NULL, &pair[1]));
    scull_emit_t join = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
    scull_import_emit_inputs(&join, pair, 2);
    scull_import_emit_int(&join, "axis", -1);
    SCULL_TRY(scull_import_emit_end(&join, NULL, &indices));
  }
  return scull_onnx_end_simple(call, "gather_nd", x, indices);
}

/* k was an attribute until opset 9. */
static scull_status_t top_k(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, k = scull_onnx_in(call, 1), outs[2];
  int64_t known = scull_onnx_int(call, "k", 1);
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "top_k", x);
  if (k != SCULL_NO_ID && !scull_import_known_int(call->graph, k, 0, &known))
    scull_import_emit_input(&emit, k);
  scull_import_emit_int(&emit, "k", known);
  scull_import_emit_int(&emit, "axis", scull_onnx_int(call, "axis", -1));
  scull_import_emit_bool(&emit, "largest", scull_onnx_int(call, "largest", 1) != 0);
  scull_import_emit_bool(&emit, "sorted", scull_onnx_int(call, "sorted", 1) != 0);
  const char *names[2] = {scull_onnx_out_name(call, 0), scull_onnx_out_name(call, 1)};
  SCULL_TRY(scull_import_emit_end_many(&emit, names, 2, outs));
  scull_onnx_set(call, 0, outs[0]);
  scull_onnx_set(call, 1, outs[1]);
  return SCULL_OK;
}

/* indices, depth, {off, on}: off + onehot * (on - off), with the new axis where it is wanted and
 * negative indices counted from the end. */
static scull_status_t one_hot(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, values = SCULL_NO_ID, count = SCULL_NO_ID, t = SCULL_NO_ID;
  int64_t depth = 0, axis = scull_onnx_int(call, "axis", -1), perm[SCULL_MAX_RANK];
  double off = 0, on = 1;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 2, &values));
  SCULL_TRY(scull_onnx_fixed_int(call, 1, "depth", 1, &depth));
  if (!scull_import_known_float(call->graph, values, 0, &off) ||
      !scull_import_known_float(call->graph, values, 1, &on))
    return scull_import_unsupported(to, "its values are computed while the network runs");
  int32_t rank = scull_onnx_in_rank(call, 0) + 1, at = 0;
  if (rank > SCULL_MAX_RANK || !scull_tensor_axis(axis, rank, &at))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of %d dimensions",
                           (long long)axis, rank);
  SCULL_TRY(scull_import_emit_cast(to, x, SCULL_DTYPE_I64, NULL, &x));
  SCULL_TRY(scull_import_emit_scalar(to, SCULL_DTYPE_I64, (double)depth, &count));
  SCULL_TRY(scull_import_emit_simple(to, "mod", x, count, NULL, &t));
  scull_emit_t emit = scull_import_emit(to, "one_hot", t);
  scull_import_emit_int(&emit, "depth", depth);
  scull_import_emit_dtype(&emit, "to", scull_onnx_in_dtype(call, 2));
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &t));
  for (int32_t d = 0; d < rank; d++)
    perm[d] = d < at ? d : d == at ? rank - 1 : d - 1;
  if (at != rank - 1)
    SCULL_TRY(scull_import_emit_transpose(to, t, (scull_ints_t){perm, (size_t)rank}, NULL, &t));
  scull_emit_t end = scull_import_emit(to, "scale", t);
  scull_import_emit_float(&end, "scale", on - off);
  scull_import_emit_float(&end, "bias", off);
  return scull_onnx_end(call, &end);
}

/* Of numbers; a pool of texts is none of ours. */
static scull_status_t tf_idf(scull_onnx_call_t *call) {
  const char *mode = scull_onnx_text(call, "mode", "");
  if (scull_onnx_attr(call, "pool_strings") != NULL)
    return scull_import_unsupported(&call->emitter, "its pool is one of texts");
  scull_emit_t emit = scull_import_emit(&call->emitter, "tf_idf", scull_onnx_in(call, 0));
  scull_import_emit_int(&emit, "shortest", scull_onnx_int(call, "min_gram_length", 1));
  scull_import_emit_int(&emit, "longest", scull_onnx_int(call, "max_gram_length", 1));
  scull_import_emit_int(&emit, "skips", scull_onnx_int(call, "max_skip_count", 0));
  scull_import_emit_word(&emit, "mode",
                         strcmp(mode, "TF") == 0    ? "count"
                         : strcmp(mode, "IDF") == 0 ? "weight"
                                                    : "both");
  scull_import_emit_ints(&emit, "pool", scull_onnx_ints(call, "pool_int64s"));
  scull_import_emit_ints(&emit, "starts", scull_onnx_ints(call, "ngram_counts"));
  scull_import_emit_ints(&emit, "places", scull_onnx_ints(call, "ngram_indexes"));
  scull_import_emit_floats(&emit, "weights", scull_onnx_floats(call, "weights"));
  return scull_onnx_end(call, &emit);
}

static const scull_onnx_row_t rows[] = {
    {"Gather", 1, 0, scull_onnx_map_plain, "gather", "axis=0"},
    {"GatherElements", 11, 0, scull_onnx_map_plain, "gather_elements", "axis=0"},
    {"GatherND", 11, 0, gather_nd, "gather_nd", NULL},
    {"Scatter", 9, 10, scull_onnx_map_plain, "scatter_elements", "axis=0"},
    {"ScatterElements", 11, 0, scull_onnx_map_plain, "scatter_elements", "axis=0 reduction=none"},
    {"ScatterND", 11, 0, scull_onnx_map_plain, "scatter_nd", "reduction=none"},
    {"ReverseSequence", 10, 0, scull_onnx_map_plain, "reverse_sequence",
     "batch_axis=1 time_axis=0"},
    {"Trilu", 14, 0, scull_onnx_map_plain, "trilu", "upper=true"},
    {"TfIdfVectorizer", 9, 0, tf_idf, "tf_idf", NULL},
    {"TopK", 1, 0, top_k, "top_k", NULL},
    {"OneHot", 9, 0, one_hot, NULL, NULL},
};

SCULL_ONNX_ROWS(index, "", rows);
