/* Reading sites. */
#include "backend/site.h"

#include <string.h>

#include "backend/tactic.h"

static const scull_site_value_t *value_at(const scull_site_t *site, const uint16_t *list,
                                          size_t count, size_t index) {
  if (index >= count || list[index] == SCULL_SITE_ABSENT)
    return NULL;
  return &site->values[list[index]];
}

const scull_site_value_t *scull_backend_site_input(const scull_site_t *site, size_t op,
                                                   size_t index) {
  return value_at(site, site->ops[op].inputs, site->ops[op].input_count, index);
}

const scull_site_value_t *scull_backend_site_output(const scull_site_t *site, size_t op,
                                                    size_t index) {
  return value_at(site, site->ops[op].outputs, site->ops[op].output_count, index);
}

scull_dtype_t scull_backend_site_stored(const scull_site_value_t *value) {
  return scull_backend_stored_dtype(value->dtype, value->as, value->quant);
}

scull_type_t scull_backend_site_type(const scull_site_value_t *value, const scull_shape_t *shape) {
  return (scull_type_t){.dtype = scull_backend_site_stored(value), .shape = *shape};
}

float scull_backend_site_scale(const scull_site_value_t *value) {
  return value->as == SCULL_AS_INT8 && value->quant != NULL ? value->quant->scales[0] : 1.0f;
}

bool scull_backend_site_permits(const scull_site_t *site, scull_precision_t as) {
  return as == SCULL_AS_MODEL || (site->precisions >> as & 1u) != 0;
}

bool scull_backend_site_is(const scull_site_t *site, size_t op, const char *name) {
  return op < site->op_count && strcmp(site->ops[op].def->name, name) == 0;
}

bool scull_backend_site_fixed(const scull_site_value_t *value) {
  return scull_tensor_shape_equal(&value->min, &value->max) &&
         scull_tensor_shape_equal(&value->opt, &value->max);
}

static void fill_tensors(const scull_site_t *site, const uint16_t *list, size_t count,
                         scull_tensor_t *out) {
  for (size_t i = 0; i < count; i++) {
    const scull_site_value_t *v = value_at(site, list, count, i);
    out[i] = (scull_tensor_t){0};
    if (v != NULL)
      out[i] = (scull_tensor_t){.type = {.dtype = v->dtype, .shape = v->opt},
                                .data = scull_base_unconst(v->data)};
  }
}

bool scull_backend_site_call(const scull_site_t *site, size_t op, scull_tensor_t *inputs,
                             size_t input_room, scull_tensor_t *outputs, size_t output_room,
                             scull_op_call_t *call) {
  const scull_site_op_t *o = &site->ops[op];
  if (o->input_count > input_room || o->output_count > output_room)
    return false;
  fill_tensors(site, o->inputs, o->input_count, inputs);
  fill_tensors(site, o->outputs, o->output_count, outputs);
  *call = (scull_op_call_t){.def = o->def,
                            .attrs = o->attrs,
                            .inputs = inputs,
                            .input_count = o->input_count,
                            .outputs = outputs,
                            .output_count = o->output_count};
  return true;
}

static scull_status_t infer_op(scull_site_t *site, size_t index, scull_tensor_t *operands,
                               size_t room, scull_diag_t *diag) {
  const scull_site_op_t *op = &site->ops[index];
  scull_tensor_t *outputs = operands + room;
  scull_op_call_t call;
  if (!scull_backend_site_call(site, index, operands, room, outputs, room, &call))
    return scull_base_fail(diag, SCULL_INTERNAL, "%s: more than %zu operands", op->def->name, room);
  call.diag = diag;
  SCULL_TRY(scull_ops_infer(&call));
  for (size_t o = 0; o < op->output_count; o++) {
    if (op->outputs[o] == SCULL_SITE_ABSENT)
      continue;
    scull_site_value_t *v = &site->values[op->outputs[o]];
    if (v->dtype != outputs[o].type.dtype)
      return scull_base_fail(diag, SCULL_CORRUPT, "%s gives %s, not %s", op->def->name,
                             scull_tensor_dtype_name(outputs[o].type.dtype),
                             scull_tensor_dtype_name(v->dtype));
    v->opt = outputs[o].type.shape;
  }
  return SCULL_OK;
}

