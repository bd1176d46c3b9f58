/* Between passes and partition: ranges from tables, files and the caller become quantizations of
 * the graph's values. Private to build/. */
#ifndef SCULL_BUILD_QUANTIZE_H
#define SCULL_BUILD_QUANTIZE_H

#include "build/build.h"
#include "quant/place.h"

typedef struct scull_quantization {
  scull_quant_table_t table;
  scull_place_result_t placed;
  float dummy;
  uint32_t measures_off;
} scull_quantization_t;

void scull_build_quantization_deinit(scull_quantization_t *quantization);

/* Reads what the options name. CORRUPT also for a table of another model, unless forced. */
scull_status_t scull_build_read_ranges(const scull_build_options_t *options,
                                       scull_quantization_t *out,
                                       scull_diag_t *diag) SCULL_MUST_USE;

/* Gives the graph's values their quantizations; warns when nothing got one. */
scull_status_t scull_build_quantize(scull_graph_t *graph, scull_quantization_t *q,
                                    scull_diag_t *diag) SCULL_MUST_USE;

/* Marks the values of which calibration has seen numbers beyond f16's: no layer keeps them in it.
 */
void scull_build_mark_wide(scull_graph_t *graph, const scull_quant_table_t *table);

/* The hash that calibration tables name a model by. */
scull_status_t scull_build_model_hash(const scull_build_options_t *options, uint64_t *out,
                                      scull_diag_t *diag) SCULL_MUST_USE;

/* What use_calib_mode asks for: takes the model's table from the cache folder into `own`, or INT8
 * out of it. Does nothing without. The path that it names is `result`'s. */
scull_status_t scull_build_calib_mode(scull_build_options_t *own, scull_build_result_t *result,
                                      scull_diag_t *diag) SCULL_MUST_USE;

/* Path of that table. */
scull_status_t scull_build_calib_path(const scull_build_options_t *options, scull_text_t *path,
                                      scull_diag_t *diag) SCULL_MUST_USE;

#endif
