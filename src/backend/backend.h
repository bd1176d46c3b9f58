/* A backend = where work runs: a table of slots for memory, streams and time, and a list of
 * tactics. Adding a device: copy null/, add one line to backends.def; the conformance suite then
 * runs on it. On a CPU a stream is the calling thread and most slots are trivial. */
#ifndef SCULL_BACKEND_BACKEND_H
#define SCULL_BACKEND_BACKEND_H

#include "backend/tactic.h"

typedef struct scull_stream scull_stream_t; /* NULL on devices that run in the caller */
typedef struct scull_event scull_event_t;
typedef struct scull_replay scull_replay_t; /* captured work */

typedef struct scull_backend {
  const char *name;            /* "cpu", "cuda", "null" */
  const char *(*absent)(void); /* NULL when the device can be used here, else why not, in words */
  scull_status_t (*open)(int index, scull_device_t **out, scull_diag_t *diag);
  void (*close)(scull_device_t *device);
  /* Device memory, 256-byte aligned. */
  scull_status_t (*alloc)(scull_device_t *device, size_t bytes, void **out);
  void (*free)(scull_device_t *device, void *memory);
  /* Streams: work in the order of enqueueing. */
  scull_status_t (*stream_create)(scull_device_t *device, scull_stream_t **out);
  void (*stream_destroy)(scull_stream_t *stream);
  scull_status_t (*copy)(scull_stream_t *stream, void *dst, const void *src, size_t bytes);
  scull_status_t (*wait)(scull_stream_t *stream);
  /* Time: elapsed is valid after wait, in microseconds. */
  scull_status_t (*mark)(scull_stream_t *stream, scull_event_t **event);
  double (*elapsed)(scull_event_t *from, scull_event_t *to);
  /* Work enqueued between begin and end is recorded instead of run; NULL slots: no capture. */
  scull_status_t (*capture_begin)(scull_stream_t *stream);
  scull_status_t (*capture_end)(scull_stream_t *stream, scull_replay_t **out);
  scull_status_t (*replay)(scull_replay_t *work, scull_stream_t *stream);
  void (*replay_destroy)(scull_replay_t *work);
  const scull_tactic_t *const *tactics; /* ended by NULL, in order of preference */
} scull_backend_t;

/* Facts of an x86-64 processor that tactics ask for. */
enum {
  SCULL_CPU_AVX2 = 1u << 0,   /* with FMA */
  SCULL_CPU_AVX512 = 1u << 1, /* F, BW, DQ, VL */
  SCULL_CPU_AVX512_VNNI = 1u << 2,
  SCULL_CPU_AVX_VNNI = 1u << 3,
  SCULL_CPU_AVX512_BF16 = 1u << 4,
  SCULL_CPU_AMX_INT8 = 1u << 5,
  SCULL_CPU_AMX_BF16 = 1u << 6,
  SCULL_CPU_AVX512_FP16 = 1u << 7,
};

struct scull_device {
  const scull_backend_t *backend;
  int index;
  char name[96];     /* as the device calls itself */
  uint32_t features; /* SCULL_CPU_* on a CPU */
  size_t l1_bytes, l2_bytes, l3_bytes;
  char libraries[128]; /* versions that timings depend on: "onednn 2.6.3" */
  void *self;          /* the backend's own */
};

/* Backends of this build (backends.def), in order; NULL past the end. */
const scull_backend_t *scull_backend_at(size_t index);
const scull_backend_t *scull_backend_find(const char *name);

/* What timings, packed weights and plans depend on: name, features, caches, libraries; as text. */
void scull_backend_device_print(const scull_device_t *device, scull_text_t *text);

/* The tactic of that name on a backend, or NULL. */
const scull_tactic_t *scull_backend_tactic_find(const scull_backend_t *backend, const char *name);

/* True when the tactic may be offered this site at all (anchor, traits), whatever refuse says. */
bool scull_backend_tactic_applies(const scull_tactic_t *tactic, const scull_site_t *site);

#endif
