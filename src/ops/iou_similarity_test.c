/* Expected values: Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"normalized", NULL,
     "f32[3x4]={3.51,17.06,15.36,30.66,3.18,11.12,8.96,26.11,28.97,16.22,40.42,26.64} "
     "f32[2x4]={5.94,9.18,10.78,17.59,5.75,3.92,14.94,11.34}",
     "f32[3x2]={0.01287112,0,0.1812439,0.004581977,0,0}"},
    {"in pixels", "normalized=false",
     "f32[3x4]={3.51,17.06,15.36,30.66,3.18,11.12,8.96,26.11,28.97,16.22,40.42,26.64} "
     "f32[2x4]={5.94,9.18,10.78,17.59,5.75,3.92,14.94,11.34}",
     "f32[3x2]={0.03824524,0,0.225214,0.02716477,0,0}"},
    {"no boxes", NULL, "f32[0x4] f32[2x4]", "f32[0x2]"},
    {"boxes of five numbers", NULL, "f32[1x5] f32[1x4]", "error"},
    {"doubles", NULL, "f64[1x4] f64[1x4]", "error"},
};

SCULL_OPCASES(iou_similarity, cases);
