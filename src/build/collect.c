/* Collecting ranges. */
#include "build/collect.h"

#include <math.h>
#include <string.h>

#include "base/map.h"
#include "build/compare.h"
#include "build/quantize.h"
#include "quant/histogram.h"

struct scull_collection {
  scull_runtime_engine_t *engine;
  scull_runtime_context_t *context;
  scull_arena_t arena;
  scull_map_t names; /* -> collectors */
  SCULL_VEC(scull_histogram_t *) collectors;
  SCULL_VEC(const char *) tensors; /* their names, the plan's */
  float *plain;                    /* a tensor whose layout has gaps, in order */
  size_t plain_bytes;
  uint64_t batches, inputs;
  uint64_t model;        /* its hash */
  scull_status_t status; /* of the hook */
};

/* --- tensors ------------------------------------------------------------------------------------
 */

/* The collector of a name, made at first sight; NULL when memory is short. */
static scull_histogram_t *collector_of(scull_collection_t *w, const char *name) {
  size_t index = 0;
  if (scull_base_map_find(&w->names, name, strlen(name), &index))
    return w->collectors.data[index];
  scull_histogram_t *h = SCULL_ARENA_NEW(&w->arena, scull_histogram_t);
  if (h == NULL || !SCULL_VEC_PUSH(&w->collectors, h) || !SCULL_VEC_PUSH(&w->tensors, name) ||
      !scull_base_map_set(&w->names, name, strlen(name), w->collectors.size - 1))
    return NULL;
  return h;
}

/* The elements in some order without gaps; NULL when memory is short. */
static const float *dense(scull_collection_t *w, const scull_plan_value_t *v,
                          const scull_shape_t *shape, const void *data) {
  const scull_type_t type = {.dtype = v->dtype, .shape = *shape};
  const size_t bytes = scull_tensor_bytes(&type);
  const int64_t block = scull_backend_layout_block(v->layout);
  if (v->channel_total == 0 && (block == 1 || shape->dim[1] % block == 0))
    return data;
  if (bytes > w->plain_bytes) {
    scull_base_free(w->plain);
    w->plain = scull_base_alloc_raw(bytes);
    w->plain_bytes = w->plain == NULL ? 0 : bytes;
  }
  if (w->plain != NULL)
    scull_backend_layout_to_plain(&type, v->layout, v->channel_total, data, w->plain);
  return w->plain;
}

static void see_step(void *user, const scull_runtime_event_t *event) {
  scull_collection_t *w = user;
  const scull_plan_t *plan = &w->engine->plan;
  const scull_plan_step_t *step = event->plan_step;
  if (scull_build_is_reformat(plan, step))
    return;
  for (size_t i = 0; i < step->site.output_count && w->status == SCULL_OK; i++) {
    const scull_plan_value_t *v = &plan->values[step->bindings[step->site.outputs[i]]];
    if (v->dtype != SCULL_DTYPE_F32)
      continue;
    scull_histogram_t *h = collector_of(w, v->name);
    const float *data = h == NULL ? NULL : dense(w, v, event->shapes[i], event->outputs[i]);
    if (data == NULL)
      w->status = SCULL_OUT_OF_MEMORY;
    else
      scull_quant_histogram_add(h, data, (size_t)scull_tensor_count(event->shapes[i]));
  }
}

/* --- inputs -------------------------------------------------------------------------------------
 */

static scull_status_t collect_input(scull_collection_t *w, const scull_plan_port_t *port,
                                    const scull_named_tensor_t *tensor, scull_diag_t *diag) {
  const scull_plan_value_t *v = &w->engine->plan.values[port->value];
  if (v->dtype != SCULL_DTYPE_F32)
    return SCULL_OK;
  const float *data = tensor->data;
  const size_t count = tensor->size / sizeof(float);
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(data[i]))
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                             "input '%s' of batch %llu holds NaN or infinity", port->name,
                             (unsigned long long)w->batches);
  }
  scull_histogram_t *h = collector_of(w, port->name);
  if (h == NULL)
    return scull_base_fail_memory(diag, "calibration");
  scull_quant_histogram_add(h, data, count);
  return SCULL_OK;
}

static scull_status_t set_inputs(scull_collection_t *w, const scull_named_tensor_t *tensors,
                                 scull_diag_t *diag) {
  const scull_plan_t *plan = &w->engine->plan;
  for (size_t i = 0; i < plan->input_count; i++) {
    const scull_named_tensor_t *t = &tensors[i];
    const scull_shape_t shape = scull_tensor_shape(t->rank, t->dims);
    if (t->data == NULL || t->rank < 0 || t->rank > SCULL_MAX_RANK || t->size == 0)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "input '%s' of batch %llu is empty",
                             t->name, (unsigned long long)w->batches);
    SCULL_TRY(scull_runtime_set_shape(w->context, i, &shape, diag));
    SCULL_TRY(scull_runtime_set_input(w->context, i, t->data, t->size, diag));
    SCULL_TRY(collect_input(w, &plan->inputs[i], t, diag));
  }
  return SCULL_OK;
}

