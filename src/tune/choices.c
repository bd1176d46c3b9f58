/* The choices as text, and back: what makes a build repeatable. One line a step that runs a tactic,
 * fields separated by tabs:
 *   run <name> <nodes> <tactic> <knobs> <source format> <destination format> <microseconds>
 *   elide <name>                 (besides the concat's own line)
 * The name is that of the first output of the anchor (of the concat), in a region behind the name
 * of the node that owns it and the region's number: "loop/0/y". */
#include <stdlib.h>
#include <string.h>

#include "base/real.h"
#include "tune/forms.h"

static const char heading[] = "scull choices 1\n";

static const char *name_of(const scull_graph_t *graph, const scull_choice_t *choice) {
  const scull_node_t *anchor = scull_graph_node(graph, choice->nodes[0]);
  return scull_graph_value(graph, anchor->outputs[0])->name;
}

const char *scull_tune_prefix(const scull_tune_options_t *options) {
  return options->replay_prefix == NULL ? "" : options->replay_prefix;
}

static void print_choices(const scull_graph_t *graph, const scull_tuning_t *tuning,
                          const char *prefix, scull_text_t *text) {
  for (size_t i = 0; i < tuning->choice_count; i++) {
    const scull_choice_t *c = &tuning->choices[i];
    for (size_t r = 0;
         c->kind == SCULL_CHOICE_CONTROL && r < scull_graph_node(graph, c->nodes[0])->region_count;
         r++) {
      scull_text_t inner = {0};
      scull_base_text_print(&inner, "%s%s/%zu/", prefix, name_of(graph, c), r);
      print_choices(scull_graph_node(graph, c->nodes[0])->regions[r], &c->regions[r],
                    scull_base_text_get(&inner), text);
      text->failed = text->failed || inner.failed;
      scull_base_text_deinit(&inner);
    }
    if (c->kind == SCULL_CHOICE_ELIDED)
      scull_base_text_print(text, "elide\t%s%s\n", prefix, name_of(graph, c));
    bool chosen = c->kind == SCULL_CHOICE_RUN || c->kind == SCULL_CHOICE_ELIDED;
    if (!chosen || c->tactic == NULL || c->engine < 0)
      continue;
    char src[32], dst[32];
    scull_base_text_print(
        text, "run\t%s%s\t%zu\t%s\t%d,%d,%d,%d\t%s\t%s\t%.17g\n", prefix, name_of(graph, c),
        c->node_count, c->tactic->name, c->config.knob[0], c->config.knob[1], c->config.knob[2],
        c->config.knob[3],
        scull_backend_storage_text(scull_backend_config_src(&c->config), src, sizeof src),
        scull_backend_storage_text(scull_backend_config_dst(&c->config), dst, sizeof dst),
        c->microseconds);
  }
}

void scull_tune_print_choices(const scull_graph_t *graph, const scull_tuning_t *tuning,
                              scull_text_t *text) {
  scull_base_text_print(text, "%s", heading);
  print_choices(graph, tuning, "", text);
}

/* Cuts `line` at its tabs in place; returns the number of fields. */
static size_t split(char *line, char **fields, size_t room) {
  size_t count = 0;
  for (char *at = line; at != NULL && count < room;) {
    fields[count++] = at;
    at = strchr(at, '\t');
    if (at != NULL)
      *at++ = '\0';
  }
  return count;
}

static bool read_knobs(const char *text, int32_t knobs[4]) {
  for (int i = 0; i < 4; i++) {
    char *end = NULL;
    knobs[i] = (int32_t)strtol(text, &end, 10);
    if (end == text || *end != (i == 3 ? '\0' : ','))
      return false;
    text = end + 1;
  }
  return true;
}

static bool read_fields(char *const *fields, size_t count, const scull_device_t *device,
                        scull_replay_line_t *out) {
  if (count == 2 && strcmp(fields[0], "elide") == 0) {
    *out = (scull_replay_line_t){.name = fields[1], .elide = true};
    return true;
  }
  if (count != 8 || strcmp(fields[0], "run") != 0)
    return false;
  const char *end = NULL;
  *out = (scull_replay_line_t){.name = fields[1], .count = (size_t)strtoul(fields[2], NULL, 10)};
  if (!scull_base_real_read(fields[7], &end, &out->microseconds) || *end != '\0')
    return false;
  out->tactic = scull_backend_tactic_find(device->backend, fields[3]);
  scull_storage_t src, dst;
  if (!scull_backend_storage_find(fields[5], &src) || !scull_backend_storage_find(fields[6], &dst))
    return false;
  out->config.src = src.layout;
  out->config.src_as = src.as;
  out->config.dst = dst.layout;
  out->config.dst_as = dst.as;
  return out->tactic != NULL && out->count >= 1 && out->count <= SCULL_MAX_CHAIN &&
         read_knobs(fields[4], out->config.knob);
}

/* One line; its name must be one of the network's, or the choices are another network's. */
static scull_status_t read_line(const scull_graph_t *graph, const scull_device_t *device,
                                const char *file, size_t number, char *text,
                                scull_replay_line_t *out) {
  enum { FIELDS = 8 };
  char *fields[FIELDS];
  if (!read_fields(fields, split(text, fields, FIELDS), device, out))
    return scull_base_fail(graph->diag, SCULL_CORRUPT, "%s: line %zu cannot be read", file, number);
  if (scull_graph_find_value(graph, out->name) == SCULL_NO_ID)
    return scull_base_fail(graph->diag, SCULL_INVALID_ARGUMENT,
                           "%s: line %zu: there is no '%s' in this network: these are the choices "
                           "of another one",
                           file, number, out->name);
  return SCULL_OK;
}

scull_status_t scull_tune_replay_read(const scull_graph_t *graph,
                                      const scull_tune_options_t *options, scull_arena_t *arena,
                                      scull_replay_table_t *out) {
  scull_bytes_t text = options->replay;
  char *copy = scull_base_arena_string(arena, (const char *)text.data, text.size);
  size_t lines = 1, number = 1;
  out->name = options->replay_name == NULL ? "replay" : options->replay_name;
  if (copy == NULL)
    return scull_base_fail_memory(graph->diag, "choices to replay");
  if (strncmp(copy, heading, sizeof heading - 1) != 0)
    return scull_base_fail(graph->diag, SCULL_CORRUPT,
                           "%s: line 1: these are no choices of a build", out->name);
  for (const char *at = copy; *at != '\0'; at++)
    lines += *at == '\n';
  out->lines = SCULL_ARENA_ARRAY(arena, scull_replay_line_t, lines);
  if (out->lines == NULL)
    return scull_base_fail_memory(graph->diag, "choices to replay");
  for (char *line = copy + sizeof heading - 1; line != NULL && *line != '\0';) {
    char *end = strchr(line, '\n');
    number++;
    if (end != NULL)
      *end++ = '\0';
    SCULL_TRY(
        read_line(graph, options->device, out->name, number, line, &out->lines[out->count++]));
    line = end;
  }
  return SCULL_OK;
}

const scull_replay_line_t *scull_tune_replay_find(const scull_replay_table_t *table,
                                                  const char *name, bool elide) {
  for (size_t i = 0; i < table->count; i++) {
    if (table->lines[i].elide == elide && strcmp(table->lines[i].name, name) == 0)
      return &table->lines[i];
  }
  return NULL;
}
