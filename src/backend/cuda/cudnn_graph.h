/* cudnn_graph.h: cuDNN 9's backend interface, found by name, and execution plans of a convolution
 * with its end. Private to the cuDNN tactics. */
#ifndef SCULL_CUDA_CUDNN_GRAPH_H
#define SCULL_CUDA_CUDNN_GRAPH_H

#include "backend/cuda/conv_tensor.h"

/* NULL when cuDNN is here, else why not; the library is opened at the first call. */
const char *scull_cuda_cudnn_absent(void);

/* What a plan is made for. Types are SCULL_DTYPE_F32 or _F16. */
typedef struct scull_cuda_cudnn_conv {
  scull_conv_geometry_t g;
  const scull_site_value_t *src, *dst, *residual; /* residual NULL: none */
  float lo, hi;                                   /* a clamp from 0, or none */
  bool tf32;                                      /* f32 may be multiplied in fewer bits */
} scull_cuda_cudnn_conv_t;

typedef struct scull_cuda_cudnn_plan scull_cuda_cudnn_plan_t;

/* The `index`-th plan that cuDNN's heuristics offer and this device can run within `workspace`
 * bytes (0: any). UNSUPPORTED when there are not so many. */
scull_status_t scull_cuda_cudnn_plan_create(const scull_cuda_cudnn_conv_t *conv, int index,
                                            size_t workspace, const scull_cuda_device_t *device,
                                            scull_cuda_cudnn_plan_t **out) SCULL_MUST_USE;
void scull_cuda_cudnn_plan_destroy(scull_cuda_cudnn_plan_t *plan);
size_t scull_cuda_cudnn_plan_workspace(const scull_cuda_cudnn_plan_t *plan);

/* Weights in the order of src's layout and type, bias FP32 or FP16 like them. */
scull_status_t scull_cuda_cudnn_plan_run(scull_cuda_cudnn_plan_t *plan, const void *src,
                                         const void *weights, const void *bias,
                                         const void *residual, void *dst, void *workspace,
                                         scull_stream_t *stream) SCULL_MUST_USE;

#endif
