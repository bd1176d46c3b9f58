/* Expected values: by hand from the definition (halves to even, clamped after the shift). */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"one scale, u8", NULL, "f32[6]={0,2,3,1000,-254,-1000} f32[]={2} u8[]={128}",
     "u8[6]={128,129,130,255,1,0}"},
    {"halves to even", NULL, "f32[6]={0.5,1.5,2.5,-0.5,-1.5,-2.5} f32[]={1} i8[]={0}",
     "i8[6]={0,2,2,0,-2,-2}"},
    {"without a zero point", NULL, "f32[3]={1,300,-1} f32[]={1}", "u8[3]={1,255,0}"},
    {"without a zero point, i8", "to=i8", "f32[3]={1,300,-300} f32[1]={2}", "i8[3]={0,127,-128}"},
    {"a scale a channel", NULL, "f32[1x2x2]={2,4,2,4} f32[2]={1,2} i8[2]={0,1}",
     "i8[1x2x2]={2,4,2,3}"},
    {"the first axis", "axis=0", "f32[2x2]={2,4,2,4} f32[2]={1,2} u8[2]={0,1}",
     "u8[2x2]={2,4,2,3}"},
    {"a negative axis", "axis=-1", "f32[2x2]={2,4,2,4} f32[2]={1,2} u8[2]={0,1}",
     "u8[2x2]={2,3,2,3}"},
    {"blocks of two", "axis=1 block=2", "f32[1x4]={2,4,8,16} f32[1x2]={1,4} u8[1x2]={0,1}",
     "u8[1x4]={2,4,3,5}"},
    {"a last block that is smaller", "axis=0 block=2", "f32[3x2]={2,4,2,4,8,16} f32[2x2]={1,2,4,8}",
     "u8[3x2]={2,2,2,2,2,2}"},
    {"sixteen bits", NULL, "f32[2]={70000,-5} f32[]={1} u16[]={7}", "u16[2]={65535,2}"},
    {"accumulators", NULL, "i32[2]={100,-7} f32[]={4} i8[]={1}", "i8[2]={26,-1}"},
    {"doubles", NULL, "f64[2]={3,5} f64[]={2} u8[]={0}", "u8[2]={2,2}"},
    {"no elements", NULL, "f32[0x2] f32[2]={1,2} u8[2]={0,1}", "u8[0x2]"},
    {"a list of another extent", NULL, "f32[2x3] f32[2]={1,2}", "error"},
    {"zero points of another shape", NULL, "f32[2x3] f32[3]={1,2,3} u8[2]={1,2}", "error"},
    {"to floats", "to=f32", "f32[2] f32[]={1}", "error"},
    {"an axis outside", "axis=2", "f32[2x3] f32[3]={1,2,3}", "error"},
    {"blocks that do not fit", "axis=1 block=2", "f32[1x4] f32[1x3]={1,4,4}", "error"},
};

SCULL_OPCASES(quantize_linear, cases);
