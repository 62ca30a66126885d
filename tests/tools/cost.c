/* What a process costs here, in microseconds: the median of some that are forked, do nothing and are waited for; then
 * of some that begin this program anew (of a sanitizer, if this is its tree). Tests size their work by it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 15 };

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

/* The median of ROUNDS processes, which run `program` if there is one. */
static double measure_us(char *program)
{
    char again[] = "again";
    double us[ROUNDS];
    for (unsigned i = 0; i < ROUNDS; i++) {
        double began = now_us();
        int status;
        pid_t child = fork();
        if (child == 0) {
            if (program)
                execv("/proc/self/exe", (char *[]){program, again, NULL});
            _exit(program != NULL);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            perror("cost: a process");
            exit(1);
        }
        us[i] = now_us() - began;
    }
    qsort(us, ROUNDS, sizeof *us, by_size);
    return us[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    if (argc > 1) /* one of those that are measured */
        return 0;
    printf("%.0f %.0f\n", measure_us(NULL), measure_us(argv[0]));
    return 0;
}
