/* From choices to steps. Values get plan values (one for each format in which they exist), plan
 * values get buffers (shared by views and slices); then the outputs' buffers become the caller's
 * memory, in-place steps are joined, and memory.c and weights.c fill in the offsets. */
#include "lower/lower.h"

#include <string.h>

#include "lower/parts.h"

void scull_lower_deinit(scull_lowered_t *lowered) {
  scull_plan_deinit(&lowered->plan);
  *lowered = (scull_lowered_t){0};
  scull_plan_init(&lowered->plan);
}

scull_status_t scull_lower_no_memory(const scull_lower_t *l) {
  return scull_base_fail_memory(l->graph->diag, "a plan");
}

/* --- values --------------------------------------------------------------------------------------
 */

static scull_status_t add_buffer(scull_lower_t *l, scull_plan_storage_t storage, uint32_t index,
                                 uint32_t *out) {
  scull_plan_buffer_t buffer = {.storage = (uint8_t)storage, .index = index};
  *out = (uint32_t)l->buffers.size;
  return SCULL_VEC_PUSH(&l->buffers, buffer) ? SCULL_OK : scull_lower_no_memory(l);
}

static const scull_storage_t plain_format = {SCULL_LAYOUT_PLAIN, SCULL_AS_MODEL};

/* A plan value for a graph value in a format, on a given buffer. */
static scull_status_t add_value(scull_lower_t *l, scull_value_id_t id, scull_storage_t format,
                                uint32_t buffer, uint32_t *out) {
  const scull_value_t *v = scull_graph_value(l->graph, id);
  int points = l->graph->points;
  scull_plan_value_t value = {.name = v->name,
                              .dtype = v->dtype,
                              .opt = v->shape[0],
                              .min = v->shape[points > 1 ? SCULL_POINT_MIN : 0],
                              .max = v->shape[points > 1 ? SCULL_POINT_MAX : 0],
                              .layout = format.layout,
                              .as = format.as,
                              .quant = v->quant,
                              .buffer = buffer,
                              .late = v->late || l->list > 0};
  *out = (uint32_t)l->values.size;
  return SCULL_VEC_PUSH(&l->values, value) ? SCULL_OK : scull_lower_no_memory(l);
}

bool scull_lower_is_discrete(const scull_lower_t *l) {
  return l->options->device->host != NULL;
}

const scull_device_t *scull_lower_device(const scull_lower_t *l, const scull_plan_step_t *step) {
  return step->kind == SCULL_PLAN_ON_HOST ? l->options->device->host : l->options->device;
}

/* The slot of a value in a format at a place; what is everywhere has the device's. */
static uint32_t *slot_at(const scull_lower_t *l, scull_value_id_t id, scull_storage_t format,
                         scull_place_t place) {
  const size_t at = (size_t)id * SCULL_PLACES + (place == SCULL_ON_HOST ? 1 : 0);
  return &l->made[(at * SCULL_LAYOUTS + format.layout) * SCULL_PRECISIONS + format.as];
}

/* The slot that the producer fills. */
static uint32_t *made_slot(const scull_lower_t *l, scull_value_id_t id, scull_storage_t format) {
  return slot_at(l, id, format, (scull_place_t)l->home[id]);
}

uint32_t *scull_lower_made(const scull_lower_t *l, scull_value_id_t id) {
  return made_slot(l, id, plain_format);
}

/* Where a value that is computed lies: what a run sizes, and all of a region, in blocks. */
static scull_plan_storage_t storage_at(const scull_lower_t *l, scull_value_id_t id,
                                       scull_place_t place) {
  const scull_value_t *v = scull_graph_value(l->graph, id);
  if (scull_tensor_dtype_is_sequence(v->dtype))
    return SCULL_PLAN_SEQUENCE;
  if (v->late || l->list > 0)
    return SCULL_PLAN_BLOCK;
  return place == SCULL_ON_HOST ? SCULL_PLAN_HOST : SCULL_PLAN_ARENA;
}

scull_lower_list_t *scull_lower_list(const scull_lower_t *l) {
  return &l->lists.data[l->list];
}

