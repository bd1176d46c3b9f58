/* Expected values: numpy.cumsum and cumprod; exclusive and reverse: paddle.cumsum of 2.6.2 by its
 * definition.
 */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"rows", "axis=1", "f32[2x3]={1,2,3,4,5,6}", "f32[2x3]={1,3,6,4,9,15}"},
    {"columns", "axis=0", "i64[2x3]={1,2,3,4,5,6}", "i64[2x3]={1,2,3,5,7,9}"},
    {"the last axis by default", NULL,
     "f32[2x3x4]={1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24}",
     "f32[2x3x4]={1,3,6,10,5,11,18,26,9,19,30,42,13,27,42,58,17,35,54,74,21,43,66,90}"},
    {"in the middle", "axis=1",
     "i32[2x3x4]={1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24}",
     "i32[2x3x4]={1,2,3,4,6,8,10,12,15,18,21,24,13,14,15,16,30,32,34,36,51,54,57,60}"},
    {"negative axis", "axis=-3",
     "f32[2x3x4]={1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24}",
     "f32[2x3x4]={1,2,3,4,5,6,7,8,9,10,11,12,14,16,18,20,22,24,26,28,30,32,34,36}"},
    {"exclusive", "exclusive=true", "f32[4]={1,2,3,4}", "f32[4]={0,1,3,6}"},
    {"reverse", "reverse=true", "i64[4]={1,2,3,4}", "i64[4]={10,9,7,4}"},
    {"exclusive and reverse", "axis=0 exclusive=true reverse=true", "f32[3x2]={1,2,3,4,5,6}",
     "f32[3x2]={8,10,5,6,0,0}"},
    {"integers beyond 2^53", NULL, "i64[2]={9007199254740993,1}",
     "i64[2]={9007199254740993,9007199254740994}"},
    {"integers that wrap", NULL, "i64[2]={9223372036854775807,1}",
     "i64[2]={9223372036854775807,-9223372036854775808}"},
    {"doubles", NULL, "f64[2]={0.5,0.25}", "f64[2]={0.5,0.75}"},
    {"a scalar", "axis=0", "f32[]={3}", "f32[]={3}"},
    {"extent 1", "axis=1", "f32[3x1]={1,2,3}", "f32[3x1]={1,2,3}"},
    {"no elements", NULL, "f32[2x0]", "f32[2x0]"},
    {"no elements, the other axis", "axis=0", "f32[2x0]", "f32[2x0]"},
    {"products, rows", "axis=1 product=true", "f32[2x4]={1.5,2,-3,0.5,4,0,2,7}",
     "f32[2x4]={1.5,3,-9,-4.5,4,0,0,0}"},
    {"products, columns", "axis=0 product=true", "i64[3x2]={2,-3,5,7,-1,4}",
     "i64[3x2]={2,-3,10,-21,-10,-84}"},
    {"products, exclusive and reverse", "exclusive=true reverse=true product=true",
     "f64[4]={2,3,5,7}", "f64[4]={105,35,7,1}"},
    {"products that wrap", "product=true", "i64[2]={4611686018427387904,4}",
     "i64[2]={4611686018427387904,0}"},
    {"products of nothing", "product=true", "f32[0]", "f32[0]"},
    {"axis outside", "axis=2", "f32[2x3]", "error"},
};

SCULL_OPCASES(cumsum, cases);
