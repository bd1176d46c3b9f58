/* More of the timer, private to tune/. */
#ifndef SCULL_TUNE_TIMING_H
#define SCULL_TUNE_TIMING_H

#include "tune/tune.h"

/* How many bytes a run of the network moves besides the layer at hand: what floods the caches
 * between two measurements (capped at 1.5 times the last-level cache). */
void scull_tune_timer_flood(scull_timer_t *timer, size_t network_bytes);

#endif