scull_status_t scull_lower_add_block(scull_lower_t *l, scull_value_id_t id, uint32_t *out) {
  uint32_t buffer = 0;
  bool sequence = scull_tensor_dtype_is_sequence(scull_graph_value(l->graph, id)->dtype);
  SCULL_TRY(add_buffer(l, sequence ? SCULL_PLAN_SEQUENCE : SCULL_PLAN_BLOCK, 0, &buffer));
  SCULL_TRY(add_value(l, id, plain_format, buffer, out));
  l->values.data[*out].late = true;
  return SCULL_OK;
}

/* The plan value that the producer of `id` writes; made at first sight. */
static scull_status_t written_value(scull_lower_t *l, scull_value_id_t id,
                                    scull_plan_storage_t storage, uint32_t *out) {
  scull_storage_t format = l->tuning->formats[id];
  uint32_t *slot = made_slot(l, id, format), buffer = 0;
  if (*slot == SCULL_PLAN_NONE) {
    const scull_slice_t *slice = &l->tuning->slices[id];
    if (slice->whole != SCULL_NO_ID) {
      uint32_t whole = SCULL_PLAN_NONE;
      SCULL_TRY(written_value(l, slice->whole, storage, &whole));
      buffer = scull_lower_value(l, whole)->buffer;
    } else {
      SCULL_TRY(add_buffer(l, storage, 0, &buffer));
    }
    SCULL_TRY(add_value(l, id, format, buffer, slot));
    scull_plan_value_t *value = scull_lower_value(l, *slot);
    if (slice->whole != SCULL_NO_ID) {
      value->channel_offset = slice->channel_offset;
      value->channel_total = slice->channel_total;
    }
  }
  *out = *slot;
  return SCULL_OK;
}

/* The plan value of a constant with the same bytes in another graph, or NONE. */
static uint32_t find_raw(const scull_lower_t *l, const scull_value_t *v) {
  for (size_t i = 0; i < l->raws.size && l->lists.size > 1; i++) {
    const scull_raw_t *raw = &l->raws.data[i];
    if (raw->data == v->data && raw->type.dtype == v->dtype &&
        scull_tensor_shape_equal(&raw->type.shape, &v->shape[0]))
      return raw->plan_value;
  }
  return SCULL_PLAN_NONE;
}

static scull_status_t constant_value(scull_lower_t *l, scull_value_id_t id, uint32_t *out) {
  l->home[id] = SCULL_EVERYWHERE;
  uint32_t *slot = made_slot(l, id, plain_format), buffer = 0;
  const scull_value_t *v = scull_graph_value(l->graph, id);
  if (*slot == SCULL_PLAN_NONE)
    *slot = find_raw(l, v);
  if (*slot == SCULL_PLAN_NONE) {
    SCULL_TRY(add_buffer(l, SCULL_PLAN_CONSTANT, 0, &buffer));
    SCULL_TRY(add_value(l, id, plain_format, buffer, slot));
    l->values.data[*slot].late = false;
    scull_raw_t raw = {
        .data = v->data, .type = {.dtype = v->dtype, .shape = v->shape[0]}, .plan_value = *slot};
    if (!SCULL_VEC_PUSH(&l->raws, raw))
      return scull_lower_no_memory(l);
  }
  *out = *slot;
  return SCULL_OK;
}

/* --- steps ---------------------------------------------------------------------------------------
 */

/* True when a run must size something of the step. */
static bool is_late(const scull_lower_t *l, const scull_plan_step_t *step) {
  bool late = l->list > 0 || step->kind == SCULL_PLAN_CONTROL;
  for (size_t k = 0; k < step->site.value_count && !late; k++)
    late = step->bindings[k] != SCULL_PLAN_NONE && l->values.data[step->bindings[k]].late;
  return late;
}

static scull_status_t add_step(scull_lower_t *l, scull_plan_step_t *step,
                               const scull_choice_t *choice, const scull_value_id_t *values) {
  scull_step_notes_t notes = {.choice = choice, .values = values, .graph = l->graph};
  scull_lower_list_t *list = scull_lower_list(l);
  step->late = is_late(l, step);
  if (step->kind != SCULL_PLAN_CONTROL)
    step->lists[0] = step->lists[1] = SCULL_PLAN_NONE;
  if (!SCULL_VEC_PUSH(&list->steps, *step) || !SCULL_VEC_PUSH(&list->notes, notes))
    return scull_lower_no_memory(l);
  return SCULL_OK;
}

