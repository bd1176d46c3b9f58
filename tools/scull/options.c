/* The generic parser. A field of the argument struct is found by the option's offset, its type by
 * the option's kind; nothing here knows a command. */
#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "values.h"

#define HELP_COLUMN 30
#define HELP_WIDTH 98

typedef struct parser {
  const cli_command_t *command;
  char **words;
  int count, at;
  unsigned char *args;
  size_t operands; /* filled so far */
} parser_t;

static scull_status_t usage(const parser_t *parser, const char *what, const char *word) {
  return cli_fail(SCULL_INVALID_ARGUMENT, "%s '%s' (scull %s --help lists what there is)", what,
                  word, parser->command->name);
}

static const cli_option_t *find_long(const cli_command_t *command, const char *name,
                                     size_t length) {
  for (size_t i = 0; i < command->option_count; i++) {
    const char *known = command->options[i].name;
    if (strlen(known) == length && strncmp(known, name, length) == 0)
      return &command->options[i];
  }
  return NULL;
}

static const cli_option_t *find_short(const cli_command_t *command, char letter) {
  for (size_t i = 0; i < command->option_count; i++)
    if (command->options[i].letter == letter)
      return &command->options[i];
  return NULL;
}

static scull_status_t store_integer(const cli_option_t *option, const char *text, void *field) {
  int64_t value = 0;
  CLI_TRY(cli_values_integer(option->name, text, &value));
  if (value < option->least)
    return cli_fail(SCULL_INVALID_ARGUMENT, "--%s wants at least %lld, not %s", option->name,
                    (long long)option->least, text);
  *(int64_t *)field = value;
  return SCULL_OK;
}

static scull_status_t store(const cli_option_t *option, const char *text, void *field) {
  switch (option->kind) {
  case CLI_FLAG: *(bool *)field = true; return SCULL_OK;
  case CLI_TEXT: *(const char **)field = text; return SCULL_OK;
  case CLI_INTEGER: return store_integer(option, text, field);
  case CLI_NUMBER: return cli_values_number(option->name, text, field);
  case CLI_SIZE: return cli_values_size(option->name, text, field);
  case CLI_CHOICE: return cli_values_choice(option->name, text, option->value, field);
  case CLI_LIST: return cli_list_split(field, text);
  case CLI_REPEATED: return cli_list_add(field, text, strlen(text));
  }
  return SCULL_INTERNAL;
}

/* Every command has it: a library of operators, which is opened where the option stands. */
static const cli_option_t plugin_option = {
    "plugin", 0, CLI_TEXT, 0, "LIB", "a library with operators of your own (may be repeated)", 0};

/* `given` is the text after "=" (or after the letter); NULL when the next word is the value. */
static scull_status_t take_option(parser_t *parser, const cli_option_t *option, const char *given) {
  const char *text = given;
  if (option->kind == CLI_FLAG && given)
    return cli_fail(SCULL_INVALID_ARGUMENT, "--%s takes no value", option->name);
  if (option->kind != CLI_FLAG && !given) {
    if (parser->at >= parser->count)
      return cli_fail(SCULL_INVALID_ARGUMENT, "--%s wants a value: %s", option->name,
                      option->value);
    text = parser->words[parser->at++];
  }
  if (option == &plugin_option) {
    scull_status_t status = scull_plugin_load(text);
    return status == SCULL_OK ? status : cli_fail(status, "%s", scull_last_error());
  }
  return store(option, text, parser->args + option->offset);
}

static scull_status_t take_long(parser_t *parser, const char *word) {
  const char *name = word + 2;
  size_t length = strcspn(name, "=");
  const cli_option_t *option = find_long(parser->command, name, length);
  if (!option && length == strlen("plugin") && strncmp(name, "plugin", length) == 0)
    option = &plugin_option;
  if (!option)
    return usage(parser, "unknown option", word);
  return take_option(parser, option, name[length] == '=' ? name + length + 1 : NULL);
}

