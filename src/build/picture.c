/* Gathers what export/picture.c draws: of the imported graph the operators of the file and whether
 * the engine could run each; of the tuned one the choices. */
#include "build/picture.h"

#include "export/picture.h"

typedef struct {
  scull_arena_t arena;
  scull_picture_box_t *boxes;
  size_t count;
} gather_t;

/* --- the original ------------------------------------------------------------------------------*/

/* Groups live nodes by the operator of the file that they stand for first: an operator that import
 * takes apart is one box. `first` has the number + 1 of the box of each origin. */
static size_t group_nodes(const scull_graph_t *graph, const scull_node_id_t *order, size_t count,
                          size_t *first, size_t *box_of) {
  size_t boxes = 0;
  for (size_t i = 0; i < count; i++) {
    const scull_node_t *node = scull_graph_node(graph, order[i]);
    size_t *known = node->origin_count == 0 ? NULL : &first[node->origins[0]];
    box_of[i] = known != NULL && *known > 0 ? *known - 1 : boxes++;
    if (known != NULL)
      *known = box_of[i] + 1;
  }
  return boxes;
}

/* Adds a node to its operator's box, which is green only while the engine can run all of them. */
static void add_node(const scull_graph_t *graph, const scull_partition_t *partition,
                     scull_node_id_t id, scull_picture_box_t *box, scull_node_id_t *nodes) {
  const scull_node_t *node = scull_graph_node(graph, id);
  const scull_origin_t *origin =
      node->origin_count == 0 ? NULL : &graph->origins.data[node->origins[0]];
  if (box->node_count == 0)
    *box = (scull_picture_box_t){.nodes = nodes,
                                 .name = origin == NULL ? node->name : origin->name,
                                 .type = origin == NULL ? node->op->name : origin->type};
  nodes[box->node_count++] = id;
  if (partition->engine[id] < 0) {
    box->engine = -1;
    box->note = partition->why[id];
  }
}

static scull_status_t gather_operators(scull_graph_t *graph, const scull_partition_t *partition,
                                       gather_t *g) {
  scull_node_id_t *order = NULL;
  size_t count = 0;
  SCULL_TRY(scull_graph_sort(graph, &order, &count));
  size_t *first = SCULL_ARENA_ARRAY(&g->arena, size_t, graph->origins.size + 1);
  size_t *box_of = SCULL_ARENA_ARRAY(&g->arena, size_t, count + 1);
  size_t *begin = SCULL_ARENA_ARRAY(&g->arena, size_t, count + 1);
  scull_node_id_t *nodes = SCULL_ARENA_ARRAY(&g->arena, scull_node_id_t, count + 1);
  g->boxes = SCULL_ARENA_ARRAY(&g->arena, scull_picture_box_t, count + 1);
  if (first == NULL || box_of == NULL || begin == NULL || nodes == NULL || g->boxes == NULL)
    return scull_base_fail_memory(graph->diag, "a picture");
  g->count = group_nodes(graph, order, count, first, box_of);
  for (size_t i = 0; i < count; i++)
    begin[box_of[i] + 1]++;
  for (size_t i = 0; i < g->count; i++)
    begin[i + 1] += begin[i];
  for (size_t i = 0; i < count; i++)
    add_node(graph, partition, order[i], &g->boxes[box_of[i]], nodes + begin[box_of[i]]);
  return SCULL_OK;
}

static scull_status_t draw_original(scull_graph_t *graph, const scull_tune_options_t *options,
                                    gather_t *g, scull_text_t *out) {
  scull_partition_t partition;
  scull_tune_options_t all = *options;
  all.min_subgraph_size = 0; /* whatever can run, alone or not */
  SCULL_TRY(scull_tune_partition(graph, &all, &g->arena, &partition));
  SCULL_TRY(gather_operators(graph, &partition, g));
  const char *title = scull_base_arena_format(&g->arena, "original: %zu operators", g->count);
  const scull_picture_network_t network = {.key = "before",
                                           .title = title == NULL ? "original" : title,
                                           .graph = graph,
                                           .boxes = g->boxes,
                                           .box_count = g->count};
  scull_export_picture_begin(out);
  return scull_export_picture_network(&network, out);
}

