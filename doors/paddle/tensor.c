/* Handles of inputs and outputs. */
#include <stdlib.h>
#include <string.h>

#include "arrays.h"
#include "convert.h"
#include "predictor.h"

struct PD_Tensor {
  door_handle_t handle;
  PD_Predictor *predictor;
  uint64_t predictor_life; /* which of those that have had this place */
  size_t index;
  bool is_output;
};

static bool check(const PD_Tensor *tensor, const char *function) {
  if (!door_handle_check(tensor, DOOR_TENSOR, function))
    return false;
  const door_handle_t *of = &tensor->predictor->handle;
  return (atomic_load(&of->kind) == DOOR_PREDICTOR &&
          atomic_load(&of->life) == tensor->predictor_life) ||
         door_fail("%s: the tensor's predictor was destroyed", function);
}

static door_cell_t *cell_of(const PD_Tensor *tensor) {
  return &(tensor->is_output ? tensor->predictor->outputs
                             : tensor->predictor->inputs)[tensor->index];
}

static const door_port_t *port_of(const PD_Tensor *tensor) {
  const door_model_t *model = tensor->predictor->model;
  return &(tensor->is_output ? door_model_outputs(model) : door_model_inputs(model))
              ->items[tensor->index];
}

/* --- types -------------------------------------------------------------------------------------
 */

PD_DataType door_dtype(scull_dtype_t dtype) {
  switch ((int)dtype) {
  case SCULL_DTYPE_F32: return PD_DATA_FLOAT32;
  case SCULL_DTYPE_I32: return PD_DATA_INT32;
  case SCULL_DTYPE_I64: return PD_DATA_INT64;
  case SCULL_DTYPE_U8: return PD_DATA_UINT8;
  case SCULL_DTYPE_I8: return PD_DATA_INT8;
  default: return PD_DATA_UNK;
  }
}

static bool is_type(const PD_Tensor *tensor, scull_dtype_t dtype, const char *function) {
  return cell_of(tensor)->dtype == dtype ||
         door_fail("%s: '%s' has another element type", function, port_of(tensor)->name);
}

/* --- handles -----------------------------------------------------------------------------------
 */

static PD_Tensor *make(PD_Predictor *predictor, const char *name, bool is_output,
                       const char *function) {
  if (!door_handle_check(predictor, DOOR_PREDICTOR, function))
    return NULL;
  if (name == NULL) {
    door_fail("%s: the name is NULL", function);
    return NULL;
  }
  const door_ports_t *ports =
      is_output ? door_model_outputs(predictor->model) : door_model_inputs(predictor->model);
  for (size_t i = 0; i < ports->count; i++) {
    if (ports->items[i].hidden || strcmp(ports->items[i].name, name) != 0)
      continue;
    PD_Tensor *tensor = door_handle_create(DOOR_TENSOR, sizeof *tensor);
    if (tensor == NULL)
      return NULL;
    tensor->predictor = predictor;
    tensor->predictor_life = atomic_load(&predictor->handle.life);
    tensor->index = i;
    tensor->is_output = is_output;
    return tensor;
  }
  door_fail("%s: there is no %s '%s'", function, is_output ? "output" : "input", name);
  return NULL;
}

PD_Tensor *PD_PredictorGetInputHandle(PD_Predictor *predictor, const char *name) {
  return make(predictor, name, false, __func__);
}

PD_Tensor *PD_PredictorGetOutputHandle(PD_Predictor *predictor, const char *name) {
  return make(predictor, name, true, __func__);
}

void PD_TensorDestroy(PD_Tensor *tensor) {
  if (door_handle_claim(tensor, DOOR_TENSOR, __func__))
    door_handle_leave(tensor, DOOR_TENSOR);
}

/* --- shapes ------------------------------------------------------------------------------------
 */

/* Bytes of a shape of that element; false on overflow and for extents below 0. */
static bool shape_size(const int32_t *dims, size_t rank, size_t element, size_t *out) {
  size_t size = element;
  for (size_t i = 0; i < rank; i++) {
    if (dims[i] < 0 || __builtin_mul_overflow(size, (size_t)dims[i], &size))
      return false;
  }
  *out = size;
  return true;
}