scull_status_t scull_backend_site_infer(scull_site_t *site, scull_diag_t *diag) {
  enum { USUAL = 16 };
  scull_tensor_t few[2 * USUAL], *operands = few;
  size_t room = USUAL;
  for (size_t i = 0; i < site->op_count; i++) {
    const scull_site_op_t *op = &site->ops[i];
    size_t count = op->input_count > op->output_count ? op->input_count : op->output_count;
    room = count > room ? count : room;
  }
  if (room > USUAL)
    operands = scull_base_alloc(2 * room * sizeof *operands);
  if (operands == NULL)
    return scull_base_fail_memory(diag, "shapes");
  scull_status_t status = SCULL_OK;
  for (size_t i = 0; i < site->op_count && status == SCULL_OK; i++)
    status = infer_op(site, i, operands, room, diag);
  if (operands != few)
    scull_base_free(operands);
  return status;
}

/* --- text ------------------------------------------------------------------------------------- */

static void print_value(const scull_site_value_t *v, scull_text_t *text) {
  char type[128];
  scull_type_t opt = {.dtype = v->dtype, .shape = v->opt};
  scull_base_text_print(text, "%s%s", v->is_constant ? "const " : "",
                        scull_tensor_type_text(&opt, type, sizeof type));
  if (!scull_backend_site_fixed(v)) {
    scull_base_text_print(text, "(");
    scull_tensor_shape_print(&v->min, text);
    scull_base_text_print(text, "..");
    scull_tensor_shape_print(&v->max, text);
    scull_base_text_print(text, ")");
  }
  if (v->layout != SCULL_LAYOUT_PLAIN)
    scull_base_text_print(text, ":%s", scull_backend_layout_name(v->layout));
  if (v->as != SCULL_AS_MODEL)
    scull_base_text_print(text, ":%s", scull_tensor_dtype_name(scull_backend_site_stored(v)));
  if (v->channel_total > 0)
    scull_base_text_print(text, "@%lld/%lld", (long long)v->channel_offset,
                          (long long)v->channel_total);
}

static void print_list(const uint16_t *list, size_t count, scull_text_t *text) {
  for (size_t i = 0; i < count; i++) {
    if (list[i] == SCULL_SITE_ABSENT)
      scull_base_text_print(text, "%s-", i == 0 ? "" : ",");
    else
      scull_base_text_print(text, "%s%u", i == 0 ? "" : ",", list[i]);
  }
}

int scull_backend_site_threads(const scull_site_t *site, int threads) {
  enum { OPERANDS = 72 };
  const double flops_a_microsecond = 40e3, bytes_a_microsecond = 20e3, share = 10;
  double work = 0;
  for (size_t i = 0; i < site->op_count && threads > 1; i++) {
    scull_tensor_t inputs[OPERANDS], outputs[OPERANDS];
    scull_op_call_t call;
    if (!scull_backend_site_call(site, i, inputs, OPERANDS, outputs, OPERANDS, &call))
      return threads;
    scull_op_cost_t cost = scull_ops_cost(&call);
    double flops = cost.flops / flops_a_microsecond, bytes = cost.bytes / bytes_a_microsecond;
    work += flops > bytes ? flops : bytes;
  }
  return work >= threads * share ? threads : work < 2 * share ? 1 : (int)(work / share);
}

