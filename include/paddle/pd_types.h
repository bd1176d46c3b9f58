/* Types of Paddle Inference's C interface. */
#ifndef PADDLE_PD_TYPES_H
#define PADDLE_PD_TYPES_H

#include "pd_common.h"

typedef struct PD_OneDimArrayInt32 {
  size_t size;
  int32_t *data;
} PD_OneDimArrayInt32;

typedef struct PD_OneDimArrayInt64 {
  size_t size;
  int64_t *data;
} PD_OneDimArrayInt64;

typedef struct PD_OneDimArraySize {
  size_t size;
  size_t *data;
} PD_OneDimArraySize;

typedef struct PD_OneDimArrayCstr {
  size_t size;
  char **data;
} PD_OneDimArrayCstr;

typedef struct PD_Cstr {
  size_t size; /* with the final NUL */
  char *data;
} PD_Cstr;

typedef struct PD_TwoDimArraySize {
  size_t size;
  PD_OneDimArraySize **data;
} PD_TwoDimArraySize;

PD_ENUM(PD_PrecisionType){PD_PRECISION_FLOAT32 = 0, PD_PRECISION_INT8 = 1, PD_PRECISION_HALF = 2};

PD_ENUM(PD_PlaceType){PD_PLACE_UNK = -1, PD_PLACE_CPU = 0, PD_PLACE_GPU = 1, PD_PLACE_XPU = 2,
                      PD_PLACE_CUSTOM = 3};

/* Other types of tensors (bool, f16, f64) answer UNK: there is no function here that reads them. */
PD_ENUM(PD_DataType){PD_DATA_UNK = -1,  PD_DATA_FLOAT32 = 0, PD_DATA_INT32 = 1,
                     PD_DATA_INT64 = 2, PD_DATA_UINT8 = 3,   PD_DATA_INT8 = 4};

/* An input or output as the model declares it; an extent of -1 is open. */
typedef struct PD_IOInfo {
  PD_Cstr *name;
  PD_OneDimArrayInt64 *shape;
  PD_DataType dtype;
} PD_IOInfo;

typedef struct PD_IOInfos {
  size_t size;
  PD_IOInfo **io_info;
} PD_IOInfos;

typedef struct PD_Config PD_Config;
typedef struct PD_Predictor PD_Predictor;
typedef struct PD_Tensor PD_Tensor;

#endif
