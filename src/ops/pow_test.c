/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"same shape", NULL, "f32[2x3]={5.5,1,0.5,2,3,7.25} f32[2x3]={2,-3,0.25,-1.5,3,4}",
     "f32[2x3]={30.25,1,0.8408964,0.3535534,27,2762.816}"},
    {"row over matrix", NULL, "f32[2x3]={5.5,1,0.5,2,3,7.25} f32[3]={2,-3,4}",
     "f32[2x3]={30.25,1,0.0625,4,0.03703704,2762.816}"},
    {"column over matrix", NULL, "f32[2x3]={5.5,1,0.5,2,3,7.25} f32[2x1]={2,3}",
     "f32[2x3]={30.25,1,0.25,8,27,381.0781}"},
    {"both repeated", NULL, "f32[2x1]={2,3} f32[1x3]={2,-3,4}",
     "f32[2x3]={4,0.125,16,9,0.03703704,81}"},
    {"scalar on the right", NULL, "f32[2x3]={5.5,1,0.5,2,3,7.25} f32[]={2}",
     "f32[2x3]={30.25,1,0.25,4,9,52.5625}"},
    {"scalar on the left", NULL, "f32[]={2} f32[2x3]={5.5,1,0.5,2,3,7.25}",
     "f32[2x3]={45.25483,2,1.414214,4,8,152.2185}"},
    {"first of lower rank", NULL, "f32[3]={2,-3,4} f32[2x3]={5.5,1,0.5,2,3,7.25}",
     "f32[2x3]={45.25483,-3,2,4,-27,23170.47}"},
    {"a channel list over a picture", NULL, "f32[2x5x7x3]~pos f32[5x1x1]~pos", "f32[2x5x7x3]"},
    {"an inner and an outer repetition", NULL, "f32[3x1x4x1]~pos f32[3x2x1x5]~pos", "f32[3x2x4x5]"},
    {"no elements", NULL, "f32[0x3] f32[1x3]", "f32[0x3]"},
    {"double", NULL, "f64[2x3]~pos f64[2x3]~pos", "f64[2x3]"},
    {"integers", NULL, "i32[3]={2,-3,5} i32[3]={3,3,2}", "i32[3]={8,-27,25}"},
    {"truth values", NULL, "bool[2] bool[2]", "error"},
    {"negative base", NULL, "f32[3]={-2,-2,-2} f32[3]={3,-2,0.5}", "f32[3]={-8,0.25,nan}"},
    {"shapes that do not fit", NULL, "f32[2x3] f32[2]", "error"},
    {"dtypes that differ", NULL, "f32[2] i32[2]", "error"},
};

SCULL_OPCASES(pow, cases);
