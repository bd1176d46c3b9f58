/* A network as Graphviz source. This folder knows graphs; what was decided about them (placement,
 * tactics, times) comes in as plain rows, one a box, so that the original and the transformed
 * network are drawn by the same code. */
#ifndef SCULL_EXPORT_PICTURE_H
#define SCULL_EXPORT_PICTURE_H

#include "graph/graph.h"

/* One box: some nodes of the graph under one label. */
typedef struct scull_picture_box {
  const scull_node_id_t *nodes;
  size_t node_count;
  const char *name;    /* by the file */
  const char *type;    /* operator, or several joined */
  int32_t engine;      /* -1: native (yellow); else green, and in frame number `engine` */
  const char *note;    /* tactic, or why native; a line break is kept; may be NULL */
  double microseconds; /* 0: not known */
} scull_picture_box_t;

typedef struct scull_picture_network {
  const char *key;   /* letters that tell this network's ids from another one's: "before" */
  const char *title; /* shown above it */
  const scull_graph_t *graph;
  const scull_picture_box_t *boxes; /* a node belongs to one of them at most */
  size_t box_count;
  int32_t frame_count; /* each engine's boxes are framed as one block; 0: no frames */
} scull_picture_network_t;

/* The lines around the networks: a legend, and the settings that all of them share. */
void scull_export_picture_begin(scull_text_t *out);
void scull_export_picture_end(scull_text_t *out);

/* Adds one network as a cluster of its own: boxes, its inputs and outputs in red, and an arrow for
 * every value that goes from one of them to another. Constants are listed in the box that reads
 * them. OUT_OF_MEMORY (words go to the graph's sink). */
scull_status_t scull_export_picture_network(const scull_picture_network_t *network,
                                            scull_text_t *out) SCULL_MUST_USE;

#endif
