/* What the mappings from our operators to ONNX's share: the row of a table, operands by name, nodes
 * begun and ended. Private to export/. */
#ifndef SCULL_EXPORT_ONNX_ROW_H
#define SCULL_EXPORT_ONNX_ROW_H

#include "export/onnx_write.h"

typedef struct scull_export_row {
  const char *ours;
  const char *plain; /* ONNX's name; or the name that `map` uses */
  bool (*map)(scull_export_writer_t *w, const scull_node_t *node,
              const struct scull_export_row *row);
} scull_export_row_t;

typedef struct scull_export_rows {
  const scull_export_row_t *rows;
  size_t count;
} scull_export_rows_t;

#define SCULL_EXPORT_ROWS(family, table)                                                           \
  const scull_export_rows_t scull_export_rows_##family = {table, sizeof(table) / sizeof((table)[0])}

extern const scull_export_rows_t scull_export_rows_compute, scull_export_rows_move;

static inline const char *in(const scull_export_writer_t *w, const scull_node_t *node, size_t i) {
  return i < node->input_count && node->inputs[i] != SCULL_NO_ID ? w->names[node->inputs[i]] : "";
}

static inline bool has(const scull_node_t *node, size_t i) {
  return i < node->input_count && node->inputs[i] != SCULL_NO_ID;
}

static inline const scull_value_t *value_in(const scull_export_writer_t *w,
                                            const scull_node_t *node, size_t i) {
  return scull_graph_value(w->graph, node->inputs[i]);
}

static inline const scull_value_t *value_out(const scull_export_writer_t *w,
                                             const scull_node_t *node) {
  return scull_graph_value(w->graph, node->outputs[0]);
}

static inline bool is_fixed(const scull_export_writer_t *w, const scull_node_t *node) {
  return scull_graph_is_fixed(w->graph, node->inputs[0]) &&
         scull_graph_is_fixed(w->graph, node->outputs[0]);
}

/* Nodes are called like their first outputs: those names are unique. */
static inline const char *name_of(const scull_export_writer_t *w, const scull_node_t *node) {
  return w->names[node->outputs[0]];
}

/* A node with the first `count` inputs. */
static inline scull_export_node_t begin(scull_export_writer_t *w, const scull_node_t *node,
                                        const char *op, size_t count) {
  scull_export_node_t out = scull_export_onnx_begin(w, op, name_of(w, node));
  for (size_t i = 0; i < count && i < node->input_count; i++)
    scull_export_onnx_input(&out, in(w, node, i));
  return out;
}

static inline bool end(scull_export_node_t *out, const scull_node_t *node) {
  for (size_t i = 0; i < node->output_count; i++)
    scull_export_onnx_output(out, out->writer->names[node->outputs[i]]);
  scull_export_onnx_end(out);
  return true;
}

/* A node of one output with a made-up name, between others. */
static inline const char *between(scull_export_writer_t *w, const scull_node_t *node,
                                  const char *op, const char *a, const char *b) {
  const char *name = scull_export_onnx_fresh(w, name_of(w, node));
  scull_export_node_t out = scull_export_onnx_begin(w, op, name);
  scull_export_onnx_input(&out, a);
  if (b != NULL)
    scull_export_onnx_input(&out, b);
  scull_export_onnx_output(&out, name);
  scull_export_onnx_end(&out);
  return name;
}

/* A list input as i64, which is what ONNX wants. */
static inline const char *as_i64(scull_export_writer_t *w, const scull_node_t *node, size_t i) {
  if (value_in(w, node, i)->dtype == SCULL_DTYPE_I64)
    return in(w, node, i);
  const char *name = scull_export_onnx_fresh(w, name_of(w, node));
  scull_export_node_t out = scull_export_onnx_begin(w, "Cast", name);
  scull_export_onnx_input(&out, in(w, node, i));
  scull_export_onnx_int(&out, "to", scull_export_onnx_dtype(SCULL_DTYPE_I64));
  scull_export_onnx_output(&out, name);
  scull_export_onnx_end(&out);
  return name;
}

static inline void ints(scull_export_node_t *out, const char *name, scull_ints_t list) {
  if (list.size > 0)
    scull_export_onnx_ints(out, name, list.data, list.size);
}

/* A node of one of ONNX with the same inputs and no attributes. */
static inline bool plain(scull_export_writer_t *w, const scull_node_t *node,
                         const scull_export_row_t *row) {
  scull_export_node_t out = begin(w, node, row->plain, node->input_count);
  return end(&out, node);
}

#endif
