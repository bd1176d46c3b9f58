/* Sites from cases. */
#include "site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

/* --- building --------------------------------------------------------------------------------- */

static uint16_t add_value(case_site_t *s, const scull_tensor_t *tensor, bool constant) {
  uint16_t index = (uint16_t)s->site.value_count++;
  assert_true(index < SITE_MAX_VALUES);
  s->tensors[index] = *tensor;
  s->values[index] = (scull_site_value_t){.dtype = tensor->type.dtype,
                                          .opt = tensor->type.shape,
                                          .min = tensor->type.shape,
                                          .max = tensor->type.shape,
                                          .is_constant = constant,
                                          .data = constant ? tensor->data : NULL};
  return index;
}

static uint16_t add_input(case_site_t *s, const scull_tensor_t *tensor) {
  uint16_t index = add_value(s, tensor, false);
  s->inputs[s->site.input_count++] = index;
  return index;
}

static uint16_t *take_operands(case_site_t *s, size_t count) {
  uint16_t *list = s->operands + s->operands_used;
  s->operands_used += count;
  assert_true(s->operands_used <= sizeof s->operands / sizeof s->operands[0]);
  return list;
}

static void add_anchor(case_site_t *s, constants_t constants, const scull_tensor_t *out) {
  const case_data_t *data = &s->data;
  uint16_t *inputs = take_operands(s, data->input_count);
  uint16_t *outputs = take_operands(s, data->output_count);
  for (size_t i = 0; i < data->input_count; i++) {
    const scull_tensor_t *t = &data->inputs[i].tensor;
    if (t->type.dtype == SCULL_DTYPE_NONE)
      inputs[i] = SCULL_SITE_ABSENT;
    else
      inputs[i] = i > 0 && constants == CONSTANT_REST ? add_value(s, t, true) : add_input(s, t);
  }
  for (size_t i = 0; i < data->output_count; i++) {
    outputs[i] = add_value(s, &out[i], false);
    s->outputs[s->site.output_count++] = outputs[i];
  }
  s->ops[s->site.op_count++] = (scull_site_op_t){.def = data->def,
                                                 .attrs = data->attrs,
                                                 .inputs = inputs,
                                                 .input_count = data->input_count,
                                                 .outputs = outputs,
                                                 .output_count = data->output_count};
}

/* False when an f32 is beyond what the type can hold. */
static bool can_hold(const scull_tensor_t *t, scull_dtype_t narrow) {
  for (int64_t i = 0, n = scull_tensor_count(&t->type.shape); i < n; i++) {
    double v = scull_tensor_load(t->data, t->type.dtype, i);
    double most = narrow == SCULL_DTYPE_F16 ? 6e4 : 3.38e38;
    if (v > most || v < -most)
      return false;
  }
  return true;
}

static void make_positive(scull_tensor_t *t) {
  for (int64_t k = 0, n = scull_tensor_count(&t->type.shape); k < n; k++) {
    double v = scull_tensor_load(t->data, t->type.dtype, k);
    scull_tensor_store(t->data, t->type.dtype, k, v < 0 ? -v : v);
  }
}

/* Rounds every f32 input to the type; false when one is beyond it. */
static bool round_inputs(case_data_t *data, scull_dtype_t narrow) {
  if (narrow == SCULL_DTYPE_U8) {
    if (data->input_count > 0 && data->inputs[0].tensor.type.dtype == SCULL_DTYPE_F32)
      make_positive(&data->inputs[0].tensor);
    return true;
  }
  for (size_t i = 0; i < data->input_count; i++) {
    scull_tensor_t *t = &data->inputs[i].tensor;
    if (t->type.dtype != SCULL_DTYPE_F32)
      continue;
    if (!can_hold(t, narrow))
      return false;
    for (int64_t k = 0, n = scull_tensor_count(&t->type.shape); k < n; k++) {
      uint64_t stored = 0;
      scull_tensor_store(&stored, narrow, 0, scull_tensor_load(t->data, SCULL_DTYPE_F32, k));
      scull_tensor_store(t->data, SCULL_DTYPE_F32, k, scull_tensor_load(&stored, narrow, 0));
    }
  }
  return true;
}

