/* One late step: shapes from what its operands are now, room for its results, then the tactic that
 * is prepared for these shapes (a few sets of shapes a step stay prepared) or the reference kernel.
 * Lists of steps are run by control.c. */
#include "runtime/late_parts.h"

#include <string.h>

#include "base/thread.h"

enum { PREPARED = 8 }; /* sets of shapes that a step stays prepared for */

/* A tactic prepared for a set of shapes, and for the bytes that shape rules read. */
typedef struct {
  scull_shape_t *shapes; /* by site value */
  char *bytes;
  size_t size;
  scull_prepared_t prepared;
  bool works; /* false: the tactic does not take them */
  bool used;
  int threads;
  uint64_t last_used;
} entry_t;

struct scull_late_step {
  scull_site_t site; /* with values of its own */
  bool *reads;       /* by site value: a shape rule reads its bytes */
  scull_tensor_t *inputs, *outputs;
  const scull_tactic_t *tactic;
  entry_t entries[PREPARED];
};

/* --- life --------------------------------------------------------------------------------------
 */

static scull_status_t no_memory(scull_diag_t *diag) {
  return scull_base_fail_memory(diag, "what depends on data");
}

static void mark_reads(scull_late_step_t *own) {
  for (size_t i = 0; i < own->site.op_count; i++) {
    const scull_site_op_t *op = &own->site.ops[i];
    for (size_t k = 0; k < op->input_count && k < 32; k++) {
      if (op->inputs[k] != SCULL_SITE_ABSENT && (op->def->value_inputs & 1u << k) != 0)
        own->reads[op->inputs[k]] = true;
    }
  }
}

static scull_status_t step_init(scull_late_t *late, size_t index, scull_diag_t *diag) {
  const scull_plan_step_t *step = &late->engine->plan.steps[index];
  const scull_site_op_t *op = &step->site.ops[0];
  scull_arena_t *arena = &late->arena;
  scull_late_step_t *own = SCULL_ARENA_NEW(arena, scull_late_step_t);
  if (own == NULL)
    return no_memory(diag);
  own->site = step->site;
  own->site.values = scull_base_arena_copy(arena, step->site.values,
                                           step->site.value_count * sizeof *own->site.values);
  own->reads = SCULL_ARENA_ARRAY(arena, bool, step->site.value_count);
  own->inputs = SCULL_ARENA_ARRAY(arena, scull_tensor_t, op->input_count);
  own->outputs = SCULL_ARENA_ARRAY(arena, scull_tensor_t, op->output_count);
  if (own->site.values == NULL || own->reads == NULL || own->inputs == NULL || own->outputs == NULL)
    return no_memory(diag);
  own->tactic = late->engine->tactics[index];
  mark_reads(own);
  late->steps[index] = own;
  return own->tactic == NULL ? SCULL_OK : scull_runtime_check_packed(late->engine, index, 0, diag);
}

static void entry_deinit(const scull_tactic_t *tactic, entry_t *entry) {
  if (entry->prepared.state != NULL)
    tactic->release(entry->prepared.state);
  scull_base_free(entry->shapes);
  scull_base_free(entry->bytes);
  *entry = (entry_t){0};
}

void scull_runtime_late_destroy(scull_late_t *late) {
  if (late == NULL)
    return;
  for (size_t i = 0; late->steps != NULL && i < late->engine->plan.step_count; i++) {
    for (size_t e = 0; late->steps[i] != NULL && e < PREPARED; e++)
      entry_deinit(late->steps[i]->tactic, &late->steps[i]->entries[e]);
  }
  for (size_t i = 0; late->blocks != NULL && i < late->engine->plan.block_count; i++)
    scull_base_free(late->blocks[i].data);
  for (size_t i = 0; late->sequences != NULL && i < late->engine->plan.sequence_count; i++)
    scull_tensor_sequence_destroy(late->sequences[i]);
  scull_base_free(late->scratch.data);
  scull_base_arena_deinit(&late->arena);
  scull_base_free(late);
}

static scull_status_t fill(scull_late_t *late, scull_diag_t *diag) {
  const scull_plan_t *plan = &late->engine->plan;
  late->steps = SCULL_ARENA_ARRAY(&late->arena, scull_late_step_t *, plan->step_count);
  late->blocks = SCULL_ARENA_ARRAY(&late->arena, scull_block_t, plan->block_count);
  late->sequences = SCULL_ARENA_ARRAY(&late->arena, scull_sequence_t *, plan->sequence_count);
  if (late->steps == NULL || late->blocks == NULL || late->sequences == NULL)
    return no_memory(diag);
  for (size_t i = 0; i < plan->sequence_count; i++) {
    late->sequences[i] = scull_tensor_sequence_create(&late->left);
    if (late->sequences[i] == NULL)
      return no_memory(diag);
  }
  for (size_t i = 0; i < plan->step_count; i++) {
    if (plan->steps[i].late)
      SCULL_TRY(step_init(late, i, diag));
  }
  return SCULL_OK;
}

