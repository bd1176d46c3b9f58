/* A plug-in: radial basis functions, an operator that Scull does not have.
 *
 *   y[n][k] = exp(-gamma |x_n - c_k|^2), or 1 / (1 + gamma |x_n - c_k|^2) with form="inverse"
 *
 * x: f32 [N x D], c: f32 [K x D], y: f32 [N x K]. The reference is the formula; the tactic knows
 * |c_k|^2 beforehand (state of the engine), needs c to be constant, and keeps |x_n|^2 in scratch.
 * docs/add-a-plugin.md explains it. It includes the public header and links against nothing. */
#include <math.h>
#include <scull/plugin.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the operator ----------------------------------------------------------------------------- */

typedef struct {
  double gamma;
  const char *form;            /* "gauss" or "inverse" */
  scull_plugin_floats_t gains; /* of each center; empty: ones */
} rbf_fields_t;

static const scull_plugin_field_t fields[] = {
    SCULL_PLUGIN_FIELD(rbf_fields_t, FLOAT, gamma, "1"),
    SCULL_PLUGIN_FIELD(rbf_fields_t, STRING, form, "gauss"),
    SCULL_PLUGIN_FIELD(rbf_fields_t, FLOATS, gains, ""),
};

static scull_status_t refuse_call(const scull_plugin_call_t *call, const char *words) {
  call->say(call, words);
  return SCULL_INVALID_ARGUMENT;
}

static scull_status_t infer(const scull_plugin_call_t *call) {
  const rbf_fields_t *f = call->fields;
  const scull_plugin_tensor_t *x = &call->inputs[0], *c = &call->inputs[1];
  char words[120];
  if (x->dtype != SCULL_DTYPE_F32 || c->dtype != SCULL_DTYPE_F32)
    return refuse_call(call, "f32 is wanted");
  if (x->rank != 2 || c->rank != 2 || x->dims[1] != c->dims[1])
    return refuse_call(call, "points and centers must be matrices with rows of one length");
  if (strcmp(f->form, "gauss") != 0 && strcmp(f->form, "inverse") != 0)
    return refuse_call(call, "form is neither gauss nor inverse");
  if (f->gains.size != 0 && f->gains.size != (size_t)c->dims[0]) {
    snprintf(words, sizeof words, "%zu gains for %lld centers", f->gains.size,
             (long long)c->dims[0]);
    return refuse_call(call, words);
  }
  call->outputs[0].dtype = SCULL_DTYPE_F32;
  call->outputs[0].rank = 2;
  call->outputs[0].dims[0] = x->dims[0];
  call->outputs[0].dims[1] = c->dims[0];
  return SCULL_OK;
}

static double value(const rbf_fields_t *f, double distance, int64_t k) {
  double y = f->form[0] == 'g' ? exp(-f->gamma * distance) : 1 / (1 + f->gamma * distance);
  return f->gains.size == 0 ? y : y * f->gains.data[k];
}

static scull_status_t run(const scull_plugin_call_t *call) {
  const rbf_fields_t *f = call->fields;
  const int64_t n = call->inputs[0].dims[0], d = call->inputs[0].dims[1];
  const int64_t m = call->inputs[1].dims[0];
  const float *x = call->inputs[0].data, *c = call->inputs[1].data;
  float *y = call->outputs[0].data;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t k = 0; k < m; k++) {
      double distance = 0;
      for (int64_t j = 0; j < d; j++)
        distance += ((double)x[i * d + j] - c[k * d + j]) * ((double)x[i * d + j] - c[k * d + j]);
      y[i * m + k] = (float)value(f, distance, k);
    }
  }
  return SCULL_OK;
}

/* --- a tactic --------------------------------------------------------------------------------- */

/* How many states there are, for the test: made and given back, of engines and of contexts. */
static atomic_long counts[4];

typedef struct {
  double *squares; /* |c_k|^2 */
} engine_t;

typedef struct {
  int64_t points; /* for which it was prepared */
} context_t;

static const char *refuse(const scull_plugin_call_t *opt, const scull_plugin_call_t *min,
                          const scull_plugin_call_t *max) {
  (void)min;
  if (opt->inputs[1].data == NULL && opt->inputs[1].dims[0] * opt->inputs[1].dims[1] <= 1024)
    return "needs constant centers";
  return max->inputs[0].dims[1] > 4096 ? "keeps too little precision in long rows" : NULL;
}

static size_t workspace(const scull_plugin_call_t *call) {
  return (size_t)call->inputs[0].dims[0] * sizeof(double);
}

