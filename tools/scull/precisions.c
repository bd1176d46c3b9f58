/* Tensors and types of a plan. */
#include "precisions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "table.h"

enum { TYPES = 4 };
static const char *const types[TYPES] = {"fp32", "bf16", "fp16", "int8"};

/* --- tensors ---------------------------------------------------------------------------------- */

static void add_number(cli_table_t *table, const json_t *item, const char *key, int digits,
                       double factor, const char *unit) {
  const double value = cli_json_number(item, key, NAN);
  if (isfinite(value))
    cli_table_add(table, "%.*g%s", digits, value * factor, unit);
  else
    cli_table_add(table, " ");
}

/* What an f16 would make of the tensor's numbers. */
static const char *half_of(const json_t *item) {
  const double low = fabs(cli_json_number(item, "min", 0));
  const double high = fabs(cli_json_number(item, "max", 0)), peak = low > high ? low : high;
  const double tiny = cli_json_number(item, "tiny", 0);
  if (peak > 65504)
    return "overflows";
  if (peak > 0 && peak < 6.1e-5)
    return "vanishes";
  return tiny > 0 && tiny < 5.9e-8 ? "least become 0" : "fits";
}

/* Digits as heights. */
static void draw(const char *digits, char *out, size_t room) {
  static const char *const bars[] = {" ",      "\u2581", "\u2581", "\u2582", "\u2583",
                                     "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
  size_t at = 0;
  for (; *digits >= '0' && *digits <= '9' && at + 4 < room; digits++) {
    const char *bar = bars[*digits - '0'];
    memcpy(out + at, bar, strlen(bar));
    at += strlen(bar);
  }
  out[at] = '\0';
}

static scull_status_t print_tensors(const json_t *known) {
  cli_table_t table;
  size_t index = 0;
  const json_t *item = NULL;
  cli_table_init(
      &table, "tensor|stored|>threshold|>clipped|>SQNR dB|method|in fp16|how often, from 0 to the "
              "largest");
  json_array_foreach((json_t *)(uintptr_t)known, index, item) {
    char bars[160];
    draw(cli_json_text(item, "sketch", ""), bars, sizeof bars);
    cli_table_add(&table, "%s", cli_json_text(item, "name", ""));
    cli_table_add(&table, "%s", cli_json_text(item, "stored", ""));
    add_number(&table, item, "threshold", 4, 1, "");
    add_number(&table, item, "clipped", 3, 100, " %");
    add_number(&table, item, "sqnr", 3, 1, "");
    cli_table_add(&table, "%s", cli_json_text(item, "method", ""));
    cli_table_add(&table, "%s", half_of(item));
    cli_table_add(&table, "%s", bars);
  }
  scull_status_t status = cli_table_print(&table, stdout, 40);
  cli_table_deinit(&table);
  return status;
}

/* --- layers ----------------------------------------------------------------------------------- */

/* The fastest of each type among what was timed for as many operators as the layer has; < 0: none.
 */
static void best_of(const json_t *layer, double nodes, double *best) {
  size_t index = 0;
  const json_t *item = NULL;
  for (int t = 0; t < TYPES; t++)
    best[t] = -1;
  json_array_foreach(json_object_get(layer, "alternatives"), index, item) {
    const double time = cli_json_number(item, "time_us", -1);
    for (int t = 0; t < TYPES && time >= 0 && cli_json_number(item, "nodes", 0) == nodes; t++) {
      if (strcmp(cli_json_text(item, "precision", ""), types[t]) == 0 &&
          (best[t] < 0 || time < best[t]))
        best[t] = time;
    }
  }
}

static double nodes_of(const json_t *layer) {
  size_t index = 0;
  const json_t *item = NULL;
  json_array_foreach(json_object_get(layer, "alternatives"), index, item) {
    if (strcmp(cli_json_text(item, "tactic", ""), cli_json_text(layer, "tactic", "")) == 0 &&
        strcmp(cli_json_text(item, "config", ""), cli_json_text(layer, "config", "")) == 0 &&
        strcmp(cli_json_text(item, "layouts", ""), cli_json_text(layer, "layouts", "")) == 0)
      return cli_json_number(item, "nodes", 0);
  }
  return 0;
}

static const char *why(const json_t *layer, const double *best) {
  const char *own = cli_json_text(layer, "precision", "");
  int others = 0, faster = 0, mine = -1;
  for (int t = 0; t < TYPES; t++)
    mine = strcmp(types[t], own) == 0 ? t : mine;
  for (int t = 0; t < TYPES; t++) {
    others += t != mine && best[t] >= 0;
    faster += t != mine && best[t] >= 0 && mine >= 0 && best[mine] >= 0 && best[t] < best[mine];
  }
  if (strcmp(cli_json_text(layer, "kind", ""), "reformat") == 0)
    return "converts between two types or layouts";
  if (others == 0)
    return "no other type was offered: not permitted, pinned, without a scale, or no kernel";
  return faster > 0 ? "another is faster alone, but not with its conversions" : "the fastest";
}

static scull_status_t print_layers(const json_t *layers) {
  cli_table_t table;
  size_t index = 0;
  const json_t *layer = NULL;
  printf("\n");
  cli_table_init(&table, ">#|layer|type|>fp32 us|>bf16 us|>fp16 us|>int8 us|why");
  json_array_foreach((json_t *)(uintptr_t)layers, index, layer) {
    double best[TYPES];
    best_of(layer, nodes_of(layer), best);
    cli_table_add(&table, "%zu", index);
    cli_table_add(&table, "%s", cli_json_text(layer, "name", ""));
    cli_table_add(&table, "%s", cli_json_text(layer, "precision", ""));
    for (int t = 0; t < TYPES; t++) {
      if (best[t] >= 0)
        cli_table_add(&table, "%.1f", best[t]);
      else
        cli_table_add(&table, " ");
    }
    cli_table_add(&table, "%s", why(layer, best));
  }
  scull_status_t status = cli_table_print(&table, stdout, 44);
  cli_table_deinit(&table);
  return status;
}

scull_status_t cli_precisions_print(const json_t *report) {
  const json_t *q = json_object_get(report, "quantization");
  const json_t *known = json_object_get(q, "known");
  if (json_is_true(json_object_get(q, "dummy")))
    printf("dummy ranges: the times are right, the numbers are not\n");
  if (q)
    printf("%.0f tensors have a scale: %.0f ranges known, %.0f from the model, %.0f inferred; %.0f "
           "equalized, %.0f weights rounded for their means; %zu without\n\n",
           cli_json_number(q, "tensors", 0), cli_json_number(q, "ranges", 0),
           cli_json_number(q, "from_model", 0), cli_json_number(q, "inferred", 0),
           cli_json_number(q, "equalized", 0), cli_json_number(q, "rounded", 0),
           json_array_size(json_object_get(q, "missing")));
  if (json_array_size(known) > 0) {
    scull_status_t status = print_tensors(known);
    if (status != SCULL_OK)
      return status;
  }
  return print_layers(json_object_get(report, "layers"));
}
