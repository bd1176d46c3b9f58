/* The ordered list of passes. Groups run one after the other; a group is repeated until none of its
 * passes changes anything. Cleaning comes first so that the recognisers see one spelling of each
 * thing, recognising before folding because folding hides what is recognised. */
#include <string.h>

#include "base/nearest.h"
#include "passes/pass.h"

enum { MAX_ROUNDS = 16 }; /* of a group: far more than any network needs, but an end */

typedef struct {
  int group;
  const scull_pass_t *pass;
} row_t;

static const row_t rows[] = {
    /* clean */
    {1, &scull_pass_fold_constants},
    {1, &scull_pass_simplify_control},
    {1, &scull_pass_shape_ladder},
    {1, &scull_pass_remove_identity},
    {1, &scull_pass_merge_scale},
    {1, &scull_pass_zero_state},
    {1, &scull_pass_sweep},
    /* recognise */
    {2, &scull_pass_matmul_layout},
    {2, &scull_pass_recognise_swish},
    {2, &scull_pass_recognise_hard_swish},
    {2, &scull_pass_recognise_gelu},
    {2, &scull_pass_recognise_layer_norm},
    {2, &scull_pass_recognise_attention},
    {2, &scull_pass_recognise_leaky_relu},
    {2, &scull_pass_recognise_shuffle},
    {2, &scull_pass_recognise_focus},
    {2, &scull_pass_global_pool},
    {2, &scull_pass_join_slices},
    {2, &scull_pass_remove_identity},
    {2, &scull_pass_sweep},
    /* fold */
    {3, &scull_pass_fold_batch_norm},
    {3, &scull_pass_merge_pad},
    {3, &scull_pass_merge_bias},
    {3, &scull_pass_merge_scale},
    {3, &scull_pass_merge_affine},
    {3, &scull_pass_remove_identity},
    {3, &scull_pass_fold_constants},
    {3, &scull_pass_sweep},
    /* widen */
    {4, &scull_pass_horizontal},
    {4, &scull_pass_sweep},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* True when an earlier row has the same pass. */
static bool is_repeated(size_t row) {
  for (size_t i = 0; i < row; i++) {
    if (rows[i].pass == rows[row].pass)
      return true;
  }
  return false;
}

const scull_pass_t *scull_passes_at(size_t index) {
  for (size_t i = 0; i < ROWS; i++) {
    if (!is_repeated(i) && index-- == 0)
      return rows[i].pass;
  }
  return NULL;
}

size_t scull_passes_count(void) {
  size_t count = 0;
  for (size_t i = 0; i < ROWS; i++)
    count += !is_repeated(i);
  return count;
}

const scull_pass_t *scull_passes_find(const char *name) {
  for (size_t i = 0; i < ROWS; i++) {
    if (strcmp(rows[i].pass->name, name) == 0)
      return rows[i].pass;
  }
  return NULL;
}

static bool is_disabled(const scull_passes_options_t *options, const scull_pass_t *pass) {
  for (size_t i = 0; i < options->disabled_count; i++) {
    if (strcmp(options->disabled[i], pass->name) == 0)
      return true;
  }
  return false;
}

static scull_status_t check_disabled(scull_graph_t *graph, const scull_passes_options_t *options) {
  for (size_t i = 0; i < options->disabled_count; i++) {
    scull_nearest_t nearest;
    if (scull_passes_find(options->disabled[i]) != NULL)
      continue;
    scull_base_nearest_init(&nearest, options->disabled[i]);
    for (size_t k = 0; k < ROWS; k++)
      scull_base_nearest_offer(&nearest, rows[k].pass->name);
    return scull_base_fail(graph->diag, SCULL_INVALID_ARGUMENT, "there is no pass '%s'%s",
                           options->disabled[i], scull_base_nearest_words(&nearest));
  }
  return SCULL_OK;
}

static bool must_verify(const scull_passes_options_t *options) {
#ifdef NDEBUG
  return options->verify;
#else
  (void)options;
  return true;
#endif
}

static scull_status_t run_one(scull_graph_t *graph, const scull_pass_t *pass,
                              const scull_passes_options_t *options, bool *changed) {
  bool did = false;
  SCULL_TRY(pass->run(graph, &did));
  scull_status_t status = must_verify(options) ? scull_graph_verify(graph) : SCULL_OK;
  if (status != SCULL_OK)
    return scull_base_fail(graph->diag, status, "this was found after pass %s", pass->name);
  if (options->after != NULL)
    options->after(options->after_user, pass, graph, did);
  *changed = *changed || did;
  return SCULL_OK;
}

static scull_status_t run_group(scull_graph_t *graph, size_t begin, size_t end,
                                const scull_passes_options_t *options) {
  bool changed = true;
  for (int round = 0; changed && round < MAX_ROUNDS; round++) {
    changed = false;
    for (size_t i = begin; i < end; i++) {
      if (!is_disabled(options, rows[i].pass))
        SCULL_TRY(run_one(graph, rows[i].pass, options, &changed));
    }
  }
  return SCULL_OK;
}

static scull_status_t run_groups(scull_graph_t *graph, const scull_passes_options_t *options) {
  for (size_t begin = 0, end = 0; begin < ROWS; begin = end) {
    while (end < ROWS && rows[end].group == rows[begin].group)
      end++;
    SCULL_TRY(run_group(graph, begin, end, options));
  }
  return SCULL_OK;
}

/* What is left of the regions, as networks of their own. */
static scull_status_t run_regions(scull_graph_t *graph, const scull_passes_options_t *options) {
  scull_passes_options_t inner = *options;
  inner.after = NULL; /* counts are the network's */
  for (size_t i = 0; i < graph->nodes.size; i++) {
    for (size_t r = 0; r < graph->nodes.data[i].region_count && !graph->nodes.data[i].dead; r++) {
      scull_graph_t *region = graph->nodes.data[i].regions[r];
      scull_graph_set_diag(region, graph->diag);
      SCULL_TRY(run_groups(region, &inner));
      SCULL_TRY(run_regions(region, &inner));
    }
  }
  return SCULL_OK;
}

scull_status_t scull_passes_run(scull_graph_t *graph, const scull_passes_options_t *options) {
  const scull_passes_options_t none = {0};
  if (options == NULL)
    options = &none;
  SCULL_TRY(check_disabled(graph, options));
  SCULL_TRY(run_groups(graph, options));
  return run_regions(graph, options);
}
