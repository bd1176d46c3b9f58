/* Expected shapes: paddle.flatten of 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"all but the batch", NULL, "f32[2x3x1x2]={1,2,3,4,5,6,7,8,9,10,11,12}",
     "f32[2x6]={1,2,3,4,5,6,7,8,9,10,11,12}"},
    {"all", "start=0", "u8[2x3x5]", "u8[30]"},
    {"in the middle", "start=1 stop=2", "i64[2x3x5x7]", "i64[2x15x7]"},
    {"negative axes", "start=-3 stop=-2", "i32[2x3x5x7]", "i32[2x15x7]"},
    {"one axis: nothing", "start=1 stop=1", "bool[2x3x5]", "bool[2x3x5]"},
    {"a scalar", "start=0 stop=-1", "f32[]={4}", "f32[1]={4}"},
    {"no pictures", NULL, "f32[0x3x4]", "f32[0x12]"},
    {"extent of one", "start=0 stop=1", "f32[1x3x1]", "f32[3x1]"},
    {"one dimension has no axis 1", NULL, "f32[3]", "error"},
    {"start behind stop", "start=2 stop=1", "f32[2x3x5]", "error"},
    {"stop outside", "start=0 stop=3", "f32[2x3x5]", "error"},
};

SCULL_OPCASES(flatten, cases);
