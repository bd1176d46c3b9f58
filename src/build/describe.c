/* What a model contains, and what this library knows, as JSON. */
#include <string.h>

#include "backend/backend.h"
#include "base/nearest.h"
#include "build/build.h"
#include "import/import.h"

static void put_text(scull_text_t *out, const char *name, const char *value) {
  scull_base_text_json(out, name);
  scull_base_text_print(out, ": ");
  scull_base_text_json(out, value);
}

static void put_type(scull_text_t *out, const scull_graph_t *graph, scull_value_id_t id,
                     const char *name) {
  scull_base_text_print(out, "{");
  put_text(out, "name", name);
  scull_base_text_print(out, ", \"dtype\": \"%s\"",
                        scull_tensor_dtype_name(scull_graph_value(graph, id)->dtype));
  static const char *const ends[] = {"opt", "min", "max"};
  for (int p = 0; p < 3; p++) {
    scull_type_t type = scull_graph_type(graph, id, (scull_point_t)p);
    scull_base_text_print(out, ", \"%s\": [", ends[p]);
    for (int32_t i = 0; i < type.shape.rank; i++)
      scull_base_text_print(out, "%s%lld", i == 0 ? "" : ", ", (long long)type.shape.dim[i]);
    scull_base_text_print(out, "]");
  }
  scull_base_text_print(out, "}");
}

double scull_build_node_flops(const scull_graph_t *graph, const scull_node_t *node) {
  enum { ROOM = 64 };
  scull_tensor_t inputs[ROOM], outputs[ROOM];
  if (node->input_count > ROOM || node->output_count > ROOM)
    return 0;
  for (size_t i = 0; i < node->input_count; i++)
    inputs[i] = (scull_tensor_t){.type = scull_graph_type(graph, node->inputs[i], 0)};
  for (size_t i = 0; i < node->output_count; i++)
    outputs[i] = (scull_tensor_t){.type = scull_graph_type(graph, node->outputs[i], 0)};
  const scull_op_call_t call = {.def = node->op,
                                .attrs = node->attrs,
                                .inputs = inputs,
                                .input_count = node->input_count,
                                .outputs = outputs,
                                .output_count = node->output_count};
  return scull_ops_cost(&call).flops;
}

/* How often each operator type of the file occurs, in the order of first sight; those that cannot
 * be had stand in a list of their own. */
static void put_operators(const scull_graph_t *graph, scull_text_t *out) {
  const scull_origin_t *origins = graph->origins.data;
  bool first = true;
  scull_base_text_print(out, "  \"operators\": {");
  for (size_t i = 0; i < graph->origins.size; i++) {
    size_t count = 0;
    bool seen = false;
    for (size_t k = 0; k < graph->origins.size; k++) {
      bool same = strcmp(origins[k].type, origins[i].type) == 0;
      seen = seen || (same && k < i);
      count += same;
    }
    if (seen)
      continue;
    scull_base_text_print(out, "%s", first ? "" : ", ");
    scull_base_text_json(out, origins[i].type);
    scull_base_text_print(out, ": %zu", count);
    first = false;
  }
  scull_base_text_print(out, "},\n");
}

static void put_totals(const scull_graph_t *graph, scull_text_t *out) {
  double flops = 0, parameters = 0, bytes = 0;
  size_t nodes = 0;
  for (size_t i = 0; i < graph->nodes.size; i++) {
    if (graph->nodes.data[i].dead)
      continue;
    nodes++;
    flops += scull_build_node_flops(graph, &graph->nodes.data[i]);
  }
  for (size_t i = 0; i < graph->values.size; i++) {
    const scull_value_t *v = &graph->values.data[i];
    scull_type_t type = {.dtype = v->dtype, .shape = v->shape[0]};
    if (v->dead || v->data == NULL)
      continue;
    parameters += (double)scull_tensor_count(&type.shape);
    bytes += (double)scull_tensor_bytes(&type);
  }
  scull_base_text_print(out,
                        "  \"nodes\": %zu,\n  \"parameters\": %.0f,\n  \"parameter_bytes\": %.0f,\n"
                        "  \"flops\": %.0f\n}\n",
                        nodes, parameters, bytes, flops);
}

/* --- what is not supported ----------------------------------------------------------------------
 */

typedef struct {
  scull_text_t text;
  size_t count;
} gaps_t;

/* The operator that may be written instead: the same in another form, or one of a near name. */
typedef struct {
  const char *type;
  bool is_known;
  scull_nearest_t near;
} search_t;

static void offer(void *user, const char *type, const char *op) {
  search_t *search = user;
  (void)op;
  search->is_known = search->is_known || strcmp(search->type, type) == 0;
  scull_base_nearest_offer(&search->near, type);
}

static void put_gap(void *user, const char *type, const char *reason, size_t count,
                    const char *places) {
  gaps_t *gaps = user;
  search_t search = {.type = type};
  const char *family = NULL;
  scull_base_nearest_init(&search.near, type);
  for (size_t i = 0; (family = scull_import_family_at(i)) != NULL; i++)
    (void)scull_import_each_operator(family, offer, &search);
  scull_base_text_print(&gaps->text, "%s\n    {", gaps->count++ == 0 ? "" : ",");
  put_text(&gaps->text, "type", type);
  scull_base_text_print(&gaps->text, ", \"count\": %zu, ", count);
  put_text(&gaps->text, "reason", reason);
  scull_base_text_print(&gaps->text, ", ");
  put_text(&gaps->text, "where", places);
  scull_base_text_print(&gaps->text, ", ");
  put_text(&gaps->text, "nearest",
           search.is_known            ? "the same operator in another form"
           : search.near.name != NULL ? search.near.name
                                      : "");
  scull_base_text_print(&gaps->text, "}");
}

