/* Files: mapped for reading, written whole under a temporary name and renamed. */
#ifndef SCULL_BASE_FILE_H
#define SCULL_BASE_FILE_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/text.h"

typedef struct scull_file {
  scull_bytes_t bytes; /* the content; data is NULL for an empty file */
  void *map;           /* NULL for borrowed memory */
  size_t map_size;
} scull_file_t;

/* Maps `path` read-only. NOT_FOUND, IO (a directory, no permission) or OK. A private mapping: a
 * writer that renames over the path does not disturb it. */
scull_status_t scull_base_file_open(const char *path, scull_file_t *out,
                                    scull_diag_t *diag) SCULL_MUST_USE;
void scull_base_file_close(scull_file_t *file);

/* Asks the system to read these bytes ahead; never fails. */
void scull_base_file_will_need(const scull_file_t *file, size_t offset, size_t size);

typedef struct scull_writer scull_writer_t;

/* Begins to write `path` under a temporary name in the same folder. */
scull_status_t scull_base_writer_create(const char *path, scull_writer_t **out,
                                        scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_base_writer_add(scull_writer_t *writer, const void *data,
                                     size_t size) SCULL_MUST_USE;
/* Zeros until the position is a multiple of `align`. */
scull_status_t scull_base_writer_align(scull_writer_t *writer, size_t align) SCULL_MUST_USE;
uint64_t scull_base_writer_position(const scull_writer_t *writer);
/* Overwrites bytes that were already added (a header that is known last). */
scull_status_t scull_base_writer_patch(scull_writer_t *writer, uint64_t at, const void *data,
                                       size_t size) SCULL_MUST_USE;
/* Syncs and renames over `path`: all or nothing. Destroys the writer either way. */
scull_status_t scull_base_writer_commit(scull_writer_t *writer) SCULL_MUST_USE;
/* Removes the temporary file; NULL is allowed. */
void scull_base_writer_destroy(scull_writer_t *writer);

/* Whole-file helper over the above. */
scull_status_t scull_base_file_write(const char *path, const void *data, size_t size,
                                     scull_diag_t *diag) SCULL_MUST_USE;

bool scull_base_file_exists(const char *path);
bool scull_base_file_is_directory(const char *path);
/* True when `path`, links followed, lies in `folder` or deeper. A file in the place of the folder
 * stands for the folder that it lies in, its own links followed. */
bool scull_base_file_is_below(const char *path, const char *folder);
/* Creates the folder and its parents; OK when it is there already. */
scull_status_t scull_base_directory_create(const char *path, scull_diag_t *diag) SCULL_MUST_USE;

/* Mixes names and contents of the folder's regular files, in the order of their names, into *hash;
 * hidden files and folders are left out. */
scull_status_t scull_base_directory_hash(const char *path, uint64_t *hash,
                                         scull_diag_t *diag) SCULL_MUST_USE;

#endif
