/* Time a layer over the life of a predictor (PD_ConfigEnableProfile). Private to doors/paddle. */
#ifndef SCULL_DOORS_PADDLE_PROFILE_H
#define SCULL_DOORS_PADDLE_PROFILE_H

#include <stdbool.h>

#include <scull/scull.h>

typedef struct door_profile door_profile_t;

door_profile_t *door_profile_create(void);
void door_profile_destroy(door_profile_t *profile);
/* Counts the runs of `context` from now on; false with scull_last_error. */
bool door_profile_watch(door_profile_t *profile, scull_context_t *context);
/* The table, on stderr; NULL prints nothing. */
void door_profile_print(const door_profile_t *profile);

#endif
