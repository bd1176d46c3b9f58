/* Walks the layers in the order of the file. A blob's name stands for the value that was last given
 * to it, so layers that work in place mean what they mean in Caffe. A blob that no layer reads is
 * an output; layers for training are left out, so what they read becomes one. */
#include "import/caffe/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "import/caffe/call.h"
#include "import/gaps.h"

static const scull_value_id_t LOST = SCULL_NO_ID - 1; /* beyond what an enumerator may hold */
enum { PLACE = 200 };

/* A name of a blob, and what it holds now. */
typedef struct {
  const char *name;
  scull_value_id_t value; /* LOST: nothing that could be had */
  bool is_unread, is_input;
  size_t given_by; /* the layer that gave it last: the order of outputs */
} blob_t;

typedef struct {
  const scull_import_source_t *source;
  scull_diag_t *diag;
  const scull_caffe_net_t *net;
  const scull_caffe_weights_t *weights;
  scull_graph_t *graph;
  SCULL_VEC(scull_import_input_t) inputs;
  SCULL_VEC(blob_t) blobs;
  scull_map_t names; /* of blobs */
  scull_import_gaps_t gaps;
} convert_t;

static scull_status_t no_memory(const convert_t *cx) {
  return scull_base_fail_memory(cx->diag, "a network");
}

static void place_of(const scull_caffe_layer_t *layer, char place[PLACE]) {
  snprintf(place, PLACE, "line %u, layer '%.80s' (%.60s)", layer->line, layer->name, layer->type);
}

static scull_status_t fail_at(const convert_t *cx, const scull_caffe_layer_t *layer,
                              const char *words) {
  char place[PLACE];
  place_of(layer, place);
  return scull_base_fail(cx->diag, SCULL_CORRUPT, "%s: %s: %s", cx->source->model_name, place,
                         words);
}

/* --- blobs ----------------------------------------------------------------------------------- */

static blob_t *find_blob(const convert_t *cx, const char *name) {
  size_t index = 0;
  bool found = scull_base_map_find(&cx->names, name, strlen(name), &index);
  return found ? &cx->blobs.data[index] : NULL;
}

static scull_status_t give_blob(convert_t *cx, const char *name, scull_value_id_t value,
                                bool is_input, size_t layer) {
  blob_t made = {name, value, true, is_input, layer}, *old = find_blob(cx, name);
  if (old != NULL) {
    *old = made;
    return SCULL_OK;
  }
  bool ok = SCULL_VEC_PUSH(&cx->blobs, made) &&
            scull_base_map_set(&cx->names, name, strlen(name), cx->blobs.size - 1);
  return ok ? SCULL_OK : no_memory(cx);
}

/* --- inputs ---------------------------------------------------------------------------------- */

/* Caffe's nets are reshaped before use, so the batch that the file names is only one of many: it is
 * open when the user speaks of a largest batch. */
static scull_status_t declare(convert_t *cx, const char *name, scull_shape_t shape) {
  scull_import_input_t input = {.name = name, .dtype = SCULL_DTYPE_F32, .declared = shape};
  if (cx->source->options->max_batch > 0 && shape.rank > 1)
    input.declared.dim[0] = -1;
  for (size_t i = 0; i < cx->inputs.size; i++) {
    if (strcmp(cx->inputs.data[i].name, name) == 0)
      return scull_base_fail(cx->diag, SCULL_CORRUPT, "%s: input '%.80s' is declared twice",
                             cx->source->model_name, name);
  }
  return SCULL_VEC_PUSH(&cx->inputs, input) ? SCULL_OK : no_memory(cx);
}

static int64_t number(const scull_prototext_t *message, const char *name, int64_t otherwise) {
  int64_t value = otherwise;
  if (!scull_import_prototext_int(scull_import_prototext_find(message, name), &value) || value < 1)
    return otherwise;
  return value;
}

/* Layers that read data from somewhere: what is known of the pictures that they give. */
static scull_shape_t data_shape(const scull_caffe_layer_t *layer) {
  const scull_prototext_t *own = layer->message;
  const scull_prototext_t *transform = scull_import_prototext_message(own, "transform_param");
  const scull_prototext_t *resize = scull_import_prototext_message(transform, "resize_param");
  const scull_prototext_t *memory = scull_import_prototext_message(own, "memory_data_param");
  int64_t crop = number(transform, "crop_size", number(own, "cropsize", -1));
  int64_t height = number(memory, "height", number(resize, "height", crop));
  int64_t width = number(memory, "width", number(resize, "width", crop));
  return (scull_shape_t){.rank = 4, .dim = {-1, number(memory, "channels", 3), height, width}};
}

