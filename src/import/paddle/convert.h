/* From a Paddle program in plain structs to a graph. Private to import/paddle/. */
#ifndef SCULL_IMPORT_PADDLE_CONVERT_H
#define SCULL_IMPORT_PADDLE_CONVERT_H

#include "import/paddle/program.h"

/* Statuses and words as scull_import_model's. The program may go afterwards, the source's bytes
 * must stay. */
scull_status_t scull_paddle_convert(const scull_import_source_t *source,
                                    scull_paddle_program_t *program,
                                    scull_graph_t **out) SCULL_MUST_USE;

/* The program's feeds and fetches as they are declared. */
scull_status_t scull_paddle_outline(const scull_import_source_t *source,
                                    scull_paddle_program_t *program,
                                    scull_import_outline_t *out) SCULL_MUST_USE;

#endif