/* --- the model ----------------------------------------------------------------------------------
 */

static void put_model(const scull_graph_t *graph, const gaps_t *gaps, scull_text_t *out) {
  scull_base_text_print(out, "{\n  \"inputs\": [");
  for (size_t i = 0; i < graph->inputs.size; i++) {
    scull_base_text_print(out, "%s", i == 0 ? "" : ", ");
    put_type(out, graph, graph->inputs.data[i],
             scull_graph_value(graph, graph->inputs.data[i])->name);
  }
  scull_base_text_print(out, "],\n  \"outputs\": [");
  for (size_t i = 0; i < graph->outputs.size; i++) {
    scull_base_text_print(out, "%s", i == 0 ? "" : ", ");
    put_type(out, graph, graph->outputs.data[i].value, graph->outputs.data[i].name);
  }
  scull_base_text_print(out, "],\n");
  put_operators(graph, out);
  scull_base_text_print(out, "  \"unsupported\": [%s%s],\n", scull_base_text_get(&gaps->text),
                        gaps->count > 0 ? "\n  " : "");
  put_totals(graph, out);
}

/* A model that cannot be had in full is described, too: what is missing is the answer then. */
scull_status_t scull_build_describe(const scull_build_options_t *options, scull_text_t *out,
                                    scull_diag_t *diag) {
  scull_import_files_t files = {0};
  scull_graph_t *graph = NULL;
  gaps_t gaps = {.count = 0};
  scull_diag_t words;
  scull_base_diag_init(&words, SCULL_SEVERITY_WARNING, NULL, NULL);
  scull_status_t status =
      scull_build_import_partly(options, &files, put_gap, &gaps, &graph, &words);
  if (status == SCULL_UNSUPPORTED && graph != NULL)
    status = SCULL_OK;
  for (const scull_message_t *m = words.first; status != SCULL_OK && m != NULL; m = m->next)
    status = scull_base_fail(diag, status, "%s", m->text);
  if (status == SCULL_OK)
    put_model(graph, &gaps, out);
  out->failed = out->failed || gaps.text.failed;
  scull_base_text_deinit(&gaps.text);
  scull_graph_destroy(graph);
  scull_import_files_deinit(&files);
  scull_base_diag_deinit(&words);
  return status;
}

/* --- operators -----------------------------------------------------------------------------------
 */

static void put_tactics(const scull_opdef_t *def, scull_text_t *out) {
  bool first = true;
  scull_base_text_print(out, "\"tactics\": [");
  for (size_t b = 0; scull_backend_at(b) != NULL; b++) {
    const scull_tactic_t *const *tactics = scull_backend_tactics(scull_backend_at(b));
    const scull_site_op_t op = {.def = def};
    const scull_site_t site = {.ops = &op, .op_count = 1};
    if (strcmp(scull_backend_at(b)->name, "null") == 0)
      continue; /* takes everything and runs nothing */
    for (size_t i = 0; tactics[i] != NULL; i++) {
      if (!scull_backend_tactic_applies(tactics[i], &site))
        continue;
      scull_base_text_print(out, "%s", first ? "" : ", ");
      scull_base_text_json(out, tactics[i]->name);
      first = false;
    }
  }
  scull_base_text_print(out, "]");
}

/* Model operators as they are met. */
typedef struct {
  scull_text_t *out;
  const char *family;
  const char *op; /* only those that become this one; NULL: those without a single one */
  bool first;
} listing_t;

static void put_source(void *user, const char *type, const char *op) {
  listing_t *list = user;
  bool wanted = list->op == NULL ? op == NULL : op != NULL && strcmp(op, list->op) == 0;
  if (!wanted)
    return;
  scull_base_text_print(list->out, "%s{\"format\": \"%s\", ", list->first ? "" : ", ",
                        list->family);
  put_text(list->out, "type", type);
  scull_base_text_print(list->out, "}");
  list->first = false;
}

static void put_sources(const char *format, const char *op, scull_text_t *out) {
  listing_t list = {.out = out, .op = op, .first = true};
  for (size_t i = 0; (list.family = scull_import_family_at(i)) != NULL; i++) {
    if (format == NULL || strcmp(format, list.family) == 0)
      scull_import_each_operator(list.family, put_source, &list);
  }
}

static void ignore(void *user, const char *type, const char *op) {
  (void)user;
  (void)type;
  (void)op;
}

scull_status_t scull_build_describe_ops(const char *format, scull_text_t *out, scull_diag_t *diag) {
  if (format != NULL && !scull_import_each_operator(format, ignore, NULL))
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "there is no format '%.40s'", format);
  scull_base_text_print(out, "{\n\"operators\": [");
  for (size_t i = 0; i < scull_ops_count(); i++) {
    const scull_opdef_t *def = scull_ops_at(i);
    scull_base_text_print(out, "%s\n  {", i == 0 ? "" : ",");
    put_text(out, "name", def->name);
    scull_base_text_print(out, ", \"from\": [");
    put_sources(format, def->name, out);
    scull_base_text_print(out, "], ");
    put_tactics(def, out);
    scull_base_text_print(out, "}");
  }
  scull_base_text_print(out, "\n],\n\"one_of_several_or_several\": [");
  put_sources(format, NULL, out);
  scull_base_text_print(out, "]\n}\n");
  return SCULL_OK;
}