static scull_status_t declare_tops(convert_t *cx, const scull_caffe_layer_t *layer,
                                   const scull_prototext_t *param) {
  const scull_prototext_field_t *field = param == NULL ? NULL : param->first;
  scull_shape_t shape = {0};
  field = scull_import_prototext_each(field, "shape");
  if (field == NULL || layer->tops.size == 0)
    return fail_at(cx, layer, "an input without a shape or without a top");
  for (size_t i = 0; i < layer->tops.size; i++) {
    if (field->message == NULL)
      return fail_at(cx, layer, "its shape is no message");
    SCULL_TRY(scull_caffe_shape_read(field->message, cx->source->model_name, cx->diag, &shape));
    SCULL_TRY(declare(cx, layer->tops.data[i], shape));
    const scull_prototext_field_t *next = scull_import_prototext_each(field->next, "shape");
    field = next == NULL ? field : next; /* one shape is that of all tops */
  }
  return SCULL_OK;
}

/* The tops of Input and DummyData all are inputs; of other layers the first, the others are labels
 * and the like. */
static scull_status_t declare_layer(convert_t *cx, const scull_caffe_layer_t *layer) {
  const char *name = strcmp(layer->type, "Input") == 0 ? "input_param" : "dummy_data_param";
  const scull_prototext_t *param = scull_import_prototext_message(layer->message, name);
  if (strcmp(layer->type, "Input") == 0 || scull_import_prototext_message(param, "shape") != NULL)
    return declare_tops(cx, layer, param);
  if (layer->tops.size == 0)
    return fail_at(cx, layer, "it has no top");
  if (scull_import_prototext_message(layer->message, "transform_param") != NULL)
    scull_base_warn(cx->diag,
                    "%s: layer '%.80s': its transform_param (mean, scale, crop) is no part of the "
                    "network; the application does that",
                    cx->source->model_name, layer->name);
  return declare(cx, layer->tops.data[0], data_shape(layer));
}

static const scull_caffe_row_t *feeder(const scull_caffe_layer_t *layer) {
  const scull_caffe_row_t *row = scull_caffe_row_find(layer->type);
  return row != NULL && row->role == SCULL_CAFFE_FEEDS ? row : NULL;
}

static scull_status_t add_inputs(convert_t *cx, scull_graph_t **out) {
  int points = 1;
  for (size_t i = 0; i < cx->net->inputs.size; i++)
    SCULL_TRY(declare(cx, cx->net->inputs.data[i].name, cx->net->inputs.data[i].shape));
  for (size_t i = 0; i < cx->net->layers.size; i++) {
    const scull_caffe_layer_t *layer = &cx->net->layers.data[i];
    if (feeder(layer) != NULL)
      SCULL_TRY(declare_layer(cx, layer));
  }
  SCULL_TRY(scull_import_shapes(cx->source, cx->inputs.data, cx->inputs.size, &points));
  SCULL_TRY(scull_graph_create(points, cx->diag, out));
  cx->graph = *out;
  for (size_t i = 0; i < cx->inputs.size; i++) {
    const scull_import_input_t *input = &cx->inputs.data[i];
    scull_value_id_t value = SCULL_NO_ID;
    SCULL_TRY(scull_import_add_input(cx->source, *out, input, &value));
    SCULL_TRY(give_blob(cx, input->name, value, true, 0));
  }
  return SCULL_OK;
}

/* --- layers ---------------------------------------------------------------------------------- */

static scull_status_t call_row(void *user) {
  scull_caffe_call_t *call = user;
  scull_status_t status = call->row->map(call);
  return call->status == SCULL_OK ? status : call->status; /* the parameter is the cause */
}

/* Every bottom must have been given; *lost is set when one of them cannot be had. */
static scull_status_t read_bottoms(convert_t *cx, const scull_caffe_layer_t *layer, bool reads,
                                   scull_value_id_t *bottoms, bool *lost) {
  for (size_t i = 0; i < layer->bottoms.size; i++) {
    char words[160];
    blob_t *blob = find_blob(cx, layer->bottoms.data[i]);
    snprintf(words, sizeof words, "it reads '%.80s', which nothing before it gives",
             layer->bottoms.data[i]);
    if (blob == NULL)
      return fail_at(cx, layer, words);
    bottoms[i] = blob->value;
    blob->is_unread = blob->is_unread && !reads;
    *lost = *lost || blob->value == LOST;
  }
  return SCULL_OK;
}

static scull_status_t give_tops(convert_t *cx, const scull_caffe_layer_t *layer,
                                const scull_value_id_t *tops, size_t index) {
  for (size_t i = 0; i < layer->tops.size; i++)
    SCULL_TRY(
        give_blob(cx, layer->tops.data[i], tops[i] == SCULL_NO_ID ? LOST : tops[i], false, index));
  return SCULL_OK;
}

