/* cuda.reformat and cuda.copy: elements moved as they are (move.cu). A move is a few boxes with a
 * step on either side for each dimension. concat and split are written as such; every other
 * operator that only moves data is asked where its elements come from: its reference kernel runs
 * once, in prepare, over the numbers 1, 2, 3, ... in place of the input. Where those numbers grow
 * by a step a dimension, one box does it; else they go to the device as a table. */
#include "backend/cuda/move.h"

#include <cuda_runtime_api.h>
#include <string.h>

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "ops/concat.h"
#include "ops/split.h"

enum { MAX_BOXES = 64 };

typedef struct {
  scull_cuda_move_t move;
  int64_t src_at, dst_at; /* elements */
  int input, output;      /* input -1: packed, from `packed_at` on */
  size_t packed_at;
  size_t src_size, dst_size; /* of an element */
} box_t;

typedef struct {
  const scull_cuda_device_t *device;
  int count;
  void *table; /* device memory: rows of a gather; NULL: boxes */
  scull_cuda_gather_t gather;
  box_t boxes[MAX_BOXES];
} state_t;

/* --- boxes ------------------------------------------------------------------------------------ */

/* Dimensions in the order of the destination's memory, merged, and as wide a unit as both sides
 * allow. */
static void settle(box_t *box, int rank, int64_t *dim, int64_t *src, int64_t *dst) {
  int64_t *steps[] = {src, dst};
  scull_cuda_move_t *m = &box->move;
  for (int i = 1; i < rank; i++) {
    for (int k = i; k > 0 && dst[k] > dst[k - 1]; k--) {
      int64_t *const lists[] = {dim, src, dst};
      for (int l = 0; l < 3; l++) {
        int64_t t = lists[l][k];
        lists[l][k] = lists[l][k - 1];
        lists[l][k - 1] = t;
      }
    }
  }
  m->rank = scull_cuda_merge(rank, dim, steps, 2);
  int last = m->rank - 1;
  bool as_is = m->src_type == SCULL_CUDA_E_NONE && src[last] == 1 && dst[last] == 1;
  while (as_is && m->size < 16) {
    bool even = dim[last] % 2 == 0 && box->src_at % 2 == 0 && box->dst_at % 2 == 0;
    for (int d = 0; d < last; d++)
      even = even && src[d] % 2 == 0 && dst[d] % 2 == 0;
    if (!even)
      break;
    m->size *= 2;
    box->src_size *= 2;
    box->dst_size *= 2;
    box->src_at /= 2;
    box->dst_at /= 2;
    dim[last] /= 2;
    for (int d = 0; d < last; d++) {
      src[d] /= 2;
      dst[d] /= 2;
    }
  }
  for (int d = 0; d < m->rank; d++) {
    m->dim[d] = (int32_t)dim[d];
    m->src_step[d] = src[d];
    m->dst_step[d] = dst[d];
  }
}

/* One more box of `shape` elements. */
static box_t *begin_box(state_t *s, const scull_site_value_t *from, const scull_site_value_t *to) {
  box_t *box = &s->boxes[s->count++];
  scull_dtype_t a = scull_backend_site_stored(from), b = scull_backend_site_stored(to);
  *box = (box_t){.src_size = scull_tensor_dtype_size(a), .dst_size = scull_tensor_dtype_size(b)};
  box->move.src_type = a == b ? SCULL_CUDA_E_NONE : scull_cuda_element(a);
  box->move.dst_type = a == b ? SCULL_CUDA_E_NONE : scull_cuda_element(b);
  box->move.factor = scull_backend_site_scale(from) / scull_backend_site_scale(to);
  if (a == b && box->move.factor != 1)
    box->move.src_type = box->move.dst_type = scull_cuda_element(a);
  box->move.size = (int32_t)box->src_size;
  return box;
}

static void copy_dims(const scull_shape_t *shape, int64_t *dim) {
  for (int32_t i = 0; i < shape->rank; i++)
    dim[i] = shape->dim[i];
}

/* All of one value into another of the same shape. */
static void whole_box(state_t *s, const scull_site_t *site) {
  const scull_site_value_t *x = &site->values[site->ops[0].inputs[0]];
  const scull_site_value_t *y = &site->values[site->ops[0].outputs[0]];
  int64_t dim[SCULL_MAX_RANK], src[SCULL_MAX_RANK], dst[SCULL_MAX_RANK];
  box_t *box = begin_box(s, x, y);
  copy_dims(&y->opt, dim);
  scull_cuda_steps(x, src);
  scull_cuda_steps(y, dst);
  settle(box, y->opt.rank, dim, src, dst);
}

