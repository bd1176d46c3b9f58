/* Inputs by name. Noise is seeded, so that two runs see the same numbers. */
#define _POSIX_C_SOURCE 200809L
#include "inputs.h"

#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "plans.h"
#include "values.h"

/* xorshift64*: numbers that look arbitrary, the same in every run. */
static uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545F4914F6CDD1Du;
}

/* Floats in [0, 1), bytes in [0, 128); integers stay 0: they tend to be indices. */
static void fill_noise(cli_array_t *array) {
  uint64_t state = 0x5C0111u;
  size_t count = array->size / cli_dtype_size(array->dtype);
  for (size_t i = 0; i < count; i++) {
    uint64_t random = next_random(&state);
    if (array->dtype == SCULL_DTYPE_F32)
      ((float *)array->data)[i] = (float)(random >> 40) * 0x1p-24f;
    else if (array->dtype == SCULL_DTYPE_F64)
      ((double *)array->data)[i] = (double)(random >> 11) * 0x1p-53;
    else if (array->dtype == SCULL_DTYPE_U8 || array->dtype == SCULL_DTYPE_I8)
      ((uint8_t *)array->data)[i] = (uint8_t)(random >> 57);
  }
}

static scull_status_t read_file(const scull_tensor_info_t *info, const char *path,
                                cli_array_t *out) {
  CLI_TRY(cli_npy_read(path, out));
  if (out->dtype == info->dtype && out->rank == info->rank)
    return SCULL_OK;
  scull_status_t status = cli_fail(
      SCULL_OUT_OF_RANGE, "%s: %s of rank %d, but input '%s' wants %s of rank %d", path,
      cli_dtype_name(out->dtype), out->rank, info->name, cli_dtype_name(info->dtype), info->rank);
  cli_array_deinit(out);
  return status;
}

static scull_status_t make_noise(const scull_tensor_info_t *info, const char *text,
                                 cli_array_t *out) {
  scull_shape_range_t range;
  CLI_TRY(cli_values_range(text, &range));
  free((char *)(uintptr_t)range.name);
  if (range.rank != info->rank)
    return cli_fail(SCULL_OUT_OF_RANGE, "--input %s: input '%s' has rank %d", text, info->name,
                    info->rank);
  CLI_TRY(cli_array_init(out, info->dtype, range.rank, range.opt));
  fill_noise(out);
  return SCULL_OK;
}

static scull_status_t take_given(const scull_engine_t *engine, const char *text,
                                 cli_inputs_t *inputs) {
  size_t index = 0;
  const char *value = NULL;
  scull_tensor_info_t info;
  CLI_TRY(cli_plans_find_input(engine, text, &index, &value));
  CLI_TRY(cli_check(scull_engine_input(engine, index, &info), "input"));
  cli_array_deinit(&inputs->arrays[index]);
  if (value != text && cli_values_is_shape(value))
    return make_noise(&info, text, &inputs->arrays[index]);
  return read_file(&info, value, &inputs->arrays[index]);
}

static scull_status_t take_missing(const scull_engine_t *engine, size_t index,
                                   cli_missing_t missing, cli_array_t *out) {
  char shape[CLI_SHAPE_ROOM];
  scull_tensor_info_t info;
  CLI_TRY(cli_check(scull_engine_input(engine, index, &info), "input"));
  if (missing == CLI_MISSING_FAILS)
    return cli_fail(SCULL_INVALID_ARGUMENT, "input '%s' is missing: --input %s=FILE.npy (%s, %s)",
                    info.name, info.name, cli_dtype_name(info.dtype),
                    cli_values_shape_text(info.rank, info.opt, shape, sizeof shape));
  CLI_TRY(cli_array_init(out, info.dtype, info.rank, info.opt));
  fill_noise(out);
  return SCULL_OK;
}

static scull_status_t make_room(cli_inputs_t *inputs, size_t count) {
  inputs->arrays = calloc(count ? count : 1, sizeof *inputs->arrays);
  inputs->count = inputs->arrays ? count : 0;
  return inputs->arrays ? SCULL_OK : cli_fail_memory();
}

scull_status_t cli_inputs_read(const scull_engine_t *engine, const cli_list_t *given,
                               cli_missing_t missing, cli_inputs_t *out) {
  scull_status_t status = SCULL_OK;
  *out = (cli_inputs_t){0};
  CLI_TRY(make_room(out, scull_engine_input_count(engine)));
  for (size_t i = 0; i < given->count; i++)
    CLI_TRY_DONE(take_given(engine, given->items[i], out));
  for (size_t i = 0; i < out->count; i++)
    if (!out->arrays[i].data)
      CLI_TRY_DONE(take_missing(engine, i, missing, &out->arrays[i]));
done:
  if (status != SCULL_OK)
    cli_inputs_deinit(out);
  return status;
}

void cli_inputs_deinit(cli_inputs_t *inputs) {
  for (size_t i = 0; i < inputs->count; i++)
    cli_array_deinit(&inputs->arrays[i]);
  free(inputs->arrays);
  *inputs = (cli_inputs_t){0};
}

static scull_status_t rebatch_array(const cli_array_t *src, int64_t batch, cli_array_t *dst) {
  int64_t dims[SCULL_MAX_RANK];
  memcpy(dims, src->dims, sizeof dims);
  if (batch > 0 && src->rank > 0)
    dims[0] = batch;
  CLI_TRY(cli_array_init(dst, src->dtype, src->rank, dims));
  for (size_t at = 0; src->size > 0 && at < dst->size; at += src->size) {
    size_t left = dst->size - at;
    memcpy((char *)dst->data + at, src->data, left < src->size ? left : src->size);
  }
  return SCULL_OK;
}

scull_status_t cli_inputs_rebatch(const cli_inputs_t *src, int64_t batch, cli_inputs_t *out) {
  *out = (cli_inputs_t){0};
  CLI_TRY(make_room(out, src->count));
  for (size_t i = 0; i < src->count; i++) {
    scull_status_t status = rebatch_array(&src->arrays[i], batch, &out->arrays[i]);
    if (status != SCULL_OK) {
      cli_inputs_deinit(out);
      return status;
    }
  }
  return SCULL_OK;
}

scull_status_t cli_inputs_apply(const cli_inputs_t *inputs, scull_context_t *context) {
  for (size_t i = 0; i < inputs->count; i++) {
    const cli_array_t *array = &inputs->arrays[i];
    CLI_TRY(cli_check(scull_context_set_input_shape(context, i, array->rank, array->dims),
                      "input shape"));
    CLI_TRY(cli_check(scull_context_set_input(context, i, array->data, array->size), "input"));
  }
  return cli_check(scull_context_prepare(context), "prepare");
}
