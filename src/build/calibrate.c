/* Calibration from callbacks. */
#include "build/calibrate.h"

#include <string.h>

#include "base/thread.h"
#include "build/collect.h"
#include "build/quantize.h"

typedef struct {
  const scull_build_options_t *options;
  const scull_calibrate_options_t *calibrate;
  const atomic_bool *cancel;
  scull_diag_t *diag;
  scull_collection_t *collection;
  scull_arena_t arena;
  uint64_t batches;
  uint64_t start;
} work_t;

/* --- inputs -------------------------------------------------------------------------------------
 */

/* What the callback finds: the names and the shapes that the network was tuned for. */
static scull_named_tensor_t *make_tensors(work_t *w) {
  const scull_plan_t *plan = scull_build_collection_plan(w->collection);
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
  const size_t inputs = (size_t)scull_build_collection_inputs(w->collection);
  const size_t total = c->total > 0 ? c->total : inputs;
  scull_progress_t progress = {.stage = "calibrating",
                               .what = "inputs",
                               .done = inputs,
                               .total = total,
                               .elapsed_s = elapsed,
                               .remaining_s = -1};
  if (inputs > 0 && total >= inputs)
    progress.remaining_s = elapsed / (double)inputs * (double)(total - inputs);
  if ((w->cancel != NULL && atomic_load(w->cancel)) ||
      (w->options->progress != NULL && !w->options->progress(w->options->progress_user, &progress)))
    return scull_base_fail(w->diag, SCULL_CANCELLED, "the calibration was cancelled");
  return SCULL_OK;
}

static scull_status_t run_batches(work_t *w) {
  const scull_calibrator_t *source = w->calibrate->calibrator;
  const size_t count = scull_build_collection_plan(w->collection)->input_count;
  scull_named_tensor_t *tensors = make_tensors(w);
  if (tensors == NULL)
    return scull_base_fail_memory(w->diag, "calibration");
  for (;; w->batches++) {
    bool more = false;
    SCULL_TRY(tell_progress(w));
    scull_status_t status = source->next_batch(source->user, tensors, count, &more);
    if (status != SCULL_OK)
      return scull_base_fail(w->diag, status, "calibration: batch %llu could not be read",
                             (unsigned long long)w->batches);
    if (!more)
      return SCULL_OK;
    SCULL_TRY(scull_build_collection_add(w->collection, tensors, w->diag));
  }
}

/* --- the table ----------------------------------------------------------------------------------
 */

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
  scull_text_t text = {0};
  scull_status_t status =
      scull_build_collection_print(w->collection, w->calibrate->method, &text, w->diag);
  if (status == SCULL_OK)
    status = give_table(w, &text);
  scull_base_text_deinit(&text);
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

static scull_status_t calibrate(work_t *w, scull_build_options_t *own) {
  bool found = false;
  SCULL_TRY(reuse_table(w, &found));
  if (found)
    return SCULL_OK;
  if (w->calibrate->calibrator->batch_size != NULL && own->max_batch == 0)
    own->max_batch = w->calibrate->calibrator->batch_size(w->calibrate->calibrator->user);
  SCULL_TRY(scull_build_collection_create(own, w->cancel, &w->collection, w->diag));
  w->start = scull_base_now();
  SCULL_TRY(run_batches(w));
  return write_table(w);
}

scull_status_t scull_build_calibrate(const scull_build_options_t *options,
                                     const scull_calibrate_options_t *how,
                                     const atomic_bool *cancel, scull_diag_t *diag) {
  work_t w = {.options = options, .calibrate = how, .cancel = cancel, .diag = diag};
  scull_build_options_t own = *options;
  scull_base_arena_init(&w.arena);
  scull_status_t status = calibrate(&w, &own);
  scull_build_collection_destroy(w.collection);
  scull_base_arena_deinit(&w.arena);
  return status;
}
