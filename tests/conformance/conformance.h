/* The parts of the conformance program. */
#ifndef SCULL_TESTS_CONFORMANCE_H
#define SCULL_TESTS_CONFORMANCE_H

#include "ops/opcase.h"

/* Cases of the operator scull_ops_at(index). */
const scull_opcases_t *conformance_cases(size_t index);

/* Each returns the number of failed tests. */
int conformance_reference(void);
int conformance_tactics(void);

/* A part of the tactics' cases on one backend, for tools that slow everything down: every `step`-th
 * case of the named operators (of all when there are none). */
int conformance_part(const char *backend, size_t step, char *const *names, size_t count);

#endif
