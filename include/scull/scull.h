/* Scull: an inference optimizer and runtime.
 *
 *   model file --scull_builder_build--> plan file --scull_engine_open--> engine --> contexts -->
 * runs
 *
 * Rules that hold everywhere. Every function that can fail returns a scull_status_t; the words are
 * in scull_last_error() of the calling thread and go to the logger, if one was given. `T **out_x`
 * is yours on success and NULL on failure; every other pointer is borrowed for the call unless its
 * comment says until when. Option structs begin with their size: start from the ..._init function
 * or the ..._INIT macro. NULL handles are refused with INVALID_ARGUMENT, except by the destroy
 * functions, which ignore them; functions without a status answer 0, false or "" to them. Nothing
 * here aborts, exits or prints. Tensors are dense and row-major; sizes are in bytes.
 *
 * Threads: an engine may be used by any number of threads at once. A builder or a context belongs
 * to one thread at a time; scull_builder_cancel may come from any thread. */
#ifndef SCULL_SCULL_H
#define SCULL_SCULL_H

#include <stdbool.h>

#include <scull/plugin.h>
#include <scull/types.h>

#if defined(SCULL_BUILD)
#define SCULL_API __attribute__((visibility("default")))
#else
#define SCULL_API
#endif
#define SCULL_CHECKED __attribute__((warn_unused_result))

#define SCULL_VERSION_MAJOR 0
#define SCULL_VERSION_MINOR 1
#define SCULL_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* --- library ---------------------------------------------------------------------------------- */

/* "0.1.0" of the library that is loaded (the macros above are those of the header). */
SCULL_API const char *scull_version(void);

/* "OUT_OF_RANGE" and its sentence; never NULL. */
SCULL_API const char *scull_status_name(scull_status_t status);
SCULL_API const char *scull_status_text(scull_status_t status);

/* All messages of the last failed call of this thread, a line each; "" when none failed. Valid
 * until the thread's next call. */
SCULL_API const char *scull_last_error(void);

/* Receives one line without a newline; `text` is valid during the call. Called in the thread of the
 * call that logs. */
typedef void (*scull_logger_fn_t)(void *user, scull_severity_t severity, const char *text);

typedef struct scull_logger {
  scull_logger_fn_t log; /* NULL: silent */
  void *user;
  scull_severity_t verbosity; /* the least important severity that is wanted */
} scull_logger_t;

/* Receives text in pieces, in order. */
typedef void (*scull_text_sink_fn_t)(void *user, const char *text, size_t size);

/* --- devices ---------------------------------------------------------------------------------- */

typedef struct scull_device_info {
  const char *backend; /* "cpu", "cuda", "null"; static */
  const char *absent;  /* NULL when it can be used, else why not; static */
  char name[96];       /* of the processor; "" when absent */
  char facts[256];     /* features, caches, library versions */
} scull_device_info_t;

/* Device `index` of this build; NOT_FOUND past the last. */
SCULL_API SCULL_CHECKED scull_status_t scull_device_get(size_t index, scull_device_info_t *out);

/* --- operators from outside (scull/plugin.h) ---------------------------------------------------
 */

/* Makes a plug-in's operators known to this process, until it ends; so long must all that `plugin`
 * points to stay. Again with the same plug-in it does nothing. INVALID_ARGUMENT names what is wrong
 * with it, or whose name is taken; nothing of it is known then. From any thread. */
SCULL_API SCULL_CHECKED scull_status_t scull_plugin_register(const scull_plugin_t *plugin);

/* Opens a plug-in's library, which exports `scull_plugin_entry`, and registers what that gives. The
 * library is never closed. NOT_FOUND: it cannot be opened, or exports no such thing. Libraries that
 * a plan needs are also looked for, as lib<name>.so, in the folders of the environment variable
 * SCULL_PLUGIN_PATH (with : between them). */
SCULL_API SCULL_CHECKED scull_status_t scull_plugin_load(const char *path);

/* --- build ------------------------------------------------------------------------------------ */

/* Where a model comes from: paths, or bytes in memory (then the paths only serve messages). A path
 * may be a folder (`__model__` and one file a parameter, or model and parameters under their usual
 * names), a .pdmodel, a __model__, a PIR .json, an .onnx, a Caffe .prototxt, a frozen
 * TensorFlow graph (.pb). Bytes are borrowed for the call. */
typedef struct scull_network scull_network_t; /* a model written with calls, see below */

