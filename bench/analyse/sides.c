/* Reading the runs that are compared, and what their machines differ in. */
#include "bench/analyse/compare.h"
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "workloads/text.h"
#include <jansson.h>
#include <stdlib.h>

int side_read(const char *directory, struct side *side)
{
    char error[ERROR_MAX] = "";
    *side = (struct side){0};
    int result = run_summed_open(directory, &side->run, error);
    if (result) {
        complain("compare", "%s", error);
        return result;
    }
    if (!side->run.trial_count) {
        complain("compare", "%s: no trial was committed, there is nothing to compare", directory);
        run_data_close(&side->run);
        return -EINVAL;
    }
    side->id = run_id(side->run.directory);
    run_data_gaps(stderr, &side->run);
    return 0;
}

int side_costs(struct side *side, const struct metric *metric)
{
    int result = series_make(&side->run, metric, &side->series);
    if (result)
        complain("compare", "out of memory");
    return result;
}

void side_release(struct side *side)
{
    series_release(&side->series);
    run_data_close(&side->run);
}

static const json_t *host_of(const struct side *side, FILE *talk)
{
    if (!side->run.host) {
        text_show(talk, side->run.directory);
        fputs("/host.json: cannot be read; the runs are taken to be of one machine\n", talk);
    }
    return side->run.host;
}

static char *value_dump(const json_t *host, const char *room, const char *name, char *text, size_t size)
{
    const json_t *value = json_object_get(*room ? json_object_get(host, room) : host, name);
    char *dumped = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    snprintf(text, size, "%s", dumped && !json_is_null(value) ? dumped : "unknown");
    free(dumped);
    return text;
}

size_t hosts_differ(const struct side *base, const struct side *cell, FILE *talk)
{
    static const char *const facts[][3] = {
        {"", "hostname", "host"},
        {"cpu", "model", "CPU"},
        {"cpu", "microcode", "microcode"},
        {"cpu", "governor", "governor"},
        {"cpu", "turbo", "turbo"},
        {"cpu", "smt", "SMT"},
        {"machine", "cores", "cores"},
        {"machine", "pus", "hardware threads"},
        {"machine", "effective_cpus", "CPUs that may be used"},
        {"kernel", "release", "kernel"},
        {"virtualisation", "hypervisor", "hypervisor"},
    };
    const json_t *a = host_of(base, talk), *b = host_of(cell, talk);
    size_t differences = 0;
    for (size_t i = 0; a && b && i < sizeof facts / sizeof facts[0]; i++) {
        char x[128], y[128];
        value_dump(a, facts[i][0], facts[i][1], x, sizeof x);
        value_dump(b, facts[i][0], facts[i][1], y, sizeof y);
        if (!strcmp(x, y))
            continue;
        fprintf(talk, "the machines differ: %s: ", facts[i][2]);
        text_show(talk, x);
        fputs(" and ", talk);
        text_show(talk, y);
        fputc('\n', talk);
        differences++;
    }
    return differences;
}
