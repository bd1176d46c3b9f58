/* Precisions that the user has set for layers. Private to tune/. */
#ifndef SCULL_TUNE_PINS_H
#define SCULL_TUNE_PINS_H

#include "tune/forms.h"

/* Finds the pin of a form whose site is there, and says what tactics may offer for it: a pinned one
 * only its own precision. */
void scull_tune_pins_apply(const scull_graph_t *graph, const scull_tune_options_t *options,
                           const scull_node_id_t *nodes, scull_form_t *form);

/* Keeps of a tactic's configurations for a form those that compute in the pin's precision and store
 * no value in fewer bits which is not to be; gives their number. */
size_t scull_tune_pins_keep(const scull_graph_t *graph, const scull_node_id_t *nodes,
                            const scull_form_t *form, const scull_tactic_t *tactic,
                            scull_config_t *configs, size_t count);

/* UNSUPPORTED, naming every pinned layer of an engine that no tactic runs in its precision; with
 * preferred pins a warning each. */
scull_status_t scull_tune_pins_check(const scull_search_t *s) SCULL_MUST_USE;

#endif