typedef struct scull_model_source {
  size_t struct_size;
  const char *model_path;
  const char *params_path; /* NULL: found beside the model */
  const void *model_data;
  size_t model_size;
  const void *params_data;
  size_t params_size;
  scull_network_t *network; /* instead of a file; read during the build, which takes a copy */
} scull_model_source_t;
#define SCULL_MODEL_SOURCE_INIT                                                                    \
  { sizeof(scull_model_source_t), NULL, NULL, NULL, 0, NULL, 0, NULL }

/* Allowed shapes of one input: min <= opt <= max in every dimension; the plan is tuned for opt. */
typedef struct scull_shape_range {
  const char *name;
  int32_t rank;
  int64_t min[SCULL_MAX_RANK], opt[SCULL_MAX_RANK], max[SCULL_MAX_RANK];
} scull_shape_range_t;

/* An input that is the same in every run: it becomes a constant, what depends on it alone is
 * computed in the build, and the plan has no such input. */
typedef struct scull_fixed_input {
  const char *name;
  scull_dtype_t dtype; /* the model's; SCULL_DTYPE_NONE: an optional input that is not there */
  int32_t rank;
  int64_t dims[SCULL_MAX_RANK];
  const void *data; /* dense; copied by the call */
  size_t size;
} scull_fixed_input_t;

typedef enum scull_tune {
  SCULL_TUNE_NONE = 0, /* the first tactic that accepts; nothing is timed */
  SCULL_TUNE_FAST = 1, /* each tactic's first configurations, few runs each */
  SCULL_TUNE_FULL = 2, /* everything */
} scull_tune_t;

typedef enum scull_stage {
  SCULL_STAGE_NONE = 0,
  SCULL_STAGE_IMPORT = 1,
  SCULL_STAGE_PASSES = 2,
  SCULL_STAGE_PARTITION = 3,
  SCULL_STAGE_TUNE = 4,
  SCULL_STAGE_LOWER = 5,
} scull_stage_t;

/* Permissions, not orders: the search times every permitted type of each layer together with the
 * conversions that it causes, and keeps what is fastest for the network. F32 always is permitted.
 * Inputs and outputs keep the model's types. */
enum {
  SCULL_PRECISION_F32 = 1u << 0,
  SCULL_PRECISION_BF16 = 1u << 1,
  SCULL_PRECISION_F16 = 1u << 2,
  SCULL_PRECISION_INT8 = 1u << 3,
  SCULL_PRECISION_TF32 = 1u << 4, /* products of F32 layers in 10 bits of mantissa, summed in F32:
                                     where a GPU has them. Says nothing about how tensors are
                                     stored, so no layer can be pinned to it */
};

/* Layers that compute in one precision whatever is faster: a pattern of * and ? over names of
 * layers, of the model's operators behind them, and of their results. The first that fits counts.
 */
typedef struct scull_layer_precision {
  const char *layer;
  uint32_t precision; /* one of SCULL_PRECISION_* */
} scull_layer_precision_t;

/* The range of a tensor, by the model's name; only the larger side counts, and whether min < 0. */
typedef struct scull_value_range {
  const char *name;
  float min, max;
} scull_value_range_t;

/* What is done so that lower precisions stay near FP32 (docs/quantization.md); all of it, unless
 * switched off. */
enum {
  SCULL_MEASURE_EXACT_TAIL = 1u << 0,   /* results of the last products, and what follows, are not
                                           rounded */
  SCULL_MEASURE_EQUALIZATION = 1u << 1, /* channels between two products share a range well */
  SCULL_MEASURE_ROUNDING = 1u << 2,     /* weights are rounded so that results keep their mean */
};

typedef struct scull_progress {
  const char *stage; /* "tuning", ... */
  const char *what;  /* the layer at hand */
  size_t done, total;
  double elapsed_s, remaining_s; /* remaining_s < 0: not known yet */
} scull_progress_t;

/* Return false to cancel the build. */
typedef bool (*scull_progress_fn_t)(void *user, const scull_progress_t *progress);