/* A part of concat's result or of split's input. */
static void part_box(state_t *s, const scull_site_t *site, uint16_t part, uint16_t whole,
                     int32_t axis, int64_t first, bool into) {
  const scull_site_value_t *p = &site->values[part], *w = &site->values[whole];
  int64_t dim[SCULL_MAX_RANK], src[SCULL_MAX_RANK], dst[SCULL_MAX_RANK];
  box_t *box = begin_box(s, into ? p : w, into ? w : p);
  box->input = scull_cuda_input_at(site, into ? part : whole);
  box->output = scull_cuda_output_at(site, into ? whole : part);
  copy_dims(&p->opt, dim);
  scull_cuda_steps(into ? p : w, src);
  scull_cuda_steps(into ? w : p, dst);
  if (into)
    box->dst_at = first * dst[axis];
  else
    box->src_at = first * src[axis];
  settle(box, p->opt.rank, dim, src, dst);
}

/* What a constant part takes among the packed ones. */
static size_t constant_bytes(const scull_site_value_t *v) {
  const scull_type_t type = {.dtype = v->dtype, .shape = v->opt};
  return v->is_constant ? (scull_tensor_bytes(&type) + 255) / 256 * 256 : 0;
}

static void parts(state_t *s, const scull_site_t *site, bool into) {
  const scull_site_op_t *op = &site->ops[0];
  uint16_t whole = into ? op->outputs[0] : op->inputs[0];
  size_t count = into ? op->input_count : op->output_count, packed = 0;
  int32_t axis = 0;
  int64_t first = 0;
  if (!scull_tensor_axis((int64_t)scull_cuda_attr(op, "axis", 0), site->values[whole].opt.rank,
                         &axis))
    return;
  for (size_t i = 0; i < count; i++) {
    uint16_t part = into ? op->inputs[i] : op->outputs[i];
    bool wanted = into || scull_cuda_output_at(site, part) >= 0;
    if (wanted && scull_tensor_count(&site->values[part].opt) > 0) {
      part_box(s, site, part, whole, axis, first, into);
      s->boxes[s->count - 1].packed_at = packed;
    }
    packed += constant_bytes(&site->values[part]);
    first += site->values[part].opt.dim[axis];
  }
}

/* --- where elements come from ----------------------------------------------------------------- */

/* Runs the reference kernel over 1, 2, ...; `from` gets an index for each element of y. A zero
 * would be an element that comes from nowhere. */
