/* A table in memory, a page of Markdown, and the comparison of the two. */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "base/file.h"
#include "import/import.h"

enum { OPERATORS = 1024, TYPES = 32, DEVICES = 2 };

static const char *const devices[DEVICES] = {"reference", "cpu"};
static const char not_run[] = SCULL_SOURCE_DIR "/tests/suite/not_run.txt";
static const char families[] = SCULL_SOURCE_DIR "/bench/families/measured.md";
static const char path[] = SCULL_SOURCE_DIR "/docs/support.md";
static bool seen[DEVICES][OPERATORS][TYPES];

void support_note(const char *device, const scull_opdef_t *def, scull_dtype_t dtype) {
  for (size_t d = 0; d < DEVICES; d++) {
    for (size_t i = 0; strcmp(devices[d], device) == 0 && i < scull_ops_count(); i++) {
      if (scull_ops_at(i) == def && i < OPERATORS && (unsigned)dtype < TYPES)
        seen[d][i][dtype] = true;
    }
  }
}

/* --- the page -------------------------------------------------------------------------------- */

typedef struct {
  scull_text_t *out;
  const char *op; /* NULL: those that become several */
  size_t count;
} names_t;

static void put_name(void *user, const char *type, const char *op) {
  names_t *names = user;
  bool wanted = names->op == NULL ? op == NULL : op != NULL && strcmp(op, names->op) == 0;
  if (wanted)
    scull_base_text_print(names->out, "%s%s", names->count++ == 0 ? "" : ", ", type);
}

static void put_names(const char *family, const char *op, scull_text_t *out) {
  names_t names = {.out = out, .op = op};
  (void)scull_import_each_operator(family, put_name, &names);
}

static void put_types(size_t device, size_t op, scull_text_t *out) {
  size_t count = 0;
  for (unsigned t = 0; t < TYPES; t++) {
    if (seen[device][op][t])
      scull_base_text_print(out, "%s%s", count++ == 0 ? "" : " ",
                            scull_tensor_dtype_name((scull_dtype_t)t));
  }
}

static void put_head(const char *facts, scull_text_t *out) {
  const char *family = NULL;
  scull_base_text_print(
      out,
      "# What is supported\n\n"
      "This page is written by the conformance program (`SCULL_WRITE_SUPPORT=1 ctest -R "
      "conformance`), never by hand;\nthe test fails when it is out of date.\n\n"
      "Columns of devices: element types of the first operand with which the operator's cases gave "
      "the right answers, by the\nreference kernel and, on its own, by some tactic of the CPU. An "
      "operator without a tactic runs by its reference\nkernel. Columns of formats: the operators "
      "of "
      "the format that become this one.\n\n"
      "The CPU's run: %s\n\n"
      "| operator | reference | cpu |",
      facts);
  for (size_t i = 0; (family = scull_import_family_at(i)) != NULL; i++)
    scull_base_text_print(out, " %s |", family);
  scull_base_text_print(out, "\n|---|---|---|");
  for (size_t i = 0; scull_import_family_at(i) != NULL; i++)
    scull_base_text_print(out, "---|");
  scull_base_text_print(out, "\n");
}

/* The rest of a line without the blanks before it; valid until the next call. */
static const char *reason_of(const char *text, int length) {
  static char reason[200];
  while (length > 0 && *text == ' ') {
    text++;
    length--;
  }
  snprintf(reason, sizeof reason, "%.*s", length, text);
  return reason;
}

/* The list's own lines: a comment heads a group, "name reason" is a model. */
static void put_not_run(scull_text_t *out) {
  scull_file_t file;
  scull_base_text_print(out, "\n## Models of the ONNX backend suite that are not run\n");
  assert_int_equal(scull_base_file_open(not_run, &file, NULL), SCULL_OK);
  const char *at = (const char *)file.bytes.data, *end = at + file.bytes.size;
  bool listed = false; /* the comment above the first group is about the file */
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    int length = (int)((stop == NULL ? end : stop) - at), name = 0;
    listed = listed || length == 0;
    while (name < length && at[name] != ' ')
      name++;
    if (listed && length > 2 && at[0] == '#')
      scull_base_text_print(out, "\n**%.*s**\n\n", length - 2, at + 2);
    else if (length > 0 && at[0] != '#')
      scull_base_text_print(out, "- %.*s: %s\n", name, at, reason_of(at + name, length - name));
    at += length + 1;
  }
  scull_base_file_close(&file);
}

