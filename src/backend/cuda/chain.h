/* chain.h: chains of element-wise operators as the tactics of elementwise.c and generated.c read
 * them. */
#ifndef SCULL_CUDA_CHAIN_H
#define SCULL_CUDA_CHAIN_H

#include "backend/cuda/common.h"

typedef struct scull_cuda_chain {
  scull_cuda_elementwise_t e;         /* without addresses */
  int input[SCULL_CUDA_OPERANDS];     /* position in args; -1: packed */
  size_t offset[SCULL_CUDA_OPERANDS]; /* in the packed constants */
} scull_cuda_chain_t;

/* NULL, or why the site is no such chain. */
const char *scull_cuda_chain_refuse(const scull_site_t *site);

/* The chain at the shapes and formats of the site; UNSUPPORTED when it is none. */
scull_status_t scull_cuda_chain_read(const scull_site_t *site, scull_cuda_chain_t *out);

/* With the addresses of a run. */
scull_cuda_elementwise_t scull_cuda_chain_bind(const scull_cuda_chain_t *chain,
                                               const scull_args_t *args);

#endif
