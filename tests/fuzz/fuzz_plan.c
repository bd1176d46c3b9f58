/* Plan files behind right checksums, read, made an engine and run: whatever a file says, nothing
 * outside its memory is touched. Plans that ask for much memory are not run. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "graph/graph.h"
#include "lower/lower.h"
#include "plugin/plugin.h"
#include "runtime/runtime.h"
#include "support/plugin.h"

enum { MOST = 1 << 20 };

static const char *const texts[] = {
    "input %x: f32[1:2:4x3x6x6]\nconst %w: f32[4x3x3x3] ~normal:1\nconst %k: f32[4x1x1] ~pos:3\n"
    "%c = conv(%x, %w) pads=1,1,1,1\n%r = relu(%c)\n%m = mul(%r, %k)\n%n = shape(%m)\n"
    "%d = slice(%n) starts=0 ends=2 axes=0\n%p = avg_pool(%m) global=true\n"
    "%f = reshape(%p, %d)\n%s = softmax(%f) axis=-1\noutput %s\n",
    "input %x: f32[2x5]\nconst %i: i64[3]={4,0,2}\n%g = gather(%x, %i) axis=1\n"
    "%t = transpose(%g)\n%y = concat(%t, %t) axis=0\noutput %y\n",
    "input %x: f32[1:2:4x6]\nconst %w: f32[6] ~pos:1\n"
    "%a = test.weigh(%x, %w) gain=1.5 bias=1,2,3,4,5,6 word=abc\n%p = test.positive(%a)\n"
    "%y = square(%p)\noutput %y\n",
};

static scull_status_t make_plan(const char *text, const char *path) {
  scull_graph_t *graph = NULL;
  scull_arena_t arena = {0};
  scull_partition_t partition;
  scull_tuning_t tuning;
  scull_lowered_t lowered = {0};
  scull_tune_options_t options = {.threads = 1};
  const scull_backend_t *backend = scull_backend_find("cpu");
  scull_plan_init(&lowered.plan);
  scull_status_t status = backend->open(0, &options.device, NULL);
  if (status == SCULL_OK)
    status = scull_graph_parse(text, NULL, &graph);
  if (status == SCULL_OK)
    status = scull_tune_partition(graph, &options, &arena, &partition);
  if (status == SCULL_OK)
    status = scull_tune_search(graph, &partition, &options, &arena, &tuning);
  if (status == SCULL_OK)
    status = scull_lower_plan(graph, &tuning, &options, &lowered);
  if (status == SCULL_OK)
    status = scull_plan_write(&lowered.plan, path, NULL);
  scull_lower_deinit(&lowered);
  scull_graph_destroy(graph);
  scull_base_arena_deinit(&arena);
  if (options.device != NULL)
    backend->close(options.device);
  return status;
}

/* Made once; the driver asks again and again. */
bool fuzz_seed(size_t index, scull_text_t *out) {
  if (scull_plugin_add(&plugin_of_tests, NULL) != SCULL_OK)
    return false;
  static const char path[] = "fuzz_plan.seed"; /* in the folder of the build */
  static _Alignas(64) char kept[3][1 << 16];
  static size_t sizes[3];
  scull_file_t file;
  if (index >= sizeof texts / sizeof texts[0])
    return false;
  if (sizes[index] == 0) {
    if (make_plan(texts[index], path) != SCULL_OK ||
        scull_base_file_open(path, &file, NULL) != SCULL_OK)
      return false;
    sizes[index] = file.bytes.size < sizeof kept[0] ? file.bytes.size : 0;
    memcpy(kept[index], file.bytes.data, sizes[index]);
    scull_base_file_close(&file);
  }
  scull_base_text_add(out, kept[index], sizes[index]);
  return sizes[index] > 0;
}

static scull_status_t run_context(const scull_runtime_engine_t *engine) {
  static const _Alignas(64) char zeros[MOST];
  const scull_runtime_options_t options = {0};
  scull_runtime_context_t *context = NULL;
  scull_status_t status = scull_runtime_context_create(engine, &options, &context, NULL);
  for (size_t i = 0; i < engine->plan.input_count && status == SCULL_OK; i++) {
    const scull_plan_value_t *v = &engine->plan.values[engine->plan.inputs[i].value];
    scull_type_t type = {.dtype = v->dtype, .shape = v->opt};
    size_t bytes = scull_tensor_bytes(&type);
    status = bytes <= MOST ? scull_runtime_set_input(context, i, zeros, bytes, NULL)
                           : SCULL_OUT_OF_RANGE;
  }
  if (status == SCULL_OK)
    status = scull_runtime_run(context, NULL);
  scull_runtime_context_destroy(context);
  return status;
}

/* What the plan would take, as far as its numbers say. */
static bool is_small(const scull_plan_t *plan) {
  for (size_t i = 0; i < plan->buffer_count; i++) {
    if (plan->buffers[i].bytes > MOST)
      return false;
  }
  return plan->arena_bytes <= MOST && plan->shape_bytes <= MOST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  scull_plan_t plan;
  scull_runtime_engine_t *engine = NULL;
  uint8_t *bytes = scull_base_alloc_raw(size);
  scull_plan_init(&plan);
  if (bytes != NULL && scull_plugin_add(&plugin_of_tests, NULL) == SCULL_OK) {
    memcpy(bytes, data, size);
    scull_plan_seal(bytes, size);
    if (scull_plan_read((scull_bytes_t){bytes, size}, "fuzz", &plan, NULL) == SCULL_OK &&
        is_small(&plan) && scull_runtime_engine_create(&plan, 0, &engine, NULL) == SCULL_OK)
      (void)!run_context(engine);
  }
  scull_runtime_engine_destroy(engine);
  scull_plan_deinit(&plan);
  scull_base_free(bytes);
  return 0;
}
