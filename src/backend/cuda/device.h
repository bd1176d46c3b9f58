/* device.h: what the CUDA backend's files share: the device, its streams, errors. C17. */
#ifndef SCULL_CUDA_DEVICE_H
#define SCULL_CUDA_DEVICE_H

#include "backend/backend.h"

/* scull_device_t.features of a CUDA device: compute capability, 90 for 9.0. */

typedef struct scull_cuda_device {
  int index;
  int sms;             /* multiprocessors */
  uint32_t capability; /* what code is compiled for: 90 is 9.0, whatever it passes for */
  bool chains;         /* knows programmatic dependent launch */
  int runtime, driver; /* versions as CUDA numbers them */
  struct scull_cuda_pool *pool;
} scull_cuda_device_t;

static inline const scull_cuda_device_t *scull_cuda_device_of(const scull_device_t *device) {
  return device->self;
}

/* Makes the device the calling thread's. */
void scull_cuda_use(const scull_cuda_device_t *device);

/* OUT_OF_MEMORY or DEVICE for a cudaError_t that is not 0; clears the thread's last error. */
scull_status_t scull_cuda_status(int error);

/* For a kernel that is about to be enqueued: the native stream, and whether the kernel may start
 * before its predecessor ends (which is then a kernel of ours that waits for its own). A kernel
 * that does not wait for its predecessor by griddepcontrol (a library's) says so with `ours`
 * false: it and its successor are then not chained. */
typedef struct scull_cuda_launch {
  void *stream; /* a CUstream */
  int chained;
} scull_cuda_launch_t;
scull_cuda_launch_t scull_cuda_launch(scull_stream_t *stream, bool ours);

/* Memory blocks kept for reuse, since the driver's own calls wait for the device. Thread safe. */
typedef struct scull_cuda_pool scull_cuda_pool_t;
scull_cuda_pool_t *scull_cuda_pool_create(void);
void scull_cuda_pool_destroy(scull_cuda_pool_t *pool);
scull_status_t scull_cuda_pool_take(scull_cuda_pool_t *pool, size_t bytes, void **out);
void scull_cuda_pool_give(scull_cuda_pool_t *pool, void *memory);

#endif
