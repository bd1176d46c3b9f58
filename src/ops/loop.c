/* loop: a graph that runs again and again: for, while, scan. What it means stands at
 * SCULL_CONTROL_LOOP; graph/ and runtime/ run it. */
#include "ops/loop.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_loop_attrs_t, INT, carried, "0"),
};

const scull_opdef_t scull_opdef_loop = {.name = "loop",
                                        .inputs_min = 2,
                                        .inputs_max = SCULL_ARITY_MANY,
                                        .outputs_min = 0,
                                        .outputs_max = SCULL_ARITY_MANY,
                                        .value_inputs = 3u << SCULL_LOOP_TRIPS,
                                        .control = SCULL_CONTROL_LOOP,
                                        .attrs = SCULL_SCHEMA(scull_loop_attrs_t, fields)};