static scull_status_t map_layer(convert_t *cx, const scull_caffe_layer_t *layer,
                                const scull_caffe_row_t *row, const scull_value_id_t *bottoms,
                                scull_value_id_t *tops) {
  char place[PLACE];
  bool lost = false;
  const char *name = layer->name[0] == '\0' ? layer->type : layer->name;
  scull_caffe_call_t call = {.emitter = {.graph = cx->graph, .name = name, .has_origin = true},
                             .graph = cx->graph,
                             .layer = layer,
                             .row = row,
                             .bottoms = bottoms,
                             .tops = tops};
  call.param = layer->flat || row->param == NULL
                   ? layer->message
                   : scull_import_prototext_message(layer->message, row->param);
  if (cx->weights != NULL)
    call.blobs = scull_caffe_weights_find(cx->weights, layer->name);
  place_of(layer, place);
  SCULL_TRY(scull_graph_add_origin(cx->graph, name, layer->type, &call.emitter.origin));
  SCULL_TRY(scull_import_map(cx->source, &call.emitter, &cx->gaps, layer->type, place, call_row,
                             &call, &lost));
  for (size_t i = 0; lost && i < layer->tops.size; i++)
    tops[i] = SCULL_NO_ID;
  return SCULL_OK;
}

static scull_status_t walk_layer(convert_t *cx, size_t index) {
  const scull_caffe_layer_t *layer = &cx->net->layers.data[index];
  const scull_caffe_row_t *row = scull_caffe_row_find(layer->type);
  scull_arena_t *arena = &cx->graph->arena;
  bool lost = false;
  char place[PLACE];
  scull_value_id_t *bottoms = SCULL_ARENA_ARRAY(arena, scull_value_id_t, layer->bottoms.size);
  scull_value_id_t *tops = SCULL_ARENA_ARRAY(arena, scull_value_id_t, layer->tops.size);
  if (bottoms == NULL || tops == NULL)
    return no_memory(cx);
  for (size_t i = 0; i < layer->tops.size; i++)
    tops[i] = SCULL_NO_ID;
  if (row != NULL && row->role == SCULL_CAFFE_FEEDS) {
    for (size_t i = 0; i < layer->tops.size; i++) {
      if (find_blob(cx, layer->tops.data[i]) == NULL)
        SCULL_TRY(give_blob(cx, layer->tops.data[i], LOST, true, index));
    }
    return SCULL_OK;
  }
  bool reads = row == NULL || row->role != SCULL_CAFFE_TRAINS;
  SCULL_TRY(read_bottoms(cx, layer, reads, bottoms, &lost));
  place_of(layer, place);
  if (row == NULL)
    SCULL_TRY(
        scull_import_gaps_add(&cx->gaps, cx->diag, layer->type, "Scull does not know it", place));
  else if (row->map != NULL && !lost)
    SCULL_TRY(map_layer(cx, layer, row, bottoms, tops));
  return give_tops(cx, layer, tops, index);
}

/* --- outputs --------------------------------------------------------------------------------- */

static int compare_blobs(const void *a, const void *b) {
  const blob_t *const *x = a, *const *y = b;
  if ((*x)->given_by != (*y)->given_by)
    return (*x)->given_by < (*y)->given_by ? -1 : 1;
  return *x < *y ? -1 : *x > *y;
}

static scull_value_id_t find_value(void *user, const char *name) {
  const blob_t *blob = find_blob(user, name);
  return blob == NULL || blob->value == LOST ? SCULL_NO_ID : blob->value;
}

static scull_status_t add_outputs(convert_t *cx) {
  size_t count = 0;
  const blob_t **open = SCULL_ARENA_ARRAY(&cx->graph->arena, const blob_t *, cx->blobs.size);
  if (open == NULL)
    return no_memory(cx);
  for (size_t i = 0; i < cx->blobs.size; i++) {
    const blob_t *blob = &cx->blobs.data[i];
    if (blob->is_unread && !blob->is_input && blob->value != LOST)
      open[count++] = blob;
  }
  qsort(open, count, sizeof *open, compare_blobs);
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(scull_graph_add_output(cx->graph, open[i]->value, open[i]->name));
  SCULL_TRY(scull_import_extra_outputs(cx->source, cx->graph, find_value, cx));
  if (cx->graph->outputs.size == 0)
    return scull_base_fail(cx->diag, SCULL_CORRUPT, "%s: no layer gives an output",
                           cx->source->model_name);
  return SCULL_OK;
}

static scull_status_t convert(convert_t *cx, scull_graph_t **out) {
  SCULL_TRY(add_inputs(cx, out));
  for (size_t i = 0; i < cx->net->layers.size; i++)
    SCULL_TRY(walk_layer(cx, i));
  SCULL_TRY(scull_import_gaps_report(&cx->gaps, cx->source));
  return add_outputs(cx);
}

scull_status_t scull_caffe_convert(const scull_import_source_t *source,
                                   const scull_caffe_net_t *net,
                                   const scull_caffe_weights_t *weights, scull_graph_t **out) {
  convert_t cx = {.source = source, .diag = source->diag, .net = net, .weights = weights};
  *out = NULL;
  scull_status_t status = convert(&cx, out);
  SCULL_VEC_DEINIT(&cx.inputs);
  SCULL_VEC_DEINIT(&cx.blobs);
  scull_base_map_deinit(&cx.names);
  scull_import_gaps_deinit(&cx.gaps);
  if (status != SCULL_OK && !scull_import_keeps_partial(source, status)) {
    scull_graph_destroy(*out);
    *out = NULL;
  }
  return status;
}