static scull_status_t take_short(parser_t *parser, const char *word) {
  const cli_option_t *option = find_short(parser->command, word[1]);
  if (!option)
    return usage(parser, "unknown option", word);
  return take_option(parser, option, word[2] ? word + 2 : NULL);
}

static scull_status_t take_operand(parser_t *parser, const char *word) {
  const cli_command_t *command = parser->command;
  if (parser->operands >= command->operand_count)
    return usage(parser, "too many operands:", word);
  const cli_operand_t *operand = &command->operands[parser->operands++];
  *(const char **)(void *)(parser->args + operand->offset) = word;
  return SCULL_OK;
}

static scull_status_t check_operands(const parser_t *parser) {
  const cli_command_t *command = parser->command;
  if (parser->operands < command->operand_count && !command->operands[parser->operands].optional)
    return cli_fail(SCULL_INVALID_ARGUMENT, "%s is missing (scull %s --help)",
                    command->operands[parser->operands].name, command->name);
  return SCULL_OK;
}

scull_status_t cli_options_parse(const cli_command_t *command, int count, char **words, void *args,
                                 bool *help) {
  parser_t parser = {.command = command, .words = words, .count = count, .args = args};
  bool options_end = false;
  *help = false;
  while (parser.at < count) {
    const char *word = words[parser.at++];
    if (options_end || word[0] != '-' || !word[1]) {
      CLI_TRY(take_operand(&parser, word));
    } else if (strcmp(word, "--") == 0) {
      options_end = true;
    } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
      *help = true;
      return SCULL_OK;
    } else {
      CLI_TRY(word[1] == '-' ? take_long(&parser, word) : take_short(&parser, word));
    }
  }
  return check_operands(&parser);
}

void cli_options_deinit(const cli_command_t *command, void *args) {
  for (size_t i = 0; i < command->option_count; i++) {
    const cli_option_t *option = &command->options[i];
    if (option->kind == CLI_LIST || option->kind == CLI_REPEATED)
      cli_list_deinit((cli_list_t *)(void *)((unsigned char *)args + option->offset));
  }
}

/* Prints `text` word by word from column `column` on, which the line has reached already. */
static void print_wrapped(FILE *file, const char *text, int column) {
  int at = column;
  while (*text) {
    int length = (int)strcspn(text, " ");
    if (at > column && at + length > HELP_WIDTH) {
      fprintf(file, "\n%*s", column, "");
      at = column;
    }
    fprintf(file, "%s%.*s", at > column ? " " : "", length, text);
    at += length + 1;
    text += length + (text[length] == ' ');
  }
  fputc('\n', file);
}

static void print_option(FILE *file, const cli_option_t *option) {
  char left[96];
  char letter[8] = "";
  if (option->letter)
    snprintf(letter, sizeof letter, "-%c, ", option->letter);
  snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name, option->value ? " " : "",
           option->value ? option->value : "");
  if (strlen(left) + 2 > HELP_COLUMN)
    fprintf(file, "%s\n%*s", left, HELP_COLUMN, "");
  else
    fprintf(file, "%-*s", HELP_COLUMN, left);
  print_wrapped(file, option->help, HELP_COLUMN);
}

void cli_options_help(const cli_command_t *command, FILE *file) {
  fprintf(file, "usage: scull %s", command->name);
  for (size_t i = 0; i < command->operand_count; i++) {
    const cli_operand_t *operand = &command->operands[i];
    fprintf(file, operand->optional ? " [%s]" : " %s", operand->name);
  }
  fprintf(file, "%s\n\n%s\n\n", command->option_count ? " [options]" : "", command->summary);
  for (size_t i = 0; i < command->option_count; i++)
    print_option(file, &command->options[i]);
  print_option(file, &plugin_option);
  if (command->notes)
    fprintf(file, "\n%s\n", command->notes);
}
