/* A plan as JSON, and the differences of two plans in words. */
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"

static const char *const storage_names[SCULL_PLAN_STORAGES] = {
    "arena", "input", "output", "constant", "shape", "host", "block", "sequence"};
static const char *const kind_names[SCULL_PLAN_KINDS] = {"run",     "at shape", "view",
                                                         "on host", "copy",     "control"};

static void put_text(scull_text_t *out, const char *name, const char *value) {
  scull_base_text_json(out, name);
  scull_base_text_print(out, ": ");
  scull_base_text_json(out, value);
}

static void put_shape(scull_text_t *out, const char *name, const scull_shape_t *shape) {
  scull_base_text_print(out, ", \"%s\": [", name);
  for (int32_t i = 0; i < shape->rank; i++)
    scull_base_text_print(out, "%s%lld", i == 0 ? "" : ", ", (long long)shape->dim[i]);
  scull_base_text_print(out, "]");
}

static void put_ports(scull_text_t *out, const scull_plan_t *plan, const char *name,
                      const scull_plan_port_t *ports, size_t count) {
  scull_base_text_print(out, "  \"%s\": [", name);
  for (size_t i = 0; i < count; i++) {
    const scull_plan_value_t *v = &plan->values[ports[i].value];
    scull_base_text_print(out, "%s\n    {", i == 0 ? "" : ",");
    put_text(out, "name", ports[i].name);
    scull_base_text_print(out, ", \"dtype\": \"%s\"", scull_tensor_dtype_name(v->dtype));
    put_shape(out, "min", &v->min);
    put_shape(out, "opt", &v->opt);
    put_shape(out, "max", &v->max);
    scull_base_text_print(out, "}");
  }
  scull_base_text_print(out, "],\n");
}

static void put_binding(scull_text_t *out, const scull_plan_t *plan, uint32_t id) {
  if (id == SCULL_PLAN_NONE) {
    scull_base_text_print(out, "null");
    return;
  }
  const scull_plan_value_t *v = &plan->values[id];
  const scull_plan_buffer_t *b = &plan->buffers[v->buffer];
  char type[128], where[192];
  scull_type_t opt = {.dtype = scull_plan_value_stored(v), .shape = v->opt};
  snprintf(where, sizeof where, "%s:%s %s+%llu", scull_tensor_type_text(&opt, type, sizeof type),
           scull_backend_layout_name(v->layout), storage_names[b->storage],
           (unsigned long long)(b->storage == SCULL_PLAN_INPUT || b->storage == SCULL_PLAN_OUTPUT ||
                                        b->storage >= SCULL_PLAN_BLOCK
                                    ? b->index
                                    : b->offset));
  scull_base_text_print(out, "{");
  put_text(out, "name", v->name);
  scull_base_text_print(out, ", ");
  put_text(out, "where", where);
  if (v->as == SCULL_AS_INT8)
    scull_base_text_print(out, ", \"scale\": %.9g", (double)v->quant->scales[0]);
  scull_base_text_print(out, "}");
}

static void put_step(scull_text_t *out, const scull_plan_t *plan, size_t index) {
  const scull_plan_step_t *s = &plan->steps[index];
  scull_base_text_print(out, "%s\n    {\"index\": %zu, ", index == 0 ? "" : ",", index);
  put_text(out, "name", s->name);
  scull_base_text_print(out, ", \"kind\": \"%s\", \"engine\": %d, ", kind_names[s->kind],
                        s->engine);
  put_text(out, "tactic", s->tactic_name);
  scull_base_text_print(out, ", \"packed\": %llu, \"inputs\": [",
                        (unsigned long long)s->packed_bytes);
  for (size_t i = 0; i < s->site.input_count; i++) {
    scull_base_text_print(out, "%s", i == 0 ? "" : ", ");
    put_binding(out, plan, s->bindings[s->site.inputs[i]]);
  }
  scull_base_text_print(out, "], \"outputs\": [");
  for (size_t i = 0; i < s->site.output_count; i++) {
    scull_base_text_print(out, "%s", i == 0 ? "" : ", ");
    put_binding(out, plan, s->bindings[s->site.outputs[i]]);
  }
  scull_base_text_print(out, "]");
  for (size_t i = 0; i < SCULL_PLAN_MAX_REGIONS && s->lists[i] != SCULL_PLAN_NONE; i++)
    scull_base_text_print(
        out, "%s%u%s", i == 0 ? ", \"lists\": [" : ", ", s->lists[i],
        i + 1 == SCULL_PLAN_MAX_REGIONS || s->lists[i + 1] == SCULL_PLAN_NONE ? "]" : "");
  scull_base_text_print(out, "%s}", s->late ? ", \"late\": true" : "");
}

static void put_lists(scull_text_t *out, const scull_plan_t *plan) {
  scull_base_text_print(out, "  \"lists\": [");
  for (size_t i = 0; i < plan->list_count; i++)
    scull_base_text_print(out, "%s{\"first\": %u, \"count\": %u}", i == 0 ? "" : ", ",
                          plan->lists[i].first, plan->lists[i].count);
  scull_base_text_print(out, "],\n");
}