typedef struct scull_build_options {
  size_t struct_size;
  scull_model_source_t model;
  const scull_shape_range_t *inputs; /* inputs that are not listed keep the model's own shapes */
  size_t input_count;
  const scull_fixed_input_t *fixed_inputs; /* not among `inputs` */
  size_t fixed_input_count;
  int64_t max_batch;                /* > 0: dimension 0 of inputs that leave it free is 1:max:max */
  const char *const *extra_outputs; /* names of inner tensors that become outputs, too */
  size_t extra_output_count;
  const char *device; /* "cpu" */
  int device_index;
  int threads;         /* of one context; 0: all processors */
  uint32_t precisions; /* SCULL_PRECISION_* */
  const scull_layer_precision_t *layer_precisions;
  size_t layer_precision_count;
  bool prefer_layer_precisions; /* what no tactic can follow is a warning, not UNSUPPORTED */
  /* Ranges of tensors for INT8 (docs/quantization.md). What has none stays float; the report names
   * it. Later sources go before earlier ones: */
  const char *calibration; /* a table of scull_builder_calibrate, or a calibration cache of
                              TensorRT; NULL: none */
  const char *ranges_file; /* text, a line a tensor: NAME MIN MAX; NULL: none */
  const scull_value_range_t *ranges;
  size_t range_count;
  bool force_calibration; /* also take a table of another model (CORRUPT otherwise) */
  /* As Paddle's interface to TensorRT does: with INT8 permitted and no `calibration`, the table of
   * this model is looked for under cache_dir (trt_calib_<model>). Where there is none, or a damaged
   * one, this build leaves INT8 out and scull_builder_wants_calibration is true: collect one with
   * scull_collector_create, and the next build takes it. */
  bool use_calib_mode;
  float dummy_range;     /* > 0: this range for every tensor that has none, to time INT8 without
                            data; the report says so, and its numbers mean nothing */
  uint32_t measures_off; /* SCULL_MEASURE_*; 0: all are taken */
  size_t workspace;      /* bytes a tactic may use as scratch; 0: no limit */
  int min_subgraph_size; /* clusters with not more operators of the file stay native; default 3 */
  const char *const *disabled_ops; /* operators (the model's or Scull's names) kept native */
  size_t disabled_op_count;
  const char *const *disabled_passes;
  size_t disabled_pass_count;
  const char *const *disabled_tactics; /* names or patterns with * */
  size_t disabled_tactic_count;
  scull_tune_t tune;
  double time_budget_s;     /* for tuning; 0: none. When it is over the best so far is kept */
  const char *timing_cache; /* file that is read if it is there, and written; NULL: none */
  const char *replay;       /* file with the choices of an earlier build; NULL: none */
  const char *save_replay;  /* where to write the choices of this build; NULL: nowhere */
  bool use_static;          /* look for the plan under cache_dir first, store it there after */
  const char *cache_dir;    /* NULL: `_opt_cache` beside the model */
  bool no_sources; /* leave the graph out of the plan: smaller, but it cannot be re-tuned */
  scull_stage_t stop_after; /* with print: the graph as text after that stage, no plan */
  scull_text_sink_fn_t print;
  void *print_user;
  /* Graphviz source, once: the network as in the file beside what became of it (left out when the
   * build stops before it is tuned). With use_static the stages run even if a plan is stored. */
  scull_text_sink_fn_t picture;
  void *picture_user;
  scull_progress_fn_t progress;
  void *progress_user;
  scull_logger_t logger;
} scull_build_options_t;
/* Sets struct_size and the defaults. */
SCULL_API void scull_build_options_init(scull_build_options_t *options);

typedef struct scull_builder scull_builder_t;

SCULL_API SCULL_CHECKED scull_status_t scull_builder_create(scull_builder_t **out_builder);
SCULL_API void scull_builder_destroy(scull_builder_t *builder);

/* Builds a model into the plan file `plan_path` (written whole or not at all). NULL plan_path: only
 * with use_static, stop_after or to time a build. Statuses: NOT_FOUND, IO, CORRUPT (the model's
 * files), UNSUPPORTED (operators; all are named), OUT_OF_RANGE (shapes), CANCELLED, OUT_OF_MEMORY,
 * DEVICE. */
SCULL_API SCULL_CHECKED scull_status_t scull_builder_build(scull_builder_t *builder,
                                                           const scull_build_options_t *options,
                                                           const char *plan_path);

/* An input by its name; dense, of the dtype that the model (the plan) wants. */
typedef struct scull_named_tensor {
  const char *name;
  const void *data;
  size_t size;
  int32_t rank;
  int64_t dims[SCULL_MAX_RANK];
} scull_named_tensor_t;

/* --- calibration --- */

