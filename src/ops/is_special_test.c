/* Expected values: numpy.isnan and numpy.isinf. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"nothing is asked for", NULL, "f32[5]={1,nan,inf,-inf,0}", "bool[5]={0,0,0,0,0}"},
    {"NaN", "nan=true", "f32[5]={1,nan,inf,-inf,0}", "bool[5]={0,1,0,0,0}"},
    {"both infinities", "positive=true negative=true", "f32[5]={1,nan,inf,-inf,0}",
     "bool[5]={0,0,1,1,0}"},
    {"minus infinity", "negative=true", "f32[5]={1,nan,inf,-inf,0}", "bool[5]={0,0,0,1,0}"},
    {"plus infinity of doubles", "positive=true", "f64[1x2]={inf,-inf}", "bool[1x2]={1,0}"},
    {"half", "nan=true positive=true negative=true", "f16[3]={nan,65504,inf}", "bool[3]={1,0,1}"},
    {"integers", "nan=true", "i32[2]={3,4}", "bool[2]={0,0}"},
    {"a scalar", "nan=true", "f32[]={nan}", "bool[]={1}"},
    {"no elements", "nan=true", "f32[0x2]", "bool[0x2]"},
};

SCULL_OPCASES(is_special, cases);
