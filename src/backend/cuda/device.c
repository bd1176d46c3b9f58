/* An NVIDIA GPU as a device. The CUDA runtime is linked in; it finds the driver by name, so this
 * library loads on machines without one, and `absent` says what is missing. Streams remember
 * whether their last work was a kernel of ours: then the next may be launched before it ends. */
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cuda/device.h"
#include "backend/cuda/tactics.h"
#include "base/library.h"

struct scull_event {
  cudaEvent_t native;
};

struct scull_stream {
  const scull_cuda_device_t *device;
  cudaStream_t native;
  bool own;   /* destroyed with this */
  bool chain; /* the last work enqueued was a kernel of ours */
  scull_event_t events[SCULL_STREAM_EVENTS];
  size_t event;
};

struct scull_replay {
  const scull_cuda_device_t *device;
  cudaGraphExec_t work;
};

static const scull_backend_t backend;

scull_status_t scull_cuda_status(int error) {
  if (error == cudaSuccess)
    return SCULL_OK;
  cudaGetLastError();
  return error == cudaErrorMemoryAllocation ? SCULL_OUT_OF_MEMORY : SCULL_DEVICE;
}

void scull_cuda_use(const scull_cuda_device_t *device) {
  int now = -1;
  if (cudaGetDevice(&now) != cudaSuccess || now != device->index)
    cudaSetDevice(device->index);
}

/* --- the device ------------------------------------------------------------------------------- */

static const char *absent(void) {
  static char words[256];
  int count = 0;
  if (scull_base_library_open_system("libcuda.so.1", NULL, 0) == NULL)
    return "there is no NVIDIA driver on this machine (libcuda.so.1)";
  cudaError_t error = cudaGetDeviceCount(&count);
  cudaGetLastError();
  if (error == cudaSuccess)
    return count > 0 ? NULL : "the NVIDIA driver finds no GPU";
  snprintf(words, sizeof words, "the NVIDIA driver says: %s", cudaGetErrorString(error));
  return words;
}

static void close_cuda(scull_device_t *device) {
  scull_cuda_device_t *self = device->self;
  if (self != NULL) {
    scull_cuda_use(self);
    scull_cuda_pool_destroy(self->pool);
  }
  scull_base_free(self);
  scull_base_free(device);
}

/* SCULL_CUDA_CAPABILITY=80 makes it pass for an older device, so that what runs there can be tried
 * on what there is. */
static uint32_t capability(uint32_t real) {
  const char *wanted = getenv("SCULL_CUDA_CAPABILITY");
  long as = wanted == NULL ? real : strtol(wanted, NULL, 10);
  return as > 0 && as < real ? (uint32_t)as : real;
}

static scull_status_t read_facts(scull_device_t *device, scull_cuda_device_t *self) {
  struct cudaDeviceProp prop;
  cudaError_t error = cudaGetDeviceProperties(&prop, self->index);
  if (error == cudaSuccess)
    error = cudaRuntimeGetVersion(&self->runtime);
  if (error == cudaSuccess)
    error = cudaDriverGetVersion(&self->driver);
  if (error != cudaSuccess)
    return scull_cuda_status(error);
  self->sms = prop.multiProcessorCount;
  snprintf(device->name, sizeof device->name, "%.80s", prop.name);
  self->capability = (uint32_t)(prop.major * 10 + prop.minor);
  device->features = capability(self->capability);
  self->chains = device->features >= 90;
  device->l1_bytes = prop.sharedMemPerMultiprocessor;
  device->l2_bytes = (size_t)prop.l2CacheSize;
  snprintf(device->libraries, sizeof device->libraries, "%d multiprocessors, cuda %d.%d", self->sms,
           self->runtime / 1000, self->runtime % 1000 / 10);
  return SCULL_OK;
}

