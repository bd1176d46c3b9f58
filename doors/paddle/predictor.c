/* Predictors: cells of memory around a context of whichever plan serves the shapes at hand. */
#include "predictor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <paddle/pd_scull.h>

#include "arrays.h"
#include "calibration.h"
#include "convert.h"
#include "lod.h"
#include "profile.h"

enum { MOST_INPUTS = 64 };

static bool check(const PD_Predictor *predictor, const char *function) {
  return door_handle_check(predictor, DOOR_PREDICTOR, function);
}

const char *PD_GetLastError(void) {
  return door_error();
}

const char *PD_GetVersion(void) {
  return scull_version();
}

/* --- life --------------------------------------------------------------------------------------
 */

static PD_Predictor *create(door_model_t *model) {
  PD_Predictor *p = door_handle_create(DOOR_PREDICTOR, sizeof *p);
  if (p == NULL) {
    door_model_release(model);
    return NULL;
  }
  p->model = model;
  p->input_count = door_model_inputs(model)->count;
  p->output_count = door_model_outputs(model)->count;
  p->inputs = calloc(p->input_count + 1, sizeof *p->inputs);
  p->outputs = calloc(p->output_count + 1, sizeof *p->outputs);
  p->profile = door_model_config(model)->profile ? door_profile_create() : NULL;
  if (p->inputs == NULL || p->outputs == NULL ||
      (door_model_config(model)->profile && p->profile == NULL)) {
    door_fail_memory();
    PD_PredictorDestroy(p);
    return NULL;
  }
  for (size_t i = 0; i < p->input_count; i++)
    p->inputs[i].dtype = door_model_inputs(model)->items[i].dtype;
  for (size_t i = 0; i < p->output_count; i++)
    p->outputs[i].dtype = door_model_outputs(model)->items[i].dtype;
  return p;
}

PD_Predictor *PD_PredictorCreate(PD_Config *config) {
  if (!door_config_check(config, __func__))
    return NULL;
  if (config->invalid) {
    door_fail("%s: the config was declared invalid", __func__);
    return NULL;
  }
  door_model_t *model = door_model_open(config);
  return model == NULL ? NULL : create(model);
}

PD_Predictor *PD_PredictorClone(PD_Predictor *predictor) {
  return check(predictor, __func__) ? create(door_model_share(predictor->model)) : NULL;
}

static void clear_cells(door_cell_t *cells, size_t count) {
  for (size_t i = 0; cells != NULL && i < count; i++) {
    free(cells[i].memory.data);
    free(cells[i].converted.data);
    PD_TwoDimArraySizeDestroy(cells[i].lod);
  }
  free(cells);
}

void PD_PredictorDestroy(PD_Predictor *predictor) {
  if (!door_handle_claim(predictor, DOOR_PREDICTOR, __func__))
    return;
  door_profile_print(predictor->profile);
  door_profile_destroy(predictor->profile);
  scull_context_destroy(predictor->context);
  door_plan_release(predictor->model, predictor->plan);
  clear_cells(predictor->inputs, predictor->input_count);
  clear_cells(predictor->outputs, predictor->output_count);
  door_model_release(predictor->model);
  door_handle_leave(predictor, DOOR_PREDICTOR);
}

/* --- ports -------------------------------------------------------------------------------------
 */

static PD_OneDimArrayCstr *names_of(const door_ports_t *ports) {
  const char **names = calloc(ports->count + 1, sizeof *names);
  PD_OneDimArrayCstr *array = NULL;
  size_t count = 0;
  for (size_t i = 0; names != NULL && i < ports->count; i++) {
    if (!ports->items[i].hidden)
      names[count++] = ports->items[i].name;
  }
  if (names == NULL)
    door_fail_memory();
  else
    array = door_cstr_array(names, count);
  free(names);
  return array;
}

PD_OneDimArrayCstr *PD_PredictorGetInputNames(PD_Predictor *predictor) {
  return check(predictor, __func__) ? names_of(door_model_inputs(predictor->model)) : NULL;
}

PD_OneDimArrayCstr *PD_PredictorGetOutputNames(PD_Predictor *predictor) {
  return check(predictor, __func__) ? names_of(door_model_outputs(predictor->model)) : NULL;
}

size_t PD_PredictorGetInputNum(PD_Predictor *predictor) {
  return check(predictor, __func__) ? door_model_inputs(predictor->model)->shown : 0;
}

size_t PD_PredictorGetOutputNum(PD_Predictor *predictor) {
  return check(predictor, __func__) ? door_model_outputs(predictor->model)->shown : 0;
}

static PD_IOInfos *infos_of(const door_ports_t *ports) {
  PD_IOInfos *infos = calloc(1, sizeof *infos);
  if (infos == NULL ||
      (infos->io_info = calloc(ports->count + 1, sizeof *infos->io_info)) == NULL) {
    free(infos);
    door_fail_memory();
    return NULL;
  }
  for (size_t i = 0; i < ports->count; i++) {
    const door_port_t *port = &ports->items[i];
    if (port->hidden)
      continue;
    PD_IOInfo *info = door_io_info(port->name, port->dims, port->rank < 0 ? 0 : (size_t)port->rank,
                                   door_dtype(port->dtype));
    if (info == NULL) {
      PD_IOInfosDestroy(infos);
      return NULL;
    }
    infos->io_info[infos->size++] = info;
  }
  return infos;
}

