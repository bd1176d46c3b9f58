/* Expected values: numpy.argmax; NaN: paddle.argmax of 2.6.2. */
#include "ops/opcase.h"

#define FOUR(x) x "," x "," x "," x
#define MANY(x) FOUR(FOUR(FOUR(x)))

static const scull_opcase_t cases[] = {
    {"many columns", "axis=0",
     "f32[3x256]={" MANY("1,nan,5,2") "," MANY("4,nan,5,nan") "," MANY("0,nan,5,-inf") "}",
     "i64[256]={" MANY("1,0,0,0") "}"},
    {"many columns, and the last", "axis=0 last=true to=i32",
     "f32[2x256]={" MANY("1,nan,5,2") "," MANY("4,nan,5,nan") "}",
     "i32[256]={" MANY("1,0,1,0") "}"},
    {"the last axis", NULL, "f32[2x3]={3,1,2,4,9,0}", "i64[2]={0,1}"},
    {"columns", "axis=0", "i64[2x3]={3,1,2,4,9,0}", "i64[3]={1,1,0}"},
    {"in the middle", "axis=1",
     "i32[2x3x4]={13,18,3,14,20,17,10,4,2,19,6,7,21,1,16,0,15,23,22,9,8,12,11,5}",
     "i64[2x4]={1,2,1,0,0,1,1,1}"},
    {"dimensions kept", "axis=1 keep_dims=true", "f32[2x3]={3,1,2,4,9,0}", "i64[2x1]={0,1}"},
    {"as i32", "to=i32", "f32[2x3]={3,1,2,4,9,0}", "i32[2]={0,1}"},
    {"negative axis", "axis=-2", "u8[2x3]={3,1,2,4,9,0}", "i64[3]={1,1,0}"},
    {"ties: the first", NULL, "i64[4]={2,7,7,2}", "i64[]={1}"},
    {"NaN is passed over", NULL, "f32[5]={1,nan,3,3,2}", "i64[]={2}"},
    {"NaN in front", NULL, "f32[3]={nan,2,2}", "i64[]={1}"},
    {"nothing but NaN", NULL, "f32[2]={nan,nan}", "i64[]={0}"},
    {"infinities", NULL, "f32[3]={0,-inf,inf}", "i64[]={2}"},
    {"integers beyond 2^53", NULL, "i64[3]={9007199254740992,9007199254740993,9007199254740991}",
     "i64[]={1}"},
    {"truth values", NULL, "bool[3]={0,1,0}", "i64[]={1}"},
    {"a scalar", "axis=0", "f32[]={4}", "i64[]={0}"},
    {"a scalar, dimensions kept", "keep_dims=true", "f32[]={4}", "i64[]={0}"},
    {"extent 1", "axis=1", "f32[3x1]={1,2,3}", "i64[3]={0,0,0}"},
    {"no lines", NULL, "f32[0x3]", "i64[0]"},
    {"no elements in a line", NULL, "f32[3x0]", "error"},
    {"as floats", "to=f32", "f32[3]", "error"},
    {"axis outside", "axis=1", "f32[3]", "error"},
    {"equal elements: the last", "last=true", "f32[4]={3,1,3,2}", "i64[]={2}"},
    {"equal integers: the last", "last=true axis=0", "i32[2x2]={5,1,5,1}", "i64[2]={1,1}"},
    {"the last beside NaN", "last=true", "f32[4]={nan,1,1,nan}", "i64[]={2}"},
};

SCULL_OPCASES(arg_max, cases);
