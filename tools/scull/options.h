/* Reads the words of a command line by the table of its command, and prints --help from it. */
#ifndef SCULL_TOOL_OPTIONS_H
#define SCULL_TOOL_OPTIONS_H

#include <stdio.h>

#include "command.h"

/* Fills `args` (a struct of command->args_size bytes that holds the defaults already). *help is set
 * when --help was among the words; the rest is not checked then. */
CLI_CHECKED scull_status_t cli_options_parse(const cli_command_t *command, int count, char **words,
                                             void *args, bool *help);

/* Gives the lists in `args` back. */
void cli_options_deinit(const cli_command_t *command, void *args);

void cli_options_help(const cli_command_t *command, FILE *file);

#endif
