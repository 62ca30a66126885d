/* See hosts.h: effects, and answers. Where there are few hosts, the blocks of each tell, by Wilcoxon's signed ranks
 * against the middle of all (bench/stats/ranks.h) at the level of Bonferroni; where there are many, how far hosts
 * lie apart, by the median absolute deviation, Student's t and Holm. */
#include "bench/analyse/hosts.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/ranks.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OF_ALL     0.8    /* of FAMILY_ERROR, for hosts as a whole; the rest for pools on hosts */
#define NORMAL_MAD 1.4826 /* of a normal distribution: its deviation over its median absolute deviation */
#define MAD_WORTH  0.37   /* values that a deviation by medians is worth (Rousseeuw and Croux, 1993) */
#define AS_GOOD    0.02   /* an answer that is not worse by more holds */

struct judging {
    struct hosts *hosts;
    double *middle; /* host x kind: over blocks */
    double *off;    /* group x host x block: the middle over cells of how far they are off */
    double *room;   /* of as many as there are of anything */
    double *p;      /* host x group */
    char *error;
};

static double median_of(double *values, size_t count)
{
    return stats_median(values, stats_sort(values, count));
}

static double *value_at(const struct hosts *hosts, size_t host, size_t kind)
{
    return hosts->value + (host * hosts->kinds + kind) * hosts->blocks;
}

static double *off_at(const struct judging *j, size_t group, size_t host)
{
    return j->off + (group * j->hosts->count + host) * j->hosts->blocks;
}

/* ---- how far off ---- */

/* From here on values are off the middle of their cell over all hosts. */
static void values_centre(struct judging *j)
{
    const struct hosts *s = j->hosts;
    for (size_t k = 0; k < s->kinds; k++) {
        for (size_t h = 0; h < s->count; h++) {
            memcpy(j->room, value_at(s, h, k), s->blocks * sizeof *j->room);
            j->middle[h * s->kinds + k] = median_of(j->room, s->blocks);
        }
        for (size_t h = 0; h < s->count; h++)
            j->room[h] = j->middle[h * s->kinds + k];
        const double centre = median_of(j->room, s->count);
        for (size_t h = 0; h < s->count; h++)
            for (size_t b = 0; b < s->blocks; b++)
                value_at(s, h, k)[b] -= centre;
    }
}

/* Pools are measured by the base pool of the same host and block. */
static void offs_make(struct judging *j)
{
    const struct hosts *s = j->hosts;
    for (size_t g = 0; g < s->groups; g++)
        for (size_t h = 0; h < s->count; h++)
            for (size_t b = 0; b < s->blocks; b++) {
                size_t count = 0;
                for (size_t k = 0; k < s->kinds; k++)
                    if (!g || !strcmp(s->kind[k].f.pool, s->group[g]))
                        j->room[count++] = value_at(s, h, k)[b];
                off_at(j, g, h)[b] = median_of(j->room, count);
            }
    for (size_t g = 1; g < s->groups && s->base; g++)
        for (size_t i = 0; i < s->count * s->blocks && g != s->base; i++)
            off_at(j, g, 0)[i] -= off_at(j, s->base, 0)[i];
}

/* Whether an effect is looked at at all. */
static bool is_asked(const struct hosts *s, size_t group)
{
    return group ? s->base && group != s->base : !s->apart;
}

/* The level of one statement by itself. */
static double level_of(const struct hosts *s, size_t group)
{
    const size_t pools = s->groups > 3 ? s->groups - 2 : 1;
    const double tests = (double)(group ? pools : 1) * (double)s->count;
    const double share = s->apart ? 1 : group ? 1 - OF_ALL : OF_ALL;
    return 1 - FAMILY_ERROR * share / tests;
}

/* ---- few hosts: by blocks ---- */

/* The middle of all hosts: in that block where they ran together, else over all. Without this one, the one of three
 * that is far off would be half of what the other two are measured by. */
