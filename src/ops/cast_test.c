/* Values are those of C's conversions (numpy.astype), clamped where C leaves them undefined. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"float to i32", "to=i32", "f32[5]={-1.75,-0.5,0.5,1.99,1000000}", "i32[5]={-1,0,0,1,1000000}"},
    {"float to i64, out of range", "to=i64", "f32[3]={1e+30,-1e+30,nan}",
     "i64[3]={9223372036854775807,-9223372036854775808,0}"},
    {"float to u8, out of range", "to=u8", "f32[3]={-3,255.5,300}", "u8[3]={0,255,255}"},
    {"i32 to float", "to=f32", "i32[3]={-7,0,16777216}", "f32[3]={-7,0,1.677722e+07}"},
    {"i64 to i32 wraps", "to=i32", "i64[3]={4294967297,-1,5}", "i32[3]={1,-1,5}"},
    {"i64 beyond 2^53 stays", "to=i64", "i64[1]={9007199254740993}", "i64[1]={9007199254740993}"},
    {"to bool", "to=bool", "f32[3]={0,0.25,-1}", "bool[3]={0,1,1}"},
    {"from bool", "to=f32", "bool[2]={1,0}", "f32[2]={1,0}"},
    {"float to half", "to=f16", "f32[4]={1,65504,1e-09,0.1}", "f16[4]={1,65504,0,0.09997559}"},
    {"half to float", "to=f32", "f16[2]={0.5,-2}", "f32[2]={0.5,-2}"},
    {"to bfloat16", "to=bf16", "f32[2]={1,0.1}", "bf16[2]={1,0.1000977}"},
    {"a picture, double", "to=f64", "f32[2x3x5x7]", "f64[2x3x5x7]"},
    {"scalar", "to=i32", "f32[]={2.5}", "i32[]={2}"},
    {"no elements", "to=i32", "f32[0x2]", "i32[0x2]"},
    {"no dtype", NULL, "f32[2]", "error"},
};

SCULL_OPCASES(cast, cases);
