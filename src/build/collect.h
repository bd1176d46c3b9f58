/* Collecting ranges: a network that runs in float, one operator a step, and what each of its
 * tensors has held so far. Memory does not depend on the number of inputs. Private to build/ and
 * api/. */
#ifndef SCULL_BUILD_COLLECT_H
#define SCULL_BUILD_COLLECT_H

#include "build/build.h"

typedef struct scull_collection scull_collection_t;

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
scull_status_t scull_build_collection_print(const scull_collection_t *collection,
                                            scull_calibration_method_t method, scull_text_t *out,
                                            scull_diag_t *diag) SCULL_MUST_USE;

#endif
