/* Builders and model descriptions. */
#include <string.h>

#include "api/api.h"
#include "build/calibrate.h"

struct scull_builder {
  atomic_bool cancel;
  scull_build_result_t result;
};

void scull_build_options_init(scull_build_options_t *options) {
  if (options == NULL)
    return;
  *options = (scull_build_options_t){.struct_size = sizeof *options,
                                     .model = SCULL_MODEL_SOURCE_INIT,
                                     .device = "cpu",
                                     .precisions = SCULL_PRECISION_F32,
                                     .min_subgraph_size = 3,
                                     .tune = SCULL_TUNE_FULL};
}

scull_status_t scull_builder_create(scull_builder_t **out_builder) {
  scull_diag_t diag;
  if (out_builder == NULL)
    return scull_api_refuse(__func__, "out_builder is NULL");
  scull_api_begin(&diag, NULL);
  *out_builder = scull_base_alloc(sizeof **out_builder);
  return scull_api_end(&diag, *out_builder == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK);
}

void scull_builder_destroy(scull_builder_t *builder) {
  if (builder == NULL)
    return;
  scull_build_result_deinit(&builder->result);
  scull_base_free(builder);
}

void scull_builder_cancel(scull_builder_t *builder) {
  if (builder != NULL)
    atomic_store(&builder->cancel, true);
}

static bool list_ok(const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (names == NULL || names[i] == NULL)
      return false;
  }
  return true;
}

static const char *ranges_fault(const scull_build_options_t *o) {
  if (o->range_count > 0 && o->ranges == NULL)
    return "ranges are NULL";
  for (size_t i = 0; i < o->range_count; i++) {
    const scull_value_range_t *r = &o->ranges[i];
    if (r->name == NULL || !(r->min <= r->max) || !(r->min > -1e38f) || !(r->max < 1e38f) ||
        (r->min >= 0 && r->max <= 0))
      return "a range has no name or an impossible extent";
  }
  return o->dummy_range >= 0 && o->dummy_range < 1e38f ? NULL : "dummy_range is out of range";
}

static const char *precisions_fault(const scull_build_options_t *o) {
  const uint32_t all =
      SCULL_PRECISION_F32 | SCULL_PRECISION_BF16 | SCULL_PRECISION_F16 | SCULL_PRECISION_INT8;
  if ((o->precisions & ~(all | SCULL_PRECISION_TF32)) != 0)
    return "precisions hold an unknown bit";
  if (o->layer_precision_count > 0 && o->layer_precisions == NULL)
    return "layer_precisions are NULL";
  for (size_t i = 0; i < o->layer_precision_count; i++) {
    const uint32_t one = o->layer_precisions[i].precision;
    if (o->layer_precisions[i].layer == NULL || one == 0 || (one & (one - 1)) != 0 ||
        (one & ~all) != 0)
      return "a layer precision has no name or not one precision";
  }
  return NULL;
}

static const char *fixed_fault(const scull_build_options_t *o) {
  if (o->fixed_input_count > 0 && o->fixed_inputs == NULL)
    return "fixed_inputs are NULL";
  for (size_t i = 0; i < o->fixed_input_count; i++) {
    const scull_fixed_input_t *f = &o->fixed_inputs[i];
    size_t bytes = 0;
    if (f->name == NULL)
      return "a fixed input has no name";
    if (f->rank < 0 || f->rank > SCULL_MAX_RANK)
      return "a fixed input has too many dimensions";
    if (f->dtype == SCULL_DTYPE_NONE) {
      if (f->data != NULL || f->size != 0)
        return "a fixed input has data and no dtype";
      continue;
    }
    const scull_type_t type = {f->dtype, scull_tensor_shape(f->rank, f->dims)};
    if (scull_tensor_dtype_size(f->dtype) == 0 || !scull_tensor_type_bytes(&type, &bytes) ||
        bytes != f->size || (bytes > 0 && f->data == NULL))
      return "a fixed input has no dtype that there is, or another size than its dimensions say";
  }
  return NULL;
}

