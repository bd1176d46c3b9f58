/* Thresholds by trial: what counts is the network's result, not the tensor's. The float network
 * runs on the inputs that were kept, with every tensor that a plan may store in 8 bits rounded in
 * place, and tensor by tensor the method stays with which the results of the last products come
 * nearest to those of the float network. Private to build/. */
#ifndef SCULL_BUILD_TRIAL_H
#define SCULL_BUILD_TRIAL_H

#include "build/collect.h"

/* Sets threshold and method of the collected tensors; each has some to begin with. CANCELLED,
 * OUT_OF_MEMORY. */
scull_status_t scull_build_trial(scull_collection_t *collection, scull_diag_t *diag) SCULL_MUST_USE;

#endif