void scull_plan_print(const scull_plan_t *plan, scull_text_t *out) {
  scull_base_text_print(out, "{\n  \"format\": %u,\n  ", plan->format);
  put_text(out, "library", plan->library);
  scull_base_text_print(out, ",\n  ");
  put_text(out, "backend", plan->backend);
  scull_base_text_print(out, ",\n  ");
  put_text(out, "device", plan->device);
  scull_base_text_print(out, ",\n  \"threads\": %d,\n", plan->threads);
  scull_base_text_print(out, "  \"plugins\": [");
  for (size_t i = 0; i < plan->plugin_count; i++) {
    scull_base_text_print(out, "%s{", i == 0 ? "" : ", ");
    put_text(out, "name", plan->plugins[i].name);
    scull_base_text_print(out, ", \"version\": %u}", plan->plugins[i].version);
  }
  scull_base_text_print(out, "],\n");
  put_ports(out, plan, "inputs", plan->inputs, plan->input_count);
  put_ports(out, plan, "outputs", plan->outputs, plan->output_count);
  put_lists(out, plan);
  scull_base_text_print(out,
                        "  \"activations\": %llu,\n  \"activations_bound\": %llu,\n"
                        "  \"weights\": %zu,\n  \"sources\": %zu,\n  \"steps\": [",
                        (unsigned long long)plan->activation_bytes,
                        (unsigned long long)plan->activation_bound, plan->weights.size,
                        plan->sources.size);
  for (size_t i = 0; i < plan->step_count; i++)
    put_step(out, plan, i);
  scull_base_text_print(out, "\n  ]\n}\n");
}

/* --- differences ---------------------------------------------------------------------------------
 */

static size_t differ_text(scull_text_t *out, const char *what, const char *a, const char *b) {
  if (strcmp(a, b) == 0)
    return 0;
  scull_base_text_print(out, "%s: %s | %s\n", what, a, b);
  return 1;
}

static size_t differ_number(scull_text_t *out, const char *what, uint64_t a, uint64_t b) {
  if (a == b)
    return 0;
  scull_base_text_print(out, "%s: %llu | %llu\n", what, (unsigned long long)a,
                        (unsigned long long)b);
  return 1;
}

static size_t differ_steps(scull_text_t *out, size_t index, const scull_plan_t *a,
                           const scull_plan_t *b) {
  scull_text_t x = {0}, y = {0};
  char what[64];
  const scull_plan_step_t *s = &a->steps[index], *t = &b->steps[index];
  snprintf(what, sizeof what, "step %zu", index);
  put_step(&x, a, index);
  put_step(&y, b, index);
  size_t count = differ_text(out, what, s->name, t->name);
  bool other_config = memcmp(&s->config, &t->config, sizeof s->config) != 0;
  if (strcmp(s->tactic_name, t->tactic_name) != 0 || other_config) {
    char f[4][32];
    scull_base_text_print(
        out, "step %zu '%s': %s %d,%d %s-%s | %s %d,%d %s-%s\n", index, s->name, s->tactic_name,
        s->config.knob[0], s->config.knob[1],
        scull_backend_storage_text(scull_backend_config_src(&s->config), f[0], sizeof f[0]),
        scull_backend_storage_text(scull_backend_config_dst(&s->config), f[1], sizeof f[1]),
        t->tactic_name, t->config.knob[0], t->config.knob[1],
        scull_backend_storage_text(scull_backend_config_src(&t->config), f[2], sizeof f[2]),
        scull_backend_storage_text(scull_backend_config_dst(&t->config), f[3], sizeof f[3]));
    count++;
  } else if (count == 0 && strcmp(scull_base_text_get(&x), scull_base_text_get(&y)) != 0) {
    scull_base_text_print(out, "step %zu '%s': other operands or memory\n", index, s->name);
    count++;
  }
  scull_base_text_deinit(&x);
  scull_base_text_deinit(&y);
  return count;
}

size_t scull_plan_compare(const scull_plan_t *a, const scull_plan_t *b, scull_text_t *out) {
  size_t count = differ_text(out, "library", a->library, b->library);
  count += differ_text(out, "backend", a->backend, b->backend);
  count += differ_text(out, "device", a->device, b->device);
  count += differ_number(out, "threads", (uint64_t)a->threads, (uint64_t)b->threads);
  count += differ_number(out, "workspace", a->workspace, b->workspace);
  count += differ_number(out, "inputs", a->input_count, b->input_count);
  count += differ_number(out, "outputs", a->output_count, b->output_count);
  count += differ_number(out, "activation bytes", a->arena_bytes, b->arena_bytes);
  count += differ_number(out, "weight bytes", a->weights.size, b->weights.size);
  count += differ_number(out, "steps", a->step_count, b->step_count);
  for (size_t i = 0; i < a->step_count && i < b->step_count; i++)
    count += differ_steps(out, i, a, b);
  if (a->weights.size == b->weights.size && a->weights.size > 0 &&
      memcmp(a->weights.data, b->weights.data, a->weights.size) != 0) {
    scull_base_text_print(out, "the weights differ\n");
    count++;
  }
  return count;
}
