/* Graphviz is started as a process of its own, without a shell: paths are passed as they are. */
#define _POSIX_C_SOURCE 200809L
#include "picture.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "console.h"

extern char **environ;

static scull_status_t write_text(const char *path, const char *text, size_t size) {
  FILE *file = fopen(path, "wb");
  if (!file)
    return cli_fail_errno(path, "write");
  bool good = fwrite(text, 1, size, file) == size;
  if (fclose(file) != 0)
    good = false;
  return good ? SCULL_OK : cli_fail_errno(path, "write");
}

/* The text behind the last dot of the file name; "" when there is none. */
static const char *extension_of(const char *path) {
  const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
  return dot && (!slash || dot > slash) ? dot + 1 : "";
}

/* "net.svg" -> "net.dot"; the caller frees it. */
static char *source_path(const char *path) {
  size_t stem = strlen(path), length = strlen(extension_of(path));
  if (length > 0)
    stem -= length + 1;
  char *out = malloc(stem + sizeof ".dot");
  if (out) {
    memcpy(out, path, stem);
    memcpy(out + stem, ".dot", sizeof ".dot");
  }
  return out;
}

/* Exit status of `dot`; 127 when it is not installed. */
static int run_dot(const char *format, const char *src, const char *dst) {
  char program[] = "dot", output[] = "-o", option[16];
  pid_t child = 0;
  int state = 0;
  snprintf(option, sizeof option, "-T%s", format);
  char *const words[] = {program, option, output, (char *)(uintptr_t)dst, (char *)(uintptr_t)src,
                         NULL};
  if (posix_spawnp(&child, program, NULL, NULL, words, environ) != 0)
    return 127;
  while (waitpid(child, &state, 0) < 0)
    if (errno != EINTR)
      return 126;
  return WIFEXITED(state) ? WEXITSTATUS(state) : 126;
}

static scull_status_t draw(const char *path, const char *format, const char *src) {
  int code = run_dot(format, src, path);
  if (code == 127) {
    cli_note("picture: %s (Graphviz is not installed: dot -T%s %s -o %s draws it)", src, format,
             src, path);
    return SCULL_OK;
  }
  if (code != 0)
    return cli_fail(SCULL_IO, "%s: dot failed on %s with exit status %d", path, src, code);
  unlink(src);
  cli_note("picture: %s", path);
  return SCULL_OK;
}

scull_status_t cli_picture_write(const char *path, const char *source, size_t size) {
  const char *format = extension_of(path);
  bool text_only = strcmp(format, "dot") == 0 || strcmp(format, "gv") == 0;
  if (!text_only && (!format[0] || strlen(format) > 8))
    return cli_fail(SCULL_INVALID_ARGUMENT, "--picture wants a file such as net.svg, not '%s'",
                    path);
  char *src = text_only ? strdup(path) : source_path(path);
  if (!src)
    return cli_fail_memory();
  scull_status_t status = write_text(src, source, size);
  if (status == SCULL_OK && text_only)
    cli_note("picture: %s", path);
  else if (status == SCULL_OK)
    status = draw(path, format, src);
  free(src);
  return status;
}
