/* The report of a build as JSON. Private to build/. */
#ifndef SCULL_BUILD_REPORT_H
#define SCULL_BUILD_REPORT_H

#include "build/quantize.h"
#include "lower/lower.h"

/* What the passes did, in order. */
typedef struct scull_pass_note {
  const char *name;
  size_t before, after; /* live nodes */
  bool changed;
} scull_pass_note_t;
typedef SCULL_VEC(scull_pass_note_t) scull_pass_notes_t;

typedef struct scull_report_input {
  const scull_graph_t *graph;
  const scull_tuning_t *tuning;
  const scull_lowered_t *lowered;
  const scull_pass_note_t *passes;
  size_t pass_count;
  const scull_quantization_t *quantization; /* NULL: int8 is not permitted */
} scull_report_input_t;

/* Everything that a plan's report says; nothing that differs between two builds with the same
 * choices. */
void scull_build_report(const scull_report_input_t *input, scull_text_t *out);

#endif
