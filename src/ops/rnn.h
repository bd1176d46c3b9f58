/* Attributes of rnn: recurrent layers with the liberties that ONNX takes. */
#ifndef SCULL_OPS_RNN_H
#define SCULL_OPS_RNN_H

#include "ops/recurrent.h"

enum { SCULL_RNN_PLAIN, SCULL_RNN_GRU, SCULL_RNN_LSTM };

typedef struct scull_rnn_attrs {
  int32_t cell;      /* SCULL_RNN_* */
  int32_t direction; /* SCULL_DIRECTION_* */
  /* Functions of the cell, by number: 0 sigmoid, 1 tanh, 2 relu, 3 identity. plain: f; gru: f (of
   * the gates), g (of the new state); lstm: f, g, h. For both directions; empty: the usual ones. */
  scull_ints_t functions;
  double clip;       /* what goes into the gates is kept within -clip to clip; 0: it is not */
  bool reset_before; /* gru: the reset gate meets the state, not its product */
  bool coupled;      /* lstm: the forget gate is 1 - the input gate */
} scull_rnn_attrs_t;

#endif