/* What `bench/families/run --write` found, as it wrote it. */
static void put_families(scull_text_t *out) {
  scull_file_t file;
  scull_base_text_print(out, "\n## Model families\n\n");
  assert_int_equal(scull_base_file_open(families, &file, NULL), SCULL_OK);
  scull_base_text_add(out, (const char *)file.bytes.data, file.bytes.size);
  scull_base_file_close(&file);
}

static void put_page(const char *facts, scull_text_t *out) {
  const char *family = NULL;
  put_head(facts, out);
  for (size_t i = 0; i < scull_ops_count(); i++) {
    scull_base_text_print(out, "| %s | ", scull_ops_at(i)->name);
    put_types(0, i, out);
    scull_base_text_print(out, " | ");
    put_types(1, i, out);
    for (size_t f = 0; (family = scull_import_family_at(f)) != NULL; f++) {
      scull_base_text_print(out, " | ");
      put_names(family, scull_ops_at(i)->name, out);
    }
    scull_base_text_print(out, " |\n");
  }
  scull_base_text_print(out, "\n## Operators that become one of several, or several\n");
  for (size_t f = 0; (family = scull_import_family_at(f)) != NULL; f++) {
    scull_base_text_print(out, "\n**%s**: ", family);
    put_names(family, NULL, out);
    scull_base_text_print(out, "\n");
  }
  put_families(out);
  put_not_run(out);
}

/* --- the comparison -------------------------------------------------------------------------- */

static void find_facts(char *facts, size_t size) {
  const scull_backend_t *cpu = scull_backend_find("cpu");
  scull_device_t *device = NULL;
  assert_non_null(cpu);
  assert_int_equal(scull_backend_open(cpu, 0, &device, NULL), SCULL_OK);
  snprintf(facts, size, "features %#x, %s", (unsigned)device->features,
           device->libraries[0] == '\0' ? "no libraries" : device->libraries);
  scull_backend_close(device);
}

/* The line without the columns of devices. */
static void strip(const char *line, size_t length, char *out, size_t size) {
  size_t bars = 0, used = 0;
  for (size_t i = 0; i < length && used + 1 < size; i++) {
    bars += line[i] == '|';
    if (line[0] != '|' || bars < 2 || bars > 3)
      out[used++] = line[i];
  }
  out[used] = '\0';
}

/* The number of the first line that differs, or 0. */
static size_t first_difference(const char *a, const char *b, bool other_processor) {
  static char x[16384], y[16384];
  for (size_t line = 1; *a != '\0' || *b != '\0'; line++) {
    size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
    bool facts = strncmp(a, "The CPU's run: ", 15) == 0 && strncmp(b, "The CPU's run: ", 15) == 0;
    strip(a, n, x, sizeof x);
    strip(b, m, y, sizeof y);
    bool same = other_processor ? facts || strcmp(x, y) == 0 : n == m && strncmp(a, b, n) == 0;
    if (!same)
      return line;
    a += n + (a[n] == '\n');
    b += m + (b[m] == '\n');
  }
  return 0;
}

static void is_current(void **state) {
  (void)state;
  char facts[512];
  scull_text_t page = {0}, text = {0};
  scull_file_t file;
  find_facts(facts, sizeof facts);
  put_page(facts, &page);
  if (getenv("SCULL_WRITE_SUPPORT") != NULL)
    assert_int_equal(scull_base_file_write(path, page.data, page.size, NULL), SCULL_OK);
  scull_status_t opened = scull_base_file_open(path, &file, NULL);
  if (opened == SCULL_NOT_FOUND) { /* run away from the sources, where there is a GPU */
    scull_base_text_deinit(&page);
    skip();
  }
  assert_int_equal(opened, SCULL_OK);
  scull_base_text_add(&text, (const char *)file.bytes.data, file.bytes.size);
  scull_base_file_close(&file);
  size_t line = first_difference(page.data, scull_base_text_get(&text),
                                 strstr(scull_base_text_get(&text), facts) == NULL);
  if (line > 0)
    fail_msg(
        "docs/support.md, line %zu, is out of date: SCULL_WRITE_SUPPORT=1 ctest -R conformance",
        line);
  scull_base_text_deinit(&page);
  scull_base_text_deinit(&text);
}

int support_check(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(is_current)};
  return cmocka_run_group_tests_name("support", tests, NULL, NULL);
}