/* How a threshold is found for each tensor (docs/quantization.md). */
typedef enum scull_calibration_method {
  SCULL_CALIBRATION_ENTROPY = 0,
  SCULL_CALIBRATION_MINMAX = 1,
  SCULL_CALIBRATION_PERCENTILE_999 = 2,
  SCULL_CALIBRATION_PERCENTILE_9999 = 3,
  SCULL_CALIBRATION_PERCENTILE_99999 = 4,
  SCULL_CALIBRATION_MSE = 5,  /* the default */
  SCULL_CALIBRATION_BEST = 6, /* by trial on some of the inputs, tensor by tensor: the one with
                                 which the network's results are nearest to FP32's */
} scull_calibration_method_t;

/* A caller's own source of inputs, and keeper of the table. */
typedef struct scull_calibrator {
  size_t struct_size;
  void *user;
  /* Rows that next_batch gives at once: dimension 0 of inputs that leave it free; NULL: what the
   * build options say. */
  int64_t (*batch_size)(void *user);
  /* Gives the next inputs: tensors[i] is the model's input i with its name and the shape that is
   * expected. Set data and size (and dims where they differ), valid until the next call, and *more;
   * leave *more false when there are no more. Another status than OK ends the calibration. */
  scull_status_t (*next_batch)(void *user, scull_named_tensor_t *tensors, size_t count, bool *more);
  /* A table of an earlier calibration, which then is kept as it is, and nothing runs; *size 0:
   * there is none. The text must stay until the call ends. NULL: never. */
  scull_status_t (*read_table)(void *user, const char **text, size_t *size);
  /* Keeps the table. NULL: it goes to table_path only. */
  scull_status_t (*write_table)(void *user, const char *text, size_t size);
} scull_calibrator_t;

typedef struct scull_calibrate_options {
  size_t struct_size;
  const scull_calibrator_t *calibrator;
  scull_calibration_method_t method;
  const char *table_path; /* written whole or not at all; NULL: only to write_table */
  size_t total;           /* inputs that will come, for the progress; 0: not known */
} scull_calibrate_options_t;
SCULL_API void scull_calibrate_options_init(scull_calibrate_options_t *options);

/* Runs a model in float on the calibrator's inputs and makes the table of its tensors' ranges. Of
 * `options` the model, inputs, device, threads, progress and logger count. INVALID_ARGUMENT for
 * inputs that are empty, of another shape or not finite, or when there are none. */
SCULL_API SCULL_CHECKED scull_status_t
scull_builder_calibrate(scull_builder_t *builder, const scull_build_options_t *options,
                        const scull_calibrate_options_t *calibrate);

/* The same for inputs that come one by one, as the runs of a program bring them: what
 * scull_builder_calibrate does between two calls of next_batch. One thread at a time. */
typedef struct scull_collector scull_collector_t;

/* Makes a collector for a model. Of `options` count what counts for scull_builder_calibrate, and
 * cache_dir; nothing of them is borrowed beyond the call but the logger. Statuses as of
 * scull_builder_build. */
SCULL_API SCULL_CHECKED scull_status_t scull_collector_create(const scull_build_options_t *options,
                                                              scull_collector_t **out_collector);
SCULL_API void scull_collector_destroy(scull_collector_t *collector);

/* Runs the model on one batch, which may have any permitted shape, and notes its tensors' ranges.
 * All inputs by name, in any order, borrowed for the call. NOT_FOUND for an input that is missing;
 * INVALID_ARGUMENT for what is empty, of another size or not finite; OUT_OF_RANGE. */
SCULL_API SCULL_CHECKED scull_status_t scull_collector_add(scull_collector_t *collector,
                                                           const scull_named_tensor_t *inputs,
                                                           size_t count);

/* Rows (dimension 0 of the first input) that were added so far; 0 for NULL. */
SCULL_API uint64_t scull_collector_count(const scull_collector_t *collector);

/* Writes the table, whole or not at all. NULL path: where use_calib_mode looks for it
 * (scull_collector_path). INVALID_ARGUMENT when nothing was added. More may be added after. */
SCULL_API SCULL_CHECKED scull_status_t scull_collector_write(scull_collector_t *collector,
                                                             scull_calibration_method_t method,
                                                             const char *path);

/* Where use_calib_mode looks for the table; owned by the collector. */
SCULL_API const char *scull_collector_path(const scull_collector_t *collector);

/* Asks a running build to stop soon with CANCELLED. From any thread. */
SCULL_API void scull_builder_cancel(scull_builder_t *builder);

/* What the last build of this builder did, as JSON text (see docs/plan-format.md, "report"); owned
 * by the builder, until its next build. "" before the first. */
SCULL_API const char *scull_builder_report(const scull_builder_t *builder);

