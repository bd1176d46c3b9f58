/* What lstm and gru share: operands, directions, and the walk over time. */
#ifndef SCULL_OPS_RECURRENT_H
#define SCULL_OPS_RECURRENT_H

#include "ops/opdef.h"

/* BOTH runs forward and reverse, and joins their outputs. */
enum { SCULL_DIRECTION_FORWARD, SCULL_DIRECTION_REVERSE, SCULL_DIRECTION_BOTH };
extern const char *const scull_ops_direction_names[];

/* A cell of G gates. Operands: x [T,N,I], w [D,G*H,I], r [D,G*H,H], bias [D,B*H]?, a first state
 * [D,N,H]? for each of its states; results: y [T,N,D*H], then the last states [D,N,H]. */
typedef struct scull_recurrent {
  int64_t gates, biases; /* G and B */
  size_t states;         /* 1 (h) or 2 (h, c) */
  /* One step of one sequence. `gate_x` = w x, `gate_h` = r h (G * H each, without bias), `bias` is
   * B * H (zeros when absent); updates the states, H each, h first. */
  void (*step)(int64_t hidden, const double *gate_x, const double *gate_h, const double *bias,
               double *state);
} scull_recurrent_t;

scull_status_t scull_ops_recurrent_infer(const scull_op_call_t *call, const scull_recurrent_t *cell,
                                         int32_t direction) SCULL_MUST_USE;

void scull_ops_recurrent_run(const scull_op_call_t *call, const scull_recurrent_t *cell,
                             int32_t direction);

/* What the gates go through. */
double scull_ops_sigmoid(double x);

size_t scull_ops_recurrent_scratch(const scull_op_call_t *call);
double scull_ops_recurrent_flops(const scull_op_call_t *call);

#endif
