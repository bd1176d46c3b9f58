/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"same shape", NULL, "f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[2x3]={2,-3,0.25,-1.5,3,4}",
     "f32[2x3]={0.5,-1,0,-1,0,3.25}"},
    {"row over matrix", NULL, "f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[3]={2,-3,4}",
     "f32[2x3]={0.5,-1,0.5,0,0,3.25}"},
    {"column over matrix", NULL, "f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[2x1]={-2,3}",
     "f32[2x3]={-1.5,-1,-1.5,2,0,1.25}"},
    {"both repeated", NULL, "f32[2x1]={-2,3} f32[1x3]={2,-3,4}", "f32[2x3]={-0,-2,2,1,0,3}"},
    {"scalar on the right", NULL, "f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[]={2}",
     "f32[2x3]={0.5,1,0.5,0,1,1.25}"},
    {"scalar on the left", NULL, "f32[]={2} f32[2x3]={-5.5,-1,0.5,2,3,7.25}",
     "f32[2x3]={-3.5,0,0,0,2,2}"},
    {"first of lower rank", NULL, "f32[3]={2,-3,4} f32[2x3]={-5.5,-1,0.5,2,3,7.25}",
     "f32[2x3]={-3.5,-0,0,0,-0,4}"},
    {"a channel list over a picture", NULL, "f32[2x5x7x3] f32[5x1x1]", "f32[2x5x7x3]"},
    {"an inner and an outer repetition", NULL, "f32[3x1x4x1] f32[3x2x1x5]", "f32[3x2x4x5]"},
    {"no elements", NULL, "f32[0x3] f32[1x3]", "f32[0x3]"},
    {"double", NULL, "f64[2x3] f64[2x3]", "f64[2x3]"},
    {"integers", NULL, "i32[6]={7,-7,7,-7,6,0} i32[6]={2,2,-2,-2,3,5}", "i32[6]={1,1,-1,-1,0,0}"},
    {"truth values", NULL, "bool[2] bool[2]", "error"},
    {"integer division by zero", NULL, "i32[2]={1,2} i32[2]={1,0}", "error"},
    {"the smallest integer by -1", NULL, "i64[1]={-9223372036854775808} i64[1]={-1}", "i64[1]={0}"},
    {"shapes that do not fit", NULL, "f32[2x3] f32[2]", "error"},
    {"dtypes that differ", NULL, "f32[2] i32[2]", "error"},
};

SCULL_OPCASES(mod, cases);
