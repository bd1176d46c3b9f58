/* The part of `scull explain --precision`. */
#ifndef SCULL_TOOL_PRECISIONS_H
#define SCULL_TOOL_PRECISIONS_H

#include "json.h"

/* Prints from a plan's report what is known of each tensor, and each layer's type with its reason.
 */
CLI_CHECKED scull_status_t cli_precisions_print(const json_t *report);

#endif