scull_status_t scull_runtime_late_create(const scull_runtime_engine_t *engine,
                                         const scull_runtime_options_t *options, scull_late_t **out,
                                         scull_diag_t *diag) {
  bool any = false;
  *out = NULL;
  for (size_t i = 0; i < engine->plan.step_count && !any; i++)
    any = engine->plan.steps[i].late;
  if (!any)
    return SCULL_OK;
  scull_late_t *late = scull_base_alloc(sizeof *late);
  if (late == NULL)
    return no_memory(diag);
  scull_base_arena_init(&late->arena);
  late->engine = engine;
  late->limit = options->growth_limit > 0 ? options->growth_limit : SCULL_LATE_GROWTH;
  late->left = late->limit;
  late->trip_limit = options->trip_limit > 0 ? options->trip_limit : SCULL_LOOP_LIMIT;
  scull_status_t status = fill(late, diag);
  if (status != SCULL_OK) {
    scull_runtime_late_destroy(late);
    return status;
  }
  *out = late;
  return SCULL_OK;
}

void scull_runtime_late_bind(scull_late_t *late, scull_variant_t *variant,
                             const scull_memory_map_t *map) {
  late->variant = variant;
  late->map = *map;
  late->map.blocks = late->blocks;
  late->map.sequences = late->sequences;
}

void scull_runtime_late_begin(scull_late_t *late) {
  late->trips = 0;
}

void scull_runtime_late_watch(scull_late_t *late, scull_runtime_hook_t hook, void *user) {
  late->hook = hook;
  late->hook_user = user;
}

/* --- values ------------------------------------------------------------------------------------
 */

const scull_plan_buffer_t *scull_runtime_late_buffer(const scull_late_t *late, uint32_t value) {
  const scull_plan_t *plan = &late->engine->plan;
  return &plan->buffers[plan->values[value].buffer];
}

void *scull_runtime_late_data(const scull_late_t *late, uint32_t value) {
  const scull_plan_buffer_t *b = scull_runtime_late_buffer(late, value);
  return b->storage == SCULL_PLAN_SEQUENCE ? (void *)late->sequences[b->index]
                                           : late->blocks[b->index].data;
}

/* Bytes behind the value's buffer now. */
static bool room_of(const scull_late_t *late, const scull_plan_buffer_t *b, size_t *room) {
  const scull_plan_t *plan = &late->engine->plan;
  if (b->storage == SCULL_PLAN_INPUT || b->storage == SCULL_PLAN_OUTPUT) {
    uint32_t port = b->storage == SCULL_PLAN_INPUT ? plan->inputs[b->index].value
                                                   : plan->outputs[b->index].value;
    return scull_plan_value_bytes(&plan->values[port], &late->variant->shapes[port], room);
  }
  *room = b->storage == SCULL_PLAN_BLOCK ? late->blocks[b->index].room : b->bytes;
  return true;
}

scull_status_t scull_runtime_late_check(const scull_late_t *late, uint32_t value,
                                        scull_diag_t *diag) {
  const scull_plan_value_t *v = &late->engine->plan.values[value];
  const scull_plan_buffer_t *b = scull_runtime_late_buffer(late, value);
  size_t bytes = 0, room = 0;
  if (b->storage == SCULL_PLAN_SEQUENCE)
    return SCULL_OK;
  if (scull_plan_value_bytes(v, &late->variant->shapes[value], &bytes) && room_of(late, b, &room) &&
      bytes <= room)
    return SCULL_OK;
  return scull_base_fail(diag, SCULL_CORRUPT, "tensor '%s' is larger than its memory", v->name);
}

scull_status_t scull_runtime_late_reserve(scull_late_t *late, uint32_t value, size_t bytes,
                                          size_t kept, scull_diag_t *diag) {
  const scull_plan_buffer_t *b = scull_runtime_late_buffer(late, value);
  if (b->storage == SCULL_PLAN_SEQUENCE)
    return SCULL_OK;
  if (b->storage != SCULL_PLAN_BLOCK)
    return scull_runtime_late_check(late, value, diag);
  if (scull_runtime_block_reserve(&late->blocks[b->index], bytes, kept, &late->left))
    return SCULL_OK;
  return scull_base_fail(diag, SCULL_OUT_OF_MEMORY,
                         "tensor '%s' of %zu bytes: what depends on data may take %zu in all",
                         late->engine->plan.values[value].name, bytes, late->limit);
}

