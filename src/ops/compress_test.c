/* Expected values: numpy.compress. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"rows", NULL, "f32[3x2]={1.11,0.25,0.55,-3.05,3.3,0.31} bool[3]={0,1,1}",
     "f32[2x2]={0.55,-3.05,3.3,0.31}"},
    {"columns, axis from the end", "axis=-1",
     "f32[3x2]={1.11,0.25,0.55,-3.05,3.3,0.31} bool[2]={0,1}", "f32[3x1]={0.25,-3.05,0.31}"},
    {"one long row, a short condition", "flat=true",
     "f32[3x2]={1.11,0.25,0.55,-3.05,3.3,0.31} bool[5]={0,1,0,0,1}", "f32[2]={0.25,3.3}"},
    {"a short condition", NULL, "f32[3x2]={1.11,0.25,0.55,-3.05,3.3,0.31} bool[1]={1}",
     "f32[1x2]={1.11,0.25}"},
    {"all", "axis=1", "i64[1x2]={5,6} bool[2]={1,1}", "i64[1x2]={5,6}"},
    {"none", NULL, "f32[2x2] bool[2]={0,0}", "f32[0x2]"},
    {"a long condition whose rest is not looked at", NULL, "u8[2]={1,2} bool[4]={1,0,0,1}",
     "u8[1]={1}"},
    {"the middle axis", "axis=1",
     "f32[2x3x2]={-0.77,4.06,-0.09,-2.9,-0.81,-4.58,2.1,-0.83,-1.49,2.14,-3.3,1.07} "
     "bool[3]={1,0,1}",
     "f32[2x2x2]={-0.77,4.06,-0.81,-4.58,2.1,-0.83,-3.3,1.07}"},
    {"no elements", NULL, "f32[0x2] bool[0]", "f32[0x2]"},
    {"a scalar", NULL, "f32[] bool[1]={1}", "error"},
    {"a condition that is no bool", NULL, "f32[2] i32[2]", "error"},
    {"a condition of two dimensions", NULL, "f32[2] bool[2x1]={1,1}", "error"},
    {"axis outside", "axis=2", "f32[2x2] bool[2]={1,1}", "error"},
};

SCULL_OPCASES(compress, cases);
