/* Graphviz source: one cluster a network, one box a row, one arrow a pair of boxes. Names come out
 * of files, so every label is escaped; ids are made of the network's key and a number and need no
 * care. */
#include "export/picture.h"

#include <string.h>

static const char green[] = "#b7e4a8", yellow[] = "#fff2a8", red[] = "#f4a6a0", frame[] = "#e6f5e0";

enum { MAX_LISTED = 4, MAX_NAME = 60 }; /* of tensors in a label; letters of a name */

typedef struct {
  const scull_picture_network_t *network;
  const scull_graph_t *graph;
  scull_text_t *out;
  size_t *box_of;   /* by node id: box number + 1, 0: in no box */
  size_t *arrow_to; /* by source: box number + 1 of the last box that an arrow went to */
} work_t;

/* --- text --------------------------------------------------------------------------------------*/

/* Graphviz reads backslashes, quotes and HTML entities inside a quoted label. */
static void put_escaped(scull_text_t *out, const char *text, size_t limit) {
  size_t count = 0;
  for (const char *at = text; *at != '\0' && count < limit; at++, count++) {
    if (*at == '"' || *at == '\\')
      scull_base_text_print(out, "\\%c", *at);
    else if (*at == '&')
      scull_base_text_print(out, "&amp;");
    else if (*at == '\n')
      scull_base_text_print(out, "\\n");
    else
      scull_base_text_add(out, (unsigned char)*at < ' ' ? " " : at, 1);
  }
  if (strlen(text) > limit)
    scull_base_text_print(out, "...");
}

static void put_type(const work_t *w, scull_value_id_t id, scull_text_t *out) {
  scull_graph_print_type(w->graph, scull_graph_value(w->graph, id), out);
}

/* --- labels ------------------------------------------------------------------------------------*/

static bool is_in_box(const work_t *w, scull_node_id_t node, size_t box) {
  return node != SCULL_NO_ID && w->box_of[node] == box + 1;
}

static bool leaves_box(const work_t *w, scull_value_id_t id, size_t box) {
  const scull_value_t *v = scull_graph_value(w->graph, id);
  if (scull_graph_is_output(w->graph, id))
    return true;
  for (size_t i = 0; i < v->users.size; i++) {
    if (!is_in_box(w, v->users.data[i], box))
      return true;
  }
  return false;
}

/* The types of what a box gives (or, with `constants`, of the parameters that it reads). */
static void put_types(const work_t *w, size_t box, bool constants) {
  const scull_picture_box_t *b = &w->network->boxes[box];
  size_t count = 0;
  for (size_t i = 0; i < b->node_count; i++) {
    const scull_node_t *node = scull_graph_node(w->graph, b->nodes[i]);
    const scull_value_id_t *values = constants ? node->inputs : node->outputs;
    size_t end = constants ? node->input_count : node->output_count;
    for (size_t k = 0; k < end; k++) {
      bool listed =
          values[k] != SCULL_NO_ID && (constants ? scull_graph_is_constant(w->graph, values[k])
                                                 : leaves_box(w, values[k], box));
      if (!listed || ++count > MAX_LISTED)
        continue;
      scull_base_text_print(w->out, "%s", count > 1 ? ", " : constants ? "\\nwith " : "\\n");
      put_type(w, values[k], w->out);
    }
  }
  if (count > MAX_LISTED)
    scull_base_text_print(w->out, " and %zu more", count - MAX_LISTED);
}

static void put_box(const work_t *w, size_t box) {
  const scull_picture_box_t *b = &w->network->boxes[box];
  scull_base_text_print(w->out, "    %s_%zu [fillcolor=\"%s\", label=\"", w->network->key, box,
                        b->engine >= 0 ? green : yellow);
  put_escaped(w->out, b->type, SIZE_MAX);
  scull_base_text_print(w->out, "\\n");
  put_escaped(w->out, b->name, MAX_NAME);
  put_types(w, box, false);
  put_types(w, box, true);
  if (b->note != NULL && b->note[0] != '\0') {
    scull_base_text_print(w->out, "\\n");
    put_escaped(w->out, b->note, SIZE_MAX);
  }
  if (b->microseconds > 0)
    scull_base_text_print(w->out, "\\n%.1f us", b->microseconds);
  scull_base_text_print(w->out, "\", tooltip=\"");
  put_escaped(w->out, b->name, SIZE_MAX);
  scull_base_text_print(w->out, "\"];\n");
}

/* Inputs and outputs of the network. */
static void put_end(const work_t *w, const char *end, size_t index, const char *name,
                    scull_value_id_t value) {
  scull_base_text_print(w->out, "    %s_%s%zu [shape=ellipse, fillcolor=\"%s\", label=\"",
                        w->network->key, end, index, red);
  put_escaped(w->out, name, MAX_NAME);
  scull_base_text_print(w->out, "\\n");
  put_type(w, value, w->out);
  scull_base_text_print(w->out, "\"];\n");
}

/* --- boxes in their frames ---------------------------------------------------------------------*/

static void put_frame(const work_t *w, int32_t engine) {
  size_t layers = 0, operators = 0;
  double time = 0;
  for (size_t i = 0; i < w->network->box_count; i++) {
    const scull_picture_box_t *b = &w->network->boxes[i];
    for (size_t k = 0; b->engine == engine && k < b->node_count; k++)
      operators += scull_graph_node(w->graph, b->nodes[k])->origin_count;
    layers += b->engine == engine;
    time += b->engine == engine ? b->microseconds : 0;
  }
  scull_base_text_print(
      w->out,
      "    subgraph cluster_%s_engine%d { style=\"filled,rounded\"; color=\"%s\"; "
      "fillcolor=\"%s\"; label=\"engine %d: %zu layers for %zu operators",
      w->network->key, engine, green, frame, engine, layers, operators);
  if (time > 0)
    scull_base_text_print(w->out, ", %.1f us", time);
  scull_base_text_print(w->out, "\";\n");
  for (size_t i = 0; i < w->network->box_count; i++) {
    if (w->network->boxes[i].engine == engine)
      put_box(w, i);
  }
  scull_base_text_print(w->out, "    }\n");
}