static scull_status_t open_cuda(int index, scull_device_t **out, scull_diag_t *diag) {
  int count = 0;
  *out = NULL;
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || index < 0 || index >= count)
    return scull_base_fail(diag, SCULL_DEVICE, "there is no cuda device %d of %d", index, count);
  scull_device_t *device = scull_base_alloc(sizeof *device);
  scull_cuda_device_t *self = scull_base_alloc(sizeof *self);
  if (device == NULL || self == NULL) {
    scull_base_free(device);
    scull_base_free(self);
    return scull_base_fail_memory(diag, "a device");
  }
  device->backend = &backend;
  device->index = self->index = index;
  device->self = self;
  cudaSetDevice(index);
  self->pool = scull_cuda_pool_create();
  scull_status_t status = self->pool == NULL ? SCULL_OUT_OF_MEMORY : read_facts(device, self);
  if (status != SCULL_OK) {
    close_cuda(device);
    return scull_base_fail(diag, status, "cuda device %d cannot be opened", index);
  }
  *out = device;
  return SCULL_OK;
}

/* --- memory ----------------------------------------------------------------------------------- */

static scull_status_t alloc_cuda(scull_device_t *device, size_t bytes, void **out) {
  scull_cuda_use(device->self);
  return scull_cuda_pool_take(scull_cuda_device_of(device)->pool, bytes, out);
}

static void free_cuda(scull_device_t *device, void *memory) {
  scull_cuda_use(device->self);
  scull_cuda_pool_give(scull_cuda_device_of(device)->pool, memory);
}

static scull_status_t alloc_host(scull_device_t *device, size_t bytes, void **out) {
  *out = NULL;
  scull_cuda_use(device->self);
  return scull_cuda_status(cudaHostAlloc(out, bytes, cudaHostAllocPortable));
}

static void free_host(scull_device_t *device, void *memory) {
  scull_cuda_use(device->self);
  cudaFreeHost(memory);
}

static bool owns(scull_device_t *device, const void *memory) {
  struct cudaPointerAttributes attributes;
  scull_cuda_use(device->self);
  cudaError_t error = cudaPointerGetAttributes(&attributes, memory);
  cudaGetLastError();
  return error == cudaSuccess && attributes.device == device->index &&
         (attributes.type == cudaMemoryTypeDevice || attributes.type == cudaMemoryTypeManaged);
}

/* --- streams ---------------------------------------------------------------------------------- */

static scull_status_t make_stream(scull_device_t *device, cudaStream_t native, bool own,
                                  scull_stream_t **out) {
  scull_stream_t *stream = scull_base_alloc(sizeof *stream);
  *out = NULL;
  if (stream == NULL) {
    if (own)
      cudaStreamDestroy(native);
    return SCULL_OUT_OF_MEMORY;
  }
  stream->device = device->self;
  stream->native = native;
  stream->own = own;
  *out = stream;
  return SCULL_OK;
}

static scull_status_t stream_create(scull_device_t *device, scull_stream_t **out) {
  cudaStream_t native = NULL;
  *out = NULL;
  scull_cuda_use(device->self);
  cudaError_t error = cudaStreamCreateWithFlags(&native, cudaStreamNonBlocking);
  if (error != cudaSuccess)
    return scull_cuda_status(error);
  return make_stream(device, native, true, out);
}

static scull_status_t stream_wrap(scull_device_t *device, void *native, scull_stream_t **out) {
  return make_stream(device, native, false, out);
}

static void stream_destroy(scull_stream_t *stream) {
  scull_cuda_use(stream->device);
  for (size_t i = 0; i < SCULL_STREAM_EVENTS; i++) {
    if (stream->events[i].native != NULL)
      cudaEventDestroy(stream->events[i].native);
  }
  if (stream->own)
    cudaStreamDestroy(stream->native);
  scull_base_free(stream);
}

scull_cuda_launch_t scull_cuda_launch(scull_stream_t *stream, bool ours) {
  scull_cuda_use(stream->device);
  scull_cuda_launch_t launch = {.stream = stream->native,
                                .chained = ours && stream->chain && stream->device->chains};
  stream->chain = ours;
  return launch;
}

static scull_status_t copy(scull_stream_t *stream, void *dst, const void *src, size_t bytes) {
  scull_cuda_use(stream->device);
  stream->chain = false;
  if (bytes == 0)
    return SCULL_OK;
  return scull_cuda_status(cudaMemcpyAsync(dst, src, bytes, cudaMemcpyDefault, stream->native));
}

