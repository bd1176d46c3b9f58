/* suite [-v] [PART]: runs every model of the ONNX backend suite whose name holds PART, natively and
 * through a plan, and prints what failed and a table. Models that are not to be run are listed with
 * their reason in tests/suite/not_run.txt, those that wait for something that is not done yet in
 * tests/suite/pending.txt: the program fails when another one fails, and when one that is not to be
 * run passes. Ends with 77 where the suite is absent. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define SUITE "shared/data/conformance/onnx-v1.12.0"
#define NOT_RUN SCULL_SOURCE_DIR "/tests/suite/not_run.txt"
#define PENDING SCULL_SOURCE_DIR "/tests/suite/pending.txt"

enum { MAX_NOT_RUN = 41, MAX_LISTED = 100, MODES = 2 };

typedef struct {
  char name[MAX_LISTED][120];
  bool met[MAX_LISTED];
  size_t count;
} list_t;

typedef struct {
  bool verbose;
  const char *part;
  list_t listed, pending;
  size_t models, passed[MODES], listed_models, pending_models, on_tactic[MODES], fixed[MODES],
      wrong;
} totals_t;

/* Lines "model  reason"; # begins a comment. */
static bool read_list(const char *path, list_t *out) {
  char line[300];
  FILE *file = fopen(path, "r");
  if (file == NULL)
    return false;
  while (fgets(line, sizeof line, file) != NULL && out->count < MAX_LISTED) {
    size_t length = strcspn(line, " \t\n");
    if (line[0] == '#' || length == 0)
      continue;
    snprintf(out->name[out->count++], sizeof out->name[0], "%.*s", (int)length, line);
  }
  fclose(file);
  return true;
}

static bool *find_listed(list_t *listed, const char *name) {
  for (size_t i = 0; i < listed->count; i++) {
    if (strcmp(listed->name[i], name) == 0)
      return &listed->met[i];
  }
  return NULL;
}

/* All data sets of a model in one mode; the first failure's words. */
static bool run_model(const char *folder, suite_mode_t mode, bool *on_tactic, bool *fixed,
                      char *words, size_t size) {
  char path[800];
  words[0] = '\0';
  for (int set = 0; words[0] == '\0'; set++) {
    suite_case_t it = {.path = ""};
    scull_diag_t diag;
    snprintf(path, sizeof path, "%s/test_data_set_%d", folder, set);
    if (!scull_base_file_is_directory(path)) {
      if (set == 0)
        snprintf(words, size, "no data");
      break;
    }
    scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
    if (suite_case_read(folder, set, &it, &diag))
      (void)suite_case_run(&it, mode, on_tactic, fixed, words, size);
    else
      snprintf(words, size, "the data: %s", scull_base_diag_first_error(&diag));
    suite_case_deinit(&it);
    scull_base_diag_deinit(&diag);
  }
  return words[0] == '\0';
}

/* A listed model that passes is a mistake of the list; a pending one is good news. */
static void count_model(totals_t *t, const char *name, bool passed, bool *listed, bool *pending) {
  if (listed != NULL) {
    *listed = true;
    t->listed_models++;
    if (passed)
      printf("FAIL        %s passes, but is listed as not run\n", name);
  } else if (pending != NULL) {
    *pending = true;
    t->pending_models += !passed;
    if (passed)
      printf("            %s passes now: take it off tests/suite/pending.txt\n", name);
  }
  t->wrong += pending == NULL && passed == (listed != NULL);
}

