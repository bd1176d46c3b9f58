/* What a command of the tool is: a name, operands, a table of options and a function. The tables
 * are all there is: --help and the parser both read them, so they cannot drift apart. */
#ifndef SCULL_TOOL_COMMAND_H
#define SCULL_TOOL_COMMAND_H

#include <scull/scull.h>

/* Every fallible function of the tool returns a status and has said its one line already. */
#define CLI_CHECKED __attribute__((warn_unused_result))

#define CLI_TRY(expr)                                                                              \
  do {                                                                                             \
    scull_status_t cli_try_status = (expr);                                                        \
    if (cli_try_status != SCULL_OK)                                                                \
      return cli_try_status;                                                                       \
  } while (0)

#define CLI_TRY_DONE(expr)                                                                         \
  do {                                                                                             \
    status = (expr);                                                                               \
    if (status != SCULL_OK)                                                                        \
      goto done;                                                                                   \
  } while (0)

#define CLI_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Texts owned by the list. */
typedef struct cli_list {
  char **items;
  size_t count;
} cli_list_t;

/* How an option is written, and the type of the field that it fills. */
typedef enum cli_kind {
  CLI_FLAG,     /* bool; takes no value */
  CLI_TEXT,     /* const char *, borrowed from argv */
  CLI_INTEGER,  /* int64_t */
  CLI_NUMBER,   /* double, not negative */
  CLI_SIZE,     /* size_t: 4096, 64KiB, 1GiB */
  CLI_CHOICE,   /* int: position in `value`, which lists the words as "none|fast|full" */
  CLI_LIST,     /* cli_list_t: "a,b"; repeated options add up */
  CLI_REPEATED, /* cli_list_t: one item each time the option is given */
} cli_kind_t;

typedef struct cli_option {
  const char *name; /* without dashes */
  char letter;      /* of the short form; 0: none */
  cli_kind_t kind;
  size_t offset;     /* of the field in the command's argument struct */
  const char *value; /* placeholder in --help; for CLI_CHOICE the words */
  const char *help;
  int64_t least; /* smallest value of a CLI_INTEGER */
} cli_option_t;

/* A word without dashes, in order; optional ones come last. The field is a const char *. */
typedef struct cli_operand {
  const char *name;
  size_t offset;
  bool optional;
} cli_operand_t;

typedef struct cli_command {
  const char *name, *summary;
  const char *notes; /* printed below the options; may be NULL */
  const cli_operand_t *operands;
  size_t operand_count;
  const cli_option_t *options;
  size_t option_count;
  size_t args_size;
  const void *defaults; /* of the argument struct; NULL: zeros */
  scull_status_t (*run)(const void *args);
} cli_command_t;

#endif
