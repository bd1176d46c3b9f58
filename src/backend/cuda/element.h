/* element.h: element types as the general kernels name them. Valid C17, C++17. */
#ifndef SCULL_CUDA_ELEMENT_H
#define SCULL_CUDA_ELEMENT_H

#include <stdint.h>

/* Those that convert to and from float come first. */
enum {
  SCULL_CUDA_E_F32,
  SCULL_CUDA_E_F16,
  SCULL_CUDA_E_BF16,
  SCULL_CUDA_E_I32,
  SCULL_CUDA_E_U8, /* and bool */
  SCULL_CUDA_E_I8,
  SCULL_CUDA_E_NONE
};

enum { SCULL_CUDA_RANK = 8 }; /* of the boxes that general kernels walk, after merging */

#endif
