/* The operator table: the rows of all families, and the mapping of the plain ones. */
#include <string.h>

#include "import/onnx/call.h"
#include "import/row.h"

static const scull_onnx_rows_t *const families[] = {
    &scull_onnx_rows_math,      &scull_onnx_rows_activation,      &scull_onnx_rows_reduce,
    &scull_onnx_rows_shape,     &scull_onnx_rows_index,           &scull_onnx_rows_create,
    &scull_onnx_rows_spatial,   &scull_onnx_rows_resize,          &scull_onnx_rows_norm,
    &scull_onnx_rows_matmul,    &scull_onnx_rows_control,         &scull_onnx_rows_loss,
    &scull_onnx_rows_quant,     &scull_onnx_rows_refused,         &scull_onnx_rows_select,
    &scull_onnx_rows_rnn,       &scull_onnx_rows_signal,          &scull_onnx_rows_microsoft_plain,
    &scull_onnx_rows_microsoft, &scull_onnx_rows_microsoft_quant, &scull_onnx_rows_quant_microsoft,
    &scull_onnx_rows_sliding,
};

enum { FAMILY_COUNT = sizeof families / sizeof families[0] };

static bool holds_for(const scull_onnx_row_t *row, int64_t version) {
  return version >= row->since && (row->until == 0 || version <= row->until);
}

const scull_onnx_row_t *scull_onnx_row_find(const char *domain, const char *type, int64_t version,
                                            bool *other) {
  *other = false;
  for (size_t f = 0; f < FAMILY_COUNT; f++) {
    for (size_t i = 0; i < families[f]->count; i++) {
      const scull_onnx_row_t *row = &families[f]->rows[i];
      if (strcmp(row->type, type) != 0 || strcmp(families[f]->domain, domain) != 0)
        continue;
      if (holds_for(row, version))
        return row;
      *other = true;
    }
  }
  return NULL;
}

/* Rows of one type for several versions stand together: one line each in the list. */
void scull_onnx_each_operator(scull_import_operator_fn_t fn, void *user) {
  for (size_t f = 0; f < FAMILY_COUNT; f++) {
    const scull_onnx_rows_t *family = families[f];
    for (size_t i = 0; family != &scull_onnx_rows_refused && i < family->count; i++) {
      if (i == 0 || strcmp(family->rows[i].type, family->rows[i - 1].type) != 0)
        fn(user, family->rows[i].type, family->rows[i].op);
    }
  }
}

static int64_t get_int(const void *call, const char *name, int64_t otherwise) {
  return scull_onnx_int(call, name, otherwise);
}

static double get_float(const void *call, const char *name, double otherwise) {
  return scull_onnx_float(call, name, otherwise);
}

static const char *get_text(const void *call, const char *name, const char *otherwise) {
  return scull_onnx_text(call, name, otherwise);
}

static scull_ints_t get_ints(const void *call, const char *name) {
  return scull_onnx_ints(call, name);
}

scull_status_t scull_onnx_map_plain(scull_onnx_call_t *call) {
  const scull_import_attrs_t attrs = {call, get_int, get_float, get_text, get_ints};
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, SCULL_NO_ID);
  scull_import_emit_inputs(&emit, call->in, call->in_count);
  scull_import_row_attrs(&emit, &attrs, call->row->attrs);
  return scull_onnx_end(call, &emit);
}
