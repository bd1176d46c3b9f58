/* From a model, or a plan file, to an open engine. Private to doors/trtexec. */
#ifndef SCULL_DOORS_TRTEXEC_ENGINE_H
#define SCULL_DOORS_TRTEXEC_ENGINE_H

#include "options.h"

typedef struct {
  scull_engine_t *engine;
  char *plan_text; /* scull_plan_describe's JSON */
  char device[16]; /* "cpu", "cuda" */
  int device_index;
} trtexec_engine_t;

/* Which device --device means, with the section "=== Device Information ===". */
bool trtexec_engine_device(const trtexec_options_t *options, trtexec_engine_t *out) TRTEXEC_CHECKED;

/* Builds or loads, and opens. Without --saveEngine the plan's file is gone again. */
bool trtexec_engine_open(const trtexec_options_t *options, trtexec_engine_t *out) TRTEXEC_CHECKED;
void trtexec_engine_deinit(trtexec_engine_t *engine);

/* --getPlanVersionOnly. */
bool trtexec_engine_print_version(const trtexec_options_t *options) TRTEXEC_CHECKED;

/* Milliseconds of a clock that only goes forward. */
double trtexec_now(void);

#endif
