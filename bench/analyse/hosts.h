/* Which hosts of a run differ from the others, by how much, and which answers hold on all of them. Times are taken as
 * logarithms, each off the middle of its cell over all hosts; of a host and a block that is a number for all cells
 * together (absolute), and one for each pool over that of the base pool of the same block (relative). Robust: medians
 * over cells, blocks and hosts. Trials are streamed: a thousand hosts are a few megabytes. Only reads. One thread. */
#ifndef POOLBENCH_ANALYSE_HOSTS_H
#define POOLBENCH_ANALYSE_HOSTS_H
#include "bench/model/columns.h"
#include "bench/stats/stats.h"
#include <jansson.h>

#define HOSTS_MARGIN 0.05 /* hosts are alike that differ by less */
#define HOSTS_LEAST  3    /* of two, which one is the other one? */
#define HOSTS_MANY   8    /* from here on hosts tell by themselves how far they lie apart */
#define HOSTS_FACTS  4

/* How far a host is from the middle of all: a ratio of times. */
struct host_effect {
    double ratio;             /* NAN: no block tells */
    struct interval interval; /* of that, where there are fewer than HOSTS_MANY; else NAN */
    bool differs;             /* surely, by more than the margin, all that are claimed together */
};

/* What its threads did, as a share of the time of its workers; of the clock GHz. NAN: not known. */
enum host_fact_kind { HOST_WAITED, HOST_STOLEN, HOST_THROTTLED, HOST_CLOCK };

struct host_view {
    char host[16];
    size_t trials;
    struct host_effect *effect; /* hosts->groups: all cells, then a pool each */
    double fact[HOSTS_FACTS];
};

/* Cells that differ in the pool alone. */
struct host_answer {
    struct summary_row row; /* one of them */
    size_t *best;           /* a kind a host; SIZE_MAX: none */
    size_t most;            /* the one that is the best, or as good, on most hosts; */
    size_t holds, of;       /* on so many of so many */
};

struct hosts {
    struct host_view *host;
    size_t count, blocks;
    struct summary_row *kind; /* cells, wherever they ran */
    size_t kinds;
    char (*group)[SPEC_MAX]; /* what effects are of: "" all cells, then pools */
    size_t groups, base;     /* base: the pool that others are measured by; 0: there is none */
    struct host_answer *answer;
    size_t answers;
    double fact[HOSTS_FACTS]; /* the middle of all hosts */
    bool apart;               /* they ran at different times: absolute times are not looked at */
    bool tells;               /* there are hosts and blocks enough */
    size_t blocks_needed;     /* else */
    double *value;            /* log of ns per task: host x kind x block; NAN */
};

/* 0 or -errno with a line in error (ERROR_MAX bytes); to be released in any case. host: host.json, or NULL. */
int hosts_read(const char *directory, const json_t *host, struct hosts *hosts, char *error);
int hosts_judge(struct hosts *hosts, char *error);
void hosts_release(struct hosts *hosts);

#endif