static double middle_of_hosts(const struct judging *j, size_t group, size_t block)
{
    const struct hosts *s = j->hosts;
    double middles[HOSTS_MANY];
    for (size_t h = 0; h < s->count && h < HOSTS_MANY; h++) {
        memcpy(j->room, off_at(j, group, h), s->blocks * sizeof *j->room);
        middles[h] = s->apart ? median_of(j->room, s->blocks) : off_at(j, group, h)[block];
    }
    return median_of(middles, s->count < HOSTS_MANY ? s->count : HOSTS_MANY);
}

static void effect_of_blocks(struct judging *j, size_t group, size_t host)
{
    const struct hosts *s = j->hosts;
    struct host_effect *effect = &s->host[host].effect[group];
    double *differences = j->room + s->blocks;
    for (size_t b = 0; b < s->blocks; b++)
        differences[b] = off_at(j, group, host)[b] - middle_of_hosts(j, group, b);
    const size_t count = stats_sort(differences, s->blocks);
    effect->ratio = exp(ranks_middle(differences, count));
    if (ranks_interval(differences, count, level_of(s, group), &effect->interval))
        return;
    effect->interval.lo = exp(effect->interval.lo);
    effect->interval.hi = exp(effect->interval.hi);
    effect->differs = effect->interval.lo > 1 + HOSTS_MARGIN || effect->interval.hi < 1 / (1 + HOSTS_MARGIN);
}

/* ---- many hosts: by hosts ---- */

static void effects_of_hosts(struct judging *j, size_t group)
{
    const struct hosts *s = j->hosts;
    double *middles = j->room + s->blocks, *sorted = middles + s->count;
    for (size_t h = 0; h < s->count; h++) {
        memcpy(j->room, off_at(j, group, h), s->blocks * sizeof *j->room);
        sorted[h] = middles[h] = median_of(j->room, s->blocks);
    }
    const double centre = median_of(sorted, s->count);
    for (size_t h = 0; h < s->count; h++)
        sorted[h] = fabs(middles[h] - centre);
    const double deviation = fmax(NORMAL_MAD * median_of(sorted, s->count), 1e-9);
    const double freedom = fmax(MAD_WORTH * (double)(s->count - 1), 1);
    for (size_t h = 0; h < s->count; h++) {
        s->host[h].effect[group].ratio = exp(middles[h] - centre);
        j->p[h * s->groups + group] =
            isnan(middles[h]) ? 1 : 2 * gsl_cdf_tdist_Q(fabs(middles[h] - centre) / deviation, freedom);
    }
}

static int p_compare(const void *a, const void *b, void *of)
{
    const double *p = of, x = p[*(const size_t *)a], y = p[*(const size_t *)b];
    return (x > y) - (x < y);
}

/* Holm: the smallest by all, the next by all but one ... until one does not hold. */
static int many_judge(struct judging *j)
{
    const struct hosts *s = j->hosts;
    size_t *order = calloc(s->count * s->groups + 1, sizeof *order), tests = 0;
    if (!order)
        return -ENOMEM;
    for (size_t g = 0; g < s->groups; g++) {
        if (!is_asked(s, g))
            continue;
        effects_of_hosts(j, g);
        for (size_t h = 0; h < s->count; h++)
            order[tests++] = h * s->groups + g;
    }
    qsort_r(order, tests, sizeof *order, p_compare, j->p);
    for (size_t i = 0; i < tests && j->p[order[i]] <= FAMILY_ERROR / (double)(tests - i); i++) {
        struct host_effect *effect = &s->host[order[i] / s->groups].effect[order[i] % s->groups];
        effect->differs = fabs(log(effect->ratio)) > log(1 + HOSTS_MARGIN);
    }
    free(order);
    return 0;
}

/* ---- answers ---- */

static bool is_candidate(const struct summary_row *row)
{
    return !row_has_pool(row, BASE_POOL) && !row_has_pool(row, IDEAL_POOL) && !row_is_floor(row);
}

static bool are_rivals(const struct hosts *s, size_t a, size_t b)
{
    return is_candidate(&s->kind[b]) &&
           factors_equal(&s->kind[a], &s->kind[b], factors_all() & ~(FACTOR_POOL | FACTOR_TASKS | FACTOR_HOST));
}

static bool is_as_good(const struct judging *j, size_t host, size_t kind, size_t best)
{
    const double *middle = j->middle + host * j->hosts->kinds;
    return best != SIZE_MAX && middle[kind] <= middle[best] + log(1 + AS_GOOD);
}