scull_status_t scull_build_collection_add(scull_collection_t *w,
                                          const scull_named_tensor_t *tensors, scull_diag_t *diag) {
  SCULL_TRY(set_inputs(w, tensors, diag));
  SCULL_TRY(scull_runtime_run(w->context, diag));
  if (w->status != SCULL_OK)
    return scull_base_fail_memory(diag, "calibration");
  w->batches++;
  w->inputs +=
      w->engine->plan.input_count > 0 && tensors[0].rank > 0 ? (uint64_t)tensors[0].dims[0] : 1;
  return SCULL_OK;
}

uint64_t scull_build_collection_inputs(const scull_collection_t *w) {
  return w->inputs;
}

const scull_plan_t *scull_build_collection_plan(const scull_collection_t *w) {
  return &w->engine->plan;
}

/* --- the table ----------------------------------------------------------------------------------
 */

static scull_status_t add_range(const char *name, const scull_histogram_t *h,
                                scull_quant_method_t method, scull_quant_table_t *table,
                                scull_diag_t *diag) {
  const int levels = h->min >= 0 ? 255 : 127;
  scull_quant_method_t chosen = SCULL_QUANT_MINMAX;
  const float threshold = scull_quant_threshold(h, method, levels, &chosen);
  if (h->broken > 0) {
    scull_base_warn(diag, "'%s' held %llu NaN or infinities; it gets no range", name,
                    (unsigned long long)h->broken);
    return SCULL_OK;
  }
  if (!(threshold > 0) || threshold / 127.0f < 1e-36f) {
    scull_base_warn(diag, "'%s' held nothing but zeros; it gets no range", name);
    return SCULL_OK;
  }
  const double noise = scull_quant_noise(h, threshold, levels), power = scull_quant_power(h);
  const scull_range_t range = {.name = name,
                               .threshold = threshold,
                               .min = h->min,
                               .max = h->max,
                               .method = scull_quant_method_name(chosen),
                               .clipped = scull_quant_clipped(h, threshold),
                               .sqnr = noise > 0 ? 10 * log10(power / noise) : 200};
  return scull_quant_table_set(table, &range);
}

static scull_status_t fill_table(const scull_collection_t *w, scull_quant_method_t method,
                                 scull_quant_table_t *table, scull_diag_t *diag) {
  table->method = scull_quant_method_name(method);
  table->inputs = w->inputs;
  table->model = w->model;
  for (size_t i = 0; i < w->collectors.size; i++) {
    if (add_range(w->tensors.data[i], w->collectors.data[i], method, table, diag) != SCULL_OK)
      return scull_base_fail_memory(diag, "a calibration table");
  }
  return SCULL_OK;
}

scull_status_t scull_build_collection_print(const scull_collection_t *w,
                                            scull_calibration_method_t method, scull_text_t *out,
                                            scull_diag_t *diag) {
  scull_quant_table_t table;
  if (w->batches == 0)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "calibration: there is no input");
  scull_quant_table_init(&table);
  scull_status_t status = fill_table(w, (scull_quant_method_t)method, &table, diag);
  if (status == SCULL_OK)
    scull_quant_table_print(&table, out);
  if (status == SCULL_OK && out->failed)
    status = scull_base_fail_memory(diag, "a calibration table");
  scull_quant_table_deinit(&table);
  return status;
}

/* --- life ---------------------------------------------------------------------------------------
 */

scull_status_t scull_build_collection_create(const scull_build_options_t *options,
                                             const atomic_bool *cancel, scull_collection_t **out,
                                             scull_diag_t *diag) {
  const scull_runtime_options_t how = {.threads = options->threads};
  scull_collection_t *w = scull_base_alloc(sizeof *w);
  *out = NULL;
  if (w == NULL)
    return scull_base_fail_memory(diag, "calibration");
  scull_base_arena_init(&w->arena);
  scull_status_t status = scull_build_model_hash(options, &w->model, diag);
  if (status == SCULL_OK)
    status = scull_build_float_engine(options, cancel, &w->engine, diag);
  if (status == SCULL_OK)
    status = scull_runtime_context_create(w->engine, &how, &w->context, diag);
  if (status != SCULL_OK) {
    scull_build_collection_destroy(w);
    return status;
  }
  scull_runtime_set_hook(w->context, see_step, w);
  *out = w;
  return SCULL_OK;
}

void scull_build_collection_destroy(scull_collection_t *w) {
  if (w == NULL)
    return;
  scull_runtime_context_destroy(w->context);
  scull_runtime_engine_destroy(w->engine);
  scull_base_map_deinit(&w->names);
  SCULL_VEC_DEINIT(&w->collectors);
  SCULL_VEC_DEINIT(&w->tensors);
  scull_base_free(w->plain);
  scull_base_arena_deinit(&w->arena);
  scull_base_free(w);
}
