/* Expected values: by hand from the definition. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"one scale, u8", NULL, "u8[4]={0,3,128,255} f32[]={2} u8[]={128}", "f32[4]={-256,-250,0,254}"},
    {"without a zero point", NULL, "i8[3]={-128,0,127} f32[1]={0.5}", "f32[3]={-64,0,63.5}"},
    {"a scale a channel", NULL, "u8[1x2x2]={3,4,3,4} f32[2]={1,2} u8[2]={0,1}",
     "f32[1x2x2]={3,4,4,6}"},
    {"a filter's first axis", "axis=0", "i8[2x2]={3,4,3,4} f32[2]={1,2} i8[2]={0,1}",
     "f32[2x2]={3,4,4,6}"},
    {"a negative axis", "axis=-1", "i8[2x2]={3,4,3,4} f32[2]={1,2}", "f32[2x2]={3,8,3,8}"},
    {"a bias", "axis=0", "i32[2]={1000,-1000} f32[2]={0.5,0.25}", "f32[2]={500,-250}"},
    {"blocks of two", "axis=1 block=2", "u8[1x4]={2,4,3,5} f32[1x2]={1,4} u8[1x2]={0,1}",
     "f32[1x4]={2,4,8,16}"},
    {"sixteen bits", NULL, "u16[2]={65535,2} f32[]={1} u16[]={7}", "f32[2]={65528,-5}"},
    {"to half", NULL, "i8[2]={1,2} f16[]={0.5}", "f16[2]={0.5,1}"},
    {"no elements", NULL, "u8[0x2] f32[2]={1,2}", "f32[0x2]"},
    {"floats", NULL, "f32[2] f32[]={1}", "error"},
    {"a zero point of another type", NULL, "u8[2] f32[]={1} i8[]={1}", "error"},
    {"a list of another extent", NULL, "u8[2x3] f32[2]={1,2}", "error"},
};

SCULL_OPCASES(dequantize_linear, cases);
