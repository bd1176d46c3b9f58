/* Expected values: numpy.roll, which paddle.roll of 2.6.2 and 3.3.1 agrees with. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"one axis", "shifts=1 axes=1", "f32[2x3]={1,2,3,4,5,6}", "f32[2x3]={3,1,2,6,4,5}"},
    {"two axes", "shifts=1,-1 axes=0,1", "f32[2x3]={1,2,3,4,5,6}", "f32[2x3]={5,6,4,2,3,1}"},
    {"axes from the end", "shifts=-2,1 axes=-1,-2", "i32[2x3]={1,2,3,4,5,6}",
     "i32[2x3]={6,4,5,3,1,2}"},
    {"no axis: one long row", "shifts=2", "f32[2x3]={1,2,3,4,5,6}", "f32[2x3]={5,6,1,2,3,4}"},
    {"further than the extent", "shifts=-7 axes=0", "i64[3]={1,2,3}", "i64[3]={2,3,1}"},
    {"nothing to do", NULL, "f32[2x2]={1,2,3,4}", "f32[2x2]={1,2,3,4}"},
    {"a window of Swin", "shifts=-3,-3 axes=1,2", "f32[2x7x7x5]", "f32[2x7x7x5]"},
    {"no elements", "shifts=1 axes=1", "f32[2x0]", "f32[2x0]"},
    {"a scalar", "shifts=5", "f32[]={3}", "f32[]={3}"},
    {"bytes", "shifts=1 axes=0", "u8[3]={1,2,3}", "u8[3]={3,1,2}"},
    {"more shifts than axes", "shifts=1,2 axes=0", "f32[2x3]", "error"},
    {"an axis that is not there", "shifts=1 axes=2", "f32[2x3]", "error"},
    {"an axis twice", "shifts=1,1 axes=0,-2", "f32[2x3]", "error"},
};

SCULL_OPCASES(roll, cases);
