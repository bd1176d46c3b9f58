/* A thread that runs one job at a time for its owner. In the child of a fork the thread is not
 * there: jobs then run in the caller, and one that was under way at the fork is CANCELLED. */
#ifndef SCULL_BASE_WORKER_H
#define SCULL_BASE_WORKER_H

#include <stdbool.h>

#include "base/diag.h"

typedef struct scull_worker scull_worker_t;
typedef scull_status_t (*scull_job_fn_t)(void *user);

/* *out is yours: scull_base_worker_destroy, which waits for a job that still runs. */
scull_status_t scull_base_worker_create(scull_worker_t **out, scull_diag_t *diag) SCULL_MUST_USE;
void scull_base_worker_destroy(scull_worker_t *worker); /* NULL is allowed */

/* Starts `fn(user)`, after the job before it has ended. */
void scull_base_worker_submit(scull_worker_t *worker, scull_job_fn_t fn, void *user);

/* Waits for the last job and returns its status; OK when there was none. */
scull_status_t scull_base_worker_wait(scull_worker_t *worker) SCULL_MUST_USE;

#endif
