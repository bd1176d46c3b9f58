/* Reading by mapping, writing whole or not at all, folders. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

static char folder[64];

static int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "%s", "/tmp/scull-file-test-XXXXXX");
  return mkdtemp(folder) == NULL;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at) {
  (void)info;
  (void)kind;
  (void)at;
  return remove(path);
}

static int remove_folder(void **state) {
  (void)state;
  return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* A path in the test's folder; valid until the next but one call. */
static const char *path_of(const char *name) {
  static char paths[2][128];
  static int next;
  next = !next;
  snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
  return paths[next];
}

static void expect_content(const char *path, const void *data, size_t size) {
  scull_file_t file;
  assert_int_equal(scull_base_file_open(path, &file, NULL), SCULL_OK);
  assert_int_equal(file.bytes.size, size);
  if (size > 0)
    assert_memory_equal(file.bytes.data, data, size);
  scull_base_file_will_need(&file, 0, size);
  scull_base_file_will_need(&file, size, 1); /* beyond the end: nothing */
  scull_base_file_close(&file);
  assert_null(file.bytes.data);
}

/* How many files lie in the folder whose names hold `part`. */
static int count_files(const char *part) {
  int count = 0;
  DIR *listing = opendir(folder);
  assert_non_null(listing);
  for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
    count += strstr(entry->d_name, part) != NULL;
  closedir(listing);
  return count;
}

static void what_is_written_is_read(void **state) {
  (void)state;
  assert_int_equal(scull_base_file_write(path_of("a"), "hello", 5, NULL), SCULL_OK);
  expect_content(path_of("a"), "hello", 5);
  assert_int_equal(scull_base_file_write(path_of("a"), "bye", 3, NULL), SCULL_OK);
  expect_content(path_of("a"), "bye", 3);
  assert_int_equal(scull_base_file_write(path_of("empty"), NULL, 0, NULL), SCULL_OK);
  expect_content(path_of("empty"), NULL, 0);
  assert_int_equal(count_files("tmp"), 0);
}

static void expect_refused(const char *path, scull_status_t status, const char *words) {
  scull_diag_t diag;
  scull_file_t file;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_equal(scull_base_file_open(path, &file, &diag), status);
  assert_non_null(strstr(scull_base_diag_first_error(&diag), path));
  assert_non_null(strstr(scull_base_diag_first_error(&diag), words));
  assert_null(file.bytes.data);
  scull_base_diag_deinit(&diag);
}

static void what_is_no_file_is_refused(void **state) {
  (void)state;
  expect_refused(path_of("absent"), SCULL_NOT_FOUND, "cannot open");
  expect_refused(folder, SCULL_IO, "not a regular file");
  assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
  expect_refused(path_of("pipe"), SCULL_IO, "not a regular file"); /* and does not wait */
  expect_refused("/dev/null", SCULL_IO, "not a regular file");
}

static void aligned_and_patched(void **state) {
  (void)state;
  scull_writer_t *writer = NULL;
  assert_int_equal(scull_base_writer_create(path_of("w"), &writer, NULL), SCULL_OK);
  assert_int_equal(scull_base_writer_add(writer, "????", 4), SCULL_OK);
  assert_int_equal(scull_base_writer_align(writer, 16), SCULL_OK);
  assert_int_equal(scull_base_writer_position(writer), 16);
  assert_int_equal(scull_base_writer_align(writer, 16), SCULL_OK);
  assert_int_equal(scull_base_writer_position(writer), 16);
  assert_int_equal(scull_base_writer_add(writer, "tail", 4), SCULL_OK);
  assert_int_equal(scull_base_writer_align(writer, 10000), SCULL_OK);
  assert_int_equal(scull_base_writer_patch(writer, 0, "head", 4), SCULL_OK);
  assert_int_equal(scull_base_writer_add(writer, "!", 1), SCULL_OK);
  assert_int_equal(scull_base_writer_position(writer), 10001);
  assert_int_equal(scull_base_writer_commit(writer), SCULL_OK);
  char want[10001] = "head";
  memcpy(want + 16, "tail", 4);
  want[10000] = '!';
  expect_content(path_of("w"), want, sizeof want);
}

