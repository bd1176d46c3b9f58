/* Arrays that the door gives away, and how they are given back. */
#include "arrays.h"

#include <stdlib.h>
#include <string.h>

#include "words.h"

/* Zeroed memory for `count` elements, of at least one. */
static void *make(size_t count, size_t size) {
  void *memory = calloc(count > 0 ? count : 1, size);
  if (memory == NULL)
    door_fail_memory();
  return memory;
}

/* --- making ----------------------------------------------------------------------------------- */

PD_Cstr *door_cstr(const char *text) {
  PD_Cstr *cstr = make(1, sizeof *cstr);
  if (cstr == NULL)
    return NULL;
  cstr->size = strlen(text) + 1;
  cstr->data = make(cstr->size, 1);
  if (cstr->data == NULL) {
    free(cstr);
    return NULL;
  }
  memcpy(cstr->data, text, cstr->size);
  return cstr;
}

PD_OneDimArrayCstr *door_cstr_array(const char *const *texts, size_t count) {
  PD_OneDimArrayCstr *array = make(1, sizeof *array);
  if (array == NULL || (array->data = make(count, sizeof *array->data)) == NULL) {
    free(array);
    return NULL;
  }
  for (; array->size < count; array->size++) {
    array->data[array->size] = strdup(texts[array->size]);
    if (array->data[array->size] == NULL) {
      door_fail_memory();
      PD_OneDimArrayCstrDestroy(array);
      return NULL;
    }
  }
  return array;
}

PD_OneDimArrayInt32 *door_int32_array(const int64_t *items, size_t count) {
  PD_OneDimArrayInt32 *array = make(1, sizeof *array);
  if (array == NULL || (array->data = make(count, sizeof *array->data)) == NULL) {
    free(array);
    return NULL;
  }
  array->size = count;
  for (size_t i = 0; i < count; i++)
    array->data[i] = items[i] > INT32_MAX ? INT32_MAX : (int32_t)items[i];
  return array;
}

static PD_OneDimArrayInt64 *int64_array(const int64_t *items, size_t count) {
  PD_OneDimArrayInt64 *array = make(1, sizeof *array);
  if (array == NULL || (array->data = make(count, sizeof *array->data)) == NULL) {
    free(array);
    return NULL;
  }
  array->size = count;
  memcpy(array->data, items, count * sizeof *items);
  return array;
}

PD_IOInfo *door_io_info(const char *name, const int64_t *dims, size_t rank, PD_DataType dtype) {
  PD_IOInfo *info = make(1, sizeof *info);
  if (info == NULL)
    return NULL;
  info->name = door_cstr(name);
  info->shape = int64_array(dims, rank);
  info->dtype = dtype;
  if (info->name == NULL || info->shape == NULL) {
    PD_IOInfoDestroy(info);
    return NULL;
  }
  return info;
}

static PD_OneDimArraySize *size_array(const PD_OneDimArraySize *src) {
  PD_OneDimArraySize *array = make(1, sizeof *array);
  if (array == NULL || (array->data = make(src->size, sizeof *array->data)) == NULL) {
    free(array);
    return NULL;
  }
  array->size = src->size;
  if (src->size > 0)
    memcpy(array->data, src->data, src->size * sizeof *src->data);
  return array;
}

PD_TwoDimArraySize *door_size_arrays(const PD_TwoDimArraySize *src) {
  PD_TwoDimArraySize *array = make(1, sizeof *array);
  if (array == NULL || (array->data = make(src->size, sizeof *array->data)) == NULL) {
    free(array);
    return NULL;
  }
  for (; array->size < src->size; array->size++) {
    array->data[array->size] = size_array(src->data[array->size]);
    if (array->data[array->size] == NULL) {
      PD_TwoDimArraySizeDestroy(array);
      return NULL;
    }
  }
  return array;
}

/* --- giving back ------------------------------------------------------------------------------ */

#define DESTROY_PLAIN(name)                                                                        \
  void PD_##name##Destroy(PD_##name *array) {                                                      \
    if (array != NULL)                                                                             \
      free(array->data);                                                                           \
    free(array);                                                                                   \
  }

DESTROY_PLAIN(OneDimArrayInt32)
DESTROY_PLAIN(OneDimArrayInt64)
DESTROY_PLAIN(OneDimArraySize)
DESTROY_PLAIN(Cstr)

void PD_OneDimArrayCstrDestroy(PD_OneDimArrayCstr *array) {
  for (size_t i = 0; array != NULL && array->data != NULL && i < array->size; i++)
    free(array->data[i]);
  if (array != NULL)
    free(array->data);
  free(array);
}

void PD_TwoDimArraySizeDestroy(PD_TwoDimArraySize *array) {
  for (size_t i = 0; array != NULL && array->data != NULL && i < array->size; i++)
    PD_OneDimArraySizeDestroy(array->data[i]);
  if (array != NULL)
    free(array->data);
  free(array);
}

void PD_IOInfoDestroy(PD_IOInfo *info) {
  if (info != NULL) {
    PD_CstrDestroy(info->name);
    PD_OneDimArrayInt64Destroy(info->shape);
  }
  free(info);
}

void PD_IOInfosDestroy(PD_IOInfos *infos) {
  for (size_t i = 0; infos != NULL && infos->io_info != NULL && i < infos->size; i++)
    PD_IOInfoDestroy(infos->io_info[i]);
  if (infos != NULL)
    free(infos->io_info);
  free(infos);
}
