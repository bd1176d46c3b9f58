/* oneDNN: version, the engine of the process, memory descriptors of site values, and what makes
 * every oneDNN tactic refuse a site. */
#include "backend/cpu/onednn.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

void scull_onednn_version(char *out, size_t size) {
  const dnnl_version_t *v = dnnl_version();
  snprintf(out, size, "onednn %d.%d.%d", v->major, v->minor, v->patch);
}

static dnnl_engine_t engine;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;

/* oneDNN's primitive cache must be off: its key names an implementation by its position in the walk
 * (2.6.3: src/common/primitive_iterator.hpp), and a walk that meets a cached entry counts on
 * without moving on, so later positions mean other implementations, and creation hands out the
 * wrong one.
 */
static void make_engine(void) {
  if (dnnl_set_primitive_cache_capacity(0) != dnnl_success)
    return;
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success)
    engine = NULL;
}

dnnl_engine_t scull_onednn_engine(void) {
  pthread_once(&engine_once, make_engine);
  return engine;
}

/* --- memory descriptors ----------------------------------------------------------------------- */

static dnnl_data_type_t data_type(scull_dtype_t dtype) {
  switch (dtype) {
  case SCULL_DTYPE_F32: return dnnl_f32;
  case SCULL_DTYPE_BF16: return dnnl_bf16;
  case SCULL_DTYPE_I32: return dnnl_s32;
  case SCULL_DTYPE_I8: return dnnl_s8;
  case SCULL_DTYPE_U8: return dnnl_u8;
  default: return dnnl_data_type_undef;
  }
}

static bool make_tag(scull_onednn_md_t *md, int rank, const int64_t *dims, scull_dtype_t dtype,
                     dnnl_format_tag_t tag) {
  dnnl_data_type_t type = data_type(dtype);
  if (rank < 1 || rank > DNNL_MAX_NDIMS || type == dnnl_data_type_undef)
    return false;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag(md, rank, dims, type, tag) == dnnl_success;
#else
  dnnl_dims_t all = {0}; /* the call declares that it reads them all */
  memcpy(all, dims, (size_t)rank * sizeof *dims);
  return dnnl_memory_desc_init_by_tag(md, rank, all, type, tag) == dnnl_success;
#endif
}

bool scull_onednn_md_init(scull_onednn_md_t *md, int rank, const int64_t *dims, scull_dtype_t dtype,
                          const int64_t *strides) {
  static const dnnl_format_tag_t tags[] = {dnnl_a,    dnnl_ab,    dnnl_abc,
                                           dnnl_abcd, dnnl_abcde, dnnl_abcdef};
  dnnl_data_type_t type = data_type(dtype);
  int64_t own[DNNL_MAX_NDIMS], step = 1;
  if (rank < 1 || rank > DNNL_MAX_NDIMS || type == dnnl_data_type_undef)
    return false;
  if (strides == NULL && rank <= 6)
    return make_tag(md, rank, dims, dtype, tags[rank - 1]);
  for (int i = rank - 1; i >= 0; i--) {
    own[i] = step;
    step *= dims[i];
  }
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_strides(md, rank, dims, type,
                                              strides == NULL ? own : strides) == dnnl_success;
#else
  return dnnl_memory_desc_init_by_strides(md, rank, dims, type, strides == NULL ? own : strides) ==
         dnnl_success;
#endif
}

bool scull_onednn_md_init_any(scull_onednn_md_t *md, int rank, const int64_t *dims,
                              scull_dtype_t dtype) {
  return make_tag(md, rank, dims, dtype, dnnl_format_tag_any);
}

bool scull_onednn_is_dense(const scull_site_value_t *value) {
  int64_t block = scull_backend_layout_block(value->layout);
  if (value->channel_total == 0)
    return true;
  return value->layout != SCULL_LAYOUT_NHWC && value->opt.rank >= 2 && value->opt.dim[0] == 1 &&
         value->opt.dim[1] % block == 0 && value->channel_offset % block == 0;
}