static void put_boxes(const work_t *w) {
  for (int32_t e = 0; e < w->network->frame_count; e++)
    put_frame(w, e);
  for (size_t i = 0; i < w->network->box_count; i++) {
    int32_t engine = w->network->boxes[i].engine;
    if (engine < 0 || engine >= w->network->frame_count)
      put_box(w, i);
  }
}

/* --- arrows ------------------------------------------------------------------------------------*/

/* Where a value comes from: a box, or behind all boxes a number for each input of the network;
 * SIZE_MAX: a constant or nothing that is drawn. */
static size_t source_of(const work_t *w, scull_value_id_t value) {
  const scull_value_t *v = scull_graph_value(w->graph, value);
  if (v == NULL)
    return SIZE_MAX;
  if (v->is_input) {
    size_t index = 0;
    while (w->graph->inputs.data[index] != value)
      index++;
    return w->network->box_count + index;
  }
  if (v->producer == SCULL_NO_ID || w->box_of[v->producer] == 0)
    return SIZE_MAX;
  return w->box_of[v->producer] - 1;
}

static void put_source(const work_t *w, size_t from) {
  size_t boxes = w->network->box_count;
  if (from < boxes)
    scull_base_text_print(w->out, "    %s_%zu -> ", w->network->key, from);
  else
    scull_base_text_print(w->out, "    %s_input%zu -> ", w->network->key, from - boxes);
}

/* From whatever gives `value` to the box `to`, once a pair. */
static void put_arrow(const work_t *w, scull_value_id_t value, size_t to) {
  size_t from = source_of(w, value);
  if (from == SIZE_MAX || from == to || w->arrow_to[from] == to + 1)
    return;
  w->arrow_to[from] = to + 1;
  put_source(w, from);
  scull_base_text_print(w->out, "%s_%zu;\n", w->network->key, to);
}

static void put_arrows(const work_t *w) {
  for (size_t i = 0; i < w->network->box_count; i++) {
    const scull_picture_box_t *b = &w->network->boxes[i];
    for (size_t n = 0; n < b->node_count; n++) {
      const scull_node_t *node = scull_graph_node(w->graph, b->nodes[n]);
      for (size_t k = 0; k < node->input_count; k++)
        put_arrow(w, node->inputs[k], i);
    }
  }
  for (size_t i = 0; i < w->graph->outputs.size; i++) {
    size_t from = source_of(w, w->graph->outputs.data[i].value);
    if (from == SIZE_MAX)
      continue;
    put_source(w, from);
    scull_base_text_print(w->out, "%s_output%zu;\n", w->network->key, i);
  }
}

/* --- whole -------------------------------------------------------------------------------------*/

void scull_export_picture_begin(scull_text_t *out) {
  scull_base_text_print(out,
                        "digraph scull {\n"
                        "  graph [fontname=\"Helvetica\", fontsize=14, labelloc=t, ranksep=0.3,\n"
                        "    label=\"green: the engine can run it   yellow: native   "
                        "red: inputs and outputs\"];\n"
                        "  node [shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", "
                        "fontsize=10, color=\"#666666\", margin=\"0.1,0.05\"];\n"
                        "  edge [color=\"#666666\", arrowsize=0.6];\n");
}

void scull_export_picture_end(scull_text_t *out) {
  scull_base_text_print(out, "}\n");
}

scull_status_t scull_export_picture_network(const scull_picture_network_t *network,
                                            scull_text_t *out) {
  scull_arena_t arena = {0};
  const scull_graph_t *graph = network->graph;
  work_t w = {.network = network,
              .graph = graph,
              .out = out,
              .box_of = SCULL_ARENA_ARRAY(&arena, size_t, graph->nodes.size + 1),
              .arrow_to =
                  SCULL_ARENA_ARRAY(&arena, size_t, network->box_count + graph->inputs.size + 1)};
  if (w.box_of == NULL || w.arrow_to == NULL) {
    scull_base_arena_deinit(&arena);
    return scull_base_fail_memory(graph->diag, "a picture");
  }
  for (size_t i = 0; i < network->box_count; i++) {
    for (size_t n = 0; n < network->boxes[i].node_count; n++)
      w.box_of[network->boxes[i].nodes[n]] = i + 1;
  }
  scull_base_text_print(out, "  subgraph cluster_%s { color=\"#bbbbbb\"; label=\"", network->key);
  put_escaped(out, network->title, SIZE_MAX);
  scull_base_text_print(out, "\";\n");
  for (size_t i = 0; i < graph->inputs.size; i++)
    put_end(&w, "input", i, scull_graph_value(graph, graph->inputs.data[i])->name,
            graph->inputs.data[i]);
  put_boxes(&w);
  for (size_t i = 0; i < graph->outputs.size; i++)
    put_end(&w, "output", i, graph->outputs.data[i].name, graph->outputs.data[i].value);
  put_arrows(&w);
  scull_base_text_print(out, "  }\n");
  scull_base_arena_deinit(&arena);
  return out->failed ? scull_base_fail_memory(graph->diag, "a picture") : SCULL_OK;
}
