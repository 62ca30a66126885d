/* See room.h. */
#include "bench/base/room.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_LEAST 64

int room_for(void *array, size_t *room, size_t count, size_t size)
{
    const size_t more = count > *room ? 2 * count + ROOM_LEAST : 0;
    void *before, *items;
    if (!more)
        return 0;
    memcpy(&before, array, sizeof before); /* any pointer to items, not one to void */
    items = reallocarray(before, more, size);
    if (!items)
        return -ENOMEM;
    memset((char *)items + *room * size, 0, (more - *room) * size);
    memcpy(array, &items, sizeof items);
    *room = more;
    /* cppcheck-suppress memleak; `array` has it */
    return 0;
}