/* Path of the plan that use_static found or stored; "" otherwise. Owned as above. */
SCULL_API const char *scull_builder_static_path(const scull_builder_t *builder);

/* True when the last build would have used INT8 if use_calib_mode had found a table. */
SCULL_API bool scull_builder_wants_calibration(const scull_builder_t *builder);

/* Path of the table that use_calib_mode found or looked for; "" otherwise. Owned as above. */
SCULL_API const char *scull_builder_calibration_path(const scull_builder_t *builder);

/* An input or output as the model file declares it. */
typedef struct scull_port_info {
  const char *name;
  bool is_output;
  scull_dtype_t dtype;          /* SCULL_DTYPE_NONE: not declared */
  int32_t rank;                 /* -1: not declared */
  int64_t dims[SCULL_MAX_RANK]; /* -1: open, a build must be given it */
} scull_port_info_t;

/* `port` and its name are valid during the call. */
typedef void (*scull_port_fn_t)(void *user, const scull_port_info_t *port);

/* Calls `take` for each input, then for each output of a model, in its order; shapes need not be
 * given and parameters are not read. Of `options` only `model` and `logger` count. NOT_FOUND, IO,
 * CORRUPT; UNSUPPORTED for a format that cannot tell without the shapes. */
SCULL_API SCULL_CHECKED scull_status_t scull_model_ports(const scull_build_options_t *options,
                                                         scull_port_fn_t take, void *user);

/* What a model contains, as JSON, before any build: inputs, outputs, operators, parameters, flops,
 * and what is not supported, with the reason, the place and the nearest operator that is; such a
 * model is no failure here. */
SCULL_API SCULL_CHECKED scull_status_t scull_model_describe(const scull_build_options_t *options,
                                                            scull_text_sink_fn_t sink, void *user);

/* Every operator: name, which model operators of `format` ("paddle", "onnx", "caffe", "tensorflow";
 * NULL: all) map to it, devices with tactics for it; JSON. */
SCULL_API SCULL_CHECKED scull_status_t scull_ops_describe(const char *format,
                                                          scull_text_sink_fn_t sink, void *user);

/* --- networks written in C -------------------------------------------------------------------- */

/* A network without a file: inputs, constants, operators by name, outputs; then it is built like an
 * imported one, by options.model.network. What the importers do can be done here: the operators and
 * their attributes are those that scull_ops_describe lists (src/ops has a file each). Every call
 * checks what it is given, shapes included, so a fault comes at the call that makes it: the words
 * name the operator. A network belongs to one thread at a time and may be built often. */

typedef uint32_t scull_tensor_id_t;
#define SCULL_NO_TENSOR UINT32_MAX /* an optional input that is left out */

/* *out_network is yours: scull_network_destroy. */
SCULL_API SCULL_CHECKED scull_status_t scull_network_create(scull_network_t **out_network);
SCULL_API void scull_network_destroy(scull_network_t *network);

/* An input; shape->name is not read. INVALID_ARGUMENT: the name is taken, min <= opt <= max does
 * not hold. */
SCULL_API SCULL_CHECKED scull_status_t scull_network_add_input(scull_network_t *network,
                                                               const char *name,
                                                               scull_dtype_t dtype,
                                                               const scull_shape_range_t *shape,
                                                               scull_tensor_id_t *out_tensor);

/* A constant (weights): `size` bytes, dense and row-major, which are copied. */
SCULL_API SCULL_CHECKED scull_status_t scull_network_add_constant(
    scull_network_t *network, const char *name, scull_dtype_t dtype, int32_t rank,
    const int64_t *dims, const void *data, size_t size, scull_tensor_id_t *out_tensor);

/* {"strides", "2,2"}, {"auto_pad", "same"}, {"epsilon", "1e-5"}, {"keep_dims", "true"}, {"to",
 * "f32"}: numbers with a point, whatever the locale. */
typedef struct scull_attribute {
  const char *name, *value;
} scull_attribute_t;

typedef struct scull_operator {
  size_t struct_size;
  const char *type; /* Scull's name: "conv" */
  const char *name; /* for messages, reports and pictures; output 0 is called so, too */
  const scull_tensor_id_t *inputs;
  size_t input_count;
  const scull_attribute_t *attributes; /* those that differ from the defaults */
  size_t attribute_count;
  size_t output_count;
  const char *const *output_names; /* NULL, or NULL entries: made from `name` */
} scull_operator_t;
#define SCULL_OPERATOR_INIT                                                                        \
  { sizeof(scull_operator_t), NULL, NULL, NULL, 0, NULL, 0, 1, NULL }

