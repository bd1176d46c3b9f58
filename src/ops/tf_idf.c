/* tf_idf: x [C] or [N,C] of words as numbers -> [D] or [N,D], how often each run of the pool stands
 * in a row. D is one more than the largest place. */
#include "ops/tf_idf.h"

#include <string.h>

#include "ops/shape_rules.h"

static const char *const modes[] = {"count", "weight", "both", NULL};

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_tf_idf_attrs_t, INT, shortest, "1"),
    SCULL_FIELD(scull_tf_idf_attrs_t, INT, longest, "1"),
    SCULL_FIELD(scull_tf_idf_attrs_t, INT, skips, "0"),
    SCULL_FIELD_ENUM(scull_tf_idf_attrs_t, mode, "count", modes),
    SCULL_FIELD(scull_tf_idf_attrs_t, INTS, pool, ""),
    SCULL_FIELD(scull_tf_idf_attrs_t, INTS, starts, ""),
    SCULL_FIELD(scull_tf_idf_attrs_t, INTS, places, ""),
    SCULL_FIELD(scull_tf_idf_attrs_t, FLOATS, weights, ""),
};

enum { MAX_PLACE = 1 << 30 };

/* Where the runs of `words` words end in the pool. */
static int64_t end_of(const scull_tf_idf_attrs_t *attrs, int64_t words) {
  return words < (int64_t)attrs->starts.size ? attrs->starts.data[words]
                                             : (int64_t)attrs->pool.size;
}

/* Counts the runs of the pool; -1 when its parts do not fit. */
static int64_t count_runs(const scull_tf_idf_attrs_t *attrs) {
  int64_t count = 0;
  for (int64_t words = 1; words <= (int64_t)attrs->starts.size; words++) {
    int64_t first = attrs->starts.data[words - 1], end = end_of(attrs, words);
    if (first < 0 || end < first || end > (int64_t)attrs->pool.size || (end - first) % words != 0)
      return -1;
    count += (end - first) / words;
  }
  return count;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_tf_idf_attrs_t *attrs = call->attrs;
  const scull_type_t *x = &call->inputs[0].type;
  scull_type_t *y = &call->outputs[0].type;
  int64_t runs = count_runs(attrs), places = 0;
  if (!scull_tensor_dtype_is_integer(x->dtype) || x->shape.rank < 1 || x->shape.rank > 2)
    return scull_ops_fail(call, "x must be rows of integers");
  if (runs < 0 || (size_t)runs != attrs->places.size ||
      (attrs->weights.size != 0 && attrs->weights.size != attrs->places.size))
    return scull_ops_fail(call, "pool, starts, places and weights do not fit");
  if (attrs->shortest < 1 || attrs->longest < attrs->shortest || attrs->skips < 0)
    return scull_ops_fail(call, "runs of %lld to %lld words, %lld skipped",
                          (long long)attrs->shortest, (long long)attrs->longest,
                          (long long)attrs->skips);
  for (int64_t i = 0; i < runs; i++) {
    if (attrs->places.data[i] < 0 || attrs->places.data[i] > MAX_PLACE)
      return scull_ops_fail(call, "place %lld", (long long)attrs->places.data[i]);
    places = attrs->places.data[i] >= places ? attrs->places.data[i] + 1 : places;
  }
  *y = (scull_type_t){SCULL_DTYPE_F32, x->shape};
  y->shape.dim[x->shape.rank - 1] = places;
  return SCULL_OK;
}

/* How often a run stands in a row, its words `step` apart. */
static int64_t count_run(const int64_t *run, int64_t words, const scull_tensor_t *x, int64_t first,
                         int64_t length, int64_t step) {
  int64_t count = 0;
  for (int64_t at = 0; at < length && (words - 1) <= (length - 1 - at) / step; at++) {
    int64_t same = 0;
    while (same < words &&
           run[same] == scull_tensor_load_i64(x->data, x->type.dtype, first + at + same * step))
      same++;
    count += same == words;
  }
  return count;
}

static void count_row(const scull_op_call_t *call, int64_t first, int64_t length, float *out) {
  const scull_tf_idf_attrs_t *attrs = call->attrs;
  int64_t id = 0;
  for (int64_t words = 1; words <= (int64_t)attrs->starts.size; words++) {
    bool wanted = words >= attrs->shortest && words <= attrs->longest;
    int64_t steps = words == 1 ? 1 : attrs->skips + 1;
    for (int64_t at = attrs->starts.data[words - 1]; at < end_of(attrs, words); at += words, id++) {
      int64_t count = 0;
      for (int64_t step = 1; wanted && step <= steps && step <= length; step++)
        count += count_run(attrs->pool.data + at, words, &call->inputs[0], first, length, step);
      double weight = attrs->weights.size == 0 ? 1 : attrs->weights.data[id];
      if (attrs->mode == SCULL_TF_IDF_WEIGHT)
        count = count > 0;
      out[attrs->places.data[id]] +=
          (float)((double)count * (attrs->mode == SCULL_TF_IDF_COUNT ? 1 : weight));
    }
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape, *y = &call->outputs[0].type.shape;
  int64_t length = x->dim[x->rank - 1], places = y->dim[y->rank - 1];
  int64_t rows = x->rank == 1 ? 1 : x->dim[0];
  float *out = call->outputs[0].data;
  memset(out, 0, scull_tensor_bytes(&call->outputs[0].type));
  for (int64_t i = 0; i < rows && places > 0; i++)
    count_row(call, i * length, length, out + i * places);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_tf_idf = {.name = "tf_idf",
                                          .inputs_min = 1,
                                          .inputs_max = 1,
                                          .outputs_min = 1,
                                          .outputs_max = 1,
                                          .attrs = SCULL_SCHEMA(scull_tf_idf_attrs_t, fields),
                                          .infer = infer,
                                          .reference = reference};
