/* Expected values: numpy.concatenate. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"rows", NULL, "f32[2x3]={1,2,3,4,5,6} f32[1x3]={1,2,3}", "f32[3x3]={1,2,3,4,5,6,1,2,3}"},
    {"columns", "axis=1", "f32[2x3]={1,2,3,4,5,6} f32[2x1]={1,2}", "f32[2x4]={1,2,3,1,4,5,6,2}"},
    {"negative axis", "axis=-2", "i64[2x3]={1,2,3,4,5,6} i64[2x3]={1,2,3,4,5,6}",
     "i64[4x3]={1,2,3,4,5,6,1,2,3,4,5,6}"},
    {"in the middle", "axis=1", "f32[2x1x2]={1,2,3,4} f32[2x2x2]={1,2,3,4,5,6,7,8}",
     "f32[2x3x2]={1,2,1,2,3,4,3,4,5,6,7,8}"},
    {"channels of pictures", "axis=1", "f32[2x3x5x7] f32[2x1x5x7] f32[2x4x5x7]", "f32[2x8x5x7]"},
    {"one operand", "axis=1", "f32[2x3]={1,2,3,4,5,6}", "f32[2x3]={1,2,3,4,5,6}"},
    {"five operands", NULL, "i32[1]={5} i32[1]={4} i32[1]={3} i32[1]={2} i32[1]={1}",
     "i32[5]={5,4,3,2,1}"},
    {"bytes", "axis=-1", "u8[2x2]={1,2,3,4} u8[2x1]={1,2}", "u8[2x3]={1,2,1,3,4,2}"},
    {"truth values", NULL, "bool[2]={1,0} bool[1]={1}", "bool[3]={1,0,1}"},
    {"doubles", NULL, "f64[1]={0.5} f64[1]={0.25}", "f64[2]={0.5,0.25}"},
    {"one operand without elements", NULL, "i64[0] i64[1]={7}", "i64[1]={7}"},
    {"no elements at all", "axis=1", "f32[0x2] f32[0x3]", "f32[0x5]"},
    {"extents that differ", NULL, "f32[2x3] f32[2x4]", "error"},
    {"ranks that differ", NULL, "f32[2x3] f32[3]", "error"},
    {"dtypes that differ", NULL, "f32[2] i32[2]", "error"},
    {"axis outside", "axis=2", "f32[2x3] f32[2x3]", "error"},
    {"scalars have no axis", NULL, "f32[] f32[]", "error"},
    {"an absent operand", NULL, "f32[2] - f32[2]", "error"},
    {"one absent operand", NULL, "-", "error"},
};

SCULL_OPCASES(concat, cases);
