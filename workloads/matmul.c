/* matmul: elements of the product of two seeded n x n matrices of doubles, row by row from a seeded element on and
 * round again. One iteration is one inner product. The matrices are made once and only read, so workers share them, in
 * caches too. Elements are small whole numbers: sums are exact whatever the order of additions. */
#include "workloads/work.h"

struct matmul {
    uint64_t seed;
    size_t n;
    const double *right; /* columns one after another: an inner product reads two runs of memory */
    double left[];       /* rows one after another; then right */
};

enum { MATMUL_N };
static const struct param matmul_params[] = {
    [MATMUL_N] = {"n", PARAM_COUNT, "32", 1, 4096, NULL, "rows and columns of the matrices, 16 n^2 bytes in all"},
    {.name = NULL},
};

static int matmul_prepare(const struct workload_config *config, void **state)
{
    size_t n = (size_t)config->params[MATMUL_N];
    struct matmul *matmul = malloc(sizeof *matmul + 2 * n * n * sizeof(double));
    if (!matmul)
        return -ENOMEM;
    matmul->seed = config->seed;
    matmul->n = n;
    for (size_t i = 0; i < 2 * n * n; i++)
        matmul->left[i] = (double)(mix64(config->seed ^ 0x6d61746d756c, i) % 16);
    matmul->right = matmul->left + n * n;
    *state = matmul;
    return 0;
}

static double inner_product(const double *row, const double *column, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += row[i] * column[i];
    return sum;
}

static int matmul_run(void *state, const struct task *task, uint64_t *result)
{
    const struct matmul *matmul = state;
    size_t n = matmul->n;
    uint64_t hash = work_start(matmul->seed, task->index);
    size_t first = mix_below(hash, n * n);
    size_t row = first / n, column = first % n;
    for (uint64_t i = 0; i < task->iterations; i++) {
        double element = inner_product(matmul->left + row * n, matmul->right + column * n, n);
        hash = lcg_next(hash) + (uint64_t)(int64_t)element;
        if (++column == n) {
            column = 0;
            row = row + 1 < n ? row + 1 : 0;
        }
    }
    *result = hash;
    return 0;
}

const struct workload_ops workload_matmul = {
    .name = "matmul",
    .summary = "CPU-bound: inner products of a matrix multiplication, floating point from shared caches",
    .params = matmul_params,
    .traits = WORKLOAD_SIZED,
    .unit = "inner product",
    .prepare = matmul_prepare,
    .run = matmul_run,
    .release = free,
};
