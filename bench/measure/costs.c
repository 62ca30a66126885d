/* Costs of a cell. A distribution becomes the sizes at the middle of equally likely slices, scaled so that their mean
 * is the cell's size: a trial's mean then differs from the label by the draw alone, whatever the tail. */
#include "bench/measure/costs.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/base/text_file.h"
#include "bench/base/units.h"
#include "bench/model/columns.h"
#include "bench/model/dist.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#define FILE_MAX       (1u << 22) /* durations of one file */
#define FILE_BYTES_MAX (64u << 20)

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
    int rc = spec_parse(cell->f.size_dist, &spec, error);
    if (rc)
        return rc;
    double sum = 0;
    for (uint32_t i = 0; i < dist->quantiles; i++)
        sum += dist_quantile(dist, (i + 0.5) / dist->quantiles, spec.values);
    for (uint32_t i = 0; i < dist->quantiles; i++) {
        double share = dist_quantile(dist, (i + 0.5) / dist->quantiles, spec.values) * dist->quantiles / sum;
        double ns = rint(share * (double)cell->f.size_ns);
        costs[i].size_ns = ns < 1 && cell->f.size_ns > 0 ? 1 : (uint64_t)ns;
    }
    return 0;
}

int dist_costs(struct cell *cell, const struct calibration *calibration, char *error)
{
    const struct dist *dist = dist_find(cell->f.size_dist, error);
    struct cost *costs = NULL;
    uint32_t count = 0;
    int rc;
    if (!dist)
        return -EINVAL;
    if (dist->kind == DIST_FILE) {
        rc = file_read(cell->f.size_dist + strlen("file:"), &costs, &count, error);
        if (rc)
            return rc;
        cell->f.size_ns = llrint(costs_mean(costs, count));
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
    cell->f.iterations = calibration ? (int64_t)calibration_iterations(calibration, cell->f.size_ns) : MISSING;
    if (calibration && cell->workload &&
        !(cell->workload->traits & WORKLOAD_SIZED)) { /* a task is one iteration, and takes its time */
        cell->f.iterations = 1;
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
