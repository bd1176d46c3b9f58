/* Values are those of the inputs. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"floats", NULL, "f32[3]={1,-0.5,inf}", "f32[3]={1,-0.5,inf}"},
    {"integers beyond 2^53", NULL, "i64[2]={9007199254740993,-1}", "i64[2]={9007199254740993,-1}"},
    {"truth values", NULL, "bool[2]={1,0}", "bool[2]={1,0}"},
    {"half", NULL, "f16[2x3]", "f16[2x3]"},
    {"scalar", NULL, "f32[]={3}", "f32[]={3}"},
    {"no elements", NULL, "f32[0x4]", "f32[0x4]"},
};

SCULL_OPCASES(identity, cases);
