/* Size distributions. A distribution becomes the sizes at the middle of equally likely slices, scaled so that their
 * mean is the cell's size: a trial's mean then differs from the label by the draw alone, whatever the tail. */
#include "bench/dist.h"
#include "bench/columns.h"
#include "bench/nearest.h"
#include "bench/refuse.h"
#include "bench/spec.h"
#include "bench/text_file.h"
#include "bench/units.h"
#include <ctype.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#define QUANTILES      4096
#define FILE_MAX       (1u << 22) /* durations of one file */
#define FILE_BYTES_MAX (64u << 20)

static const struct param lognormal_params[] = {
    {.name = "sigma",
     .kind = PARAM_SHARE,
     .preset = "1",
     .min = 10000,
     .max = 4000000,
     .help = "standard deviation of the logarithm"},
    {0},
};

static double fixed_quantile(double u, const int64_t *params)
{
    (void)u;
    (void)params;
    return 1;
}

static double uniform_quantile(double u, const int64_t *params)
{
    (void)params;
    return gsl_cdf_flat_Pinv(u, 0, 2);
}

static double exponential_quantile(double u, const int64_t *params)
{
    (void)params;
    return gsl_cdf_exponential_Pinv(u, 1);
}

static double lognormal_quantile(double u, const int64_t *params)
{
    return gsl_cdf_lognormal_Pinv(u, 0, (double)params[0] / 1e6);
}

static double bimodal_quantile(double u, const int64_t *params)
{
    (void)params;
    return u < 0.9 ? 0.5 : 5.5;
}

const struct dist dist_table[] = {
    {"fixed", DIST_FIXED, "every task takes --size", NULL, 1, fixed_quantile},
    {"uniform", DIST_UNIFORM, "from 0 to twice --size", NULL, QUANTILES, uniform_quantile},
    {"exponential", DIST_EXPONENTIAL, "mean --size, many small and few large", NULL, QUANTILES, exponential_quantile},
    {"lognormal", DIST_LOGNORMAL, "mean --size, a long tail", lognormal_params, QUANTILES, lognormal_quantile},
    {"bimodal", DIST_BIMODAL, "90% take half of --size, 10% take 5.5 times --size", NULL, 10, bimodal_quantile},
    {"file", DIST_FILE, "file:PATH, one duration a line (# comments), replayed in order; --size is its mean", NULL, 0,
     NULL},
    {0},
};

static const struct dist *dist_find(const char *text, char *error)
{
    char name[SPEC_MAX], hint[288];
    struct nearest nearest;
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(text), text);
    nearest_init(&nearest, name);
    for (const struct dist *dist = dist_table; dist->name; dist++) {
        nearest_offer(&nearest, dist->name);
        if (!strcmp(dist->name, name))
            return dist;
    }
    refuse(error, "no size distribution is called '%s'%s", name, nearest_advice(&nearest, hint, sizeof hint));
    return NULL;
}

int dist_parse(const char *text, enum dist_kind *kind, char *spec, char *error)
{
    const struct dist *dist = dist_find(text, error);
    if (!dist)
        return -EINVAL;
    *kind = dist->kind;
    if (dist->kind == DIST_FILE) {
        if (strlen(text) <= strlen("file:"))
            return refuse(error, "'%s' names no file, expected file:PATH", text);
        if (strlen(text) >= SPEC_MAX)
            return refuse(error, "'%.40s...' is longer than %d letters", text, SPEC_MAX - 1);
        snprintf(spec, SPEC_MAX, "%s", text);
        return 0;
    }
    struct spec parsed = {.name = dist->name, .params = dist->params};
    int rc = spec_parse(text, &parsed, error);
    if (!rc)
        spec_spell(&parsed, spec);
    return rc;
}

static int line_parse(const char *line, int64_t *ns)
{
    int rc = parse_duration(line, ns);
    if (rc == -EINVAL)
        rc = parse_count(line, ns); /* a bare number is nanoseconds */
    return rc ? rc : *ns < 1 ? -ERANGE : 0;
}