/* Finds the tactic that moves the data, and adds the step. */
static scull_status_t name_mover(scull_lower_t *l, const scull_plan_value_t *src,
                                 const scull_plan_value_t *dst, scull_plan_step_t *step) {
  const scull_device_t *device = scull_lower_device(l, step);
  const scull_tactic_t *const *tactics = scull_backend_tactics(device->backend);
  bool runs = (step->kind == SCULL_PLAN_RUN || step->kind == SCULL_PLAN_ON_HOST) &&
              !scull_tensor_dtype_is_sequence(src->dtype);
  for (size_t i = 0; runs && tactics[i] != NULL; i++) {
    if (!tactics[i]->reformats || !scull_backend_tactic_applies(tactics[i], &step->site) ||
        tactics[i]->refuse(&step->site, device) != NULL)
      continue;
    step->tactic_name = tactics[i]->name;
    step->tactic_version = tactics[i]->version;
    break;
  }
  bool by_reference = src->layout == dst->layout && src->as == dst->as && device->host == NULL;
  if (runs && step->tactic_name[0] == '\0' && !by_reference)
    return scull_base_fail(l->graph->diag, SCULL_INTERNAL, "'%s': no tactic changes formats",
                           src->name);
  return add_step(l, step, NULL, NULL);
}

/* A step of the identity operator from one plan value to another: a reformat, a copy or a view. */
static scull_status_t add_identity(scull_lower_t *l, uint32_t from, uint32_t to,
                                   scull_plan_kind_t kind) {
  const scull_plan_value_t *src = scull_lower_value(l, from), *dst = scull_lower_value(l, to);
  const scull_site_value_t value = {
      .dtype = src->dtype, .quant = src->quant, .opt = src->opt, .min = src->min, .max = src->max};
  const scull_storage_t formats[2] = {{src->layout, src->as}, {dst->layout, dst->as}};
  char texts[2][32];
  scull_plan_step_t step = {.kind = (uint8_t)kind, .tactic_name = "", .engine = -1};
  SCULL_TRY(scull_tune_reformat_site(&value, formats[0], formats[1], l->options->threads, l->arena,
                                     &step.site));
  for (int i = 0; i < 2; i++) {
    const scull_plan_value_t *v = i == 0 ? src : dst;
    step.site.values[i].channel_offset = v->channel_offset;
    step.site.values[i].channel_total = v->channel_total;
  }
  step.config = (scull_config_t){
      .src = src->layout, .dst = dst->layout, .src_as = src->as, .dst_as = dst->as};
  step.name =
      scull_base_arena_format(l->arena, "%s: %s to %s", src->name,
                              scull_backend_storage_text(formats[0], texts[0], sizeof texts[0]),
                              scull_backend_storage_text(formats[1], texts[1], sizeof texts[1]));
  step.bindings = SCULL_ARENA_ARRAY(l->arena, uint32_t, 2);
  if (step.name == NULL || step.bindings == NULL)
    return scull_lower_no_memory(l);
  step.bindings[0] = from;
  step.bindings[1] = to;
  return name_mover(l, src, dst, &step);
}

static bool same_bytes(const scull_plan_value_t *v, scull_storage_t to) {
  return v->channel_total == 0 && v->as == to.as &&
         scull_backend_layout_same(&v->opt, v->layout, to.layout) &&
         scull_backend_layout_same(&v->min, v->layout, to.layout) &&
         scull_backend_layout_same(&v->max, v->layout, to.layout);
}

/* Fills a slot from another plan value: a view where the bytes are the same, else a step. */
static scull_status_t make_from(scull_lower_t *l, scull_value_id_t id, scull_storage_t format,
                                scull_place_t place, uint32_t from, bool copies) {
  uint32_t buffer = scull_lower_value(l, from)->buffer, made = 0;
  bool same = !copies && same_bytes(scull_lower_value(l, from), format);
  scull_plan_kind_t kind = copies                   ? SCULL_PLAN_COPY
                           : same                   ? SCULL_PLAN_VIEW
                           : place == SCULL_ON_HOST ? SCULL_PLAN_ON_HOST
                                                    : SCULL_PLAN_RUN;
  if (!same)
    SCULL_TRY(add_buffer(l, storage_at(l, id, place), 0, &buffer));
  SCULL_TRY(add_value(l, id, format, buffer, &made));
  *slot_at(l, id, format, place) = made;
  return add_identity(l, from, made, kind);
}

