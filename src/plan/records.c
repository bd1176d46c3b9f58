/* The records of a plan, described once for writing and reading. */
#include "plan/records.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LIST = 1 << 20 }; /* elements of an attribute list */

void scull_plan_codec_shape(scull_codec_t *codec, scull_shape_t *shape) {
  scull_base_codec_i32(codec, &shape->rank);
  if (shape->rank < 0 || shape->rank > SCULL_MAX_RANK) {
    scull_base_codec_fail(codec, "a shape has an impossible number of dimensions");
    shape->rank = 0;
  }
  for (int32_t i = 0; i < shape->rank; i++)
    scull_base_codec_i64(codec, &shape->dim[i]);
  int64_t count = 0;
  if (!scull_tensor_shape_count(shape, &count))
    scull_base_codec_fail(codec, "a shape has an impossible size");
}

void scull_plan_codec_op(scull_codec_t *codec, const scull_opdef_t **def) {
  const char *name = codec->writing ? (*def)->name : "";
  scull_base_codec_string(codec, &name);
  if (codec->writing)
    return;
  *def = codec->failed ? NULL : scull_ops_find(name);
  if (*def == NULL)
    scull_base_codec_fail(codec, "an operator is unknown to this version");
}

static void codec_attr_list(scull_codec_t *codec, void *field) {
  scull_ints_t *list = field; /* scull_floats_t has the same form; both hold 8-byte items */
  void *items = NULL;
  size_t size = list->size;
  const int64_t *from = list->data;
  scull_base_codec_array(codec, &items, &size, 8, 8);
  if (size > MAX_LIST)
    scull_base_codec_fail(codec, "an attribute list is too long");
  int64_t *to = items;
  for (size_t i = 0; i < size && !codec->failed; i++) {
    int64_t item = codec->writing ? from[i] : 0;
    scull_base_codec_i64(codec, &item);
    if (!codec->writing)
      to[i] = item;
  }
  if (!codec->writing)
    *list = (scull_ints_t){to, codec->failed ? 0 : size};
}

static void codec_enum(scull_codec_t *codec, const scull_attr_field_t *field, int32_t *value) {
  int32_t count = 0;
  scull_base_codec_i32(codec, value);
  while (field->names[count] != NULL)
    count++;
  if (*value < 0 || *value >= count) {
    scull_base_codec_fail(codec, "an attribute has no such word");
    *value = 0;
  }
}

static void codec_dtype(scull_codec_t *codec, scull_dtype_t *dtype) {
  uint32_t value = (uint32_t)*dtype;
  scull_base_codec_u32(codec, &value);
  if (value != SCULL_DTYPE_NONE && !scull_tensor_dtype_exists((scull_dtype_t)value)) {
    scull_base_codec_fail(codec, "an element type is unknown");
    value = SCULL_DTYPE_NONE;
  }
  *dtype = (scull_dtype_t)value;
}

static void codec_field(scull_codec_t *codec, const scull_attr_field_t *field, void *at) {
  switch (field->kind) {
  case SCULL_ATTR_INT: scull_base_codec_i64(codec, at); break;
  case SCULL_ATTR_FLOAT: scull_base_codec_f64(codec, at); break;
  case SCULL_ATTR_BOOL: scull_base_codec_bool(codec, at); break;
  case SCULL_ATTR_ENUM: codec_enum(codec, field, at); break;
  case SCULL_ATTR_DTYPE: codec_dtype(codec, at); break;
  case SCULL_ATTR_STRING: scull_base_codec_string(codec, at); break;
  case SCULL_ATTR_INTS:
  case SCULL_ATTR_FLOATS: codec_attr_list(codec, at); break;
  }
}

void scull_plan_codec_attrs(scull_codec_t *codec, const scull_opdef_t *def, const void **attrs) {
  if (codec->failed || def == NULL)
    return;
  const scull_attr_schema_t *schema = &def->attrs;
  uint32_t count = (uint32_t)schema->count;
  scull_base_codec_u32(codec, &count);
  if (count > schema->count) /* those that came later keep their defaults */
    scull_base_codec_fail(codec, "an operator has other attributes in this version");
  char *record = NULL;
  if (codec->writing) {
    record = scull_base_alloc(schema->size == 0 ? 1 : schema->size);
    if (record != NULL && schema->size > 0)
      memcpy(record, *attrs, schema->size);
  } else if (!codec->failed) {
    record = scull_ops_attrs_create(schema, codec->arena);
  }
  if (record == NULL) {
    scull_base_codec_fail_memory(codec);
    return;
  }
  for (size_t i = 0; i < count && !codec->failed; i++)
    codec_field(codec, &schema->fields[i], record + schema->fields[i].offset);
  if (codec->writing)
    scull_base_free(record);
  else
    *attrs = record;
}

