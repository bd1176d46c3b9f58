#define _POSIX_C_SOURCE 200809L
#include "ranges.h"

#include <stdlib.h>
#include <string.h>

#include "console.h"

/* min, opt, max: what the flags say. */
typedef struct {
  trtexec_pairs_t specs[3];
  int64_t batch[3]; /* 0: not given */
} wishes_t;

typedef struct {
  trtexec_ranges_t *ranges;
  bool failed;
} taking_t;

static bool add_output(trtexec_ranges_t *ranges, const char *name) {
  char **items = realloc(ranges->outputs, (ranges->output_count + 1) * sizeof *items);
  if (items == NULL)
    return false;
  ranges->outputs = items;
  items[ranges->output_count] = strdup(name);
  return items[ranges->output_count++] != NULL;
}

static bool add_input(trtexec_ranges_t *ranges, const char *name, int32_t rank,
                      const int64_t *dims) {
  scull_shape_range_t *items = realloc(ranges->items, (ranges->count + 1) * sizeof *items);
  if (items == NULL)
    return false;
  ranges->items = items;
  scull_shape_range_t *made = &items[ranges->count++];
  *made = (scull_shape_range_t){.name = strdup(name), .rank = rank};
  for (int32_t i = 0; i < rank; i++)
    made->min[i] = made->opt[i] = made->max[i] = dims[i];
  return made->name != NULL;
}

static void take_port(void *user, const scull_port_info_t *port) {
  taking_t *taking = user;
  const bool ok = port->is_output ? add_output(taking->ranges, port->name)
                                  : add_input(taking->ranges, port->name, port->rank, port->dims);
  taking->failed = taking->failed || !ok;
}

/* --- specs --------------------------------------------------------------------------------------
 */

static bool fits_any(const trtexec_ranges_t *ranges, const char *pattern) {
  for (size_t i = 0; i < ranges->count; i++) {
    if (trtexec_name_fits(pattern, ranges->items[i].name))
      return true;
  }
  return false;
}

/* Every spec must name an input. */
static bool check_names(const wishes_t *wishes, const trtexec_ranges_t *ranges) {
  for (int side = 0; side < 3; side++) {
    for (size_t i = 0; i < wishes->specs[side].count; i++) {
      if (!fits_any(ranges, wishes->specs[side].items[i].name))
        return trtexec_fail("Cannot find input tensor with name \"%s\" in the network inputs! "
                            "Please make sure the input tensor names are correct.",
                            wishes->specs[side].items[i].name);
    }
  }
  return true;
}

/* Joins a spec of a further profile to what was there: the widest counts, the first is best. */
static bool join(int side, int64_t *mine, int32_t rank, const int64_t *dims, bool first) {
  for (int32_t i = 0; i < rank; i++) {
    if (first || (side == 0 && dims[i] < mine[i]) || (side == 2 && dims[i] > mine[i]))
      mine[i] = dims[i];
  }
  return true;
}

static bool apply_spec(const trtexec_pair_t *pair, int side, scull_shape_range_t *range,
                       bool first) {
  int64_t *const sides[] = {range->min, range->opt, range->max};
  int64_t dims[SCULL_MAX_RANK];
  int32_t rank = 0;
  if (!trtexec_dims_read(pair, &rank, dims))
    return false;
  if (range->rank >= 0 && rank != range->rank)
    return trtexec_fail("'%s' has rank %d, not %d as '%s'", range->name, (int)range->rank,
                        (int)rank, pair->value);
  range->rank = rank;
  return join(side, sides[side], rank, dims, first);
}

/* False on failure; *given tells whether the flags name this input. */
static bool apply_specs(const wishes_t *wishes, scull_shape_range_t *range, bool *given) {
  int sides = 0;
  *given = false;
  for (int side = 0; side < 3; side++) {
    bool first = true;
    for (size_t i = 0; i < wishes->specs[side].count; i++) {
      const trtexec_pair_t *pair = &wishes->specs[side].items[i];
      if (!trtexec_name_fits(pair->name, range->name))
        continue;
      if (!apply_spec(pair, side, range, first))
        return false;
      first = false;
      *given = true;
    }
    sides += !first;
  }
  if (sides != 0 && sides != 3)
    return trtexec_fail("'%s' has a shape in some of --minShapes, --optShapes, --maxShapes only",
                        range->name);
  return true;
}

