/* Size distributions, see dist.h. */
#include "bench/model/dist.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include <gsl/gsl_cdf.h>

#define QUANTILES 4096

static const struct param lognormal_params[] = {
    {"sigma", PARAM_SHARE, "1", 10000, 4000000, .help = "standard deviation of the logarithm"},
    {0},
};

double dist_quantile(const struct dist *dist, double u, const int64_t *params)
{
    switch (dist->kind) {
    case DIST_UNIFORM:
        return gsl_cdf_flat_Pinv(u, 0, 2);
    case DIST_EXPONENTIAL:
        return gsl_cdf_exponential_Pinv(u, 1);
    case DIST_LOGNORMAL:
        return gsl_cdf_lognormal_Pinv(u, 0, (double)params[0] / 1e6);
    case DIST_BIMODAL:
        return u < 0.9 ? 0.5 : 5.5;
    default:
        return 1;
    }
}

const struct dist dist_table[] = {
    {"fixed", DIST_FIXED, "every task takes --size", NULL, 1},
    {"uniform", DIST_UNIFORM, "from 0 to twice --size", NULL, QUANTILES},
    {"exponential", DIST_EXPONENTIAL, "mean --size, many small and few large", NULL, QUANTILES},
    {"lognormal", DIST_LOGNORMAL, "mean --size, a long tail", lognormal_params, QUANTILES},
    {"bimodal", DIST_BIMODAL, "90% take half of --size, 10% take 5.5 times --size", NULL, 10},
    {"file", DIST_FILE, "file:PATH, one duration a line (# comments), replayed in order; --size is its mean", NULL, 0},
    {0},
};

const struct dist *dist_find(const char *text, char *error)
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
