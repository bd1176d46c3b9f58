/* Expected values: rows of numpy.eye; outside indices give zeros, as paddle 2.6.2 does with
 * allow_out_of_range. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"a vector", "depth=3", "i64[3]={2,0,1}", "f32[3x3]={0,0,1,1,0,0,0,1,0}"},
    {"two dimensions", "depth=2", "i32[2x1]={0,1}", "f32[2x1x2]={1,0,0,1}"},
    {"a scalar", "depth=4", "i64[]={3}", "f32[4]={0,0,0,1}"},
    {"as i64", "depth=2 to=i64", "i64[1]={1}", "i64[1x2]={0,1}"},
    {"as truth, from bytes", "depth=2 to=bool", "u8[2]={1,0}", "bool[2x2]={0,1,1,0}"},
    {"outside", "depth=2", "i64[2]={2,-1}", "f32[2x2]={0,0,0,0}"},
    {"depth 1", "depth=1", "i64[1]={0}", "f32[1x1]={1}"},
    {"no elements", "depth=5", "i64[0x2]", "f32[0x2x5]"},
    {"no depth", NULL, "i64[2]", "error"},
    {"indices of floats", "depth=2", "f32[2]", "error"},
    {"truth values", "depth=2", "bool[2]={0,1}", "error"},
    {"nine dimensions", "depth=2", "i64[1x1x1x1x1x1x1x1]", "error"},
    {"a size beyond 64 bits", "depth=9223372036854775807", "i64[4]", "error"},
};

SCULL_OPCASES(one_hot, cases);