scull_status_t scull_runtime_late_shape(scull_late_t *late, uint32_t value,
                                        const scull_shape_t *shape, scull_diag_t *diag) {
  const scull_plan_value_t *v = &late->engine->plan.values[value];
  size_t bytes = 0;
  if (!v->late && !scull_tensor_shape_equal(shape, &late->variant->shapes[value]))
    return scull_base_fail(diag, SCULL_CORRUPT, "tensor '%s' has another shape than planned",
                           v->name);
  late->variant->shapes[value] = *shape;
  bool fits = scull_tensor_dtype_is_sequence(v->dtype) ||
              (shape->rank == v->opt.rank && scull_backend_layout_fits(shape, v->layout) &&
               scull_plan_value_bytes(v, shape, &bytes));
  if (!fits)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                           "tensor '%s' gets a shape that its layout does not take", v->name);
  return scull_runtime_late_reserve(late, value, bytes, 0, diag);
}

void *scull_runtime_late_address(const scull_late_t *late, const scull_plan_step_t *step,
                                 uint32_t value) {
  return scull_runtime_address(late->engine, late->variant, &late->map, step, value);
}

/* --- shapes ------------------------------------------------------------------------------------
 */

/* What the operands are now. */
static scull_status_t load_site(scull_late_t *late, const scull_plan_step_t *step,
                                scull_late_step_t *own, scull_diag_t *diag) {
  scull_site_t *site = &own->site;
  site->threads = late->variant->threads;
  for (size_t i = 0; i < site->input_count + site->value_count; i++) {
    /* inputs of the site, then constants that are bound */
    size_t k = i < site->input_count ? site->inputs[i] : i - site->input_count;
    scull_site_value_t *v = &site->values[k];
    uint32_t id = step->bindings[k];
    if (id == SCULL_PLAN_NONE || (i >= site->input_count && !v->is_constant))
      continue;
    SCULL_TRY(scull_runtime_late_check(late, id, diag));
    v->opt = v->min = v->max = late->variant->shapes[id];
    if (v->is_constant)
      v->data = scull_runtime_late_address(late, step, id);
    else
      v->data = own->reads[k] ? scull_runtime_late_address(late, step, id) : NULL;
  }
  return SCULL_OK;
}

static scull_status_t size_results(scull_late_t *late, const scull_plan_step_t *step,
                                   scull_late_step_t *own, bool *any, scull_diag_t *diag) {
  scull_site_t *site = &own->site;
  SCULL_TRY(scull_backend_site_infer(site, diag));
  for (size_t k = 0; k < site->value_count; k++)
    site->values[k].min = site->values[k].max = site->values[k].opt;
  *any = false;
  for (size_t i = 0; i < site->output_count; i++) {
    const scull_site_value_t *v = &site->values[site->outputs[i]];
    uint32_t id = step->bindings[site->outputs[i]];
    if (step->kind == SCULL_PLAN_VIEW) {
      late->variant->shapes[id] = v->opt;
      SCULL_TRY(scull_runtime_late_check(late, id, diag));
      continue;
    }
    SCULL_TRY(scull_runtime_late_shape(late, id, &v->opt, diag));
    *any = *any || scull_tensor_count(&v->opt) > 0 || scull_tensor_dtype_is_sequence(v->dtype);
  }
  return SCULL_OK;
}

/* --- preparing ---------------------------------------------------------------------------------
 */

static size_t read_bytes(const scull_late_step_t *own, size_t k) {
  const scull_site_value_t *v = &own->site.values[k];
  const scull_type_t type = {.dtype = v->dtype, .shape = v->opt};
  return own->reads[k] && !v->is_constant && v->data != NULL ? scull_tensor_bytes(&type) : 0;
}

static bool fits(const scull_late_step_t *own, const entry_t *entry) {
  size_t at = 0;
  if (!entry->used || entry->threads != own->site.threads)
    return false;
  for (size_t k = 0; k < own->site.value_count; k++) {
    if (!scull_tensor_shape_equal(&own->site.values[k].opt, &entry->shapes[k]))
      return false;
  }
  for (size_t k = 0; k < own->site.value_count; k++) {
    size_t bytes = read_bytes(own, k);
    if (bytes > 0 && memcmp(entry->bytes + at, own->site.values[k].data, bytes) != 0)
      return false;
    at += bytes;
  }
  return true;
}

