/* A spec: a name with options behind colons, alternatives behind slashes ("hybrid:processes=2/4:threads=1"), parsed
 * against a table of parameters (workloads/param.h). A text stands between quotes, 'like this', where it has blanks,
 * commas or colons; '' in it is a quote. Slashes of a text without quotes are its own (file=/etc/hosts); those between
 * quoted texts separate alternatives ('a'/'b'). Errors: 0 or -EINVAL with a line in error. One thread. */
#ifndef POOLBENCH_BASE_SPEC_H
#define POOLBENCH_BASE_SPEC_H
#include "bench/base/words.h"
#include "workloads/param.h"
#include <stdint.h>

#define SPEC_MAX       184  /* "hybrid:processes=2:threads=1", spelled out; a line of a suite holds it */
#define VALUE_MAX      1280 /* the same as people may write it, with the path of a plug-in */
#define NAME_MAX_LEN   64
#define POOL_LABEL_MAX 20 /* letters of "old" in --pool old=pthread */

struct spec {
    const char *name;           /* of the row in the pool, workload or other table; set by the caller */
    const struct param *params; /* its parameters or NULL; set by the caller */
    int64_t values[PARAM_MAX];  /* one a parameter, the default where not given */
    unsigned given;             /* bit i: parameter i was given */
};

/* Adds every combination of the alternatives in text, each a spec without them. params: of what text names, or NULL. */
int spec_expand(const char *text, const struct param *params, struct words *specs, char *error);
/* The length of what stands before the first colon outside quotes: of the name at the start of text. */
size_t spec_name_length(const char *text);
/* text: "NAME" or "NAME:key=value:key=value", whose name the caller has looked up. */
int spec_parse(const char *text, struct spec *spec, char *error);
/* The length of a label in front of a spec, "old" of "old=pthread:wait=block"; 0: it has none. */
size_t spec_label_length(const char *text);
const char *spec_behind_label(const char *text); /* "pthread:wait=block" */
/* The text that an option of a spec has, without its quotes; "" where it is not given. text: SPEC_MAX bytes. Returns
 * text. */
char *spec_option(const char *spec, const char *option, char *text);
/* Canonical: the name, then every option that differs from its default. text: SPEC_MAX bytes, which are enough for what
 * spec_parse took. Returns the length it would have. */
size_t spec_spell(const struct spec *spec, char *text);

/* Whether a suite gives it back as it is: inih takes " ;" for the begin of a comment, and has short lines. */
int suite_can_hold(const char *text, char *error);

/* One value, in the parameter's range; the line in error does not name the parameter. */
int param_parse(const struct param *param, const char *text, int64_t *value, char *error);
void param_spell(const struct param *param, int64_t value, char *text, size_t size);
/* The same of a number that may be 0, for which the word `none` stands. */
int param_parse_or(const struct param *param, const char *none, const char *text, int64_t *value, char *error);
void param_spell_or(const struct param *param, const char *none, int64_t value, char *text, size_t size);
/* What can be given: "1 .. 64", "none|atomic|mutex". */
void param_range(const struct param *param, char *text, size_t size);
int64_t param_preset(const struct param *param);
/* For people: "wait=adaptive|spin|block" or "n=32" as the label, what it is with range and default as the text. */
void param_explain(const struct param *param, char *label, size_t label_size, char *text, size_t text_size);

#endif
