/* What the tests of pictures share: is this text sound Graphviz source? */
#ifndef SCULL_TESTS_SUPPORT_DOT_CHECK_H
#define SCULL_TESTS_SUPPORT_DOT_CHECK_H

#include <stddef.h>

/* Fails the running cmocka test unless quotes and brackets are closed, every node is written once
 * and both ends of every arrow are written; where `dot` is installed it must read the text, too. */
void dot_check(const char *text);

/* How many nodes have ids that begin with `prefix`. */
size_t dot_check_count(const char *text, const char *prefix);

#endif
