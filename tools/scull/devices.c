/* scull devices: what this build can run on, and what is absent and why. */
#include <stdio.h>

#include "console.h"
#include "table.h"

static scull_status_t run(const void *user) {
  (void)user;
  cli_table_t table;
  scull_device_info_t info;
  scull_status_t status = SCULL_OK;
  cli_table_init(&table, "device|name|facts");
  for (size_t i = 0; (status = scull_device_get(i, &info)) == SCULL_OK; i++) {
    cli_table_add(&table, "%s", info.backend);
    cli_table_add(&table, "%s", info.absent ? "(absent)" : info.name);
    cli_table_add(&table, "%s", info.absent ? info.absent : info.facts);
  }
  status =
      status == SCULL_NOT_FOUND ? cli_table_print(&table, stdout, 0) : cli_check(status, "devices");
  cli_table_deinit(&table);
  return status;
}

const cli_command_t cli_command_devices = {
    .name = "devices",
    .summary = "the devices of this machine and build",
    .run = run,
};
