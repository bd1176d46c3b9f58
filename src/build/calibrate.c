/* Calibration. */
#include "build/calibrate.h"

#include <math.h>
#include <string.h>

#include "base/map.h"
#include "base/thread.h"
#include "build/compare.h"
#include "build/quantize.h"
#include "quant/histogram.h"

typedef struct {
  const scull_build_options_t *options;
  const scull_calibrate_options_t *calibrate;
  const atomic_bool *cancel;
  scull_diag_t *diag;
  scull_runtime_engine_t *engine;
  scull_runtime_context_t *context;
  scull_arena_t arena;
  scull_map_t names; /* -> collectors */
  SCULL_VEC(scull_histogram_t *) collectors;
  SCULL_VEC(const char *) tensors; /* their names, the plan's */
  float *plain;                    /* a tensor whose layout has gaps, in order */
  size_t plain_bytes;
  uint64_t batches, inputs;
  uint64_t start;
  scull_status_t status; /* of the hook */
} work_t;

static void work_deinit(work_t *w) {
  scull_runtime_context_destroy(w->context);
  scull_runtime_engine_destroy(w->engine);
  scull_base_map_deinit(&w->names);
  SCULL_VEC_DEINIT(&w->collectors);
  SCULL_VEC_DEINIT(&w->tensors);
  scull_base_free(w->plain);
  scull_base_arena_deinit(&w->arena);
}

/* --- collecting ---------------------------------------------------------------------------------
 */

