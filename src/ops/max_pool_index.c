/* max_pool_index: as max_pool or adaptive_max_pool, and where in x each result was (i64). Of equal
 * elements the first counts; a window without any element inside the picture has no largest one
 * and is refused. */
#include "ops/max_pool_index.h"

#include <math.h>

const char *const scull_ops_pool_index_names[] = {"plane", "tensor", "tensor_columns", NULL};

#define POOL_FIELD(kind, field, initial)                                                           \
  { #field, SCULL_ATTR_##kind, offsetof(scull_max_pool_index_attrs_t, pool.field), initial, NULL }

static const scull_attr_field_t fields[] = {
    POOL_FIELD(INTS, kernel, ""),
    POOL_FIELD(INTS, strides, ""),
    POOL_FIELD(INTS, pads, ""),
    POOL_FIELD(INTS, dilations, ""),
    {"auto_pad", SCULL_ATTR_ENUM, offsetof(scull_max_pool_index_attrs_t, pool.auto_pad), "explicit",
     scull_ops_auto_pad_names},
    POOL_FIELD(BOOL, ceil_mode, "false"),
    POOL_FIELD(BOOL, global, "false"),
    SCULL_FIELD(scull_max_pool_index_attrs_t, BOOL, adaptive, "false"),
    SCULL_FIELD_ENUM(scull_max_pool_index_attrs_t, index, "plane", scull_ops_pool_index_names),
};

static const int64_t max_extent = (int64_t)1 << 31; /* keeps i * in exact */

static scull_status_t adaptive_geometry(const scull_op_call_t *call, scull_pool_geometry_t *g) {
  const scull_max_pool_index_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank < 3 || x->rank > 2 + SCULL_POOL_MAX_SPATIAL)
    return scull_ops_fail(call, "x has %d dimensions where 3 to 5 are taken", x->rank);
  *g = (scull_pool_geometry_t){.planes = x->dim[0] * x->dim[1], .spatial = x->rank - 2};
  if (attrs->pool.kernel.size != (size_t)g->spatial)
    return scull_ops_fail(call, "kernel: %d numbers are wanted", g->spatial);
  for (int32_t i = 0; i < g->spatial; i++) {
    g->window[i] = (scull_window_t){.in = x->dim[2 + i], .out = attrs->pool.kernel.data[i]};
    if (g->window[i].out < 1 || g->window[i].out >= max_extent || g->window[i].in < 1 ||
        g->window[i].in >= max_extent)
      return scull_ops_fail(call, "%lld bins over %lld elements", (long long)g->window[i].out,
                            (long long)g->window[i].in);
  }
  return SCULL_OK;
}

static scull_status_t geometry(const scull_op_call_t *call, scull_pool_geometry_t *g) {
  const scull_max_pool_index_attrs_t *attrs = call->attrs;
  if (attrs->adaptive)
    return adaptive_geometry(call, g);
  scull_op_call_t plain = *call;
  plain.attrs = &attrs->pool;
  return scull_ops_pool_geometry(&plain, g);
}

static scull_status_t infer(const scull_op_call_t *call) {
  scull_pool_geometry_t g;
  SCULL_TRY(geometry(call, &g));
  SCULL_TRY(scull_ops_infer_number(call));
  for (int32_t i = 0; i < g.spatial; i++)
    call->outputs[0].type.shape.dim[2 + i] = g.window[i].out;
  call->outputs[1].type = (scull_type_t){SCULL_DTYPE_I64, call->outputs[0].type.shape};
  return SCULL_OK;
}

/* Elements begin, begin + step, ... below `end` of one axis. */
typedef struct {
  int64_t begin, end, step;
} range_t;

static range_t range_of(const scull_window_t *w, bool adaptive, int64_t at) {
  if (adaptive)
    return (range_t){at * w->in / w->out, ((at + 1) * w->in + w->out - 1) / w->out, 1};
  int64_t begin = at * w->stride - w->pad_begin, end = begin + (w->kernel - 1) * w->dilation + 1;
  if (begin < 0)
    begin += (-begin + w->dilation - 1) / w->dilation * w->dilation;
  return (range_t){begin, end < w->in ? end : w->in, w->dilation};
}

/* The largest element of a window of a plane and its index there; -1: there is none. */
static int64_t find_largest(const scull_tensor_t *x, int64_t plane, const int64_t in[3],
                            const range_t r[3], bool columns, double *largest) {
  int64_t best = -1;
  *largest = -HUGE_VAL;
  for (int64_t a = r[0].begin; a < r[0].end; a += r[0].step) {
    for (int64_t b = r[1].begin; b < r[1].end; b += r[1].step) {
      for (int64_t c = r[2].begin; c < r[2].end; c += r[2].step) {
        int64_t at = (a * in[1] + b) * in[2] + c;
        double v = scull_tensor_load(x->data, x->type.dtype, plane + at);
        if (best >= 0 && !(v > *largest) && !(isnan(v) && !isnan(*largest)))
          continue;
        best = columns ? (c * in[1] + b) * in[0] + a : at;
        *largest = v;
      }
    }
  }
  return best;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_max_pool_index_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t *index = call->outputs[1].data, in[3] = {1, 1, 1};
  bool columns = attrs->index == SCULL_INDEX_TENSOR_COLUMNS;
  scull_pool_geometry_t g;
  SCULL_TRY(geometry(call, &g));
  for (int32_t i = 0; i < g.spatial; i++)
    in[3 - g.spatial + i] = g.window[i].in;
  for (int64_t i = 0, count = scull_tensor_count(&y->type.shape); i < count; i++) {
    range_t range[3] = {{0, 1, 1}, {0, 1, 1}, {0, 1, 1}};
    int64_t rest = i;
    for (int32_t d = g.spatial - 1; d >= 0; d--) {
      range[3 - g.spatial + d] = range_of(&g.window[d], attrs->adaptive, rest % g.window[d].out);
      rest /= g.window[d].out;
    }
    int64_t plane = rest * in[0] * in[1] * in[2];
    double largest = 0;
    int64_t found = find_largest(x, plane, in, range, columns, &largest);
    if (found < 0)
      return scull_ops_fail(call, "a window holds no element of the picture");
    index[i] = found + (attrs->index == SCULL_INDEX_PLANE ? 0 : plane);
    scull_tensor_store(y->data, y->type.dtype, i, largest);
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  return (double)scull_tensor_count(&call->inputs[0].type.shape) +
         (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_max_pool_index = {
    .name = "max_pool_index",
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 2,
    .outputs_max = 2,
    .attrs = SCULL_SCHEMA(scull_max_pool_index_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .flops = flops};
