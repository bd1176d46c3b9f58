/* Runs every operator's cases on everything that can run them. */
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

int main(void) {
  int failed = conformance_reference();
  failed += conformance_tactics();
  failed += support_check();
  return failed == 0 ? 0 : 1;
}
