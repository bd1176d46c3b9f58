/* Inputs of a calibration. */
#define _DEFAULT_SOURCE
#include "samples.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "console.h"
#include "values.h"

/* --- lists ------------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_input_name(const char *name) {
  const size_t length = strlen(name);
  return cli_image_is_name(name) || (length > 4 && strcmp(name + length - 4, ".npy") == 0);
}

static scull_status_t add_path(cli_list_t *list, const char *folder, size_t folder_length,
                               const char *name, size_t length) {
  char path[4096];
  const bool whole = name[0] == '/' || folder_length == 0;
  const int n = snprintf(path, sizeof path, "%.*s%s%.*s", whole ? 0 : (int)folder_length, folder,
                         whole ? "" : "/", (int)length, name);
  if (n < 0 || (size_t)n >= sizeof path)
    return cli_fail(SCULL_INVALID_ARGUMENT, "a path of the inputs is too long");
  return cli_list_add(list, path, (size_t)n);
}

static scull_status_t list_folder(const char *path, cli_list_t *list) {
  DIR *folder = opendir(path);
  scull_status_t status = SCULL_OK;
  if (!folder)
    return cli_fail_errno(path, "read");
  for (struct dirent *entry = readdir(folder); entry && status == SCULL_OK;
       entry = readdir(folder)) {
    if (is_input_name(entry->d_name))
      status = add_path(list, path, strlen(path), entry->d_name, strlen(entry->d_name));
  }
  closedir(folder);
  if (status == SCULL_OK && list->count > 1)
    qsort(list->items, list->count, sizeof *list->items, by_name);
  return status;
}

static scull_status_t list_lines(const char *path, cli_list_t *list) {
  char line[8192];
  const char *slash = strrchr(path, '/');
  const size_t folder = slash ? (size_t)(slash - path) : 0;
  scull_status_t status = SCULL_OK;
  FILE *file = fopen(path, "r");
  if (!file)
    return cli_fail_errno(path, "read");
  while (status == SCULL_OK && fgets(line, sizeof line, file)) {
    const size_t length = strcspn(line, "\r\n");
    if (length == 0 || line[0] == '#')
      continue;
    line[length] = '\0';
    status = strchr(line, '=') ? cli_list_add(list, line, length)
                               : add_path(list, path, folder, line, length);
  }
  fclose(file);
  return status;
}

scull_status_t cli_samples_open(const char *path, cli_samples_t *out) {
  struct stat info;
  if (stat(path, &info) != 0)
    return cli_fail_errno(path, "read");
  CLI_TRY(S_ISDIR(info.st_mode) ? list_folder(path, &out->files) : list_lines(path, &out->files));
  return out->files.count > 0
             ? SCULL_OK
             : cli_fail(SCULL_NOT_FOUND, "%s: no .jpg, .jpeg, .png or .npy file", path);
}

static void drop_arrays(cli_samples_t *samples) {
  for (size_t i = 0; i < samples->array_count; i++)
    cli_array_deinit(&samples->arrays[i]);
  free(samples->arrays);
  samples->arrays = NULL;
  samples->array_count = 0;
}

void cli_samples_deinit(cli_samples_t *samples) {
  drop_arrays(samples);
  cli_list_deinit(&samples->files);
}

/* --- one batch -------------------------------------------------------------------------------- */

/* An array as it is, or with the batch axis that it lacks. */
static scull_status_t take_array(const char *path, const scull_named_tensor_t *tensor,
                                 cli_array_t *out) {
  CLI_TRY(cli_npy_read(path, out));
  if (out->rank + 1 == tensor->rank) {
    memmove(out->dims + 1, out->dims, (size_t)out->rank * sizeof *out->dims);
    out->dims[0] = 1;
    out->rank++;
  }
  if (out->rank != tensor->rank)
    return cli_fail(SCULL_INVALID_ARGUMENT, "%s: %d dimensions where input '%s' has %d", path,
                    out->rank, tensor->name, tensor->rank);
  return SCULL_OK;
}

/* Where the channels stand: axis 1, or the last. */
static bool channels_last(const int64_t *dims) {
  return dims[1] != 3 && dims[3] == 3;
}

static scull_status_t gather_pictures(cli_samples_t *s, const scull_named_tensor_t *tensor,
                                      cli_array_t *out) {
  const int64_t *dims = tensor->dims;
  if (tensor->rank != 4 || (dims[1] != 3 && dims[3] != 3) || dims[0] < 1)
    return cli_fail(SCULL_INVALID_ARGUMENT,
                    "input '%s' is no batch of pictures of three channels; use .npy files",
                    tensor->name);
  const bool last = channels_last(dims);
  const int32_t height = (int32_t)dims[last ? 1 : 2], width = (int32_t)dims[last ? 2 : 3];
  const size_t one = (size_t)height * (size_t)width * 3;
  CLI_TRY(cli_array_init(out, SCULL_DTYPE_F32, 4, dims));
  for (int64_t i = 0; i < dims[0]; i++) {
    cli_image_t image;
    const size_t at = s->next < s->files.count ? s->next++ : s->files.count - 1;
    CLI_TRY(cli_image_read(s->files.items[at], &image));
    scull_status_t status = cli_image_prepare(&image, &s->preprocess, height, width, last,
                                              (float *)out->data + (size_t)i * one);
    cli_image_deinit(&image);
    CLI_TRY(status);
  }
  return SCULL_OK;
}

