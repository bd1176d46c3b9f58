/* Expected values: numpy.broadcast_to; -1 as in paddle.expand of 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"a row", "shape=2,3", "f32[3]={1,2,3}", "f32[2x3]={1,2,3,1,2,3}"},
    {"a column", "shape=2,3", "i64[2x1]={1,2}", "i64[2x3]={1,1,1,2,2,2}"},
    {"-1 keeps", "shape=3,-1,4", "f32[2x1]={1,2}",
     "f32[3x2x4]={1,1,1,1,2,2,2,2,1,1,1,1,2,2,2,2,1,1,1,1,2,2,2,2}"},
    {"0 keeps", "shape=0,2", "i32[3x1]={1,2,3}", "i32[3x2]={1,1,2,2,3,3}"},
    {"in the middle", "shape=2,3,2", "u8[2x1x2]={1,2,3,4}", "u8[2x3x2]={1,2,1,2,1,2,3,4,3,4,3,4}"},
    {"a scalar", "shape=2,2", "f32[]={7}", "f32[2x2]={7,7,7,7}"},
    {"a scalar stays", NULL, "bool[]={1}", "bool[]={1}"},
    {"the same shape", "shape=2,3", "f32[2x3]={1,2,3,4,5,6}", "f32[2x3]={1,2,3,4,5,6}"},
    {"a shape tensor wins", "shape=9,9", "f32[1x3]={1,2,3} i64[2]={2,-1}",
     "f32[2x3]={1,2,3,1,2,3}"},
    {"channels of a picture", "shape=2,5,7,3", "f32[5x1x1]", "f32[2x5x7x3]"},
    {"to no elements", "shape=0,3", "f32[0x1]", "f32[0x3]"},
    {"a new axis without elements", "shape=0,3", "f32[3]", "f32[0x3]"},
    {"fewer dimensions", "shape=3", "f32[1x3]", "error"},
    {"extents that differ", "shape=4", "f32[3]", "error"},
    {"-1 for a new axis", "shape=-1,3", "f32[3]", "error"},
    {"-2", "shape=-2", "f32[1]", "error"},
    {"nine dimensions", "shape=1,1,1,1,1,1,1,1,3", "f32[3]", "error"},
    {"a size beyond 64 bits", "shape=4294967296,4294967296,1", "f32[1]", "error"},
};

SCULL_OPCASES(expand, cases);
