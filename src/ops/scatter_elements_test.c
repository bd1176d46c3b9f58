/* Expected values: the reference evaluator of ONNX 1.23. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"axis 0", NULL,
     "f32[3x4]={-0.1,1.44,-0.25,-1.04,1.95,0.19,0.79,2.34,2.29,-0.69,-1.05,0.57} "
     "i64[2x4]={1,0,2,0,2,2,0,1} f32[2x4]={-0.27,-3.8,2.55,0.04,1.47,-2.35,2.58,-1.18}",
     "f32[3x4]={-0.1,-3.8,2.58,0.04,-0.27,0.19,0.79,-1.18,1.47,-2.35,2.55,0.57}"},
    {"axis 1, from the end", "axis=1",
     "f32[3x4]={-0.1,1.44,-0.25,-1.04,1.95,0.19,0.79,2.34,2.29,-0.69,-1.05,0.57} "
     "i64[3x2]={1,-1,0,2,3,0} f32[3x2]={-0.22,-2.8,-0.33,-0.46,-0.37,0.88}",
     "f32[3x4]={-0.1,-0.22,-0.25,-2.8,-0.33,0.19,-0.46,2.34,0.88,-0.69,-1.05,-0.37}"},
    {"twice at one place, add", "axis=-1 reduction=add",
     "f32[1x5]={-0.94,-1.99,-0.04,1.26,2.49} i64[1x2]={1,1} f32[1x2]={0.12,1.95}",
     "f32[1x5]={-0.94,0.08000004,-0.04,1.26,2.49}"},
    {"twice at one place, mul", "axis=-1 reduction=mul",
     "f32[1x5]={-0.94,-1.99,-0.04,1.26,2.49} i64[1x2]={1,1} f32[1x2]={0.12,1.95}",
     "f32[1x5]={-0.94,-0.46566,-0.04,1.26,2.49}"},
    {"twice at one place, max", "axis=-1 reduction=max",
     "f32[1x5]={-0.94,-1.99,-0.04,1.26,2.49} i64[1x2]={1,1} f32[1x2]={0.12,1.95}",
     "f32[1x5]={-0.94,1.95,-0.04,1.26,2.49}"},
    {"twice at one place, min", "axis=-1 reduction=min",
     "f32[1x5]={-0.94,-1.99,-0.04,1.26,2.49} i64[1x2]={1,1} f32[1x2]={0.12,1.95}",
     "f32[1x5]={-0.94,-1.99,-0.04,1.26,2.49}"},
    {"twice at one place: the last stays", "axis=1",
     "f32[1x3]={1,2,3} i64[1x2]={1,1} f32[1x2]={8,9}", "f32[1x3]={1,9,3}"},
    {"integers, i32 index", "reduction=add",
     "i64[3]={1,2,3} i32[2]={0,2} i64[2]={9007199254740993,-1}", "i64[3]={9007199254740994,2,2}"},
    {"integers, least", "reduction=min", "u8[2]={5,6} i64[2]={0,1} u8[2]={7,2}", "u8[2]={5,2}"},
    {"truth values", NULL, "bool[2]={1,0} i64[1]={1} bool[1]={1}", "bool[2]={1,1}"},
    {"no updates", NULL, "f32[3]={1,2,3} i64[0] f32[0]", "f32[3]={1,2,3}"},
    {"NaN", "reduction=max", "f32[2]={nan,1} i64[2]={0,1} f32[2]={1,nan}", "f32[2]={nan,nan}"},
    {"an index outside", NULL, "f32[3] i64[1]={-4} f32[1]", "error"},
    {"shapes differ", NULL, "f32[3] i64[2] f32[1]", "error"},
    {"ranks differ", NULL, "f32[3] i64[1x1] f32[1x1]", "error"},
    {"types differ", NULL, "f32[3] i64[1]={0} f64[1]", "error"},
    {"larger than x elsewhere", "axis=1", "f32[3x2] i64[4x1] f32[4x1]", "error"},
    {"a float index", NULL, "f32[3] f32[1] f32[1]", "error"},
    {"truth values added", "reduction=add", "bool[2] i64[1]={0} bool[1]", "error"},
};

SCULL_OPCASES(scatter_elements, cases);
