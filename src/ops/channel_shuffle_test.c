/* Expected values: paddle.nn.functional.channel_shuffle of 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"three groups", "groups=3", "f32[1x6x1x1]={1,2,3,4,5,6}", "f32[1x6x1x1]={1,3,5,2,4,6}"},
    {"two groups of three", "groups=2", "f32[1x6x1x2]={1,2,3,4,5,6,7,8,9,10,11,12}",
     "f32[1x6x1x2]={1,2,7,8,3,4,9,10,5,6,11,12}"},
    {"two pictures", "groups=2", "f32[2x4x1x1]={1,2,3,4,5,6,7,8}",
     "f32[2x4x1x1]={1,3,2,4,5,7,6,8}"},
    {"one group", NULL, "f32[1x3x2x1]={1,2,3,4,5,6}", "f32[1x3x2x1]={1,2,3,4,5,6}"},
    {"as many groups as channels", "groups=3", "f32[1x3x1x2]={1,2,3,4,5,6}",
     "f32[1x3x1x2]={1,2,3,4,5,6}"},
    {"no spatial axis", "groups=2", "i64[1x4]={1,2,3,4}", "i64[1x4]={1,3,2,4}"},
    {"odd sizes", "groups=5", "u8[2x15x3x7]", "u8[2x15x3x7]"},
    {"three spatial axes", "groups=2", "f32[1x4x2x3x5]", "f32[1x4x2x3x5]"},
    {"no pictures", "groups=2", "f32[0x4x3x3]", "f32[0x4x3x3]"},
    {"no channels", "groups=2", "f32[1x0x3]", "f32[1x0x3]"},
    {"channels that do not divide", "groups=4", "f32[1x6x3x3]", "error"},
    {"no groups", "groups=0", "f32[1x6x3x3]", "error"},
    {"one dimension", "groups=1", "f32[6]", "error"},
};

SCULL_OPCASES(channel_shuffle, cases);
