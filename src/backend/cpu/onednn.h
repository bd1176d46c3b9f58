/* What the oneDNN tactics share. A family file (onednn_<family>.c) describes a site as a *recipe*:
 * which value of the site is which argument of a primitive, and the parameters. Everything else is
 * done once, here: walking through the implementations that the library offers (its slow reference
 * kernels are never taken), enumerating configurations, packing constants into the layout that an
 * implementation asks for, preparing, executing.
 *
 * Threads and forks: there is one engine a process (immutable, shared); a state owns its primitive,
 * stream and memory objects, so states may run in several threads at once. A primitive has the
 * thread count of its creation baked in, and many split their work by it, whatever team they get;
 * enqueue therefore applies that count again. In a forked child (whose pool is gone) states are
 * prepared for one thread, and states that came through the fork with more refuse to run. */
#ifndef SCULL_BACKEND_CPU_ONEDNN_H
#define SCULL_BACKEND_CPU_ONEDNN_H

#include <oneapi/dnnl/dnnl.h>

#include "backend/cpu/tactics.h"

/* Prints "onednn 2.6.3" of the library that is loaded. */
void scull_onednn_version(char *out, size_t size);

/* The engine of the process; NULL when the library cannot make one. Thread safe. */
dnnl_engine_t scull_onednn_engine(void);

/* --- memory descriptors: a struct in 2.x, a pointer that is owned in 3.x -----------------------
 */

typedef dnnl_memory_desc_t scull_onednn_md_t;

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t scull_onednn_md_ref_t;
#else
typedef const dnnl_memory_desc_t *scull_onednn_md_ref_t;
#endif

scull_onednn_md_ref_t scull_onednn_md_ref(const scull_onednn_md_t *md);

/* Row-major when `strides` is NULL. Each false when the library refuses; then *md needs no deinit.
 */
bool scull_onednn_md_init(scull_onednn_md_t *md, int rank, const int64_t *dims, scull_dtype_t dtype,
                          const int64_t *strides);
bool scull_onednn_md_init_any(scull_onednn_md_t *md, int rank, const int64_t *dims,
                              scull_dtype_t dtype);
/* False for a slice with gaps: one picture's channels are contiguous, unless channels are last. */
bool scull_onednn_is_dense(const scull_site_value_t *value);
/* The bytes of a value in its layout. Slices: only where they are contiguous (C16, one picture). */
bool scull_onednn_md_init_value(scull_onednn_md_t *md, const scull_site_value_t *value);
/* The value's axes from the slowest to the fastest in memory; false in blocked layouts. */
bool scull_onednn_order(const scull_site_value_t *value, int32_t order[SCULL_MAX_RANK]);
bool scull_onednn_md_copy(scull_onednn_md_t *md, scull_onednn_md_ref_t from);
void scull_onednn_md_deinit(scull_onednn_md_t *md);
uint64_t scull_onednn_md_hash(scull_onednn_md_ref_t md);

/* --- recipes ---------------------------------------------------------------------------------- */

enum { SCULL_ONEDNN_OPERANDS = 72, SCULL_ONEDNN_VALUES = 96 };

typedef struct scull_onednn_operand {
  int arg;                        /* DNNL_ARG_SRC, ... */
  uint16_t value;                 /* of the site */
  bool packed;                    /* a constant that `pack` writes */
  scull_onednn_md_t held, wanted; /* how its bytes lie; what the primitive is asked to take */
} scull_onednn_operand_t;

/* Parameters of all families; each uses some. */
typedef struct scull_onednn_parameters {
  dnnl_alg_kind_t algorithm;
  dnnl_dims_t kernel, strides, dilations, pads_begin, pads_end; /* dilation 0 = dense */
  int axis;
  float alpha, beta, k, epsilon;
  int64_t size;
  unsigned flags;
  dnnl_rnn_direction_t direction;
} scull_onednn_parameters_t;

/* Zeroed, then filled by a family's describe; given back by scull_onednn_recipe_deinit. */
typedef struct scull_onednn_recipe {
  scull_onednn_operand_t operands[SCULL_ONEDNN_OPERANDS];
  size_t count;
  scull_onednn_parameters_t parameters;
  dnnl_primitive_attr_t attr; /* with user scratchpad */
  uint16_t residual;          /* a value that is copied into output 0 first, or ABSENT */
  scull_dtype_t weights; /* as what constants that the primitive may lay out are packed; NONE: as
                            they are */
  bool is_int8;          /* a product of small integers: the numbers of onednn_int8.c count */
  float src_scale, dst_scale; /* 1: not small integers */
  float out_factor;           /* what the product is multiplied with besides its own scales */
} scull_onednn_recipe_t;