/* The plan value of `id` in `format` at `place`; adds what brings it there (once). Values cross
 * between host and device plain and in the model's type, which is all that hosts know. */
static scull_status_t value_in(scull_lower_t *l, scull_value_id_t id, scull_storage_t format,
                               scull_place_t place, uint32_t *out) {
  scull_place_t home = (scull_place_t)l->home[id];
  const bool is_plain = scull_backend_storage_equal(format, plain_format);
  if (home == SCULL_EVERYWHERE && is_plain)
    place = SCULL_ON_DEVICE; /* the one slot that there is */
  uint32_t *slot = slot_at(l, id, format, place);
  if (*slot == SCULL_PLAN_NONE) {
    uint32_t from = SCULL_PLAN_NONE;
    bool crosses = home != place && home != SCULL_EVERYWHERE;
    if (crosses && is_plain)
      SCULL_TRY(value_in(l, id, format, home, &from));
    else if (crosses)
      SCULL_TRY(value_in(l, id, plain_format, place, &from));
    else
      from = *made_slot(l, id, l->tuning->formats[id]);
    if (from == SCULL_PLAN_NONE)
      return scull_base_fail(l->graph->diag, SCULL_INTERNAL, "'%s' is read before it is written",
                             scull_graph_value(l->graph, id)->name);
    SCULL_TRY(make_from(l, id, format, place, from, crosses && is_plain));
  }
  *out = *slot_at(l, id, format, place);
  return SCULL_OK;
}

static const char *step_name(scull_lower_t *l, const scull_choice_t *choice) {
  const char *name = scull_graph_node(l->graph, choice->nodes[0])->name;
  for (size_t i = 1; i < choice->node_count && name != NULL; i++)
    name = scull_base_arena_format(l->arena, "%s + %s", name,
                                   scull_graph_node(l->graph, choice->nodes[i])->name);
  return name;
}

/* Constants that a packing tactic has swallowed need no bytes of their own, but for small ones,
 * which shape rules may read. */
static bool is_swallowed(const scull_choice_t *choice, const scull_site_value_t *value) {
  scull_type_t type = {.dtype = value->dtype, .shape = value->opt};
  return choice->kind == SCULL_CHOICE_RUN && choice->tactic != NULL &&
         choice->tactic->pack != NULL && scull_tensor_bytes(&type) > SCULL_SITE_SMALL_BYTES;
}

/* Where a choice's work is done. A view stays where its input is. */
static scull_place_t place_of(const scull_lower_t *l, const scull_choice_t *choice,
                              scull_value_id_t input) {
  if (choice->kind == SCULL_CHOICE_VIEW)
    return (scull_place_t)l->home[input];
  if (choice->kind == SCULL_CHOICE_AT_SHAPE)
    return SCULL_EVERYWHERE;
  return scull_lower_is_discrete(l) && choice->engine < 0 ? SCULL_ON_HOST : SCULL_ON_DEVICE;
}

/* Rules that look at types alone want the input wherever it is. */
static scull_place_t reads_at(const scull_lower_t *l, scull_place_t place, scull_value_id_t id) {
  return place == SCULL_EVERYWHERE ? (scull_place_t)l->home[id] : place;
}

static scull_status_t bind_inputs(scull_lower_t *l, const scull_choice_t *choice,
                                  scull_plan_step_t *step, const scull_value_id_t *values) {
  scull_site_t *site = &step->site;
  for (size_t i = 0; i < site->value_count; i++) {
    step->bindings[i] = SCULL_PLAN_NONE;
    if (site->values[i].is_constant && !is_swallowed(choice, &site->values[i]))
      SCULL_TRY(constant_value(l, values[i], &step->bindings[i]));
  }
  for (size_t i = 0; i < site->input_count; i++) {
    uint16_t k = site->inputs[i];
    const scull_storage_t format = {site->values[k].layout, site->values[k].as};
    scull_place_t place = reads_at(l, place_of(l, choice, values[k]), values[k]);
    SCULL_TRY(value_in(l, values[k], format, place, &step->bindings[k]));
    const scull_plan_value_t *v = scull_lower_value(l, step->bindings[k]);
    if (v->channel_total > 0) /* a slice is read by nobody but the concat that is gone */
      return scull_base_fail(l->graph->diag, SCULL_INTERNAL, "'%s': a slice is read", v->name);
  }
  return SCULL_OK;
}

