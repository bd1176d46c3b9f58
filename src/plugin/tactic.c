/* The tactics of a plug-in's operator, as one of ours: knob 0 of its configuration is the place in
 * the plug-in's list. Tensors are plain, in the model's types. */
#include "plugin/op.h"

#include <stdlib.h>
#include <string.h>

enum { AT_OPT, AT_MIN, AT_MAX, MAX_TACTICS = SCULL_MAX_CONFIGS };

static const scull_plugin_op_t *op_of(const scull_site_t *site) {
  return scull_plugin_op(site->ops[0].def);
}

/* The types of the operator at one of the site's shapes, and the bytes that are known. */
static void fill(scull_plugin_frame_t *frame, const scull_site_t *site, int at,
                 scull_diag_t *diag) {
  const scull_site_op_t *op = &site->ops[0];
  scull_plugin_frame_init(frame, op->def, op->attrs, diag);
  for (size_t i = 0; i < op->input_count + op->output_count; i++) {
    bool in = i < op->input_count;
    uint16_t k = in ? op->inputs[i] : op->outputs[i - op->input_count];
    scull_plugin_tensor_t *to = in ? &frame->inputs[i] : &frame->outputs[i - op->input_count];
    const scull_site_value_t *v = k == SCULL_SITE_ABSENT ? NULL : &site->values[k];
    if (v != NULL)
      scull_plugin_tensor_fill(to, v->dtype,
                               at == AT_OPT   ? &v->opt
                               : at == AT_MIN ? &v->min
                                              : &v->max,
                               v->is_constant ? v->data : NULL);
  }
  frame->call.input_count = op->input_count;
  frame->call.output_count = op->output_count;
  frame->call.threads = site->threads;
}

/* The plug-in's tactic of that number for the processor; NULL: there is none. */
static const scull_plugin_tactic_t *tactic_at(const scull_plugin_op_t *op, int32_t index) {
  const scull_plugin_tactic_t *const *list = op->given.tactics;
  for (int32_t i = 0; list != NULL && list[i] != NULL && i < MAX_TACTICS; i++) {
    if (i == index)
      return strcmp(list[i]->device, "cpu") == 0 ? list[i] : NULL;
  }
  return NULL;
}

static const char *refuse_one(const scull_site_t *site, const scull_plugin_tactic_t *tactic) {
  if (tactic->refuse == NULL)
    return NULL;
  scull_plugin_frame_t frames[3];
  for (int i = 0; i < 3; i++)
    fill(&frames[i], site, i, NULL);
  return tactic->refuse(&frames[AT_OPT].call, &frames[AT_MIN].call, &frames[AT_MAX].call);
}

/* Every output needs memory, as a plug-in has no way to hear that nobody wants it. */
static bool outputs_are_there(const scull_site_t *site) {
  for (size_t i = 0; i < site->ops[0].output_count; i++) {
    bool there = false;
    for (size_t k = 0; k < site->output_count; k++)
      there = there || site->outputs[k] == site->ops[0].outputs[i];
    if (!there)
      return false;
  }
  return true;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_plugin_op_t *op = op_of(site);
  const char *why = "has no tactic for this device";
  (void)device;
  if (!outputs_are_there(site))
    return "has an output that nobody reads";
  for (size_t k = 0; k < site->value_count; k++) {
    if (site->values[k].channel_total > 0)
      return "needs whole tensors";
    if (site->values[k].is_constant && site->values[k].layout != SCULL_LAYOUT_PLAIN)
      return "needs plain constants";
  }
  for (int32_t i = 0; op->given.tactics[i] != NULL && i < MAX_TACTICS; i++) {
    const scull_plugin_tactic_t *tactic = tactic_at(op, i);
    const char *own = tactic == NULL ? why : refuse_one(site, tactic);
    if (own == NULL)
      return NULL;
    why = own;
  }
  return why;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  const scull_plugin_op_t *op = op_of(site);
  size_t count = 0;
  (void)device;
  for (int32_t i = 0; op->given.tactics[i] != NULL && i < MAX_TACTICS && count < room; i++) {
    const scull_plugin_tactic_t *tactic = tactic_at(op, i);
    if (tactic != NULL && refuse_one(site, tactic) == NULL)
      out[count++] = (scull_config_t){.knob = {i}};
  }
  return count;
}

/* --- states ----------------------------------------------------------------------------------- */

typedef struct {
  const scull_plugin_tactic_t *tactic;
  void *state;
} shared_t;