/* What was written stays only when the shape is the one it had. */
static void set_shape(door_cell_t *cell, const int32_t *dims, size_t rank, size_t size) {
  bool equal = cell->shaped && (size_t)cell->shape.rank == rank;
  for (size_t i = 0; i < rank; i++) {
    equal = equal && cell->shape.dims[i] == dims[i];
    cell->shape.dims[i] = dims[i];
  }
  cell->shape.rank = (int32_t)rank;
  cell->filled = cell->filled && equal;
  cell->changed = cell->changed || !equal;
  cell->size = size;
  cell->shaped = true;
}

void PD_TensorReshape(PD_Tensor *tensor, size_t rank, int32_t *shape) {
  size_t size = 0;
  if (!check(tensor, __func__))
    return;
  const door_port_t *port = port_of(tensor);
  if (tensor->is_output)
    door_fail("%s: '%s' is an output: its shape follows from the inputs", __func__, port->name);
  else if (shape == NULL || rank > SCULL_MAX_RANK)
    door_fail("%s: '%s': no shape, or more than %d dimensions", __func__, port->name,
              SCULL_MAX_RANK);
  else if (!shape_size(shape, rank, door_element_size(cell_of(tensor)->dtype), &size))
    door_fail("%s: '%s': the shape is negative or too large", __func__, port->name);
  else
    set_shape(cell_of(tensor), shape, rank, size);
}

PD_OneDimArrayInt32 *PD_TensorGetShape(PD_Tensor *tensor) {
  if (!check(tensor, __func__))
    return NULL;
  const door_cell_t *cell = cell_of(tensor);
  const door_port_t *port = port_of(tensor);
  if (cell->shaped)
    return door_int32_array(cell->shape.dims, (size_t)cell->shape.rank);
  return door_int32_array(port->dims, port->rank < 0 ? 0 : (size_t)port->rank);
}

/* --- data --------------------------------------------------------------------------------------
 */

/* An input takes the type of what is written to it; a run then converts it. */
static bool set_type(door_cell_t *cell, scull_dtype_t dtype) {
  size_t size = door_element_size(dtype);
  if (cell->dtype == dtype)
    return true;
  for (int32_t i = 0; i < cell->shape.rank; i++) {
    if (__builtin_mul_overflow(size, (size_t)cell->shape.dims[i], &size))
      return door_fail_memory();
  }
  cell->size = size;
  cell->dtype = dtype;
  cell->changed = true;
  return true;
}

static void *mutable_data(PD_Tensor *tensor, scull_dtype_t dtype, PD_PlaceType place,
                          const char *function) {
  if (!check(tensor, function))
    return NULL;
  door_cell_t *cell = cell_of(tensor);
  if (tensor->is_output || !cell->shaped) {
    door_fail("%s: '%s' is an output, or was given no shape (PD_TensorReshape)", function,
              port_of(tensor)->name);
    return NULL;
  }
  if (place != PD_PLACE_CPU) {
    door_fail("%s: only PD_PLACE_CPU is served", function);
    return NULL;
  }
  if (!set_type(cell, dtype) || !door_cell_reserve(cell, cell->size))
    return NULL;
  cell->filled = true;
  return cell->memory.data;
}

static void *data(PD_Tensor *tensor, scull_dtype_t dtype, PD_PlaceType *place, int32_t *size,
                  const char *function) {
  if (!check(tensor, function) || !is_type(tensor, dtype, function))
    return NULL;
  const door_cell_t *cell = cell_of(tensor);
  if (place == NULL || size == NULL || !cell->filled) {
    door_fail("%s: '%s': %s", function, port_of(tensor)->name,
              cell->filled ? "place or size is NULL" : "there is no data yet");
    return NULL;
  }
  *place = PD_PLACE_CPU;
  const size_t count = cell->size / door_element_size(dtype);
  *size = count > INT32_MAX ? INT32_MAX : (int32_t)count;
  return cell->memory.data;
}

