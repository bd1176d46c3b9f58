/* The picture of a build: Graphviz source, drawn by `dot` when that is installed. */
#ifndef SCULL_TOOL_PICTURE_H
#define SCULL_TOOL_PICTURE_H

#include "command.h"

/* Turns `source` (Graphviz text) into the file `path`, whose extension names the format (svg, png,
 * pdf). For .dot and .gv, and when `dot` is not installed, the text itself is written: beside
 * `path`, with .dot for its extension. Says on stderr which file there is now. */
CLI_CHECKED scull_status_t cli_picture_write(const char *path, const char *source, size_t size);

#endif
