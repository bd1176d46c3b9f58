/* Words of a graph's text: what lies between characters and lines. Private to graph/. */
#ifndef SCULL_GRAPH_SCAN_H
#define SCULL_GRAPH_SCAN_H

#include "graph/graph.h"

enum { SCULL_SCAN_MAX_BYTES = 512 << 20 }; /* what one text may make us hold */

typedef struct scull_scan {
  const char *at;
  size_t line;          /* counted from 1 */
  scull_arena_t *arena; /* names live here */
  scull_diag_t *diag;   /* gets "line N: ..." */
} scull_scan_t;

/* A dimension's range: the same three where it is fixed. */
typedef struct scull_scan_type {
  scull_dtype_t dtype;
  int32_t rank;
  int64_t min[SCULL_MAX_RANK], opt[SCULL_MAX_RANK], max[SCULL_MAX_RANK];
  bool varies;
} scull_scan_type_t;

/* True when the name can stand without quotes. */
bool scull_graph_scan_is_plain(const char *name);

/* CORRUPT with the line's number in front of the words. */
scull_status_t scull_graph_scan_fail(const scull_scan_t *scan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Passes over blanks within the line. */
void scull_graph_scan_blanks(scull_scan_t *scan);

/* True at the end of the line or text. */
bool scull_graph_scan_at_end(scull_scan_t *scan);

/* Passes over blanks and then `c`; false, and nothing but blanks passed, when another comes. */
bool scull_graph_scan_try(scull_scan_t *scan, char c);
scull_status_t scull_graph_scan_expect(scull_scan_t *scan, char c) SCULL_MUST_USE;

/* A run of letters, digits, _ and, inside, points ("input", "conv", "strides", "my.op"). */
scull_status_t scull_graph_scan_word(scull_scan_t *scan, char **out) SCULL_MUST_USE;

/* "%name" or %"any name". */
scull_status_t scull_graph_scan_name(scull_scan_t *scan, char **out) SCULL_MUST_USE;

/* "any text" in quotes. */
scull_status_t scull_graph_scan_quoted(scull_scan_t *scan, char **out) SCULL_MUST_USE;

/* What stands up to the next blank; may be empty. */
scull_status_t scull_graph_scan_bare(scull_scan_t *scan, char **out) SCULL_MUST_USE;

/* A number of decimal digits that fits into 63 bits. */
scull_status_t scull_graph_scan_count(scull_scan_t *scan, int64_t *out) SCULL_MUST_USE;

/* "f32[1:4:8x3]" */
scull_status_t scull_graph_scan_type(scull_scan_t *scan, scull_scan_type_t *out) SCULL_MUST_USE;

/* The bytes of a constant of `type`, from what follows it in the line: ={1,2}, ~normal:7 or #hash.
 * *data is in the arena; *stands_for is the hash or 0. */
scull_status_t scull_graph_scan_constant(scull_scan_t *scan, const scull_type_t *type, void **data,
                                         uint64_t *stands_for) SCULL_MUST_USE;

#endif