/* A plan says which tactic; it may say anything. */
static scull_status_t choose(const scull_site_t *site, const scull_config_t *config,
                             const scull_plugin_tactic_t **out, scull_diag_t *diag) {
  *out = tactic_at(op_of(site), config->knob[0]);
  const char *why = *out == NULL ? "is not there" : refuse_one(site, *out);
  if (why == NULL)
    return SCULL_OK;
  return scull_base_fail(diag, SCULL_UNSUPPORTED, "tactic %d of the plug-in's operator %s: %s",
                         (int)config->knob[0], site->ops[0].def->name, why);
}

static scull_status_t share(const scull_site_t *site, const scull_config_t *config,
                            const scull_device_t *device, void **out, scull_diag_t *diag) {
  const scull_plugin_tactic_t *tactic = NULL;
  scull_plugin_frame_t frame;
  (void)device;
  *out = NULL;
  SCULL_TRY(choose(site, config, &tactic, diag));
  shared_t *shared = scull_base_alloc(sizeof *shared);
  if (shared == NULL)
    return scull_base_fail_memory(diag, "a plug-in's state");
  shared->tactic = tactic;
  fill(&frame, site, AT_OPT, diag);
  scull_status_t status =
      tactic->engine_create == NULL ? SCULL_OK : tactic->engine_create(&frame.call, &shared->state);
  if (status != SCULL_OK) {
    scull_base_free(shared);
    return status == SCULL_OUT_OF_MEMORY ? status : SCULL_UNSUPPORTED;
  }
  *out = shared;
  return SCULL_OK;
}

static void unshare(void *state) {
  shared_t *shared = state;
  if (shared->tactic->engine_destroy != NULL)
    shared->tactic->engine_destroy(shared->state);
  scull_base_free(shared);
}

/* Of one context at one set of shapes. */
typedef struct {
  const scull_plugin_tactic_t *tactic;
  scull_plugin_frame_t frame;
  int from[SCULL_PLUGIN_MAX_PORTS], to[SCULL_PLUGIN_MAX_PORTS]; /* positions in args; -1: none */
} state_t;

static int position(const uint16_t *list, size_t count, uint16_t value) {
  for (size_t i = 0; i < count; i++) {
    if (list[i] == value)
      return (int)i;
  }
  return -1;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_plugin_tactic_t *tactic = NULL;
  const scull_site_op_t *op = &site->ops[0];
  (void)device;
  SCULL_TRY(choose(site, config, &tactic, diag));
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a plug-in's state");
  s->tactic = tactic;
  fill(&s->frame, site, AT_OPT, diag);
  for (size_t i = 0; i < op->input_count; i++)
    s->from[i] = position(site->inputs, site->input_count, op->inputs[i]);
  for (size_t i = 0; i < op->output_count; i++)
    s->to[i] = position(site->outputs, site->output_count, op->outputs[i]);
  if (site->shared != NULL)
    s->frame.call.engine_state = ((shared_t *)site->shared)->state;
  scull_status_t status =
      tactic->prepare == NULL ? SCULL_OK : tactic->prepare(&s->frame.call, &s->frame.call.state);
  if (status != SCULL_OK) {
    scull_base_free(s);
    return status == SCULL_OUT_OF_MEMORY ? status : SCULL_UNSUPPORTED;
  }
  s->frame.diag = NULL; /* the caller's sink ends with this call */
  *out = (scull_prepared_t){.state = s,
                            .scratch =
                                tactic->workspace == NULL ? 0 : tactic->workspace(&s->frame.call),
                            .forks = true};
  return SCULL_OK;
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  state_t *s = state;
  scull_plugin_call_t *call = &s->frame.call;
  for (size_t i = 0; i < call->input_count; i++) {
    if (s->from[i] >= 0)
      s->frame.inputs[i].data = scull_base_unconst(args->inputs[s->from[i]]);
  }
  for (size_t i = 0; i < call->output_count; i++)
    s->frame.outputs[i].data = args->outputs[s->to[i]];
  call->scratch = args->scratch;
  return s->tactic->run(call) == SCULL_OK ? SCULL_OK : SCULL_DEVICE;
}

static void release(void *state) {
  state_t *s = state;
  if (s->tactic->release != NULL)
    s->tactic->release(s->frame.call.state);
  scull_base_free(s);
}

void scull_plugin_make_tactic(scull_plugin_op_t *op) {
  op->anchors[0] = op->def.name;
  op->tactic = (scull_tactic_t){.version = op->def.plugin_version,
                                .anchors = op->anchors,
                                .growth = SCULL_GROW_NONE,
                                .refuse = refuse,
                                .configs = configs,
                                .share = share,
                                .unshare = unshare,
                                .prepare = prepare,
                                .enqueue = enqueue,
                                .release = release};
}
