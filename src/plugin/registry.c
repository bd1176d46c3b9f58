/* Which plug-ins there are: checking, adding, opening their libraries. One at a time; whoever reads
 * the lists of operators and tactics needs no lock. */
#include "plugin/op.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/library.h"

enum { MOST = 64, MAX_NAME = 63, PATH_ROOM = 4096, MAX_FIELDS = 256 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const scull_plugin_t *known[MOST];
static size_t known_count;

/* --- checking --------------------------------------------------------------------------------- */

static bool is_name(const char *name, const char *also) {
  size_t length = name == NULL ? 0 : strlen(name);
  if (length == 0 || length > MAX_NAME || !isalpha((unsigned char)name[0]))
    return false;
  for (size_t i = 0; i < length; i++) {
    if (!isalnum((unsigned char)name[i]) && strchr(also, name[i]) == NULL)
      return false;
  }
  return true;
}

/* A struct of the caller's header, of which ours may know more: what it lacks is zero. */
static void take(void *to, size_t room, const void *from, size_t size) {
  memset(to, 0, room);
  memcpy(to, from, size < room ? size : room);
}

static scull_status_t refuse(const scull_plugin_t *plugin, const char *op, const char *why,
                             scull_diag_t *diag) {
  return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "plug-in '%.63s'%s%.63s: %s", plugin->name,
                         op[0] == '\0' ? "" : ", operator ", op, why);
}

static const char *tactic_fault(const scull_plugin_tactic_t *tactic) {
  if (tactic->struct_size < offsetof(scull_plugin_tactic_t, run) + sizeof tactic->run ||
      tactic->name == NULL || tactic->device == NULL || tactic->run == NULL)
    return "a tactic without a size, a name, a device or a run";
  if ((tactic->engine_create == NULL) != (tactic->engine_destroy == NULL) ||
      (tactic->prepare == NULL) != (tactic->release == NULL))
    return "a tactic that makes a state and does not give it back, or the reverse";
  return NULL;
}

static const char *op_fault(const scull_plugin_operator_t *op) {
  if (!is_name(op->name, "_."))
    return "its name is not of letters, digits, _ and .";
  if (op->inputs_min > op->inputs_max || op->inputs_max > SCULL_PLUGIN_MAX_PORTS ||
      op->outputs_min < 1 || op->outputs_min > op->outputs_max ||
      op->outputs_max > SCULL_PLUGIN_MAX_PORTS)
    return "it has an impossible number of inputs or outputs";
  if (op->infer == NULL || op->run == NULL)
    return "it lacks infer or run";
  if (op->field_count > MAX_FIELDS || (op->fields == NULL && op->field_count > 0))
    return "its list of fields is NULL or too long";
  for (size_t i = 0; op->tactics != NULL && op->tactics[i] != NULL; i++) {
    const char *why = tactic_fault(op->tactics[i]);
    if (why != NULL)
      return why;
  }
  return scull_ops_find(op->name) != NULL ? "there is an operator of that name" : NULL;
}

/* --- fields ----------------------------------------------------------------------------------- */

static const struct {
  scull_attr_kind_t kind;
  size_t size;
} kinds[] = {
    [SCULL_PLUGIN_INT] = {SCULL_ATTR_INT, sizeof(int64_t)},
    [SCULL_PLUGIN_FLOAT] = {SCULL_ATTR_FLOAT, sizeof(double)},
    [SCULL_PLUGIN_BOOL] = {SCULL_ATTR_BOOL, sizeof(bool)},
    [SCULL_PLUGIN_STRING] = {SCULL_ATTR_STRING, sizeof(char *)},
    [SCULL_PLUGIN_INTS] = {SCULL_ATTR_INTS, sizeof(scull_ints_t)},
    [SCULL_PLUGIN_FLOATS] = {SCULL_ATTR_FLOATS, sizeof(scull_floats_t)},
};

_Static_assert(sizeof(scull_plugin_ints_t) == sizeof(scull_ints_t) &&
                   sizeof(scull_plugin_floats_t) == sizeof(scull_floats_t),
               "a plug-in's lists are ours");

/* NULL and the schema, whose table is the caller's to free, or what is wrong. */
static const char *make_schema(const scull_plugin_operator_t *given, scull_attr_schema_t *out) {
  if (given->field_count == 0)
    return NULL;
  scull_attr_field_t *fields = scull_base_alloc(given->field_count * sizeof *fields);
  *out = (scull_attr_schema_t){fields, given->field_count, given->fields_size};
  if (fields == NULL)
    return "memory is short";
  for (size_t i = 0; i < given->field_count; i++) {
    const scull_plugin_field_t *from = &given->fields[i];
    if (!is_name(from->name, "_") || from->initial == NULL ||
        from->kind >= sizeof kinds / sizeof *kinds)
      return "a field without a name, a kind or a default";
    size_t size = kinds[from->kind].size;
    if (size > given->fields_size || from->offset > given->fields_size - size)
      return "a field lies outside its struct";
    fields[i] =
        (scull_attr_field_t){from->name, kinds[from->kind].kind, from->offset, from->initial, NULL};
  }
  /* Defaults are read whenever a node is made, where nobody expects them to fail. */
  scull_arena_t arena = {0};
  const char *why = NULL;
  void *attrs = scull_ops_attrs_create(&(scull_attr_schema_t){NULL, 0, given->fields_size}, &arena);
  for (size_t i = 0; attrs != NULL && i < out->count && why == NULL; i++) {
    if (fields[i].initial[0] != '\0' &&
        scull_ops_attrs_set(out, attrs, fields[i].name, fields[i].initial, &arena, NULL) !=
            SCULL_OK)
      why = "a field's default cannot be read";
  }
  scull_base_arena_deinit(&arena);
  return attrs == NULL ? "memory is short" : why;
}