void scull_plan_codec_dtype(scull_codec_t *codec, scull_dtype_t *dtype) {
  codec_dtype(codec, dtype);
}

static void codec_layout(scull_codec_t *codec, scull_layout_t *layout) {
  uint8_t value = (uint8_t)*layout;
  scull_base_codec_u8(codec, &value);
  if (value >= SCULL_LAYOUTS) {
    scull_base_codec_fail(codec, "a layout is unknown");
    value = 0;
  }
  *layout = (scull_layout_t)value;
}

/* Precisions came with format 2. */
static void codec_precision(scull_codec_t *codec, scull_precision_t *as) {
  uint8_t value = (uint8_t)*as;
  if (codec->version < 2)
    return;
  scull_base_codec_u8(codec, &value);
  if (value >= SCULL_PRECISIONS) {
    scull_base_codec_fail(codec, "a precision is unknown");
    value = 0;
  }
  *as = (scull_precision_t)value;
}

void scull_plan_codec_quant(scull_codec_t *codec, const scull_quant_t **quant) {
  bool present = codec->writing && *quant != NULL;
  if (codec->version >= 2)
    scull_base_codec_bool(codec, &present);
  if (!codec->writing)
    *quant = NULL;
  if (!present || codec->failed)
    return;
  scull_quant_t q = codec->writing && *quant != NULL ? **quant : (scull_quant_t){0};
  void *scales = NULL;
  codec_dtype(codec, &q.dtype);
  scull_base_codec_i32(codec, &q.axis);
  scull_base_codec_array(codec, &scales, &q.count, 4, 4);
  for (size_t i = 0; i < q.count && !codec->failed; i++) {
    uint32_t bits = 0;
    if (codec->writing)
      memcpy(&bits, &q.scales[i], sizeof bits);
    scull_base_codec_u32(codec, &bits);
    if (!codec->writing)
      memcpy((float *)scales + i, &bits, sizeof bits);
  }
  if (codec->writing || codec->failed)
    return;
  q.scales = scales;
  *quant = scull_base_arena_copy(codec->arena, &q, sizeof q);
  if (*quant == NULL)
    scull_base_codec_fail_memory(codec);
}

static void codec_indices(scull_codec_t *codec, const uint16_t **list, size_t *count) {
  void *items = NULL;
  const uint16_t *from = *list;
  scull_base_codec_array(codec, &items, count, 2, 2);
  uint16_t *to = items;
  for (size_t i = 0; i < *count && !codec->failed; i++) {
    uint16_t item = codec->writing ? from[i] : 0;
    scull_base_codec_u16(codec, &item);
    if (!codec->writing)
      to[i] = item;
  }
  if (!codec->writing)
    *list = to;
}

static void codec_site_value(scull_codec_t *codec, scull_site_value_t *v) {
  codec_dtype(codec, &v->dtype);
  scull_plan_codec_shape(codec, &v->opt);
  scull_plan_codec_shape(codec, &v->min);
  scull_plan_codec_shape(codec, &v->max);
  codec_layout(codec, &v->layout);
  codec_precision(codec, &v->as);
  scull_plan_codec_quant(codec, &v->quant);
  scull_base_codec_bool(codec, &v->is_constant);
  scull_base_codec_i64(codec, &v->channel_offset);
  scull_base_codec_i64(codec, &v->channel_total);
}

static void codec_site_op(scull_codec_t *codec, scull_site_op_t *op) {
  scull_plan_codec_op(codec, &op->def);
  scull_plan_codec_attrs(codec, op->def, &op->attrs);
  codec_indices(codec, &op->inputs, &op->input_count);
  codec_indices(codec, &op->outputs, &op->output_count);
}