static bool make_key(const scull_late_step_t *own, entry_t *entry) {
  size_t count = own->site.value_count, at = 0;
  for (size_t k = 0; k < count; k++)
    entry->size += read_bytes(own, k);
  entry->shapes = scull_base_alloc(count * sizeof *entry->shapes);
  entry->bytes = scull_base_alloc(entry->size);
  if (entry->shapes == NULL || entry->bytes == NULL)
    return false;
  for (size_t k = 0; k < count; k++) {
    size_t bytes = read_bytes(own, k);
    entry->shapes[k] = own->site.values[k].opt;
    if (bytes > 0)
      memcpy(entry->bytes + at, own->site.values[k].data, bytes);
    at += bytes;
  }
  return true;
}

/* The entry for the shapes at hand, made if need be in the place of the oldest. */
static scull_status_t find_entry(scull_late_t *late, const scull_plan_step_t *step,
                                 scull_late_step_t *own, entry_t **out, scull_diag_t *diag) {
  entry_t *oldest = &own->entries[0];
  const scull_device_t *device = scull_runtime_step_device(late->engine, step);
  for (size_t e = 0; e < PREPARED; e++) {
    entry_t *entry = &own->entries[e];
    if (fits(own, entry)) {
      *out = entry;
      entry->last_used = ++late->clock;
      return SCULL_OK;
    }
    if (entry->last_used < oldest->last_used)
      oldest = entry;
  }
  entry_deinit(own->tactic, oldest);
  if (!make_key(own, oldest)) {
    entry_deinit(own->tactic, oldest);
    return no_memory(diag);
  }
  if (own->tactic->refuse(&own->site, device) == NULL) {
    scull_status_t status =
        own->tactic->prepare(&own->site, &step->config, device, &oldest->prepared, NULL);
    if (status == SCULL_OUT_OF_MEMORY) {
      entry_deinit(own->tactic, oldest);
      return no_memory(diag);
    }
    oldest->works = status == SCULL_OK;
  }
  oldest->used = true;
  oldest->threads = own->site.threads;
  oldest->last_used = ++late->clock;
  *out = oldest;
  return SCULL_OK;
}

/* --- running -----------------------------------------------------------------------------------
 */

static scull_status_t take_scratch(scull_late_t *late, size_t bytes, scull_diag_t *diag) {
  return scull_runtime_block_reserve(&late->scratch, bytes, 0, &late->left) ? SCULL_OK
                                                                            : no_memory(diag);
}

static void fill_tensor(const scull_late_t *late, const scull_plan_step_t *step, uint16_t k,
                        scull_tensor_t *out) {
  uint32_t id = k == SCULL_SITE_ABSENT ? SCULL_PLAN_NONE : step->bindings[k];
  *out = (scull_tensor_t){0};
  if (id != SCULL_PLAN_NONE)
    *out = (scull_tensor_t){
        .type = {.dtype = late->engine->plan.values[id].dtype, .shape = late->variant->shapes[id]},
        .data = scull_runtime_late_address(late, step, id)};
}

static bool is_plain(const scull_plan_step_t *step) {
  const scull_site_op_t *op = &step->site.ops[0];
  for (size_t i = 0; i < op->input_count; i++) {
    if (op->inputs[i] != SCULL_SITE_ABSENT && step->bindings[op->inputs[i]] == SCULL_PLAN_NONE)
      return false;
  }
  for (size_t k = 0; k < step->site.value_count; k++) {
    if (step->site.values[k].layout != SCULL_LAYOUT_PLAIN ||
        step->site.values[k].as != SCULL_AS_MODEL)
      return false;
  }
  return step->site.op_count == 1;
}

