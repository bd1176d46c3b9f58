/* From the text to the layers of the test phase. The parser keeps the file's fields; here they get
 * the meaning of NetParameter, and the old syntaxes the names of the new one. */
#include "import/caffe/net.h"

#include <string.h>

typedef struct {
  scull_caffe_net_t *net;
  const char *file;
  scull_diag_t *diag;
  const scull_prototext_t *state; /* NULL: nothing but the phase */
} reader_t;

void scull_caffe_net_deinit(scull_caffe_net_t *net) {
  SCULL_VEC_DEINIT(&net->layers);
  SCULL_VEC_DEINIT(&net->inputs);
  scull_base_arena_deinit(&net->arena);
}

static scull_status_t fail(const reader_t *r, uint32_t line, const char *words) {
  return scull_base_fail(r->diag, SCULL_CORRUPT, "%s: line %u: %s", r->file, line, words);
}

static scull_status_t no_memory(const reader_t *r) {
  return scull_base_fail_memory(r->diag, "a network");
}

/* --- types ----------------------------------------------------------------------------------- */

/* V1's enum LayerType by number, V0's words, and what both became. */
static const struct {
  int number;
  const char *v1, *v0, *type;
} types[] = {
    {1, "ACCURACY", "accuracy", "Accuracy"},
    {2, "BNLL", "bnll", "BNLL"},
    {3, "CONCAT", "concat", "Concat"},
    {4, "CONVOLUTION", "conv", "Convolution"},
    {5, "DATA", "data", "Data"},
    {6, "DROPOUT", "dropout", "Dropout"},
    {7, "EUCLIDEAN_LOSS", "euclidean_loss", "EuclideanLoss"},
    {8, "FLATTEN", "flatten", "Flatten"},
    {9, "HDF5_DATA", "hdf5_data", "HDF5Data"},
    {10, "HDF5_OUTPUT", "hdf5_output", "HDF5Output"},
    {11, "IM2COL", "im2col", "Im2col"},
    {12, "IMAGE_DATA", "images", "ImageData"},
    {13, "INFOGAIN_LOSS", "infogain_loss", "InfogainLoss"},
    {14, "INNER_PRODUCT", "innerproduct", "InnerProduct"},
    {15, "LRN", "lrn", "LRN"},
    {16, "MULTINOMIAL_LOGISTIC_LOSS", "multinomial_logistic_loss", "MultinomialLogisticLoss"},
    {17, "POOLING", "pool", "Pooling"},
    {18, "RELU", "relu", "ReLU"},
    {19, "SIGMOID", "sigmoid", "Sigmoid"},
    {20, "SOFTMAX", "softmax", "Softmax"},
    {21, "SOFTMAX_LOSS", "softmax_loss", "SoftmaxWithLoss"},
    {22, "SPLIT", "split", "Split"},
    {23, "TANH", "tanh", "TanH"},
    {24, "WINDOW_DATA", "window_data", "WindowData"},
    {25, "ELTWISE", "eltwise", "Eltwise"},
    {26, "POWER", "power", "Power"},
    {27, "SIGMOID_CROSS_ENTROPY_LOSS", "sigmoid_cross_entropy_loss", "SigmoidCrossEntropyLoss"},
    {28, "HINGE_LOSS", "hinge_loss", "HingeLoss"},
    {29, "MEMORY_DATA", "memory_data", "MemoryData"},
    {30, "ARGMAX", "argmax", "ArgMax"},
    {31, "THRESHOLD", "threshold", "Threshold"},
    {32, "DUMMY_DATA", "dummy_data", "DummyData"},
    {33, "SLICE", "slice", "Slice"},
    {34, "MVN", "mvn", "MVN"},
    {35, "ABSVAL", "absval", "AbsVal"},
    {36, "SILENCE", "silence", "Silence"},
    {37, "CONTRASTIVE_LOSS", "contrastive_loss", "ContrastiveLoss"},
    {38, "EXP", "exp", "Exp"},
    {39, "DECONVOLUTION", "deconvolution", "Deconvolution"},
};