PD_IOInfos *PD_PredictorGetInputInfos(PD_Predictor *predictor) {
  return check(predictor, __func__) ? infos_of(door_model_inputs(predictor->model)) : NULL;
}

PD_IOInfos *PD_PredictorGetOutputInfos(PD_Predictor *predictor) {
  return check(predictor, __func__) ? infos_of(door_model_outputs(predictor->model)) : NULL;
}

/* --- runs --------------------------------------------------------------------------------------
 */

/* Sets *moved when the memory is another one than before. */
static bool reserve(door_memory_t *memory, size_t size, bool *moved) {
  if (memory->data != NULL && size <= memory->capacity)
    return true;
  const size_t rounded = size > SIZE_MAX - 64 ? 0 : (size / 64 + 1) * 64;
  void *data = rounded == 0 ? NULL : aligned_alloc(64, rounded);
  if (data == NULL)
    return door_fail_memory();
  free(memory->data);
  *memory = (door_memory_t){.data = data, .capacity = rounded};
  *moved = true;
  return true;
}

bool door_cell_reserve(door_cell_t *cell, size_t size) {
  return reserve(&cell->memory, size, &cell->changed);
}

static bool fail_scull(void) {
  return door_fail("%s", scull_last_error());
}

static bool inputs_ready(PD_Predictor *p) {
  const door_ports_t *ports = door_model_inputs(p->model);
  for (size_t i = 0; i < p->input_count; i++) {
    if (!ports->items[i].hidden && (!p->inputs[i].shaped || !p->inputs[i].filled))
      return door_fail("PD_PredictorRun: input '%s' was not filled", ports->items[i].name);
  }
  for (size_t i = 0; i < p->input_count; i++) {
    const size_t offsets = ports->items[i].offsets;
    if (offsets != DOOR_NO_PORT &&
        !door_lod_give(&p->inputs[i], ports->items[i].name, &p->inputs[offsets]))
      return false;
  }
  return true;
}

/* Inputs of another type than the model's: their values in the model's. */
static bool convert_inputs(PD_Predictor *p) {
  for (size_t i = 0; i < p->input_count; i++) {
    const door_port_t *port = &door_model_inputs(p->model)->items[i];
    door_cell_t *cell = &p->inputs[i];
    if (cell->dtype == port->dtype)
      continue;
    const size_t count = cell->size / door_element_size(cell->dtype);
    if (!reserve(&cell->converted, count * door_element_size(port->dtype), &cell->changed))
      return false;
    if (!door_convert(cell->memory.data, cell->dtype, cell->converted.data, port->dtype, count))
      return door_fail("PD_PredictorRun: input '%s' was given in another element type, in which "
                       "not every value is one of the model's type",
                       port->name);
  }
  return true;
}

/* The values of input `i` in the model's type, in *size bytes. */
static const void *input_values(const PD_Predictor *p, size_t i, size_t *size) {
  const door_cell_t *cell = &p->inputs[i];
  const scull_dtype_t wanted = door_model_inputs(p->model)->items[i].dtype;
  *size = cell->size;
  if (cell->dtype == wanted)
    return cell->memory.data;
  *size = cell->size / door_element_size(cell->dtype) * door_element_size(wanted);
  return cell->converted.data;
}

/* Which outputs of a new plan have offsets: those stand behind the model's own, as "y@lod". */
static void find_lods(PD_Predictor *p) {
  const door_ports_t *ports = door_model_outputs(p->model);
  for (size_t i = 0; i < p->output_count; i++) {
    char name[1024];
    const int size = snprintf(name, sizeof name, "%s@lod", ports->items[i].name);
    p->outputs[i].lod_output = DOOR_NO_PORT;
    if (size < (int)sizeof name && scull_engine_find_output(door_plan_engine(p->plan), name,
                                                            &p->outputs[i].lod_output) != SCULL_OK)
      p->outputs[i].lod_output = DOOR_NO_PORT;
  }
}

/* A plan for the shapes at hand, and a context of it. */
static bool choose_plan(PD_Predictor *p) {
  door_shape_t shapes[MOST_INPUTS];
  if (p->input_count > MOST_INPUTS)
    return door_fail("PD_PredictorRun: more than %d inputs", MOST_INPUTS);
  for (size_t i = 0; i < p->input_count; i++)
    shapes[i] = p->inputs[i].shape;
  door_plan_t *plan = door_plan_for(p->model, p->plan, shapes);
  if (plan == NULL)
    return false;
  if (plan != p->plan) {
    scull_context_destroy(p->context); /* before its engine may go */
    door_plan_release(p->model, p->plan);
    p->context = NULL;
    p->plan = plan;
    find_lods(p);
  }
  if (p->context != NULL)
    return true;
  scull_context_options_t options;
  scull_context_options_init(&options);
  options.threads = door_model_config(p->model)->threads;
  options.stream = door_model_stream(p->model);
  if (scull_context_create(door_plan_engine(plan), &options, &p->context) != SCULL_OK)
    return fail_scull();
  for (size_t i = 0; i < p->input_count; i++)
    p->inputs[i].changed = true;
  return p->profile == NULL || door_profile_watch(p->profile, p->context) || fail_scull();
}

