/* The report: layers with their operators, placement, tactic and losers; memory; passes. */
#include "build/report.h"

#include <math.h>

static void key(scull_text_t *out, const char *name) {
  scull_base_text_json(out, name);
  scull_base_text_print(out, ": ");
}

static void put_config(scull_text_t *out, const scull_config_t *c, scull_precision_t computes) {
  char src[32], dst[32];
  scull_base_text_print(
      out, "\"config\": \"%d,%d,%d,%d\", \"layouts\": \"%s to %s\", \"precision\": \"%s\"",
      c->knob[0], c->knob[1], c->knob[2], c->knob[3],
      scull_backend_storage_text(scull_backend_config_src(c), src, sizeof src),
      scull_backend_storage_text(scull_backend_config_dst(c), dst, sizeof dst),
      scull_backend_precision_name(computes));
}

/* The file's operators behind a choice. */
static void put_operators(const scull_graph_t *graph, const scull_choice_t *choice,
                          scull_text_t *out) {
  bool first = true;
  scull_base_text_print(out, "\"operators\": [");
  for (size_t k = 0; k < choice->node_count; k++) {
    const scull_node_t *node = scull_graph_node(graph, choice->nodes[k]);
    for (size_t i = 0; i < node->origin_count; i++) {
      const scull_origin_t *origin = &graph->origins.data[node->origins[i]];
      scull_base_text_print(out, "%s{", first ? "" : ", ");
      key(out, "name");
      scull_base_text_json(out, origin->name);
      scull_base_text_print(out, ", ");
      key(out, "type");
      scull_base_text_json(out, origin->type);
      scull_base_text_print(out, "}");
      first = false;
    }
  }
  scull_base_text_print(out, "]");
}

static void put_alternatives(const scull_choice_t *choice, scull_text_t *out) {
  scull_base_text_print(out, "\"alternatives\": [");
  for (size_t i = 0; i < choice->alternative_count; i++) {
    const scull_alternative_t *a = &choice->alternatives[i];
    scull_base_text_print(out, "%s\n      {", i == 0 ? "" : ",");
    key(out, "tactic");
    scull_base_text_json(out, a->tactic);
    scull_base_text_print(out, ", \"nodes\": %zu, ", a->node_count);
    put_config(out, &a->config, a->computes);
    if (a->microseconds < 0) {
      scull_base_text_print(out, ", ");
      key(out, "refused");
      scull_base_text_json(out, a->reason == NULL ? "" : a->reason);
    } else {
      scull_base_text_print(out, ", \"time_us\": %.2f", a->microseconds);
    }
    scull_base_text_print(out, "}");
  }
  scull_base_text_print(out, "]");
}

static const char *kind_of(const scull_plan_step_t *step, const scull_choice_t *choice) {
  if (step->kind == SCULL_PLAN_VIEW)
    return "view";
  if (step->kind == SCULL_PLAN_AT_SHAPE)
    return "at shape";
  if (step->kind == SCULL_PLAN_CONTROL)
    return "control";
  if (step->kind == SCULL_PLAN_COPY)
    return "copy";
  return choice == NULL ? "reformat" : "run";
}

