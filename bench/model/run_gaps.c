/* What of a run is not there, not used, or not as it was written. */
#include "bench/model/file_sums.h"
#include "bench/model/host.h"
#include "bench/model/run_data.h"
#include "workloads/text.h"
#include <string.h>

/* Whether host.json is another run's; a column holds the beginning of a long name. */
static bool has_others_host(const struct run_data *run)
{
    const char *id = json_string_value(host_fact(run->host, "run_id"));
    const char *own = run->trial_count ? run->trials[0].run_id : "";
    return id && *own && strncmp(id, own, strlen(own)) != 0;
}

void run_data_gaps(FILE *talk, const struct run_data *run)
{
    if (run->torn && run->trial_count) {
        text_show(talk, run->directory);
        fprintf(talk, "/%s: the last line was cut off; used up to trial %lld, the last one committed\n",
                trial_format.file, (long long)run->trials[run->trial_count - 1].trial_id);
    }
    if (run->missing) {
        text_show(talk, run->directory);
        fprintf(talk, "/%s: %zu row%s that %s written %s not there: the numbers are of the others\n", trial_format.file,
                run->missing, run->missing == 1 ? "" : "s", run->missing == 1 ? "was" : "were",
                run->missing == 1 ? "is" : "are");
    }
    file_sums_tell(talk, run->directory, run->host);
    if (has_others_host(run)) {
        text_show(talk, run->directory);
        fputs("/host.json: is not of the run that trials.csv is of\n", talk);
    }
    if (!run->host) {
        text_show(talk, run->directory);
        fputs("/host.json: cannot be read: the machine is not known, and the number of blocks is taken to have been "
              "fixed "
              "beforehand\n",
              talk);
    }
}