bool scull_onednn_md_init_value(scull_onednn_md_t *md, const scull_site_value_t *value) {
  static const dnnl_format_tag_t tags[SCULL_LAYOUTS][3] = {
      [SCULL_LAYOUT_NHWC] = {dnnl_acb, dnnl_acdb, dnnl_acdeb},
      [SCULL_LAYOUT_C16] = {dnnl_aBc16b, dnnl_aBcd16b, dnnl_aBcde16b},
      [SCULL_LAYOUT_C8] = {dnnl_aBc8b, dnnl_aBcd8b, dnnl_aBcde8b},
  };
  const scull_shape_t *shape = &value->opt;
  const int64_t one[] = {1};
  const scull_dtype_t dtype = scull_backend_site_stored(value);
  if (!scull_onednn_is_dense(value))
    return false;
  if (value->layout == SCULL_LAYOUT_PLAIN)
    return shape->rank == 0 ? scull_onednn_md_init(md, 1, one, dtype, NULL)
                            : scull_onednn_md_init(md, shape->rank, shape->dim, dtype, NULL);
  if (shape->rank < 3 || shape->rank > 5)
    return false;
  return make_tag(md, shape->rank, shape->dim, dtype, tags[value->layout][shape->rank - 3]);
}

bool scull_onednn_order(const scull_site_value_t *value, int32_t order[SCULL_MAX_RANK]) {
  int32_t rank = value->opt.rank;
  if (value->layout != SCULL_LAYOUT_PLAIN && value->layout != SCULL_LAYOUT_NHWC)
    return false;
  for (int32_t i = 0; i < rank; i++)
    order[i] = i;
  if (value->layout == SCULL_LAYOUT_PLAIN)
    return true;
  for (int32_t i = 1; i + 1 < rank; i++)
    order[i] = i + 1;
  order[rank - 1] = 1;
  return true;
}

#if DNNL_VERSION_MAJOR >= 3

scull_onednn_md_ref_t scull_onednn_md_ref(const scull_onednn_md_t *md) {
  return *md;
}

bool scull_onednn_md_copy(scull_onednn_md_t *md, scull_onednn_md_ref_t from) {
  return dnnl_memory_desc_clone(md, from) == dnnl_success;
}

void scull_onednn_md_deinit(scull_onednn_md_t *md) {
  if (*md != NULL)
    dnnl_memory_desc_destroy(*md);
  *md = NULL;
}

/* Size, strides and inner blocks: what tells two packings of one tensor apart. */
uint64_t scull_onednn_md_hash(scull_onednn_md_ref_t md) {
  dnnl_dims_t strides = {0}, blocks = {0}, indices = {0};
  size_t size = dnnl_memory_desc_get_size(md);
  uint64_t hash = scull_base_hash64(&size, sizeof size, 1);
  if (dnnl_memory_desc_query(md, dnnl_query_strides, &strides) == dnnl_success)
    hash = scull_base_hash64(strides, sizeof strides, hash);
  if (dnnl_memory_desc_query(md, dnnl_query_inner_blks, &blocks) == dnnl_success)
    hash = scull_base_hash64(blocks, sizeof blocks, hash);
  if (dnnl_memory_desc_query(md, dnnl_query_inner_idxs, &indices) == dnnl_success)
    hash = scull_base_hash64(indices, sizeof indices, hash);
  return hash;
}

#else

scull_onednn_md_ref_t scull_onednn_md_ref(const scull_onednn_md_t *md) {
  return md;
}

bool scull_onednn_md_copy(scull_onednn_md_t *md, scull_onednn_md_ref_t from) {
  *md = *from;
  return true;
}

void scull_onednn_md_deinit(scull_onednn_md_t *md) {
  *md = (scull_onednn_md_t){0};
}

/* Field by field: the unused ends of its lists are not defined. */
uint64_t scull_onednn_md_hash(scull_onednn_md_ref_t md) {
  size_t size = dnnl_memory_desc_get_size(md), list = (size_t)md->ndims * sizeof(dnnl_dim_t);
  uint64_t hash = scull_base_hash64(&size, sizeof size, (uint64_t)md->format_kind);
  hash = scull_base_hash64(md->padded_dims, list, hash);
  if (md->format_kind != dnnl_blocked)
    return hash;
  const dnnl_blocking_desc_t *blocks = &md->format_desc.blocking;
  size_t inner = (size_t)blocks->inner_nblks * sizeof(dnnl_dim_t);
  hash = scull_base_hash64(blocks->strides, list, hash);
  hash = scull_base_hash64(blocks->inner_blks, inner, hash);
  hash = scull_base_hash64(blocks->inner_idxs, inner, hash);
  return scull_base_hash64(&md->extra.flags, sizeof md->extra.flags, hash);
}

#endif

/* --- refusing --------------------------------------------------------------------------------- */

