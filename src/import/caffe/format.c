/* Caffe's pair of files as a format of import/. */
#include <string.h>

#include "import/caffe/call.h"
#include "import/caffe/convert.h"

static bool is_name(uint8_t c) {
  return (c >= 'a' && c <= 'z') || c == '_';
}

/* A text whose first field is one of NetParameter's. */
static bool probe(scull_bytes_t model) {
  static const char *const fields[] = {"name",        "layer", "layers",         "input",
                                       "input_shape", "state", "force_backward", "input_dim"};
  size_t at = 0;
  while (at < model.size && (model.data[at] == '#' || strchr(" \t\r\n", model.data[at]) != NULL)) {
    if (model.data[at] == '\0')
      return false;
    if (model.data[at] == '#') {
      while (at < model.size && model.data[at] != '\n')
        at++;
    } else {
      at++;
    }
  }
  size_t begin = at;
  while (at < model.size && is_name(model.data[at]))
    at++;
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    if (strlen(fields[i]) == at - begin && memcmp(fields[i], model.data + begin, at - begin) == 0)
      return at < model.size && strchr(" \t\r\n:{", model.data[at]) != NULL && model.data[at] != 0;
  }
  return false;
}

static scull_status_t read_pair(const scull_import_source_t *source, scull_caffe_net_t *net,
                                scull_caffe_weights_t *weights, scull_graph_t **out) {
  bool trained = source->params.data != NULL;
  SCULL_TRY(scull_caffe_net_read(source->model, source->model_name, source->diag, net));
  if (trained)
    SCULL_TRY(scull_caffe_weights_read(source->params, source->params_name, source->diag,
                                       &source->files->arena, weights));
  else
    scull_base_warn(source->diag, "%s: no .caffemodel was found beside it or given",
                    source->model_name);
  return scull_caffe_convert(source, net, trained ? weights : NULL, out);
}

static scull_status_t read_caffe(const scull_import_source_t *source, scull_graph_t **out) {
  scull_caffe_net_t net = {0};
  scull_caffe_weights_t weights = {0};
  scull_status_t status = read_pair(source, &net, &weights, out);
  scull_caffe_weights_deinit(&weights);
  scull_caffe_net_deinit(&net);
  return status;
}

const scull_format_t scull_format_caffe = {.name = "caffe",
                                           .title = "Caffe network",
                                           .family = "caffe",
                                           .probe = probe,
                                           .read = read_caffe,
                                           .each_operator = scull_caffe_each_operator};