static scull_status_t bind_outputs(scull_lower_t *l, const scull_choice_t *choice,
                                   scull_plan_step_t *step, const scull_value_id_t *values) {
  scull_site_t *site = &step->site;
  scull_place_t place = place_of(l, choice, 0);
  for (size_t i = 0; i < site->output_count; i++) {
    uint16_t k = site->outputs[i];
    scull_plan_storage_t storage =
        place == SCULL_EVERYWHERE ? SCULL_PLAN_SHAPE : storage_at(l, values[k], place);
    l->home[values[k]] = (uint8_t)place;
    SCULL_TRY(written_value(l, values[k], storage, &step->bindings[k]));
    const scull_plan_value_t *v = scull_lower_value(l, step->bindings[k]);
    site->values[k].channel_offset = v->channel_offset;
    site->values[k].channel_total = v->channel_total;
  }
  return SCULL_OK;
}

/* A view's output is its input's buffer under another shape. */
static scull_status_t bind_view(scull_lower_t *l, scull_plan_step_t *step,
                                const scull_value_id_t *values) {
  const scull_site_op_t *op = &step->site.ops[0];
  uint16_t x = op->inputs[0], y = op->outputs[0];
  if (step->site.values[x].is_constant)
    SCULL_TRY(constant_value(l, values[x], &step->bindings[x]));
  l->home[values[y]] = l->home[values[x]];
  const scull_storage_t format = l->tuning->formats[values[y]];
  uint32_t *slot = made_slot(l, values[y], format);
  SCULL_TRY(add_value(l, values[y], format, scull_lower_value(l, step->bindings[x])->buffer, slot));
  step->bindings[y] = *slot;
  return SCULL_OK;
}

/* A concat whose inputs were written in place runs nothing, but it is the one that knows the shape
 * of the whole: a view of all of them. */
static scull_status_t lower_elided(scull_lower_t *l, size_t index) {
  const scull_choice_t *choice = &l->tuning->choices[index];
  scull_plan_step_t step = {.tactic_name = "",
                            .engine = choice->engine,
                            .config = choice->config,
                            .kind = SCULL_PLAN_VIEW};
  scull_value_id_t *values = NULL;
  SCULL_TRY(scull_tune_site(l->graph, choice->nodes, choice->node_count, l->options, l->arena,
                            &step.site, &values));
  step.name = step_name(l, choice);
  step.bindings = SCULL_ARENA_ARRAY(l->arena, uint32_t, step.site.value_count);
  if (step.name == NULL || step.bindings == NULL)
    return scull_lower_no_memory(l);
  for (size_t k = 0; k < step.site.value_count; k++) {
    step.bindings[k] = *made_slot(l, values[k], l->tuning->formats[values[k]]);
    if (step.bindings[k] == SCULL_PLAN_NONE)
      return scull_base_fail(l->graph->diag, SCULL_INTERNAL, "'%s': a slice is missing", step.name);
    const scull_plan_value_t *v = scull_lower_value(l, step.bindings[k]);
    step.site.values[k].layout = v->layout;
    step.site.values[k].as = v->as;
    step.site.values[k].channel_offset = v->channel_offset;
    step.site.values[k].channel_total = v->channel_total;
  }
  return add_step(l, &step, choice, values);
}

static uint8_t step_kind(const scull_lower_t *l, const scull_choice_t *choice) {
  switch (choice->kind) {
  case SCULL_CHOICE_AT_SHAPE: return SCULL_PLAN_AT_SHAPE;
  case SCULL_CHOICE_VIEW: return SCULL_PLAN_VIEW;
  case SCULL_CHOICE_CONTROL: return SCULL_PLAN_CONTROL;
  case SCULL_CHOICE_RUN:
  case SCULL_CHOICE_ELIDED: break;
  }
  return place_of(l, choice, 0) == SCULL_ON_HOST ? SCULL_PLAN_ON_HOST : SCULL_PLAN_RUN;
}

