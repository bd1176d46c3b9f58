/* Arrays out of NumPy's .npy files, for the examples. */
#ifndef EXAMPLES_NPY_H
#define EXAMPLES_NPY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NPY_MOST_DIMS = 8 };

typedef struct {
  void *data; /* free() */
  int64_t dims[NPY_MOST_DIMS];
  int32_t rank;
  size_t count, row; /* elements: all, and of one item (dims[1] * dims[2] * ...) */
} npy_t;

/* The dims stand in the header as "'shape': (360, 1, 8, 8)". */
static inline int npy_dims(const char *header, npy_t *out) {
  const char *at = strstr(header, "'shape': (");
  out->count = out->row = 1;
  for (at = at == NULL ? ")" : at + 10; *at != ')' && out->rank < NPY_MOST_DIMS; out->rank++) {
    char *end = NULL;
    out->dims[out->rank] = strtol(at, &end, 10);
    if (end == at || out->dims[out->rank] < 1)
      return 0;
    out->count *= (size_t)out->dims[out->rank];
    out->row *= out->rank > 0 ? (size_t)out->dims[out->rank] : 1;
    at = end + strspn(end, ", ");
  }
  return out->rank > 0;
}

/* `type` is NumPy's, such as "<f4", of `size` bytes. 0 with words on stderr. */
static inline int npy_read(const char *path, const char *type, size_t size, npy_t *out) {
  unsigned char head[10];
  char header[4096];
  FILE *file = fopen(path, "rb");
  memset(out, 0, sizeof *out);
  int ok = file != NULL && fread(head, 1, sizeof head, file) == sizeof head;
  const size_t length = ok ? head[8] + 256u * head[9] : 0;
  ok = ok && length < sizeof header && fread(header, 1, length, file) == length;
  header[ok ? length : 0] = '\0';
  ok = ok && strstr(header, type) != NULL && npy_dims(header, out);
  ok = ok && (out->data = malloc(out->count * size)) != NULL &&
       fread(out->data, size, out->count, file) == out->count;
  if (file != NULL)
    fclose(file);
  if (!ok)
    fprintf(stderr, "%s: no .npy file of %s\n", path, type);
  return ok;
}

#endif
