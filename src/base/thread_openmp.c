/* parallel_for over OpenMP: the pool that oneDNN uses, too. */
#include <omp.h>

#include "base/thread_body.h"

void scull_base_body_run(int threads, int64_t count, scull_range_fn_t fn, void *user) {
#pragma omp parallel num_threads(threads)
  {
    int n = omp_get_num_threads(), i = omp_get_thread_num();
    int64_t begin = scull_base_share(count, n, i), end = scull_base_share(count, n, i + 1);
    if (begin < end)
      fn(user, begin, end, i);
  }
}

void scull_base_body_apply(int threads) {
  omp_set_num_threads(threads);
}

void scull_base_body_alone(void) {
  omp_set_max_active_levels(0);
}
