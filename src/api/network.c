/* Networks written with calls. */
#include "build/network.h"

#include <string.h>

#include "api/api.h"
#include "base/diag.h"

scull_status_t scull_network_create(scull_network_t **out_network) {
  scull_diag_t diag;
  if (out_network == NULL)
    return scull_api_refuse(__func__, "out_network is NULL");
  scull_api_begin(&diag, NULL);
  scull_network_t *network = scull_base_alloc(sizeof *network);
  scull_status_t status = network == NULL ? scull_base_fail_memory(&diag, "a network")
                                          : scull_build_network_create(network, &diag);
  if (status != SCULL_OK) {
    scull_base_free(network);
    network = NULL;
  } else {
    network->graph->diag = NULL;
  }
  *out_network = network;
  return scull_api_end(&diag, status);
}

void scull_network_destroy(scull_network_t *network) {
  if (network == NULL)
    return;
  scull_graph_destroy(network->graph);
  scull_base_free(network);
}

/* The graph speaks to this call's sink. */
static void begin(scull_network_t *network, scull_diag_t *diag) {
  scull_api_begin(diag, NULL);
  network->graph->diag = diag;
}

static scull_status_t end(scull_network_t *network, scull_diag_t *diag, scull_status_t status) {
  network->graph->diag = NULL;
  return scull_api_end(diag, status);
}

scull_status_t scull_network_add_input(scull_network_t *network, const char *name,
                                       scull_dtype_t dtype, const scull_shape_range_t *shape,
                                       scull_tensor_id_t *out_tensor) {
  scull_diag_t diag;
  if (network == NULL || name == NULL || shape == NULL || out_tensor == NULL)
    return scull_api_refuse(__func__, "an argument is NULL");
  if (shape->rank < 0 || shape->rank > SCULL_MAX_RANK || scull_tensor_dtype_size(dtype) == 0)
    return scull_api_refuse(__func__, "too many dimensions, or no element type");
  *out_tensor = SCULL_NO_TENSOR;
  begin(network, &diag);
  return end(network, &diag,
             scull_build_network_input(network, name, dtype, shape, &diag, out_tensor));
}

scull_status_t scull_network_add_constant(scull_network_t *network, const char *name,
                                          scull_dtype_t dtype, int32_t rank, const int64_t *dims,
                                          const void *data, size_t size,
                                          scull_tensor_id_t *out_tensor) {
  scull_diag_t diag;
  scull_type_t type = {.dtype = dtype, .shape = {.rank = rank}};
  size_t bytes = 0;
  if (network == NULL || name == NULL || out_tensor == NULL || (dims == NULL && rank > 0) ||
      (data == NULL && size > 0))
    return scull_api_refuse(__func__, "an argument is NULL");
  if (rank < 0 || rank > SCULL_MAX_RANK || scull_tensor_dtype_size(dtype) == 0)
    return scull_api_refuse(__func__, "too many dimensions, or no element type");
  if (rank > 0)
    type.shape = scull_tensor_shape(rank, dims);
  if (!scull_tensor_type_bytes(&type, &bytes) || bytes != size)
    return scull_api_refuse(__func__, "size is not that of the shape");
  *out_tensor = SCULL_NO_TENSOR;
  begin(network, &diag);
  return end(network, &diag,
             scull_build_network_constant(network, name, &type, data, &diag, out_tensor));
}

/* What is wrong with an operator's struct itself; NULL when nothing is. */
static const char *operator_fault(const scull_operator_t *op) {
  if (op == NULL || op->struct_size != sizeof *op)
    return "the operator is NULL or of another version of the header";
  if (op->type == NULL || op->name == NULL)
    return "an operator without a type or a name";
  if ((op->inputs == NULL && op->input_count > 0) ||
      (op->attributes == NULL && op->attribute_count > 0) || op->output_count == 0)
    return "a list is NULL, or no output is asked for";
  for (size_t i = 0; i < op->attribute_count; i++) {
    if (op->attributes[i].name == NULL || op->attributes[i].value == NULL)
      return "an attribute without a name or a value";
  }
  return NULL;
}

scull_status_t scull_network_add_operator(scull_network_t *network, const scull_operator_t *op,
                                          scull_tensor_id_t *out_tensors) {
  scull_diag_t diag;
  const char *fault =
      network == NULL || out_tensors == NULL ? "an argument is NULL" : operator_fault(op);
  if (fault != NULL)
    return scull_api_refuse(__func__, fault);
  for (size_t i = 0; i < op->output_count; i++)
    out_tensors[i] = SCULL_NO_TENSOR;
  begin(network, &diag);
  return end(network, &diag, scull_build_network_operator(network, op, &diag, out_tensors));
}

scull_status_t scull_network_add_output(scull_network_t *network, scull_tensor_id_t tensor,
                                        const char *name) {
  scull_diag_t diag;
  if (network == NULL)
    return scull_api_refuse(__func__, "network is NULL");
  begin(network, &diag);
  return end(network, &diag, scull_build_network_output(network, tensor, name, &diag));
}

scull_status_t scull_network_tensor(const scull_network_t *network, scull_tensor_id_t tensor,
                                    scull_tensor_info_t *out) {
  if (network == NULL || out == NULL)
    return scull_api_refuse(__func__, "an argument is NULL");
  if (tensor >= network->graph->values.size)
    return scull_api_refuse(__func__, "no tensor of this network");
  const scull_value_t *value = scull_graph_value(network->graph, tensor);
  bool one = network->graph->points == 1;
  *out = (scull_tensor_info_t){
      .name = value->name, .dtype = value->dtype, .rank = value->shape[0].rank};
  memcpy(out->opt, value->shape[0].dim, sizeof out->opt);
  memcpy(out->min, value->shape[one ? 0 : SCULL_POINT_MIN].dim, sizeof out->min);
  memcpy(out->max, value->shape[one ? 0 : SCULL_POINT_MAX].dim, sizeof out->max);
  return SCULL_OK;
}
