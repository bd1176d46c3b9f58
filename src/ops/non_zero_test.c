/* Expected values: numpy.argwhere. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"i32", NULL, "i32[3x4]={1,0,1,0,1,1,1,1,0,1,0,1}",
     "i64[8x2]={0,0,0,2,1,0,1,1,1,2,1,3,2,1,2,3}"},
    {"truth values of three dimensions", NULL, "bool[2x3x2]={1,0,0,0,1,1,0,0,0,1,0,0}",
     "i64[4x3]={0,0,0,0,2,0,0,2,1,1,1,1}"},
    {"floats, minus zero and NaN", NULL, "f32[2x3]={0,-0,2.5,nan,0,0}", "i64[2x2]={0,2,1,0}"},
    {"none", NULL, "f32[2x3]={0,0,0,0,0,0}", "i64[0x2]"},
    {"a scalar", NULL, "f32[]={3}", "i64[1x0]"},
    {"a scalar of 0", NULL, "f32[]={0}", "i64[0x0]"},
    {"no elements", NULL, "f32[0x3]", "i64[0x2]"},
    {"all of a row", NULL, "i64[3]={1,2,3}", "i64[3x1]={0,1,2}"},
};

SCULL_OPCASES(non_zero, cases);
