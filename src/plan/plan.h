/* The compiled model: steps, memory map, weights. This folder alone knows the file format
 * (docs/plan-format.md). A plan holds no graph; everything that it says was decided before. */
#ifndef SCULL_PLAN_PLAN_H
#define SCULL_PLAN_PLAN_H

#include "backend/backend.h"
#include "base/codec.h"
#include "base/file.h"

#define SCULL_PLAN_FORMAT 3u /* what is written */
#define SCULL_PLAN_OLDEST 1u /* what is still read */
#define SCULL_PLAN_NONE UINT32_MAX

/* ARENA is memory of the plan's device. Where that is discrete, INPUT, OUTPUT and HOST are memory
 * of the processor (COPY steps lead from one to the other), CONSTANT and SHAPE exist on both. */
typedef enum scull_plan_storage {
  SCULL_PLAN_ARENA = 0,    /* at `offset` of the context's activation arena */
  SCULL_PLAN_INPUT = 1,    /* the caller's memory of input `index` */
  SCULL_PLAN_OUTPUT = 2,   /* the caller's memory of output `index` */
  SCULL_PLAN_CONSTANT = 3, /* at `offset` of the weights */
  SCULL_PLAN_SHAPE = 4,    /* at `offset` of the context's shape memory: small values that depend on
                              shapes only, computed when a shape is set, never in a run */
  SCULL_PLAN_HOST = 5,  /* at `offset` of the context's host arena: activations of ON_HOST steps */
  SCULL_PLAN_BLOCK = 6, /* block `index` of the context, which grows when a run needs more: values
                           whose extents a run settles, and all that regions compute; the host's */
  SCULL_PLAN_SEQUENCE = 7, /* sequence `index` of the context */
  SCULL_PLAN_STORAGES = 8,
} scull_plan_storage_t;

/* Memory. Values share a buffer when one is a view or a slice of the other. */
typedef struct scull_plan_buffer {
  uint8_t storage; /* scull_plan_storage_t */
  uint32_t index;
  uint64_t offset, bytes; /* bytes at the largest shapes */
} scull_plan_buffer_t;

typedef struct scull_plan_value {
  const char *name; /* the model's */
  scull_dtype_t dtype;
  scull_shape_t opt, min, max;
  scull_layout_t layout;
  scull_precision_t as;       /* as what it is stored */
  const scull_quant_t *quant; /* NULL: none; needed when it is stored as INT8 */
  uint32_t buffer;
  int64_t channel_offset, channel_total; /* a slice of the buffer's tensor; 0, 0: all of it */
  bool late; /* a run settles its shape: the three above are bounds and guesses */
} scull_plan_value_t;

typedef enum scull_plan_kind {
  SCULL_PLAN_RUN = 0,      /* a tactic or a reference kernel */
  SCULL_PLAN_AT_SHAPE = 1, /* runs when shapes are set, not in a run: outputs are SHAPE values */
  SCULL_PLAN_VIEW = 2,     /* nothing to run: the output shares the input's buffer */
  SCULL_PLAN_ON_HOST = 3,  /* as RUN, but on the processor beside a discrete device */
  SCULL_PLAN_COPY = 4,     /* the bytes of the input, between device and host */
  SCULL_PLAN_CONTROL = 5,  /* runs lists of steps: what the operator of its site says */
  SCULL_PLAN_KINDS = 6,
} scull_plan_kind_t;

enum { SCULL_PLAN_MAX_REGIONS = 2, SCULL_PLAN_MAX_DEPTH = 32 };

typedef struct scull_plan_step {
  const char *name;        /* by the model's nodes: "conv1 + bn1 + relu1" */
  const char *tactic_name; /* "" = the operator's reference kernel */
  uint32_t tactic_version;
  scull_config_t config;
  scull_site_t site;  /* opt, min, max of the plan; data NULL but for small constants */
  uint32_t *bindings; /* site value -> plan value; SCULL_PLAN_NONE: inner, or packed away */
  uint64_t packed_offset, packed_bytes;   /* in the weights */
  uint8_t kind;                           /* scull_plan_kind_t */
  int32_t engine;                         /* -1: native */
  double microseconds;                    /* as timed when tuned; 0: not timed */
  bool late;                              /* shapes are inferred and tactics prepared in the run */
  uint32_t lists[SCULL_PLAN_MAX_REGIONS]; /* CONTROL: by region; SCULL_PLAN_NONE: no more */
} scull_plan_step_t;

/* Steps that run one after the other: [first, first + count) of the plan's. List 0 is the network,
 * every other one a region of one CONTROL step of a list before it. */
typedef struct scull_plan_list {
  uint32_t first, count;
  uint32_t *params; /* values that the CONTROL step writes before each run of the list: of a loop
                       the trip number, the condition and the carried values. Captures are no
                       parameters here: the steps bind the values of the lists around them. */
  size_t param_count;
  uint32_t *results; /* values in blocks of their own, by result of the region */
  size_t result_count;
} scull_plan_list_t;

typedef struct scull_plan_port {
  const char *name;
  uint32_t value;
} scull_plan_port_t;

/* A plug-in without which the plan cannot be read (scull/plugin.h). */
typedef struct scull_plan_plugin {
  const char *name;
  uint32_t version;
} scull_plan_plugin_t;

