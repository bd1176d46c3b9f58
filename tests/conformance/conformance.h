/* The parts of the conformance program. */
#ifndef SCULL_TESTS_CONFORMANCE_H
#define SCULL_TESTS_CONFORMANCE_H

#include "ops/opcase.h"

/* Cases of the operator scull_ops_at(index). */
const scull_opcases_t *conformance_cases(size_t index);

/* Each returns the number of failed tests. */
int conformance_reference(void);
int conformance_tactics(void);

#endif