/* A sequence that nobody else wants becomes the result: elements are added to it, not to a copy. */
static void take_over_sequence(scull_lower_t *l, const scull_plan_step_t *step,
                               const scull_value_id_t *values) {
  const scull_site_op_t *op = &step->site.ops[0];
  if ((op->def->traits & SCULL_OP_SEQUENCES) == 0 || op->input_count == 0 ||
      op->inputs[0] == SCULL_SITE_ABSENT)
    return;
  scull_value_id_t x = values[op->inputs[0]], y = values[op->outputs[0]];
  const scull_value_t *from = scull_graph_value(l->graph, x);
  if (!scull_tensor_dtype_is_sequence(from->dtype) ||
      from->dtype != scull_graph_value(l->graph, y)->dtype ||
      scull_graph_only_user(l->graph, x) == NULL || !scull_lower_is_own(l, x))
    return;
  l->values.data[step->bindings[op->outputs[0]]].buffer =
      l->values.data[step->bindings[op->inputs[0]]].buffer;
}

static scull_status_t lower_choice(scull_lower_t *l, size_t index) {
  const scull_choice_t *choice = &l->tuning->choices[index];
  scull_plan_step_t step = {.tactic_name = "", .engine = choice->engine, .config = choice->config};
  scull_value_id_t *values = NULL;
  if (choice->kind == SCULL_CHOICE_ELIDED)
    return lower_elided(l, index);
  SCULL_TRY(scull_tune_site(l->graph, choice->nodes, choice->node_count, l->options, l->arena,
                            &step.site, &values));
  if (choice->kind == SCULL_CHOICE_RUN && choice->tactic != NULL) {
    step.tactic_name = choice->tactic->name;
    step.tactic_version = choice->tactic->version;
    step.microseconds = choice->microseconds;
    scull_backend_config_apply(&step.site, &choice->config);
  }
  step.kind = step_kind(l, choice);
  step.name = step_name(l, choice);
  step.bindings = SCULL_ARENA_ARRAY(l->arena, uint32_t, step.site.value_count);
  if (step.name == NULL || step.bindings == NULL)
    return scull_lower_no_memory(l);
  if (choice->kind == SCULL_CHOICE_VIEW) { /* input and output have one precision */
    const scull_site_op_t *op = &step.site.ops[0];
    scull_precision_t as = l->tuning->formats[values[op->outputs[0]]].as;
    step.site.values[op->inputs[0]].as = step.site.values[op->outputs[0]].as = as;
  }
  SCULL_TRY(bind_inputs(l, choice, &step, values));
  if (choice->kind == SCULL_CHOICE_VIEW)
    SCULL_TRY(bind_view(l, &step, values));
  else
    SCULL_TRY(bind_outputs(l, choice, &step, values));
  if (choice->kind == SCULL_CHOICE_CONTROL)
    SCULL_TRY(scull_lower_regions(l, choice, &step));
  else
    take_over_sequence(l, &step, values);
  return add_step(l, &step, choice, values);
}

scull_status_t scull_lower_plain(scull_lower_t *l, scull_value_id_t id, uint32_t *out) {
  if (scull_graph_is_constant(l->graph, id))
    return constant_value(l, id, out);
  bool on_host = l->home[id] == SCULL_ON_HOST;
  return value_in(l, id, plain_format, on_host ? SCULL_ON_HOST : SCULL_ON_DEVICE, out);
}

scull_status_t scull_lower_copy(scull_lower_t *l, uint32_t from, uint32_t to) {
  return add_identity(l, from, to,
                      scull_lower_is_discrete(l) ? SCULL_PLAN_ON_HOST : SCULL_PLAN_RUN);
}

/* --- inputs and outputs --------------------------------------------------------------------------
 */

static scull_status_t lower_inputs(scull_lower_t *l) {
  const scull_graph_t *g = l->graph;
  scull_plan_t *plan = &l->out->plan;
  plan->input_count = g->inputs.size;
  plan->inputs = SCULL_ARENA_ARRAY(l->arena, scull_plan_port_t, g->inputs.size);
  if (plan->inputs == NULL)
    return scull_lower_no_memory(l);
  plan->fixed = true;
  for (size_t i = 0; i < g->inputs.size; i++) {
    scull_value_id_t id = g->inputs.data[i];
    uint32_t buffer = 0;
    SCULL_TRY(add_buffer(l, SCULL_PLAN_INPUT, (uint32_t)i, &buffer));
    l->home[id] = scull_lower_is_discrete(l) ? SCULL_ON_HOST : SCULL_ON_DEVICE;
    uint32_t *slot = made_slot(l, id, plain_format);
    SCULL_TRY(add_value(l, id, plain_format, buffer, slot));
    plan->inputs[i] = (scull_plan_port_t){scull_graph_value(g, id)->name, *slot};
    plan->fixed = plan->fixed && scull_graph_is_fixed(g, id);
  }
  return SCULL_OK;
}

