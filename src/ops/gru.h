/* Attributes of gru. */
#ifndef SCULL_OPS_GRU_H
#define SCULL_OPS_GRU_H

#include "ops/recurrent.h"

typedef struct scull_gru_attrs {
  int32_t direction; /* SCULL_DIRECTION_* */
} scull_gru_attrs_t;

#endif
