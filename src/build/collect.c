/* Collecting ranges. */
#include "build/collect.h"

#include <math.h>
#include <string.h>

#include "build/compare.h"
#include "build/quantize.h"
#include "build/trial.h"
#include "ops/matmul.h"

/* --- tensors ------------------------------------------------------------------------------------
 */

/* The collector of a name, made at first sight; NULL when memory is short. */
static scull_collected_t *collector_of(scull_collection_t *w, const char *name) {
  size_t index = 0;
  if (scull_base_map_find(&w->names, name, strlen(name), &index))
    return w->collectors.data[index];
  scull_collected_t *h = SCULL_ARENA_NEW(&w->arena, scull_collected_t);
  if (h == NULL || !SCULL_VEC_PUSH(&w->collectors, h) || !SCULL_VEC_PUSH(&w->tensors, name) ||
      !scull_base_map_set(&w->names, name, strlen(name), w->collectors.size - 1))
    return NULL;
  return h;
}

/* How a tensor's channels lie, for a layout with channels in blocks. No channels where nothing can
 * be said of them. */
static scull_channel_order_t order_of(const scull_shape_t *shape, scull_layout_t layout,
                                      uint8_t axis) {
  const size_t all = (size_t)scull_tensor_count(shape);
  scull_channel_order_t o = {.batch = 1, .channels = 1, .block = 1, .pixels = all};
  if (shape->rank < 2 || all == 0 || axis == SCULL_CHANNELS_MIXED)
    return o;
  if (shape->rank == 2 || axis == SCULL_CHANNELS_LAST) { /* rows */
    o.channels = (size_t)shape->dim[shape->rank - 1];
    o.pixels = all / o.channels;
    o.block = o.channels;
    return o;
  }
  o.channels = (size_t)shape->dim[1];
  o.batch = (size_t)shape->dim[0];
  o.pixels = all / o.channels / o.batch;
  o.block = layout == SCULL_LAYOUT_NHWC ? o.channels : (size_t)scull_backend_layout_block(layout);
  return o;
}

static bool add_channels(scull_collection_t *w, scull_channels_t *to, const float *data,
                         const scull_channel_order_t *order) {
  if (order->channels < 2 || order->pixels == 0)
    return true;
  if (to->count == 0) {
    to->peak = SCULL_ARENA_ARRAY(&w->arena, float, order->channels);
    to->sum = SCULL_ARENA_ARRAY(&w->arena, double, order->channels);
    to->square = SCULL_ARENA_ARRAY(&w->arena, double, order->channels);
    to->count = order->channels;
  }
  if (to->peak == NULL || to->sum == NULL || to->square == NULL)
    return false;
  if (to->count == order->channels)
    scull_quant_channels_add(to, data, order);
  else { /* they change from run to run: nothing can be said */
    to->count = SIZE_MAX;
    to->rows = 0;
  }
  return true;
}

/* Adds a tensor as a step has left it. */
static bool add_tensor(scull_collection_t *w, scull_collected_t *h, size_t value,
                       const scull_shape_t *shape, const float *data) {
  const scull_plan_value_t *v = &w->engine->plan.values[value];
  const scull_type_t type = {.dtype = v->dtype, .shape = *shape};
  const size_t bytes = scull_tensor_bytes(&type);
  const int64_t block = scull_backend_layout_block(v->layout);
  scull_layout_t layout = v->layout;
  const bool by_rows = w->axes[value] == SCULL_CHANNELS_LAST && shape->rank > 2;
  if (v->channel_total != 0 || (block > 1 && shape->dim[1] % block != 0) ||
      (by_rows && layout != SCULL_LAYOUT_PLAIN)) {
    if (bytes > w->plain_bytes) {
      scull_base_free(w->plain);
      w->plain = scull_base_alloc_raw(bytes);
      w->plain_bytes = w->plain == NULL ? 0 : bytes;
    }
    if (w->plain == NULL)
      return false;
    scull_backend_layout_to_plain(&type, v->layout, v->channel_total, data, w->plain);
    data = w->plain;
    layout = SCULL_LAYOUT_PLAIN;
  }
  const scull_channel_order_t order = order_of(shape, layout, w->axes[value]);
  scull_quant_histogram_add(&h->histogram, data, bytes / sizeof *data);
  return add_channels(w, &h->channels, data, &order);
}

