/* Ranges to quantizations. */
#include "build/quantize.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "build/static_plan.h"

void scull_build_quantization_deinit(scull_quantization_t *quantization) {
  scull_quant_table_deinit(&quantization->table);
}

scull_status_t scull_build_model_hash(const scull_build_options_t *o, uint64_t *out,
                                      scull_diag_t *diag) {
  scull_import_files_t files = {0};
  const scull_import_options_t options = {.model_path = o->model.model_path,
                                          .params_path = o->model.params_path,
                                          .model = {o->model.model_data, o->model.model_size},
                                          .params = {o->model.params_data, o->model.params_size}};
  *out = 0;
  if (o->model.network != NULL) /* written with calls: it has no bytes */
    return SCULL_OK;
  scull_status_t status = scull_import_hash(&options, &files, diag, out);
  scull_import_files_deinit(&files);
  return status;
}

static scull_status_t check_model(const scull_build_options_t *o, const scull_quant_table_t *table,
                                  scull_diag_t *diag) {
  uint64_t hash = 0;
  if (table->model == 0 || o->force_calibration)
    return SCULL_OK;
  SCULL_TRY(scull_build_model_hash(o, &hash, diag));
  if (hash == table->model || o->model.network != NULL)
    return SCULL_OK;
  return scull_base_fail(diag, SCULL_CORRUPT,
                         "%s: the table is of model %016" PRIx64 ", not of this one (%016" PRIx64
                         "); --force takes it all the same",
                         o->calibration, table->model, hash);
}

static scull_status_t read_file(const char *path, scull_quant_table_t *table, bool is_table,
                                scull_diag_t *diag) {
  scull_file_t file;
  SCULL_TRY(scull_base_file_open(path, &file, diag));
  scull_status_t status = is_table ? scull_quant_table_read(file.bytes, path, table, diag)
                                   : scull_quant_table_read_ranges(file.bytes, path, table, diag);
  scull_base_file_close(&file);
  return status;
}

static scull_status_t take_ranges(const scull_build_options_t *o, scull_quant_table_t *table,
                                  scull_diag_t *diag) {
  for (size_t i = 0; i < o->range_count; i++) {
    const scull_value_range_t *r = &o->ranges[i];
    const scull_range_t range = {.name = r->name,
                                 .min = r->min,
                                 .max = r->max,
                                 .threshold = fmaxf(fabsf(r->min), fabsf(r->max)),
                                 .method = "user",
                                 .clipped = NAN,
                                 .sqnr = NAN};
    if (scull_quant_table_set(table, &range) != SCULL_OK)
      return scull_base_fail_memory(diag, "ranges");
  }
  return SCULL_OK;
}

scull_status_t scull_build_read_ranges(const scull_build_options_t *o, scull_quantization_t *out,
                                       scull_diag_t *diag) {
  scull_quant_table_init(&out->table);
  out->dummy = o->dummy_range;
  out->measures_off = o->measures_off;
  if (o->calibration != NULL) {
    SCULL_TRY(read_file(o->calibration, &out->table, true, diag));
    SCULL_TRY(check_model(o, &out->table, diag));
  }
  if (o->ranges_file != NULL)
    SCULL_TRY(read_file(o->ranges_file, &out->table, false, diag));
  return take_ranges(o, &out->table, diag);
}

static size_t count_known(const scull_graph_t *graph, const scull_quant_table_t *table) {
  size_t count = 0;
  for (size_t i = 0; i < table->count; i++)
    count += scull_graph_find_value(graph, table->ranges[i].name) != SCULL_NO_ID;
  return count;
}

scull_status_t scull_build_quantize(scull_graph_t *graph, scull_quantization_t *q,
                                    scull_diag_t *diag) {
  const scull_place_options_t options = {
      .table = &q->table,
      .dummy = q->dummy,
      .no_equalization = (q->measures_off & SCULL_MEASURE_EQUALIZATION) != 0,
      .no_rounding = (q->measures_off & SCULL_MEASURE_ROUNDING) != 0};
  if (q->table.count > 0 && count_known(graph, &q->table) == 0)
    return scull_base_fail(diag, SCULL_CORRUPT,
                           "none of the %zu ranges is of a tensor of this model (the first: '%s')",
                           q->table.count, q->table.ranges[0].name);
  SCULL_TRY(scull_quant_place(graph, &options, &q->placed));
  if (q->placed.quantized == 0)
    scull_base_warn(diag, "int8 is permitted, but no tensor has a range: calibrate first");
  else if (q->dummy > 0)
    scull_base_warn(diag, "dummy ranges: the plan's times are right, its numbers are not");
  return SCULL_OK;
}

void scull_build_mark_wide(scull_graph_t *graph, const scull_quant_table_t *table) {
  for (size_t i = 0; i < table->count; i++) {
    const scull_range_t *r = &table->ranges[i];
    const scull_value_id_t id = scull_graph_find_value(graph, r->name);
    if (id != SCULL_NO_ID && r->min <= r->max && fmaxf(fabsf(r->min), fabsf(r->max)) > 65504.0f)
      scull_graph_value(graph, id)->wide = true;
  }
}

/* --- use_calib_mode -----------------------------------------------------------------------------
 */

scull_status_t scull_build_calib_path(const scull_build_options_t *o, scull_text_t *path,
                                      scull_diag_t *diag) {
  char name[40];
  uint64_t hash = 0;
  SCULL_TRY(scull_build_model_hash(o, &hash, diag));
  snprintf(name, sizeof name, "trt_calib_%016" PRIx64, hash);
  return scull_build_cache_path(o, name, path, diag);
}

/* NULL when the table can be used, else why not. */
static const char *table_fault(const scull_build_options_t *o, const char *path) {
  scull_quant_table_t table;
  if (!scull_base_file_exists(path))
    return "there is none yet";
  scull_quant_table_init(&table);
  scull_status_t status = read_file(path, &table, true, NULL);
  if (status == SCULL_OK)
    status = check_model(o, &table, NULL);
  scull_quant_table_deinit(&table);
  return status == SCULL_OK ? NULL : "it is damaged or of another model";
}

static bool asks_int8(const scull_build_options_t *o) {
  bool pinned = false;
  for (size_t i = 0; i < o->layer_precision_count; i++)
    pinned = pinned || o->layer_precisions[i].precision == SCULL_PRECISION_INT8;
  return pinned || (o->precisions & SCULL_PRECISION_INT8) != 0;
}

scull_status_t scull_build_calib_mode(scull_build_options_t *own, scull_build_result_t *result,
                                      scull_diag_t *diag) {
  if (!own->use_calib_mode || own->calibration != NULL || !asks_int8(own))
    return SCULL_OK;
  SCULL_TRY(scull_build_calib_path(own, &result->calib_path, diag));
  const char *fault = table_fault(own, result->calib_path.data);
  result->wants_calibration = fault != NULL;
  if (fault == NULL) {
    own->calibration = result->calib_path.data;
    scull_base_info(diag, "%s: the calibration table is used", own->calibration);
    return SCULL_OK;
  }
  scull_base_info(diag, "%s: built without int8: no calibration table: %s", result->calib_path.data,
                  fault);
  own->precisions &= ~(uint32_t)SCULL_PRECISION_INT8;
  own->prefer_layer_precisions = true; /* pins to int8 are for the next life */
  return SCULL_OK;
}
