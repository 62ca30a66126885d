/* See rare.h. */
#include "bench/model/rare.h"

static bool noted[RARES];

void rare_note(unsigned what)
{
    noted[what] = true;
}

bool rare_is_noted(unsigned what)
{
    return noted[what];
}
