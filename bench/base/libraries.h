/* The libraries this program runs with, for `version` and host.json. Thread-safe. */
#ifndef POOLBENCH_BASE_LIBRARIES_H
#define POOLBENCH_BASE_LIBRARIES_H

#define LIBRARIES 6
struct library {
    const char *name;
    char version[32]; /* "" where it cannot be known */
};
/* Versions are those of the libraries loaded now where they tell, else of what poolbench was built with. */
void libraries_ask(struct library list[LIBRARIES]);

#endif
