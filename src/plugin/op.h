/* How a plug-in's operator is kept. Private to plugin/. */
#ifndef SCULL_PLUGIN_OP_H
#define SCULL_PLUGIN_OP_H

#include "backend/backend.h"
#include "plugin/plugin.h"

/* One operator of a plug-in. Its descriptor comes first, so that a call's `def` leads here. */
typedef struct scull_plugin_op {
  scull_opdef_t def;
  scull_tactic_t tactic; /* with a name when it has some for the processor */
  const char *anchors[2];
  scull_ops_added_t entry;       /* in the list of operators */
  scull_plugin_operator_t given; /* what an older header lacks is zero */
} scull_plugin_op_t;

/* The operator behind a descriptor; NULL for Scull's own. */
const scull_plugin_op_t *scull_plugin_op(const scull_opdef_t *def);

/* A plug-in's call with its tensors. */
typedef struct scull_plugin_frame {
  scull_plugin_call_t call;
  scull_plugin_tensor_t inputs[SCULL_PLUGIN_MAX_PORTS], outputs[SCULL_PLUGIN_MAX_PORTS];
  const scull_opdef_t *def;
  scull_diag_t *diag;
} scull_plugin_frame_t;

void scull_plugin_frame_init(scull_plugin_frame_t *frame, const scull_opdef_t *def,
                             const void *fields, scull_diag_t *diag);
void scull_plugin_tensor_fill(scull_plugin_tensor_t *to, scull_dtype_t dtype,
                              const scull_shape_t *shape, const void *data);

/* Fill the tables of a descriptor and of its tactic. */
void scull_plugin_make_def(scull_plugin_op_t *op);
void scull_plugin_make_tactic(scull_plugin_op_t *op);

#endif
