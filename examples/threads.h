/* A thread pool as libraries have it: functions go in with add, wait returns when all have been run. */
#ifndef THREADS_H
#define THREADS_H

struct threads;

struct threads *threads_new(unsigned count);
int threads_add(struct threads *threads, void (*function)(void *argument), void *argument); /* 0, or -1: no memory */
void threads_wait(struct threads *threads);
void threads_free(struct threads *threads); /* waits first */

#endif