static void answer_fill(struct judging *j, struct host_answer *answer, size_t first)
{
    const struct hosts *s = j->hosts;
    for (size_t h = 0; h < s->count; h++) {
        answer->best[h] = SIZE_MAX;
        for (size_t k = first; k < s->kinds; k++) {
            const double *middle = j->middle + h * s->kinds;
            if (are_rivals(s, first, k) && !isnan(middle[k]) &&
                (answer->best[h] == SIZE_MAX || middle[k] < middle[answer->best[h]]))
                answer->best[h] = k;
        }
        answer->of += answer->best[h] != SIZE_MAX;
    }
    for (size_t k = first; k < s->kinds; k++) {
        size_t holds = 0;
        for (size_t h = 0; h < s->count && are_rivals(s, first, k); h++)
            holds += is_as_good(j, h, k, answer->best[h]);
        if (holds > answer->holds) {
            answer->holds = holds;
            answer->most = k;
        }
    }
}

static int answers_make(struct judging *j)
{
    struct hosts *s = j->hosts;
    s->answer = calloc(s->kinds + 1, sizeof *s->answer);
    if (!s->answer)
        return -ENOMEM;
    for (size_t k = 0; k < s->kinds; k++) {
        bool is_first = is_candidate(&s->kind[k]), has_rival = false;
        for (size_t i = 0; i < s->kinds && is_first; i++) {
            is_first = !(i < k && are_rivals(s, k, i));
            has_rival = has_rival || (i > k && are_rivals(s, k, i));
        }
        if (!is_first || !has_rival)
            continue;
        struct host_answer *answer = &s->answer[s->answers];
        *answer = (struct host_answer){.row = s->kind[k], .best = calloc(s->count + 1, sizeof *answer->best)};
        if (!answer->best)
            return -ENOMEM;
        s->answers++;
        answer_fill(j, answer, k);
    }
    return 0;
}

/* ---- all of it ---- */

static void facts_judge(struct judging *j)
{
    struct hosts *s = j->hosts;
    for (size_t i = 0; i < HOSTS_FACTS; i++) {
        for (size_t h = 0; h < s->count; h++)
            j->room[h] = s->host[h].fact[i];
        s->fact[i] = median_of(j->room, s->count);
    }
}

static int effects_judge(struct judging *j)
{
    struct hosts *s = j->hosts;
    for (size_t h = 0; h < s->count; h++)
        for (size_t g = 0; g < s->groups; g++)
            s->host[h].effect[g] = (struct host_effect){.ratio = NAN, .interval = {NAN, NAN}};
    s->blocks_needed = stats_interval_least(level_of(s, s->apart ? 1 : 0));
    s->tells =
        s->count >= HOSTS_LEAST && (s->count >= HOSTS_MANY || s->blocks >= s->blocks_needed) && (!s->apart || s->base);
    if (s->count >= HOSTS_MANY)
        return many_judge(j);
    for (size_t g = 0; g < s->groups; g++)
        for (size_t h = 0; h < s->count && is_asked(s, g); h++)
            effect_of_blocks(j, g, h);
    return 0;
}

int hosts_judge(struct hosts *hosts, char *error)
{
    const size_t most = hosts->kinds + 2 * hosts->count + 2 * hosts->blocks + 1;
    struct judging j = {.hosts = hosts,
                        .middle = calloc(hosts->count * hosts->kinds + 1, sizeof *j.middle),
                        .off = calloc(hosts->groups * hosts->count * hosts->blocks + 1, sizeof *j.off),
                        .room = calloc(most, sizeof *j.room),
                        .p = calloc(hosts->count * hosts->groups + 1, sizeof *j.p),
                        .error = error};
    int rc = j.middle && j.off && j.room && j.p ? 0 : -ENOMEM;
    if (!rc) {
        values_centre(&j);
        offs_make(&j);
        facts_judge(&j);
        rc = effects_judge(&j);
    }
    rc = rc ? rc : answers_make(&j);
    free(j.middle);
    free(j.off);
    free(j.room);
    free(j.p);
    return rc ? refuse_as(rc, error, "out of memory") : 0;
}
