/* What is printed, in trtexec's form: "[11/28/2026-20:00:00] [I] text". Information goes to stdout,
 * warnings and errors to stderr. Private to doors/trtexec. */
#ifndef SCULL_DOORS_TRTEXEC_CONSOLE_H
#define SCULL_DOORS_TRTEXEC_CONSOLE_H

#include <scull/scull.h>

/* Severities by their letter: E, W, I, V (printed only after trtexec_console_verbose). */
void trtexec_say(char letter, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An error; answers false. */
bool trtexec_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool trtexec_fail_memory(void);

/* The same for the last call of the library that failed, a line a cause. */
bool trtexec_fail_scull(void);

void trtexec_console_verbose(void);

/* The library's lines, marked [TRT] as scripts expect. */
scull_logger_t trtexec_console_logger(void);

/* "&&&& RUNNING ...", "&&&& PASSED ...": `word` and the command line. */
void trtexec_console_mark(const char *word, int count, char **words);

#endif