static scull_status_t run_reference(scull_late_t *late, const scull_plan_step_t *step,
                                    scull_late_step_t *own, scull_diag_t *diag) {
  const scull_site_op_t *op = &step->site.ops[0];
  if (!is_plain(step))
    return scull_base_fail(diag, SCULL_UNSUPPORTED,
                           "tactic %s does not take the shapes that the run gave it, and the "
                           "reference kernels cannot take its place",
                           step->tactic_name);
  for (size_t i = 0; i < op->input_count; i++)
    fill_tensor(late, step, op->inputs[i], &own->inputs[i]);
  for (size_t i = 0; i < op->output_count; i++)
    fill_tensor(late, step, op->outputs[i], &own->outputs[i]);
  scull_op_call_t call = {.def = op->def,
                          .attrs = op->attrs,
                          .inputs = own->inputs,
                          .input_count = op->input_count,
                          .outputs = own->outputs,
                          .output_count = op->output_count,
                          .node = step->name,
                          .diag = diag};
  SCULL_TRY(take_scratch(late, op->def->scratch == NULL ? 0 : op->def->scratch(&call), diag));
  call.scratch = late->scratch.data;
  SCULL_TRY(op->def->reference(&call));
  for (size_t i = 0; i < op->output_count && (op->def->traits & SCULL_OP_DATA_SHAPE) != 0; i++)
    SCULL_TRY(scull_runtime_late_shape(late, step->bindings[op->outputs[i]],
                                       &own->outputs[i].type.shape, diag));
  return SCULL_OK;
}

static scull_status_t run_tactic(scull_late_t *late, size_t index, scull_late_step_t *own,
                                 scull_diag_t *diag) {
  scull_ready_step_t *ready = &late->variant->steps[index];
  const scull_plan_step_t *step = ready->plan_step;
  entry_t *entry = NULL;
  SCULL_TRY(find_entry(late, step, own, &entry, diag));
  if (!entry->works)
    return run_reference(late, step, own, diag);
  SCULL_TRY(take_scratch(late, entry->prepared.scratch, diag));
  for (size_t i = 0; i < step->site.input_count; i++)
    ready->inputs[i] = scull_runtime_late_address(late, step, step->bindings[step->site.inputs[i]]);
  const scull_args_t args = {.inputs = ready->inputs,
                             .outputs = ready->outputs,
                             .packed = ready->packed,
                             .scratch = late->scratch.data};
  return own->tactic->enqueue(entry->prepared.state, &args);
}

static void point_at_results(const scull_late_t *late, size_t index) {
  const scull_ready_step_t *ready = &late->variant->steps[index];
  const scull_plan_step_t *step = ready->plan_step;
  for (size_t i = 0; i < step->site.output_count; i++)
    ready->outputs[i] =
        scull_runtime_late_address(late, step, step->bindings[step->site.outputs[i]]);
}

static scull_status_t run_step(scull_late_t *late, size_t index, scull_diag_t *diag) {
  const scull_plan_step_t *step = &late->engine->plan.steps[index];
  scull_late_step_t *own = late->steps[index];
  bool any = false;
  SCULL_TRY(load_site(late, step, own, diag));
  if (step->kind == SCULL_PLAN_CONTROL)
    return scull_runtime_late_control(late, step, diag);
  SCULL_TRY(size_results(late, step, own, &any, diag));
  point_at_results(late, index);
  if (step->kind == SCULL_PLAN_VIEW || !any)
    return SCULL_OK;
  return own->tactic == NULL ? run_reference(late, step, own, diag)
                             : run_tactic(late, index, own, diag);
}

scull_status_t scull_runtime_late_step(scull_late_t *late, size_t index, scull_diag_t *diag) {
  scull_status_t status = run_step(late, index, diag);
  if (status == SCULL_OK)
    point_at_results(late, index); /* control flow swaps blocks */
  return status;
}

static scull_status_t watch_step(scull_late_t *late, size_t index, scull_diag_t *diag) {
  const scull_ready_step_t *ready = &late->variant->steps[index];
  uint64_t start = scull_base_now();
  SCULL_TRY(scull_runtime_late_step(late, index, diag));
  scull_runtime_event_t event = {.step = index,
                                 .microseconds = (double)(scull_base_now() - start) / 1e3,
                                 .plan_step = ready->plan_step,
                                 .outputs = ready->outputs,
                                 .shapes = ready->shapes};
  if (ready->plan_step->kind == SCULL_PLAN_RUN)
    late->hook(late->hook_user, &event);
  return SCULL_OK;
}

scull_status_t scull_runtime_late_list(scull_late_t *late, uint32_t list, scull_diag_t *diag) {
  const scull_plan_list_t *l = &late->engine->plan.lists[list];
  for (size_t i = l->first; i < (size_t)l->first + l->count; i++) {
    scull_status_t status =
        late->hook == NULL ? scull_runtime_late_step(late, i, diag) : watch_step(late, i, diag);
    if (status != SCULL_OK)
      return scull_base_fail(diag, status, "step '%s' failed", late->engine->plan.steps[i].name);
  }
  return SCULL_OK;
}
