/* The verb check: what will spoil a run here, and how small a difference can be seen. */
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/machine/check.h"
#include "bench/measure/noise_floor.h"
#include "bench/show/sheet.h"
#include "bench/verbs/verbs.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

#define WATCH_US    500000
#define NOISE_NS    3000000000u
#define TEXT_COLUMN 22

enum { NO_MEASURE, FORMAT };
static const struct argument check_arguments[] = {
    [NO_MEASURE] = {"no-measure", "", "", "Only look: run no trials.", false},
    [FORMAT] = {"format", "text|csv|json", "text", "csv, json: what was looked at, a row each; runs no trials.", true},
    {.name = NULL},
};

static const char *const states[] = {"ok", "warn", "unknown"};

/* Returns the exit code. */
static int checks_table(const struct checks *checks, const char *how)
{
    struct sheet sheet = {.columns = 4, .align = "l"};
    sheet_row(&sheet, "subject", "state", "found", "advice");
    for (size_t i = 0; i < checks->count; i++) {
        const struct check *check = &checks->check[i];
        sheet_row(&sheet, check->subject, states[check->state], check->found,
                  check->state == CHECK_WARN ? check->advice : "");
    }
    int rc = sheet_write(stdout, how, "check", &sheet);
    sheet_release(&sheet);
    return rc ? (complain("check", "standard output: %s", strerror(-rc)), 1) : 0;
}

static size_t checks_print(const struct checks *checks)
{
    size_t warnings = 0;
    for (size_t i = 0; i < checks->count; i++) {
        const struct check *check = &checks->check[i];
        char label[48], text[512];
        bool is_warning = check->state == CHECK_WARN;
        snprintf(label, sizeof label, "%-8s %s", states[check->state], check->subject);
        snprintf(text, sizeof text, "%s%s%s", check->found, is_warning ? ". What helps: " : "",
                 is_warning ? check->advice : "");
        wrap_row(stdout, 0, label, TEXT_COLUMN, text);
        warnings += is_warning;
    }
    return warnings;
}

static void spread_print(const char *label, const struct spread *spread, double visible)
{
    char text[256], time[32], share[32], middle[32], worst[32], seen[64] = "";
    if (isnan(spread->median_ns)) {
        wrap_row(stdout, 0, label, TEXT_COLUMN, "no trial ended well");
        return;
    }
    if (!isnan(visible))
        snprintf(seen, sizeof seen, "; a difference of %s is visible",
                 format_percent(share, sizeof share, fmax(0.0001, visible)));
    snprintf(text, sizeof text, "a task of 1 ms takes %s; half of the trials are within %s, the longest is %s above%s",
             format_duration(time, sizeof time, spread->median_ns),
             format_percent(middle, sizeof middle, spread->middle), format_percent(worst, sizeof worst, spread->worst),
             seen);
    wrap_row(stdout, 0, label, TEXT_COLUMN, text);
}

static int noise_print(void)
{
    char error[ERROR_MAX] = "", text[256];
    struct noise_floor noise = {.blocks = 0};
    int rc = noise_floor_measure(NOISE_NS, &noise, error);
    if (rc == -EINTR)
        return noise.signal ? 128 + noise.signal : 130;
    if (rc) {
        complain("check", "%s", error);
        return 1;
    }
    snprintf(text, sizeof text,
             "\nNoise floor: trials of 20 tasks without a pool, the same twice in each of %u blocks, now",
             noise.blocks);
    puts(text);
    spread_print("spin", &noise.spin, noise.spin_visible);
    spread_print("sleep", &noise.sleep, noise.sleep_visible);
    return 0;
}

static int check_main(const struct arguments *given)
{
    char error[ERROR_MAX] = "";
    struct machine machine;
    struct checks checks;
    struct busy busy;
    int rc = machine_open(&machine, NULL, error);
    if (rc)
        return complain("check", "%s", error), 1;
    struct busy_watch *watch = busy_begin(&machine);
    usleep(WATCH_US);
    busy_end(watch, &machine, &busy);
    checks_look(&machine, "", &busy, &checks);
    machine_close(&machine);
    if (strcmp(given->value[FORMAT], "text") != 0)
        return checks_table(&checks, given->value[FORMAT]);
    size_t warnings = checks_print(&checks);
    int code = *given->value[NO_MEASURE] ? 0 : noise_print();
    if (!code && warnings)
        printf("\n%zu warning%s. Nothing was changed.\n", warnings, warnings == 1 ? "" : "s");
    return code;
}

const struct verb verb_check = {
    .name = "check",
    .chapter = "trust",
    .operands = "",
    .summary = "say what will spoil a run here, and measure the noise",
    .function = check_main,
    .help =
        "Looks at what disturbs measurements: other processes, steal, quotas, limits, frequencies, clocks, swap, "
        "huge pages. Each is ok, warn or unknown, with what helps. Then runs the same tasks over and over for a few "
        "seconds and says how much they differ. Changes nothing. Those warnings that matter also head every run.",
    .arguments = check_arguments};
