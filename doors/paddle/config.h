/* A config as a record. Private to doors/paddle. */
#ifndef SCULL_DOORS_PADDLE_CONFIG_H
#define SCULL_DOORS_PADDLE_CONFIG_H

#include <stdbool.h>

#include <paddle/pd_inference_api.h>

#include "handles.h"
#include "words.h"

typedef struct {
  char *data; /* NULL: none */
  size_t size;
} door_bytes_t;

/* The range of one input, by hand. */
typedef struct {
  char *name;
  size_t rank;
  int32_t *min, *max, *opt; /* rank numbers each */
} door_range_t;

typedef struct {
  door_range_t *items;
  size_t count;
} door_ranges_t;

/* Adds a copy of one range; false when memory is short. */
bool door_ranges_add(door_ranges_t *ranges, const char *name, size_t rank, const int32_t *min,
                     const int32_t *max, const int32_t *opt);
void door_ranges_clear(door_ranges_t *ranges);

enum { DOOR_CACHE_CAPACITY = 10 }; /* oneDNN's, of a new config */

struct PD_Config {
  door_handle_t handle;
  char *model_dir, *prog_file, *params_file, *cache_dir; /* NULL: not set */
  bool from_memory;
  door_bytes_t prog, params;
  bool fc_padding, use_gpu, use_cudnn, multi_stream, use_xpu, use_custom, use_ort;
  uint64_t pool_mb;
  int32_t gpu_id, xpu_id, custom_id;
  PD_PrecisionType gpu_precision;
  void *stream;
  char *custom_type;
  bool ir_optim, ir_debug;
  bool use_engine, use_static, use_calibration, varseqlen, use_dla;
  int64_t workspace;
  int32_t max_batch, min_subgraph;
  PD_PrecisionType engine_precision;
  door_ranges_t ranges;
  bool tuned_shapes, build_at_run, collect_shapes;
  char *shape_file; /* of either */
  door_words_t native_ops, bf16_ops, onednn_ops, passes, deleted_passes;
  bool use_onednn, onednn_bf16, onednn_int8, quantizer, use_lite;
  int32_t cache_capacity, threads;
  bool memory_optim, profile, quiet, invalid, new_executor, new_ir, optimized_model;
};

/* A deep copy, or NULL when memory is short. */
PD_Config *door_config_copy(const PD_Config *config);

/* Pass `index` of the list that a new config has, by upstream's name; NULL past the last. */
const char *door_pass_name(size_t index);

/* True for the names of upstream's passes that are looked at here. */
bool door_pass_is_known(const char *name);

/* The pass of Scull that does what upstream's pass of that name does, or NULL. */
const char *door_pass_ours(const char *name);

/* door_handle_check of a config. */
bool door_config_check(const PD_Config *config, const char *function);

#endif