/* --- adding ----------------------------------------------------------------------------------- */

static void op_free(scull_plugin_op_t *op) {
  if (op == NULL)
    return;
  scull_base_free(scull_base_unconst(op->def.attrs.fields));
  scull_base_free(scull_base_unconst(op->tactic.name));
  scull_base_free(op);
}

static bool has_tactic(const scull_plugin_op_t *op) {
  const scull_plugin_tactic_t *const *list = op->given.tactics;
  for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
    if (strcmp(list[i]->device, "cpu") == 0)
      return true;
  }
  return false;
}

static scull_status_t make_op(const scull_plugin_t *plugin, const scull_plugin_operator_t *given,
                              scull_plugin_op_t **out, scull_diag_t *diag) {
  if (given->struct_size < offsetof(scull_plugin_operator_t, run) + sizeof given->run)
    return refuse(plugin, "", "an operator without its size", diag);
  scull_plugin_op_t *op = scull_base_alloc(sizeof *op);
  *out = op;
  if (op == NULL)
    return scull_base_fail_memory(diag, "a plug-in");
  take(&op->given, sizeof op->given, given, given->struct_size);
  const char *why = op_fault(&op->given);
  if (why == NULL)
    why = make_schema(&op->given, &op->def.attrs);
  if (why != NULL)
    return refuse(plugin, op->given.name == NULL ? "?" : op->given.name, why, diag);
  op->def.name = op->given.name;
  op->def.plugin = plugin->name;
  op->def.plugin_version = plugin->version;
  scull_plugin_make_def(op);
  if (!has_tactic(op))
    return SCULL_OK;
  scull_plugin_make_tactic(op);
  size_t size = strlen(op->def.name) + sizeof "plugin.";
  char *name = scull_base_alloc(size);
  if (name == NULL)
    return scull_base_fail_memory(diag, "a plug-in");
  snprintf(name, size, "plugin.%s", op->def.name);
  op->tactic.name = name;
  return SCULL_OK;
}

static const scull_plugin_t *find(const char *name) {
  for (size_t i = 0; i < known_count; i++) {
    if (strcmp(known[i]->name, name) == 0)
      return known[i];
  }
  return NULL;
}

/* Tactics first: that may fail. */
static bool add_all(scull_plugin_op_t *const *ops, const scull_tactic_t **tactics, size_t count) {
  size_t tactic_count = 0;
  for (size_t i = 0; i < count; i++) {
    if (ops[i]->tactic.name != NULL)
      tactics[tactic_count++] = &ops[i]->tactic;
  }
  if (tactic_count > 0 && !scull_backend_tactics_add(tactics, tactic_count))
    return false;
  for (size_t i = 0; i < count; i++) {
    ops[i]->entry.def = &ops[i]->def;
    scull_ops_add(&ops[i]->entry);
  }
  return true;
}

static scull_status_t make_all(const scull_plugin_t *plugin, scull_plugin_op_t **ops, size_t count,
                               scull_diag_t *diag) {
  for (size_t i = 0; i < count; i++) {
    SCULL_TRY(make_op(plugin, plugin->operators[i], &ops[i], diag));
    for (size_t k = 0; k < i; k++) {
      if (strcmp(ops[k]->def.name, ops[i]->def.name) == 0)
        return refuse(plugin, ops[k]->def.name, "it is there twice", diag);
    }
  }
  return SCULL_OK;
}

static scull_status_t add_ops(const scull_plugin_t *plugin, scull_diag_t *diag) {
  size_t count = 0;
  while (plugin->operators[count] != NULL)
    count++;
  scull_plugin_op_t **ops = scull_base_alloc((count + 1) * sizeof(*ops));
  const scull_tactic_t **tactics = scull_base_alloc((count + 1) * sizeof(*tactics));
  scull_status_t status = ops == NULL || tactics == NULL ? scull_base_fail_memory(diag, "a plug-in")
                                                         : make_all(plugin, ops, count, diag);
  if (status == SCULL_OK && !add_all(ops, tactics, count))
    status = scull_base_fail_memory(diag, "a plug-in");
  for (size_t i = 0; ops != NULL && i < count && status != SCULL_OK; i++)
    op_free(ops[i]);
  scull_base_free(ops);
  scull_base_free(tactics);
  return status;
}