static void put_layer(const scull_report_input_t *in, size_t index, scull_text_t *out) {
  const scull_plan_step_t *step = &in->lowered->plan.steps[index];
  const scull_choice_t *choice = in->lowered->step_choices[index];
  scull_base_text_print(out, "%s\n    {\"index\": %zu, ", index == 0 ? "" : ",", index);
  key(out, "name");
  scull_base_text_json(out, step->name);
  scull_base_text_print(out, ", \"kind\": \"%s\", ", kind_of(step, choice));
  if (step->engine >= 0)
    scull_base_text_print(out, "\"placement\": \"engine %d\"", step->engine);
  else
    scull_base_text_print(out, "\"placement\": \"%s\"", choice == NULL ? "between" : "native");
  scull_base_text_print(out, ", ");
  key(out, "tactic");
  scull_base_text_json(out, step->kind != SCULL_PLAN_RUN && step->kind != SCULL_PLAN_ON_HOST ? ""
                            : step->tactic_name[0] == '\0' ? "reference"
                                                           : step->tactic_name);
  scull_base_text_print(out, ", ");
  put_config(out, &step->config,
             scull_backend_computes(choice == NULL ? NULL : choice->tactic, &step->config));
  scull_base_text_print(out, ", \"time_us\": %.2f", step->microseconds);
  if (choice != NULL) {
    if (choice->why != NULL) {
      scull_base_text_print(out, ", ");
      key(out, "why");
      scull_base_text_json(out, choice->why);
    }
    scull_base_text_print(out, ", ");
    put_operators(in->lowered->step_graphs[index], choice, out);
    scull_base_text_print(out, ", ");
    put_alternatives(choice, out);
  }
  scull_base_text_print(out, "}");
}

static void put_engines(const scull_report_input_t *in, scull_text_t *out) {
  scull_base_text_print(out, "  \"engines\": [");
  for (int32_t e = 0; e < in->tuning->engine_count; e++) {
    size_t layers = 0, nodes = 0;
    for (size_t i = 0; i < in->lowered->plan.step_count; i++) {
      const scull_choice_t *c = in->lowered->step_choices[i];
      if (c == NULL || c->engine != e)
        continue;
      layers++;
      for (size_t k = 0; k < c->node_count; k++)
        nodes += scull_graph_node(in->lowered->step_graphs[i], c->nodes[k])->origin_count;
    }
    scull_base_text_print(out, "%s{\"index\": %d, \"layers\": %zu, \"operators\": %zu}",
                          e == 0 ? "" : ", ", e, layers, nodes);
  }
  scull_base_text_print(out, "],\n");
}

static void put_elided(const scull_report_input_t *in, scull_text_t *out) {
  bool first = true;
  scull_base_text_print(out, "  \"concats_written_in_place\": [");
  for (size_t i = 0; i < in->tuning->choice_count; i++) {
    const scull_choice_t *c = &in->tuning->choices[i];
    if (c->kind != SCULL_CHOICE_ELIDED)
      continue;
    scull_base_text_print(out, "%s", first ? "" : ", ");
    scull_base_text_json(out, scull_graph_node(in->graph, c->nodes[0])->name);
    first = false;
  }
  scull_base_text_print(out, "],\n");
}

/* Operations by the precision that they are done in. */
static void put_flops(const scull_report_input_t *in, scull_text_t *out) {
  double flops[SCULL_PRECISIONS] = {0};
  for (size_t i = 0; i < in->tuning->choice_count; i++) {
    const scull_choice_t *c = &in->tuning->choices[i];
    for (size_t k = 0; c->kind == SCULL_CHOICE_RUN && k < c->node_count; k++)
      flops[scull_backend_computes(c->tactic, &c->config)] +=
          scull_build_node_flops(in->graph, scull_graph_node(in->graph, c->nodes[k]));
  }
  scull_base_text_print(out, "  \"flops\": {");
  for (int as = 0; as < SCULL_PRECISIONS; as++)
    scull_base_text_print(out, "%s\"%s\": %.0f", as == 0 ? "" : ", ",
                          scull_backend_precision_name((scull_precision_t)as), flops[as]);
  scull_base_text_print(out, "},\n");
}

static void put_fact(scull_text_t *out, const char *name, double value) {
  if (isfinite(value))
    scull_base_text_print(out, ", \"%s\": %.6g", name, value);
}

