/* A backend = where work runs: a table of slots for memory, streams and time, and a list of
 * tactics. Adding a device: copy null/, add one line to backends.def; the conformance suite then
 * runs on it. On a CPU a stream is the calling thread and most slots are trivial. */
#ifndef SCULL_BACKEND_BACKEND_H
#define SCULL_BACKEND_BACKEND_H

#include "backend/tactic.h"

typedef struct scull_event scull_event_t;
typedef struct scull_replay scull_replay_t; /* captured work */

enum { SCULL_STREAM_EVENTS = 64 }; /* how many marks of a stream stay valid */

typedef struct scull_backend {
  const char *name;            /* "cpu", "cuda", "null" */
  const char *(*absent)(void); /* NULL when the device can be used here, else why not, in words */
  /* True for a device with memory of its own, which the processor cannot touch: plans copy at its
   * edges, and what no tactic of it takes runs on the processor (device->host). */
  bool discrete;
  scull_status_t (*open)(int index, scull_device_t **out, scull_diag_t *diag);
  void (*close)(scull_device_t *device);
  /* Device memory, 256-byte aligned. */
  scull_status_t (*alloc)(scull_device_t *device, size_t bytes, void **out);
  void (*free)(scull_device_t *device, void *memory);
  /* Host memory that the device copies from and to at full speed and without the caller's waiting;
   * NULL slots: any will do. */
  scull_status_t (*alloc_host)(scull_device_t *device, size_t bytes, void **out);
  void (*free_host)(scull_device_t *device, void *memory);
  /* True for memory of this device that its kernels may be given. NULL slot: there is none but the
   * host's. */
  bool (*owns)(scull_device_t *device, const void *memory);
  /* Streams: work in the order of enqueueing. */
  scull_status_t (*stream_create)(scull_device_t *device, scull_stream_t **out);
  void (*stream_destroy)(scull_stream_t *stream);
  /* A stream of ours over the user's own (a CUstream), which stays the user's. NULL slot: none. */
  scull_status_t (*stream_wrap)(scull_device_t *device, void *native, scull_stream_t **out);
  /* Between any two of host and device. */
  scull_status_t (*copy)(scull_stream_t *stream, void *dst, const void *src, size_t bytes);
  scull_status_t (*wait)(scull_stream_t *stream);
  /* Time: elapsed is valid after wait, in microseconds. An event is its stream's: the last
   * SCULL_STREAM_EVENTS are kept. */
  scull_status_t (*mark)(scull_stream_t *stream, scull_event_t **event);
  double (*elapsed)(scull_event_t *from, scull_event_t *to);
  /* Work enqueued between begin and end is recorded instead of run; NULL slots: no capture. Copies
   * from or to the host may not be among it. */
  scull_status_t (*capture_begin)(scull_stream_t *stream);
  scull_status_t (*capture_end)(scull_stream_t *stream, scull_replay_t **out);
  scull_status_t (*replay)(scull_replay_t *work, scull_stream_t *stream);
  void (*replay_destroy)(scull_replay_t *work);
  const scull_tactic_t *const *tactics; /* ended by NULL, in order of preference; who asks for all
                                           calls scull_backend_tactics */
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
  char libraries[128];  /* versions that timings depend on: "onednn 2.6.3" */
  scull_device_t *host; /* of a discrete device: the processor beside it; else NULL */
  void *self;           /* the backend's own */
};

/* What a library with a backend of its own exports as `scull_backend_entry`: its backend, or NULL
 * when it was built from other headers. The number changes with the structs that cross. */
typedef const scull_backend_t *(*scull_backend_entry_t)(uint64_t abi);
#define SCULL_BACKEND_ABI                                                                          \
  ((((1u * 1009u + sizeof(scull_backend_t)) * 1009u + sizeof(scull_tactic_t)) * 1009u +            \
    sizeof(scull_site_value_t)) *                                                                  \
       1009u +                                                                                     \
   sizeof(scull_device_t) + sizeof(scull_config_t) * 7u + sizeof(scull_args_t) * 11u +             \
   sizeof(scull_site_t) * 13u)

/* Backends of this build (backends.def), in order; NULL past the end. */
const scull_backend_t *scull_backend_at(size_t index);
const scull_backend_t *scull_backend_find(const char *name);

/* Test door: one more backend, found behind those of the build; NULL takes it away. */
void scull_backend_add(const scull_backend_t *backend);

/* Opens device `index`, and with a discrete one the processor beside it. DEVICE with the reason
 * when it is absent. */
scull_status_t scull_backend_open(const scull_backend_t *backend, int index, scull_device_t **out,
                                  scull_diag_t *diag) SCULL_MUST_USE;
void scull_backend_close(scull_device_t *device); /* NULL is allowed */

/* What timings, packed weights and plans depend on: name, features, caches, libraries; as text. */
void scull_backend_device_print(const scull_device_t *device, scull_text_t *text);

/* The tactics of a backend, its own and behind them those that were added; ended by NULL. The list
 * stays as it is for the rest of the process. */
const scull_tactic_t *const *scull_backend_tactics(const scull_backend_t *backend);

/* More tactics of the processor's backend, for the rest of the process. Others may look at the list
 * meanwhile, but only one thread adds at a time. False, and none is added, when memory is short. */
bool scull_backend_tactics_add(const scull_tactic_t *const *tactics, size_t count);

/* The tactic of that name on a backend, or NULL. */
const scull_tactic_t *scull_backend_tactic_find(const scull_backend_t *backend, const char *name);

/* True when the tactic may be offered this site at all (anchor, traits), whatever refuse says. */
bool scull_backend_tactic_applies(const scull_tactic_t *tactic, const scull_site_t *site);

#endif
