/* Expected shapes: numpy.squeeze; a named axis of another extent: paddle.squeeze of 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"all ones", NULL, "f32[1x3x1x2]={1,2,3,4,5,6}", "f32[3x2]={1,2,3,4,5,6}"},
    {"one axis", "axes=2", "i64[1x3x1x2]", "i64[1x3x2]"},
    {"negative axes", "axes=-2,-4", "u8[1x3x1x2]", "u8[3x2]"},
    {"an axis that is not 1 stays", "axes=0,1", "f32[2x1x3]", "f32[2x3]"},
    {"to a scalar", NULL, "bool[1x1]={1}", "bool[]={1}"},
    {"a scalar", NULL, "f32[]={3}", "f32[]={3}"},
    {"no elements", NULL, "i32[0x1]", "i32[0]"},
    {"outside", "axes=3", "f32[1x3x1]", "error"},
    {"twice", "axes=0,-3", "f32[1x3x1]", "error"},
    {"an axis of a scalar", "axes=0", "f32[]", "error"},
};

SCULL_OPCASES(squeeze, cases);
