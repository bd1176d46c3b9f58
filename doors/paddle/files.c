/* Files of the door's own. */
#include "files.h"

#include <stdlib.h>
#include <unistd.h>

#include "words.h"

FILE *door_temporary_file(char *path, size_t room) {
  const char *set = getenv("TMPDIR"), *folder = set == NULL || *set == '\0' ? "/tmp" : set;
  const int size = snprintf(path, room, "%s/scull-XXXXXX", folder);
  const int fd = size < (int)room ? mkstemp(path) : -1;
  FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
  if (file != NULL)
    return file;
  if (fd >= 0) {
    close(fd);
    unlink(path);
  }
  door_fail("no temporary file can be made (%s)", path);
  path[0] = '\0';
  return NULL;
}
