/* A harness = LLVMFuzzerTestOneInput + where its seeds come from. Built with clang and SCULL_FUZZ
 * it is a libFuzzer program; otherwise driver.c feeds it seeded mutations of its seeds, so that
 * every test run fuzzes a little. */
#ifndef SCULL_TESTS_FUZZ_FUZZ_H
#define SCULL_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes seed number `index` to `out` (empty at first); false when there are no more. */
bool fuzz_seed(size_t index, scull_text_t *out);

#endif