const char *scull_api_options_fault(const scull_build_options_t *o) {
  if (o == NULL || o->struct_size != sizeof *o ||
      (o->model.struct_size != 0 && o->model.struct_size != sizeof o->model))
    return "options are NULL or of another version of the header";
  if (o->model.model_path == NULL && o->model.model_data == NULL && o->model.network == NULL)
    return "no model is named";
  if (o->model.network != NULL && o->use_static)
    return "use_static looks for a plan by the bytes of a file, which a network has not";
  if (o->model.network != NULL && o->use_calib_mode)
    return "use_calib_mode looks for a table by the bytes of a file, which a network has not";
  if (o->input_count > 0 && o->inputs == NULL)
    return "inputs are NULL";
  for (size_t i = 0; i < o->input_count; i++) {
    if (o->inputs[i].name == NULL)
      return "an input has no name";
    if (o->inputs[i].rank < 0 || o->inputs[i].rank > SCULL_MAX_RANK)
      return "an input has too many dimensions";
  }
  const char *fixed = fixed_fault(o);
  if (fixed != NULL)
    return fixed;
  if (!list_ok(o->extra_outputs, o->extra_output_count) ||
      !list_ok(o->disabled_ops, o->disabled_op_count) ||
      !list_ok(o->disabled_passes, o->disabled_pass_count) ||
      !list_ok(o->disabled_tactics, o->disabled_tactic_count))
    return "a list of names is NULL or holds NULL";
  if (o->threads < 0 || o->threads > 1024 || o->max_batch < 0 || o->min_subgraph_size < 0 ||
      (unsigned)o->tune > SCULL_TUNE_FULL || (unsigned)o->stop_after > SCULL_STAGE_LOWER)
    return "threads, max_batch, min_subgraph_size, tune or stop_after is out of range";
  const char *fault = precisions_fault(o);
  return fault != NULL ? fault : ranges_fault(o);
}

scull_status_t scull_builder_build(scull_builder_t *builder, const scull_build_options_t *options,
                                   const char *plan_path) {
  scull_diag_t diag;
  const char *fault = builder == NULL ? "builder is NULL" : scull_api_options_fault(options);
  if (fault != NULL)
    return scull_api_refuse(__func__, fault);
  scull_build_result_deinit(&builder->result);
  atomic_store(&builder->cancel, false);
  scull_api_begin(&diag, &options->logger);
  return scull_api_end(
      &diag, scull_build_run(options, &builder->cancel, plan_path, &builder->result, &diag));
}

void scull_calibrate_options_init(scull_calibrate_options_t *options) {
  if (options != NULL)
    *options = (scull_calibrate_options_t){.struct_size = sizeof *options,
                                           .method = SCULL_CALIBRATION_MSE};
}

static const char *calibrate_fault(const scull_calibrate_options_t *c) {
  if (c == NULL || c->struct_size != sizeof *c || c->calibrator == NULL ||
      c->calibrator->struct_size != sizeof *c->calibrator)
    return "options or calibrator are NULL or of another version of the header";
  if (c->calibrator->next_batch == NULL)
    return "the calibrator has no next_batch";
  return (unsigned)c->method > SCULL_CALIBRATION_BEST ? "method is out of range" : NULL;
}

scull_status_t scull_builder_calibrate(scull_builder_t *builder,
                                       const scull_build_options_t *options,
                                       const scull_calibrate_options_t *calibrate) {
  scull_diag_t diag;
  const char *fault = builder == NULL ? "builder is NULL" : scull_api_options_fault(options);
  if (fault == NULL)
    fault = calibrate_fault(calibrate);
  if (fault != NULL)
    return scull_api_refuse(__func__, fault);
  atomic_store(&builder->cancel, false);
  scull_api_begin(&diag, &options->logger);
  return scull_api_end(&diag, scull_build_calibrate(options, calibrate, &builder->cancel, &diag));
}