/* The durations of a file, in order. */
static int file_read(const char *path, struct cost **costs, uint32_t *count, char *error)
{
    struct text_lines lines;
    size_t size = 0;
    int rc = text_file_open(path, FILE_BYTES_MAX, "one duration a line", &lines, error);
    *costs = NULL;
    *count = 0;
    for (char *line; !rc && (line = text_next(&lines));) {
        const unsigned number = lines.number;
        line[strcspn(line, "#")] = '\0';
        char *text = line + strspn(line, " \t");
        for (size_t end = strlen(text); end && isspace((unsigned char)text[end - 1]); end--)
            text[end - 1] = '\0';
        if (!*text)
            continue;
        int64_t ns;
        if (line_parse(text, &ns)) {
            rc = refuse(error, "%s:%u: '%.40s' is not a duration such as 200us, or nanoseconds", path, number, text);
        } else if (*count == FILE_MAX) {
            rc = refuse(error, "%s:%u: more than %u durations", path, number, FILE_MAX);
        } else {
            if (*count == size) {
                size = size ? 2 * size : 256;
                struct cost *grown = realloc(*costs, size * sizeof *grown);
                if (!grown) {
                    rc = refuse(error, "%s: out of memory", path);
                    break;
                }
                *costs = grown;
            }
            (*costs)[(*count)++] = (struct cost){.size_ns = (uint64_t)ns};
        }
    }
    if (!rc && !*count)
        rc = refuse(error, "%s: no duration in it, expected one a line", path);
    text_close(&lines);
    if (rc) {
        free(*costs);
        *costs = NULL;
    }
    return rc;
}

static double costs_mean(const struct cost *costs, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += (double)costs[i].size_ns;
    return sum / count;
}

static int quantiles_draw(const struct dist *dist, const struct cell *cell, struct cost *costs, char *error)
{
    struct spec spec = {.name = dist->name, .params = dist->params};
    int rc = spec_parse(cell->dist_spec, &spec, error);
    if (rc)
        return rc;
    double sum = 0;
    for (uint32_t i = 0; i < dist->quantiles; i++)
        sum += dist->quantile((i + 0.5) / dist->quantiles, spec.values);
    for (uint32_t i = 0; i < dist->quantiles; i++) {
        double share = dist->quantile((i + 0.5) / dist->quantiles, spec.values) * dist->quantiles / sum;
        double ns = rint(share * (double)cell->size_ns);
        costs[i].size_ns = ns < 1 && cell->size_ns > 0 ? 1 : (uint64_t)ns;
    }
    return 0;
}

int dist_costs(struct cell *cell, const struct calibration *calibration, char *error)
{
    const struct dist *dist = dist_find(cell->dist_spec, error);
    struct cost *costs = NULL;
    uint32_t count = 0;
    int rc;
    if (!dist)
        return -EINVAL;
    if (dist->kind == DIST_FILE) {
        rc = file_read(cell->dist_spec + strlen("file:"), &costs, &count, error);
        if (rc)
            return rc;
        cell->size_ns = llrint(costs_mean(costs, count));
    } else {
        count = dist->quantiles;
        costs = calloc(count, sizeof *costs);
        if (!costs)
            return refuse(error, "out of memory");
        rc = quantiles_draw(dist, cell, costs, error);
        if (rc) {
            free(costs);
            return rc;
        }
    }
    if (calibration)
        for (uint32_t i = 0; i < count; i++)
            costs[i].iterations = calibration_iterations(calibration, (int64_t)costs[i].size_ns);
    cell->iterations = calibration ? (int64_t)calibration_iterations(calibration, cell->size_ns) : MISSING;
    if (calibration && cell->workload &&
        !(cell->workload->traits & WORKLOAD_SIZED)) { /* a task is one iteration, and takes its time */
        cell->iterations = 1;
        costs[0] = (struct cost){
            .size_ns = (uint64_t)llrint(calibration->fixed_ns + calibration->ns_per_iteration),
            .iterations = 1,
        };
    }
    cell->costs = costs;
    cell->cost_count = count;
    cell->cost_in_order = dist->kind == DIST_FILE;
    return 0;
}