/* Adds an operator; out_tensors has room for op->output_count. After a failure the network is as it
 * was before. */
SCULL_API SCULL_CHECKED scull_status_t scull_network_add_operator(scull_network_t *network,
                                                                  const scull_operator_t *op,
                                                                  scull_tensor_id_t *out_tensors);

/* Marks a tensor as an output; NULL: under its own name. */
SCULL_API SCULL_CHECKED scull_status_t scull_network_add_output(scull_network_t *network,
                                                                scull_tensor_id_t tensor,
                                                                const char *name);

/* --- export ----------------------------------------------------------------------------------- */

/* Writes the optimized network of a model (options->model; passes run, nothing is tuned) as an ONNX
 * file: viewers open it, and where its operators are ONNX's, other runtimes run it with equal
 * results. What ONNX has not stands in the domain "scull". Statuses as of scull_builder_build;
 * UNSUPPORTED beyond 2 GiB and for operators that own graphs. */
SCULL_API SCULL_CHECKED scull_status_t scull_model_export(const scull_build_options_t *options,
                                                          const char *onnx_path);

/* The same of a plan's sources; UNSUPPORTED when it has none. */
SCULL_API SCULL_CHECKED scull_status_t scull_plan_export(const char *plan_path,
                                                         const char *onnx_path);

/* --- engine ----------------------------------------------------------------------------------- */

typedef struct scull_engine scull_engine_t;
typedef struct scull_context scull_context_t;

typedef struct scull_engine_options {
  size_t struct_size;
  const char *device; /* NULL: the plan's */
  int device_index;
  bool strict; /* refuse (NEEDS_BUILD) a plan of another device or version, instead of re-tuning */
  bool verify; /* also check what a run does not use: the sources, which else are checked when a
                  watch, a comparison or tuning again wants them */
  scull_logger_t logger;
} scull_engine_options_t;
SCULL_API void scull_engine_options_init(scull_engine_options_t *options);

/* Opens a plan file; weights are mapped, not copied. `options` may be NULL. NOT_FOUND for the file
 * or a plug-in that the plan needs; IO; CORRUPT for a damaged plan; NEEDS_BUILD when it is of
 * another device or version and cannot be re-tuned; DEVICE when its device is absent;
 * OUT_OF_MEMORY. */
SCULL_API SCULL_CHECKED scull_status_t scull_engine_open(const char *plan_path,
                                                         const scull_engine_options_t *options,
                                                         scull_engine_t **out_engine);

/* The same from memory, 64-byte aligned, which must stay unchanged until destroy. */
SCULL_API SCULL_CHECKED scull_status_t
scull_engine_open_memory(const void *data, size_t size, const scull_engine_options_t *options,
                         scull_engine_t **out_engine);

/* All contexts must be destroyed first. */
SCULL_API void scull_engine_destroy(scull_engine_t *engine);

typedef struct scull_tensor_info {
  const char *name; /* owned by the engine */
  scull_dtype_t dtype;
  int32_t rank;
  int64_t min[SCULL_MAX_RANK], opt[SCULL_MAX_RANK], max[SCULL_MAX_RANK];
} scull_tensor_info_t;

/* A tensor of a network as its calls have made it so far; `name` is the network's. */
SCULL_API SCULL_CHECKED scull_status_t scull_network_tensor(const scull_network_t *network,
                                                            scull_tensor_id_t tensor,
                                                            scull_tensor_info_t *out);

SCULL_API size_t scull_engine_input_count(const scull_engine_t *engine);
SCULL_API size_t scull_engine_output_count(const scull_engine_t *engine);
/* OUT_OF_RANGE for an index past the last. */
SCULL_API SCULL_CHECKED scull_status_t scull_engine_input(const scull_engine_t *engine,
                                                          size_t index, scull_tensor_info_t *out);
SCULL_API SCULL_CHECKED scull_status_t scull_engine_output(const scull_engine_t *engine,
                                                           size_t index, scull_tensor_info_t *out);
/* NOT_FOUND when no input (output) has that name. */
SCULL_API SCULL_CHECKED scull_status_t scull_engine_find_input(const scull_engine_t *engine,
                                                               const char *name, size_t *out);
SCULL_API SCULL_CHECKED scull_status_t scull_engine_find_output(const scull_engine_t *engine,
                                                                const char *name, size_t *out);

