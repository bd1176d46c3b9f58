/* Names and sentences of the statuses, from the one list. */
#include "base/status.h"

const char *scull_base_status_name(scull_status_t status) {
  switch (status) {
#define SCULL_X(name, value, text)                                                                 \
  case SCULL_##name: return #name;
    SCULL_STATUS_LIST(SCULL_X)
#undef SCULL_X
  }
  return "UNKNOWN";
}

const char *scull_base_status_text(scull_status_t status) {
  switch (status) {
#define SCULL_X(name, value, text)                                                                 \
  case SCULL_##name: return text;
    SCULL_STATUS_LIST(SCULL_X)
#undef SCULL_X
  }
  return "a status outside the list";
}