void scull_build_collection_see(void *user, const scull_runtime_event_t *event) {
  scull_collection_t *w = user;
  const scull_plan_t *plan = &w->engine->plan;
  const scull_plan_step_t *step = event->plan_step;
  if (scull_build_is_reformat(plan, step))
    return;
  for (size_t i = 0; i < step->site.output_count && w->status == SCULL_OK; i++) {
    const size_t value = step->bindings[step->site.outputs[i]];
    if (plan->values[value].dtype != SCULL_DTYPE_F32)
      continue;
    scull_collected_t *h = collector_of(w, plan->values[value].name);
    if (h == NULL || !add_tensor(w, h, value, event->shapes[i], event->outputs[i]))
      w->status = SCULL_OUT_OF_MEMORY;
  }
}

/* --- inputs -------------------------------------------------------------------------------------
 */

/* Refuses what is no number, before any of the batch is counted. */
static scull_status_t check_input(const scull_collection_t *w, const scull_plan_port_t *port,
                                  const scull_named_tensor_t *tensor, scull_diag_t *diag) {
  const float *data = tensor->data;
  if (w->engine->plan.values[port->value].dtype != SCULL_DTYPE_F32)
    return SCULL_OK;
  for (size_t i = 0; i < tensor->size / sizeof(float); i++) {
    if (!isfinite(data[i]))
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                             "input '%s' of batch %llu holds NaN or infinity", port->name,
                             (unsigned long long)w->batches);
  }
  return SCULL_OK;
}

static scull_status_t collect_input(scull_collection_t *w, const scull_plan_port_t *port,
                                    const scull_named_tensor_t *tensor, scull_diag_t *diag) {
  const float *data = tensor->data;
  const size_t count = tensor->size / sizeof(float);
  if (w->engine->plan.values[port->value].dtype != SCULL_DTYPE_F32)
    return SCULL_OK;
  scull_collected_t *h = collector_of(w, port->name);
  const scull_shape_t shape = scull_tensor_shape(tensor->rank, tensor->dims);
  const scull_channel_order_t order = order_of(&shape, SCULL_LAYOUT_PLAIN, w->axes[port->value]);
  if (h == NULL || !add_channels(w, &h->channels, data, &order))
    return scull_base_fail_memory(diag, "calibration");
  scull_quant_histogram_add(&h->histogram, data, count);
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
    SCULL_TRY(check_input(w, &plan->inputs[i], t, diag));
  }
  for (size_t i = 0; i < plan->input_count; i++)
    SCULL_TRY(collect_input(w, &plan->inputs[i], &tensors[i], diag));
  return SCULL_OK;
}

/* Some inputs are kept, for trials: bounded in number and bytes. */
static scull_status_t keep_inputs(scull_collection_t *w, const scull_named_tensor_t *tensors,
                                  scull_diag_t *diag) {
  enum { MOST = 8 };
  const size_t limit = (size_t)64 << 20, inputs = w->engine->plan.input_count;
  size_t bytes = 0;
  for (size_t i = 0; i < inputs; i++)
    bytes += tensors[i].size;
  if (w->kept.size >= MOST || bytes > limit - w->kept_bytes)
    return SCULL_OK;
  scull_named_tensor_t *copy =
      scull_base_arena_copy(&w->arena, tensors, (inputs + 1) * sizeof *tensors);
  for (size_t i = 0; copy != NULL && i < inputs; i++) {
    copy[i].data = scull_base_arena_copy(&w->arena, tensors[i].data, tensors[i].size);
    if (copy[i].data == NULL)
      copy = NULL;
  }
  if (copy == NULL || !SCULL_VEC_PUSH(&w->kept, copy))
    return scull_base_fail_memory(diag, "calibration");
  w->kept_bytes += bytes;
  return SCULL_OK;
}