/* True when the buffer can simply be the caller's output memory: nobody else's, and all of it plain
 * bytes of this value. */
static bool can_be_output(const scull_lower_t *l, const scull_plan_value_t *v) {
  scull_plan_storage_t own = scull_lower_is_discrete(l) ? SCULL_PLAN_HOST : SCULL_PLAN_ARENA;
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a value has a buffer */
  return !v->late && l->buffers.data[v->buffer].storage == own && v->layout == SCULL_LAYOUT_PLAIN &&
         v->as == SCULL_AS_MODEL && v->channel_total == 0;
}

static scull_status_t lower_outputs(scull_lower_t *l) {
  const scull_graph_t *g = l->graph;
  scull_plan_t *plan = &l->out->plan;
  plan->output_count = g->outputs.size;
  plan->outputs = SCULL_ARENA_ARRAY(l->arena, scull_plan_port_t, g->outputs.size);
  if (plan->outputs == NULL)
    return scull_lower_no_memory(l);
  for (size_t i = 0; i < g->outputs.size; i++) {
    scull_value_id_t id = g->outputs.data[i].value;
    uint32_t value = 0, buffer = 0, copy = 0;
    SCULL_TRY(scull_lower_plain(l, id, &value));
    bool late = scull_lower_value(l, value)->late;
    bool grown = l->buffers.data[scull_lower_value(l, value)->buffer].storage >= SCULL_PLAN_BLOCK;
    if (late && !grown) { /* a view of what may be written over */
      SCULL_TRY(scull_lower_add_block(l, id, &copy));
      SCULL_TRY(scull_lower_copy(l, value, copy));
      value = copy;
    } else if (late) {
      /* the caller reads the block itself */
    } else if (can_be_output(l, scull_lower_value(l, value))) {
      scull_plan_buffer_t *b = &l->buffers.data[scull_lower_value(l, value)->buffer];
      b->storage = SCULL_PLAN_OUTPUT;
      b->index = (uint32_t)i;
    } else {
      SCULL_TRY(add_buffer(l, SCULL_PLAN_OUTPUT, (uint32_t)i, &buffer));
      SCULL_TRY(add_value(l, id, plain_format, buffer, &copy));
      SCULL_TRY(add_identity(l, value, copy,
                             scull_lower_is_discrete(l) ? SCULL_PLAN_COPY : SCULL_PLAN_RUN));
      value = copy;
    }
    plan->outputs[i] = (scull_plan_port_t){g->outputs.data[i].name, value};
  }
  return SCULL_OK;
}

/* --- all -----------------------------------------------------------------------------------------
 */

/* The lists one behind the other, the network first. */
static scull_status_t join_lists(scull_lower_t *l) {
  scull_plan_t *plan = &l->out->plan;
  size_t total = 0, at = 0;
  for (size_t i = 0; i < l->lists.size; i++)
    total += l->lists.data[i].steps.size;
  plan->steps = SCULL_ARENA_ARRAY(l->arena, scull_plan_step_t, total);
  plan->lists = SCULL_ARENA_ARRAY(l->arena, scull_plan_list_t, l->lists.size);
  l->out->step_choices = SCULL_ARENA_ARRAY(l->arena, const scull_choice_t *, total);
  l->out->step_graphs = SCULL_ARENA_ARRAY(l->arena, scull_graph_t *, total);
  if (plan->steps == NULL || plan->lists == NULL || l->out->step_choices == NULL ||
      l->out->step_graphs == NULL)
    return scull_lower_no_memory(l);
  for (size_t i = 0; i < l->lists.size; i++) {
    const scull_lower_list_t *list = &l->lists.data[i];
    plan->lists[i] = list->ports;
    plan->lists[i].first = (uint32_t)at;
    plan->lists[i].count = (uint32_t)list->steps.size;
    for (size_t k = 0; k < list->steps.size; k++, at++) {
      plan->steps[at] = list->steps.data[k];
      l->out->step_choices[at] = list->notes.data[k].choice;
      l->out->step_graphs[at] = list->notes.data[k].graph;
    }
  }
  plan->step_count = total;
  plan->list_count = l->lists.size;
  return SCULL_OK;
}