scull_status_t scull_build_picture_original(scull_graph_t *graph,
                                            const scull_tune_options_t *options,
                                            scull_text_t *out) {
  gather_t g = {0};
  scull_status_t status = draw_original(graph, options, &g, out);
  scull_base_arena_deinit(&g.arena);
  return status;
}

/* --- the transformed ---------------------------------------------------------------------------*/

static const char *note_of(const scull_choice_t *choice, scull_arena_t *arena) {
  switch (choice->kind) {
  case SCULL_CHOICE_AT_SHAPE: return "computed when a shape is set";
  case SCULL_CHOICE_VIEW: return "the same bytes: no work";
  case SCULL_CHOICE_ELIDED: return "its inputs are written in place";
  case SCULL_CHOICE_CONTROL: return "control flow: its regions are layers of their own";
  case SCULL_CHOICE_RUN: break;
  }
  if (choice->tactic == NULL)
    return scull_base_arena_format(arena, "reference\n%s", choice->why == NULL ? "" : choice->why);
  if (choice->engine < 0)
    return scull_base_arena_format(arena, "%s\n%s", choice->tactic->name,
                                   choice->why == NULL ? "" : choice->why);
  return scull_base_arena_format(arena, "%s\n%s to %s", choice->tactic->name,
                                 scull_backend_layout_name(choice->config.src),
                                 scull_backend_layout_name(choice->config.dst));
}

/* "conv + add + relu" of operators, or of names. */
static const char *join(const scull_graph_t *graph, const scull_choice_t *choice, bool names,
                        scull_arena_t *arena) {
  const char *joined = "";
  for (size_t i = 0; i < choice->node_count && joined != NULL; i++) {
    const scull_node_t *node = scull_graph_node(graph, choice->nodes[i]);
    joined = scull_base_arena_format(arena, "%s%s%s", joined, i == 0 ? "" : " + ",
                                     names ? node->name : node->op->name);
  }
  return joined;
}

static scull_status_t draw_transformed(const scull_graph_t *graph, const scull_tuning_t *tuning,
                                       gather_t *g, scull_text_t *out) {
  g->boxes = SCULL_ARENA_ARRAY(&g->arena, scull_picture_box_t, tuning->choice_count + 1);
  if (g->boxes == NULL)
    return scull_base_fail_memory(graph->diag, "a picture");
  for (; g->count < tuning->choice_count; g->count++) {
    const scull_choice_t *choice = &tuning->choices[g->count];
    g->boxes[g->count] = (scull_picture_box_t){.nodes = choice->nodes,
                                               .node_count = choice->node_count,
                                               .name = join(graph, choice, true, &g->arena),
                                               .type = join(graph, choice, false, &g->arena),
                                               .engine = choice->engine,
                                               .note = note_of(choice, &g->arena),
                                               .microseconds = choice->microseconds};
    if (g->boxes[g->count].name == NULL || g->boxes[g->count].type == NULL)
      return scull_base_fail_memory(graph->diag, "a picture");
  }
  const char *title = scull_base_arena_format(&g->arena, "transformed: %zu layers", g->count);
  const scull_picture_network_t network = {.key = "after",
                                           .title = title == NULL ? "transformed" : title,
                                           .graph = graph,
                                           .boxes = g->boxes,
                                           .box_count = g->count,
                                           .frame_count = tuning->engine_count};
  return scull_export_picture_network(&network, out);
}

scull_status_t scull_build_picture_transformed(const scull_graph_t *graph,
                                               const scull_tuning_t *tuning, scull_text_t *out) {
  gather_t g = {0};
  scull_status_t status = draw_transformed(graph, tuning, &g, out);
  scull_base_arena_deinit(&g.arena);
  return status;
}

void scull_build_picture_end(scull_text_t *out) {
  scull_export_picture_end(out);
}
