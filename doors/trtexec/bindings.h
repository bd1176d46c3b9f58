/* Inputs of the runs: loaded or random. Private to doors/trtexec. */
#ifndef SCULL_DOORS_TRTEXEC_BINDINGS_H
#define SCULL_DOORS_TRTEXEC_BINDINGS_H

#include "values.h"

typedef struct {
  scull_tensor_info_t info; /* names are the engine's */
  int32_t rank;
  int64_t dims[SCULL_MAX_RANK];
  void *data;
  size_t size;
} trtexec_binding_t;

typedef struct {
  trtexec_binding_t *items; /* one an input of the engine */
  size_t count;
} trtexec_bindings_t;

/* Shapes of --shapes, else those that the plan is tuned for; values of --loadInputs, else random.
 */
bool trtexec_bindings_make(const trtexec_options_t *options, const scull_engine_t *engine,
                           trtexec_bindings_t *out) TRTEXEC_CHECKED;
void trtexec_bindings_deinit(trtexec_bindings_t *bindings);

/* Gives them to a context and prepares it. */
bool trtexec_bindings_apply(const trtexec_bindings_t *bindings,
                            scull_context_t *context) TRTEXEC_CHECKED;

/* A whole file of exactly `size` bytes into `data`. */
bool trtexec_file_read(const char *path, void *data, size_t size) TRTEXEC_CHECKED;
bool trtexec_file_write(const char *path, const void *data, size_t size) TRTEXEC_CHECKED;

#endif
