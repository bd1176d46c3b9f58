/* Passes by upstream's names: programs delete and append them, so the list is kept as upstream's
 * CPU list begins; those that have a counterpart here switch it off when they are deleted. */
#include <string.h>

#include "arrays.h"
#include "config.h"

typedef struct {
  const char *theirs, *ours; /* ours: NULL, no pass here (tactics do it, or nothing needs to) */
} row_t;

static const row_t rows[] = {
    {"simplify_with_basic_ops_pass", "remove_identity"},
    {"layer_norm_fuse_pass", "recognise_layer_norm"},
    {"attention_lstm_fuse_pass", NULL},
    {"seqconv_eltadd_relu_fuse_pass", NULL},
    {"seqpool_cvm_concat_fuse_pass", NULL},
    {"mul_lstm_fuse_pass", NULL},
    {"fc_gru_fuse_pass", NULL},
    {"mul_gru_fuse_pass", NULL},
    {"seq_concat_fc_fuse_pass", NULL},
    {"gpu_cpu_squeeze2_matmul_fuse_pass", NULL},
    {"gpu_cpu_reshape2_matmul_fuse_pass", NULL},
    {"gpu_cpu_flatten2_matmul_fuse_pass", NULL},
    {"matmul_v2_scale_fuse_pass", "merge_scale"},
    {"gpu_cpu_map_matmul_v2_to_mul_pass", NULL},
    {"gpu_cpu_map_matmul_v2_to_matmul_pass", NULL},
    {"matmul_scale_fuse_pass", "merge_scale"},
    {"gpu_cpu_map_matmul_to_mul_pass", NULL},
    {"fc_fuse_pass", "merge_bias"},
    {"repeated_fc_relu_fuse_pass", NULL},
    {"squared_mat_sub_fuse_pass", NULL},
    {"conv_bn_fuse_pass", "fold_batch_norm"},
    {"conv_eltwiseadd_bn_fuse_pass", "merge_affine"},
    {"conv_transpose_bn_fuse_pass", "fold_batch_norm"},
    {"conv_transpose_eltwiseadd_bn_fuse_pass", "merge_affine"},
    {"is_test_pass", NULL},
    {"constant_folding_pass", "fold_constants"},
    /* not in the CPU list, but known */
    {"identity_op_clean_pass", "remove_identity"},
    {"silu_fuse_pass", "recognise_swish"},
    {"multihead_matmul_fuse_pass_v2", "recognise_attention"},
    {"multihead_matmul_fuse_pass_v3", "recognise_attention"},
    {"conv_bias_onednn_fuse_pass", "merge_bias"},
};
enum { ROWS = sizeof rows / sizeof *rows, LISTED = 26 };

const char *door_pass_name(size_t index) {
  return index < LISTED ? rows[index].theirs : NULL;
}

static const row_t *find(const char *name) {
  for (size_t i = 0; i < ROWS; i++) {
    if (strcmp(rows[i].theirs, name) == 0)
      return &rows[i];
  }
  return NULL;
}

bool door_pass_is_known(const char *name) {
  return find(name) != NULL;
}

const char *door_pass_ours(const char *name) {
  const row_t *row = find(name);
  return row == NULL ? NULL : row->ours;
}

void PD_ConfigDeletePass(PD_Config *config, const char *pass) {
  if (!door_config_check(config, __func__))
    return;
  if (pass == NULL)
    door_fail("%s: the name is NULL", __func__);
  else if (door_words_add(&config->deleted_passes, pass))
    door_words_remove(&config->passes, pass);
}

void PD_ConfigInsertPass(PD_Config *config, size_t idx, const char *pass) {
  if (!door_config_check(config, __func__))
    return;
  if (pass == NULL || idx > config->passes.count) {
    door_fail("%s: %s", __func__, pass == NULL ? "the name is NULL" : "no such place in the list");
    return;
  }
  if (door_words_insert(&config->passes, idx, pass))
    door_words_remove(&config->deleted_passes, pass);
}

void PD_ConfigAppendPass(PD_Config *config, const char *pass) {
  if (door_config_check(config, __func__))
    PD_ConfigInsertPass(config, config->passes.count, pass);
}

PD_OneDimArrayCstr *PD_ConfigAllPasses(PD_Config *config) {
  if (!door_config_check(config, __func__))
    return NULL;
  return door_cstr_array((const char *const *)config->passes.items, config->passes.count);
}
