/* Expected values: numpy.mean; integers truncate. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"all", NULL, "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[]={2.833333}"},
    {"one axis", "axes=1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[2x3]={3.5,4,1,4,6.5,-2}"},
    {"the last axis", "axes=-1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[2x2]={1.333333,4.333333,2,3.666667}"},
    {"the first axis", "axes=0", "f64[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f64[2x3]={5,2,-2,2.5,8.5,1}"},
    {"outer axes", "axes=0,1", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "f32[3]={3.75,5.25,-0.5}"},
    {"axes apart, in any order", "axes=2,0", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[2]={1.666667,4}"},
    {"dimensions kept", "axes=1,2 keep_dims=true", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[2x1x1]={2.833333,2.833333}"},
    {"all, dimensions kept", "keep_dims=true", "f32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}",
     "f32[1x1x1]={2.833333}"},
    {"spatial axes of a picture", "axes=2,3 keep_dims=true", "f32[2x5x7x3]", "f32[2x5x1x1]"},
    {"i64", "axes=2", "i64[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "i64[2x2]={1,4,2,3}"},
    {"i32", "axes=0", "i32[2x2x3]={3,-1,2,4,9,0,7,5,-6,1,8,2}", "i32[2x3]={5,2,-2,2,8,1}"},
    {"extent 1", "axes=1", "f32[3x1]={1,2,3}", "f32[3]={1,2,3}"},
    {"a scalar", NULL, "f32[]={5}", "f32[]={5}"},
    {"a scalar, its axis named", "axes=-1", "f32[]={5}", "f32[]={5}"},
    {"no lines", "axes=1", "f32[0x3]", "f32[0]"},
    {"NaN", "axes=1", "f32[2x2]={1,nan,2,2}", "f32[2]={nan,2}"},
    {"no elements in a line", "axes=1", "f32[3x0]", "f32[3]={nan,nan,nan}"},
    {"axis outside", "axes=3", "f32[2x3x4]", "error"},
    {"axis twice", "axes=0,-3", "f32[2x3x4]", "error"},
};

SCULL_OPCASES(reduce_mean, cases);