static bool give_input(PD_Predictor *p, size_t i) {
  door_cell_t *cell = &p->inputs[i];
  size_t size;
  const void *values = input_values(p, i, &size);
  if (scull_context_set_input_shape(p->context, i, cell->shape.rank, cell->shape.dims) !=
          SCULL_OK ||
      scull_context_set_input(p->context, i, values, size) != SCULL_OK)
    return fail_scull();
  cell->changed = false;
  return true;
}

/* Outputs go to the predictor's memory, so that they outlive inner tensors. */
static bool place_output(PD_Predictor *p, size_t i) {
  door_cell_t *cell = &p->outputs[i];
  scull_tensor_view_t view;
  if (scull_context_output(p->context, i, &view) != SCULL_OK)
    return fail_scull();
  if (!door_cell_reserve(cell, view.size))
    return false;
  if (scull_context_set_output(p->context, i, cell->memory.data, cell->memory.capacity) != SCULL_OK)
    return fail_scull();
  return true;
}

static bool is_changed(const PD_Predictor *p) {
  for (size_t i = 0; i < p->input_count; i++) {
    if (p->inputs[i].changed)
      return true;
  }
  return false;
}

/* Tells the context of new shapes and memory. */
static bool bind(PD_Predictor *p) {
  if (!is_changed(p))
    return true;
  for (size_t i = 0; i < p->output_count; i++) { /* what was given may be too small now */
    if (scull_context_set_output(p->context, i, NULL, 0) != SCULL_OK)
      return fail_scull();
  }
  for (size_t i = 0; i < p->input_count; i++) {
    if (p->inputs[i].changed && !give_input(p, i))
      return false;
  }
  if (scull_context_prepare(p->context) != SCULL_OK)
    return fail_scull();
  for (size_t i = 0; i < p->output_count; i++) {
    if (!place_output(p, i))
      return false;
  }
  return true;
}

static bool take_outputs(PD_Predictor *p) {
  for (size_t i = 0; i < p->output_count; i++) {
    door_cell_t *cell = &p->outputs[i];
    scull_tensor_view_t view;
    if (scull_context_output(p->context, i, &view) != SCULL_OK)
      return fail_scull();
    cell->dtype = view.dtype;
    cell->shape.rank = view.rank;
    memcpy(cell->shape.dims, view.dims, sizeof view.dims);
    cell->size = view.size;
    cell->shaped = cell->filled = true;
    if (cell->lod_output == DOOR_NO_PORT)
      continue;
    if (scull_context_output(p->context, cell->lod_output, &view) != SCULL_OK)
      return fail_scull();
    if (!door_lod_take(cell, &view))
      return false;
  }
  return true;
}

/* Under use_calib_mode every run's inputs go into the table. */
static void calibrate(const PD_Predictor *p) {
  scull_named_tensor_t inputs[MOST_INPUTS];
  for (size_t i = 0; i < p->input_count; i++) {
    const door_cell_t *cell = &p->inputs[i];
    inputs[i] = (scull_named_tensor_t){.name = door_model_inputs(p->model)->items[i].name,
                                       .rank = cell->shape.rank};
    inputs[i].data = input_values(p, i, &inputs[i].size);
    memcpy(inputs[i].dims, cell->shape.dims, sizeof inputs[i].dims);
  }
  door_model_calibrate(p->model, inputs, p->input_count);
}

PD_Bool PD_PredictorRun(PD_Predictor *predictor) {
  if (!check(predictor, __func__) || !inputs_ready(predictor) || !convert_inputs(predictor) ||
      !choose_plan(predictor) || !bind(predictor))
    return FALSE;
  if (scull_context_run(predictor->context) != SCULL_OK) {
    fail_scull();
    return FALSE;
  }
  if (door_calibration_asked(door_model_config(predictor->model)))
    calibrate(predictor);
  return take_outputs(predictor) ? TRUE : FALSE;
}

PD_Bool PD_PredictorSaveCalibration(PD_Predictor *predictor) {
  return check(predictor, __func__) && door_model_write_table(predictor->model) ? TRUE : FALSE;
}

/* --- memory ------------------------------------------------------------------------------------
 */

void PD_PredictorClearIntermediateTensor(PD_Predictor *predictor) {
  if (check(predictor, __func__))
    PD_PredictorTryShrinkMemory(predictor);
}

uint64_t PD_PredictorTryShrinkMemory(PD_Predictor *predictor) {
  if (!check(predictor, __func__) || predictor->context == NULL)
    return 0;
  scull_context_destroy(predictor->context);
  predictor->context = NULL;
  return scull_engine_arena_size(door_plan_engine(predictor->plan));
}