/* "NAME=PATH NAME=PATH": the path of `name`, in `path`. */
static bool find_named(const char *line, const char *name, char *path, size_t room) {
  const size_t length = strlen(name);
  for (const char *at = line; at; at = strchr(at, ' ')) {
    at += strspn(at, " ");
    if (strncmp(at, name, length) == 0 && at[length] == '=') {
      snprintf(path, room, "%.*s", (int)strcspn(at + length + 1, " "), at + length + 1);
      return true;
    }
  }
  return false;
}

static scull_status_t take_line(cli_samples_t *s, scull_named_tensor_t *tensors, size_t count) {
  const char *line = s->files.items[s->next++];
  char path[4096];
  for (size_t i = 0; i < count; i++) {
    if (!find_named(line, tensors[i].name, path, sizeof path))
      return cli_fail(SCULL_INVALID_ARGUMENT, "'%s' names no file for input '%s'", line,
                      tensors[i].name);
    CLI_TRY(take_array(path, &tensors[i], &s->arrays[i]));
  }
  return SCULL_OK;
}

static scull_status_t dump(cli_samples_t *s, const scull_named_tensor_t *tensors, size_t count) {
  for (size_t i = 0; s->dump && i < count; i++) {
    char path[4200];
    const scull_tensor_view_t view = {.data = s->arrays[i].data,
                                      .size = s->arrays[i].size,
                                      .dtype = s->arrays[i].dtype,
                                      .rank = s->arrays[i].rank};
    scull_tensor_view_t whole = view;
    memcpy(whole.dims, s->arrays[i].dims, sizeof whole.dims);
    snprintf(path, sizeof path, "%s/%06zu_%s.npy", s->dump, s->dumped, tensors[i].name);
    for (char *at = path + strlen(s->dump) + 1; *at; at++)
      *at = *at == '/' || *at == ':' ? '_' : *at;
    CLI_TRY(cli_npy_write(path, &whole));
  }
  s->dumped++;
  return SCULL_OK;
}

scull_status_t cli_samples_next(void *user, scull_named_tensor_t *tensors, size_t count,
                                bool *more) {
  cli_samples_t *s = user;
  *more = s->next < s->files.count;
  if (!*more)
    return SCULL_OK;
  drop_arrays(s);
  s->arrays = calloc(count ? count : 1, sizeof *s->arrays);
  if (!s->arrays)
    return cli_fail_memory();
  s->array_count = count;
  if (count > 1)
    CLI_TRY(take_line(s, tensors, count));
  else if (cli_image_is_name(s->files.items[s->next]))
    CLI_TRY(gather_pictures(s, &tensors[0], &s->arrays[0]));
  else
    CLI_TRY(take_array(s->files.items[s->next++], &tensors[0], &s->arrays[0]));
  for (size_t i = 0; i < count; i++) {
    tensors[i].data = s->arrays[i].data;
    tensors[i].size = s->arrays[i].size;
    memcpy(tensors[i].dims, s->arrays[i].dims, sizeof tensors[i].dims);
  }
  return dump(s, tensors, count);
}

/* --- options ---------------------------------------------------------------------------------- */

static scull_status_t read_three(const char *option, const cli_list_t *list, float *out) {
  if (list->count != 0 && list->count != 1 && list->count != 3)
    return cli_fail(SCULL_INVALID_ARGUMENT, "--%s wants one number or three", option);
  for (size_t i = 0; list->count > 0 && i < 3; i++) {
    double value = 0;
    CLI_TRY(cli_values_number(option, list->items[list->count == 1 ? 0 : i], &value));
    out[i] = (float)value;
  }
  return SCULL_OK;
}

scull_status_t cli_preprocess_fill(const cli_preprocess_args_t *args, cli_preprocess_t *out) {
  *out = (cli_preprocess_t){.short_side = (int32_t)args->resize,
                            .bgr = args->channels == 1,
                            .std = {1, 1, 1},
                            .scale = (float)args->scale};
  CLI_TRY(read_three("mean", &args->mean, out->mean));
  CLI_TRY(read_three("std", &args->std, out->std));
  for (int i = 0; i < 3; i++) {
    if (!(out->std[i] > 0))
      return cli_fail(SCULL_INVALID_ARGUMENT, "--std must be positive");
  }
  return SCULL_OK;
}
