/* The null backend: runs nothing. It is the skeleton to copy for a new device (each slot says what
 * a real one does there) and the device on which planners are tested: its one tactic takes every
 * site, so plans of fixed models are the same on every machine. */
#include <stdio.h>
#include <string.h>

#include "backend/backend.h"

extern const scull_backend_t scull_backend_null;

/* A real device looks for its driver here and says in words what is missing. */
static const char *absent(void) {
  return NULL;
}

/* A real device opens number `index` and reads its facts: name, features, caches, libraries. */
static scull_status_t open_null(int index, scull_device_t **out, scull_diag_t *diag) {
  scull_device_t *device = scull_base_alloc(sizeof *device);
  *out = device;
  if (device == NULL)
    return scull_base_fail_memory(diag, "a device");
  device->backend = &scull_backend_null;
  device->index = index;
  snprintf(device->name, sizeof device->name, "nothing");
  snprintf(device->libraries, sizeof device->libraries, "none");
  return SCULL_OK;
}

static void close_null(scull_device_t *device) {
  scull_base_free(device);
}

/* A real device takes device memory; here host memory stands for it. */
static scull_status_t alloc_null(scull_device_t *device, size_t bytes, void **out) {
  (void)device;
  *out = scull_base_alloc(bytes);
  return *out == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
}

static void free_null(scull_device_t *device, void *memory) {
  (void)device;
  scull_base_free(memory);
}

/* A real device makes a queue of work; NULL means "in the calling thread". */
static scull_status_t stream_create(scull_device_t *device, scull_stream_t **out) {
  (void)device;
  *out = NULL;
  return SCULL_OK;
}

static void stream_destroy(scull_stream_t *stream) {
  (void)stream;
}

/* A real device enqueues an asynchronous copy. */
static scull_status_t copy(scull_stream_t *stream, void *dst, const void *src, size_t bytes) {
  (void)stream;
  memcpy(dst, src, bytes);
  return SCULL_OK;
}

/* A real device returns when everything enqueued is done, and reports faults of kernels here. */
static scull_status_t wait(scull_stream_t *stream) {
  (void)stream;
  return SCULL_OK;
}

static scull_status_t mark(scull_stream_t *stream, scull_event_t **event) {
  (void)stream;
  *event = NULL;
  return SCULL_OK;
}

/* Every tactic takes the same time, so the order of preference decides. */
static double elapsed(scull_event_t *from, scull_event_t *to) {
  (void)from;
  (void)to;
  return 1;
}

/* --- its one tactic --------------------------------------------------------------------------- */

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  (void)site;
  (void)device;
  return NULL;
}

/* Everything that is permitted, the model's types first. */
static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  size_t count = 0;
  (void)device;
  for (int as = 0; as < SCULL_PRECISIONS && count < room; as++) {
    const scull_precision_t own = (scull_precision_t)as;
    if (scull_backend_site_permits(site, own))
      out[count++] = (scull_config_t){.src_as = own, .dst_as = own};
  }
  return count;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  (void)site;
  (void)config;
  (void)device;
  (void)diag;
  *out = (scull_prepared_t){0};
  return SCULL_OK;
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  (void)state;
  (void)args;
  return SCULL_OK;
}

static void release(void *state) {
  (void)state;
}

static const scull_tactic_t any = {.name = "null.any",
                                   .version = 1,
                                   .growth = SCULL_GROW_EPILOGUE,
                                   .reformats = true,
                                   .precisions = 1u << SCULL_AS_BF16 | 1u << SCULL_AS_F16 |
                                                 1u << SCULL_AS_INT8,
                                   .refuse = refuse,
                                   .configs = configs,
                                   .prepare = prepare,
                                   .enqueue = enqueue,
                                   .release = release};

static const scull_tactic_t *const tactics[] = {&any, NULL};

const scull_backend_t scull_backend_null = {.name = "null",
                                            .absent = absent,
                                            .open = open_null,
                                            .close = close_null,
                                            .alloc = alloc_null,
                                            .free = free_null,
                                            .stream_create = stream_create,
                                            .stream_destroy = stream_destroy,
                                            .copy = copy,
                                            .wait = wait,
                                            .mark = mark,
                                            .elapsed = elapsed,
                                            .tactics = tactics};
