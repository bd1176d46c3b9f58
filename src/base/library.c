/* Shared libraries by name, through the dynamic loader. */
#define _GNU_SOURCE
#include "base/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 4096 };

scull_library_t *scull_base_library_open_system(const char *file_name, char *why, size_t size) {
  void *handle = dlopen(file_name, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL && why != NULL) {
    const char *words = dlerror();
    snprintf(why, size, "%s", words == NULL ? "unknown" : words);
  }
  return (scull_library_t *)handle;
}

static scull_library_t *open_in(const char *folder, size_t length, const char *file_name, char *why,
                                size_t size) {
  char path[PATH_ROOM];
  int written = snprintf(path, sizeof path, "%.*s/%s", (int)length, folder, file_name);
  if (length >= PATH_ROOM || written < 0 || written >= PATH_ROOM)
    return NULL;
  return scull_base_library_open_system(path, why, size);
}

scull_library_t *scull_base_library_open(const char *file_name, char *why, size_t size) {
  static const char here = 0;
  const char *folder = getenv("SCULL_LIBRARY_PATH");
  scull_library_t *library = NULL;
  Dl_info own;
  if (folder != NULL && folder[0] != '\0')
    library = open_in(folder, strlen(folder), file_name, why, size);
  const char *slash = NULL;
  if (library == NULL && dladdr(&here, &own) != 0 && own.dli_fname != NULL &&
      (slash = strrchr(own.dli_fname, '/')) != NULL)
    library = open_in(own.dli_fname, (size_t)(slash - own.dli_fname), file_name, why, size);
  return library != NULL ? library : scull_base_library_open_system(file_name, why, size);
}

int scull_base_library_find(scull_library_t *library, const char *symbol, void *out) {
  void *address = library == NULL ? NULL : dlsym(library, symbol);
  memcpy(out, &address, sizeof address);
  return address != NULL;
}
