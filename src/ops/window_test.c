/* Expected values: the reference evaluator of ONNX 1.23. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"hann, periodic", NULL, "i32[]={7}",
     "f32[7]={0,0.1882551,0.6112605,0.9504845,0.9504844,0.6112604,0.1882551}"},
    {"hann, symmetric", "periodic=false", "i64[]={7}",
     "f32[7]={0,0.25,0.75,1,0.7499999,0.2499999,6.320123e-17}"},
    {"hamming, periodic", "kind=hamming", "i32[]={7}",
     "f32[7]={0.08695652,0.2588416,0.6450639,0.9547901,0.9547901,0.6450638,0.2588416}"},
    {"hamming, symmetric", "kind=hamming periodic=false", "i64[]={7}",
     "f32[7]={0.08695652,0.3152174,0.7717391,1,0.7717391,0.3152173,0.08695652}"},
    {"blackman, periodic", "kind=blackman", "i32[]={7}",
     "f32[7]={0,0.09045342,0.4591829,0.9203636,0.9203636,0.4591829,0.09045342}"},
    {"blackman, symmetric", "kind=blackman periodic=false", "i64[]={7}",
     "f32[7]={0,0.13,0.63,1,0.63,0.13,0}"},
    {"double", "to=f64", "i64[1]={2}", "f64[2]={0,1}"},
    {"half", "to=f16 kind=hamming", "i32[]={1}", "f16[1]={0.08696}"},
    {"one element, symmetric", "periodic=false", "i64[]={1}", "f32[1]={0}"},
    {"none", NULL, "i64[]={0}", "f32[0]"},
    {"a negative size", NULL, "i64[]={-1}", "error"},
    {"two sizes", NULL, "i64[2]={1,2}", "error"},
    {"a float size", NULL, "f32[]={3}", "error"},
    {"integers", "to=i32", "i64[]={3}", "error"},
};

SCULL_OPCASES(window, cases);
