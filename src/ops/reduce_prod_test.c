/* Expected values: numpy.prod. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"all", NULL, "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[]={0}"},
    {"one axis", "axes=1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[2x3]={12,-9,0,7,40,-12}"},
    {"the last axis", "axes=-1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[2x2]={-6,0,-210,16}"},
    {"the first axis", "axes=0", "f64[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f64[2x3]={21,-5,-12,4,72,0}"},
    {"outer axes", "axes=0,1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[3]={84,-360,-0}"},
    {"axes apart, in any order", "axes=2,0", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[2]={1260,0}"},
    {"dimensions kept", "axes=1,2 keep_dims=true", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[2x1x1]={-0,-3360}"},
    {"all, dimensions kept", "keep_dims=true", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[1x1x1]={0}"},
    {"spatial axes of a picture", "axes=2,3 keep_dims=true", "f32[2x5x7x3]", "f32[2x5x1x1]"},
    {"i64", "axes=2", "i64[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "i64[2x2]={-6,0,-210,16}"},
    {"i32", "axes=0", "i32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "i32[2x3]={21,-5,-12,4,72,0}"},
    {"extent 1", "axes=1", "f32[3x1]={1,2,3}", "f32[3]={1,2,3}"},
    {"a scalar", NULL, "f32[]={5}", "f32[]={5}"},
    {"a scalar, its axis named", "axes=-1", "f32[]={5}", "f32[]={5}"},
    {"no lines", "axes=1", "f32[0x3]", "f32[0]"},
    {"NaN", "axes=1", "f32[2x2]={1,nan,2,2}", "f32[2]={nan,4}"},
    {"no elements in a line", "axes=1", "f32[3x0]", "f32[3]={1,1,1}"},
    {"truth values", "axes=1", "bool[3x2]={1,0,1,1,0,0}", "bool[3]={0,1,0}"},
    {"axis outside", "axes=3", "f32[2x3x4]", "error"},
    {"axis twice", "axes=0,-3", "f32[2x3x4]", "error"},
};

SCULL_OPCASES(reduce_prod, cases);
