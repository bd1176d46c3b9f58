/* Reads Graphviz source line by line, as src/export writes it: a node is "    id [...];", an arrow
 * "    id -> id;". */
#define _POSIX_C_SOURCE 200809L
#include "support/dot_check.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ID = 64, MAX_NODES = 4096 };

typedef struct {
  char ids[MAX_NODES][ID];
  size_t count;
} nodes_t;

static void check_brackets(const char *text) {
  char open[64];
  size_t depth = 0;
  bool quoted = false;
  for (const char *at = text; *at != '\0'; at++) {
    if (quoted && *at == '\\')
      at++;
    else if (*at == '"')
      quoted = !quoted;
    else if (!quoted && (*at == '{' || *at == '[')) {
      assert_true(depth < sizeof open);
      open[depth++] = *at == '{' ? '}' : ']';
    } else if (!quoted && (*at == '}' || *at == ']')) {
      assert_true(depth > 0);
      assert_int_equal(open[--depth], *at);
    }
  }
  assert_int_equal(depth, 0);
  assert_false(quoted);
}

/* True when the line sets a node that belongs to a network, not the defaults of all. */
static bool node_of(const char *line, char *id) {
  char rest = 0;
  if (sscanf(line, " %63[a-z0-9_] %c", id, &rest) != 2 || rest != '[')
    return false;
  return strcmp(id, "graph") != 0 && strcmp(id, "node") != 0 && strcmp(id, "edge") != 0;
}

static bool is_known(const nodes_t *nodes, const char *id) {
  for (size_t i = 0; i < nodes->count; i++) {
    if (strcmp(nodes->ids[i], id) == 0)
      return true;
  }
  return false;
}

static void read_nodes(const char *text, nodes_t *nodes) {
  char id[ID];
  nodes->count = 0;
  for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (!node_of(line, id))
      continue;
    if (is_known(nodes, id))
      fail_msg("%s stands twice", id);
    assert_true(nodes->count < MAX_NODES);
    memcpy(nodes->ids[nodes->count++], id, ID);
  }
}

static void check_arrows(const char *text, const nodes_t *nodes) {
  char from[ID], to[ID];
  for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (sscanf(line, " %63[a-z0-9_] -> %63[a-z0-9_];", from, to) != 2)
      continue;
    if (!is_known(nodes, from) || !is_known(nodes, to))
      fail_msg("an arrow from %s to %s", from, to);
  }
}

/* Exit code of `dot -Tcanon path`; 127 where Graphviz is not installed. */
static int run_dot(const char *path) {
  int code = 0;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    int nothing = open("/dev/null", O_WRONLY);
    dup2(nothing, STDOUT_FILENO);
    execlp("dot", "dot", "-Tcanon", path, (char *)NULL);
    _exit(127);
  }
  assert_int_equal(waitpid(child, &code, 0), child);
  return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

static void check_with_graphviz(const char *text) {
  char path[] = "/tmp/scull-dot-XXXXXX";
  int file = mkstemp(path);
  assert_true(file >= 0);
  assert_int_equal(write(file, text, strlen(text)), strlen(text));
  close(file);
  int code = run_dot(path);
  unlink(path);
  assert_true(code == 0 || code == 127);
}

void dot_check(const char *text) {
  nodes_t *nodes = test_malloc(sizeof *nodes);
  check_brackets(text);
  read_nodes(text, nodes);
  check_arrows(text, nodes);
  test_free(nodes);
  check_with_graphviz(text);
}

size_t dot_check_count(const char *text, const char *prefix) {
  nodes_t *nodes = test_malloc(sizeof *nodes);
  size_t count = 0;
  read_nodes(text, nodes);
  for (size_t i = 0; i < nodes->count; i++)
    count += strncmp(nodes->ids[i], prefix, strlen(prefix)) == 0;
  test_free(nodes);
  return count;
}
