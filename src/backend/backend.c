/* The list of backends and the questions about them. */
#include "backend/backend.h"

#include <string.h>

#define SCULL_BACKEND(name) extern const scull_backend_t scull_backend_##name;
#include "backend/backends.def"
#undef SCULL_BACKEND

static const scull_backend_t *const all[] = {
#define SCULL_BACKEND(name) &scull_backend_##name,
#include "backend/backends.def"
#undef SCULL_BACKEND
};

static const scull_backend_t *added; /* a test's */

void scull_backend_add(const scull_backend_t *backend) {
  added = backend;
}

const scull_backend_t *scull_backend_at(size_t index) {
  const size_t count = sizeof all / sizeof all[0];
  return index < count ? all[index] : index == count ? added : NULL;
}

const scull_backend_t *scull_backend_find(const char *name) {
  for (size_t i = 0; scull_backend_at(i) != NULL; i++) {
    if (strcmp(scull_backend_at(i)->name, name) == 0)
      return scull_backend_at(i);
  }
  return NULL;
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

const scull_tactic_t *scull_backend_tactic_find(const scull_backend_t *backend, const char *name) {
  for (size_t i = 0; backend->tactics[i] != NULL; i++) {
    if (strcmp(backend->tactics[i]->name, name) == 0)
      return backend->tactics[i];
  }
  return NULL;
}

bool scull_backend_tactic_applies(const scull_tactic_t *tactic, const scull_site_t *site) {
  const scull_opdef_t *anchor = site->ops[0].def;
  if (tactic->growth == SCULL_GROW_NONE && site->op_count > 1)
    return false;
  if (tactic->anchors == NULL)
    return tactic->traits == 0 || (anchor->traits & tactic->traits) != 0;
  for (size_t i = 0; tactic->anchors[i] != NULL; i++) {
    if (strcmp(tactic->anchors[i], anchor->name) == 0)
      return true;
  }
  return false;
}
