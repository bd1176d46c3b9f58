/* Attributes of lstm. */
#ifndef SCULL_OPS_LSTM_H
#define SCULL_OPS_LSTM_H

#include "ops/recurrent.h"

typedef struct scull_lstm_attrs {
  int32_t direction; /* SCULL_DIRECTION_* */
} scull_lstm_attrs_t;

#endif