static void take_model(totals_t *t, const char *group, const char *name) {
  static const char *const modes[MODES] = {"native", "plan"};
  char folder[700], words[500];
  bool passed[MODES] = {false}, *listed = find_listed(&t->listed, name);
  bool *pending = find_listed(&t->pending, name), known = listed != NULL || pending != NULL;
  snprintf(folder, sizeof folder, "%s/%s", group, name);
  t->models++;
  for (int m = 0; m < MODES; m++) {
    bool on_tactic = false, fixed = false;
    passed[m] = run_model(folder, (suite_mode_t)m, &on_tactic, &fixed, words, sizeof words);
    t->passed[m] += passed[m];
    t->on_tactic[m] += passed[m] && on_tactic;
    t->fixed[m] += passed[m] && fixed;
    if (!passed[m] && (!known || t->verbose))
      printf("%s %-6s %s: %s\n", known ? "    " : "FAIL", modes[m], name, words);
    else if (t->verbose)
      printf("     %-6s %s%s\n", modes[m], name, on_tactic ? " (tactic)" : "");
  }
  count_model(t, name, passed[0] && passed[1], listed, pending);
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void take_group(totals_t *t, const char *suite, const char *group) {
  enum { MOST = 4096 };
  static char *names[MOST];
  char path[512], model[800];
  size_t count = 0;
  snprintf(path, sizeof path, "%s/%s", suite, group);
  DIR *folder = opendir(path);
  if (folder == NULL)
    return;
  for (const struct dirent *e = readdir(folder); e != NULL && count < MOST; e = readdir(folder)) {
    snprintf(model, sizeof model, "%s/%s/model.onnx", path, e->d_name);
    bool wanted = t->part == NULL || strstr(e->d_name, t->part) != NULL;
    if (wanted && scull_base_file_exists(model))
      names[count++] = strdup(e->d_name);
  }
  closedir(folder);
  qsort(names, count, sizeof *names, compare_names);
  for (size_t i = 0; i < count; i++) {
    take_model(t, path, names[i]);
    free(names[i]);
  }
}

/* A line of the list that no model has is a mistake, too. */
static void check_list(totals_t *t) {
  for (size_t i = 0; t->part == NULL && i < t->listed.count; i++) {
    if (t->listed.met[i])
      continue;
    printf("FAIL        %s is listed as not run, and is no model\n", t->listed.name[i]);
    t->wrong++;
  }
  if (t->listed.count > MAX_NOT_RUN) {
    printf("FAIL        more than %d models are not run\n", MAX_NOT_RUN);
    t->wrong++;
  }
}

int main(int count, char **args) {
  static const char *const groups[] = {"node", "pytorch-converted", "pytorch-operator", "simple",
                                       "real"};
  /* beside the project, or beside the folder of its worktrees */
  static const char *const places[] = {SCULL_SOURCE_DIR "/../" SUITE,
                                       SCULL_SOURCE_DIR "/../../" SUITE};
  static totals_t t;
  const char *suite = scull_base_file_is_directory(places[0]) ? places[0] : places[1];
  if (!scull_base_file_is_directory(suite)) {
    printf("skipped: no shared data\n");
    return 77;
  }
  for (int i = 1; i < count; i++) {
    if (strcmp(args[i], "-v") == 0)
      t.verbose = true;
    else
      t.part = args[i];
  }
  if (!read_list(NOT_RUN, &t.listed) || !read_list(PENDING, &t.pending)) {
    printf("%s or %s cannot be read\n", NOT_RUN, PENDING);
    return 1;
  }
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
    take_group(&t, suite, groups[i]);
  check_list(&t);
  printf("%-24s %8s %8s\n", "", "native", "plan");
  printf("%-24s %8zu %8zu\n", "models", t.models, t.models);
  printf("%-24s %8zu %8zu\n", "passed", t.passed[0], t.passed[1]);
  printf("%-24s %8zu %8zu\n", "of these on a tactic", t.on_tactic[0], t.on_tactic[1]);
  printf("%-24s %8zu %8zu\n", "of these, lists fixed", t.fixed[0], t.fixed[1]);
  printf("%-24s %8zu %8zu\n", "not to be run", t.listed_models, t.listed_models);
  printf("%-24s %8zu %8zu\n", "pending", t.pending_models, t.pending_models);
  printf("%-24s %8zu\n", "wrong", t.wrong);
  return t.wrong == 0 ? 0 : 1;
}