bool case_site_init(case_site_t *s, const scull_opdef_t *def, const scull_opcase_t *one,
                    constants_t constants, scull_dtype_t narrow) {
  scull_tensor_t out[CASE_MAX_TENSORS] = {0};
  *s = (case_site_t){0};
  case_data_init(&s->data, def, one);
  s->site = (scull_site_t){.ops = s->ops,
                           .values = s->values,
                           .inputs = s->inputs,
                           .outputs = s->outputs,
                           .threads = 1,
                           .workspace = SIZE_MAX};
  if (s->data.wants_error || (def->traits & SCULL_OP_DATA_SHAPE) != 0)
    return false;
  if (narrow != SCULL_DTYPE_NONE && !round_inputs(&s->data, narrow))
    return false;
  if (case_reference(&s->data, out, NULL) != SCULL_OK)
    return false; /* a variation that the operator does not take; cases are checked elsewhere */
  bool holds_all = narrow == SCULL_DTYPE_NONE || narrow == SCULL_DTYPE_U8;
  for (size_t i = 0; !holds_all && i < s->data.output_count; i++) {
    if (out[i].type.dtype == SCULL_DTYPE_F32 && !can_hold(&out[i], narrow))
      return false;
  }
  add_anchor(s, constants, out);
  return true;
}

static scull_tensor_t random_like(case_site_t *s, const scull_type_t *type) {
  scull_tensor_t t = {.type = *type};
  uint64_t seed = 11;
  t.data = scull_base_arena_alloc(&s->data.arena, scull_tensor_bytes(type) + 4096);
  assert_non_null(t.data);
  for (int64_t i = 0, count = scull_tensor_count(&type->shape); i < count; i++) {
    seed = scull_base_hash64(&seed, sizeof seed, 3);
    scull_tensor_store(t.data, type->dtype, i, (double)(seed >> 11) * 0x1p-51 - 2);
  }
  return t;
}

static bool run_step(case_site_t *s, const scull_site_op_t *op, scull_tensor_t *result) {
  scull_tensor_t inputs[2];
  for (size_t i = 0; i < op->input_count; i++)
    inputs[i] = s->tensors[op->inputs[i]];
  scull_op_call_t call = {.def = op->def,
                          .attrs = op->attrs,
                          .inputs = inputs,
                          .input_count = op->input_count,
                          .outputs = result,
                          .output_count = 1};
  if (scull_ops_infer(&call) != SCULL_OK)
    return false;
  result->data = scull_base_arena_alloc(&s->data.arena, scull_tensor_bytes(&result->type) + 4096);
  assert_non_null(result->data);
  return op->def->reference(&call) == SCULL_OK;
}

bool case_site_append(case_site_t *s, const group_step_t *step) {
  uint16_t flow = s->outputs[0];
  const scull_type_t type = s->tensors[flow].type;
  bool binary = (step->def->traits & SCULL_OP_BINARY) != 0;
  scull_site_op_t op = {
      .def = step->def, .input_count = binary ? 2 : 1, .output_count = 1, .inputs = NULL};
  uint16_t *inputs = take_operands(s, 2), *outputs = take_operands(s, 1);
  op.attrs = scull_ops_attrs_create(&step->def->attrs, &s->data.arena);
  op.inputs = inputs;
  op.outputs = outputs;
  inputs[0] = flow;
  if (s->site.output_count != 1 || s->site.op_count == SITE_MAX_OPS || op.attrs == NULL)
    return false;
  if (binary && step->self) {
    inputs[1] = s->ops[0].inputs[0];
    if (!scull_tensor_shape_equal(&s->tensors[inputs[1]].type.shape, &type.shape))
      return false;
  } else if (binary) {
    scull_tensor_t residual = random_like(s, &type);
    inputs[1] = add_input(s, &residual);
  }
  scull_tensor_t result = {0};
  if (!run_step(s, &op, &result))
    return false;
  outputs[0] = add_value(s, &result, false);
  s->outputs[0] = outputs[0];
  s->ops[s->site.op_count++] = op;
  return true;
}

/* Sets dimension 0 of every input to what `scale` makes of it and stores the shapes that follow in
 * `min` or `max` of all values; `opt` is as before afterwards. */
static bool infer_at(case_site_t *s, bool at_max) {
  scull_shape_t kept[SITE_MAX_VALUES];
  for (size_t i = 0; i < s->site.value_count; i++)
    kept[i] = s->values[i].opt;
  for (size_t i = 0; i < s->site.input_count; i++) {
    scull_shape_t *shape = &s->values[s->inputs[i]].opt;
    if (shape->rank == 0 || shape->dim[0] == 0)
      return false;
    shape->dim[0] = at_max ? shape->dim[0] * 2 : 1;
  }
  bool ok = scull_backend_site_infer(&s->site, NULL) == SCULL_OK;
  for (size_t i = 0; i < s->site.value_count; i++) {
    scull_site_value_t *v = &s->values[i];
    if (at_max)
      v->max = v->opt;
    else
      v->min = v->opt;
    v->opt = kept[i];
  }
  return ok;
}

bool case_site_make_range(case_site_t *s) {
  return infer_at(s, false) && infer_at(s, true);
}

void case_site_deinit(case_site_t *s) {
  case_data_deinit(&s->data);
}

/* --- layouts ---------------------------------------------------------------------------------- */

