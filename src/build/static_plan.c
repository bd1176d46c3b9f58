/* Stored plans. The key is made of the model's bytes, the options that change a plan, and the
 * device; a plan found under it is still checked like any other. */
#include "build/static_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "import/import.h"
#include "runtime/runtime.h"

static uint64_t mix(uint64_t hash, const void *data, size_t size) {
  return scull_base_hash64(data, size, hash);
}

static uint64_t mix_text(uint64_t hash, const char *text) {
  return text == NULL ? mix(hash, "", 0) : mix(hash, text, strlen(text) + 1);
}

static uint64_t mix_names(uint64_t hash, const char *const *names, size_t count) {
  hash = mix(hash, &count, sizeof count);
  for (size_t i = 0; i < count; i++)
    hash = mix_text(hash, names[i]);
  return hash;
}

static uint64_t mix_options(uint64_t hash, const scull_build_options_t *o) {
  const int64_t numbers[] = {
      o->max_batch,         o->threads,       (int64_t)o->precisions, (int64_t)o->workspace,
      o->min_subgraph_size, (int64_t)o->tune, o->no_sources,          o->prefer_layer_precisions};
  hash = mix(hash, numbers, sizeof numbers);
  for (size_t i = 0; i < o->input_count; i++) {
    const scull_shape_range_t *r = &o->inputs[i];
    size_t bytes = (size_t)r->rank * sizeof r->min[0];
    hash = mix_text(hash, r->name);
    hash = mix(mix(mix(hash, r->min, bytes), r->opt, bytes), r->max, bytes);
  }
  for (size_t i = 0; i < o->fixed_input_count; i++) {
    const scull_fixed_input_t *f = &o->fixed_inputs[i];
    const int64_t type[] = {(int64_t)f->dtype, f->rank};
    hash = mix(mix_text(hash, f->name), type, sizeof type);
    hash = mix(mix(hash, f->dims, (size_t)f->rank * sizeof f->dims[0]), f->data, f->size);
  }
  hash = mix_names(hash, o->extra_outputs, o->extra_output_count);
  hash = mix_names(hash, o->disabled_ops, o->disabled_op_count);
  hash = mix_names(hash, o->disabled_passes, o->disabled_pass_count);
  for (size_t i = 0; i < o->layer_precision_count; i++) {
    hash = mix_text(hash, o->layer_precisions[i].layer);
    hash = mix(hash, &o->layer_precisions[i].precision, sizeof o->layer_precisions[i].precision);
  }
  for (size_t i = 0; i < o->range_count; i++) {
    const float ends[] = {o->ranges[i].min, o->ranges[i].max};
    hash = mix(mix_text(hash, o->ranges[i].name), ends, sizeof ends);
  }
  hash = mix(hash, &o->dummy_range, sizeof o->dummy_range);
  hash = mix(hash, &o->measures_off, sizeof o->measures_off);
  return mix_names(hash, o->disabled_tactics, o->disabled_tactic_count);
}

/* A file that changes the plan (choices, ranges): its content counts, not its path. */
static scull_status_t mix_file(const char *path, uint64_t *hash, scull_diag_t *diag) {
  scull_file_t file;
  if (path == NULL)
    return SCULL_OK;
  SCULL_TRY(scull_base_file_open(path, &file, diag));
  *hash = mix(*hash, file.bytes.data, file.bytes.size);
  scull_base_file_close(&file);
  return SCULL_OK;
}

static scull_status_t make_key(const scull_build_options_t *o, const scull_device_t *device,
                               uint64_t *key, scull_diag_t *diag) {
  scull_import_files_t files = {0};
  scull_text_t facts = {0};
  const scull_import_options_t options = {.model_path = o->model.model_path,
                                          .params_path = o->model.params_path,
                                          .model = {o->model.model_data, o->model.model_size},
                                          .params = {o->model.params_data, o->model.params_size}};
  scull_status_t status = scull_import_hash(&options, &files, diag, key);
  scull_import_files_deinit(&files);
  SCULL_TRY(status);
  *key = mix_options(*key, o);
  SCULL_TRY(mix_file(o->replay, key, diag));
  SCULL_TRY(mix_file(o->calibration, key, diag));
  SCULL_TRY(mix_file(o->ranges_file, key, diag));
  scull_backend_device_print(device, &facts);
  *key = mix(*key, scull_base_text_get(&facts), facts.size);
  *key = mix_text(*key, SCULL_LIBRARY_VERSION);
  scull_base_text_deinit(&facts);
  return SCULL_OK;
}

/* "_opt_cache" beside the model. */
static void default_folder(const scull_build_options_t *o, scull_text_t *path) {
  const char *model = o->model.model_path == NULL ? "." : o->model.model_path;
  const char *slash = strrchr(model, '/');
  if (scull_base_file_is_directory(model))
    scull_base_text_print(path, "%s/_opt_cache", model);
  else if (slash != NULL)
    scull_base_text_print(path, "%.*s/_opt_cache", (int)(slash - model), model);
  else
    scull_base_text_print(path, "_opt_cache");
}

scull_status_t scull_build_cache_path(const scull_build_options_t *options, const char *name,
                                      scull_text_t *path, scull_diag_t *diag) {
  if (options->cache_dir != NULL)
    scull_base_text_print(path, "%s", options->cache_dir);
  else
    default_folder(options, path);
  if (path->failed)
    return scull_base_fail_memory(diag, "a path");
  SCULL_TRY(scull_base_directory_create(path->data, diag));
  scull_base_text_print(path, "/%s", name);
  return path->failed ? scull_base_fail_memory(diag, "a path") : SCULL_OK;
}

/* NULL when the stored plan can be used, else why not. */
static const char *fault_of(const char *path, const scull_device_t *device, char *words,
                            size_t size) {
  scull_plan_t plan;
  if (!scull_base_file_exists(path))
    return "none is stored for this model, these options and this device";
  scull_plan_init(&plan);
  const char *fault = NULL;
  scull_bytes_t sources;
  if (scull_plan_open(path, &plan, NULL) != SCULL_OK ||
      scull_plan_sources(&plan, &sources, NULL) != SCULL_OK)
    fault = "the stored one is damaged or of another version";
  else if (scull_runtime_mismatch(&plan, device, words, size, &fault) != SCULL_OK)
    fault = "memory is short";
  scull_plan_deinit(&plan);
  return fault;
}

static scull_status_t copy_plan(const char *from, const char *to, scull_diag_t *diag) {
  scull_file_t file;
  SCULL_TRY(scull_base_file_open(from, &file, diag));
  scull_status_t status = scull_base_file_write(to, file.bytes.data, file.bytes.size, diag);
  scull_base_file_close(&file);
  return status;
}

scull_status_t scull_build_static_find(const scull_build_options_t *options,
                                       const scull_device_t *device, const char *plan_path,
                                       scull_text_t *path, bool *found, scull_diag_t *diag) {
  uint64_t key = 0;
  char words[512], name[48];
  SCULL_TRY(make_key(options, device, &key, diag));
  snprintf(name, sizeof name, "trt_serialized_%016" PRIx64, key);
  SCULL_TRY(scull_build_cache_path(options, name, path, diag));
  const char *fault = fault_of(path->data, device, words, sizeof words);
  *found = fault == NULL;
  if (fault != NULL)
    scull_base_info(diag, "%s: the plan is built: %s", path->data, fault);
  else
    scull_base_info(diag, "%s: the stored plan is used", path->data);
  return *found && plan_path != NULL ? copy_plan(path->data, plan_path, diag) : SCULL_OK;
}