/* Adds value `value` as argument `arg`: `held` (taken over, also on failure) says how its bytes
 * lie. The primitive is asked for the same, or with `any` for what it likes best; then the value
 * must be a constant. */
bool scull_onednn_recipe_add(scull_onednn_recipe_t *recipe, const scull_site_t *site, int arg,
                             uint16_t value, scull_onednn_md_t held, bool any);
/* The usual case: the value in its own shape and layout. */
bool scull_onednn_recipe_add_value(scull_onednn_recipe_t *recipe, const scull_site_t *site, int arg,
                                   uint16_t value);
/* Appends what stands behind the anchor as post-operations; false when oneDNN's formulas do not
 * fit. */
bool scull_onednn_recipe_add_epilogue(scull_onednn_recipe_t *recipe,
                                      const scull_epilogue_t *epilogue);
/* What the primitive is asked to take for `arg`; NULL when the recipe has no such argument. */
scull_onednn_md_ref_t scull_onednn_recipe_md(const scull_onednn_recipe_t *recipe, int arg);
void scull_onednn_recipe_deinit(scull_onednn_recipe_t *recipe);

/* --- implementations -------------------------------------------------------------------------- */

/* The implementations of a primitive, one after the other. Must not move: in 2.x the iterator
 * points at the descriptor. */
typedef struct scull_onednn_walk {
  dnnl_primitive_desc_t pd; /* the current one, owned by the walk; NULL past the end */
#if DNNL_VERSION_MAJOR < 3
  dnnl_primitive_desc_iterator_t iterator;
  union {
    dnnl_convolution_desc_t convolution;
    dnnl_matmul_desc_t matmul;
    dnnl_inner_product_desc_t inner_product;
    dnnl_pooling_v2_desc_t pooling;
    dnnl_softmax_v2_desc_t softmax;
    dnnl_layer_normalization_desc_t layer_norm;
    dnnl_batch_normalization_desc_t batch_norm;
    dnnl_lrn_desc_t lrn;
    dnnl_eltwise_desc_t eltwise;
    dnnl_binary_desc_t binary;
    dnnl_resampling_desc_t resampling;
    dnnl_reduction_desc_t reduction;
    dnnl_rnn_desc_t rnn;
  } desc;
#endif
} scull_onednn_walk_t;

/* Bits: which pairs of source and destination precision a family is tried in besides the model's.
 */
enum {
  SCULL_ONEDNN_BF16 = 1u << 0,     /* bf16 to bf16 */
  SCULL_ONEDNN_BF16_F32 = 1u << 1, /* bf16 to f32 */
  SCULL_ONEDNN_INT8 = 1u << 2,     /* small integers to small integers */
  SCULL_ONEDNN_INT8_F32 = 1u << 3, /* small integers to f32 */
};

/* For the tactics of families that know bf16, or both. */
#define SCULL_ONEDNN_IN_BF16 (1u << SCULL_AS_BF16)
#define SCULL_ONEDNN_IN_ALL (1u << SCULL_AS_BF16 | 1u << SCULL_AS_INT8)

/* A family of tactics: how a site becomes a recipe, and a recipe a walk. */
typedef struct scull_onednn_family {
  uint32_t pairs;  /* SCULL_ONEDNN_BF16, ... */
  bool is_product; /* of operands 0 and 1: small integers have a scale each, and a channel of the
                      weights its own. Other families want one quantization everywhere */

  /* NULL, or why the site is none of this family's, in words; may be NULL. */
  const char *(*check)(const scull_site_t *site);
  /* Fills a recipe from the site's `opt` shapes and layouts; false: not possible in these. */
  bool (*describe)(const scull_site_t *site, scull_onednn_recipe_t *recipe);
  /* One of scull_onednn_begin_*. */
  dnnl_status_t (*begin)(const scull_onednn_recipe_t *recipe, scull_onednn_walk_t *walk);
  bool takes_reference; /* for a primitive whose only implementation is fast but named "ref" */
} scull_onednn_family_t;

