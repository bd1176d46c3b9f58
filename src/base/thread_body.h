/* The part of base/thread.h that differs between OpenMP and pthreads. Private to base/. */
#ifndef SCULL_BASE_THREAD_BODY_H
#define SCULL_BASE_THREAD_BODY_H

#include "base/thread.h"

/* threads >= 2 and <= count; never called in a forked child. */
void scull_base_body_run(int threads, int64_t count, scull_range_fn_t fn, void *user);
void scull_base_body_team(int threads, scull_task_fn_t fn, void *user);
void scull_base_body_apply(int threads);
/* In a forked child: parallel regions of libraries run in their caller, whatever they ask for. */
void scull_base_body_alone(void);

/* First item of share `i` of `n`: shares differ by at most one item. */
static inline int64_t scull_base_share(int64_t count, int n, int i) {
  int64_t each = count / n, extra = count % n;
  return each * i + (i < extra ? i : extra);
}

#endif
