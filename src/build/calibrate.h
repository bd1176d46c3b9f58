/* The calibration loop: runs a network in float, one operator a step, on the caller's inputs, and
 * hands every tensor to quant's collectors. Memory does not depend on the number of inputs. Private
 * to build/ and api/. */
#ifndef SCULL_BUILD_CALIBRATE_H
#define SCULL_BUILD_CALIBRATE_H

#include "build/build.h"

/* See scull_builder_calibrate of the public header. */
scull_status_t scull_build_calibrate(const scull_build_options_t *options,
                                     const scull_calibrate_options_t *calibrate,
                                     const atomic_bool *cancel, scull_diag_t *diag) SCULL_MUST_USE;

#endif
