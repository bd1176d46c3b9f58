/* Expected values: numpy.sum. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"all", NULL, "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[]={34}"},
    {"one axis", "axes=1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[2x3]={7,8,2,8,13,-4}"},
    {"the last axis", "axes=-1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[2x2]={4,13,6,11}"},
    {"the first axis", "axes=0", "f64[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f64[2x3]={10,4,-4,5,17,2}"},
    {"outer axes", "axes=0,1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[3]={15,21,-2}"},
    {"axes apart, in any order", "axes=2,0", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[2]={10,24}"},
    {"dimensions kept", "axes=1,2 keep_dims=true", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[2x1x1]={17,17}"},
    {"all, dimensions kept", "keep_dims=true", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[1x1x1]={34}"},
    {"spatial axes of a picture", "axes=2,3 keep_dims=true", "f32[2x5x7x3]", "f32[2x5x1x1]"},
    {"i64", "axes=2", "i64[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "i64[2x2]={4,13,6,11}"},
    {"i32", "axes=0", "i32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "i32[2x3]={10,4,-4,5,17,2}"},
    {"extent 1", "axes=1", "f32[3x1]={1,2,3}", "f32[3]={1,2,3}"},
    {"a scalar", NULL, "f32[]={5}", "f32[]={5}"},
    {"a scalar, its axis named", "axes=-1", "f32[]={5}", "f32[]={5}"},
    {"no lines", "axes=1", "f32[0x3]", "f32[0]"},
    {"NaN", "axes=1", "f32[2x2]={1,nan,2,2}", "f32[2]={nan,4}"},
    {"no elements in a line", "axes=1", "f32[3x0]", "f32[3]={0,0,0}"},
    {"truth values", "axes=1", "bool[3x2]={1,0,1,1,0,0}", "bool[3]={1,1,0}"},
    {"integers beyond 2^53", NULL, "i64[2]={9007199254740993,0}", "i64[]={9007199254740993}"},
    {"half precision is summed in double", NULL, "f16[5]={1024,0.25,0.25,0.25,0.25}",
     "f16[]={1025}"},
    {"axis outside", "axes=3", "f32[2x3x4]", "error"},
    {"axis twice", "axes=0,-3", "f32[2x3x4]", "error"},
};

SCULL_OPCASES(reduce_sum, cases);