static scull_status_t add_locked(const scull_plugin_t *plugin, scull_diag_t *diag) {
  const scull_plugin_t *same = find(plugin->name);
  if (same == plugin)
    return SCULL_OK;
  if (same != NULL)
    return refuse(plugin, "", "another plug-in has that name already", diag);
  if (known_count == MOST)
    return refuse(plugin, "", "there are too many plug-ins", diag);
  SCULL_TRY(add_ops(plugin, diag));
  known[known_count++] = plugin;
  return SCULL_OK;
}

scull_status_t scull_plugin_add(const scull_plugin_t *plugin, scull_diag_t *diag) {
  if (plugin == NULL ||
      plugin->struct_size < offsetof(scull_plugin_t, operators) + sizeof plugin->operators)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                           "a plug-in is NULL or does not say its size");
  if (!is_name(plugin->name, "_-") || plugin->operators == NULL)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                           "a plug-in has no list of operators, or its name is not of letters, "
                           "digits, _ and -");
  if (plugin->abi != SCULL_PLUGIN_ABI)
    return refuse(plugin, "", "it speaks another version of the interface", diag);
  pthread_mutex_lock(&lock);
  scull_status_t status = add_locked(plugin, diag);
  pthread_mutex_unlock(&lock);
  return status;
}

const scull_opdef_t *scull_plugin_find_model(const char *type, const char *onnx_domain) {
  const scull_opdef_t *def = NULL;
  for (size_t i = scull_ops_count(); i-- > 0 && (def = scull_ops_at(i))->plugin != NULL;) {
    const scull_plugin_operator_t *given = scull_plugin_given(def);
    bool named = given->model_type != NULL && strcmp(given->model_type, type) == 0;
    /* its own name is what exported models have */
    if ((named || strcmp(given->name, type) == 0) &&
        (onnx_domain == NULL || given->onnx_domain == NULL ||
         strcmp(given->onnx_domain, onnx_domain) == 0))
      return def;
  }
  return NULL;
}

/* --- libraries -------------------------------------------------------------------------------- */

static scull_status_t take_library(scull_library_t *library, const char *path, scull_diag_t *diag) {
  scull_plugin_entry_t entry = NULL;
  if (!scull_base_library_find(library, SCULL_PLUGIN_ENTRY, &entry))
    return scull_base_fail(diag, SCULL_NOT_FOUND, "%s: no plug-in: it does not export %s", path,
                           SCULL_PLUGIN_ENTRY);
  return scull_plugin_add(entry(), diag);
}

scull_status_t scull_plugin_open(const char *path, scull_diag_t *diag) {
  char here[PATH_ROOM], why[400] = "";
  /* a file of this folder, not one of the system's */
  int written = snprintf(here, sizeof here, "%s%s", strchr(path, '/') == NULL ? "./" : "", path);
  if (written < 0 || written >= PATH_ROOM)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "the path of a plug-in is too long");
  scull_library_t *library = scull_base_library_open_system(here, why, sizeof why);
  if (library == NULL)
    return scull_base_fail(diag, SCULL_NOT_FOUND, "plug-in %s: %s", path, why);
  return take_library(library, path, diag);
}

static bool is_known(const char *name, uint32_t *version) {
  pthread_mutex_lock(&lock);
  const scull_plugin_t *found = find(name);
  pthread_mutex_unlock(&lock);
  *version = found == NULL ? 0 : found->version;
  return found != NULL;
}

/* Opens lib<name>.so of the first folder that has one. */
static scull_status_t search(const char *name, scull_diag_t *diag) {
  const char *folder = getenv("SCULL_PLUGIN_PATH");
  while (folder != NULL && folder[0] != '\0') {
    char path[PATH_ROOM], why[400];
    size_t length = strcspn(folder, ":");
    int written = snprintf(path, sizeof path, "%.*s/lib%s.so", (int)length, folder, name);
    scull_library_t *library = length == 0 || written >= PATH_ROOM
                                   ? NULL
                                   : scull_base_library_open_system(path, why, sizeof why);
    if (library != NULL)
      return take_library(library, path, diag);
    folder += length + (folder[length] == ':');
  }
  return SCULL_OK;
}

scull_status_t scull_plugin_need(const char *name, uint32_t version, const char *who,
                                 scull_diag_t *diag) {
  uint32_t found = 0;
  if (!is_name(name, "_-"))
    return scull_base_fail(diag, SCULL_CORRUPT, "%s: it needs a plug-in of an impossible name",
                           who);
  if (!is_known(name, &found))
    SCULL_TRY(search(name, diag));
  if (!is_known(name, &found))
    return scull_base_fail(diag, SCULL_NOT_FOUND,
                           "%s: it needs the plug-in '%s' (version %u), which is not loaded: give "
                           "its library (scull: --plugin LIB; C: scull_plugin_load), or put "
                           "lib%s.so into a folder of SCULL_PLUGIN_PATH",
                           who, name, version, name);
  if (found != version)
    return scull_base_fail(diag, SCULL_NEEDS_BUILD,
                           "%s: it was built with version %u of the plug-in '%s', and version %u "
                           "is loaded: build it again",
                           who, version, name, found);
  return SCULL_OK;
}
