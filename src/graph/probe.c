/* Which extent to probe a range with, besides its ends and its optimum. */
#include "graph/graph.h"

static int64_t divisor_of(int64_t a, int64_t b) {
  while (b != 0) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* The multiple of `step` strictly between the ends that is nearest above their middle and not
 * `opt`; else one below; else `opt` if that lies between; else -1. */
static int64_t multiple_between(int64_t min, int64_t opt, int64_t max, int64_t step) {
  int64_t first = (min + (max - min) / 2) / step * step;
  for (int64_t at = first; at < max; at += step) {
    if (at > min && at != opt)
      return at;
    if (max - at <= step)
      break;
  }
  for (int64_t at = first; at > min; at -= step) {
    if (at < max && at != opt)
      return at;
  }
  return opt > min && opt < max ? opt : -1;
}

int64_t scull_graph_probe(int64_t min, int64_t opt, int64_t max) {
  if (max - min < 2)
    return opt;
  int64_t step = divisor_of(divisor_of(min, opt), max);
  while (step > 1) {
    int64_t at = multiple_between(min, opt, max, step);
    if (at >= 0)
      return at;
    step = step % 2 == 0 ? step / 2 : 1;
  }
  return multiple_between(min, opt, max, 1);
}
