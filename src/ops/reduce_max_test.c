/* Expected values: numpy.max. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"all", NULL, "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[]={9}"},
    {"one axis", "axes=1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[2x3]={4,9,2,7,8,2}"},
    {"the last axis", "axes=-1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[2x2]={3,9,7,8}"},
    {"the first axis", "axes=0", "f64[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f64[2x3]={7,5,2,4,9,2}"},
    {"outer axes", "axes=0,1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[3]={7,9,2}"},
    {"axes apart, in any order", "axes=2,0", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[2]={7,9}"},
    {"dimensions kept", "axes=1,2 keep_dims=true", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[2x1x1]={9,8}"},
    {"all, dimensions kept", "keep_dims=true", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[1x1x1]={9}"},
    {"spatial axes of a picture", "axes=2,3 keep_dims=true", "f32[2x5x7x3]", "f32[2x5x1x1]"},
    {"i64", "axes=2", "i64[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "i64[2x2]={3,9,7,8}"},
    {"i32", "axes=0", "i32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "i32[2x3]={7,5,2,4,9,2}"},
    {"extent 1", "axes=1", "f32[3x1]={1,2,3}", "f32[3]={1,2,3}"},
    {"a scalar", NULL, "f32[]={5}", "f32[]={5}"},
    {"a scalar, its axis named", "axes=-1", "f32[]={5}", "f32[]={5}"},
    {"no lines", "axes=1", "f32[0x3]", "f32[0]"},
    {"NaN", "axes=1", "f32[2x2]={1,nan,2,2}", "f32[2]={nan,2}"},
    {"no elements in a line", "axes=1", "f32[3x0]", "error"},
    {"truth values", "axes=1", "bool[3x2]={1,0,1,1,0,0}", "bool[3]={1,1,0}"},
    {"integers beyond 2^53", NULL, "i64[2]={9007199254740993,9007199254740995}",
     "i64[]={9007199254740995}"},
    {"axis outside", "axes=3", "f32[2x3x4]", "error"},
    {"axis twice", "axes=0,-3", "f32[2x3x4]", "error"},
};

SCULL_OPCASES(reduce_max, cases);