scull_status_t scull_build_collection_add(scull_collection_t *w,
                                          const scull_named_tensor_t *tensors, scull_diag_t *diag) {
  SCULL_TRY(set_inputs(w, tensors, diag));
  SCULL_TRY(scull_runtime_run(w->context, diag));
  if (w->status != SCULL_OK)
    return scull_base_fail_memory(diag, "calibration");
  SCULL_TRY(keep_inputs(w, tensors, diag));
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

/* The arrays of a range; `arena` is the table's. */
static scull_status_t set_channels(const scull_channels_t *from, scull_arena_t *arena,
                                   scull_range_t *out) {
  float *all = SCULL_ARENA_ARRAY(arena, float, 2 * from->count + 1);
  if (all == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t c = 0; c < from->count; c++) {
    all[c] = (float)(from->sum[c] / (double)from->rows);
    all[from->count + c] = (float)(from->square[c] / (double)from->rows);
  }
  out->channels = from->count;
  out->peak = from->peak;
  out->mean = all;
  out->square = all + from->count;
  return SCULL_OK;
}

/* The histogram in a few digits. */
static void sketch_of(const scull_histogram_t *h, char *out) {
  const float peak = scull_quant_histogram_peak(h);
  uint64_t part[SCULL_QUANT_SKETCH] = {0}, most = 1;
  for (int i = 0; i < SCULL_QUANT_BINS; i++) {
    const double at =
        peak > 0 ? ((double)i + 0.5) * (double)h->width / (double)peak * SCULL_QUANT_SKETCH : 0;
    const double last = SCULL_QUANT_SKETCH - 1;
    part[at >= 0 && at < last ? (int)at : (int)last] += h->bin[i];
  }
  for (int k = 0; k < SCULL_QUANT_SKETCH; k++)
    most = part[k] > most ? part[k] : most;
  for (int k = 0; k < SCULL_QUANT_SKETCH; k++)
    out[k] = part[k] == 0
                 ? '0'
                 : (char)('1' + (int)(8 * log((double)part[k]) / fmax(log((double)most), 1e-9)));
  out[SCULL_QUANT_SKETCH] = '\0';
}

static scull_status_t add_range(const char *name, const scull_collected_t *from,
                                scull_quant_table_t *table, scull_diag_t *diag) {
  const scull_histogram_t *h = &from->histogram;
  const int levels = scull_build_levels(h);
  const float threshold = from->threshold;
  if (h->broken > 0) {
    scull_base_warn(diag, "'%s' held %llu NaN or infinities; it gets no range", name,
                    (unsigned long long)h->broken);
    return SCULL_OK;
  }
  if (!(threshold > 0) || threshold / 127.0f < 1e-36f) {
    scull_base_warn(diag, "'%s' held nothing but zeros; it gets no range", name);
    return SCULL_OK;
  }
  char sketch[SCULL_QUANT_SKETCH + 1];
  sketch_of(h, sketch);
  const double noise = scull_quant_noise(h, threshold, levels), power = scull_quant_power(h);
  scull_range_t range = {.name = name,
                         .threshold = threshold,
                         .min = h->min,
                         .max = h->max,
                         .method = scull_quant_method_name(from->method),
                         .clipped = scull_quant_clipped(h, threshold),
                         .sqnr = noise > 0 ? 10 * log10(power / noise) : 200,
                         .tiny = h->tiny,
                         .sketch = sketch};
  if (from->channels.rows > 0)
    SCULL_TRY(set_channels(&from->channels, &table->arena, &range));
  return scull_quant_table_set(table, &range);
}

/* Each tensor's threshold by itself; best starts from the default. */
static void set_thresholds(scull_collection_t *w, scull_quant_method_t method) {
  for (size_t i = 0; i < w->collectors.size; i++) {
    scull_collected_t *c = w->collectors.data[i];
    c->method = method == SCULL_QUANT_BEST ? SCULL_QUANT_ENTROPY : method;
    c->threshold =
        scull_quant_threshold(&c->histogram, c->method, scull_build_levels(&c->histogram), NULL);
  }
}

static scull_status_t fill_table(scull_collection_t *w, scull_quant_method_t method,
                                 scull_quant_table_t *table, scull_diag_t *diag) {
  table->method = scull_quant_method_name(method);
  table->inputs = w->inputs;
  table->model = w->model;
  set_thresholds(w, method);
  if (method == SCULL_QUANT_BEST)
    SCULL_TRY(scull_build_trial(w, diag));
  for (size_t i = 0; i < w->collectors.size; i++) {
    if (add_range(w->tensors.data[i], w->collectors.data[i], table, diag) != SCULL_OK)
      return scull_base_fail_memory(diag, "a calibration table");
  }
  return SCULL_OK;
}

scull_status_t scull_build_collection_print(scull_collection_t *w,
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

/* --- axes ---------------------------------------------------------------------------------------
 */

static uint8_t join_axes(uint8_t a, uint8_t b) {
  return a == SCULL_CHANNELS_UNREAD || a == b ? b
         : b == SCULL_CHANNELS_UNREAD         ? a
                                              : SCULL_CHANNELS_MIXED;
}

/* What a step makes of the axis of its first operand, whose first result is read along `result`. */
static uint8_t axis_read(const scull_site_t *site, uint8_t result) {
  const scull_opdef_t *def = site->ops[0].def;
  if (scull_backend_site_is(site, 0, "conv") || scull_backend_site_is(site, 0, "conv_transpose"))
    return SCULL_CHANNELS_FIRST;
  if (scull_backend_site_is(site, 0, "matmul")) {
    const scull_matmul_attrs_t *attrs = site->ops[0].attrs;
    return attrs->trans_x ? SCULL_CHANNELS_MIXED : SCULL_CHANNELS_LAST;
  }
  return (def->traits & (SCULL_OP_UNARY | SCULL_OP_BY_CHANNEL | SCULL_OP_POOLING)) != 0
             ? result
             : SCULL_CHANNELS_UNREAD;
}

/* From the last step to the first: along which axis is what it reads read? */
static scull_status_t find_axes(scull_collection_t *w, scull_diag_t *diag) {
  const scull_plan_t *plan = &w->engine->plan;
  w->axes = SCULL_ARENA_ARRAY(&w->arena, uint8_t, plan->value_count + 1);
  if (w->axes == NULL)
    return scull_base_fail_memory(diag, "calibration");
  for (size_t i = plan->step_count; i-- > 0;) {
    const scull_plan_step_t *step = &plan->steps[i];
    if (step->site.op_count == 0 || step->site.input_count == 0 || step->site.output_count == 0)
      continue;
    uint8_t *read = &w->axes[step->bindings[step->site.inputs[0]]];
    *read =
        join_axes(*read, axis_read(&step->site, w->axes[step->bindings[step->site.outputs[0]]]));
  }
  return SCULL_OK;
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
    status = find_axes(w, diag);
  if (status == SCULL_OK)
    status = scull_runtime_context_create(w->engine, &how, &w->context, diag);
  if (status != SCULL_OK) {
    scull_build_collection_destroy(w);
    return status;
  }
  w->cancel = cancel;
  scull_runtime_set_hook(w->context, scull_build_collection_see, w);
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
  SCULL_VEC_DEINIT(&w->kept);
  SCULL_VEC_DEINIT(&w->tensors);
  scull_base_free(w->plain);
  scull_base_arena_deinit(&w->arena);
  scull_base_free(w);
}
