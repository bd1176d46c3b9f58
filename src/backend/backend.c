/* The list of backends and the questions about them. */
#include "backend/backend.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/library.h"

/* --- backends that are libraries of their own ------------------------------------------------- */

/* What stands for a library that is not there: it can only say why. */
typedef struct {
  const char *file_name;
  char why[512];
  pthread_once_t once;
  const scull_backend_t *found;
} library_t;

static const scull_tactic_t *const no_tactics[] = {NULL};

static void load(library_t *library, const scull_backend_t *instead) {
  scull_backend_entry_t entry = NULL;
  char words[400] = "";
  library->found = instead;
  scull_library_t *handle = scull_base_library_open(library->file_name, words, sizeof words);
  if (handle == NULL) {
    snprintf(library->why, sizeof library->why, "its library cannot be opened: %s", words);
    return;
  }
  const scull_backend_t *backend = NULL;
  if (scull_base_library_find(handle, "scull_backend_entry", &entry))
    backend = entry(SCULL_BACKEND_ABI);
  if (backend == NULL)
    snprintf(library->why, sizeof library->why, "%s is of another version of Scull",
             library->file_name);
  else
    library->found = backend;
}

#define SCULL_BACKEND(name) extern const scull_backend_t scull_backend_##name;
#define SCULL_BACKEND_LIBRARY(own)                                                                 \
  static library_t library_##own = {.file_name = "libscull_" #own ".so",                           \
                                    .once = PTHREAD_ONCE_INIT};                                    \
  static const char *absent_##own(void) {                                                          \
    return library_##own.why;                                                                      \
  }                                                                                                \
  static const scull_backend_t no_##own = {                                                        \
      .name = #own, .absent = absent_##own, .tactics = no_tactics};                                \
  static void load_##own(void) {                                                                   \
    load(&library_##own, &no_##own);                                                               \
  }
#include "backend/backends.def"
#undef SCULL_BACKEND
#undef SCULL_BACKEND_LIBRARY

/* --- the list --------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  const scull_backend_t *backend; /* NULL: in a library */
  library_t *library;
  void (*load)(void);
} row_t;

static const row_t rows[] = {
#define SCULL_BACKEND(own) {#own, &scull_backend_##own, NULL, NULL},
#define SCULL_BACKEND_LIBRARY(own) {#own, NULL, &library_##own, load_##own},
#include "backend/backends.def"
#undef SCULL_BACKEND
#undef SCULL_BACKEND_LIBRARY
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static const scull_backend_t *added; /* a test's */

void scull_backend_add(const scull_backend_t *backend) {
  added = backend;
}

const scull_backend_t *scull_backend_at(size_t index) {
  if (index >= ROWS)
    return index == ROWS ? added : NULL;
  const row_t *row = &rows[index];
  if (row->backend != NULL)
    return row->backend;
  return pthread_once(&row->library->once, row->load) == 0 ? row->library->found : NULL;
}

/* By the list's names, so that libraries that nobody asks for stay closed. */
const scull_backend_t *scull_backend_find(const char *name) {
  for (size_t i = 0; i < ROWS; i++) {
    if (strcmp(rows[i].name, name) == 0)
      return scull_backend_at(i);
  }
  return added != NULL && strcmp(added->name, name) == 0 ? added : NULL;
}

scull_status_t scull_backend_open(const scull_backend_t *backend, int index, scull_device_t **out,
                                  scull_diag_t *diag) {
  const scull_backend_t *host = &scull_backend_cpu;
  const char *why = backend->absent();
  *out = NULL;
  if (why != NULL)
    return scull_base_fail(diag, SCULL_DEVICE, "%s: %s", backend->name, why);
  SCULL_TRY(backend->open(index, out, diag));
  scull_status_t status = backend->discrete ? host->open(0, &(*out)->host, diag) : SCULL_OK;
  if (status != SCULL_OK) {
    backend->close(*out);
    *out = NULL;
  }
  return status;
}

void scull_backend_close(scull_device_t *device) {
  if (device == NULL)
    return;
  scull_backend_close(device->host);
  device->backend->close(device);
}

void scull_backend_device_print(const scull_device_t *device, scull_text_t *text) {
  scull_base_text_print(text, "%s: %s; features %x; caches %zu/%zu/%zu; %s", device->backend->name,
                        device->name, device->features, device->l1_bytes, device->l2_bytes,
                        device->l3_bytes, device->libraries);
}

/* --- tactics ---------------------------------------------------------------------------------- */

/* The processor's tactics with those of plug-ins. A list that somebody may be reading is kept: the
 * newer one points at it. */
typedef struct longer {
  struct longer *before;
  const scull_tactic_t *tactics[];
} longer_t;

static _Atomic(longer_t *) longer;

const scull_tactic_t *const *scull_backend_tactics(const scull_backend_t *backend) {
  longer_t *list = backend == &scull_backend_cpu ? atomic_load(&longer) : NULL;
  return list == NULL ? backend->tactics : list->tactics;
}

bool scull_backend_tactics_add(const scull_tactic_t *const *tactics, size_t count) {
  const scull_tactic_t *const *now = scull_backend_tactics(&scull_backend_cpu);
  size_t before = 0;
  while (now[before] != NULL)
    before++;
  longer_t *list = scull_base_alloc(sizeof *list + (before + count + 1) * sizeof(*list->tactics));
  if (list == NULL)
    return false;
  list->before = atomic_load(&longer);
  memcpy(list->tactics, now, before * sizeof(*list->tactics));
  memcpy(list->tactics + before, tactics, count * sizeof(*list->tactics));
  atomic_store(&longer, list);
  return true;
}

const scull_tactic_t *scull_backend_tactic_find(const scull_backend_t *backend, const char *name) {
  const scull_tactic_t *const *tactics = scull_backend_tactics(backend);
  for (size_t i = 0; tactics[i] != NULL; i++) {
    if (strcmp(tactics[i]->name, name) == 0)
      return tactics[i];
  }
  return NULL;
}

bool scull_backend_tactic_applies(const scull_tactic_t *tactic, const scull_site_t *site) {
  const scull_opdef_t *anchor = site->ops[0].def;
  if (tactic->growth == SCULL_GROW_NONE && site->op_count > 1)
    return false;
  bool pools =
      site->op_count > 1 && (site->ops[site->op_count - 1].def->traits & SCULL_OP_POOLING) != 0;
  if (pools != (tactic->growth == SCULL_GROW_POOLING))
    return false;
  for (size_t i = 0; i < site->value_count; i++) {
    if (site->values[i].as != SCULL_AS_MODEL && (tactic->precisions >> site->values[i].as & 1) == 0)
      return false;
  }
  if (tactic->anchors == NULL)
    return tactic->traits == 0 || (anchor->traits & tactic->traits) != 0;
  for (size_t i = 0; tactic->anchors[i] != NULL; i++) {
    if (strcmp(tactic->anchors[i], anchor->name) == 0)
      return true;
  }
  return false;
}
