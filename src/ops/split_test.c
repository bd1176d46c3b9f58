/* Expected values: numpy.split; -1 as in paddle.split of 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"equal parts", NULL, "f32[4x2]={1,2,3,4,5,6,7,8}", "f32[2x2]={1,2,3,4} f32[2x2]={5,6,7,8}"},
    {"equal parts of columns", "axis=1", "i64[2x6]={1,2,3,4,5,6,7,8,9,10,11,12}",
     "i64[2x2]={1,2,7,8} i64[2x2]={3,4,9,10} i64[2x2]={5,6,11,12}"},
    {"sections", "axis=-1 sections=1,3,2", "f32[2x6]={1,2,3,4,5,6,7,8,9,10,11,12}",
     "f32[2x1]={1,7} f32[2x3]={2,3,4,8,9,10} f32[2x2]={5,6,11,12}"},
    {"a section that is the rest", "axis=1 sections=2,-1",
     "f32[2x5x2]={1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20}",
     "f32[2x2x2]={1,2,3,4,11,12,13,14} f32[2x3x2]={5,6,7,8,9,10,15,16,17,18,19,20}"},
    {"a rest of nothing", "sections=3,-1", "i32[3]={1,2,3}", "i32[3]={1,2,3} i32[0]"},
    {"a section without elements", "sections=0,2", "u8[2x2]={1,2,3,4}",
     "u8[0x2] u8[2x2]={1,2,3,4}"},
    {"one part", "axis=1", "f32[2x3]={1,2,3,4,5,6}", "f32[2x3]={1,2,3,4,5,6}"},
    {"truth values", NULL, "bool[3]={1,0,1}", "bool[1]={1} bool[1]={0} bool[1]={1}"},
    {"odd sizes", "axis=1 sections=5,1,7", "f32[3x13x5x3]",
     "f32[3x5x5x3] f32[3x1x5x3] f32[3x7x5x3]"},
    {"no elements", "axis=1", "f32[0x4]", "f32[0x2] f32[0x2]"},
    {"parts of nothing", NULL, "f32[0x4]", "f32[0x4] f32[0x4]"},
    {"sections that are too short", "sections=2", "f32[3]", "error"},
    {"sections that are too long", "sections=4", "f32[3]", "error"},
    {"more sections than outputs", "sections=1,2", "f32[3]", "error"},
    {"a negative section", "sections=-2", "f32[3]", "error"},
    {"axis outside", "axis=1", "f32[3]", "error"},
    {"a scalar", NULL, "f32[]", "error"},
};

SCULL_OPCASES(split, cases);
