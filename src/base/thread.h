/* Work shared out over threads. Two bodies stand behind it, chosen at configure time: OpenMP (one
 * pool with oneDNN) and a plain pthread pool (-DSCULL_THREADS=pthread: ThreadSanitizer understands
 * it). Each calling thread has a team of its own, so contexts in different threads do not meet. */
#ifndef SCULL_BASE_THREAD_H
#define SCULL_BASE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/* Runs one share of the work: items [begin, end). No two threads that run at once have the same
 * number `thread` (0 to threads - 1). */
typedef void (*scull_range_fn_t)(void *user, int64_t begin, int64_t end, int thread);

/* Calls `fn` on contiguous shares of [0, count), one for each of at most `threads` threads (1 = in
 * the caller, nothing forked), and returns when all are done. A thread may get several shares.
 * After a fork the child runs alone. */
void scull_base_parallel_for(int threads, int64_t count, scull_range_fn_t fn, void *user);

/* Runs `fn(user)` in the caller with a team of `threads` at hand for the whole time: calls of
 * parallel_for inside give it their shares without forking, and do not wait for a member that the
 * system does not let run: whoever is free takes the next share. For a row of short calls, which on
 * a busy machine would else each wait for the slowest. Inside, libraries that fork themselves get
 * one thread. */
typedef void (*scull_task_fn_t)(void *user);
void scull_base_team_run(int threads, scull_task_fn_t fn, void *user);

/* parallel_for on threads of their own that have ended at the return, not the pool's: for work so
 * long that starting them does not matter, done once. A later fork is none the worse for it. */
void scull_base_parallel_once(int threads, int64_t count, scull_range_fn_t fn, void *user);

/* Sets how many threads the libraries that share our pool use in calls of this thread. In a forked
 * child they still plan for that many, but run alone. */
void scull_base_threads_apply(int threads);

/* The number of processors this process may use; >= 1. */
int scull_base_threads_default(void);

/* True in a child whose parent had already used its pool: such a child must stay single threaded
 * (libgomp's pool does not survive a fork). */
bool scull_base_threads_forked(void);

/* Monotonic time in nanoseconds. */
uint64_t scull_base_now(void);

#endif