typedef struct {
  int64_t batch, channels, pixels; /* of the value */
  int64_t total, first;            /* channels of the whole tensor, where the value begins */
  int64_t block;                   /* 0: channels last; 1: planes; else blocked */
} place_t;

static place_t place_of(const scull_site_value_t *v) {
  place_t p = {.batch = 1, .channels = 1, .pixels = 1, .block = 1};
  if (v->layout == SCULL_LAYOUT_PLAIN && v->channel_total == 0) {
    p.pixels = scull_tensor_count(&v->opt);
    p.total = 1;
    return p;
  }
  p.batch = v->opt.dim[0];
  p.channels = v->opt.dim[1];
  for (int32_t i = 2; i < v->opt.rank; i++)
    p.pixels *= v->opt.dim[i];
  p.total = v->channel_total > 0 ? v->channel_total : p.channels;
  p.first = v->channel_offset;
  p.block = v->layout == SCULL_LAYOUT_NHWC  ? 0
            : v->layout == SCULL_LAYOUT_C16 ? 16
            : v->layout == SCULL_LAYOUT_C8  ? 8
                                            : 1;
  if (p.block > 1)
    p.total = (p.total + p.block - 1) / p.block * p.block;
  return p;
}

static size_t element_at(const place_t *p, int64_t n, int64_t c, int64_t pixel) {
  if (p->block == 0)
    return (size_t)((n * p->pixels + pixel) * p->total + c);
  int64_t blocks = p->total / p->block;
  return (size_t)(((n * blocks + c / p->block) * p->pixels + pixel) * p->block + c % p->block);
}

static size_t stored_size(const scull_site_value_t *value) {
  return scull_tensor_dtype_size(scull_backend_site_stored(value));
}

size_t layout_bytes(const scull_site_value_t *value) {
  place_t p = place_of(value);
  return (size_t)(p.batch * p.total * p.pixels) * stored_size(value);
}

size_t layout_start(const scull_site_value_t *value) {
  place_t p = place_of(value);
  return element_at(&p, 0, p.first, 0) * stored_size(value);
}

/* One element between the model's type and the one in memory. */
static void convert(const scull_site_value_t *v, char *plain, char *wide, bool write) {
  scull_dtype_t stored = scull_backend_site_stored(v);
  if (v->as == SCULL_AS_INT8 && write)
    scull_tensor_store(wide, stored, 0,
                       scull_tensor_quantize(stored, scull_backend_site_scale(v),
                                             (float)scull_tensor_load(plain, v->dtype, 0)));
  else if (v->as == SCULL_AS_INT8)
    scull_tensor_store(plain, v->dtype, 0,
                       scull_tensor_load(wide, stored, 0) * (double)scull_backend_site_scale(v));
  else if (stored == v->dtype)
    memcpy(write ? wide : plain, write ? plain : wide, scull_tensor_dtype_size(stored));
  else if (write)
    scull_tensor_store(wide, stored, 0, scull_tensor_load(plain, v->dtype, 0));
  else
    scull_tensor_store(plain, v->dtype, 0, scull_tensor_load(wide, stored, 0));
}

static void move(const scull_site_value_t *v, char *plain, char *wide, bool write) {
  place_t p = place_of(v);
  size_t size = scull_tensor_dtype_size(v->dtype), i = 0;
  for (int64_t n = 0; n < p.batch; n++) {
    for (int64_t c = 0; c < p.channels; c++) {
      for (int64_t pixel = 0; pixel < p.pixels; pixel++, i++)
        convert(v, plain + i * size, wide + element_at(&p, n, p.first + c, pixel) * stored_size(v),
                write);
    }
  }
}

static char *unconst(const void *p) {
  void *out;
  memcpy(&out, &p, sizeof out);
  return out;
}

void layout_write(const scull_site_value_t *value, const void *plain, void *wide) {
  memset(wide, 0, layout_bytes(value));
  move(value, unconst(plain), wide, true);
}

void layout_read(const scull_site_value_t *value, const void *wide, void *plain) {
  move(value, plain, unconst(wide), false);
}

bool layout_rest_is(const scull_site_value_t *value, const void *wide, uint8_t fill) {
  place_t p = place_of(value);
  size_t size = stored_size(value);
  const uint8_t *bytes = wide;
  bool slice = value->channel_total > 0, ok = true;
  for (int64_t n = 0; n < p.batch; n++) {
    for (int64_t c = 0; c < p.total; c++) {
      if (c >= p.first && c < p.first + p.channels)
        continue;
      for (int64_t i = 0; i < p.pixels; i++) {
        const uint8_t *at = bytes + element_at(&p, n, c, i) * size;
        for (size_t k = 0; k < size; k++)
          ok = ok && at[k] == (slice ? fill : 0);
      }
    }
  }
  return ok;
}
