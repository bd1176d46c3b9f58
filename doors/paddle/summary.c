/* PD_ConfigSummary: all options as a table. */
#include <stdio.h>
#include <stdlib.h>

#include "arrays.h"
#include "config.h"

static const char *yes(bool x) {
  return x ? "true" : "false";
}

static const char *text(const char *x) {
  return x == NULL || *x == '\0' ? "-" : x;
}

static const char *precision(PD_PrecisionType x) {
  return x == PD_PRECISION_INT8 ? "int8" : x == PD_PRECISION_HALF ? "fp16" : "fp32";
}

static void row(FILE *out, const char *option, const char *value) {
  fprintf(out, "| %-26s | %-40s |\n", option, value);
}

static void number(FILE *out, const char *option, int64_t value) {
  char digits[32];
  snprintf(digits, sizeof digits, "%lld", (long long)value);
  row(out, option, digits);
}

static void line(FILE *out) {
  fprintf(out, "+----------------------------+------------------------------------------+\n");
}

static void engine_rows(FILE *out, const PD_Config *c) {
  row(out, "use_tensorrt", yes(c->use_engine));
  if (!c->use_engine)
    return;
  row(out, "tensorrt_precision_mode", precision(c->engine_precision));
  number(out, "tensorrt_workspace_size", c->workspace);
  number(out, "tensorrt_max_batch_size", c->max_batch);
  number(out, "tensorrt_min_subgraph_size", c->min_subgraph);
  row(out, "tensorrt_use_static_engine", yes(c->use_static));
  row(out, "tensorrt_use_calib_mode", yes(c->use_calibration));
  row(out, "tensorrt_dynamic_shape", yes(c->ranges.count > 0 || c->tuned_shapes));
}

static void rows(FILE *out, const PD_Config *c) {
  line(out);
  row(out, "Option", "Value");
  line(out);
  row(out, "model_dir", text(c->model_dir));
  row(out, "model_file", c->from_memory ? "from memory" : text(c->prog_file));
  row(out, "params_file", c->from_memory ? "from memory" : text(c->params_file));
  line(out);
  number(out, "cpu_math_thread", c->threads);
  row(out, "enable_mkldnn", yes(c->use_onednn));
  number(out, "mkldnn_cache_capacity", c->cache_capacity);
  row(out, "mkldnn_bfloat16", yes(c->onednn_bf16));
  row(out, "mkldnn_int8", yes(c->onednn_int8));
  line(out);
  row(out, "use_gpu", yes(c->use_gpu));
  if (c->use_gpu) {
    number(out, "gpu_device_id", c->gpu_id);
    row(out, "gpu_precision", precision(c->gpu_precision));
  }
  engine_rows(out, c);
  line(out);
  row(out, "ir_optim", yes(c->ir_optim));
  row(out, "ir_debug", yes(c->ir_debug));
  row(out, "memory_optim", yes(c->memory_optim));
  row(out, "enable_profile", yes(c->profile));
  row(out, "enable_log", yes(!c->quiet));
  row(out, "collect_shape_range_info", c->collect_shapes ? text(c->shape_file) : "false");
  line(out);
}

PD_Cstr *PD_ConfigSummary(PD_Config *config) {
  char *data = NULL;
  size_t size = 0;
  if (!door_config_check(config, __func__))
    return NULL;
  FILE *out = open_memstream(&data, &size);
  if (out == NULL) {
    door_fail_memory();
    return NULL;
  }
  rows(out, config);
  const bool whole = !ferror(out);
  PD_Cstr *cstr = fclose(out) == 0 && whole ? door_cstr(data) : NULL;
  free(data);
  return cstr;
}