static const char *refuse_value(const scull_site_value_t *value, const scull_device_t *device) {
  if (scull_backend_site_stored(value) == SCULL_DTYPE_BF16 &&
      (device->features & (SCULL_CPU_AVX512_BF16 | SCULL_CPU_AMX_BF16)) == 0)
    return "bf16 is emulated on this processor";
  if (value->dtype != SCULL_DTYPE_F32 && value->dtype != SCULL_DTYPE_BF16)
    return "needs f32 or bf16";
  if (value->channel_total > 0 && (value->max.rank < 2 || value->max.dim[0] != 1))
    return "strided slices run oneDNN's reference kernels";
  return NULL;
}

const char *scull_onednn_refuse_common(const scull_site_t *site, const scull_device_t *device) {
  if (site->value_count > SCULL_ONEDNN_VALUES)
    return "too many operands";
  if (site->op_count > 1 && site->output_count != 1)
    return "an inner value is needed outside";
  for (size_t i = 0; i < site->input_count; i++) {
    const char *why = refuse_value(&site->values[site->inputs[i]], device);
    if (why != NULL)
      return why;
  }
  for (size_t i = 0; i < site->output_count; i++) {
    const char *why = refuse_value(&site->values[site->outputs[i]], device);
    if (why != NULL)
      return why;
  }
  return scull_onednn_engine() == NULL ? "oneDNN gives no engine" : NULL;
}

/* Small integers have fast kernels with channels last only. */
static bool takes_layouts(uint32_t pair, scull_layout_t src, scull_layout_t dst) {
  if (pair < SCULL_ONEDNN_INT8)
    return true;
  return src == dst && (src == SCULL_LAYOUT_NHWC || src == SCULL_LAYOUT_PLAIN);
}

size_t scull_onednn_layouts(const scull_onednn_family_t *family, const scull_site_t *site,
                            const scull_device_t *device, scull_config_t *out, size_t room) {
  static const scull_precision_t pairs[][2] = {{SCULL_AS_BF16, SCULL_AS_BF16},
                                               {SCULL_AS_BF16, SCULL_AS_MODEL},
                                               {SCULL_AS_INT8, SCULL_AS_INT8},
                                               {SCULL_AS_INT8, SCULL_AS_MODEL}};
  bool wide = (device->features & SCULL_CPU_AVX512) != 0;
  scull_layout_t block = wide ? SCULL_LAYOUT_C16 : SCULL_LAYOUT_C8;
  const scull_layout_t layouts[][2] = {{SCULL_LAYOUT_NHWC, SCULL_LAYOUT_NHWC},
                                       {block, block},
                                       {SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_PLAIN},
                                       {SCULL_LAYOUT_PLAIN, block},
                                       {SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_NHWC}};
  const size_t count = sizeof layouts / sizeof layouts[0];
  size_t made = 0;
  for (int p = -1; p < 4; p++) {
    const uint32_t pair = p < 0 ? 0 : 1u << p;
    if (p >= 0 && ((family->pairs & pair) == 0 || !scull_backend_site_permits(site, pairs[p][0])))
      continue;
    for (size_t i = 0; i < count && made < room; i++) {
      if (p < 0)
        out[made++] = (scull_config_t){.src = layouts[i][0], .dst = layouts[i][1]};
      else if (takes_layouts(pair, layouts[i][0], layouts[i][1]))
        out[made++] = (scull_config_t){.src = layouts[i][0],
                                       .dst = layouts[i][1],
                                       .src_as = pairs[p][0],
                                       .dst_as = pairs[p][1]};
    }
  }
  return made;
}

uint32_t scull_onednn_alias_residual(const scull_site_t *site, const scull_config_t *config) {
  scull_epilogue_t epilogue;
  (void)config;
  if (!scull_backend_site_epilogue(site, &epilogue) || epilogue.add == NULL)
    return 0;
  for (size_t i = 0; i < site->ops[0].input_count; i++) {
    if (site->ops[0].inputs[i] == epilogue.residual_index)
      return 0; /* the anchor reads it, too */
  }
  for (size_t i = 0; i < site->input_count && i < 32; i++) {
    if (site->inputs[i] == epilogue.residual_index)
      return 1u << i;
  }
  return 0;
}

uint32_t scull_onednn_alias_first(const scull_site_t *site, const scull_config_t *config) {
  (void)config;
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  return site->input_count > 0 && site->inputs[0] == site->ops[0].inputs[0] &&
                 scull_backend_site_stored(x) ==
                     scull_backend_site_stored(&site->values[site->outputs[0]])
             ? 1u
             : 0;
}