/* Extents that nothing gives; --batch is dimension 0. */
static bool fill_open(const wishes_t *wishes, scull_shape_range_t *range, bool is_caffe) {
  int64_t *const sides[] = {range->min, range->opt, range->max};
  char text[TRTEXEC_DIMS_ROOM];
  bool guessed = false;
  if (range->rank < 0)
    return trtexec_fail("the shape of input '%s' is open: --optShapes=%s:<shape>", range->name,
                        range->name);
  for (int32_t i = 0; i < range->rank; i++) {
    const bool is_open = range->opt[i] < 0;
    const bool is_batch = i == 0 && wishes->batch[1] > 0 && (is_open || is_caffe);
    guessed = guessed || (is_open && !is_batch);
    for (int side = 0; side < 3 && (is_open || is_batch); side++)
      sides[side][i] = is_batch ? wishes->batch[side] : 1;
  }
  if (guessed)
    trtexec_say('W',
                "Dynamic dimensions required for input: %s, but no shapes were provided. "
                "Automatically overriding shape to: %s",
                range->name, trtexec_dims_text(range->rank, range->opt, text));
  return true;
}

static bool decide(const trtexec_options_t *options, const wishes_t *wishes,
                   trtexec_ranges_t *ranges) {
  if (!check_names(wishes, ranges))
    return false;
  for (size_t i = 0; i < ranges->count; i++) {
    bool given = false;
    if (!apply_specs(wishes, &ranges->items[i], &given) ||
        (!given && !fill_open(wishes, &ranges->items[i], options->deploy != NULL)))
      return false;
  }
  return true;
}

/* --- wishes -------------------------------------------------------------------------------------
 */

static bool read_wishes(const trtexec_options_t *o, wishes_t *out) {
  const bool has_range = o->min_shapes.count > 0;
  const trtexec_list_t *opt = o->opt_shapes.count > 0 ? &o->opt_shapes : &o->shapes;
  const trtexec_list_t *const lists[] = {has_range ? &o->min_shapes : opt, opt,
                                         has_range ? &o->max_shapes : opt};
  *out = (wishes_t){0};
  if (o->batch > 0 || o->max_batch > 0) {
    out->batch[0] = 1;
    out->batch[1] = o->batch > 0 ? o->batch : o->max_batch;
    out->batch[2] = o->max_batch > out->batch[1] ? o->max_batch : out->batch[1];
  }
  for (int side = 0; side < 3; side++) {
    if (!trtexec_pairs_read(lists[side], "optShapes", &out->specs[side]))
      return false;
  }
  return true;
}

/* A format that cannot tell its inputs without their shapes: those that the flags name. */
static bool inputs_from_specs(const wishes_t *wishes, trtexec_ranges_t *ranges) {
  const trtexec_pairs_t *specs = &wishes->specs[1];
  for (size_t i = 0; i < specs->count; i++) {
    if (strchr(specs->items[i].name, '*') == NULL && !fits_any(ranges, specs->items[i].name) &&
        !add_input(ranges, specs->items[i].name, -1, NULL))
      return trtexec_fail_memory();
  }
  return true;
}

bool trtexec_ranges_decide(const trtexec_options_t *options, const scull_build_options_t *build,
                           trtexec_ranges_t *out) {
  wishes_t wishes;
  taking_t taking = {.ranges = out};
  *out = (trtexec_ranges_t){0};
  bool ok = read_wishes(options, &wishes);
  if (ok) {
    const scull_status_t status = scull_model_ports(build, take_port, &taking);
    if (status == SCULL_UNSUPPORTED)
      ok = inputs_from_specs(&wishes, out);
    else if (status != SCULL_OK)
      ok = trtexec_fail_scull();
    ok = ok && (!taking.failed || trtexec_fail_memory()) && decide(options, &wishes, out);
  }
  for (int side = 0; side < 3; side++)
    trtexec_pairs_deinit(&wishes.specs[side]);
  return ok;
}

void trtexec_ranges_deinit(trtexec_ranges_t *ranges) {
  for (size_t i = 0; i < ranges->count; i++)
    free((char *)(uintptr_t)ranges->items[i].name);
  for (size_t i = 0; i < ranges->output_count; i++)
    free(ranges->outputs[i]);
  free(ranges->items);
  free(ranges->outputs);
  *ranges = (trtexec_ranges_t){0};
}

bool trtexec_ranges_is_output(const trtexec_ranges_t *ranges, const char *name) {
  for (size_t i = 0; i < ranges->output_count; i++) {
    if (strcmp(ranges->outputs[i], name) == 0)
      return true;
  }
  return false;
}
