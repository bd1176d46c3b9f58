/* Convolutions of well-known networks, for bench/layers.c. */
#ifndef SCULL_BENCH_LAYER_LIST_H
#define SCULL_BENCH_LAYER_LIST_H

#include <stddef.h>

typedef struct layer {
  const char *net;
  int in, height, width, out, kernel_h, kernel_w, stride, pad_h, pad_w, groups;
  int count; /* how often the network has it */
  int add;   /* 1: a residual add stands before its activation */
} layer_t;

extern const layer_t layer_list[];
extern const size_t layer_count;

#endif
