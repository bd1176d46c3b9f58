/* Files of the door's own. Private to doors/paddle. */
#ifndef SCULL_DOORS_PADDLE_FILES_H
#define SCULL_DOORS_PADDLE_FILES_H

#include <stdio.h>

/* A new file in TMPDIR (else /tmp), open for writing; its name, which the caller removes, goes into
 * `path`. NULL with words, and path is "" then. */
FILE *door_temporary_file(char *path, size_t room);

#endif
