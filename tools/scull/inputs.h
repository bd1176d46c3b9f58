/* The inputs of a plan, from --input: arrays out of files, or noise of a shape. */
#ifndef SCULL_TOOL_INPUTS_H
#define SCULL_TOOL_INPUTS_H

#include "npy.h"

/* One array an input of the engine, in the engine's order. */
typedef struct cli_inputs {
  cli_array_t *arrays;
  size_t count;
} cli_inputs_t;

/* What happens to inputs that --input does not name. */
typedef enum cli_missing {
  CLI_MISSING_FAILS,
  CLI_MISSING_NOISE, /* noise of the shape that the plan was tuned for */
} cli_missing_t;

/* Each of `given` is NAME=FILE.npy, or NAME=1x3x8x8 for noise of that shape, or FILE.npy alone when
 * there is one input only. Files must have the element type and rank of the input; the dims are the
 * context's to check. */
CLI_CHECKED scull_status_t cli_inputs_read(const scull_engine_t *engine, const cli_list_t *given,
                                           cli_missing_t missing, cli_inputs_t *out);
void cli_inputs_deinit(cli_inputs_t *inputs);

/* Copies `src` with dimension 0 of every input made `batch` (rows repeat); 0 keeps it. */
CLI_CHECKED scull_status_t cli_inputs_rebatch(const cli_inputs_t *src, int64_t batch,
                                              cli_inputs_t *out);

/* Sets shapes and data, which must stay while the context runs, and prepares the context. */
CLI_CHECKED scull_status_t cli_inputs_apply(const cli_inputs_t *inputs, scull_context_t *context);

#endif
