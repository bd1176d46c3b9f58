/* Expected values: Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"four channels", NULL,
     "f32[1x4x2x3]={2.28,0.16,-2,-1.71,-1.39,-3.12,1.89,3.39,-0.62,-0.57,1.09,1.9,-0.17,1.57,1.52,"
     "0.49,-1.53,-1.6,1.94,-1.34,-1.13,0.72,4.25,1.15}",
     "f32[1x4x2x3]={-2.28,3.84,10,1.71,5.39,11.12,-1.89,-3.39,0.62,4.57,2.91,2.1,0.17,2.43,6.48,-0."
     "49,5.53,9.6,-1.94,1.34,1.13,3.28,-0.25,2.85}"},
    {"one channel, doubles", NULL, "f64[1x1x1x2]={1,2}", "f64[1x1x1x2]={-1,2}"},
    {"no pictures", NULL, "f32[0x2x2x2]", "f32[0x2x2x2]"},
    {"a row", NULL, "f32[3]", "error"},
    {"integers", NULL, "i32[1x1x1x1]", "error"},
};

SCULL_OPCASES(polygon_box_transform, cases);
