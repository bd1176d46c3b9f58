/* The runtime has the innermost level only: outer ones group sequences, which no operator here asks
 * for. All levels are checked, since offsets are the caller's numbers. */
#include "lod.h"

#include <stdlib.h>

#include "arrays.h"

/* 0 = first <= ... <= last = all: `count` offsets into `all` things. */
static bool level_fits(const PD_OneDimArraySize *level, size_t all) {
  if (level == NULL || level->data == NULL || level->size < 2 || level->data[0] != 0)
    return false;
  for (size_t i = 1; i < level->size; i++) {
    if (level->data[i] < level->data[i - 1])
      return false;
  }
  return level->data[level->size - 1] == all;
}

/* Each level cuts the sequences of the next one, the last one the rows. */
static bool fits(const PD_TwoDimArraySize *lod, size_t rows) {
  for (size_t i = 0; i < lod->size; i++) {
    const bool is_last = i + 1 == lod->size;
    if (!is_last && (lod->data[i + 1] == NULL || lod->data[i + 1]->size < 1))
      return false;
    if (!level_fits(lod->data[i], is_last ? rows : lod->data[i + 1]->size - 1))
      return false;
  }
  return true;
}

bool door_lod_give(const door_cell_t *cell, const char *name, door_cell_t *offsets) {
  const size_t rows = cell->shape.rank > 0 ? (size_t)cell->shape.dims[0] : 1;
  const bool has_lod = cell->lod != NULL && cell->lod->size > 0;
  if (has_lod && !fits(cell->lod, rows))
    return door_fail("PD_PredictorRun: the LoD of '%s' does not cut its %zu rows", name, rows);
  const PD_OneDimArraySize *last = has_lod ? cell->lod->data[cell->lod->size - 1] : NULL;
  const size_t count = has_lod ? last->size : 2;
  if (!door_cell_reserve(offsets, count * sizeof(int64_t)))
    return false;
  int64_t *values = offsets->memory.data;
  for (size_t i = 0; i < count; i++)
    values[i] = (int64_t)(has_lod ? last->data[i] : i * rows);
  if (!offsets->shaped || offsets->shape.dims[0] != (int64_t)count)
    offsets->changed = true;
  offsets->shape = (door_shape_t){.rank = 1, .dims = {(int64_t)count}};
  offsets->size = count * sizeof(int64_t);
  offsets->shaped = offsets->filled = true;
  return true;
}

bool door_lod_take(door_cell_t *cell, const scull_tensor_view_t *offsets) {
  const size_t count = offsets->size / sizeof(int64_t);
  const int64_t *values = offsets->data;
  size_t *copy = calloc(count + 1, sizeof *copy);
  if (copy == NULL)
    return door_fail_memory();
  for (size_t i = 0; i < count; i++)
    copy[i] = values[i] < 0 ? 0 : (size_t)values[i];
  PD_OneDimArraySize level = {count, copy}, *levels[] = {&level};
  const PD_TwoDimArraySize lod = {1, levels};
  PD_TwoDimArraySizeDestroy(cell->lod);
  cell->lod = door_size_arrays(&lod);
  free(copy);
  return cell->lod != NULL;
}