typedef struct scull_plan {
  scull_arena_t arena; /* holds all that follows but the weights of a plan that was read */
  uint32_t format;     /* of the file that it was read from; SCULL_PLAN_FORMAT when it was made */
  const char *library; /* version of Scull that wrote it */
  const char *backend;
  const char *device; /* text of scull_plan_device */
  scull_plan_plugin_t *plugins;
  size_t plugin_count;
  int32_t threads;
  uint64_t workspace;
  bool fixed; /* every input has one shape only */
  scull_plan_port_t *inputs, *outputs;
  size_t input_count, output_count;
  scull_plan_buffer_t *buffers;
  size_t buffer_count;
  scull_plan_value_t *values;
  size_t value_count;
  scull_plan_step_t *steps;
  size_t step_count;
  scull_plan_list_t *lists;
  size_t list_count; /* at least one */
  uint32_t block_count, sequence_count;
  uint64_t arena_bytes, shape_bytes;
  uint64_t activation_bytes, activation_bound; /* planned, and what no plan could go below */
  scull_bytes_t weights;                       /* 64-byte aligned */
  const char *report;                          /* JSON */
  scull_bytes_t sources; /* opaque to this folder; empty when dropped. Of a plan that was read they
                            are not checked yet: take them from scull_plan_sources */
  const char *name;      /* of a plan that was read, for messages; NULL: it was made here */
  uint64_t sources_offset, sources_hash; /* with a name: where in the file, and their checksum */
  void *owned;       /* a block of ours that weights and sources may lie in; or NULL */
  scull_file_t file; /* the mapping that weights and sources lie in; none while building */
} scull_plan_t;

void scull_plan_init(scull_plan_t *plan);
void scull_plan_deinit(scull_plan_t *plan);

/* Writes the file whole or not at all. */
scull_status_t scull_plan_write(const scull_plan_t *plan, const char *path,
                                scull_diag_t *diag) SCULL_MUST_USE;

/* Reads a plan from a file or from bytes (64-byte aligned, borrowed until deinit). Everything is
 * checked before it is used: sizes, checksums, indices, offsets, operators, attributes; the
 * sources, a third of the bytes that a run never looks at, when somebody asks for them. `name` is
 * for messages. CORRUPT; NEEDS_BUILD for a format version that is not readable; NOT_FOUND when a
 * plug-in is missing. `out` comes
 * from scull_plan_init and is given back by scull_plan_deinit, also after a failure. */
scull_status_t scull_plan_open(const char *path, scull_plan_t *out,
                               scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_plan_read(scull_bytes_t bytes, const char *name, scull_plan_t *out,
                               scull_diag_t *diag) SCULL_MUST_USE;

/* The sources, their checksum checked; empty when the plan has none. CORRUPT. */
scull_status_t scull_plan_sources(const scull_plan_t *plan, scull_bytes_t *out,
                                  scull_diag_t *diag) SCULL_MUST_USE;

/* Test door: makes the checksums of a changed file right again, as far as its header still
 * describes it, so that what lies behind them can be tested. */
void scull_plan_seal(void *bytes, size_t size);

/* Ranges, indices, operands, memory: what read calls last, and tests. */
scull_status_t scull_plan_verify(const scull_plan_t *plan, const char *name,
                                 scull_diag_t *diag) SCULL_MUST_USE;

/* Lines that say where two plans differ; returns how many. */
size_t scull_plan_compare(const scull_plan_t *a, const scull_plan_t *b, scull_text_t *out);

/* The plan as JSON (header, ports, buffers, steps; no weights). */
void scull_plan_print(const scull_plan_t *plan, scull_text_t *out);

/* Notes whose operator `def` is, where it is none of Scull's. False when memory is short. */
bool scull_plan_use(scull_plan_t *plan, const scull_opdef_t *def);

/* One list of all steps: what a plan without regions has. False when memory is short. */
bool scull_plan_list_all(scull_plan_t *plan);
/* The element type of a value in memory. */
scull_dtype_t scull_plan_value_stored(const scull_plan_value_t *value);

/* What the plan depends on: the device and, with ON_HOST steps that run tactics, its host; appended
 * to `text`. */
void scull_plan_device(const scull_plan_t *plan, const scull_device_t *device, scull_text_t *text);

/* Bytes of the host arena: 0 but for plans of discrete devices; false on overflow. */
bool scull_plan_host_bytes(const scull_plan_t *plan, size_t *bytes);

/* Bytes of a value at a shape, in its layout, whole (a slice counts its whole tensor); false on
 * overflow. */
bool scull_plan_value_bytes(const scull_plan_value_t *value, const scull_shape_t *shape,
                            size_t *bytes);

/* Byte offset of a slice's first element inside its buffer, at an actual shape. */
size_t scull_plan_slice_offset(const scull_plan_value_t *value, const scull_shape_t *shape);

/* --- records that others store, too ----------------------------------------------------------- */

void scull_plan_codec_shape(scull_codec_t *codec, scull_shape_t *shape);
/* `def` must be known; attributes are read with the operator's own schema. */
void scull_plan_codec_attrs(scull_codec_t *codec, const scull_opdef_t *def, const void **attrs);
void scull_plan_codec_dtype(scull_codec_t *codec, scull_dtype_t *dtype);
/* A quantization, or NULL. */
void scull_plan_codec_quant(scull_codec_t *codec, const scull_quant_t **quant);
/* Name of an operator of this library; fails when it is unknown. */
void scull_plan_codec_op(scull_codec_t *codec, const scull_opdef_t **def);

#endif