static scull_status_t finish(scull_lower_t *l) {
  scull_plan_t *plan = &l->out->plan;
  scull_arena_t *arena = l->arena;
  plan->backend = l->options->device->backend->name;
  plan->threads = l->options->threads;
  plan->workspace = l->options->workspace;
  plan->buffer_count = l->buffers.size;
  plan->value_count = l->values.size;
  plan->buffers =
      scull_base_arena_copy(arena, l->buffers.data, l->buffers.size * sizeof *plan->buffers);
  plan->values =
      scull_base_arena_copy(arena, l->values.data, l->values.size * sizeof *plan->values);
  if (plan->buffers == NULL || plan->values == NULL)
    return scull_lower_no_memory(l);
  SCULL_TRY(join_lists(l));
  scull_text_t device = {0};
  scull_plan_device(plan, l->options->device, &device);
  if (!device.failed)
    plan->device = scull_base_arena_string(arena, scull_base_text_get(&device), device.size);
  scull_base_text_deinit(&device);
  return plan->device == NULL ? scull_lower_no_memory(l) : SCULL_OK;
}

scull_status_t scull_lower_begin_graph(scull_lower_t *l) {
  size_t slots = (l->graph->values.size + 1) * SCULL_LAYOUTS * SCULL_PRECISIONS * SCULL_PLACES;
  l->made = SCULL_ARENA_ARRAY(l->arena, uint32_t, slots);
  l->home = SCULL_ARENA_ARRAY(l->arena, uint8_t, l->graph->values.size + 1);
  if (l->made == NULL || l->home == NULL)
    return scull_lower_no_memory(l);
  memset(l->made, 0xff, slots * sizeof *l->made);
  return SCULL_OK;
}

scull_status_t scull_lower_choices(scull_lower_t *l) {
  for (size_t i = 0; i < l->tuning->choice_count; i++)
    SCULL_TRY(lower_choice(l, i));
  return SCULL_OK;
}

static scull_status_t lower_all(scull_lower_t *l) {
  const scull_lower_list_t network = {0};
  if (!SCULL_VEC_PUSH(&l->lists, network))
    return scull_lower_no_memory(l);
  SCULL_TRY(scull_lower_begin_graph(l));
  SCULL_TRY(lower_inputs(l));
  SCULL_TRY(scull_lower_choices(l));
  SCULL_TRY(lower_outputs(l));
  SCULL_TRY(scull_lower_join_in_place(l));
  SCULL_TRY(scull_lower_place_buffers(l));
  SCULL_TRY(scull_lower_place_blocks(l));
  SCULL_TRY(scull_lower_pack_weights(l));
  return finish(l);
}

static scull_status_t name_plugins(scull_lower_t *l, scull_plan_t *plan) {
  for (size_t i = 0; i < plan->step_count; i++) {
    const scull_site_t *site = &plan->steps[i].site;
    for (size_t k = 0; k < site->op_count; k++) {
      if (!scull_plan_use(plan, site->ops[k].def))
        return scull_lower_no_memory(l);
    }
  }
  return SCULL_OK;
}

scull_status_t scull_lower_plan(scull_graph_t *graph, const scull_tuning_t *tuning,
                                const scull_tune_options_t *options, scull_lowered_t *out) {
  *out = (scull_lowered_t){0};
  scull_plan_init(&out->plan);
  scull_base_arena_init(&out->plan.arena);
  scull_lower_t l = {
      .graph = graph, .tuning = tuning, .options = options, .arena = &out->plan.arena, .out = out};
  scull_status_t status = lower_all(&l);
  if (status == SCULL_OK)
    status = name_plugins(&l, &out->plan);
  for (size_t i = 0; i < l.lists.size; i++) {
    SCULL_VEC_DEINIT(&l.lists.data[i].steps);
    SCULL_VEC_DEINIT(&l.lists.data[i].notes);
  }
  SCULL_VEC_DEINIT(&l.lists);
  SCULL_VEC_DEINIT(&l.buffers);
  SCULL_VEC_DEINIT(&l.values);
  SCULL_VEC_DEINIT(&l.raws);
  return status;
}
