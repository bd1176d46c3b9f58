/* Tensors: the inputs and outputs of a predictor, by handle. A handle belongs to the thread of its
 * predictor. An input takes its shape first (PD_TensorReshape), then its data. Data of another type
 * than the model's is converted by each run, which fails when a value is not exactly there in the
 * model's type; an output is read in its own type. What fails answers NULL or 0, or does nothing,
 * and leaves its words in PD_GetLastError (pd_scull.h); so does a handle that was destroyed, or
 * whose predictor was. */
#ifndef PADDLE_PD_TENSOR_H
#define PADDLE_PD_TENSOR_H

#include "pd_types.h"

PD_BEGIN

/* The handle only; the tensor stays with its predictor. NULL is allowed. */
PADDLE_CAPI_EXPORT extern void PD_TensorDestroy(__pd_take PD_Tensor *pd_tensor);

/* Sets the shape of an input for the next runs; an output's shape cannot be set. */
PADDLE_CAPI_EXPORT extern void PD_TensorReshape(__pd_keep PD_Tensor *pd_tensor, size_t shape_size,
                                                int32_t *shape);

/* The memory of an input, as large as its shape, to write to before a run; the predictor's, until
 * the next reshape. Only PD_PLACE_CPU. */
PADDLE_CAPI_EXPORT extern float *PD_TensorMutableDataFloat(__pd_keep PD_Tensor *pd_tensor,
                                                           PD_PlaceType place);
PADDLE_CAPI_EXPORT extern int64_t *PD_TensorMutableDataInt64(__pd_keep PD_Tensor *pd_tensor,
                                                             PD_PlaceType place);
PADDLE_CAPI_EXPORT extern int32_t *PD_TensorMutableDataInt32(__pd_keep PD_Tensor *pd_tensor,
                                                             PD_PlaceType place);
PADDLE_CAPI_EXPORT extern uint8_t *PD_TensorMutableDataUint8(__pd_keep PD_Tensor *pd_tensor,
                                                             PD_PlaceType place);
PADDLE_CAPI_EXPORT extern int8_t *PD_TensorMutableDataInt8(__pd_keep PD_Tensor *pd_tensor,
                                                           PD_PlaceType place);

/* The memory of a tensor: an output's after a run, until the next one. *place is where it lies,
 * *size how many elements it has. */
PADDLE_CAPI_EXPORT extern float *PD_TensorDataFloat(__pd_keep PD_Tensor *pd_tensor,
                                                    PD_PlaceType *place, int32_t *size);
PADDLE_CAPI_EXPORT extern int64_t *PD_TensorDataInt64(__pd_keep PD_Tensor *pd_tensor,
                                                      PD_PlaceType *place, int32_t *size);
PADDLE_CAPI_EXPORT extern int32_t *PD_TensorDataInt32(__pd_keep PD_Tensor *pd_tensor,
                                                      PD_PlaceType *place, int32_t *size);
PADDLE_CAPI_EXPORT extern uint8_t *PD_TensorDataUint8(__pd_keep PD_Tensor *pd_tensor,
                                                      PD_PlaceType *place, int32_t *size);
PADDLE_CAPI_EXPORT extern int8_t *PD_TensorDataInt8(__pd_keep PD_Tensor *pd_tensor,
                                                    PD_PlaceType *place, int32_t *size);

/* Copies as many elements as the shape has from `data`, which is not kept. */
PADDLE_CAPI_EXPORT extern void PD_TensorCopyFromCpuFloat(__pd_keep PD_Tensor *pd_tensor,
                                                         const float *data);
PADDLE_CAPI_EXPORT extern void PD_TensorCopyFromCpuInt64(__pd_keep PD_Tensor *pd_tensor,
                                                         const int64_t *data);
PADDLE_CAPI_EXPORT extern void PD_TensorCopyFromCpuInt32(__pd_keep PD_Tensor *pd_tensor,
                                                         const int32_t *data);
PADDLE_CAPI_EXPORT extern void PD_TensorCopyFromCpuUint8(__pd_keep PD_Tensor *pd_tensor,
                                                         const uint8_t *data);
PADDLE_CAPI_EXPORT extern void PD_TensorCopyFromCpuInt8(__pd_keep PD_Tensor *pd_tensor,
                                                        const int8_t *data);

/* Copies all elements of a tensor to `data`, which must have room for them. */
PADDLE_CAPI_EXPORT extern void PD_TensorCopyToCpuFloat(__pd_keep PD_Tensor *pd_tensor, float *data);
PADDLE_CAPI_EXPORT extern void PD_TensorCopyToCpuInt64(__pd_keep PD_Tensor *pd_tensor,
                                                       int64_t *data);
PADDLE_CAPI_EXPORT extern void PD_TensorCopyToCpuInt32(__pd_keep PD_Tensor *pd_tensor,
                                                       int32_t *data);
PADDLE_CAPI_EXPORT extern void PD_TensorCopyToCpuUint8(__pd_keep PD_Tensor *pd_tensor,
                                                       uint8_t *data);
PADDLE_CAPI_EXPORT extern void PD_TensorCopyToCpuInt8(__pd_keep PD_Tensor *pd_tensor, int8_t *data);

PADDLE_CAPI_EXPORT extern __pd_give PD_OneDimArrayInt32 *
PD_TensorGetShape(__pd_keep PD_Tensor *pd_tensor);

/* Where the sequences of a batch begin and end, offsets a level ({0, 2, 5}); copied. */
PADDLE_CAPI_EXPORT extern void PD_TensorSetLod(__pd_keep PD_Tensor *pd_tensor,
                                               __pd_keep PD_TwoDimArraySize *lod);
PADDLE_CAPI_EXPORT extern __pd_give PD_TwoDimArraySize *
PD_TensorGetLod(__pd_keep PD_Tensor *pd_tensor);

/* The handle's, until it is destroyed. */
PADDLE_CAPI_EXPORT extern const char *PD_TensorGetName(__pd_keep PD_Tensor *pd_tensor);

PADDLE_CAPI_EXPORT extern PD_DataType PD_TensorGetDataType(__pd_keep PD_Tensor *pd_tensor);

PD_END

#endif