/* What a primitive's creation call is, in 2.x and 3.x alike (onednn_begin.c). */
dnnl_status_t scull_onednn_begin_convolution(const scull_onednn_recipe_t *recipe,
                                             scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_deconvolution(const scull_onednn_recipe_t *recipe,
                                               scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_matmul(const scull_onednn_recipe_t *recipe,
                                        scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_inner_product(const scull_onednn_recipe_t *recipe,
                                               scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_pooling(const scull_onednn_recipe_t *recipe,
                                         scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_softmax(const scull_onednn_recipe_t *recipe,
                                         scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_layer_norm(const scull_onednn_recipe_t *recipe,
                                            scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_batch_norm(const scull_onednn_recipe_t *recipe,
                                            scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_lrn(const scull_onednn_recipe_t *recipe,
                                     scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_eltwise(const scull_onednn_recipe_t *recipe,
                                         scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_binary(const scull_onednn_recipe_t *recipe,
                                        scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_concat(const scull_onednn_recipe_t *recipe,
                                        scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_resampling(const scull_onednn_recipe_t *recipe,
                                            scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_reduction(const scull_onednn_recipe_t *recipe,
                                           scull_onednn_walk_t *walk);
dnnl_status_t scull_onednn_begin_lstm(const scull_onednn_recipe_t *recipe,
                                      scull_onednn_walk_t *walk);
/* To the next implementation; walk->pd is NULL past the last one. */
void scull_onednn_walk_next(scull_onednn_walk_t *walk);
void scull_onednn_walk_deinit(scull_onednn_walk_t *walk);

/* A recipe together with the implementation that a config means. */
typedef struct scull_onednn_choice {
  scull_onednn_recipe_t recipe;
  scull_onednn_walk_t walk; /* stands at the implementation */
} scull_onednn_choice_t;

/* Describes the site in its `opt` shapes and finds the implementation (config NULL: the first).
 * `packed` (may be NULL) is a choice in other shapes whose packed constants must be taken as they
 * are. False when there is none; `out` then needs no deinit. */
bool scull_onednn_choice_init(const scull_onednn_family_t *family, const scull_site_t *site,
                              const scull_config_t *config, const scull_onednn_choice_t *packed,
                              scull_onednn_choice_t *out);
void scull_onednn_choice_deinit(scull_onednn_choice_t *choice);

/* Where the packed constants lie: a header of 64 bytes with their hash, then each at a multiple of
 * 64. Returns the bytes in all, 0 when there are none; `offsets` (may be NULL) has an item for each
 * operand. */
size_t scull_onednn_choice_packed(const scull_onednn_choice_t *choice, size_t *offsets,
                                  uint64_t *hash);

/* A copy of a site whose values may be changed. */
typedef struct scull_onednn_copy {
  scull_site_t site;
  scull_site_value_t values[SCULL_ONEDNN_VALUES];
} scull_onednn_copy_t;

enum { SCULL_ONEDNN_AT_OPT, SCULL_ONEDNN_AT_MIN, SCULL_ONEDNN_AT_MAX };

/* `site` with `opt` replaced by one end of the range, and the layouts of `config` unless NULL. */
void scull_onednn_copy_init(scull_onednn_copy_t *copy, const scull_site_t *site,
                            const scull_config_t *config, int at);

/* The choice whose packed constants serve the whole range: made at max, for the threads that the
 * config was made for. */
bool scull_onednn_choice_init_packed(const scull_onednn_family_t *family, const scull_site_t *site,
                                     const scull_config_t *config, scull_onednn_choice_t *out);

/* True when no input of the site has a range of shapes. */
bool scull_onednn_is_fixed(const scull_site_t *site);

/* --- tactics ---------------------------------------------------------------------------------- */

/* NULL, or why no oneDNN tactic takes this site: element types, slices, operand count. */
const char *scull_onednn_refuse_common(const scull_site_t *site, const scull_device_t *device);
/* NULL, or why: the above, the family's check, or that the library has only
 * reference kernels for it. */
const char *scull_onednn_refuse(const scull_onednn_family_t *family, const scull_site_t *site,
                                const scull_device_t *device);

/* --- small integers (onednn_int8.c) ----------------------------------------------------------- */

/* True when products of bytes add up in 32 bits. */
bool scull_onednn_has_vnni(void);

/* True when the values that are stored as small integers have the scales that the family needs. */
bool scull_onednn_int8_fits(const scull_onednn_family_t *family, const scull_site_t *site);

/* Sets the scales of a product's result, once its post-operations are known. */
bool scull_onednn_int8_set_scales(const scull_site_t *site, scull_onednn_recipe_t *recipe);

/* A constant of a product as it is packed: weights as s8 by their scales, the bias in units of the
 * accumulators; scull_base_free. NULL when memory is short or the constant has no scales. */
void *scull_onednn_int8_constant(const scull_site_t *site, const scull_onednn_recipe_t *recipe,
                                 uint16_t value, const void *data);

/* The formats that a family is tried in on this device, best guess first: all layouts in the
 * model's types, then what the site permits. */
size_t scull_onednn_layouts(const scull_onednn_family_t *family, const scull_site_t *site,
                            const scull_device_t *device, scull_config_t *out, size_t room);

/* Every implementation for every one of these layouts. Knob 0 is the number of the implementation,
 * knob 1 its name's hash, by which it is found again in other shapes (0: go by the number), knob 2
 * the threads it was chosen for, on which packed layouts may depend. */
size_t scull_onednn_configs(const scull_onednn_family_t *family, const scull_site_t *site,
                            const scull_device_t *device, scull_config_t *out, size_t room);
scull_status_t scull_onednn_pack_size(const scull_onednn_family_t *family, const scull_site_t *site,
                                      const scull_config_t *config, size_t *bytes) SCULL_MUST_USE;
scull_status_t scull_onednn_pack(const scull_onednn_family_t *family, const scull_site_t *site,
                                 const scull_config_t *config, void *dst) SCULL_MUST_USE;
scull_status_t scull_onednn_prepare(const scull_onednn_family_t *family, const scull_site_t *site,
                                    const scull_config_t *config, scull_prepared_t *out,
                                    scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_onednn_enqueue(void *state, const scull_args_t *args) SCULL_MUST_USE;
void scull_onednn_release(void *state);
/* The residual may be overwritten. */
uint32_t scull_onednn_alias_residual(const scull_site_t *site, const scull_config_t *config);
/* Input 0 may be overwritten. */
uint32_t scull_onednn_alias_first(const scull_site_t *site, const scull_config_t *config);

/* Defines scull_tactic_cpu_onednn_<kind>, named "cpu.onednn.<text>", over <kind>_family and
 * <kind>_anchors (NULL-terminated), for families whose constant operands are packed. `...` are
 * further fields of the tactic: growth, alias. */
#define SCULL_ONEDNN_TACTIC(kind, text, ...)                                                       \
  static scull_status_t kind##_pack_size(const scull_site_t *site, const scull_config_t *config,   \
                                         const scull_device_t *device, size_t *bytes) {            \
    (void)device;                                                                                  \
    return scull_onednn_pack_size(&kind##_family, site, config, bytes);                            \
  }                                                                                                \
  static scull_status_t kind##_pack(const scull_site_t *site, const scull_config_t *config,        \
                                    const scull_device_t *device, void *dst) {                     \
    (void)device;                                                                                  \
    return scull_onednn_pack(&kind##_family, site, config, dst);                                   \
  }                                                                                                \
  SCULL_ONEDNN_TACTIC_UNPACKED(kind, text, .pack_size = kind##_pack_size, .pack = kind##_pack,     \
                               __VA_ARGS__)

/* The same for families whose primitives read no constants. */
#define SCULL_ONEDNN_TACTIC_UNPACKED(kind, text, ...)                                              \
  static const char *kind##_refuse(const scull_site_t *site, const scull_device_t *device) {       \
    return scull_onednn_refuse(&kind##_family, site, device);                                      \
  }                                                                                                \
  static size_t kind##_configs(const scull_site_t *site, const scull_device_t *device,             \
                               scull_config_t *out, size_t room) {                                 \
    return scull_onednn_configs(&kind##_family, site, device, out, room);                          \
  }                                                                                                \
  static scull_status_t kind##_prepare(const scull_site_t *site, const scull_config_t *config,     \
                                       const scull_device_t *device, scull_prepared_t *out,        \
                                       scull_diag_t *diag) {                                       \
    (void)device;                                                                                  \
    return scull_onednn_prepare(&kind##_family, site, config, out, diag);                          \
  }                                                                                                \
  const scull_tactic_t scull_tactic_cpu_onednn_##kind = {.name = "cpu.onednn." text,               \
                                                         .version = 1,                             \
                                                         .anchors = kind##_anchors,                \
                                                         .refuse = kind##_refuse,                  \
                                                         .configs = kind##_configs,                \
                                                         .prepare = kind##_prepare,                \
                                                         .enqueue = scull_onednn_enqueue,          \
                                                         .release = scull_onednn_release,          \
                                                         __VA_ARGS__}

/* --- element-wise formulas -------------------------------------------------------------------- */

typedef struct scull_onednn_eltwise {
  dnnl_alg_kind_t algorithm;
  float alpha, beta;
} scull_onednn_eltwise_t;

/* The one or two element-wise steps that compute `op` exactly as ops/ defines it; 0 when oneDNN has
 * no such formula. */
size_t scull_onednn_eltwise_find(const scull_site_op_t *op, scull_onednn_eltwise_t out[2]);

#endif