static void codec_site(scull_codec_t *codec, scull_site_t *site) {
  void *ops = NULL, *values = NULL;
  scull_base_codec_array(codec, &ops, &site->op_count, 8, sizeof *site->ops);
  if (codec->writing) { /* the list is const in a site: describe copies of its rows */
    for (size_t i = 0; i < site->op_count; i++) {
      scull_site_op_t op = site->ops[i];
      codec_site_op(codec, &op);
    }
  } else {
    scull_site_op_t *rows = ops;
    for (size_t i = 0; i < site->op_count && !codec->failed; i++)
      codec_site_op(codec, &rows[i]);
    site->ops = rows;
  }
  scull_base_codec_array(codec, &values, &site->value_count, 16, sizeof *site->values);
  if (!codec->writing)
    site->values = values;
  for (size_t i = 0; i < site->value_count && !codec->failed; i++)
    codec_site_value(codec, &site->values[i]);
  codec_indices(codec, &site->inputs, &site->input_count);
  codec_indices(codec, &site->outputs, &site->output_count);
}

static void codec_step(scull_codec_t *codec, scull_plan_step_t *step) {
  scull_base_codec_string(codec, &step->name);
  scull_base_codec_string(codec, &step->tactic_name);
  scull_base_codec_u32(codec, &step->tactic_version);
  for (int i = 0; i < 4; i++)
    scull_base_codec_i32(codec, &step->config.knob[i]);
  codec_layout(codec, &step->config.src);
  codec_layout(codec, &step->config.dst);
  codec_precision(codec, &step->config.src_as);
  codec_precision(codec, &step->config.dst_as);
  codec_site(codec, &step->site);
  size_t count = step->site.value_count;
  void *bindings = NULL;
  scull_base_codec_array(codec, &bindings, &count, 4, 4);
  if (!codec->writing)
    step->bindings = bindings;
  if (count != step->site.value_count)
    scull_base_codec_fail(codec, "a step binds another number of values than it has");
  for (size_t i = 0; i < count && !codec->failed; i++)
    scull_base_codec_u32(codec, &step->bindings[i]);
  scull_base_codec_u64(codec, &step->packed_offset);
  scull_base_codec_u64(codec, &step->packed_bytes);
  scull_base_codec_i32(codec, &step->engine);
  scull_base_codec_u8(codec, &step->kind);
  scull_base_codec_f64(codec, &step->microseconds);
  for (int i = 0; i < SCULL_PLAN_MAX_REGIONS && codec->version < 2; i++)
    step->lists[i] = SCULL_PLAN_NONE;
  if (codec->version < 2)
    return;
  scull_base_codec_bool(codec, &step->late);
  for (int i = 0; i < SCULL_PLAN_MAX_REGIONS; i++)
    scull_base_codec_u32(codec, &step->lists[i]);
}

static void codec_u32s(scull_codec_t *codec, uint32_t **list, size_t *count) {
  void *items = *list;
  scull_base_codec_array(codec, &items, count, 4, sizeof **list);
  *list = items;
  for (size_t i = 0; i < *count && !codec->failed; i++)
    scull_base_codec_u32(codec, &(*list)[i]);
}

static void codec_list(scull_codec_t *codec, scull_plan_list_t *list) {
  scull_base_codec_u32(codec, &list->first);
  scull_base_codec_u32(codec, &list->count);
  codec_u32s(codec, &list->params, &list->param_count);
  codec_u32s(codec, &list->results, &list->result_count);
}

static void codec_lists(scull_codec_t *codec, scull_plan_t *plan) {
  void *lists = plan->lists;
  scull_base_codec_u32(codec, &plan->block_count);
  scull_base_codec_u32(codec, &plan->sequence_count);
  scull_base_codec_array(codec, &lists, &plan->list_count, 24, sizeof *plan->lists);
  plan->lists = lists;
  for (size_t i = 0; i < plan->list_count && !codec->failed; i++)
    codec_list(codec, &plan->lists[i]);
}

bool scull_plan_list_all(scull_plan_t *plan) {
  plan->lists = SCULL_ARENA_NEW(&plan->arena, scull_plan_list_t);
  plan->list_count = plan->lists == NULL ? 0 : 1;
  if (plan->lists != NULL)
    plan->lists[0].count = (uint32_t)plan->step_count;
  return plan->lists != NULL;
}

static void codec_value(scull_codec_t *codec, scull_plan_value_t *v) {
  scull_base_codec_string(codec, &v->name);
  codec_dtype(codec, &v->dtype);
  scull_plan_codec_shape(codec, &v->opt);
  scull_plan_codec_shape(codec, &v->min);
  scull_plan_codec_shape(codec, &v->max);
  codec_layout(codec, &v->layout);
  codec_precision(codec, &v->as);
  scull_plan_codec_quant(codec, &v->quant);
  scull_base_codec_u32(codec, &v->buffer);
  scull_base_codec_i64(codec, &v->channel_offset);
  scull_base_codec_i64(codec, &v->channel_total);
  if (codec->version >= 2)
    scull_base_codec_bool(codec, &v->late);
}

