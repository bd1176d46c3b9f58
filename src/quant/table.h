/* The calibration table: a range for each tensor, by the model's names, as text.
 *
 *   scull calibration 1
 *   model 0123456789abcdef          the hash of the model's bytes
 *   method best
 *   inputs 500
 *   conv1_output: 3c010a14 0.0078755 min=0 max=1.24 method=mse clipped=0.0001 sqnr=38.2
 *
 * A line is a name, the scale threshold / 127 as the bits of an f32 in hexadecimal (as TensorRT's
 * calibration caches have it) and in decimal, and what was seen. Sorted by name; a name ends at the
 * last ": " that eight hexadecimal digits follow. Lines that begin with a tab go on with the tensor
 * above: "channels" and twelve hexadecimal digits a channel, the upper halves of three f32: largest
 * |x|, mean, mean square. TensorRT's own caches
 * ("TRT-8203-EntropyCalibration2", then "name: 3c010a14") are read, too; they tell no sign. */
#ifndef SCULL_QUANT_TABLE_H
#define SCULL_QUANT_TABLE_H

#include "base/diag.h"
#include "base/map.h"
#include "base/text.h"

enum { SCULL_QUANT_SKETCH = 32 };

typedef struct scull_range {
  const char *name;
  float threshold; /* of |x|: positive and finite */
  float min, max;  /* what was seen; min > max: not known */
  const char *method;
  double clipped, sqnr; /* share beyond the threshold; dB. NaN: not known */
  float tiny;           /* the smallest |x| but zero; 0: not known */
  const char *sketch;   /* SCULL_QUANT_SKETCH digits: how often |x| was in each part of 0 to the
                           largest   |x|, 0 never, 9 most often, by logarithm; NULL: not known */
  size_t channels;      /* 0: nothing is known of them */
  const float *peak, *mean, *square; /* of each channel: largest |x|, mean, mean square */
} scull_range_t;

typedef struct scull_quant_table {
  scull_arena_t arena;
  scull_range_t *ranges; /* sorted by name */
  size_t count, room;
  uint64_t model;  /* 0: of no known model */
  uint64_t inputs; /* how many were seen */
  const char *method;
  bool is_tensorrt;
} scull_quant_table_t;

/* An empty table. */
void scull_quant_table_init(scull_quant_table_t *table);
void scull_quant_table_deinit(scull_quant_table_t *table);

/* Adds a range, or replaces the one of that name; strings are copied. OUT_OF_MEMORY. */
scull_status_t scull_quant_table_set(scull_quant_table_t *table,
                                     const scull_range_t *range) SCULL_MUST_USE;

/* The range of that name, or NULL. */
const scull_range_t *scull_quant_table_find(const scull_quant_table_t *table, const char *name);

/* Reads text into an empty table. CORRUPT names line and cause: a scale that is missing, NaN, zero,
 * negative or huge, or whose two forms differ. `name` is for messages. */
scull_status_t scull_quant_table_read(scull_bytes_t text, const char *name,
                                      scull_quant_table_t *table,
                                      scull_diag_t *diag) SCULL_MUST_USE;

/* Ranges that a user wrote: lines "name min max" or "name amax"; # begins a comment. They are added
 * to what the table holds. CORRUPT names the line. */
scull_status_t scull_quant_table_read_ranges(scull_bytes_t text, const char *name,
                                             scull_quant_table_t *table,
                                             scull_diag_t *diag) SCULL_MUST_USE;

void scull_quant_table_print(const scull_quant_table_t *table, scull_text_t *out);

#endif
