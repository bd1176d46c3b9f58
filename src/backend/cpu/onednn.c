/* oneDNN: version and shared helpers. */
#include "backend/cpu/onednn.h"

#include <stdio.h>

#include <oneapi/dnnl/dnnl.h>

void scull_onednn_version(char *out, size_t size) {
  const dnnl_version_t *v = dnnl_version();
  snprintf(out, size, "onednn %d.%d.%d", v->major, v->minor, v->patch);
}
