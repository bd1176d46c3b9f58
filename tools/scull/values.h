/* The small languages of option values: numbers, sizes, words, lists, shapes, devices. Each
 * function names the option (or input) and the offending text when it refuses. */
#ifndef SCULL_TOOL_VALUES_H
#define SCULL_TOOL_VALUES_H

#include "command.h"

CLI_CHECKED scull_status_t cli_values_integer(const char *option, const char *text, int64_t *out);
CLI_CHECKED scull_status_t cli_values_number(const char *option, const char *text, double *out);

/* "4096", "64KiB", "1GiB" (powers of 1024), "1MB" (powers of 1000); bytes. */
CLI_CHECKED scull_status_t cli_values_size(const char *option, const char *text, size_t *out);

/* Position of `text` among `words`, which are separated by "|". */
CLI_CHECKED scull_status_t cli_values_choice(const char *option, const char *text,
                                             const char *words, int *out);

/* "fp32,int8" -> SCULL_PRECISION_* bits. */
CLI_CHECKED scull_status_t cli_values_precisions(const cli_list_t *words, uint32_t *out);

/* "conv1*=fp32,fc=int8" -> pins; out->layer is the caller's to free. */
CLI_CHECKED scull_status_t cli_values_layer_precision(const char *text,
                                                      scull_layer_precision_t *out);

/* "cuda:1" -> "cuda", 1. `name` holds `room` bytes. */
CLI_CHECKED scull_status_t cli_values_device(const char *text, char *name, size_t room, int *index);

/* "NAME=1x3x224x224" or "NAME=MIN:OPT:MAX", each a shape; "NAME=" is a scalar. out->name is the
 * caller's to free. */
CLI_CHECKED scull_status_t cli_values_range(const char *text, scull_shape_range_t *out);

/* True when `text` is a shape such as 1x3x224x224 (and not a file name). */
bool cli_values_is_shape(const char *text);

/* "1x3x224x224" into `out`, which holds `room` bytes; returns out. */
const char *cli_values_shape_text(int32_t rank, const int64_t *dims, char *out, size_t room);
#define CLI_SHAPE_ROOM 160

/* --- lists ------------------------------------------------------------------------------------ */

CLI_CHECKED scull_status_t cli_list_add(cli_list_t *list, const char *text, size_t length);
CLI_CHECKED scull_status_t cli_list_split(cli_list_t *list, const char *text);
void cli_list_deinit(cli_list_t *list);

/* The items as the API takes them. */
const char *const *cli_list_texts(const cli_list_t *list);

#endif
