/* Shared libraries that are found by name while the program runs. */
#ifndef SCULL_BASE_LIBRARY_H
#define SCULL_BASE_LIBRARY_H

#include <stddef.h>

typedef struct scull_library scull_library_t;

/* Opens the library of that file name: first in the folder that the environment variable
 * SCULL_LIBRARY_PATH names, then beside the library (or program) that holds this code, then where
 * the system looks. NULL when it cannot be opened; `why` (may be NULL) then gets the loader's
 * words. A library that was opened stays until the process ends. */
scull_library_t *scull_base_library_open(const char *file_name, char *why, size_t size);

/* The same, but only where the system looks. */
scull_library_t *scull_base_library_open_system(const char *file_name, char *why, size_t size);

/* The address of a symbol, or NULL: copied into the function pointer `out` points at, which is
 * how C passes such addresses without a cast. Returns whether it was found. */
int scull_base_library_find(scull_library_t *library, const char *symbol, void *out);

#endif
