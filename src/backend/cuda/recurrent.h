/* recurrent.h: lstm, gru and rnn with their usual activations. Valid C17, C++17. */
#ifndef SCULL_CUDA_RECURRENT_H
#define SCULL_CUDA_RECURRENT_H

#include "backend/cuda/element.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SCULL_CUDA_RNN, SCULL_CUDA_GRU, SCULL_CUDA_LSTM };

/* All steps of all sequences of all directions; the products with x are there already. Gates and
 * biases in the order of the operators (src/ops/lstm.c, gru.c, rnn.c); gru with
 * linear_before_reset. */
typedef struct scull_cuda_recurrent {
  const float *gate_x; /* [directions][steps * batch][gates * hidden] */
  const float *r;      /* [directions][hidden][gates * hidden] */
  const float *bias;   /* [directions][biases * hidden] */
  const void *h0, *c0; /* [directions][batch][hidden], NULL: zeros */
  void *y;             /* [steps][batch][directions * hidden] */
  void *h, *c;         /* like h0; NULL: not wanted */
  int32_t cell, h0_type, c0_type, y_type, h_type, c_type;
  int32_t steps, batch, hidden, directions, reverse;
} scull_cuda_recurrent_t;

/* Largest hidden size. */
enum { SCULL_CUDA_HIDDEN = 1024 };

int scull_cuda_recurrent_enqueue(const scull_cuda_recurrent_t *recurrent, int chained,
                                 void *stream);

#ifdef __cplusplus
}
#endif
#endif