/* The new name of an old type; what is none of them stays as it is. */
static const char *new_type(const scull_prototext_field_t *field, bool v0) {
  int64_t number = 0;
  bool numbered = !v0 && scull_import_prototext_int(field, &number);
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    const char *word = v0 ? types[i].v0 : types[i].v1;
    if (numbered ? types[i].number == number : strcmp(word, field->text) == 0)
      return types[i].type;
  }
  return field->text;
}

/* --- phases ---------------------------------------------------------------------------------- */

static bool has_stage(const reader_t *r, const char *name) {
  const scull_prototext_field_t *field = r->state == NULL ? NULL : r->state->first;
  for (; (field = scull_import_prototext_each(field, "stage")) != NULL; field = field->next) {
    if (field->text != NULL && strcmp(field->text, name) == 0)
      return true;
  }
  return false;
}

/* True when every stage that the rule lists is there (`wanted`), or none of them is. */
static bool stages_fit(const reader_t *r, const scull_prototext_t *rule, const char *name,
                       bool wanted) {
  const scull_prototext_field_t *field = rule->first;
  for (; (field = scull_import_prototext_each(field, name)) != NULL; field = field->next) {
    if (field->text == NULL || has_stage(r, field->text) != wanted)
      return false;
  }
  return true;
}

static bool is_test(const scull_prototext_field_t *phase) {
  return phase == NULL || phase->text == NULL || strcmp(phase->text, "TEST") == 0 ||
         strcmp(phase->text, "1") == 0;
}

/* Does a rule of `include` or `exclude` speak of the network that we make? */
static bool rule_meets(const reader_t *r, const scull_prototext_t *rule) {
  int64_t level = 0, low = INT64_MIN, high = INT64_MAX;
  (void)scull_import_prototext_int(scull_import_prototext_find(r->state, "level"), &level);
  (void)scull_import_prototext_int(scull_import_prototext_find(rule, "min_level"), &low);
  (void)scull_import_prototext_int(scull_import_prototext_find(rule, "max_level"), &high);
  return is_test(scull_import_prototext_find(rule, "phase")) && level >= low && level <= high &&
         stages_fit(r, rule, "stage", true) && stages_fit(r, rule, "not_stage", false);
}

static bool any_rule_meets(const reader_t *r, const scull_prototext_t *layer, const char *name,
                           size_t *count) {
  bool any = false;
  const scull_prototext_field_t *field = layer->first;
  *count = 0;
  for (; (field = scull_import_prototext_each(field, name)) != NULL; field = field->next) {
    (*count)++;
    any = any || (field->message != NULL && rule_meets(r, field->message));
  }
  return any;
}

static bool is_wanted(const reader_t *r, const scull_prototext_t *layer) {
  size_t includes = 0, excludes = 0;
  bool included = any_rule_meets(r, layer, "include", &includes);
  bool excluded = any_rule_meets(r, layer, "exclude", &excludes);
  if (!is_test(scull_import_prototext_find(layer, "phase")))
    return false;
  return includes > 0 ? included : !excluded;
}

/* --- layers ---------------------------------------------------------------------------------- */

static scull_status_t read_names(const reader_t *r, const scull_prototext_t *layer,
                                 const char *name, scull_caffe_names_t *out) {
  out->data =
      SCULL_ARENA_ARRAY(&r->net->arena, const char *, scull_import_prototext_count(layer, name));
  if (out->data == NULL)
    return no_memory(r);
  const scull_prototext_field_t *field = layer->first;
  for (; (field = scull_import_prototext_each(field, name)) != NULL; field = field->next) {
    if (field->text == NULL || field->text[0] == '\0')
      return fail(r, field->line, "a blob without a name");
    out->data[out->size++] = field->text;
  }
  return SCULL_OK;
}

static scull_status_t read_layer(const reader_t *r, const scull_prototext_field_t *field,
                                 bool old) {
  if (field->message == NULL)
    return fail(r, field->line, "a layer is no message");
  const scull_prototext_t *inner =
      old ? scull_import_prototext_message(field->message, "layer") : NULL;
  scull_caffe_layer_t layer = {.message = inner == NULL ? field->message : inner,
                               .flat = inner != NULL,
                               .line = field->line};
  const scull_prototext_field_t *type = scull_import_prototext_find(layer.message, "type");
  const scull_prototext_field_t *name = scull_import_prototext_find(layer.message, "name");
  if (!is_wanted(r, field->message))
    return SCULL_OK;
  if (type == NULL || type->text == NULL)
    return fail(r, field->line, "a layer without a type");
  layer.type = old ? new_type(type, layer.flat) : type->text;
  layer.name = name == NULL || name->text == NULL ? "" : name->text;
  SCULL_TRY(read_names(r, field->message, "bottom", &layer.bottoms));
  SCULL_TRY(read_names(r, field->message, "top", &layer.tops));
  return SCULL_VEC_PUSH(&r->net->layers, layer) ? SCULL_OK : no_memory(r);
}

