/* Expected shapes: numpy.expand_dims. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"in front", "axes=0", "f32[3]={1,2,3}", "f32[1x3]={1,2,3}"},
    {"at the end", "axes=-1", "i64[2x3]", "i64[2x3x1]"},
    {"both ends and the middle", "axes=0,2,-1", "u8[2x3]", "u8[1x2x1x3x1]"},
    {"in any order", "axes=2,0", "f32[2x3]", "f32[1x2x1x3]"},
    {"a scalar", "axes=0,1", "bool[]={1}", "bool[1x1]={1}"},
    {"no axes", NULL, "f32[2]", "f32[2]"},
    {"no elements", "axes=1", "i32[0]", "i32[0x1]"},
    {"twice", "axes=1,-2", "f32[2]", "error"},
    {"outside", "axes=2", "f32[2]", "error"},
    {"nine dimensions", "axes=0", "f32[1x1x1x1x1x1x1x1]", "error"},
};

SCULL_OPCASES(unsqueeze, cases);
