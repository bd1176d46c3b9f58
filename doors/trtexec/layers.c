/* Layers of a plan in trtexec's form, out of the plan's own description and report. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "report.h"

/* "f32[16x1x8x8]:nhwc input+0" -> dimensions and "nhwc f32". */
static void add_place(json_t *tensor, const char *where) {
  const char *open = strchr(where, '['), *close = strchr(where, ']');
  const char *layout = close != NULL && close[1] == ':' ? close + 2 : "";
  char format[96];
  json_t *dims = json_array();
  if (open == NULL || close == NULL || close < open) {
    json_decref(dims);
    return;
  }
  for (const char *at = open + 1; at < close;) {
    char *end = NULL;
    json_array_append_new(dims, json_integer(strtoll(at, &end, 10)));
    at = end == at ? close : end + (*end == 'x');
  }
  snprintf(format, sizeof format, "%.*s %.*s", (int)strcspn(layout, " "), layout,
           (int)(open - where), where);
  json_object_set_new(tensor, "Dimensions", dims);
  json_object_set_new(tensor, "Format/Datatype", json_string(format));
}

static json_t *tensors_of(const json_t *step, const char *key, const char *device) {
  json_t *list = json_array();
  const json_t *tensors = json_object_get(step, key);
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *tensor = json_array_get(tensors, i);
    const char *where = json_string_value(json_object_get(tensor, "where"));
    const char *name = json_string_value(json_object_get(tensor, "name"));
    json_t *made = json_pack("{ss ss}", "Name", name == NULL ? "" : name, "Location",
                             strcmp(device, "cuda") == 0 ? "Device" : "Host");
    if (where != NULL)
      add_place(made, where);
    json_array_append_new(list, made);
  }
  return list;
}

/* The last of the file's operators names a layer's type, as a fused one is called by what it ends
 * in; without one the step's kind. */
static const char *type_of(const json_t *layer, const json_t *step) {
  const json_t *operators = json_object_get(layer, "operators");
  const size_t count = json_array_size(operators);
  const char *type = json_string_value(
      json_object_get(json_array_get(operators, count > 0 ? count - 1 : 0), "type"));
  const char *kind = json_string_value(json_object_get(layer, "kind"));
  if (kind == NULL)
    kind = json_string_value(json_object_get(step, "kind"));
  return type != NULL ? type : kind != NULL ? kind : "";
}

/* "[ONNX Layer: a]\x1e[ONNX Layer: b]": scripts take it apart. */
static json_t *metadata_of(const json_t *layer) {
  const json_t *operators = json_object_get(layer, "operators");
  char text[4096];
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < json_array_size(operators) && used < sizeof text; i++) {
    const char *name = json_string_value(json_object_get(json_array_get(operators, i), "name"));
    used += (size_t)snprintf(text + used, sizeof text - used, "%s[ONNX Layer: %s]",
                             i > 0 ? "\x1e" : "", name == NULL ? "" : name);
  }
  json_t *made = json_string(text);
  return made != NULL ? made : json_string(""); /* cut in the middle of a sign */
}

static json_t *layer_json(const json_t *step, const json_t *layer, const char *device,
                          bool detailed) {
  const char *name = json_string_value(json_object_get(step, "name"));
  const char *tactic = json_string_value(json_object_get(step, "tactic"));
  if (!detailed)
    return json_string(name == NULL ? "" : name);
  json_t *made = json_pack("{ss ss so so ss ss}", "Name", name == NULL ? "" : name, "LayerType",
                           type_of(layer, step), "Inputs", tensors_of(step, "inputs", device),
                           "Outputs", tensors_of(step, "outputs", device), "TacticName",
                           tactic == NULL ? "" : tactic, "TacticValue", "");
  const char *config = json_string_value(json_object_get(layer, "config"));
  const char *precision = json_string_value(json_object_get(layer, "precision"));
  if (config != NULL)
    json_object_set_new(made, "TacticValue", json_string(config));
  if (precision != NULL)
    json_object_set_new(made, "Precision", json_string(precision));
  json_object_set_new(made, "StreamId", json_integer(0));
  json_object_set_new(made, "Metadata", metadata_of(layer));
  return made;
}

static void add_bindings(json_t *list, const json_t *ports) {
  for (size_t i = 0; i < json_array_size(ports); i++)
    json_array_append(list, json_object_get(json_array_get(ports, i), "name"));
}

static json_t *layers_json(const json_t *plan, const json_t *report, const char *device,
                           bool detailed) {
  const json_t *steps = json_object_get(plan, "steps");
  const json_t *layers = json_object_get(report, "layers");
  json_t *list = json_array(), *bindings = json_array();
  for (size_t i = 0; i < json_array_size(steps); i++)
    json_array_append_new(
        list, layer_json(json_array_get(steps, i), json_array_get(layers, i), device, detailed));
  add_bindings(bindings, json_object_get(plan, "inputs"));
  add_bindings(bindings, json_object_get(plan, "outputs"));
  return json_pack("{so so}", "Layers", list, "Bindings", bindings);
}

static bool print_layers(const trtexec_options_t *o, const json_t *made) {
  if (o->dump_layers) {
    trtexec_say('I', "Layer Information:");
    json_dumpf(made, stdout, JSON_INDENT(1));
    putchar('\n');
  }
  if (o->export_layers == NULL)
    return true;
  return json_dump_file(made, o->export_layers, JSON_INDENT(1)) == 0 ||
         trtexec_fail("%s: cannot write", o->export_layers);
}

/* The ranges of the inputs: trtexec calls them an optimization profile. */
static void print_ranges(const scull_engine_t *engine) {
  scull_tensor_info_t info;
  char min[TRTEXEC_DIMS_ROOM], opt[TRTEXEC_DIMS_ROOM], max[TRTEXEC_DIMS_ROOM];
  trtexec_say('I', "Optimization Profile Information:");
  trtexec_say('I', "Optimization Profile 0:");
  for (size_t i = 0; i < scull_engine_input_count(engine); i++) {
    if (scull_engine_input(engine, i, &info) != SCULL_OK)
      continue;
    trtexec_say('I', "  %s: kMIN %s, kOPT %s, kMAX %s", info.name,
                trtexec_dims_text(info.rank, info.min, min),
                trtexec_dims_text(info.rank, info.opt, opt),
                trtexec_dims_text(info.rank, info.max, max));
  }
}

bool trtexec_report_plan(const trtexec_options_t *options, const trtexec_engine_t *engine) {
  const char *verbosity = options->verbosity;
  const bool detailed = verbosity != NULL &&
                        (strcmp(verbosity, "detailed") == 0 || strcmp(verbosity, "verbose") == 0);
  if (options->dump_profiles)
    print_ranges(engine->engine);
  if (!options->dump_layers && options->export_layers == NULL)
    return true;
  json_t *plan = json_loads(engine->plan_text, 0, NULL);
  json_t *report = json_loads(scull_engine_report(engine->engine), 0, NULL);
  json_t *made = plan == NULL ? NULL : layers_json(plan, report, engine->device, detailed);
  const bool ok = made == NULL ? trtexec_fail("the plan's description is no JSON")
                               : print_layers(options, made);
  json_decref(made);
  json_decref(plan);
  json_decref(report);
  return ok;
}