static void copy_from(PD_Tensor *tensor, scull_dtype_t dtype, const void *src,
                      const char *function) {
  if (src == NULL) {
    door_fail("%s: the data is NULL", function);
    return;
  }
  void *dst = mutable_data(tensor, dtype, PD_PLACE_CPU, function);
  if (dst != NULL && cell_of(tensor)->size > 0)
    memcpy(dst, src, cell_of(tensor)->size);
}

static void copy_to(PD_Tensor *tensor, scull_dtype_t dtype, void *dst, const char *function) {
  PD_PlaceType place;
  int32_t size;
  const void *src = data(tensor, dtype, &place, &size, function);
  if (src == NULL)
    return;
  if (dst == NULL)
    door_fail("%s: the destination is NULL", function);
  else if (cell_of(tensor)->size > 0)
    memcpy(dst, src, cell_of(tensor)->size);
}

#define ACCESS(name, type, dtype)                                                                  \
  type *PD_TensorMutableData##name(PD_Tensor *tensor, PD_PlaceType place) {                        \
    return mutable_data(tensor, dtype, place, "PD_TensorMutableData" #name);                       \
  }                                                                                                \
  type *PD_TensorData##name(PD_Tensor *tensor, PD_PlaceType *place, int32_t *size) {               \
    return data(tensor, dtype, place, size, "PD_TensorData" #name);                                \
  }                                                                                                \
  void PD_TensorCopyFromCpu##name(PD_Tensor *tensor, const type *src) {                            \
    copy_from(tensor, dtype, src, "PD_TensorCopyFromCpu" #name);                                   \
  }                                                                                                \
  void PD_TensorCopyToCpu##name(PD_Tensor *tensor, type *dst) {                                    \
    copy_to(tensor, dtype, dst, "PD_TensorCopyToCpu" #name);                                       \
  }

ACCESS(Float, float, SCULL_DTYPE_F32)
ACCESS(Int64, int64_t, SCULL_DTYPE_I64)
ACCESS(Int32, int32_t, SCULL_DTYPE_I32)
ACCESS(Uint8, uint8_t, SCULL_DTYPE_U8)
ACCESS(Int8, int8_t, SCULL_DTYPE_I8)

/* --- what else a handle tells --------------------------------------------------------------------
 */

const char *PD_TensorGetName(PD_Tensor *tensor) {
  return check(tensor, __func__) ? port_of(tensor)->name : NULL;
}

PD_DataType PD_TensorGetDataType(PD_Tensor *tensor) {
  return check(tensor, __func__) ? door_dtype(cell_of(tensor)->dtype) : PD_DATA_UNK;
}

/* Offsets may be wrong until a run, but not missing. */
static bool has_offsets(const PD_TwoDimArraySize *lod) {
  for (size_t i = 0; i < lod->size; i++) {
    if (lod->data == NULL || lod->data[i] == NULL ||
        (lod->data[i]->size > 0 && lod->data[i]->data == NULL))
      return false;
  }
  return true;
}

void PD_TensorSetLod(PD_Tensor *tensor, PD_TwoDimArraySize *lod) {
  if (!check(tensor, __func__))
    return;
  if (lod != NULL && !has_offsets(lod)) {
    door_fail("%s: '%s': a level or its offsets are NULL", __func__, port_of(tensor)->name);
    return;
  }
  PD_TwoDimArraySize *copy = lod == NULL ? NULL : door_size_arrays(lod);
  if (lod != NULL && copy == NULL)
    return;
  PD_TwoDimArraySizeDestroy(cell_of(tensor)->lod);
  cell_of(tensor)->lod = copy;
}

PD_TwoDimArraySize *PD_TensorGetLod(PD_Tensor *tensor) {
  static const PD_TwoDimArraySize none = {0};
  if (!check(tensor, __func__))
    return NULL;
  const PD_TwoDimArraySize *lod = cell_of(tensor)->lod;
  return door_size_arrays(lod == NULL ? &none : lod);
}
