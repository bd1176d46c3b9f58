/* A tactic: one way to run a site on a device. Tactics are stateless tables; all they know of a
 * network is the site. The search in tune/ times them against each other, lower/ packs their
 * weights, the runtime prepares and enqueues them. */
#ifndef SCULL_BACKEND_TACTIC_H
#define SCULL_BACKEND_TACTIC_H

#include "backend/site.h"

typedef struct scull_device scull_device_t;
typedef struct scull_stream scull_stream_t; /* NULL on devices that run in the caller */

/* One configuration of a tactic: its knobs, and the formats that come with them: `src` of the
 * anchor's data inputs, `dst` of outputs and residual inputs. */
typedef struct scull_config {
  int32_t knob[4]; /* the tactic's own meaning; all 0 = its first choice */
  scull_layout_t src, dst;
  scull_precision_t src_as, dst_as;
} scull_config_t;

scull_storage_t scull_backend_config_src(const scull_config_t *config);
scull_storage_t scull_backend_config_dst(const scull_config_t *config);

enum { SCULL_MAX_CONFIGS = 64 };

/* Which groups of nodes the search should offer to a tactic. The group grows from the anchor along
 * values that have one user only. */
typedef enum scull_growth {
  SCULL_GROW_NONE = 0,        /* the anchor alone */
  SCULL_GROW_EPILOGUE = 1,    /* anchor [+ residual add] [+ one unary], each prefix offered */
  SCULL_GROW_ELEMENTWISE = 2, /* a chain of unary and binary operators of one shape */
  SCULL_GROW_POOLING = 3,     /* anchor [+ one unary] + one pooling */
} scull_growth_t;

/* All pointers are memory of the tactic's device. */
typedef struct scull_args {
  const void *const *inputs; /* as site->inputs */
  void *const *outputs;      /* as site->outputs */
  const void *packed;        /* what `pack` wrote, 64-byte aligned; NULL without pack */
  void *scratch;             /* 64-byte aligned, as many bytes as prepare asked for */
  scull_stream_t *stream;    /* where to enqueue; NULL: run in the calling thread */
  const void *next;          /* packed constants that a later step will read, which enqueue may */
  size_t next_bytes;         /* bring near meanwhile; NULL: nothing is known */
} scull_args_t;

/* What prepare hands back. */
typedef struct scull_prepared {
  void *state;    /* the tactic's, given back by release */
  size_t scratch; /* bytes that enqueue needs */
  size_t packed;  /* bytes of packed constants that enqueue reads, where prepare learns them by the
                     way; 0: ask pack_size */
  bool forks;     /* enqueue uses a library that forks threads itself: not within a team */
} scull_prepared_t;

typedef struct scull_tactic {
  const char *name;           /* never changes its meaning: "cpu.conv.winograd.f4x4.avx512" */
  uint32_t version;           /* grows when timings or packed weights of older ones are void */
  const char *const *anchors; /* operators that ops[0] may be, ended by NULL; NULL: any (with
                                 `traits`) */
  uint32_t traits;            /* with anchors == NULL: ops[0] has one of these traits; 0: any op */
  scull_growth_t growth;
  bool reformats; /* takes the identity operator between two formats */
  /* Bits 1 << as besides MODEL that its configurations may have (those that the site permits and
   * whose values have a quantization, for INT8); it is shown no site stored otherwise. */
  uint32_t precisions;
  /* What its configurations compute in, whatever their source is stored as; MODEL: the same. */
  scull_precision_t computes;

  /* NULL when the tactic takes the site (whole range min..max, layouts aside), else a literal
   * reason: "needs channels % 16 == 0". Sees slices (channel_total) of outputs, too. */
  const char *(*refuse)(const scull_site_t *site, const scull_device_t *device);

  /* Fills the configurations worth timing, best guess first; returns how many (<= room). Config 0
   * is what `--tune none` takes. NULL: one config, all PLAIN. */
  size_t (*configs)(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                    size_t room);

  /* Bytes of the packed constants in this config; then writes them. The same for the whole range of
   * shapes. NULL: no packing; constants' bytes are then there at run time, too. The site given to
   * pack holds the constants' data; pack_size must not need them: the runtime calls it again to
   * hold a plan's packed weights against what enqueue will read (unless prepare says it). */
  scull_status_t (*pack_size)(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, size_t *bytes);
  scull_status_t (*pack)(const scull_site_t *site, const scull_config_t *config,
                         const scull_device_t *device, void *dst);
  bool packs_alike; /* one packing serves all knobs of a pair of formats: tuning packs once */

  /* Makes what all contexts of an engine use together, once a step, at the plan's shapes: prepare
   * finds it in site->shared. Constants that are not packed have their bytes, which stay as long as
   * it does. NULL (both): nothing. */
  scull_status_t (*share)(const scull_site_t *site, const scull_config_t *config,
                          const scull_device_t *device, void **out, scull_diag_t *diag);
  void (*unshare)(void *shared);

  /* For a range of shapes: one configuration that runs as at[p] near the shapes of point p (opt,
   * min, max). All are of one pair of formats. False: there is none. NULL slot: what is fastest at
   * opt serves the whole range. */
  bool (*join)(const scull_site_t *site, const scull_config_t at[3], scull_config_t *out);

  /* Makes what depends on the actual shapes (in `opt`), layouts set in the values. May allocate.
   * UNSUPPORTED (with no message needed) when this config cannot run these shapes. The site is
   * valid during the call only; packed constants have data == NULL. */
  scull_status_t (*prepare)(const scull_site_t *site, const scull_config_t *config,
                            const scull_device_t *device, scull_prepared_t *out,
                            scull_diag_t *diag);

  /* Runs. Where the reference kernel gives NaN the result may be anything, and the largest
   * finite number may stand for infinity: processors' max and min treat them in different ways.
   * Allocates nothing of ours and never waits on a device. Called by
   * the thread that owns the context; several contexts may run states of the same tactic at once.
   */
  scull_status_t (*enqueue)(void *state, const scull_args_t *args);
  void (*release)(void *state);

  /* Which inputs output 0 may overwrite: bit i = site input i may share output 0's memory (the sum
   * post-operation does: then it *must* be shared when `alias_required` says so). NULL: none. */
  uint32_t (*alias)(const scull_site_t *site, const scull_config_t *config);
} scull_tactic_t;

/* What a configuration computes in; of no tactic (the reference kernel): in the model's types. */
static inline scull_precision_t scull_backend_computes(const scull_tactic_t *tactic,
                                                       const scull_config_t *config) {
  return tactic == NULL || tactic->computes == SCULL_AS_MODEL ? config->src_as : tactic->computes;
}

/* Sets the formats that `config` means in every value of the site: data inputs of the anchor get
 * src, outputs and the other inputs get dst, wherever the format fits the value. */
void scull_backend_config_apply(scull_site_t *site, const scull_config_t *config);

#endif
