/* Trials for advice, and a word before each. */
#include "bench/base/refuse.h"
#include "bench/stats/design.h"
#include "bench/verbs/advise/service.h"
#include <math.h>
#include <stdlib.h>

#define SECOND_NS 1e9

int service_block(struct service *service, const char *what, const uint32_t *cells, size_t count,
                  struct trial_row *rows, size_t *done, char *error)
{
    struct session *session = &service->session;
    uint32_t *order = calloc(count + 1, sizeof *order);
    char line[256];
    int rc = order ? 0 : refuse(error, "out of memory");
    *done = 0;
    service->block++;
    if (rc == 0)
        order_draw(mix64(session->request.settings.seed, service->block), 1, (unsigned)count, order);
    for (size_t i = 0; i < count && rc == 0 && !session->interrupted && !session->over_budget; i++) {
        const struct cell *cell = &session->plan.cells.cell[cells[order[i]]];
        const uint32_t position = (uint32_t)i + 1;
        const double left_ns = session_left_ns(session, service->wish->budget_ns);
        snprintf(line, sizeof line, "%s, block %u: %.40s, %lld worker%s, %.0f s left", what, service->block,
                 cell->f.pool, (long long)cell->f.workers, cell->f.workers == 1 ? "" : "s",
                 fmax(left_ns, 0) / SECOND_NS);
        status_say(&service->status, line);
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
