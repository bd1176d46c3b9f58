/* The later stages of the search. Private to tune/. */
#ifndef SCULL_TUNE_SEARCH_H
#define SCULL_TUNE_SEARCH_H

#include "tune/forms.h"

/* Sets `label` of every unit with a chosen form. */
scull_status_t scull_tune_choose_labels(scull_search_t *s) SCULL_MUST_USE;

/* Turns concats into slices where that is faster. */
scull_status_t scull_tune_elide_concats(scull_search_t *s) SCULL_MUST_USE;

#endif