/* What is known of the tensors, and as what a step could store each. */
static void put_ranges(const scull_report_input_t *in, scull_text_t *out) {
  const scull_quant_table_t *table = &in->quantization->table;
  scull_base_text_print(out, "], \"known\": [");
  for (size_t i = 0; i < table->count; i++) {
    const scull_range_t *r = &table->ranges[i];
    const scull_value_id_t id = scull_graph_find_value(in->graph, r->name);
    const scull_value_t *v = id == SCULL_NO_ID ? NULL : scull_graph_value(in->graph, id);
    scull_base_text_print(out, "%s\n    {", i == 0 ? "" : ",");
    key(out, "name");
    scull_base_text_json(out, r->name);
    scull_base_text_print(out, ", \"stored\": \"%s\"",
                          v == NULL                           ? "fused"
                          : v->exact                          ? "exact"
                          : v->quant == NULL                  ? "float"
                          : v->quant->dtype == SCULL_DTYPE_U8 ? "u8"
                                                              : "s8");
    put_fact(out, "threshold", (double)r->threshold);
    if (r->min <= r->max) {
      put_fact(out, "min", (double)r->min);
      put_fact(out, "max", (double)r->max);
    }
    put_fact(out, "clipped", r->clipped);
    put_fact(out, "sqnr", r->sqnr);
    put_fact(out, "tiny", (double)r->tiny);
    scull_base_text_print(out, ", ");
    key(out, "method");
    scull_base_text_json(out, r->method);
    scull_base_text_print(out, ", \"sketch\": \"%s\"}", r->sketch == NULL ? "" : r->sketch);
  }
}

static void put_quantization(const scull_report_input_t *in, scull_text_t *out) {
  const scull_quantization_t *q = in->quantization;
  if (q == NULL)
    return;
  scull_base_text_print(out,
                        "  \"quantization\": {\"ranges\": %zu, \"tensors\": %zu, "
                        "\"inferred\": %zu, \"from_model\": %zu, \"asymmetric\": %zu, "
                        "\"unfolded\": %zu, \"equalized\": %zu, \"rounded\": %zu, "
                        "\"dummy\": %s, \"missing\": [",
                        q->table.count, q->placed.quantized, q->placed.inferred,
                        q->placed.model.folded, q->placed.model.asymmetric, q->placed.model.left,
                        q->placed.equalized, q->placed.rounded, q->dummy > 0 ? "true" : "false");
  for (size_t i = 0; i < q->placed.missing_count; i++) {
    scull_base_text_print(out, "%s", i == 0 ? "" : ", ");
    scull_base_text_json(out, q->placed.missing[i]);
  }
  put_ranges(in, out);
  scull_base_text_print(out, "]},\n");
}

void scull_build_report(const scull_report_input_t *in, scull_text_t *out) {
  const scull_plan_t *plan = &in->lowered->plan;
  double bound = plan->activation_bound > 0 ? (double)plan->activation_bound : 1;
  scull_base_text_print(out, "{\n  \"library\": \"%s\",\n  \"device\": ", plan->library);
  scull_base_text_json(out, plan->device);
  scull_base_text_print(out, ",\n  \"threads\": %d,\n", plan->threads);
  put_engines(in, out);
  scull_base_text_print(out, "  \"passes\": [");
  for (size_t i = 0; i < in->pass_count; i++) {
    const scull_pass_note_t *p = &in->passes[i];
    scull_base_text_print(
        out, "%s{\"name\": \"%s\", \"changed\": %s, \"before\": %zu, \"after\": %zu}",
        i == 0 ? "" : ", ", p->name, p->changed ? "true" : "false", p->before, p->after);
  }
  scull_base_text_print(out, "],\n");
  put_elided(in, out);
  put_flops(in, out);
  put_quantization(in, out);
  scull_base_text_print(
      out,
      "  \"memory\": {\"planned\": %llu, \"lower_bound\": %llu, \"ratio\": %.3f, "
      "\"weights\": %zu},\n  \"expected_us\": %.1f,\n  \"layers\": [",
      (unsigned long long)plan->activation_bytes, (unsigned long long)plan->activation_bound,
      (double)plan->activation_bytes / bound, plan->weights.size, in->tuning->microseconds);
  for (size_t i = 0; i < plan->step_count; i++)
    put_layer(in, i, out);
  scull_base_text_print(out, "\n  ]\n}\n");
}
