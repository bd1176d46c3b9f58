/* The picture of a build: the network as it came out of the file beside what became of it. Private
 * to build/. */
#ifndef SCULL_BUILD_PICTURE_H
#define SCULL_BUILD_PICTURE_H

#include "tune/tune.h"

/* Begins a picture with the network as imported, one box an operator of the file, green where the
 * engine can run it. Call it before the passes change the graph. */
scull_status_t scull_build_picture_original(scull_graph_t *graph,
                                            const scull_tune_options_t *options,
                                            scull_text_t *out) SCULL_MUST_USE;

/* Adds the network as tuned, one box a layer, each engine in a frame. */
scull_status_t scull_build_picture_transformed(const scull_graph_t *graph,
                                               const scull_tuning_t *tuning,
                                               scull_text_t *out) SCULL_MUST_USE;

/* Ends the picture. */
void scull_build_picture_end(scull_text_t *out);

#endif
