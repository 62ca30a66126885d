/* See hosts.h: from trials.csv, a row at a time, to a number for each host, cell and block. */
#include "bench/analyse/hosts.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/host.h"
#include "bench/model/invariants.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_MOST  1000000
#define VALUES_MOST 100000000

/* A trial. */
struct record {
    uint32_t host, kind, block;
    float value;
};

/* A cell: which host, and which kind of all; kind: SIZE_MAX where it was not met yet. */
struct cell_at {
    size_t host, kind;
};

struct reading {
    struct hosts *hosts;
    struct cell_at *cell; /* by the number in cell_id */
    size_t cells;
    struct record *record;
    size_t records, room;
    struct sums {
        double busy_ns, share_ns[HOST_CLOCK], clock_ghz, clocks;
    } * sums; /* a host */
    char *error;
};

static int no_memory(char *error)
{
    return refuse_as(-ENOMEM, error, "out of memory");
}

/* ---- hosts, cells ---- */

static int host_find(struct reading *r, const char *name, size_t *host)
{
    struct hosts *hosts = r->hosts;
    for (*host = 0; *host < hosts->count; ++*host)
        if (!strcmp(hosts->host[*host].host, name))
            return 0;
    struct host_view *more = reallocarray(hosts->host, hosts->count + 1, sizeof *more);
    if (more)
        hosts->host = more;
    struct sums *sums = more ? reallocarray(r->sums, hosts->count + 1, sizeof *sums) : NULL;
    if (!sums)
        return no_memory(r->error);
    r->sums = sums;
    sums[hosts->count] = (struct sums){0};
    more[hosts->count] = (struct host_view){0};
    snprintf(more[hosts->count].host, sizeof more->host, "%.15s", name);
    hosts->count++;
    return 0;
}

static int kind_find(struct reading *r, const struct factors *f, size_t *kind)
{
    struct hosts *hosts = r->hosts;
    const factor_set same = factors_all() & ~(FACTOR_HOST | FACTOR_TASKS);
    for (*kind = 0; *kind < hosts->kinds; ++*kind)
        if (factors_same(&hosts->kind[*kind].f, f, same))
            return 0;
    struct summary_row *more = reallocarray(hosts->kind, hosts->kinds + 1, sizeof *more);
    if (!more)
        return no_memory(r->error);
    hosts->kind = more;
    row_clear(&summary_format, &more[hosts->kinds]);
    more[hosts->kinds].f = *f;
    more[hosts->kinds++].f.host[0] = '\0';
    return 0;
}

static int cell_find(struct reading *r, const struct trial_row *trial, struct cell_at *at)
{
    char *end = NULL;
    const size_t number = trial->cell_id[0] == 'c' ? strtoul(trial->cell_id + 1, &end, 10) : 0;
    if (!number || *end || number >= CELLS_MOST)
        return refuse_as(-EBADMSG, r->error, "trial %lld: cell_id: expected c001 .., found '%.15s'",
                         (long long)trial->trial_id, trial->cell_id);
    if (number >= r->cells) {
        const size_t cells = 2 * number + 64;
        struct cell_at *more = reallocarray(r->cell, cells, sizeof *more);
        if (!more)
            return no_memory(r->error);
        for (size_t i = r->cells; i < cells; i++)
            more[i].kind = SIZE_MAX;
        r->cell = more;
        r->cells = cells;
    }
    if (r->cell[number].kind == SIZE_MAX) {
        int rc = host_find(r, trial->f.host, &r->cell[number].host);
        rc = rc ? rc : kind_find(r, &trial->f, &r->cell[number].kind);
        if (rc)
            return rc;
    }
    *at = r->cell[number];
    return 0;
}

/* ---- trials ---- */

static void facts_add(struct sums *sums, const struct trial_row *trial)
{
    const int64_t ns[] = {trial->runqueue_ns, trial->steal_ns, trial->throttled_ns};
    sums->busy_ns += (double)trial->wall_ns * (double)(trial->f.workers > 0 ? trial->f.workers : 1);
    for (size_t i = 0; i < HOST_CLOCK; i++)
        sums->share_ns[i] += ns[i] == MISSING ? NAN : (double)ns[i];
    if (trial->frequency_khz > 0) {
        sums->clock_ghz += (double)trial->frequency_khz / 1e6;
        sums->clocks++;
    }
}

