/* Expected values: the reference evaluator of ONNX 1.23 (ReduceLogSumExp). */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"all", NULL, "f32[2x2x3]={0.71,1.89,0,0.11,-1.35,-0.58,-2.85,0.67,-1.53,0.18,-2.41,-1.5}",
     "f32[]={2.729652}"},
    {"one axis", "axes=1",
     "f32[2x2x3]={0.71,1.89,0,0.11,-1.35,-0.58,-2.85,0.67,-1.53,0.18,-2.41,-1.5}",
     "f32[2x3]={1.147488,1.928416,0.4446207,0.2271847,0.7149344,-0.8217403}"},
    {"two axes from the end, kept", "axes=-1,0 keep_dims=true",
     "f32[2x2x3]={0.71,1.89,0,0.11,-1.35,-0.58,-2.85,0.67,-1.53,0.18,-2.41,-1.5}",
     "f32[1x2x1]={2.475023,1.237092}"},
    {"double", "axes=2",
     "f64[2x2x3]={0.7099999785,1.889999986,0,0.1099999994,-1.350000024,-0.5799999833,-2.849999905,"
     "0.6700000167,-1.529999971,0.1800000072,-2.410000086,-1.5}",
     "f64[2x2]={2.267306021,0.6603226522,0.8013813722,0.412217472}"},
    {"large elements", "axes=0", "f32[2]={1000,1000}", "f32[]={1000.693}"},
    {"infinities", "axes=1", "f32[3x2]={-inf,-inf,inf,1,-inf,2}", "f32[3]={-inf,inf,2}"},
    {"NaN", "axes=1", "f32[2x2]={nan,1,1,nan}", "f32[2]={nan,nan}"},
    {"no elements in a line", "axes=1", "f32[2x0]", "f32[2]={-inf,-inf}"},
    {"integers", "axes=0", "i32[3]", "error"},
    {"extent 1", "axes=1", "f32[2x1]={3,-4}", "f32[2]={3,-4}"},
    {"a scalar", NULL, "f32[]={-2}", "f32[]={-2}"},
    {"a picture", "axes=2,3", "f32[2x3x5x7]", "f32[2x3]"},
    {"axis outside", "axes=3", "f32[2x3x4]", "error"},
    {"axis twice", "axes=0,-3", "f32[2x3x4]", "error"},
};

SCULL_OPCASES(reduce_log_sum_exp, cases);
