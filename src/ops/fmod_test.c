/* Expected values: numpy.fmod. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"signs follow a", NULL,
     "f32[2x4]={2.14,0.33,-0.33,-2.27,2.53,2.49,0.24,2.47} f32[4]={0.6,-0.74,2.5,-1.51}",
     "f32[2x4]={0.34,0.33,-0.33,-0.76,0.1299999,0.27,0.24,0.96}"},
    {"i64", NULL, "i64[5]={7,-13,-3,-15,16} i64[5]={3,-3,7,-7,1}", "i64[5]={1,-1,-3,-1,0}"},
    {"i8", NULL, "i8[2]={-7,7} i8[]={4}", "i8[2]={-3,3}"},
    {"half", NULL, "f16[2]={-4.25,5.5} f16[]={2}", "f16[2]={-0.25,1.5}"},
    {"by zero", NULL, "f32[1]={1} f32[1]={0}", "f32[1]={nan}"},
    {"by -1", NULL, "i64[1]={-9223372036854775808} i64[1]={-1}", "i64[1]={0}"},
    {"no elements", NULL, "f32[0] f32[1]", "f32[0]"},
    {"integers by zero", NULL, "i32[1]={1} i32[1]={0}", "error"},
    {"truth values", NULL, "bool[2] bool[2]", "error"},
};

SCULL_OPCASES(fmod, cases);
