/* The performance report and everything else that is printed or written about runs and plans.
 * Private to doors/trtexec. */
#ifndef SCULL_DOORS_TRTEXEC_REPORT_H
#define SCULL_DOORS_TRTEXEC_REPORT_H

#include "engine.h"
#include "inference.h"

/* "=== Trace details ===" and "=== Performance summary ===", and --exportTimes. */
bool trtexec_report_times(const trtexec_options_t *options,
                          const trtexec_traces_t *traces) TRTEXEC_CHECKED;

/* --dumpProfile, --exportProfile. */
bool trtexec_report_profile(const trtexec_options_t *options,
                            const trtexec_profile_t *profile) TRTEXEC_CHECKED;

/* --dumpOutput, --exportOutput, --dumpRawBindingsToFile, of a context after a run. */
bool trtexec_report_outputs(const trtexec_options_t *options, const scull_engine_t *engine,
                            scull_context_t *context) TRTEXEC_CHECKED;
bool trtexec_report_raw(const scull_engine_t *engine, const trtexec_bindings_t *bindings,
                        scull_context_t *context) TRTEXEC_CHECKED;

/* --dumpLayerInfo, --exportLayerInfo, --dumpOptimizationProfile. */
bool trtexec_report_plan(const trtexec_options_t *options,
                         const trtexec_engine_t *engine) TRTEXEC_CHECKED;

/* --loadRefOutputs: false, and words, when an output differs by more than the threshold. */
bool trtexec_report_accuracy(const trtexec_options_t *options, const scull_engine_t *engine,
                             scull_context_t *context) TRTEXEC_CHECKED;

/* "name" as JSON, quotes included. */
void trtexec_json_text(FILE *file, const char *text);
/* A file for JSON; NULL after a failure, which is said. Close it with the second. */
FILE *trtexec_json_open(const char *path);
bool trtexec_json_close(FILE *file, const char *path) TRTEXEC_CHECKED;

#endif
