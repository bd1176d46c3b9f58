/* scull explain: why each layer of a plan runs where and as it does, which tactics lost and by how
 * much, from the report that the build left in the plan. Prints what the report holds and passes
 * over what it does not. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "json.h"
#include "plans.h"
#include "precisions.h"
#include "table.h"

#define NAME_MAX_SHOWN 44

typedef struct explain_args {
  const char *plan, *layer;
  bool json, precision;
} explain_args_t;

#define FIELD(name) offsetof(explain_args_t, name)

static const cli_operand_t operands[] = {{"PLAN", FIELD(plan), false}};

static const cli_option_t options[] = {
    {"layer", 'l', CLI_TEXT, FIELD(layer), "X",
     "all about one layer: its index, or a part of its name or of its operators' names", 0},
    {"precision", 0, CLI_FLAG, FIELD(precision), NULL,
     "what is known of each tensor, and why each layer has its type", 0},
    {"json", 0, CLI_FLAG, FIELD(json), NULL, "print the report as JSON", 0},
};

static bool same_text(const json_t *a, const json_t *b, const char *key) {
  return strcmp(cli_json_text(a, key, ""), cli_json_text(b, key, "")) == 0;
}

/* The candidates of a layer include the one that won. */
static bool is_chosen(const json_t *layer, const json_t *item) {
  return same_text(layer, item, "tactic") && same_text(layer, item, "config") &&
         same_text(layer, item, "layouts");
}

/* How many operators of the optimized graph the layer's tactic covers; 0 when not known. */
static double chosen_nodes(const json_t *layer) {
  size_t index = 0;
  const json_t *item = NULL;
  json_array_foreach(json_object_get(layer, "alternatives"), index, item) {
    if (is_chosen(layer, item))
      return cli_json_number(item, "nodes", 0);
  }
  return 0;
}

/* Only times for the same operators can be compared. Negative when there is none. */
static double comparable_time(const json_t *item, double nodes) {
  return cli_json_number(item, "nodes", 0) == nodes ? cli_json_number(item, "time_us", -1) : -1;
}

/* The quickest alternative; a negative time when none was timed. */
static double best_loser(const json_t *layer) {
  size_t index = 0;
  const json_t *item = NULL;
  double best = -1, nodes = chosen_nodes(layer);
  json_array_foreach(json_object_get(layer, "alternatives"), index, item) {
    double time = comparable_time(item, nodes);
    if (time >= 0 && !is_chosen(layer, item) && (best < 0 || time < best))
      best = time;
  }
  return best;
}

static void add_loss(cli_table_t *table, double time, double than) {
  if (time >= 0 && than > 0)
    cli_table_add(table, "%+ld %%", lround(100 * (time / than - 1)));
  else
    cli_table_add(table, " ");
}

/* Native layers and conversions have no time of their own. */
static void add_time(cli_table_t *table, double time) {
  if (time > 0)
    cli_table_add(table, "%.1f", time);
  else
    cli_table_add(table, " ");
}

static void add_layer(cli_table_t *table, const json_t *layer, size_t index) {
  const char *why = cli_json_text(layer, "why", "");
  bool native = cli_json_text(layer, "placement", "")[0] == 'n';
  double time = cli_json_number(layer, "time_us", -1);
  cli_table_add(table, "%zu", (size_t)cli_json_number(layer, "index", (double)index));
  cli_table_add(table, "%s", cli_json_text(layer, "name", ""));
  cli_table_add(table, "%zu", json_array_size(json_object_get(layer, "operators")));
  cli_table_add(table, "%s", cli_json_text(layer, "placement", ""));
  cli_table_add(table, "%s", cli_json_text(layer, "tactic", ""));
  add_time(table, time);
  add_loss(table, best_loser(layer), time);
  cli_table_add(table, "%s", native ? why : "");
}

static scull_status_t print_layers(const json_t *layers) {
  cli_table_t table;
  size_t index = 0;
  const json_t *layer = NULL;
  printf("\n");
  cli_table_init(&table, ">#|layer|>ops|placement|tactic|>us|>next best|why native");
  json_array_foreach((json_t *)(uintptr_t)layers, index, layer) {
    add_layer(&table, layer, index);
  }
  scull_status_t status = cli_table_print(&table, stdout, NAME_MAX_SHOWN);
  cli_table_deinit(&table);
  return status;
}

static void print_passes(const json_t *report) {
  size_t index = 0;
  const json_t *pass = NULL;
  const char *gap = "passes   ";
  json_array_foreach(json_object_get(report, "passes"), index, pass) {
    if (!json_is_true(json_object_get(pass, "changed")))
      continue;
    printf("%s%s (%.0f -> %.0f)", gap, cli_json_text(pass, "name", "?"),
           cli_json_number(pass, "before", 0), cli_json_number(pass, "after", 0));
    gap = ", ";
  }
  printf("%s", gap[0] == ',' ? "\n" : "");
}