/* The collector of a name, made at first sight; NULL when memory is short. */
static scull_histogram_t *collector_of(work_t *w, const char *name) {
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
static const float *dense(work_t *w, const scull_plan_value_t *v, const scull_shape_t *shape,
                          const void *data) {
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
  work_t *w = user;
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

static scull_status_t collect_input(work_t *w, const scull_plan_port_t *port,
                                    const scull_named_tensor_t *tensor) {
  const scull_plan_value_t *v = &w->engine->plan.values[port->value];
  if (v->dtype != SCULL_DTYPE_F32)
    return SCULL_OK;
  scull_histogram_t *h = collector_of(w, port->name);
  if (h == NULL)
    return scull_base_fail_memory(w->diag, "calibration");
  const uint64_t before = h->broken;
  scull_quant_histogram_add(h, tensor->data, tensor->size / sizeof(float));
  if (h->broken == before)
    return SCULL_OK;
  return scull_base_fail(w->diag, SCULL_INVALID_ARGUMENT,
                         "input '%s' of batch %llu holds NaN or infinity", port->name,
                         (unsigned long long)w->batches);
}

static scull_status_t set_inputs(work_t *w, const scull_named_tensor_t *tensors) {
  const scull_plan_t *plan = &w->engine->plan;
  for (size_t i = 0; i < plan->input_count; i++) {
    const scull_named_tensor_t *t = &tensors[i];
    const scull_shape_t shape = scull_tensor_shape(t->rank, t->dims);
    if (t->data == NULL || t->rank < 0 || t->rank > SCULL_MAX_RANK || t->size == 0)
      return scull_base_fail(w->diag, SCULL_INVALID_ARGUMENT, "input '%s' of batch %llu is empty",
                             t->name, (unsigned long long)w->batches);
    SCULL_TRY(scull_runtime_set_shape(w->context, i, &shape, w->diag));
    SCULL_TRY(scull_runtime_set_input(w->context, i, t->data, t->size, w->diag));
    SCULL_TRY(collect_input(w, &plan->inputs[i], t));
  }
  w->inputs += plan->input_count > 0 && tensors[0].rank > 0 ? (uint64_t)tensors[0].dims[0] : 1;
  return SCULL_OK;
}

/* What the callback finds: the names and the shapes that the network was tuned for. */
static scull_named_tensor_t *make_tensors(work_t *w) {
  const scull_plan_t *plan = &w->engine->plan;
  scull_named_tensor_t *tensors =
      SCULL_ARENA_ARRAY(&w->arena, scull_named_tensor_t, plan->input_count + 1);
  for (size_t i = 0; tensors != NULL && i < plan->input_count; i++) {
    const scull_plan_value_t *v = &plan->values[plan->inputs[i].value];
    tensors[i].name = plan->inputs[i].name;
    tensors[i].rank = v->opt.rank;
    memcpy(tensors[i].dims, v->opt.dim, sizeof tensors[i].dims);
  }
  return tensors;
}

static scull_status_t tell_progress(const work_t *w) {
  const scull_calibrate_options_t *c = w->calibrate;
  const double elapsed = (double)(scull_base_now() - w->start) / 1e9;
  const size_t total = c->total > 0 ? c->total : (size_t)w->inputs;
  scull_progress_t progress = {.stage = "calibrating",
                               .what = "inputs",
                               .done = (size_t)w->inputs,
                               .total = total,
                               .elapsed_s = elapsed,
                               .remaining_s = -1};
  if (w->inputs > 0 && total >= w->inputs)
    progress.remaining_s = elapsed / (double)w->inputs * (double)(total - w->inputs);
  if ((w->cancel != NULL && atomic_load(w->cancel)) ||
      (w->options->progress != NULL && !w->options->progress(w->options->progress_user, &progress)))
    return scull_base_fail(w->diag, SCULL_CANCELLED, "the calibration was cancelled");
  return SCULL_OK;
}

static scull_status_t run_batches(work_t *w) {
  const scull_calibrator_t *source = w->calibrate->calibrator;
  scull_named_tensor_t *tensors = make_tensors(w);
  if (tensors == NULL)
    return scull_base_fail_memory(w->diag, "calibration");
  for (;; w->batches++) {
    bool more = false;
    SCULL_TRY(tell_progress(w));
    scull_status_t status =
        source->next_batch(source->user, tensors, w->engine->plan.input_count, &more);
    if (status != SCULL_OK)
      return scull_base_fail(w->diag, status, "calibration: batch %llu could not be read",
                             (unsigned long long)w->batches);
    if (!more)
      break;
    SCULL_TRY(set_inputs(w, tensors));
    SCULL_TRY(scull_runtime_run(w->context, w->diag));
    if (w->status != SCULL_OK)
      return scull_base_fail_memory(w->diag, "calibration");
  }
  return w->batches > 0
             ? SCULL_OK
             : scull_base_fail(w->diag, SCULL_INVALID_ARGUMENT, "calibration: there is no input");
}

/* --- the table ----------------------------------------------------------------------------------
 */

static scull_status_t add_range(work_t *w, const char *name, const scull_histogram_t *h,
                                scull_quant_table_t *table) {
  const int levels = h->min >= 0 ? 255 : 127;
  scull_quant_method_t chosen = SCULL_QUANT_MINMAX;
  const float threshold =
      scull_quant_threshold(h, (scull_quant_method_t)w->calibrate->method, levels, &chosen);
  if (h->broken > 0) {
    scull_base_warn(w->diag, "'%s' held %llu NaN or infinities; it gets no range", name,
                    (unsigned long long)h->broken);
    return SCULL_OK;
  }
  if (!(threshold > 0) || threshold / 127.0f < 1e-36f) {
    scull_base_warn(w->diag, "'%s' held nothing but zeros; it gets no range", name);
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

static scull_status_t fill_table(work_t *w, scull_quant_table_t *table) {
  table->method = scull_quant_method_name((scull_quant_method_t)w->calibrate->method);
  table->inputs = w->inputs;
  SCULL_TRY(scull_build_model_hash(w->options, &table->model, w->diag));
  for (size_t i = 0; i < w->collectors.size; i++) {
    if (add_range(w, w->tensors.data[i], w->collectors.data[i], table) != SCULL_OK)
      return scull_base_fail_memory(w->diag, "a calibration table");
  }
  return SCULL_OK;
}

static scull_status_t give_table(work_t *w, const scull_text_t *text) {
  const scull_calibrator_t *source = w->calibrate->calibrator;
  if (w->calibrate->table_path != NULL)
    SCULL_TRY(scull_base_file_write(w->calibrate->table_path, scull_base_text_get(text), text->size,
                                    w->diag));
  if (source->write_table != NULL &&
      source->write_table(source->user, scull_base_text_get(text), text->size) != SCULL_OK)
    return scull_base_fail(w->diag, SCULL_IO, "calibration: the table could not be kept");
  return SCULL_OK;
}

static scull_status_t write_table(work_t *w) {
  scull_quant_table_t table;
  scull_text_t text = {0};
  scull_quant_table_init(&table);
  scull_status_t status = fill_table(w, &table);
  if (status == SCULL_OK)
    scull_quant_table_print(&table, &text);
  if (status == SCULL_OK && text.failed)
    status = scull_base_fail_memory(w->diag, "a calibration table");
  if (status == SCULL_OK)
    status = give_table(w, &text);
  scull_base_text_deinit(&text);
  scull_quant_table_deinit(&table);
  return status;
}

/* Takes the table that the caller has kept; *found: there is one, and it is of this model. */
static scull_status_t reuse_table(work_t *w, bool *found) {
  const scull_calibrator_t *source = w->calibrate->calibrator;
  const char *text = NULL;
  size_t size = 0;
  uint64_t hash = 0;
  *found = false;
  if (source->read_table == NULL || source->read_table(source->user, &text, &size) != SCULL_OK ||
      text == NULL || size == 0)
    return SCULL_OK;
  scull_quant_table_t table;
  scull_quant_table_init(&table);
  scull_status_t status = scull_quant_table_read((scull_bytes_t){(const uint8_t *)text, size},
                                                 "the kept table", &table, w->diag);
  if (status == SCULL_OK)
    status = scull_build_model_hash(w->options, &hash, w->diag);
  *found = status == SCULL_OK && (table.model == 0 || table.model == hash);
  if (status == SCULL_OK && !*found)
    scull_base_warn(w->diag, "the kept table is of another model: calibrating again");
  scull_quant_table_deinit(&table);
  if (*found && w->calibrate->table_path != NULL)
    status = scull_base_file_write(w->calibrate->table_path, text, size, w->diag);
  return status;
}

static scull_status_t calibrate(work_t *w) {
  const scull_runtime_options_t options = {.threads = w->options->threads};
  scull_build_options_t own = *w->options;
  bool found = false;
  SCULL_TRY(reuse_table(w, &found));
  if (found)
    return SCULL_OK;
  if (w->calibrate->calibrator->batch_size != NULL && own.max_batch == 0)
    own.max_batch = w->calibrate->calibrator->batch_size(w->calibrate->calibrator->user);
  SCULL_TRY(scull_build_float_engine(&own, w->cancel, &w->engine, w->diag));
  SCULL_TRY(scull_runtime_context_create(w->engine, &options, &w->context, w->diag));
  scull_runtime_set_hook(w->context, see_step, w);
  w->start = scull_base_now();
  SCULL_TRY(run_batches(w));
  return write_table(w);
}

scull_status_t scull_build_calibrate(const scull_build_options_t *options,
                                     const scull_calibrate_options_t *how,
                                     const atomic_bool *cancel, scull_diag_t *diag) {
  work_t w = {.options = options, .calibrate = how, .cancel = cancel, .diag = diag};
  scull_base_arena_init(&w.arena);
  scull_status_t status = calibrate(&w);
  work_deinit(&w);
  return status;
}