/* Until commit the old file stands; a writer that is given up leaves nothing. */
static void all_or_nothing(void **state) {
  (void)state;
  scull_writer_t *first = NULL, *second = NULL;
  assert_int_equal(scull_base_file_write(path_of("plan"), "old", 3, NULL), SCULL_OK);
  assert_int_equal(scull_base_writer_create(path_of("plan"), &first, NULL), SCULL_OK);
  assert_int_equal(scull_base_writer_create(path_of("plan"), &second, NULL), SCULL_OK);
  assert_int_equal(scull_base_writer_add(first, "first", 5), SCULL_OK);
  assert_int_equal(scull_base_writer_add(second, "second!", 7), SCULL_OK);
  assert_int_equal(count_files("plan.tmp"), 2); /* they do not share a temporary file */
  expect_content(path_of("plan"), "old", 3);
  scull_base_writer_destroy(first);
  expect_content(path_of("plan"), "old", 3);
  assert_int_equal(scull_base_writer_commit(second), SCULL_OK);
  expect_content(path_of("plan"), "second!", 7);
  assert_int_equal(count_files("plan.tmp"), 0);
  scull_base_writer_destroy(NULL);
}

/* A mapping outlives the file that is renamed over it. */
static void a_reader_is_not_disturbed(void **state) {
  (void)state;
  scull_file_t file;
  assert_int_equal(scull_base_file_write(path_of("m"), "before", 6, NULL), SCULL_OK);
  assert_int_equal(scull_base_file_open(path_of("m"), &file, NULL), SCULL_OK);
  assert_int_equal(scull_base_file_write(path_of("m"), "after!", 6, NULL), SCULL_OK);
  assert_memory_equal(file.bytes.data, "before", 6);
  scull_base_file_close(&file);
  expect_content(path_of("m"), "after!", 6);
}

static void unwritable_places(void **state) {
  (void)state;
  assert_int_equal(scull_base_file_write(path_of("no/such/file"), "x", 1, NULL), SCULL_NOT_FOUND);
  assert_int_equal(scull_base_directory_create(path_of("taken"), NULL), SCULL_OK);
  assert_int_equal(scull_base_file_write(path_of("taken"), "x", 1, NULL), SCULL_IO);
  assert_int_equal(count_files("taken.tmp"), 0);
}

static void folders(void **state) {
  (void)state;
  char path[4200];
  assert_int_equal(scull_base_directory_create(path_of("d/e//f/"), NULL), SCULL_OK);
  assert_true(scull_base_file_is_directory(path_of("d/e/f")));
  assert_int_equal(scull_base_directory_create(path_of("d/e/f"), NULL), SCULL_OK);
  assert_int_equal(scull_base_file_write(path_of("d/file"), "x", 1, NULL), SCULL_OK);
  assert_true(scull_base_file_exists(path_of("d/file")));
  assert_false(scull_base_file_is_directory(path_of("d/file")));
  assert_false(scull_base_file_exists(path_of("d/none")));
  assert_int_equal(scull_base_directory_create(path_of("d/file"), NULL), SCULL_IO);
  assert_int_equal(scull_base_directory_create(path_of("d/file/g"), NULL), SCULL_IO);
  assert_int_equal(scull_base_directory_create("", NULL), SCULL_INVALID_ARGUMENT);
  memset(path, 'a', sizeof path - 1);
  path[sizeof path - 1] = '\0';
  assert_int_equal(scull_base_directory_create(path, NULL), SCULL_INVALID_ARGUMENT);
}

static void failing_allocations_leave_nothing(void **state) {
  (void)state;
  uint64_t live = scull_base_memory_stats().live_blocks;
  for (uint64_t n = 1;; n++) {
    scull_base_memory_fail_at(n);
    scull_status_t status = scull_base_file_write(path_of("short"), "x", 1, NULL);
    scull_base_memory_fail_at(0);
    assert_int_equal(scull_base_memory_stats().live_blocks, live);
    assert_int_equal(count_files("short.tmp"), 0);
    if (status == SCULL_OK)
      break;
    assert_int_equal(status, SCULL_OUT_OF_MEMORY);
    assert_true(n < 20);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(what_is_no_file_is_refused),
      cmocka_unit_test(aligned_and_patched),
      cmocka_unit_test(all_or_nothing),
      cmocka_unit_test(a_reader_is_not_disturbed),
      cmocka_unit_test(unwritable_places),
      cmocka_unit_test(folders),
      cmocka_unit_test(failing_allocations_leave_nothing),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
