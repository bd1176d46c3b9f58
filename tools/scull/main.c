/* scull: the command line of Scull. Finds the command, lets the table of its options read the
 * words, calls it. Everything that it can do, the C API (include/scull/scull.h) can do, too: this
 * folder includes nothing else of the project. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "options.h"

#define CLI_COMMAND(name) extern const cli_command_t cli_command_##name;
#include "commands.def"
#undef CLI_COMMAND

static const cli_command_t *const commands[] = {
#define CLI_COMMAND(name) &cli_command_##name,
#include "commands.def"
#undef CLI_COMMAND
};

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CANCELLED = 130 };

static int exit_code(scull_status_t status) {
  switch (status) {
  case SCULL_OK: return EXIT_SUCCESS;
  case SCULL_INVALID_ARGUMENT: return EXIT_USAGE;
  case SCULL_CANCELLED: return EXIT_CANCELLED;
  default: return EXIT_FAILED;
  }
}

static const cli_command_t *find_command(const char *name) {
  for (size_t i = 0; i < CLI_COUNT(commands); i++)
    if (strcmp(commands[i]->name, name) == 0)
      return commands[i];
  return NULL;
}

static void print_overview(FILE *file) {
  fputs("usage: scull COMMAND ...    (scull COMMAND --help says more)\n\n", file);
  for (size_t i = 0; i < CLI_COUNT(commands); i++)
    fprintf(file, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
  fputs("\nA first plan:  scull build MODEL -o net.plan && scull bench net.plan\n", file);
}

static scull_status_t run_command(const cli_command_t *command, int count, char **words) {
  scull_status_t status = SCULL_OK;
  bool help = false;
  void *args = calloc(1, command->args_size ? command->args_size : 1);
  if (!args)
    return cli_fail_memory();
  if (command->defaults)
    memcpy(args, command->defaults, command->args_size);
  CLI_TRY_DONE(cli_options_parse(command, count, words, args, &help));
  if (help)
    cli_options_help(command, stdout);
  else
    status = command->run(args);
done:
  cli_options_deinit(command, args);
  free(args);
  return status;
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  if (strcmp(name, "--version") == 0) {
    printf("scull %s\n", scull_version());
    return EXIT_SUCCESS;
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
    print_overview(stdout);
    return EXIT_SUCCESS;
  }
  if (argc < 2) {
    print_overview(stderr);
    return EXIT_USAGE;
  }
  const cli_command_t *command = find_command(name);
  if (!command) {
    cli_console_begin("");
    return exit_code(
        cli_fail(SCULL_INVALID_ARGUMENT, "unknown command '%s' (scull --help lists them)", name));
  }
  cli_console_begin(command->name);
  scull_status_t status = run_command(command, argc - 2, argv + 2);
  if (cli_console_end() != SCULL_OK && status == SCULL_OK)
    status = SCULL_IO;
  return exit_code(status);
}
