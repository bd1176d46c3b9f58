/* Operators from outside: the other side of include/scull/plugin.h. A plug-in's operators become
 * descriptors like our own, and its tactics one tactic an operator, whose first knob says which of
 * the plug-in's it is. All of it stays for the rest of the process. */
#ifndef SCULL_PLUGIN_REGISTRY_H
#define SCULL_PLUGIN_REGISTRY_H

#include <scull/plugin.h>

#include "ops/opdef.h"

/* What a plug-in said of its operator; NULL for Scull's own. */
const scull_plugin_operator_t *scull_plugin_given(const scull_opdef_t *def);

/* The operator that models of that kind call `type`; of ONNX nodes with their domain, else NULL.
 * NULL: there is none. */
const scull_opdef_t *scull_plugin_find_model(const char *type, const char *onnx_domain);

/* See scull_plugin_register and scull_plugin_load of the public header. */
scull_status_t scull_plugin_add(const scull_plugin_t *plugin, scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_plugin_open(const char *path, scull_diag_t *diag) SCULL_MUST_USE;

/* Makes sure that the plug-in of that name and version is there, for whoever `who` is (for
 * messages); it is looked for in the folders of SCULL_PLUGIN_PATH. `name` may come from a file.
 * NOT_FOUND; NEEDS_BUILD when there is another version. */
scull_status_t scull_plugin_need(const char *name, uint32_t version, const char *who,
                                 scull_diag_t *diag) SCULL_MUST_USE;

#endif
