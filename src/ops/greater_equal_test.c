/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"same shape", NULL, "f32[2x3]={-5.5,2,0.5,2,-3,7.25} f32[2x3]={2,2,0.5,-1.5,-3,8}",
     "bool[2x3]={0,1,1,1,1,0}"},
    {"row over matrix", NULL, "f32[2x3]={-5.5,2,0.5,2,-3,7.25} f32[3]={2,2,-3}",
     "bool[2x3]={0,1,1,1,0,1}"},
    {"column over matrix", NULL, "f32[2x3]={-5.5,2,0.5,2,-3,7.25} f32[2x1]={2,-3}",
     "bool[2x3]={0,1,0,1,1,1}"},
    {"both repeated", NULL, "f32[2x1]={2,-3} f32[1x3]={2,2,-3}", "bool[2x3]={1,1,1,0,0,1}"},
    {"scalar on the right", NULL, "f32[2x3]={-5.5,2,0.5,2,-3,7.25} f32[]={2}",
     "bool[2x3]={0,1,0,1,0,1}"},
    {"scalar on the left", NULL, "f32[]={2} f32[2x3]={-5.5,2,0.5,2,-3,7.25}",
     "bool[2x3]={1,1,1,1,1,0}"},
    {"first of lower rank", NULL, "f32[3]={2,2,-3} f32[2x3]={-5.5,2,0.5,2,-3,7.25}",
     "bool[2x3]={1,1,0,1,1,0}"},
    {"a channel list over a picture", NULL, "f32[2x5x7x3] f32[5x1x1]", "bool[2x5x7x3]"},
    {"an inner and an outer repetition", NULL, "f32[3x1x4x1] f32[3x2x1x5]", "bool[3x2x4x5]"},
    {"no elements", NULL, "f32[0x3] f32[1x3]", "bool[0x3]"},
    {"double", NULL, "f64[2x3] f64[2x3]", "bool[2x3]"},
    {"integers", NULL, "i32[6]={7,-7,7,-7,6,0} i32[6]={7,2,7,-9,6,5}", "bool[6]={1,0,1,1,1,0}"},
    {"integers beyond 2^53", NULL, "i64[2]={9007199254740993,1} i64[2]={9007199254740992,1}",
     "bool[2]={1,1}"},
    {"NaN", NULL, "f32[2]={nan,nan} f32[2]={1,nan}", "bool[2]={0,0}"},
    {"truth values", NULL, "bool[4]={0,0,1,1} bool[4]={0,1,0,1}", "bool[4]={1,0,1,1}"},
    {"shapes that do not fit", NULL, "f32[2x3] f32[2]", "error"},
    {"dtypes that differ", NULL, "f32[2] i32[2]", "error"},
};

SCULL_OPCASES(greater_equal, cases);
