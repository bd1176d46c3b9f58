/* Expected values: the extents as written. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"a picture", NULL, "f32[2x3x5x7]", "i64[4]={2,3,5,7}"},
    {"as i32", "to=i32", "u8[4x1]", "i32[2]={4,1}"},
    {"no elements", NULL, "f32[0x4]", "i64[2]={0,4}"},
    {"a scalar", NULL, "bool[]={1}", "i64[0]"},
    {"as floats", "to=f32", "f32[2]", "error"},
};

SCULL_OPCASES(shape, cases);