static scull_status_t engine_create(const scull_plugin_call_t *call, void **out) {
  const scull_plugin_tensor_t *c = &call->inputs[1];
  const float *data = c->data;
  if (data == NULL)
    return SCULL_UNSUPPORTED; /* the centers are computed */
  engine_t *e = calloc(1, sizeof *e);
  if (e == NULL)
    return SCULL_OUT_OF_MEMORY;
  e->squares = calloc((size_t)c->dims[0] + 1, sizeof *e->squares);
  if (e->squares == NULL) {
    free(e);
    return SCULL_OUT_OF_MEMORY;
  }
  for (int64_t i = 0; i < c->dims[0] * c->dims[1]; i++)
    e->squares[i / c->dims[1]] += (double)data[i] * data[i];
  atomic_fetch_add(&counts[0], 1);
  *out = e;
  return SCULL_OK;
}

static void engine_destroy(void *state) {
  engine_t *e = state;
  free(e->squares);
  free(e);
  atomic_fetch_add(&counts[1], 1);
}

static scull_status_t prepare(const scull_plugin_call_t *call, void **out) {
  context_t *s = calloc(1, sizeof *s);
  if (s == NULL)
    return SCULL_OUT_OF_MEMORY;
  s->points = call->inputs[0].dims[0];
  atomic_fetch_add(&counts[2], 1);
  *out = s;
  return SCULL_OK;
}

static void release(void *state) {
  free(state);
  atomic_fetch_add(&counts[3], 1);
}

static scull_status_t run_fast(const scull_plugin_call_t *call) {
  const rbf_fields_t *f = call->fields;
  const engine_t *e = call->engine_state;
  const int64_t n = ((const context_t *)call->state)->points, d = call->inputs[0].dims[1];
  const int64_t m = call->inputs[1].dims[0];
  const float *x = call->inputs[0].data, *c = call->inputs[1].data;
  float *y = call->outputs[0].data;
  double *squares = call->scratch;
  for (int64_t i = 0; i < n; i++) {
    squares[i] = 0;
    for (int64_t j = 0; j < d; j++)
      squares[i] += (double)x[i * d + j] * x[i * d + j];
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t k = 0; k < m; k++) {
      double product = 0;
      for (int64_t j = 0; j < d; j++)
        product += (double)x[i * d + j] * c[k * d + j];
      y[i * m + k] = (float)value(f, squares[i] + e->squares[k] - 2 * product, k);
    }
  }
  return SCULL_OK;
}

static const scull_plugin_tactic_t fast = {.struct_size = sizeof fast,
                                           .name = "known norms",
                                           .device = "cpu",
                                           .refuse = refuse,
                                           .workspace = workspace,
                                           .engine_create = engine_create,
                                           .engine_destroy = engine_destroy,
                                           .prepare = prepare,
                                           .release = release,
                                           .run = run_fast};
static const scull_plugin_tactic_t *const tactics[] = {&fast, NULL};

/* --- what is registered ----------------------------------------------------------------------- */

static const char *const slots_in[] = {"X", "Centers", NULL};
static const char *const slots_out[] = {"Out", NULL};

static const scull_plugin_operator_t rbf = {.struct_size = sizeof rbf,
                                            .name = "demo.rbf",
                                            .inputs_min = 2,
                                            .inputs_max = 2,
                                            .outputs_min = 1,
                                            .outputs_max = 1,
                                            .fields = fields,
                                            .field_count = sizeof fields / sizeof *fields,
                                            .fields_size = sizeof(rbf_fields_t),
                                            .infer = infer,
                                            .run = run,
                                            .tactics = tactics,
                                            .model_type = "RadialBasis",
                                            .paddle_inputs = slots_in,
                                            .paddle_outputs = slots_out};
static const scull_plugin_operator_t *const operators[] = {&rbf, NULL};

static const scull_plugin_t plugin = {.struct_size = sizeof plugin,
                                      .abi = SCULL_PLUGIN_ABI,
                                      .name = "scull_rbf",
                                      .version = 1,
                                      .operators = operators};

#define SHOWN __attribute__((visibility("default")))

SHOWN const scull_plugin_t *scull_plugin_entry(void);
const scull_plugin_t *scull_plugin_entry(void) {
  return &plugin;
}

/* For the test: 0 engine states made, 1 destroyed, 2 states of contexts made, 3 given back. */
SHOWN long rbf_count(int which);
long rbf_count(int which) {
  return atomic_load(&counts[which]);
}
