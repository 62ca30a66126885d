/* The simplest thread pool there is, see threads.h: one lock, one list, two conditions. */
#include "threads.h"
#include <pthread.h>
#include <stdlib.h>

struct job {
    void (*function)(void *argument);
    void *argument;
    struct job *next;
};

struct threads {
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    struct job *first, **last;
    unsigned long pending; /* added and not run to their end */
    int stopping;
    unsigned count;
    pthread_t thread[];
};

static void *thread_main(void *argument)
{
    struct threads *t = argument;
    pthread_mutex_lock(&t->lock);
    for (;;) {
        while (!t->first && !t->stopping)
            pthread_cond_wait(&t->work, &t->lock);
        struct job *job = t->first;
        if (!job)
            break;
        if (!(t->first = job->next))
            t->last = &t->first;
        pthread_mutex_unlock(&t->lock);
        job->function(job->argument);
        free(job);
        pthread_mutex_lock(&t->lock);
        if (!--t->pending)
            pthread_cond_broadcast(&t->idle);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

int threads_add(struct threads *t, void (*function)(void *argument), void *argument)
{
    struct job *job = malloc(sizeof *job);
    if (!job)
        return -1;
    *job = (struct job){function, argument, NULL};
    pthread_mutex_lock(&t->lock);
    *t->last = job;
    t->last = &job->next;
    t->pending++;
    pthread_cond_signal(&t->work);
    pthread_mutex_unlock(&t->lock);
    return 0;
}

void threads_wait(struct threads *t)
{
    pthread_mutex_lock(&t->lock);
    while (t->pending)
        pthread_cond_wait(&t->idle, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

void threads_free(struct threads *t)
{
    threads_wait(t);
    pthread_mutex_lock(&t->lock);
    t->stopping = 1;
    pthread_cond_broadcast(&t->work);
    pthread_mutex_unlock(&t->lock);
    for (unsigned i = 0; i < t->count; i++)
        pthread_join(t->thread[i], NULL);
    pthread_cond_destroy(&t->work);
    pthread_cond_destroy(&t->idle);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

struct threads *threads_new(unsigned count)
{
    struct threads *t = calloc(1, sizeof *t + count * sizeof *t->thread);
    if (!t)
        return NULL;
    t->last = &t->first;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->work, NULL);
    pthread_cond_init(&t->idle, NULL);
    for (; t->count < count; t->count++)
        if (pthread_create(&t->thread[t->count], NULL, thread_main, t)) {
            threads_free(t);
            return NULL;
        }
    return t;
}