static scull_status_t ask_reference(const scull_site_t *site, scull_arena_t *arena,
                                    int32_t **from) {
  enum { ROOM = 16 };
  scull_tensor_t inputs[ROOM], outputs[ROOM];
  scull_op_call_t call;
  if (!scull_backend_site_call(site, 0, inputs, ROOM, outputs, ROOM, &call))
    return SCULL_UNSUPPORTED;
  int64_t count = scull_tensor_count(&inputs[0].type.shape);
  int64_t results = scull_tensor_count(&outputs[0].type.shape);
  int32_t *numbers = scull_base_arena_alloc(arena, (size_t)count * sizeof *numbers);
  *from = scull_base_arena_alloc(arena, (size_t)results * sizeof **from);
  if (numbers == NULL || *from == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (int64_t i = 0; i < count; i++)
    numbers[i] = (int32_t)i + 1;
  for (size_t i = 1; i < call.input_count; i++) {
    if (inputs[i].type.dtype != SCULL_DTYPE_NONE && inputs[i].data == NULL)
      return SCULL_UNSUPPORTED; /* only a run knows it */
  }
  inputs[0].type.dtype = outputs[0].type.dtype = SCULL_DTYPE_I32;
  inputs[0].data = numbers;
  outputs[0].data = *from;
  call.scratch =
      scull_base_arena_alloc(arena, call.def->scratch == NULL ? 1 : call.def->scratch(&call));
  if (call.scratch == NULL)
    return SCULL_OUT_OF_MEMORY;
  SCULL_TRY(call.def->reference(&call));
  for (int64_t i = 0; i < results; i++) {
    if ((*from)[i]-- == 0)
      return SCULL_UNSUPPORTED;
  }
  return SCULL_OK;
}

/* True when the indices grow by one step a dimension. */
static bool is_box(const scull_shape_t *shape, const int32_t *from, int64_t *step) {
  int64_t stride[SCULL_MAX_RANK] = {0}, at[SCULL_MAX_RANK] = {0}, expected = from[0];
  int64_t count = scull_tensor_count(shape);
  scull_tensor_strides(shape, stride);
  for (int32_t d = 0; d < shape->rank; d++)
    step[d] = shape->dim[d] > 1 ? (int64_t)from[stride[d]] - from[0] : 0;
  for (int64_t i = 0; i < count; i++) {
    if (from[i] != expected)
      return false;
    for (int32_t d = shape->rank - 1; d >= 0; d--) {
      expected += step[d];
      if (++at[d] < shape->dim[d])
        break;
      expected -= step[d] * shape->dim[d];
      at[d] = 0;
    }
  }
  return true;
}

static scull_status_t upload_table(state_t *s, const int32_t *from, int64_t count) {
  size_t bytes = (size_t)count * sizeof *from;
  scull_cuda_use(s->device);
  SCULL_TRY(scull_cuda_pool_take(s->device->pool, bytes, &s->table));
  return scull_cuda_status(cudaMemcpy(s->table, from, bytes, cudaMemcpyHostToDevice));
}

static scull_status_t by_reference(state_t *s, const scull_site_t *site) {
  const scull_site_value_t *x = &site->values[site->ops[0].inputs[0]];
  const scull_site_value_t *y = &site->values[site->ops[0].outputs[0]];
  int64_t dim[SCULL_MAX_RANK], src[SCULL_MAX_RANK], dst[SCULL_MAX_RANK];
  int32_t *from = NULL;
  scull_arena_t arena;
  if (scull_tensor_count(&y->opt) == 0)
    return SCULL_OK;
  scull_base_arena_init(&arena);
  scull_status_t status = ask_reference(site, &arena, &from);
  if (status == SCULL_OK && is_box(&y->opt, from, src)) {
    box_t *box = begin_box(s, x, y);
    box->src_at = from[0];
    copy_dims(&y->opt, dim);
    scull_cuda_steps(y, dst);
    settle(box, y->opt.rank, dim, src, dst);
  } else if (status == SCULL_OK && y->channel_total > 0) {
    status = SCULL_UNSUPPORTED;
  } else if (status == SCULL_OK) {
    size_t size = scull_tensor_dtype_size(scull_backend_site_stored(x));
    s->gather = (scull_cuda_gather_t){.outer = 1,
                                      .rows = scull_tensor_count(&x->opt),
                                      .count = scull_tensor_count(&y->opt),
                                      .size = (int64_t)size,
                                      .unit = (int32_t)size};
    status = upload_table(s, from, s->gather.count);
  }
  scull_base_arena_deinit(&arena);
  return status;
}

/* --- the tactics ------------------------------------------------------------------------------ */

static void release(void *user) {
  state_t *s = user;
  if (s->table != NULL)
    scull_cuda_pool_give(s->device->pool, s->table);
  scull_base_free(s);
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_site_op_t *op = &site->ops[0];
  state_t *s = scull_base_alloc(sizeof *s);
  scull_status_t status = SCULL_OK;
  (void)config;
  (void)diag;
  if (s == NULL)
    return SCULL_OUT_OF_MEMORY;
  s->device = device->self;
  if (strcmp(op->def->name, "concat") == 0)
    parts(s, site, true);
  else if (strcmp(op->def->name, "split") == 0)
    parts(s, site, false);
  else if (strcmp(op->def->name, "identity") == 0 || strcmp(op->def->name, "cast") == 0)
    whole_box(s, site); /* in whatever format */
  else
    status = by_reference(s, site);
  if (status != SCULL_OK) {
    release(s);
    return status;
  }
  out->state = s;
  return SCULL_OK;
}

static scull_cuda_move_t placed(const box_t *box, const scull_args_t *args) {
  scull_cuda_move_t m = box->move;
  const char *from = box->input < 0 ? (const char *)args->packed + box->packed_at
                                    : (const char *)args->inputs[box->input];
  m.src = from + box->src_at * (int64_t)box->src_size;
  m.dst = (char *)args->outputs[box->output] + box->dst_at * (int64_t)box->dst_size;
  return m;
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  state_t *s = user;
  int error = cudaSuccess;
  if (s->table != NULL) {
    scull_cuda_gather_t g = s->gather;
    g.src = args->inputs[0];
    g.dst = args->outputs[0];
    g.index = s->table;
    scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
    return scull_cuda_status(scull_cuda_gather_enqueue(&g, l.chained, l.stream));
  }
  for (int i = 0; i < s->count && error == cudaSuccess;) {
    scull_cuda_moves_t m = {.count = 0};
    while (i < s->count && m.count < SCULL_CUDA_MOVES)
      m.move[m.count++] = placed(&s->boxes[i++], args);
    scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
    error = m.count == 1 ? scull_cuda_move_enqueue(&m.move[0], l.chained, l.stream)
                         : scull_cuda_moves_enqueue(&m, l.chained, l.stream);
  }
  return scull_cuda_status(error);
}

static const char *refuse_reformat(const scull_site_t *site, const scull_device_t *device) {
  (void)device;
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  if (site->op_count != 1 || site->input_count != 1 || site->output_count != 1)
    return "takes one value";
  if (x->layout > SCULL_LAYOUT_NHWC || site->values[site->outputs[0]].layout > SCULL_LAYOUT_NHWC)
    return "knows the layouts plain and nhwc";
  return scull_cuda_refuse_values(site);
}

static const char *const identity[] = {"identity", NULL};
const scull_tactic_t scull_tactic_cuda_reformat = {.name = "cuda.reformat",
                                                   .version = 1,
                                                   .anchors = identity,
                                                   .reformats = true,
                                                   .precisions =
                                                       SCULL_CUDA_FLOATS | 1u << SCULL_AS_INT8,
                                                   .refuse = refuse_reformat,
                                                   .prepare = prepare,
                                                   .enqueue = enqueue,
                                                   .release = release};

static const char *refuse_cast(const scull_site_t *site, const scull_device_t *device) {
  const char *why = refuse_reformat(site, device);
  if (why == NULL && (!scull_cuda_is_real(scull_backend_site_input(site, 0, 0)) ||
                      !scull_cuda_is_real(&site->values[site->outputs[0]])))
    why = "converts between floats";
  return why;
}

static size_t same_layouts(const scull_site_t *site, const scull_device_t *device,
                           scull_config_t *out, size_t room) {
  (void)device;
  return scull_cuda_same_layouts(site, out, room);
}

static const char *const cast[] = {"cast", NULL};
const scull_tactic_t scull_tactic_cuda_cast = {.name = "cuda.cast",
                                               .version = 1,
                                               .anchors = cast,
                                               .refuse = refuse_cast,
                                               .configs = same_layouts,
                                               .prepare = prepare,
                                               .enqueue = enqueue,
                                               .release = release};

static bool is_parts(const scull_site_t *site) {
  return scull_backend_site_is(site, 0, "concat") || scull_backend_site_is(site, 0, "split");
}

static const char *refuse_copy(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_op_t *op = &site->ops[0];
  (void)device;
  if (is_parts(site)) {
    for (size_t i = 0; i < op->input_count; i++) {
      if (op->inputs[i] == SCULL_SITE_ABSENT || site->values[op->inputs[i]].is_constant)
        return "moves what a run computes";
    }
    if (op->input_count > MAX_BOXES || op->output_count > MAX_BOXES)
      return "has too many parts";
    return scull_cuda_refuse_values(site);
  }
  if (op->output_count != 1 || site->input_count != 1 || op->inputs[0] != site->inputs[0] ||
      (op->def->traits & SCULL_OP_DATA_SHAPE) != 0 || strcmp(op->def->name, "where") == 0)
    return "moves one tensor";
  if (strcmp(op->def->name, "im2col") == 0)
    return "does not pad";
  if (strcmp(op->def->name, "slice_assign") == 0)
    return "moves no constant elements";
  for (size_t i = 1; i < op->input_count; i++) {
    if (op->inputs[i] != SCULL_SITE_ABSENT && site->values[op->inputs[i]].data == NULL)
      return "must know its other operands";
  }
  return scull_cuda_refuse_values(site);
}

/* --- concats with constants ------------------------------------------------------------------- */

static const char *refuse_concat(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_op_t *op = &site->ops[0];
  size_t constants = 0;
  (void)device;
  if (op->input_count > MAX_BOXES)
    return "has too many parts";
  for (size_t i = 0; i < op->input_count; i++) {
    if (op->inputs[i] == SCULL_SITE_ABSENT)
      return "has no part missing";
    constants += site->values[op->inputs[i]].is_constant;
  }
  return constants == 0 ? "is for concats with constants" : scull_cuda_refuse_values(site);
}

static scull_status_t pack_size_concat(const scull_site_t *site, const scull_config_t *config,
                                       const scull_device_t *device, size_t *bytes) {
  const scull_site_op_t *op = &site->ops[0];
  (void)config;
  (void)device;
  *bytes = 0;
  for (size_t i = 0; i < op->input_count; i++)
    *bytes += constant_bytes(&site->values[op->inputs[i]]);
  return SCULL_OK;
}

/* As they are: a box converts them. */
static scull_status_t pack_concat(const scull_site_t *site, const scull_config_t *config,
                                  const scull_device_t *device, void *dst) {
  const scull_site_op_t *op = &site->ops[0];
  char *at = dst;
  (void)config;
  (void)device;
  for (size_t i = 0; i < op->input_count; i++) {
    const scull_site_value_t *v = &site->values[op->inputs[i]];
    const scull_type_t type = {.dtype = v->dtype, .shape = v->opt};
    if (v->is_constant)
      memcpy(at, v->data, scull_tensor_bytes(&type));
    at += constant_bytes(v);
  }
  return SCULL_OK;
}

/* --- configurations --------------------------------------------------------------------------- */

static size_t configs_copy(const scull_site_t *site, const scull_device_t *device,
                           scull_config_t *out, size_t room) {
  (void)device;
  if (is_parts(site)) {
    size_t n = scull_cuda_same_layouts(site, out, room);
    size_t layouts = n > 1 && out[1].src == SCULL_LAYOUT_NHWC ? 2 : 1;
    return scull_cuda_add_bytes(site, out, layouts, n, room);
  }
  out[0] = (scull_config_t){0};
  return scull_cuda_add_floats(site, out, 1, room, false);
}

const scull_tactic_t scull_tactic_cuda_copy = {.name = "cuda.copy",
                                               .version = 2,
                                               .traits = SCULL_OP_MOVES_DATA,
                                               .precisions =
                                                   SCULL_CUDA_FLOATS | 1u << SCULL_AS_INT8,
                                               .refuse = refuse_copy,
                                               .configs = configs_copy,
                                               .prepare = prepare,
                                               .enqueue = enqueue,
                                               .release = release};

static const char *const concats[] = {"concat", NULL};
const scull_tactic_t scull_tactic_cuda_concat = {.name = "cuda.concat",
                                                 .version = 1,
                                                 .anchors = concats,
                                                 .precisions =
                                                     SCULL_CUDA_FLOATS | 1u << SCULL_AS_INT8,
                                                 .refuse = refuse_concat,
                                                 .configs = configs_copy,
                                                 .pack_size = pack_size_concat,
                                                 .pack = pack_concat,
                                                 .prepare = prepare,
                                                 .enqueue = enqueue,
                                                 .release = release};

/* --- gather by indices that a run computes -----------------------------------------------------
 */

static const char *refuse_gather(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *index = scull_backend_site_input(site, 0, 1);
  (void)device;
  if (x == NULL || index == NULL || x->is_constant || index->is_constant)
    return "gathers what a run computes by indices that a run computes";
  if (index->dtype != SCULL_DTYPE_I64 && index->dtype != SCULL_DTYPE_I32)
    return "has indices of i32 or i64";
  return scull_cuda_refuse_values(site);
}

static scull_status_t prepare_gather(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, scull_prepared_t *out,
                                     scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *index = scull_backend_site_input(site, 0, 1);
  int32_t axis = 0;
  (void)config;
  (void)device;
  (void)diag;
  if (!scull_tensor_axis((int64_t)scull_cuda_attr(&site->ops[0], "axis", 0), x->opt.rank, &axis))
    return SCULL_UNSUPPORTED;
  scull_cuda_gather_t g = {.outer = 1,
                           .rows = x->opt.dim[axis],
                           .count = scull_tensor_count(&index->opt),
                           .size = (int64_t)scull_tensor_dtype_size(scull_backend_site_stored(x)),
                           .wide = index->dtype == SCULL_DTYPE_I64};
  g.unit = (int32_t)g.size;
  for (int32_t i = 0; i < x->opt.rank; i++) {
    g.outer *= i < axis ? x->opt.dim[i] : 1;
    g.size *= i > axis ? x->opt.dim[i] : 1;
  }
  while (g.unit < 8 && g.size % (2 * g.unit) == 0)
    g.unit *= 2;
  return scull_cuda_keep(&g, sizeof g, out);
}

static scull_status_t enqueue_gather(void *user, const scull_args_t *args) {
  scull_cuda_gather_t g = *(const scull_cuda_gather_t *)user;
  g.src = args->inputs[0];
  g.index = args->inputs[1];
  g.dst = args->outputs[0];
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_gather_enqueue(&g, l.chained, l.stream));
}

static const char *const gather_anchors[] = {"gather", NULL};
const scull_tactic_t scull_tactic_cuda_gather = {.name = "cuda.gather",
                                                 .version = 1,
                                                 .anchors = gather_anchors,
                                                 .refuse = refuse_gather,
                                                 .prepare = prepare_gather,
                                                 .enqueue = enqueue_gather,
                                                 .release = scull_cuda_release};
