/* POSIX files. The writer's temporary name carries the process id and a count, so that two builds
 * at once do not meet; a killed build leaves at most that temporary file behind, never a
 * half-written target.
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE /* realpath */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

static scull_status_t fail_errno(scull_diag_t *diag, const char *what, const char *path) {
  int error = errno;
  scull_status_t status = error == ENOENT ? SCULL_NOT_FOUND : SCULL_IO;
  return scull_base_fail(diag, status, "%s: cannot %s: %s", path, what, strerror(error));
}

scull_status_t scull_base_file_open(const char *path, scull_file_t *out, scull_diag_t *diag) {
  scull_status_t status = SCULL_OK;
  struct stat info;
  *out = (scull_file_t){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hang us */
  if (fd < 0)
    return fail_errno(diag, "open", path);
  if (fstat(fd, &info) != 0) {
    status = fail_errno(diag, "inspect", path);
  } else if (!S_ISREG(info.st_mode)) {
    status = scull_base_fail(diag, SCULL_IO, "%s: not a regular file", path);
  } else if (info.st_size > 0) {
    size_t size = (size_t)info.st_size;
    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
      status = fail_errno(diag, "map", path);
    else
      *out = (scull_file_t){.bytes = {map, size}, .map = map, .map_size = size};
  }
  close(fd);
  return status;
}

void scull_base_file_close(scull_file_t *file) {
  if (file->map != NULL)
    munmap(file->map, file->map_size);
  *file = (scull_file_t){0};
}

void scull_base_file_will_need(const scull_file_t *file, size_t offset, size_t size) {
  if (file->map == NULL || offset >= file->map_size || size > file->map_size - offset)
    return;
  size_t page = (size_t)sysconf(_SC_PAGESIZE), skip = offset % page;
  posix_madvise((char *)file->map + offset - skip, size + skip, POSIX_MADV_WILLNEED);
}

struct scull_writer {
  FILE *stream;
  char *path, *temporary;
  uint64_t position;
  scull_diag_t *diag;
};

void scull_base_writer_destroy(scull_writer_t *writer) {
  if (writer == NULL)
    return;
  if (writer->stream != NULL)
    fclose(writer->stream);
  if (writer->temporary != NULL)
    unlink(writer->temporary);
  scull_base_free(writer->path);
  scull_base_free(writer->temporary);
  scull_base_free(writer);
}

static atomic_uint writers; /* so far, in this process */

scull_status_t scull_base_writer_create(const char *path, scull_writer_t **out,
                                        scull_diag_t *diag) {
  size_t length = strlen(path), room = length + 48;
  *out = NULL;
  scull_writer_t *writer = scull_base_alloc(sizeof *writer);
  if (writer == NULL)
    return scull_base_fail_memory(diag, "a file writer");
  writer->diag = diag;
  writer->path = scull_base_alloc(room);
  char *temporary = scull_base_alloc(room);
  if (writer->path == NULL || temporary == NULL) {
    scull_base_free(temporary);
    scull_base_writer_destroy(writer);
    return scull_base_fail_memory(diag, "a file writer");
  }
  memcpy(writer->path, path, length);
  snprintf(temporary, room, "%s.tmp-%ld-%u", path, (long)getpid(), atomic_fetch_add(&writers, 1));
  writer->stream = fopen(temporary, "wb");
  if (writer->stream == NULL) {
    scull_status_t status = fail_errno(diag, "write", path);
    scull_base_free(temporary);
    scull_base_writer_destroy(writer);
    return status;
  }
  writer->temporary = temporary;
  *out = writer;
  return SCULL_OK;
}

scull_status_t scull_base_writer_add(scull_writer_t *writer, const void *data, size_t size) {
  if (size > 0 && fwrite(data, 1, size, writer->stream) != size)
    return fail_errno(writer->diag, "write", writer->path);
  writer->position += size;
  return SCULL_OK;
}

scull_status_t scull_base_writer_align(scull_writer_t *writer, size_t align) {
  static const char zeros[4096];
  size_t pad = (size_t)((align - writer->position % align) % align);
  while (pad > 0) {
    size_t piece = pad < sizeof zeros ? pad : sizeof zeros;
    SCULL_TRY(scull_base_writer_add(writer, zeros, piece));
    pad -= piece;
  }
  return SCULL_OK;
}

uint64_t scull_base_writer_position(const scull_writer_t *writer) {
  return writer->position;
}

scull_status_t scull_base_writer_patch(scull_writer_t *writer, uint64_t at, const void *data,
                                       size_t size) {
  if (fseeko(writer->stream, (off_t)at, SEEK_SET) != 0 ||
      fwrite(data, 1, size, writer->stream) != size || fseeko(writer->stream, 0, SEEK_END) != 0)
    return fail_errno(writer->diag, "write", writer->path);
  return SCULL_OK;
}

scull_status_t scull_base_writer_commit(scull_writer_t *writer) {
  scull_status_t status = SCULL_OK;
  if (fflush(writer->stream) != 0 || fsync(fileno(writer->stream)) != 0)
    status = fail_errno(writer->diag, "write", writer->path);
  if (fclose(writer->stream) != 0 && status == SCULL_OK)
    status = fail_errno(writer->diag, "write", writer->path);
  writer->stream = NULL;
  if (status == SCULL_OK && rename(writer->temporary, writer->path) != 0)
    status = fail_errno(writer->diag, "rename onto", writer->path);
  if (status == SCULL_OK) {
    scull_base_free(writer->temporary); /* renamed away: nothing to remove */
    writer->temporary = NULL;
  }
  scull_base_writer_destroy(writer);
  return status;
}

scull_status_t scull_base_file_write(const char *path, const void *data, size_t size,
                                     scull_diag_t *diag) {
  scull_writer_t *writer = NULL;
  SCULL_TRY(scull_base_writer_create(path, &writer, diag));
  scull_status_t status = scull_base_writer_add(writer, data, size);
  if (status == SCULL_OK)
    return scull_base_writer_commit(writer);
  scull_base_writer_destroy(writer);
  return status;
}

bool scull_base_file_exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

bool scull_base_file_is_below(const char *path, const char *folder) {
  char real[PATH_MAX], root[PATH_MAX];
  if (realpath(path, real) == NULL || realpath(folder, root) == NULL)
    return false;
  char *slash = strrchr(root, '/');
  if (!scull_base_file_is_directory(root) && slash != NULL)
    *slash = '\0';
  size_t length = strlen(root);
  while (length > 0 && root[length - 1] == '/')
    length--;
  return strncmp(real, root, length) == 0 && real[length] == '/';
}

bool scull_base_file_is_directory(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

scull_status_t scull_base_directory_create(const char *path, scull_diag_t *diag) {
  char step[4096];
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof step)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "%.80s: not a usable folder name", path);
  for (size_t i = 1; i <= length; i++) {
    if (i != length && path[i] != '/')
      continue;
    memcpy(step, path, i);
    step[i] = '\0';
    if (mkdir(step, 0777) != 0 && errno != EEXIST)
      return fail_errno(diag, "create", step);
  }
  return scull_base_file_is_directory(path)
             ? SCULL_OK
             : scull_base_fail(diag, SCULL_IO, "%s: not a folder", path);
}

static int visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

scull_status_t scull_base_directory_hash(const char *path, uint64_t *hash, scull_diag_t *diag) {
  struct dirent **entries = NULL;
  int count = scandir(path, &entries, visible, alphasort);
  scull_status_t status = count < 0 ? fail_errno(diag, "list", path) : SCULL_OK;
  for (int i = 0; i < count; i++) {
    char full[4096];
    scull_file_t file;
    int length = snprintf(full, sizeof full, "%s/%s", path, entries[i]->d_name);
    if (status == SCULL_OK && length > 0 && (size_t)length < sizeof full &&
        !scull_base_file_is_directory(full)) {
      status = scull_base_file_open(full, &file, diag);
      if (status == SCULL_OK) {
        *hash = scull_base_hash64(entries[i]->d_name, strlen(entries[i]->d_name), *hash);
        *hash = scull_base_hash64(file.bytes.data, file.bytes.size, *hash);
        scull_base_file_close(&file);
      }
    }
    free(entries[i]);
  }
  free(entries);
  return status;
}
