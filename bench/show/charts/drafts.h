/* Where charts are drawn, and where they go: RUN/charts, and in it a fresh directory of our own, both held by
 * descriptor. What else lies there somebody else may have made: no link is followed, and nothing is written but what is
 * new. */
#ifndef POOLBENCH_SHOW_CHARTS_DRAFTS_H
#define POOLBENCH_SHOW_CHARTS_DRAFTS_H
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

struct drafts {
    char path[PATH_MAX]; /* of charts, for people */
    int charts, draft;   /* open directories; -1: none */
    char name[64];       /* of draft, in charts */
};

/* Makes both, and takes away drafts of processes that are gone. 0; or -errno with a line in error, drafts_close() all
 * the same. */
int drafts_open(struct drafts *drafts, const char *run, char *error);
void drafts_close(struct drafts *drafts); /* with what is left in the draft */

FILE *draft_create(const struct drafts *drafts, const char *file, char *error); /* NULL with a line in error */
/* Closes it. Returns `result`, or, where that is no error, what went wrong in writing. */
int draft_end(FILE *out, const struct drafts *drafts, const char *file, int result, char *error);
/* From the draft to the place of what is called so in charts. 0 or -errno. */
int draft_move(const struct drafts *drafts, const char *file, char *error);
bool draft_is_whole(const struct drafts *drafts, const char *picture, const char *end); /* whether it ends so */

#endif
