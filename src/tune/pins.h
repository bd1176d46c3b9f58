/* Precisions that the user has set for layers. Private to tune/. */
#ifndef SCULL_TUNE_PINS_H
#define SCULL_TUNE_PINS_H

#include "tune/forms.h"

/* What tactics may offer for a group: a pinned one only its own precision. */
uint32_t scull_tune_pins_permitted(const scull_graph_t *graph, const scull_tune_options_t *options,
                                   const scull_node_id_t *nodes, size_t count);

/* Drops the candidates of a pinned form that compute in another precision, unless none would be
 * left and pins are but preferred. A form without candidates is none. */
void scull_tune_pins_filter(const scull_graph_t *graph, const scull_tune_options_t *options,
                            const scull_node_id_t *nodes, scull_form_t *form);

/* UNSUPPORTED, naming every pinned layer of an engine that no tactic runs in its precision; with
 * preferred pins a warning each. */
scull_status_t scull_tune_pins_check(const scull_search_t *s) SCULL_MUST_USE;

/* Drops the candidates that would store a value in fewer bits which is not to be. */
void scull_tune_exact_filter(const scull_graph_t *graph, const scull_node_id_t *nodes,
                             scull_form_t *form);

#endif
