/* Runs every operator's cases on everything that can run them; or, as `conformance BACKEND STEP
 * [OPERATOR...]`, a part of them on one backend; with SCULL_TEST_TACTIC set to a pattern, on the
 * tactics of such names alone. */
#include <stdlib.h>

#include "conformance.h"
#include "support.h"

#define SCULL_OP(name) extern const scull_opcases_t scull_opcases_##name;
#include "ops/ops.def"
#undef SCULL_OP

static const scull_opcases_t *const all[] = {
#define SCULL_OP(name) &scull_opcases_##name,
#include "ops/ops.def"
#undef SCULL_OP
};

const scull_opcases_t *conformance_cases(size_t index) {
  return all[index];
}

int main(int argc, char **argv) {
  if (argc > 2)
    return conformance_part(argv[1], strtoul(argv[2], NULL, 10), argv + 3, (size_t)argc - 3);
  int failed = conformance_reference();
  failed += conformance_tactics();
  failed += support_check();
  return failed == 0 ? 0 : 1;
}
