/* What the suites of earlier runs asked for, in the words of today: experiments_update() of suite.h. */
#include "bench/ask/suite.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include <stdlib.h>

#define HYBRID_BEFORE 1 /* the last schema in which hybrid had as many workers of each kind as --workers said */

/* Values that are called otherwise now. */
static int values_rename(struct experiment *experiment, size_t option, int64_t schema)
{
    struct words renamed = {0}, *values = &experiment->values[option];
    int rc = 0;
    for (size_t i = 0; i < values->count && rc == 0; i++) {
        const char *word = values->word[i];
        for (const struct meaning *meaning = options[option].meant_before; meaning && meaning->schema; meaning++)
            if (schema <= meaning->schema && meaning->asks && !strcmp(values->word[i], meaning->was))
                word = meaning->asks;
        rc = words_add(&renamed, word, strlen(word));
    }
    words_release(values);
    *values = renamed;
    return rc;
}

static bool has(const char *spec, const char *param)
{
    const char *at = strstr(spec, param);
    return at && at[-1] == ':';
}

/* The route by class, without both numbers: each is that of --workers. */
static bool is_by_class(const char *pool)
{
    const char *spec = spec_behind_label(pool);
    return spec_name_length(spec) == strlen("hybrid") && !strncmp(spec, "hybrid", strlen("hybrid")) &&
           !has(spec, "route=nested") && !(has(spec, "processes=") && has(spec, "threads="));
}

/* With both numbers; one label for several pools gets the number of workers, in the place of its end if need be. */
static int hybrid_spell(const char *pool, const char *workers, bool is_alone, struct words *pools)
{
    const char *spec = spec_behind_label(pool);
    const size_t label = spec_label_length(pool), most = POOL_LABEL_MAX - strlen("-") - strlen(workers);
    char text[SPEC_MAX * 2];
    int used = is_alone || !label
                   ? snprintf(text, sizeof text, "%s", pool)
                   : snprintf(text, sizeof text, "%.*s-%s=%s", (int)(label < most ? label : most), pool, workers, spec);
    for (size_t i = 0; i < 2; i++) {
        static const char *const params[] = {"processes=", "threads="};
        if (!has(spec, params[i]))
            used += snprintf(text + used, sizeof text - (size_t)used, ":%s%s", params[i], workers);
    }
    return words_add(pools, text, (size_t)used);
}

static int hybrids_spell(struct experiment *experiment)
{
    const struct words *workers = &experiment->values[OPTION_WORKERS];
    struct words spelled = {0}, *pools = &experiment->values[OPTION_POOL];
    int rc = 0;
    for (size_t i = 0; i < pools->count && rc == 0; i++)
        if (!is_by_class(pools->word[i]))
            rc = words_add(&spelled, pools->word[i], strlen(pools->word[i]));
        else
            for (size_t w = 0; w < workers->count && rc == 0; w++)
                rc = hybrid_spell(pools->word[i], workers->word[w], workers->count == 1, &spelled);
    words_release(pools);
    *pools = spelled;
    return rc;
}

int experiments_update(struct experiments *experiments, int64_t schema, char *error)
{
    int rc = 0;
    for (size_t e = 0; e < experiments->count && schema && rc == 0; e++) {
        for (size_t i = 0; options[i].name && rc == 0; i++)
            if (options[i].meant_before)
                rc = values_rename(&experiments->experiment[e], i, schema);
            else if (options[i].preset_before && !experiments->experiment[e].values[i].count)
                rc = words_add(&experiments->experiment[e].values[i], options[i].preset_before,
                               strlen(options[i].preset_before));
        if (rc == 0 && schema <= HYBRID_BEFORE)
            rc = hybrids_spell(&experiments->experiment[e]);
    }
    return rc ? refuse(error, "out of memory") : 0;
}
