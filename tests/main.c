/* All C tests of a tree are one program, as linking takes longer than most of them: it is the test whose name it is
 * called by (Makefile: links of those names; the main() of each is called like its file). */
#include "tests/main.h"
#include <stdio.h>
#include <string.h>

char **test_words;

#define TEST(name) int name(void);
#include "list.h" /* of the tree: TEST(test_units) and so on */
#undef TEST

static const struct {
    const char *name;
    int (*run)(void);
} tests[] = {
#define TEST(name) {#name, name},
#include "list.h"
};

int main(int argc, char **argv)
{
    const char *called = argc > 0 ? argv[0] : "", *slash = strrchr(called, '/');
    called = slash ? slash + 1 : called;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (strcmp(called, tests[i].name) == 0) {
            test_words = argv + 1;
            return tests[i].run();
        }
    fprintf(stderr, "there is no test '%s'; this program is called by the name of one:\n", called);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        fprintf(stderr, "  %s\n", tests[i].name);
    return 2;
}
