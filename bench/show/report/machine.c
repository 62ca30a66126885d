/* The machine, a line a fact of host.json. What is null there, the machine did not tell. */
#include "bench/base/units.h"
#include "bench/show/report/parts.h"
#include <stdlib.h>
#include <string.h>

enum unit { NO_UNIT, BYTES, KHZ, NS };

static const struct fact {
    const char *label, *path;
    enum unit unit;
} facts[] = {
    {"CPU", "cpu.model", NO_UNIT},
    {"Packages", "machine.packages", NO_UNIT},
    {"NUMA nodes", "machine.numa_nodes", NO_UNIT},
    {"Cores", "machine.cores", NO_UNIT},
    {"Hardware threads", "machine.pus", NO_UNIT},
    {"Kinds of core", "machine.kinds", NO_UNIT},
    {"Caches", "machine.caches", NO_UNIT},
    {"Allowed CPUs", "machine.allowed_cpus", NO_UNIT},
    {"CPU quota", "machine.quota_cpus", NO_UNIT},
    {"Memory", "machine.memory_bytes", BYTES},
    {"Hypervisor", "virtualisation.hypervisor", NO_UNIT},
    {"Host name", "hostname", NO_UNIT},
    {"Microcode", "cpu.microcode", NO_UNIT},
    {"Frequency governor", "cpu.governor", NO_UNIT},
    {"Lowest frequency", "cpu.min_frequency_khz", KHZ},
    {"Highest frequency", "cpu.max_frequency_khz", KHZ},
    {"Turbo", "cpu.turbo", NO_UNIT},
    {"SMT", "cpu.smt", NO_UNIT},
    {"Mitigations", "cpu.mitigations", NO_UNIT},
    {"Kernel", "kernel.release", NO_UNIT},
    {"Architecture", "kernel.architecture", NO_UNIT},
    {"Huge pages", "kernel.transparent_hugepages", NO_UNIT},
    {"Address randomisation", "kernel.randomize_va_space", NO_UNIT},
    {"Timer slack", "kernel.timer_slack_ns", NS},
    {"Clock of the kernel", "clock.source", NO_UNIT},
    {"Clock of the trials", "run.clock.source", NO_UNIT},
    {"Compiler", "build.compiler", NO_UNIT},
    {"Flags", "build.flags", NO_UNIT},
    {"Libraries", "build.libraries", NO_UNIT},
};

/* "hwloc 2.9.0, gsl 2.7.1"; of mitigations, only what the CPU is affected by. Nothing where none of it is told: what
 * could not be read is not what is not needed. */
static void object_print(FILE *out, const json_t *value)
{
    const char *key, *before = "";
    bool told = false;
    json_t *part;
    json_object_foreach((json_t *)value, key, part)
    {
        told = told || json_is_string(part);
    }
    if (!told)
        return;
    json_object_foreach((json_t *)value, key, part)
    {
        const char *says = json_string_value(part);
        if (says && !strcmp(says, "Not affected"))
            continue;
        fprintf(out, "%s%s: %s", before, key, says ? says : "not told");
        before = "; ";
    }
    if (!*before)
        fputs("none needed", out);
}

static void value_print(FILE *out, const struct fact *fact, const json_t *value);

/* What is not the same on all CPUs: kinds of core, caches, or any value by CPU. */
static void array_print(FILE *out, const struct fact *fact, const json_t *values)
{
    const json_t *part;
    size_t i;
    json_array_foreach(values, i, part)
    {
        const json_t *bytes = json_object_get(part, "bytes"), *cores = json_object_get(part, "cores");
        const char *name = json_string_value(json_object_get(part, "name"));
        char size[32];
        fputs(i ? ", " : "", out);
        if (cores)
            fprintf(out, "%d %s", (int)json_integer_value(cores), name ? name : "");
        else if (bytes)
            fprintf(out, "%s %d x %s", name ? name : "", (int)json_integer_value(json_object_get(part, "count")),
                    json_is_number(bytes) ? format_bytes(size, sizeof size, json_number_value(bytes)) : "unknown size");
        else
            value_print(out, fact, json_object_get(part, "value"));
        const char *cpus = json_string_value(json_object_get(part, "cpus"));
        if (cpus && !bytes && json_array_size(values) > 1)
            fprintf(out, " (CPU %s)", cpus);
    }
}

static void value_print(FILE *out, const struct fact *fact, const json_t *value)
{
    char scaled[32];
    if (json_is_array(value))
        array_print(out, fact, value);
    else if (json_is_string(value))
        fputs(json_string_value(value), out);
    else if (json_is_object(value))
        object_print(out, value);
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "on" : "off", out);
    else if (json_is_number(value) && fact->unit == BYTES)
        fputs(format_bytes(scaled, sizeof scaled, json_number_value(value)), out);
    else if (json_is_number(value) && fact->unit == NS)
        fputs(format_duration(scaled, sizeof scaled, json_number_value(value)), out);
    else if (json_is_number(value) && fact->unit == KHZ)
        fprintf(out, "%.0f MHz", json_number_value(value) / 1e3);
    else if (json_is_number(value))
        fprintf(out, "%.6g", json_number_value(value));
}

void report_machine(struct report *r)
{
    const struct document_format *format = r->format;
    struct lines text, untold;
    const char *before = "";
    if (!r->run->host) {
        report_paragraph(r, "Not known: host.json cannot be read.");
        return;
    }
    lines_open(&untold);
    fputs(format->facts_begin, r->out);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (lines_open(&text))
            value_print(text.out, &facts[i], report_fact(r, facts[i].path));
        if (*lines_close(&text)) {
            markup_print(r->out, format->markup, format->fact, facts[i].label, text.text);
        } else if (untold.out) {
            fprintf(untold.out, "%s%s", before, facts[i].label);
            before = ", ";
        }
        free(text.text);
    }
    if (*lines_close(&untold))
        markup_print(r->out, format->markup, format->fact, "Not told", untold.text);
    fputs(format->facts_end, r->out);
    free(untold.text);
}
