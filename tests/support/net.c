/* The stages one after the other, as build/build.c calls them, for text graphs. */
#define _POSIX_C_SOURCE 200809L
#include "support/net.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "graph/evaluate.h"

static void expect_ok(const net_t *net, scull_status_t status, const char *stage) {
  if (status != SCULL_OK)
    fail_msg("%s: %s", stage, scull_base_diag_first_error(&net->diag));
}

void net_open(net_t *net, const char *text, const char *backend) {
  *net = (net_t){0};
  scull_base_diag_init(&net->diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_plan_init(&net->lowered.plan);
  expect_ok(net, scull_graph_parse(text, &net->diag, &net->graph), "parse");
  const scull_backend_t *b = scull_backend_find(backend);
  assert_non_null(b);
  expect_ok(net, scull_backend_open(b, 0, &net->device, &net->diag), "open");
  net->tune =
      (scull_tune_options_t){.device = net->device, .threads = 1, .level = SCULL_TUNE_LEVEL_NONE};
}

void net_close(net_t *net) {
  scull_lower_deinit(&net->lowered);
  scull_graph_destroy(net->graph);
  scull_backend_close(net->device);
  scull_base_arena_deinit(&net->arena);
  scull_base_diag_deinit(&net->diag);
}

void net_partition(net_t *net) {
  if (net->partition.engine == NULL)
    expect_ok(net, scull_tune_partition(net->graph, &net->tune, &net->arena, &net->partition),
              "partition");
}

void net_search(net_t *net) {
  net_partition(net);
  if (net->tuning.choices == NULL)
    expect_ok(net,
              scull_tune_search(net->graph, &net->partition, &net->tune, &net->arena, &net->tuning),
              "search");
}

void net_lower(net_t *net) {
  net_search(net);
  if (net->lowered.plan.steps == NULL)
    expect_ok(net, scull_lower_plan(net->graph, &net->tuning, &net->tune, &net->lowered), "lower");
}

const scull_plan_t *net_plan(net_t *net) {
  net_lower(net);
  net->lowered.plan.library = "test";
  net->lowered.plan.report = "{}";
  return &net->lowered.plan;
}

uint8_t *net_bytes(net_t *net, size_t *size) {
  char path[128];
  scull_file_t file;
  net_temporary("plan", path);
  expect_ok(net, scull_plan_write(net_plan(net), path, &net->diag), "write");
  expect_ok(net, scull_base_file_open(path, &file, &net->diag), "open");
  uint8_t *copy = scull_base_alloc_raw(file.bytes.size);
  assert_non_null(copy);
  memcpy(copy, file.bytes.data, file.bytes.size);
  *size = file.bytes.size;
  scull_base_file_close(&file);
  unlink(path);
  return copy;
}

scull_runtime_engine_t *net_engine(net_t *net) {
  char path[128];
  scull_plan_t plan;
  scull_runtime_engine_t *engine = NULL;
  net_temporary("plan", path);
  expect_ok(net, scull_plan_write(net_plan(net), path, &net->diag), "write");
  scull_plan_init(&plan);
  expect_ok(net, scull_plan_open(path, &plan, &net->diag), "read");
  unlink(path);
  expect_ok(net, scull_runtime_engine_create(&plan, 0, &engine, &net->diag), "engine");
  return engine;
}

scull_value_id_t net_value(const net_t *net, const char *name) {
  scull_value_id_t id = scull_graph_find_value(net->graph, name);
  if (id == SCULL_NO_ID)
    fail_msg("no value '%s'", name);
  return id;
}

scull_tensor_t net_input(const net_t *net, size_t index, const scull_shape_t *shape,
                         uint64_t seed) {
  const scull_value_t *v = scull_graph_value(net->graph, net->graph->inputs.data[index]);
  scull_tensor_t t = {.type = {.dtype = v->dtype, .shape = *shape}};
  bool real = scull_tensor_dtype_is_float(v->dtype);
  t.data = scull_base_alloc(scull_tensor_bytes(&t.type));
  assert_non_null(t.data);
  seed = seed * 0x9e3779b97f4a7c15u + index + 1;
  for (int64_t i = 0, n = scull_tensor_count(shape); i < n; i++) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    double unit = (double)(seed >> 11) * 0x1p-53;
    scull_tensor_store(t.data, v->dtype, i, real ? 2 * unit - 1 : floor(unit * 4));
  }
  return t;
}

static void compare(const net_t *net, scull_runtime_context_t *context,
                    const scull_tensor_t *expected) {
  for (size_t i = 0; i < net->graph->outputs.size; i++) {
    scull_tensor_t got;
    double peak = 1e-30;
    assert_int_equal(scull_runtime_output(context, i, &got, NULL), SCULL_OK);
    assert_true(scull_tensor_shape_equal(&got.type.shape, &expected[i].type.shape));
    assert_int_equal(got.type.dtype, expected[i].type.dtype);
    for (int64_t k = 0, n = scull_tensor_count(&got.type.shape); k < n; k++)
      peak = fmax(peak, fabs(scull_tensor_load(expected[i].data, got.type.dtype, k)));
    double part = net->tolerance > 0 ? net->tolerance : 1e-5;
    const scull_tolerance_t tolerance = {.absolute = part * peak};
    scull_difference_t d = scull_tensor_compare(&got, &expected[i], tolerance);
    if (d.outside > 0)
      fail_msg("output '%s': %lld of %lld elements differ, by %g at most",
               net->graph->outputs.data[i].name, (long long)d.outside, (long long)d.count,
               d.max_absolute);
  }
}

void net_check(net_t *net, scull_runtime_context_t *context, const scull_shape_t *shapes,
               uint64_t seed) {
  enum { ROOM = 8 };
  scull_tensor_t inputs[ROOM], expected[ROOM];
  size_t count = net->graph->inputs.size;
  assert_true(count <= ROOM && net->graph->outputs.size <= ROOM);
  for (size_t i = 0; i < count; i++) {
    inputs[i] = net_input(net, i, &shapes[i], seed);
    expect_ok(net, scull_runtime_set_shape(context, i, &shapes[i], &net->diag), "shape");
    expect_ok(net,
              scull_runtime_set_input(context, i, inputs[i].data,
                                      scull_tensor_bytes(&inputs[i].type), &net->diag),
              "input");
  }
  expect_ok(net, scull_runtime_run(context, &net->diag), "run");
  expect_ok(net, scull_graph_evaluate(net->graph, inputs, expected, NULL), "reference");
  compare(net, context, expected);
  for (size_t i = 0; i < net->graph->outputs.size; i++)
    scull_base_free(expected[i].data);
  for (size_t i = 0; i < count; i++)
    scull_base_free(inputs[i].data);
}

void net_temporary(const char *what, char *out) {
  static atomic_int count;
  const char *folder = getenv("TMPDIR");
  snprintf(out, 128, "%.60s/scull-%.20s-%ld-%d", folder == NULL ? "/tmp" : folder, what,
           (long)getpid(), atomic_fetch_add(&count, 1));
}

void net_says(const scull_diag_t *diag, const char *part) {
  for (const scull_message_t *m = diag->first; m != NULL; m = m->next) {
    if (m->severity == SCULL_SEVERITY_ERROR && strstr(m->text, part) != NULL)
      return;
  }
  fail_msg("no message with '%s'; the first: '%s'", part, scull_base_diag_first_error(diag));
}