static void codec_buffer(scull_codec_t *codec, scull_plan_buffer_t *b) {
  scull_base_codec_u8(codec, &b->storage);
  scull_base_codec_u32(codec, &b->index);
  scull_base_codec_u64(codec, &b->offset);
  scull_base_codec_u64(codec, &b->bytes);
}

static void codec_ports(scull_codec_t *codec, scull_plan_port_t **ports, size_t *count) {
  void *items = *ports;
  scull_base_codec_array(codec, &items, count, 12, sizeof **ports);
  *ports = items;
  for (size_t i = 0; i < *count && !codec->failed; i++) {
    scull_base_codec_string(codec, &(*ports)[i].name);
    scull_base_codec_u32(codec, &(*ports)[i].value);
  }
}

bool scull_plan_use(scull_plan_t *plan, const scull_opdef_t *def) {
  for (size_t i = 0; def->plugin != NULL && i < plan->plugin_count; i++) {
    if (strcmp(plan->plugins[i].name, def->plugin) == 0)
      return true;
  }
  if (def->plugin == NULL)
    return true;
  scull_plan_plugin_t *longer =
      SCULL_ARENA_ARRAY(&plan->arena, scull_plan_plugin_t, plan->plugin_count + 1);
  if (longer == NULL)
    return false;
  if (plan->plugin_count > 0)
    memcpy(longer, plan->plugins, plan->plugin_count * sizeof *longer);
  longer[plan->plugin_count++] = (scull_plan_plugin_t){def->plugin, def->plugin_version};
  plan->plugins = longer;
  return true;
}

void scull_plan_codec_head(scull_codec_t *codec, scull_plan_t *plan) {
  void *plugins = plan->plugins;
  scull_base_codec_string(codec, &plan->library);
  scull_base_codec_string(codec, &plan->backend);
  scull_base_codec_string(codec, &plan->device);
  if (codec->version < 3)
    return;
  scull_base_codec_array(codec, &plugins, &plan->plugin_count, 12, sizeof *plan->plugins);
  plan->plugins = plugins;
  for (size_t i = 0; i < plan->plugin_count && !codec->failed; i++) {
    scull_base_codec_string(codec, &plan->plugins[i].name);
    scull_base_codec_u32(codec, &plan->plugins[i].version);
  }
}

void scull_plan_codec_meta(scull_codec_t *codec, scull_plan_t *plan) {
  void *buffers = plan->buffers, *values = plan->values, *steps = plan->steps;
  scull_base_codec_i32(codec, &plan->threads);
  scull_base_codec_u64(codec, &plan->workspace);
  scull_base_codec_bool(codec, &plan->fixed);
  scull_base_codec_u64(codec, &plan->arena_bytes);
  scull_base_codec_u64(codec, &plan->shape_bytes);
  scull_base_codec_u64(codec, &plan->activation_bytes);
  scull_base_codec_u64(codec, &plan->activation_bound);
  codec_ports(codec, &plan->inputs, &plan->input_count);
  codec_ports(codec, &plan->outputs, &plan->output_count);
  scull_base_codec_array(codec, &buffers, &plan->buffer_count, 21, sizeof *plan->buffers);
  plan->buffers = buffers;
  for (size_t i = 0; i < plan->buffer_count && !codec->failed; i++)
    codec_buffer(codec, &plan->buffers[i]);
  scull_base_codec_array(codec, &values, &plan->value_count, 16, sizeof *plan->values);
  plan->values = values;
  for (size_t i = 0; i < plan->value_count && !codec->failed; i++)
    codec_value(codec, &plan->values[i]);
  scull_base_codec_array(codec, &steps, &plan->step_count, 16, sizeof *plan->steps);
  plan->steps = steps;
  for (size_t i = 0; i < plan->step_count && !codec->failed; i++)
    codec_step(codec, &plan->steps[i]);
  if (codec->version >= 2)
    codec_lists(codec, plan);
  else if (!codec->failed && !scull_plan_list_all(plan))
    scull_base_codec_fail_memory(codec);
}