static int on_trial(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct reading *r = arg;
    struct cell_at at = {0};
    int rc = trial_consistent(trial, r->error);
    if (rc || !trial_has_time(trial) || trial->block < 1 || trial->block > VALUES_MOST)
        return rc;
    if ((rc = cell_find(r, trial, &at)))
        return rc;
    if (r->records == r->room) {
        const size_t room = r->room * 2 + 4096;
        struct record *more = room <= VALUES_MOST ? reallocarray(r->record, room, sizeof *more) : NULL;
        if (!more)
            return no_memory(r->error);
        r->record = more;
        r->room = room;
    }
    r->record[r->records++] = (struct record){(uint32_t)at.host, (uint32_t)at.kind, (uint32_t)trial->block - 1,
                                              (float)log(trial_per_task(trial, (double)trial->wall_ns))};
    r->hosts->host[at.host].trials++;
    if ((size_t)trial->block > r->hosts->blocks)
        r->hosts->blocks = (size_t)trial->block;
    facts_add(&r->sums[at.host], trial);
    return 0;
}

/* ---- what is made of them ---- */

static int values_make(struct reading *r)
{
    struct hosts *hosts = r->hosts;
    const size_t cells = hosts->count * hosts->kinds;
    if (!cells || hosts->blocks > VALUES_MOST / cells)
        return refuse(r->error, "expected up to %d hosts times cells times blocks, found %zu in %zu blocks",
                      VALUES_MOST, cells, hosts->blocks);
    const size_t size = cells * hosts->blocks;
    hosts->value = calloc(size, sizeof *hosts->value);
    if (!hosts->value)
        return no_memory(r->error);
    for (size_t i = 0; i < size; i++)
        hosts->value[i] = NAN;
    for (size_t i = 0; i < r->records; i++) {
        const struct record *one = &r->record[i];
        hosts->value[(one->host * hosts->kinds + one->kind) * hosts->blocks + one->block] = one->value;
    }
    return 0;
}

static void facts_make(const struct reading *r)
{
    for (size_t h = 0; h < r->hosts->count; h++) {
        const struct sums *sums = &r->sums[h];
        double *fact = r->hosts->host[h].fact;
        for (size_t i = 0; i < HOST_CLOCK; i++)
            fact[i] = sums->busy_ns > 0 ? sums->share_ns[i] / sums->busy_ns : NAN;
        fact[HOST_CLOCK] = sums->clocks > 0 ? sums->clock_ghz / sums->clocks : NAN;
    }
}

/* All cells, then each pool; the base pool by which the others are measured. */
static int groups_make(struct hosts *hosts, char *error)
{
    hosts->group = calloc(hosts->kinds + 1, sizeof *hosts->group);
    if (!hosts->group)
        return no_memory(error);
    hosts->groups = 1;
    for (size_t k = 0; k < hosts->kinds; k++) {
        const char *pool = hosts->kind[k].f.pool;
        size_t g = 1;
        while (g < hosts->groups && strcmp(hosts->group[g], pool) != 0)
            g++;
        if (g < hosts->groups)
            continue;
        snprintf(hosts->group[hosts->groups++], SPEC_MAX, "%s", pool);
        if (row_has_pool(&hosts->kind[k], BASE_POOL))
            hosts->base = g;
    }
    hosts->base = hosts->groups > 2 && !hosts->base ? 1 : hosts->groups > 2 ? hosts->base : 0;
    for (size_t h = 0; h < hosts->count; h++)
        if (!(hosts->host[h].effect = calloc(hosts->groups, sizeof *hosts->host[h].effect)))
            return no_memory(error);
    return 0;
}

int hosts_read(const char *directory, const json_t *host, struct hosts *hosts, char *error)
{
    struct reading r = {.hosts = hosts, .error = error};
    *hosts = (struct hosts){.apart = !json_is_true(host_fact(host, "together"))};
    int rc = csv_read(directory, &trial_format, -1, on_trial, &r, error);
    if (!rc && !r.records)
        rc = refuse(error, "%.300s: no trial ended well", directory);
    if (!rc)
        rc = values_make(&r);
    if (!rc) {
        facts_make(&r);
        rc = groups_make(hosts, error);
    }
    free(r.cell);
    free(r.record);
    free(r.sums);
    return rc;
}

void hosts_release(struct hosts *hosts)
{
    for (size_t h = 0; h < hosts->count; h++)
        free(hosts->host[h].effect);
    for (size_t a = 0; a < hosts->answers; a++)
        free(hosts->answer[a].best);
    free(hosts->host);
    free(hosts->kind);
    free(hosts->group);
    free(hosts->answer);
    free(hosts->value);
    *hosts = (struct hosts){0};
}