static scull_status_t read_layers(const reader_t *r) {
  const scull_prototext_field_t *field = r->net->root.first;
  size_t old = scull_import_prototext_count(&r->net->root, "layers");
  size_t new = scull_import_prototext_count(&r->net->root, "layer");
  if (old > 0 && new > 0)
    return fail(r, field->line, "both 'layer' and 'layers': Caffe takes one of the two syntaxes");
  for (; field != NULL; field = field->next) {
    if (strcmp(field->name, "layers") == 0 || strcmp(field->name, "layer") == 0)
      SCULL_TRY(read_layer(r, field, old > 0));
  }
  return SCULL_OK;
}

/* --- inputs ---------------------------------------------------------------------------------- */

static scull_status_t add_dim(const scull_prototext_field_t *field, const char *file,
                              scull_diag_t *diag, scull_shape_t *out) {
  int64_t extent = 0;
  if (!scull_import_prototext_int(field, &extent) || extent < 0 || out->rank == SCULL_MAX_RANK)
    return scull_base_fail(diag, SCULL_CORRUPT, "%s: line %u: %s", file, field->line,
                           out->rank == SCULL_MAX_RANK ? "too many dimensions" : "no extent");
  out->dim[out->rank++] = extent;
  return SCULL_OK;
}

scull_status_t scull_caffe_shape_read(const scull_prototext_t *message, const char *file,
                                      scull_diag_t *diag, scull_shape_t *out) {
  *out = (scull_shape_t){0};
  const scull_prototext_field_t *field = message->first;
  for (; (field = scull_import_prototext_each(field, "dim")) != NULL; field = field->next)
    SCULL_TRY(add_dim(field, file, diag, out));
  return SCULL_OK;
}

/* Four of the `input_dim` belong to each input. */
static scull_status_t read_dims(const reader_t *r, const scull_prototext_field_t **next,
                                scull_shape_t *out) {
  for (int i = 0; i < 4; i++) {
    *next = scull_import_prototext_each(*next, "input_dim");
    if (*next == NULL)
      return fail(r, r->net->root.line, "four 'input_dim' or one 'input_shape' an input is wanted");
    SCULL_TRY(add_dim(*next, r->file, r->diag, out));
    *next = (*next)->next;
  }
  return SCULL_OK;
}

static scull_status_t read_inputs(const reader_t *r) {
  const scull_prototext_field_t *first = r->net->root.first, *input = first, *dim = first;
  const scull_prototext_field_t *shape = scull_import_prototext_each(first, "input_shape");
  bool shapes = shape != NULL;
  for (; (input = scull_import_prototext_each(input, "input")) != NULL; input = input->next) {
    scull_caffe_input_t made = {.name = input->text};
    if (input->text == NULL)
      return fail(r, input->line, "an input without a name");
    if (shapes && (shape == NULL || shape->message == NULL))
      return fail(r, input->line, "an input without an 'input_shape'");
    if (shapes) {
      SCULL_TRY(scull_caffe_shape_read(shape->message, r->file, r->diag, &made.shape));
      shape = scull_import_prototext_each(shape->next, "input_shape");
    } else {
      SCULL_TRY(read_dims(r, &dim, &made.shape));
    }
    if (!SCULL_VEC_PUSH(&r->net->inputs, made))
      return no_memory(r);
  }
  return SCULL_OK;
}

scull_status_t scull_caffe_net_read(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                    scull_caffe_net_t *out) {
  reader_t r = {.net = out, .file = file, .diag = diag};
  SCULL_TRY(scull_import_prototext_read(bytes, file, &out->arena, diag, &out->root));
  r.state = scull_import_prototext_message(&out->root, "state");
  SCULL_TRY(read_inputs(&r));
  return read_layers(&r);
}