static void print_head(const char *path, const json_t *report) {
  const json_t *memory = json_object_get(report, "memory");
  double planned = cli_json_number(memory, "planned", -1);
  printf("plan     %s\ndevice   %s, %.0f thread(s)\n", path, cli_json_text(report, "device", "?"),
         cli_json_number(report, "threads", 0));
  print_passes(report);
  printf("engines  %zu\n", json_array_size(json_object_get(report, "engines")));
  if (planned >= 0)
    printf("memory   %.2f MiB for activations, lower bound %.2f MiB, ratio %.3f\n",
           planned / 0x1p20, cli_json_number(memory, "lower_bound", 0) / 0x1p20,
           cli_json_number(memory, "ratio", 1));
}

/* --- one layer -------------------------------------------------------------------------------- */

static bool mentions(const json_t *layer, const char *word) {
  size_t index = 0;
  const json_t *operator= NULL;
  if (strstr(cli_json_text(layer, "name", ""), word))
    return true;
  json_array_foreach(json_object_get(layer, "operators"), index, operator) {
    if (strstr(cli_json_text(operator, "name", ""), word) ||
        strstr(cli_json_text(operator, "type", ""), word))
      return true;
  }
  return false;
}

static bool is_wanted(const json_t *layer, size_t position, const char *word) {
  char *end = NULL;
  unsigned long number = strtoul(word, &end, 10);
  if (*word && !*end)
    return number == (unsigned long)cli_json_number(layer, "index", (double)position);
  return mentions(layer, word);
}

static void add_alternative(cli_table_t *table, const json_t *layer, const json_t *item) {
  cli_table_add(table, "    %s", cli_json_text(item, "tactic", "?"));
  cli_table_add(table, "%s", cli_json_text(item, "config", ""));
  cli_table_add(table, "%s", cli_json_text(item, "layouts", ""));
  cli_table_add(table, "%.0f", cli_json_number(item, "nodes", 0));
  add_time(table, cli_json_number(item, "time_us", -1));
  add_loss(table, comparable_time(item, chosen_nodes(layer)),
           cli_json_number(layer, "time_us", -1));
  cli_table_add(table, "%s", cli_json_text(item, "refused", ""));
}

static scull_status_t print_alternatives(const json_t *layer) {
  cli_table_t table;
  size_t index = 0;
  const json_t *item = NULL;
  const json_t *list = json_object_get(layer, "alternatives");
  if (json_array_size(list) == 0)
    return SCULL_OK;
  printf("  lost\n");
  cli_table_init(&table, "    tactic|config|layouts|>covers|>us|>slower by|refused because");
  json_array_foreach((json_t *)(uintptr_t)list, index, item) {
    if (!is_chosen(layer, item))
      add_alternative(&table, layer, item);
  }
  scull_status_t status = cli_table_print(&table, stdout, 0);
  cli_table_deinit(&table);
  return status;
}

/* Members of the report that are one line each, whatever they are. */
static scull_status_t print_layer(const json_t *layer) {
  const char *key = NULL;
  json_t *value = NULL;
  printf("\nlayer %.0f: %s\n", cli_json_number(layer, "index", 0),
         cli_json_text(layer, "name", ""));
  json_object_foreach((json_t *)(uintptr_t)layer, key, value) {
    if (strcmp(key, "index") == 0 || strcmp(key, "name") == 0 || strcmp(key, "alternatives") == 0)
      continue;
    printf("  %-10s ", key);
    cli_json_render_line(value, stdout);
  }
  return print_alternatives(layer);
}

static scull_status_t print_matching(const json_t *layers, const char *word) {
  size_t index = 0, found = 0;
  const json_t *layer = NULL;
  json_array_foreach((json_t *)(uintptr_t)layers, index, layer) {
    if (is_wanted(layer, index, word)) {
      found++;
      CLI_TRY(print_layer(layer));
    }
  }
  return found ? SCULL_OK : cli_fail(SCULL_NOT_FOUND, "no layer is or mentions '%s'", word);
}

/* --- command ---------------------------------------------------------------------------------- */

static scull_status_t explain(const explain_args_t *args, const char *text) {
  json_t *report = NULL;
  scull_status_t status = SCULL_OK;
  if (args->json) {
    printf("%s\n", text);
    return SCULL_OK;
  }
  CLI_TRY(cli_json_parse(text, args->plan, &report));
  const json_t *layers = json_object_get(report, "layers");
  if (args->precision) {
    status = cli_precisions_print(report);
  } else if (args->layer) {
    status = print_matching(layers, args->layer);
  } else {
    print_head(args->plan, report);
    status = print_layers(layers);
  }
  json_decref(report);
  return status;
}

static scull_status_t run(const void *user) {
  const explain_args_t *args = user;
  const cli_open_t how = {0};
  scull_engine_t *engine = NULL;
  CLI_TRY(cli_plans_open(args->plan, &how, &engine));
  scull_status_t status = explain(args, scull_engine_report(engine));
  scull_engine_destroy(engine);
  return status;
}

const cli_command_t cli_command_explain = {
    .name = "explain",
    .summary = "why each layer is where it is, which tactics lost",
    .notes =
        "A loser that is faster (a negative percentage) costs more around it: conversions to its "
        "layouts.",
    .operands = operands,
    .operand_count = CLI_COUNT(operands),
    .options = options,
    .option_count = CLI_COUNT(options),
    .args_size = sizeof(explain_args_t),
    .run = run,
};