/* The plan's report (JSON): layers, placements, tactics, losers, memory. Owned by the engine. */
SCULL_API const char *scull_engine_report(const scull_engine_t *engine);

/* Bytes of activation memory a context needs (for scull_context_options.arena). */
SCULL_API size_t scull_engine_arena_size(const scull_engine_t *engine);

/* --- context ---------------------------------------------------------------------------------- */

typedef struct scull_context_options {
  size_t struct_size;
  int threads;       /* 0: what the plan was tuned for */
  void *arena;       /* the caller's memory for activations (of the GPU, for a plan of one), 64-byte
                        aligned, until destroy; may be shared by contexts that never run at once.
                        NULL: the context's own */
  size_t arena_size; /* at least scull_engine_arena_size */
  void *stream;      /* on a GPU: the caller's own CUstream (a cudaStream_t), in which the runs of
                        this context are enqueued, until destroy; NULL: one of the context's own */
  scull_logger_t logger;
  uint64_t trip_limit; /* trips of all loops in one run, after which it ends with OUT_OF_RANGE; 0:
                          ten million */
  size_t growth_limit; /* bytes of all tensors whose size depends on data, above which a run ends
                          with OUT_OF_MEMORY; 0: 4 GiB */
} scull_context_options_t;
SCULL_API void scull_context_options_init(scull_context_options_t *options);

/* `options` may be NULL. The context starts at the opt shapes. INVALID_ARGUMENT for threads beyond
 * 1024 and an arena that is too small, not aligned or not of the device. */
SCULL_API SCULL_CHECKED scull_status_t scull_context_create(scull_engine_t *engine,
                                                            const scull_context_options_t *options,
                                                            scull_context_t **out_context);
SCULL_API void scull_context_destroy(scull_context_t *context);

/* Sets the shape of input `index` for the next runs. OUT_OF_RANGE names input, dimension and range.
 * May allocate and prepare tactics at the next run or scull_context_prepare. */
SCULL_API SCULL_CHECKED scull_status_t scull_context_set_input_shape(scull_context_t *context,
                                                                     size_t index, int32_t rank,
                                                                     const int64_t *dims);

/* Does now what a changed shape needs (the next run would do it): output shapes are known after. */
SCULL_API SCULL_CHECKED scull_status_t scull_context_prepare(scull_context_t *context);

/* Input `index` is read from `data` (dense, of the current shape, any alignment >= its element) in
 * every run until set again or the input's shape changes: keep it valid. A plan of a GPU takes
 * memory of that GPU as well as of the host; the former, aligned to 256 bytes, is read without a
 * copy. INVALID_ARGUMENT when `size` is not the shape's. */
SCULL_API SCULL_CHECKED scull_status_t scull_context_set_input(scull_context_t *context,
                                                               size_t index, const void *data,
                                                               size_t size);

/* Output `index` is written to `data` (at least the shape's size; host or GPU as above) in every
 * run until set again; NULL: to host memory of the context's own. What is too small fails the next
 * prepare or run with INVALID_ARGUMENT. */
SCULL_API SCULL_CHECKED scull_status_t scull_context_set_output(scull_context_t *context,
                                                                size_t index, void *data,
                                                                size_t size);

typedef struct scull_tensor_view {
  const void *data;
  size_t size;
  scull_dtype_t dtype;
  int32_t rank;
  int64_t dims[SCULL_MAX_RANK];
} scull_tensor_view_t;

/* Output `index` after a run (dtype and shape already after prepare; data NULL then, and extents
 * that depend on data are bounds). Valid until the next run, shape change or destroy. Of a sequence
 * (dtype with the mark SCULL_DTYPE_SEQUENCE) there is no data here: see the next two. */
SCULL_API SCULL_CHECKED scull_status_t scull_context_output(scull_context_t *context, size_t index,
                                                            scull_tensor_view_t *out);

/* How many tensors output `index` is after a run: of a sequence its length, else one. */
SCULL_API SCULL_CHECKED scull_status_t scull_context_output_length(scull_context_t *context,
                                                                   size_t index, size_t *out);
/* Tensor `item` of an output that is a sequence; as scull_context_output. OUT_OF_RANGE. */
SCULL_API SCULL_CHECKED scull_status_t scull_context_output_item(scull_context_t *context,
                                                                 size_t index, size_t item,
                                                                 scull_tensor_view_t *out);