static scull_status_t wait_stream(scull_stream_t *stream) {
  scull_cuda_use(stream->device);
  stream->chain = false;
  return scull_cuda_status(cudaStreamSynchronize(stream->native));
}

static scull_status_t mark(scull_stream_t *stream, scull_event_t **event) {
  scull_cuda_use(stream->device);
  scull_event_t *e = &stream->events[stream->event++ % SCULL_STREAM_EVENTS];
  stream->chain = false;
  *event = e;
  if (e->native == NULL)
    SCULL_TRY(scull_cuda_status(cudaEventCreate(&e->native)));
  return scull_cuda_status(cudaEventRecord(e->native, stream->native));
}

static double elapsed(scull_event_t *from, scull_event_t *to) {
  float milliseconds = 0;
  cudaError_t error = cudaEventElapsedTime(&milliseconds, from->native, to->native);
  return scull_cuda_status(error) == SCULL_OK ? (double)milliseconds * 1e3 : 0;
}

/* --- captured work ---------------------------------------------------------------------------- */

static scull_status_t capture_begin(scull_stream_t *stream) {
  scull_cuda_use(stream->device);
  stream->chain = false;
  return scull_cuda_status(
      cudaStreamBeginCapture(stream->native, cudaStreamCaptureModeThreadLocal));
}

static scull_status_t capture_end(scull_stream_t *stream, scull_replay_t **out) {
  cudaGraph_t graph = NULL;
  *out = NULL;
  scull_cuda_use(stream->device);
  stream->chain = false;
  cudaError_t error = cudaStreamEndCapture(stream->native, &graph);
  if (error != cudaSuccess || graph == NULL)
    return scull_cuda_status(error == cudaSuccess ? (int)cudaErrorUnknown : (int)error);
  scull_replay_t *work = scull_base_alloc(sizeof *work);
  if (work != NULL) {
    work->device = stream->device;
    error = cudaGraphInstantiate(&work->work, graph, 0);
    if (error == cudaSuccess)
      error = cudaGraphUpload(work->work, stream->native);
  }
  cudaGraphDestroy(graph);
  if (work == NULL)
    return SCULL_OUT_OF_MEMORY;
  if (error != cudaSuccess) {
    if (work->work != NULL)
      cudaGraphExecDestroy(work->work);
    scull_base_free(work);
    return scull_cuda_status(error);
  }
  *out = work;
  return SCULL_OK;
}

static scull_status_t replay(scull_replay_t *work, scull_stream_t *stream) {
  scull_cuda_use(stream->device);
  stream->chain = false;
  return scull_cuda_status(cudaGraphLaunch(work->work, stream->native));
}

static void replay_destroy(scull_replay_t *work) {
  scull_cuda_use(work->device);
  cudaGraphExecDestroy(work->work);
  scull_base_free(work);
}

/* --- the backend ------------------------------------------------------------------------------ */

#define SCULL_TACTIC(name) &scull_tactic_cuda_##name,
static const scull_tactic_t *const tactics[] = {
#include "backend/cuda/tactics.def"
    NULL};
#undef SCULL_TACTIC

static const scull_backend_t backend = {.name = "cuda",
                                        .absent = absent,
                                        .discrete = true,
                                        .open = open_cuda,
                                        .close = close_cuda,
                                        .alloc = alloc_cuda,
                                        .free = free_cuda,
                                        .alloc_host = alloc_host,
                                        .free_host = free_host,
                                        .owns = owns,
                                        .stream_create = stream_create,
                                        .stream_destroy = stream_destroy,
                                        .stream_wrap = stream_wrap,
                                        .copy = copy,
                                        .wait = wait_stream,
                                        .mark = mark,
                                        .elapsed = elapsed,
                                        .capture_begin = capture_begin,
                                        .capture_end = capture_end,
                                        .replay = replay,
                                        .replay_destroy = replay_destroy,
                                        .tactics = tactics};

/* The one symbol that this library shows. */
__attribute__((visibility("default"))) const scull_backend_t *scull_backend_entry(uint64_t abi);
const scull_backend_t *scull_backend_entry(uint64_t abi) {
  return abi == SCULL_BACKEND_ABI ? &backend : NULL;
}
