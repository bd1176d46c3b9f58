/* Plug-ins that a program brings. */
#include "plugin/plugin.h"

#include "api/api.h"

scull_status_t scull_plugin_register(const scull_plugin_t *plugin) {
  scull_diag_t diag;
  scull_api_begin(&diag, NULL);
  return scull_api_end(&diag, scull_plugin_add(plugin, &diag));
}

scull_status_t scull_plugin_load(const char *path) {
  scull_diag_t diag;
  if (path == NULL)
    return scull_api_refuse(__func__, "path is NULL");
  scull_api_begin(&diag, NULL);
  return scull_api_end(&diag, scull_plugin_open(path, &diag));
}