/* Runs and returns when the outputs are there. INVALID_ARGUMENT when an input is not set or an
 * output's memory too small; OUT_OF_RANGE and OUT_OF_MEMORY as limited by the context's options, or
 * for values that an operator cannot take; DEVICE. */
SCULL_API SCULL_CHECKED scull_status_t scull_context_run(scull_context_t *context);

/* Starts a run and returns at once; `wait` returns its status. Inputs must stay unchanged until
 * wait. On the CPU one run of a context at a time: a second enqueue waits for the first. On a GPU
 * the run is put into the context's stream (steps that only the host can run are done before this
 * returns), behind earlier runs and whatever else the caller has put there. With a profiler or a
 * watch a run goes as on the CPU. `wait` without a run answers OK. */
SCULL_API SCULL_CHECKED scull_status_t scull_context_enqueue(scull_context_t *context);
SCULL_API SCULL_CHECKED scull_status_t scull_context_wait(scull_context_t *context);

typedef struct scull_layer_time {
  size_t index;
  const char *layer;  /* the plan's step, by the model's names */
  const char *tactic; /* "reference" for reference kernels */
  double microseconds;
} scull_layer_time_t;

/* Called after each step of a run, in its thread; NULL switches it off. */
typedef void (*scull_profiler_fn_t)(void *user, const scull_layer_time_t *time);
SCULL_API SCULL_CHECKED scull_status_t scull_context_set_profiler(scull_context_t *context,
                                                                  scull_profiler_fn_t profiler,
                                                                  void *user);

/* A tensor that is looked at, without changing what the plan does: after each run `watch` gets the
 * tensor `name` of the model, row-major. One that a pass or a tactic fused away is recomputed by
 * the reference kernels from the nearest tensors before it that the plan still has, which is slow
 * and needs the plan's sources (UNSUPPORTED without them). NOT_FOUND when the model has no such
 * tensor. */
typedef void (*scull_watch_fn_t)(void *user, const char *name, const scull_tensor_view_t *tensor);
SCULL_API SCULL_CHECKED scull_status_t scull_context_watch(scull_context_t *context,
                                                           const char *name, scull_watch_fn_t watch,
                                                           void *user);

/* --- comparison ------------------------------------------------------------------------------- */

typedef struct scull_compare_options {
  size_t struct_size;
  const char *plan_path;
  const char *against_path; /* a plan of the same model; NULL: the model, before any pass, by
                               the reference kernels (needs the plan's sources) */
  const scull_named_tensor_t *inputs; /* all of them */
  size_t input_count;
  int threads; /* 0: what the plans were tuned for */
  scull_logger_t logger;
} scull_compare_options_t;
SCULL_API void scull_compare_options_init(scull_compare_options_t *options);

/* How one layer's result differs. Errors are largest absolute differences over the range of the
 * other side's values. */
typedef struct scull_layer_difference {
  size_t index;
  const char *layer, *tactic; /* of plan_path */
  const char *tensor;         /* by the model's name: what was compared */
  double error;
  double introduced; /* error less the largest error among the layer's inputs, at least 0 */
  double off_share;  /* of the elements: differ by more than 10 % */
  double microseconds, against_microseconds; /* < 0: not known */
} scull_layer_difference_t;

/* One call a layer, in the order of the plan; texts are valid during the call. */
typedef void (*scull_compare_fn_t)(void *user, const scull_layer_difference_t *difference);

/* Runs a plan on the given inputs beside another plan or the reference and reports how each layer
 * of the plan differs; layers whose results the other side lacks are passed over. Statuses as of
 * scull_engine_open and scull_context_run; NOT_FOUND for an input that a plan has not, UNSUPPORTED
 * without against_path when the plan holds no sources. */
SCULL_API SCULL_CHECKED scull_status_t scull_compare(const scull_compare_options_t *options,
                                                     scull_compare_fn_t take, void *user);

/* --- plans as files --------------------------------------------------------------------------- */

/* What a plan contains, as JSON: format version, device, inputs, outputs, sections, steps.
 * NOT_FOUND, IO, CORRUPT: the whole file is checked. */
SCULL_API SCULL_CHECKED scull_status_t scull_plan_describe(const char *plan_path,
                                                           scull_text_sink_fn_t sink, void *user);

/* The differences between two plans, a line each; *equal tells whether there are any. */
SCULL_API SCULL_CHECKED scull_status_t scull_plan_diff(const char *path_a, const char *path_b,
                                                       bool *equal, scull_text_sink_fn_t sink,
                                                       void *user);

#ifdef __cplusplus
}
#endif
#endif
