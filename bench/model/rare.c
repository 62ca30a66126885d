/* See rare.h. */
#include "bench/model/rare.h"

static unsigned noted;

void rare_note(unsigned option)
{
    noted |= 1u << option;
}

bool rare_is_noted(unsigned option)
{
    return noted >> option & 1;
}
