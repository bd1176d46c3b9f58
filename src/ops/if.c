/* if: one of two graphs. What it means stands at SCULL_CONTROL_BRANCH; graph/ and runtime/ run it.
 */
#include "ops/opdef.h"

const scull_opdef_t scull_opdef_if = {.name = "if",
                                      .inputs_min = 1,
                                      .inputs_max = SCULL_ARITY_MANY,
                                      .outputs_min = 1,
                                      .outputs_max = SCULL_ARITY_MANY,
                                      .value_inputs = 1u << 0,
                                      .control = SCULL_CONTROL_BRANCH};
