/* Which factors that most runs do not know have columns in the files that this process writes: those that something
 * asked for here has, or a file that was read. One thread. */
#ifndef POOLBENCH_MODEL_RARE_H
#define POOLBENCH_MODEL_RARE_H
#include <stdbool.h>

void rare_note(unsigned option); /* its position in options[] */
bool rare_is_noted(unsigned option);

#endif
