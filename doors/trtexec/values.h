/* Lists of name:value, shapes among them, and sizes. Private to doors/trtexec. */
#ifndef SCULL_DOORS_TRTEXEC_VALUES_H
#define SCULL_DOORS_TRTEXEC_VALUES_H

#include "options.h"

typedef struct {
  char *name, *value;
} trtexec_pair_t;

typedef struct {
  trtexec_pair_t *items;
  size_t count;
} trtexec_pairs_t;

/* Reads "a:x,b:y" of every item; the last colon counts, and 'quoted:names' may hold any sign. */
bool trtexec_pairs_read(const trtexec_list_t *list, const char *flag,
                        trtexec_pairs_t *out) TRTEXEC_CHECKED;
/* Reads "a,b" of every item into names without a value. */
bool trtexec_names_read(const trtexec_list_t *list, trtexec_pairs_t *out) TRTEXEC_CHECKED;
void trtexec_pairs_deinit(trtexec_pairs_t *pairs);

/* True when `pattern`, with at most one *, fits. */
bool trtexec_name_fits(const char *pattern, const char *name);

/* "1x3x224x224", "scalar". */
bool trtexec_dims_read(const trtexec_pair_t *pair, int32_t *rank,
                       int64_t dims[SCULL_MAX_RANK]) TRTEXEC_CHECKED;

/* "workspace:1024MiB" of all items into bytes; other pools are named and passed over. */
bool trtexec_workspace_read(const trtexec_options_t *options, size_t *out) TRTEXEC_CHECKED;

/* "1x3x224x224" into `out`, which holds TRTEXEC_DIMS_ROOM bytes; answers out. */
const char *trtexec_dims_text(int32_t rank, const int64_t *dims, char *out);
#define TRTEXEC_DIMS_ROOM 192

/* "fp32", and bytes of an element. */
const char *trtexec_dtype_name(scull_dtype_t dtype);
size_t trtexec_dtype_size(scull_dtype_t dtype);

/* Element `index` as a number; `data` is of that type. */
double trtexec_element(const void *data, scull_dtype_t dtype, size_t index);

#endif
