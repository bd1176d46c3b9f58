/* Collecting ranges: a network that runs in float, one operator a step, and what each of its
 * tensors has held so far. Memory does not depend on the number of inputs. Private to build/ and
 * api/. */
#ifndef SCULL_BUILD_COLLECT_H
#define SCULL_BUILD_COLLECT_H

#include "base/map.h"
#include "base/vec.h"
#include "build/build.h"
#include "quant/channels.h"
#include "quant/histogram.h"

/* Along which axis products read a tensor's channels. */
typedef enum scull_channel_axis {
  SCULL_CHANNELS_UNREAD = 0, /* by none */
  SCULL_CHANNELS_FIRST = 1,  /* axis 1: convolutions */
  SCULL_CHANNELS_LAST = 2,   /* rows of matrix products */
  SCULL_CHANNELS_MIXED = 3,  /* nothing can be said of a channel */
} scull_channel_axis_t;

/* What a tensor has held. */
typedef struct scull_collected {
  scull_histogram_t histogram;
  scull_channels_t channels;
  float threshold; /* 0: none yet */
  scull_quant_method_t method;
} scull_collected_t;

typedef struct scull_collection {
  scull_runtime_engine_t *engine;
  scull_runtime_context_t *context;
  scull_arena_t arena;
  scull_map_t names; /* -> collectors */
  SCULL_VEC(scull_collected_t *) collectors;
  SCULL_VEC(const char *) tensors; /* their names, the plan's */
  uint8_t *axes;                   /* scull_channel_axis_t by plan value */
  float *plain;                    /* a tensor whose layout has gaps, in order */
  size_t plain_bytes;
  SCULL_VEC(const scull_named_tensor_t *) kept; /* some of the inputs */
  size_t kept_bytes;
  const atomic_bool *cancel; /* during create and print; may be NULL */
  uint64_t batches, inputs;
  uint64_t model;        /* its hash */
  scull_status_t status; /* of the hook */
} scull_collection_t;

/* Builds the float network of a model. `cancel` may be NULL. */
scull_status_t scull_build_collection_create(const scull_build_options_t *options,
                                             const atomic_bool *cancel, scull_collection_t **out,
                                             scull_diag_t *diag) SCULL_MUST_USE;
void scull_build_collection_destroy(scull_collection_t *collection);

/* The inputs in order: names and the shapes that the network was made for. */
const scull_plan_t *scull_build_collection_plan(const scull_collection_t *collection);

/* Runs it on one batch: tensors[i] is input i. INVALID_ARGUMENT for what is empty, of another shape
 * or not finite. */
scull_status_t scull_build_collection_add(scull_collection_t *collection,
                                          const scull_named_tensor_t *tensors,
                                          scull_diag_t *diag) SCULL_MUST_USE;

/* Rows of input 0 seen so far. */
uint64_t scull_build_collection_inputs(const scull_collection_t *collection);

/* The calibration table as text. */
scull_status_t scull_build_collection_print(scull_collection_t *collection,
                                            scull_calibration_method_t method, scull_text_t *out,
                                            scull_diag_t *diag) SCULL_MUST_USE;

/* The hook that collects, for who borrows the context. */
void scull_build_collection_see(void *user, const scull_runtime_event_t *event);

/* Positive steps of a tensor's 8 bits. */
static inline int scull_build_levels(const scull_histogram_t *h) {
  return h->min >= 0 ? 255 : 127;
}

#endif
