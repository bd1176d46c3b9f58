/* Stored plans: use_static and its folder. Private to build/. */
#ifndef SCULL_BUILD_STATIC_PLAN_H
#define SCULL_BUILD_STATIC_PLAN_H

#include "build/build.h"

/* Computes where the plan for these options lies ("<folder>/trt_serialized_<key>", no path in the
 * key, so a copied folder still hits) and looks there. *found: a plan that this device can run is
 * there (and was copied to `plan_path` when that is given); else the log says why it is built. */
scull_status_t scull_build_static_find(const scull_build_options_t *options,
                                       const scull_device_t *device, const char *plan_path,
                                       scull_text_t *path, bool *found,
                                       scull_diag_t *diag) SCULL_MUST_USE;

/* Path of a file in the folder of stored things, which is made when it is not there. */
scull_status_t scull_build_cache_path(const scull_build_options_t *options, const char *name,
                                      scull_text_t *path, scull_diag_t *diag) SCULL_MUST_USE;

#endif
