/* Trials for advice, and a word before each. */
#include "bench/base/refuse.h"
#include "bench/base/wrap.h"
#include "bench/stats/design.h"
#include "bench/verbs/advise/service.h"
#include "pools/parts/clock.h"
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#define SECOND_NS 1e9
#define TELL_NS   5000000000u /* between lines, where there is no terminal */

/* On a terminal always the same line. */
static void tell(struct service *service, const char *what)
{
    const uint64_t now_ns = clock_monotonic_ns();
    const double left_ns = session_left_ns(&service->session, service->wish->budget_ns);
    char line[256];
    snprintf(line, sizeof line, "poolbench advise: %s, %.0f s left", what, fmax(left_ns, 0) / SECOND_NS);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%.*s\033[K", (int)screen_columns(stderr) - 1, line);
    else if (!service->told_ns || now_ns - service->told_ns >= TELL_NS)
        fprintf(stderr, "%s\n", line);
    else
        return;
    service->told_ns = now_ns;
}

int service_block(struct service *service, const char *what, const uint32_t *cells, size_t count,
                  struct trial_row *rows, size_t *done, char *error)
{
    struct session *session = &service->session;
    uint32_t *order = calloc(count + 1, sizeof *order);
    char words[160];
    int rc = order ? 0 : refuse(error, "out of memory");
    *done = 0;
    service->block++;
    if (rc == 0)
        order_draw(mix64(session->request.settings.seed, service->block), 1, (unsigned)count, order);
    for (size_t i = 0; i < count && rc == 0 && !session->interrupted && !session->over_budget; i++) {
        const struct cell *cell = &session->plan.cells.cell[cells[order[i]]];
        const uint32_t position = (uint32_t)i + 1;
        snprintf(words, sizeof words, "%s, block %u: %.40s, %lld worker%s", what, service->block, cell->f.pool,
                 (long long)cell->f.workers, cell->f.workers == 1 ? "" : "s");
        tell(service, words);
        session->positions = &position;
        rc = session_block(session, service->block, &cells[order[i]], 1, NULL, &rows[*done], error);
        *done += rc == 0 && !session->interrupted && !session->over_budget;
    }
    session->positions = NULL;
    free(order);
    return rc;
}

double trials_others(const struct service *service, const struct trial_row *rows, size_t count, const char *cell_id)
{
    double others_ns = 0, there_ns = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].cell_id, cell_id) != 0 || !trial_is_ok(&rows[i]))
            continue;
        others_ns += number_real(rows[i].others_ns); /* NAN from the first on that does not know */
        there_ns += number_real(rows[i].trial_ns) * service->session.machine.effective_cpus;
    }
    return there_ns > 0 ? others_ns / there_ns : NAN;
}
