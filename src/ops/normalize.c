/* Normalization of groups of neighbours, in two passes, so that large means do not cancel. */
#include "ops/normalize.h"

#include <math.h>

#include "ops/row.h"

/* Mean of (x - about)^power over a group; power is 1 or 2. */
static double moment(const scull_tensor_t *x, int64_t first, int64_t count, double about,
                     int power) {
  double sum = 0, row[SCULL_ROW];
  for (int64_t at = 0; at < count; at += SCULL_ROW) {
    int64_t n = count - at < SCULL_ROW ? count - at : SCULL_ROW;
    scull_ops_row_load(x, first + at, 1, n, row);
    for (int64_t i = 0; i < n; i++)
      sum += power == 1 ? row[i] - about : (row[i] - about) * (row[i] - about);
  }
  return sum / (double)count;
}

static double optional(const scull_op_call_t *call, size_t index, int64_t at, double absent) {
  const scull_tensor_t *t = &call->inputs[index];
  return scull_ops_has_input(call, index) ? scull_tensor_load(t->data, t->type.dtype, at) : absent;
}

void scull_ops_normalize(const scull_op_call_t *call, scull_normalize_t how) {
  const scull_tensor_t *x = &call->inputs[0];
  int64_t total = scull_tensor_count(&x->type.shape);
  for (int64_t first = 0; first < total; first += how.count) {
    double mean = moment(x, first, how.count, 0, 1), row[SCULL_ROW];
    double factor = 1 / sqrt(moment(x, first, how.count, mean, 2) + how.epsilon);
    for (int64_t at = first; at < first + how.count; at += SCULL_ROW) {
      int64_t rest = first + how.count - at, n = rest < SCULL_ROW ? rest : SCULL_ROW;
      scull_ops_row_load(x, at, 1, n, row);
      for (int64_t i = 0; i < n; i++) {
        int64_t k = (at + i) / how.run % how.period;
        row[i] = (row[i] - mean) * factor * optional(call, 1, k, 1) + optional(call, 2, k, 0);
      }
      scull_ops_row_store(row, n, &call->outputs[0], at);
    }
  }
}

double scull_ops_normalize_flops(const scull_op_call_t *call) {
  return 8 * (double)scull_tensor_count(&call->outputs[0].type.shape);
}