const char *scull_builder_report(const scull_builder_t *builder) {
  return builder == NULL ? "" : scull_base_text_get(&builder->result.report);
}

const char *scull_builder_static_path(const scull_builder_t *builder) {
  return builder == NULL ? "" : scull_base_text_get(&builder->result.static_path);
}

bool scull_builder_wants_calibration(const scull_builder_t *builder) {
  return builder != NULL && builder->result.wants_calibration;
}

const char *scull_builder_calibration_path(const scull_builder_t *builder) {
  return builder == NULL ? "" : scull_base_text_get(&builder->result.calib_path);
}

static void give_ports(const scull_import_port_t *ports, size_t count, bool is_output,
                       scull_port_fn_t take, void *user) {
  for (size_t i = 0; i < count; i++) {
    scull_port_info_t info = {.name = ports[i].name,
                              .is_output = is_output,
                              .dtype = ports[i].dtype,
                              .rank = ports[i].shape.rank};
    for (int32_t d = 0; d < info.rank; d++)
      info.dims[d] = ports[i].shape.dim[d];
    take(user, &info);
  }
}

scull_status_t scull_model_ports(const scull_build_options_t *options, scull_port_fn_t take,
                                 void *user) {
  scull_diag_t diag;
  scull_import_outline_t outline = {0};
  const char *fault = take == NULL ? "take is NULL" : scull_api_options_fault(options);
  if (fault != NULL)
    return scull_api_refuse(__func__, fault);
  scull_api_begin(&diag, &options->logger);
  scull_status_t status = scull_build_outline(options, &diag, &outline);
  if (status == SCULL_OK) {
    give_ports(outline.inputs, outline.input_count, false, take, user);
    give_ports(outline.outputs, outline.output_count, true, take, user);
  }
  scull_import_outline_deinit(&outline);
  return scull_api_end(&diag, status);
}

scull_status_t scull_model_describe(const scull_build_options_t *options, scull_text_sink_fn_t sink,
                                    void *user) {
  scull_diag_t diag;
  scull_text_t text = {0};
  const char *fault = sink == NULL ? "sink is NULL" : scull_api_options_fault(options);
  if (fault != NULL)
    return scull_api_refuse(__func__, fault);
  scull_api_begin(&diag, &options->logger);
  scull_status_t status = scull_build_describe(options, &text, &diag);
  if (status == SCULL_OK)
    status = scull_api_give(&text, sink, user, &diag);
  scull_base_text_deinit(&text);
  return scull_api_end(&diag, status);
}

scull_status_t scull_model_export(const scull_build_options_t *options, const char *onnx_path) {
  scull_diag_t diag;
  const char *fault = onnx_path == NULL ? "onnx_path is NULL" : scull_api_options_fault(options);
  if (fault != NULL)
    return scull_api_refuse(__func__, fault);
  scull_api_begin(&diag, &options->logger);
  return scull_api_end(&diag, scull_build_export_model(options, onnx_path, &diag));
}

scull_status_t scull_plan_export(const char *plan_path, const char *onnx_path) {
  scull_diag_t diag;
  if (plan_path == NULL || onnx_path == NULL)
    return scull_api_refuse(__func__, "a path is NULL");
  scull_api_begin(&diag, NULL);
  return scull_api_end(&diag, scull_build_export_plan(plan_path, onnx_path, &diag));
}

scull_status_t scull_ops_describe(const char *format, scull_text_sink_fn_t sink, void *user) {
  scull_diag_t diag;
  scull_text_t text = {0};
  if (sink == NULL)
    return scull_api_refuse(__func__, "sink is NULL");
  scull_api_begin(&diag, NULL);
  scull_status_t status = scull_build_describe_ops(format, &text, &diag);
  if (status == SCULL_OK)
    status = scull_api_give(&text, sink, user, &diag);
  scull_base_text_deinit(&text);
  return scull_api_end(&diag, status);
}
