/* All of Paddle Inference's C interface. docs/paddle.md says what each function means here. */
#ifndef PADDLE_PD_INFERENCE_API_H
#define PADDLE_PD_INFERENCE_API_H

#include "pd_common.h"
#include "pd_config.h"
#include "pd_predictor.h"
#include "pd_tensor.h"
#include "pd_types.h"
#include "pd_utils.h"

#endif
