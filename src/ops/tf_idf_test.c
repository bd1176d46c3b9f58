/* Expected values: ONNX's own examples (TfIdfVectorizer), the others by hand. */
#include "ops/opcase.h"

#define POOL "pool=2,3,5,4,5,6,7,8,6,7 starts=0,4 places=0,1,2,3,4,5,6"

static const scull_opcase_t cases[] = {
    {"pairs", "shortest=2 longest=2 " POOL, "i32[12]={1,1,3,3,3,7,8,6,7,5,6,8}",
     "f32[7]={0,0,0,0,1,1,1}"},
    {"pairs with gaps", "shortest=2 longest=2 skips=5 " POOL, "i32[12]={1,1,3,3,3,7,8,6,7,5,6,8}",
     "f32[7]={0,0,0,0,1,3,1}"},
    {"words and pairs with gaps", "longest=2 skips=5 " POOL, "i32[12]={1,1,3,3,3,7,8,6,7,5,6,8}",
     "f32[7]={0,3,1,0,1,3,1}"},
    {"rows", "shortest=2 longest=2 " POOL, "i64[2x6]={1,1,3,3,3,7,8,6,7,5,6,8}",
     "f32[2x7]={0,0,0,0,0,0,0,0,0,0,0,1,0,1}"},
    {"weights", "mode=weight pool=1,2 starts=0 places=1,0 weights=0.5,3", "i32[4]={1,1,1,4}",
     "f32[2]={0,0.5}"},
    {"counts and weights", "mode=both pool=1,2 starts=0 places=1,0 weights=0.5,3",
     "i32[4]={1,1,1,2}", "f32[2]={3,1.5}"},
    {"no words", POOL, "i32[0]", "f32[7]={0,0,0,0,0,0,0}"},
    {"no rows", POOL, "i32[0x3]", "f32[0x7]"},
    {"longer than the row", "shortest=2 longest=2 skips=9 " POOL, "i32[1]={5}",
     "f32[7]={0,0,0,0,0,0,0}"},
    {"floats", POOL, "f32[2]", "error"},
    {"three dimensions", POOL, "i32[1x1x1]={1}", "error"},
    {"a pool that is cut", "pool=2,3,5 starts=0,2 places=0,1", "i32[1]={1}", "error"},
    {"a start outside", "pool=2,3,5 starts=0,4 places=0,1", "i32[1]={1}", "error"},
    {"a negative place", "pool=2 starts=0 places=-1", "i32[1]={1}", "error"},
    {"weights of another number", "pool=2 starts=0 places=0 weights=1,2", "i32[1]={1}", "error"},
};

SCULL_OPCASES(tf_idf, cases);