void scull_backend_site_print(const scull_site_t *site, scull_text_t *text) {
  for (size_t i = 0; i < site->op_count; i++) {
    const scull_site_op_t *op = &site->ops[i];
    scull_base_text_print(text, "%s%s(", i == 0 ? "" : "; ", op->def->name);
    print_list(op->inputs, op->input_count, text);
    scull_base_text_print(text, ")->");
    print_list(op->outputs, op->output_count, text);
    scull_text_t attrs = {0};
    scull_ops_attrs_print(&op->def->attrs, op->attrs, false, &attrs);
    if (attrs.size > 0)
      scull_base_text_print(text, " %s", attrs.data);
    text->failed = text->failed || attrs.failed;
    scull_base_text_deinit(&attrs);
  }
  scull_base_text_print(text, " |");
  for (size_t i = 0; i < site->value_count; i++) {
    scull_base_text_print(text, " %zu:", i);
    print_value(&site->values[i], text);
  }
  scull_base_text_print(text, " | in ");
  print_list(site->inputs, site->input_count, text);
  scull_base_text_print(text, " out ");
  print_list(site->outputs, site->output_count, text);
}

/* --- groups ----------------------------------------------------------------------------------- */

/* Takes op `i` as a residual add onto `flow`; false when it is none. */
static bool take_add(const scull_site_t *site, size_t i, uint16_t flow, scull_epilogue_t *out) {
  const scull_site_op_t *op = &site->ops[i];
  uint32_t traits = SCULL_OP_BINARY | SCULL_OP_COMMUTATIVE;
  if ((op->def->traits & traits) != traits || strcmp(op->def->name, "add") != 0 || out->add != NULL)
    return false;
  uint16_t other = op->inputs[0] == flow ? op->inputs[1] : op->inputs[0];
  if ((op->inputs[0] != flow && op->inputs[1] != flow) || other == flow)
    return false;
  const scull_site_value_t *r = &site->values[other], *y = &site->values[flow];
  if (r->is_constant || !scull_tensor_shape_equal(&r->opt, &y->opt) ||
      !scull_tensor_shape_equal(&r->max, &y->max))
    return false;
  out->add = op;
  out->residual = r;
  out->residual_index = other;
  out->add_first = out->activation == NULL;
  return true;
}

bool scull_backend_site_epilogue(const scull_site_t *site, scull_epilogue_t *out) {
  *out = (scull_epilogue_t){.residual_index = SCULL_SITE_ABSENT};
  uint16_t flow = site->ops[0].outputs[0];
  for (size_t i = 1; i < site->op_count; i++) {
    const scull_site_op_t *op = &site->ops[i];
    bool unary = (op->def->traits & SCULL_OP_UNARY) != 0 && op->inputs[0] == flow;
    if (unary && out->activation == NULL)
      out->activation = op;
    else if (!take_add(site, i, flow, out))
      return false;
    flow = op->outputs[0];
  }
  return true;
}

/* --- layouts ---------------------------------------------------------------------------------- */

static bool is_anchor_input(const scull_site_t *site, uint16_t value) {
  const scull_site_op_t *anchor = &site->ops[0];
  for (size_t i = 0; i < anchor->input_count; i++) {
    if (anchor->inputs[i] == value)
      return true;
  }
  return false;
}

static void set_format(scull_site_value_t *value, scull_storage_t wanted) {
  const scull_storage_t f =
      scull_backend_storage_fit(value->dtype, &value->opt, value->quant, wanted);
  value->layout = f.layout;
  value->as = f.as;
}

scull_storage_t scull_backend_config_src(const scull_config_t *config) {
  return (scull_storage_t){config->src, config->src_as};
}

scull_storage_t scull_backend_config_dst(const scull_config_t *config) {
  return (scull_storage_t){config->dst, config->dst_as};
}

void scull_backend_config_apply(scull_site_t *site, const scull_config_t *config) {
  for (size_t i = 0; i < site->input_count; i++) {
    uint16_t v = site->inputs[i];
    set_format(&site->values[v], is_anchor_input(site, v) ? scull_backend_config_src(config)
                                                          : scull_backend_config_dst(config));
  }
  for (size_t i = 0; i < site->output_count; i++)
    set_format(&site->values[site->outputs[i]], scull_backend_config_dst(config));
}
