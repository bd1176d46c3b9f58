#include "support/plugin.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_long counts[4];

long plugin_count(int which) {
  return atomic_load(&counts[which]);
}

/* --- test.weigh: y = x * w along the last axis * gain + bias, in steps -------------------------
 */

typedef struct {
  double gain;
  int64_t times; /* how often it is done over */
  bool negative;
  const char *word;
  scull_plugin_ints_t list;
  scull_plugin_floats_t bias; /* one an element of the last axis, or none */
} weigh_fields_t;

static const scull_plugin_field_t weigh_fields[] = {
    SCULL_PLUGIN_FIELD(weigh_fields_t, FLOAT, gain, "1"),
    SCULL_PLUGIN_FIELD(weigh_fields_t, INT, times, "1"),
    SCULL_PLUGIN_FIELD(weigh_fields_t, BOOL, negative, "false"),
    SCULL_PLUGIN_FIELD(weigh_fields_t, STRING, word, ""),
    SCULL_PLUGIN_FIELD(weigh_fields_t, INTS, list, "1,2"),
    SCULL_PLUGIN_FIELD(weigh_fields_t, FLOATS, bias, ""),
};

static int64_t last(const scull_plugin_tensor_t *x) {
  return x->dims[x->rank - 1];
}

static int64_t count_of(const scull_plugin_tensor_t *x) {
  int64_t count = 1;
  for (int32_t i = 0; i < x->rank; i++)
    count *= x->dims[i];
  return count;
}

static scull_status_t weigh_infer(const scull_plugin_call_t *call) {
  const weigh_fields_t *f = call->fields;
  const scull_plugin_tensor_t *x = &call->inputs[0], *w = &call->inputs[1];
  if (x->dtype != SCULL_DTYPE_F32 || w->dtype != SCULL_DTYPE_F32 || x->rank < 1 || w->rank != 1 ||
      last(w) != last(x) || (f->bias.size != 0 && f->bias.size != (size_t)last(x)) ||
      f->times < 0 || f->times > 100) {
    call->say(call, "these weights do not fit");
    return SCULL_INVALID_ARGUMENT;
  }
  call->outputs[0] = *x;
  call->outputs[0].data = NULL;
  return SCULL_OK;
}

static scull_status_t weigh_run(const scull_plugin_call_t *call) {
  const weigh_fields_t *f = call->fields;
  const int64_t n = last(&call->inputs[0]);
  const float *x = call->inputs[0].data, *w = call->inputs[1].data;
  float *y = call->outputs[0].data;
  for (int64_t i = 0, count = count_of(&call->inputs[0]); i < count; i++) {
    double sum = (double)x[i];
    for (int64_t t = 0; t < f->times; t++)
      sum = sum * (double)w[i % n] * f->gain + (f->bias.size == 0 ? 0 : f->bias.data[i % n]);
    y[i] = (float)(f->negative ? -sum : sum);
  }
  return SCULL_OK;
}

static size_t weigh_workspace(const scull_plugin_call_t *call) {
  return (size_t)last(&call->inputs[0]) * sizeof(float);
}

static scull_status_t make(int which, void **out) {
  *out = malloc(16);
  if (*out == NULL)
    return SCULL_OUT_OF_MEMORY;
  memset(*out, 1, 16);
  atomic_fetch_add(&counts[which], 1);
  return SCULL_OK;
}

static scull_status_t weigh_engine(const scull_plugin_call_t *call, void **out) {
  (void)call;
  return make(0, out);
}

static void weigh_engine_end(void *state) {
  free(state);
  atomic_fetch_add(&counts[1], 1);
}

static scull_status_t weigh_prepare(const scull_plugin_call_t *call, void **out) {
  return call->engine_state == NULL ? SCULL_INTERNAL : make(2, out);
}

static void weigh_release(void *state) {
  free(state);
  atomic_fetch_add(&counts[3], 1);
}

static scull_status_t weigh_fast(const scull_plugin_call_t *call) {
  if (((const char *)call->engine_state)[15] != 1 || ((const char *)call->state)[15] != 1)
    return SCULL_INTERNAL;
  memset(call->scratch, 0, weigh_workspace(call));
  return weigh_run(call);
}

static const char *is_wide(const scull_plugin_call_t *opt, const scull_plugin_call_t *min,
                           const scull_plugin_call_t *max) {
  (void)opt;
  (void)min;
  return last(&max->inputs[0]) > 8 ? "wants rows of at most 8" : NULL;
}

static const scull_plugin_tactic_t narrow = {.struct_size = sizeof narrow,
                                             .name = "narrow",
                                             .device = "cpu",
                                             .refuse = is_wide,
                                             .run = weigh_run};
static const scull_plugin_tactic_t elsewhere = {
    .struct_size = sizeof elsewhere, .name = "elsewhere", .device = "moon", .run = weigh_run};
static const scull_plugin_tactic_t kept = {.struct_size = sizeof kept,
                                           .name = "kept",
                                           .device = "cpu",
                                           .workspace = weigh_workspace,
                                           .engine_create = weigh_engine,
                                           .engine_destroy = weigh_engine_end,
                                           .prepare = weigh_prepare,
                                           .release = weigh_release,
                                           .run = weigh_fast};
static const scull_plugin_tactic_t *const tactics[] = {&narrow, &elsewhere, &kept, NULL};

static const scull_plugin_operator_t weigh = {.struct_size = sizeof weigh,
                                              .name = "test.weigh",
                                              .inputs_min = 2,
                                              .inputs_max = 2,
                                              .outputs_min = 1,
                                              .outputs_max = 1,
                                              .fields = weigh_fields,
                                              .field_count = 6,
                                              .fields_size = sizeof(weigh_fields_t),
                                              .infer = weigh_infer,
                                              .workspace = weigh_workspace,
                                              .run = weigh_run,
                                              .tactics = tactics};

/* --- test.positive: the elements above 0 --------------------------------------------------------
 */

static scull_status_t positive_infer(const scull_plugin_call_t *call) {
  if (call->inputs[0].dtype != SCULL_DTYPE_F32)
    return SCULL_INVALID_ARGUMENT;
  call->outputs[0].dtype = SCULL_DTYPE_F32;
  call->outputs[0].rank = 1;
  call->outputs[0].dims[0] = count_of(&call->inputs[0]);
  return SCULL_OK;
}

static scull_status_t positive_run(const scull_plugin_call_t *call) {
  const float *x = call->inputs[0].data;
  float *y = call->outputs[0].data;
  int64_t found = 0;
  for (int64_t i = 0, count = count_of(&call->inputs[0]); i < count; i++) {
    if (x[i] > 0)
      y[found++] = x[i];
  }
  call->outputs[0].dims[0] = found;
  return SCULL_OK;
}

static const scull_plugin_operator_t positive = {.struct_size = sizeof positive,
                                                 .name = "test.positive",
                                                 .flags = SCULL_PLUGIN_DATA_SHAPE,
                                                 .inputs_min = 1,
                                                 .inputs_max = 1,
                                                 .outputs_min = 1,
                                                 .outputs_max = 1,
                                                 .infer = positive_infer,
                                                 .run = positive_run};

static const scull_plugin_operator_t *const operators[] = {&weigh, &positive, NULL};

const scull_plugin_t plugin_of_tests = {.struct_size = sizeof plugin_of_tests,
                                        .abi = SCULL_PLUGIN_ABI,
                                        .name = "test_plug",
                                        .version = 3,
                                        .operators = operators};
