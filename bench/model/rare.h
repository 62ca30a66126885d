/* Which columns that most runs do not know are in the files that this process writes: those of a factor, or of what is
 * only measured where it has some value, that something asked for here has, or a file that was read. One thread. */
#ifndef POOLBENCH_MODEL_RARE_H
#define POOLBENCH_MODEL_RARE_H
#include <stdbool.h>

void rare_note(unsigned option); /* its position in options[]: --arrival rate for OPTION_ARRIVAL */
bool rare_is_noted(unsigned option);

#endif
