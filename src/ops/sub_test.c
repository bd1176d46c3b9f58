/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"same shape", NULL, "f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[2x3]={2,-3,0.25,-1.5,3,4}",
     "f32[2x3]={-7.5,2,0.25,3.5,0,3.25}"},
    {"row over matrix", NULL, "f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[3]={2,-3,4}",
     "f32[2x3]={-7.5,2,-3.5,0,6,3.25}"},
    {"column over matrix", NULL, "f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[2x1]={-2,3}",
     "f32[2x3]={-3.5,1,2.5,-1,0,4.25}"},
    {"both repeated", NULL, "f32[2x1]={-2,3} f32[1x3]={2,-3,4}", "f32[2x3]={-4,1,-6,1,6,-1}"},
    {"scalar on the right", NULL, "f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[]={2}",
     "f32[2x3]={-7.5,-3,-1.5,0,1,5.25}"},
    {"scalar on the left", NULL, "f32[]={2} f32[2x3]={-5.5,-1,0.5,2,3,7.25}",
     "f32[2x3]={7.5,3,1.5,0,-1,-5.25}"},
    {"first of lower rank", NULL, "f32[3]={2,-3,4} f32[2x3]={-5.5,-1,0.5,2,3,7.25}",
     "f32[2x3]={7.5,-2,3.5,0,-6,-3.25}"},
    {"a channel list over a picture", NULL, "f32[2x5x7x3] f32[5x1x1]", "f32[2x5x7x3]"},
    {"an inner and an outer repetition", NULL, "f32[3x1x4x1] f32[3x2x1x5]", "f32[3x2x4x5]"},
    {"no elements", NULL, "f32[0x3] f32[1x3]", "f32[0x3]"},
    {"double", NULL, "f64[2x3] f64[2x3]", "f64[2x3]"},
    {"integers", NULL, "i32[6]={7,-7,7,-7,6,0} i32[6]={2,2,-2,-2,3,5}", "i32[6]={5,-9,9,-5,3,-5}"},
    {"truth values", NULL, "bool[2] bool[2]", "error"},
    {"integers beyond 2^53", NULL, "i64[2]={9007199254740993,1} i64[2]={1,-3}",
     "i64[2]={9007199254740992,4}"},
    {"shapes that do not fit", NULL, "f32[2x3] f32[2]", "error"},
    {"dtypes that differ", NULL, "f32[2] i32[2]", "error"},
};

SCULL_OPCASES(sub, cases);
